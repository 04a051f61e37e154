"""Summaries of arms over the same patients: means, survival on a day, restricted means.

A summary is a measure (:mod:`leukosim.analysis.measures`) and a statistic of its values. It is
computed in every resample of the patients, who are drawn with all their arms, so that differences
of arms are paired. A search maximises, minimises or limits summaries.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.bootstrap import (
    comparison_interval,
    means,
    resample_counts,
    restricted_means,
    survival_curves,
    survival_on,
)
from leukosim.analysis.measures import DAY, MEASURES, SHARE
from leukosim.analysis.survival import paired_difference
from leukosim.errors import ConfigError, unknown

NO_MORE = 1e-9  # a difference of shares that comes from rounding
RESAMPLED, MATCHED = "paired bootstrap", "matched proportions"

Curve = tuple[np.ndarray, np.ndarray]  # days, survival[resample, step]


@dataclass(frozen=True)
class EvaluationTimes:
    """The days at which arms are summarised, and the resampling of patients."""

    day: float  # of survival
    until_day: float  # of restricted means
    resamples: int = 1000
    seed: int = 1  # of resampling


# of the values of a measure, when, and the counts -> float64[arm, 1 + resample]
Statistic = Callable[[Any, EvaluationTimes, np.ndarray], np.ndarray]


def curve_of_arm(times: xr.Dataset, arm: str, counts: np.ndarray) -> Curve:
    """The Kaplan-Meier curve of an arm in every resample.

    times : ``day`` and ``event`` (arm, patient)
    """
    one = times.sel(arm=arm)
    return survival_curves(one["day"].values.astype(float), one["event"].values, counts)


def survival_probability(times: xr.Dataset, at: EvaluationTimes, counts: np.ndarray) -> np.ndarray:
    """The share of patients free of an event on a day, float64[arm, 1 + resample]."""
    curves = (curve_of_arm(times, arm, counts) for arm in times["arm"].values)
    return np.array([survival_on(at.day, *curve) for curve in curves])


def restricted_mean(times: xr.Dataset, at: EvaluationTimes, counts: np.ndarray) -> np.ndarray:
    """Restricted mean survival time, float64[arm, 1 + resample]."""
    curves = (curve_of_arm(times, arm, counts) for arm in times["arm"].values)
    return np.array([restricted_means(at.until_day, *curve) for curve in curves])


def means_by_arm(values: xr.DataArray, counts: np.ndarray) -> np.ndarray:
    """The mean of (arm, patient) in every resample, float64[arm, 1 + resample]."""
    return np.array([means(of_arm, counts) for of_arm in values.transpose("arm", "patient").values])


@dataclass(frozen=True)
class Summary:
    """A statistic of a measure over the patients of an arm."""

    measure: str  # its name in MEASURES
    statistic: Statistic
    unit: str
    label: str

    def values(self, ds: xr.Dataset, at: EvaluationTimes, counts: np.ndarray) -> np.ndarray:
        """The summary of every arm in every resample, float64[arm, 1 + resample]."""
        return self.statistic(MEASURES[self.measure].of(ds), at, counts)


def survival_of(name: str) -> Summary:
    """Survival on a day, of a time to an event."""
    return Summary(name, survival_probability, SHARE, MEASURES[name].label)


def mean_of(name: str) -> Summary:
    """The mean of a number of each patient."""
    measure = MEASURES[name]
    return Summary(
        name, lambda values, at, counts: means_by_arm(values, counts), measure.unit, measure.label
    )


SUMMARIES = {
    "relapse_free_survival": survival_of("relapse_free_survival"),
    "overall_survival": survival_of("overall_survival"),
    # of relapse-free survival; of overall survival from overt leukaemia
    "rmst": Summary("main_survival", restricted_mean, DAY, "mean days free of the event"),
    "drug_days": mean_of("drug_days"),
    "cytopenia_days": mean_of("cytopenia_days"),
    "samples": mean_of("samples"),
}


def summary_of(name: str, field: str) -> Summary:
    """The summary of a name.

    Raises
    ------
    ConfigError
        Naming the field, if there is no such summary.
    """
    if name not in SUMMARIES:
        raise ConfigError(f"{field}: {unknown(name, SUMMARIES, 'quantity')}")
    return SUMMARIES[name]


def resampled(ds: xr.Dataset, names: Sequence[str], at: EvaluationTimes) -> dict[str, np.ndarray]:
    """Summaries by name: float64[arm, 1 + resample], the estimate first.

    ds : of a trial (arm, patient)
    """
    counts = resample_counts(ds.sizes["patient"], at.resamples, at.seed)
    return {name: SUMMARIES[name].values(ds, at, counts) for name in names}


def levels(ds: xr.Dataset, names: Sequence[str], at: EvaluationTimes) -> pd.DataFrame:
    """The summaries of each arm: columns arm, quantity, unit, value, low, high, n."""
    n, rows = ds.sizes["patient"], []
    for name, values in resampled(ds, names, at).items():
        for arm, of_arm in zip(ds["arm"].values, values, strict=True):
            interval = comparison_interval(of_arm, n)
            rows.append((str(arm), name, SUMMARIES[name].unit, of_arm[0], *interval, n))
    return pd.DataFrame(rows, columns=["arm", "quantity", "unit", "value", "low", "high", "n"])


def differences(ds: xr.Dataset, names: Sequence[str], at: EvaluationTimes) -> pd.DataFrame:
    """The differences of each arm from the first, over the same patients.

    Returns
    -------
    DataFrame
        Columns arm, quantity, unit, value, low, high (95 %), method, n; the interval is that of
        :func:`difference_interval`.
    """
    n, arms, rows = ds.sizes["patient"], [str(arm) for arm in ds["arm"].values], []
    for name, values in resampled(ds, names, at).items():
        summary = SUMMARIES[name]
        is_share = summary.statistic is survival_probability
        times = MEASURES[summary.measure].times(ds) if is_share else None
        for arm, of_arm in zip(arms[1:], values[1:], strict=True):
            difference = of_arm - values[0]
            if times is None:
                interval = (*comparison_interval(difference, n), RESAMPLED)
            else:
                interval = difference_interval(difference, times, (arm, arms[0]), at.day)
            rows.append((arm, name, summary.unit, difference[0], *interval, n))
    columns = ["arm", "quantity", "unit", "value", "low", "high", "method", "n"]
    return pd.DataFrame(rows, columns=columns)


def difference_interval(
    difference: np.ndarray, times: xr.Dataset, arms: tuple[str, str], day: float
) -> tuple[float, float, str]:
    """The 95 % interval of a difference of survival on a day, and its method.

    That of resampled patients. Where all resamples have the same difference, or patients are too
    few, that of matched proportions (:func:`leukosim.analysis.survival.paired_difference`).

    Parameters
    ----------
    difference : float64[1 + resample], the first of two arms minus the second
    times : ``day`` and ``event`` (arm, patient)
    """
    low, high = comparison_interval(difference, times.sizes["patient"])
    if high - low > NO_MORE:
        return low, high, RESAMPLED
    matched = paired_difference(times, *arms, day)
    return matched.low, matched.high, MATCHED
