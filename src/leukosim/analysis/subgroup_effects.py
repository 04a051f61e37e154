"""The effect of a treatment, overall and by an assay's result: hazard ratios, interaction, cure.

The same patients are read in two ways. As simulated: every patient is treated in both arms, so
errors are clustered by patient. As in a trial: every patient is seen in the arm of allocation, for
as long as the trial lasts. lifelines fits both; it takes seconds to import, hence inside functions.
"""

import warnings
from collections.abc import Iterator
from dataclasses import astuple, dataclass

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.endpoints import (
    LEVEL,
    NOTHING,
    TOO_EXTREME,
    TWO_YEARS,
    Estimate,
    relapse_free_survival,
)
from leukosim.results.variables import CXCR4_GROUPS

READINGS = ("both arms", "as randomised")
GROUP_LABELS = {
    "all": "all patients",
    "negative": "scMRD-negative",
    "low": "CXCR4-low",
    "high": "CXCR4-high",
}


def rows_of(ds: xr.Dataset, reading: str = "both arms") -> pd.DataFrame:
    """A row a patient and arm: columns patient, arm, day, event, group.

    reading : one of READINGS; as randomised a patient has one row, or none if never enrolled
    """
    group = np.array(CXCR4_GROUPS)[ds["cxcr4_group"].values.astype(int)]
    if reading == "as randomised":
        enrolled = ds["allocated_arm"].values != ""
        columns = {
            "patient": ds["patient"].values,
            "arm": ds["allocated_arm"].values,
            "day": ds["seen_day"].values,
            "event": ds["seen_event"].values == 1.0,
            "group": group,
        }
        return pd.DataFrame(columns)[enrolled].reset_index(drop=True)
    times = relapse_free_survival(ds)[["day", "event"]].to_dataframe().reset_index()
    of_patient = dict(zip(ds["patient"].values, group, strict=True))
    times["group"] = times["patient"].map(of_patient)
    return times.dropna(subset="day")[["patient", "arm", "day", "event", "group"]]


def groups_of(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """All rows, then those of each group."""
    yield "all", rows
    for group in CXCR4_GROUPS:
        yield group, rows[rows["group"] == group]


@dataclass(frozen=True)
class Effect:
    """A hazard ratio in a group of patients; nan where the data cannot say."""

    reading: str
    group: str
    patients: int
    events: int  # in the treated
    events_against: int
    hazard_ratio: float  # below 1: fewer events in the treated
    low: float
    high: float
    p: float


def effects_by_group(ds: xr.Dataset, arm: str, against: str) -> pd.DataFrame:
    """Hazard ratios with 95 % intervals, overall and by group, in each reading that ``ds`` allows.

    Returns
    -------
    DataFrame
        The fields of :class:`Effect`.
    """
    readings = READINGS if "allocated_arm" in ds else READINGS[:1]
    result = [
        effect_of(of_group, arm, against, reading, group)
        for reading in readings
        for group, of_group in groups_of(rows_of(ds, reading))
    ]
    return pd.DataFrame([astuple(each) for each in result], columns=list(Effect.__annotations__))


def effect_of(rows: pd.DataFrame, arm: str, against: str, reading: str, group: str) -> Effect:
    """The hazard ratio in some rows of :func:`rows_of`."""
    events = rows.groupby("arm")["event"].sum()
    treated, others = (int(events.get(name, 0)) for name in (arm, against))
    data = pd.DataFrame(
        {
            "day": rows["day"],
            "event": rows["event"],
            "arm": (rows["arm"] == arm).astype(float),
            "patient": rows["patient"],
        }
    )
    fitted = None
    if min(treated, others) > 0:
        fitted = fit(data, cluster=reading == "both arms")
    numbers = [np.nan] * 4
    if fitted is not None and abs(fitted.loc["arm", "coef"]) < TOO_EXTREME:
        numbers = ratio_of(fitted.loc["arm"])
    return Effect(reading, group, rows["patient"].nunique(), treated, others, *numbers)


def interaction(ds: xr.Dataset, arm: str, against: str, reading: str = "both arms") -> pd.Series:
    """How the hazard ratio of CXCR4-high patients compares with that of all others.

    By a Cox model with treatment, CXCR4-high and their product.

    Returns
    -------
    Series
        ``ratio`` (below 1: CXCR4-high patients gain more), ``low``, ``high``, ``p``.
    """
    rows = rows_of(ds, reading)
    treated = (rows["arm"] == arm).astype(float)
    is_high = (rows["group"] == "high").astype(float)
    data = pd.DataFrame(
        {
            "day": rows["day"], "event": rows["event"], "arm": treated, "is_high": is_high,
            "both": treated * is_high, "patient": rows["patient"],
        }
    )  # fmt: skip
    events = rows.groupby([is_high, treated])["event"].sum()
    fitted = fit(data, reading == "both arms") if len(events) == 4 and events.min() > 0 else None
    numbers = [np.nan] * 4 if fitted is None else ratio_of(fitted.loc["both"])
    return pd.Series(numbers, ["ratio", "low", "high", "p"])


def fit(data: pd.DataFrame, cluster: bool) -> pd.DataFrame | None:
    """The summary of a Cox model by lifelines; None where it does not converge."""
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError, ConvergenceWarning

    how = dict(cluster_col="patient", robust=True) if cluster else {}
    data = data if cluster else data.drop(columns="patient")
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            for kind in (ConvergenceWarning, RuntimeWarning):
                warnings.simplefilter("ignore", kind)
            return CoxPHFitter(alpha=1.0 - LEVEL).fit(data, "day", "event", **how).summary
    except (ConvergenceError, np.linalg.LinAlgError):
        return None


def ratio_of(estimate: pd.Series) -> list[float]:
    """Ratio, bounds and p of a coefficient."""
    names = ("coef", f"coef lower {LEVEL:.0%}", f"coef upper {LEVEL:.0%}")
    return [*(float(np.exp(estimate[name])) for name in names), float(estimate["p"])]


# ---------------------------------------------------------------------- beside hazard ratios


def gains_by_group(
    ds: xr.Dataset, arm: str, against: str, until_day: float = TWO_YEARS
) -> pd.DataFrame:
    """The gain of each group in relapse-free days and in cures, from differences within patients.

    A hazard ratio is no summary where hazards cross, as when a drug wakes some cells and kills
    others.

    Returns
    -------
    DataFrame
        Columns group, quantity ("restricted mean", in days until ``until_day``, or "cure fraction":
        free of leukaemic stem cells at the end, without relapse), value, low, high, n; differences,
        ``arm`` minus ``against``.
    """
    times = relapse_free_survival(ds)
    lived = times["day"].clip(max=until_day)
    cured = ((ds["stem_cells_at_end"] == 0.0) & ds["relapse_day"].isnull()).astype(float)
    group = np.array(CXCR4_GROUPS)[ds["cxcr4_group"].values.astype(int)]
    rows = []
    for name in ("all", *CXCR4_GROUPS):
        of_group = np.ones(len(group), bool) if name == "all" else group == name
        for quantity, values in (("restricted mean", lived), ("cure fraction", cured)):
            difference = (values.sel(arm=arm) - values.sel(arm=against)).values[of_group]
            mean = paired_mean(difference[~np.isnan(difference)])
            rows.append((name, quantity, mean.value, mean.low, mean.high, mean.n))
    return pd.DataFrame(rows, columns=["group", "quantity", "value", "low", "high", "n"])


def paired_mean(differences: np.ndarray) -> Estimate:
    """The mean of differences in pairs, with the normal interval."""
    from scipy.stats import norm

    n = len(differences)
    if n < 2:
        return NOTHING
    margin = norm.ppf(0.5 + LEVEL / 2) * differences.std(ddof=1) / np.sqrt(n)
    mean = float(differences.mean())
    return Estimate(mean, float(mean - margin), float(mean + margin), n)


def has_groups(ds: xr.Dataset) -> bool:
    """Whether a dataset has two arms, and patients with a group by CXCR4."""
    return "cxcr4_group" in ds and ds.sizes.get("arm") == 2


def arms_of(ds: xr.Dataset) -> tuple[str, str]:
    """The treatment and its control: of two arms the last and the first, or placebo by its name."""
    first, second = (str(name) for name in ds["arm"].values)
    return (first, second) if second == "placebo" else (second, first)
