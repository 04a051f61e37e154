"""The niche: places that hold stem cells quiet and protect them, and CXCR4 that anchors them."""

from dataclasses import dataclass

import numpy as np

from leukosim.parameters import check_ranges, estimate

PLACES = ("niche", "free")


@dataclass(frozen=True)
class Niche:
    """Places, anchoring and protection."""

    places: float = estimate(
        1e6, "cells", low=1e5, high=1e7, lowest=1.0, source="assumed",
        note="shared with healthy stem cells; must hold most stem cells at diagnosis",
    )  # fmt: skip
    detachment_rate: float = estimate(
        0.02, "1/day", low=0.005, high=0.1, source="assumed", note="at rest"
    )
    mobilised_detachment_rate: float = estimate(
        3.0, "1/day", low=1.0, high=24.0, source="assumed",
        note="added at full CXCR4 blockade; onset of mobilisation takes 0.5-2 h",
    )  # fmt: skip
    attachment_rate: float = estimate(
        1.0, "1/day", low=0.3, high=3.0, source="assumed", note="CXCR4-dependent, at saturation"
    )
    independent_attachment_rate: float = estimate(
        0.2, "1/day", low=0.05, high=0.6, source="assumed", note="without CXCR4"
    )
    half_cxcr4: float = estimate(
        10.0, "MFI ratio", low=5.0, high=20.0, lowest=1e-6, source="assumed",
        note="unblocked CXCR4 of half-maximal attachment",
    )  # fmt: skip
    hill: float = estimate(2.0, "1", low=1.0, high=4.0, source="assumed")
    cxcr4_dependent_share: float = estimate(
        0.5, "fraction", low=0.2, high=0.8, source="assumed",
        note="of anchored cells that CXCR4 blockade can detach",
    )  # fmt: skip
    apoptosis_factor: float = estimate(
        0.4, "fraction", low=0.1, high=0.7, source="assumed", note="hazard inside / outside"
    )
    s_phase_factor: float = estimate(
        0.2, "fraction", low=0.1, high=0.3, source="assumed", note="hazard inside / outside"
    )
    cxcr4_cell_cv: float = estimate(
        0.6, "1", low=0.3, high=1.0, source="assumed", note="cell to cell within a patient"
    )
    cxcr4_inheritance: float = estimate(
        0.9, "fraction", low=0.5, high=1.0, source="assumed",
        note="correlation of log CXCR4 between mother and daughter",
    )  # fmt: skip

    __post_init__ = check_ranges

    @property
    def cxcr4_log_sd(self) -> float:
        """Standard deviation of ln CXCR4 between the cells of a patient."""
        return float(np.sqrt(np.log1p(self.cxcr4_cell_cv**2)))


def detachment_rate(niche, occupancy):
    """Rate of leaving the niche at a CXCR4 ``occupancy`` in [0, 1], per day."""
    mobilised = niche.mobilised_detachment_rate * niche.cxcr4_dependent_share
    return niche.detachment_rate + mobilised * np.asarray(occupancy)
