"""Relapse-free survival by arm, overall and by the CXCR4 of residual cells."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from leukosim.endpoints import DAYS_PER_MONTH, relapse_free_survival
from leukosim.figures.relapse_free_survival import draw_curves, last_day
from leukosim.figures.small_multiples import add_note, note_height
from leukosim.figures.style import (
    GREY,
    PAGE,
    add_axes,
    add_heading,
    arm_colors,
    empty_figure,
    in_words,
    month_ticks,
)
from leukosim.results import CXCR4_GROUPS
from leukosim.survival import kaplan_meier, numbers_at_risk
from leukosim.treatment_effect import GROUP_LABELS

LEFT, RIGHT, GAP, TOP, HIGH, ROW = 15.0, 3.0, 6.0, 9.0, 38.0, 3.2  # mm
NOTE = (
    "Every virtual patient is treated in both arms. Bands: 95 % (log-log). scMRD-negative: too few "
    "residual cells in the sample before consolidation to measure CXCR4."
)


def groups(ds: xr.Dataset) -> dict[str, xr.Dataset]:
    """All patients, and those of each group that has any."""
    code = ds["cxcr4_group"].values
    found = {"all": ds}
    for i, name in enumerate(CXCR4_GROUPS):
        if (code == i).any():
            found[name] = ds.isel(patient=np.flatnonzero(code == i))
    return found


def draw_at_risk(ds: xr.Dataset, ax: Axes, ticks: list[float], colors: dict[str, str]) -> Axes:
    """Numbers at risk under the ticks, a row an arm, in the arm's colour."""
    days = np.minimum(np.array(ticks) * DAYS_PER_MONTH, last_day(ds))
    counts = numbers_at_risk(relapse_free_survival(ds), days)
    ax.set(ylim=(len(colors) - 0.5, -0.5))
    ax.set_axis_off()
    for row, (arm, color) in enumerate(colors.items()):
        at_risk = counts[counts["arm"] == arm]["at_risk"]
        for month, n in zip(ticks, at_risk, strict=True):
            ax.text(month, row, f"{n:,}", ha="center", va="center", size=5.0, color=color)
    return ax


def survival_by_cxcr4_figure(ds: xr.Dataset, width_mm: float = PAGE) -> Figure:
    """Panels for all patients and for each group: curves and numbers at risk."""
    return panels_by_group(ds, width_mm, kaplan_meier, "survival", "Relapse-free survival", NOTE)


def panels_by_group(
    ds: xr.Dataset,
    width_mm: float,
    curves_of: Callable[[xr.Dataset], pd.DataFrame],
    value: str,
    label: str,
    note: str,
) -> Figure:
    """Panels for all patients and for each group, with numbers at risk.

    Parameters
    ----------
    curves_of : such as :func:`leukosim.survival.kaplan_meier`, of the times of a group
    value : the column to draw
    """
    found, colors = groups(ds), arm_colors(ds["arm"].values)
    n = len(found)
    wide = (width_mm - LEFT - RIGHT + GAP) / n - GAP
    table = TOP + HIGH + 8.5
    bottom = table + ROW * len(colors) + 1.0
    figure = empty_figure(width_mm, bottom + note_height(note, width_mm) + 1.0)
    last = last_day(ds)
    ticks = month_ticks(last, at_most=6)
    for i, (name, of_group) in enumerate(found.items()):
        left = LEFT + i * (wide + GAP)
        title = f"{GROUP_LABELS[name]}, n = {of_group.sizes['patient']:,}"
        add_heading(figure, (left - 6.0, 2.0), title, "abcd"[i])
        ax = add_axes(figure, left, TOP, wide, HIGH)
        draw_curves(curves_of(relapse_free_survival(of_group)), ax, colors, last, value)
        ax.set(xticks=ticks, xlabel="Time from enrolment (months)")
        if i == 0:
            ax.set_ylabel(label)
            lines = [Line2D([], [], color=color) for color in colors.values()]
            ax.legend(lines, [in_words(arm) for arm in colors], loc="upper right")
        else:
            ax.set_yticklabels([])
        below = add_axes(figure, left, table, wide, ROW * len(colors))
        below.set_xlim(ax.get_xlim())
        draw_at_risk(of_group, below, ticks, colors)
        if i == 0:
            figure.text(
                1.5 / width_mm, 1.0 - (table - 0.3) / figure.get_size_inches()[1] / 25.4,
                "At risk", va="bottom", size=5.0, color=GREY,
            )  # fmt: skip
    add_note(figure, note, bottom)
    return figure


def numbers_drawn(ds: xr.Dataset) -> pd.DataFrame:
    """The curves by group and arm."""
    return curves_by_group(ds, kaplan_meier)


def curves_by_group(
    ds: xr.Dataset, curves_of: Callable[[xr.Dataset], pd.DataFrame]
) -> pd.DataFrame:
    """Curves by arm of all patients and of each group, one under the other."""
    return pd.concat(
        [
            curves_of(relapse_free_survival(of_group)).assign(group=name)
            for name, of_group in groups(ds).items()
        ],
        ignore_index=True,
    )
