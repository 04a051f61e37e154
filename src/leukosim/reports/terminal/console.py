"""Progress of long tasks in a terminal, a notebook or a log."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from leukosim.reports.terminal.run_tables import progress_bar
from leukosim.runs.progress import Progress, Update

WIDTH = 118  # of a page that is not a terminal


def wide_console() -> Console:
    """Where tables are printed: the terminal, or a page wide enough for them."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


class ConsoleProgress(Progress):
    """Bars where they can be drawn, else lines; results go to the standard output."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.shows_bars = self.console.is_terminal or self.console.is_jupyter

    @contextmanager
    def task(self, name: str, total: int, unit: str = "patients") -> Iterator[Update]:
        """A bar, unless the output is a file or a pipe."""
        with progress_bar(self.console, unit) as bar:
            line = bar.add_task(name, total=total)
            yield lambda done: bar.update(line, completed=done)

    def say(self, line: str) -> None:
        """Print a line at once, also into a pipe."""
        print(line, flush=True)

    def log(self, line: str) -> None:
        """Print a line beside the results."""
        print(line, file=sys.stderr, flush=True)

    def warn(self, line: str) -> None:
        """Print what went wrong, with the name of the program."""
        print(f"leukosim: {line}", file=sys.stderr, flush=True)
