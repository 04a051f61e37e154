"""Files written whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


class NotWritten(OSError):
    """A file that could not be written; the message is one sentence."""


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file, which then takes the place of ``path`` at once.

    Raises
    ------
    NotWritten
        As where the disk is full; what was at ``path`` before is still there.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        os.chmod(temporary, 0o666 & ~current_umask())
        os.replace(temporary, path)
    except OSError as error:
        kept = "; what was there before is kept" if path.exists() else ""
        raise NotWritten(f"{path} could not be written: {reason_of(error)}{kept}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def reason_of(error: OSError) -> str:
    """Why the system refused, in words."""
    return (error.strerror or str(error)).lower()


def current_umask() -> int:
    """What new files are not allowed to allow; asked by setting it and putting it back."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
