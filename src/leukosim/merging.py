"""From parts to the deliverable: one dataset and one log of all scenarios of a sweep.

Parts are read twice, one after the other: first what they hold, which gives the shape of the
dataset, then their values, a block of scenarios at a time, so that memory is bounded however many
there are. The order is that of the table, not that in which scenarios were finished, and nothing
depends on which scenarios share a part.
"""

import csv
import io
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
from leukosim.gathered import Courses, Gathered, Labelled
from leukosim.parts import Part, read_part

SCENARIO = "scenario"
MIB = 2**20  # bytes
CHUNK = MIB  # about what a chunk of a variable holds
COPIES = 6  # of a block in memory while it is written
TEXT_BYTES = 64  # about what a text takes

Places = tuple[np.ndarray, ...]  # int[place] along each dimension
Sources = Sequence[tuple[Path, str] | None]  # by scenario: its part, its digest; None: it failed


@dataclass
class Held:
    """What all scenarios together say of one variable."""

    dims: tuple[str, ...]  # of one scenario
    dtype: np.dtype
    attributes: Mapping[str, Any]
    first: np.ndarray | None  # the values of the first scenario, unless every arm has its own
    scenarios: int = 0
    is_same: bool = True  # in all scenarios that have it

    @property
    def is_text(self) -> bool:
        """Whether it holds texts."""
        return self.dtype.kind in "OU"


@dataclass
class Layout:
    """The shape of the merged dataset, gathered part by part."""

    labels: dict[str, list[Any]] = field(default_factory=dict)  # of dimensions that have some
    label_attributes: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)  # of those that have none
    differing: set[str] = field(default_factory=set)  # dimensions not alike in all scenarios
    variables: dict[str, Held] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)  # alike in all scenarios
    scenarios: int = 0

    def add(self, scenario: Gathered) -> None:
        """Take what a scenario has of its own into account."""
        own = dict(scenario.attributes)
        if self.scenarios == 0:
            self.attributes = own
        elif self.attributes != own:
            known = self.attributes.items()
            self.attributes = {k: each for k, each in known if k in own and own[k] == each}
        self.scenarios += 1
        self.add_labels("arm", scenario.coordinates["arm"])

    def add_shared(self, together: Sequence[Gathered]) -> None:
        """Take what all scenarios of a part have in common into account."""
        first = together[0]
        held = first.courses.held(np.concatenate([each.rows.ravel() for each in together]))
        self.differing |= set(held)  # it must not matter who shares a part
        for dim, label in {**first.coordinates, **first.courses.coordinates}.items():
            if dim in held:
                self.add_labels(dim, label._replace(values=label.values[held[dim]]))
                self.labels[dim].sort()  # in whatever order they came
            elif dim != "arm":
                self.add_labels(dim, label)
        for name, each in first.variables.items():
            self.add_variable(name, each.dims, each, len(together))
            self.add_lengths(each.dims, each.values.shape)
        for name, each in first.courses.variables.items():
            self.add_variable(name, ("arm", "patient", *each.dims[1:]), each, len(together))
            lengths = [
                len(held[dim]) if dim in held else size
                for dim, size in zip(each.dims, each.values.shape, strict=True)
            ]
            self.add_lengths(each.dims[1:], lengths[1:])

    def add_labels(self, dim: str, label: Labelled) -> None:
        """Take labels of a dimension into account."""
        own = label.values.tolist()
        known = self.labels.setdefault(dim, own)
        self.label_attributes.setdefault(dim, label.attributes)
        if known != own:
            self.differing.add(dim)
            self.labels[dim] = union(known, own)

    def add_lengths(self, dims: Sequence[str], shape: Sequence[int]) -> None:
        """Take the lengths of dimensions without labels into account."""
        for dim, size in zip(dims, shape, strict=True):
            if dim not in self.labels and self.longest.setdefault(dim, size) != size:
                self.differing.add(dim)
                self.longest[dim] = max(size, self.longest[dim])

    def add_variable(
        self, name: str, dims: tuple[str, ...], each: Labelled, scenarios: int
    ) -> None:
        """Take a variable of some scenarios into account."""
        by_arm = "arm" in dims
        if name not in self.variables:
            first = None if by_arm else each.values
            self.variables[name] = Held(dims, each.values.dtype, each.attributes, first)
        held = self.variables[name]
        held.scenarios += scenarios
        held.is_same &= held.first is not None and equal(held.first, each.values)

    def size(self, dim: str) -> int:
        """The length of a dimension of the dataset."""
        return len(self.labels[dim]) if dim in self.labels else self.longest[dim]

    def shape(self, dims: Sequence[str]) -> tuple[int, ...]:
        """The shape of a variable of the dataset, of one scenario."""
        return tuple(self.size(dim) for dim in dims)

    def is_once(self, held: Held) -> bool:
        """Whether a variable is kept once for all scenarios, as who the patients are."""
        alike = held.is_same and held.scenarios == self.scenarios
        return alike and not self.differing & set(held.dims)

    def dtype(self, held: Held, has_holes: bool) -> Any:
        """The type of a variable by scenario; whole numbers have no nan for what is missing."""
        if held.is_text:
            return str
        kind = held.dtype
        is_full = held.scenarios == self.scenarios and not has_holes
        if kind.kind == "f" or (is_full and not self.differing & set(held.dims)):
            return kind
        return np.dtype(float)

    def bytes_a_scenario(self) -> int:
        """About what one scenario takes in memory."""
        sizes = (
            (TEXT_BYTES if held.is_text else 8) * math.prod(self.shape(held.dims))
            for held in self.variables.values()
        )
        return max(1, sum(sizes))


def union(known: list[Any], own: list[Any]) -> list[Any]:
    """Labels of both: numbers in order, texts as they came."""
    both = list(dict.fromkeys([*known, *own]))
    return both if any(isinstance(label, str) for label in both) else sorted(both)


def equal(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether arrays are the same to the last bit, nan included."""
    if one is other:
        return True
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.dtype.kind == "O":
        return bool((one == other).all())
    return one.tobytes() == other.tobytes()


# ---------------------------------------------------------------------- both files


class Reader:
    """Parts by their files; what was read is kept as long as the memory is enough for it."""

    def __init__(self, memory: float):
        self.room = memory / COPIES
        self.kept: dict[Path, Part] = {}
        self.last: tuple[Path, Part] | None = None

    def scenario(self, path: Path, digest: str) -> Gathered:
        """One scenario of a part.

        Raises
        ------
        BrokenPart
        """
        if path in self.kept:
            return self.kept[path].scenario(digest)
        if self.last is None or self.last[0] != path:
            part = read_part(path)
            self.last = path, part
            self.room -= part.nbytes
            if self.room > 0:
                self.kept[path] = part
        return self.last[1].scenario(digest)


def merge(
    sources: Sources,
    scenarios: xr.Dataset,
    log_columns: Sequence[str],
    folder: Path,
    memory: float,
) -> None:
    """Write the decision log and the dataset of all scenarios, in this order.

    Parameters
    ----------
    sources : where each scenario is kept
    scenarios : what is known of them beforehand, by ``scenario``: axes, status, error
    log_columns : of the log, without those that name the scenario
    memory : bytes, about what may be taken

    Raises
    ------
    BrokenPart
        With nothing written.
    leukosim.files.NotWritten
    """
    reader, layout = Reader(memory), Layout()
    write_whole(
        folder / store.DECISIONS,
        lambda to: write_log(to, sources, reader, scenarios, log_columns, layout),
    )
    write_whole(
        folder / store.RESULTS,
        lambda to: write_results(to, sources, reader, scenarios, layout, memory),
    )


def write_log(
    to: Path,
    sources: Sources,
    reader: Reader,
    scenarios: xr.Dataset,
    log_columns: Sequence[str],
    layout: Layout,
) -> None:
    """Write the log of decisions, and learn the shape of the dataset on the way."""
    axes = [name for name in scenarios.coords if name != SCENARIO]
    values = [scenarios[name].values.tolist() for name in axes]
    together: dict[Path, list[str]] = {}  # digests, by part
    for source in sources:
        if source is not None:
            together.setdefault(source[0], []).append(source[1])
    lines: dict[int, list[str]] = {}  # of the courses of one part
    courses: Courses | None = None
    with to.open("w", encoding="utf-8", newline="") as file:
        file.write(as_line([*log_columns, SCENARIO, *axes]))
        for number, source in enumerate(sources):
            if source is None:
                continue
            path, digest = source
            scenario = reader.scenario(path, digest)
            layout.add(scenario)
            if path in together:
                layout.add_shared([reader.scenario(path, own) for own in together.pop(path)])
            if scenario.courses is not courses:
                lines, courses = {}, scenario.courses
            end = "," + as_line([number, *(of_axis[number] for of_axis in values)])
            for arm, rows in zip(scenario.arms, scenario.rows.tolist(), strict=True):
                begin = as_text([arm]) + ","
                for row in rows:
                    if row not in lines:
                        lines[row] = [as_text(each) for each in courses.decisions[row]]
                    file.writelines([f"{begin}{line}{end}" for line in lines[row]])


def as_line(values: Sequence[Any]) -> str:
    """Values as a line of a CSV file."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()


def as_text(values: Sequence[Any]) -> str:
    """Values as they stand within a line of a CSV file."""
    return as_line(values)[:-1]


def write_results(
    to: Path,
    sources: Sources,
    reader: Reader,
    scenarios: xr.Dataset,
    layout: Layout,
    memory: float,
) -> None:
    """Write the dataset: what there is once by xarray, what differs block by block."""
    once = {name: held for name, held in layout.variables.items() if layout.is_once(held)}
    by_scenario = {name: held for name, held in layout.variables.items() if name not in once}
    frame = scenarios.assign_attrs({**layout.attributes, **scenarios.attrs})
    frame = frame.assign_coords(
        {dim: (dim, labels, layout.label_attributes[dim]) for dim, labels in layout.labels.items()}
    )
    for name, held in once.items():
        frame[name] = (held.dims, held.first, held.attributes)
    store.write_netcdf(frame, to)

    at_once = max(1, int(memory / (COPIES * layout.bytes_a_scenario())))
    rows = len(sources) if at_once >= len(sources) else 2 ** int(math.log2(at_once))
    has_holes = any(source is None for source in sources)
    try:
        with netCDF4.Dataset(to, "a") as file:
            file.set_auto_maskandscale(False)
            for name, held in by_scenario.items():
                declare(file, name, held, layout, layout.dtype(held, has_holes), rows)
            for first_row in range(0, len(sources), rows):
                block = Block(reader, sources[first_row : first_row + rows], layout)
                for name, held in by_scenario.items():
                    values = block.values(name, held, layout.dtype(held, has_holes))
                    if values.size:
                        file.variables[name][first_row : first_row + len(values)] = values
    except RuntimeError as error:  # of the netCDF library, which does not say why
        raise OSError(f"{error}; is the disk full?") from error


def declare(
    file: netCDF4.Dataset, name: str, held: Held, layout: Layout, dtype: Any, rows: int
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
            **store.COMPRESSION,
        )  # fmt: skip
    attributes = {key: store.storable(value) for key, value in held.attributes.items()}
    labels = [name for name in file.variables["status"].getncattr("coordinates").split()]
    made.setncatts({**attributes, "coordinates": " ".join(labels)})


class Block:
    """Some scenarios, whose values are put side by side."""

    def __init__(self, reader: Reader, sources: Sources, layout: Layout):
        self.layout = layout
        self.length = len(sources)
        self.scenarios: dict[int, Gathered] = {}  # by position
        self.together: dict[int, list[int]] = {}  # positions of those of the same courses
        for position, source in enumerate(sources):
            if source is not None:
                scenario = reader.scenario(*source)
                self.scenarios[position] = scenario
                self.together.setdefault(id(scenario.courses), []).append(position)
        # int[scenario, arm, patient], each course's row; -1: there is no such patient or arm
        self.rows = {key: self.rows_of(positions) for key, positions in self.together.items()}

    def rows_of(self, positions: Sequence[int]) -> np.ndarray:
        """Where the courses of some scenarios are, at the labels of the dataset."""
        rows = np.full((len(positions), *self.layout.shape(("arm", "patient"))), -1)
        for own, position in zip(rows, positions, strict=True):
            scenario = self.scenarios[position]
            into, taken = self.places(("arm", "patient"), scenario, scenario.rows.shape)
            own[np.ix_(*into)] = scenario.rows[np.ix_(*taken)]
        return rows

    def values(self, name: str, held: Held, dtype: Any) -> np.ndarray:
        """The values of a variable in all scenarios, each at its labels."""
        missing = missing_of(dtype)
        shape = self.length, *self.layout.shape(held.dims)
        values = np.full(shape, missing, object if dtype is str else dtype)
        for key, positions in self.together.items():
            first = self.scenarios[positions[0]]
            if name in first.courses.variables:
                each = first.courses.variables[name]
                # with a last row for those who have no course
                table = np.full((len(each.values) + 1, *shape[3:]), missing, values.dtype)
                into, taken = self.places(each.dims[1:], first, each.values.shape[1:])
                every = np.arange(len(each.values))
                table[np.ix_(every, *into)] = each.values[np.ix_(every, *taken)]
                values[positions] = table[self.rows[key]]
        for position, scenario in self.scenarios.items():
            if name in scenario.variables:
                each = scenario.variables[name]
                into, taken = self.places(each.dims, scenario, each.values.shape)
                values[position][np.ix_(*into)] = each.values[np.ix_(*taken)]
        return values

    def places(
        self, dims: Sequence[str], scenario: Gathered, shape: Sequence[int]
    ) -> tuple[Places, Places]:
        """Where values go in the dataset, and which of them, along each dimension."""
        labels = {**scenario.courses.coordinates, **scenario.coordinates}
        pairs = [
            self.along(dim, size, labels[dim].values.tolist() if dim in labels else None)
            for dim, size in zip(dims, shape, strict=True)
        ]
        into, taken = zip(*pairs, strict=True) if pairs else ((), ())
        return into, taken

    def along(self, dim: str, size: int, labels: list[Any] | None) -> tuple[np.ndarray, np.ndarray]:
        """The same along one dimension; a part may hold more than its scenarios here have."""
        if labels is None or labels == self.layout.labels[dim]:
            every = np.arange(min(size, self.layout.size(dim)))
            return every, every
        place = {label: at for at, label in enumerate(self.layout.labels[dim])}
        found = [(place[label], at) for at, label in enumerate(labels) if label in place]
        into, taken = np.array(found, int).reshape(-1, 2).T
        return into, taken


def missing_of(dtype: Any) -> Any:
    """What stands where a scenario has nothing; whole numbers are only used where all have some."""
    if dtype is str:
        return ""
    return dtype.type(np.nan) if dtype.kind == "f" else dtype.type(0)


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
