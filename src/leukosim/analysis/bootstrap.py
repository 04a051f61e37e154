"""Patients drawn with replacement, once for everything that is computed of them.

A resample is how often each patient was drawn. The same resamples serve for every arm and every
quantity, so that what the arms share cancels in their differences. Kaplan-Meier curves of all
resamples are computed at once; a test holds them against lifelines.

References
----------
Efron and Tibshirani (1993), An Introduction to the Bootstrap, doi:10.1201/9780429246593
"""

from collections.abc import Callable

import numpy as np
import xarray as xr

from leukosim.analysis.endpoints import LEVEL, NOTHING, Estimate

FEWEST = 10  # patients: with fewer, resampling them says too little


def times_drawn(patients: int, resamples: int, seed: int) -> np.ndarray:
    """How often each patient is drawn, int64[1 + resample, patient]; the first row: once each."""
    rng = np.random.default_rng([seed, patients])
    drawn = rng.multinomial(patients, np.full(patients, 1.0 / patients), size=resamples)
    return np.vstack([np.ones((1, patients), int), drawn])


def means(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The mean of float64[patient] in every resample, float64[resample]."""
    return drawn @ values / drawn.sum(1)


def survival_curves(
    day: np.ndarray, event: np.ndarray, drawn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Kaplan-Meier curves of all resamples.

        S(t) = product over event days u <= t of (1 - d(u) / n(u))

    Parameters
    ----------
    day, event : float64[patient], bool[patient]
    drawn : int64[resample, patient], of :func:`times_drawn`

    Returns
    -------
    days : float64[step], rising
    survival : float64[resample, step], from each day on

    References
    ----------
    Kaplan and Meier (1958), doi:10.1080/01621459.1958.10501452
    """
    order = np.argsort(day, kind="stable")
    days, starts = np.unique(day[order], return_index=True)
    ordered = drawn[:, order]
    leaving = np.add.reduceat(ordered, starts, axis=1)
    failing = np.add.reduceat(ordered * event[order], starts, axis=1)
    at_risk = leaving[:, ::-1].cumsum(1)[:, ::-1]
    return days, np.cumprod(1.0 - failing / np.maximum(at_risk, 1), axis=1)


def survival_on(day: float, days: np.ndarray, survival: np.ndarray) -> np.ndarray:
    """Survival on a day in every resample, float64[resample]; nan after the last day of all."""
    if day > days[-1] and (survival[0, -1] > 0.0):
        return np.full(len(survival), np.nan)
    step = int(np.searchsorted(days, day, side="right"))
    return survival[:, step - 1] if step else np.ones(len(survival))


def restricted_means(until_day: float, days: np.ndarray, survival: np.ndarray) -> np.ndarray:
    """Mean time free of the event until a day in every resample: day, float64[resample].

    The area under the curve; beyond the last day of all the curve goes on as it ended.
    """
    edges = np.minimum(np.concatenate([[0.0], days, [until_day]]), until_day)
    heights = np.hstack([np.ones((len(survival), 1)), survival])
    return heights @ np.diff(edges)


RESAMPLES, SEED = 2000, 1  # of every interval


FEWEST_PATIENTS = 5  # patients, for an interval from resampling to mean anything


def resampled(n: int) -> np.ndarray:
    """Patients drawn with replacement, int64[RESAMPLES, n]: always the same."""
    return np.random.default_rng(SEED).integers(n, size=(RESAMPLES, n))


def interval(samples: np.ndarray) -> tuple[float, float]:
    """The percentile interval of a resampled statistic, nan left out."""
    known = samples[~np.isnan(samples)]
    if len(known) == 0:
        return np.nan, np.nan
    low, high = np.quantile(known, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return float(low), float(high)


def over_patients(statistic: Callable[..., np.ndarray], *columns: np.ndarray) -> Estimate:
    """A statistic of patients with its interval from resampling them.

    Parameters
    ----------
    statistic : of arrays whose last axis is patients, along that axis
    columns : float64[patient] each; a patient who is nan in one of them is left out. The bounds
        are nan for fewer than FEWEST_PATIENTS patients.
    """
    table = np.array(columns, float)
    table = table[:, ~np.isnan(table).any(0)]
    n = table.shape[1]
    if n == 0:
        return NOTHING
    value = float(statistic(*table))
    if n < FEWEST_PATIENTS:
        return Estimate(value, np.nan, np.nan, n)
    return Estimate(value, *interval(statistic(*table[:, resampled(n)])), n)


def mean(values: np.ndarray | xr.DataArray) -> Estimate:
    """The mean over patients, nan left out."""
    return over_patients(lambda each: each.mean(-1), np.asarray(values, float).ravel())


def ratio_of_sums(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The sum of one number over patients, divided by that of another; nan where that is 0."""
    total = whole.sum(-1)
    return np.divide(part.sum(-1), total, out=np.full_like(total, np.nan), where=total > 0.0)
