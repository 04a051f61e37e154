"""Outcomes over two axes of a sweep, a heat map for each value of the others."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from leukosim.figures.elements.cells import MISSING, SIGNED, SMALLEST_CELL, draw_cells
from leukosim.figures.elements.formats import COLUMN, PAGE
from leukosim.figures.elements.style import (
    HIGHEST,
    LETTER,
    LINE,
    SMALL_LETTER,
    add_axes,
    add_heading,
    axes_width,
    empty_figure,
    wrapped,
)
from leukosim.figures.sweep.sweep_outcomes import (
    INTERVALS,
    Outcome,
    axis_label,
    chosen_axes,
    heading_height,
    heading_of,
    is_numeric,
    levels,
    places_of,
    tick_label,
)

MOST_FACETS = 24
HIGHEST_CELL = 15.0  # mm, of its height
GAP, BAR = 5.0, 11.0  # mm, between panels; of the colours' scale
FEW = 8  # columns, up to which every one has its label
LEAST_RANGE = 0.2  # of the colours, so that noise does not look like an effect


def facets(summary: xr.Dataset, names: list[str]) -> list[tuple[str, xr.Dataset]]:
    """The scenarios of each combination of the remaining axes, with a title."""
    result = []
    for values in itertools.product(*(levels(summary[name]) for name in names)):
        chosen = np.ones(summary.sizes["scenario"], bool)
        for name, value in zip(names, values, strict=True):
            chosen &= summary[name].values == value
        title = "\n".join(
            f"{axis_label(summary[name])}: {tick_label(value)}".replace("\n", " ")
            for name, value in zip(names, values, strict=True)
        )
        if chosen.any():
            result.append((title, summary.isel(scenario=np.flatnonzero(chosen))))
    if len(result) > MOST_FACETS:
        raise ValueError(
            f"{', '.join(names)} make {len(result)} heat maps, allowed up to {MOST_FACETS}: "
            "select some scenarios first"
        )
    return result


def upwards(coordinate: xr.DataArray) -> np.ndarray:
    """The values of a y axis from the bottom: numbers rise, words are read from the top."""
    values = levels(coordinate)
    return values if is_numeric(coordinate) else values[::-1]


def cells_of(facet: xr.Dataset, x: str, y: str, outcome: Outcome) -> pd.DataFrame:
    """One row for each scenario: columns x, y, value, low, high."""
    value, low, high = (facet[name].values for name in outcome.names)
    table = pd.DataFrame(
        {"x": facet[x].values, "y": facet[y].values, "value": value, "low": low, "high": high}
    )
    if table.duplicated(["x", "y"]).any():
        raise ValueError(f"several scenarios share a cell of {x} and {y}: select one of them")
    return table


def limits(summary: xr.Dataset, outcome: Outcome) -> tuple[float, float]:
    """The range of the colours: of the data, symmetric about zero for differences.

    Never narrower than LEAST_RANGE, on either side of zero for differences.
    """
    values = summary[outcome.value].values
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    if outcome.diverging:
        most = max(float(np.abs(values).max()), LEAST_RANGE)
        return -most, most
    low, high = float(values.min()), float(values.max())
    missing = max(LEAST_RANGE - (high - low), 0.0)
    low = min(max(low - missing / 2.0, 0.0), 1.0 - LEAST_RANGE)
    return low, max(high, low + LEAST_RANGE)


def colors_of(outcome: Outcome, low: float, high: float) -> ScalarMappable:
    """Numbers to colours that every reader can tell apart, and that stay ordered in grey."""
    colors = colormaps["PuOr_r" if outcome.diverging else "cividis"].with_extremes(bad=MISSING)
    return ScalarMappable(Normalize(low, high), colors)


def draw_sweep_heatmap(
    facet: xr.Dataset,
    ax: Axes,
    *,
    x: str,
    y: str,
    outcome: Outcome,
    x_values: np.ndarray | None = None,
    y_values: np.ndarray | None = None,
    colors: ScalarMappable | None = None,
    intervals: bool = True,
) -> Axes:
    """A heat map with the number, and its 95 % interval, in each cell; grey where there is none.

    Parameters
    ----------
    facet : Dataset over scenario with the outcome's variables and the coordinates x and y
    x_values, y_values : of the axes, by default those of the facet
    colors : shared by facets, by default the facet's own
    intervals : whether the cells are wide enough for them
    """
    x_values = levels(facet[x]) if x_values is None else x_values
    y_values = upwards(facet[y]) if y_values is None else y_values
    colors = colors or colors_of(outcome, *limits(facet, outcome))
    table = cells_of(facet, x, y, outcome)
    table = table.assign(
        x=places_of(table["x"].to_numpy(), x_values), y=places_of(table["y"].to_numpy(), y_values)
    )
    draw_cells(table, ax, x_values, y_values, colors, signed=outcome.diverging, intervals=intervals)
    labels = [tick_label(value) for value in x_values]
    longest = max(len(line) for label in labels for line in label.split("\n"))
    needed = (longest + 1) * SMALL_LETTER
    step = max(1, math.ceil(needed * len(labels) / axes_width(ax))) if len(labels) > FEW else 1
    ax.set_xticks(range(0, len(labels), step), labels[::step])
    ax.set_yticks(range(len(y_values)), [tick_label(value) for value in y_values])
    ax.set(xlabel=axis_label(facet[x]), ylabel=axis_label(facet[y]))
    return ax


@dataclass(frozen=True)
class Layout:
    """Where the maps of one panel stand: mm, but for the counts and the widths of words."""

    columns: int
    rows: int
    left: float  # of the first map in its panel
    wide: float  # of a map
    high: float
    above: float  # for the title of a map
    below: float  # for its ticks and label
    fits: bool  # whether there is room for intervals in the cells

    @property
    def height(self) -> float:
        """Of all maps, with what stands above and below them."""
        return self.rows * (self.above + self.high + self.below)

    @property
    def width(self) -> float:
        """Of all maps of a row, without what stands left of them."""
        return self.columns * (self.wide + GAP) - GAP


def layout_of(
    summary: xr.Dataset,
    maps: list[tuple[str, xr.Dataset]],
    *,
    width_mm: float,
    highest_mm: float,
    wide_words: float,
) -> Layout:
    """Maps as large as the panel allows, and labels wrapped to fit beside them.

    wide_words : how much wider than a share the words in a cell are
    """
    (x, y), _ = chosen_axes(summary)
    x_values, y_values = levels(summary[x]), upwards(summary[y])
    tick_lines = [line for each in y_values for line in tick_label(each).split("\n")]
    ticks = 2.0 + SMALL_LETTER * max(map(len, tick_lines))
    needed = SMALLEST_CELL * wide_words * len(x_values)
    high = 0.0  # unknown at first, as it rests on the width that the label leaves
    for _ in range(3):
        y_lines = len(wrapped(axis_label(summary[y]), high, LETTER).split("\n")) if high else 1
        left = ticks + 2.5 + LINE * y_lines
        room = width_mm - left - 3.0
        columns = max(1, min(len(maps), int((room + GAP) // (needed + GAP))))
        rows = -(-len(maps) // columns)
        wide = (room + GAP) / columns - GAP
        titles = [wrapped(title, wide, SMALL_LETTER) for title, _ in maps]
        lines = max(len(title.split("\n")) if title else 0 for title in titles)
        above = 1.0 + 2.5 * lines + (1.0 if lines else 0.0)
        x_ticks = max(len(tick_label(value).split("\n")) for value in x_values)
        x_lines = len(wrapped(axis_label(summary[x]), wide, LETTER).split("\n"))
        below = 2.5 + 2.5 * x_ticks + LINE * x_lines
        cell = min(0.55 * wide / len(x_values), HIGHEST_CELL)
        high = max(cell, 8.5) * len(y_values)
        high = max(min(high, highest_mm / rows - above - below), 4.0)
    fits = wide >= needed - 1e-9 and high / len(y_values) >= 5.0
    return Layout(columns, rows, left, wide, high, above, below, fits)


def sweep_heatmap_figure(
    summary: xr.Dataset, outcomes: Outcome | Sequence[Outcome], width_mm: float | None = None
) -> Figure:
    """A panel for each outcome, side by side where they fit a page, else one under the other.

    A panel has a heat map over two axes for each value of the others.

    Parameters
    ----------
    summary : from :func:`leukosim.analysis.survival.sweep_summary`; for heat maps of survival, with
        an arm selected
    width_mm : by default a page, or a column of a journal where one small panel is all there is

    Raises
    ------
    ValueError
        If fewer than two axes are varied, or no arm is selected.
    """
    outcomes = [outcomes] if isinstance(outcomes, Outcome) else list(outcomes)
    xy, rest = chosen_axes(summary)
    if len(xy) < 2:
        raise ValueError(f"a heat map needs two axes, and {len(xy)} is varied: draw dots instead")
    if any("arm" in summary[outcome.value].dims for outcome in outcomes):
        raise ValueError("a heat map shows one arm: select it, such as summary.sel(arm=...)")
    maps = facets(summary, rest)
    words = SIGNED if any(outcome.diverging for outcome in outcomes) else 1.0

    def layout_in(width_mm: float, n_stacked: int) -> Layout:
        highest = HIGHEST / n_stacked - heading - BAR
        return layout_of(summary, maps, width_mm=width_mm, highest_mm=highest, wide_words=words)

    heading = heading_height(summary, outcomes, COLUMN)
    half = layout_in(COLUMN, 1)
    small = half.fits and half.rows == 1
    if width_mm is None:
        width_mm = COLUMN if small and len(outcomes) == 1 else PAGE
    beside = small and len(outcomes) > 1 and width_mm >= len(outcomes) * (COLUMN + GAP) - GAP
    room = COLUMN if beside else width_mm
    heading = heading_height(summary, outcomes, room)
    layout = half if beside else layout_in(room, len(outcomes))
    one = heading + layout.height + BAR
    figure = empty_figure(width_mm, one if beside else one * len(outcomes))
    for i, outcome in enumerate(outcomes):
        at = (i * (COLUMN + GAP), 0.0) if beside else (0.0, i * one)
        letter = "abcdefgh"[i] if len(outcomes) > 1 else ""
        heading_words = heading_of(summary, outcome, room)
        if not layout.fits:
            heading_words = heading_words.replace(INTERVALS, "")
        add_heading(figure, at, heading_words, letter)
        add_maps(figure, (at[0], at[1] + heading), layout, summary, maps, outcome)
    return figure


def add_maps(
    figure: Figure,
    at: tuple[float, float],
    layout: Layout,
    summary: xr.Dataset,
    maps: list[tuple[str, xr.Dataset]],
    outcome: Outcome,
) -> None:
    """The maps of one panel and the scale of their colours, from a corner in mm."""
    (x, y), _ = chosen_axes(summary)
    x_values, y_values = levels(summary[x]), upwards(summary[y])
    colors = colors_of(outcome, *limits(summary, outcome))
    for i, (title, facet) in enumerate(maps):
        row, column = divmod(i, layout.columns)
        left = at[0] + layout.left + column * (layout.wide + GAP)
        top = at[1] + row * (layout.above + layout.high + layout.below) + layout.above
        ax = add_axes(figure, left, top, layout.wide, layout.high)
        draw_sweep_heatmap(
            facet, ax, x=x, y=y, outcome=outcome, x_values=x_values, y_values=y_values,
            colors=colors, intervals=layout.fits,
        )  # fmt: skip
        ax.set_title(wrapped(title, layout.wide, SMALL_LETTER), size=6)
        last = i + layout.columns >= len(maps)
        ax.set_xlabel(wrapped(ax.get_xlabel(), layout.wide, LETTER) if last else "")
        ax.set_ylabel(wrapped(ax.get_ylabel(), layout.high, LETTER))
        if column > 0:
            ax.set(ylabel="", yticklabels=[])
    wide = min(60.0, layout.width)
    scale = add_axes(figure, at[0] + layout.left, at[1] + layout.height + 1.5, wide, 2.0)
    few = MaxNLocator(5, steps=[1, 2, 5, 10])
    figure.colorbar(colors, cax=scale, orientation="horizontal", ticks=few)
    scale.set_xlabel(outcome.scale)
    scale.tick_params(length=1.5)
