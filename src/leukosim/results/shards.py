"""Finished scenarios as small files: what a sweep keeps while it goes on.

A shard holds scenarios that were run together, so what they share is there once. It is a zip file
of four members: ``header.json`` (the scenarios; name, dimensions, type and place of variables),
``data`` (all variables one after the other, those of trajectories with a row for each trajectory),
``rows`` (for every scenario, arm and patient the row of the trajectory, int32) and
``decisions.csv`` (each with the row of its trajectory). Its checksums notice what is damaged, and
it is written and read in a fiftieth of the time that a netCDF file of as many variables takes.
"""

import csv
import hashlib
import io
import json
import math
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from leukosim.results.atomic_write import write_whole
from leukosim.results.trajectories import TRAJECTORY, Trajectories, TrialArrays
from leukosim.results.variables import Labelled

HEADER, DATA, ROWS, DECISIONS = "header.json", "data", "rows", "decisions.csv"
SUFFIX = ".zip"
TEXT = "text"  # the type of variables that hold texts, kept as JSON
ROW = np.dtype("<i4")
FAST = 1  # level of compression
AS_LISTS = 10  # decisions take about ten times the bytes of their text in memory


class DamagedShard(Exception):
    """A shard that cannot be read, such as after a loss of power; it has to be made again."""

    def __init__(self, path: Path, why: object):
        self.path = path
        super().__init__(f"{path} is damaged: {why}")


@dataclass(frozen=True)
class Shard:
    """What is read of a shard: its scenarios, which share their trajectories."""

    path: Path
    scenarios: dict[str, TrialArrays]  # by digest
    nbytes: int  # about what it takes in memory

    def scenario(self, digest: str) -> TrialArrays:
        """One of them; DamagedShard if it is not there."""
        if digest not in self.scenarios:
            raise DamagedShard(self.path, f"it does not hold the scenario {digest}")
        return self.scenarios[digest]


def name_of(digests: Sequence[str]) -> str:
    """The name of the file of these scenarios."""
    return hashlib.sha256(",".join(digests).encode()).hexdigest()[:20] + SUFFIX


def sharing(scenarios: Mapping[str, TrialArrays]) -> list[dict[str, TrialArrays]]:
    """Scenarios that fit into one shard: of the same trajectories and other variables."""
    groups: dict[tuple[int, int], dict[str, TrialArrays]] = {}
    for digest, each in scenarios.items():
        groups.setdefault((id(each.trajectories), id(each.variables)), {})[digest] = each
    return list(groups.values())


# ---------------------------------------------------------------------- writing


class Pieces:
    """Arrays one after the other, and what has to be known to take them apart again."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.length = 0

    def add(self, group: Mapping[str, Labelled]) -> dict[str, Any]:
        """Append arrays; return where each is."""
        described = {}
        for name, (dims, values, attributes) in group.items():
            if values.dtype.kind in "OU":
                kind, raw = TEXT, json.dumps(values.ravel().tolist()).encode()
            else:
                kind, raw = values.dtype.str, np.ascontiguousarray(values).tobytes()
            described[name] = [dims, kind, values.shape, self.length, len(raw), attributes]
            self.raw.append(raw)
            self.length += len(raw)
        return described


def write_shard(path: Path, scenarios: Mapping[str, TrialArrays]) -> None:
    """Write scenarios whole or not at all.

    scenarios : by digest, a group of :func:`sharing`; they differ in arms, rows and attributes

    Raises
    ------
    leukosim.errors.NotWritten
    """
    first = next(iter(scenarios.values()))
    every = np.concatenate([each.rows.ravel() for each in scenarios.values()])
    used, rows = np.unique(every, return_inverse=True)  # some trajectories may be of others
    trajectories = first.trajectories.taken(used)
    present = {
        dim: Labelled((TRAJECTORY, dim), each, {}) for dim, each in trajectories.present.items()
    }
    pieces = Pieces()
    groups = {
        "trajectories": trajectories.variables,
        "course_coordinates": trajectories.coordinates,
        "present": present,
        "variables": first.variables,
        "coordinates": {name: each for name, each in first.coordinates.items() if name != "arm"},
    }
    header = json.dumps(
        {
            "scenarios": {
                digest: {"arms": each.arms, "attributes": each.attributes}
                for digest, each in scenarios.items()
            },
            **{name: pieces.add(group) for name, group in groups.items()},
        },
        default=plain_number,
    )
    log = io.StringIO()
    csv.writer(log, lineterminator="\n").writerows(
        (row, *decision) for row, each in enumerate(trajectories.decisions) for decision in each
    )

    def write(to: Path) -> None:
        with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=FAST) as file:
            file.writestr(HEADER, header)
            file.writestr(DATA, b"".join(pieces.raw))
            file.writestr(ROWS, rows.astype(ROW).tobytes())
            file.writestr(DECISIONS, log.getvalue())

    write_whole(path, write, flush=False)


def plain_number(value: np.generic) -> Any:
    """A number of NumPy's as one of Python's."""
    return value.item()


# ---------------------------------------------------------------------- reading


def digests_in(path: Path) -> tuple[str, ...]:
    """The scenarios of a shard, none if it is cut off; their values are checked when they are read.

    Raises
    ------
    FileNotFoundError
    """
    result = path.stat()
    return digests_as_of(path, result.st_mtime_ns, result.st_size)


def kept_in(folder: Path) -> dict[str, Path]:
    """The file of every scenario kept in a folder, by digest."""
    files = sorted(folder.glob(f"[0-9a-f]*{SUFFIX}"))
    return {digest: path for path in files for digest in digests_in(path)}


@lru_cache(maxsize=100_000)
def digests_as_of(path: Path, changed: int, size: int) -> tuple[str, ...]:
    """The same, of a file as it was left at a time."""
    try:
        with zipfile.ZipFile(path) as file:
            return tuple(json.loads(file.read(HEADER))["scenarios"])
    except Exception:  # a byte of a zip file that is changed may lead to any error
        return ()


def read_shard(path: Path) -> Shard:
    """All that is in a shard.

    Raises
    ------
    DamagedShard
    """
    try:
        with zipfile.ZipFile(path) as file:
            header = json.loads(file.read(HEADER))
            data = file.read(DATA)
            rows = np.frombuffer(file.read(ROWS), ROW)
            text = file.read(DECISIONS)
        log = csv.reader(io.StringIO(text.decode(), newline=""))
        scenarios = dict(scenarios_of(header, data, rows, log))
        return Shard(path, scenarios, len(data) + rows.nbytes + AS_LISTS * len(text))
    except Exception as error:  # a byte of a zip file that is changed may lead to any error
        raise DamagedShard(path, error) from error


def scenarios_of(
    header: Mapping[str, Any], data: bytes, rows: np.ndarray, log: Iterable[Sequence[str]]
) -> Iterable[tuple[str, TrialArrays]]:
    """What the members of a shard say."""
    groups = {
        group: {name: values_at(data, place) for name, place in header[group].items()}
        for group in ("trajectories", "course_coordinates", "present", "variables", "coordinates")
    }
    n = len(next(iter(groups["trajectories"].values())).values)
    decisions: list[list[Sequence[str]]] = [[] for _ in range(n)]
    for row, *decision in log:
        decisions[int(row)].append(decision)
    trajectories = Trajectories(
        groups["trajectories"],
        groups["course_coordinates"],
        {dim: each.values for dim, each in groups["present"].items()},
        decisions,
    )
    patients, begin = len(groups["coordinates"]["patient"].values), 0
    for digest, own in header["scenarios"].items():
        end = begin + len(own["arms"]) * patients
        arms = Labelled(("arm",), np.array(own["arms"]), {})
        yield (
            digest,
            TrialArrays(
                trajectories,
                rows[begin:end].reshape(len(own["arms"]), patients),
                groups["variables"],
                {"arm": arms, **groups["coordinates"]},
                own["attributes"],
            ),
        )
        begin = end
    if begin != len(rows) or rows.max(initial=-1) >= n or rows.min(initial=0) < 0:
        raise ValueError("rows that do not fit its scenarios and trajectories")


def values_at(data: bytes, place: Sequence[Any]) -> Labelled:
    """One variable of a shard."""
    dims, kind, shape, first, length, attributes = place
    raw = data[first : first + length]
    if kind != TEXT:
        return Labelled(tuple(dims), np.frombuffer(raw, kind).reshape(shape), attributes)
    texts = np.empty(math.prod(shape), object)
    texts[:] = json.loads(raw)
    return Labelled(tuple(dims), texts.reshape(shape), attributes)
