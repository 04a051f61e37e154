"""Repeated trials: the same numbers as lifelines, and errors of the size that they should have."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from leukosim.analysis.trial_emulation.repeated_trials import (
    HIGH,
    Design,
    Pool,
    cox,
    effects,
    patients_for_power,
    power_by_size,
    repeat,
)


def pool(ratio_high=1.0, ratio_others=1.0, size=1200, seed=3):
    """Exponential times, with a hazard ratio in each group; everyone followed for five years."""
    rng = np.random.default_rng(seed)
    group = rng.integers(3, size=size)
    ratio = np.where(group == HIGH, ratio_high, ratio_others)
    common = rng.exponential(600.0, size)
    day = np.array([common, common / ratio])
    return Pool(np.minimum(day, 1826.0), day < 1826.0, group)


def test_every_fit_is_that_of_lifelines():
    from lifelines import CoxPHFitter

    trials = repeat(pool(0.5, 0.9), Design(trials=5), seed=1)
    high = trials.group == HIGH
    for fits, within in ((cox(trials), np.ones_like(high)), (cox(trials, high), high)):
        for t in range(5):
            of = within[t]
            rows = pd.DataFrame(
                {
                    "day": trials.day[t][of],
                    "event": trials.event[t][of],
                    "arm": trials.treated[t][of],
                }
            ).astype(float)
            theirs = CoxPHFitter().fit(rows, "day", "event").summary.loc["arm"]
            assert fits.log_hazard_ratio[t] == pytest.approx(theirs["coef"], abs=1e-5)
            assert fits.error[t] == pytest.approx(theirs["se(coef)"], rel=1e-5)
            assert fits.p[t] == pytest.approx(theirs["p"], rel=1e-3)


def test_the_interaction_is_that_of_lifelines_with_a_baseline_for_each_group():
    from lifelines import CoxPHFitter

    trials = repeat(pool(0.4, 1.0), Design(trials=2, patients=400), seed=2)
    result = effects(trials)
    rows = pd.DataFrame(
        {
            "day": trials.day[0], "event": trials.event[0], "arm": trials.treated[0] * 1.0,
            "high": (trials.group[0] == HIGH) * 1.0,
        }
    )  # fmt: skip
    rows["both"] = rows["arm"] * rows["high"]
    theirs = CoxPHFitter().fit(rows, "day", "event", strata=["high"]).summary.loc["both"]
    assert result["p_interaction"][0] == pytest.approx(theirs["p"], rel=1e-3)


def test_without_an_effect_one_trial_in_forty_shows_a_benefit():
    """Binomial(4000, 0.025): outside of 0.013 to 0.04 once in more than a million."""
    shown = effects(repeat(pool(), Design(trials=4000), seed=5))["benefits"].mean()
    assert 0.013 < shown < 0.04


def test_an_effect_in_one_group_gives_the_published_pattern_more_often_than_none_does():
    none = effects(repeat(pool(), Design(), seed=6))["pattern"].mean()
    some = effects(repeat(pool(0.3, 1.0), Design(), seed=6))["pattern"].mean()
    assert some > 3.0 * none


def test_power_is_that_of_the_formula():
    """Schoenfeld: 191 patients with 0.8 of events, hazard ratio 0.6."""
    from lifelines.statistics import power_under_cph

    same = pool(0.6, 0.6, size=20_000)
    design = Design(accrual_months=0.0, follow_up_months=60.0, trials=4000)
    table = power_by_size(same, design, 1, sizes=(120,))
    share = same.event.mean(1)
    expected = power_under_cph(60, 60, share[1], share[0], 0.6)
    assert table["power"][0] == pytest.approx(expected, abs=0.05)


def test_enrichment_needs_fewer_patients_where_only_one_group_gains():
    table = power_by_size(pool(0.4, 1.0, 4000), Design(trials=400), 1, sizes=(64, 128, 256, 512))
    needed = patients_for_power(table).set_index("enrolled")["patients"]
    assert needed["CXCR4-high by the assay"] < 200 < needed["all-comers"]


def test_beyond_the_largest_size_the_normal_law_goes_on():
    """Power 0.5 and 0.8 are 1.96 and 2.80 errors from zero."""
    table = pd.DataFrame(
        {"enrolled": "all", "patients": [100, 400], "screened": [200, 800], "power": [0.2, 0.5]}
    )
    result = patients_for_power(table).iloc[0]
    assert result["patients"] == pytest.approx(400.0 * (2.8016 / 1.96) ** 2, rel=1e-3)
    assert result["screened"] == pytest.approx(2.0 * result["patients"])
    assert result["extrapolated"]


def test_the_same_seed_gives_the_same_trials_and_too_small_a_pool_is_refused():
    a, b = (repeat(pool(), Design(trials=3), seed=1) for _ in range(2))
    np.testing.assert_array_equal(a.day, b.day)
    lone = pool(size=30)
    with pytest.raises(ValueError, match="at least 2"):
        repeat(Pool(lone.day, lone.event, np.zeros(30, int)), Design(trials=3), 1, only=HIGH)


@pytest.mark.parametrize("significance", [0.005, 0.05, 0.2])
@pytest.mark.parametrize("sizes", [[64, 128], [1024, 2048], [128, 256, 512, 1024]])
def test_the_number_for_a_power_follows_the_normal_law(sizes, significance):
    """power = Phi(sqrt(n) d - z): exact beyond both ends, and nearly so between sizes."""
    limit, effect = stats.norm.isf(significance / 2.0), 0.12
    power = stats.norm.cdf(np.sqrt(sizes) * effect - limit)
    table = pd.DataFrame({"enrolled": "all", "patients": sizes, "screened": sizes, "power": power})
    needed = ((limit + stats.norm.ppf(0.8)) / effect) ** 2
    result = patients_for_power(table, 0.8, significance).iloc[0]
    if power[-1] <= 2.0 * significance:
        assert result["patients"] == np.inf  # hardly more benefits than by chance
        return
    assert result["patients"] == pytest.approx(needed, rel=0.05)
    assert result["extrapolated"] == (not sizes[0] <= needed <= sizes[-1])


@pytest.mark.parametrize("events", [0, 2])
def test_a_treatment_that_averts_nearly_all_events_is_seen(events):
    """As often as the log-rank test sees it; that it helps is never taken for no effect."""
    from lifelines.statistics import logrank_test

    rng = np.random.default_rng(events)
    day = np.stack([rng.exponential(300.0, 250), np.full(250, 1500.0)])
    day[1, :events] = 200.0
    event = np.stack([day[0] < 1500.0, np.arange(250) < events])
    pool = Pool(np.minimum(day, 1500.0), event, np.zeros(250, int))
    trials = repeat(pool, Design(trials=200), seed=1, patients=32)
    fits = cox(trials)
    seen = [
        logrank_test(d[t], d[~t], e[t], e[~t]).p_value < 0.05
        for d, e, t in zip(trials.day, trials.event, trials.treated, strict=True)
    ]
    assert np.mean(seen) > 0.95
    assert fits.benefits.mean() == pytest.approx(np.mean(seen), abs=0.05 if events == 0 else 0.3)
    assert not np.isnan(fits.log_hazard_ratio).any()
