"""One patient in one arm, from visit to visit.

Between visits the marrow runs alone. At a visit samples are taken; when their results are known the
strategy decides. The strategy sees the chart, never the marrow.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np

from leukosim.biology.mortality import death_hazards
from leukosim.biology.patient import Patient
from leukosim.clinic.assays.sample import Burden
from leukosim.clinic.drugs.drug import Dose
from leukosim.clinic.strategy.chart import Assessment, CallableStrategy, Chart, Decision, Report
from leukosim.clinic.strategy.monitoring import Trigger
from leukosim.clinic.strategy.regimens import Regimen
from leukosim.clinic.strategy.response import CRI
from leukosim.clinic.strategy.rules import ACTIONS, LIMITED, Strategy
from leukosim.marrow.lineages import Ancestors, ancestors
from leukosim.marrow.marrow import AGENTS, Counts, Marrow
from leukosim.marrow.rates import G0, IN_NICHE, Rates
from leukosim.random_streams import ASSAY, DEATH
from leukosim.trial.clonal_history import ClonalHistory, CloneTable
from leukosim.trial.event_queue import (
    BLOOD_COUNT,
    CYCLE,
    END,
    MARROW_SAMPLE,
    MRD_SAMPLE,
    RELEASE,
    REPORT,
    START,
    EventQueue,
)
from leukosim.trial.prescription import Prescription
from leukosim.trial.protocol import Protocol

READS_MARROW = {END, MRD_SAMPLE, BLOOD_COUNT, MARROW_SAMPLE}

MRD_MEASURES = ("mrd", "recipient_share")
MRD_COLUMNS = ("sampled", "value")

COLUMNS = tuple(each.name for each in fields(Counts))
ASSESSED = tuple(each.name for each in fields(Assessment))

# Days that are counted: lineage, and below how many G/L: grades 3 and 4 of the Common Terminology
# Criteria for Adverse Events (CTCAE), version 5.
CYTOPENIAS = {
    "days_grade3_neutropenia": ("neutrophils", 1.0),
    "days_grade4_neutropenia": ("neutrophils", 0.5),
    "days_grade3_thrombocytopenia": ("platelets", 50.0),
    "days_grade4_thrombocytopenia": ("platelets", 25.0),
}


@dataclass
class Trajectory:
    """What became of one patient in one arm."""

    chart: Chart
    counts: list[Counts]
    doses: list[Dose]
    cycles: list[tuple[float, float]]  # first and last day with a dose
    last_day: float
    stem_cells_at_end: int
    stem_cells_at_treatment_failure: (
        np.ndarray
    )  # int64[origin, subtype], without failure on the last day
    blasts_at_end: float
    switches: np.ndarray  # int64[subtype, subtype], from, to
    molecular_relapse_day: float | None = None
    death_day: float | None = None
    death_cause: int | None = None  # position in leukosim.results.variables.CAUSES
    interruption_days: float = 0.0
    cytopenia_days: dict[str, int] = field(default_factory=dict)  # by the names of CYTOPENIAS
    clones: CloneTable | None = None  # unless clones are not recorded
    ancestors: Ancestors | None = None  # of a relapse, where cells were labelled
    sequenced: list[tuple[float, dict[str, float]]] = field(default_factory=list)  # day, reported
    # what is gathered of every scenario that this trajectory is in, made once
    first_dose_day: float | None = None
    drug_days: int = 0
    assessments: np.ndarray = field(default_factory=lambda: np.empty((0, len(ASSESSED))))
    mrd: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))  # day of the sample, value


class FollowUp:
    """The visits of one patient in one arm.

    triggers : whose conversions are noted; that of the protocol if none is named. Of several, those
        that ask for a confirming sample do not get it before :meth:`confirm`
    """

    def __init__(
        self,
        patient: Patient,
        strategy: Strategy | CallableStrategy,
        protocol: Protocol,
        record_days: np.ndarray,
        rates: Rates,
        method: str = "tally",
        agents: int = AGENTS,
        triggers: Sequence[Trigger] = (),
    ):
        self.patient = patient
        if type(strategy) is Strategy:
            strategy = strategy.for_trigger(protocol.trigger, patient.marker)
        self.strategy = strategy
        self.protocol = protocol
        self.record_days = record_days
        self.marrow = Marrow(patient, method, rates, protocol.record.barcodes, agents)
        recorded = protocol.record.clones > 0
        self.clones = ClonalHistory(self.marrow, protocol.record) if recorded else None
        self.ancestors: Ancestors | None = None
        self.starts_overt = patient.overt_blasts > 0.0
        self.chart = Chart(in_remission=not self.starts_overt, has_responded=not self.starts_overt)
        self.counts: list[Counts] = []
        self.molecular_relapse_days: dict[Trigger, float | None] = dict.fromkeys(
            triggers or [protocol.trigger]
        )
        self.asking: set[Trigger] = set()  # of several, for a sample to confirm the last report
        self.life_left = float(patient.stream(DEATH).exponential())  # in units of hazard
        self.death_cause: int | None = None
        self.cytopenia_days = dict.fromkeys(CYTOPENIAS, 0)
        self.stem_cells_at_treatment_failure: np.ndarray | None = None
        self.queue = EventQueue(protocol.horizon_days)
        self.prescription = Prescription(patient, strategy, protocol, self.chart, self.queue)
        self.sampled: set[tuple[int, float]] = set()
        self.today = 0.0
        self.death_day: float | None = None
        self.is_over = False  # the patient has died, or nothing is left to be done
        self.hazards = self._hazards(self.marrow.count())[0]  # now, by cause
        self._enrol()

    def _enrol(self) -> None:
        """Plan the first visits, begin the first regimen, and note the marrow of the start."""
        monitoring = self.protocol.monitoring
        self.queue.plan(self.protocol.horizon_days, END)
        self.queue.plan(monitoring.first_day, MRD_SAMPLE, "scheduled")
        self.queue.plan(monitoring.blood_count_days, BLOOD_COUNT, "scheduled")
        regimen = self.strategy.first_regimen(self.patient.age_years)
        if regimen:
            first = Decision(0.0, "begin_with", "", "start", regimen)
            self.chart.decisions.append(first)
            self.queue.plan(0.0, START, first)
        if 0.0 in self.record_days:
            self.counts.append(self.marrow.count())
            self._note_clones()
        self._sequence("start")

    def run(self) -> Trajectory:
        """Follow the patient to death, to the end of the trial, or as long as anything is done."""
        self.advance_to(math.inf)
        return self.write_up()

    def advance_to(self, day: float) -> None:
        """Follow the patient until all that happens up to a day has happened, the day included.

        The marrow may get ahead of the day, to the next visit: it is advanced from visit to visit,
        as if nobody had asked for the day. So pauses change no number. ``counts`` holds the marrow
        of the recorded days, ``chart`` what is known; both may know what lies after the day.
        """
        while not self.is_over and (self.marrow.day < day or self.queue.next_day <= day):
            self.step()

    def step(self) -> None:
        """Follow the patient to the next entry of the agenda, and do what it says."""
        due, kind, content = self.queue.take()
        # a report needs no marrow of its day, unless the patient may not live to see it
        if kind in READS_MARROW or not self._surely_lives_until(due):
            self.death_day = self._live_until(due)
        if self.death_day is not None or kind == END:
            self._end()
        else:
            self.today = due
            self._meet(due, kind, content)

    def copy(self) -> "FollowUp":
        """The follow-up so far once more, to go on in another way."""
        never_change = (
            self.patient, self.strategy, self.protocol, self.record_days, self.marrow.rates,
            *self.counts, *self.chart.reports, *self.molecular_relapse_days,
        )  # fmt: skip
        return deepcopy(self, {id(each): each for each in never_change})

    def go_on_by(self, strategy: Strategy | CallableStrategy) -> None:
        """Treat by this strategy from now on."""
        self.strategy = self.prescription.strategy = strategy

    @property
    def molecular_relapse_day(self) -> float | None:
        """When MRD converted by the first trigger."""
        return next(iter(self.molecular_relapse_days.values()))

    def _end(self) -> None:
        """Close the follow-up on the day that the marrow has come to."""
        self.is_over = True
        self.prescription.end(self.marrow.day)

    def write_up(self) -> Trajectory:
        """What has become of the patient so far."""
        return Trajectory(
            self.chart,
            self.counts,
            self.prescription.doses,
            list(self.prescription.given_cycles()),
            self.marrow.day,
            int(self.marrow.stem_cells.sum()),
            self.marrow.origins
            if self.stem_cells_at_treatment_failure is None
            else self.stem_cells_at_treatment_failure,
            self.marrow.blasts,
            self.marrow.switches,
            self.molecular_relapse_day,
            self.death_day,
            self.death_cause,
            self.prescription.interruption_days,
            self.cytopenia_days,
            self.clones.write_up() if self.clones else None,
            self.ancestors,
            self.clones.sequenced if self.clones else [],
            min((dose.day for dose in self.prescription.doses), default=None),
            len({math.floor(dose.day) for dose in self.prescription.doses}),
            table_of(self.chart.assessments, ASSESSED),
            table_of([r for r in self.chart.reports if r.measure in MRD_MEASURES], MRD_COLUMNS),
        )

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
            later = hazards[:-1].sum(1) * (lived.day[1:] - lived.day[:-1])
            self.life_left -= float(total * (lived.day[0] - start) + later.sum())
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
            count = getattr(counts, lineage)
            if count.min() < level:
                self.cytopenia_days[name] += int(np.count_nonzero(count[whole] < level))
        first, last = np.searchsorted(self.record_days, [start, until], "right")
        if first < last:
            options = np.searchsorted(days, self.record_days[first:last])
            self.counts.append(rows_of(counts, options))
        return counts

    def _advance_by_records(self, until: float, days: np.ndarray) -> Counts:
        """Advance the marrow; at once, or from record to record, where clones are noted."""
        start = self.marrow.day
        met = self.prescription.exposure(start, until)
        if self.clones is None:
            return self.marrow.advance(until, met, days)
        noted = self.record_days[(self.record_days > start) & (self.record_days <= until)]
        parts = []
        for stop in np.union1d(noted, until):
            within = days[(days > self.marrow.day) & (days <= stop)]
            parts.append(self.marrow.advance(float(stop), met, within))
            if stop in noted:
                self._note_clones()
        return joined(parts)

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
            self.queue.plan(day + monitoring.interval_days, MRD_SAMPLE, "scheduled")
        elif kind == BLOOD_COUNT and content == "scheduled":
            self.queue.plan(day + monitoring.blood_count_days, BLOOD_COUNT, "scheduled")
        elif kind == BLOOD_COUNT and content == "while interrupted" and self.chart.interruptions:
            self.queue.plan(
                day + monitoring.interruption_count_days, BLOOD_COUNT, "while interrupted"
            )
        if kind in (MRD_SAMPLE, BLOOD_COUNT, MARROW_SAMPLE):
            if (kind, day) in self.sampled:
                return  # a second look at the same sample would confirm nothing
            self.sampled.add((kind, day))
            rng = self.patient.stream(ASSAY, kind, int(day))
        if kind == MRD_SAMPLE:
            self._sample_mrd(day, rng)
            if day > 0.0:
                self._sequence()
            if monitoring.sample == "marrow":
                self.queue.plan(day, MARROW_SAMPLE)
        elif kind == BLOOD_COUNT:
            counts = assays.blood_count.report(
                self._burden(), self.marrow.neutrophils, self.marrow.platelets, rng
            )
            self._report(day, assays.blood_count.turnaround_days, counts)
        elif kind == MARROW_SAMPLE:
            fraction = assays.morphology.report(self._burden(), rng)
            self._report(day, assays.morphology.turnaround_days, {"marrow_blasts": fraction})
        elif kind == REPORT:
            self._decide(day, content)
        elif kind == RELEASE:
            self.prescription.end_interruption(day, content)
        elif kind == START:
            self.prescription.start(day, content)
        elif kind == CYCLE:
            self.prescription.give_cycle(day, content)

    def _sample_mrd(self, day: float, rng: np.random.Generator) -> None:
        """Send a sample for MRD to the laboratory that can follow this patient."""
        assays, burden = self.protocol.assays, self._burden()
        if self.patient.marker == "chimerism":
            share = assays.chimerism.report(burden, rng)
            self._report(day, assays.chimerism.turnaround_days, {"recipient_share": share})
        else:
            sample = self.protocol.monitoring.sample
            ratio = assays.mrd.report(burden, self.patient.transcript_ratio, sample, rng)
            self._report(day, assays.mrd.turnaround_days, {"mrd": ratio})

    def _report(self, day: float, turnaround_days: int, values: dict[str, float]) -> None:
        """File results, to be decided on when they are known."""
        known = day + turnaround_days
        for measure, value in values.items():
            self.chart.file(Report(measure, day, known, value))
            self.queue.plan(known, REPORT, measure)

    def _decide(self, day: float, measure: str) -> None:
        """Let the strategy act on a measure that has just become known."""
        self.prescription.complete_cycle(day)
        if measure in MRD_MEASURES:
            self._note_molecular_relapse(day, measure)
        elif measure != "blood_blasts":
            self._assess(day, measure)
        self.carry_out(self.strategy.decide(self.chart, day, measure), day)

    def carry_out(self, decisions: Iterable[Decision], day: float) -> None:
        """Write decisions into the chart and act on them, one after the other."""
        for decision in decisions:
            check_decision(decision, day, self.strategy.regimens, self.chart)
            self.chart.decisions.append(decision)
            self._act(decision, day)

    def _act(self, decision: Decision, day: float) -> None:
        """Carry one decision out."""
        chart = self.chart
        if (
            decision.action in ("relapse", "treatment_failure")
            and self.stem_cells_at_treatment_failure is None
        ):
            self._live_until(day)  # a report was read without the marrow of its day
            self.stem_cells_at_treatment_failure = self.marrow.origins
        if decision.action == "relapse":
            chart.relapse_day = day
            self._sequence("relapse")
            if self.protocol.record.barcodes:
                self.ancestors = ancestors(self.marrow.clones)
            keeps = self.strategy.treats_relapse
            if not self.protocol.until_death:
                self.queue.plan(day + self.protocol.after_relapse_days if keeps else day, END)
        elif decision.action == "treatment_failure":
            chart.treatment_failure_day = day
        elif decision.action == "marrow":
            self.queue.plan(decision.effective, MARROW_SAMPLE)
        elif decision.action == "start":
            self.queue.plan(decision.effective, START, decision)
        elif decision.action == "change" and chart.treatment is not None:
            self.prescription.change(decision.regimen, day, chart.treatment)
        elif decision.action == "stop":
            self.prescription.stop(day)
        elif decision.action == "interrupt" and chart.treatment is not None:
            self.prescription.interrupt(decision, day, chart.treatment)
        elif decision.action == "resume":
            self.prescription.resume(decision.rule, day)
        elif decision.action == "reduce_duration" and chart.treatment is not None:
            self.prescription.reduce_duration(decision, chart.treatment)

    def _note_molecular_relapse(self, day: float, measure: str) -> None:
        """Note a molecular relapse: MRD at or above the trigger, as often as it has to be confirmed.

        A patient who began with overt leukaemia has to be in remission, and to have been negative.
        """
        self.asking.clear()
        if self.chart.relapse_day is not None:
            return
        values = self.chart.values(measure, day)
        for trigger, converted in self.molecular_relapse_days.items():
            if converted is not None:
                continue
            level = trigger.of(self.patient.marker)
            if self.starts_overt and not (
                self.chart.in_remission and any(value < level for value in values)
            ):
                continue
            needed = 1 + trigger.confirmations
            latest = values[-needed:]
            if len(latest) == needed and all(value >= level and value > 0.0 for value in latest):
                self.molecular_relapse_days[trigger] = day
            elif values[-1] >= level and values[-1] > 0.0 and trigger.confirmations > 0:
                self.asking.add(trigger)
        if len(self.molecular_relapse_days) == 1 and self.asking:
            self.confirm(day)

    def confirm(self, day: float) -> None:
        """Plan a sample that is to confirm what was reported on a day."""
        due = day + self.protocol.monitoring.confirm_days
        self.queue.plan(due, MRD_SAMPLE, "confirming")

    def _assess(self, day: float, measure: str) -> None:
        """Assess the response: at every marrow, and where counts recover soon after one."""
        chart, law = self.chart, self.protocol.response
        marrow, neutrophils, platelets = (
            chart.latest(name, day) for name in ("marrow_blasts", "neutrophils", "platelets")
        )
        if marrow is None or neutrophils is None or platelets is None:
            return
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


def check_decision(
    decision: Decision, day: float, regimens: Mapping[str, Regimen], chart: Chart
) -> None:
    """Refuse what cannot be done; rules are checked when they are declared, functions here."""
    if decision.action not in ACTIONS:
        raise ValueError(
            f"action = {decision.action} of {decision.rule} is unknown: "
            f"allowed {', '.join(ACTIONS)}"
        )
    if decision.action in ("start", "change") and decision.regimen not in regimens:
        raise ValueError(
            f"regimen = {decision.regimen} of {decision.rule} is unknown: "
            f"allowed {', '.join(regimens)}"
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
    strategy: Strategy | CallableStrategy,
    protocol: Protocol,
    record_days: np.ndarray,
    rates: Rates,
    method: str = "tally",
    agents: int = AGENTS,
) -> Trajectory:
    """What becomes of a patient under a strategy."""
    return FollowUp(patient, strategy, protocol, record_days, rates, method, agents).run()


def table_of(things: Sequence[Any], names: tuple[str, ...]) -> np.ndarray:
    """Fields of some things, float64[thing, field]."""
    rows = list(map(attrgetter(*names), things))
    return np.array(rows, float).reshape(len(rows), len(names))


def rows_of(counts: Counts, rows: np.ndarray) -> Counts:
    """Some days of counts. ``rows`` : int64[row]."""
    return Counts(*(getattr(counts, name)[rows] for name in COLUMNS))


def joined(parts: Sequence[Counts]) -> Counts:
    """The counts of one stretch of days after another's."""
    return Counts(*(np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS))


def resting(cells: np.ndarray) -> np.ndarray:
    """Stem cells in G0, int64[row], from counts int64[row, subtype, place, phase]."""
    return cells[:, :, :, G0].sum((1, 2))


def anchored(cells: np.ndarray) -> np.ndarray:
    """Stem cells inside the niche, int64[row], from counts int64[row, subtype, place, phase]."""
    return cells[:, :, IN_NICHE, :].sum((1, 2))
