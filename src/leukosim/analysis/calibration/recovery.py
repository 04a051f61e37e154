"""Coverage of posterior intervals: the recovery of known parameters.

The points of the last wave are draws of the posterior before it, which is the prior of this test.
Each point in turn is the truth; the counts simulated there are the data; the emulators, fitted
without that point, give the posterior. If the posterior is calibrated, its 80 % intervals contain
the truth at 80 % of the points. The counts are those of the design's few patients, so these
posteriors are wider than that of the published counts. A population that was run at fewer points
adds nothing at the others.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from leukosim.analysis.calibration.fit import Fit
from leukosim.analysis.calibration.sampling import log_likelihood_of

LEVELS = (0.5, 0.8, 0.95)
Likelihood = Callable[[float, float, np.ndarray, np.ndarray], np.ndarray]


def ranks_of_truths(
    fit: Fit,
    populations: Mapping[str, list[str]],
    n_draws: int = 2000,
    likelihood: Likelihood = log_likelihood_of,
) -> np.ndarray:
    """The posterior probability below each true value: float64[truth, parameter].

    Uniform between 0 and 1 where all is well (Cook, Gelman and Rubin 2006,
    doi:10.1198/106186006X136976).

    n_draws : of the prior of the test
    likelihood : another one in its place, to see the test fail
    """
    draws, last = fit.samples[-2].cube[:n_draws], fit.waves[-1]
    truths = max((runs.cube for runs in last.values()), key=len)
    log_weights = np.zeros((len(truths), len(draws)))
    for population, shares in populations.items():
        waves = [wave[population] for wave in fit.waves]
        first = sum(len(wave.cube) for wave in waves[:-1])
        for share in shares:
            k, n = (np.concatenate([getattr(w, part)[share] for w in waves]) for part in "kn")
            row = np.cumsum(n > 0) - 1  # among the points that say something
            for truth, point in enumerate(range(first, len(n))):
                if n[point] > 0:
                    blind = fit.emulators[share].without(int(row[point]))
                    log_weights[truth] += likelihood(k[point], n[point], *blind.predict(draws))
    weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.stack([w @ (draws < truth) for w, truth in zip(weights, truths, strict=True)])


def coverage(names: tuple[str, ...], ranks: np.ndarray) -> pd.DataFrame:
    """The coverage of intervals, of each parameter and of all together.

    For all together the interval treats points, not parameters, as independent.

    ranks : float64[truth, parameter]

    Returns
    -------
    DataFrame
        parameter, level, held (the coverage, a share), low, high (95 %), truths.
    """
    from scipy.stats import binomtest

    rows = []
    for level in LEVELS:
        covered = np.abs(ranks - 0.5) <= level / 2.0
        for name, of_parameter in zip(names, covered.T, strict=True):
            ends = binomtest(int(of_parameter.sum()), len(of_parameter)).proportion_ci()
            rows.append((name, level, of_parameter.mean(), ends.low, ends.high, len(covered)))
        mean, error = covered.mean(), covered.mean(axis=1).std(ddof=1) / np.sqrt(len(covered))
        ends = mean - 1.96 * error, mean + 1.96 * error
        rows.append(("all", level, mean, *ends, len(covered)))
    return pd.DataFrame(rows, columns=["parameter", "level", "held", "low", "high", "truths"])
