"""Azacitidine, subcutaneous: an S-phase killer whose hypomethylation outlasts it.

As an S-phase killer alone it would fail at low burden: most residual stem cells rest. Its memory
lowers self-renewal for weeks, by an amount that differs widely between patients.
"""

from dataclasses import dataclass, field

from leukosim.clinic.drugs.drug import Drug, Effect
from leukosim.clinic.drugs.pharmacokinetics import Pharmacokinetics
from leukosim.parameters import check_ranges, estimate


@dataclass(frozen=True)
class AzacitidinePharmacokinetics(Pharmacokinetics):
    """After a subcutaneous dose."""

    absorption_rate: float = estimate(
        17.0, "1/day", low=10.0, high=40.0, lowest=1e-3,
        source="published venetoclax-azacitidine model",
    )  # fmt: skip
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
    s_phase_kill: float = estimate(
        1.5, "1/day", low=0.5, high=3.0, source="assumed",
        note="death rate of cells in S phase, at the peak",
    )  # fmt: skip
    renewal_loss: float = estimate(
        1.0, "fraction", low=0.3, high=1.0, source="assumed",
        note="while hypomethylated; tuned by hand to RELAZA2",
    )  # fmt: skip
    blast_kill: float = estimate(
        0.6, "1/day", low=0.2, high=0.6, source="assumed",
        note="tuned by hand to VIALE-A and RELAZA2",
    )  # fmt: skip
    mcl1_loss: float = estimate(
        0.15, "fraction", low=0.0, high=0.25, source="assumed", note="of MCL-1, at the peak"
    )
    neutrophil_production_loss: float = estimate(
        0.3, "fraction", low=0.1, high=0.6, source="assumed",
        note="at the peak",
    )  # fmt: skip
    platelet_production_loss: float = estimate(
        0.2, "fraction", low=0.05, high=0.5, source="assumed",
        note="at the peak",
    )  # fmt: skip
    incorporated_half_life_days: float = estimate(
        3.0,
        "day",
        low=0.5,
        high=3.0,
        lowest=1e-2,
        source="assumed",
        note="drug in nucleic acids; tuned by hand to VIALE-A",
    )
    memory_half_life_days: float = estimate(
        10.0, "day", low=3.0, high=14.0, lowest=1e-2, source="assumed",
        note="decay of what hypomethylation does; tuned by hand to RELAZA2",
    )  # fmt: skip

    reference_body_surface_m2: float = estimate(
        1.8, "m2", low=1.5, high=2.2, lowest=0.1, highest=4.0, source="textbook value, assumed",
        note="of the patient in whom the reference regimen is 75 mg/m2",
    )  # fmt: skip

    __post_init__ = check_ranges

    def drug(self) -> Drug:
        """The drug with these numbers."""
        short, long = self.incorporated_half_life_days, self.memory_half_life_days
        return Drug(
            name="azacitidine",
            pharmacokinetics=self.pharmacokinetics,
            reference_dose_mg=75.0 * self.reference_body_surface_m2,
            reference_days=7,
            effects={
                "s_phase_kill": Effect(self.s_phase_kill, short),
                "renewal_loss": Effect(self.renewal_loss, long),
                "blast_kill": Effect(self.blast_kill, short),
                "mcl1_blocked": Effect(self.mcl1_loss, short, by_responsiveness=False),
                "neutrophil_production_loss": Effect(
                    self.neutrophil_production_loss, short, by_responsiveness=False
                ),
                "platelet_production_loss": Effect(
                    self.platelet_production_loss, short, by_responsiveness=False
                ),
            },
        )
