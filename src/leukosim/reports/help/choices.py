"""The groups of configuration files: what can be chosen, and what the comment of a file says."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from leukosim.config.paths import config_folder

# What is chosen in a group, in the order of the help.
GROUPS: Mapping[str, str] = {
    "study": "a question, with the fields that belong to it",
    "strategy": "the arms, one or several in a list",
    "cohort": "which patients",
    "hypothesis": "why a leukaemia resists treatment",
    "cxcr4_by_subtype": "how subtypes differ in CXCR4",
    "executor": "where the work runs",
}


def choices_of(group: str, folders: Iterable[Path] = ()) -> dict[str, str]:
    """What can be chosen in a group, and the first sentence about each choice.

    folders : of the user's own files, as after ``--config-dir``
    """
    files = [path for each in (config_folder(), *folders) for path in (each / group).glob("*.yaml")]
    return {path.stem: about(path) for path in sorted(files, key=lambda path: path.stem)}


def about(path: Path) -> str:
    """The first sentence of the comment that a file opens with."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    text = " ".join(
        line for line in lines if not line.startswith(("@package", "leukosim run"))
    ).strip()
    return re.split(r"(?<!\bal)(?<!\bvs)[.:]\s", text + " ", maxsplit=1)[0].strip()


def chosen_by_default() -> dict[str, Any]:
    """The choice of each group that a run makes where none is named."""
    text = (config_folder() / "config.yaml").read_text(encoding="utf-8")
    entries = [each for each in yaml.safe_load(text)["defaults"] if isinstance(each, dict)]
    return {
        name: value
        for each in entries
        for name, value in each.items()
        if not name.startswith("override")
    }
