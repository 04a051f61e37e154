"""What a drug is: pharmacokinetics and a list of effects on cells.

The vocabulary of effects is :data:`EXPOSURES`. The compiled engine sees only their values, so a new
drug is a new :class:`Drug`, never a change of the engine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from leukosim.drugs.pharmacokinetics import Pharmacokinetics, behind, mean_level, peak_level
from leukosim.parameters import check_ranges, setting

# What cells can be exposed to: unit and meaning. Fractions of several drugs combine as independent
# (1 - prod(1 - x)), rates add up.
EXPOSURES = {
    "bcl2_blocked": ("fraction", "BCL-2 blocked"),
    "bclxl_blocked": ("fraction", "BCL-xL blocked"),
    "mcl1_blocked": ("fraction", "MCL-1 blocked or lost"),
    "s_phase_kill": ("1/day", "death rate of stem cells in S phase, outside the niche"),
    "g0_kill": ("1/day", "death rate of stem cells in G0, outside the niche"),
    "renewal_loss": ("fraction", "of the probability that a daughter is a stem cell"),
    "cxcr4_occupancy": ("fraction", "CXCR4 receptors blocked"),
    "blast_kill": ("1/day", "death rate of blasts and maturing cells"),
    "neutrophil_production_loss": ("fraction", "of the neutrophil precursors' proliferation"),
    "platelet_production_loss": ("fraction", "of the platelet precursors' proliferation"),
    "neutrophil_loss": ("1/day", "death rate of circulating neutrophils"),
    "platelet_loss": ("1/day", "death rate of circulating platelets"),
}
COLUMN = {name: i for i, name in enumerate(EXPOSURES)}
IS_FRACTION = np.array([unit == "fraction" for unit, _ in EXPOSURES.values()])


@dataclass(frozen=True)
class Effect:
    """One thing a drug does.

    The level that drives it lags behind plasma by ``half_life_days`` and is 1 at its peak in the
    drug's reference course. ``size`` is the effect at level 1; it grows in proportion to the level,
    or, with a ``half_level``, saturates at ``size``. With ``by_responsiveness`` it is multiplied by
    the patient's responsiveness to the drug.
    """

    target: str
    size: float = setting(0.0, "unit of the target", lowest=0.0)
    half_life_days: float = setting(1.0, "day", lowest=1e-3)
    half_level: float | None = setting(None, "reference level", lowest=1e-9)
    by_responsiveness: bool = True

    def __post_init__(self) -> None:
        if self.target not in EXPOSURES:
            raise ValueError(f"target = {self.target} is unknown: allowed {', '.join(EXPOSURES)}")
        check_ranges(self)

    def of(self, level: np.ndarray, responsiveness: float) -> np.ndarray:
        """The effect at a level, in the target's unit."""
        if self.half_level is not None:
            level = level / (level + self.half_level)
        strength = self.size * level * (responsiveness if self.by_responsiveness else 1.0)
        return np.clip(strength, 0.0, 1.0) if IS_FRACTION[COLUMN[self.target]] else strength


@dataclass(frozen=True)
class Drug:
    """A drug: how its level follows its doses, and what the level does."""

    name: str
    pharmacokinetics: Pharmacokinetics
    effects: Sequence[Effect]
    reference_dose_mg: float = field(metadata={"unit": "mg"})
    reference_days: int = field(metadata={"unit": "day"})
    segment_hours: float = setting(24.0, "hour", lowest=0.05, highest=24.0)

    __post_init__ = check_ranges

    @cached_property
    def responses(self) -> dict[float, tuple[np.ndarray, np.ndarray]]:
        """Coefficients and rates of the level after 1 mg, peak scaled to 1, by half-life (day)."""
        course = np.arange(float(self.reference_days))
        doses = np.full(self.reference_days, self.reference_dose_mg)
        scaled = {}
        for half_life in {effect.half_life_days for effect in self.effects}:
            coefficients, rates = behind(*self.pharmacokinetics.unit_response(), half_life)
            peak = peak_level(coefficients, rates, course, doses)
            scaled[half_life] = coefficients / peak, rates
        return scaled


@dataclass(frozen=True)
class Dose:
    """One administration."""

    drug: str
    day: float
    amount_mg: float


@dataclass(frozen=True)
class Exposure:
    """What cells meet, segment by segment; the only thing the marrow learns of drugs."""

    start: np.ndarray  # float64[segment], day
    end: np.ndarray  # float64[segment], day
    values: np.ndarray  # float64[segment, exposure], in the order of EXPOSURES


def no_exposure(start: float, end: float) -> Exposure:
    """Segments of a day without any drug."""
    edges = day_grid(start, end)
    return Exposure(edges[:-1], edges[1:], np.zeros((len(edges) - 1, len(EXPOSURES))))


def day_grid(start: float, end: float) -> np.ndarray:
    """Edges at start, every whole day between, and end."""
    inner = np.arange(np.floor(start) + 1.0, np.ceil(end))
    return np.concatenate([[start], inner, [end]])


def exposure(
    drugs: Mapping[str, Drug],
    doses: Sequence[Dose],
    start: float,
    end: float,
    responsiveness: Mapping[str, float],
) -> Exposure:
    """What cells meet between two days, by the doses given until ``end``.

    Segments last a day, or as little as a drug that has been given within the last week asks for.

    Parameters
    ----------
    drugs : by name
    doses : in any order; later ones than ``end`` have no effect
    start, end : day
    responsiveness : by drug name, a factor on its effects; 1 where a drug is not named
    """
    if not doses:
        return no_exposure(start, end)
    edges = day_grid(start, end)
    for name in {dose.drug for dose in doses}:
        hours = drugs[name].segment_hours
        if hours < 24.0:
            days = np.array([dose.day for dose in doses if dose.drug == name])
            fine = np.arange(np.floor(start) * 24.0, end * 24.0, hours) / 24.0
            near = ((fine[:, None] >= np.floor(days)) & (fine[:, None] < days + 7.0)).any(1)
            edges = np.union1d(edges, fine[near & (fine > start) & (fine < end)])
    lower, upper = edges[:-1], edges[1:]
    values = np.zeros((len(lower), len(EXPOSURES)))
    for name, drug_doses in by_drug(doses).items():
        given = drugs[name]
        days = np.array([dose.day for dose in drug_doses])
        amounts = np.array([dose.amount_mg for dose in drug_doses])
        level = {
            half_life: mean_level(coefficients, rates, days, amounts, lower, upper)
            for half_life, (coefficients, rates) in given.responses.items()
        }
        for effect in given.effects:
            strength = effect.of(level[effect.half_life_days], responsiveness.get(name, 1.0))
            column = COLUMN[effect.target]
            if IS_FRACTION[column]:
                values[:, column] = 1.0 - (1.0 - values[:, column]) * (1.0 - strength)
            else:
                values[:, column] += strength
    values[values < 1e-6] = 0.0  # a level that has decayed for twenty half-lives is none
    return Exposure(lower, upper, values)


def by_drug(doses: Sequence[Dose]) -> dict[str, list[Dose]]:
    """Doses grouped by drug, in the order of their first mention."""
    groups: dict[str, list[Dose]] = {}
    for dose in doses:
        groups.setdefault(dose.drug, []).append(dose)
    return groups
