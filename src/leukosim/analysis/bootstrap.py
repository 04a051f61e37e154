"""The bootstrap of patients: resamples, statistics of all resamples at once, and intervals.

A resample draws as many patients as there are, with replacement. It has two forms:

- counts, how often each patient was drawn (:func:`resample_counts`). Means and Kaplan-Meier curves
  follow from them. The same counts serve for every arm and every measure, so that differences of
  arms are paired.
- indices, which patients were drawn (:func:`resample_indices`), for any other statistic.

The values of a statistic in the resamples are its replicates.

References
----------
Efron and Tibshirani (1993), An Introduction to the Bootstrap, doi:10.1201/9780429246593
"""

from collections.abc import Callable

import numpy as np
import xarray as xr

from leukosim.analysis.endpoints import LEVEL, NOTHING, Estimate

# With fewer patients, their resamples are too much alike for an interval.
MIN_PATIENTS_FOR_ESTIMATE = 5  # of one statistic
MIN_PATIENTS_FOR_COMPARISON = 10  # of arms, whose differences are zero in most patients
RESAMPLES, SEED = 2000, 1  # of indices

# ---------------------------------------------------------------------- resamples


def resample_counts(patients: int, resamples: int, seed: int) -> np.ndarray:
    """How often each patient is drawn, int64[1 + resample, patient]; the first row: once each."""
    rng = np.random.default_rng([seed, patients])
    counts = rng.multinomial(patients, np.full(patients, 1.0 / patients), size=resamples)
    return np.vstack([np.ones((1, patients), int), counts])


def resample_indices(patients: int) -> np.ndarray:
    """Patients drawn with replacement, int64[RESAMPLES, patient]; always the same."""
    return np.random.default_rng(SEED).integers(patients, size=(RESAMPLES, patients))


# ---------------------------------------------------------------------- intervals


def percentile_interval(replicates: np.ndarray) -> tuple[float, float]:
    """The central LEVEL of the replicates of a statistic, nan left out; nan without any."""
    known = replicates[~np.isnan(replicates)]
    if len(known) == 0:
        return np.nan, np.nan
    low, high = np.quantile(known, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return float(low), float(high)


def comparison_interval(values: np.ndarray, patients: int) -> tuple[float, float]:
    """The interval of an arm's value or of a difference of arms.

    nan with fewer than MIN_PATIENTS_FOR_COMPARISON patients.

    values : float64[1 + resample], the estimate first
    """
    if patients < MIN_PATIENTS_FOR_COMPARISON:
        return np.nan, np.nan
    return percentile_interval(values[1:])


# ---------------------------------------------------------------------- statistics of counts


def means(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The mean of float64[patient] in every resample, float64[resample]."""
    return counts @ values / counts.sum(1)


def survival_curves(
    day: np.ndarray, event: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Kaplan-Meier curves of all resamples.

        S(t) = product over event days u <= t of (1 - d(u) / n(u))

    Parameters
    ----------
    day, event : float64[patient], bool[patient]
    counts : int64[resample, patient], of :func:`resample_counts`

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
    ordered = counts[:, order]
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
    """Restricted mean survival time until a day in every resample: day, float64[resample].

    The area under the curve, which stays at its last value beyond the last day of all.
    """
    edges = np.minimum(np.concatenate([[0.0], days, [until_day]]), until_day)
    heights = np.hstack([np.ones((len(survival), 1)), survival])
    return heights @ np.diff(edges)


# ---------------------------------------------------------------------- statistics of indices


def bootstrap_estimate(statistic: Callable[..., np.ndarray], *columns: np.ndarray) -> Estimate:
    """A statistic of patients with its interval.

    Parameters
    ----------
    statistic : of arrays whose last axis is patients, along that axis
    columns : float64[patient] each; a patient who is nan in one of them is left out. The bounds
        are nan for fewer than MIN_PATIENTS_FOR_ESTIMATE patients.
    """
    table = np.array(columns, float)
    table = table[:, ~np.isnan(table).any(0)]
    n = table.shape[1]
    if n == 0:
        return NOTHING
    value = float(statistic(*table))
    if n < MIN_PATIENTS_FOR_ESTIMATE:
        return Estimate(value, np.nan, np.nan, n)
    replicates = statistic(*table[:, resample_indices(n)])
    return Estimate(value, *percentile_interval(replicates), n)


def mean(values: np.ndarray | xr.DataArray) -> Estimate:
    """The mean over patients with its interval, nan left out."""
    return bootstrap_estimate(lambda each: each.mean(-1), np.asarray(values, float).ravel())


def ratio_of_sums(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The sum of one number over patients, divided by that of another; nan where that is 0."""
    total = whole.sum(-1)
    return np.divide(part.sum(-1), total, out=np.full_like(total, np.nan), where=total > 0.0)
