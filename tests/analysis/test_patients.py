"""The table of patients: a row for each patient and arm who was simulated, in words."""

import numpy as np
import xarray as xr
from synthetic import dataset_of_arms

from leukosim.analysis.patients import patients_table
from leukosim.results.variables import CAUSES, RESPONSES, VARIABLES

OVERT = {"overt_blasts": 1e11, "best_response": RESPONSES.index("CRi"), "death_day": 90.0}
ARMS = {"triggered": [OVERT, {"cycles": [(0.0, 5.0), (28.0, 33.0)]}], "at_relapse": [OVERT, {}]}


def trial() -> xr.Dataset:
    ds = dataset_of_arms(ARMS)
    causes = np.array([[CAUSES.index("infection"), np.nan]] * 2)
    of_outcome = VARIABLES["death_cause"]
    shares = ("patient", "subtype"), np.array([[0.25, 0.75], [1.0, 0.0]])
    ds = ds.assign(
        death_cause=(of_outcome.dims, causes, of_outcome.attributes), composition=shares
    ).assign_coords(subtype=["LMPP-like", "MEP-like"])
    ds["best_response"].attrs = VARIABLES["best_response"].attributes
    return ds


def test_a_row_is_a_patient_in_an_arm_with_words_for_codes():
    table = patients_table(trial())
    assert list(table["arm"]) == ["triggered"] * 2 + ["at_relapse"] * 2
    assert list(table["patient"]) == [0, 1, 0, 1]
    assert list(table["death_cause"]) == ["infection", ""] * 2
    assert list(table["cycles"]) == [0, 2, 0, 0]
    assert list(table["composition_MEP-like"]) == [0.75, 0.0] * 2


def test_patients_in_remission_have_no_best_response():
    assert list(patients_table(trial())["best_response"]) == ["CRi", ""] * 2


def test_patients_who_were_not_simulated_have_no_row():
    ds = trial()
    ds["follow_up_day"][0, 1] = np.nan
    table = patients_table(ds)
    assert list(zip(table["arm"], table["patient"], strict=True)) == [
        ("triggered", 0), ("at_relapse", 0), ("at_relapse", 1),
    ]  # fmt: skip


def test_a_sweep_has_its_axes_and_traits_that_are_kept_once():
    ds = xr.concat([trial(), trial()], "scenario", data_vars="different", compat="equals")
    ds["relapse_day"] = ds["relapse_day"].expand_dims(scenario=2).copy()
    ds["follow_up_day"] = ds["follow_up_day"].expand_dims(scenario=2).copy()
    ds["relapse_day"][1, 0, 0] = 50.0
    ds = ds.assign_coords(scenario=[0, 1], seed=("scenario", [7, 8])).assign_attrs(axes='["seed"]')
    table = patients_table(ds)
    assert list(table)[:4] == ["scenario", "seed", "arm", "patient"]
    assert len(table) == 8 and list(table["seed"]) == [7] * 4 + [8] * 4
    assert table.query("relapse_day == 50")[["seed", "arm", "patient"]].to_numpy().tolist() == [
        [8, "triggered", 0]
    ]
    assert list(table["genotype"]) == ["NPM1"] * 8
