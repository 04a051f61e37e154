"""Motixafortide, under the skin: it blocks CXCR4 at once and lets go of it slowly.

Binding is fast against everything else here, so a receptor is occupied as the plasma level asks
for while that is high, and from then on is lost at a constant rate, long after the drug is gone.
What is lost is occupancy itself, not a level behind it: five doses hold no longer than one.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from leukosim.biology.patient import PKParameters
from leukosim.clinic.drugs.drug import Drug, Effect
from leukosim.clinic.drugs.pharmacokinetics import Pharmacokinetics
from leukosim.parameters import check_ranges, estimate, setting

CREES = "Crees et al. 2023, Nat Med 29:869, doi:10.1038/s41591-023-02273-z"
NODES, WEIGHTS = np.polynomial.legendre.leggauss(6)  # of a mean over a segment
MOST_DAYS = 60.0  # after a dose: nothing is left


@dataclass(frozen=True)
class ReceptorBlocker(Drug):
    """A drug whose every effect follows the occupancy of a receptor, not a level."""

    half_occupied: float = setting(1.0, "mg/L", lowest=1e-12)
    loss_rate: float = setting(0.35, "1/day", lowest=1e-6)

    def level(
        self,
        effect: Effect,
        pk_parameters: PKParameters,
        days,
        amounts_mg,
        start,
        end,
        durations=None,
    ) -> np.ndarray:
        """Mean occupancy over each segment, float64[segment], in [0, 1].

        Of several doses the one counts that occupies most; each for itself, so that it is the same
        however a run is cut.
        """
        coefficients, rates = self.response(0.0, pk_parameters)
        middle, half = (start + end) / 2.0, (end - start) / 2.0
        time = middle[:, None] + half[:, None] * NODES
        most = np.zeros(time.shape)
        for day, amount in zip(days, amounts_mg, strict=True):
            since = time - day
            near = (since > 0.0) & (since < MOST_DAYS)
            if near.any():
                most[near] = np.maximum(
                    most[near], self.occupancy(since[near], amount, coefficients, rates)
                )
        return most @ WEIGHTS / 2.0

    def occupancy(self, since_days, amount_mg, coefficients, rates) -> np.ndarray:
        """Occupancy so long after one dose, float64[time].

            o(t) = max over s <= t of C(s) / (C(s) + K) exp(-loss (t - s))

        One maximum has to be found: before it the plasma level rules, after it the loss.
        """
        grid = np.concatenate([[0.0], np.geomspace(1e-3, MOST_DAYS, 800)])
        level = np.maximum(np.exp(-np.outer(grid, rates)) @ coefficients * amount_mg, 0.0)
        options = level / (level + self.half_occupied)
        held = np.maximum.accumulate(options * np.exp(self.loss_rate * grid))
        occupied = np.interp(since_days, grid, held * np.exp(-self.loss_rate * grid))
        return np.minimum(occupied, 1.0)


@dataclass(frozen=True)
class MotixafortidePharmacokinetics:
    """After a dose under the skin; one compartment."""

    absorption_rate: float = estimate(
        50.0, "1/day", low=20.0, high=100.0, lowest=1e-3, source="assumed",
        note="from under the skin",
    )  # fmt: skip
    half_life_hours: float = estimate(
        2.0, "hour", low=1.0, high=4.0, lowest=0.1, source="assumed", note="in plasma"
    )
    volume: float = estimate(
        30.0, "L", low=10.0, high=60.0, lowest=1e-3, source="assumed", note="of distribution"
    )

    __post_init__ = check_ranges

    def compartment(self) -> Pharmacokinetics:
        """The same by its clearance."""
        clearance = self.volume * math.log(2.0) / (self.half_life_hours / 24.0)
        return Pharmacokinetics(self.absorption_rate, clearance, self.volume)


@dataclass(frozen=True)
class Motixafortide:
    """How much it takes to occupy CXCR4, and how long the receptor stays occupied."""

    pharmacokinetics: MotixafortidePharmacokinetics = field(
        default_factory=MotixafortidePharmacokinetics
    )
    ki_nm: float = estimate(
        0.32, "nmol/L", low=0.1, high=1.0, lowest=1e-9, source=CREES,
        note="inhibition constant at CXCR4",
    )  # fmt: skip
    molar_mass: float = estimate(
        2159.0, "g/mol", low=2000.0, high=2300.0, lowest=1.0, source="assumed",
        note="of motixafortide",
    )  # fmt: skip
    occupancy_loss_rate: float = estimate(
        0.35, "1/day", low=0.05, high=1.0, lowest=1e-6, source="assumed",
        note="beyond what the plasma level holds: half is left two days later",
    )  # fmt: skip
    direct_mcl1_loss: float = estimate(
        0.0, "fraction", low=0.0, high=0.25, source="assumed",
        note="of MCL-1 at full occupancy: a direct effect on survival; off",
    )  # fmt: skip
    segment_hours: float = estimate(
        2.0, "hour", low=1.0, high=6.0, lowest=0.25, highest=24.0, source="assumed",
        note="length of segments in the week after a dose: of the method, not of the drug",
    )  # fmt: skip

    __post_init__ = check_ranges

    def drug(self) -> Drug:
        """The drug with these numbers."""
        effects = {"cxcr4_occupancy": Effect(1.0, 0.0, by_responsiveness=False)}
        if self.direct_mcl1_loss > 0.0:
            effects["mcl1_blocked"] = Effect(self.direct_mcl1_loss, 0.0, by_responsiveness=False)
        return ReceptorBlocker(
            name="motixafortide",
            pharmacokinetics=self.pharmacokinetics.compartment(),
            effects=effects,
            reference_dose_mg=94.0,
            segment_hours=self.segment_hours,
            half_occupied=self.ki_nm * self.molar_mass * 1e-6,
            loss_rate=self.occupancy_loss_rate,
        )
