"""A search: what was found as it went on, and the goal over every field and every limit."""

import re
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from leukosim.analysis.arm_summaries import SUMMARIES
from leukosim.analysis.optimisation.search import Limit, Searched
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import Panels, add_note, note_height
from leukosim.figures.elements.style import (
    BLACK,
    BLUE,
    GREY,
    LETTER,
    ORANGE,
    SKY_BLUE,
    add_axes,
    add_heading,
    empty_figure,
    in_words,
    wrapped,
)
from leukosim.figures.sweep.sweep_outcomes import AXES, tick_label

LEFT, RIGHT, TOP, HIGH, SMALL = 14.0, 3.0, 8.0, 40.0, 26.0  # mm
BELOW, KEY = 10.0, 5.0  # mm: under a panel; of the key
MOST_NAMED = 10  # whole numbers of an axis that stand at even distances
JITTER = 0.12  # of the distance of choices: candidates of one choice, side by side
WITHIN: dict[str, Any] = dict(marker="o", color=BLUE, markeredgewidth=0, markersize=2.8)
BEYOND: dict[str, Any] = dict(
    marker="o", color=SKY_BLUE, markerfacecolor="white", markeredgewidth=0.6, markersize=2.8
)
BEST: dict[str, Any] = dict(
    marker="*", color=ORANGE, markeredgecolor=BLACK, markeredgewidth=0.4, markersize=7.0, zorder=5
)
DEFAULT: dict[str, Any] = dict(
    marker="D", color=BLACK, markerfacecolor="white", markeredgewidth=0.8, markersize=3.6, zorder=4
)


def goal_of(result: Searched) -> str:
    """The goal that is drawn: the first."""
    return result.options.goals[0]


def label_of(name: str) -> str:
    """A quantity with its unit, for an axis."""
    quantity = SUMMARIES[name]
    unit = {"1": "a patient", "day": "days"}.get(quantity.unit, quantity.unit)
    label = quantity.label[0].upper() + quantity.label[1:]
    return label if "days" in label else f"{label} ({unit})"


def best_of(table: pd.DataFrame) -> pd.DataFrame:
    """The best candidate, as a table of one row; none where nothing is within the limits."""
    ranked = table[table["rank"].notna() & (table["evaluation"] > 0)]
    return ranked.nsmallest(1, "rank")


def draw_candidates(result: Searched, ax: Axes, at: pd.Series, scatter: bool = False) -> Axes:
    """Every candidate's goal over something, by whether it is within the limits.

    at : where each stands, by the index of the table
    """
    table, goal = result.table, goal_of(result)
    rng = np.random.default_rng(0)
    moved = at + (rng.uniform(-JITTER, JITTER, len(at)) if scatter else 0.0)
    default, best = table["evaluation"] == 0, table.index.isin(best_of(table).index)
    for rows, style in (
        (~table["feasible"] & ~default, BEYOND),
        (table["feasible"] & ~default & ~best, WITHIN),
    ):
        ax.plot(moved[rows], table.loc[rows, goal], linestyle="", **style)
    ax.plot(at[default], table.loc[default, goal], linestyle="", **DEFAULT)
    ax.plot(at[best], table.loc[best, goal], linestyle="", **BEST)
    return ax


def draw_progress(result: Searched, ax: Axes) -> Axes:
    """The goal of every evaluation, and the best so far that is within the limits."""
    table, goal = result.table, goal_of(result)
    ax.axvspan(0.5, min(result.options.unguided, len(table) - 1) + 0.5, color="#F2F2F2", zorder=-2)
    so_far = running_best(result)
    ax.step(table["evaluation"], so_far, where="post", color=ORANGE, linewidth=0.9, zorder=0)
    draw_candidates(result, ax, table["evaluation"].astype(float))
    ax.axhline(table[goal].iloc[0], color=GREY, linewidth=0.6, linestyle=":", zorder=-1)
    ax.set(xlabel="Evaluation", ylabel=label_of(goal), xlim=(-1.0, len(table)))
    return ax


def running_best(result: Searched) -> pd.Series:
    """The best goal so far of candidates within the limits; empty before there is one."""
    goal = result.table[goal_of(result)].where(result.table["feasible"])
    so_far = goal.cummax() if result.options.maximise else goal.cummin()
    return so_far.ffill()


def draw_limit(result: Searched, ax: Axes, name: str, limits: list[Limit]) -> Axes:
    """The goal over another quantity, and where its limit lies."""
    draw_candidates(result, ax, result.table[name])
    low, high = ax.get_xlim()
    for limit in limits:
        ax.axvline(limit.value, color=GREY, linewidth=0.8, linestyle="--")
        ends = (limit.value, high) if limit.sign > 0 else (low, limit.value)
        ax.axvspan(*ends, color="#F2F2F2", zorder=-2)
    ax.set_xlim(low, high)
    ax.set_xlabel(label_of(name))
    return ax


def draw_field(result: Searched, ax: Axes, axis: str) -> Axes:
    """The goal over the values of a field: to scale where they are many numbers, else by name."""
    values = result.table[axis]
    numbers = pd.api.types.is_numeric_dtype(values)
    levels = sorted(values.unique()) if numbers else list(dict.fromkeys(map(str, values)))
    is_whole = numbers and all(float(level).is_integer() for level in levels)
    if numbers and (len(levels) > MOST_NAMED or not is_whole):
        draw_candidates(result, ax, values.astype(float))
        if axis in result.log_axes:
            use_logarithms(ax, values)
        else:
            ax.locator_params(axis="x", nbins=4)
    else:
        places = {level: float(i) for i, level in enumerate(levels)}
        at = values.map(lambda value: places[value if numbers else str(value)])
        draw_candidates(result, ax, at, scatter=True)
        ax.set_xticks(range(len(levels)), [tick_label(level) for level in levels])
        ax.set_xlim(-0.6, len(levels) - 0.4)
    ax.set_xlabel(axis_in_words(axis))
    return ax


def use_logarithms(ax: Axes, values: pd.Series) -> None:
    """A logarithmic axis; of less than two decades with ticks between them, too."""
    ax.set_xscale("log")
    ax.xaxis.set_minor_formatter(NullFormatter())
    if values.max() < 100.0 * values.min():
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.xaxis.set_major_formatter(lambda value, place: f"{value:g}")


def axis_in_words(axis: str) -> str:
    """A field as a reader would write it."""
    known = OWN_AXES | AXES
    words = known.get(axis, in_words(OF_A_STRATEGY.sub("", axis)))
    return words[0].upper() + words[1:]


OF_A_STRATEGY = re.compile(r"^strategies\.\w+\.(rules|regimens)\.")
OWN_AXES = {
    "trigger.recipient_share": "Trigger, recipient share",
    "azacitidine.days_per_cycle": "Azacitidine (days per cycle)",
    "azacitidine.cycle_days": "Cycle (days)",
    "azacitidine.full_cycles": "Cycles before fewer doses",
    "azacitidine.reduced_days_per_cycle": "Fewer doses (days per cycle)",
    "azacitidine.reduced_cycle_days": "Fewer doses, cycle (days)",
}


def search_figure(ds: xr.Dataset, result: Searched, width_mm: float = PAGE) -> Figure:
    """Above how the search went and the limits, below a panel for every field.

    result : of :func:`leukosim.analysis.optimisation.search.searched`
    """
    others = [name for name in result.options.quantities if name != goal_of(result)]
    goal = label_of(goal_of(result))
    panels = Panels(len(result.axes), width_mm, left=LEFT, gap=4.0, narrowest=36.0)
    note = note_of(result, ds.sizes["patient"])
    second = KEY + TOP + HIGH + BELOW
    end = second + TOP - 5.0 + panels.rows * (SMALL + BELOW + 1.0)
    figure = empty_figure(width_mm, end + note_height(note, width_mm))
    n_above = 1 + len(others[:3])
    gap = 5.0
    unit = (width_mm - LEFT - RIGHT - gap * (n_above - 1)) / (n_above + 0.8)
    add_heading(figure, (1.0, KEY), "Candidates in the order of the search", "a")
    first = add_axes(figure, LEFT, KEY + TOP, 1.8 * unit, HIGH)
    draw_progress(result, first)
    left = LEFT + 1.8 * unit + gap
    for i, name in enumerate(others[:3]):
        ax = add_axes(figure, left + i * (unit + gap), KEY + TOP, unit, HIGH)
        ax.sharey(first)
        ax.tick_params(labelleft=False)
        limits = [limit for limit in result.limits if limit.quantity == name]
        draw_limit(result, ax, name, limits)
        title = wrapped("Against " + SUMMARIES[name].label, unit - 4.0, LETTER)
        add_heading(figure, (left + i * (unit + gap) - 3.0, KEY), title, "bcd"[i])
    add_heading(figure, (1.0, second - 2.0), f"{goal} by field", "bcde"[len(others[:3])])
    for i, axis in enumerate(result.axes):
        top = second + TOP - 5.0 + panels.row(i) * (SMALL + BELOW + 1.0)
        ax = add_axes(figure, panels.at(i), top, panels.wide, SMALL)
        ax.sharey(first)
        ax.tick_params(labelleft=panels.is_first(i))
        draw_field(result, ax, axis)
    add_key(figure, first, width_mm)
    add_note(figure, note, end)
    return figure


def add_key(figure: Figure, ax: Axes, width_mm: float) -> None:
    """What the marks mean, on top."""
    styles = {
        "within the limits": WITHIN,
        "beyond a limit": BEYOND,
        "default": DEFAULT,
        "best": BEST,
    }
    handles = [
        ax.plot([], [], linestyle="", label=name, **style)[0] for name, style in styles.items()
    ]
    handles += ax.plot([], [], color=ORANGE, linewidth=0.9, label="best so far")
    high = figure.get_size_inches()[1] * 25.4
    figure.legend(
        handles=handles, loc="upper left", ncols=len(handles), borderaxespad=0.0, borderpad=0.0,
        bbox_to_anchor=(LEFT / width_mm, 1.0 - 1.0 / high),
    )  # fmt: skip


def note_of(result: Searched, patients: int) -> str:
    """What the figure rests on, in words."""
    limits = "; ".join(limit.in_words for limit in result.limits)
    return (
        f"{in_words(result.arm)}: every candidate treats the same {patients:,} virtual patients. "
        f"Grey in a: the first {result.options.unguided} candidates are drawn at random. "
        + (f"Limits: {limits}. " if limits else "")
        + "The best was chosen for these patients and is so in part by chance; see the figure "
        "confirmation for what is left on new ones."
    )


def search_table(result: Searched) -> pd.DataFrame:
    """Every number of the figure: an evaluation a row."""
    return result.table.assign(best_so_far=running_best(result))
