"""Errors that a user sees as one sentence, and the wording that they share."""

import difflib
from collections.abc import Iterable


class NotWritten(OSError):
    """A file that could not be written; the message is one sentence."""


class ConfigError(ValueError):
    """A wrong command line, configuration or argument; the message is one sentence."""


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
