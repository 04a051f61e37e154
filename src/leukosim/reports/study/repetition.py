"""The command that runs a study again."""

import json
import shlex
from collections.abc import Iterable
from typing import Any

import xarray as xr

from leukosim.config.compose import as_plain, compose
from leukosim.config.schema import Config
from leukosim.errors import ConfigError
from leukosim.results import provenance


def command_of(ds: xr.Dataset, config: Config) -> tuple[str, bool]:
    """The command that runs the study again, and whether it says everything.

    It does not where a strategy or a drug comes from a file of the user's own.
    """
    identity = json.loads(ds.attrs["config"])
    words = [f"study={config.study}"]
    try:
        words += overrides_of(config, compose(words))
        said = provenance.identity_of(as_plain(compose(words)))
        is_all = json.loads(json.dumps(said)) == identity
    except ConfigError:
        is_all = False
    axes: Iterable[str] = json.loads(ds.attrs.get("axes", "[]")) if "scenario" in ds.dims else []
    swept = {
        axis: ",".join(dict.fromkeys(f"{value}" for value in ds[axis].values)) for axis in axes
    }
    words = [word for word in words if word.partition("=")[0] not in swept]
    words += [f"{axis}={values}" for axis, values in swept.items()]
    flag = "-m " if "scenario" in ds.dims else ""
    return f"leukosim run {flag}" + " ".join(map(shlex.quote, words)), is_all


def overrides_of(config: Config, default: Config) -> list[str]:
    """What a command line has to say for a configuration to become another."""
    words = [] if config.arms == default.arms else [f"strategy=[{','.join(config.arms)}]"]
    ours, theirs = (
        provenance.flat({**provenance.identity_of(as_plain(each)), "strategies": {}, "arms": {}})
        for each in (config, default)
    )
    return words + [
        f"{path}={as_word(value)}" for path, value in ours.items() if value != theirs.get(path)
    ]


def as_word(value: Any) -> str:
    """A value as a command line writes it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{','.join(map(as_word, value))}]" if isinstance(value, list) else str(value)
