"""Results of runs and sweeps, in memory or from a folder."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from leukosim.analysis.patients import patients_table
from leukosim.config.compose import config_of
from leukosim.config.overrides import path_of
from leukosim.config.schema import Config
from leukosim.errors import ConfigError, listed
from leukosim.results.netcdf import read_attributes
from leukosim.results.output_folder import RESULTS, result_at
from leukosim.runs.execute import read_run

DIMS = ("scenario", "arm", "patient")
NEEDED = ("follow_up_day", "relapse_day", "death_day")  # of every table and figure


@dataclass(frozen=True, repr=False)
class RunResult:
    """A trial of all arms of one configuration.

    Attributes
    ----------
    dataset : Dataset
        Dimensions arm, patient, time and others; variables in ``docs/results.md``.
    decisions : DataFrame
        A row for each decision: arm, patient, day, rule, what was seen, and the action.
    folder : Path or None
        Where it is kept; None: in memory only.
    """

    dataset: xr.Dataset
    decisions: pd.DataFrame
    folder: Path | None = None
    temporary: Any = field(default=None, repr=False)  # a folder that is deleted with the result

    def __repr__(self) -> str:
        sizes = ", ".join(
            f"{self.dataset.sizes[dim]} {dim}s" for dim in DIMS if dim in self.dataset.dims
        )
        where = "in memory" if self.folder is None else f"in {self.folder}"
        return f"{type(self).__name__}({self.dataset.attrs.get('title', '')}: {sizes}; {where})"

    @property
    def config(self) -> Config:
        """The configuration of the run; of a sweep that of its first scenario."""
        return config_of(self.dataset)

    @property
    def digest(self) -> str:
        """A name for exactly these numbers: configuration, code and libraries."""
        return str(self.dataset.attrs["digest"])

    @cached_property
    def patients(self) -> pd.DataFrame:
        """A row for each patient and arm; see :func:`leukosim.analysis.patients.patients_table`."""
        return patients_table(self.dataset)


@dataclass(frozen=True, repr=False)
class SweepResult(RunResult):
    """Trials of several configurations: as of a run, with a first dimension ``scenario``."""

    failures: tuple[str, ...] = ()  # a sentence for each reason

    @property
    def axes(self) -> list[str]:
        """The fields that were varied."""
        return axes_of(self.dataset)

    @property
    def scenarios(self) -> pd.DataFrame:
        """The values of the varied fields and the status, a row for each scenario."""
        return pd.DataFrame({name: self.dataset[name].values for name in (*self.axes, "status")})

    def grid(self) -> xr.Dataset:
        """The dataset with a dimension for each varied field in place of ``scenario``."""
        return grid_of(self.dataset)


def axes_of(ds: xr.Dataset) -> list[str]:
    """The fields that a sweep varied; none in a single run."""
    return [str(axis) for axis in json.loads(ds.attrs.get("axes", "[]"))]


def grid_of(ds: xr.Dataset) -> xr.Dataset:
    """A sweep with a dimension for each varied field in place of ``scenario``.

    Raises
    ------
    ConfigError
        If it is no sweep.
    """
    axes = axes_of(ds)
    if "scenario" not in ds.dims or not axes:
        raise ConfigError("grid needs the result of a sweep: this is of a single run")
    return (
        ds.set_index(scenario=axes).unstack("scenario")
        if len(axes) > 1
        else by_one_axis(ds, axes[0])
    )


def by_one_axis(ds: xr.Dataset, axis: str) -> xr.Dataset:
    """A sweep of one field along that field."""
    return ds.swap_dims(scenario=axis).drop_vars("scenario", errors="ignore")


def load(path: str | Path) -> RunResult | SweepResult:
    """The result of a run or a sweep from its folder, or from the ``results.nc`` in it.

    Raises
    ------
    ConfigError
        If there is no result of leukosim.
    """
    named = path_of(path, "path")
    file = result_at(named)
    if file is None:
        raise ConfigError(f"there is no result at {named}")
    if file.name != RESULTS or "digest" not in read_attributes(file):
        raise ConfigError(f"{file} is not a result of leukosim")
    outcome = read_run(file.parent)
    kind = SweepResult if "scenario" in outcome.dataset.dims else RunResult
    return kind(outcome.dataset, outcome.decisions, file.parent)


def checked_dataset(ds: xr.Dataset) -> xr.Dataset:
    """A dataset of a trial or a sweep.

    Raises
    ------
    ConfigError
        If it is none, or a grid, in which a scenario has to be selected.
    """
    for name in NEEDED:
        if name not in ds:
            raise ConfigError(f"the dataset is not a result of leukosim: it has no {name}")
    for dim in DIMS:
        if ds.sizes.get(dim, 1) == 0:
            raise ConfigError(f"the dataset has no {dim}: select one or more")
    along = [axis for axis in axes_of(ds) if axis in ds.dims]
    if along:
        values = {axis: ds[axis].values[0].item() for axis in along}
        raise ConfigError(
            f"the dataset is a grid over {listed(along)}: select a point first, as "
            f".sel({values}), or use the dataset of the sweep"
        )
    return ds


def dataset_of(result: "RunResult | xr.Dataset | str | Path") -> xr.Dataset:
    """The dataset of a result, however it is given."""
    if isinstance(result, xr.Dataset):
        return checked_dataset(result)
    if isinstance(result, str | Path):
        return load(result).dataset
    if not isinstance(result, RunResult):
        raise ConfigError(
            f"{type(result).__name__} is not a result: allowed are what run, sweep and load give, "
            "a dataset of them, or a folder"
        )
    return result.dataset
