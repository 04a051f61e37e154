"""Molecular relapse: MRD at or above a level, for one or several triggers at once."""

from collections.abc import Iterable

from leukosim.biology.patient import Patient
from leukosim.clinic.strategy.chart import Chart
from leukosim.clinic.strategy.monitoring import Trigger


class MolecularRelapse:
    """The day of molecular relapse by each trigger.

    Molecular relapse is MRD at or above the level of a trigger, in the first sample and in as many
    further samples in succession as the trigger requires. A patient who started at diagnosis must
    be in remission, and MRD must have been below the level before.
    """

    def __init__(self, patient: Patient, triggers: Iterable[Trigger]):
        self.marker = patient.marker
        self.starts_at_diagnosis = patient.overt_blasts > 0.0
        self.days: dict[Trigger, float | None] = dict.fromkeys(triggers)

    def note(self, chart: Chart, measure: str, day: float) -> frozenset[Trigger]:
        """Note molecular relapses by a report of MRD that became known on a day.

        Returns
        -------
        frozenset of Trigger
            Those whose level was reached in the last sample, but must be confirmed by another.
        """
        if chart.relapse_day is not None:
            return frozenset()
        values = chart.values(measure, day)
        unconfirmed = []
        for trigger, relapse_day in self.days.items():
            level = trigger.of(self.marker)
            if relapse_day is not None or not self._is_possible(chart, values, level):
                continue
            needed = 1 + trigger.confirmations
            positive = [value >= level for value in values[-needed:]]
            if len(positive) == needed and all(positive):
                self.days[trigger] = day
            elif positive[-1] and trigger.confirmations > 0:
                unconfirmed.append(trigger)
        return frozenset(unconfirmed)

    def _is_possible(self, chart: Chart, values: list[float], level: float) -> bool:
        """Whether the patient is in a remission in which MRD was negative."""
        if not self.starts_at_diagnosis:
            return True
        return chart.in_remission and any(value < level for value in values)

    def restrict(self, triggers: Iterable[Trigger]) -> None:
        """Keep the days of some of the triggers."""
        self.days = {trigger: self.days[trigger] for trigger in triggers}
