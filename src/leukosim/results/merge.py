"""From shards to the deliverable: one dataset and one log of all scenarios of a sweep.

Shards are read three times, one after the other: for what they hold, which gives the shape of the
dataset, for their decisions, and for their values, a block of scenarios at a time, so that memory
is bounded however many there are. What fits into memory is read once. The order is that of the
table, not that of time, and nothing depends on which scenarios share a shard.
"""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import xarray as xr

from leukosim.results import netcdf, output_folder, provenance
from leukosim.results.atomic_write import write_together
from leukosim.results.checksums import CHECKSUMS
from leukosim.results.merged_shape import ARM, MergedShape, VariableShape
from leukosim.results.shards import Shard, read_shard
from leukosim.results.trajectories import Trajectories, TrialArrays
from leukosim.results.variables import Labelled

SCENARIO = "scenario"
MIB = 2**20  # bytes
CHUNK = MIB  # about what a chunk of a variable holds
COPIES = 6  # of a block in memory while it is written

Sources = Sequence[tuple[Path, str] | None]  # by scenario: its shard, its digest; None: it failed
Places = tuple[np.ndarray, ...]  # int[place] along each dimension


class Reader:
    """Shards by their files; what was read is kept as long as the memory is enough for it."""

    def __init__(self, memory: float):
        self.room = memory / COPIES
        self.kept: dict[Path, Shard] = {}
        self.last: tuple[Path, Shard] | None = None

    def scenario(self, path: Path, digest: str) -> TrialArrays:
        """One scenario of a shard.

        Raises
        ------
        DamagedShard
        """
        if path in self.kept:
            return self.kept[path].scenario(digest)
        if self.last is None or self.last[0] != path:
            self.last = None  # before the next takes its room
            shard = read_shard(path)
            self.last = path, shard
            self.room -= shard.nbytes
            if self.room > 0:
                self.kept[path] = shard
        return self.last[1].scenario(digest)


def by_part(sources: Sources) -> dict[Path, list[tuple[int, str]]]:
    """Positions and digests of scenarios, by the shard that each is in."""
    result: dict[Path, list[tuple[int, str]]] = {}
    for position, source in enumerate(sources):
        if source is not None:
            path, digest = source
            result.setdefault(path, []).append((position, digest))
    return result


def merge(
    sources: Sources,
    scenarios: xr.Dataset,
    log_columns: Sequence[str],
    folder: Path,
    memory: float,
) -> None:
    """Write the decision log and the dataset of all scenarios, both or neither.

    Parameters
    ----------
    sources : where each scenario is kept
    scenarios : what is known of them beforehand, by ``scenario``: axes, status, error
    log_columns : of the log, without those that name the scenario
    memory : bytes, about what may be taken

    Raises
    ------
    DamagedShard
        With no dataset written.
    leukosim.errors.NotWritten
    """
    reader = Reader(memory)
    layout = layout_of(sources, reader)
    write_together(
        {
            folder / output_folder.DECISIONS: lambda to: write_log(
                to, sources, reader, scenarios, log_columns
            ),
            folder / output_folder.RESULTS: lambda to: write_results(
                to, sources, reader, scenarios, layout, memory
            ),
        },
        checksums=folder / CHECKSUMS,
        digest=str(scenarios.attrs.get("digest", "")),
    )


def layout_of(sources: Sources, reader: Reader) -> MergedShape:
    """The shape of the dataset."""
    layout = MergedShape()
    own: dict[int, tuple[Labelled, Mapping[str, Any]]] = {}
    for path, those in by_part(sources).items():
        together = {at: reader.scenario(path, digest) for at, digest in those}
        layout.add_shard(list(together.values()))
        own |= {at: (each.coordinates[ARM], each.attributes) for at, each in together.items()}
    for at in sorted(own):
        layout.add_scenario(*own[at])
    layout.labels = {ARM: layout.labels.pop(ARM, []), **layout.labels}  # first, as in a run
    return layout


# ---------------------------------------------------------------------- the log


def write_log(
    to: Path,
    sources: Sources,
    reader: Reader,
    scenarios: xr.Dataset,
    log_columns: Sequence[str],
) -> None:
    """Write the log of decisions."""
    axes = [name for name in scenarios.coords if name != SCENARIO]
    values = [scenarios[name].values.tolist() for name in axes]
    lines: dict[int, list[str]] = {}  # of the trajectories of one shard
    trajectories: Trajectories | None = None
    with to.open("w", encoding="utf-8", newline="") as file:
        file.write(as_line([*log_columns, SCENARIO, *axes]))
        for number, source in enumerate(sources):
            if source is None:
                continue
            scenario = reader.scenario(*source)
            if scenario.trajectories is not trajectories:
                lines, trajectories = {}, scenario.trajectories
            end = "," + as_line([number, *(of_axis[number] for of_axis in values)])
            for arm, rows in zip(scenario.arms, scenario.rows.tolist(), strict=True):
                begin = as_text([arm]) + ","
                for row in rows:
                    if row not in lines:
                        lines[row] = [as_text(each) for each in trajectories.decisions[row]]
                    file.writelines([f"{begin}{line}{end}" for line in lines[row]])


def as_line(values: Sequence[Any]) -> str:
    """Values as a line of a CSV file."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()


def as_text(values: Sequence[Any]) -> str:
    """Values as they stand within a line of a CSV file."""
    return as_line(values)[:-1]


# ---------------------------------------------------------------------- the dataset


def write_results(
    to: Path,
    sources: Sources,
    reader: Reader,
    scenarios: xr.Dataset,
    layout: MergedShape,
    memory: float,
) -> None:
    """Write the dataset: what there is once by xarray, what differs block by block."""
    once = {name: held for name, held in layout.variables.items() if layout.is_once(held)}
    frame = scenarios.assign_attrs({**layout.attributes, **scenarios.attrs})
    frame = frame.assign_coords(
        {dim: (dim, labels, layout.label_attributes[dim]) for dim, labels in layout.labels.items()}
    )
    for name, held in once.items():
        frame[name] = (held.dims, held.first, held.attributes)
    netcdf.write_netcdf(frame, to)

    has_holes = any(source is None for source in sources)
    dtypes = {
        name: layout.dtype(held, has_holes)
        for name, held in layout.variables.items()
        if name not in once
    }
    rows = rows_of_block(len(sources), memory / (COPIES * layout.bytes_a_scenario()))
    try:
        with netCDF4.Dataset(to, "a") as file:
            file.set_auto_maskandscale(False)
            for name, dtype in dtypes.items():
                declare(file, name, layout.variables[name], layout, dtype, rows)
            for first in range(0, len(sources), rows):
                block = sources[first : first + rows]
                for name, values in values_of(block, reader, layout, dtypes).items():
                    if values.size:
                        file.variables[name][first : first + len(block)] = values
    except RuntimeError as error:  # of the netCDF library, which does not say why
        raise OSError(f"{error}; is the disk full?") from error


def rows_of_block(scenarios: int, within_memory: float) -> int:
    """How many scenarios are written at once: all, or a power of two, which chunks divide."""
    if within_memory >= scenarios:
        return scenarios
    return 2 ** int(math.log2(max(1.0, within_memory)))


def declare(
    file: netCDF4.Dataset,
    name: str,
    held: VariableShape,
    layout: MergedShape,
    dtype: Any,
    rows: int,
) -> None:
    """Make room for a variable by scenario, as xarray would, in chunks that blocks fill."""
    shape = layout.shape(held.dims)
    for dim, size in zip(held.dims, shape, strict=True):
        if dim not in file.dimensions:
            file.createDimension(dim, size)
    dims = (SCENARIO, *held.dims)
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
            **netcdf.COMPRESSION,
        )  # fmt: skip
    attributes = {key: netcdf.storable(value) for key, value in held.attributes.items()}
    labels = file.variables["status"].getncattr("coordinates").split()
    made.setncatts({**attributes, "coordinates": " ".join(labels)})


def values_of(
    block: Sources, reader: Reader, layout: MergedShape, dtypes: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """All variables of some scenarios, each value at its labels; a shard is read once."""
    values = {}
    for name, dtype in dtypes.items():
        shape = len(block), *layout.shape(layout.variables[name].dims)
        kind = object if dtype is str else dtype
        values[name] = np.full(shape, missing_of(dtype), kind)
    for path, those in by_part(block).items():
        together = {at: reader.scenario(path, digest) for at, digest in those}
        put_courses(values, together, layout, dtypes)
        for at, scenario in together.items():
            for name in scenario.variables.keys() & dtypes.keys():
                each = scenario.variables[name]
                into, taken = places(each.dims, scenario, each.values.shape, layout)
                values[name][at][np.ix_(*into)] = each.values[np.ix_(*taken)]
    return values


def put_courses(
    values: Mapping[str, np.ndarray],
    together: Mapping[int, TrialArrays],
    layout: MergedShape,
    dtypes: Mapping[str, Any],
) -> None:
    """Put the trajectories of scenarios of one shard, by position, where they belong."""
    positions = list(together)
    # int[scenario, arm, patient], each trajectory's row; -1: there is no such patient or arm
    rows = np.full((len(positions), *layout.shape((ARM, "patient"))), -1)
    for own, scenario in zip(rows, together.values(), strict=True):
        into, taken = places((ARM, "patient"), scenario, scenario.rows.shape, layout)
        own[np.ix_(*into)] = scenario.rows[np.ix_(*taken)]
    used = np.unique(rows[rows >= 0])
    which = np.searchsorted(used, rows)
    which[rows < 0] = len(used)  # where the table has a last row, for those who have no trajectory
    first = together[positions[0]]
    for name in first.trajectories.variables.keys() & dtypes.keys():
        each = first.trajectories.variables[name]
        into, taken = places(each.dims[1:], first, each.values.shape[1:], layout)
        table = np.full(
            (len(used) + 1, *values[name].shape[3:]), missing_of(dtypes[name]), values[name].dtype
        )
        table[np.ix_(np.arange(len(used)), *into)] = each.values[np.ix_(used, *taken)]
        values[name][positions] = table[which]


def missing_of(dtype: Any) -> Any:
    """What stands where a scenario has nothing; whole numbers are only used where all have some."""
    if dtype is str:
        return ""
    return dtype.type(np.nan) if dtype.kind == "f" else dtype.type(0)


def places(
    dims: Sequence[str], scenario: TrialArrays, shape: Sequence[int], layout: MergedShape
) -> tuple[Places, Places]:
    """Where values go in the dataset, and which of them, along each dimension."""
    labels = {**scenario.trajectories.coordinates, **scenario.coordinates}
    pairs = [
        along(dim, size, labels[dim].values.tolist() if dim in labels else None, layout)
        for dim, size in zip(dims, shape, strict=True)
    ]
    into, taken = zip(*pairs, strict=True) if pairs else ((), ())
    return into, taken


def along(
    dim: str, size: int, labels: list[Any] | None, layout: MergedShape
) -> tuple[np.ndarray, np.ndarray]:
    """The same along one dimension; a shard may hold more than its scenarios here have."""
    if labels is None or labels == layout.labels[dim]:
        every = np.arange(min(size, layout.size(dim)))
        return every, every
    place = {label: at for at, label in enumerate(layout.labels[dim])}
    result = [(place[label], at) for at, label in enumerate(labels) if label in place]
    into, taken = np.array(result, int).reshape(-1, 2).T
    return into, taken


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
            [json.dumps(provenance.differences(first, each)) for each in identities],
            "fields that differ from the attribute config, by their paths; null: not there",
        ),
    }
    for name, (of_each, meaning) in texts.items():
        table[name] = (SCENARIO, np.array(of_each, object), {"long_name": meaning})
    return table
