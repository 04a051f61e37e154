"""Trees of clones in Newick format, with or without extinct clones."""

from collections.abc import Sequence

import numpy as np


def with_living_descendants(parent: np.ndarray, lives: np.ndarray) -> np.ndarray:
    """Which clones live or are ancestors of living ones, bool[clone].

    Parameters
    ----------
    parent : int[clone], -1 for a trunk; parents come before daughters
    lives : bool[clone]
    """
    kept = np.asarray(lives, bool).copy()
    for clone in range(len(parent) - 1, -1, -1):
        if kept[clone] and parent[clone] >= 0:
            kept[parent[clone]] = True
    return kept


def newick(
    name: Sequence[str],
    parent: np.ndarray,
    founded_day: np.ndarray,
    kept: np.ndarray | None = None,
) -> str:
    """A tree in Newick format, clones that have descendants included as inner nodes.

    The length of a branch is the time in days from the founding of the mother to that of the clone.

    Parameters
    ----------
    name : of each clone
    parent : int[clone], -1 for a trunk; parents come before daughters
    founded_day : float[clone], day
    kept : bool[clone], clones to be shown, closed under ancestors; by default all

    Returns
    -------
    str
        Ends with a semicolon; ``;`` alone for a tree without clones.
    """
    shown = np.ones(len(parent), bool) if kept is None else np.asarray(kept, bool)
    below: list[list[str]] = [[] for _ in name]
    trunks: list[str] = []
    for clone in range(len(parent) - 1, -1, -1):
        if not shown[clone]:
            continue
        mother = int(parent[clone])
        daughters = f"({','.join(reversed(below[clone]))})" if below[clone] else ""
        length = founded_day[clone] - (founded_day[mother] if mother >= 0 else founded_day[clone])
        text = f"{daughters}{quoted(name[clone])}:{length:g}"
        (below[mother] if mother >= 0 else trunks).append(text)
    if len(trunks) > 1:
        return f"({','.join(reversed(trunks))});"
    return "".join(trunks) + ";"


def quoted(name: str) -> str:
    """A label in Newick format: quoted, unless it is a plain word."""
    if name.replace("_", "").isalnum():
        return name
    return "'" + name.replace("'", "''") + "'"
