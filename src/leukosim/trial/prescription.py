"""The treatment of one patient: regimens, cycles when they are due, interruptions and doses."""

import math
from collections.abc import Iterator

import numpy as np

from leukosim.biology.patient import Patient
from leukosim.clinic.drugs.drug import Dose, exposure
from leukosim.clinic.strategy.chart import CallableStrategy, Chart, Decision, Treatment
from leukosim.clinic.strategy.rules import Strategy
from leukosim.marrow.rates import Rates, RateSchedule
from leukosim.trial.event_queue import BLOOD_COUNT, CYCLE, MARROW_SAMPLE, RELEASE, START, EventQueue
from leukosim.trial.protocol import Protocol

# Days for which rates are calculated ahead: at first, and at most. Each further calculation for the
# same doses covers twice the time.
FIRST_DAYS_AHEAD, MOST_DAYS_AHEAD = 28.0, 364.0

# Reason for a blood count that is repeated until the interruption ends.
WHILE_INTERRUPTED = "while interrupted"


class Prescription:
    """The doses of one patient, past and planned, and the regimen that they belong to.

    Decisions are recorded in the chart. Cycles that are due, and the samples that they need, are
    put into the event queue.
    """

    def __init__(
        self,
        rates: Rates,
        strategy: Strategy | CallableStrategy,
        protocol: Protocol,
        chart: Chart,
        queue: EventQueue,
    ):
        self.rates, self.strategy, self.protocol = rates, strategy, protocol
        self.chart, self.queue = chart, queue
        self.doses: list[Dose] = []
        self.cycles: list[tuple[float, float]] = []
        self.withheld: list[Dose] = []
        self.waiting_since: float | None = None
        self.interruption_days = 0.0
        # The only cache between doses and the kernel. Exposures and rates are calculated for weeks
        # ahead, as visits are days apart, and again only when doses change.
        self.schedule_ahead: RateSchedule | None = None
        self._days_ahead = FIRST_DAYS_AHEAD

    def rate_schedule(self, start: float, until: float) -> RateSchedule:
        """The rates of the patient's cells under these doses, between two days or for longer."""
        known = self.schedule_ahead
        is_whole = start == math.floor(start) and until == math.floor(until)
        if is_whole and known and known.start[0] <= start and until <= known.end[-1]:
            return known
        end = until
        if is_whole:
            end = max(until, start + self._days_ahead) if self.doses else self.queue.horizon_days
        schedule = self.rates.schedule(
            exposure(self.protocol.drugs, self.doses, start, end, self.rates.patient)
        )
        if is_whole:
            self.schedule_ahead = schedule
            self._days_ahead = min(2.0 * self._days_ahead, MOST_DAYS_AHEAD)
        return schedule

    # ------------------------------------------------------------------ regimens and cycles

    def start(self, day: float, regimen: str) -> None:
        """Begin a regimen now, in place of any other."""
        self._cancel_doses_from(day)
        self._begin(regimen, day, day)

    def change(self, regimen: str, day: float, from_treatment: Treatment) -> None:
        """Begin another regimen when the next cycle of this one is due."""
        self._begin(regimen, max(from_treatment.next_day, day), day)

    def _begin(self, name: str, day: float, today: float) -> None:
        self._end_interruptions(today)
        self.chart.treatment = Treatment(name, self.strategy.regimens[name], day)
        self.queue.plan(day, CYCLE, self.chart.treatment)

    def stop(self, day: float) -> None:
        """Give no further doses, and cancel regimens that were to start later."""
        self._end_interruptions(day)
        self.chart.treatment = None
        self.queue.cancel(START)
        self._cancel_doses_from(day)

    def end(self, day: float) -> None:
        """Close the follow-up: doses planned from this day on are not given."""
        self._cancel_doses_from(day)
        self._end_interruptions(day)

    def reduce_duration(self, decision: Decision, treatment: Treatment) -> None:
        """Give drugs on fewer days from the next cycle on."""
        given = treatment.regimen.drugs
        for drug in decision.drugs or given:
            if drug in given and decision.at_most_days is not None:
                treatment.most_days[drug] = decision.at_most_days

    def complete_cycle(self, day: float) -> None:
        """Count the present cycle as completed if it has ended by this day."""
        treatment = self.chart.treatment
        if treatment is None or day < treatment.next_day:
            return
        if treatment.cycles_completed < treatment.cycles_given:
            treatment.cycles_completed += 1
            self.chart.cycles_completed += 1

    def give_cycle(self, day: float, treatment: Treatment) -> None:
        """Prescribe the doses of the next cycle, if it is due and not interrupted."""
        if treatment is not self.chart.treatment:
            return
        self.complete_cycle(day)
        if not treatment.is_due(day):
            return
        interrupted = [decision.drugs for decision in self.chart.interruptions.values()]
        if () in interrupted:
            return
        regimen = treatment.regimen
        doses = regimen.doses(
            day,
            treatment.cycles_given,
            self.rates.patient.body_surface_m2,
            treatment.most_days,
        )
        interrupted_drugs = {drug for drugs in interrupted for drug in drugs}
        self.withheld = [dose for dose in doses if dose.drug in interrupted_drugs]
        self._prescribe([dose for dose in doses if dose.drug not in interrupted_drugs])
        self.cycles.append((day + min(regimen.days) - 1, day + max(regimen.days) - 1))
        treatment.cycles_given += 1
        treatment.next_day = day + regimen.cycle_days
        self._end_wait(day)
        self.queue.plan(treatment.next_day, CYCLE, treatment)
        self._plan_samples(treatment.next_day, day)

    def _plan_samples(self, due: float, today: float) -> None:
        """Plan the samples that a strategy needs before the cycle that is due on a day."""
        if self.strategy.counts_before_cycles:
            self.queue.plan(due, BLOOD_COUNT)
        if self.chart.cycles_completed + 1 in self.strategy.marrow_after_cycles:
            sampled = due - self.protocol.assays.morphology.turnaround_days
            for kind in (BLOOD_COUNT, MARROW_SAMPLE):
                self.queue.plan(max(sampled, today), kind)

    # ------------------------------------------------------------------ interruptions

    def interrupt(self, decision: Decision, day: float, treatment: Treatment) -> None:
        """Delay the next cycle, or some of its drugs, and count blood cells meanwhile."""
        if self.waiting_since is None:
            self.waiting_since = max(day, treatment.next_day)
            self.chart.interruptions_begun += 1
            counted = self.waiting_since + self.protocol.monitoring.interruption_count_days
            self.queue.plan(counted, BLOOD_COUNT, WHILE_INTERRUPTED)
        self.chart.interruptions[decision.rule] = decision
        if decision.at_most_days is not None:
            end = max(self.waiting_since + decision.at_most_days, day)
            self.queue.plan(end, RELEASE, decision)

    def end_interruption(self, day: float, begun: Decision) -> None:
        """End an interruption after its longest duration, unless it has ended before."""
        if self.chart.interruptions.get(begun.rule) is begun:
            seen = f"interrupted for {begun.at_most_days} days"
            self.chart.decisions.append(Decision(day, begun.rule, seen, "resume", "", day))
            self.resume(begun.rule, day)

    def resume(self, rule: str, day: float) -> None:
        """End the interruption of a rule: a cycle that is due begins, and drugs are given again."""
        self.chart.interruptions.pop(rule, None)
        still = {drug for decision in self.chart.interruptions.values() for drug in decision.drugs}
        back = [dose for dose in self.withheld if dose.drug not in still]
        self.withheld = [dose for dose in self.withheld if dose.drug in still]
        self._prescribe([dose for dose in back if dose.day >= day])
        if self.chart.cycle_is_due(day):
            self.queue.plan(day, CYCLE, self.chart.treatment)
        else:
            self._end_wait(day)

    def _end_wait(self, day: float) -> None:
        """Add the days of an interruption that has ended."""
        if self.waiting_since is not None and not self.chart.interruptions:
            self.interruption_days += max(day - self.waiting_since, 0.0)
            self.waiting_since = None

    def _end_interruptions(self, day: float) -> None:
        """End all interruptions, as their regimen has ended."""
        self.chart.interruptions.clear()
        self.withheld.clear()
        self._end_wait(day)

    def _prescribe(self, doses: list[Dose]) -> None:
        self.doses += doses
        self._discard_schedule()

    def _cancel_doses_from(self, day: float) -> None:
        self.doses = [dose for dose in self.doses if dose.day < day]
        self._discard_schedule()

    def _discard_schedule(self) -> None:
        """Discard rates that were calculated for other doses."""
        self.schedule_ahead, self._days_ahead = None, FIRST_DAYS_AHEAD

    def given_cycles(self) -> Iterator[tuple[float, float]]:
        """First and last dose of the cycles of which a dose was given."""
        given = np.floor([dose.day for dose in self.doses])
        for first, last in self.cycles:
            within = given[(given >= first) & (given <= last)]
            if len(within):
                yield float(within[0]), float(within[-1])


def first_cycle(
    patient: Patient, strategy: Strategy | CallableStrategy, protocol: Protocol
) -> list[Dose]:
    """The doses of the cycle that begins at enrolment, as prescribed before any sample is taken."""
    regimen = strategy.first_regimen(patient.age_years)
    queue = EventQueue(protocol.horizon_days)
    prescription = Prescription(Rates(patient), strategy, protocol, Chart(), queue)
    if regimen:
        prescription.start(0.0, regimen)
        day, _, treatment = queue.take()
        prescription.give_cycle(day, treatment)
    return prescription.doses
