"""Power against the closed form, the uncertainty of an effect against known ones, wrong input."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from lifelines.statistics import power_under_cph, sample_size_necessary_under_cph
from scipy.stats import binom

from leukosim import cli
from leukosim.analysis.arms import gather_arms
from leukosim.analysis.subgroup_effects import TOO_EXTREME
from leukosim.analysis.trial_emulation import power
from leukosim.analysis.trial_emulation.power import (
    ALL,
    OTHERS,
    SELECTED,
    Proposal,
    bounds_with_infinity,
    evaluate_design,
    patients_by_formula,
    power_by_formula,
)
from leukosim.analysis.trial_emulation.repeated_trials import HIGH, Design, Pool, repeat
from leukosim.errors import ConfigError
from leukosim.parameters import InvalidValue
from leukosim.results.netcdf import save_dataset

HORIZON, RATE, RATIO = 1826.0, 1 / 600.0, 0.6
AT_ONCE = dict(accrual_months=0.0, follow_up_months=24.0, dropout_per_year=0.0)


def result(ratio=RATIO, size=400, seed=1, shared=True, high_ratio=None):
    """Exponential times in two arms with a hazard ratio, another in a third of the patients."""
    rng = np.random.default_rng(seed)
    group = rng.integers(3, size=size)
    ratios = np.where(group == HIGH, ratio if high_ratio is None else high_ratio, ratio)
    before = rng.exponential(1.0 / RATE, size)
    after = (before if shared else rng.exponential(1.0 / RATE, size)) / ratios
    day = np.array([before, after])
    both = ("arm", "patient")
    return xr.Dataset(
        {
            "relapse_day": (both, np.where(day < HORIZON, day, np.nan)),
            "death_day": (both, np.full_like(day, np.nan)),
            "follow_up_day": (both, np.minimum(day, HORIZON)),
            "overt_blasts": ("patient", np.zeros(size)),
            "responsiveness": ("patient", group / 2.0),
            "genotype": ("patient", np.array(["NPM1", "other", "RAS"], object)[group]),
        },
        {"arm": ["placebo", "treated"], "patient": np.arange(size)},
        {"horizon_days": HORIZON},
    )


def evidence(ds, **options):
    return evaluate_design(gather_arms({"one": ds}), Proposal(**{"resamples": 60, **options}))


def shares(ratio, days=24.0 * 365.25 / 12):
    """Of patients with an event until a day, in either arm."""
    return 1.0 - np.exp(-RATE * ratio * days), 1.0 - np.exp(-RATE * days)


@pytest.fixture(scope="module")
def curve():
    results = evidence(result(size=20_000), trials=4000, sizes=[100, 160, 240], **AT_ONCE)
    return results.curves.set_index("patients")


def off(curve, ratio):
    """Distance from the closed form, in standard errors of so many trials."""
    distances = []
    for n, row in curve.iterrows():
        expected = power_under_cph(n // 2, n // 2, *shares(ratio), ratio)
        distances.append((row["power"] - expected) / np.sqrt(expected * (1 - expected) / 4000))
    return np.abs(distances)


def test_power_is_that_of_the_closed_form(curve):
    """Schoenfeld's law is itself off by 0.03 at most in such trials; chance adds five errors."""
    assert (off(curve, RATIO) < 5.0 + 0.03 / np.sqrt(0.25 / 4000)).all()


def test_that_check_would_notice_another_hazard_ratio(curve):
    assert (off(curve, RATIO * 1.15) > 5.0 + 0.03 / np.sqrt(0.25 / 4000)).any()


def test_formula_and_sample_size_are_those_of_lifelines():
    events = np.mean(shares(RATIO))
    ours = power_by_formula(np.log(RATIO), events / 4.0, 160, 0.05)
    assert ours == pytest.approx(power_under_cph(80, 80, *shares(RATIO), RATIO), abs=0.02)
    n = patients_by_formula(np.log(RATIO), events / 4.0, 0.8, 0.05)
    theirs = sum(sample_size_necessary_under_cph(0.8, 1.0, *shares(RATIO), RATIO))
    assert n == pytest.approx(theirs, rel=0.08)
    assert power_by_formula(np.log(RATIO), events / 4.0, n, 0.05) == pytest.approx(0.8)
    assert np.isinf(patients_by_formula(np.array([0.1, np.nan]), 0.1, 0.8, 0.05)).all()
    assert power_by_formula(np.nan, 0.1, 100, 0.05) == 0.0


def test_simulated_trials_and_formula_need_equally_many():
    needed = evidence(result(size=4000), sizes=[96, 128, 192, 256, 384]).needed.iloc[0]
    assert needed["patients"] == pytest.approx(needed["by_formula"], rel=0.12)
    assert not needed["extrapolated"]


def test_without_an_effect_one_trial_in_forty_shows_one():
    """Binomial(4000, 0.025): outside of 0.013 to 0.04 once in more than a million."""
    results = evidence(result(1.0, 4000, shared=False), trials=4000, sizes=[200], **AT_ONCE)
    same = results.curves["power"].iloc[0]
    drift = np.log(results.effects["hazard_ratio"].iloc[0])
    assert abs(drift) < 0.1
    assert 0.005 < same < 0.07
    equal = evidence(result(1.0, 4000), trials=4000, sizes=[200], **AT_ONCE)
    assert 0.013 < equal.curves["power"].iloc[0] < 0.04


def test_drop_out_takes_the_events_that_it_should():
    """Rates l and d: l / (l + d) (1 - exp(-(l + d) t)) of the patients; within five errors."""
    rng = np.random.default_rng(1)
    day = rng.exponential(1.0 / RATE, (2, 20_000))
    pool = Pool(day, np.ones_like(day, bool), np.zeros(20_000, int))
    design = Design(trials=100, accrual_months=0.0, follow_up_months=24.0, dropout_per_year=0.2)
    seen = repeat(pool, design, 1, 2000).event.mean()
    lost, days = -np.log(0.8) / 365.25, 24.0 * 365.25 / 12
    total = RATE + lost
    expected = RATE / total * (1.0 - np.exp(-total * days))
    assert seen == pytest.approx(expected, abs=5.0 * np.sqrt(0.25 / 20_000))
    without = repeat(pool, Design(trials=100, accrual_months=0.0, follow_up_months=24.0), 1, 2000)
    assert without.event.mean() - seen > 0.05  # as it would be if drop-out did nothing


# ---------------------------------------------------------------------- how sure the effect is

POOLS = 150


@pytest.fixture(scope="module")
def intervals():
    """Of the hazard ratio, from pools of 150 patients; float64[pool, (low, high)]."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(power, "MANY", 1500)
        patch.setattr(power, "SOME", 600)
        results = [
            evidence(result(size=150, seed=seed), trials=50, sizes=[50], resamples=150, **AT_ONCE)
            for seed in range(POOLS)
        ]
    return np.array([each.effects[["low", "high"]].iloc[0] for each in results])


def misses(bounds, truth):
    return int(((bounds[:, 0] > truth) | (bounds[:, 1] < truth)).sum())


def test_intervals_hold_a_known_hazard_ratio(intervals):
    """They are too wide, if anything, as entry and drop-out are drawn anew: false alarm 1e-6."""
    assert misses(intervals, RATIO) <= binom.isf(1e-6, POOLS, 0.06)


def test_that_check_would_notice_another_one(intervals):
    assert misses(intervals, RATIO * 1.25) > binom.isf(1e-6, POOLS, 0.06)


def test_assurance_is_between_the_bounds_and_less_steep_than_power():
    results = evidence(result(size=100, seed=4), sizes=[64, 512], **AT_ONCE).curves
    assert (results["power_low"] <= results["assurance"]).all()
    assert (results["assurance"] <= results["power_high"]).all()
    assert results["assurance"].iloc[1] < results["power"].iloc[1]


def test_bounds_do_not_average_with_infinity():
    assert bounds_with_infinity([100.0] * 95 + [np.inf] * 5) == (100.0, np.inf)
    assert bounds_with_infinity([100.0] * 99 + [np.inf]) == (100.0, 100.0)


# ---------------------------------------------------------------------- who is enrolled


def test_selecting_those_who_gain_needs_fewer_patients_and_more_tests():
    ds = result(1.0, 1500, high_ratio=0.4)
    results = evidence(ds, biomarker="responsiveness", at_least=0.9, sizes=[32, 64, 128, 256, 512])
    assert results.criterion == "responsiveness ≥ 0.9"
    effect = results.effects.set_index("enrolled")["hazard_ratio"]
    assert effect[SELECTED] == pytest.approx(0.4, abs=0.06)
    assert effect[OTHERS] == pytest.approx(1.0, abs=0.03)
    needed = results.needed.set_index("enrolled")
    assert needed.loc[SELECTED, "patients"] < 0.3 * needed.loc[ALL, "patients"]
    share = (ds["responsiveness"].values >= 0.9).mean()
    assert needed.loc[SELECTED, "screened"] == pytest.approx(
        needed.loc[SELECTED, "patients"] / share
    )


def test_words_and_measured_groups_select_too():
    ds = result(size=120)
    quick = dict(trials=50, sizes=[50])
    results = evidence(ds, biomarker="genotype", equals="NPM1", **quick)
    assert results.criterion == "genotype = NPM1"
    n = int((ds["genotype"].values == "NPM1").sum())
    assert results.effects.set_index("enrolled").loc[SELECTED, "virtual_patients"] == n
    measured = ds.assign(cxcr4_group=("patient", np.arange(120) % 3))
    assert evidence(measured, **quick).criterion == "cxcr4 group = high"
    assert evidence(ds, **quick).criterion == ""


@pytest.mark.parametrize("kind", ["no event", "all events at once", "no event in one arm"])
def test_few_data_have_no_power_and_say_so(kind):
    ds = result(size=40)
    day = {"no event": [np.nan, np.nan], "all events at once": [90.0, 90.0]}.get(
        kind, [90.0, np.nan]
    )
    days = np.repeat(np.array(day)[:, None], 40, axis=1)
    both = ("arm", "patient")
    ds = ds.assign(
        relapse_day=(both, days), follow_up_day=(both, np.where(np.isnan(days), HORIZON, days))
    )
    results = evidence(ds, trials=100, sizes=[64])
    if kind == "no event in one arm":
        # the likelihood has no maximum, but the benefit is plain
        assert results.effects["hazard_ratio"].iloc[0] == pytest.approx(np.exp(-TOO_EXTREME))
        assert results.curves["power"].iloc[0] > 0.99
    else:
        assert results.curves["power"].iloc[0] < 0.12
        assert not results.needed["patients"].iloc[0] < 500


# ---------------------------------------------------------------------- as a user calls it


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_dataset(result(size=60).assign_attrs(digest="x"), tmp_path / "here" / "results.nc")
    save_dataset(
        result(size=60).isel(arm=[0]).assign_attrs(digest="x"), tmp_path / "lone" / "results.nc"
    )
    save_dataset(
        result(size=60).isel(patient=[0]).assign_attrs(digest="x"), tmp_path / "one" / "results.nc"
    )
    return tmp_path / "here"


def test_power_is_printed_written_and_drawn(here, capsys):
    code = cli.main(
        ["power", "here", "trials=100", "resamples=50", "sizes=64,128", "biomarker=genotype",
         "equals=NPM1"]
    )  # fmt: skip
    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    assert "treated against placebo" in printed.out
    assert "For 80% power" in printed.out
    assert list(pd.read_csv(here / "power.csv")["patients"]) == [64, 128, 64, 128]
    assert len(pd.read_csv(here / "sample_size.csv")) == 2
    assert {p.suffix for p in (here / "figures").glob("power.*")} == {
        ".pdf",
        ".svg",
        ".png",
        ".json",
        ".csv",
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["here", "other"], "power needs one result"),
        (["lone"], "a trial needs two arms, and the result has placebo only"),
        (["one"], "virtual patients to draw trials from (all-comers): 1, and at least 20"),
        (["here", "arm=nobody"], "arm: nobody is not a known arm"),
        (["here", "arm=placebo"], "arm = placebo is the control, too: allowed treated"),
        (["here", "biomarker=gentype", "equals=x"], "did you mean genotype?"),
        (["here", "biomarker=genotype"], "add equals, at_least or below"),
        (["here", "biomarker=genotype", "at_least=1"], "is no number: use equals"),
        (["here", "biomarker=genotype", "equals=XYZ"], "equals: XYZ is not a known genotype"),
        (
            ["here", "biomarker=responsiveness", "at_least=2"],
            "(selected): 0, and at least 20 are needed",
        ),
        (["here", "follow_up_months=100"], "simulated for 60"),
        (["here", "dropout_per_year=1.5"], "allowed from 0 to 0.99"),
        (["here", "sizes=2"], "allowed from 4 to 20000"),
        (["here", "sizes=[]"], "sizes is empty"),
    ],
)
def test_wrong_input_is_one_sentence(here, capsys, words, sentence):
    code = cli.main(["power", *words])
    printed = capsys.readouterr()
    assert code == 2
    assert printed.out == ""
    assert sentence in printed.err
    assert printed.err.count("\n") == 1


def test_ranges_hold_in_python_too():
    with pytest.raises(InvalidValue, match="power = 2"):
        Proposal(power=2.0)
    with pytest.raises(ConfigError, match="two arms"):
        evidence(result(size=60).isel(arm=[1]))
