"""Next-generation sequencing of a panel of genes: variant allele frequencies.

A heterozygous variant stands on half of the alleles of the cells that carry it. What is read is
drawn twice: cells into the sample, molecules into the reads; and some reads are wrong.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from leukosim.parameters import check_ranges, estimate

ALLELES = 2  # of a cell, of which a heterozygous variant has one


@dataclass(frozen=True)
class NgsPanel:
    """Deep targeted sequencing with molecular barcodes."""

    depth: int = estimate(
        2000, "reads", low=500, high=20_000, lowest=10, highest=10_000_000, source="assumed",
        note="unique molecules read at a position",
    )  # fmt: skip
    input_cells: int = estimate(
        30_000, "cells", low=10_000, high=150_000, lowest=10, highest=1_000_000_000,
        source="assumed", note="whose DNA is in the sample",
    )  # fmt: skip
    error_rate: float = estimate(
        2e-4, "probability", low=1e-5, high=1e-3, highest=0.1, source="assumed",
        note="that a read shows the variant by mistake",
    )  # fmt: skip
    false_positives: float = estimate(
        1e-3, "probability", low=1e-4, high=1e-2, lowest=1e-12, highest=0.5, source="assumed",
        note="allowed for each variant of a sample; sets the limit of detection",
    )  # fmt: skip
    blood_to_marrow: float = estimate(
        0.20, "ratio", low=0.1, high=0.5, highest=1.0, source="assumed",
        note="leukaemic cells in blood relative to marrow, as for MRD",
    )  # fmt: skip

    __post_init__ = check_ranges

    @cached_property
    def detected_from(self) -> int:
        """The fewest reads that errors alone reach no more often than is allowed."""
        from scipy.stats import binom  # takes a second to import

        return int(binom.isf(self.false_positives, self.depth, self.error_rate)) + 1

    @property
    def detection_limit(self) -> float:
        """The smallest frequency that counts as detected."""
        return self.detected_from / self.depth

    def report(self, fractions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Reported variant allele frequencies, float64[variant]; 0 where not detected.

        fractions : float64[variant], of the sample's nucleated cells that carry it, in 0-1
        """
        carried = np.clip(fractions, 0.0, 1.0)
        cells = rng.binomial(self.input_cells, carried)
        frequency = cells / (ALLELES * self.input_cells)
        seen = frequency + (1.0 - frequency) * self.error_rate
        reads = rng.binomial(self.depth, seen)
        return np.where(reads >= self.detected_from, reads / self.depth, 0.0)


def carrier_fractions(
    leukaemic: np.ndarray,
    healthy: np.ndarray,
    blasts: float,
    healthy_marrow_cells: float,
    blood_to_marrow: float = 1.0,
) -> np.ndarray:
    """Fractions of nucleated cells that carry each variant, float64[variant].

    Parameters
    ----------
    leukaemic : float64[variant], blasts that carry it
    healthy : float64[variant], fraction of healthy cells that carry it: clonal haematopoiesis
    blasts, healthy_marrow_cells : cells of the marrow
    blood_to_marrow : what of the leukaemic fraction the sample has; 1 in marrow
    """
    total = blasts + healthy_marrow_cells
    burden = blasts / total * blood_to_marrow
    of_blasts = leukaemic / blasts if blasts > 0.0 else np.zeros_like(leukaemic)
    return burden * of_blasts + (1.0 - burden) * healthy
