"""Files written whole or not at all."""

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from leukosim.errors import NotWritten

WRITING = ".writing"  # how the name of a file begins that is not whole yet
ABANDONED_SECONDS = 86400.0  # after which another machine's unfinished file is nobody's


def write_whole(path: Path, write: Callable[[Path], object], flush: bool = True) -> None:
    """Let ``write`` fill a temporary file, which then takes the place of ``path`` at once.

    flush : wait until the disk has it, so that a loss of power cannot leave an empty file under
        the final name; not needed for a file that carries a checksum

    Raises
    ------
    NotWritten
        As where the disk is full; what was at ``path`` before is still there.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = f"{WRITING}-{os.getpid()}@{platform.node()}-"
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=writer, suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        if flush:
            bring_to_disk(temporary)
        os.chmod(temporary, 0o666 & ~current_umask())
        os.replace(temporary, path)
    except OSError as error:
        kept = "; what was there before is kept" if path.exists() else ""
        raise NotWritten(f"{path} could not be written: {reason_of(error)}{kept}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


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
    write_whole(path, lambda to: table.to_csv(to, index=False))


def save_text(text: str, path: Path) -> None:
    """Write a text."""
    write_whole(path, lambda to: to.write_text(text, encoding="utf-8"))


def as_json(value: Any) -> str:
    """Plain data as a text that people can read."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
