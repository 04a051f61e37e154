"""The operations of a trial: balance, accrual, what is seen by when, and a committee that stops."""

import numpy as np
import pytest
import xarray as xr

from leukosim.analysis.trial_emulation.randomised_trial import (
    Operations,
    run_operations,
    seen_by_a_trial,
)

N = 128
BLAST = Operations(centres=29)


def courses(ratio=1.0, n=N, seed=1):
    """Exponential times in two arms, five years long."""
    rng = np.random.default_rng(seed)
    placebo = rng.exponential(700.0, n)
    day = np.array([placebo, placebo / ratio])
    both = ("arm", "patient")
    return xr.Dataset(
        {
            "relapse_day": (both, np.where(day < 1826.0, day, np.nan)),
            "death_day": (both, np.full((2, n), np.nan)),
            "follow_up_day": (both, np.minimum(day, 1826.0)),
        },
        {"arm": ["placebo", "motixafortide"], "patient": np.arange(n)},
    )


def run(ds, operations=BLAST, seed=1):
    return run_operations(ds, "motixafortide", "placebo", operations, seed)


def test_everyone_is_enrolled_within_about_the_accrual_and_arms_are_balanced():
    done = run(courses())
    table = done.patients
    assert sorted(table["patient"]) == list(range(N))
    assert table["centre"].nunique() > 12
    assert 2.5 * 365.25 < table["enrolled_day"].max() < 6.0 * 365.25
    arms = table["arm"].value_counts()
    assert abs(arms["placebo"] - arms["motixafortide"]) <= 20  # half an open block a centre
    complete = table.groupby("centre")["arm"].apply(lambda a: a.iloc[: len(a) // 4 * 4])
    assert (complete == "placebo").sum() * 2 == len(complete)


def test_the_median_patient_is_followed_as_long_as_planned():
    done = run(courses())
    middle = np.median(done.closed_day - done.patients["enrolled_day"])
    assert middle == pytest.approx(25.4 * 365.25 / 12, abs=1.0)


def test_what_is_seen_is_the_course_of_the_allocated_arm_until_the_data_are_closed():
    ds = courses(0.5)
    done = run(ds)
    for row in done.patients.itertuples():
        truth = float(ds["follow_up_day"].sel(arm=row.arm)[row.patient])
        limit = done.closed_day - row.enrolled_day
        assert row.day == pytest.approx(min(truth, limit))
        relapse = float(ds["relapse_day"].sel(arm=row.arm)[row.patient])
        assert row.event == (relapse <= limit)


def test_the_committee_looks_once_and_stops_a_trial_that_is_futile():
    strict = Operations(centres=29, futility_hazard_ratio=0.0)  # any ratio is too high
    done = run(courses(), strict)
    (look,) = done.looks
    assert look["events"] >= 30 and look["stops"]
    assert done.recruitment_stopped_day == look["day"]
    assert len(done.patients) < N
    assert done.patients["enrolled_day"].max() <= look["day"]


def test_it_stops_a_trial_that_has_shown_its_benefit_and_no_other():
    shown = run(courses(0.1), Operations(centres=29, interim_events=25))
    assert shown.looks[0]["stops"] and shown.looks[0]["p"] < 0.001
    lenient = Operations(centres=29, futility_hazard_ratio=100.0, efficacy_p=0.0)
    assert not run(courses(0.1), lenient).looks[0]["stops"]


def test_no_look_is_taken_without_one_planned():
    assert run(courses(), Operations(centres=29, interim_events=0)).looks == []


def test_the_same_seed_runs_the_same_trial():
    one, other, third = (run(courses(), seed=seed) for seed in (1, 1, 2))
    assert one.patients.equals(other.patients)
    assert not one.patients.equals(third.patients)


def test_the_dataset_says_what_was_seen():
    seen, attributes = seen_by_a_trial(courses(), "motixafortide", "placebo", BLAST, 1)
    assert set(seen["allocated_arm"].values) == {"placebo", "motixafortide"}
    assert not np.isnan(seen["seen_day"].values).any()
    assert attributes["closed_day"] > 0.0


def test_odd_blocks_are_refused():
    with pytest.raises(ValueError, match="block_size = 3"):
        Operations(block_size=3)
