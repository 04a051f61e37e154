"""SHA-256 of the files of a result, by which it is known whether they belong together.

The file is read by ``sha256sum -c`` as well.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

CHECKSUMS = "checksums.sha256"
CHECKSUMS_TITLE = "# leukosim: SHA-256 of the files of this result"
DIGEST = "# digest "


def checksums_of(files: Mapping[str, Path], digest: str) -> str:
    """The text that states the SHA-256 of files.

    files : by the name that is stated, where each lies
    digest : of the result, by which it is known when its dataset is damaged
    """
    lines = [f"{sha256_of(path)}  {name}" for name, path in files.items()]
    return "\n".join([CHECKSUMS_TITLE, f"{DIGEST}{digest}", *lines, ""])


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stated(folder: Path) -> dict[str, str]:
    """The SHA-256 by name of file that a folder states; nothing where it states none."""
    pairs = (line.partition("  ") for line in lines_of(folder) if not line.startswith("#"))
    return {name: digest for digest, _, name in pairs}


def stated_digest(folder: Path) -> str:
    """Which result a folder is stated to hold; empty where it states none."""
    known = (line for line in lines_of(folder) if line.startswith(DIGEST))
    return next(known, "").removeprefix(DIGEST)


def lines_of(folder: Path) -> list[str]:
    """What a folder states."""
    path = folder / CHECKSUMS
    if not path.is_file():
        return []
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def damaged(folder: Path) -> dict[str, str]:
    """The files of a result that are missing, changed or of another result, each with what it is.

    A folder that states no checksums, as an earlier version left it, has none.
    """
    words = {}
    for name, digest in stated(folder).items():
        path = folder / name
        if not path.is_file():
            words[name] = "missing"
        elif sha256_of(path) != digest:
            words[name] = "changed, or of another run"
    return words
