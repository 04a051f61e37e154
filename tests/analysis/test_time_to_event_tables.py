"""ADTTE: the endpoints of the analysis, coded as CDISC does."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from synthetic import dataset_of_arms

from leukosim.analysis.endpoints import event_free_survival, overall_survival
from leukosim.analysis.time_to_event_tables import COLUMNS, adtte

PATIENTS = [
    {"relapse_day": 100.0, "death_day": 200.5},
    {"death_day": 50.0},
    {},  # to the end of the trial
    {"follow_up_day": 300.0},
    {"overt_blasts": 1e11, "response_day": 60.0, "relapse_day": 90.0},
    {"overt_blasts": 1e11, "treatment_failure_day": 56.0, "death_day": 80.0},
]


def trial(**settings) -> xr.Dataset:
    config = {"study": "relaza2", "seed": 3, "until_death": True} | settings
    return dataset_of_arms({"a": PATIENTS, "b": PATIENTS}, config=json.dumps(config))


def of(table: pd.DataFrame, code: str, arm: str = "a") -> pd.DataFrame:
    return table[(table["PARAMCD"] == code) & (table["TRTP"] == arm)].set_index("SUBJID")


def test_relapse_free_survival_begins_in_remission():
    rfs = of(adtte(trial()), "RFS")
    assert list(rfs.index) == [0, 1, 2, 3, 4]  # the last never was in remission
    assert list(rfs["AVAL"]) == [100.0, 50.0, 730.0, 300.0, 30.0]
    assert list(rfs["CNSR"]) == [0, 0, 1, 2, 0]
    assert list(rfs["EVNTDESC"]) == ["RELAPSE", "DEATH", "CENSORED", "CENSORED", "RELAPSE"]
    assert list(rfs["CNSDTDSC"].astype(bool)) == [False, False, True, True, False]
    assert list(rfs["STARTDY"]) == [1, 1, 1, 1, 61] and list(rfs["ADY"])[0::4] == [101, 91]


@pytest.mark.parametrize(
    ("code", "times"), [("OS", overall_survival), ("EFS", event_free_survival)]
)
def test_times_are_those_of_the_endpoints(code, times):
    ds = trial()
    rows, expected = of(adtte(ds), code, "b"), times(ds).sel(arm="b")
    np.testing.assert_array_equal(rows["AVAL"], expected["day"])
    np.testing.assert_array_equal(rows["CNSR"] == 0, expected["event"])


def test_failure_of_treatment_is_an_event_of_event_free_survival():
    efs = of(adtte(trial()), "EFS").loc[5]
    assert (efs["AVAL"], efs["EVNTDESC"]) == (56.0, "TREATMENT FAILURE")


def test_days_are_whole_in_ady_and_exact_in_aval():
    death = of(adtte(trial()), "OS").loc[0]
    assert (death["AVAL"], death["ADY"], death["AVALU"]) == (200.5, 201, "DAYS")


def test_without_follow_up_until_death_there_is_no_overall_survival():
    assert set(adtte(trial(until_death=False))["PARAMCD"]) == {"RFS", "EFS"}


def test_a_patient_is_the_same_subject_in_all_arms():
    table = adtte(trial())
    assert list(table) == list(COLUMNS)
    assert set(table["USUBJID"]) == {f"relaza2-3-{number}" for number in range(6)}
    assert table.groupby("TRTP")["TRTPN"].unique().map(list).to_dict() == {"a": [1], "b": [2]}


def test_an_emulated_trial_has_the_allocated_arm_and_what_was_seen():
    allocated = np.array(["a", "b", "", "a", "b", "a"], object)
    seen = np.array([90.0, 50.0, np.nan, 300.0, 90.0, 80.0])
    ds = trial().assign(
        allocated_arm=("patient", allocated), seen_day=("patient", seen),
        seen_event=("patient", np.array([0.0, 1.0, np.nan, 0.0, 1.0, 1.0])),
    )  # fmt: skip
    table = adtte(ds)
    assert (table.query("ANL01FL == 'Y'")["TRTP"] == table.query("ANL01FL == 'Y'")["TRT01P"]).all()
    assert set(table.query("ANL01FL == 'Y'")["SUBJID"]) == {0, 1, 3, 4, 5}
    cut = of(table, "RFSCUT")
    assert list(cut.index) == [0, 3, 5]  # those allocated to this arm
    assert list(cut["CNSR"]) == [3, 2, 0]  # relapse was after data cut-off
    assert cut.loc[5, "EVNTDESC"] == "RELAPSE OR DEATH"


def test_seeds_of_a_sweep_are_other_patients():
    ds = xr.concat([trial(), trial()], "scenario", data_vars="all")
    ds = ds.assign_coords(scenario=[0, 1], seed=("scenario", [7, 8]), until_death=True)
    table = adtte(ds.assign_attrs(axes='["seed"]'))
    assert list(table)[-2:] == ["SCENARIO", "seed"]
    assert set(table.query("SCENARIO == 1")["USUBJID"]) == {f"relaza2-8-{n}" for n in range(6)}
