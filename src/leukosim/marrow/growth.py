"""Balanced growth: eigenvalues of mean matrices, and the rates that follow from a doubling time."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq


@dataclass(frozen=True)
class Balance:
    """Balanced growth, in which all classes of cells grow at the same rate."""

    growth: float  # 1/day
    mix: np.ndarray  # float64[class], share of stem cells
    inflow: float  # matured daughters per stem cell and day
    maturing: np.ndarray  # float64[stage], maturing cells per daily inflow


def crowded_renewal(renewal: float, burden: float, carrying_capacity: float) -> float:
    """Probability that a daughter is a stem cell, in a marrow with ``burden`` blasts.

    a(B) = 1/2 + (a_max - 1/2) (1 - B / K), so that growth ends at the carrying capacity K
    """
    return float(np.clip(0.5 + (renewal - 0.5) * (1.0 - burden / carrying_capacity), 0.0, 1.0))


def leading(matrix: np.ndarray) -> tuple[float, np.ndarray]:
    """The largest eigenvalue of a mean matrix and its eigenvector, summing to one."""
    values, vectors = np.linalg.eig(matrix)
    i = np.argmax(values.real)
    vector = np.abs(vectors[:, i].real)
    return float(values[i].real), vector / vector.sum()


MOST_RETURN = 1e3  # per day, at which hardly any cell in the niche finishes its cycle


def return_rate_at(growth: float, without: np.ndarray, per_rate: np.ndarray) -> float:
    """Rate of return to G0 at which cells grow at a rate; 0 if they never grow so fast.

    Parameters
    ----------
    growth : 1/day
    without, per_rate : the mean matrix without return, and its derivative by the rate of return, in
        which it is linear
    """

    def excess(return_rate):
        return leading(without + return_rate * per_rate)[0] - growth

    if excess(0.0) <= 0.0:
        return 0.0
    return float(brentq(excess, 0.0, MOST_RETURN, xtol=1e-10))
