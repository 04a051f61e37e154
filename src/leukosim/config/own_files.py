"""YAML files of a user's own, checked before Hydra reads them.

YAML can describe, in a few lines, more data than a machine can hold, and Hydra says of a file that
cannot be read neither its name nor the line.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from leukosim.config.words import groups
from leukosim.errors import ConfigError

MOST_BYTES = 1_000_000  # the largest file that comes with the package has about 5,000
MOST_VALUES = 100_000  # that a file may hold once its aliases are written out
DEEPEST = 50  # lists and mappings inside one another
TAGS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "str", "bool", "null"))


def check_folders(folders: Iterable[Path]) -> None:
    """Raise :class:`ConfigError` for a file in a group of these folders that is no configuration.

    Files outside of the groups of leukosim, such as those beside a script, are not looked at.
    """
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")):
            if path.name == "config.yaml":
                check_file(path)
        for group in groups():
            for path in sorted((folder / group).rglob("*.yaml")):
                check_file(path)


def check_file(path: Path) -> None:
    """Raise :class:`ConfigError`, with file and line, for a file that is no configuration."""
    if not path.is_file():
        raise ConfigError(f"{path} is not a file")
    if path.stat().st_size > MOST_BYTES:
        raise ConfigError(
            f"{path} has {path.stat().st_size} bytes: allowed are {MOST_BYTES} (bytes)"
        )
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8: byte {error.start} is {error.object[error.start]:#x}"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    try:
        check_events(text, path)
        check_defaults(yaml.safe_load(text), path)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise ConfigError(f"{path}{where} is not YAML: {problem}") from None


def check_defaults(content: Any, path: Path) -> None:
    """Raise :class:`ConfigError` where the list of files to begin with is none."""
    entries = content.get("defaults", []) if isinstance(content, dict) else []
    if not isinstance(entries, list):
        raise ConfigError(f"{path}: defaults = {entries} is not a list of files, such as [_self_]")
    for entry in entries:
        chosen = list(entry.values()) if isinstance(entry, dict) else [entry]
        names = chosen[0] if chosen and isinstance(chosen[0], list) else chosen
        named = isinstance(entry, dict) and all(isinstance(each, str) for each in entry)
        is_file = all(isinstance(each, str) or (named and each is None) for each in names)
        if len(chosen) != 1 or not is_file or not (named or isinstance(entry, str)):
            raise ConfigError(
                f"{path}: {entry} in defaults is not a file: write _self_, name, or group: name"
            )


def check_events(text: str, path: Path) -> None:
    """Look through a file without making what it describes."""
    sizes: dict[str, int] = {}  # of what an anchor stands for, written out
    open_groups: list[tuple[str | None, int]] = []  # anchor, and values before it
    total, first = 0, True
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        where = f"{path}, line {event.start_mark.line + 1}"
        if isinstance(event, yaml.CollectionStartEvent):
            if first and not isinstance(event, yaml.MappingStartEvent):
                raise ConfigError(f"{where} is a list, not fields and their values")
            open_groups.append((event.anchor, total))
            if len(open_groups) > DEEPEST:
                raise ConfigError(f"{where} nests more than {DEEPEST} lists or mappings")
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_groups.pop()
            if anchor is not None:
                sizes[anchor] = total - before + 1
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise ConfigError(f"{where}: *{event.anchor} stands for nothing, or for itself")
            total += sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            if first and event.value:
                raise ConfigError(f"{where} is a text, not fields and their values")
            if event.anchor is not None:
                sizes[event.anchor] = 1
        if isinstance(event, yaml.NodeEvent):
            first, total = False, total + 1
            tag = getattr(event, "tag", None)
            if tag not in (None, "!") and tag not in TAGS:
                raise ConfigError(f"{where}: the tag {tag} is not allowed")
        if total > MOST_VALUES:
            raise ConfigError(
                f"{where}: with its aliases written out the file has more than {MOST_VALUES} values"
            )
