"""The words of a command line, checked before Hydra composes them.

Hydra raises errors of Python for some wrong choices, prints its usage for unknown options, and
merges some values that mean nothing. All of these are refused here, in a sentence.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, QuotedString, RangeSweep
from hydra.errors import HydraException

from leukosim.config.paths import config_folder
from leukosim.config.reading import names_of
from leukosim.config.schema import Config
from leukosim.errors import ConfigError, listed

FOLDERS = ("--config-dir", "-cd")
VALUED = (*FOLDERS, "--config-name", "-cn", "--cfg", "-c", "--package", "-p", "--info", "-i")
CHOICES = {"--cfg": ("job", "hydra", "all"), "-c": ("job", "hydra", "all")}
INFO = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
NAME = re.compile(r"[\w\-]+(/[\w\-]+)*")
LONGEST_NAME = 200  # letters, of a file
SEVERAL = ("strategy",)  # groups of which several are chosen

# A sweep of a thousand scenarios is ordinary. Each takes some 100 kB before it runs, as its
# configuration is checked first; a hundred thousand are about 10 GB and hours, ten million a slip.
MOST_SCENARIOS = 100_000


def check_choices(words: Sequence[str]) -> None:
    """Raise :class:`ConfigError` for an option, a choice or a group that cannot be.

    What Hydra's grammar cannot read is left to Hydra's own error.
    """
    parser = OverridesParser.create()
    for word in check_options(words):
        if not word.partition("=")[0].strip():
            raise ConfigError(f"{word!r} names no field: write field=value, such as seed=2")
        if "=" not in word:
            continue
        try:
            override = parser.parse_override(word)
        except HydraException:
            continue
        check_choice(override)
        check_group_of_fields(override)


def check_options(words: Sequence[str]) -> list[str]:
    """The words that are no options.

    Raises
    ------
    ConfigError
        For an option that does not exist, or lacks its value.
    """
    others: list[str] = []
    waiting = iter(words)
    for word in waiting:
        if not word.startswith("-") or word == "-":
            others.append(word)
            continue
        option, equals, value = word.partition("=")
        if option in VALUED:
            value = value if equals else "" if option in ("--info", "-i") else next(waiting, "")
            check_value_of_option(option, value)
    return others


def check_value_of_option(option: str, value: str) -> None:
    """Raise :class:`ConfigError` where an option cannot have this value."""
    if option in ("--info", "-i"):
        if value and value not in INFO:
            raise ConfigError(f"{option} = {value} is not allowed: allowed {listed(INFO)}")
        return
    if not value.strip():
        raise ConfigError(f"{option} needs a value, such as {option} {example(option)}")
    if value not in CHOICES.get(option, (value,)):
        raise ConfigError(f"{option} = {value} is not allowed: allowed {listed(CHOICES[option])}")
    if option in FOLDERS and ("\0" in value or not is_folder(value)):
        raise ConfigError(f"{option} = {value} is not a folder of YAML files")


def is_folder(name: str) -> bool:
    """Whether a name is that of a folder; false, too, of one that no folder can have."""
    try:
        return Path(name).is_dir()
    except OSError:
        return False


def example(option: str) -> str:
    """A value of an option, for a message."""
    return {"--cfg": "job", "-c": "job", "--package": "cohort", "-p": "cohort"}.get(option, "mine")


def check_choice(override: Override) -> None:
    """Raise :class:`ConfigError` where a choice of a group is no name, or names too much."""
    group = override.get_key_element().lstrip("+~")
    if override.is_delete() or group not in groups():
        return
    value = override.value()
    choices = value.list if isinstance(value, ChoiceSweep) else [value]
    for choice in choices:
        names = choice if isinstance(choice, list) and group in SEVERAL else [choice]
        for name in names:
            text = name.text if isinstance(name, QuotedString) else name
            is_sweep = isinstance(name, RangeSweep) or hasattr(name, "tags")
            if is_sweep or (isinstance(text, str) and "${" in text):
                continue  # what it names is looked up later
            if not isinstance(text, str) or not NAME.fullmatch(text) or len(text) > LONGEST_NAME:
                raise ConfigError(
                    f"{group} = {shown(text)} is not the name of a {group}: allowed "
                    f"{listed(names_in(group))}, or a file of one's own"
                )
            if names.count(name) > 1:
                raise ConfigError(f"{group} = {shown(choice)} names {text} more than once")


def check_group_of_fields(override: Override) -> None:
    """Raise :class:`ConfigError` where a group of fields is given a single value.

    References into the group would be resolved, and complain, before it is checked.
    """
    path, value = override.get_key_element().lstrip("+~").split("."), override.value()
    known: Any = Config()
    for name in path:
        known = known.get(name) if isinstance(known, Mapping) else getattr(known, name, None)
    is_group = isinstance(known, Mapping) or hasattr(known, "__dataclass_fields__")
    is_value = isinstance(value, bool | int | float | list) or (
        isinstance(value, QuotedString | str) and "${" not in str(value)
    )
    if is_group and is_value and path[0] not in groups():
        fields = list(known) if isinstance(known, Mapping) else names_of(type(known))
        raise ConfigError(
            f"{'.'.join(path)} = {shown(value)} is not a group of fields"
            + (f": {listed(fields)}" if fields else "")
        )


def shown(value: Any) -> str:
    """A value as one would write it."""
    if isinstance(value, QuotedString):
        return str(value.text)
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    return {None: "null", True: "true", False: "false"}.get(value, str(value)) if (
        value is None or isinstance(value, bool)
    ) else str(value)  # fmt: skip


@cache
def groups() -> tuple[str, ...]:
    """The groups of files to choose from."""
    return tuple(sorted(path.name for path in config_folder().iterdir() if path.is_dir()))


@cache
def names_in(group: str) -> tuple[str, ...]:
    """The files of a group that come with the package."""
    return tuple(sorted(path.stem for path in (config_folder() / group).glob("*.yaml")))


def check_number(overrides: Sequence[Override]) -> None:
    """Raise :class:`ConfigError` for more scenarios than a sweep may have, before any is made."""
    total = 1
    for override in overrides:
        number = number_of_values(override)
        total *= max(number, 1)
        if total > MOST_SCENARIOS:
            key = override.get_key_element()
            raise ConfigError(
                f"{key} has {number} values, which would make {total} scenarios: allowed are "
                f"{MOST_SCENARIOS} (scenarios) in a sweep, so take fewer values or several sweeps"
            )


def number_of_values(override: Override) -> int:
    """How many values a field is given, without making them.

    Raises
    ------
    ConfigError
        For a range that has none, or never ends.
    """
    sweep, key = override.value(), override.get_key_element()
    if isinstance(sweep, RangeSweep):
        start, stop, step = sweep.start, sweep.stop, sweep.step
        if start is None or stop is None or not step or not abs(stop - start) < float("inf"):
            raise ConfigError(f"{key}: {override.input_line} is not a range(from, to, step)")
        number = int(-((start - stop) // step)) if abs(step) < float("inf") else 0
        if number < 1:
            raise ConfigError(f"{key}: {override.input_line} has no value")
        return number
    return len(sweep.list) if isinstance(sweep, ChoiceSweep) else 1
