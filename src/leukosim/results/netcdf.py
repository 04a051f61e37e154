"""Datasets as compressed netCDF files."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from leukosim.errors import ConfigError
from leukosim.results.atomic_write import Writer, write_whole

# Level 4 takes twice the time for a fifth less. A changed byte of values is noticed on reading.
COMPRESSION: Any = {"zlib": True, "complevel": 2, "shuffle": True, "fletcher32": True}


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


class Unreadable(ConfigError):
    """A dataset that is damaged, or no netCDF file at all."""

    def __init__(self, path: str | Path, why: Exception):
        super().__init__(
            f"{path} cannot be read, as it is damaged or no netCDF file ({str(why) or repr(why)}): "
            "where a run or a sweep wrote it, overwrite=true makes it again"
        )


def load_dataset(path: str | Path) -> xr.Dataset:
    """Read a dataset that :func:`save_dataset` wrote; days stay numbers.

    Raises
    ------
    Unreadable
    """
    with opened(path) as dataset:
        return dataset


@contextmanager
def opened(path: str | Path, bytes_to_hold: float = math.inf) -> Iterator[xr.Dataset]:
    """A dataset in memory, or, if it is larger than this, on the disk and read where it is used.

    Raises
    ------
    Unreadable
    """
    try:
        dataset = on_disk(path)
    except FileNotFoundError:
        raise
    except Exception as error:  # a changed byte may lead to any error
        raise Unreadable(path, error) from error
    with dataset:
        if dataset.nbytes <= bytes_to_hold:
            try:
                dataset.load()
            except Exception as error:
                raise Unreadable(path, error) from error
        yield dataset


def on_disk(path: str | Path) -> xr.Dataset:
    """A dataset whose values are read where they are used."""
    return xr.open_dataset(
        path, engine="netcdf4", decode_times=False, decode_timedelta=False, cache=False
    )


def storable(value: Any) -> Any:
    """What a netCDF attribute can hold: no truth values, no None, no mappings."""
    if isinstance(value, bool | np.bool_):
        return int(value)
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, Mapping) else value


def attributes_of(path: Path) -> dict[str, Any]:
    """The attributes of a result, without its data; none where there is none, or it is damaged."""
    try:
        return read_attributes(path)
    except (OSError, Unreadable):
        return {}


def read_attributes(path: Path) -> dict[str, Any]:
    """The attributes of a result, without its data.

    Raises
    ------
    FileNotFoundError
    Unreadable
    """
    with opened(path, -1.0) as dataset:
        return dict(dataset.attrs)
