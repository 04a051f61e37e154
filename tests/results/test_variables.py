"""The vocabulary of results."""

import numpy as np
import pytest
import xarray as xr

from leukosim.results.variables import CAUSES, VARIABLES, Variable, labelled


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_has_dimensions_unit_and_meaning(name):
    variable = VARIABLES[name]
    assert variable.dims and variable.unit and variable.meaning
    assert len(set(variable.dims)) == len(variable.dims)


def test_codes_are_told_by_the_cf_conventions():
    attributes = Variable(("patient",), "1", "cause of death", CAUSES).attributes
    assert attributes["flag_values"] == [0, 1, 2, 3]
    assert attributes["flag_meanings"] == "background leukaemia infection bleeding"
    assert "flag_values" not in Variable(("patient",), "day", "day of death").attributes


def test_labelled_values_make_a_dataset():
    ds = xr.Dataset(labelled({"age_years": np.array([61.0, 70.0])}))
    assert ds["age_years"].dims == ("patient",)
    assert ds["age_years"].attrs["units"] == "year"
