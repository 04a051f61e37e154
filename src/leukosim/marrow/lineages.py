"""Clones and labelled ancestors in a marrow on one day."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leukosim.marrow.kernels.state import Clones
from leukosim.marrow.marrow import Marrow

MAJOR = 0.01  # share of the stem cells from which an ancestor is a major one


@dataclass(frozen=True)
class Ancestors:
    """How many of the stem cells of the start have descendants among those of a day."""

    number: int
    major: int  # with 1 % of the stem cells or more
    effective: float  # inverse Simpson index of their shares


@dataclass(frozen=True)
class Present:
    """The clones in the kernel's table on a day, parents before daughters."""

    key: np.ndarray  # int64[clone]: founders 0, 1, ...; then the names in the kernel's table
    parent: np.ndarray  # int64[clone], key; -1 for the trunk
    carries: np.ndarray  # int64[clone], bits of drivers acquired since the start
    founder: np.ndarray  # int64[clone]
    row: np.ndarray  # int64[clone], the first in the kernel's table
    stem_cells: np.ndarray  # int64[clone, subtype]
    blasts: np.ndarray  # float64[clone, subtype]

    def genotypes(self) -> tuple[np.ndarray, np.ndarray]:
        """Distinct pairs of founder and acquired drivers, int64[genotype, 2], and each clone's."""
        pairs = np.stack([self.founder, self.carries], axis=1)
        different, which = np.unique(pairs, axis=0, return_inverse=True)
        return different, which.ravel()


def roots(parent: np.ndarray) -> np.ndarray:
    """The row from which each row descends, int64[row]. ``parent`` : int64[row], -1 for a root."""
    root = np.arange(len(parent))
    while True:
        above = np.where(parent[root] >= 0, parent[root], root)
        if (above == root).all():
            return root
        root = above


def present_clones(marrow: Marrow) -> Present:
    """The present clones of a marrow, each with cells of all subtypes and labels."""
    clones, founders = marrow.clones, marrow.patient.founders
    n = int(clones.number[0])
    parent, driver = clones.parent[:n].astype(np.int64), clones.driver[:n]
    founder = roots(parent) // marrow.rates.n_subtypes
    is_mutant = driver >= 0
    key = np.where(is_mutant, clones.name[:n], founder)
    mother = np.array([each.parent for each in founders])[founder]
    mother[is_mutant] = key[parent[is_mutant]]
    known, first, number = np.unique(key, return_index=True, return_inverse=True)
    stem_cells = np.zeros((len(known), marrow.rates.n_subtypes), np.int64)
    blasts = np.zeros(stem_cells.shape)
    np.add.at(stem_cells, number, clones.stem_cells[:n])
    np.add.at(blasts, number, clones.blasts[:n])
    return Present(
        known, mother[first], clones.carries[first], founder[first], first, stem_cells, blasts
    )


def ancestors(clones: Clones) -> Ancestors:
    """How many labelled cells of the start have descendants among the stem cells now."""
    n = int(clones.number[0])
    parent = clones.parent[:n].astype(np.int64)
    above_label = clones.driver[:n] < 0  # labels and founding rows end a line here
    label = roots(np.where(above_label, -1, parent))
    cells = np.bincount(label, clones.stem_cells[:n].sum(1), n)
    shares = cells[cells > 0] / max(cells.sum(), 1.0)
    if len(shares) == 0:
        return Ancestors(0, 0, 0.0)
    return Ancestors(len(shares), int((shares >= MAJOR).sum()), float(1.0 / (shares**2).sum()))


def gathered(
    values: np.ndarray, keys: Sequence[int], parents: dict[int, int], kept: Sequence[int]
) -> np.ndarray:
    """Values of the clones that are kept, with those of others added to the nearest kept ancestor.

    values : float64[key, ...]; the sum over the first axis is kept
    """
    position = {key: i for i, key in enumerate(kept)}
    total = np.zeros((len(kept), *values.shape[1:]), values.dtype)
    for key, value in zip(keys, values, strict=True):
        while key not in position:
            key = parents[key]
        total[position[key]] += value
    return total


def shares(cells: np.ndarray) -> np.ndarray:
    """Each clone's share of all cells, float64[clone]; 0 where there are none."""
    of_clone = cells.sum(1)
    total = of_clone.sum()
    return of_clone / total if total > 0 else np.zeros(len(of_clone))
