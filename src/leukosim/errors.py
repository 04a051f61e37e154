"""Errors that a user sees as one sentence, and the wording that they share."""

import difflib
import re
from collections.abc import Iterable

LONGEST_VALUE = 300  # letters without a space that a message repeats


class NotWritten(OSError):
    """A file that could not be written; the message is one sentence."""


class ConfigError(ValueError):
    """A wrong command line, configuration or argument; the message is one sentence."""

    def __init__(self, message: object = "") -> None:
        super().__init__(one_line(str(message)))


class InvalidField(ConfigError):
    """A field of a dataclass that is not allowed, by itself or beside another field.

    The sentence begins with the field; what knows the path of the dataclass puts it in front.
    """


def one_line(text: str) -> str:
    """A text on one line, control characters written out and very long values shortened."""
    text = " ".join(text.split("\n"))
    text = "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
    return re.sub(rf"\S{{{LONGEST_VALUE},}}", lambda value: f"{value[0][:40]}...", text)


class WithoutEffect(UserWarning):
    """A field was set that cannot change the result; the message says why."""


def unknown(path: str, allowed: Iterable[str], what: str) -> ConfigError:
    """The error for a name that does not exist, with the nearest one that does."""
    names = list(allowed)
    parent, _, name = path.rpartition(".")
    near = difflib.get_close_matches(str(name), names, 1)
    if near:
        return ConfigError(f"{path} is not a known {what}: did you mean {join(parent, near[0])}?")
    return ConfigError(f"{path} is not a known {what}: allowed {listed(names)}")


def join(path: str, name: object) -> str:
    """The path of something inside."""
    return f"{path}.{name}" if path else str(name)


def listed(names: Iterable[str]) -> str:
    """Names in a row."""
    return ", ".join(names) or "nothing"


def counted(n: int, what: str) -> str:
    """A number of something, in words."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
