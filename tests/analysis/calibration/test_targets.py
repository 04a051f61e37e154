"""Published values stand beside those of the arms, and of the patients, that can measure them."""

import json

import numpy as np
import pytest
from synthetic import dataset_of_arms, sweep, trial

from leukosim.analysis.calibration import ESTIMATORS, calibration_targets, target_table
from leukosim.analysis.endpoints import (
    molecular_relapse_day,
    preemptive_start_day,
    proportion,
    relapse_free_and_alive,
)
from leukosim.results.variables import RESPONSES

CR, CRI, NONE = (RESPONSES.index(name) for name in ("CR", "CRi", "none"))


def test_published_values_lie_within_their_intervals():
    targets = calibration_targets().set_index("id")
    assert list(targets.index) == list(ESTIMATORS)
    known = targets.dropna(subset=["low", "high"])
    assert ((known["low"] <= known["value"]) & (known["value"] <= known["high"])).all()
    assert targets["source"].notna().all()
    counted = targets.dropna(subset=["k"])
    np.testing.assert_allclose(
        counted["k"] / counted["n"], counted["value"], atol=5e-3
    )  # two digits


def test_targets_are_measured_in_their_arms():
    ds = trial(80)
    table = target_table(ds).set_index("id")
    relapse, triggered = ds.sel(arm="at_relapse"), ds.sel(arm="triggered")
    t08 = proportion(relapse_free_and_alive(relapse, molecular_relapse_day(relapse)))
    t09 = proportion(relapse_free_and_alive(triggered, preemptive_start_day(triggered)))
    assert t08.value < t09.value  # else arms could be exchanged unnoticed
    assert table.loc["T08", "model"] == t08.value
    assert table.loc["T09", "model"] == t09.value
    assert table.loc["T09", ["target", "target_n"]].tolist() == [0.585, 53.0]
    assert table.loc["T01", "model"] == pytest.approx(11.0, rel=0.25)
    assert table.loc["T03", "model"] == pytest.approx(36.0, rel=0.25)


def test_names_of_arms_are_arguments():
    ds = trial(20)
    named = ds.assign_coords(arm=["early", "late", "always"])
    result = target_table(named, triggered="early", at_relapse="late")
    assert result.equals(target_table(ds))
    assert target_table(named).empty
    with pytest.raises(ValueError, match="rescue is not a role of an arm"):
        target_table(ds, rescue="early")


def test_what_was_not_recorded_has_no_value():
    table = target_table(trial(20).drop_vars("blasts")).set_index("id")
    assert table.loc["T01", "model_n"] == 0
    assert table.loc["T06", "model_n"] == 20


def test_a_sweep_is_refused():
    with pytest.raises(ValueError, match="dimension scenario"):
        target_table(sweep({"trigger.level": [0.001, 0.01]}, 5))


def at_diagnosis(**attributes):
    """Four patients at diagnosis: two respond, one relapses, one fails and one dies."""
    responder = {
        "response_day": 28.0,
        "best_response": CR,
        "assessments": [(28.0, CRI), (56.0, CR)],
        "cycles": [(0.0, 6.0), (35.0, 41.0), (63.0, 69.0)],
    }
    patients = [
        {**responder, "relapse_day": 228.0, "follow_up_day": 730.0},
        {**responder, "death_day": 528.0},
        {"assessments": [(28.0, NONE)], "treatment_failure_day": 168.0},
        {"death_day": 10.0},
    ]
    patients = [{"overt_blasts": 1e12, **patient} for patient in patients]
    arms = ("azacitidine", "venetoclax_azacitidine", "venetoclax")
    return dataset_of_arms({arm: patients for arm in arms}, **attributes)


def test_a_study_at_diagnosis_has_its_own_targets():
    table = target_table(at_diagnosis()).set_index("id")
    assert list(table.index) == [f"T{i}" for i in range(11, 19)]
    assert table.loc["T11", "model"] == 0.5
    assert table.loc["T12", ["model", "model_n"]].tolist() == [28.0, 2]
    assert table.loc[["T13", "T14", "T15", "T16"], "model"].tolist() == [0.0, 0.5, 0.5, 0.5]
    assert table.loc["T17", "model"] == 200.0  # 200 and 500 days; one half is reached at 200
    assert table.loc["T18", "model"] == 528.0


def test_venetoclax_alone_is_compared_in_pretreated_patients_only():
    config = json.dumps({"cohort": {"reserve_shift_mean": 0.12}})
    table = target_table(at_diagnosis(config=config)).set_index("id")
    assert list(table.index) == ["T19"]
    assert table.loc["T19", "model"] == 0.5


def test_patients_in_remission_have_no_response_to_compare():
    ds = at_diagnosis()
    ds["overt_blasts"][:] = 0.0
    assert target_table(ds).empty
