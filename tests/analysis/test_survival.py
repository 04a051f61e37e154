"""Survival statistics against published values, and where there is little to say."""

import warnings

import numpy as np
import pytest
import xarray as xr
from synthetic import dataset_of_arms, sweep, trial

from leukosim.analysis.endpoints import relapse_free_survival
from leukosim.analysis.survival import (
    arms_with_patients,
    compare,
    cumulative_incidence,
    hazard_ratio,
    kaplan_meier,
    logrank,
    median_survival,
    numbers_at_risk,
    paired_difference,
    rmst,
    survival_at,
    sweep_summary,
)

# Weeks in remission under 6-mercaptopurine and placebo (Freireich et al. 1963, Blood 21:699);
# negative: censored.
MERCAPTOPURINE = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32]
MERCAPTOPURINE += [-34, -35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def times_of(**arms) -> xr.Dataset:
    """Times to event by arm, from numbers that are negative where censored."""
    values = np.array(list(arms.values()), float)
    return xr.Dataset(
        {"day": (("arm", "patient"), np.abs(values)), "event": (("arm", "patient"), values > 0)},
        {"arm": list(arms), "patient": np.arange(values.shape[1])},
    )


@pytest.fixture
def freireich():
    return times_of(mercaptopurine=MERCAPTOPURINE, placebo=PLACEBO)


def test_kaplan_meier_of_the_freireich_trial(freireich):
    """Published for 6-MP: 6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378,
    23: 0.4482 (Kleinbaum and Klein, Survival Analysis, chapter 2; the data are MASS::gehan in R).
    """
    curves = kaplan_meier(freireich)
    steps = curves[(curves["arm"] == "mercaptopurine") & (curves["events"] > 0)]
    assert steps["day"].tolist() == [6, 7, 10, 13, 16, 22, 23]
    expected = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    np.testing.assert_allclose(steps["survival"], expected, atol=5e-5)
    assert steps["at_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert ((steps["low"] < steps["survival"]) & (steps["survival"] < steps["high"])).all()


def test_logrank_of_the_freireich_trial(freireich):
    """Chi-squared 16.79 with one degree of freedom, p = 4.17e-05 (Kleinbaum and Klein)."""
    statistic, p = logrank(freireich, "mercaptopurine", "placebo")
    assert statistic == pytest.approx(16.79, abs=0.005)
    assert p == pytest.approx(4.17e-5, rel=0.01)


def test_hazard_ratio_of_the_freireich_trial(freireich):
    """As of R's coxph(Surv(time, cens) ~ treat, gehan), ties by Efron: beta 1.572, ratio 4.82."""
    estimate = hazard_ratio(freireich, "placebo", "mercaptopurine")
    assert np.log(estimate.value) == pytest.approx(1.572, abs=0.001)
    assert 1.0 < estimate.low < estimate.value < estimate.high
    turned = hazard_ratio(freireich, "mercaptopurine", "placebo")
    assert turned.value == pytest.approx(1.0 / estimate.value)


def test_clustered_interval_of_the_freireich_trial_whose_events_are_tied(freireich):
    """As of R's summary(coxph(Surv(time, cens) ~ treat + cluster(pair), gehan))$conf.int."""
    estimate = hazard_ratio(freireich, "placebo", "mercaptopurine")
    assert estimate.low == pytest.approx(2.835293435, rel=1e-5)
    assert estimate.high == pytest.approx(8.18337667, rel=1e-5)


def test_errors_are_clustered_by_patient():
    """Arms that agree patient by patient are told apart better than the same days shuffled."""
    rng = np.random.default_rng(2)
    frailty = rng.lognormal(0.0, 1.5, 80)
    paired = times_of(a=frailty * rng.lognormal(0.3, 0.1, 80), b=frailty)
    shuffled = times_of(a=paired["day"].values[0], b=rng.permutation(frailty))
    widths = [
        np.log(estimate.high / estimate.low)
        for estimate in (hazard_ratio(paired, "a", "b"), hazard_ratio(shuffled, "a", "b"))
    ]
    assert widths[0] < 0.6 * widths[1]


def test_median_and_restricted_mean_of_the_freireich_trial(freireich):
    """Medians of 23 and 8 weeks; nobody is censored on placebo: its restricted mean is a mean."""
    medians = median_survival(freireich).set_index("arm")["median"]
    assert medians.to_dict() == {"mercaptopurine": 23.0, "placebo": 8.0}
    means = rmst(freireich, 12.0).set_index("arm")
    lived = np.minimum(PLACEBO, 12)
    assert means.loc["placebo", "mean"] == pytest.approx(lived.mean(), abs=1e-6)
    margin = 1.96 * lived.std(ddof=1) / np.sqrt(21)
    assert means.loc["placebo", "high"] - means.loc["placebo", "mean"] == pytest.approx(
        margin, rel=1e-3
    )
    assert np.isnan(means.loc["mercaptopurine", "low"])  # censored before 12 weeks


def test_numbers_at_risk_of_the_freireich_trial(freireich):
    table = numbers_at_risk(freireich, np.array([0.0, 6.0, 10.0, 20.0]))
    by_arm = table.groupby("arm")["at_risk"].apply(list)
    assert by_arm["mercaptopurine"] == [21, 21, 15, 8]
    assert by_arm["placebo"] == [21, 12, 8, 2]


def test_survival_at_a_day_is_that_of_the_curve(freireich):
    table = survival_at(freireich, 14.0).set_index("arm")
    assert table.loc["mercaptopurine", "survival"] == pytest.approx(0.6902, abs=5e-5)
    assert table.loc["placebo", "survival"] == pytest.approx(4 / 21)
    assert table.loc["placebo", "n"] == 21


def test_survival_beyond_all_follow_up_is_not_known():
    table = survival_at(times_of(a=[10, 20, -30]), 40.0)
    assert table[["survival", "low", "high"]].isna().all(axis=None)


def test_without_events_the_interval_keeps_a_width():
    """Nobody of 20 relapsed: the exact bound is 0.025^(1/20)."""
    table = survival_at(times_of(a=[-730] * 20), 730.0)
    assert table["survival"].item() == 1.0
    assert table["low"].item() == pytest.approx(0.025 ** (1 / 20))
    assert table["high"].item() == 1.0


def test_when_all_events_come_at_once():
    times = times_of(a=[100] * 10, b=[200] * 10)
    table = survival_at(times, 150.0).set_index("arm")
    assert table["survival"].to_dict() == {"a": 0.0, "b": 1.0}
    assert table.loc["a", "high"] == pytest.approx(1.0 - 0.025 ** (1 / 10))
    comparison = compare(times, "a", "b")
    assert np.isnan(comparison.hazard_ratio)  # every event of a before any of b: no maximum
    assert comparison.p_logrank < 0.001


def test_one_patient():
    times = times_of(a=[100], b=[-730])
    curves = kaplan_meier(times)
    assert curves[curves["arm"] == "a"]["survival"].tolist() == [1.0, 0.0]
    assert np.isnan(compare(times, "a", "b").hazard_ratio)
    assert median_survival(times)["median"].tolist() == [100.0, np.inf]
    assert np.isnan(rmst(times)["low"]).all()


def test_no_event_in_an_arm_is_no_hazard_ratio():
    times = times_of(a=[-730] * 8, b=[50, 60, 70, -730] * 2)
    assert np.isnan(hazard_ratio(times, "a", "b").value)
    assert np.isnan(logrank(times_of(a=[-9] * 3, b=[-9] * 3), "a", "b")).all()


def test_arms_in_which_nothing_differs():
    days = [50, 60, 70, -730] * 5
    times = times_of(a=days, b=days)
    comparison = compare(times, "a", "b")
    assert comparison.hazard_ratio == pytest.approx(1.0)
    assert comparison.p_logrank == pytest.approx(1.0)


def test_an_arm_without_patients_is_left_out():
    times = times_of(a=[50, 60, -730], b=[50, 60, -730])
    times["day"][1] = np.nan
    assert arms_with_patients(times) == ["a"]
    assert set(kaplan_meier(times)["arm"]) == {"a"}
    assert np.isnan(compare(times, "a", "b").p_logrank)


def test_ordinary_statistics_raise_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DeprecationWarning)
        times = relapse_free_survival(trial(40))
        kaplan_meier(times)
        survival_at(times)
        median_survival(times)
        rmst(times)
        compare(times, "triggered", "at_relapse")


def test_a_difference_is_paired():
    """Of 50 pairs 12 differ one way and 4 the other: 0.16, and Wald+2 written out by hand."""
    ours = [-730] * 30 + [100] * 20
    theirs = [-730] * 18 + [100] * 12 + [-730] * 4 + [100] * 16
    estimate = paired_difference(times_of(a=ours, b=theirs), "a", "b", 730.0)
    assert estimate.n == 50
    assert estimate.value == pytest.approx((12 - 4) / 50)
    middle = (12 - 4) / 52
    error = np.sqrt((12 + 4 + 1) - (12 - 4) ** 2 / 52) / 52
    assert estimate.low == pytest.approx(middle - 1.959964 * error, abs=1e-6)
    assert estimate.high == pytest.approx(middle + 1.959964 * error, abs=1e-6)
    turned = paired_difference(times_of(a=ours, b=theirs), "b", "a", 730.0)
    assert turned.value == -estimate.value


def test_the_paired_interval_covers_the_truth():
    """2,000 trials of 60 pairs; nominal 95 %, a false alarm below 92 % is rarer than 1 in 10^6."""
    rng = np.random.default_rng(5)
    p_better, p_worse, n = 0.15, 0.05, 60
    covered = 0
    for _ in range(2_000):
        u = rng.random(n)
        ours = np.where(u < p_better, -730, np.where(u < p_better + p_worse, 100, -730))
        theirs = np.where(u < p_better, 100, -730)
        estimate = paired_difference(times_of(a=ours, b=theirs), "a", "b", 730.0)
        covered += estimate.low <= p_better - p_worse <= estimate.high
    assert covered > 0.92 * 2_000


def test_an_event_on_the_day_itself_counts_and_lost_patients_do_not():
    times = times_of(a=[730, -730, -730, -300], b=[-730, -730, -730, -730])
    estimate = paired_difference(times, "a", "b", 730.0)
    assert (estimate.n, estimate.value) == (3, pytest.approx(-1 / 3))


def test_a_difference_of_identical_arms_has_a_width():
    estimate = paired_difference(times_of(a=[100, -730] * 10, b=[100, -730] * 10), "a", "b")
    assert estimate.value == 0.0
    assert estimate.low < 0.0 < estimate.high


def test_a_sweep_is_summed_up_by_scenario():
    axes = {"trigger.level": [0.001, 0.01], "monitoring.interval_days": [28, 56]}
    ds = sweep(axes, 40)
    summary = sweep_summary(ds)
    assert dict(summary.sizes) == {"scenario": 4, "arm": 3}
    for scenario in (0, 3):
        times = relapse_free_survival(ds.isel(scenario=scenario))
        expected = survival_at(times).set_index("arm").loc["triggered"]
        result = summary.sel(arm="triggered").isel(scenario=scenario)
        assert result["survival"].item() == expected["survival"]
        assert result["survival_low"].item() == expected["low"]
        difference = paired_difference(times, "triggered", "at_relapse")
        assert summary["difference"][scenario].item() == difference.value
    assert summary["difference"][0].item() == 0.0  # without effect the arms are the same
    assert summary["difference"][3].item() > 0.05
    np.testing.assert_array_equal(summary["trigger.level"], ds["trigger.level"])


def test_a_failed_scenario_and_a_missing_arm_are_nan():
    ds = sweep({"trigger.level": [0.001, 0.01]}, 10)
    for name in ("follow_up_day", "relapse_day", "death_day"):
        ds[name][1] = np.nan
    summary = sweep_summary(ds)
    assert summary["survival"].isnull().values.tolist() == [[False] * 3, [True] * 3]
    assert summary["n"].values.tolist() == [[10] * 3, [0] * 3]
    alone = sweep_summary(ds.sel(arm=["triggered"]))
    assert alone["difference"].isnull().all()


def test_relapse_free_survival_feeds_the_statistics():
    ds = dataset_of_arms({"triggered": [{"relapse_day": 100.0}, {"death_day": 200.0}, {}, {}]})
    assert survival_at(relapse_free_survival(ds))["survival"].item() == pytest.approx(0.5)


def test_cumulative_incidence_lets_deaths_compete():
    """Relapse, death, relapse, censored on days 1 to 4, by hand.

    At risk 4, 3, 2, 1; survival just before 1, 3/4, 1/2. Incidence of relapse: 1/4, then
    1/4 + 1/2 * 1/2 = 1/2. One minus Kaplan-Meier that censors deaths would give 5/8.
    """
    ds = dataset_of_arms(
        {
            "a": [
                {"relapse_day": 1.0},
                {"death_day": 2.0},
                {"relapse_day": 3.0},
                {"follow_up_day": 4.0},
            ]
        }
    )
    times = relapse_free_survival(ds)
    relapse = cumulative_incidence(times).set_index("day")["incidence"]
    assert relapse.iloc[-1] == pytest.approx(0.5)
    assert relapse.loc[:2.5].iloc[-1] == pytest.approx(0.25)
    death = cumulative_incidence(times, "death")["incidence"]
    assert death.iloc[-1] == pytest.approx(0.25)
    none = cumulative_incidence(times, "failure")  # a line at zero, as long as anyone was followed
    assert none["incidence"].tolist() == [0.0, 0.0]
    assert none["day"].tolist() == [0.0, float(times["day"].max())]


def test_events_on_the_same_day_have_the_same_incidence_every_time():
    ds = dataset_of_arms({"a": [{"relapse_day": 10.0}] * 3 + [{"death_day": 10.0}] * 3})
    first, again = (cumulative_incidence(relapse_free_survival(ds)) for _ in range(2))
    assert first.equals(again)
    assert first["incidence"].iloc[-1] == pytest.approx(0.5)
