"""Emulators: the share of patients anywhere in the cube, from counts at the points of a design.

A Gaussian process on the logit of the share: a plane plus a smooth deviation with a length scale
for each parameter. Counts are binomial. The process is therefore fitted to working responses, as in
a generalised linear model,

    z = eta + (k / n - p) / (p (1 - p)),   var z = 1 / (n p (1 - p)),   p = 1 / (1 + exp(-eta)),

with the share that the process itself expects: repeated, this leads to the mode of the posterior
(Laplace's approximation; Rasmussen and Williams 2006, Gaussian Processes for Machine Learning).
Working with the observed share instead would give points without a single patient a wrong weight.
"""

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

ROUNDS = 6  # of working responses; they settle within four
FURTHEST = 7.0  # logits from one half: shares of 0.1 % and 99.9 % that no design could tell apart


@dataclass(frozen=True)
class Emulator:
    """A fitted process of one share, over the parameters that matter to it."""

    columns: list[int]  # of the cube
    inside: np.ndarray  # float64[point, parameter], points with patients
    responses: np.ndarray  # float64[point], less the offset
    variances: np.ndarray  # float64[point], the chance in the responses
    offset: float
    kernel: Any  # sklearn's, fitted

    @cached_property
    def inverse(self) -> np.ndarray:
        """Of the covariance of the responses, float64[point, point]."""
        return np.linalg.inv(self.kernel(self.inside) + np.diag(self.variances))

    @cached_property
    def pull(self) -> np.ndarray:
        """How strongly each point draws the process, float64[point]."""
        return self.inverse @ self.responses

    def predict(self, cube: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logit of the share, and its standard deviation: float64[place] each.

        As of sklearn's own process, whose checks would take most of a sampler's time.

        cube : float64[place, parameter], of all parameters
        """
        places = centred(cube, self.columns)
        across = self.kernel(places, self.inside)
        variance = self.kernel.diag(places) - ((across @ self.inverse) * across).sum(axis=1)
        return across @ self.pull + self.offset, np.sqrt(np.maximum(variance, 0.0))

    def without(self, point: int) -> "Emulator":
        """The emulator without one point, with the same length scales."""
        keep = np.arange(len(self.responses)) != point
        return replace(
            self,
            inside=self.inside[keep],
            responses=self.responses[keep],
            variances=self.variances[keep],
        )

    def surprises(self) -> np.ndarray:
        """Leave-one-out residuals of the points, in standard deviations: float64[point].

        About standard normal for an emulator with calibrated errors.
        """
        return self.pull / np.sqrt(np.diag(self.inverse))


def fit_emulator(
    cube: np.ndarray, k: np.ndarray, n: np.ndarray, columns: list[int], seed: int = 0
) -> Emulator:
    """The emulator of a share.

    Parameters
    ----------
    cube : float64[point, parameter], of all parameters
    k, n : float64[point], patients who met it, of so many; points without patients say nothing
    columns : the parameters that matter
    """
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct

    is_known = n > 0
    k, n, inside = k[is_known], n[is_known], centred(cube[is_known], columns)
    pooled = (k.sum() + 0.5) / (n.sum() + 1.0)
    offset = float(np.log(pooled / (1.0 - pooled)))
    lengths = np.full(len(columns), 2.0)
    kernel = ConstantKernel(0.5, (1e-3, 1e2)) * DotProduct(1.0, (1e-2, 1e1)) + ConstantKernel(
        0.3, (1e-3, 1e1)
    ) * RBF(lengths, (0.5, 30.0))
    eta = np.full(len(k), offset)
    for round_ in range(ROUNDS):
        share = 1.0 / (1.0 + np.exp(-eta))
        weight = n * share * (1.0 - share)
        responses = eta - offset + (k - n * share) / weight
        process = regressor(kernel, 1.0 / weight, fitted=round_ not in (1, ROUNDS - 2))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a length at its bound: the parameter does nothing
            process.fit(inside, responses)
        kernel = process.kernel_
        eta = np.clip(process.predict(inside) + offset, -FURTHEST, FURTHEST)
    return Emulator(columns, inside, responses, 1.0 / weight, offset, kernel)


def regressor(kernel: object, variances: np.ndarray, fitted: bool):
    """Sklearn's process with a kernel, whose numbers are fitted already or still to be."""
    from sklearn.gaussian_process import GaussianProcessRegressor

    optimizer = None if fitted else "fmin_l_bfgs_b"
    return GaussianProcessRegressor(kernel, alpha=variances, optimizer=optimizer)


def centred(cube: np.ndarray, columns: list[int]) -> np.ndarray:
    """The coordinates that matter, from -1 to 1."""
    return 2.0 * np.asarray(cube, float)[:, columns] - 1.0
