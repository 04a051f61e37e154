"""Cumulative incidence of relapse by arm, death competing, by the CXCR4 of residual cells."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from leukosim.analysis.survival import cumulative_incidence
from leukosim.figures.elements.style import PAGE
from leukosim.figures.trial.survival_by_cxcr4 import curves_by_group, panels_by_group

NOTE = (
    "Aalen-Johansen: who dies in remission cannot relapse. Every virtual patient is treated in "
    "both arms. Bands: 95 %."
)


def incidence_by_cxcr4_figure(ds: xr.Dataset, width_mm: float = PAGE) -> Figure:
    """Panels for all patients and for each group: curves and numbers at risk."""
    label = "Cumulative incidence of relapse"
    return panels_by_group(ds, width_mm, cumulative_incidence, "incidence", label, NOTE)


def numbers_drawn(ds: xr.Dataset) -> pd.DataFrame:
    """The curves by group and arm."""
    return curves_by_group(ds, cumulative_incidence)
