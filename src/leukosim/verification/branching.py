"""Laws of branching: what cells may do, and what follows for means and covariances."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import linalg


class Event(NamedTuple):
    """What a cell of a class does at a rate, and the cells that are there afterwards."""

    of: int
    rate: float  # per day
    fates: list[tuple[float, list[int]]]  # probability, classes of the cells left


def drift(events: Sequence[Event], n: int) -> np.ndarray:
    """M of dm/dt = M m: float64[class, class], rate times mean change of every event."""
    matrix = np.zeros((n, n))
    for event in events:
        matrix[event.of, event.of] -= event.rate
        for probability, left in event.fates:
            np.add.at(matrix[:, event.of], left, event.rate * probability)
    return matrix


def moments(
    events: Sequence[Event], mean: np.ndarray, covariance: np.ndarray, length: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean numbers of a multitype branching process and their covariances after some days.

        dm/dt = M m,    dC/dt = M C + C M' + sum_c m_c B_c

    B_c is the sum over the events of class c of rate times mean square change (Athreya and Ney
    1972, chapter V). Both are linear in (m, C): one matrix exponential solves them.
    """
    n = len(mean)
    matrix, source = drift(events, n), np.zeros((n * n, n))
    for event in events:
        for probability, left in event.fates:
            change = -np.eye(n)[event.of]
            np.add.at(change, left, 1.0)
            source[:, event.of] += event.rate * probability * np.outer(change, change).ravel()
    both = np.kron(matrix, np.eye(n)) + np.kron(np.eye(n), matrix)
    system = np.block([[matrix, np.zeros((n, n * n))], [source, both]])
    state = linalg.expm(system * length) @ np.concatenate([mean, covariance.ravel()])
    return state[:n], state[n:].reshape(n, n)
