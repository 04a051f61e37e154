"""The two constants that decide the answer: kill in S phase and protection by the niche.

The model's answer is this map, not one tuned point.
"""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from leukosim.analysis.subgroup_effects import has_groups
from leukosim.figures.elements.cells import SIGNED, SMALLEST_CELL, draw_cells
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.style import add_axes, add_heading, empty_figure
from leukosim.figures.sweep.lead_time import outcome_of
from leukosim.figures.sweep.sweep_outcomes import AXES, places_of

KILL, PROTECTION = "drug.cytarabine.s_phase_kill", "disease.niche.s_phase_factor"
LEFT, TOP, HIGH, GAP, SCALE = 16.0, 10.0, 48.0, 18.0, 13.0  # mm
PANELS = {"all": "Gain of all patients", "high": "Gain of CXCR4-high patients"}


def sweeps_both(ds: xr.Dataset) -> bool:
    """Whether a dataset is a sweep over both constants."""
    return KILL in ds.coords and PROTECTION in ds.coords and has_groups(ds)


def draw_map(table: pd.DataFrame, ax: Axes, colors: ScalarMappable, intervals: bool) -> Axes:
    """A cell a scenario, coloured by gain; framed where its interval lies above zero.

    table : of one group, of :func:`leukosim.figures.sweep.lead_time.gains`
    intervals : whether cells are wide enough for them
    """
    kills, protections = (np.unique(table[axis]) for axis in (KILL, PROTECTION))
    cells = table.rename(columns={"gain": "value"}).assign(
        x=places_of(table[KILL].to_numpy(), kills),
        y=places_of(table[PROTECTION].to_numpy(), protections),
    )
    draw_cells(cells, ax, kills, protections, colors, signed=True, intervals=intervals)
    for cell in cells[cells["low"] > 0.0].itertuples():
        frame = Rectangle((cell.x - 0.46, cell.y - 0.46), 0.92, 0.92, fill=False, linewidth=1.1)
        ax.add_patch(frame)
    ax.set_xticks(range(len(kills)), [f"{value:g}" for value in kills])
    ax.set_yticks(range(len(protections)), [f"{value:g}" for value in protections])
    ax.set(xlabel=AXES[KILL], ylabel=AXES[PROTECTION])
    return ax


def gain_map_figure(ds: xr.Dataset, table: pd.DataFrame, width_mm: float = PAGE) -> Figure:
    """All patients and CXCR4-high ones, one scale of colours; side by side on a page.

    table : of :func:`leukosim.figures.sweep.lead_time.gains`
    """
    most = float(np.ceil(table["gain"].abs().max() * 20.0) / 20.0) or 0.05
    colors = ScalarMappable(Normalize(-most, most), colormaps["PuOr_r"])
    side_by_side = width_mm >= PAGE
    columns = len(PANELS) if side_by_side else 1
    wide = (width_mm - LEFT - 4.0 - GAP * (columns - 1)) / columns
    fits = wide / table[KILL].nunique() >= SIGNED * SMALLEST_CELL
    one, note = TOP + HIGH + 11.0, note_of(ds, table, fits)
    end = one * (len(PANELS) // columns)
    figure = empty_figure(width_mm, end + SCALE + note_height(note, width_mm))
    for i, (name, title) in enumerate(PANELS.items()):
        left, top = LEFT + (i % columns) * (wide + GAP), (i // columns) * one
        add_heading(figure, (left - 10.0, top + 2.0), title, "ab"[i])
        ax = add_axes(figure, left, top + TOP, wide, HIGH)
        draw_map(table[table["group"] == name], ax, colors, fits)
    bar = add_axes(figure, LEFT, end + 1.0, min(60.0, wide), 2.0)
    scale = figure.colorbar(colors, cax=bar, orientation="horizontal")
    scale.outline.set_visible(False)
    bar.set_xlabel("Gain (difference of shares)")
    add_note(figure, note, end + SCALE - 1.0)
    return figure


def note_of(ds: xr.Dataset, table: pd.DataFrame, intervals: bool) -> str:
    """Of whom the figure is, and how to read it."""
    n = {name: table[table["group"] == name]["n"] for name in PANELS}
    fewest, most = n["high"].min(), n["high"].max()
    high = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    shown = " In the cells: 95 % paired intervals." if intervals else ""
    return (
        f"Gain: {outcome_of(ds)}, motixafortide minus placebo in the same patients.{shown} Framed: "
        f"the 95 % paired interval lies above zero: they gain. {n['all'].min():,} patients in each "
        f"scenario, {high} of them CXCR4-high. Everything else as in the study; 0 protects fully, "
        "1 not at all."
    )
