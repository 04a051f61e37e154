"""A finished scenario as one small file: what a sweep keeps while it goes on.

A part is a zip file of three members: ``header.json`` (attributes; name, dimensions, type and place
of every variable), ``data`` (all variables one after the other) and ``decisions.csv``. Any language
reads it, its checksums notice what is damaged, and it is written and read in a fiftieth of the time
that a netCDF file of as many variables takes.
"""

import csv
import hashlib
import io
import json
import math
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from leukosim.dataset import Gathered
from leukosim.files import write_whole

HEADER, DATA, DECISIONS = "header.json", "data", "decisions.csv"
SUFFIX = ".zip"
TEXT = "text"  # the type of variables that hold texts, kept as JSON
FAST = 1  # level of compression


class BrokenPart(Exception):
    """A part that cannot be read, such as after a loss of power; it has to be made again."""

    def __init__(self, path: Path, why: object):
        self.path = path
        super().__init__(f"{path} is damaged: {why}")


@dataclass(frozen=True)
class Stored:
    """One variable of a part: what it is, and where its bytes are."""

    dims: tuple[str, ...]
    kind: str
    shape: tuple[int, ...]
    first: int
    length: int
    content: str  # equal for equal values
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Part:
    """The description of a part, without its values."""

    path: Path
    digest: str
    attributes: dict[str, Any]
    coordinates: tuple[str, ...]
    variables: dict[str, Stored]


def write_part(
    path: Path, digest: str, gathered: Gathered, decisions: Iterable[Sequence[Any]]
) -> None:
    """Write a scenario whole or not at all.

    Raises
    ------
    leukosim.files.NotWritten
    """
    variables, pieces, first = {}, [], 0
    for name, (dims, values, attributes) in (gathered.coordinates | gathered.variables).items():
        if values.dtype.kind in "OU":
            kind, raw = TEXT, json.dumps(values.ravel().tolist()).encode()
        else:
            kind, raw = values.dtype.str, np.ascontiguousarray(values).tobytes()
        content = hashlib.blake2b(raw, digest_size=12).hexdigest()
        variables[name] = [
            dims, kind, values.shape, first, len(raw), content, attributes,
        ]  # fmt: skip
        pieces.append(raw)
        first += len(raw)
    header = json.dumps(
        {
            "digest": digest,
            "attributes": gathered.attributes,
            "coordinates": list(gathered.coordinates),
            "variables": variables,
        },
        default=plain_number,
    )
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(decisions)

    def write(to: Path) -> None:
        with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=FAST) as file:
            file.writestr(HEADER, header)
            file.writestr(DATA, b"".join(pieces))
            file.writestr(DECISIONS, text.getvalue())

    write_whole(path, write, flush=False)


def plain_number(value: Any) -> Any:
    """A number of NumPy's as one of Python's."""
    return value.item()


def is_there(path: Path) -> bool:
    """Whether there is a part that is not cut off; its values are checked when they are read."""
    return path.exists() and zipfile.is_zipfile(path)


def read_part(path: Path) -> tuple[Part, bytes, list[list[str]]]:
    """The description of a part, all its values for :func:`values_in`, and its decisions.

    Raises
    ------
    BrokenPart
    """
    try:
        with zipfile.ZipFile(path) as file:
            header = json.loads(file.read(HEADER))
            data = file.read(DATA)
            rows = list(csv.reader(io.StringIO(file.read(DECISIONS).decode())))
    except (OSError, zipfile.BadZipFile, zlib.error, KeyError, ValueError) as error:
        raise BrokenPart(path, error) from error
    variables = {
        name: Stored(tuple(dims), kind, tuple(shape), *rest)
        for name, (dims, kind, shape, *rest) in header["variables"].items()
    }
    part = Part(
        path, header["digest"], header["attributes"], tuple(header["coordinates"]), variables
    )
    return part, data, rows


def values_in(data: bytes, stored: Stored) -> np.ndarray:
    """The values of one variable."""
    raw = data[stored.first : stored.first + stored.length]
    if stored.kind != TEXT:
        return np.frombuffer(raw, stored.kind).reshape(stored.shape)
    texts = np.empty(math.prod(stored.shape), object)
    texts[:] = json.loads(raw)
    return texts.reshape(stored.shape)


def dataset_in(path: Path) -> xr.Dataset:
    """A part as the labelled dataset of its trial.

    Raises
    ------
    BrokenPart
    """
    part, data, _ = read_part(path)
    variables = {
        name: (stored.dims, values_in(data, stored), stored.attributes)
        for name, stored in part.variables.items()
    }
    coordinates = {name: variables.pop(name) for name in part.coordinates}
    return xr.Dataset(variables, coordinates, part.attributes)
