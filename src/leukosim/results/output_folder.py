"""Results on disk: written whole or not at all, and carrying all it takes to run them again."""

import os
import platform
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from leukosim.errors import ConfigError
from leukosim.results import tables
from leukosim.results.atomic_write import reason_of, remove_abandoned
from leukosim.results.checksums import (
    CHECKSUMS,
    CHECKSUMS_TITLE,
    MISSING,
    damaged,
    stated,
    stated_digest,
)
from leukosim.results.netcdf import Unreadable, attributes_of, read_attributes
from leukosim.results.provenance import what_differs

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

RESULTS, DECISIONS, CONFIG, LOCK = "results.nc", "decisions.csv", "config.yaml", ".leukosim.lock"
DISCRIMINATION = "discrimination.csv"  # of a sweep over hypotheses
HDF5 = b"\x89HDF\r\n\x1a\n"  # how a netCDF file begins
# How the texts among them begin, by which they are known again.
CONFIG_TITLE, DECISIONS_TITLE = "# leukosim: the configuration", "arm,patient,day,rule"


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
    if not output.isprintable():
        raise ConfigError(f"output = {output!r} has a character that no folder's name may have")
    try:
        exists, is_folder = Path(output).exists(), Path(output).is_dir()
    except OSError as error:  # such as a name that is too long
        raise ConfigError(f"output = {output} cannot be a folder: {reason_of(error)}") from None
    if exists and not is_folder:
        raise ConfigError(f"output = {output} is not a folder: choose another output")
    return Path(output)


def result_at(name: str | Path) -> Path | None:
    """The file of a result, by its name or that of its folder; None where there is none."""
    path = Path(name)
    try:
        path = path / RESULTS if path.is_dir() else path
        return path if path.is_file() else None
    except (OSError, ValueError):  # a name that no file can have
        return None


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

    Beside a result of leukosim, also a damaged one, everything is taken to be its own.
    """
    if "digest" in attributes_of(folder / RESULTS) or is_damaged(folder):
        return []
    beginnings: dict[str, tuple[str, ...]] = {
        RESULTS: (),
        CONFIG: (CONFIG_TITLE,),
        DECISIONS: (DECISIONS_TITLE,),
        CHECKSUMS: (CHECKSUMS_TITLE,),
        **tables.BEGINNINGS,
    }
    return [name for name, own in beginnings.items() if not begins_with(folder / name, own)]


def is_damaged(folder: Path) -> bool:
    """Whether a folder holds the dataset of a result, as far as one can tell, and it is damaged."""
    path = folder / RESULTS
    try:
        read_attributes(path)
    except FileNotFoundError:
        return False
    except Unreadable:
        is_listed = RESULTS in stated(folder) and begins_with(
            folder / CHECKSUMS, (CHECKSUMS_TITLE,)
        )
        return path.is_file() and (is_listed or path.read_bytes()[:8] in (b"", HDF5))
    return False


def begins_with(path: Path, beginnings: tuple[str, ...]) -> bool:
    """Whether a file, if there is one, begins with one of these; none: it must not be there."""
    if not path.exists():
        return True
    if not beginnings or not path.is_file():
        return False
    with path.open("rb") as file:
        beginning = file.read(max(map(len, beginnings)))
    return any(beginning.startswith(each.encode()) for each in beginnings)


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
        handle = opened(path)
        if not locked(handle):
            holder = os.read(handle, 100).decode() or "another process"
            os.close(handle)
            raise ConfigError(
                f"output = {path.parent} is being written by {holder}: "
                "wait until it is done, or choose another output"
            )
        if is_at(path, handle):
            with suppress(OSError):  # a full disk; it is locked all the same
                os.ftruncate(handle, 0)
                os.write(handle, f"process {os.getpid()} on {platform.node()}".encode())
            return handle
        os.close(handle)  # whoever held it has just deleted it


def opened(path: Path) -> int:
    """The open file of a lock, which is no other file under its name: it is going to be emptied.

    Raises
    ------
    ConfigError
        If a link or a folder lies there, or the file has a second name.
    """
    # neither follow a link nor wait for the other end of a pipe
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | flags, 0o666)
    except OSError as error:
        raise ConfigError(
            f"output = {path.parent} cannot be locked: {path} is no file that can be written "
            f"({reason_of(error)}): remove it, or choose another output"
        ) from None
    found = os.fstat(handle)
    if stat.S_ISREG(found.st_mode) and found.st_nlink <= 1:  # 0: deleted just now
        return handle
    os.close(handle)
    raise ConfigError(
        f"output = {path.parent} cannot be locked: {path} is no file of its own: "
        "remove it, or choose another output"
    )


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
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


def is_finished(
    folder: Path, identity: Mapping[str, Any], digest: str, warn: Callable[[str], object] = str
) -> bool:
    """Whether a folder holds just this result already, and all of it.

    warn : called with what is missing or damaged, so that the result has to be made again

    Raises
    ------
    ConfigError
        If it holds another, which must not be overwritten, or one that cannot be identified.
    """
    path = folder / RESULTS
    if not path.exists():
        return False
    if holds(folder, digest):
        return is_whole(folder, warn)
    attributes = read_attributes(path)  # raises where it is damaged, and not known to be this one
    raise ConfigError(
        f"output = {folder} holds results of {what_differs(attributes, identity)}: "
        "choose another output, or allow overwrite=true"
    )


def holds(folder: Path, digest: str) -> bool:
    """Whether a folder holds a result, whole or damaged."""
    if is_damaged(folder):
        return stated_digest(folder) == digest
    return attributes_of(folder / RESULTS).get("digest") == digest


def holds_whole(folder: Path, digest: str) -> bool:
    """Whether a folder holds a result and all of it."""
    return holds(folder, digest) and is_whole(folder)


def is_whole(folder: Path, warn: Callable[[str], object] = str) -> bool:
    """Whether nothing of the result of a folder is missing, damaged or of another result.

    Missing tables of patients do not count: they are made from the dataset.
    """
    broken = damaged(folder)
    for name in tables.FILES:
        if broken.get(name) == MISSING:
            del broken[name]
    if not (folder / DECISIONS).is_file():
        broken[DECISIONS] = MISSING
    if is_damaged(folder):
        broken[RESULTS] = "damaged"
    if broken:
        words = "; ".join(f"{name} is {what}" for name, what in broken.items())
        warn(f"{folder} is made again: {words}")
    return not broken
