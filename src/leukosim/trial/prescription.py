"""What a patient is given: regimens, cycles as they fall due, what interrupts them, and every dose."""

import math
from collections.abc import Iterator

import numpy as np

from leukosim.biology.exposure import Exposure, no_exposure
from leukosim.biology.patient import Patient
from leukosim.clinic.drugs.drug import Dose, exposure
from leukosim.clinic.strategy.chart import CallableStrategy, Chart, Decision, Treatment
from leukosim.clinic.strategy.rules import Strategy
from leukosim.trial.event_queue import BLOOD_COUNT, CYCLE, MARROW_SAMPLE, RELEASE, START, EventQueue
from leukosim.trial.protocol import Protocol

# Days for which exposures are worked out at once: twice as many each time, while doses are the same
FORESEEN_DAYS, MOST_FORESEEN_DAYS = 28.0, 364.0


class Prescription:
    """The doses of one patient, past and to come, and the regimen that they belong to.

    What was decided stands in the chart; what is due, and the looks at blood and marrow that it
    needs, are put on the agenda.
    """

    def __init__(
        self,
        patient: Patient,
        strategy: Strategy | CallableStrategy,
        protocol: Protocol,
        chart: Chart,
        queue: EventQueue,
    ):
        self.patient, self.strategy, self.protocol = patient, strategy, protocol
        self.chart, self.queue = chart, queue
        self.doses: list[Dose] = []
        self.cycles: list[tuple[float, float]] = []
        self.withheld: list[Dose] = []
        self.waiting_since: float | None = None
        self.interruption_days = 0.0
        self._foreseen: Exposure | None = None  # by these doses, for some weeks
        self._foresees = FORESEEN_DAYS
        self._nothing = no_exposure(0.0, protocol.horizon_days)

    def exposure(self, start: float, until: float) -> Exposure | None:
        """What cells meet in a while by the doses as they are, or in a longer one that holds it.

        Worked out for weeks at once, and again only when doses change.
        """
        is_whole = start == math.floor(start) and until == math.floor(until)
        if not self.doses:
            return self._nothing if is_whole else None
        known = self._foreseen
        if is_whole and known and known.start[0] <= start and until <= known.end[-1]:
            return known
        patient = self.patient
        end = max(until, start + self._foresees) if is_whole else until
        met = exposure(self.protocol.drugs, self.doses, start, end, patient)
        if is_whole:
            self._foreseen = met
            self._foresees = min(2.0 * self._foresees, MOST_FORESEEN_DAYS)
        return met

    # ------------------------------------------------------------------ regimens and cycles

    def start(self, day: float, decision: Decision) -> None:
        """Begin a regimen now, in place of any other."""
        self._cancel_doses_from(day)
        self._begin(decision.regimen, day, day)

    def change(self, regimen: str, day: float, from_treatment: Treatment) -> None:
        """Begin another regimen when the next cycle of this one is due."""
        self._begin(regimen, max(from_treatment.next_day, day), day)

    def _begin(self, name: str, day: float, today: float) -> None:
        self._end_interruptions(today)
        self.chart.treatment = Treatment(name, self.strategy.regimens[name], day)
        self.queue.plan(day, CYCLE, self.chart.treatment)

    def stop(self, day: float) -> None:
        """Give nothing from now on, nor what was to start later."""
        self._end_interruptions(day)
        self.chart.treatment = None
        self.queue.forget(START)
        self._cancel_doses_from(day)

    def end(self, day: float) -> None:
        """Close the follow-up: what was planned beyond this day is not given."""
        self._cancel_doses_from(day)
        self._end_interruptions(day)

    def reduce_duration(self, decision: Decision, treatment: Treatment) -> None:
        """Give drugs on fewer days from the next cycle on."""
        given = treatment.regimen.drugs
        for drug in decision.drugs or given:
            if drug in given and decision.at_most_days is not None:
                treatment.most_days[drug] = decision.at_most_days

    def complete_cycle(self, day: float) -> None:
        """Count the cycle that has ended by this day, once."""
        treatment = self.chart.treatment
        if treatment is None or day < treatment.next_day:
            return
        if treatment.cycles_completed < treatment.cycles_given:
            treatment.cycles_completed += 1
            self.chart.cycles_completed += 1

    def give_cycle(self, day: float, treatment: Treatment) -> None:
        """Write down the doses of the next cycle, if it is due and nothing interrupts it."""
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
            day, treatment.cycles_given, self.patient.body_surface_m2, treatment.most_days
        )
        interrupted_drugs = {drug for drugs in interrupted for drug in drugs}
        self.withheld = [dose for dose in doses if dose.drug in interrupted_drugs]
        self._prescribe([dose for dose in doses if dose.drug not in interrupted_drugs])
        self.cycles.append((day + min(regimen.days) - 1, day + max(regimen.days) - 1))
        treatment.cycles_given += 1
        treatment.next_day = day + regimen.cycle_days
        self._end_wait(day)
        self.queue.plan(treatment.next_day, CYCLE, treatment)
        self._plan_looks(treatment.next_day, day)

    def _plan_looks(self, due: float, today: float) -> None:
        """Plan the samples that a strategy wants before the cycle that is due on a day."""
        if self.strategy.counts_before_cycles:
            self.queue.plan(due, BLOOD_COUNT, "before a cycle")
        if self.chart.cycles_completed + 1 in self.strategy.marrow_after_cycles:
            sampled = due - self.protocol.assays.morphology.turnaround_days
            for kind in (BLOOD_COUNT, MARROW_SAMPLE):
                self.queue.plan(max(sampled, today), kind, "after a cycle")

    # ------------------------------------------------------------------ waiting

    def interrupt(self, decision: Decision, day: float, treatment: Treatment) -> None:
        """Let the next cycle wait, or drugs of it; look at the blood meanwhile."""
        if self.waiting_since is None:
            self.waiting_since = max(day, treatment.next_day)
            self.chart.interruptions_begun += 1
            first_look = self.waiting_since + self.protocol.monitoring.interruption_count_days
            self.queue.plan(first_look, BLOOD_COUNT, "while interrupted")
        self.chart.interruptions[decision.rule] = decision
        if decision.at_most_days is not None:
            end = max(self.waiting_since + decision.at_most_days, day)
            self.queue.plan(end, RELEASE, decision)

    def end_interruption(self, day: float, begun: Decision) -> None:
        """End an interruption that has lasted as long as it may, if it has not ended by itself."""
        if self.chart.interruptions.get(begun.rule) is begun:
            seen = f"interrupted for {begun.at_most_days} days"
            self.chart.decisions.append(Decision(day, begun.rule, seen, "resume", "", day))
            self.resume(begun.rule, day)

    def resume(self, rule: str, day: float) -> None:
        """End the interruption of a rule: the cycle that is due begins, and its drugs are given again."""
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
        """Count the days of a wait that is over."""
        if self.waiting_since is not None and not self.chart.interruptions:
            self.interruption_days += max(day - self.waiting_since, 0.0)
            self.waiting_since = None

    def _end_interruptions(self, day: float) -> None:
        """End all interruptions, as the regimen that they belong to has ended."""
        self.chart.interruptions.clear()
        self.withheld.clear()
        self._end_wait(day)

    def _prescribe(self, doses: list[Dose]) -> None:
        """Add doses to come."""
        self.doses += doses
        self._forget_foreseen()

    def _cancel_doses_from(self, day: float) -> None:
        self.doses = [dose for dose in self.doses if dose.day < day]
        self._forget_foreseen()

    def _forget_foreseen(self) -> None:
        self._foreseen, self._foresees = None, FORESEEN_DAYS

    def given_cycles(self) -> Iterator[tuple[float, float]]:
        """First and last dose of the cycles of which a dose was given."""
        given = np.floor([dose.day for dose in self.doses])
        for first, last in self.cycles:
            within = given[(given >= first) & (given <= last)]
            if len(within):
                yield float(within[0]), float(within[-1])
