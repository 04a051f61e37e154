"""Whether intervals hold what they say: parameters that are known, found again.

The places of the last wave were drawn from the posterior before it. That posterior is so the prior
of a test: each place in turn is the truth, the counts that the model itself gave there are the
data, and what the emulators, not told of that place, make of them is a posterior. If all is well,
its 80 % intervals hold the truth in 80 % of places. The counts are those of the design's few
patients, so these posteriors are wider than that of the published counts; and a population that was
asked at fewer places says nothing of the others.
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
    """How often intervals hold the truth, of each parameter and of all together.

    Of all together the interval takes places, not parameters, for independent.

    ranks : float64[truth, parameter]

    Returns
    -------
    DataFrame
        parameter, level, held (a share), low, high (95 %), truths.
    """
    from scipy.stats import binomtest

    rows = []
    for level in LEVELS:
        held = np.abs(ranks - 0.5) <= level / 2.0
        for name, of_parameter in zip(names, held.T, strict=True):
            ends = binomtest(int(of_parameter.sum()), len(of_parameter)).proportion_ci()
            rows.append((name, level, of_parameter.mean(), ends.low, ends.high, len(held)))
        mean, error = held.mean(), held.mean(axis=1).std(ddof=1) / np.sqrt(len(held))
        ends = mean - 1.96 * error, mean + 1.96 * error
        rows.append(("all", level, mean, *ends, len(held)))
    return pd.DataFrame(rows, columns=["parameter", "level", "held", "low", "high", "truths"])
