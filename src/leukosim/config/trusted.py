"""Fields that count on the command line only, so that a file from someone else cannot set them.

They run commands, send work to another machine, or decide which files are written and replaced.
Everything else in a file of ``--config-dir`` changes the simulation and nothing more.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from leukosim.config.paths import config_folder
from leukosim.errors import ConfigError

RUNS = "it runs commands on the cluster"
SENDS = "it sends work to another machine"
WRITES = "it decides which files are written"
OUTLIVES = "it starts jobs that nobody waits for"
TRUSTED = {
    "output": WRITES,
    "overwrite": WRITES,
    "executor.job_folder": WRITES,
    "executor.submit": OUTLIVES,
    "executor.address": SENDS,
    "executor.scheduler_file": SENDS,
    **{
        f"executor.{queue}.{name}": RUNS
        for queue in ("slurm", "jobqueue")
        for name in ("setup", "python", "additional")
    },
}
PARTS = ("output", "overwrite", "executor")  # of a configuration, where these fields are


def check_trusted(composed: DictConfig, words: Iterable[str]) -> None:
    """Raise :class:`ConfigError` where a trusted field has a value that no word gave it.

    Parameters
    ----------
    composed : what Hydra made of the words and of files
    words : of the command line
    """
    found, expected = plain_part(composed), expected_of(words)
    for path, why in TRUSTED.items():
        value, allowed = at(found, path), [at(expected, path)]
        if path == "output" and allowed == [of_package()]:
            allowed.append(declared()["output"])  # of a primary configuration of the user's own
        if value is not None and value not in allowed:
            raise ConfigError(
                f"{path} = {value} comes from a file and is not allowed there, as {why}: give "
                f"{path} on the command line"
            )


def expected_of(words: Iterable[str]) -> dict[str, Any]:
    """The parts of a configuration with trusted fields, as the package and the words set them."""
    expected = OmegaConf.create(declared() | {"output": of_package()})
    parser = OverridesParser.create()
    for word in words:
        key = word.lstrip("+~").partition("=")[0]
        # a word such as executor=slurm chooses a file and sets no field
        if key.split(".")[0] not in PARTS or key == "executor":
            continue
        try:
            override = parser.parse_override(word)
            if not override.is_delete() and not override.is_sweep_override():
                OmegaConf.update(expected, key, override.value(), force_add=True)
        except (HydraException, OmegaConfBaseException):
            continue  # Hydra says what is wrong with it
    return plain_part(expected)


def plain_part(config: DictConfig) -> dict[str, Any]:
    """The parts with trusted fields as plain data, with references as they are written."""
    part = OmegaConf.masked_copy(config, [name for name in PARTS if name in config])
    return OmegaConf.to_container(part, resolve=False)  # type: ignore[return-value]


def at(tree: Any, path: str) -> Any:
    """What stands at a path; None where there is nothing."""
    for name in path.split("."):
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree


@cache
def declared() -> dict[str, Any]:
    """The same parts as the code declares them."""
    return plain_part(ConfigStore.instance().load("defaults.yaml").node)


@cache
def of_package() -> str:
    """The output folder as ``config.yaml`` of the package writes it."""
    primary: Any = OmegaConf.to_container(OmegaConf.load(config_folder() / "config.yaml"))
    return str(primary["output"])
