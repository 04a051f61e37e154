"""Outcomes along the only axis of a sweep: dots with 95 % intervals, a panel for each outcome."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.figures.style import (
    BLACK,
    COLUMN,
    GREY,
    LETTER,
    LINE,
    PAGE,
    SMALL_LETTER,
    add_axes,
    add_heading,
    arm_colors,
    empty_figure,
    in_words,
    width_of,
)
from leukosim.figures.sweep_outcomes import (
    NAMES,
    Outcome,
    axis_label,
    heading_height,
    heading_of,
    is_numeric,
    levels,
    places_of,
    table_of,
    tick_label,
    varied,
)

LEFT, RIGHT, HIGH = 14.0, 3.0, 44.0  # mm, beside the frame of a panel and of its height
GAP = 5.0  # mm, between panels
SPREAD = 0.4  # of the distance of values: their arms, side by side
CROWDED = 0.4  # of the mean distance of values: nearer ones are not drawn to scale


@dataclass(frozen=True)
class Ticks:
    """The values of the axis and where they stand, about one apart."""

    values: np.ndarray
    places: np.ndarray
    labels: list[str]
    to_scale: bool

    @property
    def nearest(self) -> float:
        """The least distance of two values."""
        return float(np.diff(self.places).min()) if len(self.places) > 1 else 1.0

    def room(self, wide_mm: float) -> float:
        """mm for a label on an axis of this width."""
        return wide_mm * self.nearest / (len(self.places) + 0.2)

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
        return Ticks(np.zeros(1), np.zeros(1), ["one scenario"], False)
    values = levels(summary[x])
    ordered = is_numeric(summary[x]) and x not in NAMES and len(values) > 1
    scaled = to_scale(values) if ordered else None
    places = np.arange(len(values), dtype=float) if scaled is None else scaled
    return Ticks(values, places, [tick_label(value) for value in values], scaled is not None)


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

    A line follows each arm where the values stand to scale.

    summary : Dataset over scenario, with or without arm; a single dot for each arm where x is None
    """
    table, ticks = table_of(summary, x, outcome), ticks_of(summary, x)
    arms = list(dict.fromkeys(table["arm"]))
    colors = {**arm_colors(arms), "": BLACK}
    step = SPREAD * ticks.nearest / max(len(arms), 3)
    for i, arm in enumerate(arms):
        of_arm = table[table["arm"] == arm]
        at = ticks.places[places_of(of_arm["x"].to_numpy(), ticks.values)]
        of_arm = of_arm.assign(at=at + step * (i - (len(arms) - 1) / 2)).sort_values("at")
        ends = of_arm["value"] - of_arm["low"], of_arm["high"] - of_arm["value"]
        ax.errorbar(
            of_arm["at"], of_arm["value"], np.clip(ends, 0.0, None), fmt="o", color=colors[arm],
            linestyle="-" if ticks.to_scale else "", markersize=3, linewidth=0.6, elinewidth=0.7,
            label=in_words(arm) if arm else None,
        )  # fmt: skip
    if outcome.diverging:
        ax.axhline(0.0, color=GREY, linewidth=0.5, linestyle=":")
    else:
        ax.set_ylim(0.0, 1.02)
    ax.set(
        xlim=(-0.6, len(ticks.values) - 0.4),
        xlabel=axis_label(summary[x]) if x else "",
        ylabel=outcome.scale,
    )
    label_ticks(ax, ticks)
    return ax


def label_ticks(ax: Axes, ticks: Ticks) -> None:
    """The values under an axis; turned, and not all of them, where there is no room."""
    wide = ax.get_position().width * width_of(ax)
    if not ticks.turned(wide):
        ax.set_xticks(ticks.places, ticks.labels)
        return
    every = int(np.ceil(LINE / ticks.room(wide)))
    labels = [label.replace("\n", " ") for label in ticks.labels[::every]]
    ax.set_xticks(ticks.places[::every], labels, rotation=90)


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
    summary : from :func:`leukosim.survival.sweep_summary`, with at most one axis
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
    beside = few and len(outcomes) > 1 and width_mm >= len(outcomes) * (COLUMN + GAP) - GAP
    room = COLUMN if beside else width_mm
    wide = room - LEFT - RIGHT
    arms = [str(arm) for arm in np.atleast_1d(summary["arm"].values)]
    columns = legend_columns(arms, wide)
    heading = heading_height(summary, outcomes, room)
    above = heading + (1.0 + 3.0 * -(-len(arms) // columns) if len(arms) > 1 else 2.0)
    one = above + HIGH + ticks.height(wide) + 7.0
    figure = empty_figure(width_mm, one if beside else one * len(outcomes))
    for i, outcome in enumerate(outcomes):
        left, top = (i * (COLUMN + GAP), 0.0) if beside else (0.0, i * one)
        letter = "abcdefgh"[i] if len(outcomes) > 1 else ""
        add_heading(figure, (left, top), heading_of(summary, outcome, room), letter)
        ax = add_axes(figure, left + LEFT, top + above, wide, HIGH)
        draw_sweep_dots(summary, ax, x=x, outcome=outcome)
        if len(ax.get_legend_handles_labels()[0]) > 1:
            ax.legend(
                loc="lower left", bbox_to_anchor=(0.0, 1.01), ncols=columns,
                borderaxespad=0.0, borderpad=0.0,
            )  # fmt: skip
    return figure
