"""Published values and results of a run as counts: the patients with an outcome, and all patients.

A likelihood needs counts that are independent given the parameters. Nested targets are separated:
responders by cycle 3 are counted among patients without response by cycle 2, and so on. A published
median is the time at which half of the patients have had the event; its interval is converted into
a number of patients.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.calibration.populations import (
    CONSOLIDATION,
    DIAGNOSIS,
    REFRACTORY,
    REMISSION,
)
from leukosim.analysis.calibration.targets import (
    AZACITIDINE,
    COMBINATION,
    PLACEBO,
    TREATED,
    UNTREATED,
    VENETOCLAX,
)
from leukosim.analysis.measures import MEASURES

Count = tuple[float, float]  # patients who met it, and of how many; need not be whole
NORMAL_95 = 1.959964  # standard errors on either side of a 95 % interval
TIE_DAYS = 7.0  # assessments so near to a published median of times count as at it; assumed


@dataclass(frozen=True)
class Share:
    """A share of patients that was published, or follows from what was."""

    target: str
    population: str
    arm: str
    measured: Callable[[xr.Dataset], Count]  # of a run with this arm only
    published: Callable[[pd.DataFrame], Count]  # of the targets, by id


# ---------------------------------------------------------------------- of a run


def counted(outcome: xr.DataArray) -> Count:
    """Patients who met an outcome, of those in whom it is known."""
    values = np.asarray(outcome, float)
    return float(np.nansum(values)), float((~np.isnan(values)).sum())


def met(measure: str) -> Callable[[xr.Dataset], Count]:
    """Patients who met an outcome."""
    return lambda arm: counted(MEASURES[measure].values(arm))


def met_among(measure: str, condition: str, value: float) -> Callable[[xr.Dataset], Count]:
    """Patients who met an outcome, of those in whom another outcome has this value."""

    def count(arm: xr.Dataset) -> Count:
        among = MEASURES[condition].values(arm) == value
        return counted(MEASURES[measure].values(arm).where(among))

    return count


def surviving(times: xr.Dataset, until: float) -> Count:
    """Kaplan and Meier's share without event at a day, of so many whose state then is known."""
    from scipy.stats import CensoredData, ecdf

    day, event = (times[name].values.ravel() for name in ("day", "event"))
    known = ~np.isnan(day)
    day, event = day[known], event[known]
    if len(day) == 0:
        return 0.0, 0.0
    share = float(ecdf(CensoredData.right_censored(day, ~event)).sf.evaluate(until))
    n = float((event | (day >= until)).sum())
    return share * n, n


def response_within(arm: xr.Dataset, days: float) -> Count:
    """Responders who responded by a day; assessments about that day count half.

    Half of the patients lie at or before a median, and half at or after it.
    """
    day = arm["response_day"].values.ravel()
    day = day[~np.isnan(day)]
    before, until = day < days - TIE_DAYS, day <= days + TIE_DAYS
    return float(before.sum() + until.sum()) / 2.0, float(len(day))


# ---------------------------------------------------------------------- as published


def share_of(target: str, n: float | None = None) -> Callable[[pd.DataFrame], Count]:
    """A published share of its patients, or of so many."""

    def count(targets: pd.DataFrame) -> Count:
        row = targets.loc[target]
        patients = float(row["n"] if n is None else n)
        return (row["k"] if n is None and row["k"] > 0 else row["value"] * patients), patients

    return count


def share_of_interval(target: str) -> Callable[[pd.DataFrame], Count]:
    """A share of which an interval is known: of as many patients as would make one so wide."""

    def count(targets: pd.DataFrame) -> Count:
        row = targets.loc[target]
        low, high = (np.log(row[end] / (1.0 - row[end])) for end in ("low", "high"))
        error = (high - low) / (2.0 * NORMAL_95)
        n = 1.0 / (error**2 * row["value"] * (1.0 - row["value"]))
        return row["value"] * n, n

    return count


def newly_of(before: str, after: str) -> Callable[[pd.DataFrame], Count]:
    """Published counts of who met a target, among those who had not met another."""
    return lambda targets: (
        targets.loc[after, "k"] - targets.loc[before, "k"],
        targets.loc[before, "n"] - targets.loc[before, "k"],
    )


def half_at_median(target: str) -> Callable[[pd.DataFrame], Count]:
    """Half of the patients at a median of times, their number from the width of its interval.

    With exponential times the standard error of the share at the median is ln 2 / 2 times that of
    the logarithm of the median. An interval without an end is as wide above as below.
    """

    def count(targets: pd.DataFrame) -> Count:
        row = targets.loc[target]
        ends = np.array([row["value"] / row["low"], row["high"] / row["value"]], float)
        error = np.nanmean(np.log(ends)) / NORMAL_95 * np.log(2.0) / 2.0
        n = 0.25 / error**2
        return n / 2.0, n

    return count


def at_median(target: str, measure: str) -> Callable[[xr.Dataset], Count]:
    """Patients without event at the published median."""
    return lambda arm: surviving(MEASURES[measure].times(arm), MEDIANS[target])


MEDIANS = {"T12": 85.0, "T17": 533.0, "T18": 292.0}  # day, as in the table of targets

ON_TREATMENT = "relapse_free_six_months_on_treatment"

SHARES = {
    share.target: share
    for share in (
        Share("T04", CONSOLIDATION, PLACEBO, met("relapse_free_two_years"), share_of("T04")),
        Share("T05", CONSOLIDATION, PLACEBO, met("late_relapse"), share_of("T05")),
        Share("T06", REMISSION, TREATED, met("molecular_relapse"), share_of("T06")),
        Share("T07", REMISSION, TREATED, met("relapse_free_if_never_positive"), share_of("T07")),
        Share("T08", REMISSION, UNTREATED, met("relapse_free_after_molecular_relapse"),
              share_of_interval("T08")),
        Share("T09", REMISSION, TREATED, met(ON_TREATMENT), share_of("T09")),
        Share("T10", REMISSION, TREATED, met_among("mrd_negative_six_months", ON_TREATMENT, 1.0),
              lambda targets: (targets.loc["T10", "k"], targets.loc["T09", "k"])),
        Share("T11", DIAGNOSIS, AZACITIDINE, met("best_response_cri"), share_of("T11")),
        Share("T12", DIAGNOSIS, AZACITIDINE,
              lambda arm: response_within(arm, MEDIANS["T12"]),
              lambda targets: (targets.loc["T11", "k"] / 2.0, targets.loc["T11", "k"])),
        Share("T13", DIAGNOSIS, COMBINATION, met("crh_by_cycle_2"), share_of("T13")),
        Share("T14", DIAGNOSIS, COMBINATION, met_among("crh_by_cycle_3", "crh_by_cycle_2", 0.0),
              newly_of("T13", "T14")),
        Share("T15", DIAGNOSIS, COMBINATION, met_among("crh_by_cycle_4", "crh_by_cycle_3", 0.0),
              newly_of("T14", "T15")),
        Share("T16", DIAGNOSIS, COMBINATION, met_among("best_response_crh", "crh_by_cycle_4", 0.0),
              newly_of("T15", "T16")),
        Share("T17", DIAGNOSIS, COMBINATION, at_median("T17", "duration_of_response"),
              half_at_median("T17")),
        Share("T18", DIAGNOSIS, AZACITIDINE, at_median("T18", "overall_survival"),
              half_at_median("T18")),
        Share("T19", REFRACTORY, VENETOCLAX, met("best_response_cri"), share_of("T19")),
    )
}  # fmt: skip


def published_counts(targets: pd.DataFrame) -> dict[str, Count]:
    """Every share as published: so many patients of so many.

    targets : of :func:`leukosim.analysis.calibration.calibration_targets`
    """
    by_id = targets.set_index("id")
    return {name: tuple(map(float, share.published(by_id))) for name, share in SHARES.items()}


def measured_counts(ds: xr.Dataset, population: str) -> dict[str, Count]:
    """Every share of a population in one of its runs, without a scenario dimension."""
    return {
        name: share.measured(ds.sel(arm=[share.arm]))
        for name, share in SHARES.items()
        if share.population == population
    }
