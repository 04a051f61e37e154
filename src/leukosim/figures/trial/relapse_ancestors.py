"""From how many surviving stem cells relapses come, by how many had survived, arm beside arm."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.endpoints import proportion
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import (
    Panels,
    add_note,
    color_key,
    key_height,
    note_height,
    say_nothing_to_see,
    title_height,
    title_lines,
)
from leukosim.figures.elements.style import BLUE, GREY, ORANGE, VERMILLION, add_axes, empty_figure

Bounds = tuple[int, int | None]
GROUPS: dict[str, Bounds] = {
    "1": (1, 1), "2–9": (2, 9), "10–99": (10, 99), "100–999": (100, 999), "≥1000": (1000, None),
}  # fmt: skip
CLASSES: dict[str, Bounds] = {"one ancestor": (1, 1), "two": (2, 2), "three or more": (3, None)}
COLORS = dict(zip(CLASSES, (VERMILLION, ORANGE, BLUE), strict=True))
COUNTS = {
    "ancestors_at_relapse": "Any stem cell\nat relapse",
    "major_ancestors_at_relapse": "1 % of stem cells\nor more",
}
HIGH, LOW, GAP = 26.0, 18.0, 4.0  # mm, of a panel on a page and in a column
NOTE = (
    "Share of relapses that descend from one, two, or more of the stem cells that therapy left, by "
    "the number of these; exact 95 % intervals. Above: ancestors of any stem cell at relapse; "
    "below: those that each account for 1 % of the stem cells at relapse or more (where none is "
    "so large there are over a hundred). n: relapses. The last column holds all relapses of the "
    "arm. Patients are the same in all arms."
)


def within(values: np.ndarray, bounds: Bounds) -> np.ndarray:
    """Which numbers lie from the lower to the upper bound, both included; none: no bound."""
    low, high = bounds
    return (values >= low) & (values <= (np.inf if high is None else high))


def share_numbers(ds: xr.Dataset) -> pd.DataFrame:
    """Shares of relapses with their intervals.

    Returns
    -------
    DataFrame
        Columns arm, counted (a variable), residual (a group, or "all"), ancestors, share, low,
        high, n (relapses in the group).
    """
    residual = ds["residual_stem_cells"].values
    rows = []
    for counted in COUNTS:
        for arm in ds["arm"].values:
            number = ds[counted].sel(arm=arm).values
            relapsed = ~np.isnan(number)
            # none has so large a share: then there are more than a hundred
            number = np.where(number == 0.0, np.inf, number)
            for group, bounds in (*GROUPS.items(), ("all", (0, None))):
                here = number[relapsed & within(residual, bounds)]
                for name, of_class in CLASSES.items():
                    result = proportion(within(here, of_class).astype(float))
                    rows.append(
                        (
                            str(arm),
                            counted,
                            group,
                            name,
                            result.value,
                            result.low,
                            result.high,
                            result.n,
                        )
                    )
    return pd.DataFrame(
        rows,
        columns=["arm", "counted", "residual", "ancestors", "share", "low", "high", "n"],
    )


def draw_shares(table: pd.DataFrame, ax: Axes) -> Axes:
    """Dots with intervals, group by group.

    table : rows of one arm and one way of counting of :func:`share_numbers`
    """
    groups = [*GROUPS, "all"]
    if not (table["n"] > 0).any():
        say_nothing_to_see(ax, "no relapse")
    for i, (name, color) in enumerate(COLORS.items()):
        one = table[(table["ancestors"] == name) & (table["n"] > 0)]
        at = np.array([groups.index(group) for group in one["residual"]]) + 0.24 * (i - 1)
        ax.vlines(at, one["low"], one["high"], color=color, linewidth=0.9)
        ax.plot(at, one["share"], "o", color=color, markersize=2.6, mew=0)
    ax.axvline(len(groups) - 1.5, color=GREY, linewidth=0.5, linestyle=":")
    ax.set(xlim=(-0.6, len(groups) - 0.4), ylim=(-0.03, 1.03), yticks=(0.0, 0.5, 1.0))
    ax.set_xticks(range(len(groups)), groups, size=5.0)
    return ax


def relapse_ancestors_figure(ds: xr.Dataset, table: pd.DataFrame, width_mm: float = PAGE) -> Figure:
    """A column for each arm; counted in two ways.

    table : of :func:`share_numbers`
    """
    arms = [str(arm) for arm in ds["arm"].values]
    panels = Panels(len(arms), width_mm, left=17.0, narrowest=46.0)
    titles = title_lines(arms, panels.wide)
    key = key_height(COLORS, width_mm - 6.0) + 1.0
    above, below = title_height(titles), 9.0
    high = HIGH if width_mm >= PAGE else LOW
    one = above + len(COUNTS) * (high + GAP) + below
    note = note_height(NOTE, width_mm)
    figure = empty_figure(width_mm, key + panels.rows * one + note)
    color_key(figure, 3.0, 1.0, width_mm - 6.0, COLORS)
    for i, arm in enumerate(arms):
        for row, (counted, label) in enumerate(COUNTS.items()):
            top = key + panels.row(i) * one + above + row * (high + GAP)
            ax = add_axes(figure, panels.at(i), top, panels.wide, high)
            here = table[(table["arm"] == arm) & (table["counted"] == counted)]
            draw_shares(here, ax)
            ax.tick_params(labelleft=panels.is_first(i), labelbottom=row == len(COUNTS) - 1)
            if row == 0:
                ax.set_title(titles[arm], linespacing=1.1)
            if panels.is_first(i):
                ax.set_ylabel(f"{label}\n(share of relapses)")
        n = here.drop_duplicates("residual")["n"].to_list()
        for position, relapses in enumerate(n):
            ax.annotate(
                f"{relapses:,}", (position, 0.0), (0.0, -15.0), ax.get_xaxis_transform(),
                textcoords="offset points", ha="center", va="center", size=5.0,
                annotation_clip=False,
            )  # fmt: skip
        ax.annotate(
            "n", (0.0, 0.0), (-3.0, -15.0), "axes fraction", textcoords="offset points",
            ha="right", va="center", size=5.0, color=GREY, annotation_clip=False,
        )  # fmt: skip
        ax.set_xlabel("Stem cells left by therapy (cells)", labelpad=9)
    add_note(figure, NOTE, key + panels.rows * one)
    return figure
