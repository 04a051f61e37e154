"""What Hydra makes of a command line, and its errors in a sentence."""

import itertools
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from leukosim.config.compose import explain, refuse_empty, register, version_arguments
from leukosim.config.interpolation import Table
from leukosim.config.paths import config_folder
from leukosim.config.renamed import sentence_on_words
from leukosim.config.sweep_grammar import Space
from leukosim.errors import ConfigError, listed, unknown

VALUED = ("--config-dir", "-cd", "--config-name", "-cn", "--cfg", "-c", "--package", "-p", "--info")


def compose(words: list[str]) -> list[DictConfig | Table | Space]:
    """What Hydra makes of a command line; nothing where it only showed something.

    The work is done outside of Hydra, which would turn its errors into tracebacks.
    """
    register()
    refuse_empty(words)
    tasks: list[Any] = []
    arguments, full = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = ["leukosim run", *options_first(words)]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises what it would else print
    try:
        start = hydra.main(
            config_path=str(config_folder()), config_name="config", **version_arguments()
        )
        start(tasks.append)()
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        if full == "1":
            raise
        raise ConfigError(sentence_on_words(words) or sentence_for(error, words)) from None
    finally:
        sys.argv = arguments
        os.environ.pop("HYDRA_FULL_ERROR")
        if full is not None:
            os.environ["HYDRA_FULL_ERROR"] = full
    for task in tasks:
        for composed in getattr(task, "composed", [task]):
            check_strategies(composed, words)
    return tasks


def options_first(words: list[str]) -> list[str]:
    """Options before fields, however they are mixed: Hydra takes fields in one piece only."""
    options: list[str] = []
    others: list[str] = []
    previous = ""
    for word in words:
        is_option = word.startswith("-") or (previous in VALUED and "=" not in word)
        (options if is_option else others).append(word)
        previous = word
    return options + others


def sentence_for(error: Exception, words: Sequence[str]) -> str:
    """What Hydra complains of; what there is to choose from is looked up where it cannot say."""
    if isinstance(error, MissingConfigException) and not error.options:
        group, _, name = (error.missing_cfg_file or "").removesuffix(".yaml").rpartition("/")
        known = choices(group, words)
        if known:
            return f"{group}: {unknown(name, known, group)}"
    is_read = "while evaluating" in str(error)  # but a function in it cannot be called so
    if isinstance(error, OverrideParseException) and not is_read:
        return (
            f"{error.override} cannot be read: write field=value, several values as field=1,2 "
            "without spaces, a list or a function in quotes as 'field=[1,2]', every bracket closed"
        )
    several = re.search(r"Ambiguous value for argument '([^=']+)=([^']*)'", str(error))
    if several and "-m" not in words and "--multirun" not in words:
        field, values = several.groups()
        return (
            f"{field} = {values} are several values: leukosim run -m sweeps them; "
            f"a list is written '{field}=[{values}]'"
        )
    return explain(error)


def check_strategies(composed: DictConfig, words: Sequence[str]) -> None:
    """Raise :class:`ConfigError` where no strategy was chosen, or a file of one has no package."""
    if "strategy" in composed:
        lost = [
            path
            for folder in own_folders(words)
            for path in sorted((folder / "strategy").glob("*.yaml"))
            if "@package" not in path.read_text(encoding="utf-8").partition("\n")[0]
        ]
        file, name = (lost[0], lost[0].stem) if lost else ("a file of a strategy", "NAME")
        raise ConfigError(f"{file} must begin with the line `# @package strategies.{name}`")
    if not composed.get("strategies"):
        known = listed(choices("strategy", words))
        raise ConfigError(f"strategy = [] leaves no arm: choose one or more of {known}")


def choices(group: str, words: Sequence[str]) -> list[str]:
    """What can be chosen in a group, from the package and from the user's own folders."""
    folders = [config_folder(), *own_folders(words)]
    return sorted({path.stem for each in folders for path in (each / group).glob("*.yaml")})


def own_folders(words: Sequence[str]) -> list[Path]:
    """The folders named after ``--config-dir``."""
    options = ("--config-dir", "-cd")
    beside = [value for option, value in itertools.pairwise(words) if option in options]
    inside = [word.split("=", 1)[1] for word in words if word.startswith("--config-dir=")]
    return [Path(name) for name in (*beside, *inside)]
