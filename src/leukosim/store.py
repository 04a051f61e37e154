"""Results on disk: written whole or not at all, and carrying all it takes to run them again."""

import hashlib
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from leukosim import __version__
from leukosim.files import reason_of, remove_abandoned, write_whole
from leukosim.validation import ConfigError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

RESULTS, DECISIONS, CONFIG, LOCK = "results.nc", "decisions.csv", "config.yaml", ".leukosim.lock"
# level 4 takes twice the time for a fifth less
COMPRESSION: Any = {"zlib": True, "complevel": 2, "shuffle": True}
DISCRIMINATION = "discrimination.csv"  # of a sweep over hypotheses
# How the texts among them begin, by which they are known again.
CONFIG_TITLE, DECISIONS_TITLE = "# leukosim: the configuration", "arm,patient,day,rule"

# What cannot change a number of a result: fields of a configuration, and source files.
WITHOUT_INFLUENCE = ("output", "overwrite")
ONLY_SHOWN = (
    "arms", "calibration", "cli", "comparison", "descent", "discrimination", "document", "evidence",
    "figures", "files", "headlines", "individual_effects", "mesa_model", "page", "power",
    "predictions", "quantities", "reference", "repeated_trials", "report", "resampling", "screen",
    "search", "sensitivity", "survival", "tables", "uncertainty", "verification",
    "warmup",
)  # fmt: skip


def identity_of(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a configuration that decides the numbers."""
    identity = {name: each for name, each in plain.items() if name not in WITHOUT_INFLUENCE}
    identity["engine"] = {name: plain["engine"][name] for name in ("method", "agents")}
    identity["strategies"] = {arm: plain["strategies"][arm] for arm in plain["arms"]}  # in order
    return identity


def digest_of(identity: Mapping[str, Any]) -> str:
    """A name for exactly these numbers: configuration, code, and the libraries that draw."""
    content = json.dumps([identity, software()])
    return hashlib.sha256(content.encode()).hexdigest()[:20]


@cache
def software() -> str:
    """The code and the libraries that draw, as of this process."""
    libraries = (
        f"{name} {version(name)}" for name in ("numpy", "numba", "scipy", "mesa", "lifelines")
    )
    return ", ".join([f"leukosim {code_digest()}", *libraries])


@cache
def code_digest() -> str:
    """A name for exactly this simulation: the sources that can change a number."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        if path.relative_to(package).parts[0].removesuffix(".py") not in ONLY_SHOWN:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def provenance(identity: Mapping[str, Any], digest: str) -> dict[str, str]:
    """Attributes that say where a result comes from."""
    return {
        "Conventions": "CF-1.11",
        "title": f"leukosim: {identity['study']}",
        "source": f"leukosim {__version__}",
        "seed": str(identity["seed"]),
        "config": json.dumps(identity),
        "digest": digest,
        "code_digest": code_digest(),
        "commit": commit(),
        "versions": json.dumps(
            {name: version(name) for name in ("numpy", "numba", "scipy", "xarray")}
        ),
    }


def commit() -> str:
    """The commit of a checkout, with ``+`` if it has changes; empty for an installed package."""
    package = Path(__file__).parent
    ask = ["git", "-C", str(package)]
    try:
        top = run([*ask, "rev-parse", "--show-toplevel"])
        if Path(top) / "src" / "leukosim" != package:
            return ""  # someone else's repository, around an installation
        changed = run([*ask, "status", "--porcelain", "--untracked-files=no", str(package)])
        return run([*ask, "rev-parse", "HEAD"]) + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def run(command: list[str]) -> str:
    """What a command prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.strip()


# ---------------------------------------------------------------------- writing and reading


def save_dataset(dataset: xr.Dataset, path: Path) -> None:
    """Write a dataset as one compressed netCDF file.

    Raises
    ------
    NotWritten
        As where the disk is full; so do the other writers.
    """
    write_whole(path, lambda to: write_netcdf(dataset, to))


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


def save_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV."""
    write_whole(path, lambda to: table.to_csv(to, index=False))


def save_text(text: str, path: Path) -> None:
    """Write a text."""
    write_whole(path, lambda to: to.write_text(text, encoding="utf-8"))


def as_json(value: Any) -> str:
    """Plain data as a text that people can read."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


# ---------------------------------------------------------------------- the output folder


def folder_of(output: str) -> Path:
    """The output folder by its name.

    Raises
    ------
    ConfigError
        If the name is empty, which would mean the folder the user happens to be in.
    """
    if not output.strip():
        raise ConfigError("output is empty: it is a folder, such as output=outputs/mine")
    return Path(output)


def prepare_folder(folder: Path) -> None:
    """Create the output folder.

    Raises
    ------
    ConfigError
        If nothing can be written there, or it holds a file of someone else under a name that a
        result needs.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(f"output = {folder} cannot be written to: {reason_of(error)}") from None
    for name in foreign_files(folder):
        raise ConfigError(
            f"output = {folder} holds a {name} that leukosim did not write: choose another output"
        )


def foreign_files(folder: Path) -> list[str]:
    """Files that have the name of a result's and were not written by leukosim.

    Beside a result of leukosim, everything is taken to be its own.
    """
    if "digest" in attributes_of(folder / RESULTS):
        return []
    beginnings = {RESULTS: None, CONFIG: CONFIG_TITLE, DECISIONS: DECISIONS_TITLE}
    return [name for name, own in beginnings.items() if not begins_with(folder / name, own)]


def begins_with(path: Path, words: str | None) -> bool:
    """Whether a file, if there is one, begins with these words; None: it must not be there."""
    if not path.exists():
        return True
    if words is None or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(words)) == words.encode()


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Keep every other process from writing a folder meanwhile, and clear what killed ones left.

    The lock belongs to an open file, so it ends with the process, however that ends. Where the
    system or the disk knows no locks, nobody is kept out.

    Raises
    ------
    ConfigError
        If another process is writing there.
    """
    path = folder / LOCK
    handle = claim(path)
    try:
        remove_abandoned(folder)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def claim(path: Path) -> int:
    """An open file, locked by this process, that says so."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        if not locked(handle):
            holder = os.read(handle, 100).decode() or "another process"
            os.close(handle)
            raise ConfigError(
                f"output = {path.parent} is being written by {holder}: "
                "wait until it is done, or choose another output"
            )
        if is_at(path, handle):
            os.ftruncate(handle, 0)
            os.write(handle, f"process {os.getpid()} on {platform.node()}".encode())
            return handle
        os.close(handle)  # whoever held it has just deleted it


def locked(handle: int) -> bool:
    """Lock an open file, unless another has; true, too, where there are no locks."""
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a disk without locks
        return True
    return True


def is_at(path: Path, handle: int) -> bool:
    """Whether an open file is the one that lies at a path."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def attributes_of(path: Path) -> dict[str, Any]:
    """The attributes of a result, without its data."""
    try:
        with xr.open_dataset(
            path, engine="netcdf4", decode_times=False, decode_timedelta=False
        ) as opened:
            return dict(opened.attrs)
    except (OSError, ValueError):
        return {}


def is_finished(folder: Path, identity: Mapping[str, Any], digest: str) -> bool:
    """Whether a folder holds just this result already.

    Raises
    ------
    ConfigError
        If it holds another, which must not be overwritten.
    """
    path = folder / RESULTS
    if not path.exists():
        return False
    attributes = attributes_of(path)
    if attributes.get("digest") == digest:
        return True
    raise ConfigError(
        f"output = {folder} holds results of {what_differs(attributes, identity)}: "
        "choose another output, or allow overwrite=true"
    )


def what_differs(attributes: Mapping[str, Any], identity: Mapping[str, Any]) -> str:
    """In a few words, how the run that left a result differs from this one."""
    if "config" not in attributes:
        return "another kind"
    there = flat(json.loads(attributes["config"]))
    here = flat(json.loads(json.dumps(identity)))
    names = [name for name in {**here, **there} if here.get(name) != there.get(name)]
    if not names:
        return "another version of the code"
    name = names[0]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return (
        f"another configuration ({name} = {there.get(name, 'absent')} there, "
        f"{here.get(name, 'absent')} here{more})"
    )


def differences(first: Any, other: Any, path: str = "") -> dict[str, Any]:
    """The leaves of a tree of mappings that differ from those of a first one; None: not there."""
    if first is other or first == other:
        return {}
    if not (isinstance(first, Mapping) and isinstance(other, Mapping)):
        return {path: other}
    return {
        key: value
        for name in {**first, **other}
        for key, value in differences(
            first.get(name), other.get(name), f"{path}.{name}" if path else str(name)
        ).items()
    }


def flat(tree: Any, path: str = "") -> dict[str, Any]:
    """A tree of mappings as one mapping from paths to values."""
    if not isinstance(tree, Mapping):
        return {path: tree}
    return {
        key: value
        for name, child in tree.items()
        for key, value in flat(child, f"{path}.{name}" if path else str(name)).items()
    }
