"""Which fields a user has set: by words of a command line, and in files of the user's own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from leukosim.config.command_line import own_folders
from leukosim.config.compose import as_plain
from leukosim.config.reading import names_of
from leukosim.config.schema import Config
from leukosim.results.provenance import flat

GLOBAL = "_global_"  # Hydra's package of files that may set any field
NO_FIELDS = ("defaults", "hydra")  # of a file


def fields_set(words: Sequence[str]) -> dict[str, str]:
    """The fields that a user has set, and the name of the file that does; empty: a word does.

    A section that is set as a whole counts as a field, and a choice of a group does not.

    words : of a command line, or of :func:`leukosim.config.overrides.words_of`
    """
    sections = as_plain(Config())
    found = fields_in_files(words)
    for word in words:
        path, is_set, value = word.lstrip("+").partition("=")
        is_choice = isinstance(sections.get(path), Mapping) and not value.startswith("{")
        if is_set and path.split(".")[0] in sections and not is_choice:
            found[path] = ""
    return found


def fields_in_files(words: Sequence[str]) -> dict[str, str]:
    """The fields that files set which were chosen from a user's own folders."""
    found: dict[str, str] = {}
    for group, name in chosen_files(words):
        for folder in own_folders(words):
            path = folder / group / f"{name}.yaml"
            if path.is_file():
                found |= dict.fromkeys(fields_of(path, group), path.name)
    return found


def chosen_files(words: Sequence[str]) -> list[tuple[str, str]]:
    """Groups and the names that words choose in them."""
    chosen = []
    for word in words:
        group, _, value = word.partition("=")
        if group.replace("_", "").isalnum():
            names = value.strip("[]").split(",")
            chosen += [(group, name.strip().strip("'\"")) for name in names]
    return chosen


def fields_of(path: Path, group: str) -> list[str]:
    """The paths of fields that a file sets; none where Hydra is going to refuse it."""
    try:
        content: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    except (OmegaConfBaseException, YAMLError, OSError, UnicodeDecodeError):
        return []
    if not isinstance(content, Mapping):
        return []
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    package = first.partition("@package")[2].strip() or group
    prefix = "" if package == GLOBAL else f"{package}."
    own = {name: each for name, each in content.items() if name not in NO_FIELDS}
    paths = [f"{prefix}{each}" for each in flat(own)] if own else []
    return [each for each in paths if each.split(".")[0] in names_of(Config)]
