"""The random numbers that everything rests on."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from scipy import stats

from leukosim.marrow import kernels
from leukosim.verification.rows import Row, error, p_value


def keyed_numbers(seed: int, n: int) -> Iterator[Row]:
    """The random numbers: published outputs, uniformity, binomials against SciPy."""
    published = [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431,
        16408922859458223821,
    ]  # fmt: skip
    state, golden = 1234567, int(kernels.GOLDEN)
    differing = 0
    for number in published:
        state = (state + golden) % 2**64
        differing += int(kernels.mix(np.uint64(state))) != number
    yield error("SplitMix64 from 1234567: numbers that differ", [differing], 0.0)

    stream = np.array([seed], np.uint64)
    u = np.array([kernels.uniform(stream) for _ in range(n)])
    keys = np.array([kernels.derive(np.uint64(seed), word) for word in range(n)], np.uint64)
    first = (keys >> np.uint64(12)).astype(float) / 2.0**52
    normal = np.array([kernels.normal(key)[0] for key in keys])
    exponential = np.array([kernels.exponential(key)[0] for key in keys])
    pairs = np.histogram2d(u[::2], u[1::2], bins=16, range=[[0, 1], [0, 1]])[0].ravel()
    yield p_value(
        "uniform, pairs of it, keys, normal, exponential",
        [
            stats.kstest(u, "uniform").pvalue,
            stats.chisquare(pairs).pvalue,
            stats.kstest(first, "uniform").pvalue,
            stats.kstest(normal, "norm").pvalue,
            stats.kstest(exponential, "expon").pvalue,
        ],
    )

    wrong = 0
    levels = [1e-9, 1e-3, 0.1, 0.4999, 0.77, 0.999, 1.0 - 1e-9]
    sizes, chances = [1, 7, 60, 1000, 10**5, 10**7], [1e-8, 1e-6, 1e-4, 0.02, 0.3, 0.5]
    for level, size, chance in product(levels, sizes, chances):
        if size * chance < kernels.MANY:
            k = kernels.binomial_quantile(level, size, chance)
            exact = int(stats.binom.ppf(level, size, chance))
            # a level that falls on a step of the distribution may be rounded to either side of it
            at_step = abs(stats.binom.cdf(min(k, exact), size, chance) - level) < 1e-11
            wrong += k != exact and not (abs(k - exact) == 1 and at_step)
    yield error("binomial quantiles that differ from SciPy's", [wrong], 0.0)

    fits = []
    for size, chance in [(60, 0.9), (70, 0.5), (1000, 0.04), (10**5, 0.3), (10**8, 1e-3)]:
        law = stats.binom(size, chance)
        edges = np.unique(law.ppf(np.linspace(0.0, 1.0, 41)[1:-1]))
        drawn = np.array([kernels.binomial(size, chance, stream) for _ in range(n)])
        seen = np.bincount(np.searchsorted(edges, drawn), minlength=len(edges) + 1)
        expected = np.diff(np.concatenate([[0.0], law.cdf(edges), [1.0]])) * n
        fits.append(stats.chisquare(seen, expected).pvalue)
    yield p_value("binomials of many against SciPy's law", fits)
