"""Values of Python as the words of a command line, so that both compose the same configuration."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leukosim.config.words import MOST_SCENARIOS
from leukosim.errors import ConfigError

PLAIN = re.compile(r"[A-Za-z_][\w\-./:+@]*")  # texts that need no quotes
LISTS = ("arms", "strategy", "tables")  # whose value is a list, unless it is a list of lists
MAY_BE_EMPTY = ("tables",)  # of them
MOST_WORKERS = 1024  # as of leukosim.config.execution.ExecutorOptions
Axis = Sequence[Any] | np.ndarray


def words_of(
    study: str,
    overrides: Mapping[str, Any] | None = None,
    *,
    config_dir: str | Path | None = None,
    workers: int | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
) -> list[str]:
    """The words after ``leukosim run`` that ask for the same.

    Parameters
    ----------
    overrides : values by the path of a field, such as ``{"trigger.level": 1e-3}``, or the name of a
        choice by its group, such as ``{"cohort": "diagnosis"}``

    Raises
    ------
    ConfigError
        If a name or a value cannot be written on a command line.
    """
    given = {} if overrides is None else mapping_of(overrides, "overrides")
    if not isinstance(study, str) or not re.fullmatch(r"[\w\-]+", study):
        raise ConfigError(f"study = {study!r} is not the name of a study, such as relaza2")
    if not isinstance(overwrite, bool | np.bool_):
        raise ConfigError(f"overwrite = {overwrite!r} is not true or false")
    words = [f"study={study}"]
    words += [word_of(name, value) for name, value in given.items()]
    if workers is not None:
        if "executor.workers" in given:
            raise ConfigError("workers and executor.workers are the same: give one of them")
        check_workers(workers)
        words.append(f"executor.workers={as_word(workers)}")
    if output is not None:
        words.append(f"output={as_word(str(path_of(output, 'output')))}")
    if overwrite:
        words.append("overwrite=true")
    if config_dir is None:
        return words
    return ["--config-dir", str(path_of(config_dir, "config_dir")), *words]


def word_of(name: Any, value: Any) -> str:
    """A field and its value as a word.

    Raises
    ------
    ConfigError
        Naming the field, where it or its value cannot be written.
    """
    known = checked(name)
    try:
        return f"{known}={as_word(value)}"
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from None


def check_workers(workers: Any) -> None:
    """Raise :class:`ConfigError` for no number of workers; None, not 0, means automatic."""
    is_whole = isinstance(workers, int | np.integer) and not isinstance(workers, bool)
    if workers is not None and not (is_whole and 1 <= workers <= MOST_WORKERS):
        raise ConfigError(
            f"executor.workers = {workers!r} is not allowed: workers is a number of processes, "
            f"allowed from 1 to {MOST_WORKERS}, or None for one for each processor"
        )


def mapping_of(value: Any, name: str) -> Mapping[str, Any]:
    """A mapping, or :class:`ConfigError` that names the argument."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"{name} = {value!r} is not a mapping, such as {{'cohort.size': 40}}")
    return value


def path_of(value: Any, name: str) -> Path:
    """A path, or :class:`ConfigError` that names the argument; ``~`` is the user's home."""
    if not isinstance(value, str | Path) or not str(value).strip() or "\0" in str(value):
        raise ConfigError(f"{name} = {value!r} is not a folder, such as 'outputs/mine'")
    return Path(value).expanduser()


def axes_of(overrides: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Fields with one value, and those with several, as Hydra writes several.

    A list, a range or an array names several values. Of a field that itself holds a list (``arms``,
    ``strategy``, days of a cycle) several values are a list of lists.
    """
    fixed: dict[str, Any] = {}
    varied: dict[str, str] = {}
    for name, value in mapping_of(overrides, "overrides").items():
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        many = isinstance(value, list | tuple | range | np.ndarray)
        if many and not len(value) and name not in MAY_BE_EMPTY:
            raise ConfigError(f"{name} names no value: a sweep needs at least one")
        if many and len(value) > MOST_SCENARIOS:
            raise ConfigError(
                f"{name} has {len(value)} values: allowed are {MOST_SCENARIOS} (scenarios) in a "
                "sweep"
            )
        if many and not holds_a_list(name, value):
            varied[name] = f"choice({','.join(map(as_word, value))})"
        else:
            fixed[name] = value
    return fixed, varied


def holds_a_list(name: str, value: Axis) -> bool:
    """Whether a list is the value of a field, and not several values of it."""
    of_lists = len(value) > 0 and all(isinstance(each, list | tuple) for each in value)
    return (name in LISTS or name.rpartition(".")[2] in ("days", "hours")) and not of_lists


def as_word(value: Any) -> str:
    """A value as Hydra's grammar of overrides writes it."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, str):
        return value if PLAIN.fullmatch(value) else quoted(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{as_word(n)}:{as_word(each)}" for n, each in value.items()) + "}"
    if isinstance(value, list | tuple | range | np.ndarray):
        return f"[{','.join(map(as_word, value))}]"
    raise ConfigError(
        f"{value!r} is no value of a field: allowed are numbers, texts, true or false, None, and "
        "lists or mappings of these"
    )


def quoted(text: str) -> str:
    """A text in quotes; a quotation mark in it, and backslashes before one, are escaped."""
    escaped = re.sub(r"(\\*)'", lambda found: found[1] * 2 + "\\'", text)
    escaped = re.sub(r"(\\+)$", lambda found: found[1] * 2, escaped)
    return f"'{escaped}'"


def checked(name: str) -> str:
    """The name of a field, or :class:`ConfigError` where it is none that can be set."""
    if not isinstance(name, str) or not re.fullmatch(r"(\+\+?)?[\w\-@/]+(\.[\w\-]+)*", name):
        raise ConfigError(f"{name!r} is not the name of a field, such as trigger.level")
    if name.lstrip("+") in ("study", "output", "overwrite"):
        raise ConfigError(f"{name} is an argument of its own, and not one of the overrides")
    if name.lstrip("+") == "executor.submit":
        raise ConfigError(f"{name} is for the command line: a call from Python waits for its jobs")
    if name.lstrip("+").split(".")[0] == "hydra":
        raise ConfigError(f"{name} is not a field of a study: nothing of hydra can be set")
    return name


def listed_values(value: Any) -> list[Any]:
    """Several values, or one, as a list; none for None."""
    if value is None:
        return []
    return (
        list(value)
        if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)
        else [value]
    )
