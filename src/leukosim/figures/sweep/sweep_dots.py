"""Outcomes along the only axis of a sweep: dots with 95 % intervals, a panel for each outcome.

More numbers than dots have room for are a curve in a band.
What cannot be told because it was not reached, such as a median, stands as a triangle on top.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from leukosim.figures.elements.formats import COLUMN, PAGE
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    LETTER,
    LINE,
    SMALL_LETTER,
    add_axes,
    add_heading,
    arm_colors,
    axes_width,
    empty_figure,
    in_words,
    wrapped,
)
from leukosim.figures.sweep.sweep_outcomes import (
    NAMES,
    Outcome,
    axis_label,
    is_numeric,
    levels,
    patients_in_words,
    places_of,
    table_of,
    tick_label,
    varied,
)

LEFT, RIGHT = 14.0, 3.0  # mm, beside the frame of a panel
HIGH, LOW = 44.0, 36.0  # mm, of a panel, and of one in three rows or more
GAP = 5.0  # mm, between panels
NARROWEST = 42.0  # mm, of one panel among many
SPREAD = 0.5  # of the distance of values: their arms, side by side
MANY = 40  # numbers along an axis, beyond which a curve in a band takes the place of dots
CROWDED = 0.4  # of the mean distance of values: nearer ones are not drawn to scale


@dataclass(frozen=True)
class Ticks:
    """The values of the axis and where they stand, about one apart."""

    values: np.ndarray
    places: np.ndarray
    labels: list[str]
    labelled: np.ndarray  # where the labels stand
    to_scale: bool

    @property
    def nearest(self) -> float:
        """The least distance of two values."""
        return float(np.diff(self.places).min()) if len(self.places) > 1 else 1.0

    @property
    def is_curve(self) -> bool:
        """Whether there are too many values for dots."""
        return self.to_scale and len(self.values) > MANY

    def room(self, wide_mm: float) -> float:
        """mm for a label on an axis of this width."""
        nearest = float(np.diff(self.labelled).min()) if len(self.labelled) > 1 else 1.0
        return wide_mm * nearest / (len(self.places) + 0.2)

    def turned(self, wide_mm: float) -> bool:
        """Whether labels must be turned for want of room."""
        longest = max(len(line) for label in self.labels for line in label.split("\n"))
        return longest * SMALL_LETTER + 1.0 > self.room(wide_mm)

    def height(self, wide_mm: float) -> float:
        """mm that the labels take."""
        if self.turned(wide_mm):
            return 1.0 + SMALL_LETTER * max(map(len, self.labels))
        return 2.5 * max(label.count("\n") + 1 for label in self.labels)


def ticks_of(summary: xr.Dataset, x: str | None) -> Ticks:
    """Numbers to scale where that crowds none of them; else, and for words, at even distances."""
    if x is None:
        return Ticks(np.zeros(1), np.zeros(1), ["one scenario"], np.zeros(1), False)
    values = levels(summary[x])
    ordered = is_numeric(summary[x]) and x not in NAMES and len(values) > 1
    if ordered and len(values) > MANY:
        return ticks_of_curve(values.astype(float))
    scaled = to_scale(values) if ordered else None
    places = np.arange(len(values), dtype=float) if scaled is None else scaled
    labels = [tick_label(value) for value in values]
    return Ticks(values, places, labels, places, scaled is not None)


def ticks_of_curve(values: np.ndarray) -> Ticks:
    """Many rising numbers to scale, with labels at a few round ones."""
    n, by_ratio = len(values), values[0] > 0.0 and is_geometric(values)
    scale = np.log if by_ratio else np.asarray

    def places(numbers: np.ndarray) -> np.ndarray:
        first, last = scale(values[[0, -1]])
        return (scale(numbers) - first) / (last - first) * (n - 1)

    locator = LogLocator() if by_ratio else MaxNLocator(6, steps=[1, 2, 5, 10])
    result = np.asarray(locator.tick_values(values[0], values[-1]))
    nearly = 1e-9 * (values[-1] - values[0])
    result = result[(result >= values[0] - nearly) & (result <= values[-1] + nearly)]
    result = values[[0, -1]] if len(result) < 2 else result
    return Ticks(values, places(values), [tick_label(v) for v in result], places(result), True)


def is_geometric(values: np.ndarray) -> bool:
    """Whether positive rising numbers stand more evenly by their logarithms."""
    steps, ratios = np.diff(values), np.diff(np.log(values))
    return bool(ratios.std() / ratios.mean() < steps.std() / steps.mean())


def to_scale(values: np.ndarray) -> np.ndarray | None:
    """Places of rising numbers from 0 to n - 1, by the numbers or by their logarithms.

    The scale is the one on which they stand more evenly; None where some are crowded on both.
    """
    scales = [values.astype(float)]
    if values[0] > 0.0:
        scales.append(np.log(scales[0]))
    places = [(each - each[0]) / (each[-1] - each[0]) * (len(each) - 1) for each in scales]
    best = max(places, key=lambda at: np.diff(at).min())
    return best if np.diff(best).min() >= CROWDED else None


def draw_sweep_dots(summary: xr.Dataset, ax: Axes, *, x: str | None, outcome: Outcome) -> Axes:
    """A dot with its 95 % interval for each value of an axis and, for survival, each arm.

    A line follows each arm where the values stand to scale; of many values it is all there is, with
    a band for the intervals.

    summary : Dataset over scenario, with or without arm; a single dot for each arm where x is None
    """
    table, ticks = table_of(summary, x, outcome), ticks_of(summary, x)
    arms = list(dict.fromkeys(table["arm"]))
    colors = {**arm_colors(arms), "": BLACK}
    step = SPREAD * ticks.nearest / max(len(arms), 3)
    top = 1.02 if outcome.share else 1.08 * most(table)
    for i, arm in enumerate(arms):
        of_arm = table[table["arm"] == arm]
        at = ticks.places[places_of(of_arm["x"].to_numpy(), ticks.values)]
        if ticks.is_curve:
            draw_curve(of_arm.assign(at=at).sort_values("at"), ax, colors[arm])
            continue
        of_arm = of_arm.assign(at=at + step * (i - (len(arms) - 1) / 2)).sort_values("at")
        reached = np.isfinite(of_arm["value"])
        shown = of_arm["value"].where(reached)
        ends = shown - of_arm["low"], np.minimum(of_arm["high"], 2.0 * top) - shown
        ax.errorbar(
            of_arm["at"], shown, np.clip(ends, 0.0, None), fmt="o", color=colors[arm],
            linestyle="-" if ticks.to_scale else "", markersize=3, linewidth=0.6, elinewidth=0.7,
            label=in_words(arm) if arm else None,
        )  # fmt: skip
        beyond = of_arm[np.isposinf(of_arm["value"])]
        ax.vlines(beyond["at"], beyond["low"], top, color=colors[arm], linewidth=0.7)
        ax.plot(
            beyond["at"], np.full(len(beyond), top), "^", mfc="white", color=colors[arm],
            markersize=3, mew=0.6, clip_on=False, zorder=3,
        )  # fmt: skip
    if outcome.diverging:
        ax.axhline(0.0, color=GREY, linewidth=0.5, linestyle=":")
    else:
        ax.set_ylim(0.0, top)
    ax.set(
        xlim=(-0.6, len(ticks.values) - 0.4),
        xlabel=axis_label(summary[x]) if x else "",
        ylabel=outcome.scale,
    )
    label_ticks(ax, ticks)
    return ax


def draw_curve(of_arm: pd.DataFrame, ax: Axes, color: str) -> None:
    """One arm as a curve in a band of 95 % intervals; gaps where nothing can be told."""
    arm = of_arm["arm"].iloc[0]
    finite = of_arm.replace([np.inf, -np.inf], np.nan)
    ax.fill_between(
        finite["at"], finite["low"], finite["high"], color=color, alpha=0.2, linewidth=0.0
    )
    ax.plot(
        finite["at"], finite["value"], color=color, linewidth=1.0,
        label=in_words(arm) if arm else None,
    )  # fmt: skip


def most(table: pd.DataFrame) -> float:
    """The largest finite number among values and bounds; at least 1."""
    numbers = table[["value", "low", "high"]].to_numpy(float)
    return max([1.0, *numbers[np.isfinite(numbers)]])


def label_ticks(ax: Axes, ticks: Ticks) -> None:
    """The values under an axis; turned, and not all of them, where there is no room."""
    wide = axes_width(ax)
    if not ticks.turned(wide):
        ax.set_xticks(ticks.labelled, ticks.labels)
        return
    every = int(np.ceil(LINE / ticks.room(wide)))
    labels = [label.replace("\n", " ") for label in ticks.labels[::every]]
    ax.set_xticks(ticks.labelled[::every], labels, rotation=90)


def legend_columns(arms: Sequence[str], wide_mm: float) -> int:
    """Arms beside each other in a legend of this width."""
    longest = max(len(in_words(arm)) for arm in arms)
    return max(1, min(len(arms), int(wide_mm / (LETTER * longest + 8.0))))


def sweep_dots_figure(
    summary: xr.Dataset, outcomes: Outcome | Sequence[Outcome], width_mm: float | None = None
) -> Figure:
    """A panel for each outcome, side by side where they fit a page, else one under the other.

    Parameters
    ----------
    summary : from :func:`leukosim.analysis.survival.sweep_summary`, with at most one axis
    width_mm : by default a page, or a column of a journal where one small panel is all there is

    Raises
    ------
    ValueError
        If several axes are varied.
    """
    outcomes = [outcomes] if isinstance(outcomes, Outcome) else list(outcomes)
    names = varied(summary)
    if len(names) > 1:
        raise ValueError(f"dots show one axis, not {', '.join(names)}: select some scenarios first")
    x = names[0] if names else None
    ticks = ticks_of(summary, x)
    few = len(ticks.values) <= 8
    width_mm = width_mm or (COLUMN if len(outcomes) == 1 and few else PAGE)
    narrowest = COLUMN if len(outcomes) <= 2 else NARROWEST
    fitting = max(int((width_mm + GAP) / (narrowest + GAP)), 1) if few else 1
    rows = -(-len(outcomes) // fitting)
    columns = -(-len(outcomes) // rows)
    room = (width_mm + GAP) / columns - GAP
    wide = room - LEFT - RIGHT
    arms = [str(arm) for arm in np.atleast_1d(summary["arm"].values)]
    key = 2.0 + 3.0 * -(-len(arms) // legend_columns(arms, width_mm)) if len(arms) > 1 else 0.0
    titles = [wrapped(outcome.label, room - 10.0, LETTER) for outcome in outcomes]
    above = 4.5 + LINE * max(title.count("\n") + 1 for title in titles)
    frame = HIGH if rows < 3 else LOW
    one = above + frame + ticks.height(wide) + 7.0
    note = note_of(summary, outcomes)
    high = key + rows * one + note_height(note, width_mm)
    figure = empty_figure(width_mm, high)
    for i, (outcome, title) in enumerate(zip(outcomes, titles, strict=True)):
        left, top = (i % columns) * (room + GAP), key + (i // columns) * one
        letter = "abcdefgh"[i] if len(outcomes) > 1 else ""
        add_heading(figure, (left, top), title, letter)
        ax = add_axes(figure, left + LEFT, top + above, wide, frame)
        draw_sweep_dots(summary, ax, x=x, outcome=outcome)
    if key:
        figure.legend(
            *figure.axes[0].get_legend_handles_labels(), loc="upper left",
            bbox_to_anchor=(LEFT / width_mm, 1.0 - 1.0 / high), borderaxespad=0.0, borderpad=0.0,
            ncols=legend_columns(arms, width_mm),
        )  # fmt: skip
    add_note(figure, note, key + rows * one)
    return figure


def note_of(summary: xr.Dataset, outcomes: Sequence[Outcome]) -> str:
    """Of whom the figure is, and how to read it."""
    arms = np.atleast_1d(summary["arm"].values)
    whose = f"{in_words(str(arms[0]))}: " if len(arms) == 1 else ""
    beyond = any(np.isposinf(summary[each.value]).any() for each in outcomes)
    return f"{whose}{patients_in_words(summary)}." + (" Triangle: not reached." if beyond else "")
