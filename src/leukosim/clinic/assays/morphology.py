"""Marrow morphology: blasts among a few hundred cells under the microscope."""

from dataclasses import dataclass

import numpy as np

from leukosim.clinic.assays.sample import Burden
from leukosim.parameters import check_ranges, estimate


@dataclass(frozen=True)
class Morphology:
    """A differential count of marrow cells."""

    counted_cells: int = estimate(
        500, "cells", low=200, high=500, lowest=1, highest=100_000, source="assumed",
        note="usual differential count",
    )  # fmt: skip
    healthy_blast_fraction: float = estimate(
        0.01, "fraction", low=0.005, high=0.03, source="assumed", note="in a healthy marrow"
    )
    turnaround_days: int = estimate(
        1, "day", low=0, high=3, highest=365, source="assumed", note="from sample to report"
    )

    __post_init__ = check_ranges

    def report(self, burden: Burden, rng: np.random.Generator) -> float:
        """The reported fraction of blasts, healthy ones included."""
        leukaemic = burden.marrow_fraction
        fraction = leukaemic + (1.0 - leukaemic) * self.healthy_blast_fraction
        return float(rng.binomial(self.counted_cells, fraction) / self.counted_cells)
