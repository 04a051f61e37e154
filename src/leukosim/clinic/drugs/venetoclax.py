"""Venetoclax, by mouth: it blocks BCL-2, in some subtypes at far lower levels than in others.

At 400 mg a day the mean concentration of the typical patient here is 0.89 mg/L and the area under
the curve 400 / 449 * 24 = 21 mg h/L. The US label gives an area of 32.8 mg h/L and a peak of
2.1 mg/L at steady state, half as much again: the clearance stands as it was published, so that the
model's patients have less drug than the label's.
"""

from dataclasses import dataclass, field, replace

from leukosim.clinic.drugs.drug import Drug, Effect
from leukosim.clinic.drugs.pharmacokinetics import TwoCompartments
from leukosim.parameters import check_ranges, estimate

JONES = "Jones et al. 2016, AAPS J"
WACLAWICZEK = "Waclawiczek et al. 2026, doi:10.1016/j.stem.2026.04.012 (derived from its tables)"


@dataclass(frozen=True)
class VenetoclaxPharmacokinetics(TwoCompartments):
    """After a dose by mouth; clearance and volumes are apparent, for its bioavailability."""

    absorption_rate: float = estimate(3.83, "1/day", low=2.0, high=8.0, lowest=1e-3, source=JONES)
    clearance: float = estimate(449.0, "L/day", low=300.0, high=650.0, lowest=1e-3, source=JONES)
    volume: float = estimate(
        99.0, "L", low=50.0, high=200.0, lowest=1e-3, source=JONES, note="central"
    )
    exchange: float = estimate(
        130.0, "L/day", low=70.0, high=250.0, lowest=1e-3, source=JONES,
        note="between the compartments",
    )  # fmt: skip
    peripheral_volume: float = estimate(147.0, "L", low=70.0, high=300.0, lowest=1e-3, source=JONES)


@dataclass(frozen=True)
class Venetoclax:
    """How strongly BCL-2 is blocked at which concentration; relative EC50s stand with subtypes."""

    pharmacokinetics: VenetoclaxPharmacokinetics = field(default_factory=VenetoclaxPharmacokinetics)
    clearance_cv: float = estimate(
        0.38, "1", low=0.2, high=0.6, highest=3.0, source=JONES, note="between patients; log-normal"
    )
    volume_cv: float = estimate(
        0.68, "1", low=0.3, high=1.0, highest=3.0, source=JONES,
        note="of the central volume, between patients; log-normal",
    )  # fmt: skip
    cyp3a_inhibitor_ratio: float = estimate(
        8.8, "1", low=4.0, high=12.0, lowest=1.0, source="Agarwal et al. 2017",
        note="clearance without / with posaconazole",
    )  # fmt: skip
    ec50_um: float = estimate(
        0.06, "umol/L", low=0.02, high=0.14, lowest=1e-9, source=WACLAWICZEK,
        note="LMPP-like, ex vivo, extrapolated to the pure subtype",
    )  # fmt: skip
    serum_shift: float = estimate(
        3.0, "1", low=3.0, high=30.0, lowest=1e-3, source="assumed",
        note="EC50 in plasma / in medium: protein binding; tuned by hand to VIALE-A",
    )  # fmt: skip
    molar_mass: float = estimate(
        868.4, "g/mol", low=868.0, high=869.0, lowest=1.0, source="textbook value, assumed",
        note="of venetoclax",
    )  # fmt: skip
    ec50_log10_sd: float = estimate(
        0.5, "log10", low=0.2, high=1.0, highest=3.0, source="assumed", note="between patients"
    )
    most_blocked: float = estimate(
        1.0, "fraction", low=0.8, high=1.0, source="assumed", note="of BCL-2, at saturation"
    )
    neutrophil_production_loss: float = estimate(
        0.15, "fraction", low=0.0, high=0.3, source="assumed",
        note="at the peak of 400 mg a day; a loss that lasts weighs far more than a brief one",
    )  # fmt: skip
    platelet_production_loss: float = estimate(
        0.08, "fraction", low=0.0, high=0.2, source="assumed", note="at the peak of 400 mg a day"
    )
    stress_memory_half_life_days: float = estimate(
        100.0, "day", low=30.0, high=365.0, lowest=1e-2, source="assumed",
        note="for how long cells that were stressed go on switching back",
    )  # fmt: skip

    __post_init__ = check_ranges

    @property
    def ec50(self) -> float:
        """Of LMPP-like cells in plasma, mg/L."""
        return self.ec50_um * self.serum_shift * self.molar_mass / 1000.0

    def drug(self, cyp3a_inhibitor: bool = False) -> Drug:
        """The drug with these numbers; with a strong CYP3A inhibitor if one is taken, too."""
        kinetics = self.pharmacokinetics
        if cyp3a_inhibitor:
            kinetics = replace(kinetics, clearance=kinetics.clearance / self.cyp3a_inhibitor_ratio)
        return Drug(
            name="venetoclax",
            pharmacokinetics=kinetics,
            effects={
                "bcl2_blocked": Effect(
                    self.most_blocked,
                    half_life_days=0.0,
                    ec50=self.ec50,
                    by_responsiveness=False,
                    ec50_field="venetoclax_ec50_ratio",
                ),
                "stress_memory": Effect(
                    1.0, self.stress_memory_half_life_days, by_responsiveness=False
                ),
                "neutrophil_production_loss": Effect(
                    self.neutrophil_production_loss, by_responsiveness=False
                ),
                "platelet_production_loss": Effect(
                    self.platelet_production_loss, by_responsiveness=False
                ),
            },
            reference_dose_mg=400.0,
            reference_days=28,
            clearance_cv=self.clearance_cv,
            volume_cv=self.volume_cv,
            ec50_log10_sd=self.ec50_log10_sd,
        )
