"""A result as a table of patients, for whoever prefers rows to dimensions."""

import json

import pandas as pd
import xarray as xr


def patients_table(ds: xr.Dataset) -> pd.DataFrame:
    """One row for each patient and arm, and of a sweep for each scenario.

    Returns
    -------
    DataFrame
        Columns: the axes of a sweep, ``arm``, ``patient``, then every variable that is one number
        or text for each patient, or for each patient and arm. Fractions by subtype have a column
        for each subtype, such as ``composition_MEP-like``; codes are given as what they stand for.
    """
    keys = [dim for dim in ("scenario", "arm", "patient") if dim in ds.dims]
    chosen = {
        name: decoded(variable)
        for name, variable in by_subtype(ds).items()
        if "patient" in variable.dims and set(variable.dims) <= set(keys)
    }
    table = xr.Dataset(chosen, coords={key: ds[key] for key in keys}).to_dataframe(dim_order=keys)
    table = table.reset_index().drop(
        columns=[c for c in ds.coords if c not in keys], errors="ignore"
    )
    if "scenario" in ds.dims:
        axes = json.loads(ds.attrs.get("axes", "[]"))
        for place, axis in enumerate(axes):
            values = pd.Series(ds[axis].values, index=ds["scenario"].values)
            table.insert(place, axis, table["scenario"].map(values))
        table = table.drop(columns="scenario")
    return table


def by_subtype(ds: xr.Dataset) -> dict[str, xr.DataArray]:
    """All variables; those of patients and subtypes as one for each subtype."""
    variables: dict[str, xr.DataArray] = {}
    for name, variable in ds.data_vars.items():
        if "subtype" in variable.dims and set(variable.dims) <= {"scenario", "patient", "subtype"}:
            for subtype in ds["subtype"].values:
                one = variable.sel(subtype=subtype, drop=True)
                variables[f"{name}_{subtype}"] = one
        else:
            variables[str(name)] = variable
    return variables


def decoded(variable: xr.DataArray) -> xr.DataArray:
    """A variable with texts in place of its codes, if it has codes; empty where it is unknown."""
    meanings = str(variable.attrs.get("flag_meanings", "")).split()
    if not meanings:
        return variable
    words = dict(enumerate(meanings))
    texts = pd.Series(variable.values.ravel()).map(lambda code: words.get(code, ""))
    return variable.copy(data=texts.to_numpy(object).reshape(variable.shape))
