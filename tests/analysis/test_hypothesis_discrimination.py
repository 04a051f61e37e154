"""How many patients it takes to tell hypotheses apart."""

from io import StringIO

import numpy as np
import pytest
import xarray as xr
from rich.console import Console
from scipy.stats import ttest_ind
from synthetic import dataset_of_arms

from leukosim import discrimination_table
from leukosim.analysis.hypothesis_discrimination import (
    APART,
    NOT_APART,
    READOUTS,
    UNKNOWN,
    compare,
    effect_size,
    patients_needed,
)
from leukosim.analysis.stem_cell_composition import blasts_of_overt_leukaemia
from leukosim.reports.terminal.run_tables import hypotheses_tables

NAMES = ("selection", "both")


# ---------------------------------------------------------------------- how many patients


@pytest.mark.parametrize(("effect", "n"), [(0.2, 394), (0.5, 64), (0.8, 26), (1.0, 17)])
def test_numbers_are_those_of_the_textbook(effect, n):
    """Two-sided t test at 5 % with 80 % power, as in R:

    ceiling(power.t.test(delta = 0.5, sd = 1, power = 0.8)$n)  # 64
    """
    assert patients_needed(effect) == n
    assert patients_needed(-effect) == n


def test_no_effect_needs_infinitely_many():
    np.testing.assert_array_equal(
        patients_needed(np.array([0.0, np.inf, np.nan])), [np.inf, 2.0, np.nan]
    )


def test_smaller_effects_need_more_patients():
    needed = patients_needed(np.linspace(0.05, 10.0, 400))
    assert np.isfinite(needed).all()
    assert (np.diff(needed) <= 0.0).all()
    assert needed[0] == pytest.approx(2 * (2.8016 / 0.05) ** 2, rel=1e-3)


def test_so_many_patients_have_the_power():
    """4000 trials of two normal groups: false-alarm rate 1e-4 by the binomial law."""
    rng, effect = np.random.default_rng(1), 0.8
    n = int(patients_needed(effect))
    one, other = rng.normal(0.0, 1.0, (4000, n)), rng.normal(effect, 1.0, (4000, n))
    power = float((ttest_ind(one, other, axis=1).pvalue < 0.05).mean())
    margin = 3.9 * np.sqrt(0.8 * 0.2 / 4000)
    assert 0.8 - margin < power < 0.83 + margin
    fewer = (ttest_ind(one[:, :20], other[:, :20], axis=1).pvalue < 0.05).mean()
    assert fewer < 0.8 - margin  # six patients fewer are noticed


def test_an_effect_is_in_standard_deviations():
    one, other = np.array([1.0, 3.0, np.nan]), np.array([2.0, 6.0])
    root_mean_square = np.sqrt((2.0 + 8.0) / 2.0)
    assert effect_size(one, other) == pytest.approx(-2.0 / root_mean_square)
    assert effect_size(np.ones(3), np.ones(4)) == 0.0
    assert effect_size(np.ones(3), np.zeros(4)) == np.inf


# ---------------------------------------------------------------------- two hypotheses


def normal_groups(effect, n=400):
    """Two samples whose means and standard deviations are exactly those wanted."""
    rng = np.random.default_rng(1)
    groups = [rng.normal(size=n) for _ in range(2)]
    one, other = [(each - each.mean()) / each.std(ddof=1) for each in groups]
    return one + effect, other


def test_a_known_normal_effect_gives_the_known_number():
    row = compare("venetoclax", NAMES, "response", normal_groups(0.5), 400)
    assert row.effect == pytest.approx(0.5)
    assert (row.n_per_group, row.verdict) == (64, APART)
    assert row.n_low < 64 < row.n_high
    assert (row.mean_one, row.sd_one) == (pytest.approx(0.5), pytest.approx(1.0))
    assert row.treated_per_group == 64


def test_patients_without_the_measure_must_be_treated_too():
    one, other = normal_groups(0.5)
    empty = np.full(1200, np.nan)
    row = compare(
        "venetoclax", NAMES, "response", (np.append(one, empty), np.append(other, empty)), 1600
    )
    assert row.n_per_group == 64
    assert row.treated_per_group == 256


def test_groups_alike_cannot_be_told_apart():
    row = compare("venetoclax", NAMES, "response", normal_groups(0.01), 400)
    assert row.verdict == NOT_APART
    assert np.isinf([row.n_per_group, row.n_high, row.treated_per_group]).all()
    assert row.effect_low < 0.0 < row.effect_high


def test_the_same_patients_sharpen_the_estimate():
    """An effect on every patient is seen where the spread between patients would hide it."""
    one, _ = normal_groups(0.0)
    row = compare("venetoclax", NAMES, "response", (one + 0.05, one), 400)
    assert row.verdict == APART
    assert row.n_per_group == pytest.approx(2 * (2.8016 / 0.05) ** 2, rel=0.01)


@pytest.mark.parametrize("n", [0, 1, 4])
def test_too_few_patients_say_nothing(n):
    row = compare("venetoclax", NAMES, "response", (np.arange(n, dtype=float), np.zeros(50)), 50)
    assert row.verdict == UNKNOWN
    assert np.isnan(row.n_per_group)


# ---------------------------------------------------------------------- a sweep


def sweep(enriched, n_patients=30) -> xr.Dataset:
    """Patients who all fail at day 100, with so much more of MEP-like cells, by hypothesis."""
    rng = np.random.default_rng(1)
    before = rng.uniform(0.01, 0.3, n_patients)
    luck_of_each = rng.normal(0.0, 0.05, n_patients)
    scenarios = []
    for more in enriched.values():
        people = [
            {"treatment_failure_day": 100.0, "follow_up_day": 150.0, "overt_blasts": 1e12}
            for _ in before
        ]
        ds = dataset_of_arms({"venetoclax": people})
        after = np.clip(before + more + luck_of_each, 0.0, 1.0)
        cells = np.zeros((1, n_patients, 2, 2))
        cells[0, :, 0, 0], cells[0, :, 0, 1] = 1e4 * (1.0 - after), 1e4 * after
        ds["stem_cells_at_treatment_failure"] = ("arm", "patient", "origin", "subtype"), cells
        ds["composition"] = ("patient", "subtype"), np.stack([1.0 - before, before], -1)
        overt = 2.0 * float(blasts_of_overt_leukaemia(ds))
        ds["blasts_at_end"] = ("arm", "patient"), np.full((1, n_patients), overt)
        names = ["LMPP-like", "MEP-like"]
        scenarios.append(ds.assign_coords(subtype=names, origin=names))
    joined = xr.concat(scenarios, "scenario", data_vars="all", combine_attrs="override")
    names = np.array(list(enriched), object)
    return joined.assign_coords(hypothesis=("scenario", names))


def test_a_table_has_a_row_for_each_pair_arm_and_measure():
    ds = sweep({"selection": 0.1, "reprogramming": 0.4, "both": 0.4})
    table = discrimination_table(ds)
    assert len(table) == 3 * 1 * len(READOUTS)
    at_failure = table[table["measure"] == "fraction_at_failure"].set_index(["one", "other"])
    apart = at_failure.loc[("selection", "reprogramming")]
    assert apart["verdict"] == APART
    assert apart["mean_other"] - apart["mean_one"] == pytest.approx(0.3, abs=0.02)
    alike = at_failure.loc[("reprogramming", "both")]
    assert alike["verdict"] == NOT_APART
    assert alike["n_per_group"] == np.inf


def test_pairs_of_samples_are_of_patients_with_few_such_cells():
    ds = sweep({"selection": 0.1, "both": 0.2})
    table = discrimination_table(ds).set_index("measure")
    before = ds["composition"].isel(scenario=0).sel(subtype="MEP-like")
    few = int((before < 0.1).sum())
    pairs = table.loc["enrichment_from_few"]
    assert (pairs["n_one"], pairs["n_other"]) == (few, few)
    assert pairs["mean_other"] - pairs["mean_one"] == pytest.approx(0.1, abs=0.01)
    assert pairs["n_per_group"] < table.loc["fraction_at_failure", "n_per_group"]


def test_scenarios_of_one_hypothesis_are_more_patients():
    one = sweep({"selection": 0.1, "both": 0.2})
    two = xr.concat([one, one], "scenario", data_vars="all")
    table = discrimination_table(two).set_index("measure")
    assert table.loc["fraction_at_failure", "n_one"] == 60


def test_where_nothing_is_enriched_only_responses_are_compared():
    ds = sweep({"selection": 0.1, "both": 0.2})
    others = ds.assign_coords(subtype=["one", "other"], origin=["one", "other"])
    assert set(discrimination_table(others)["measure"]) == {"response"}


def test_a_run_that_is_no_sweep_is_refused():
    with pytest.raises(ValueError, match="-m hypothesis=selection,reprogramming,both"):
        discrimination_table(sweep({"selection": 0.1}))
    with pytest.raises(ValueError, match="no two hypotheses"):
        discrimination_table(dataset_of_arms({"venetoclax": [{}]}))


def test_the_tables_on_the_screen_say_what_was_found():
    result = discrimination_table(sweep({"selection": 0.1, "reprogramming": 0.4, "both": 0.4}))
    console = Console(width=200, record=True, file=StringIO())
    console.print(*hypotheses_tables(result))
    lines = console.export_text().splitlines()
    for label, rows in result.groupby("measure", sort=False):
        line = next(each for each in lines if READOUTS[label].label in each)
        for row in rows.itertuples():
            words = "alike" if row.verdict == NOT_APART else f" {row.n_per_group:,.0f} ("
            assert words in line
