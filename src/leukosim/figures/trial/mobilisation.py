"""Mobilisation after one dose of a CXCR4 inhibitor: healthy and leukaemic cells in blood."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.calibration import LASTING, calibration_targets
from leukosim.figures.elements.formats import COLUMN
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.style import BLACK, GREY, GROUP_COLORS, add_axes, empty_figure
from leukosim.results.variables import CXCR4_GROUPS

LEFT, RIGHT, TOP, HIGH = 13.0, 3.0, 4.0, 45.0  # mm
GROUPS = ("high", "low")
PERCENTILES = (10.0, 50.0, 90.0)
TARGET = "T20"
NOTE = (
    "In a marrow that nothing else disturbs, relative to before. Leukaemic cells: the median "
    "patient of each group by single-cell CXCR4, band: 10th to 90th percentile of patients, by "
    "their own CXCR4. Grey: published highest rise of CD34-positive cells (with G-CSF) "
    "and its interval. Dotted: twofold."
)


def spread(ds: xr.Dataset, group: str) -> np.ndarray:
    """PERCENTILES over a group's patients, float64[percentile, mobilisation]; nan of none."""
    of_group = ds["cxcr4_group"].values == CXCR4_GROUPS.index(group)
    fold = ds["leukaemic_fold"].values[of_group]
    if not len(fold):
        return np.full((len(PERCENTILES), ds.sizes["mobilisation"]), np.nan)
    return np.percentile(fold, PERCENTILES, axis=0)


def mobilisation_numbers(ds: xr.Dataset) -> pd.DataFrame:
    """Cells in blood relative to before: columns day, cd34_fold, leukaemic_fold_high_p10, ..."""
    columns = {"day": ds["mobilisation"].values, "cd34_fold": ds["cd34_fold"].values}
    for group in GROUPS:
        for percentile, values in zip(PERCENTILES, spread(ds, group), strict=True):
            columns[f"leukaemic_fold_{group}_p{percentile:g}"] = values
    return pd.DataFrame(columns)


def mobilisation_figure(ds: xr.Dataset, table: pd.DataFrame, width_mm: float = COLUMN) -> Figure:
    """One panel over days since the dose.

    table : of :func:`mobilisation_numbers`
    """
    bottom = TOP + HIGH + 10.0
    figure = empty_figure(width_mm, bottom + note_height(NOTE, width_mm) + 1.0)
    draw_mobilisation(table, add_axes(figure, LEFT, TOP, width_mm - LEFT - RIGHT, HIGH))
    add_note(figure, NOTE, bottom)
    return figure


def draw_fold_changes(ds: xr.Dataset, ax: Axes) -> Axes:
    """Healthy and leukaemic cells in blood over days since the dose."""
    return draw_mobilisation(mobilisation_numbers(ds), ax)


def draw_mobilisation(table: pd.DataFrame, ax: Axes) -> Axes:
    """Healthy and leukaemic cells in blood over days since the dose.

    table : of :func:`mobilisation_numbers`
    """
    day = table["day"].to_numpy()
    ax.plot(day, table["cd34_fold"], color=BLACK, label="healthy CD34-positive")
    for group in GROUPS:
        low, middle, high = (table[f"leukaemic_fold_{group}_p{each:g}"] for each in PERCENTILES)
        if np.isnan(middle).all():
            continue
        color = GROUP_COLORS[group]
        ax.fill_between(day, low, high, color=color, alpha=0.25, linewidth=0.0)
        ax.plot(day, middle, color=color, label=f"leukaemic, CXCR4-{group}")
    published = calibration_targets().set_index("id").loc[TARGET]
    ax.errorbar(
        -0.6, published["value"],
        [[published["value"] - published["low"]], [published["high"] - published["value"]]],
        fmt="o", color=GREY, markersize=3.0, linewidth=0.9, capsize=2.0,
    )  # fmt: skip
    ax.axhline(LASTING, color=GREY, linewidth=0.6, linestyle=":")
    ax.set(xlim=(-1.2, day[-1]), xlabel="Time since the dose (days)", yscale="log")
    ax.set_xticks(range(0, int(day[-1]) + 1, 5))
    ax.set_ylim(0.8, None)
    ticks = [t for t in (1, 2, 5, 10, 20, 50, 100) if t <= ax.get_ylim()[1]]
    ax.set_yticks(ticks, [str(t) for t in ticks])
    ax.minorticks_off()
    ax.set_ylabel("Cells in blood (fold)")
    ax.legend(loc="upper right")
    return ax
