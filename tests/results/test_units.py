"""Units that UDUNITS reads, and those that people read."""

import math

import pytest

from leukosim.config.compose import default_config
from leukosim.parameters import parameter_rows
from leukosim.results.units import PHYSICAL, unit_attributes
from leukosim.results.variables import VARIABLES

DECLARED = {row.unit for row in parameter_rows(default_config())} | {
    variable.unit for variable in VARIABLES.values()
}


def test_a_count_is_one_for_udunits_and_keeps_its_name():
    assert unit_attributes("cells") == {"units": "1", "unit_label": "cells"}
    assert unit_attributes("cycles") == {"units": "1", "unit_label": "cycles"}  # no angle
    assert unit_attributes("day") == {"units": "day"}
    assert unit_attributes("text") == {}


@pytest.mark.parametrize("unit", sorted(DECLARED | set(PHYSICAL)))
def test_udunits_reads_every_unit_and_no_physical_one_is_lost(unit):
    cf_units = pytest.importorskip("cf_units")
    told = unit_attributes(unit).get("units", "1")
    assert not cf_units.Unit(told).is_unknown()
    try:
        physical = cf_units.Unit(unit)
    except ValueError:
        return
    if not (physical.is_dimensionless() or physical.is_unknown()):
        assert cf_units.Unit(told) == physical


def test_cells_per_litre_are_converted():
    cf_units = pytest.importorskip("cf_units")
    told = cf_units.Unit(unit_attributes("G/L")["units"])
    assert math.isclose(told.convert(1.0, "uL-1"), 1e3)  # 1 G/L is 1000 cells a microlitre
