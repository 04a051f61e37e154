"""Datasets as compressed netCDF files."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from leukosim.results.atomic_write import Writer, write_whole

# level 4 takes twice the time for a fifth less
COMPRESSION: Any = {"zlib": True, "complevel": 2, "shuffle": True}


def save_dataset(dataset: xr.Dataset, path: Path) -> None:
    """Write a dataset as one compressed netCDF file.

    Raises
    ------
    NotWritten
        As where the disk is full; so do the other writers.
    """
    write_whole(path, dataset_writer(dataset))


def dataset_writer(dataset: xr.Dataset) -> Writer:
    """What writes a dataset as one compressed netCDF file."""
    return lambda to: write_netcdf(dataset, to)


def write_netcdf(dataset: xr.Dataset, to: Path) -> None:
    """Write a dataset into a file that is not yet in its place; an OSError where that fails."""
    dataset = dataset.copy()
    dataset.attrs = {name: storable(value) for name, value in dataset.attrs.items()}
    for variable in dataset.variables.values():
        variable.attrs = {name: storable(value) for name, value in variable.attrs.items()}
        variable.encoding = {}
    numeric = [name for name, v in dataset.variables.items() if v.dtype.kind in "iufb" and v.ndim]
    try:
        encoding = dict.fromkeys(numeric, COMPRESSION)
        dataset.to_netcdf(to, engine="netcdf4", encoding=encoding)
    except RuntimeError as error:  # of the netCDF library, which does not say why
        raise OSError(f"{error}; is the disk full?") from error


def load_dataset(path: str | Path) -> xr.Dataset:
    """Read a dataset that :func:`save_dataset` wrote; days stay numbers."""
    with xr.open_dataset(
        path, engine="netcdf4", decode_times=False, decode_timedelta=False
    ) as opened:
        return opened.load()


@contextmanager
def opened(path: Path, bytes_to_hold: float) -> Iterator[xr.Dataset]:
    """A dataset in memory, or, if it is larger than this, on the disk and read where it is used."""
    with xr.open_dataset(
        path, engine="netcdf4", decode_times=False, decode_timedelta=False, cache=False
    ) as dataset:
        yield dataset.load() if dataset.nbytes <= bytes_to_hold else dataset


def storable(value: Any) -> Any:
    """What a netCDF attribute can hold: no truth values, no None, no mappings."""
    if isinstance(value, bool | np.bool_):
        return int(value)
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, Mapping) else value


def attributes_of(path: Path) -> dict[str, Any]:
    """The attributes of a result, without its data."""
    try:
        with xr.open_dataset(
            path, engine="netcdf4", decode_times=False, decode_timedelta=False
        ) as opened:
            return dict(opened.attrs)
    except (OSError, ValueError):
        return {}
