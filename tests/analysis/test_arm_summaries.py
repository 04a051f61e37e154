"""Summaries of arms by name agree with those of `leukosim compare`."""

import numpy as np
import pandas as pd
import pytest
from synthetic import dataset_of_arms, search, trial

from leukosim.analysis.arm_summaries import EvaluationTimes, differences, levels
from leukosim.analysis.comparison import Comparison, differences_table, resample
from leukosim.analysis.optimisation.search import (
    Limit,
    Search,
    arms_of_scenarios,
    chosen,
    confirmation_table,
    in_order,
    searched,
)

SAME = {
    "relapse_free_survival": "survival",
    "rmst": "restricted mean",
    "drug_days": "drug days",
    "cytopenia_days": "cytopenia days",
}


def test_differences_are_those_of_a_comparison():
    ds = trial(40)
    rng, both = np.random.default_rng(1), ("arm", "patient")
    for name in ("treatment_days", "days_grade3_neutropenia"):
        ds[name] = both, rng.integers(0, 30, (3, 40)).astype(float)
    ds = ds.sel(arm=["at_relapse", "triggered", "maintenance"])
    options = Comparison(days=[365.0], until_day=500.0, resamples=200)
    other = differences_table(resample(ds, options), "at_relapse").set_index(["arm", "quantity"])
    times = EvaluationTimes(365.0, 500.0, 200)
    ours = differences(ds, list(SAME), times).set_index(["arm", "quantity"])
    assert len(ours) == 8
    for arm, name in ours.index:
        for column in ("value", "low", "high", "method", "n"):
            assert ours.loc[(arm, name), column] == other.loc[(arm, SAME[name]), column]


def test_a_share_that_differs_by_rounding_only_has_an_interval():
    """Who leaves earlier changes the last bit of a curve, and nobody's fate."""
    times = np.arange(100.0, 400.0, 10.0)
    one = [{"relapse_day": day} for day in times] + [{}] * 10
    other = [{"relapse_day": day + 1.0} for day in times[::-1]] + [{}] * 10
    ds = dataset_of_arms({"a": one, "b": other})
    times = EvaluationTimes(500.0, 500.0, 200)
    row = differences(ds, ["relapse_free_survival"], times).iloc[0]
    assert abs(row["value"]) < 1e-9
    assert row["method"] == "matched proportions"
    assert row["low"] < -0.01 < 0.01 < row["high"]


def test_samples_are_counted_a_patient():
    times = EvaluationTimes(730.0, 730.0, 100)
    result = levels(trial(20), ["samples"], times).set_index("arm")["value"]
    counted = trial(20)["sample_day"].notnull().sum("sample").mean("patient").to_series()
    assert dict(result) == pytest.approx(dict(counted))


def test_an_evaluation_is_judged_by_goals_and_limits():
    ds = search(goals := 12, maximise=["rmst"], minimise=["drug_days", "samples"])
    table = searched(ds).table
    assert len(table) == goals + 1
    assert list(table["feasible"]) == list(table["drug_days"] <= 12.0)
    assert 0 < table["feasible"].sum() < len(table)
    feasible = table[table["feasible"]]
    signs = feasible[["rmst", "drug_days", "samples"]].to_numpy() * [1.0, -1.0, -1.0]
    beaten = [any((o >= s).all() and (o > s).any() for o in signs) for s in signs]
    assert list(feasible["front"]) == [not each for each in beaten]
    assert not table[~table["feasible"]]["front"].any()
    in_order = feasible.sort_values("rank")["rmst"]
    assert list(in_order) == sorted(in_order, reverse=True)


def test_what_failed_is_a_row_without_a_rank():
    ds = search(4)
    ds["status"][2] = "failed"
    table = searched(ds).table
    assert table.loc[2, "status"] == "failed"
    assert table.loc[2, ["rmst", "rank"]].isna().all()
    assert not table.loc[2, "feasible"]


def test_a_point_that_comes_twice_has_one_rank():
    ds = search(6)
    ds = ds.isel(scenario=[0, 1, 2, 3, 3, 4])
    assert searched(ds).table["rank"].isna().tolist() == [False] * 4 + [True] + [False]


def test_of_candidates_alike_the_one_that_uses_less_is_better():
    table = pd.DataFrame({"rmst": [5.0, 7.0, 7.0, 6.0], "drug_days": [1.0, 4.0, 3.0, 2.0]})
    limits = [Limit("drug_days", 1.0, 10.0)]
    assert list(in_order(table, Search(), limits)) == [2, 1, 3, 0]
    fewest = Search(maximise=[], minimise=["rmst"])
    assert list(in_order(table, fewest, limits)) == [0, 3, 2, 1]


def test_new_patients_show_what_chance_had_added():
    """Candidates that all do the same: the best of many seems better, and is not."""
    alike = search(30, at_most={})
    rng = np.random.default_rng(2)
    day = rng.uniform(100.0, 700.0, alike["relapse_day"].shape)
    alike["relapse_day"].values[:] = day  # of everybody, and whatever was done
    alike["death_day"].values[:] = np.nan
    named = {"default": 0, **chosen(searched(alike).table, 1)}
    new = search(1)
    new["relapse_day"].values[:] = rng.uniform(100.0, 700.0, new["relapse_day"].shape)
    new["death_day"].values[:] = np.nan
    pair = arms_of_scenarios(new, "triggered", {"default": 0, "best": 1})
    before = arms_of_scenarios(alike, "triggered", named)
    times = EvaluationTimes(365.0, 730.0, 500)
    table = confirmation_table(before, pair, ["rmst"], times).set_index("cohort")
    assert table.loc["search", "low"] > 0.0  # and would be published
    assert table.loc["new", "low"] < 0.0 < table.loc["new", "high"]
    assert table.loc["search", "level"] - table.loc["search", "default"] == pytest.approx(
        table.loc["search", "value"]
    )
