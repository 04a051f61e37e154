"""Blood count with differential: neutrophils, platelets and circulating blasts."""

from dataclasses import dataclass

import numpy as np

from leukosim.clinic.assays.sample import Burden
from leukosim.parameters import check_ranges, estimate


@dataclass(frozen=True)
class BloodCount:
    """An automated count with a differential by eye."""

    counted_cells: int = estimate(
        200, "cells", low=100, high=400, lowest=1, highest=100_000, source="assumed",
        note="of a differential count",
    )  # fmt: skip
    blood_to_marrow: float = estimate(
        0.20, "ratio", low=0.05, high=0.5, highest=1.0,
        source="assumed", note="blast fraction in blood relative to marrow, as for MRD",
    )  # fmt: skip
    count_cv: float = estimate(
        0.05, "1", low=0.02, high=0.1, highest=1.0, source="assumed", note="of cell counts"
    )
    turnaround_days: int = estimate(
        0, "day", low=0, high=1, highest=365, source="assumed", note="from sample to report"
    )

    __post_init__ = check_ranges

    def report(
        self, burden: Burden, neutrophils: float, platelets: float, rng: np.random.Generator
    ) -> dict[str, float]:
        """Reported neutrophils and platelets (G/L) and the fraction of blasts among white cells."""
        noise = np.exp(self.count_cv * rng.standard_normal(2))
        blasts = rng.binomial(self.counted_cells, burden.marrow_fraction * self.blood_to_marrow)
        return {
            "neutrophils": float(neutrophils * noise[0]),
            "platelets": float(platelets * noise[1]),
            "blood_blasts": float(blasts / self.counted_cells),
        }
