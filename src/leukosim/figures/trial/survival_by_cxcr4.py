"""Relapse-free survival by arm, overall and by the CXCR4 of residual cells."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from leukosim.analysis.endpoints import relapse_free_survival
from leukosim.analysis.subgroup_effects import GROUP_LABELS
from leukosim.analysis.survival import kaplan_meier
from leukosim.figures.elements.curves import at_risk, draw_at_risk, draw_curves, last_day
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.save import by_part
from leukosim.figures.elements.small_multiples import (
    Panels,
    add_note,
    color_key,
    key_height,
    note_height,
)
from leukosim.figures.elements.standard import Tables
from leukosim.figures.elements.style import (
    GREY,
    MM_PER_INCH,
    add_axes,
    add_heading,
    arm_colors,
    empty_figure,
)
from leukosim.results.variables import CXCR4_GROUPS

LEFT, GAP, TOP, HIGH, ROW = 15.0, 6.0, 9.0, 38.0, 3.2  # mm
TICKS = 6  # months marked, at most
NOTE = (
    "Every virtual patient is treated in both arms. Bands: 95 % (log-log). scMRD-negative: too few "
    "residual cells in the sample before consolidation to measure CXCR4."
)


def groups(ds: xr.Dataset) -> dict[str, xr.Dataset]:
    """All patients, and those of each group that has any."""
    code = ds["cxcr4_group"].values
    result = {"all": ds}
    for i, name in enumerate(CXCR4_GROUPS):
        if (code == i).any():
            result[name] = ds.isel(patient=np.flatnonzero(code == i))
    return result


def curves_by_group(
    ds: xr.Dataset, curves_of: Callable[[xr.Dataset], pd.DataFrame]
) -> dict[str, Tables]:
    """By group, all patients first: the curves by arm and the numbers at risk.

    curves_of : such as :func:`leukosim.analysis.survival.kaplan_meier`, of the times of a group
    """
    last, tables = last_day(ds), {}
    for name, of_group in groups(ds).items():
        times = relapse_free_survival(of_group)
        tables[name] = {"curve": curves_of(times), "at risk": at_risk(times, last, TICKS)}
    return tables


def survival_numbers(ds: xr.Dataset) -> dict[str, Tables]:
    """Relapse-free survival and numbers at risk by group."""
    return curves_by_group(ds, kaplan_meier)


def table_of_groups(tables: dict[str, Tables]) -> pd.DataFrame:
    """Curves and numbers at risk, told apart by ``part`` and ``group``."""
    parts = [by_part(each).assign(group=group) for group, each in tables.items()]
    return pd.concat(parts, ignore_index=True)


def survival_by_cxcr4_figure(
    ds: xr.Dataset, tables: dict[str, Tables], width_mm: float = PAGE
) -> Figure:
    """Panels for all patients and for each group: curves and numbers at risk.

    tables : of :func:`survival_numbers`
    """
    return panels_by_group(ds, tables, width_mm, "survival", "Relapse-free survival", NOTE)


def panels_by_group(
    ds: xr.Dataset, tables: dict[str, Tables], width_mm: float, value: str, label: str, note: str
) -> Figure:
    """Panels for all patients and for each group, with numbers at risk.

    Parameters
    ----------
    tables : of :func:`curves_by_group`
    value : the column to draw
    """
    patients = {name: each.sizes["patient"] for name, each in groups(ds).items()}
    colors = arm_colors(ds["arm"].values)
    panels = Panels(len(tables), width_mm, left=LEFT, gap=GAP, narrowest=30.0)
    key = key_height(colors, width_mm - 6.0) + 1.0
    one = TOP + HIGH + 8.5 + ROW * len(colors) + 2.0
    bottom = key + panels.rows * one
    figure = empty_figure(width_mm, bottom + note_height(note, width_mm) + 1.0)
    color_key(figure, 3.0, 1.0, width_mm - 6.0, colors)
    last = last_day(ds)
    for i, (name, of_group) in enumerate(tables.items()):
        left, top = panels.at(i), key + panels.row(i) * one
        title = f"{GROUP_LABELS[name]}, n = {patients[name]:,}"
        add_heading(figure, (left - 6.0, top + 2.0), title, "abcd"[i])
        ax = add_axes(figure, left, top + TOP, panels.wide, HIGH)
        draw_curves(of_group["curve"], ax, colors, last, value, TICKS)
        ax.set_xlabel("Time from enrolment (months)" if panels.wide > 33.0 else "Months")
        ax.tick_params(labelleft=panels.is_first(i))
        table = top + TOP + HIGH + 8.5
        below = add_axes(figure, left, table, panels.wide, ROW * len(colors))
        below.set_xlim(ax.get_xlim())
        draw_at_risk(of_group["at risk"], below, colors, 5.0)
        if panels.is_first(i):
            ax.set_ylabel(label)
            figure.text(
                1.5 / width_mm, 1.0 - (table - 0.3) / figure.get_size_inches()[1] / MM_PER_INCH,
                "At risk", va="bottom", size=5.0, color=GREY,
            )  # fmt: skip
    add_note(figure, note, bottom)
    return figure
