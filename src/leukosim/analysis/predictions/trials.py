"""Trials of a stated size, sampled from virtual patients.

The weight of each virtual patient in the population is unknown. The weights are therefore sampled
(Rubin 1981), and then the patients of the trial by these weights. So a small pool makes a wide
interval, and a trial of n patients has the sampling variability of n patients.

References
----------
Rubin (1981), The Bayesian bootstrap, doi:10.1214/aos/1176345338
"""

from collections.abc import Sequence

import numpy as np

from leukosim.analysis.bootstrap import survival_curves
from leukosim.analysis.predictions.quantities import MEDIAN, MEDIAN_TIME, RATIO, Quantity
from leukosim.analysis.trial_emulation.repeated_trials import Repetitions, cox

FEWEST = 10  # virtual patients that count in each arm; with fewer nothing is predicted


def sample_patients(pool: int, n: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """The virtual patient in each place of each trial, int64[draw, patient]."""
    weights = rng.dirichlet(np.ones(pool), size=draws)
    edges = np.cumsum(weights, axis=1)
    u = rng.random((draws, n)) * edges[:, -1:]
    return np.stack([np.searchsorted(e, each) for e, each in zip(edges, u, strict=True)])


def trials_of(
    quantity: Quantity, values: Sequence[np.ndarray], draws: int, rng: np.random.Generator
) -> np.ndarray:
    """The reported value of each of so many trials, float64[draw]; inf for a median not reached.

    values : of each arm, as :func:`leukosim.analysis.predictions.quantities.values_of` gives them
    """
    if quantity.kind == RATIO:
        return hazard_ratios(quantity, values, draws, rng)
    (of_arm,) = values
    who = sample_patients(len(of_arm), quantity.n, draws, rng)
    if quantity.kind == MEDIAN_TIME:
        return median_times(of_arm, who)
    of_trial = of_arm[who]
    return np.median(of_trial, axis=1) if quantity.kind == MEDIAN else of_trial.mean(1)


def median_times(of_arm: np.ndarray, who: np.ndarray) -> np.ndarray:
    """Kaplan-Meier medians of trials. ``of_arm``: float64[patient, 2], day and event."""
    counts = np.stack([np.bincount(each, minlength=len(of_arm)) for each in who])
    days, survival = survival_curves(of_arm[:, 0], of_arm[:, 1] > 0.5, counts)
    reached = survival <= 0.5
    return np.where(reached.any(1), days[reached.argmax(1)], np.inf)


def hazard_ratios(
    quantity: Quantity, values: Sequence[np.ndarray], draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Hazard ratios of trials whose arms have different patients."""
    first = round(quantity.n * quantity.first_share)
    sizes = (first, quantity.n - first)
    arms = [
        of_arm[sample_patients(len(of_arm), n, draws, rng)]
        for of_arm, n in zip(values, sizes, strict=True)
    ]
    both = np.concatenate(arms, axis=1)
    day = both[:, :, 0] + 1e-3 * rng.random(both.shape[:2])  # no ties; no order of days changes
    treated = np.broadcast_to(np.arange(quantity.n) < first, day.shape)
    order = np.argsort(day, axis=1)

    def sort(of_patients: np.ndarray) -> np.ndarray:
        return np.take_along_axis(of_patients, order, 1)

    trials = Repetitions(
        sort(day), sort(both[:, :, 1]) > 0.5, sort(treated), np.zeros(day.shape, int)
    )
    return np.exp(cox(trials).log_hazard_ratio)
