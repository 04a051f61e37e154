"""A folder into which nobody else can put files.

numba unpickles the files of its cache, and to unpickle a file is to run the code of whoever wrote
it. So compiled code is kept only where this user alone can write.
"""

import os
import stat
import tempfile
from pathlib import Path

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def is_private(folder: Path, names: list[str]) -> bool:
    """Make a folder below another, and say whether nobody else can put a file into it.

    folder : may be a link, or anybody's, such as that of temporary files
    names : of the folders below it, each in the one before: real ones of this user
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_below_one_open_to_all(folder):
            return False
        for name in names:
            folder = folder / name
            folder.mkdir(mode=0o700, exist_ok=True)
            if not belongs_to_us(folder):
                return False
        if hasattr(os, "getuid") and not all(map(is_only_ours, folder.rglob("*"))):
            return False
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def belongs_to_us(folder: Path) -> bool:
    """Whether it is a real folder of this user, in which nobody else writes or has written.

    A folder in which others may write, as by a umask of 002, is closed to them if all that lies
    there is this user's. Otherwise it stays as it is, so that it is refused the next time, too.
    """
    if not hasattr(os, "getuid"):  # Windows gives each user folders of their own
        return folder.is_dir() and not folder.is_symlink()
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        return False
    if found.st_mode & OTHERS_WRITE:
        if not all(map(is_only_ours, folder.rglob("*"))):
            return False
        folder.chmod(0o700)
    return True


def is_below_one_open_to_all(folder: Path) -> bool:
    """Whether anybody can put another folder in the place of this one, or of one above it."""
    real = folder.resolve()
    modes = [each.stat().st_mode for each in (real, *real.parents)]
    return any(mode & stat.S_IWOTH and not mode & stat.S_ISVTX for mode in modes)


def is_only_ours(path: Path) -> bool:
    """Whether a file or folder is this user's, no link, and closed to the writing of others."""
    found = path.lstat()
    is_real = stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)
    return is_real and found.st_uid == os.getuid() and not found.st_mode & OTHERS_WRITE
