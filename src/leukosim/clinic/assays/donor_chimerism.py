"""Donor chimerism of CD34-positive cells after a transplant: MRD without a transcript to follow.

Cells that carry CD34 are sorted and told apart by whose they are. Nearly all of a transplanted
patient's own are leukaemic, so what is reported is their share, among far fewer healthy cells than
in the whole marrow.
"""

from dataclasses import dataclass

import numpy as np

from leukosim.clinic.assays.sample import Burden
from leukosim.parameters import check_ranges, estimate


@dataclass(frozen=True)
class DonorChimerism:
    """Short tandem repeats of sorted CD34-positive cells, of blood or marrow alike."""

    sorted_cells: int = estimate(
        10_000, "cells", low=1_000, high=100_000, lowest=1, highest=100_000_000, source="assumed",
        note="CD34-positive, in the sample",
    )  # fmt: skip
    leukaemic_cd34_fraction: float = estimate(
        0.5, "fraction", low=0.2, high=0.9, source="assumed",
        note="of leukaemic cells that carry CD34; where none does the assay is of no use",
    )  # fmt: skip
    healthy_cd34_fraction: float = estimate(
        0.01, "fraction", low=0.005, high=0.03, lowest=1e-6, source="textbook value, assumed",
        note="of healthy nucleated marrow cells, the donor's",
    )  # fmt: skip
    healthy_recipient_fraction: float = estimate(
        0.01, "fraction", low=0.0, high=0.05, source="assumed",
        note="of healthy CD34-positive cells that survived the transplant",
    )  # fmt: skip
    noise_sd: float = estimate(
        0.02, "fraction", low=0.01, high=0.05, highest=0.5, source="assumed", note="between runs"
    )
    detected_from: float = estimate(
        0.05, "fraction", low=0.01, high=0.05, source="assumed",
        note="recipient's cells: the sensitivity of short tandem repeats",
    )  # fmt: skip
    turnaround_days: int = estimate(
        7, "day", low=2, high=14, highest=365, source="assumed", note="from sample to report"
    )

    __post_init__ = check_ranges

    @property
    def detection_limit(self) -> float:
        """The smallest recipient's share that counts as detected."""
        return self.detected_from

    def report(self, burden: Burden, rng: np.random.Generator) -> float:
        """The reported recipient's share of CD34-positive cells; 0 where it is not detected."""
        noise = self.noise_sd * rng.standard_normal()  # first: arms share it
        leukaemic = burden.marrow_fraction * self.leukaemic_cd34_fraction
        healthy = (1.0 - burden.marrow_fraction) * self.healthy_cd34_fraction
        recipient = leukaemic + healthy * self.healthy_recipient_fraction
        everyone = leukaemic + healthy
        share = recipient / everyone if everyone > 0.0 else 0.0
        seen = rng.binomial(self.sorted_cells, share) / self.sorted_cells + noise
        return float(min(seen, 1.0)) if seen >= self.detected_from else 0.0
