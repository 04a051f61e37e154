"""Shares of variance: Sobol' indices of the leading parameters."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.sensitivity.indices import POOR
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.parameter_rows import ROW, add_rows, label_room
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.style import BLUE, GREY, ORANGE, add_heading, empty_figure, wrapped

COLORS = {"first": BLUE, "total": ORANGE}
LABELS = {"first": "by itself", "total": "with all others"}
TOP, FOOT, RIGHT = 8.0, 9.0, 4.0  # mm


def draw_indices(table: pd.DataFrame, ax: Axes) -> Axes:
    """A row for each parameter: both indices, with intervals over patients."""
    for kind, color in COLORS.items():
        y = np.arange(len(table)) + (-0.15 if kind == "first" else 0.15)
        low, high = (table[f"{kind}_{end}"].clip(-0.05, 1.05) for end in ("low", "high"))
        ax.hlines(y, low, high, color=color, linewidth=0.9)
        ax.scatter(table[kind].clip(-0.05, 1.05), y, s=9, c=color, linewidths=0, zorder=3,
                   label=LABELS[kind])  # fmt: skip
    ax.axvline(0.0, color=GREY, linewidth=0.6)
    ax.set(xlim=(-0.05, 1.05), xticks=[0.0, 0.25, 0.5, 0.75, 1.0])
    return ax


def figure_of(table: pd.DataFrame, label: str, unit: str, width_mm: float = PAGE) -> Figure:
    """The indices of one headline, the largest total first."""
    table = table.sort_values("total", ascending=False, kind="stable", ignore_index=True)
    room, title = label_room(width_mm), wrapped(label, width_mm - 10.0, 1.15)
    note = note_of(table, unit)
    top = TOP + 2.6 * title.count("\n") + 4.0
    below = top + ROW * len(table) + FOOT
    figure = empty_figure(width_mm, below + note_height(note, width_mm) + 1.0)
    add_heading(figure, (0.0, 1.0), title, "")
    wide = min(width_mm - room - 3.0 - RIGHT, 110.0)
    ax = add_rows(figure, (room + 3.0, top), wide, list(table["parameter"]), room)
    draw_indices(table, ax).set_xlabel("Share of the variance over the ranges")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    add_note(figure, note, below)
    return figure


def note_of(table: pd.DataFrame, unit: str) -> str:
    """Of what these are shares, and how far they can be trusted."""
    r2, sd = table["r2"].iloc[0], table["standard_deviation"].iloc[0]
    doubt = "" if r2 >= POOR else " That is poor: these indices mean little."
    return (
        "Sobol' indices, first order and total, of a Gaussian process fitted to the simulated "
        "points; each parameter anywhere in its plausible range, all that are not shown at the "
        "study's own value. "
        f"Standard deviation over the ranges: {sd:.3g} ({unit}). R² of points left out of the fit: "
        f"{r2:.2f}.{doubt} Lines: 95 % of resampled patients."
    )
