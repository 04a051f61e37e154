"""One patient under one strategy as a mesa model: a step is a day.

The course is that of :func:`leukosim.simulate`, number for number: the same follow-up, paused every
day. It runs from visit to visit, and is looked at no further than the model's day.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import mesa
import numpy as np

from leukosim.biology.patient import MARKERS, Patient
from leukosim.clinic.drugs.drug import Dose
from leukosim.clinic.strategy.chart import CallableStrategy, Decision, Report
from leukosim.clinic.strategy.regimens import Dosing, Regimen
from leukosim.clinic.strategy.rules import Strategy
from leukosim.config.compose import compose
from leukosim.config.overrides import as_word
from leukosim.config.schema import Config
from leukosim.errors import InvalidField
from leukosim.marrow.counts import Counts
from leukosim.marrow.rates import G0, IN_NICHE, Rates
from leukosim.parameters import check_ranges, setting
from leukosim.results.variables import CAUSES
from leukosim.runs.trial_arguments import checked_strategy
from leukosim.trial.follow_up import FollowUp
from leukosim.trial.run import check_drugs
from leukosim.trial.sampling import draw_patient, producible


@dataclass(frozen=True)
class PatientOverrides:
    """Values in place of those of the drawn patient and the strategy; None: as drawn."""

    patient: int = setting(0, "number in the cohort", lowest=0, highest=999_999)
    dose_percent: float = setting(100.0, "% of the strategy's doses", lowest=0.0, highest=1000.0)
    cxcr4: float | None = setting(None, "MFI ratio", lowest=1e-3, highest=1e4)
    residual_stem_cells: int | None = setting(None, "cells", lowest=0, highest=10_000_000)
    doubling_days: float | None = setting(None, "day", lowest=1.0, highest=3650.0)
    responsiveness: float | None = setting(None, "fraction", lowest=0.0, highest=1.0)
    marker: str | None = None
    study_seed: int = setting(1, "1", lowest=0, highest=2**32 - 1)

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.marker is not None and self.marker not in MARKERS:
            raise InvalidField(f"marker = {self.marker} is unknown: allowed {', '.join(MARKERS)}")


class StemCells(mesa.Agent):
    """The leukaemic stem cells of one subtype, as they are on the model's day."""

    def __init__(self, model: "LeukemiaModel", position: int, subtype: str):
        super().__init__(model)
        self.position = position
        self.subtype = subtype

    @property
    def _cells(self) -> np.ndarray:
        """int64[place, phase]."""
        return self.model.counts.cells[0, self.position]

    @property
    def cells(self) -> int:
        """All of them."""
        return int(self._cells.sum())

    @property
    def in_niche(self) -> int:
        """Those inside the niche."""
        return int(self._cells[IN_NICHE].sum())

    @property
    def in_g0(self) -> int:
        """Those at rest."""
        return int(self._cells[:, G0].sum())


class LeukemiaModel(mesa.Model):
    """The marrow of one patient under one strategy; ``step`` lets a day pass.

    The patient is number ``patient`` of the study's cohort, as ``leukosim run`` draws it, with the
    traits that are given here in place of the drawn ones. None leaves what patient or study have.

    Parameters
    ----------
    study : one of ``leukosim --help``: patients, monitoring, drugs
    strategy : name of a strategy that leukosim knows, or a Strategy or CallableStrategy
    patient : number in the cohort, 0 or more
    dose_percent : % of the strategy's doses, of every drug, from 0 to 1000
    trigger_level : at which MRD counts as molecular relapse and strategies act on it, in the
        unit of the patient's marker: a transcript ratio, or the recipient's share of CD34-positive
        cells
    delay_days : day, from the report that triggers treatment to its first dose
    interval_days : day, between MRD samples
    cxcr4 : MFI ratio, median over the patient's stem cells, from 0.001 to 10000
    residual_stem_cells : cells that therapy left, from 0 to 10^7; not of patients at diagnosis
    doubling_days : day, in undisturbed regrowth, drawn to the nearest that the patient's cycle and
        niche can produce
    responsiveness : fraction, from 0 to 1, to every drug that patients respond to differently
    marker : "transcript" or "chimerism", how MRD is followed
    horizon_days : day, to which the patient is followed
    study_seed : the seed of the study, which all random streams come from
    rng : mesa's own name of ``study_seed``, as in ``mesa.batch_run(..., rng=[1, 2])``

    Attributes
    ----------
    day : float, the day of the model; 0 at the start
    counts : Counts, a row: the marrow of this day
    datacollector : of the variables of :data:`leukosim.results.variables.VARIABLES`, a row each
        day from 0 on
    running : False once a step found nothing more to be done; that step passes no day
    is_over : True from then on
    agents : StemCells of each subtype

    Raises
    ------
    ValueError
        For a value that is not allowed; it names field, value, unit and allowed range.
    """

    def __init__(
        self,
        study: str = "relaza2",
        strategy: str | Strategy | CallableStrategy = "triggered",
        patient: int = 0,
        dose_percent: float = 100.0,
        trigger_level: float | None = None,
        delay_days: int | None = None,
        interval_days: int | None = None,
        cxcr4: float | None = None,
        residual_stem_cells: int | None = None,
        doubling_days: float | None = None,
        responsiveness: float | None = None,
        marker: str | None = None,
        horizon_days: int | None = None,
        study_seed: int = 1,
        rng: int | None = None,
    ):
        seed = whole(study_seed if rng is None else rng)
        wishes = PatientOverrides(
            whole(patient), dose_percent, cxcr4, whole(residual_stem_cells), doubling_days,
            responsiveness, marker, seed,
        )  # fmt: skip
        super().__init__(rng=int(seed))
        if not isinstance(strategy, str):
            strategy = checked_strategy(strategy, "strategy")
        arms = [f"strategy=[{as_word(strategy)}]"] if isinstance(strategy, str) else []
        fields = {
            "monitoring.interval_days": interval_days,
            "trigger.delay_days": delay_days,
            "horizon_days": horizon_days,
        }
        options = [
            # a trial around the patients would change none of them
            f"study={as_word(study)}", *arms, f"seed={seed}", "operations.centres=0",
            *(f"{name}={as_word(value)}" for name, value in fields.items() if value is not None),
        ]  # fmt: skip
        config = composed(tuple(options))
        self.patient = as_wished(config, wishes)
        if trigger_level is not None:
            by_marker = "recipient_share" if self.patient.marker == "chimerism" else "level"
            config = composed((*options, f"trigger.{by_marker}={as_word(trigger_level)}"))
        self.protocol = config.protocol()
        chosen = config.strategies[config.arms[0]] if isinstance(strategy, str) else strategy
        self.strategy = with_doses(chosen, wishes.dose_percent / 100.0)
        check_drugs({"strategy": self.strategy}, self.protocol)

        self.follow_up = FollowUp(
            self.patient,
            self.strategy,
            self.protocol,
            np.arange(self.protocol.horizon_days + 1.0),
            Rates(self.patient),
            config.kernel.method,
        )
        self.day = 0.0
        self.is_over = False
        self.seen_until = 0.0  # the day; once the course is over its end, which may lie within one
        self.follow_up.advance_to(0.0)
        self.counts = self._counts_of_today()
        self.subtypes = list(self.patient.disease.subtypes)
        for position, subtype in enumerate(self.subtypes):
            StemCells(self, position, subtype)
        self.datacollector = mesa.DataCollector(model_reporters=dict(self._reporters()))
        self.datacollector.collect(self)

    def step(self) -> None:
        """Let a day pass; where the course is over, end the model instead."""
        self.follow_up.advance_to(self.day + 1.0)
        end = self.follow_up.marrow.day
        if self.follow_up.is_over and end < self.day + 1.0:
            # a step later than the last day, as mesa's batch_run reports the row before the last
            self.running, self.is_over, self.seen_until = False, True, end
            return
        self.day += 1.0
        self.seen_until = self.day
        self.counts = self._counts_of_today()
        self.datacollector.collect(self)

    def _counts_of_today(self) -> Counts:
        """The marrow of the day, a row of what was recorded."""
        for counts in reversed(self.follow_up.counts):
            row = np.searchsorted(counts.day, self.day)
            if row < len(counts.day) and counts.day[row] == self.day:
                return counts.rows(np.array([row]))
        raise RuntimeError(f"day {self.day:g} was not recorded")

    def _reporters(self) -> Iterator[tuple[str, Any]]:
        """What is collected every day, by name."""
        yield "day", lambda m: m.day
        yield "stem_cells", lambda m: int(m.counts.cells.sum())
        for position, name in enumerate(self.subtypes):
            yield f"stem_cells {name}", lambda m, p=position: int(m.counts.cells[0, p].sum())
        yield "stem_cells_in_niche", lambda m: int(m.counts.stem_cells_in_niche[0])
        yield "stem_cells_in_g0", lambda m: int(m.counts.stem_cells_in_g0[0])
        yield "blasts", lambda m: float(m.counts.blasts.sum())
        yield "neutrophils", lambda m: float(m.counts.neutrophils[0])
        yield "platelets", lambda m: float(m.counts.platelets[0])
        yield "mrd", lambda m: m.mrd[-1].value if m.mrd else math.nan
        yield "treatment_days", lambda m: len({math.floor(dose.day) for dose in m.doses})

    # ------------------------------------------------------------------ what is known by now

    @property
    def mrd(self) -> list[Report]:
        """Reports of MRD that are known, in the order of sampling."""
        chimerism = self.patient.marker == "chimerism"
        measure = "recipient_share" if chimerism else "mrd"
        return self.follow_up.chart.known(measure, self.seen_until)

    @property
    def decisions(self) -> list[Decision]:
        """What was decided."""
        return [d for d in self.follow_up.chart.decisions if d.day <= self.seen_until]

    @property
    def doses(self) -> list[Dose]:
        """Doses that were given."""
        return [dose for dose in self.follow_up.prescription.doses if dose.day <= self.seen_until]

    @property
    def molecular_relapse_day(self) -> float | None:
        """Day on which MRD was reported at or above the trigger."""
        return self._once_seen(self.follow_up.molecular_relapse_day)

    @property
    def relapse_day(self) -> float | None:
        """Day on which relapse was diagnosed."""
        return self._once_seen(self.follow_up.chart.relapse_day)

    @property
    def death_day(self) -> float | None:
        """Day of death."""
        return self._once_seen(self.follow_up.vital_status.death_day)

    @property
    def death_cause(self) -> str | None:
        """What the patient died of, one of :data:`leukosim.results.variables.CAUSES`."""
        cause = self.follow_up.vital_status.death_cause
        return CAUSES[cause] if self.death_day is not None and cause is not None else None

    def _once_seen(self, day: float | None) -> float | None:
        return day if day is not None and day <= self.seen_until else None


def whole(value: Any) -> Any:
    """A whole number as an int, as those of mesa and of sliders may be floats; others as given."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


@lru_cache(maxsize=64)
def composed(overrides: tuple[str, ...]) -> Config:
    """A run; kept, as models of a batch ask for the same again and again."""
    return compose(overrides)


def as_wished(config: Config, wishes: PatientOverrides) -> Patient:
    """A patient of the cohort, with other traits where they are wished."""
    drawn = draw_patient(
        int(wishes.patient), config.cohort, config.disease, config.seed, config.drugs()
    )
    changes: dict[str, Any] = {}
    if wishes.cxcr4 is not None:
        changes["cxcr4"] = float(wishes.cxcr4)
    if wishes.marker is not None:
        changes["marker"] = wishes.marker
    if wishes.responsiveness is not None:
        answer = float(wishes.responsiveness)
        changes["responsiveness"] = dict.fromkeys(drawn.responsiveness, answer)
    if wishes.residual_stem_cells is not None:
        if drawn.overt_blasts > 0.0:
            raise ValueError(
                f"residual_stem_cells = {wishes.residual_stem_cells} (cells) is not allowed: "
                f"patients of {config.study} start at diagnosis, allowed None"
            )
        cells = int(wishes.residual_stem_cells)
        most = config.cohort.residual_blasts_most
        changes["residual_stem_cells"] = cells
        changes["residual_blasts"] = min(cells / drawn.lsc_frequency, most)
    patient = replace(drawn, **changes)
    if wishes.cxcr4 is None and wishes.doubling_days is None:
        return patient
    doubling = drawn.doubling_days if wishes.doubling_days is None else wishes.doubling_days
    return replace(patient, doubling_days=producible(float(doubling), patient))


def with_doses(strategy: Any, factor: float) -> Any:
    """A strategy with every dose times a factor, of the same kind.

    strategy : Strategy or CallableStrategy
    """

    def scaled(dosing: Dosing) -> Dosing:
        doses = {
            name: getattr(dosing, name) * factor
            for name in ("dose_mg_per_m2", "dose_mg")
            if getattr(dosing, name) is not None
        }
        return replace(dosing, **doses, ramp_mg=[first * factor for first in dosing.ramp_mg])

    regimens: dict[str, Regimen] = {
        name: replace(regimen, drugs={drug: scaled(each) for drug, each in regimen.drugs.items()})
        for name, regimen in strategy.regimens.items()
    }
    return replace(strategy, regimens=regimens)
