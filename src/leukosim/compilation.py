"""Where compiled code is kept between runs.

numba keeps compiled functions beside their source, which fails on a read-only installation, and
notices a change only in the file that defines a function. So the cache goes to a folder of the
user's, named by numba's version and the content of the files that decide what is compiled: it is
never stale, and an unwritable folder costs a recompilation instead of a crash.
"""

import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import numba

KEEP_DAYS = 30
SOURCES = ("compilation.py", "kernels.py")  # all compiled code; the import contract keeps it so


def source_digest() -> str:
    """A name for exactly this compiled code: its sources and numba's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for name in SOURCES:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()[:16]


def writable_folder(candidates: list[Path]) -> Path:
    """The first candidate that can be created and written to, else a temporary folder."""
    for folder in candidates:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="leukosim-"))


def forget_old_code(root: Path, keep: Path) -> None:
    """Remove caches of other versions that no run has used for a month."""
    for folder in root.iterdir():
        if folder != keep and time.time() - folder.stat().st_mtime > KEEP_DAYS * 86400:
            shutil.rmtree(folder, ignore_errors=True)


def set_cache_folder() -> Path:
    """Point numba at this code's own cache, unless the user has chosen one."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    root = home / "leukosim" / "numba"
    shared = Path(tempfile.gettempdir()) / f"leukosim-{os.getuid() if hasattr(os, 'getuid') else 0}"
    name = source_digest()
    candidates = [Path(chosen)] if chosen else []
    folder = writable_folder([*candidates, root / name, shared / name])
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    if folder.parent == root:
        os.utime(folder)
        forget_old_code(root, folder)
    return folder


CACHE_FOLDER = set_cache_folder()

compiled = numba.njit(cache=True, nogil=True, error_model="numpy")
