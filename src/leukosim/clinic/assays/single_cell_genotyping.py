"""Single-cell genotyping with surface markers: leukaemic stem cells by genotype and subtype.

An allele is lost now and then (drop-out), and a cell then looks like one that lacks the mutation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leukosim.parameters import check_ranges, estimate

MANY = 10**9  # cells: NumPy draws without replacement from fewer only


@dataclass(frozen=True)
class SingleCellGenotyping:
    """DNA of single cells, with antibodies that tell subtypes."""

    cells: int = estimate(
        1000, "cells", low=200, high=10_000, lowest=1, highest=1_000_000, source="assumed",
        note="leukaemic stem cells that are sequenced, where there are as many",
    )  # fmt: skip
    dropout: float = estimate(
        0.05, "probability", low=0.02, high=0.15, source="assumed",
        note="that a mutation of a cell is missed, each by itself",
    )  # fmt: skip
    misclassified: float = estimate(
        0.05, "fraction", low=0.01, high=0.15, source="assumed",
        note="cells counted as another subtype, each as likely",
    )  # fmt: skip

    __post_init__ = check_ranges

    def report(
        self,
        counts: np.ndarray,
        genotypes: Sequence[frozenset[str]],
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Cells as they were read: by genotype and subtype, and those of no known genotype.

        Parameters
        ----------
        counts : int64[genotype, subtype], cells that there are
        genotypes : mutations of each, all different

        Returns
        -------
        int64[genotype, subtype], int64[subtype]
        """
        n_subtypes = counts.shape[1]
        seen, strange = np.zeros_like(counts), np.zeros(n_subtypes, counts.dtype)
        n = min(self.cells, int(counts.sum()))
        if n == 0:
            return seen, strange
        if counts.sum() < MANY:
            sampled = rng.multivariate_hypergeometric(counts.ravel(), n, method="marginals")
        else:  # of so many it makes no difference whether a cell could be read twice
            sampled = rng.multinomial(n, counts.ravel() / counts.sum())
        which = np.repeat(np.arange(counts.size), sampled)
        subtype = which % n_subtypes
        if n_subtypes > 1:
            wrong = rng.random(n) < self.misclassified
            subtype = np.where(
                wrong, (subtype + rng.integers(1, n_subtypes, n)) % n_subtypes, subtype
            )
        number = {genotype: g for g, genotype in enumerate(genotypes)}
        for g, s in zip(which // n_subtypes, subtype, strict=True):
            mutations = sorted(genotypes[g])
            kept = rng.random(len(mutations)) >= self.dropout
            read = number.get(frozenset(m for m, k in zip(mutations, kept, strict=True) if k))
            if read is None:
                strange[s] += 1
            else:
                seen[read, s] += 1
        return seen, strange
