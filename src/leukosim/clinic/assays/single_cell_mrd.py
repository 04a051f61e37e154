"""Single-cell assay of measurable residual disease: CXCR4 and subtype of each cell recovered.

A marrow sample holds a few residual leukaemic cells, or none: then the assay is negative and knows
nothing of them. How much CXCR4 a patient's cells express is the median of what was recovered.
"""

from dataclasses import dataclass

import numpy as np

from leukosim.clinic.assays.sample import Burden
from leukosim.parameters import check_ranges, estimate, setting
from leukosim.results.variables import CXCR4_GROUPS

NEGATIVE, LOW, HIGH = range(len(CXCR4_GROUPS))


@dataclass(frozen=True)
class RecoveredCells:
    """What the assay reports of the cells it has recovered."""

    cxcr4: np.ndarray  # float64[cell], MFI ratio
    subtype: np.ndarray  # int64[cell], position in the disease's subtypes


@dataclass(frozen=True)
class SingleCellMrd:
    """Sorting and staining of single residual cells from a marrow sample."""

    at_enrolment: bool = False  # whether the patients of a trial have it
    input_cells: float = estimate(
        1e7, "cells", low=1e6, high=1e8, lowest=1.0, highest=1e9, source="assumed",
        note="nucleated cells of the sample",
    )  # fmt: skip
    recovery: float = estimate(
        0.3, "fraction", low=0.1, high=0.6, source="assumed", note="of its leukaemic cells"
    )
    cells_most: int = estimate(
        300, "cells", low=100, high=1000, lowest=1, highest=100_000, source="assumed",
        note="measured; more are not looked at",
    )  # fmt: skip
    cells_least: int = estimate(
        10, "cells", low=3, high=30, lowest=1, highest=10_000, source="assumed",
        note="recovered; with fewer the assay is negative",
    )  # fmt: skip
    noise_cv: float = estimate(
        0.3, "1", low=0.1, high=0.6, highest=3.0, source="assumed", note="of a cell's CXCR4"
    )
    misclassified: float = estimate(
        0.05, "fraction", low=0.01, high=0.15, source="assumed",
        note="cells called another subtype, each as likely",
    )  # fmt: skip
    high_from: float = setting(
        10.0, "MFI ratio", lowest=0.0, highest=1e6,
        note="median CXCR4 of a CXCR4-high patient; 10: high in Spoo et al. 2007, Blood 109:786",
    )  # fmt: skip

    __post_init__ = check_ranges

    def recover(
        self,
        burden: Burden,
        cxcr4: np.ndarray,
        subtype: np.ndarray,
        meant: np.ndarray,
        n_subtypes: int,
        rng: np.random.Generator,
    ) -> RecoveredCells:
        """Cells of a sample, each with what was measured of it; none where there are too few.

        Parameters
        ----------
        burden : residual blasts among healthy cells
        cxcr4, subtype : float64[agent] and int64[agent], of the cells that the blasts descend from
            and are like
        meant : int64[agent], how many such cells there are
        """
        leukaemic = rng.poisson(self.input_cells * burden.marrow_fraction * self.recovery)
        n = min(int(leukaemic), self.cells_most)
        if n < self.cells_least or not len(cxcr4):
            return RecoveredCells(np.zeros(0), np.zeros(0, np.int64))
        upto = np.cumsum(meant)
        which = np.searchsorted(upto, rng.integers(upto[-1], size=n), "right")
        log_sd = np.sqrt(np.log1p(self.noise_cv**2))
        measured = cxcr4[which] * np.exp(log_sd * rng.standard_normal(n))
        called = subtype[which].copy()
        if n_subtypes > 1:
            wrong = rng.random(n) < self.misclassified
            called[wrong] = (called[wrong] + rng.integers(1, n_subtypes, wrong.sum())) % n_subtypes
        return RecoveredCells(measured, called)

    def group(self, cells: RecoveredCells) -> int:
        """The patient's group: a position in :data:`leukosim.results.variables.CXCR4_GROUPS`."""
        if not len(cells.cxcr4):
            return NEGATIVE
        return HIGH if np.median(cells.cxcr4) >= self.high_from else LOW
