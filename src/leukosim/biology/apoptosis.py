"""Apoptosis by an overdrawn anti-apoptotic reserve.

A stem cell lives on what BCL-2, BCL-xL and MCL-1 protect it with. Drugs block one or the other;
when what is left falls below a threshold, the cell dies. Synergy between drugs follows from it.
"""

from dataclasses import dataclass

import numpy as np

from leukosim.parameters import check_ranges, estimate

PROTEINS = ("bcl2", "bclxl", "mcl1")


@dataclass(frozen=True)
class Apoptosis:
    """The threshold and its steepness."""

    threshold: float = estimate(
        0.7,
        "anti-apoptotic reserve",
        low=0.45,
        high=0.8,
        source="assumed",
        note="theta; tuned by hand to VIALE-A",
    )
    steepness: float = estimate(
        0.1,
        "anti-apoptotic reserve",
        low=0.05,
        high=0.2,
        source="assumed",
        lowest=1e-3,
        note="kappa",
    )
    stem_cell_rate: float = estimate(
        0.5, "1/day", low=0.4, high=0.6, source="assumed", note="h_max of stem cells"
    )
    blast_rate: float = estimate(
        0.25,
        "1/day",
        low=0.05,
        high=0.3,
        source="assumed",
        note="h_max of blasts; tuned by hand to VIALE-A",
    )
    blast_own_subtype: float = estimate(
        0.5, "fraction", low=0.0, high=1.0, source="assumed",
        note="sensitivity of blasts: their own subtype's share, the rest the patient's mean",
    )  # fmt: skip

    __post_init__ = check_ranges


def anti_apoptotic_reserve(dependencies, blocked):
    """What is left of the anti-apoptotic reserve.

        P = sum_p w[subtype, p] * (1 - blocked[p])

    Parameters
    ----------
    dependencies : float64[subtype, protein]
    blocked : float64[..., protein], in [0, 1]

    Returns
    -------
    float64[..., subtype]
    """
    # no matrix product: its last bit depends on how many rows are asked for at once
    return ((1.0 - np.asarray(blocked))[..., None, :] * np.asarray(dependencies)).sum(-1)


def reserve_by_subtype(dependencies, blocked):
    """The same where drugs block a protein more in one subtype than in another.

        P = sum_p w[subtype, p] * (1 - blocked[subtype, p])

    Parameters
    ----------
    dependencies : float64[subtype, protein]
    blocked : float64[..., subtype, protein], in [0, 1]

    Returns
    -------
    float64[..., subtype]
    """
    return ((1.0 - np.asarray(blocked)) * dependencies).sum(-1)


def apoptosis_rate(left, untouched, law, max_rate):
    """Death rate of cells with budget ``left`` above that without a drug, per day.

        h = h_max * (f(P) - f(P_0)),   f(P) = 1 / (1 + exp((P - theta) / kappa))

    Subtracting the resting value means that an untreated cell does not die of its threshold.

    Parameters
    ----------
    left, untouched : float64[...], anti-apoptotic reserves with and without drugs
    law : Apoptosis
    max_rate : float, 1/day
    """

    def dying(budget):
        return 1.0 / (1.0 + np.exp((budget - law.threshold) / law.steepness))

    return max_rate * np.maximum(dying(left) - dying(untouched), 0.0)
