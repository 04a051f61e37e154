"""Progress of long tasks: what a terminal, a notebook or a function of the user's is shown."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Update = Callable[[int], None]  # called with how much of a task is done


class Progress:
    """Receives the progress of a task and shows nothing; subclasses show it."""

    shows_bars = False  # else finished items are listed line by line

    @contextmanager
    def task(self, name: str, total: int, unit: str = "patients") -> Iterator[Update]:
        """A task that begins and ends; the function that comes back takes how much is done."""
        yield lambda done: None

    def say(self, line: str) -> None:
        """A line on the result."""

    def log(self, line: str) -> None:
        """A line on what is going on."""

    def warn(self, line: str) -> None:
        """A line on what went wrong or is not as the user may expect."""


class Callback(Progress):
    """Hands progress to a function.

    Parameters
    ----------
    function : called with the number of items done and their total
    """

    shows_bars = True

    def __init__(self, function: Callable[[int, int], None]) -> None:
        self.function = function

    @contextmanager
    def task(self, name: str, total: int, unit: str = "patients") -> Iterator[Update]:
        """A task whose progress is handed on."""
        self.function(0, total)
        yield lambda done: self.function(done, total)


SILENT = Progress()
