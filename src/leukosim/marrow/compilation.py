"""Where compiled code is kept between runs.

numba keeps compiled functions beside their source, which fails on a read-only installation, and
notices a change only in the file that defines a function. So the cache goes to a folder of the
user's, named by numba's version and the content of the files that decide what is compiled: it is
never stale, and an unwritable folder costs a recompilation instead of a crash. So does a folder
that others can write to: what they put there would be run.
"""

import hashlib
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import numba

from leukosim.marrow.private_folder import is_private

KEEP_DAYS = 30
HERE = Path(__file__).parent

_functions: list[Any] = []  # all compiled functions of the package


def compiled(function: Callable[..., Any]) -> Any:
    """A function compiled by numba when it is first called; see :func:`use_cache`."""
    dispatcher = numba.njit(nogil=True, error_model="numpy")(function)
    _functions.append(dispatcher)
    return dispatcher


@cache
def use_cache() -> Path:
    """Keep compiled code between runs, from the first call on; returns the folder.

    Called before the engine is first used, and not at import: it creates a folder, and deletes
    those of versions that no run has used for a month.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    root = home / "leukosim" / "numba"
    user = os.getuid() if hasattr(os, "getuid") else 0
    shared = Path(tempfile.gettempdir()) / f"leukosim-{user}"
    name = source_digest()
    candidates = [(Path(chosen), [f"leukosim-{name}"])] if chosen else []
    folder = first_private([*candidates, (root, [name]), (shared.parent, [shared.name, name])])
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    if folder.parent == root:
        os.utime(folder)
        remove_old_code(root, folder)
    for dispatcher in _functions:
        dispatcher.enable_caching()
    return folder


def sources() -> list[Path]:
    """The files with compiled code; a test compares them with the uses of ``compiled``."""
    return [HERE / "compilation.py", *sorted((HERE / "kernels").glob("*.py"))]


def source_digest() -> str:
    """A name for exactly this compiled code: its sources and numba's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def first_private(candidates: list[tuple[Path, list[str]]]) -> Path:
    """The first folder that this user alone can write to, else a new temporary one.

    candidates : a folder, and the names of those to be made in it, one in the other
    """
    for folder, names in candidates:
        if is_private(folder, names):
            return folder.joinpath(*names)
    return Path(tempfile.mkdtemp(prefix="leukosim-"))


def remove_old_code(root: Path, keep: Path) -> None:
    """Remove caches of other versions that no run has used for a month."""
    for folder in root.iterdir():
        if folder != keep and time.time() - folder.stat().st_mtime > KEEP_DAYS * 86400:
            shutil.rmtree(folder, ignore_errors=True)


class Deferred:
    """A context in which Ctrl-C is noted, and takes effect when it is left.

    numba hands arrays to Python by functions of Python; an exception that comes up in one of
    these, such as KeyboardInterrupt, ends the process by a fault of memory.
    """

    def __enter__(self) -> None:
        self.came = False
        self.before: Any = None
        if threading.current_thread() is threading.main_thread():  # others are not interrupted
            self.before = signal.getsignal(signal.SIGINT)
            if callable(self.before):  # neither ignored nor somebody's of another language
                signal.signal(signal.SIGINT, self.note)

    def note(self, number: int, frame: FrameType | None) -> None:
        """Called when the signal comes."""
        self.came = True

    def __exit__(self, *error: object) -> None:
        if callable(self.before):
            signal.signal(signal.SIGINT, self.before)
        if self.came:
            signal.raise_signal(signal.SIGINT)
