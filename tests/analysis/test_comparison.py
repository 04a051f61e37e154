"""Differences over the same patients: against known effects, by hand, and where data are few."""

import numpy as np
import pytest
from scipy.stats import binom
from synthetic import dataset_of_arms, trial

from leukosim.analysis.arm_summaries import MATCHED
from leukosim.analysis.arms import gather_arms, short_names
from leukosim.analysis.comparison import (
    CYTOPENIA_DAYS,
    DRUG_DAYS,
    HAZARD_RATIO,
    NEEDED,
    RESTRICTED_MEAN,
    SURVIVAL,
    Comparison,
    censored_early,
    differences_table,
    levels_table,
    needed_to_treat,
    on_front,
    ranking,
    resample,
    shown_needed,
)
from leukosim.analysis.endpoints import EITHER, OVERALL, RELAPSE_FREE, main_survival
from leukosim.analysis.survival import hazard_ratio, rmst, survival_at
from leukosim.errors import ConfigError
from leukosim.parameters import InvalidValue

HORIZON = 730.0
COHORTS, PATIENTS = 400, 80
GAIN, RATE = 0.6, 1 / 500.0  # treatment multiplies the time of those who respond


def gathered(arms, **attributes):
    return gather_arms({"one": dataset_of_arms(arms, **attributes)})


def drug_days(ds, days):
    return ds.assign(treatment_days=(("arm", "patient"), np.asarray(days, float)))


def cohort(seed, patients=PATIENTS):
    """Exponential times; treatment doubles those of six in ten patients, for 10 to 30 drug days."""
    rng = np.random.default_rng(seed)
    untreated = rng.exponential(1 / RATE, patients)
    treated = np.where(rng.random(patients) < GAIN, 2.0 * untreated, untreated)
    arms = {
        name: [{"relapse_day": day} if day < HORIZON else {} for day in days]
        for name, days in (("at_relapse", untreated), ("treated", treated))
    }
    return drug_days(gathered(arms), [np.zeros(patients), rng.uniform(10.0, 30.0, patients)])


def exact_differences():
    """What a cohort without end would show."""

    def alive(day, rate):
        return np.exp(-rate * day)

    def mean_days(rate):
        return (1.0 - np.exp(-rate * HORIZON)) / rate

    return {
        (SURVIVAL, 365.0): GAIN * (alive(365.0, RATE / 2) - alive(365.0, RATE)),
        (SURVIVAL, 730.0): GAIN * (alive(730.0, RATE / 2) - alive(730.0, RATE)),
        (RESTRICTED_MEAN, 730.0): GAIN * (mean_days(RATE / 2) - mean_days(RATE)),
        (DRUG_DAYS, 730.0): 20.0,
    }


@pytest.fixture(scope="module")
def intervals():
    """Intervals of many cohorts: (quantity, day) -> float64[cohort, (low, high)]."""
    result = {key: [] for key in exact_differences()}
    for seed in range(COHORTS):
        resampled = resample(cohort(seed), Comparison(resamples=500))
        a, r = resampled.arms.index("treated"), resampled.arms.index("at_relapse")
        for key in result:
            difference = resampled.values[key][a] - resampled.values[key][r]
            result[key].append(np.quantile(difference[1:], [0.025, 0.975]))
    return {key: np.array(each) for key, each in result.items()}


def misses(bounds, truth):
    return int(((bounds[:, 0] > truth) | (bounds[:, 1] < truth)).sum())


def allowed_misses(alpha=1e-6):
    """Misses of 400 intervals that cover 93 %: percentiles of 80 patients cover 94 %."""
    return binom.isf(alpha, COHORTS, 0.07)


@pytest.mark.slow
def test_intervals_hold_a_known_effect_as_often_as_they_say(intervals):
    """False alarm: four quantities, each once in a million."""
    for key, truth in exact_differences().items():
        assert misses(intervals[key], truth) <= allowed_misses(), key


@pytest.mark.slow
def test_that_check_would_notice_intervals_that_are_too_narrow_or_off(intervals):
    truth = exact_differences()
    for key, bounds in intervals.items():
        middle = bounds.mean(1, keepdims=True)
        narrow = middle + 0.6 * (bounds - middle)
        assert misses(narrow, truth[key]) > allowed_misses(), key
        assert misses(bounds, 1.5 * truth[key]) > allowed_misses(), key


@pytest.mark.slow
def test_pairs_are_worth_many_patients(intervals):
    """As if the arms were of different patients, the interval of mean days would be far wider."""
    result = resample(cohort(1), Comparison(resamples=500))
    alone = [np.diff(np.quantile(each[1:], [0.025, 0.975]))[0] for each in result.control]
    paired = np.diff(intervals[(RESTRICTED_MEAN, 730.0)][1])[0]
    assert np.hypot(*alone) > 1.8 * paired


# ---------------------------------------------------------------------- by hand


@pytest.fixture
def by_hand():
    """Twelve patients; treatment averts two relapses of four, and causes a death."""
    before = [{"relapse_day": 200.0}] * 4 + [{}] * 8
    after = [{}] * 2 + [{"relapse_day": 400.0}] * 2 + [{"death_day": 100.0}] + [{}] * 7
    ds = gathered({"at_relapse": before, "treated": after})
    return drug_days(ds, [[5.0] * 4 + [0.0] * 8, [20.0] * 12])


def test_differences_by_hand(by_hand):
    table = differences_table(resample(by_hand), "at_relapse")
    assert set(table["arm"]) == {"treated"}
    value = table.set_index(["quantity", "day"])["value"]
    assert value[(SURVIVAL, 365.0)] == pytest.approx((11 - 8) / 12)
    assert value[(SURVIVAL, 730.0)] == pytest.approx((9 - 8) / 12)
    assert value[(NEEDED, 730.0)] == pytest.approx(12.0)
    days = 2 * 530.0 + 2 * 200.0 - 630.0
    assert value[(RESTRICTED_MEAN, 730.0)] == pytest.approx(days / 12)
    assert value[(DRUG_DAYS, 730.0)] == pytest.approx(20.0 - 20.0 / 12)
    ratio = hazard_ratio(main_survival(by_hand), "treated", "at_relapse")
    row = table[table["quantity"] == HAZARD_RATIO].iloc[0]
    assert (row["value"], row["low"], row["high"]) == (ratio.value, ratio.low, ratio.high)


def test_levels_are_those_of_the_other_figures():
    ds = gather_arms({"one": trial(50)})
    result = resample(ds)
    levels = levels_table(result).set_index(["quantity", "day", "arm"]).sort_index()
    ours = levels.loc[(SURVIVAL, 730.0)]
    theirs = survival_at(main_survival(ds)).set_index("arm")
    np.testing.assert_allclose(ours["value"], theirs.loc[ours.index, "survival"])
    np.testing.assert_allclose(ours["low"], theirs.loc[ours.index, "low"])
    means = rmst(main_survival(ds)).set_index("arm")["mean"]
    np.testing.assert_allclose(levels.loc[(RESTRICTED_MEAN, 730.0)]["value"], means[ours.index])


def test_cytopenia_is_of_neutrophils_and_platelets(by_hand):
    both = ("arm", "patient")
    ds = by_hand.assign(
        days_grade3_neutropenia=(both, np.array([np.zeros(12), np.full(12, 3.0)])),
        days_grade3_thrombocytopenia=(both, np.array([np.ones(12), np.full(12, 3.0)])),
    )
    table = differences_table(resample(ds), "at_relapse").set_index("quantity")
    assert table.loc[CYTOPENIA_DAYS, "value"] == 5.0
    assert CYTOPENIA_DAYS not in set(levels_table(resample(by_hand))["quantity"])


def test_number_needed_to_treat_runs_through_infinity():
    """Altman: a difference of 0.1 from -0.05 to 0.25 is 10, from 4 to infinity to 20 harmed."""
    assert shown_needed(10.0, 4.0, -20.0) == "10 (4 to ∞ to harm 20)"
    assert shown_needed(10.0, 4.0, 20.0) == "10 (4 to 20)"
    assert shown_needed(-10.0, -20.0, -4.0) == "harm 10 (4 to 20)"
    assert shown_needed(10.0, 4.0, np.inf) == "10 (4 to ∞)"
    assert shown_needed(-10.0, np.inf, -4.0) == "harm 10 (4 to ∞)"
    assert needed_to_treat(-0.1, -0.25, 1e-17, "", 9)[:3] == (-10.0, np.inf, -4.0)
    assert shown_needed(np.inf, 4.0, -4.0) == "no difference"
    assert shown_needed(np.nan, np.nan, np.nan) == "–"


def test_patients_at_diagnosis_are_judged_by_survival():
    overt = {"overt_blasts": 1e11}
    ill = [{**overt, "relapse_day": 100.0, "death_day": 300.0, "follow_up_day": 300.0}, {**overt}]
    assert main_survival(gathered({"a": ill}))["day"].values.tolist() == [[300.0, 730.0]]
    assert main_survival(gathered({"a": ill})).attrs["endpoint"] == OVERALL
    well = [{"relapse_day": 100.0, "death_day": 300.0, "follow_up_day": 300.0}, {}]
    assert main_survival(gathered({"a": well}))["day"].values.tolist() == [[100.0, 730.0]]
    assert main_survival(gathered({"a": well})).attrs["endpoint"] == RELAPSE_FREE
    assert main_survival(gathered({"a": [ill[0], well[0]]})).attrs["endpoint"] == EITHER


# ---------------------------------------------------------------------- ranks and fronts


def test_ranks_and_fronts_by_hand():
    free, early, late = [{}] * 12, [{"relapse_day": 100.0}] * 12, [{"relapse_day": 300.0}] * 12
    ds = gathered({"early": early, "free": free, "late": late, "also_late": late})
    table = ranking(resample(drug_days(ds, np.array([[1, 9, 5, 6]] * 12).T))).set_index("arm")
    assert list(table.index) == ["free", "late", "also_late", "early"]
    assert list(table["rank"]) == [1.0, 2.5, 2.5, 4.0]
    assert list(table["probability_best"]) == [1.0, 0.0, 0.0, 0.0]
    assert dict(table["front_drug_days"]) == {
        "free": True, "late": True, "also_late": False, "early": True,
    }  # fmt: skip


def test_arms_that_are_alike_share_the_probability():
    ds = gathered(
        {"a": [{"relapse_day": 90.0}] * 6 + [{}] * 6, "b": [{"relapse_day": 90.0}] * 6 + [{}] * 6}
    )
    assert list(ranking(resample(ds))["probability_best"]) == [0.5, 0.5]


def test_the_probability_of_being_best_is_that_of_the_normal_law():
    """Gain of mean m and error s: Phi(m / s), here within 0.05."""
    from scipy.stats import norm

    rng = np.random.default_rng(1)
    noise = [{"relapse_day": day} for day in rng.uniform(100.0, 700.0, 200)]
    other = [{"relapse_day": day} for day in rng.uniform(105.0, 705.0, 200)]
    result = resample(gathered({"at_relapse": noise, "other": other}))
    difference = result.control[1] - result.control[0]
    expected = norm.cdf(difference[0] / difference[1:].std())
    table = ranking(result).set_index("arm")
    assert table.loc["other", "probability_best"] == pytest.approx(expected, abs=0.05)
    assert 0.02 < expected < 0.98


def test_nothing_on_the_front_is_beaten_and_all_else_is():
    rng = np.random.default_rng(2)
    control, cost = rng.integers(0, 6, (2, 8, 50)).astype(float)
    front = on_front(control, cost)
    for r in range(50):
        for a in range(8):
            beaten = any(
                control[b, r] >= control[a, r] and cost[b, r] <= cost[a, r]
                and (control[b, r] > control[a, r] or cost[b, r] < cost[a, r])
                for b in range(8)
            )  # fmt: skip
            assert front[a, r] != beaten


# ---------------------------------------------------------------------- few data, wrong input


@pytest.mark.parametrize(
    "patients",
    [[{}], [{"relapse_day": 100.0}], [{}] * 12, [{"relapse_day": 100.0}] * 12],
    ids=["one patient", "one event", "no event", "all events"],
)
def test_few_data_have_wide_intervals_or_none(patients):
    result = resample(gathered({"at_relapse": patients, "treated": patients}))
    table = differences_table(result, "at_relapse").set_index(["quantity", "day"])
    row = table.loc[(SURVIVAL, 730.0)]
    assert row["value"] == 0.0
    assert row["low"] < 0.0 < row["high"]
    assert row["method"] == MATCHED
    assert table.loc[(RESTRICTED_MEAN, 730.0), "value"] == 0.0
    assert np.isnan(table.loc[(RESTRICTED_MEAN, 730.0), "low"]) == (len(patients) < 10)
    assert np.isnan(table.loc[(HAZARD_RATIO, np.nan), "value"]).all() or len(patients) > 1
    assert len(ranking(result)) == 2


def test_a_lone_arm_has_levels_and_no_differences():
    result = resample(gathered({"only": [{}] * 12}))
    assert differences_table(result, "only").empty
    assert list(ranking(result)["probability_best"]) == [1.0]


def test_patients_who_were_lost_are_counted():
    lost = [{"follow_up_day": 100.0}, {}, {"relapse_day": 50.0}]
    assert censored_early(resample(gathered({"a": lost, "b": [{}] * 3}))) == {"a": 1}


def test_days_beyond_the_follow_up_are_refused():
    ds = gathered({"a": [{}] * 12}, horizon_days=400.0)
    assert resample(ds).days == [365.0]
    with pytest.raises(ConfigError, match=r"days = 500 \(day\) lies beyond .* from 1 to 400"):
        resample(ds, Comparison(days=[500.0]))
    with pytest.raises(ConfigError, match="until_day = 401"):
        resample(ds, Comparison(until_day=401.0))
    with pytest.raises(InvalidValue, match="resamples = 5 .* allowed from 100"):
        Comparison(resamples=5)


def test_fields_of_long_paths_have_short_names_that_tell_them_apart():
    paths = [
        "trigger.level",
        "a.regimens.x.dose_mg",
        "b.regimens.x.dose_mg",
        "a.rules.x.delay_days",
    ]
    assert short_names(paths) == {
        "trigger.level": "trigger.level",
        "a.regimens.x.dose_mg": "a.regimens.x.dose_mg",
        "b.regimens.x.dose_mg": "b.regimens.x.dose_mg",
        "a.rules.x.delay_days": "x.delay_days",
    }
