"""Cytarabine at high dose, into the vein over hours: it kills cells in S phase.

What kills is its triphosphate inside the cell, which leaves with a half-life of three hours and
whose formation saturates: a third of the dose keeps it nearly as high for nearly as long, and no
dose can kill more cells than enter S phase.

The published clearance gives a typical patient of 1.8 m2, who gets 3 g/m2 over 3 h, a steady state
of 5.4 g / 3 h / 86 L/h = 20.9 mg/L, 86 umol/L. The 115 umol/L that were measured would need 2.4 m2
or 64 L/h; the clearance stands as it was published. Both are far above what saturates the effect.
"""

import math
from dataclasses import dataclass, field

from leukosim.clinic.drugs.drug import Drug, Effect
from leukosim.clinic.drugs.pharmacokinetics import TwoCompartments
from leukosim.errors import InvalidField
from leukosim.parameters import check_ranges, estimate

JCO_1983 = "JCO 1983, 1:763 (recalled, assumed)"


@dataclass(frozen=True)
class CytarabinePharmacokinetics:
    """Two compartments in plasma, stated by their half-lives."""

    clearance_per_hour: float = estimate(
        86.0, "L/hour", low=50.0, high=130.0, lowest=1e-3, source=JCO_1983, note="from plasma"
    )
    volume: float = estimate(
        60.0, "L", low=40.0, high=120.0, lowest=1e-3, source="assumed", note="central"
    )
    fast_half_life_minutes: float = estimate(
        16.0, "minute", low=7.0, high=20.0, lowest=0.1, source=JCO_1983, note="of distribution"
    )
    slow_half_life_hours: float = estimate(
        1.8, "hour", low=1.0, high=3.0, lowest=0.1, source=JCO_1983, note="of elimination"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        fast, slow, out = self.rates_per_day
        if not slow < out < fast:
            raise InvalidField(
                f"volume = {self.volume} (L) does not go with clearance and half-lives: "
                f"allowed between {out * self.volume / fast:.3g} and {out * self.volume / slow:.3g}"
            )

    @property
    def rates_per_day(self) -> tuple[float, float, float]:
        """Of the fast and the slow phase, and of elimination from the central compartment."""
        fast = math.log(2.0) * 1440.0 / self.fast_half_life_minutes
        slow = math.log(2.0) * 24.0 / self.slow_half_life_hours
        return fast, slow, 24.0 * self.clearance_per_hour / self.volume

    def compartments(self) -> TwoCompartments:
        """The same by exchange and peripheral volume.

        a + b = CL / V + Q / V + k21,   a b = k21 CL / V,   k21 = Q / V_peripheral
        """
        fast, slow, out = self.rates_per_day
        back = fast * slow / out
        exchange = (fast + slow - out - back) * self.volume
        return TwoCompartments(None, out * self.volume, self.volume, exchange, exchange / back)


@dataclass(frozen=True)
class Cytarabine:
    """What it does to cells; the sizes are those at saturation."""

    pharmacokinetics: CytarabinePharmacokinetics = field(default_factory=CytarabinePharmacokinetics)
    triphosphate_half_life_hours: float = estimate(
        3.0, "hour", low=1.0, high=6.0, lowest=0.1, source="assumed", note="inside the cell"
    )
    half_saturation_um: float = estimate(
        1.0, "umol/L", low=0.3, high=10.0, lowest=1e-6, source="assumed",
        note="plasma level, lagging by the triphosphate's half-life, of half the effect; so low "
        "that 17.6 and 5.9 g/m2 a cycle do nearly the same",
    )  # fmt: skip
    molar_mass: float = estimate(
        243.2, "g/mol", low=243.0, high=243.5, lowest=1.0, source="textbook value, assumed",
        note="of cytarabine",
    )  # fmt: skip
    s_phase_kill: float = estimate(
        3.0, "1/day", low=1.0, high=5.0, source="assumed",
        note="death rate of cells in S phase, at the peak",
    )  # fmt: skip
    g0_share: float = estimate(
        0.1, "fraction", low=0.0, high=0.3, source="assumed",
        note="of the kill in S phase that reaches cells in G0",
    )  # fmt: skip
    blast_kill: float = estimate(
        1.0, "1/day", low=0.3, high=2.0, source="assumed", note="death rate of blasts, at the peak"
    )
    neutrophil_production_loss: float = estimate(
        0.9, "fraction", low=0.5, high=1.0, source="assumed", note="at the peak"
    )
    platelet_production_loss: float = estimate(
        0.9, "fraction", low=0.5, high=1.0, source="assumed", note="at the peak"
    )
    blood_half_life_days: float = estimate(
        1.0, "day", low=0.5, high=3.0, lowest=1e-2, source="assumed",
        note="for which healthy precursors feel a dose",
    )  # fmt: skip
    clearance_cv: float = estimate(
        0.3, "1", low=0.1, high=0.5, highest=3.0, source="assumed", note="between patients"
    )
    segment_hours: float = estimate(
        2.0, "hour", low=1.0, high=6.0, lowest=0.25, highest=24.0, source="assumed",
        note="length of segments in the week after a dose: of the method, not of the drug",
    )  # fmt: skip

    __post_init__ = check_ranges

    def drug(self) -> Drug:
        """The drug with these numbers."""
        inside = self.triphosphate_half_life_hours / 24.0
        half = self.half_saturation_um * self.molar_mass / 1000.0  # mg/L

        def effect(size: float, half_life_days: float = inside) -> Effect:
            return Effect(size, half_life_days, ec50=half, by_responsiveness=False)

        return Drug(
            name="cytarabine",
            pharmacokinetics=self.pharmacokinetics.compartments(),
            effects={
                "s_phase_kill": effect(self.s_phase_kill),
                "g0_kill": effect(self.g0_share * self.s_phase_kill),
                "blast_kill": effect(self.blast_kill),
                "neutrophil_production_loss": effect(
                    self.neutrophil_production_loss, self.blood_half_life_days
                ),
                "platelet_production_loss": effect(
                    self.platelet_production_loss, self.blood_half_life_days
                ),
            },
            reference_dose_mg=5400.0,
            segment_hours=self.segment_hours,
            clearance_cv=self.clearance_cv,
        )
