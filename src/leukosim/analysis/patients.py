"""A result as a table of patients, for whoever prefers rows to dimensions."""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.endpoints import began_overt

SCENARIO = "scenario"
KEYS = (SCENARIO, "arm", "patient")


def patients_table(ds: xr.Dataset) -> pd.DataFrame:
    """One row for each patient and arm, and of a sweep for each scenario.

    Patients who were not simulated, as in a scenario that failed, have no row. A patient occurs in
    every arm, so the rows of one patient are not independent.

    Parameters
    ----------
    ds : a trial (arm, patient) or a sweep (scenario, arm, patient), also of one arm or one patient

    Returns
    -------
    DataFrame
        Columns: ``scenario`` and the axes of a sweep, ``arm``, ``patient``, then every variable
        that is one number or text for each patient, or for each patient and arm, and ``cycles``,
        the number of cycles that began. Fractions by subtype have a column for each subtype, such
        as ``composition_MEP-like``. Codes are given as the words they stand for, empty where there
        is none; the best response is that of patients who began with overt leukaemia.
    """
    keys = [dim for dim in KEYS if dim in ds.dims]
    columns = key_columns(ds, keys)
    for name, variable in variables_by_patient(ds).items():
        if "patient" in variable.dims and set(variable.dims) <= set(keys):
            columns[name] = spread(variable, ds, keys)
    return simulated(columns)


def key_columns(ds: xr.Dataset, keys: Sequence[str]) -> dict[str, np.ndarray]:
    """Columns that say which row is whose, each over all combinations of the keys."""
    columns = {}
    for key in keys:
        columns[key] = spread(ds[key], ds, keys)
        for axis in axes_of(ds) if key == SCENARIO else ():
            columns[axis] = spread(ds[axis], ds, keys)
    return columns


def axes_of(ds: xr.Dataset) -> list[str]:
    """The names of the axes of a sweep; none of a trial."""
    return [str(axis) for axis in json.loads(ds.attrs.get("axes", "[]"))]


def spread(variable: xr.DataArray, ds: xr.Dataset, keys: Sequence[str]) -> np.ndarray:
    """A variable over all combinations of the keys, as one column."""
    own = [key for key in keys if key in variable.dims]
    values = variable.transpose(*own).values
    shape = [ds.sizes[key] if key in own else 1 for key in keys]
    return np.broadcast_to(values.reshape(shape), [ds.sizes[key] for key in keys]).ravel()


def simulated(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """Columns as a table of the patients who were simulated."""
    kept = ~np.isnan(columns["follow_up_day"].astype(float))
    return pd.DataFrame({name: values[kept] for name, values in columns.items()})


def variables_by_patient(ds: xr.Dataset) -> dict[str, xr.DataArray]:
    """The variables of a result, decoded, those of patients and subtypes as one for each."""
    variables: dict[str, xr.DataArray] = {}
    for name, variable in ds.data_vars.items():
        if "patient" not in variable.dims:
            continue
        if "subtype" in variable.dims and set(variable.dims) <= {SCENARIO, "patient", "subtype"}:
            for subtype in ds["subtype"].values:
                variables[f"{name}_{subtype}"] = variable.sel(subtype=subtype, drop=True)
        elif set(variable.dims) <= set(KEYS):
            variables[str(name)] = decoded(variable)
    if "best_response" in variables:
        variables["best_response"] = variables["best_response"].where(began_overt(ds), "")
    if "cycle_start_day" in ds:
        variables["cycles"] = ds["cycle_start_day"].notnull().sum("cycle")
    return variables


def decoded(variable: xr.DataArray) -> xr.DataArray:
    """A variable with texts in place of its codes, if it has codes; empty where it is unknown."""
    meanings = str(variable.attrs.get("flag_meanings", "")).split()
    if not meanings:
        return variable
    words = np.array([*meanings, ""], object)
    known = variable.fillna(len(meanings)).values.astype(int)
    return variable.copy(data=words[known])
