"""Mobilisation: healthy CD34-positive and leukaemic cells in blood after a CXCR4 inhibitor.

Healthy stem and progenitor cells are held by the niche as leukaemic ones are, so how many circulate
follows from the same two laws, without a number of their own but for how much CXCR4 they express.
"""

from dataclasses import dataclass

import numpy as np

from leukosim.biology.niche import Niche, blocked_share
from leukosim.parameters import check_ranges, estimate


@dataclass(frozen=True)
class Mobilisation:
    """Counts of CD34-positive cells in blood, relative to before."""

    cxcr4: float = estimate(
        7.1, "MFI ratio", low=3.0, high=15.0, lowest=1e-3, source="assumed",
        note="median of healthy CD34-positive cells: as leukaemic ones",
    )  # fmt: skip

    __post_init__ = check_ranges

    def fold(self, niche: Niche, occupancy: np.ndarray, length_days: np.ndarray) -> np.ndarray:
        """Circulating CD34-positive cells relative to rest, at the end of each segment.

        Parameters
        ----------
        occupancy : float64[segment], of CXCR4, in [0, 1]
        length_days : float64[segment]
        """
        outside = outside_niche(niche, np.array([self.cxcr4]), occupancy, length_days)[:, 0]
        return outside[1:] / outside[0]


def leukaemic_fold(
    niche: Niche,
    cxcr4: np.ndarray,
    composition: np.ndarray,
    occupancy: np.ndarray,
    length_days: np.ndarray,
) -> np.ndarray:
    """Circulating leukaemic cells relative to rest, float64[segment, patient].

    Parameters
    ----------
    cxcr4 : float64[patient, subtype], median over cells, MFI ratio
    composition : float64[patient, subtype], sums to 1
    occupancy : float64[segment], of CXCR4, in [0, 1]
    length_days : float64[segment]
    """
    outside = outside_niche(niche, cxcr4.ravel(), occupancy, length_days)
    whole = (outside.reshape(-1, *cxcr4.shape) * composition).sum(2)
    return whole[1:] / whole[0]


def outside_niche(
    niche: Niche, cxcr4: np.ndarray, occupancy: np.ndarray, length_days: np.ndarray
) -> np.ndarray:
    """Fraction of populations outside the niche, at rest and at the end of each segment.

        df/dt = d (1 - f) - a f,   f: fraction outside, d, a: rates of leaving and return

    Exact for an occupancy that is constant over a segment; averaged over the log-normal CXCR4 of
    the cells.

    Parameters
    ----------
    cxcr4 : float64[population], median over cells, MFI ratio
    occupancy, length_days : float64[segment]

    Returns
    -------
    float64[segment + 1, population]
    """
    node, weight = np.polynomial.hermite_e.hermegauss(21)
    weight = weight / weight.sum()
    of_cells = cxcr4[:, None] * np.exp(niche.cxcr4_log_sd * node)
    leaves, returns = rates(niche, of_cells, 0.0)
    outside = leaves / (leaves + returns)
    result = [outside @ weight]
    for occupied, length in zip(occupancy, length_days, strict=True):
        leaves, returns = rates(niche, of_cells, occupied)
        settled = leaves / (leaves + returns)
        outside = settled + (outside - settled) * np.exp(-(leaves + returns) * length)
        result.append(outside @ weight)
    return np.array(result)


def rates(niche: Niche, cxcr4: np.ndarray, occupancy: float) -> tuple[np.ndarray, np.ndarray]:
    """Rates of leaving the niche and of return to it, per day, float64[cell].

    In a marrow whose niche has free places.
    """

    def saturation(receptors: np.ndarray) -> np.ndarray:
        strength = (receptors / niche.half_cxcr4) ** niche.hill
        return strength / (1.0 + strength)

    held = saturation(cxcr4) if niche.retention == "own" else np.ones_like(cxcr4)
    blocked = blocked_share(niche, occupancy)
    leaves = niche.egress_rate + niche.mobilised_egress_rate * blocked * held
    helped = niche.homing_rate * saturation(cxcr4 * (1.0 - blocked))
    return leaves, helped + niche.cxcr4_independent_homing_rate
