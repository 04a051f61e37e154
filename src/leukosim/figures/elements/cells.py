"""Maps of numbers over two axes: a coloured cell for each pair of values, the number in it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable

from leukosim.figures.elements.style import GREY, axes_width

MISSING = "#E6E6E6"
SMALLEST_CELL = 9.5  # mm, of its width, for a share with its interval
SMALLEST_NUMBER = 6.0  # mm, of the width of a cell, for a number alone
SIGNED = 1.5  # how much wider a difference with its interval is


def draw_cells(
    table: pd.DataFrame,
    ax: Axes,
    x_values: Sequence[Any] | np.ndarray,
    y_values: Sequence[Any] | np.ndarray,
    colors: ScalarMappable,
    *,
    signed: bool,
    intervals: bool = True,
) -> Axes:
    """A map with the number, and its 95 % interval, in each cell; grey where there is none.

    Cells too narrow for either have their colour only.

    Parameters
    ----------
    table : columns x and y (places among the values), value, low, high
    x_values, y_values : of the axes, from the left and from the bottom
    signed : whether numbers are differences, and carry their sign
    intervals : whether the cells are wide enough for them
    """
    values = np.full((len(y_values), len(x_values)), np.nan)
    values[table["y"], table["x"]] = table["value"]
    edges = (np.arange(len(each) + 1) - 0.5 for each in (x_values, y_values))
    ax.pcolormesh(
        *edges, np.ma.masked_invalid(values), cmap=colors.cmap, norm=colors.norm,
        edgecolors="white", linewidth=0.5,
    )  # fmt: skip
    ax.set_facecolor(MISSING)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if axes_width(ax) / len(x_values) < SMALLEST_NUMBER:
        return ax
    for row, column in zip(*np.nonzero(np.isnan(values)), strict=True):
        ax.text(column, row, "no data", ha="center", va="center", size=5.0, color=GREY)
    for cell in table[table["value"].notna()].itertuples():
        ink = {"color": ink_on(colors.to_rgba(cell.value)), "ha": "center"}
        if intervals and not np.isnan(cell.low):
            bounds = (in_figures(bound, signed) for bound in (cell.low, cell.high))
            between = " to " if signed else "–"
            ax.text(cell.x, cell.y, in_figures(cell.value, signed), va="bottom", **ink)
            ax.text(cell.x, cell.y - 0.06, between.join(bounds), va="top", size=5.0, **ink)
        else:
            ax.text(cell.x, cell.y, in_figures(cell.value, signed), va="center", **ink)
    return ax


def ink_on(color: tuple[float, ...]) -> str:
    """Black or white, whichever can be read on a colour."""
    red, green, blue = color[:3]
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def in_figures(value: float, signed: bool) -> str:
    """A share, or a difference with its sign, in two decimals."""
    shown = f"{value:+.2f}" if signed else f"{value:.2f}"
    return "0.00" if shown in ("+0.00", "-0.00") else shown.replace("-", "−")
