"""What the best candidates of a search gain: where they were chosen, and on new patients."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.arm_summaries import SUMMARIES, EvaluationTimes
from leukosim.analysis.endpoints import DAYS_PER_MONTH
from leukosim.analysis.measures import SHARE
from leukosim.analysis.optimisation.search import COHORTS
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.style import (
    BLUE,
    GREY,
    LETTER,
    add_axes,
    add_heading,
    empty_figure,
    wrapped,
)

LEFT, RIGHT, GAP, ROW, TOP, FOOT = 16.0, 4.0, 5.0, 9.0, 10.0, 9.0  # mm
APART = 0.2  # of a row: the two cohorts
STYLES: dict[str, dict[str, Any]] = {
    "search": dict(color=GREY, markerfacecolor="white"),
    "new": dict(color=BLUE),
}


def draw_differences(table: pd.DataFrame, ax: Axes, arms: list[str], scale: float = 1.0) -> Axes:
    """A row for each candidate: a dot with its 95 % interval for each cohort, zero marked.

    table : of :func:`leukosim.analysis.optimisation.search.confirmation_table`, of one quantity
    """
    ax.axvline(0.0, color=GREY, linewidth=0.6)
    for cohort, step in zip(COHORTS, (-APART, APART), strict=True):
        rows = table[table["cohort"] == cohort].set_index("arm")
        for y, arm in enumerate(arms):
            value, low, high = rows.loc[arm, ["value", "low", "high"]].astype(float) * scale
            style = STYLES[cohort]
            if np.isfinite(low):
                ax.plot([low, high], [y + step] * 2, color=style["color"], linewidth=0.8)
            ax.plot(value, y + step, "o", markersize=3.4, markeredgewidth=0.7, **style)
    ax.set(ylim=(len(arms) - 0.5, -0.5), yticks=[])
    ax.spines["left"].set_visible(False)
    ax.margins(x=0.1)
    if np.abs(ax.get_xlim()).max() < 0.5:
        ax.set_xlim(-0.5, 0.5)
    ax.locator_params(axis="x", nbins=4)
    return ax


def confirmation_figure(
    table: pd.DataFrame, goals: list[str], times: EvaluationTimes, width_mm: float = PAGE
) -> Figure:
    """A column for each quantity, the goals first, a row for each candidate."""
    arms, names = list(dict.fromkeys(table["arm"])), list(dict.fromkeys(table["quantity"]))
    n = {cohort: int(table.loc[table["cohort"] == cohort, "n"].iloc[0]) for cohort in COHORTS}
    note = note_of(n)
    high = ROW * len(arms)
    end = 5.0 + TOP + high + FOOT
    figure = empty_figure(width_mm, end + note_height(note, width_mm) + 0.5)
    wide = (width_mm - LEFT - RIGHT - GAP * (len(names) - 1)) / len(names)
    for i, name in enumerate(names):
        of_quantity = table[table["quantity"] == name]
        left = LEFT + i * (wide + GAP)
        title = wrapped(title_of(name, times), wide - 1.0, LETTER)
        add_heading(figure, (left - 3.0, 5.0), title, "abcdefgh"[i])
        ax = add_axes(figure, left, 5.0 + TOP, wide, high)
        is_share = SUMMARIES[name].unit == SHARE
        draw_differences(of_quantity, ax, arms, 100.0 if is_share else 1.0)
        unit = {SHARE: "% points", "1": "number"}.get(SUMMARIES[name].unit, "days")
        ax.set_xlabel(f"Difference ({unit})")
        if name in goals:
            ax.set_facecolor("#FFF8E8")
        if i == 0:
            ax.set_yticks(range(len(arms)), arms)
            ax.tick_params(axis="y", length=0)
    handles = [
        figure.axes[0].plot([], [], "-o", label=f"{n[cohort]:,} {words}", **STYLES[cohort])[0]
        for cohort, words in COHORTS.items()
    ]
    figure.legend(
        handles=handles, loc="upper left", ncols=2, borderaxespad=0.0, borderpad=0.0,
        bbox_to_anchor=(LEFT / width_mm, 1.0 - 1.0 / (end + note_height(note, width_mm) + 0.5)),
    )  # fmt: skip
    add_note(figure, note, end)
    return figure


def title_of(name: str, times: EvaluationTimes) -> str:
    """A quantity and its day."""
    label = SUMMARIES[name].label
    label = label[0].upper() + label[1:]
    if SUMMARIES[name].unit == SHARE:
        return f"{label}, {times.day / DAYS_PER_MONTH:.0f} months"
    return label


def note_of(n: dict[str, int]) -> str:
    """What the figure rests on, in words."""
    return (
        "Differences from the default over the same patients. Bars: 95 % intervals of resampled "
        f"patients. Candidates were chosen for the {n['search']:,} patients of the search, so what "
        f"they gain there (open) is in part chance; the {n['new']:,} new ones (filled) had no part "
        "in the choice. The model's parameters are taken as certain. Shaded: what was searched for."
    )
