"""Results on disk: written whole or not at all, and carrying all it takes to run them again."""

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from leukosim import __version__
from leukosim.validation import ConfigError

RESULTS, DECISIONS, CONFIG = "results.nc", "decisions.csv", "config.yaml"

# What cannot change a number of a result: fields of a configuration, and source files.
WITHOUT_INFLUENCE = ("output", "overwrite")
ONLY_SHOWN = (
    "calibration", "cli", "endpoints", "figures", "reference", "screen", "survival", "verification",
)  # fmt: skip


def identity_of(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a configuration that decides the numbers."""
    identity = {name: each for name, each in plain.items() if name not in WITHOUT_INFLUENCE}
    identity["engine"] = {"method": plain["engine"]["method"]}
    identity["strategies"] = {arm: plain["strategies"][arm] for arm in plain["arms"]}  # in order
    return identity


def digest_of(identity: Mapping[str, Any]) -> str:
    """A name for exactly these numbers: configuration, code, and the libraries that draw."""
    libraries = [version(name) for name in ("numpy", "numba", "scipy")]
    content = json.dumps([identity, code_digest(), libraries])
    return hashlib.sha256(content.encode()).hexdigest()[:20]


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


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a temporary file, which then takes the place of ``path`` at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    os.close(handle)
    try:
        write(Path(name))
        os.chmod(name, 0o666 & ~current_umask())
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def current_umask() -> int:
    """What new files are not allowed to allow; asked by setting it and putting it back."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def save_dataset(dataset: xr.Dataset, path: Path) -> None:
    """Write a dataset as one compressed netCDF file."""
    dataset = dataset.copy()
    dataset.attrs = {name: storable(value) for name, value in dataset.attrs.items()}
    for variable in dataset.variables.values():
        variable.attrs = {name: storable(value) for name, value in variable.attrs.items()}
        variable.encoding = {}
    numeric = [name for name, v in dataset.variables.items() if v.dtype.kind in "iufb" and v.ndim]
    encoding = {name: {"zlib": True, "complevel": 4, "shuffle": True} for name in numeric}
    write_whole(path, lambda to: dataset.to_netcdf(to, engine="netcdf4", encoding=encoding))


def load_dataset(path: str | Path) -> xr.Dataset:
    """Read a dataset that :func:`save_dataset` wrote; days stay numbers."""
    with xr.open_dataset(
        path, engine="netcdf4", decode_times=False, decode_timedelta=False
    ) as opened:
        return opened.load()


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
    write_whole(path, lambda to: to.write_text(text, encoding="utf-8"))  # type: ignore[arg-type]


# ---------------------------------------------------------------------- the output folder


def prepare_folder(folder: Path) -> None:
    """Create the output folder, or raise :class:`ConfigError` if nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"output = {folder} cannot be written to: {reason}") from None


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


def flat(tree: Any, path: str = "") -> dict[str, Any]:
    """A tree of mappings as one mapping from paths to values."""
    if not isinstance(tree, Mapping):
        return {path: tree}
    return {
        key: value
        for name, child in tree.items()
        for key, value in flat(child, f"{path}.{name}" if path else str(name)).items()
    }
