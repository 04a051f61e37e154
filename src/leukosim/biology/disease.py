"""A disease: every parameter of cells, in one tree."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from leukosim.biology.apoptosis import Apoptosis
from leukosim.biology.blasts import Blasts
from leukosim.biology.blood import Blood
from leukosim.biology.clones import Mutation
from leukosim.biology.cycle import Cycle
from leukosim.biology.mortality import Mortality
from leukosim.biology.niche import Niche
from leukosim.biology.subtypes import Subtype, Switching, as_in_patient, four_subtypes
from leukosim.errors import InvalidField
from leukosim.parameters import check_ranges, choice

CXCR4_BY_SUBTYPE = ("equal", "measured", "reversed")
CYCLING_BY_SUBTYPE = ("equal", "measured")


@dataclass(frozen=True)
class Disease:
    """Acute myeloid leukaemia as the model knows it; the same for all patients of a cohort."""

    subtypes: dict[str, Subtype] = field(default_factory=four_subtypes)
    switching: Switching = field(default_factory=Switching)
    apoptosis: Apoptosis = field(default_factory=Apoptosis)
    cycle: Cycle = field(default_factory=Cycle)
    niche: Niche = field(default_factory=Niche)
    mutation: Mutation = field(default_factory=Mutation)
    blasts: Blasts = field(default_factory=Blasts)
    blood: Blood = field(default_factory=Blood)
    mortality: Mortality = field(default_factory=Mortality)
    cxcr4_by_subtype: str = choice("equal", CXCR4_BY_SUBTYPE, "CXCR4 of the subtypes")
    cycling_by_subtype: str = choice("equal", CYCLING_BY_SUBTYPE, "share of each subtype in cycle")

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.subtypes:
            raise InvalidField("subtypes is empty: a disease needs at least one stem-cell subtype")
        for name, allowed in (
            ("cxcr4_by_subtype", CXCR4_BY_SUBTYPE),
            ("cycling_by_subtype", CYCLING_BY_SUBTYPE),
        ):
            value = getattr(self, name)
            if value not in allowed:
                raise InvalidField(
                    f"{name} = {value} is not a hypothesis: allowed {', '.join(allowed)}"
                )
        if not any(s.dominant_share > 0.0 for s in self.subtypes.values() if s.native):
            raise InvalidField(
                "subtypes: dominant_share (fraction) is 0 in every native subtype: "
                "at least one must be above 0"
            )
        if self.switching.drug_tolerant_state not in self.subtypes:
            raise InvalidField(
                f"switching.drug_tolerant_state = {self.switching.drug_tolerant_state} is not a "
                "subtype: "
                f"allowed {', '.join(self.subtypes)}"
            )

    def cxcr4_factors(self) -> list[float]:
        """CXCR4 of each subtype relative to the patient's: equal, as its mRNA, or the inverse."""
        power = {"equal": 0.0, "measured": 1.0, "reversed": -1.0}[self.cxcr4_by_subtype]
        return [subtype.cxcr4_ratio**power for subtype in self.subtypes.values()]

    def cycling_factors(self) -> np.ndarray:
        """Rate of entry into S of each subtype in the niche, relative to the cycle's.

        float64[subtype]: equal, or in proportion to MKI67 mRNA
        """
        power = {"equal": 0.0, "measured": 1.0}[self.cycling_by_subtype]
        ratios = np.array([subtype.cycling_ratio for subtype in self.subtypes.values()])
        return ratios**power

    def as_in_patient(self, values: np.ndarray, composition: Sequence[float]) -> np.ndarray:
        """Values of subtypes, float64[subtype, ...], as the hypothesis on sensitivity has them."""
        native = [subtype.native for subtype in self.subtypes.values()]
        return as_in_patient(values, composition, native, self.switching.shared_sensitivity)

    def dependencies(self, composition: Sequence[float]) -> np.ndarray:
        """What protects the cells of a patient, float64[subtype, protein]."""
        values = np.array([subtype.dependencies for subtype in self.subtypes.values()])
        return self.as_in_patient(values, composition)
