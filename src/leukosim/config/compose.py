"""Composition of a configuration by Hydra, and its errors in a sentence."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import hydra
import omegaconf
import xarray as xr
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException
from yaml import MarkedYAMLError

from leukosim.config.checks import check_doses, check_names, check_rules
from leukosim.config.hydra_settings import CheckedLoader, check_words
from leukosim.config.own_files import check_folders
from leukosim.config.posterior import drawn, posterior_draws, reference
from leukosim.config.reading import build, names_of
from leukosim.config.renamed import sentence_on_data, sentence_on_words
from leukosim.config.schema import Config
from leukosim.config.words import check_choices
from leukosim.errors import ConfigError, unknown

LONGEST_CYCLE = 366  # days, as of leukosim.clinic.strategy.regimens.Regimen


def read_config(composed: DictConfig) -> Config:
    """The run that a composed configuration describes.

    Raises
    ------
    ConfigError
    """
    return read_plain(to_plain(composed))


def read_plain(
    plain: Mapping[str, Any], known: tuple[Mapping[str, Any] | None, "Config | None"] = (None, None)
) -> Config:
    """The run that plain data describe.

    known : other data and their run, of which what is the very same is taken over

    Raises
    ------
    ConfigError
    """
    try:
        config = build(Config, plain, model=default_config(), known=known)
    except ConfigError as error:
        raise ConfigError(sentence_on_data(plain) or str(error)) from None
    check_names(config)
    check_rules(config)
    check_doses(config)
    return config


def config_of(ds: xr.Dataset) -> Config:
    """The configuration of the run that made a result; of a sweep that of its first scenario.

    Raises
    ------
    ConfigError
        If another version of the code made it, or no run did.
    """
    if "config" not in ds.attrs:
        raise ConfigError("the dataset names no configuration: no run or sweep made it")
    try:
        return build(Config, json.loads(ds.attrs["config"]), model=default_config())
    except ConfigError as error:
        raise ConfigError(f"the result is of another version of leukosim: {error}") from None


@cache
def default_config() -> Config:
    """A run as the code alone declares it."""
    return Config()


def to_plain(composed: DictConfig) -> dict[str, Any]:
    """A composed configuration as plain data, references resolved."""
    try:
        plain = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except (OmegaConfBaseException, HydraException) as error:
        raise ConfigError(explain(error)) from None
    assert isinstance(plain, dict)
    plain.pop("hydra", None)
    return plain  # type: ignore[return-value]


def unit_of(path: str, record: Any) -> str:
    """The unit of the field at a path in a tree of dataclasses; empty where it has none."""
    name, _, rest = path.partition(".")
    if isinstance(record, Mapping):
        return unit_of(rest, record.get(name)) if rest else ""
    declared = {each.name: each for each in fields(record)} if is_dataclass(record) else {}
    if name not in declared:
        return ""
    return unit_of(rest, getattr(record, name)) if rest else declared[name].metadata.get("unit", "")


def explain(error: Exception) -> str:
    """What Hydra or OmegaConf complain of, as one sentence."""
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        path, known = error.missing_cfg_file, error.options or []
        group, _, name = path.removesuffix(".yaml").rpartition("/")
        return f"{group or 'config'}: {unknown(name, known, group or 'file')}"
    for inner in chain_of(error):
        if isinstance(inner, ConfigError):  # of a function that a configuration calls
            where = getattr(error, "full_key", None)
            return f"{where}: {inner}" if where else str(inner)
        if isinstance(inner, MarkedYAMLError) and inner.problem_mark is not None:
            mark = inner.problem_mark
            return f"{mark.name}, line {mark.line + 1} is not YAML: {inner.problem}"
    cause: BaseException = error
    while cause.__cause__ is not None and not isinstance(cause, OmegaConfBaseException):
        cause = cause.__cause__
    if isinstance(cause, ConfigAttributeError | ConfigKeyError) and cause.full_key:
        if cause.full_key.startswith("hydra."):
            return f"{cause.full_key} is not a setting of the sweeper and the launcher chosen"
        return str(unknown(cause.full_key, names_of(Config), "field"))
    message, where = str(error), ""
    if isinstance(cause, OmegaConfBaseException) and cause.msg:
        where = f"{cause.full_key}: " if cause.full_key else ""
        message = str(cause.msg)
    if "HydraConfig was not set" in message:
        message = "${hydra:...} has no value here: only output may refer to Hydra's own settings"
    message = message.split("full_key:")[0].split("\nSee https")[0]
    return where + " ".join(message.split())


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that led to it."""
    while error is not None:
        yield error
        error = error.__cause__


def as_plain(record: Any, known: dict[int, tuple[Any, Any]] | None = None) -> Any:
    """The values of a tree of dataclasses as plain data, to be composed, compared or written.

    known : what was made of records before, by their identity, to be used again
    """
    if known is not None and id(record) in known:
        return known[id(record)][1]
    if is_dataclass(record):
        plain: Any = {
            name: as_plain(getattr(record, name), known) for name in names_of(type(record))
        }
    elif isinstance(record, dict):
        plain = {name: as_plain(each, known) for name, each in record.items()}
    else:
        return list(record) if isinstance(record, tuple) else record
    if known is not None:
        known[id(record)] = record, plain  # the record, too, lest another one takes its identity
    return plain


@cache
def register() -> None:
    """Tell Hydra the defaults, and OmegaConf how to add numbers, list days and look up draws.

    Called before anything is composed; a second call does nothing.
    """
    node = OmegaConf.create(as_plain(Config()))
    for name in posterior_draws():
        declared = OmegaConf.select(node, name)
        if declared is not None:  # else it is a number of one cohort, whose file refers to it
            OmegaConf.update(node, name, reference(declared, name))
    for name in node:
        if isinstance(node[name], DictConfig):
            # An unknown field inside is left to read_config, whose message says more.
            OmegaConf.set_struct(node[name], False)
    ConfigStore.instance().store(name="defaults", node=node, provider="leukosim")
    # OmegaConf 2.4, which comes with Hydra 1.4, renames this; 2.3 means something else by the name
    is_old = omegaconf.__version__.startswith("2.3")
    add: Any = OmegaConf.register_new_resolver if is_old else OmegaConf.register_resolver
    add("sum", added, replace=True)
    add("days", days, replace=True)
    add("drawn", drawn, replace=True)


def days(first: Any, last: Any) -> list[int]:
    """Every day from the first to the last, as ``${days:1,21}`` in a regimen.

    None if either is no whole number: the field that holds it is told so when it is checked.

    Raises
    ------
    ConfigError
        For more days than a cycle can have.
    """
    both = isinstance(first, int) and isinstance(last, int)
    if both and last - first >= LONGEST_CYCLE:
        raise ConfigError(
            f"${{days:{first},{last}}} has {last - first + 1} days (day of the cycle): allowed "
            f"are {LONGEST_CYCLE}"
        )
    return list(range(first, last + 1)) if both else []


def added(*numbers: Any) -> Any:
    """The sum of numbers, as ``${sum:1,${trigger.delay_days}}``."""
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ConfigError(f"${{sum:...}} adds numbers, and {number!r} is none")
    return sum(numbers)


def compose(overrides: Sequence[str] = (), folder: str | Path | None = None) -> Config:
    """The run that these overrides ask for, as the command line would read them.

    Parameters
    ----------
    overrides : such as ``["study=relaza2", "trigger.level=1e-3"]``
    folder : of the user's own YAML files, as after ``--config-dir``
    """
    return read_config(compose_plain(overrides, folder))


def compose_plain(overrides: Sequence[str] = (), folder: str | Path | None = None) -> DictConfig:
    """The same, before it is checked."""
    register()
    check_choices(overrides)
    check_folders([Path(folder)] if folder else [])
    refuse_empty(overrides)
    check_words(overrides)
    set_version()
    try:
        loader = CheckedLoader(None if folder is None else Path(folder))
        composed = loader.load_configuration("config", list(overrides), RunMode.RUN)
    except (OmegaConfBaseException, HydraException) as error:
        raise ConfigError(sentence_on_words(overrides) or explain(error)) from None
    return without_hydra(composed)


def without_hydra(composed: DictConfig) -> DictConfig:
    """A configuration without Hydra's own section."""
    return OmegaConf.masked_copy(composed, [key for key in composed if key != "hydra"])


def refuse_empty(overrides: Sequence[str]) -> None:
    """Raise :class:`ConfigError` where a group is to be emptied, which merging would not do."""
    for override in overrides:
        path, _, value = override.partition("=")
        known: Any = as_plain(Config())
        for name in path.lstrip("+").split("."):
            known = known.get(name) if isinstance(known, Mapping) else None
        if known and isinstance(known, Mapping) and value.replace(" ", "") == "{}":
            raise ConfigError(
                f"{override} would change nothing: null takes an entry out, "
                f"such as {path}.{next(iter(known))}=null"
            )


def set_version() -> None:
    """Choose the behaviour of Hydra 1.3 where that is to be chosen; 1.4 knows no other."""
    if hydra.__version__.startswith("1.3"):
        hydra.version.setbase("1.3")
