"""One patient in one arm, from visit to visit.

Between visits the marrow runs alone. At a visit samples are taken; when their results are known the
strategy decides. The strategy sees the chart, never the marrow.
"""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leukosim.assays.sample import Burden
from leukosim.drugs.azacitidine import Azacitidine
from leukosim.drugs.drug import Dose, Drug, exposure
from leukosim.marrow import G0, IN_NICHE, Counts, Marrow, Rates
from leukosim.parameters import check_ranges, setting
from leukosim.patient import ASSAY, DEATH, Patient
from leukosim.strategy.chart import Chart, Decision, OwnStrategy, Report, Treatment
from leukosim.strategy.courses import Course
from leukosim.strategy.monitoring import Assays, Monitoring, Trigger
from leukosim.strategy.rules import ACTIONS, Strategy

OVERT_FRACTION = 0.2  # of marrow cells, assumed: leukaemia that can kill

# What can happen on a day, in the order in which it happens. Cycles come last, so that what is
# decided on a day counts for the doses of that day.
END, MRD_SAMPLE, BLOOD_COUNT, MARROW_SAMPLE, REPORT, START, CYCLE = range(7)


@dataclass(frozen=True)
class Protocol:
    """How patients of a trial are followed, whatever their arm."""

    horizon_days: int = setting(730, "day", lowest=1, highest=36525)
    after_relapse_days: int = setting(
        84, "day", lowest=0, highest=36525, note="in arms that treat relapse; others end there"
    )
    trigger: Trigger = field(default_factory=Trigger)
    monitoring: Monitoring = field(default_factory=Monitoring)
    assays: Assays = field(default_factory=Assays)
    drugs: Mapping[str, Drug] = field(default_factory=lambda: {"azacitidine": Azacitidine().drug()})

    __post_init__ = check_ranges


@dataclass
class History:
    """What became of one patient in one arm."""

    chart: Chart
    counts: list[Counts]
    doses: list[Dose]
    cycles: list[tuple[float, float]]  # first and last day with a dose
    last_day: float
    stem_cells_at_end: int
    conversion_day: float | None = None
    death_day: float | None = None


class FollowUp:
    """The visits of one patient in one arm."""

    def __init__(
        self,
        patient: Patient,
        strategy: Strategy | OwnStrategy,
        protocol: Protocol,
        record_days: np.ndarray,
        rates: Rates,
        method: str = "tally",
    ):
        self.patient = patient
        self.strategy = strategy
        self.protocol = protocol
        self.record_days = record_days
        self.marrow = Marrow(patient, method, rates)
        self.chart = Chart()
        self.doses: list[Dose] = []
        self.cycles: list[tuple[float, float]] = []
        self.counts: list[Counts] = []
        self.conversion_day: float | None = None
        self.life_left = float(patient.stream(DEATH).exponential())  # in units of hazard
        self.agenda: list[tuple[float, int, int, Any]] = []
        self.sampled: set[tuple[int, float]] = set()
        self.planned = 0

    def run(self) -> History:
        """Follow the patient to death, to the end of the trial, or as long as anything is done."""
        monitoring = self.protocol.monitoring
        self._plan(self.protocol.horizon_days, END)
        self._plan(monitoring.first_day, MRD_SAMPLE, "scheduled")
        self._plan(monitoring.blood_count_days, BLOOD_COUNT)
        if self.strategy.begin_with:
            first = Decision(0.0, "begin_with", "", "start", self.strategy.begin_with)
            self.chart.decisions.append(first)
            self._plan(0.0, START, first)
        if 0.0 in self.record_days:
            self.counts.append(self.marrow.count())
        death_day = None
        while self.agenda:
            day, kind, _, content = heapq.heappop(self.agenda)
            death_day = self._live_until(day)
            if death_day is not None or kind == END:
                break
            self._meet(day, kind, content)
        self._cancel_doses_from(self.marrow.day)
        return History(
            self.chart,
            self.counts,
            self.doses,
            list(self._given_cycles()),
            self.marrow.day,
            int(self.marrow.stem_cells.sum()),
            self.conversion_day,
            death_day,
        )

    def _plan(self, day: float, kind: int, content: Any = None) -> None:
        """Put something on the agenda, unless the trial is over by then."""
        if day <= self.protocol.horizon_days:
            self.planned += 1  # breaks ties in the order of planning
            heapq.heappush(self.agenda, (float(day), kind, self.planned, content))

    # ------------------------------------------------------------------ between visits

    def _live_until(self, day: float) -> float | None:
        """Let time pass; return the day of death if the patient dies before ``day``."""
        start = self.marrow.day
        if day <= start:
            return None
        hazard = self.patient.death_rate
        if self._burden().marrow_fraction >= OVERT_FRACTION:
            hazard += self.patient.overt_death_rate
        death_day = None
        if hazard * (day - start) >= self.life_left:
            death_day = day = start + self.life_left / hazard
        self.life_left -= hazard * (day - start)
        met = exposure(self.protocol.drugs, self.doses, start, day, self.patient.responsiveness)
        recorded = self.record_days[(self.record_days > start) & (self.record_days <= day)]
        self.counts.append(self.marrow.advance(day, met, recorded))
        return death_day

    def _burden(self) -> Burden:
        return Burden(self.marrow.blasts, self.patient.disease.blood.healthy_marrow_cells)

    # ------------------------------------------------------------------ at a visit

    def _meet(self, day: float, kind: int, content: Any) -> None:
        """Do what the agenda says for this day."""
        assays, monitoring = self.protocol.assays, self.protocol.monitoring
        if kind == MRD_SAMPLE and content == "scheduled":
            self._plan(day + monitoring.interval_days, MRD_SAMPLE, "scheduled")
        if kind in (MRD_SAMPLE, MARROW_SAMPLE):
            if (kind, day) in self.sampled:
                return  # a second look at the same sample would confirm nothing
            self.sampled.add((kind, day))
        luck = self.patient.stream(ASSAY, kind, int(day))
        if kind == MRD_SAMPLE:
            ratio = assays.mrd.report(
                self._burden(), self.patient.transcript_ratio, monitoring.sample, luck
            )
            self._report(day, assays.mrd.turnaround_days, {"mrd": ratio})
            if monitoring.sample == "marrow":
                self._plan(day, MARROW_SAMPLE)
        elif kind == BLOOD_COUNT:
            counts = assays.blood_count.report(
                self._burden(), self.marrow.neutrophils, self.marrow.platelets, luck
            )
            self._report(day, assays.blood_count.turnaround_days, counts)
            self._plan(day + monitoring.blood_count_days, BLOOD_COUNT)
        elif kind == MARROW_SAMPLE:
            fraction = assays.morphology.report(self._burden(), luck)
            self._report(day, assays.morphology.turnaround_days, {"marrow_blasts": fraction})
        elif kind == REPORT:
            self._decide(day, content)
        elif kind == START:
            self._start(day, content)
        elif kind == CYCLE:
            self._give_cycle(day, content)

    def _report(self, day: float, turnaround_days: int, values: dict[str, float]) -> None:
        """File results, to be decided on when they are known."""
        known = day + turnaround_days
        for measure, value in values.items():
            self.chart.reports.append(Report(measure, day, known, value))
            self._plan(known, REPORT, measure)

    def _decide(self, day: float, measure: str) -> None:
        """Let the strategy act on a measure that has just become known."""
        if measure == "mrd":
            self._note_conversion(day)
        for decision in self.strategy.decide(self.chart, day, measure):
            check_decision(decision, day, self.strategy.courses)
            self.chart.decisions.append(decision)
            if decision.action == "relapse":
                self.chart.relapse_day = day
                keeps = self.strategy.treats_relapse
                self._plan(day + self.protocol.after_relapse_days if keeps else day, END)
            elif decision.action == "marrow":
                self._plan(decision.effective, MARROW_SAMPLE)
            elif decision.action == "start":
                self._plan(decision.effective, START, decision)
            elif decision.action == "change" and self.chart.treatment is not None:
                treatment = self.chart.treatment
                next_day = treatment.course.cycle_start(treatment.first_day, treatment.cycles_given)
                self._begin(decision.course, max(next_day, day))
            elif decision.action == "stop":
                self.chart.treatment = None
                self.agenda = [item for item in self.agenda if item[1] != START]
                heapq.heapify(self.agenda)
                self._cancel_doses_from(day)

    def _note_conversion(self, day: float) -> None:
        """MRD conversion: at or above the trigger, as often as it has to be confirmed."""
        if self.chart.relapse_day is not None:
            return
        trigger, values = self.protocol.trigger, self.chart.values("mrd", day)
        above = [value >= trigger.level and value > 0.0 for value in values]
        needed = 1 + trigger.confirmations
        if self.conversion_day is None and len(above) >= needed and all(above[-needed:]):
            self.conversion_day = day
        elif self.conversion_day is None and above[-1] and trigger.confirmations > 0:
            self._plan(day + self.protocol.monitoring.confirm_days, MRD_SAMPLE, "confirming")

    # ------------------------------------------------------------------ treatment

    def _start(self, day: float, decision: Decision) -> None:
        self._cancel_doses_from(day)
        self._begin(decision.course, day)

    def _begin(self, name: str, day: float) -> None:
        self.chart.treatment = Treatment(name, self.strategy.courses[name], day)
        self._plan(day, CYCLE, self.chart.treatment)

    def _give_cycle(self, day: float, treatment: Treatment) -> None:
        """Write down the doses of the next cycle, if this is still the patient's treatment."""
        course = treatment.course
        if treatment is not self.chart.treatment:
            return
        if treatment.cycles_given > 0:
            self.chart.cycles_completed += 1
        if treatment.cycles_given == course.cycles:
            return
        cycle = treatment.cycles_given
        self.doses += course.doses(treatment.first_day, cycle, self.patient.body_surface_m2)
        self.cycles.append((day + min(course.days) - 1, day + max(course.days) - 1))
        treatment.cycles_given += 1
        self._plan(course.cycle_start(treatment.first_day, cycle + 1), CYCLE, treatment)

    def _cancel_doses_from(self, day: float) -> None:
        self.doses = [dose for dose in self.doses if dose.day < day]

    def _given_cycles(self) -> Iterator[tuple[float, float]]:
        """First and last dose of the cycles of which a dose was given."""
        given = np.array([dose.day for dose in self.doses])
        for first, last in self.cycles:
            within = given[(given >= first) & (given <= last)]
            if len(within):
                yield float(within[0]), float(within[-1])


def check_decision(decision: Decision, day: float, courses: Mapping[str, Course]) -> None:
    """Refuse what cannot be done; rules are checked when they are declared, functions here."""
    if decision.action not in ACTIONS:
        raise ValueError(
            f"action = {decision.action} of {decision.rule} is unknown: "
            f"allowed {', '.join(ACTIONS)}"
        )
    if decision.action in ("start", "change") and decision.course not in courses:
        raise ValueError(
            f"course = {decision.course} of {decision.rule} is unknown: "
            f"allowed {', '.join(courses)}"
        )
    if decision.action in ("start", "marrow") and not decision.effective >= day:
        raise ValueError(
            f"effective = {decision.effective} (day) of {decision.rule} is not allowed: "
            f"allowed from the day of the decision, {day:g}"
        )


def follow(
    patient: Patient,
    strategy: Strategy | OwnStrategy,
    protocol: Protocol,
    record_days: np.ndarray,
    rates: Rates,
    method: str = "tally",
) -> History:
    """What becomes of a patient under a strategy."""
    return FollowUp(patient, strategy, protocol, record_days, rates, method).run()


def resting(cells: np.ndarray) -> np.ndarray:
    """Stem cells in G0, int64[row], from counts int64[row, subtype, place, phase]."""
    return cells[:, :, :, G0].sum((1, 2))


def anchored(cells: np.ndarray) -> np.ndarray:
    """Stem cells inside the niche, int64[row], from counts int64[row, subtype, place, phase]."""
    return cells[:, :, IN_NICHE, :].sum((1, 2))
