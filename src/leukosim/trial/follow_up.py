"""One patient in one arm, followed from visit to visit.

Between visits the kernel advances the marrow. Samples are taken at visits, and the strategy decides
when their results are known, by the chart alone: it has no access to the marrow.
"""

import math
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import NamedTuple

import numpy as np

from leukosim.biology.patient import Patient
from leukosim.clinic.assays.sample import Burden
from leukosim.clinic.strategy.chart import CallableStrategy, Chart, Decision, Report
from leukosim.clinic.strategy.monitoring import Trigger
from leukosim.clinic.strategy.response import assess_response
from leukosim.clinic.strategy.rules import Strategy, check_decision
from leukosim.marrow.counts import Counts, joined
from leukosim.marrow.lineages import Ancestors, ancestors
from leukosim.marrow.marrow import AGENTS, Marrow
from leukosim.marrow.rates import Rates
from leukosim.random_streams import ASSAY
from leukosim.trial.clonal_history import ClonalHistory
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
from leukosim.trial.molecular_relapse import MolecularRelapse
from leukosim.trial.prescription import WHILE_INTERRUPTED, Prescription
from leukosim.trial.protocol import Protocol
from leukosim.trial.trajectory import MRD_MEASURES, Trajectory, assessment_table, mrd_table
from leukosim.trial.vital_status import VitalStatus

SAMPLES = (MRD_SAMPLE, BLOOD_COUNT, MARROW_SAMPLE)
SCHEDULED = "scheduled"  # reason for a sample that is repeated at the intervals of the protocol


class NewReport(NamedTuple):
    """A report that a strategy is to decide on."""

    measure: str
    # triggers whose level was reached for the first time, so that another sample must confirm it
    unconfirmed: frozenset[Trigger] = frozenset()


class FollowUp:
    """The visits of one patient in one arm.

    triggers : by each of which molecular relapse is noted; by default the one of the protocol
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
        in_remission = patient.overt_blasts == 0.0
        self.chart = Chart(in_remission=in_remission, has_responded=in_remission)
        self.counts: list[Counts] = []
        self.molecular_relapse = MolecularRelapse(patient, triggers or [protocol.trigger])
        self.vital_status = VitalStatus(patient, self.marrow.count())
        self.stem_cells_at_treatment_failure: np.ndarray | None = None
        self.queue = EventQueue(protocol.horizon_days)
        self.prescription = Prescription(rates, strategy, protocol, self.chart, self.queue)
        self.sampled: set[tuple[int, float]] = set()
        self.today = 0.0
        self.is_over = False  # by death, or at the end of follow-up
        self._enrol()

    def _enrol(self) -> None:
        """Plan the first visits, start the first regimen, and record the marrow of the start."""
        monitoring = self.protocol.monitoring
        self.queue.plan(self.protocol.horizon_days, END)
        self.queue.plan(monitoring.first_day, MRD_SAMPLE, SCHEDULED)
        self.queue.plan(monitoring.blood_count_days, BLOOD_COUNT, SCHEDULED)
        regimen = self.strategy.first_regimen(self.patient.age_years)
        if regimen:
            self.carry_out([Decision(0.0, "begin_with", "", "start", regimen)])
        if 0.0 in self.record_days:
            self.counts.append(self.marrow.count())
            self._note_clones()
        self._sequence("start")

    def run(self) -> Trajectory:
        """Follow the patient to death or to the end of follow-up."""
        self.advance_to(math.inf)
        return self.trajectory()

    def advance_to(self, day: float) -> None:
        """Carry out all events up to a day, the day included.

        The marrow is advanced from visit to visit, and may be that of the next visit after ``day``,
        so that interruptions of a follow-up change no number. ``counts`` holds the marrow of the
        recorded days and ``chart`` the reports; both may contain later ones than ``day``.
        """
        while not self.is_over and (self.marrow.day < day or self.queue.next_day <= day):
            report = self.step()
            if report:
                self.decide(report)

    def step(self) -> NewReport | None:
        """Carry out the next event; return the report, if a result became known."""
        day, kind, content = self.queue.take()
        # all but samples and the end need no marrow of their day, unless the patient may die before
        reads_marrow = kind in SAMPLES or kind == END
        if reads_marrow or not self.vital_status.surely_survives(day - self.marrow.day):
            self._live_until(day)
        if self.vital_status.is_dead or kind == END:
            self.is_over = True
            self.prescription.end(self.marrow.day)
            return None
        self.today = day
        if kind == REPORT:
            return self._note_report(content)
        if kind in SAMPLES:
            self._visit(kind, content)
        elif kind == RELEASE:
            self.prescription.end_interruption(day, content)
        elif kind == START:
            self.prescription.start(day, content)
        elif kind == CYCLE:
            self.prescription.give_cycle(day, content)
        return None

    def copy(self) -> "FollowUp":
        """A copy of the follow-up so far, to be continued independently."""
        never_change = (
            self.patient, self.strategy, self.protocol, self.record_days, self.marrow.rates,
            self.prescription.schedule_ahead, *self.counts, *self.chart.reports,
            *self.molecular_relapse.days,
        )  # fmt: skip
        return deepcopy(self, {id(each): each for each in never_change})

    def continue_by(self, strategy: Strategy | CallableStrategy) -> None:
        """Treat by a strategy from now on."""
        self.strategy = self.prescription.strategy = strategy

    @property
    def molecular_relapse_day(self) -> float | None:
        """Day of molecular relapse by the first trigger."""
        return next(iter(self.molecular_relapse.days.values()))

    def trajectory(self) -> Trajectory:
        """The trajectory so far."""
        doses, clones = self.prescription.doses, self.clones
        at_failure = self.stem_cells_at_treatment_failure
        return Trajectory(
            chart=self.chart,
            counts=self.counts,
            doses=doses,
            cycles=list(self.prescription.given_cycles()),
            interruption_days=self.prescription.interruption_days,
            last_day=self.marrow.day,
            molecular_relapse_day=self.molecular_relapse_day,
            death_day=self.vital_status.death_day,
            death_cause=self.vital_status.death_cause,
            cytopenia_days=self.vital_status.cytopenia_days,
            stem_cells_at_end=int(self.marrow.stem_cells.sum()),
            blasts_at_end=self.marrow.blasts,
            switches=self.marrow.switches,
            stem_cells_at_treatment_failure=(
                self.marrow.origins if at_failure is None else at_failure
            ),
            clones=clones.table() if clones else None,
            ancestors=self.ancestors,
            sequenced=clones.sequenced if clones else [],
            first_dose_day=min((dose.day for dose in doses), default=None),
            drug_days=len({math.floor(dose.day) for dose in doses}),
            assessments=assessment_table(self.chart),
            mrd=mrd_table(self.chart),
        )

    # ------------------------------------------------------------------ between visits

    def _live_until(self, day: float) -> None:
        """Advance the marrow to a day, or to death if that comes before.

        The kernel advances many days at once while the patient surely survives; else day by day.
        """
        status = self.vital_status
        while self.marrow.day < day:
            start = self.marrow.day
            tomorrow = min(math.floor(start) + 1.0, day)
            death_day = status.death_before(start, tomorrow)
            if death_day is not None:
                self._advance(death_day)
                return
            safe = math.floor(start) + math.floor(status.safe_days())
            status.survive(start, self._advance(max(min(safe, day), tomorrow)))

    def _advance(self, until: float) -> Counts:
        """Advance the marrow, record what is due, and return the counts at the end of every day."""
        start = self.marrow.day
        days = np.append(np.arange(math.floor(start) + 1.0, until), until)
        counts = self._advance_by_records(until, days)
        self.vital_status.count_cytopenia(counts)
        first, last = np.searchsorted(self.record_days, [start, until], "right")
        if first < last:
            self.counts.append(counts.rows(np.searchsorted(days, self.record_days[first:last])))
        return counts

    def _advance_by_records(self, until: float, days: np.ndarray) -> Counts:
        """Advance the marrow: at once, or from record to record where clones are recorded."""
        start = self.marrow.day
        schedule = self.prescription.rate_schedule(start, until)
        if self.clones is None:
            return self.marrow.advance_by(schedule, until, days)
        noted = self.record_days[(self.record_days > start) & (self.record_days <= until)]
        parts = []
        for stop in np.union1d(noted, until):
            within = days[(days > self.marrow.day) & (days <= stop)]
            parts.append(self.marrow.advance_by(schedule, float(stop), within))
            if stop in noted:
                self._note_clones()
        return joined(parts)

    def _note_clones(self) -> None:
        if self.clones is not None:
            self.clones.note()

    def _sequence(self, occasion: str = "") -> None:
        """Sequence the present marrow in bulk and, on a named occasion, cell by cell."""
        if self.clones is None:
            return
        assays = self.protocol.assays
        is_blood = self.protocol.monitoring.sample == "blood" and not occasion
        self.clones.sequence(assays.ngs, "blood" if is_blood else "marrow")
        if occasion:
            self.clones.genotype_cells(occasion, assays.genotyping)

    # ------------------------------------------------------------------ samples and reports

    def _visit(self, kind: int, reason: str | None) -> None:
        """Take a sample today, and plan the next one if it is repeated."""
        monitoring = self.protocol.monitoring
        if reason == SCHEDULED:
            is_mrd = kind == MRD_SAMPLE
            days = monitoring.interval_days if is_mrd else monitoring.blood_count_days
            self.queue.plan(self.today + days, kind, SCHEDULED)
        elif reason == WHILE_INTERRUPTED and self.chart.interruptions:
            self.queue.plan(self.today + monitoring.interruption_count_days, kind, reason)
        if (kind, self.today) not in self.sampled:  # the same sample twice would confirm nothing
            self.sampled.add((kind, self.today))
            self._sample(kind)

    def _sample(self, kind: int) -> None:
        """Take a sample today and send it to the laboratory."""
        assays, monitoring, patient = self.protocol.assays, self.protocol.monitoring, self.patient
        burden = Burden(self.marrow.blasts, patient.disease.blood.healthy_marrow_cells)
        rng = patient.stream(ASSAY, kind, int(self.today))
        if kind == BLOOD_COUNT:
            cells = self.marrow.neutrophils, self.marrow.platelets
            counts = assays.blood_count.report(burden, *cells, rng)
            self._file(counts, assays.blood_count.turnaround_days)
        elif kind == MARROW_SAMPLE:
            fraction = assays.morphology.report(burden, rng)
            self._file({"marrow_blasts": fraction}, assays.morphology.turnaround_days)
        else:
            if patient.marker == "chimerism":
                share = assays.chimerism.report(burden, rng)
                self._file({"recipient_share": share}, assays.chimerism.turnaround_days)
            else:
                ratio = assays.mrd.report(burden, patient.transcript_ratio, monitoring.sample, rng)
                self._file({"mrd": ratio}, assays.mrd.turnaround_days)
            if self.today > 0.0:
                self._sequence()
            if monitoring.sample == "marrow":
                self.queue.plan(self.today, MARROW_SAMPLE)

    def _file(self, values: dict[str, float], turnaround_days: int) -> None:
        """File results of today's sample by measure, and plan the day on which they are known."""
        known = self.today + turnaround_days
        for measure, value in values.items():
            self.chart.file(Report(measure, self.today, known, value))
            self.queue.plan(known, REPORT, measure)

    def _note_report(self, measure: str) -> NewReport:
        """Note molecular relapse or response by a report that has become known."""
        self.prescription.complete_cycle(self.today)
        if measure in MRD_MEASURES:
            return NewReport(measure, self.molecular_relapse.note(self.chart, measure, self.today))
        if measure != "blood_blasts":
            assess_response(self.chart, self.protocol.response, measure, self.today)
        return NewReport(measure)

    # ------------------------------------------------------------------ decisions

    def decide(self, report: NewReport) -> None:
        """Carry out what the strategy decides on a report, and plan a confirming sample."""
        if report.unconfirmed:
            self.plan_confirming_sample()
        self.carry_out(self.strategy.decide(self.chart, self.today, report.measure))

    def plan_confirming_sample(self) -> None:
        """Plan another sample for MRD, to confirm a level that was reported today."""
        self.queue.plan(self.today + self.protocol.monitoring.confirm_days, MRD_SAMPLE)

    def carry_out(self, decisions: Iterable[Decision]) -> None:
        """Record decisions of today in the chart and carry them out, in their order."""
        for decision in decisions:
            check_decision(decision, self.today, self.strategy.regimens, self.chart)
            self.chart.decisions.append(decision)
            self._carry_out(decision)

    def _carry_out(self, decision: Decision) -> None:
        day, chart, prescription = self.today, self.chart, self.prescription
        match decision.action:
            case "relapse":
                self._declare_relapse()
            case "treatment_failure":
                self._note_cells_at_failure()
                chart.treatment_failure_day = day
            case "marrow":
                self.queue.plan(decision.effective, MARROW_SAMPLE)
            case "start":
                self.queue.plan(decision.effective, START, decision.regimen)
            case "stop":
                prescription.stop(day)
            case "resume":
                prescription.resume(decision.rule, day)
            case "change" if chart.treatment is not None:
                prescription.change(decision.regimen, day, chart.treatment)
            case "interrupt" if chart.treatment is not None:
                prescription.interrupt(decision, day, chart.treatment)
            case "reduce_duration" if chart.treatment is not None:
                prescription.reduce_duration(decision, chart.treatment)

    def _declare_relapse(self) -> None:
        """Record relapse, sequence its marrow, and plan the end of follow-up."""
        self._note_cells_at_failure()
        self.chart.relapse_day = self.today
        self._sequence("relapse")
        if self.protocol.record.barcodes:
            self.ancestors = ancestors(self.marrow.clones)
        if not self.protocol.until_death:
            further = self.protocol.after_relapse_days if self.strategy.treats_relapse else 0
            self.queue.plan(self.today + further, END)

    def _note_cells_at_failure(self) -> None:
        """Note the stem cells of today, at the first relapse or treatment failure."""
        if self.stem_cells_at_treatment_failure is None:
            self._live_until(self.today)  # reports are read without the marrow of their day
            self.stem_cells_at_treatment_failure = self.marrow.origins


def follow(
    patient: Patient,
    strategy: Strategy | CallableStrategy,
    protocol: Protocol,
    record_days: np.ndarray,
    rates: Rates,
    method: str = "tally",
    agents: int = AGENTS,
) -> Trajectory:
    """The trajectory of a patient under a strategy."""
    return FollowUp(patient, strategy, protocol, record_days, rates, method, agents).run()
