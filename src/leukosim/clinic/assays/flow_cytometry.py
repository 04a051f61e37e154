"""Flow cytometry at diagnosis: stem cells by subtype, and how leukaemic cells depend on BCL-2."""

from dataclasses import dataclass

import numpy as np

from leukosim.parameters import check_ranges, estimate


@dataclass(frozen=True)
class FlowCytometry:
    """A panel of surface markers, and stains for the proteins of the BCL-2 family."""

    counted_cells: int = estimate(
        500, "cells", low=100, high=5000, lowest=1, highest=10_000_000, source="assumed",
        note="leukaemic stem cells in the gate",
    )  # fmt: skip
    misclassified: float = estimate(
        0.05, "fraction", low=0.01, high=0.15, source="assumed",
        note="cells counted as another subtype, each as likely",
    )  # fmt: skip
    protein_cv: float = estimate(
        0.2, "1", low=0.1, high=0.4, highest=2.0, source="assumed",
        note="of each protein's measured level",
    )  # fmt: skip

    __post_init__ = check_ranges

    def subtypes(self, composition: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The reported fractions of stem cells by subtype, float64[subtype].

        composition : float64[subtype], the true fractions
        """
        n = len(composition)
        wrong = self.misclassified if n > 1 else 0.0
        seen = (1.0 - wrong) * composition + wrong * (1.0 - composition) / max(n - 1, 1)
        return rng.multinomial(self.counted_cells, seen / seen.sum()) / self.counted_cells

    def bcl2_score(
        self, composition: np.ndarray, dependencies: np.ndarray, rng: np.random.Generator
    ) -> float:
        """The reported BCL-2 / (BCL-xL + MCL-1) of the bulk of leukaemic cells.

        Parameters
        ----------
        composition : float64[subtype], fractions of leukaemic cells
        dependencies : float64[subtype, protein], in the order BCL-2, BCL-xL, MCL-1
        """
        log_sd = np.sqrt(np.log1p(self.protein_cv**2))
        bcl2, bclxl, mcl1 = composition @ dependencies * np.exp(log_sd * rng.standard_normal(3))
        return float(bcl2 / (bclxl + mcl1)) if bclxl + mcl1 > 0.0 else float("inf")
