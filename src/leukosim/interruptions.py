"""Ctrl-C, which has to wait until a call of compiled code is over."""

import signal
import threading
from types import FrameType
from typing import Any


class Deferred:
    """A context in which Ctrl-C is noted, and takes effect when it is left.

    numba hands arrays to Python by functions of Python; an exception that comes up in one of
    these, such as KeyboardInterrupt, ends the process by a fault of memory.
    """

    def __enter__(self) -> None:
        self.came = False
        self.before: Any = None
        if threading.current_thread() is threading.main_thread():  # others are not interrupted
            self.before = signal.getsignal(signal.SIGINT)
            if callable(self.before):  # neither ignored nor somebody's of another language
                signal.signal(signal.SIGINT, self.note)

    def note(self, number: int, frame: FrameType | None) -> None:
        """Called when the signal comes."""
        self.came = True

    def __exit__(self, *error: object) -> None:
        if callable(self.before):
            signal.signal(signal.SIGINT, self.before)
        if self.came:
            signal.raise_signal(signal.SIGINT)
