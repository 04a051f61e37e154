"""Designs: points of the unit cube at which the model is run, and their counts of patients."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leukosim.analysis.calibration.populations import PARAMETERS, Prior
from leukosim.analysis.calibration.shares import Count

SEEDS = 100_000  # of a wave, from which those of its points are numbered


@dataclass(frozen=True)
class Runs:
    """A design in one population, run: every point a place in the cube and counts of patients."""

    cube: np.ndarray  # float64[point, parameter], of all parameters
    k: Mapping[str, np.ndarray]  # by share, float64[point]: patients who met it,
    n: Mapping[str, np.ndarray]  # and of how many


# Population, parameter values by path with a seed for each point, name of the wave -> counts
Simulate = Callable[[str, Sequence[Mapping[str, float]], str], Sequence[Mapping[str, Count]]]


def spread(n_points: int, n_parameters: int, seed: int) -> np.ndarray:
    """Points spread over the whole unit cube: a Latin hypercube, float64[point, parameter]."""
    from scipy.stats import qmc

    return qmc.LatinHypercube(n_parameters, rng=np.random.default_rng(seed)).random(n_points)


def run_design(
    simulate: Simulate, population: str, prior: Prior, cube: np.ndarray, wave: str, seed: int
) -> Runs:
    """Run the model at points of the cube, each with random streams of its own.

    The sampling variability of one point thus averages out over its neighbours.
    """
    columns = prior.columns(population)
    values = prior.values(cube)
    points = [
        {PARAMETERS[prior.names[c]].path: float(row[c]) for c in columns} | {"seed": seed + i}
        for i, row in enumerate(values)
    ]
    counts = simulate(population, points, wave)
    names = list(counts[0])
    k, n = (
        {name: np.array([each[name][part] for each in counts], float) for name in names}
        for part in (0, 1)
    )
    return Runs(prior.cube(values), k, n)


def together(waves: Sequence[Runs]) -> Runs:
    """All points of several waves."""
    return Runs(
        np.concatenate([wave.cube for wave in waves]),
        {name: np.concatenate([wave.k[name] for wave in waves]) for name in waves[0].k},
        {name: np.concatenate([wave.n[name] for wave in waves]) for name in waves[0].n},
    )
