"""Drugs that block BCL-xL: navitoclax, which costs platelets, and a degrader that spares them.

Circulating platelets live on BCL-xL alone, so they fall within days. The feedback of blood
formation would make good for any constant loss of circulating cells; that platelets stay low while
the drug is given needs a loss of production, too. That such a drug helps against MEP-like cells
follows from their share of protection by BCL-xL, which is an input.
"""

import math
from dataclasses import dataclass, field

from leukosim.clinic.drugs.drug import Drug, Effect
from leukosim.clinic.drugs.pharmacokinetics import Pharmacokinetics
from leukosim.parameters import check_ranges, estimate


@dataclass(frozen=True)
class OralPharmacokinetics:
    """One compartment, stated by its half-life."""

    absorption_rate: float = estimate(
        6.0, "1/day", low=3.0, high=15.0, lowest=1e-3, source="assumed", note="by mouth"
    )
    half_life_hours: float = estimate(
        17.0, "hour", low=12.0, high=24.0, lowest=0.1, source="assumed", note="of navitoclax"
    )
    volume: float = estimate(
        100.0, "L", low=30.0, high=300.0, lowest=1e-3, source="assumed", note="of distribution"
    )

    __post_init__ = check_ranges

    def compartment(self) -> Pharmacokinetics:
        """The same by its clearance."""
        clearance = self.volume * math.log(2.0) / (self.half_life_hours / 24.0)
        return Pharmacokinetics(self.absorption_rate, clearance, self.volume)


@dataclass(frozen=True)
class Navitoclax:
    """Blocks BCL-xL and BCL-2, and kills platelets. Levels are relative to the reference peak."""

    pharmacokinetics: OralPharmacokinetics = field(default_factory=OralPharmacokinetics)
    reference_dose_mg: float = estimate(
        250.0, "mg", low=100.0, high=350.0, lowest=1e-3, source="assumed", note="daily"
    )
    bclxl_half_level: float = estimate(
        0.25, "reference level", low=0.1, high=1.0, lowest=1e-6, source="assumed",
        note="at which half of BCL-xL is blocked",
    )  # fmt: skip
    bcl2_blocked: float = estimate(
        0.9, "fraction", low=0.0, high=1.0, source="assumed", note="of BCL-2, at saturation"
    )
    bcl2_half_level: float = estimate(
        0.5, "reference level", low=0.1, high=2.0, lowest=1e-6, source="assumed",
        note="at which half of that is reached",
    )  # fmt: skip
    clearance_cv: float = estimate(
        0.4, "1", low=0.2, high=0.6, highest=3.0, source="assumed", note="between patients"
    )
    ec50_log10_sd: float = estimate(
        0.3, "log10", low=0.1, high=0.6, highest=3.0, source="assumed",
        note="of the half levels, between patients",
    )  # fmt: skip
    platelet_loss: float = estimate(
        1.0, "1/day", low=0.5, high=2.0, source="assumed",
        note="death rate of circulating platelets; sized with the next so that they are 50-70 % "
        "lower in the reference regimen",
    )  # fmt: skip
    platelet_production_loss: float = estimate(
        0.24, "fraction", low=0.1, high=0.3, source="assumed", note="of the precursors"
    )
    stress_memory_half_life_days: float = estimate(
        100.0, "day", low=30.0, high=365.0, lowest=1e-2, source="assumed",
        note="for how long cells that were stressed go on switching back",
    )  # fmt: skip

    __post_init__ = check_ranges

    def drug(self, name: str = "navitoclax") -> Drug:
        """The drug with these numbers."""
        return Drug(
            name=name,
            pharmacokinetics=self.pharmacokinetics.compartment(),
            effects={
                "bclxl_blocked": Effect(
                    1.0, 0.0, half_level=self.bclxl_half_level, by_responsiveness=False
                ),
                "bcl2_blocked": Effect(
                    self.bcl2_blocked, 0.0, half_level=self.bcl2_half_level, by_responsiveness=False
                ),
                "platelet_loss": Effect(self.platelet_loss, 0.0, by_responsiveness=False),
                "platelet_production_loss": Effect(
                    self.platelet_production_loss, 0.0, by_responsiveness=False
                ),
                "stress_memory": Effect(
                    1.0, self.stress_memory_half_life_days, by_responsiveness=False
                ),
            },
            reference_dose_mg=self.reference_dose_mg,
            reference_days=28,
            clearance_cv=self.clearance_cv,
            ec50_log10_sd=self.ec50_log10_sd,
        )


@dataclass(frozen=True)
class BclxlDegrader(Navitoclax):
    """Blocks BCL-xL only, and hardly in platelets, which lack the ligase that it needs."""

    bcl2_blocked: float = estimate(
        0.0, "fraction", low=0.0, high=0.2, source="assumed", note="share of BCL-2 that is blocked"
    )
    platelet_loss: float = estimate(
        0.1, "1/day", low=0.0, high=0.3, source="assumed",
        note="death rate of circulating platelets",
    )  # fmt: skip
    platelet_production_loss: float = estimate(
        0.01, "fraction", low=0.0, high=0.05, source="assumed", note="of the precursors"
    )

    def drug(self, name: str = "bclxl_degrader") -> Drug:
        """The drug with these numbers."""
        return super().drug(name)
