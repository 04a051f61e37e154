"""What chance leaves open in a study, and what the parameters do.

Of a sweep over draws of the posterior. The spread of patients within a draw is chance: what a
trial of as many patients leaves open where the parameters are known. The spread of draws comes on
top: each is a parameter set that agrees with the published targets. Patients are the same in all
draws, but their luck is only partly, so the spread of draws holds a little of chance and is not too
narrow.
"""

import json

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import norm

from leukosim.endpoints import DAYS_PER_MONTH, horizon_days, main_survival
from leukosim.headlines import HEADLINES
from leukosim.survival import kaplan_meier

DRAW = "posterior.draw"
LEVEL = 0.95
QUANTILES = norm.ppf((np.arange(400) + 0.5) / 400.0)  # of chance, in place of random numbers
EVERY_DAYS = DAYS_PER_MONTH / 4.0  # of curves


def is_over_draws(ds: xr.Dataset) -> bool:
    """Whether scenarios are draws of the posterior, and differ in nothing else."""
    axes = json.loads(ds.attrs.get("axes", "[]"))
    return axes == [DRAW] and len(np.unique(drawn(ds)[DRAW])) > 1


def drawn(ds: xr.Dataset) -> xr.Dataset:
    """The finished scenarios that are draws; draw 0 has the declared values."""
    is_one = ds[DRAW].values > 0
    if "status" in ds:
        is_one &= ds["status"].values.astype(str) == "finished"
    return ds.isel(scenario=np.flatnonzero(is_one))


def headline_uncertainty(ds: xr.Dataset) -> pd.DataFrame:
    """The headlines of the study with both uncertainties, a row each.

    Returns
    -------
    DataFrame
        Columns headline, unit, mean, chance_low, chance_high, low, high (95 %, of both), n (mean
        number of patients who count), draws, from_parameters (part of the variance). A headline
        whose arms or variables the result lacks, or that fewer than two patients tell, is left out.
    """
    ds = drawn(ds)
    arms = set(map(str, ds["arm"].values))
    rows = []
    for each in HEADLINES.get(str(ds.attrs.get("title", "")).removeprefix("leukosim: "), ()):
        if not arms.issuperset(each.arms):
            continue
        try:
            values = [each.of_patients(ds.isel(scenario=i)) for i in range(ds.sizes["scenario"])]
        except KeyError:  # a variable that was not recorded
            continue
        of_draws = [value.values[~np.isnan(value.values)] for value in values]
        if min(map(len, of_draws)) < 2:
            continue
        mean = np.array([one.mean() for one in of_draws])
        error = np.array([one.std(ddof=1) / np.sqrt(len(one)) for one in of_draws])
        rows.append({
            "headline": each.label, "unit": each.unit, **both_uncertainties(mean, error),
            "n": float(np.mean([len(one) for one in of_draws])), "draws": len(mean),
        })  # fmt: skip
    return pd.DataFrame(rows)


def both_uncertainties(mean: np.ndarray, error: np.ndarray) -> dict[str, float]:
    """The mean of some estimates with intervals of chance alone, and of chance and parameters.

    Parameters
    ----------
    mean, error : float64[draw], an estimate and its standard error in every draw
    """
    chance, parameters = float(np.mean(error**2)), float(mean.var(ddof=1))
    far = norm.ppf(0.5 + LEVEL / 2.0) * np.sqrt(chance)
    low, high = interval_of_both(mean, error)
    return {
        "mean": float(mean.mean()),
        "chance_low": float(mean.mean() - far),
        "chance_high": float(mean.mean() + far),
        "low": float(low),
        "high": float(high),
        "from_parameters": parameters / (parameters + chance) if parameters else 0.0,
    }


def interval_of_both(mean: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the 95 % interval of a mixture of normal laws, one for every draw.

    mean, error : float64[draw] or float64[draw, place]
    """
    quantiles = QUANTILES.reshape(-1, *[1] * (mean.ndim - 1))
    mixed = (mean[:, None] + error[:, None] * quantiles).reshape(-1, *mean.shape[1:])
    low, high = np.quantile(mixed, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0], axis=0)
    return low, high


def curve_uncertainty(ds: xr.Dataset) -> pd.DataFrame:
    """Survival by arm with both uncertainties: what strategies are judged by, day by day.

    Returns
    -------
    DataFrame
        Columns arm, day, survival (mean of the draws), chance_low, chance_high, low, high, as of
        :func:`headline_uncertainty`; on the scale log(-log S).
    """
    ds = drawn(ds)
    days = np.arange(0.0, float(horizon_days(ds).max()) + EVERY_DAYS, EVERY_DAYS)
    curves = [kaplan_meier(main_survival(ds.isel(scenario=i))) for i in range(ds.sizes["scenario"])]
    tables = []
    for arm in dict.fromkeys(arm for curve in curves for arm in curve["arm"]):
        of_arm = [curve[curve["arm"] == arm] for curve in curves]
        survival, low, high = (
            np.array([stepwise(curve, name, days) for curve in of_arm])
            for name in ("survival", "low", "high")
        )
        mean = hazard_scale(survival)
        error = (hazard_scale(low) - hazard_scale(high)) / (2.0 * norm.ppf(0.5 + LEVEL / 2.0))
        middle = hazard_scale(survival.mean(axis=0))
        far = norm.ppf(0.5 + LEVEL / 2.0) * np.sqrt(np.mean(error**2, axis=0))
        ends = interval_of_both(mean, error)
        tables.append(pd.DataFrame({
            "arm": arm, "day": days, "survival": survival.mean(axis=0),
            "chance_low": survival_of(middle + far), "chance_high": survival_of(middle - far),
            "low": survival_of(ends[1]), "high": survival_of(ends[0]),
        }))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def stepwise(curve: pd.DataFrame, name: str, days: np.ndarray) -> np.ndarray:
    """A column of a Kaplan-Meier curve on some days."""
    at = np.searchsorted(curve["day"].to_numpy(), days, "right") - 1
    return curve[name].to_numpy()[np.maximum(at, 0)]


def hazard_scale(survival: np.ndarray) -> np.ndarray:
    """log(-log S), S kept from the ends, where it has none."""
    return np.log(-np.log(np.clip(survival, 1e-4, 1.0 - 1e-4)))


def survival_of(hazard: np.ndarray) -> np.ndarray:
    """What :func:`hazard_scale` is of."""
    return np.exp(-np.exp(hazard))
