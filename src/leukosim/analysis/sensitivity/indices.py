"""Shares of variance: how much of what is uncertain about a headline each parameter accounts for.

    S_i = V(E(y | x_i)) / V(y)        T_i = E(V(y | all but x_i)) / V(y)

They are computed of a Gaussian process fitted to a few dozen points, since the thousands of points
that they take would be thousands of trials. How well it predicts points it has not seen is reported
with them.

References
----------
Sobol' (2001), Math Comput Simul 55:271, doi:10.1016/S0378-4754(00)00270-6
Saltelli et al. (2010), Comput Phys Commun 181:259, doi:10.1016/j.cpc.2009.09.018
Rasmussen and Williams (2006), Gaussian Processes for Machine Learning, ISBN 026218253X
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leukosim.analysis.bootstrap import percentile_interval
from leukosim.analysis.sensitivity.screening import problem_of

FOLDS = 5
RESTARTS = 2  # of the fit
DESIGN = 2  # what keys its random stream
POOR = 0.5  # R2 below which indices are said to mean little
BOOTSTRAPPED = 200  # resamples of patients for which indices are computed


def surrogate_design(factors: int, points: int, seed: int) -> np.ndarray:
    """A scrambled Sobol' sequence: float64[point, factor]; more points begin with the fewer."""
    from scipy.stats import qmc

    return qmc.Sobol(factors, seed=np.random.default_rng([seed, DESIGN])).random(points)


def gaussian_process(factors: int, kernel: Any = None, seed: int = 0) -> Any:
    """A smooth function of so many factors, each with a length of its own, and noise.

    kernel : of a fit, to be kept as it is
    """
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    if kernel is not None:
        return GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True)
    lengths = RBF(np.ones(factors), (0.05, 50.0))
    kernel = ConstantKernel(1.0, (1e-2, 1e3)) * lengths + WhiteKernel(0.1, (1e-6, 1.0))
    return GaussianProcessRegressor(
        kernel, normalize_y=True, n_restarts_optimizer=RESTARTS, random_state=seed
    )


@dataclass(frozen=True)
class Indices:
    """Sobol' indices of one headline, and how far they can be trusted."""

    table: pd.DataFrame
    r2: float  # of points left out
    standard_deviation: float  # of the headline over the ranges, by the surrogate


def sobol_indices(
    coordinates: np.ndarray, outcomes: np.ndarray, sobol_points: int, seed: int
) -> Indices:
    """First-order and total indices of one headline.

    Parameters
    ----------
    coordinates : float64[point, factor], of :func:`surrogate_design`
    outcomes : float64[1 + resample, point], the first of all patients

    Returns
    -------
    Indices
        ``table`` has a row for each factor, in their order: ``first``, ``first_low``,
        ``first_high``, ``total``, ``total_low``, ``total_high``; intervals (95 %) over resamples of
        the patients, with the lengths of the surrogate as fitted to all.
    """
    from sklearn.exceptions import ConvergenceWarning

    factors = coordinates.shape[1]
    observed = outcomes[0]
    if np.ptp(observed) == 0.0:
        nothing = pd.DataFrame(np.nan, index=range(factors), columns=COLUMNS)
        return Indices(nothing, np.nan, 0.0)
    with warnings.catch_warnings():
        # of a length at its bound: a factor of no influence
        warnings.simplefilter("ignore", ConvergenceWarning)
        r2 = cross_validated(coordinates, observed, seed)
        fitted = gaussian_process(factors, seed=seed).fit(coordinates, observed)
        replicates = outcomes[: 1 + BOOTSTRAPPED].T
        surrogate = gaussian_process(factors, fitted.kernel_).fit(coordinates, replicates)
    at, problem = saltelli(factors, sobol_points, seed)
    predicted = surrogate.predict(at).reshape(len(at), -1)
    first, total = np.array([analysed(problem, y, seed) for y in predicted.T]).transpose(1, 2, 0)
    rows = [
        (one[0], *percentile_interval(one[1:]), whole[0], *percentile_interval(whole[1:]))
        for one, whole in zip(first, total, strict=True)
    ]
    return Indices(pd.DataFrame(rows, columns=COLUMNS), r2, float(predicted[:, 0].std()))


COLUMNS = ["first", "first_low", "first_high", "total", "total_low", "total_high"]


def cross_validated(coordinates: np.ndarray, observed: np.ndarray, seed: int) -> float:
    """R2 of points that the surrogate, fitted anew without them, has not seen."""
    from sklearn.metrics import r2_score
    from sklearn.model_selection import KFold, cross_val_predict

    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    process = gaussian_process(coordinates.shape[1], seed=seed)
    return float(r2_score(observed, cross_val_predict(process, coordinates, observed, cv=folds)))


def saltelli(factors: int, points: int, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """Where a function is evaluated for its indices, and the problem as SALib describes it."""
    from SALib.sample import sobol

    problem = problem_of([f"x{i}" for i in range(factors)])
    del problem["groups"]
    return sobol.sample(problem, points, calc_second_order=False, seed=seed), problem


def analysed(problem: dict[str, Any], values: np.ndarray, seed: int) -> tuple[list, list]:
    """First-order and total indices of one function's values."""
    from SALib.analyze import sobol

    if np.ptp(values) == 0.0:
        nothing = [np.nan] * problem["num_vars"]
        return nothing, nothing
    result = sobol.analyze(problem, values, calc_second_order=False, num_resamples=2, seed=seed)
    return list(result["S1"]), list(result["ST"])
