"""From parts to the deliverable: one dataset and one log of all scenarios of a sweep.

Parts are read twice, one after the other: first what they hold, which gives the shape of the
dataset, then their values, a block of scenarios at a time, so that memory is bounded however many
there are. The order is that of the table, not that in which scenarios were finished.
"""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import xarray as xr

from leukosim import store
from leukosim.files import write_whole
from leukosim.parts import TEXT, BrokenPart, Part, Stored, read_part, values_in

SCENARIO = "scenario"
MIB = 2**20  # bytes
CHUNK = MIB  # about what a chunk of a variable holds
COPIES = 6  # of a block in memory while it is written
TEXT_BYTES = 64  # about what a text takes

HEADER_BYTES = 2**15  # about what the description of a part takes

Position = slice | np.ndarray
Described = tuple[Part, bytes, dict[str, list[Any]]]  # a part, its values, its labels


@dataclass
class Held:
    """What all parts together say of one variable."""

    stored: Stored  # as in the first part that has it
    parts: int = 1
    is_same: bool = True  # in all parts that have it


@dataclass
class Layout:
    """The shape of the merged dataset, gathered part by part."""

    labels: dict[str, list[Any]] = field(default_factory=dict)  # of dimensions that have some
    label_attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)  # of those that have none
    differing: set[str] = field(default_factory=set)  # dimensions not alike in all parts
    variables: dict[str, Held] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)  # alike in all parts
    parts: int = 0

    def add(self, part: Part, labels: Mapping[str, list[Any]]) -> None:
        """Take one more part into account."""
        is_first = self.parts == 0
        self.parts += 1
        self.attributes = {
            name: value
            for name, value in part.attributes.items()
            if is_first or (name in self.attributes and self.attributes[name] == value)
        }
        for dim, own in labels.items():
            known = self.labels.setdefault(dim, own)
            self.label_attributes.setdefault(dim, part.variables[dim].attributes)
            if known != own:
                self.differing.add(dim)
                self.labels[dim] = union(known, own)
        for name, stored in part.variables.items():
            if name in labels:
                continue
            for dim, size in zip(stored.dims, stored.shape, strict=True):
                if dim not in labels:
                    if self.longest.setdefault(dim, size) != size:
                        self.differing.add(dim)
                        self.longest[dim] = max(size, self.longest[dim])
            held = self.variables.setdefault(name, Held(stored, 0))
            held.parts += 1
            held.is_same &= (held.stored.content, held.stored.shape) == (
                stored.content,
                stored.shape,
            )

    def size(self, dim: str) -> int:
        """The length of a dimension of the dataset."""
        return len(self.labels[dim]) if dim in self.labels else self.longest[dim]

    def shape(self, stored: Stored) -> tuple[int, ...]:
        """The shape of a variable of the dataset, of one scenario."""
        return tuple(self.size(dim) for dim in stored.dims)

    def is_once(self, held: Held) -> bool:
        """Whether a variable is kept once for all scenarios, as who the patients are."""
        alike = held.is_same and held.parts == self.parts
        return alike and not {"arm", *self.differing} & set(held.stored.dims)

    def dtype(self, held: Held, has_holes: bool) -> Any:
        """The type of a variable by scenario; whole numbers have no nan for what is missing."""
        if held.stored.kind == TEXT:
            return str
        kind = np.dtype(held.stored.kind)
        is_full = held.parts == self.parts and not has_holes
        if kind.kind == "f" or (is_full and not self.differing & set(held.stored.dims)):
            return kind
        return np.dtype(float)

    def bytes_a_scenario(self) -> int:
        """About what one scenario takes in memory."""
        sizes = (
            (TEXT_BYTES if held.stored.kind == TEXT else 8) * math.prod(self.shape(held.stored))
            for held in self.variables.values()
        )
        return max(1, sum(sizes))


def union(known: list[Any], own: list[Any]) -> list[Any]:
    """Labels of both: numbers in order, texts as they came."""
    both = list(dict.fromkeys([*known, *own]))
    return both if any(isinstance(label, str) for label in both) else sorted(both)


def labels_of(part: Part, data: bytes) -> dict[str, list[Any]]:
    """The labels of a part's dimensions."""
    return {name: values_in(data, part.variables[name]).tolist() for name in part.coordinates}


# ---------------------------------------------------------------------- both files


def merge(
    files: Sequence[Path | None],
    digests: Sequence[str],
    scenarios: xr.Dataset,
    log_columns: Sequence[str],
    folder: Path,
    memory: float,
) -> None:
    """Write the decision log and the dataset of all scenarios, in this order.

    Parameters
    ----------
    files : the part of each scenario; None: it failed
    digests : by which each part is known
    scenarios : what is known of them beforehand, by ``scenario``: axes, status, error
    log_columns : of the log, without those that name the scenario
    memory : bytes, about what may be taken

    Raises
    ------
    BrokenPart
        With nothing written.
    leukosim.files.NotWritten
    """
    layout = Layout()
    kept: dict[Path, Described] = {}  # what was read, as long as the memory is enough for it
    room = memory / COPIES

    def write_log(to: Path) -> None:
        nonlocal room
        axes = [name for name in scenarios.coords if name != SCENARIO]
        values = [scenarios[name].values.tolist() for name in axes]
        with to.open("w", encoding="utf-8", newline="") as file:
            log = csv.writer(file, lineterminator="\n")
            log.writerow([*log_columns, SCENARIO, *axes])
            for number, (path, digest) in enumerate(zip(files, digests, strict=True)):
                if path is not None:
                    part, data, rows = read_part(path)
                    if part.digest != digest:
                        raise BrokenPart(path, f"it holds the scenario {part.digest}")
                    labels = labels_of(part, data)
                    layout.add(part, labels)
                    room -= len(data) + HEADER_BYTES
                    if room > 0:
                        kept[path] = part, data, labels
                    place = [number, *(of_axis[number] for of_axis in values)]
                    log.writerows([*row, *place] for row in rows)

    write_whole(folder / store.DECISIONS, write_log)
    write_whole(
        folder / store.RESULTS,
        lambda to: write_results(to, files, kept, scenarios, layout, memory),
    )


def write_results(
    to: Path,
    files: Sequence[Path | None],
    kept: Mapping[Path, Described],
    scenarios: xr.Dataset,
    layout: Layout,
    memory: float,
) -> None:
    """Write the dataset: what there is once by xarray, what differs block by block."""
    once = {name for name, held in layout.variables.items() if layout.is_once(held)}
    by_scenario = {name: held for name, held in layout.variables.items() if name not in once}
    there = [path for path in files if path is not None]
    frame = scenarios.assign_attrs({**layout.attributes, **scenarios.attrs})
    frame = frame.assign_coords(
        {dim: (dim, labels, layout.label_attributes[dim]) for dim, labels in layout.labels.items()}
    )
    if once:
        first, data, _ = read_part(there[0])
        for name in once:
            stored = first.variables[name]
            frame[name] = (stored.dims, values_in(data, stored), stored.attributes)
    store.write_netcdf(frame, to)

    at_once = max(1, int(memory / (COPIES * layout.bytes_a_scenario())))
    rows = len(files) if at_once >= len(files) else 2 ** int(math.log2(at_once))
    has_holes = len(there) < len(files)
    try:
        with netCDF4.Dataset(to, "a") as file:
            file.set_auto_maskandscale(False)
            for name, held in by_scenario.items():
                declare(file, name, held.stored, layout, layout.dtype(held, has_holes), rows)
            for first_row in range(0, len(files), rows):
                block = files[first_row : first_row + rows]
                read = [
                    None if path is None else kept.get(path) or described(path) for path in block
                ]
                for name, held in by_scenario.items():
                    values = stacked(name, held, read, layout, layout.dtype(held, has_holes))
                    if values.size:
                        file.variables[name][first_row : first_row + len(block)] = values
    except RuntimeError as error:  # of the netCDF library, which does not say why
        raise OSError(f"{error}; is the disk full?") from error


def declare(
    file: netCDF4.Dataset, name: str, stored: Stored, layout: Layout, dtype: Any, rows: int
) -> None:
    """Make room for a variable by scenario, as xarray would, in chunks that blocks fill."""
    shape = layout.shape(stored)
    for dim, size in zip(stored.dims, shape, strict=True):
        if dim not in file.dimensions:
            file.createDimension(dim, size)
    dims = (SCENARIO, *stored.dims)
    if dtype is str:
        made = file.createVariable(name, str, dims)
    else:
        row = max(1, math.prod(shape) * dtype.itemsize)
        chunk = min(rows, 2 ** int(math.log2(max(1, CHUNK // row))))
        chunks = None if 0 in shape else (chunk, *shape)
        missing = np.nan if dtype.kind == "f" else None
        cache = chunk * row  # each chunk is written once; by default, netCDF keeps many
        made = file.createVariable(
            name, dtype, dims, chunksizes=chunks, fill_value=missing, chunk_cache=cache,
            **store.COMPRESSION,
        )  # fmt: skip
    attributes = {key: store.storable(value) for key, value in stored.attributes.items()}
    labels = [name for name in file.variables["status"].getncattr("coordinates").split()]
    made.setncatts({**attributes, "coordinates": " ".join(labels)})


def described(path: Path) -> Described:
    """A part with its values and its labels."""
    part, data, _ = read_part(path)
    return part, data, labels_of(part, data)


def stacked(
    name: str,
    held: Held,
    block: Sequence[Described | None],
    layout: Layout,
    dtype: Any,
) -> np.ndarray:
    """The values of a variable in a block of scenarios, each at its labels."""
    is_whole = not layout.differing & set(held.stored.dims)
    shape = len(block), *layout.shape(held.stored)
    values = np.full(shape, "", object) if dtype is str else np.full(shape, missing_of(dtype))
    for row, each in zip(values, block, strict=True):
        if each is not None and name in each[0].variables:
            part, data, labels = each
            stored = part.variables[name]
            if is_whole:
                row[...] = values_in(data, stored)
                continue
            where = [
                position(dim, size, labels, layout)
                for dim, size in zip(stored.dims, stored.shape, strict=True)
            ]
            if all(isinstance(at, slice) for at in where):
                row[tuple(where)] = values_in(data, stored)
            else:
                numbers = [
                    np.arange(size)[at]
                    for at, size in zip(where, layout.shape(held.stored), strict=True)
                ]
                row[np.ix_(*numbers)] = values_in(data, stored)
    return values


def missing_of(dtype: np.dtype) -> Any:
    """What stands where a scenario has nothing; whole numbers are only used where all have some."""
    return dtype.type(np.nan) if dtype.kind == "f" else dtype.type(0)


def position(dim: str, size: int, labels: Mapping[str, list[Any]], layout: Layout) -> Position:
    """Where a part's values go along a dimension of the dataset."""
    if dim not in labels:
        return slice(0, size)
    if dim not in layout.differing:
        return slice(None)
    place = {label: at for at, label in enumerate(layout.labels[dim])}
    return np.array([place[label] for label in labels[dim]], int)


# ---------------------------------------------------------------------- what is known beforehand


def table_of(
    axes: Mapping[str, tuple[Sequence[Any], str]],
    identities: Sequence[Mapping[str, Any]],
    errors: Sequence[str],
) -> xr.Dataset:
    """What a sweep knows of its scenarios without their results.

    Parameters
    ----------
    axes : by name, the value of each scenario and the unit
    identities : what decides the numbers of each scenario
    errors : what went wrong in each; empty: nothing
    """
    table = xr.Dataset(coords={SCENARIO: np.arange(len(errors))})
    for axis, (values, unit) in axes.items():
        if len({isinstance(value, str) for value in values}) > 1:
            values = [str(value) for value in values]
        array = np.array(values, object if isinstance(values[0], str) else None)
        table = table.assign_coords(
            {axis: (SCENARIO, array, {"long_name": axis, "units": unit or "1"})}
        )
    first = identities[0]
    texts = {
        "status": (
            ["failed" if error else "finished" for error in errors],
            "whether the scenario has results",
        ),
        "error": (list(errors), "what went wrong"),
        "scenario_config": (
            [json.dumps(store.differences(first, each)) for each in identities],
            "fields that differ from the attribute config, by their paths; null: not there",
        ),
    }
    for name, (of_each, meaning) in texts.items():
        table[name] = (SCENARIO, np.array(of_each, object), {"long_name": meaning})
    return table
