"""Neutrophils and platelets under each arm, and the days patients spend with dangerously few."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.bootstrap import mean
from leukosim.analysis.endpoints import DAYS_PER_MONTH
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import (
    Panels,
    add_note,
    color_key,
    key_height,
    note_height,
    title_height,
    title_lines,
)
from leukosim.figures.elements.standard import Tables
from leukosim.figures.elements.style import (
    BLACK,
    LINE,
    VERMILLION,
    YELLOW,
    add_axes,
    add_heading,
    arm_colors,
    empty_figure,
    in_words,
    month_ticks,
)

GAP = 3.0  # mm
HEIGHTS = {True: (24.0, 30.0), False: (18.0, 24.0)}  # mm, of counts and of days, on a page or not
# below which counts it is grade 3 and 4, and the range shown: G/L
CELLS = {
    "neutrophils": (1.0, 0.5, (0.1, 10.0)),
    "platelets": (50.0, 25.0, (5.0, 500.0)),
}
PENIAS = {"neutrophils": "neutropenia", "platelets": "thrombocytopenia"}
GRADES = ("grade4", "grade3")  # as days of results name them; the second includes the first
WINDOW = 28.0  # days, of a cycle
REFERENCE = "venetoclax_azacitidine"  # drawn into every panel, to see what others add


def note_of(reference: str | None) -> str:
    """The small print."""
    line = f"; thin black: median of {in_words(reference)}" if reference else ""
    return (
        f"Counts: the lowest recorded in every {WINDOW:.0f} days, median and interquartile range "
        f"of patients followed{line}. Shaded: CTCAE grade 3 (yellow) and 4 (red). Days: each dot "
        "is a patient, in order; diamonds are means with 95 % intervals from resampling patients. "
        "Counts and days end at death or with follow-up, so arms in which patients live longer "
        "collect more days."
    )


def reference_of(ds: xr.Dataset) -> str | None:
    """The arm that others are compared with, where there are others."""
    arms = [str(arm) for arm in ds["arm"].values]
    return REFERENCE if REFERENCE in arms and len(arms) > 1 else None


def lowest_by_window(counts: xr.DataArray) -> xr.DataArray:
    """The lowest recorded count of every WINDOW days: (arm, patient, time), at their middle.

    Counts swing with the cycles of treatment; their lowest points are what matters. The rest of the
    time that does not fill a window belongs to the last one.
    """
    days = counts["time"].values
    whole = max(int(days[-1] // WINDOW), 1)
    window = np.minimum(days // WINDOW, whole - 1.0)
    middles = xr.DataArray((window + 0.5) * WINDOW, dims="time", name="middle")
    # inf stands for what is not known: the least of nothing has no value
    lowest = counts.fillna(np.inf).groupby(middles).min().rename(middle="time")
    return lowest.where(lowest < np.inf)


def course_numbers(ds: xr.Dataset) -> pd.DataFrame:
    """Lowest counts: columns cells, arm, day, median, low, high (quartiles, G/L), n."""
    rows = []
    for cells in CELLS:
        for arm in lowest_by_window(ds[cells]).transpose("arm", "time", "patient"):
            for each in arm[arm.notnull().any("patient").values]:
                values = each.values[~np.isnan(each.values)]
                low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
                at = cells, str(arm["arm"].values), float(each["time"])
                rows.append((*at, middle, low, high, len(values)))
    return pd.DataFrame(rows, columns=["cells", "arm", "day", "median", "low", "high", "n"])


def days_numbers(ds: xr.Dataset) -> pd.DataFrame:
    """Days with few cells: columns cells, arm, grade, value (mean), low, high, n."""
    rows = []
    for cells, penia in PENIAS.items():
        for grade in GRADES:
            for arm in map(str, ds["arm"].values):
                result = mean(ds[f"days_{grade}_{penia}"].sel(arm=arm))
                at = cells, arm, grade_in_words(grade)
                rows.append((*at, result.value, result.low, result.high, result.n))
    return pd.DataFrame(rows, columns=["cells", "arm", "grade", "value", "low", "high", "n"])


def draw_course(table: pd.DataFrame, ax: Axes, color: str, cells: str) -> Axes:
    """Median and interquartile range over time, on bands of grades 3 and 4.

    table : rows of one arm and kind of cells of :func:`course_numbers`
    """
    third, fourth, ends = CELLS[cells]
    ax.axhspan(fourth, third, color=YELLOW, alpha=0.45, linewidth=0)
    ax.axhspan(ends[0], fourth, color=VERMILLION, alpha=0.3, linewidth=0)
    months = table["day"] / DAYS_PER_MONTH
    low, middle, high = (np.clip(table[name], *ends) for name in ("low", "median", "high"))
    ax.fill_between(months, low, high, color=color, alpha=0.3, linewidth=0)
    ax.plot(months, middle, color=color)
    ax.set(yscale="log", ylim=ends)
    ticks = sorted({*ends, third, fourth, third * 5.0})
    ax.set_yticks(ticks, [f"{each:g}" for each in ticks])
    ax.minorticks_off()
    return ax


def draw_days(ds: xr.Dataset, table: pd.DataFrame, ax: Axes, variable: str) -> Axes:
    """A dot for each patient, sorted, and the mean of each arm.

    table : rows of one kind of cells and grade of :func:`days_numbers`
    """
    arms, colors = list(table["arm"]), arm_colors(ds["arm"].values)
    for i, each in enumerate(table.itertuples()):
        days = np.sort(ds[variable].sel(arm=each.arm).values)
        days = days[~np.isnan(days)]
        at = i + 0.7 * (np.arange(len(days)) + 0.5) / max(len(days), 1) - 0.35
        ax.plot(at, days, "o", color=colors[each.arm], markersize=1.6, mew=0, alpha=0.55)
        if np.isfinite(each.low):
            ax.vlines(i, each.low, each.high, color=colors[each.arm], linewidth=1.4)
        ax.plot(
            i, each.value, "D", color=colors[each.arm], mfc="white", markersize=3.2, mew=0.8,
            zorder=4,
        )  # fmt: skip
    ax.set_yscale("symlog", linthresh=1.0, linscale=0.5)
    ax.set(xlim=(-0.6, len(arms) - 0.4), ylim=(-0.3, 1000.0))
    ax.set_yticks([0.0, 1.0, 10.0, 100.0, 1000.0], ["0", "1", "10", "100", "1000"])
    ax.minorticks_off()
    ax.set_xticks([])
    return ax


def blood_counts_numbers(ds: xr.Dataset) -> Tables:
    """Lowest counts, mean days of grade 3 or 4, and the days of each patient."""
    days = []
    for cells, penia in PENIAS.items():
        for grade in GRADES:
            each = ds[f"days_{grade}_{penia}"].to_dataframe("value")["value"].reset_index()
            days.append(each.assign(cells=cells, grade=grade_in_words(grade)))
    return {
        "course": course_numbers(ds),
        "mean days": days_numbers(ds),
        "days": pd.concat(days, ignore_index=True),
    }


def grade_in_words(grade: str) -> str:
    """Which grades are counted: the variables of grade 3 count both."""
    return "4" if grade == "grade4" else "3 or 4"


def blood_counts_figure(ds: xr.Dataset, tables: Tables, width_mm: float = PAGE) -> Figure:
    """Counts over time, an arm a column; below, days of grade 3 or 4 by arm.

    tables : of :func:`blood_counts_numbers`
    """
    arms, colors = [str(arm) for arm in ds["arm"].values], arm_colors(ds["arm"].values)
    reference, courses, days = reference_of(ds), tables["course"], tables["mean days"]
    on_page = width_mm >= PAGE
    high, days_high = HEIGHTS[on_page]
    panels = Panels(len(arms), width_mm, narrowest=28.0 if on_page else 20.0)
    titles = title_lines(arms, panels.wide)
    above = title_height(titles)
    one = above + len(CELLS) * (high + GAP) + 8.0
    per_row = 4 if on_page else 2
    rows = len(CELLS) * len(GRADES) // per_row
    heading = 2 * LINE + 2.0
    block = heading + days_high + 3.0
    key, note = key_height(colors, width_mm - 6.0) + 2.0, note_of(reference)
    top_days = panels.rows * one
    figure = empty_figure(width_mm, top_days + rows * block + key + note_height(note, width_mm))
    last = max(float(ds["time"].max()), 1.0)
    for i, arm in enumerate(arms):
        top = panels.row(i) * one + above
        for cells in CELLS:
            ax = add_axes(figure, panels.at(i), top, panels.wide, high)
            of_cells = courses[courses["cells"] == cells]
            draw_course(of_cells[of_cells["arm"] == arm], ax, colors[arm], cells)
            if reference and arm != reference:
                other = of_cells[of_cells["arm"] == reference]
                ax.plot(other["day"] / DAYS_PER_MONTH, other["median"], color=BLACK, linewidth=0.6)
            ticks = month_ticks(last, at_most=6)
            ax.set(xlim=(0.0, last / DAYS_PER_MONTH), xticks=ticks)
            ax.tick_params(labelleft=panels.is_first(i), labelbottom=cells == list(CELLS)[-1])
            if panels.is_first(i):
                ax.set_ylabel(f"Lowest {cells}\n(G/L)")
            if cells == next(iter(CELLS)):
                n = int(ds["follow_up_day"].sel(arm=arm).notnull().sum())
                ax.set_title(titles[arm], linespacing=1.1)
                ax.text(
                    0.97, 0.96, f"n = {n}", transform=ax.transAxes, size=5.0, ha="right", va="top"
                )
            top += high + GAP
        ax.set_xlabel("Time from enrolment (months)" if panels.wide > 33.0 else "Months")
    kinds = [(cells, grade) for cells in CELLS for grade in GRADES]
    room = width_mm / per_row
    for i, (cells, grade) in enumerate(kinds):
        left, top = (i % per_row) * room, top_days + (i // per_row) * block
        grades = grade_in_words(grade)
        add_heading(figure, (left, top), f"Grade {grades}\n{PENIAS[cells]}", "abcd"[i])
        ax = add_axes(figure, left + 10.0, top + heading, room - 12.0, days_high)
        table = days[(days["cells"] == cells) & (days["grade"] == grades)]
        draw_days(ds, table, ax, f"days_{grade}_{PENIAS[cells]}")
        if i % per_row == 0:
            ax.set_ylabel("Days per patient")
    color_key(figure, 3.0, top_days + rows * block, width_mm - 6.0, colors)
    add_note(figure, note, top_days + rows * block + key)
    return figure
