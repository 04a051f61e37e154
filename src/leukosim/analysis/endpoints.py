"""Endpoints of a trial, read off its result dataset: no statistics beyond counting.

An endpoint of patients is an array over arm and patient (and scenario, where the dataset has one):
1 where it was met, 0 where it was not, nan where it cannot be known, because the trial ended too
early or the patient was never at risk. A patient who could not have been followed long enough is
nan whatever happened: to keep only those whose failure was already seen would bias every share.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from leukosim.results.variables import RESPONSES

SIX_MONTHS, ONE_YEAR, TWO_YEARS = 182.0, 365.0, 730.0  # day, as the trials count them
DAYS_PER_MONTH = 365.25 / 12
LEVEL = 0.95  # of every interval
TOO_EXTREME = 10.0  # log hazard ratio: the likelihood has no maximum
RELAPSE_FREE, OVERALL = "relapse-free survival", "overall survival"
EITHER = "relapse-free survival, or overall survival from overt leukaemia"
HEALTHY_MARROW_CELLS = 1e12  # of results written before they stated it; the declared default
CYCLE_DAYS = 28.0  # of a cycle that a patient did not live, or was not treated, to begin


def horizon_days(ds: xr.Dataset) -> xr.DataArray:
    """How long the trial would have followed a patient who never relapsed: day, by scenario."""
    if "horizon_days" in ds.coords:
        return ds["horizon_days"].astype(float)
    longest = ds["follow_up_day"].max()
    return xr.DataArray(float(ds.attrs.get("horizon_days", longest)))


def trigger_level(ds: xr.Dataset) -> xr.DataArray:
    """The MRD level that triggers, in the unit of a patient's marker: (patient), by scenario."""
    level = setting_of(ds, "trigger.level", "trigger_level")
    if "mrd_marker" not in ds or not (ds["mrd_marker"] == "chimerism").any():
        return level
    share = setting_of(ds, "trigger.recipient_share", "trigger_recipient_share")
    return xr.where(ds["mrd_marker"] == "chimerism", share, level)


def healthy_marrow_cells(ds: xr.Dataset) -> xr.DataArray:
    """Nucleated cells of a healthy marrow, as the trial was simulated: cells, by scenario.

    :data:`HEALTHY_MARROW_CELLS` for a dataset that does not state its own number.
    """
    axis, attribute = "disease.blood.healthy_marrow_cells", "healthy_marrow_cells"
    if axis in ds.coords or attribute in ds.attrs:
        return setting_of(ds, axis, attribute)
    return xr.DataArray(HEALTHY_MARROW_CELLS)


def setting_of(ds: xr.Dataset, axis: str, attribute: str) -> xr.DataArray:
    """A number that was set for the whole trial, or swept: then by scenario."""
    if axis in ds.coords:
        return ds[axis].astype(float)
    return xr.DataArray(float(ds.attrs[attribute]))


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


def molecular_relapse_day(ds: xr.Dataset) -> xr.DataArray:
    """Day (arm, patient) on which molecular relapse was reported, nan if not before relapse."""
    day = ds["molecular_relapse_day"]
    return day.where(~(day >= ds["relapse_day"]))


def preemptive_start_day(ds: xr.Dataset) -> xr.DataArray:
    """Day (arm, patient) of the first dose, nan if not before relapse."""
    day = ds["treatment_start_day"]
    return day.where(~(day >= ds["relapse_day"]))


def overall_survival(ds: xr.Dataset) -> xr.Dataset:
    """Time to death of any cause, from day 0: ``day`` and ``event`` (arm, patient).

    Censored at the last day of follow-up, so of use only in a trial that follows patients beyond
    relapse (``until_death``).
    """
    day = ds["death_day"].fillna(ds["follow_up_day"])
    day.attrs = {"units": "day", "long_name": "overall survival"}
    return xr.Dataset({"day": day, "event": ds["death_day"].notnull()})


def main_survival(ds: xr.Dataset) -> xr.Dataset:
    """Time to what a strategy is judged by: ``day`` and ``event`` (arm, patient).

    Relapse-free survival; overall survival of patients who began with overt leukaemia, who have no
    remission to lose. The name stands in the attribute ``endpoint``.
    """
    free, alive, overt = relapse_free_survival(ds), overall_survival(ds), began_overt(ds)
    times = xr.where(overt, alive, free[["day", "event"]])
    day, event = (times[name].transpose(*free["day"].dims) for name in ("day", "event"))
    if not overt.any():
        endpoint = RELAPSE_FREE
    else:
        endpoint = OVERALL if overt.all() else EITHER
    return xr.Dataset({"day": day, "event": event.astype(bool)}, attrs={"endpoint": endpoint})


def event_free_survival(
    ds: xr.Dataset, failure_counts: Literal["declared", "start"] = "declared"
) -> xr.Dataset:
    """Time to failure, relapse or death, whichever comes first, from day 0.

    Parameters
    ----------
    failure_counts : a treatment that failed is an event on the day on which that was "declared",
        or, as regulators count, at the "start" (day 0)

    Returns
    -------
    Dataset
        ``day``, ``event`` and ``cause`` (arm, patient), as of :func:`relapse_free_survival`, with
        the further cause "failure".
    """
    failed = ds["treatment_failure_day"]
    if failure_counts == "start":
        failed = failed.where(failed.isnull(), 0.0)
    rfs = relapse_free_survival(ds)
    is_first = failed <= rfs["day"].where(rfs["event"], np.inf)
    day = failed.where(is_first, rfs["day"])
    day.attrs = {"units": "day", "long_name": "event-free survival"}
    cause = xr.where(is_first, "failure", rfs["cause"])
    return xr.Dataset({"day": day, "event": rfs["event"] | is_first, "cause": cause})


def duration_of_response(ds: xr.Dataset) -> xr.Dataset:
    """Time from the first CR, CRh or CRi to relapse or death: as :func:`relapse_free_survival`.

    nan for patients without response. With death as a competitor of relapse see
    :func:`leukosim.analysis.survival.cumulative_incidence`.
    """
    rfs = relapse_free_survival(ds)
    day = rfs["day"] - ds["response_day"]
    day.attrs = {"units": "day", "long_name": "duration of response"}
    return xr.Dataset({"day": day, "event": rfs["event"] & day.notnull(), "cause": rfs["cause"]})


def first_response_day(ds: xr.Dataset, at_least: str = "CRi") -> xr.DataArray:
    """Day (arm, patient) of the first response so good, nan if there was none.

    at_least : one of :data:`leukosim.results.variables.RESPONSES`; CRh is better than CRi
    """
    good = ds["response"] >= RESPONSES.index(at_least)
    days = ds["assessment_day"].where(good & began_overt(ds))
    earliest = days.fillna(np.inf).reduce(np.min, "assessment", initial=np.inf)
    return earliest.where(earliest < np.inf)


def began_overt(ds: xr.Dataset) -> xr.DataArray:
    """Whether a patient began with overt leukaemia, and so had a response to gain."""
    return ds["overt_blasts"] > 0.0


# ---------------------------------------------------------------------- whether they happened


def as_outcome(met: xr.DataArray, known: xr.DataArray) -> xr.DataArray:
    """1 where met, 0 where not, nan where not known."""
    return met.astype(float).where(known)


def molecular_relapse(ds: xr.Dataset, within_days: float = TWO_YEARS) -> xr.DataArray:
    """Whether MRD converted within so many days: outcome (arm, patient).

    As a trial counts it, out of all who were monitored: a patient who relapses or dies first has
    not converted.
    """
    known = ds["follow_up_day"].notnull() & (horizon_days(ds) >= within_days)
    return as_outcome(molecular_relapse_day(ds) <= within_days, known)


def relapse_free_and_alive(
    ds: xr.Dataset, since_day: xr.DataArray | float = 0.0, days: float = SIX_MONTHS
) -> xr.DataArray:
    """Whether neither relapse nor death came within so many days of a day: outcome (arm, patient).

    Parameters
    ----------
    since_day : day (arm, patient), such as :func:`molecular_relapse_day` or
        :func:`preemptive_start_day`; patients for whom it is nan do not count
    days : day
    """
    rfs = relapse_free_survival(ds)
    until = since_day + days
    known = rfs["day"].notnull() & (until <= horizon_days(ds))
    return as_outcome(~(rfs["event"] & (rfs["day"] <= until)), known)


def relapse_free_if_never_positive(ds: xr.Dataset, days: float = ONE_YEAR) -> xr.DataArray:
    """Relapse-free and alive at a day, of those without molecular relapse: outcome (arm, patient).

    Never positive is seen in hindsight, over the whole follow-up, as in the published figure.
    """
    return relapse_free_and_alive(ds, 0.0, days).where(molecular_relapse_day(ds).isnull())


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


def response_by_cycle(ds: xr.Dataset, cycle: int, at_least: str = "CRh") -> xr.DataArray:
    """Whether there was a response so good by the start of a cycle (1, 2, ...): outcome.

    The start is the patient's own, which counts may have delayed; for a cycle that never began it
    is every 28th day. Out of all who began with overt leukaemia, those who died first included.
    """
    starts = ds["cycle_start_day"]
    missing = max(cycle - starts.sizes["cycle"], 0)
    own = starts.pad(cycle=(0, missing)).isel(cycle=cycle - 1)
    until = own.fillna(CYCLE_DAYS * (cycle - 1))
    known = began_overt(ds) & ds["follow_up_day"].notnull() & (until <= horizon_days(ds))
    return as_outcome(first_response_day(ds, at_least) <= until, known)


def best_response(ds: xr.Dataset, at_least: str = "CRi") -> xr.DataArray:
    """Whether the best response was so good: outcome (arm, patient) of overt leukaemia."""
    known = began_overt(ds) & ds["follow_up_day"].notnull()
    return as_outcome(ds["best_response"] >= RESPONSES.index(at_least), known)


def mrd_response(ds: xr.Dataset, below: float = 1e-3) -> xr.DataArray:
    """Whether a responder was seen with so few leukaemic cells: outcome (arm, patient).

    By any sample between response and relapse. The measured ratio of transcripts is divided by the
    patient's own at diagnosis, so that ``below`` is a fraction of leukaemic cells there; a sample
    of blood holds fewer than marrow. Of patients followed by donor chimerism nothing is known.
    """
    day = ds["sample_day"]
    counted = (day >= ds["response_day"]) & ~(day >= ds["relapse_day"])
    few = ds["mrd"] / ds["transcript_ratio"] < below
    known = ds["response_day"].notnull()
    if "mrd_marker" in ds:
        known = known & (ds["mrd_marker"] == "transcript")
    return as_outcome((counted & few).any("sample"), known)


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
    """A number, its 95 % interval, and how many patients it rests on; nan: on none, as a law's."""

    value: float
    low: float
    high: float
    n: float


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
