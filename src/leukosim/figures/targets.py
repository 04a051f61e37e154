"""Published values and those of the model, side by side."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.figures.style import BLUE, GREY, PAGE, VERMILLION, add_axes, empty_figure

ROW, OFFSET = 6.0, 0.17  # mm of a target; rows between the published value and the model's
UNITS = {"probability": "Share of patients", "day": "Days"}


def draw_targets(table: pd.DataFrame, ax: Axes) -> Axes:
    """One row for each target: published above, model below, each with its 95 % interval and n.

    table : rows of :func:`leukosim.endpoints.target_table`, of one unit
    """
    # Right of the frame: how many patients each dot rests on.
    across = ax.get_yaxis_transform()
    sources = (("target", -OFFSET, "D", VERMILLION), ("model", OFFSET, "o", BLUE))
    for source, offset, marker, color in sources:
        value = table[source].to_numpy(float)
        low, high = (table[f"{source}_{end}"].to_numpy(float) for end in ("low", "high"))
        rows = np.arange(len(table)) + offset
        known = ~np.isnan(low) & ~np.isnan(high)
        ax.hlines(rows[known], low[known], high[known], color=color, linewidth=0.8)
        ax.plot(
            value, rows, marker, color=color, markersize=3, mew=0.6, linestyle="",
            mfc="white" if source == "target" else color,
            label={"target": "published", "model": "model"}[source],
        )  # fmt: skip
        for row, n, each in zip(rows, table[f"{source}_n"], value, strict=True):
            note = "" if np.isnan(n) else f"{n:.0f}"
            note = "no data" if np.isnan(each) else note
            ax.text(1.02, row, note, size=5, color=GREY, va="center", transform=across)
    ax.set_yticks(range(len(table)), table["label"])
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(len(table) - 0.4, -0.6))
    unit = str(table["unit"].iloc[0]) if len(table) else ""
    ax.set_xlabel(UNITS.get(unit, unit))
    if unit == "probability":
        ax.set_xlim(0.0, 1.0)
    else:
        ax.set_xlim(left=0.0)
    return ax


def targets_figure(table: pd.DataFrame, width_mm: float = PAGE) -> Figure:
    """A panel for each unit, one under the other, with aligned rows."""
    panels = [table[table["unit"] == unit] for unit in dict.fromkeys(table["unit"])]
    left = 52.0 if width_mm < PAGE else 60.0
    height = 6.0 + sum(ROW * len(panel) + 10.0 for panel in panels)
    figure, top = empty_figure(width_mm, height), 6.0
    for i, panel in enumerate(panels):
        ax = add_axes(figure, left, top, width_mm - left - 10.0, ROW * len(panel))
        draw_targets(panel, ax)
        top += ROW * len(panel) + 10.0
        if i == 0:
            ax.legend(
                loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2,
                handletextpad=0.2,
            )  # fmt: skip
            ax.text(1.02, 1.02, "n", size=5, color=GREY, va="bottom", transform=ax.transAxes)
    return figure
