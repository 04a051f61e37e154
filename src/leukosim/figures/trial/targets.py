"""Published values and those of the model, side by side."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.calibration import target_table
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.style import (
    BLUE,
    GREY,
    SMALL_LETTER,
    VERMILLION,
    add_axes,
    empty_figure,
    wrapped,
)

ROW, OFFSET = 6.0, 0.17  # mm of a target; rows between the published value and the model's
FEW = 5  # patients
UNITS = {
    "probability": "Share of patients", "day": "Days", "fold": "Fold", "ratio": "Hazard ratio",
}  # fmt: skip


def draw_targets(table: pd.DataFrame, ax: Axes) -> Axes:
    """One row for each target: published above, model below, each with its 95 % interval and n.

    An interval without an upper end goes on beyond the frame, by an arrow.

    A target that the trial assumed, instead of observing it, is grey; a model's value that rests on
    fewer than FEW patients is hollow.

    table : rows of :func:`leukosim.analysis.calibration.target_table`, of one unit
    """
    assumed = table["source"].str.contains("null hypothesis").to_numpy(bool)
    few = table["model_n"].to_numpy(float) < FEW
    open_rows: list[tuple[float, float, str]] = []  # row, where the interval begins, color
    for source, rows_of, offset, marker, color, face, label in (
        ("target", ~assumed, -OFFSET, "D", VERMILLION, "white", "published"),
        ("target", assumed, -OFFSET, "D", GREY, "white", "trial's assumption"),
        ("model", ~few, OFFSET, "o", BLUE, BLUE, "model"),
        ("model", few, OFFSET, "o", BLUE, "white", f"model, n < {FEW}"),
    ):
        value = table[source].to_numpy(float)
        drawn = rows_of & ~np.isnan(value)
        if not drawn.any():
            continue
        low, high = (table[f"{source}_{end}"].to_numpy(float) for end in ("low", "high"))
        rows = np.arange(len(table)) + offset
        known = drawn & ~np.isnan(low) & ~np.isnan(high)
        ax.hlines(rows[known], low[known], high[known], color=color, linewidth=0.8)
        open_rows += [
            (row, start, color)
            for row, start in zip(rows, low, strict=True)
            if source == "target" and np.isfinite(start) and np.isnan(high[round(row - offset)])
        ]
        ax.plot(
            value[drawn], rows[drawn], marker, color=color, markersize=3, mew=0.6, linestyle="",
            mfc=face, label=label,
        )  # fmt: skip
    # Right of the frame: how many patients each pair of dots rests on.
    across = ax.get_yaxis_transform()
    for row, each in enumerate(table.itertuples()):
        published = "–" if np.isnan(each.target_n) else f"{each.target_n:.0f}"
        model = "–" if np.isnan(each.model_n) else f"{each.model_n:.0f}"
        model = "no data" if np.isnan(each.model) else model
        note = f"{published} / {model}"
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
    end = ax.get_xlim()[1]
    for at, start, color in open_rows:
        ax.hlines(at, start, end, color=color, linewidth=0.8)
        ax.plot(end, at, ">", color=color, markersize=3, mew=0.0, clip_on=False)
    ax.set_xlim(right=end)
    return ax


def draw_shares(ds: xr.Dataset, ax: Axes) -> Axes:
    """The published shares of patients beside the model's."""
    table = target_table(ds)
    return draw_targets(table[table["unit"] == "probability"], ax)


def has_targets(ds: xr.Dataset) -> bool:
    """Whether the arms allow to compute what was published."""
    return bool(target_table(ds)["model"].notna().any())


def targets_of_trial(ds: xr.Dataset, table: pd.DataFrame, width_mm: float = PAGE) -> Figure:
    """The published values beside the model's, of :func:`targets_figure`."""
    return targets_figure(table, width_mm)


def targets_figure(table: pd.DataFrame, width_mm: float = PAGE) -> Figure:
    """A panel for each unit, one under the other, with aligned rows."""
    panels = [table[table["unit"] == unit] for unit in dict.fromkeys(table["unit"])]
    left = 37.0 if width_mm < PAGE else 60.0
    height = 6.0 + sum(ROW * len(panel) + 10.0 for panel in panels)
    figure, top = empty_figure(width_mm, height), 6.0
    axes = []
    for panel in panels:
        ax = add_axes(figure, left, top, width_mm - left - 15.0, ROW * len(panel))
        draw_targets(panel, ax)
        labels = [wrapped(label, left - 4.0, SMALL_LETTER) for label in panel["label"]]
        ax.set_yticks(range(len(panel)), labels, linespacing=1.0)
        top += ROW * len(panel) + 10.0
        axes.append(ax)
    if axes:
        keys = {
            label: handle
            for ax in axes
            for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)
        }
        axes[0].legend(
            keys.values(), keys.keys(), loc="lower right", bbox_to_anchor=(1.0, 1.0),
            ncols=len(keys), borderaxespad=0.2, handletextpad=0.1, columnspacing=1.0, fontsize=5.5,
        )  # fmt: skip
        note = {"size": 5, "color": GREY, "va": "bottom", "linespacing": 1.0}
        axes[0].text(1.02, 1.02, "n, published\n/ model", transform=axes[0].transAxes, **note)
    return figure
