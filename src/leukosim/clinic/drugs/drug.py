"""What a drug is: pharmacokinetics and a table of effects on cells.

A drug acts on cells through the exposures of :data:`leukosim.biology.exposure.EXPOSURES`. The
compiled kernel gets their values only, so a new drug is a new :class:`Drug`, and the kernel stays
as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from leukosim.biology.apoptosis import PROTEINS
from leukosim.biology.disease import Disease
from leukosim.biology.exposure import (
    BLOCKS,
    COLUMN,
    EXPOSURES,
    IS_FRACTION,
    Exposure,
    combine,
    day_grid,
    no_exposure,
)
from leukosim.biology.patient import TYPICAL, Patient, PKParameters
from leukosim.clinic.drugs.pharmacokinetics import Pharmacokinetics, behind, mean_level, peak_level
from leukosim.errors import InvalidField
from leukosim.parameters import check_ranges, setting


@dataclass(frozen=True)
class Effect:
    """One thing a drug does.

    The level that drives it lags behind plasma by ``half_life_days`` (0: it is that of plasma).
    Without an ``ec50`` it is 1 at its peak in the drug's reference regimen, and ``size`` is the
    effect at level 1; the effect grows in proportion to the level, or, with a ``half_level``,
    saturates at ``size``. With an ``ec50`` the level is a concentration:

        effect = size * C / (C + EC50)

    With ``by_responsiveness`` it is multiplied by the patient's responsiveness to the drug.
    Subtypes may differ in the EC50 or half level at which a protein is blocked: by the factors in
    ``relative_ec50``, or, where the disease knows them, those in the field ``ec50_field`` of
    :class:`leukosim.biology.subtypes.Subtype`.
    """

    size: float = setting(
        0.0, "unit of the target", lowest=0.0,
        note="at the peak of the reference regimen, or when saturated",
    )  # fmt: skip
    half_life_days: float = setting(
        1.0, "day", lowest=0.0, note="by which the effect lags behind plasma; 0: it does not"
    )
    half_level: float | None = setting(
        None, "reference level", lowest=1e-9,
        note="at which the effect is half its size; null: in proportion",
    )  # fmt: skip
    ec50: float | None = setting(
        None, "mg/L", lowest=1e-9, note="concentration at which the effect is half its size"
    )
    by_responsiveness: bool = True  # multiplied by the patient's responsiveness
    relative_ec50: dict[str, float] = field(default_factory=dict)  # factors, by subtype
    ec50_field: str = ""  # field of subtypes that holds the factor on their EC50; empty: none

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.half_level is not None and self.ec50 is not None:
            raise InvalidField(
                f"half_level = {self.half_level} (reference level) and ec50 = {self.ec50} (mg/L) "
                "exclude each other"
            )
        for subtype, factor in self.relative_ec50.items():
            if not factor > 0.0:
                raise InvalidField(
                    f"relative_ec50.{subtype} = {factor} is not allowed: it is a factor, "
                    "allowed above 0"
                )
        if self.relative_ec50 and self.saturates_at is None:
            raise InvalidField(
                "relative_ec50 needs an ec50 (mg/L) or a half_level (reference level)"
            )

    @property
    def saturates_at(self) -> float | None:
        """The level of half the size; none if the effect is in proportion to the level."""
        return self.half_level if self.ec50 is None else self.ec50

    def of(self, level: np.ndarray, responsiveness: float = 1.0, ec50_factor=1.0) -> np.ndarray:
        """The effect at a level (reference level or, with an EC50, mg/L), in the target's unit.

        ``ec50_factor`` : float, or float64[subtype] where ``level`` ends in an axis of length 1
        """
        if self.saturates_at is not None:
            level = level / (level + self.saturates_at * ec50_factor)
        return self.size * level * (responsiveness if self.by_responsiveness else 1.0)

    def ec50_factors(
        self, disease: Disease, composition: Sequence[float] | None = None
    ) -> np.ndarray:
        """EC50 of each subtype relative to the effect's, float64[subtype].

        In a patient of a composition they are as the hypothesis on sensitivity has them.
        """
        factors = [
            self.relative_ec50.get(name, getattr(subtype, self.ec50_field, 1.0))
            for name, subtype in disease.subtypes.items()
        ]
        if composition is None:
            return np.array(factors)
        return np.exp(disease.as_in_patient(np.log(factors), composition))

    @property
    def differs_by_subtype(self) -> bool:
        """Whether subtypes may differ in their EC50."""
        return bool(self.relative_ec50 or self.ec50_field)


@dataclass(frozen=True)
class Drug:
    """A drug: how its level follows its doses, what the level does, how patients differ in it."""

    name: str
    pharmacokinetics: Pharmacokinetics
    effects: Mapping[str, Effect]  # by exposure
    reference_dose_mg: float = setting(1.0, "mg", lowest=1e-9)
    reference_days: int = setting(1, "day", lowest=1, highest=366)
    segment_hours: float = setting(24.0, "hour", lowest=0.05, highest=24.0)
    clearance_cv: float = setting(0.0, "1", lowest=0.0, highest=3.0)
    volume_cv: float = setting(0.0, "1", lowest=0.0, highest=3.0)
    ec50_log10_sd: float = setting(0.0, "log10", lowest=0.0, highest=3.0)
    responsiveness_logit_mean: float | None = setting(None, "logit", lowest=-10.0, highest=10.0)
    responsiveness_logit_sd: float = setting(0.0, "logit", lowest=0.0, highest=10.0)

    def __post_init__(self) -> None:
        check_ranges(self)
        check_targets(self.effects)

    @cached_property
    def peaks(self) -> dict[float, float]:
        """The highest level of the reference regimen in the typical patient, mg/L, by half-life."""
        regimen = np.arange(float(self.reference_days))
        doses = np.full(self.reference_days, self.reference_dose_mg)
        half_lives = {0.0} | {effect.half_life_days for effect in self.effects.values()}
        return {each: peak_level(*self.response(each), regimen, doses) for each in half_lives}

    def response(
        self, half_life_days: float, pk_parameters: PKParameters = TYPICAL
    ) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (1/L) and rates (1/day) of the level behind plasma after 1 mg."""
        return unit_response(self.pharmacokinetics, half_life_days, pk_parameters)

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
        """Mean over each segment of the level that drives an effect, float64[segment].

        In mg/L for an effect with an EC50, else relative to the peak of the reference regimen.
        """
        coefficients, rates = self.response(effect.half_life_days, pk_parameters)
        scale = 1.0 if effect.ec50 is not None else self.peaks[effect.half_life_days]
        return mean_level(coefficients / scale, rates, days, amounts_mg, start, end, durations)


@lru_cache(maxsize=4096)  # every cycle of a patient needs the same few
def unit_response(
    pharmacokinetics: Pharmacokinetics, half_life_days: float, pk_parameters: PKParameters
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (1/L) and rates (1/day) of a patient's level after 1 mg.

    half_life_days : by which the level lags behind plasma; 0: the level in plasma
    """
    if pk_parameters != TYPICAL:
        pharmacokinetics = pharmacokinetics.scaled(pk_parameters.clearance, pk_parameters.volume)
    plasma = pharmacokinetics.unit_response()
    return behind(*plasma, half_life_days) if half_life_days > 0.0 else plasma


def check_targets(effects: Mapping[str, Effect]) -> None:
    """Raise ``ValueError`` for effects on unknown exposures and for effects out of range."""
    for target, effect in effects.items():
        if target not in EXPOSURES:
            raise InvalidField(
                f"effects.{target} is not a known exposure: allowed {', '.join(EXPOSURES)}"
            )
        if effect.differs_by_subtype and target not in BLOCKS:
            raise InvalidField(
                f"effects.{target}.relative_ec50 has no meaning: subtypes differ in "
                f"{', '.join(BLOCKS)} only"
            )
        if IS_FRACTION[COLUMN[target]] and effect.size > 1.0:
            raise InvalidField(
                f"effects.{target}.size = {effect.size} is not allowed: it is in fraction, "
                "allowed from 0 to 1"
            )


@dataclass(frozen=True)
class Dose:
    """One administration."""

    drug: str
    day: float
    amount_mg: float
    duration_days: float = 0.0  # of an infusion at a constant rate


def segment_edges(
    drugs: Mapping[str, Drug], doses: Sequence[Dose], start: float, end: float
) -> np.ndarray:
    """Edges of segments, day: whole days, and finer ones within a week after a dose of a drug with
    shorter segments."""
    edges = day_grid(start, end)
    for name in {dose.drug for dose in doses}:
        hours = drugs[name].segment_hours
        if hours < 24.0:
            days = np.array([dose.day for dose in doses if dose.drug == name])
            fine = np.arange(np.floor(start) * 24.0, end * 24.0, hours) / 24.0
            near = ((fine[:, None] >= np.floor(days)) & (fine[:, None] < days + 7.0)).any(1)
            edges = np.union1d(edges, fine[near & (fine > start) & (fine < end)])
    return edges


def exposure(
    drugs: Mapping[str, Drug],
    doses: Sequence[Dose],
    start: float,
    end: float,
    patient: Patient | None = None,
) -> Exposure:
    """Exposure of cells to drugs between two days, from the doses given until ``end``.

    An effect is calculated from the mean level over a segment. For a saturating effect this differs
    slightly from the mean effect; a drug may use shorter segments (``segment_hours``).

    Parameters
    ----------
    drugs : by name
    doses : in any order; doses after ``end`` have no effect
    start, end : day
    patient : has pharmacokinetic parameters, a responsiveness to each drug and subtypes; None: a
        typical patient of responsiveness 1, in whom a drug blocks a protein equally in all subtypes
    """
    if not doses:
        return no_exposure(start, end)
    edges = segment_edges(drugs, doses, start, end)
    lower, upper = edges[:-1], edges[1:]
    values = np.zeros((len(lower), len(EXPOSURES)))
    differing = any(
        effect.differs_by_subtype
        for name in {dose.drug for dose in doses}
        for effect in drugs[name].effects.values()
    )
    subtypes = len(patient.disease.subtypes) if patient and differing else 0
    blocked = np.zeros((len(lower), subtypes, len(PROTEINS)))
    for name, drug_doses in by_drug(doses).items():
        given = drugs[name]
        days = np.array([dose.day for dose in drug_doses])
        amounts = np.array([dose.amount_mg for dose in drug_doses])
        durations = np.array([dose.duration_days for dose in drug_doses])
        pk_parameters = patient.pk_parameters.get(name, TYPICAL) if patient else TYPICAL
        responsiveness = patient.responsiveness.get(name, 1.0) if patient else 1.0
        levels: dict[tuple[float, bool], np.ndarray] = {}  # most effects share one with another
        for target, effect in given.effects.items():
            kind = effect.half_life_days, effect.ec50 is None
            if kind not in levels:
                levels[kind] = given.level(
                    effect, pk_parameters, days, amounts, lower, upper, durations
                )
            level = levels[kind]
            column = COLUMN[target]
            combine(values[:, column], effect.of(level, responsiveness, pk_parameters.ec50), target)
            if patient and subtypes and target in BLOCKS:
                factors = pk_parameters.ec50 * effect.ec50_factors(
                    patient.disease, patient.composition
                )
                here = blocked[:, :, BLOCKS[target]]
                combine(here, effect.of(level[:, None], responsiveness, factors), target)
    for each in (values, blocked):
        each[each < 1e-6] = 0.0  # a level that has decayed for twenty half-lives is none
    return Exposure(lower, upper, values, blocked if subtypes else None)


def by_drug(doses: Sequence[Dose]) -> dict[str, list[Dose]]:
    """Doses grouped by drug, in the order of their first mention."""
    groups: dict[str, list[Dose]] = {}
    for dose in doses:
        groups.setdefault(dose.drug, []).append(dose)
    return groups
