"""A study at draws of the posterior: what chance leaves open, and what parameters add to it."""

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from leukosim.analysis.endpoints import DAYS_PER_MONTH, main_survival
from leukosim.analysis.parameter_uncertainty import (
    curve_uncertainty,
    headline_uncertainty,
    posterior_draws,
)
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import (
    Panels,
    add_note,
    note_height,
    title_height,
    title_lines,
)
from leukosim.figures.elements.standard import Tables
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    LETTER,
    LINE,
    add_axes,
    add_heading,
    arm_colors,
    empty_figure,
    month_ticks,
    wrapped,
)

CURVES, BAR = 34.0, 5.0  # mm, of the frames
GAP, RIGHT = 8.0, 3.0  # mm, between headlines, and beside their frames
BOTH, CHANCE = 0.15, 0.3  # opacity of bands
ENOUGH = 20  # draws


def draw_survival(curve: pd.DataFrame, ax: Axes, color: str) -> Axes:
    """Mean survival of the draws, in bands of chance and, wider, of parameters, too.

    curve : one arm of :func:`leukosim.analysis.parameter_uncertainty.curve_uncertainty`
    """
    months = curve["day"] / DAYS_PER_MONTH
    for low, high, alpha in (("low", "high", BOTH), ("chance_low", "chance_high", CHANCE)):
        ax.fill_between(months, curve[low], curve[high], color=color, alpha=alpha, linewidth=0)
    ax.plot(months, curve["survival"], color=color)
    last = curve["day"].max()
    ax.set(
        xlim=(0.0, last / DAYS_PER_MONTH), ylim=(0.0, 1.02), xticks=month_ticks(last, 4),
        xlabel="Months",
    )  # fmt: skip
    return ax


def draw_headline(row: pd.Series, ax: Axes) -> Axes:
    """One headline: its mean, a thick bar of chance, a thin line of both."""
    ax.plot([row["low"], row["high"]], [0.0, 0.0], color=BLACK, linewidth=0.8)
    ax.plot(
        [row["chance_low"], row["chance_high"]], [0.0, 0.0], color=GREY, linewidth=4.0,
        solid_capstyle="butt",
    )  # fmt: skip
    ax.plot([row["mean"]], [0.0], "o", color=BLACK, markersize=3.0)
    span = max(row["high"], row["chance_high"], 0.0) - min(row["low"], row["chance_low"], 0.0)
    ax.set(
        xlim=(
            min(row["low"], row["chance_low"], 0.0) - 0.05 * span,
            max(row["high"], row["chance_high"], 0.0) + 0.05 * span,
        ),
        ylim=(-1.0, 1.0),
        yticks=[],
        xlabel=in_plural(row["unit"]),
    )
    if row["is_difference"]:
        ax.axvline(0.0, color=GREY, linewidth=0.5, linestyle=":")
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    return ax


def in_plural(unit: str) -> str:
    """A unit as the label of an axis."""
    return "Days" if unit == "day" else unit[0].upper() + unit[1:]


def uncertainty_numbers(ds: xr.Dataset) -> Tables:
    """Survival curves and headlines, with both intervals."""
    return {"curve": curve_uncertainty(ds), "headline": headline_uncertainty(ds)}


def uncertainty_figure(ds: xr.Dataset, tables: Tables, width_mm: float = PAGE) -> Figure:
    """Survival, a panel for each arm, and under it the headlines.

    tables : of :func:`uncertainty_numbers`
    """
    curves, headlines = tables["curve"], tables["headline"]
    colors = arm_colors(curves["arm"].unique())
    panels = Panels(len(colors), width_mm, narrowest=22.0)
    names = title_lines(colors, panels.wide)
    above, name = 5.0, title_height(names)
    one = name + CURVES + 10.0
    under = above + panels.rows * one + 1.0

    columns = min(max(len(headlines), 1), 3) if width_mm >= PAGE else 1
    wide = (width_mm + GAP) / columns - GAP
    titles = [wrapped(str(title), wide - 7.0, LETTER) for title in headlines.get("headline", [])]
    lines = max((title.count("\n") + 1 for title in titles), default=0)
    row = LINE * (lines + 1) + BAR + 8.5
    foot = under + row * -(-len(titles) // columns)
    note = note_of(ds, headlines)
    figure = empty_figure(width_mm, foot + LINE + 1.5 + note_height(note, width_mm))

    endpoint = main_survival(posterior_draws(ds).isel(scenario=0)).attrs["endpoint"]
    add_heading(figure, (0.0, 0.0), endpoint[0].upper() + endpoint[1:], "a")
    for i, (arm, color) in enumerate(colors.items()):
        top = above + panels.row(i) * one + name
        ax = add_axes(figure, panels.at(i), top, panels.wide, CURVES)
        draw_survival(curves[curves["arm"] == arm], ax, color)
        ax.set_title(names[arm], loc="left")
        if not panels.is_first(i):
            ax.set_yticklabels([])
    for i, title in enumerate(titles):
        left, top = (i % columns) * (wide + GAP), under + (i // columns) * row
        add_heading(figure, (left, top), title, "bcdefgh"[i])
        bar = top + LINE * (lines + 1) - 0.5
        ax = add_axes(figure, left + 3.0, bar, wide - 3.0 - RIGHT, BAR)
        draw_headline(headlines.iloc[i], ax)
    add_key(add_axes(figure, 2.0, foot, width_mm - 2.0, LINE))
    add_note(figure, note, foot + LINE + 1.5)
    return figure


def add_key(ax: Axes) -> None:
    """What bands, bars and lines are."""
    ax.set_axis_off()
    handles = {
        "chance": (
            Patch(color=GREY, alpha=BOTH + CHANCE, linewidth=0),
            Line2D([], [], color=GREY, linewidth=4.0, solid_capstyle="butt"),
        ),
        "chance and parameters": (
            Patch(color=GREY, alpha=BOTH, linewidth=0), Line2D([], [], color=BLACK, linewidth=0.8),
        ),
    }  # fmt: skip
    ax.legend(
        list(handles.values()), list(handles), loc="center left", ncols=2, borderaxespad=0.2,
        borderpad=0.0, handlelength=4.0, columnspacing=1.5,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0.5)},
    )  # fmt: skip


def note_of(ds: xr.Dataset, headlines: pd.DataFrame) -> str:
    """Of whom the figure is, and how to read it."""
    of_draws = posterior_draws(ds)
    n, k = of_draws.sizes["patient"], of_draws.sizes["scenario"]
    few = " (few, so that wide ends are rough)" if k < ENOUGH else ""
    parts = ", ".join(
        f"{letter} {share:.0%}"
        for letter, share in zip("bcdefgh", headlines.get("from_parameters", []), strict=False)
    )
    shares = f" Of the variance of the headlines, parameters make up: {parts}." if parts else ""
    compares = bool(headlines.get("is_difference", pd.Series(dtype=bool)).any())
    paired = (
        " Differences are those of the same patients in both arms: a randomised trial leaves more "
        "open."
        if compares
        else ""
    )
    return (
        f"{n:,} patients, drawn by the same random streams at {k} draws of the posterior{few}. "
        "95 % intervals: chance is what a trial of so many patients leaves open if the "
        "parameters are known; the wider ones hold the uncertainty of the fitted parameters, "
        f"too.{paired}{shares}"
    )
