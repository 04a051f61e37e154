"""A headline over the scenarios of a sweep: which choice gives most of it, or how far it ranges.

Only what somebody can choose has a best value. Seeds, draws of a posterior, cohorts and parameters
of the disease are chance, or not known: over these the patients are pooled.
"""

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.arms import in_brief, short_names
from leukosim.analysis.bootstrap import mean
from leukosim.analysis.endpoints import Estimate, horizon_days
from leukosim.analysis.headlines import HEADLINES, Headline

# First words of the fields that a clinician or a trialist decides on.
CHOSEN = (
    "strategy", "strategies", "arms", "trigger", "monitoring", "azacitidine", "venetoclax",
    "motixafortide",
)  # fmt: skip


@dataclass(frozen=True)
class ScenarioSummary:
    """A headline of every choice, or of all scenarios together where none is a choice.

    table : a row a choice, the highest value first: a column an axis, then value, low, high, and
        the lowest and highest value of its scenarios
    difference : the highest minus the lowest choice, over the same patients
    """

    headline: Headline
    until_day: float
    chosen: Sequence[str]  # axes with a choice, by their short names
    pooled: Mapping[str, int]  # values of each other axis
    table: pd.DataFrame
    difference: Estimate | None


def main_headline(ds: xr.Dataset) -> Headline | None:
    """The first headline of the dataset's study whose arms it has; None without any."""
    study = json.loads(ds.attrs.get("config", "{}")).get("study", "")
    known = (each for each in HEADLINES.get(study, ()) if each.is_known_in(ds))
    return next(known, None)


def known_headlines(ds: xr.Dataset) -> list[tuple[Headline, Estimate]]:
    """The headlines of a run's study that its patients answer, with their intervals."""
    study = json.loads(ds.attrs.get("config", "{}")).get("study", "")
    found = [
        (each, mean(each.of_patients(ds)))
        for each in HEADLINES.get(study, ())
        if each.is_known_in(ds)
    ]
    return [(each, estimate) for each, estimate in found if np.isfinite(estimate.value)]


def summarise_scenarios(ds: xr.Dataset) -> ScenarioSummary | None:
    """The main headline over the scenarios of a sweep; None where no scenario answers it."""
    headline = main_headline(ds)
    axes = json.loads(ds.attrs.get("axes", "[]"))
    if headline is None or not axes:
        return None
    values = headline.of_patients(ds).transpose("scenario", "patient").values
    short = short_names(axes)
    labels = pd.DataFrame(
        {short[axis]: [in_brief(each) for each in ds[axis].values] for axis in axes}
    )
    chosen = [short[axis] for axis in axes if axis.split(".")[0] in CHOSEN]
    pooled = {name: labels[name].nunique() for name in labels if name not in chosen}
    groups = labels.groupby(chosen, sort=False).indices if chosen else {(): labels.index}
    rows, of_patients = [], []
    for where in groups.values():
        own = values[np.asarray(where)]
        if np.isnan(own).all():
            continue
        patients = mean_of_known(own, 0)
        estimate = mean(patients)
        of_scenario = mean_of_known(own, 1)
        place = {name: labels[name].iloc[where[0]] for name in chosen}
        rows.append(
            {**place, "value": estimate.value, "low": estimate.low, "high": estimate.high,
             "lowest": np.nanmin(of_scenario), "highest": np.nanmax(of_scenario)}
        )  # fmt: skip
        of_patients.append(patients)
    if not rows:
        return None
    table = pd.DataFrame(rows).sort_values("value", ascending=False, kind="stable")
    difference = None
    if len(table) > 1:
        first, last = table.index[0], table.index[-1]
        difference = mean(of_patients[first] - of_patients[last])
    until_day = float(np.max(horizon_days(ds)))
    return ScenarioSummary(
        headline, until_day, chosen, pooled, table.reset_index(drop=True), difference
    )


def mean_of_known(values: np.ndarray, axis: int) -> np.ndarray:
    """The mean along an axis, nan left out; nan where nothing is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of empty slices
        return np.nanmean(values, axis)
