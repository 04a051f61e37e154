"""A treatment week by the hour: CXCR4 occupied, S-phase kill, and the niche as it empties."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from leukosim.figures.elements.formats import COLUMN
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.style import (
    add_axes,
    add_heading,
    arm_colors,
    empty_figure,
    in_words,
)
from leukosim.results.variables import CXCR4_GROUPS

LEFT, RIGHT, GAP, TOP, HIGH = 15.0, 4.0, 7.5, 6.0, 21.0  # mm
DASHES = {"high": "-", "low": ":"}
NOTE = (
    "Occupancy and kill are means over patients; the kill is the same in both arms. Day 0 is the "
    "day before the first infusion. The niche: all stem cells of a group's patients. Solid: "
    "CXCR4-high, dotted: CXCR4-low."
)


def in_niche(ds: xr.Dataset, group: str) -> xr.DataArray:
    """Share (arm, week) of a group's stem cells that are in the niche; nan where none is left."""
    of_group = ds["cxcr4_group"].values == CXCR4_GROUPS.index(group)
    return whole(ds, "week_stem_cells_in_niche", of_group) / whole(ds, "week_stem_cells", of_group)


def left(ds: xr.Dataset, group: str) -> xr.DataArray:
    """Stem cells (arm, week) of a group, relative to the start."""
    of_group = ds["cxcr4_group"].values == CXCR4_GROUPS.index(group)
    cells = whole(ds, "week_stem_cells", of_group)
    return cells / cells.isel(week=0)


def whole(ds: xr.Dataset, name: str, of_group: np.ndarray) -> xr.DataArray:
    """A count summed over some patients."""
    return ds[name].isel(patient=np.flatnonzero(of_group)).sum("patient")


def hours_numbers(ds: xr.Dataset) -> xr.Dataset:
    """What is drawn, by arm and day of the week: occupancy, s_phase_kill, in_niche_high, ..."""
    values = {"occupancy": ds["week_occupancy"], "s_phase_kill": ds["week_s_phase_kill"]}
    for group in DASHES:
        values[f"in_niche_{group}"] = in_niche(ds, group)
        values[f"left_{group}"] = left(ds, group)
    return xr.Dataset(values)


def hours_table(values: xr.Dataset) -> pd.DataFrame:
    """A row for each arm and time."""
    return values.to_dataframe().reset_index()


def treatment_hours_figure(ds: xr.Dataset, values: xr.Dataset, width_mm: float = COLUMN) -> Figure:
    """Four panels, one under the other, on one axis of days.

    values : of :func:`hours_numbers`
    """
    colors = arm_colors(ds["arm"].values)
    step = HIGH + GAP
    bottom = TOP + 4 * step + 3.0
    figure = empty_figure(width_mm, bottom + note_height(NOTE, width_mm) + 1.0)
    wide = width_mm - LEFT - RIGHT
    day = ds["week"].values
    panels = (
        ("CXCR4 occupied", "fraction"),
        ("S-phase kill outside the niche", "1/day"),
        ("Stem cells in the niche", "share of all"),
        ("Stem cells left", "relative to the start"),
    )
    for i, (title, unit) in enumerate(panels):
        ax = add_axes(figure, LEFT, TOP + i * step, wide, HIGH)
        add_heading(figure, (LEFT - 7.0, TOP + i * step - 5.0), title, "abcd"[i])
        for arm, color in colors.items():
            draw_arm(values.sel(arm=arm), ax, i, color)
        ax.set(xlim=(day[0], day[-1]), ylim=(0.0, None), ylabel=unit)
        ax.set_xticks(range(int(day[-1]) + 1))
        if i < 3:
            ax.set_xticklabels([])
    ax.set_xlabel("Time (days)")
    lines = [Line2D([], [], color=color) for color in colors.values()]
    figure.axes[0].legend(lines, [in_words(arm) for arm in colors], loc="upper right")
    figure.axes[0].set_ylim(0.0, 1.35)
    figure.axes[0].set_yticks([0.0, 0.5, 1.0])
    add_note(figure, NOTE, bottom)
    return figure


def draw_arm(arm: xr.Dataset, ax: Axes, panel: int, color: str) -> Axes:
    """One arm in a panel.

    arm : of :func:`hours_numbers`
    """
    day = arm["week"].values
    if panel < 2:
        name = ("occupancy", "s_phase_kill")[panel]
        # a value holds over the segment that ends at its day
        ax.step(day, arm[name], where="pre", color=color, linewidth=0.9)
        return ax
    share = ("in_niche", "left")[panel - 2]
    for group, dashes in DASHES.items():
        ax.plot(day, arm[f"{share}_{group}"], dashes, color=color, linewidth=0.9)
    return ax
