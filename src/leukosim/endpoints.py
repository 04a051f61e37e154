"""Endpoints of a trial, read off its result dataset: no statistics beyond counting.

An endpoint of patients is an array over arm and patient (and scenario, where the dataset has one):
1 where it was met, 0 where it was not, nan where it cannot be known, because the trial ended too
early or the patient was never at risk. A patient who could not have been followed long enough is
nan whatever happened: to keep only those whose failure was already seen would bias every share.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

SIX_MONTHS, ONE_YEAR, TWO_YEARS = 182.0, 365.0, 730.0  # day, as the trials count them
LEVEL = 0.95  # of every interval


def horizon_days(ds: xr.Dataset) -> xr.DataArray:
    """How long the trial would have followed a patient who never relapsed: day, by scenario."""
    if "horizon_days" in ds.coords:
        return ds["horizon_days"].astype(float)
    longest = ds["follow_up_day"].max()
    return xr.DataArray(float(ds.attrs.get("horizon_days", longest)))


def trigger_level(ds: xr.Dataset) -> xr.DataArray:
    """The MRD level that triggers: transcript ratio, by scenario."""
    if "trigger.level" in ds.coords:
        return ds["trigger.level"].astype(float)
    return xr.DataArray(float(ds.attrs["trigger_level"]))


# ---------------------------------------------------------------------- when things happened


def relapse_free_survival(ds: xr.Dataset) -> xr.Dataset:
    """Time to haematological relapse or death, whichever comes first.

    Returns
    -------
    Dataset
        ``day`` (arm, patient), from day 0, censored at the last day of follow-up, nan for patients
        who were not simulated; ``event`` (arm, patient), bool; ``cause`` (arm, patient), one of
        "relapse", "death" and "censored".
    """
    failure = xr.apply_ufunc(np.fmin, ds["relapse_day"], ds["death_day"])
    event = failure.notnull()
    cause = xr.where(ds["relapse_day"] == failure, "relapse", "death").where(event, "censored")
    day = failure.where(event, ds["follow_up_day"])
    day.attrs = {"units": "day", "long_name": "relapse-free survival"}
    return xr.Dataset({"day": day, "event": event, "cause": cause})


def conversion_day(ds: xr.Dataset) -> xr.DataArray:
    """Day (arm, patient) on which MRD conversion was reported, nan if not before relapse."""
    day = ds["mrd_conversion_day"]
    return day.where(~(day >= ds["relapse_day"]))


def preemptive_start_day(ds: xr.Dataset) -> xr.DataArray:
    """Day (arm, patient) of the first dose, nan if not before relapse."""
    day = ds["treatment_start_day"]
    return day.where(~(day >= ds["relapse_day"]))


# ---------------------------------------------------------------------- whether they happened


def as_outcome(met: xr.DataArray, known: xr.DataArray) -> xr.DataArray:
    """1 where met, 0 where not, nan where not known."""
    return met.astype(float).where(known)


def mrd_conversion(ds: xr.Dataset, within_days: float = TWO_YEARS) -> xr.DataArray:
    """Whether MRD converted within so many days: outcome (arm, patient).

    As a trial counts it, out of all who were monitored: a patient who relapses or dies first has
    not converted.
    """
    known = ds["follow_up_day"].notnull() & (horizon_days(ds) >= within_days)
    return as_outcome(conversion_day(ds) <= within_days, known)


def relapse_free_and_alive(
    ds: xr.Dataset, since_day: xr.DataArray | float = 0.0, days: float = SIX_MONTHS
) -> xr.DataArray:
    """Whether neither relapse nor death came within so many days of a day: outcome (arm, patient).

    Parameters
    ----------
    since_day : day (arm, patient), such as :func:`conversion_day` or
        :func:`preemptive_start_day`; patients for whom it is nan do not count
    days : day
    """
    rfs = relapse_free_survival(ds)
    until = since_day + days
    known = rfs["day"].notnull() & (until <= horizon_days(ds))
    return as_outcome(~(rfs["event"] & (rfs["day"] <= until)), known)


def relapse_free_if_never_positive(ds: xr.Dataset, days: float = ONE_YEAR) -> xr.DataArray:
    """Relapse-free and alive at a day, of those without MRD conversion: outcome (arm, patient).

    Never positive is seen in hindsight, over the whole follow-up, as in the published figure.
    """
    return relapse_free_and_alive(ds, 0.0, days).where(conversion_day(ds).isnull())


def mrd_negative_on_treatment(
    ds: xr.Dataset,
    days: float = SIX_MONTHS,
    *,
    earliest_days: float = 91.0,
    grace_days: float = 14.0,
    below: Literal["trigger", "detection"] = "trigger",
) -> xr.DataArray:
    """Whether MRD was negative so many days after pre-emptive treatment began.

    Decided by the last sample between ``earliest_days`` and ``days + grace_days`` of treatment.
    Out of all who were treated: who relapsed or died by then, or has no sample, is not negative.

    Parameters
    ----------
    below : "trigger", lower than the level that triggers, or "detection", not detected

    Returns
    -------
    DataArray
        Outcome (arm, patient).
    """
    start = preemptive_start_day(ds)
    day = ds["sample_day"]
    counted = (day >= start + earliest_days) & (day <= start + days + grace_days)
    # reduce: unlike max, it can start from a value where there is no sample at all
    latest = day.where(counted, -np.inf).reduce(np.max, "sample", initial=-np.inf)
    last = day == latest
    limit = trigger_level(ds) if below == "trigger" else ds["mrd_detection_limit"]
    negative = (last & counted & (ds["mrd"] < limit)).any("sample")
    free = relapse_free_and_alive(ds, start, days)
    return as_outcome(negative & (free == 1.0), free.notnull())


# ---------------------------------------------------------------------- how fast blasts grow


def doubling_time(
    ds: xr.Dataset, *, from_cells: float = 1e8, to_cells: float = 1e11, at_least: int = 3
) -> xr.DataArray:
    """Doubling time of blasts on the way to relapse: day (arm, patient).

    The inverse slope of log2(blasts) over the recorded days between the two counts, after the last
    day below the lower one and before any treatment. nan for patients who do not relapse, who
    have fewer than ``at_least`` such days, or whose blasts do not grow.
    """
    blasts, time = ds["blasts"], ds["time"]
    untreated = (time < ds["relapse_day"]) & ~(time > ds["treatment_start_day"])
    few = time.where(untreated & (blasts < from_cells)).max("time").fillna(-np.inf)
    growing = untreated & (time > few) & (blasts >= from_cells) & (blasts <= to_cells)
    # full: without it, xarray warns of every patient who has no such days
    fit = xr.apply_ufunc(np.log2, blasts.where(growing)).polyfit("time", deg=1, full=True)
    slope = fit["polyfit_coefficients"].sel(degree=1, drop=True)
    days = (1.0 / slope).where((growing.sum("time") >= at_least) & (slope > 0.0))
    days.attrs = {"units": "day", "long_name": "observed doubling time of blasts"}
    return days


# ---------------------------------------------------------------------- shares and medians


@dataclass(frozen=True)
class Estimate:
    """A number, its 95 % interval, and how many patients it rests on."""

    value: float
    low: float
    high: float
    n: int


NOTHING = Estimate(np.nan, np.nan, np.nan, 0)


def proportion(outcome: xr.DataArray | np.ndarray) -> Estimate:
    """The share of patients who met an outcome, with the exact (Clopper-Pearson) interval."""
    from scipy.stats import binomtest

    values = np.asarray(outcome, float).ravel()
    values = values[~np.isnan(values)]
    if len(values) == 0:
        return NOTHING
    met = int(values.sum())
    interval = binomtest(met, len(values)).proportion_ci(LEVEL, method="exact")
    return Estimate(met / len(values), float(interval.low), float(interval.high), len(values))


def median(numbers: xr.DataArray | np.ndarray) -> Estimate:
    """The median over patients, with the exact interval from order statistics.

    The bounds are nan where there are too few patients for one (fewer than 6).
    """
    from scipy.stats import quantile_test

    values = np.asarray(numbers, float).ravel()
    values = values[~np.isnan(values)]
    if len(values) == 0:
        return NOTHING
    interval = quantile_test(values, q=0.0, p=0.5).confidence_interval(LEVEL)
    low, high = (float(bound) if np.isfinite(bound) else np.nan for bound in interval)
    return Estimate(float(np.median(values)), low, high, len(values))


# ---------------------------------------------------------------------- against the literature


def calibration_targets() -> pd.DataFrame:
    """What was published: id, label, quantity, population, value, unit, low, high, n, source."""
    with (files("leukosim") / "data" / "calibration_targets.csv").open() as file:
        return pd.read_csv(file)


UNTREATED, TREATED = "at_relapse", "triggered"


@dataclass(frozen=True)
class Measure:
    """How a target is measured: in which arm, from which recorded variable, and what it is."""

    role: str  # UNTREATED until relapse, or TREATED at MRD
    needs: str  # a variable that a sweep may have left out
    estimate: Callable[[xr.Dataset], Estimate]


def doubling_time_of(genotype: str) -> Measure:
    """The measure of a genotype's median doubling time."""
    return Measure(
        UNTREATED,
        "blasts",
        lambda arm: median(doubling_time(arm).where(arm["genotype"] == genotype)),
    )


def share_of(role: str, outcome: Callable[[xr.Dataset], xr.DataArray], needs: str) -> Measure:
    """The measure of a share of patients."""
    return Measure(role, needs, lambda arm: proportion(outcome(arm)))


def free_after_conversion(arm: xr.Dataset) -> xr.DataArray:
    """Relapse-free and alive six months after MRD conversion: outcome."""
    return relapse_free_and_alive(arm, conversion_day(arm))


def free_on_treatment(arm: xr.Dataset) -> xr.DataArray:
    """Relapse-free and alive six months after pre-emptive treatment began: outcome."""
    return relapse_free_and_alive(arm, preemptive_start_day(arm))


MEASURES = {
    "T01": doubling_time_of("NPM1"),
    "T02": doubling_time_of("RUNX1-RUNX1T1"),
    "T03": doubling_time_of("CBFB-MYH11"),
    "T06": share_of(TREATED, mrd_conversion, "mrd_conversion_day"),
    "T07": share_of(TREATED, relapse_free_if_never_positive, "mrd_conversion_day"),
    "T08": share_of(UNTREATED, free_after_conversion, "mrd_conversion_day"),
    "T09": share_of(TREATED, free_on_treatment, "treatment_start_day"),
    "T10": share_of(TREATED, mrd_negative_on_treatment, "sample_day"),
}


def target_table(
    ds: xr.Dataset,
    targets: pd.DataFrame | None = None,
    *,
    triggered: str = "triggered",
    at_relapse: str = "at_relapse",
) -> pd.DataFrame:
    """Published values beside those of a trial.

    Parameters
    ----------
    ds : a trial, without a scenario dimension
    targets : rows of :func:`calibration_targets`, which are the default
    triggered, at_relapse : the arms treated at MRD, and untreated until relapse

    Returns
    -------
    DataFrame
        A row for each target: id, label, unit; target, target_low, target_high, target_n, source;
        model, model_low, model_high, model_n. The model's numbers are nan, and ``model_n`` 0,
        where its arm or the variables were not recorded or no patient was at risk.
    """
    if "scenario" in ds.dims:
        raise ValueError("ds has a dimension scenario: select one, such as ds.isel(scenario=0)")
    targets = calibration_targets() if targets is None else targets
    arms = {TREATED: triggered, UNTREATED: at_relapse}
    rows = []
    for target in targets.itertuples():
        measure, measured = MEASURES.get(target.id), NOTHING
        if measure and arms[measure.role] in ds["arm"].values and measure.needs in ds:
            measured = measure.estimate(ds.sel(arm=arms[measure.role]))
        rows.append(
            {
                "id": target.id,
                "label": target.label,
                "unit": target.unit,
                "target": target.value,
                "target_low": target.low,
                "target_high": target.high,
                "target_n": target.n,
                "model": measured.value,
                "model_low": measured.low,
                "model_high": measured.high,
                "model_n": measured.n,
                "source": target.source,
            }
        )
    return pd.DataFrame(rows)
