"""The events of one patient's follow-up, by day and, within a day, in a fixed order."""

import heapq
from typing import Any, NamedTuple

# Kinds of events, in their order within a day. Cycles come last, so that decisions of a day count
# for the doses of that day.
END, MRD_SAMPLE, BLOOD_COUNT, MARROW_SAMPLE, REPORT, RELEASE, START, CYCLE = range(8)


class Event(NamedTuple):
    """An event that is due, sorted by day, kind and order of planning."""

    day: float
    kind: int
    number: int  # in the order of planning
    # REPORT: the measure. RELEASE: the decision that began the interruption. START: the name of the
    # regimen. CYCLE: the treatment. Samples: a reason, if they are repeated for it.
    content: Any


class EventQueue:
    """Events by day; of a day by kind, and of a kind in the order of planning."""

    def __init__(self, horizon_days: float):
        self.horizon_days = horizon_days
        self._events: list[Event] = []
        self._planned = 0

    def plan(self, day: float, kind: int, content: Any = None) -> None:
        """Add an event, unless it lies beyond the horizon."""
        if day <= self.horizon_days:
            self._planned += 1
            heapq.heappush(self._events, Event(float(day), kind, self._planned, content))

    @property
    def next_day(self) -> float:
        """The day of the next event."""
        return self._events[0].day

    def take(self) -> tuple[float, int, Any]:
        """Remove the next event and return its day, kind and content."""
        event = heapq.heappop(self._events)
        return event.day, event.kind, event.content

    def cancel(self, kind: int) -> None:
        """Remove all events of a kind."""
        self._events = [event for event in self._events if event.kind != kind]
        heapq.heapify(self._events)
