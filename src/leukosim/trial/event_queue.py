"""What is to happen to a patient on which day, and in which order on a day."""

import heapq
from typing import Any

# What can happen on a day, in the order in which it happens. Cycles come last, so that what is
# decided on a day counts for the doses of that day.
END, MRD_SAMPLE, BLOOD_COUNT, MARROW_SAMPLE, REPORT, RELEASE, START, CYCLE = range(8)


class EventQueue:
    """Entries by day; of a day by kind, and of a kind in the order of planning."""

    def __init__(self, horizon_days: float):
        self.horizon_days = horizon_days
        self._entries: list[tuple[float, int, int, Any]] = []
        self._planned = 0

    def plan(self, day: float, kind: int, content: Any = None) -> None:
        """Put something on the agenda, unless the trial is over by then."""
        if day <= self.horizon_days:
            self._planned += 1  # breaks ties in the order of planning
            heapq.heappush(self._entries, (float(day), kind, self._planned, content))

    @property
    def next_day(self) -> float:
        """The day of the next entry."""
        return self._entries[0][0]

    def take(self) -> tuple[float, int, Any]:
        """The next entry, taken off: day, kind, content."""
        day, kind, _, content = heapq.heappop(self._entries)
        return day, kind, content

    def forget(self, kind: int) -> None:
        """Take all entries of a kind off."""
        self._entries = [entry for entry in self._entries if entry[1] != kind]
        heapq.heapify(self._entries)
