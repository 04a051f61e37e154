"""The posterior: which parameter values make the published counts likely.

The prior is flat on the unit cube. Of each published share k of n the likelihood is binomial,
averaged over what the emulator does not know of the share at that place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from leukosim.analysis.calibration.emulator import Emulator
from leukosim.analysis.calibration.shares import Count

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
LOG_WEIGHTS = np.log(WEIGHTS / WEIGHTS.sum())
WALKERS_A_PARAMETER = 6
POWERS = (0.03, 0.06, 0.12, 0.25, 0.5, 1.0)  # of the likelihood, one after the other


def log_likelihood_of(k: float, n: float, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Log likelihood of k of n, if the logit of the share is normal: float64[place].

        log E [p^k (1 - p)^(n - k)],   logit p ~ N(mean, sd^2)

    By Gauss and Hermite's rule; without the binomial coefficient, which is the same everywhere.
    """
    eta = mean[:, None] + sd[:, None] * NODES
    terms = -k * np.logaddexp(0.0, -eta) - (n - k) * np.logaddexp(0.0, eta) + LOG_WEIGHTS
    return np.logaddexp.reduce(terms, axis=1)


def log_likelihood(
    cube: np.ndarray, emulators: Mapping[str, Emulator], counts: Mapping[str, Count]
) -> np.ndarray:
    """Log likelihood of counts at places in the cube, float64[place]."""
    total = np.zeros(len(cube))
    for name, (k, n) in counts.items():
        total += log_likelihood_of(k, n, *emulators[name].predict(cube))
    return total


@dataclass(frozen=True)
class Sample:
    """Draws of a posterior, and how far they can be trusted."""

    cube: np.ndarray  # float64[draw, parameter]
    effective: np.ndarray  # float64[parameter], independent draws that are worth as much
    r_hat: np.ndarray  # float64[parameter], near 1 where halves of all chains agree


def sample_posterior(
    emulators: Mapping[str, Emulator],
    counts: Mapping[str, Count],
    n_parameters: int,
    steps: int,
    seed: int,
    keep: int = 4000,
) -> Sample:
    """Draws of the posterior by emcee, the first half of the steps thrown away.

    Walkers start in the prior, and the likelihood is raised to a growing power until it is itself.
    Before each power walkers are resampled by their likelihood, since one in a region of low
    probability would stay there. The same seed gives the same draws.

    Parameters
    ----------
    steps : of each walker
    keep : draws, at most
    """
    import emcee

    rng = np.random.default_rng(seed)
    walkers = WALKERS_A_PARAMETER * n_parameters

    def log_posterior(cube: np.ndarray, power: float) -> np.ndarray:
        inside = ((cube > 0.0) & (cube < 1.0)).all(axis=1)
        result = np.full(len(cube), -np.inf)
        if inside.any():
            result[inside] = power * log_likelihood(cube[inside], emulators, counts)
        return result

    moves = [
        (emcee.moves.DEMove(), 0.6),
        (emcee.moves.DEMove(gamma0=1.0), 0.2),
        (emcee.moves.DESnookerMove(), 0.2),
    ]
    random_state = np.random.RandomState(rng.integers(2**32)).get_state()
    state = emcee.State(rng.random((walkers, n_parameters)), random_state=random_state)
    for before, power in pairwise((0.0, *POWERS)):
        if before > 0.0:
            log_weights = (power / before - 1.0) * state.log_prob  # whose power was `before`
            state.coords = apart(state.coords[drawn_by_weight(log_weights, rng)], rng)
            state.log_prob = None
        sampler = emcee.EnsembleSampler(
            walkers, n_parameters, log_posterior, vectorize=True, moves=moves, args=[power]
        )
        state = sampler.run_mcmc(state, steps if power == 1.0 else steps // 8)
    chain = sampler.get_chain(discard=steps // 2)  # float64[step, walker, parameter]
    with np.errstate(invalid="ignore"):  # of a walker that never moved
        times = emcee.autocorr.integrated_time(chain, tol=0)  # never too short to say
    flat = chain.reshape(-1, n_parameters)
    kept = rng.choice(len(flat), min(keep, len(flat)), replace=False)
    return Sample(flat[kept], chain.shape[0] * chain.shape[1] / times, split_r_hat(chain))


def drawn_by_weight(log_weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As many positions as there are weights, each as often as its weight says, within one.

    Kitagawa (1996), doi:10.1080/10618600.1996.10474692, systematic resampling.
    """
    sums = np.cumsum(np.exp(log_weights - log_weights.max()))
    n = len(log_weights)
    return np.searchsorted(sums / sums[-1], (rng.random() + np.arange(n)) / n)


def apart(cube: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same places, none of them twice, which the sampler's moves could not bear."""
    return np.clip(cube + 1e-6 * rng.standard_normal(cube.shape), 1e-9, 1.0 - 1e-9)


def split_r_hat(chain: np.ndarray) -> np.ndarray:
    """Gelman and Rubin's ratio, every chain cut in two: float64[parameter].

    chain : float64[step, walker, parameter]
    """
    half = len(chain) // 2
    halves = np.concatenate([chain[:half], chain[half : 2 * half]], axis=1)
    within = halves.var(axis=0, ddof=1).mean(axis=0)
    between = halves.mean(axis=0).var(axis=0, ddof=1)
    return np.sqrt((within * (half - 1) / half + between) / within)
