"""Arms, scenarios and results become arms of one dataset, of the same patients or not at all."""

import numpy as np
import pytest
import xarray as xr
from synthetic import dataset_of_arms, sweep, trial

from leukosim.analysis.arms import chosen, gather_arms, reference_of
from leukosim.errors import ConfigError


@pytest.fixture
def grid():
    return sweep({"trigger.level": [1e-3, 1e-2], "monitoring.interval_days": [28.0]}, 12)


def test_arms_of_one_trial_keep_their_names_and_outcomes():
    ds = trial(12)
    gathered = gather_arms({"one": ds})
    assert list(gathered.arm.values) == ["triggered", "at_relapse", "maintenance"]
    np.testing.assert_array_equal(gathered["relapse_day"].values, ds["relapse_day"].values)
    assert gathered.attrs["n_left_out"] == 0


def test_an_arm_that_an_axis_does_not_change_is_there_once(grid):
    names = list(gather_arms({"sweep": grid}).arm.values)
    assert [name for name in names if name.startswith("at_relapse")] == ["at_relapse"]
    assert "triggered (trigger.level=0.001)" in names
    assert "triggered (trigger.level=0.01)" in names


def test_a_scenario_that_failed_is_left_out(grid):
    status = ("scenario", np.array(["failed", "finished"], object))
    names = list(gather_arms({"sweep": grid.assign(status=status)}).arm.values)
    assert names == ["triggered", "at_relapse", "maintenance"]
    with pytest.raises(ConfigError, match="no scenario has finished"):
        gather_arms({"sweep": grid.assign(status=("scenario", ["failed"] * 2))})


def test_scenarios_of_other_sizes_share_the_patients_that_both_have(grid):
    few = grid["follow_up_day"].where((grid["patient"] < 5) | (grid["scenario"] == 1))
    age = np.where(np.arange(12) < 5, 50.0, np.nan) + np.zeros((2, 1))
    age[1] = 50.0  # of the larger cohort
    sized = grid.assign(follow_up_day=few, age_years=(("scenario", "patient"), age))
    gathered = gather_arms({"sweep": sized})
    assert list(gathered.patient.values) == [0, 1, 2, 3, 4]
    assert gathered.attrs["n_left_out"] == 7  # and it is said


def test_results_are_told_apart_by_their_names():
    ds = trial(12)
    late = ds.assign(relapse_day=ds["relapse_day"].where(ds["arm"] != "triggered", 700.0))
    names = list(gather_arms({"early": ds, "late": late}).arm.values)
    assert names == ["triggered (early)", "triggered (late)", "at_relapse", "maintenance"]


def test_only_patients_whom_all_have_are_compared():
    ds = trial(12)
    gathered = gather_arms({"all": ds, "some": ds.isel(patient=[5, 3, 7], arm=[0])})
    assert list(gathered.patient.values) == [3, 5, 7]
    with pytest.raises(ConfigError, match="no patient in common"):
        gather_arms({"some": ds.isel(patient=[1]), "others": ds.isel(patient=[2])})
    missing = ds.assign(follow_up_day=ds["follow_up_day"].where(ds["patient"] > 3))
    assert gather_arms({"one": missing.isel(arm=[0])}).sizes["patient"] == 8


def test_other_patients_are_not_compared_in_pairs():
    ds = trial(12)
    with pytest.raises(ConfigError, match="genotype of the patients differs between a and b"):
        gather_arms({"a": ds, "b": trial(12, seed=2)})


def test_patients_of_another_composition_are_others():
    ds = trial(12)
    shares = np.tile([0.2, 0.8], (12, 1))
    one, other = (
        ds.assign(composition=(("patient", "subtype"), each)) for each in (shares, shares[:, ::-1])
    )
    assert gather_arms({"a": one, "b": one}).sizes["arm"] == 3
    with pytest.raises(ConfigError, match="composition of the patients differs"):
        gather_arms({"a": one, "b": other})


def test_other_follow_up_is_not_compared():
    ds = trial(12)
    with pytest.raises(ConfigError, match="horizon_days = 365, 730"):
        gather_arms({"a": ds, "b": ds.assign_attrs(horizon_days=365.0)})


def test_the_usual_control_is_the_reference():
    assert reference_of(trial(3)) == "at_relapse"
    assert reference_of(dataset_of_arms({"a": [{}], "b": [{}]})) == "a"
    assert reference_of(dataset_of_arms({"a": [{}], "b": [{}]}), "b") == "b"


def test_a_name_that_is_not_enough_is_refused(grid):
    gathered = gather_arms({"sweep": grid})
    with pytest.raises(ConfigError, match="could be any of"):
        reference_of(gathered, "triggered")
    with pytest.raises(ConfigError, match="against: at_relaps is not a known arm: did you mean"):
        reference_of(gathered, "at_relaps")
    kept = chosen(gathered, ["triggered"], "at_relapse")
    assert len(kept.arm) == 3
    with pytest.raises(ConfigError, match="arms: nothing is not a known arm"):
        chosen(gathered, ["nothing"], "at_relapse")


def test_without_patients_there_is_nothing_to_compare():
    empty = trial(3)
    empty["follow_up_day"] = xr.full_like(empty["follow_up_day"], np.nan)
    with pytest.raises(ConfigError, match="no arm has a patient"):
        gather_arms({"one": empty})
