"""An outcome over the axes of a sweep: heat maps side by side, dots for a single axis."""

import itertools
import json
import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from leukosim.figures.style import (
    BLACK,
    COLUMN,
    GREY,
    HIGHEST,
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
CELL, SMALLEST_CELL, HIGH_CELL = 16.0, 9.5, 8.5  # mm
MISSING = "#E6E6E6"


@dataclass(frozen=True)
class Outcome:
    """What the colours mean."""

    value: str  # a variable over scenario; with _low and _high it has an interval
    label: str
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
    return Outcome("survival", label)


def difference_outcome(summary: xr.Dataset) -> Outcome:
    """The paired difference of two arms."""
    arm, against = (in_words(summary.attrs[name]) for name in ("arm", "against"))
    label = f"Difference in {years(summary)}-year relapse-free survival, {arm} minus {against}"
    return Outcome("difference", label, diverging=True)


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
    """The range of the colours: of the data, symmetric about zero for differences."""
    values = summary[outcome.value].values
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    if outcome.diverging:
        most = max(float(np.abs(values).max()), 0.05)
        return -most, most
    low, high = float(values.min()), float(values.max())
    return (low, high) if high - low > 0.02 else (low - 0.05, high + 0.05)


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
        ylabel=outcome.label,
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


def sweep_heatmap_figure(
    summary: xr.Dataset, outcome: Outcome, width_mm: float | None = None
) -> Figure:
    """Heat maps over two axes, one for each value of a third; dots if only one axis is varied.

    Parameters
    ----------
    summary : from :func:`leukosim.survival.sweep_summary`; for heat maps of survival, with an arm
        selected
    width_mm : by default a column of a journal where one small panel is all there is, else a page
    """
    xy, rest = chosen_axes(summary)
    if width_mm is None:
        small = not rest and all(len(np.unique(summary[name].values)) <= 4 for name in xy[:1])
        width_mm = COLUMN if small else PAGE
    if len(xy) < 2:
        return dots_figure(summary, outcome, width_mm, xy[0] if xy else None)
    if "arm" in summary[outcome.value].dims:
        raise ValueError("a heat map shows one arm: select it, such as summary.sel(arm=...)")
    x, y = xy
    x_values, y_values = np.unique(summary[x].values), np.unique(summary[y].values)
    maps = facets(summary, rest)
    colors = colors_of(outcome, *limits(summary, outcome))

    n_lines = len(rest)
    longest = max(len(line) for each in y_values for line in tick_label(each).split("\n"))
    left, gap, bar = max(16.0, 8.0 + 1.1 * longest), 5.0, 16.0
    room = width_mm - left - 4.0
    needed = SMALLEST_CELL * len(x_values) * (1.5 if outcome.diverging else 1.0)
    n_columns = max(1, min(len(maps), int((room + gap) // (needed + gap))))
    wide = min((room + gap) / n_columns - gap, CELL * len(x_values))
    n_rows = -(-len(maps) // n_columns)
    above, below = 3.0 + 3.0 * n_lines, 9.0
    high = HIGH_CELL * len(y_values)
    high = min(high, (HIGHEST - bar) / n_rows - above - below)
    figure = empty_figure(width_mm, n_rows * (above + high + below) + bar)
    fits = wide / len(x_values) >= SMALLEST_CELL * (1.5 if outcome.diverging else 1.0) - 1e-9
    for i, (title, facet) in enumerate(maps):
        row, column = divmod(i, n_columns)
        at = left + column * (wide + gap), row * (above + high + below) + above
        ax = add_axes(figure, *at, wide, high)
        draw_sweep_heatmap(
            facet, ax, x=x, y=y, outcome=outcome, x_values=x_values, y_values=y_values,
            colors=colors, intervals=fits and high / len(y_values) >= 5.0,
        )  # fmt: skip
        ax.set_title(title, size=6)
        if column > 0:
            ax.set(ylabel="", yticklabels=[])
        if i + n_columns < len(maps):
            ax.set_xlabel("")
    top = n_rows * (above + high + below) + 2.5
    legend = add_axes(figure, left, top, min(60.0, room), 2.2)
    figure.colorbar(colors, cax=legend, orientation="horizontal")
    legend.set_xlabel(outcome.label.replace(", ", ",\n"))
    legend.tick_params(length=1.5)
    return figure


def dots_figure(summary: xr.Dataset, outcome: Outcome, width_mm: float, x: str | None) -> Figure:
    """Dots for a sweep of one axis, or of one scenario."""
    n = len(np.unique(summary[x].values)) if x else 1
    wide = min(width_mm - 20.0, max(18.0 * n, 45.0))
    figure = empty_figure(width_mm, 66.0)
    ax = add_axes(figure, 16.0, 6.0, wide, 48.0)
    draw_sweep_dots(summary, ax, x=x, outcome=outcome)
    if len(outcome.label) > 48:
        ax.set_ylabel(outcome.label.replace(", ", ",\n"))
    return figure


def numbers_drawn(summary: xr.Dataset, outcome: Outcome) -> pd.DataFrame:
    """Every number of the figure: the varied coordinates, the arm, the outcome and its bounds."""
    xy, rest = chosen_axes(summary)
    table = dots_of(summary, None, outcome).drop(columns="x")
    table.columns = pd.Index(["arm", *outcome.names])
    if outcome.value == "difference":
        table["arm"] = f"{summary.attrs['arm']} minus {summary.attrs['against']}"
    repeats = len(table) // summary.sizes["scenario"]
    for position, name in enumerate([*xy, *rest]):
        table.insert(position, name, np.tile(summary[name].values, repeats))
    return table
