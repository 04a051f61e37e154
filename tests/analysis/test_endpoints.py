"""Endpoints are counted as a trial counts them, and patients who cannot be judged do not count."""

import numpy as np
import pytest
from scipy.stats import beta
from synthetic import HORIZON, dataset_of_arms

from leukosim.analysis.endpoints import (
    best_response,
    doubling_time,
    duration_of_response,
    event_free_survival,
    first_response_day,
    healthy_marrow_cells,
    median,
    molecular_relapse,
    molecular_relapse_day,
    mrd_negative_on_treatment,
    mrd_response,
    overall_survival,
    preemptive_start_day,
    proportion,
    relapse_free_and_alive,
    relapse_free_if_never_positive,
    relapse_free_survival,
    response_by_cycle,
)
from leukosim.results.variables import RESPONSES


def arm_of(*patients, **attributes):
    return dataset_of_arms({"triggered": list(patients)}, **attributes)


def test_relapse_free_survival_ends_with_relapse_or_death_whichever_comes_first():
    ds = arm_of(
        {"relapse_day": 100.0, "death_day": 150.0, "follow_up_day": 150.0},
        {"death_day": 80.0},
        {},
        {"follow_up_day": 300.0},
    )
    rfs = relapse_free_survival(ds).sel(arm="triggered")
    np.testing.assert_array_equal(rfs["day"], [100.0, 80.0, HORIZON, 300.0])
    np.testing.assert_array_equal(rfs["event"], [True, True, False, False])
    assert list(rfs["cause"].values) == ["relapse", "death", "censored", "censored"]


def test_a_patient_who_was_not_simulated_has_no_endpoint():
    ds = arm_of({}, {})
    ds["follow_up_day"][0, 1] = np.nan
    rfs = relapse_free_survival(ds)
    assert np.isnan(rfs["day"].values[0, 1])
    assert not rfs["event"].values[0, 1]
    for outcome in (molecular_relapse(ds), relapse_free_and_alive(ds)):
        np.testing.assert_array_equal(np.isnan(outcome[0]), [False, True])


def test_conversion_and_treatment_from_relapse_on_are_not_preemptive():
    ds = arm_of(
        {"molecular_relapse_day": 90.0, "treatment_start_day": 91.0, "relapse_day": 100.0},
        {"molecular_relapse_day": 100.0, "treatment_start_day": 100.0, "relapse_day": 100.0},
        {"molecular_relapse_day": 110.0, "treatment_start_day": 120.0, "relapse_day": 100.0},
    )
    np.testing.assert_array_equal(molecular_relapse_day(ds)[0], [90.0, np.nan, np.nan])
    np.testing.assert_array_equal(preemptive_start_day(ds)[0], [91.0, np.nan, np.nan])


def test_mrd_conversion_counts_all_who_were_monitored():
    ds = arm_of(
        {"molecular_relapse_day": 360.0}, {"molecular_relapse_day": 400.0}, {"death_day": 5.0}, {}
    )
    np.testing.assert_array_equal(molecular_relapse(ds, 365.0)[0], [1, 0, 0, 0])
    np.testing.assert_array_equal(molecular_relapse(ds, 730.0)[0], [1, 1, 0, 0])


def test_a_trial_that_is_too_short_says_nothing_of_conversion():
    assert np.isnan(molecular_relapse(arm_of({}, horizon_days=300.0), 730.0)).all()


def test_relapse_and_death_up_to_the_day_itself_are_failures():
    ds = arm_of(
        *(
            {"molecular_relapse_day": 100.0, "relapse_day": day}
            for day in (101.0, 282.0, 283.0, np.nan)
        ),
        {"molecular_relapse_day": 100.0, "death_day": 200.0},
        {},
    )
    free = relapse_free_and_alive(ds, molecular_relapse_day(ds), 182.0)[0]
    np.testing.assert_array_equal(free, [0, 0, 1, 1, 0, np.nan])


def test_late_converters_do_not_count_even_if_their_relapse_was_seen():
    late = HORIZON - 100.0
    ds = arm_of(
        {"molecular_relapse_day": late}, {"molecular_relapse_day": late, "relapse_day": late + 50.0}
    )
    assert np.isnan(relapse_free_and_alive(ds, molecular_relapse_day(ds), 182.0)).all()


def test_relapse_free_of_those_never_positive():
    ds = arm_of(
        {},
        {"relapse_day": 300.0},
        {"relapse_day": 400.0},
        {"molecular_relapse_day": 200.0, "relapse_day": 300.0},
        {"molecular_relapse_day": 310.0, "relapse_day": 300.0},  # positive at relapse: no warning
    )
    outcome = relapse_free_if_never_positive(ds)[0]
    np.testing.assert_array_equal(outcome, [1, 0, 1, np.nan, 0])


START = {"molecular_relapse_day": 100.0, "treatment_start_day": 100.0}


@pytest.mark.parametrize(
    ("samples", "changes", "negative"),
    [
        ([(280.0, 0.001)], {}, 1.0),
        ([(280.0, 0.01)], {}, 0.0),  # at the trigger level is positive
        ([(270.0, 0.5), (296.0, 0.001)], {}, 1.0),  # the last sample decides
        ([(270.0, 0.001), (296.0, 0.5)], {}, 0.0),
        ([(280.0, 0.001), (297.0, 0.5)], {}, 1.0),  # past the days of grace
        ([(190.0, 0.001)], {}, 0.0),  # too early to count
        ([], {}, 0.0),
        ([(250.0, 0.001)], {"relapse_day": 270.0}, 0.0),
        ([(280.0, 0.001)], {"relapse_day": 290.0}, 1.0),
        ([(280.0, 0.001)], {"treatment_start_day": np.nan}, np.nan),
    ],
)
def test_mrd_negative_on_treatment(samples, changes, negative):
    other = {**START, "samples": [(28.0, 0.2)]}  # the dataset needs a sample
    ds = arm_of({**START, "samples": samples, **changes}, other)
    np.testing.assert_array_equal(mrd_negative_on_treatment(ds)[0, 0], negative)


def test_negative_can_mean_not_detected():
    ds = arm_of(
        {**START, "samples": [(280.0, 0.001)]},
        {**START, "samples": [(280.0, 0.0)]},
    )
    np.testing.assert_array_equal(mrd_negative_on_treatment(ds, below="detection")[0], [0, 1])


WEEKS = np.arange(0.0, 730.0, 7.0)


def growth(doubling, start):
    return np.minimum(1e6 * 2.0 ** ((WEEKS - start) / doubling), 1e12)


def test_doubling_time_of_exponential_growth_is_recovered():
    ds = arm_of(
        {"relapse_day": 400.0, "blasts": growth(11.0, 50.0)},
        {"relapse_day": 700.0, "blasts": growth(36.0, -50.0)},
        {"blasts": growth(36.0, 50.0)},  # no relapse
        {"relapse_day": 400.0, "blasts": np.full(len(WEEKS), 1e5)},  # hidden throughout
        time=WEEKS,
    )
    np.testing.assert_allclose(doubling_time(ds)[0], [11.0, 36.0, np.nan, np.nan], rtol=1e-9)


def test_what_treatment_does_to_blasts_is_no_doubling_time():
    blasts = growth(11.0, 0.0)
    treated_from = 140.0
    blasts[treated_from < WEEKS] = 5e9
    patient = {"relapse_day": 500.0, "treatment_start_day": treated_from, "blasts": blasts}
    assert doubling_time(arm_of(patient, time=WEEKS)).item() == pytest.approx(11.0)
    untreated = {**patient, "treatment_start_day": np.nan}
    assert doubling_time(arm_of(untreated, time=WEEKS)).item() > 30.0


def test_an_earlier_decline_is_no_growth():
    blasts = np.where(WEEKS < 50.0, 1e9 * np.exp(-0.2 * WEEKS), growth(11.0, 50.0))
    ds = arm_of({"relapse_day": 400.0, "blasts": blasts}, time=WEEKS)
    assert doubling_time(ds).item() == pytest.approx(11.0)


def test_proportions_have_the_exact_interval():
    """Clopper-Pearson of 31 of 53, by the quantiles of beta distributions."""
    estimate = proportion(np.array([1.0] * 31 + [0.0] * 22 + [np.nan] * 9))
    assert estimate.n == 53
    assert estimate.value == pytest.approx(31 / 53)
    assert estimate.low == pytest.approx(beta.ppf(0.025, 31, 23), abs=1e-9)
    assert estimate.high == pytest.approx(beta.ppf(0.975, 32, 22), abs=1e-9)


def test_nobody_at_risk_is_no_proportion():
    estimate = proportion(np.array([np.nan, np.nan]))
    assert estimate.n == 0
    assert np.isnan(estimate.value)


def test_median_has_the_interval_of_order_statistics():
    """Of 1 to 20, the 6th to the 15th: P(5 < Binomial(20, 1/2) < 15) = 0.959."""
    estimate = median(np.arange(1.0, 21.0))
    assert (estimate.value, estimate.n) == (10.5, 20)
    assert (estimate.low, estimate.high) == (6.0, 15.0)


def test_few_numbers_have_a_median_without_interval():
    assert median(np.array([3.0])).value == 3.0
    assert np.isnan(median(np.arange(5.0)).low)
    assert median(np.array([])).n == 0


def test_the_trigger_level_of_a_scenario_decides_what_is_negative():
    patients = [{**START, "samples": [(280.0, 0.005)]}]
    ds = dataset_of_arms({"triggered": patients}).expand_dims(scenario=2)
    ds = ds.assign_coords({"trigger.level": ("scenario", [0.01, 0.001])})
    np.testing.assert_array_equal(mrd_negative_on_treatment(ds).values.ravel(), [1, 0])


def test_a_patient_followed_by_chimerism_is_negative_by_its_own_trigger():
    patients = [{**START, "samples": [(280.0, 0.1)]}] * 2
    ds = dataset_of_arms({"triggered": patients}, trigger_recipient_share=0.2)
    ds["mrd_marker"] = "patient", np.array(["transcript", "chimerism"], object)
    np.testing.assert_array_equal(mrd_negative_on_treatment(ds).values.ravel(), [0, 1])
    swept = ds.expand_dims(scenario=2)
    swept = swept.assign_coords({"trigger.recipient_share": ("scenario", [0.2, 0.05])})
    np.testing.assert_array_equal(mrd_negative_on_treatment(swept).isel(patient=1), [[1], [0]])


def test_the_size_of_a_healthy_marrow_is_that_of_the_simulation():
    ds = dataset_of_arms({"triggered": [{}]})
    assert healthy_marrow_cells(ds) == 1e12  # not stated: as in results of earlier versions
    ds = ds.assign_attrs(healthy_marrow_cells=5e11)
    assert healthy_marrow_cells(ds) == 5e11
    swept = ds.expand_dims(scenario=2)
    axis = ("scenario", [5e11, 2e12])
    swept = swept.assign_coords({"disease.blood.healthy_marrow_cells": axis})
    np.testing.assert_array_equal(healthy_marrow_cells(swept), [5e11, 2e12])


OVERT = {"overt_blasts": 1e12}
RESPONDER = {**OVERT, "response_day": 56.0, "best_response": RESPONSES.index("CR")}


def test_overall_survival_counts_deaths_only():
    ds = arm_of({"relapse_day": 100.0, "follow_up_day": 300.0}, {"death_day": 80.0})
    os = overall_survival(ds)
    np.testing.assert_array_equal(os["day"][0], [300.0, 80.0])
    np.testing.assert_array_equal(os["event"][0], [False, True])


def test_a_failed_treatment_is_an_event_when_declared_or_from_the_start():
    failed = {**OVERT, "treatment_failure_day": 168.0, "death_day": 300.0}
    ds = arm_of(
        failed, {**RESPONDER, "relapse_day": 200.0}, {**OVERT, "death_day": 20.0}, RESPONDER
    )
    declared, start = (event_free_survival(ds, how) for how in ("declared", "start"))
    np.testing.assert_array_equal(declared["day"][0], [168.0, 200.0, 20.0, HORIZON])
    np.testing.assert_array_equal(start["day"][0], [0.0, 200.0, 20.0, HORIZON])
    for efs in (declared, start):
        assert list(efs["cause"].values[0]) == ["failure", "relapse", "death", "censored"]
        np.testing.assert_array_equal(efs["event"][0], [True, True, True, False])


def test_duration_of_response_is_of_responders():
    ds = arm_of({**RESPONDER, "relapse_day": 200.0}, {**OVERT, "death_day": 20.0}, RESPONDER)
    duration = duration_of_response(ds)
    np.testing.assert_array_equal(duration["day"][0], [144.0, np.nan, HORIZON - 56.0])
    np.testing.assert_array_equal(duration["event"][0], [True, False, False])


def test_a_response_counts_by_the_patients_own_start_of_a_cycle():
    late = {"assessments": [(28.0, 1.0), (40.0, 3.0)]}  # MLFS, then CRh as counts recovered
    waited = {**OVERT, **late, "cycles": [(0.0, 6.0), (42.0, 48.0)]}
    not_waited = {**OVERT, **late, "cycles": [(0.0, 6.0), (28.0, 34.0)]}
    died = {**OVERT, "death_day": 9.0, "cycles": [(0.0, 6.0)]}
    ds = arm_of(waited, not_waited, died, {"assessments": late["assessments"]})
    np.testing.assert_array_equal(response_by_cycle(ds, 2)[0], [1, 0, 0, np.nan])
    np.testing.assert_array_equal(response_by_cycle(ds, 4)[0], [1, 1, 0, np.nan])
    np.testing.assert_array_equal(response_by_cycle(ds, 2, "CR")[0], [0, 0, 0, np.nan])
    np.testing.assert_array_equal(first_response_day(ds, "MLFS")[0], [28, 28, np.nan, np.nan])


def test_the_best_response_is_out_of_all_who_began_with_leukaemia():
    ds = arm_of(RESPONDER, {**OVERT, "best_response": 2}, {**OVERT, "death_day": 3.0}, {})
    np.testing.assert_array_equal(best_response(ds)[0], [1, 1, 0, np.nan])
    np.testing.assert_array_equal(best_response(ds, "CRh")[0], [1, 0, 0, np.nan])


def test_mrd_responds_between_response_and_relapse():
    """A ratio of 0.009 where it was 10 at diagnosis: 9e-4."""
    few, many = (90.0, 0.009), (90.0, 0.011)
    ds = arm_of(
        {**RESPONDER, "samples": [few]},
        {**RESPONDER, "samples": [many]},
        {**RESPONDER, "samples": [(30.0, 0.0), many]},  # before the response
        {**RESPONDER, "samples": [few], "relapse_day": 80.0},
        {**OVERT, "samples": [few]},
    )
    np.testing.assert_array_equal(mrd_response(ds)[0], [1, 0, 0, 0, np.nan])
