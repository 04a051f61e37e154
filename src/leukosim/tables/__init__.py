"""What is printed, a module a verb."""

from leukosim.tables.of_comparisons import comparison_tables
from leukosim.tables.of_fits import calibration_tables
from leukosim.tables.of_power import power_tables
from leukosim.tables.of_searches import candidates_table, confirmed_table
from leukosim.tables.of_sensitivity import sensitivity_tables

WIDTH = 118  # of a page that is not a terminal

__all__ = [
    "WIDTH",
    "calibration_tables",
    "candidates_table",
    "comparison_tables",
    "confirmed_table",
    "power_tables",
    "sensitivity_tables",
]
