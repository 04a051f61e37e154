"""What is printed, a module a verb."""

from leukosim.reports.terminal.comparisons import comparison_tables
from leukosim.reports.terminal.fits import calibration_tables
from leukosim.reports.terminal.power import power_tables
from leukosim.reports.terminal.searches import candidates_table, confirmed_table
from leukosim.reports.terminal.sensitivity import sensitivity_tables

__all__ = [
    "calibration_tables",
    "candidates_table",
    "comparison_tables",
    "confirmed_table",
    "power_tables",
    "sensitivity_tables",
]
