"""Azacitidine, subcutaneous: an S-phase killer whose hypomethylation outlasts it.

As an S-phase killer alone it would fail at low burden: most residual stem cells rest. Its memory
lowers self-renewal for weeks, by an amount that differs widely between patients.
"""

from dataclasses import dataclass, field

from leukosim.drugs.drug import Drug, Effect
from leukosim.drugs.pharmacokinetics import Pharmacokinetics
from leukosim.parameters import check_ranges, estimate

REFERENCE_BODY_SURFACE_M2 = 1.8  # textbook value, assumed


@dataclass(frozen=True)
class AzacitidinePharmacokinetics(Pharmacokinetics):
    """After a subcutaneous dose."""

    absorption_rate: float = estimate(
        17.0,
        "1/day",
        low=10.0,
        high=40.0,
        lowest=1e-3,
        source="published venetoclax-azacitidine model",
    )
    clearance: float = estimate(
        4589.0, "L/day", low=2000.0, high=7000.0, lowest=1e-3,
        source="published venetoclax-azacitidine model",
    )  # fmt: skip
    volume: float = estimate(
        110.0, "L", low=60.0, high=160.0, lowest=1e-3,
        source="published venetoclax-azacitidine model",
    )  # fmt: skip


@dataclass(frozen=True)
class Azacitidine:
    """Sizes of effects at the peak of 75 mg/m2 on seven days, for a patient of responsiveness 1."""

    pharmacokinetics: AzacitidinePharmacokinetics = field(
        default_factory=AzacitidinePharmacokinetics
    )
    s_phase_kill: float = estimate(1.5, "1/day", low=0.5, high=3.0, source="assumed")
    renewal_loss: float = estimate(
        1.0, "fraction", low=0.3, high=1.0, source="assumed",
        note="while hypomethylated; tuned by hand to RELAZA2",
    )  # fmt: skip
    blast_kill: float = estimate(
        0.5, "1/day", low=0.2, high=0.6, source="assumed", note="tuned by hand to RELAZA2"
    )
    mcl1_loss: float = estimate(0.2, "fraction", low=0.0, high=0.25, source="assumed")
    neutrophil_production_loss: float = estimate(
        0.3, "fraction", low=0.1, high=0.6, source="assumed"
    )
    platelet_production_loss: float = estimate(
        0.2, "fraction", low=0.05, high=0.5, source="assumed"
    )
    incorporated_half_life_days: float = estimate(
        1.0, "day", low=0.5, high=3.0, lowest=1e-2, source="assumed", note="drug in nucleic acids"
    )
    memory_half_life_days: float = estimate(
        12.0, "day", low=3.0, high=14.0, lowest=1e-2, source="assumed",
        note="decay of what hypomethylation does; tuned by hand to RELAZA2",
    )  # fmt: skip

    __post_init__ = check_ranges

    def drug(self) -> Drug:
        """The drug with these numbers."""
        short, long = self.incorporated_half_life_days, self.memory_half_life_days
        return Drug(
            name="azacitidine",
            pharmacokinetics=self.pharmacokinetics,
            reference_dose_mg=75.0 * REFERENCE_BODY_SURFACE_M2,
            reference_days=7,
            effects=[
                Effect("s_phase_kill", self.s_phase_kill, short),
                Effect("renewal_loss", self.renewal_loss, long),
                Effect("blast_kill", self.blast_kill, short),
                Effect("mcl1_blocked", self.mcl1_loss, short, by_responsiveness=False),
                Effect(
                    "neutrophil_production_loss",
                    self.neutrophil_production_loss,
                    short,
                    by_responsiveness=False,
                ),
                Effect(
                    "platelet_production_loss",
                    self.platelet_production_loss,
                    short,
                    by_responsiveness=False,
                ),
            ],
        )
