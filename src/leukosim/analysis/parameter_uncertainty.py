"""Uncertainty of a study's numbers from sampling patients and from the parameters.

For a sweep over draws of the posterior. The spread of patients within a draw is sampling
variability: the uncertainty of a trial of as many patients if the parameters were known. The spread
between draws adds to it: each draw is a parameter set that agrees with the published targets. All
draws sample patients by the same random numbers; where trajectories diverge all the same, curves
attribute the difference to the parameters, so that their wider bands are conservative.
"""

import json

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import norm

from leukosim.analysis.bootstrap import means, resample_counts
from leukosim.analysis.endpoints import DAYS_PER_MONTH, horizon_days, main_survival
from leukosim.analysis.headlines import HEADLINES
from leukosim.analysis.survival import kaplan_meier

DRAW = "posterior.draw"
LEVEL = 0.95
ENDS = ((1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0)
FAR = norm.ppf(ENDS[1])  # standard errors from the middle of an interval to its end
RESAMPLES = 1000
QUANTILES = norm.ppf((np.arange(400) + 0.5) / 400.0)  # of chance, in place of random numbers
EVERY_DAYS = DAYS_PER_MONTH / 4.0  # of curves


def is_over_draws(ds: xr.Dataset) -> bool:
    """Whether scenarios are draws of the posterior, and differ in nothing else."""
    axes = json.loads(ds.attrs.get("axes", "[]"))
    return axes == [DRAW] and len(np.unique(posterior_draws(ds)[DRAW])) > 1


def posterior_draws(ds: xr.Dataset) -> xr.Dataset:
    """The finished scenarios of posterior draws, without draw 0, which has the declared values."""
    is_one = ds[DRAW].values > 0
    if "status" in ds:
        is_one &= ds["status"].values.astype(str) == "finished"
    return ds.isel(scenario=np.flatnonzero(is_one))


def headline_uncertainty(ds: xr.Dataset) -> pd.DataFrame:
    """The headlines of the study with both uncertainties, a row each.

    Returns
    -------
    DataFrame
        Columns headline, unit, is_difference, those of :func:`both_uncertainties` (95 %, by
        resampling patients), n (mean number of patients who count), draws. A headline whose arms
        or variables the result lacks, or with fewer than two patients, is left out.
    """
    ds = posterior_draws(ds)
    rows = []
    for each in HEADLINES.get(str(ds.attrs.get("title", "")).removeprefix("leukosim: "), ()):
        if not each.is_known_in(ds):
            continue
        values = [each.of_patients(ds.isel(scenario=i)) for i in range(ds.sizes["scenario"])]
        of_patients = np.array([value.values for value in values])
        if (~np.isnan(of_patients)).sum(axis=1).min() < 2:
            continue
        rows.append({
            "headline": each.label, "unit": each.unit, "is_difference": each.is_difference,
            **both_uncertainties(of_patients),
            "n": float((~np.isnan(of_patients)).sum(axis=1).mean()), "draws": len(of_patients),
        })  # fmt: skip
    return pd.DataFrame(rows)


def both_uncertainties(of_patients: np.ndarray) -> dict[str, float]:
    """The mean over patients with intervals of sampling alone, and of sampling and parameters.

    Patients are resampled in each draw. Means differ between draws by the parameters, and because
    each patient's random numbers have other effects; the variance of the latter is estimated from
    the variation of patients between draws (:func:`sampling_variance`) and subtracted.

    Parameters
    ----------
    of_patients : float64[draw, patient], one number of each; nan: does not count

    Returns
    -------
    dict
        ``mean``; ``chance_low`` and ``chance_high``, the interval within a draw, its ends averaged;
        ``low`` and ``high``, that of both, never narrower; ``from_parameters``, the share of the
        variance due to parameters.
    """
    counted = [one[~np.isnan(one)] for one in of_patients]
    result = np.array([means(one, resample_counts(len(one), RESAMPLES, seed=1)) for one in counted])
    estimate, rng = result[:, 0], result[:, 1:]
    middle, spread = estimate.mean(), estimate.var(ddof=1)
    chance, parameters = rng.var(axis=1).mean(), max(spread - sampling_variance(of_patients), 0.0)
    shrunk = middle + np.sqrt(parameters / spread if spread else 0.0) * (estimate - middle)
    chance_low, chance_high = np.quantile(rng, ENDS, axis=1).mean(axis=1)
    low, high = np.quantile(rng + (shrunk - estimate)[:, None], ENDS)
    possible = np.nanmin(of_patients), np.nanmax(of_patients)
    low, high = np.clip([low, high], *possible)
    return {
        "mean": float(middle),
        "chance_low": float(chance_low),
        "chance_high": float(chance_high),
        "low": float(min(low, chance_low)),
        "high": float(max(high, chance_high)),
        "from_parameters": float(parameters / (parameters + chance)) if parameters else 0.0,
    }


def sampling_variance(of_patients: np.ndarray) -> float:
    """Variance between the means of draws that is expected without an effect of parameters.

        y[draw, patient] = mean + draw + patient + residual;   var(residual) / patients

    of_patients : float64[draw, patient]; patients who do not count in every draw are left out
    """
    everywhere = of_patients[:, ~np.isnan(of_patients).any(axis=0)]
    draws, patients = everywhere.shape
    if patients < 2:
        return 0.0
    by_draw, by_patient = everywhere.mean(axis=1, keepdims=True), everywhere.mean(axis=0)
    residual = everywhere - by_draw - by_patient + everywhere.mean()
    counted = float((~np.isnan(of_patients)).sum(axis=1).mean())
    return float((residual**2).sum() / ((draws - 1) * (patients - 1)) / counted)


def interval_of_both(mean: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the 95 % interval of a mixture of normal laws, one for every draw.

    mean, error : float64[draw] or float64[draw, place]
    """
    quantiles = QUANTILES.reshape(-1, *[1] * (mean.ndim - 1))
    mixed = (mean[:, None] + error[:, None] * quantiles).reshape(-1, *mean.shape[1:])
    low, high = np.quantile(mixed, ENDS, axis=0)
    return low, high


def curve_uncertainty(ds: xr.Dataset) -> pd.DataFrame:
    """Survival free of the main event by arm and day, with both uncertainties.

    Returns
    -------
    DataFrame
        Columns arm, day, survival (mean of the draws), chance_low, chance_high, low, high, as of
        :func:`headline_uncertainty`; mixed on the scale log(-log S), never narrower than chance.
    """
    ds = posterior_draws(ds)
    horizon = float(horizon_days(ds).max())
    days = np.append(np.arange(0.0, horizon, EVERY_DAYS), horizon)
    curves = [kaplan_meier(main_survival(ds.isel(scenario=i))) for i in range(ds.sizes["scenario"])]
    tables = []
    for arm in dict.fromkeys(arm for curve in curves for arm in curve["arm"]):
        of_arm = [curve[curve["arm"] == arm] for curve in curves]
        survival, low, high = (
            np.array([stepwise(curve, name, days) for curve in of_arm])
            for name in ("survival", "low", "high")
        )
        mean = hazard_scale(survival)
        error = (hazard_scale(low) - hazard_scale(high)) / (2.0 * FAR)
        both = [survival_of(end) for end in interval_of_both(mean, error)]  # high, low
        begun = survival.min(axis=0) < 1.0  # without an event there is no interval
        table = {
            "survival": survival.mean(axis=0),
            "chance_low": low.mean(axis=0),
            "chance_high": high.mean(axis=0),
            "low": np.where(begun, np.minimum(both[1], low.mean(axis=0)), 1.0),
            "high": np.where(begun, np.maximum(both[0], high.mean(axis=0)), 1.0),
        }
        tables.append(pd.DataFrame({"arm": arm, "day": days, **table}))
    return pd.concat(tables, ignore_index=True)


def stepwise(curve: pd.DataFrame, name: str, days: np.ndarray) -> np.ndarray:
    """A column of a Kaplan-Meier curve on some days."""
    at = np.searchsorted(curve["day"].to_numpy(), days, "right") - 1
    return curve[name].to_numpy()[np.maximum(at, 0)]


def hazard_scale(survival: np.ndarray) -> np.ndarray:
    """log(-log S), with S clipped away from 0 and 1, where it is infinite."""
    return np.log(-np.log(np.clip(survival, 1e-4, 1.0 - 1e-4)))


def survival_of(hazard: np.ndarray) -> np.ndarray:
    """The inverse of :func:`hazard_scale`."""
    return np.exp(-np.exp(hazard))
