"""One patient in one arm, from visit to visit.

Between visits the marrow runs alone. At a visit samples are taken; when their results are known the
strategy decides. The strategy sees the chart, never the marrow.
"""

import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np

from leukosim.assays.sample import Burden
from leukosim.biology.mortality import death_hazards
from leukosim.clonal_history import Ancestors, ClonalHistory, CloneRecord, CloneTable, ancestors
from leukosim.drugs.drug import Dose, Drug, Exposure, exposure
from leukosim.drugs.formulary import formulary
from leukosim.marrow import Counts, Marrow
from leukosim.parameters import check_ranges, setting
from leukosim.patient import ASSAY, DEATH, Patient
from leukosim.rates import G0, IN_NICHE, Rates
from leukosim.strategy.chart import Assessment, Chart, Decision, OwnStrategy, Report, Treatment
from leukosim.strategy.courses import Course
from leukosim.strategy.monitoring import Assays, Monitoring, Trigger
from leukosim.strategy.response import CRI, Response
from leukosim.strategy.rules import ACTIONS, LIMITED, Strategy

# What can happen on a day, in the order in which it happens. Cycles come last, so that what is
# decided on a day counts for the doses of that day.
END, MRD_SAMPLE, BLOOD_COUNT, MARROW_SAMPLE, REPORT, RELEASE, START, CYCLE = range(8)
READS_MARROW = {END, MRD_SAMPLE, BLOOD_COUNT, MARROW_SAMPLE}

MRD_MEASURES = ("mrd", "recipient_share")

FORESEEN_DAYS = 28.0  # for which exposures are worked out at once

# Days that are counted: lineage, and below how many G/L: grades 3 and 4 of the Common Terminology
# Criteria for Adverse Events (CTCAE), version 5.
CYTOPENIAS = {
    "days_grade3_neutropenia": ("neutrophils", 1.0),
    "days_grade4_neutropenia": ("neutrophils", 0.5),
    "days_grade3_thrombocytopenia": ("platelets", 50.0),
    "days_grade4_thrombocytopenia": ("platelets", 25.0),
}


@dataclass(frozen=True)
class Protocol:
    """How patients of a trial are followed, whatever their arm."""

    horizon_days: int = setting(730, "day", lowest=1, highest=36525)
    after_relapse_days: int = setting(
        84, "day", lowest=0, highest=36525, note="in arms that treat relapse; others end there"
    )
    treatment_week: bool = False  # write the first treatment week down by the hour
    until_death: bool = False  # follow everyone to death or the horizon, whatever else happens
    trigger: Trigger = field(default_factory=Trigger)
    monitoring: Monitoring = field(default_factory=Monitoring)
    assays: Assays = field(default_factory=Assays)
    response: Response = field(default_factory=Response)
    drugs: Mapping[str, Drug] = field(default_factory=formulary)
    record: CloneRecord = field(default_factory=CloneRecord)

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
    stem_cells_at_failure: np.ndarray  # int64[origin, subtype], without failure on the last day
    blasts_at_end: float
    switches: np.ndarray  # int64[subtype, subtype], from, to
    conversion_day: float | None = None
    death_day: float | None = None
    death_cause: int | None = None  # position in leukosim.results.CAUSES
    hold_days: float = 0.0
    cytopenia_days: dict[str, int] = field(default_factory=dict)  # by the names of CYTOPENIAS
    clones: CloneTable | None = None  # unless clones are not recorded
    ancestors: Ancestors | None = None  # of a relapse, where cells were labelled
    sequenced: list[tuple[float, dict[str, float]]] = field(default_factory=list)  # day, reported


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
        self.marrow = Marrow(patient, method, rates, protocol.record.barcodes)
        recorded = protocol.record.clones > 0
        self.clones = ClonalHistory(self.marrow, protocol.record) if recorded else None
        self.ancestors: Ancestors | None = None
        self.starts_overt = patient.overt_blasts > 0.0
        self.chart = Chart(in_remission=not self.starts_overt, has_responded=not self.starts_overt)
        self.doses: list[Dose] = []
        self.foreseen: Exposure | None = None  # by these doses, for some weeks
        self.cycles: list[tuple[float, float]] = []
        self.counts: list[Counts] = []
        self.conversion_day: float | None = None
        self.life_left = float(patient.stream(DEATH).exponential())  # in units of hazard
        self.death_cause: int | None = None
        self.cytopenia_days = dict.fromkeys(CYTOPENIAS, 0)
        self.stem_cells_at_failure: np.ndarray | None = None
        self.withheld: list[Dose] = []
        self.waiting_since: float | None = None
        self.hold_days = 0.0
        self.agenda: list[tuple[float, int, int, Any]] = []
        self.sampled: set[tuple[int, float]] = set()
        self.planned = 0
        self.today = 0.0
        self.death_day: float | None = None
        self.is_over = False  # the patient has died, or nothing is left to be done
        self.hazards = self._hazards(self.marrow.count())[0]  # now, by cause
        self._enrol()

    def _enrol(self) -> None:
        """Plan the first visits, begin the first course, and note the marrow of the start."""
        monitoring = self.protocol.monitoring
        self._plan(self.protocol.horizon_days, END)
        self._plan(monitoring.first_day, MRD_SAMPLE, "scheduled")
        self._plan(monitoring.blood_count_days, BLOOD_COUNT, "scheduled")
        course = self.strategy.first_course(self.patient.age_years)
        if course:
            first = Decision(0.0, "begin_with", "", "start", course)
            self.chart.decisions.append(first)
            self._plan(0.0, START, first)
        if 0.0 in self.record_days:
            self.counts.append(self.marrow.count())
            self._note_clones()
        self._sequence("start")

    def run(self) -> History:
        """Follow the patient to death, to the end of the trial, or as long as anything is done."""
        self.advance_to(math.inf)
        return self.write_up()

    def advance_to(self, day: float) -> None:
        """Follow the patient until all that happens up to a day has happened, the day included.

        The marrow may get ahead of the day, to the next visit: it is advanced from visit to visit,
        as if nobody had asked for the day. So pauses change no number. ``counts`` holds the marrow
        of the recorded days, ``chart`` what is known; both may know what lies after the day.
        """
        while not self.is_over and (self.marrow.day < day or self.agenda[0][0] <= day):
            due, kind, _, content = heapq.heappop(self.agenda)
            # a report needs no marrow of its day, unless the patient may not live to see it
            if kind in READS_MARROW or not self._surely_lives_until(due):
                self.death_day = self._live_until(due)
            if self.death_day is not None or kind == END:
                self._end()
            else:
                self.today = due
                self._meet(due, kind, content)

    def _end(self) -> None:
        """Close the follow-up on the day that the marrow has come to."""
        self.is_over = True
        self._cancel_doses_from(self.marrow.day)
        self._end_holds(self.marrow.day)

    def write_up(self) -> History:
        """What has become of the patient so far."""
        return History(
            self.chart,
            self.counts,
            self.doses,
            list(self._given_cycles()),
            self.marrow.day,
            int(self.marrow.stem_cells.sum()),
            self.marrow.origins
            if self.stem_cells_at_failure is None
            else self.stem_cells_at_failure,
            self.marrow.blasts,
            self.marrow.switches,
            self.conversion_day,
            self.death_day,
            self.death_cause,
            self.hold_days,
            self.cytopenia_days,
            self.clones.write_up() if self.clones else None,
            self.ancestors,
            self.clones.sequenced if self.clones else [],
        )

    def _plan(self, day: float, kind: int, content: Any = None) -> None:
        """Put something on the agenda, unless the trial is over by then."""
        if day <= self.protocol.horizon_days:
            self.planned += 1  # breaks ties in the order of planning
            heapq.heappush(self.agenda, (float(day), kind, self.planned, content))

    # ------------------------------------------------------------------ between visits

    def _live_until(self, day: float) -> float | None:
        """Let time pass; return the day of death if the patient dies before ``day``.

        Hazards are those of the marrow at the start of each day. As long as the patient surely
        lives, many days pass in one call of the engine; near death, one after the other.
        """
        while self.marrow.day < day:
            start = self.marrow.day
            total = self.hazards.sum()
            tomorrow = min(math.floor(start) + 1.0, day)
            if total * (tomorrow - start) >= self.life_left:
                death_day = start + self.life_left / total
                # the patient's own number, so that arms share it
                share = np.cumsum(self.hazards) / total
                self.death_cause = int(
                    np.searchsorted(share, self.patient.stream(DEATH, 1).random())
                )
                self._advance(death_day)
                self.life_left = 0.0
                return death_day
            safe = min(self.life_left / self.worst_hazard, 36525.0) if self.worst_hazard else day
            until = max(min(math.floor(start) + math.floor(safe), day), tomorrow)
            lived = self._advance(until)
            hazards = self._hazards(lived)
            lengths = np.diff(lived.day, prepend=start)
            self.life_left -= float(total * lengths[0] + (hazards[:-1].sum(1) * lengths[1:]).sum())
            self.hazards = hazards[-1]
        return None

    def _surely_lives_until(self, day: float) -> bool:
        return (day - self.marrow.day) * self.worst_hazard < self.life_left

    def _advance(self, until: float) -> Counts:
        """Advance the marrow and note what is asked for; the counts at the end of every day."""
        start = self.marrow.day
        days = np.append(np.arange(math.floor(start) + 1.0, until), until)
        counts = self._advance_by_records(until, days)
        whole = slice(None) if until == math.floor(until) else slice(-1)
        for name, (lineage, level) in CYTOPENIAS.items():
            below = getattr(counts, lineage)[whole] < level
            self.cytopenia_days[name] += int(np.count_nonzero(below))
        first, last = np.searchsorted(self.record_days, [start, until], "right")
        if first < last:
            asked = np.searchsorted(days, self.record_days[first:last])
            self.counts.append(rows_of(counts, asked))
        return counts

    def _advance_by_records(self, until: float, days: np.ndarray) -> Counts:
        """Advance the marrow; at once, or from record to record, where clones are noted."""
        start = self.marrow.day
        met = self._exposure(start, until)
        if self.clones is None:
            return self.marrow.advance(until, met, days)
        noted = self.record_days[(self.record_days > start) & (self.record_days <= until)]
        parts = []
        for stop in np.union1d(noted, until):
            within = days[(days > self.marrow.day) & (days <= stop)]
            parts.append(self.marrow.advance(float(stop), met, within))
            if stop in noted:
                self._note_clones()
        return Counts(
            *(np.concatenate([getattr(p, each.name) for p in parts]) for each in fields(Counts))
        )

    def _note_clones(self) -> None:
        if self.clones is not None:
            self.clones.note()

    def _sequence(self, occasion: str = "") -> None:
        """Sequence the marrow of now, in bulk and, on an occasion with a name, cell by cell."""
        if self.clones is None:
            return
        assays = self.protocol.assays
        is_blood = self.protocol.monitoring.sample == "blood" and not occasion
        self.clones.sequence(assays.ngs, "blood" if is_blood else "marrow")
        if occasion:
            self.clones.genotype_cells(occasion, assays.genotyping)

    def _exposure(self, start: float, until: float) -> Exposure | None:
        """What cells meet in a while by the doses as they are, or in a longer one that holds it.

        Worked out for weeks at once, and again only when doses change; None without any.
        """
        if not self.doses:
            return None
        is_whole = start == math.floor(start) and until == math.floor(until)
        known = self.foreseen
        if is_whole and known and known.start[0] <= start and until <= known.end[-1]:
            return known
        patient = self.patient
        end = max(until, start + FORESEEN_DAYS) if is_whole else until
        met = exposure(self.protocol.drugs, self.doses, start, end, patient.responsiveness, patient)
        if is_whole:
            self.foreseen = met
        return met

    def _hazards(self, counts: Counts) -> np.ndarray:
        """Hazards of death, float64[row, cause], per day."""
        blasts = counts.blasts.sum(1)
        healthy = self.patient.disease.blood.healthy_marrow_cells
        return death_hazards(
            self.patient.disease.mortality,
            self.patient.death_rate,
            self.patient.overt_death_rate,
            blasts / (blasts + healthy),
            counts.neutrophils,
            counts.platelets,
        )

    @cached_property
    def worst_hazard(self) -> float:
        """All hazards at once, per day."""
        patient = self.patient
        law = patient.disease.mortality
        worst = death_hazards(law, patient.death_rate, patient.overt_death_rate, 1.0, -1.0, -1.0)
        return float(worst.sum())

    def _burden(self) -> Burden:
        return Burden(self.marrow.blasts, self.patient.disease.blood.healthy_marrow_cells)

    # ------------------------------------------------------------------ at a visit

    def _meet(self, day: float, kind: int, content: Any) -> None:
        """Do what the agenda says for this day."""
        assays, monitoring = self.protocol.assays, self.protocol.monitoring
        if kind == MRD_SAMPLE and content == "scheduled":
            self._plan(day + monitoring.interval_days, MRD_SAMPLE, "scheduled")
        elif kind == BLOOD_COUNT and content == "scheduled":
            self._plan(day + monitoring.blood_count_days, BLOOD_COUNT, "scheduled")
        elif kind == BLOOD_COUNT and content == "while held" and self.chart.holds:
            self._plan(day + monitoring.held_count_days, BLOOD_COUNT, "while held")
        if kind in (MRD_SAMPLE, BLOOD_COUNT, MARROW_SAMPLE):
            if (kind, day) in self.sampled:
                return  # a second look at the same sample would confirm nothing
            self.sampled.add((kind, day))
            luck = self.patient.stream(ASSAY, kind, int(day))
        if kind == MRD_SAMPLE:
            self._sample_mrd(day, luck)
            if day > 0.0:
                self._sequence()
            if monitoring.sample == "marrow":
                self._plan(day, MARROW_SAMPLE)
        elif kind == BLOOD_COUNT:
            counts = assays.blood_count.report(
                self._burden(), self.marrow.neutrophils, self.marrow.platelets, luck
            )
            self._report(day, assays.blood_count.turnaround_days, counts)
        elif kind == MARROW_SAMPLE:
            fraction = assays.morphology.report(self._burden(), luck)
            self._report(day, assays.morphology.turnaround_days, {"marrow_blasts": fraction})
        elif kind == REPORT:
            self._decide(day, content)
        elif kind == RELEASE:
            self._release(day, content)
        elif kind == START:
            self._start(day, content)
        elif kind == CYCLE:
            self._give_cycle(day, content)

    def _sample_mrd(self, day: float, luck: np.random.Generator) -> None:
        """Send a sample for MRD to the laboratory that can follow this patient."""
        assays, burden = self.protocol.assays, self._burden()
        if self.patient.marker == "chimerism":
            share = assays.chimerism.report(burden, luck)
            self._report(day, assays.chimerism.turnaround_days, {"recipient_share": share})
        else:
            sample = self.protocol.monitoring.sample
            ratio = assays.mrd.report(burden, self.patient.transcript_ratio, sample, luck)
            self._report(day, assays.mrd.turnaround_days, {"mrd": ratio})

    def _report(self, day: float, turnaround_days: int, values: dict[str, float]) -> None:
        """File results, to be decided on when they are known."""
        known = day + turnaround_days
        for measure, value in values.items():
            self.chart.file(Report(measure, day, known, value))
            self._plan(known, REPORT, measure)

    def _decide(self, day: float, measure: str) -> None:
        """Let the strategy act on a measure that has just become known."""
        self._complete_cycle(day)
        if measure in MRD_MEASURES:
            self._note_conversion(day, measure)
        elif measure != "blood_blasts":
            self._assess(day, measure)
        for decision in self.strategy.decide(self.chart, day, measure):
            check_decision(decision, day, self.strategy.courses, self.chart)
            self.chart.decisions.append(decision)
            self._act(decision, day)

    def _act(self, decision: Decision, day: float) -> None:
        """Carry a decision out."""
        chart = self.chart
        if decision.action in ("relapse", "failure") and self.stem_cells_at_failure is None:
            self._live_until(day)  # a report was read without the marrow of its day
            self.stem_cells_at_failure = self.marrow.origins
        if decision.action == "relapse":
            chart.relapse_day = day
            self._sequence("relapse")
            if self.protocol.record.barcodes:
                self.ancestors = ancestors(self.marrow.clones)
            keeps = self.strategy.treats_relapse
            if not self.protocol.until_death:
                self._plan(day + self.protocol.after_relapse_days if keeps else day, END)
        elif decision.action == "failure":
            chart.failure_day = day
        elif decision.action == "marrow":
            self._plan(decision.effective, MARROW_SAMPLE)
        elif decision.action == "start":
            self._plan(decision.effective, START, decision)
        elif decision.action == "change" and chart.treatment is not None:
            self._begin(decision.course, max(chart.treatment.next_day, day))
        elif decision.action == "stop":
            self._end_holds(day)
            chart.treatment = None
            self.agenda = [item for item in self.agenda if item[1] != START]
            heapq.heapify(self.agenda)
            self._cancel_doses_from(day)
        elif decision.action == "hold" and chart.treatment is not None:
            self._hold(decision, day, chart.treatment)
        elif decision.action == "resume":
            self._resume(decision.rule, day)
        elif decision.action == "shorten" and chart.treatment is not None:
            given = chart.treatment.course.drugs
            for drug in decision.drugs or given:
                if drug in given and decision.at_most_days is not None:
                    chart.treatment.most_days[drug] = decision.at_most_days

    def _note_conversion(self, day: float, measure: str) -> None:
        """MRD conversion: at or above the trigger, as often as it has to be confirmed.

        A patient who began with overt leukaemia has to be in remission, and to have been negative.
        """
        if self.chart.relapse_day is not None:
            return
        trigger, values = self.protocol.trigger, self.chart.values(measure, day)
        level = trigger.of(self.patient.marker)
        was_negative = any(value < level for value in values)
        if self.starts_overt and not (self.chart.in_remission and was_negative):
            return
        above = [value >= level and value > 0.0 for value in values]
        needed = 1 + trigger.confirmations
        if self.conversion_day is None and len(above) >= needed and all(above[-needed:]):
            self.conversion_day = day
        elif self.conversion_day is None and above[-1] and trigger.confirmations > 0:
            self._plan(day + self.protocol.monitoring.confirm_days, MRD_SAMPLE, "confirming")

    def _assess(self, day: float, measure: str) -> None:
        """Assess the response: at every marrow, and where counts recover soon after one."""
        chart, law = self.chart, self.protocol.response
        known = [chart.known(name, day) for name in ("marrow_blasts", "neutrophils", "platelets")]
        if not all(known):
            return
        marrow, neutrophils, platelets = (reports[-1] for reports in known)
        response = law.assess(marrow.value, neutrophils.value, platelets.value)
        if measure == "marrow_blasts":
            chart.in_remission = law.in_remission(marrow.value)
        elif (
            not chart.assessments
            or response <= chart.assessments[-1].response
            or day > marrow.sampled + law.counts_within_days
        ):
            return
        chart.assessments.append(
            Assessment(day, response, marrow.value, neutrophils.value, platelets.value)
        )
        if response >= CRI and not chart.has_responded:
            chart.has_responded = True
            chart.response_day = day

    # ------------------------------------------------------------------ treatment

    def _start(self, day: float, decision: Decision) -> None:
        self._cancel_doses_from(day)
        self._begin(decision.course, day)

    def _begin(self, name: str, day: float) -> None:
        self._end_holds(self.today)
        self.chart.treatment = Treatment(name, self.strategy.courses[name], day)
        self._plan(day, CYCLE, self.chart.treatment)

    def _complete_cycle(self, day: float) -> None:
        """Count the cycle that has ended by this day, once."""
        treatment = self.chart.treatment
        if treatment is None or day < treatment.next_day:
            return
        if treatment.cycles_completed < treatment.cycles_given:
            treatment.cycles_completed += 1
            self.chart.cycles_completed += 1

    def _give_cycle(self, day: float, treatment: Treatment) -> None:
        """Write down the doses of the next cycle, if it is due and nothing holds it."""
        if treatment is not self.chart.treatment:
            return
        self._complete_cycle(day)
        if not treatment.is_due(day):
            return
        held = [decision.drugs for decision in self.chart.holds.values()]
        if () in held:
            return
        course = treatment.course
        doses = course.doses(
            day, treatment.cycles_given, self.patient.body_surface_m2, treatment.most_days
        )
        held_drugs = {drug for drugs in held for drug in drugs}
        self.withheld = [dose for dose in doses if dose.drug in held_drugs]
        self._prescribe([dose for dose in doses if dose.drug not in held_drugs])
        self.cycles.append((day + min(course.days) - 1, day + max(course.days) - 1))
        treatment.cycles_given += 1
        treatment.next_day = day + course.cycle_days
        self._end_wait(day)
        self._plan(treatment.next_day, CYCLE, treatment)
        self._plan_looks(treatment.next_day)

    def _plan_looks(self, due: float) -> None:
        """Plan the samples that a strategy wants before the cycle that is due on a day."""
        if self.strategy.counts_before_cycles:
            self._plan(due, BLOOD_COUNT, "before a cycle")
        if self.chart.cycles_completed + 1 in self.strategy.marrow_after_cycles:
            sampled = due - self.protocol.assays.morphology.turnaround_days
            for kind in (BLOOD_COUNT, MARROW_SAMPLE):
                self._plan(max(sampled, self.today), kind, "after a cycle")

    # ------------------------------------------------------------------ waiting

    def _hold(self, decision: Decision, day: float, treatment: Treatment) -> None:
        """Let the next cycle wait, or drugs of it; look at the blood meanwhile."""
        if self.waiting_since is None:
            self.waiting_since = max(day, treatment.next_day)
            self.chart.holds_begun += 1
            first_look = self.waiting_since + self.protocol.monitoring.held_count_days
            self._plan(first_look, BLOOD_COUNT, "while held")
        self.chart.holds[decision.rule] = decision
        if decision.at_most_days is not None:
            end = max(self.waiting_since + decision.at_most_days, day)
            self._plan(end, RELEASE, decision)

    def _release(self, day: float, hold: Decision) -> None:
        """End a hold that has lasted as long as it may, if it has not ended by itself."""
        if self.chart.holds.get(hold.rule) is hold:
            seen = f"held for {hold.at_most_days} days"
            self.chart.decisions.append(Decision(day, hold.rule, seen, "resume", "", day))
            self._resume(hold.rule, day)

    def _resume(self, rule: str, day: float) -> None:
        """End the hold of a rule: the cycle that is due begins, and its drugs are given again."""
        self.chart.holds.pop(rule, None)
        still = {drug for decision in self.chart.holds.values() for drug in decision.drugs}
        back = [dose for dose in self.withheld if dose.drug not in still]
        self.withheld = [dose for dose in self.withheld if dose.drug in still]
        self._prescribe([dose for dose in back if dose.day >= day])
        if self.chart.cycle_is_due(day):
            self._plan(day, CYCLE, self.chart.treatment)
        else:
            self._end_wait(day)

    def _end_wait(self, day: float) -> None:
        """Count the days of a wait that is over."""
        if self.waiting_since is not None and not self.chart.holds:
            self.hold_days += max(day - self.waiting_since, 0.0)
            self.waiting_since = None

    def _end_holds(self, day: float) -> None:
        """End all holds, as the course that they belong to has ended."""
        self.chart.holds.clear()
        self.withheld.clear()
        self._end_wait(day)

    def _prescribe(self, doses: list[Dose]) -> None:
        """Add doses to come."""
        self.doses += doses
        self.foreseen = None

    def _cancel_doses_from(self, day: float) -> None:
        self.doses = [dose for dose in self.doses if dose.day < day]
        self.foreseen = None

    def _given_cycles(self) -> Iterator[tuple[float, float]]:
        """First and last dose of the cycles of which a dose was given."""
        given = np.floor([dose.day for dose in self.doses])
        for first, last in self.cycles:
            within = given[(given >= first) & (given <= last)]
            if len(within):
                yield float(within[0]), float(within[-1])


def check_decision(
    decision: Decision, day: float, courses: Mapping[str, Course], chart: Chart
) -> None:
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
    if decision.action == "relapse" and not chart.has_responded:
        raise ValueError(
            f"action = relapse of {decision.rule} is not allowed on day {day:g}: "
            "allowed after a response (chart.has_responded)"
        )
    if decision.action in LIMITED and not (decision.at_most_days or 0) >= 1:
        raise ValueError(
            f"at_most_days = {decision.at_most_days} (day) of {decision.rule} is not allowed: "
            f"to {decision.action}, allowed 1 or more"
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


def rows_of(counts: Counts, rows: np.ndarray) -> Counts:
    """Some days of counts. ``rows`` : int64[row]."""
    return Counts(*(getattr(counts, each.name)[rows] for each in fields(Counts)))


def resting(cells: np.ndarray) -> np.ndarray:
    """Stem cells in G0, int64[row], from counts int64[row, subtype, place, phase]."""
    return cells[:, :, :, G0].sum((1, 2))


def anchored(cells: np.ndarray) -> np.ndarray:
    """Stem cells inside the niche, int64[row], from counts int64[row, subtype, place, phase]."""
    return cells[:, :, IN_NICHE, :].sum((1, 2))
