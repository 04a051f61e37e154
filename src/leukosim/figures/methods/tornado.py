"""One parameter at a time at either end of its range: a tornado."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.parameter_rows import TALL_ROW, add_rows, label_room
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    ORANGE,
    SKY_BLUE,
    add_heading,
    empty_figure,
    wrapped,
)

COLORS = {"low": SKY_BLUE, "high": ORANGE}
TOP, FOOT, RIGHT = 8.0, 9.0, 4.0  # mm


def draw_tornado(table: pd.DataFrame, paths: list[str], ax: Axes) -> Axes:
    """A row for each parameter: the change at either end, with intervals over patients.

    table : of :func:`leukosim.analysis.sensitivity.single.single_effects`
    """
    for end, color in COLORS.items():
        rows = table[table["end"] == end].set_index("parameter").loc[paths]
        y = np.arange(len(paths)) + (-0.17 if end == "low" else 0.17)
        ax.barh(y, rows["change"], height=0.32, color=color, linewidth=0, label=f"at its {end}")
        ax.hlines(y, rows["low"], rows["high"], color=BLACK, linewidth=0.6)
    ax.axvline(0.0, color=GREY, linewidth=0.6)
    return ax


def ordered(table: pd.DataFrame) -> list[str]:
    """Parameters by the distance between the ends, the widest first."""
    spread = table.groupby("parameter", sort=False)["change"].agg(np.ptp)
    return list(spread.sort_values(ascending=False, kind="stable").index)


def range_of(ends: pd.DataFrame) -> str:
    """The range of a parameter in words, and where the study stands in it."""
    at, first = ends.set_index("end")["at"], ends.iloc[0]
    low, high, own = (
        f"{x:.3g}".replace("-", "−") for x in (at["low"], at["high"], first.own_value)
    )
    unit = "" if first.unit == "1" else f" {first.unit}"
    return f"{low} to {high}{unit}, here {own}"


def figure_of(table: pd.DataFrame, label: str, unit: str, width_mm: float = PAGE) -> Figure:
    """The tornado of one headline."""
    paths = ordered(table)
    names = [f"{path}\n{range_of(table[table['parameter'] == path])}" for path in paths]
    room = label_room(width_mm)
    title = wrapped(label, width_mm - 10.0, 1.15)
    top = TOP + 2.6 * title.count("\n") + 4.0
    note = (
        "Change from the study as it is with one parameter at an end of its plausible range and "
        "all others at their own value; the same patients throughout. Lines: 95 % of resampled "
        "patients."
    )
    below = top + TALL_ROW * len(names) + FOOT
    figure = empty_figure(width_mm, below + note_height(note, width_mm) + 1.0)
    add_heading(figure, (0.0, 1.0), title, "")
    ax = add_rows(figure, (room + 3.0, top), width_mm - room - 3.0 - RIGHT, names, room, TALL_ROW)
    draw_tornado(table, paths, ax)
    ax.set_xlabel(f"Change ({unit})")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    add_note(figure, note, below)
    return figure
