"""Files written whole or not at all."""

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from leukosim.errors import NotWritten
from leukosim.results.checksums import checksums_of

WRITING = ".writing"  # how the name of a file begins that is not whole yet
ABANDONED_SECONDS = 86400.0  # after which another machine's unfinished file is nobody's

Writer = Callable[[Path], object]  # fills the file at a path


def write_whole(path: Path, write: Writer, flush: bool = True) -> None:
    """Let ``write`` fill a temporary file, which then takes the place of ``path`` at once.

    flush : wait until the disk has it, so that a loss of power cannot leave an empty file under
        the final name; not needed for a file that carries a checksum

    Raises
    ------
    NotWritten
        As where the disk is full; what was at ``path`` before is still there.
    """
    write_together({path: write}, flush=flush)


def write_together(
    files: Mapping[Path, Writer],
    checksums: Path | None = None,
    digest: str = "",
    flush: bool = True,
) -> None:
    """Write files that belong together: all of them, or none.

    Every file is first written whole under a temporary name. Only then do they take their places,
    one directly after the other, in the order given: the file that says "finished" comes last.

    A process that is killed between two of these replacements leaves files of two results. The
    checksums, which are replaced first, then fit neither; see
    :func:`leukosim.results.checksums.damaged`.

    Parameters
    ----------
    files : what fills each file, given a temporary path
    checksums : a file for the SHA-256 of each of them
    digest : of the result that they are, to be stated beside their checksums
    flush : see :func:`write_whole`

    Raises
    ------
    NotWritten
        As where the disk is full; what was there before is still there.
    """
    at = next(iter(files))
    temporary: dict[Path, Path] = {}
    replaced: list[str] = []
    try:
        for at, write in files.items():
            temporary[at] = new_temporary(at)
            write(temporary[at])
        if checksums is not None:
            at = checksums
            text = checksums_of({path.name: temporary[path] for path in files}, digest)
            temporary = {checksums: new_temporary(checksums), **temporary}
            temporary[checksums].write_text(text, encoding="utf-8")
        for each in temporary.values():
            if flush:
                bring_to_disk(each)
            os.chmod(each, 0o666 & ~current_umask())
        for at, each in temporary.items():
            os.replace(each, at)
            replaced.append(at.name)
    except OSError as error:
        kept = "; what was there before is kept" if any(map(Path.exists, files)) else ""
        if replaced:
            kept = f"; {', '.join(replaced)} beside it are new already: repeat the command"
        raise NotWritten(f"{at} could not be written: {reason_of(error)}{kept}") from error
    finally:
        for each in temporary.values():
            each.unlink(missing_ok=True)


def new_temporary(path: Path) -> Path:
    """An empty file beside a path, whose name tells which process writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = f"{WRITING}-{os.getpid()}@{platform.node()}-"
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=writer, suffix=path.suffix)
    os.close(handle)
    return Path(name)


def bring_to_disk(path: Path) -> None:
    """Wait until a file is on the disk."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_abandoned(folder: Path) -> None:
    """Remove what processes that were killed had begun to write, in a folder and those in it.

    Of another machine's process nobody here knows whether it lives, so its files stay for a day.
    """
    for path in folder.rglob(f"{WRITING}-*"):
        number, _, machine = path.name.removeprefix(f"{WRITING}-").partition("@")
        try:
            if machine.startswith(f"{platform.node()}-"):
                gone = not is_alive(int(number))
            else:
                gone = time.time() - path.stat().st_mtime > ABANDONED_SECONDS
            if gone:
                path.unlink()
        except (OSError, ValueError):  # finished meanwhile, or not ours
            continue


def is_alive(process: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def reason_of(error: OSError) -> str:
    """Why the system refused, in words."""
    return (error.strerror or str(error)).lower()


def current_umask() -> int:
    """What new files are not allowed to allow; asked by setting it and putting it back."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def save_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV."""
    write_whole(path, table_writer(table))


def save_text(text: str, path: Path) -> None:
    """Write a text."""
    write_whole(path, text_writer(text))


def table_writer(table: pd.DataFrame) -> Writer:
    """What writes a table as CSV."""
    return lambda to: table.to_csv(to, index=False)


def text_writer(text: str) -> Writer:
    """What writes a text."""
    return lambda to: to.write_text(text, encoding="utf-8")


def as_json(value: Any) -> str:
    """Plain data as a text that people can read."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
