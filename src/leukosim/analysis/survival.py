"""Survival statistics, by lifelines.

The arms treat the same virtual patients. So a hazard ratio comes with standard errors clustered by
patient, a difference with a paired interval, and the log-rank test, which knows nothing of pairs,
errs on the side of no difference wherever the arms of a patient resemble each other.

lifelines takes seconds to import, hence inside the functions that need it.
"""

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.endpoints import (
    LEVEL,
    TOO_EXTREME,
    TWO_YEARS,
    Estimate,
    proportion,
    relapse_free_survival,
)


def arm_times(times: xr.Dataset, arm: str) -> tuple[np.ndarray, np.ndarray]:
    """Days and events of an arm's patients, float64[patient] and bool[patient].

    times : ``day`` and ``event`` (arm, patient), as of
        :func:`leukosim.analysis.endpoints.relapse_free_survival`; patients whose day is nan are
        left out
    """
    of_arm = times.sel(arm=arm)
    day = of_arm["day"].values.astype(float)
    known = ~np.isnan(day)
    return day[known], of_arm["event"].values.astype(bool)[known]


def arms_with_patients(times: xr.Dataset) -> list[str]:
    """Names of the arms in which at least one patient was followed."""
    return [str(arm) for arm in times["arm"].values if len(arm_times(times, arm)[0])]


# ---------------------------------------------------------------------- one arm at a time


def fit_arm(times: xr.Dataset, arm: str):
    """The Kaplan-Meier estimator of lifelines, fitted to an arm."""
    day, event = arm_times(times, arm)
    return fit(tuple(day), tuple(event), arm)


@lru_cache(maxsize=256)
def fit(day: tuple[float, ...], event: tuple[bool, ...], label: str):
    """The same, kept: a figure and its numbers ask for the same curves several times."""
    from lifelines import KaplanMeierFitter

    return KaplanMeierFitter(alpha=1.0 - LEVEL).fit(np.array(day), np.array(event), label=label)


def kaplan_meier(times: xr.Dataset) -> pd.DataFrame:
    """Kaplan-Meier curves by arm, a row for each step.

    Returns
    -------
    DataFrame
        Columns arm, day, survival, low, high (95 %, log-log), at_risk (just before the day),
        events, censored.
    """
    curves = []
    for arm in arms_with_patients(times):
        fitter = fit_arm(times, arm)
        bounds, counts = fitter.confidence_interval_, fitter.event_table
        curve = {
            "arm": arm,
            "day": counts.index.to_numpy(float),
            "survival": fitter.survival_function_.iloc[:, 0].to_numpy(),
            "low": bounds.iloc[:, 0].to_numpy(),
            "high": bounds.iloc[:, 1].to_numpy(),
            "at_risk": counts["at_risk"].to_numpy(int),
            "events": counts["observed"].to_numpy(int),
            "censored": counts["censored"].to_numpy(int),
        }
        curves.append(pd.DataFrame(curve))
    columns = ["arm", "day", "survival", "low", "high", "at_risk", "events", "censored"]
    return pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=columns)


def survival_at(times: xr.Dataset, day: float = TWO_YEARS) -> pd.DataFrame:
    """Survival at a day by arm: columns arm, day, survival, low, high, n.

    The interval is the log-log one of the curve. That one has no width where nobody, or everybody,
    has failed; there the exact binomial interval of those still (or ever) at risk takes its place.
    nan where nobody was followed so long and not everybody has failed.
    """
    rows = []
    for arm in arms_with_patients(times):
        days, _ = arm_times(times, arm)
        fitter = fit_arm(times, arm)
        survival = float(fitter.predict(day))
        upto = fitter.confidence_interval_.loc[: max(day, 0.0)].iloc[-1]
        low, high = float(upto.iloc[0]), float(upto.iloc[1])
        if survival == 1.0:
            exact = proportion(np.ones((days >= day).sum()))
            low, high = exact.low, exact.high
        elif survival == 0.0:
            exact = proportion(np.zeros(len(days)))
            low, high = exact.low, exact.high
        if survival > 0.0 and not (days >= day).any():
            survival = low = high = np.nan
        rows.append((arm, day, survival, low, high, len(days)))
    return pd.DataFrame(rows, columns=["arm", "day", "survival", "low", "high", "n"])


def median_survival(times: xr.Dataset) -> pd.DataFrame:
    """Median survival by arm: columns arm, median, low, high in days; inf where not reached.

    The bounds are nan for a single patient.
    """
    from lifelines.utils import median_survival_times

    rows = []
    for arm in arms_with_patients(times):
        fitter = fit_arm(times, arm)
        low, high = median_survival_times(fitter.confidence_interval_).iloc[0].astype(float)
        if len(arm_times(times, arm)[0]) == 1:
            low = high = np.nan
        rows.append((arm, float(fitter.median_survival_time_), low, high))
    return pd.DataFrame(rows, columns=["arm", "median", "low", "high"])


def numbers_at_risk(times: xr.Dataset, days: np.ndarray) -> pd.DataFrame:
    """Patients free of the event and followed until each day: columns arm, day, at_risk."""
    rows = [
        (arm, float(day), int((arm_times(times, arm)[0] >= day).sum()))
        for arm in arms_with_patients(times)
        for day in days
    ]
    return pd.DataFrame(rows, columns=["arm", "day", "at_risk"])


def rmst(times: xr.Dataset, until_day: float = TWO_YEARS) -> pd.DataFrame:
    """Mean time free of the event within the first days: columns arm, mean, low, high, n (day).

    It stays a fair summary where hazards cross and a hazard ratio does not. The interval is the
    normal one of a mean, which holds as long as no patient is censored before ``until_day``; where
    one is, or for a single patient, the bounds are nan.
    """
    from lifelines.utils import restricted_mean_survival_time
    from scipy.stats import norm

    rows = []
    for arm in arms_with_patients(times):
        days, events = arm_times(times, arm)
        n = len(days)
        mean = restricted_mean_survival_time(fit_arm(times, arm), t=until_day)
        margin = np.nan
        if n > 1 and not ((days < until_day) & ~events).any():
            lived = np.minimum(days, until_day)
            margin = norm.ppf(0.5 + LEVEL / 2) * lived.std(ddof=1) / np.sqrt(n)
        rows.append((arm, float(mean), float(mean - margin), float(mean + margin), n))
    return pd.DataFrame(rows, columns=["arm", "mean", "low", "high", "n"])


def cumulative_incidence(times: xr.Dataset, cause: str = "relapse") -> pd.DataFrame:
    """Cumulative incidence of one cause, others competing, by arm (Aalen-Johansen): a row a step.

    Where patients who die cannot relapse, one minus Kaplan-Meier would overstate relapse.

    Parameters
    ----------
    times : ``day``, ``event`` and ``cause`` (arm, patient), as of
        :func:`leukosim.analysis.endpoints.duration_of_response`

    Returns
    -------
    DataFrame
        Columns arm, day, incidence, low, high (95 %).
    """
    from lifelines import AalenJohansenFitter

    curves = []
    for arm in arms_with_patients(times):
        day, event = arm_times(times, arm)
        of_arm = times.sel(arm=arm)
        is_cause = (of_arm["cause"] == cause).values[of_arm["day"].notnull().values]
        if not (event & is_cause).any():
            days = [0.0, float(day.max())]
            nothing = {"arm": arm, "day": days, "incidence": 0.0, "low": np.nan, "high": np.nan}
            curves.append(pd.DataFrame(nothing))
            continue
        kind = np.where(event, np.where(is_cause, 1, 2), 0)
        # events on the same day are told apart by less than a second, always in the same way
        fitter = AalenJohansenFitter(jitter_level=1e-6, seed=1, alpha=1.0 - LEVEL)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Tied event times")
            fitter.fit(day, kind, event_of_interest=1)
        bounds = fitter.confidence_interval_
        curve = {
            "arm": arm,
            "day": fitter.cumulative_density_.index.to_numpy(float),
            "incidence": fitter.cumulative_density_.iloc[:, 0].to_numpy(),
            "low": bounds.iloc[:, 0].to_numpy(),
            "high": bounds.iloc[:, 1].to_numpy(),
        }
        curves.append(pd.DataFrame(curve))
    columns = ["arm", "day", "incidence", "low", "high"]
    return pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=columns)


# ---------------------------------------------------------------------- one arm against another


@dataclass(frozen=True)
class Comparison:
    """One arm against another; nan where the data cannot say."""

    arm: str
    against: str
    hazard_ratio: float  # below 1: fewer events in ``arm``
    low: float
    high: float
    logrank: float  # chi-squared, one degree of freedom
    p_logrank: float


def logrank(times: xr.Dataset, arm: str, against: str) -> tuple[float, float]:
    """Chi-squared and p of the log-rank test, which ignores that the arms share their patients.

    nan where an arm has no patients or neither has an event.
    """
    from lifelines.statistics import logrank_test

    day, event = arm_times(times, arm)
    other_day, other_event = arm_times(times, against)
    if not len(day) or not len(other_day) or not (event.any() or other_event.any()):
        return np.nan, np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        result = logrank_test(day, other_day, event, other_event)
    return float(result.test_statistic), float(result.p_value)


def hazard_ratio(times: xr.Dataset, arm: str, against: str) -> Estimate:
    """Cox hazard ratio of an arm against another, with errors clustered by patient.

    The arms treat the same patients: clustering (the sandwich estimator) keeps the interval honest
    about that. nan where an arm has no event, or the arms are so far apart that the likelihood
    has no maximum.
    """
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError, ConvergenceWarning
    from scipy.stats import norm

    rows = times.sel(arm=[arm, against])[["day", "event"]].to_dataframe().reset_index()
    rows = rows.dropna(subset="day")[["arm", "patient", "day", "event"]]
    rows["arm"] = (rows["arm"] == arm).astype(float)
    rows["event"] = rows["event"].astype(bool)
    n = len(rows)
    nothing = Estimate(np.nan, np.nan, np.nan, n)
    if rows.groupby("arm")["event"].sum().gt(0).sum() < 2 or rows["patient"].nunique() < 2:
        return nothing
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            for kind in (ConvergenceWarning, RuntimeWarning):
                warnings.simplefilter("ignore", kind)
            model = CoxPHFitter().fit(rows[["arm", "day", "event"]], "day", "event")
    except (ConvergenceError, np.linalg.LinAlgError):
        return nothing
    log_ratio, variance = float(model.params_["arm"]), float(model.variance_matrix_.iloc[0, 0])
    if not abs(log_ratio) < TOO_EXTREME:
        return nothing
    arms, days, events = (rows[name].to_numpy(float) for name in ("arm", "day", "event"))
    residuals = score_residuals(arms, days, events, log_ratio)
    by_patient = pd.Series(residuals).groupby(rows["patient"].to_numpy()).sum()
    margin = norm.ppf(0.5 + LEVEL / 2) * variance * np.sqrt((by_patient**2).sum())
    low, high = np.exp(log_ratio - margin), np.exp(log_ratio + margin)
    return Estimate(float(np.exp(log_ratio)), float(low), float(high), n)


def score_residuals(
    covariate: np.ndarray, day: np.ndarray, event: np.ndarray, log_ratio: float
) -> np.ndarray:
    """Score residuals of a Cox model of one covariate, float64[row], by Efron's method for ties.

    Patients are seen on visits, so many events share a day. lifelines takes their residuals as if
    there were no ties; these are those of ``residuals(coxph(...), type = "score")`` in R.

    References
    ----------
    Therneau and Grambsch (2000), Modeling Survival Data, section 4.6
    """
    hazard = np.exp(log_ratio * covariate)
    residuals = np.zeros(len(day))
    for time in np.unique(day[event > 0]):
        at_risk = day >= time
        fails = (day == time) & (event > 0)
        ties = int(fails.sum())
        for share in np.arange(ties) / ties:  # of the tied who have left the risk set already
            weight = hazard * np.where(fails, 1.0 - share, at_risk)
            total = weight.sum()
            mean = (weight * covariate).sum() / total
            residuals += fails * (covariate - mean) / ties - weight * (covariate - mean) / total
    return residuals


def compare(times: xr.Dataset, arm: str, against: str) -> Comparison:
    """Hazard ratio and log-rank test of an arm against another."""
    ratio = hazard_ratio(times, arm, against)
    statistic, p = logrank(times, arm, against)
    return Comparison(arm, against, ratio.value, ratio.low, ratio.high, statistic, p)


def paired_difference(
    times: xr.Dataset, arm: str, against: str, day: float = TWO_YEARS
) -> Estimate:
    """Difference in the share still free of the event at a day, arm minus the other, in pairs.

    Each patient is their own control, so only patients whose outcome differs between the arms
    carry uncertainty. The interval is Wald's for matched proportions with 0.5 added to each cell of
    the two-by-two table; it has a width even if no outcome differs. Patients censored before the
    day in either arm are left out.

    References
    ----------
    Agresti and Min (2005), Statistics in Medicine 24:729 ("Wald+2")
    """
    from scipy.stats import norm

    free = free_at(times, arm, day), free_at(times, against, day)
    better, worse = ((a > b).sum() for a, b in (free, free[::-1]))
    n = int((~np.isnan(free[0] - free[1])).sum())
    if n == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    middle = (better - worse) / (n + 2)
    error = np.sqrt((better + worse + 1) / (n + 2) - middle**2) / np.sqrt(n + 2)
    margin = norm.ppf(0.5 + LEVEL / 2) * error
    low, high = max(middle - margin, -1.0), min(middle + margin, 1.0)
    return Estimate(float((better - worse) / n), float(low), float(high), n)


def free_at(times: xr.Dataset, arm: str, day: float) -> np.ndarray:
    """1 for patients event-free at a day, 0 for others, nan if censored; float64[patient]."""
    of_arm = times.sel(arm=arm)
    days, event = of_arm["day"].values, of_arm["event"].values.astype(bool)
    failed = event & (days <= day)
    known = failed | (days >= day)
    return np.where(known, ~failed, np.nan)


# ---------------------------------------------------------------------- sweeps


def sweep_summary(
    ds: xr.Dataset, arm: str = "triggered", against: str = "at_relapse", day: float = TWO_YEARS
) -> xr.Dataset:
    """Relapse-free survival at a day in every scenario, and the paired difference of two arms.

    Parameters
    ----------
    ds : a sweep, dimensions scenario, arm, patient
    arm, against : the arms of the difference, nan where one of them is missing
    day : day; see :func:`survival_at` and :func:`paired_difference` for the methods

    Returns
    -------
    Dataset
        ``survival``, ``survival_low``, ``survival_high``, ``n`` (scenario, arm) and ``difference``,
        ``difference_low``, ``difference_high`` (scenario), with the coordinates of the scenarios.
    """
    times = relapse_free_survival(ds)
    arms = [str(name) for name in ds["arm"].values]
    shares, differences = [], []
    for scenario in range(ds.sizes["scenario"]):
        one = times.isel(scenario=scenario)
        of_arms = survival_at(one, day).set_index("arm").reindex(arms)
        shares.append(of_arms[["survival", "low", "high", "n"]].to_numpy(float))
        both = arm in arms and against in arms and arm != against
        result = paired_difference(one, arm, against, day) if both else None
        differences.append((result.value, result.low, result.high) if result else (np.nan,) * 3)
    share, difference = np.array(shares), np.array(differences)
    variables: dict[str, Any] = {
        name: (("scenario", "arm"), share[:, :, i])
        for i, name in enumerate(("survival", "survival_low", "survival_high"))
    }
    variables["n"] = (("scenario", "arm"), np.nan_to_num(share[:, :, 3]).astype(int))
    variables |= {
        name: ("scenario", difference[:, i])
        for i, name in enumerate(("difference", "difference_low", "difference_high"))
    }
    return summary_of(ds, variables, {"arm": arm, "against": against, "day": float(day)})


def summary_of(ds: xr.Dataset, variables: dict[str, Any], attributes: dict[str, Any]) -> xr.Dataset:
    """Variables over scenario and arm, with the coordinates and the axes of a sweep."""
    coordinates = {
        name: values for name, values in ds.coords.items() if values.dims == ("scenario",)
    }
    if "axes" in ds.attrs:
        attributes = {**attributes, "axes": ds.attrs["axes"]}
    return xr.Dataset(variables, {**coordinates, "arm": ds["arm"].values.astype(str)}, attributes)
