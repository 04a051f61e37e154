"""CXCR4 of single residual cells: patient by patient, and by subtype."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.standard import Tables
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    GROUP_COLORS,
    add_axes,
    add_heading,
    empty_figure,
    subtype_colors,
)
from leukosim.results.variables import CXCR4_GROUPS

LEFT, TOP, HIGH, LOW = 14.0, 9.0, 46.0, 34.0  # mm; the last of panels one under the other
PATIENT, SUBTYPE = "patient", "subtype, relative to the patient's median"  # parts
SEEDED = 1  # of the sideways scatter of points


def cells_of(ds: xr.Dataset) -> pd.DataFrame:
    """A row a recovered cell: columns patient, group, subtype, cxcr4."""
    values = ds["residual_cell_cxcr4"].transpose("patient", "residual_cell").values
    called = ds["residual_cell_subtype"].transpose("patient", "residual_cell").values
    who, _ = result = np.nonzero(~np.isnan(values))
    subtypes = ds["subtype"].values.astype(str)
    columns = {
        "patient": ds["patient"].values[who],
        "group": np.array(CXCR4_GROUPS)[ds["cxcr4_group"].values.astype(int)[who]],
        "subtype": subtypes[called[result].astype(int)],
        "cxcr4": values[result],
    }
    return pd.DataFrame(columns)


def quantiles(cells: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Number of cells and 5, 25, 50, 75 and 95 % quantiles of CXCR4 in each class of cells."""
    grouped = cells.groupby(by, sort=False)["cxcr4"]
    table = grouped.quantile([0.05, 0.25, 0.5, 0.75, 0.95]).unstack()
    table.columns = ["q05", "q25", "median", "q75", "q95"]
    return table.assign(cells=grouped.size()).reset_index()


def threshold_of(ds: xr.Dataset) -> float:
    """CXCR4 from which a patient is CXCR4-high: between the medians of the two groups."""
    group, middle = ds["cxcr4_group"].values, ds["measured_cxcr4"].values
    low, high = (middle[group == CXCR4_GROUPS.index(name)] for name in ("low", "high"))
    if not len(low) or not len(high):
        return np.nan
    return float(np.sqrt(np.max(low) * np.min(high)))


def cxcr4_numbers(ds: xr.Dataset) -> Tables:
    """Quantiles of cells by patient, in the order of their medians, and by subtype."""
    cells = cells_of(ds)
    return {
        PATIENT: quantiles(cells, ["patient", "group"]).sort_values("median"),
        SUBTYPE: quantiles(relative(cells), ["subtype"]),
    }


def draw_patients(table: pd.DataFrame, ax: Axes, threshold: float) -> Axes:
    """Patients with recovered cells in the order of their median: median, quartiles, 5 to 95 %.

    table : a part of :func:`cxcr4_numbers`
    """
    x = np.arange(len(table))
    colors = table["group"].map(GROUP_COLORS)
    ax.vlines(x, table["q05"], table["q95"], color=colors, linewidth=0.5)
    ax.vlines(x, table["q25"], table["q75"], color=colors, linewidth=1.6)
    ax.plot(x, table["median"], "o", color=BLACK, markersize=1.4, mew=0)
    ax.axhline(threshold, color=GREY, linewidth=0.6, linestyle="--")
    ax.set(yscale="log", xticks=[], xlim=(-1.0, max(len(table), 1)))
    return label_powers(ax)


def label_powers(ax: Axes) -> Axes:
    """Plain numbers along a logarithmic axis."""
    low, high = ax.get_ylim()
    ticks = [n * 10.0**power for power in range(-3, 5) for n in (1, 3)]
    shown = [tick for tick in ticks if low <= tick <= high]
    ax.set_yticks(shown, [f"{tick:g}" for tick in shown])
    ax.minorticks_off()
    return ax


def draw_subtypes(cells: pd.DataFrame, table: pd.DataFrame, ax: Axes, names: list[str]) -> Axes:
    """The same cells by the subtype that they were called, relative to their patient's median.

    cells : of :func:`relative`
    table : a part of :func:`cxcr4_numbers`
    """
    colors = subtype_colors(names)
    table = table.set_index("subtype").reindex(names)
    rng = np.random.default_rng(SEEDED)
    for x, name in enumerate(names):
        own = cells[cells["subtype"] == name]["cxcr4"].to_numpy()
        shown = own[rng.permutation(len(own))[:250]]
        ax.plot(
            x + rng.uniform(-0.25, 0.25, len(shown)), shown, ".", color=colors[name],
            markersize=1.2, alpha=0.5, mew=0,
        )  # fmt: skip
        row = table.loc[name]
        ax.plot([x - 0.3, x + 0.3], [row["median"]] * 2, color=BLACK, linewidth=1.2)
    ax.axhline(1.0, color=GREY, linewidth=0.6, linestyle="--")
    ax.set(yscale="log", xticks=range(len(names)), xlim=(-0.6, len(names) - 0.4))
    ax.set_xticklabels(names)
    return label_powers(ax)


def relative(cells: pd.DataFrame) -> pd.DataFrame:
    """The same cells with CXCR4 relative to the median of their patient's."""
    middle = cells.groupby("patient")["cxcr4"].transform("median")
    return cells.assign(cxcr4=cells["cxcr4"] / middle)


def note_of(cells: pd.DataFrame, n: int) -> str:
    """How many cells of how many patients."""
    return (
        f"{len(cells):,} cells of {cells['patient'].nunique():,} patients before consolidation; "
        f"{n - cells['patient'].nunique():,} of {n:,} patients are scMRD-negative. "
        "Thick: quartiles, thin: 5 to 95 % of cells, point or line: median. "
        "Dashed: the assay's threshold of CXCR4-high (a), the patient's own median (b)."
    )


def single_cell_cxcr4_figure(ds: xr.Dataset, tables: Tables, width_mm: float = PAGE) -> Figure:
    """Patients at the left, subtypes at the right.

    tables : of :func:`cxcr4_numbers`
    """
    cells, names = cells_of(ds), [str(name) for name in ds["subtype"].values]
    note, on_page = note_of(cells, ds.sizes["patient"]), width_mm >= PAGE
    high = HIGH if on_page else LOW
    right = 0.26 * width_mm if on_page else width_mm - LEFT - 3.0
    wide = width_mm - LEFT - right - 20.0 if on_page else right
    second = (width_mm - right - 3.0, 0.0) if on_page else (LEFT, TOP + high + 6.0)
    end = second[1] + TOP + high + (13.0 if on_page else 8.0)
    figure = empty_figure(width_mm, end + note_height(note, width_mm))
    add_heading(figure, (0.0, 2.0), "CXCR4 of residual cells, patient by patient", "a")
    ax = add_axes(figure, LEFT, TOP, wide, high)
    draw_patients(tables[PATIENT], ax, threshold_of(ds))
    ax.set(ylabel="CXCR4 of a cell (MFI ratio)", xlabel="Patients, by their median")
    present = [name for name in ("low", "high") if name in set(cells["group"])]
    lines = [Line2D([], [], color=GROUP_COLORS[name], linewidth=1.6) for name in present]
    ax.legend(lines, [f"CXCR4-{name}" for name in present], loc="upper left")
    at = second[0] - 13.0 if on_page else 0.0
    add_heading(figure, (at, second[1] + 2.0), "By subtype as called", "b")
    by_subtype = add_axes(figure, second[0], second[1] + TOP, right, high)
    draw_subtypes(relative(cells), tables[SUBTYPE], by_subtype, names)
    by_subtype.set_ylabel("CXCR4 relative to the\npatient's median")
    if on_page:
        by_subtype.tick_params("x", rotation=20)
    add_note(figure, note, end - 1.0)
    return figure
