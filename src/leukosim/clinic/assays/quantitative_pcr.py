"""Quantitative PCR of a leukaemic transcript: measurable residual disease (MRD).

What is reported is a ratio of transcripts, marker / ABL1, not a fraction of cells: at diagnosis it
is several hundred per cent, and how much a leukaemic cell expresses differs between patients.
"""

from dataclasses import dataclass

import numpy as np

from leukosim.clinic.assays.sample import Burden
from leukosim.parameters import check_ranges, estimate


@dataclass(frozen=True)
class QuantitativePcr:
    """A real-time PCR assay for a mutated or fused transcript."""

    input_cells: float = estimate(
        1e6, "cells", low=1e5, high=1e7, lowest=1.0, highest=1e12, source="assumed",
        note="in the sample's complementary DNA",
    )  # fmt: skip
    abl1_copies: float = estimate(
        1e5, "copies", low=1e4, high=1e6, lowest=1.0, highest=1e12, source="assumed",
        note="of the reference transcript in marrow; blood gives as many",
    )  # fmt: skip
    detected_from: int = estimate(
        3, "copies", low=1, high=10, lowest=1, source="assumed",
        note="marker copies; 3 in 1e5 ABL1 is 3e-6 of a diagnosis at a ratio of 10",
    )  # fmt: skip
    background_copies: float = estimate(
        0.1, "copies", low=0.0, high=1.0, highest=1e6, source="assumed", note="mean, in any sample"
    )
    noise_log10_sd: float = estimate(
        0.2, "log10", low=0.1, high=0.4, highest=2.0, source="assumed", note="between runs"
    )
    blood_to_marrow: float = estimate(
        0.20, "ratio", low=0.1, high=0.5, highest=10.0,
        source="Li et al., Blood Adv (flow cytometry, 118 patients; medians 0.17 and 0.84 %)",
        note="MRD in blood relative to marrow",
    )  # fmt: skip
    turnaround_days: int = estimate(
        7, "day", low=2, high=14, highest=365, source="assumed", note="from sample to report"
    )

    __post_init__ = check_ranges

    @property
    def detection_limit(self) -> float:
        """The smallest ratio that counts as detected."""
        return self.detected_from / self.abl1_copies

    def report(
        self, burden: Burden, transcript_ratio: float, sample: str, rng: np.random.Generator
    ) -> float:
        """The reported marker / ABL1 ratio; 0 where the marker is not detected.

        Cells are drawn into the sample, copies from the cells, and the result carries the noise of
        the run.
        """
        fraction = burden.marrow_fraction * (self.blood_to_marrow if sample == "blood" else 1.0)
        noise = 10.0 ** (self.noise_log10_sd * rng.standard_normal())  # first: arms share it
        cells = rng.binomial(int(self.input_cells), min(fraction, 1.0))
        expected = cells / self.input_cells * transcript_ratio * self.abl1_copies * noise
        copies = rng.poisson(expected) + rng.poisson(self.background_copies)
        return float(copies / self.abl1_copies) if copies >= self.detected_from else 0.0
