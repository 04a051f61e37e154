"""Cumulative incidence of relapse by arm, death competing, by the CXCR4 of residual cells."""

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.endpoints import relapse_free_survival
from leukosim.analysis.survival import cumulative_incidence
from leukosim.figures.elements.curves import draw_curves, last_day
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.standard import Tables
from leukosim.figures.elements.style import arm_colors
from leukosim.figures.trial.survival_by_cxcr4 import curves_by_group, panels_by_group

LABEL = "Cumulative incidence of relapse"
NOTE = (
    "Aalen-Johansen: who dies in remission cannot relapse. Every virtual patient is treated in "
    "both arms. Bands: 95 %."
)


def incidence_numbers(ds: xr.Dataset) -> dict[str, Tables]:
    """Cumulative incidence of relapse and numbers at risk by group."""
    return curves_by_group(ds, cumulative_incidence)


def draw_cumulative_incidence(ds: xr.Dataset, ax: Axes) -> Axes:
    """Aalen-Johansen curves of relapse by arm, of all patients, with 95 % bands."""
    curves = cumulative_incidence(relapse_free_survival(ds))
    draw_curves(curves, ax, arm_colors(ds["arm"].values), last_day(ds), "incidence")
    ax.set(xlabel="Time from enrolment (months)", ylabel=LABEL)
    return ax


def incidence_by_cxcr4_figure(
    ds: xr.Dataset, tables: dict[str, Tables], width_mm: float = PAGE
) -> Figure:
    """Panels for all patients and for each group: curves and numbers at risk.

    tables : of :func:`incidence_numbers`
    """
    return panels_by_group(ds, tables, width_mm, "incidence", LABEL, NOTE)
