"""Outcomes over the axes of a sweep, a panel each: heat maps, or dots for a single axis."""

import itertools
import json
import re
import textwrap
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

from leukosim.figures.style import (
    BLACK,
    COLUMN,
    GREY,
    HIGHEST,
    MM_PER_INCH,
    PAGE,
    add_axes,
    arm_colors,
    empty_figure,
    in_words,
)

AXES = {
    "trigger.level": "Trigger level (marker / ABL1)",
    "trigger.delay_days": "Delay to treatment (days)",
    "trigger.confirmations": "Confirming samples",
    "monitoring.interval_days": "Sampling interval (days)",
    "monitoring.sample": "Sample",
    "cohort.size": "Patients",
    "horizon_days": "Follow-up (days)",
    "seed": "Seed",
}
MOST_FACETS = 24
SMALLEST_CELL, HIGHEST_CELL = 9.5, 15.0  # mm, of their width and of their height
GAP, BAR = 5.0, 11.0  # mm, between panels; of the colours' scale
LETTER, SMALL_LETTER, LINE = 1.25, 1.1, 2.9  # mm, about: widths in labels and in ticks; a line
LEAST_RANGE = 0.2  # of the colours, so that noise does not look like an effect
MISSING = "#E6E6E6"


@dataclass(frozen=True)
class Outcome:
    """What the colours mean."""

    value: str  # a variable over scenario; with _low and _high it has an interval
    label: str
    scale: str  # what the colours' scale says
    diverging: bool = False  # about zero, for differences

    @property
    def names(self) -> tuple[str, str, str]:
        """Value and bounds."""
        return self.value, f"{self.value}_low", f"{self.value}_high"


def survival_outcome(summary: xr.Dataset) -> Outcome:
    """Relapse-free survival, of all arms or of the one that was selected from the summary."""
    label = f"{years(summary)}-year relapse-free survival"
    if summary["arm"].ndim == 0:
        label += f", {in_words(str(summary['arm'].values))}"
    return Outcome("survival", label, "Share of patients")


def difference_outcome(summary: xr.Dataset) -> Outcome:
    """The paired difference of two arms."""
    arm, against = (in_words(summary.attrs[name]) for name in ("arm", "against"))
    label = f"Difference in {years(summary)}-year relapse-free survival, {arm} minus {against}"
    return Outcome("difference", label, "Difference of shares", diverging=True)


def patients_in_words(summary: xr.Dataset) -> str:
    """How many patients each scenario rests on, such as "n = 10 patients per scenario"."""
    few, many = int(summary["n"].min()), int(summary["n"].max())
    n = f"{few:,}" if few == many else f"{few:,}–{many:,}"
    return f"n = {n} patients per scenario"


def years(summary: xr.Dataset) -> str:
    """The day of the outcome in years."""
    return f"{summary.attrs['day'] / 365.25:.2g}"


def varied(summary: xr.Dataset) -> list[str]:
    """The coordinates of the scenarios that take more than one value, best known first.

    These are the axes that the sweep says it has. Where it says nothing, coordinates that merely
    name a scenario (neither known nor with a dot, as in ``trigger.level``) are none.
    """
    said = json.loads(summary.attrs.get("axes", "null"))
    names = [
        str(name)
        for name, values in summary.coords.items()
        if values.dims == ("scenario",)
        and (name in said if said is not None else name in AXES or "." in str(name))
        and len(np.unique(values.values.astype(str))) > 1
    ]
    order = list(AXES)
    return sorted(names, key=lambda name: (order.index(name) if name in AXES else len(order), name))


def axis_label(coordinate: xr.DataArray) -> str:
    """What an axis says of itself, with its unit."""
    name = str(coordinate.name)
    unit = coordinate.attrs.get("units", "1")
    in_unit = f" ({unit})" if unit != "1" else ""
    return AXES.get(name) or in_words(name).capitalize() + in_unit


def tick_label(value: object) -> str:
    """A value on an axis; words in lines that fit beside a cell."""
    if isinstance(value, float | int | np.number):
        return f"{value:g}"
    return "\n".join(textwrap.wrap(in_words(str(value)), 14))


def chosen_axes(summary: xr.Dataset) -> tuple[list[str], list[str]]:
    """The two axes of a heat map, x and y, and what remains to be faceted.

    Sampling interval lies along x and trigger level along y, where they are varied.
    """
    names = varied(summary)
    first = [n for n in ("monitoring.interval_days", "trigger.level") if n in names]
    ordered = [*first, *(name for name in names if name not in first)]
    return ordered[:2], ordered[2:]


def facets(summary: xr.Dataset, names: list[str]) -> list[tuple[str, xr.Dataset]]:
    """The scenarios of each combination of the remaining axes, with a title."""
    levels = [np.unique(summary[name].values) for name in names]
    found = []
    for values in itertools.product(*levels):
        chosen = np.ones(summary.sizes["scenario"], bool)
        for name, value in zip(names, values, strict=True):
            chosen &= summary[name].values == value
        title = "\n".join(
            f"{axis_label(summary[name])}: {tick_label(value)}".replace("\n", " ")
            for name, value in zip(names, values, strict=True)
        )
        if chosen.any():
            found.append((title, summary.isel(scenario=np.flatnonzero(chosen))))
    if len(found) > MOST_FACETS:
        raise ValueError(
            f"{', '.join(names)} make {len(found)} heat maps, allowed up to {MOST_FACETS}: "
            "select some scenarios first"
        )
    return found


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
    x_values = np.unique(facet[x].values) if x_values is None else x_values
    y_values = np.unique(facet[y].values) if y_values is None else y_values
    colors = colors or colors_of(outcome, *limits(facet, outcome))
    table = cells_of(facet, x, y, outcome)
    values = np.full((len(y_values), len(x_values)), np.nan)
    rows, columns = np.searchsorted(y_values, table["y"]), np.searchsorted(x_values, table["x"])
    values[rows, columns] = table["value"]
    edges = (np.arange(len(each) + 1) - 0.5 for each in (x_values, y_values))
    ax.pcolormesh(
        *edges, np.ma.masked_invalid(values), cmap=colors.cmap, norm=colors.norm,
        edgecolors="white", linewidth=0.5,
    )  # fmt: skip
    ax.set_facecolor(MISSING)
    for row, column in zip(*np.nonzero(np.isnan(values)), strict=True):
        ax.text(column, row, "no data", ha="center", va="center", size=5.0, color=GREY)
    for row, column, cell in zip(rows, columns, table.itertuples(), strict=True):
        if np.isnan(cell.value):
            continue
        red, green, blue, _ = colors.to_rgba(cell.value)
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
        ink = {"color": "black" if light else "white", "ha": "center"}
        if intervals and not np.isnan(cell.low):
            bounds = (in_figures(bound, outcome.diverging) for bound in (cell.low, cell.high))
            between = " to " if outcome.diverging else "–"
            ax.text(column, row, in_figures(cell.value, outcome.diverging), va="bottom", **ink)
            ax.text(column, row - 0.06, between.join(bounds), va="top", size=5.0, **ink)
        else:
            ax.text(column, row, in_figures(cell.value, outcome.diverging), va="center", **ink)
    ax.set_xticks(range(len(x_values)), [tick_label(value) for value in x_values])
    ax.set_yticks(range(len(y_values)), [tick_label(value) for value in y_values])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel=axis_label(facet[x]), ylabel=axis_label(facet[y]))
    return ax


def in_figures(value: float, signed: bool) -> str:
    """A share, or a difference with its sign, in two decimals."""
    shown = f"{value:+.2f}" if signed else f"{value:.2f}"
    return "0.00" if shown in ("+0.00", "-0.00") else shown.replace("-", "−")


def draw_sweep_dots(summary: xr.Dataset, ax: Axes, *, x: str | None, outcome: Outcome) -> Axes:
    """Dots with 95 % intervals along the only axis of a sweep; for survival, those of every arm.

    summary : Dataset over scenario, with or without arm; a single dot for each arm where x is None
    """
    table = dots_of(summary, x, outcome)
    ticks = np.unique(table["x"])
    arms = list(dict.fromkeys(table["arm"]))
    colors = {**arm_colors(arms), "": BLACK}
    for i, arm in enumerate(arms):
        of_arm = table[table["arm"] == arm].sort_values("x")
        shift = 0.12 * (i - (len(arms) - 1) / 2)
        at = np.searchsorted(ticks, of_arm["x"]) + shift
        ends = of_arm["value"] - of_arm["low"], of_arm["high"] - of_arm["value"]
        ax.errorbar(
            at, of_arm["value"], np.clip(ends, 0.0, None), fmt="o-", color=colors[arm],
            markersize=3, linewidth=0.6, elinewidth=0.6, label=in_words(arm) if arm else None,
        )  # fmt: skip
    if outcome.diverging:
        ax.axhline(0.0, color=GREY, linewidth=0.5, linestyle=":")
    else:
        ax.set_ylim(0.0, 1.02)
    ax.set_xticks(
        range(len(ticks)), [tick_label(value) for value in ticks] if x else ["one scenario"]
    )
    ax.set(
        xlim=(-0.6, len(ticks) - 0.4),
        xlabel=axis_label(summary[x]) if x else "",
        ylabel=outcome.scale,
    )
    if len(arms) > 1:
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2)
    return ax


def dots_of(summary: xr.Dataset, x: str | None, outcome: Outcome) -> pd.DataFrame:
    """One row for each scenario and arm: columns arm, x, value, low, high."""
    at = summary[x].values if x else np.zeros(summary.sizes["scenario"])
    tables = []
    has_arms = "arm" in summary[outcome.value].dims
    selected = str(summary["arm"].values) if summary["arm"].ndim == 0 else ""
    for arm in summary["arm"].values if has_arms else [selected]:
        of_arm = summary.sel(arm=arm) if has_arms else summary
        value, low, high = (of_arm[name].values for name in outcome.names)
        columns = {"arm": str(arm), "x": at, "value": value, "low": low, "high": high}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


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
    x_values, y_values = np.unique(summary[x].values), np.unique(summary[y].values)
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


def wrapped(text: str, room_mm: float, letter_mm: float) -> str:
    """A text in lines that fit into so many mm; a long one breaks at brackets and commas first."""
    letters = max(int(room_mm / letter_mm), 10)
    lines: list[str] = []
    for part in text.split("\n"):
        pieces = re.split(r" (?=\()|(?<=,) ", part) if len(part) > letters else [part]
        lines += [line for piece in pieces for line in textwrap.wrap(piece, letters)]
    return "\n".join(lines)


def sweep_heatmap_figure(
    summary: xr.Dataset, outcomes: Outcome | Sequence[Outcome], width_mm: float | None = None
) -> Figure:
    """A panel for each outcome, side by side where they fit a page, else one under the other.

    A panel has a heat map over two axes for each value of the others, or dots if only one axis is
    varied.

    Parameters
    ----------
    summary : from :func:`leukosim.survival.sweep_summary`; for heat maps of survival, with an arm
        selected
    width_mm : by default a page, or a column of a journal where one small panel is all there is
    """
    outcomes = [outcomes] if isinstance(outcomes, Outcome) else list(outcomes)
    xy, rest = chosen_axes(summary)
    if len(xy) < 2:
        return dots_figure(summary, outcomes, width_mm, xy[0] if xy else None)
    if any("arm" in summary[outcome.value].dims for outcome in outcomes):
        raise ValueError("a heat map shows one arm: select it, such as summary.sel(arm=...)")
    maps = facets(summary, rest)
    words = 1.5 if any(outcome.diverging for outcome in outcomes) else 1.0

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
        add_heading(figure, at, heading_of(summary, outcome, room), letter)
        add_maps(figure, (at[0], at[1] + heading), layout, summary, maps, outcome)
    return figure


def heading_of(summary: xr.Dataset, outcome: Outcome, width_mm: float) -> str:
    """What a panel shows and of how many patients, in lines that fit."""
    return wrapped(f"{outcome.label}\n{patients_in_words(summary)}", width_mm - 10.0, LETTER)


def heading_height(summary: xr.Dataset, outcomes: list[Outcome], width_mm: float) -> float:
    """mm of the longest heading, so that panels stay aligned."""
    lines = [heading_of(summary, outcome, width_mm).count("\n") + 1 for outcome in outcomes]
    return 2.5 + LINE * max(lines)


def add_heading(figure: Figure, at: tuple[float, float], text: str, letter: str) -> None:
    """The letter of a panel and what it shows, from its top left corner in mm."""
    wide, high = (inches * MM_PER_INCH for inches in figure.get_size_inches())
    left, top = at
    y = 1.0 - (top + 1.5) / high
    if letter:
        figure.text((left + 1.5) / wide, y, letter, weight="bold", va="top", size=8.0)
    left += 5.5 if letter else 2.0
    figure.text(left / wide, y, text, va="top", linespacing=1.15)


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
    x_values, y_values = np.unique(summary[x].values), np.unique(summary[y].values)
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


def dots_figure(
    summary: xr.Dataset, outcomes: list[Outcome], width_mm: float | None, x: str | None
) -> Figure:
    """Dots for a sweep of one axis, or of one scenario: a panel for each outcome."""
    n = len(np.unique(summary[x].values)) if x else 1
    width_mm = width_mm or (COLUMN if len(outcomes) == 1 and n <= 4 else PAGE)
    beside = len(outcomes) > 1 and n <= 8 and width_mm >= len(outcomes) * (COLUMN + GAP) - GAP
    room = COLUMN if beside else width_mm
    heading, one = heading_height(summary, outcomes, room), 66.0
    figure = empty_figure(width_mm, heading + one if beside else (heading + one) * len(outcomes))
    for i, outcome in enumerate(outcomes):
        at = (i * (COLUMN + GAP), 0.0) if beside else (0.0, i * (heading + one))
        letter = "abcdefgh"[i] if len(outcomes) > 1 else ""
        add_heading(figure, at, heading_of(summary, outcome, room), letter)
        wide = min(room - 20.0, max(18.0 * n, 45.0))
        ax = add_axes(figure, at[0] + 16.0, at[1] + heading + 5.0, wide, 48.0)
        draw_sweep_dots(summary, ax, x=x, outcome=outcome)
    return figure


def numbers_drawn(summary: xr.Dataset, outcomes: Outcome | Sequence[Outcome]) -> pd.DataFrame:
    """Every number of the figure: the varied coordinates, arm, n, outcome, value, low, high."""
    outcomes = [outcomes] if isinstance(outcomes, Outcome) else list(outcomes)
    xy, rest = chosen_axes(summary)
    tables = []
    for outcome in outcomes:
        table = dots_of(summary, None, outcome).drop(columns="x")
        n = summary["n"]
        if outcome.value == "difference":
            table["arm"] = f"{summary.attrs['arm']} minus {summary.attrs['against']}"
            n = n if n.ndim == 1 else n.sel(arm=summary.attrs["arm"])
        repeats = len(table) // summary.sizes["scenario"]
        for position, name in enumerate([*xy, *rest]):
            table.insert(position, name, np.tile(summary[name].values, repeats))
        table.insert(table.columns.get_loc("value"), "outcome", outcome.value)
        table["n"] = n.transpose(..., "scenario").values.ravel()
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
