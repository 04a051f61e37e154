"""What a user may set of Hydra itself. No file of a configuration can name code to be run.

Hydra runs what its own section of a configuration names: callbacks, handlers of logs, plug-ins,
commands of cluster jobs. leukosim therefore takes nothing of that section from files. A command
line may choose a sweeper and a launcher that are installed, and set their options.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from omegaconf import DictConfig, OmegaConf

from leukosim.config.paths import config_folder
from leukosim.config.trusted import check_trusted
from leukosim.errors import ConfigError, join, listed

# Options of Hydra's that a command line may hold, and whether a value follows.
OPTIONS = {
    "--multirun": False, "-m": False, "--run": False, "-r": False, "--resolve": False,
    "--help": False, "-h": False, "--hydra-help": False, "--cfg": True, "-c": True,
    "--package": True, "-p": True, "--info": True, "-i": True, "--config-dir": True, "-cd": True,
    "--config-name": True, "-cn": True,
}  # fmt: skip
REFUSED_OPTIONS = {
    "--config-path": "--config-dir adds a folder of your own files",
    "-cp": "--config-dir adds a folder of your own files",
    "--experimental-rerun": "it would run code of a file; give the command again",
}
SWEEPER, LAUNCHER = "hydra/sweeper", "hydra/launcher"
GROUPS = (SWEEPER, LAUNCHER, "hydra/sweeper/sampler")
SECTIONS = ("hydra.sweeper.", "hydra.launcher.")
INSTEAD = {
    "hydra.run": "output=FOLDER says where results go",
    "hydra.sweep": "output=FOLDER says where results go",
    "hydra.output_subdir": "output=FOLDER says where results go",
    "hydra.job.chdir": "output=FOLDER says where results go",
    "hydra.searchpath": "--config-dir FOLDER adds a folder of your own files",
    "hydra.mode": "-m sweeps",
}
ONLY = (
    f"of Hydra's own settings, {listed([*GROUPS, *(f'{each}*' for each in SECTIONS)])} can be set"
)

# Keys by which Hydra would find and call code.
CODE = ("_target_", "_partial_", "_args_", "_convert_", "_recursive_", "_call_")

OWN_FILES = "command-line"  # what Hydra calls the folder after --config-dir
KEY = re.compile(r"[+~]*([^=@:]+)(?:@([^=]*))?")


def check_words(words: Sequence[str]) -> None:
    """Raise :class:`ConfigError` where a command line sets what it may not.

    words : options first
    """
    takes_value = False
    for word in words:
        if takes_value:
            takes_value = False
        elif word.startswith("-"):
            name, _, value = word.partition("=")
            check_option(name)
            takes_value = OPTIONS[name] and not value
        else:
            check_override(word)


def check_option(name: str) -> None:
    """Raise :class:`ConfigError` where an option is not known or not allowed."""
    refused = [each for each in REFUSED_OPTIONS if len(name) > 4 and each.startswith(name)]
    if name not in OPTIONS and (name in REFUSED_OPTIONS or refused):
        option = name if name in REFUSED_OPTIONS else refused[0]
        raise ConfigError(f"{option} is not allowed: {REFUSED_OPTIONS[option]}")
    if name not in OPTIONS:
        near = difflib.get_close_matches(name, OPTIONS, 1)
        hint = f"did you mean {near[0]}?" if near else f"allowed {listed(OPTIONS)}"
        raise ConfigError(f"{name} is not a known option: {hint}")


def check_override(word: str) -> None:
    """Raise :class:`ConfigError` where a field of the command line may not be set."""
    named = KEY.match(word)
    key, package = (named[1].strip(), named[2] or "") if named else ("", "")
    if not set(CODE).isdisjoint(re.split(r"\W+", word)):
        raise ConfigError(f"{shown(word)} names code to be run: a configuration holds values only")
    if package.lstrip("_").startswith("hydra"):
        raise ConfigError(f"{shown(word)} changes Hydra's own settings: {ONLY}")
    if key != "hydra" and not key.startswith(("hydra.", "hydra/")):
        return
    if key in GROUPS or key.startswith(SECTIONS):
        return
    known = [each for each in INSTEAD if key == each or key.startswith(f"{each}.")]
    raise ConfigError(f"{key} cannot be set: {INSTEAD[known[0]] if known else ONLY}")


def shown(word: str) -> str:
    """A word of a command line, cut where it is long."""
    return word if len(word) <= 80 else f"{word[:77]}..."


class CheckedLoader(ConfigLoaderImpl):
    """Composes configurations as Hydra does, and refuses one whose files name code.

    folder : of the user's own YAML files

    Raises
    ------
    leukosim.errors.ConfigError
        From each of its methods that compose, before anything of the configuration is used.
    """

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(search_path(folder))

    def _load_configuration_impl(
        self, config_name: str | None, overrides: list[str], *more: Any, **named: Any
    ) -> DictConfig:
        composed = super()._load_configuration_impl(config_name, overrides, *more, **named)
        check_values(composed)
        check_trusted(composed, overrides)
        return composed

    def _load_single_config(self, default: Any, *more: Any, **named: Any) -> Any:
        loaded = super()._load_single_config(default, *more, **named)
        if loaded.provider == OWN_FILES:
            folder = str(loaded.path).removeprefix("file://")
            check_file(loaded, f"{folder}/{str(default.config_path).removesuffix('.yaml')}.yaml")
        return loaded

    def _process_config_searchpath(self, config_name: str | None, *more: Any) -> None:
        loaded = self.repository.load_config(config_path=config_name) if config_name else None
        if loaded is not None and OmegaConf.is_dict(loaded.config):
            if OmegaConf.select(loaded.config, "hydra.searchpath"):
                raise ConfigError(
                    f"{config_name}.yaml: hydra.searchpath cannot be set: "
                    f"{INSTEAD['hydra.searchpath']}"
                )
        super()._process_config_searchpath(config_name, *more)


def check_file(loaded: Any, name: str) -> None:
    """Raise :class:`ConfigError` where a file of the user's sets anything of Hydra's.

    loaded : the file as Hydra has read it, at its place in the configuration
    """
    named = [
        str(getattr(each, part, None) or "")
        for each in loaded.defaults_list or []
        for part in ("group", "path", "package")
    ]
    chosen = [each for each in named if "hydra" in re.split(r"[/.]", each)]
    if chosen or "hydra" in loaded.config:
        what = chosen[0].lstrip("/") if chosen else first_path(loaded.config.hydra, "hydra")
        raise ConfigError(
            f"{name} sets {what}: files hold fields of leukosim only, and nothing of "
            "Hydra's own settings"
        )


def first_path(tree: Any, path: str) -> str:
    """The path of the first value of a tree."""
    while isinstance(tree, DictConfig) and len(tree):
        name = next(iter(tree))
        path, tree = join(path, name), tree._get_node(name)
    return path


def search_path(folder: Path | None) -> Any:
    """Where Hydra looks for files: in the package, then in a folder of the user's."""
    path = create_config_search_path(str(config_folder()))
    if folder is not None:
        if not folder.is_dir():
            raise ConfigError(f"--config-dir {folder} is not a folder")
        path.prepend(OWN_FILES, f"file://{folder.absolute()}", SearchPathQuery(provider="schema"))
    return path


def check_values(composed: DictConfig) -> None:
    """Raise :class:`ConfigError` where a field outside Hydra's section names code."""
    plain: Any = OmegaConf.to_container(composed, resolve=False)
    plain.pop("hydra", None)
    for path in code_in(plain):
        raise ConfigError(f"{path} names code to be run: a configuration holds values only")


def code_in(tree: Any, path: str = "") -> Iterator[str]:
    """The paths of keys by which Hydra would call code."""
    if isinstance(tree, Mapping):
        for name, child in tree.items():
            if name in CODE:
                yield join(path, name)
            yield from code_in(child, join(path, name))
    elif isinstance(tree, list):
        for each in tree:
            yield from code_in(each, path)
