"""Screening by elementary effects: which parameters matter, and whether by themselves."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.figures.elements.formats import COLUMN, PAGE
from leukosim.figures.elements.parameter_rows import ROW, add_rows, label_room
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.style import BLUE, GREY, add_axes, add_heading, empty_figure, wrapped

SHOWN = 12  # parameters, by name
TOP, FOOT, RIGHT, GAP = 8.0, 8.5, 4.0, 17.0  # mm
APART = 0.06  # of an axis, between ranks
LIGHT = "#D9D9D9"


def draw_ranks(table: pd.DataFrame, ax: Axes) -> Axes:
    """The largest mu*, with intervals, and what chance alone would make of each.

    table : of :func:`leukosim.analysis.sensitivity.screening.screened`, as many rows as the axes
    """
    y = np.arange(len(table))
    ax.barh(y, table["mu_star_by_chance"], height=0.62, color=LIGHT, linewidth=0)
    half, mean = table["mu_star_half_width"], table["mu_star"]
    colors = colors_of(table)
    ax.hlines(y, np.maximum(mean - half, 0.0), mean + half, color=colors, linewidth=0.8)
    ax.scatter(mean, y, s=9, c=colors, linewidths=0, zorder=3)
    ax.set_xlim(0.0, None)
    return ax


def draw_interactions(table: pd.DataFrame, ax: Axes) -> Axes:
    """Sigma over mu* of every parameter; the first few by their rank, where there is room."""
    ends = 1.08 * max(table["mu_star"].max(), table["sigma"].max(), 1e-12)
    ax.plot([0.0, ends], [0.0, ends], ":", color=GREY, linewidth=0.7)
    ax.scatter(table["mu_star"], table["sigma"], s=9, c=colors_of(table), linewidths=0)
    taken: list[tuple[float, float]] = []
    for rank, row in enumerate(table.head(SHOWN).itertuples(), 1):
        x, y = row.mu_star / ends, row.sigma / ends
        is_free = all(abs(x - a) > APART or abs(y - b) > APART for a, b in taken)
        if row.is_beyond_chance and is_free:
            taken.append((x, y))
            ax.annotate(str(rank), (row.mu_star, row.sigma), (1.6, 1.6), size=5.0,
                        textcoords="offset points")  # fmt: skip
    ax.set(xlim=(0.0, ends), ylim=(0.0, ends))
    return ax


def colors_of(table: pd.DataFrame) -> list[str]:
    """Blue beyond chance, grey within."""
    return [BLUE if beyond else GREY for beyond in table["is_beyond_chance"]]


def figure_of(table: pd.DataFrame, label: str, unit: str, width_mm: float = PAGE) -> Figure:
    """Ranks at the left, interactions at the right, or below on a column.

    table : of one headline, the largest mu* first
    """
    shown, narrow = table.head(SHOWN), width_mm <= 1.2 * COLUMN
    high, room = ROW * len(shown), label_room(width_mm if narrow else width_mm * 0.62)
    square = 44.0 if narrow else min(high, 60.0)
    left = room + 6.0
    wide = width_mm - left - RIGHT - (0.0 if narrow else square + GAP)
    title = wrapped(f"{label}: the largest effects", width_mm - 10.0, 1.15)
    top = TOP + 2.6 * title.count("\n")
    note = note_of(table, unit)
    below = top + high + FOOT
    foot = below + (square + FOOT + 5.0 if narrow else 0.0)
    figure = empty_figure(width_mm, foot + note_height(note, width_mm) + 1.0)
    add_heading(figure, (0.0, 1.0), title, "a")
    names = [f"{rank}  {path}" for rank, path in enumerate(shown["parameter"], 1)]
    ax = draw_ranks(shown, add_rows(figure, (left, top), wide, names, room))
    ax.set_xlabel(f"μ* ({unit}, for a full range)" if not narrow else f"μ* ({unit})")
    corner = (14.0, below + 5.0) if narrow else (width_mm - RIGHT - square, top)
    add_heading(
        figure,
        (0.0 if narrow else corner[0] - 12.0, corner[1] - 7.0),
        "By itself, or together",
        "b",
    )
    other = draw_interactions(table, add_axes(figure, *corner, square, square))
    other.set(xlabel=f"μ* ({unit})", ylabel=f"σ ({unit})")
    add_note(figure, note, foot)
    return figure


def note_of(table: pd.DataFrame, unit: str) -> str:
    """What is drawn, in words."""
    beyond = int(table["is_beyond_chance"].sum())
    return (
        f"μ*: mean absolute change ({unit}) as a parameter moves through its plausible range while "
        "the others stand anywhere in theirs; lines: 95 % over trajectories. Grey bars: what the "
        "chance of who the patients are makes of a parameter that does nothing, exceeded by one in "
        f"twenty. Blue: beyond it ({beyond} of {len(table)} parameters). σ near μ* or above: "
        "the effect depends on where others stand, or changes its sign; chance adds to σ."
    )
