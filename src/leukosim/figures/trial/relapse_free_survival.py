"""Relapse-free survival by arm, with numbers at risk and what the curves amount to."""

import textwrap
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.arms import REFERENCES
from leukosim.analysis.endpoints import DAYS_PER_MONTH, TWO_YEARS, relapse_free_survival
from leukosim.analysis.survival import (
    arms_with_patients,
    compare,
    kaplan_meier,
    median_survival,
    survival_at,
)
from leukosim.figures.elements.curves import at_risk, draw_at_risk, draw_curves, last_day
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.standard import Tables
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    add_axes,
    arm_colors,
    empty_figure,
    in_words,
    width_of,
)

ROW, HEADS = 3.6, 2.2  # mm, of a row of the tables; rows that their heads take


def draw_relapse_free_survival(ds: xr.Dataset, ax: Axes) -> Axes:
    """Kaplan-Meier curves by arm, with 95 % bands and ticks where patients were censored.

    ds : Dataset with ``relapse_day``, ``death_day``, ``follow_up_day`` (arm, patient)
    """
    return draw_kaplan_meier(ds, kaplan_meier(relapse_free_survival(ds)), ax)


def draw_kaplan_meier(ds: xr.Dataset, curves: pd.DataFrame, ax: Axes) -> Axes:
    """The curves of :func:`draw_relapse_free_survival`, where they are known."""
    draw_curves(curves, ax, arm_colors(ds["arm"].values), last_day(ds))
    ax.set(xlabel="Time from enrolment (months)", ylabel="Relapse-free survival")
    return ax


def letters_of_names(width_mm: float) -> int:
    """Letters of a line of an arm's name, in a figure so wide."""
    return 14 if width_mm < PAGE else 22


def arm_label(arm: str, width_mm: float) -> dict[str, Any]:
    """The name of an arm for a table; a long one in lines, and small."""
    lines = textwrap.wrap(in_words(arm), letters_of_names(width_mm))
    small = {"size": 5.0, "linespacing": 0.95} if len(lines) > 1 else {}
    return {"text": "\n".join(lines), **small}


def row_height(arms: list[str], width_mm: float) -> float:
    """mm of a row of the tables, so that the longest name fits."""
    lines = max((arm_label(arm, width_mm)["text"].count("\n") + 1 for arm in arms), default=1)
    return max(ROW, 2.1 * lines + 0.6)


def draw_numbers_at_risk(counts: pd.DataFrame, ax: Axes) -> Axes:
    """Numbers at risk under the ticks of the curves, beside the names of the arms.

    counts : of :func:`leukosim.figures.elements.curves.at_risk`
    """
    arms = list(counts["arm"].unique())
    draw_at_risk(counts, ax, dict.fromkeys(arms, BLACK), 6.0)
    row = row_height(arms, width_of(ax))
    head = ROW / row  # of a row, for the word above
    ax.set_ylim(len(arms) - 0.5, -0.5 - head)
    beside: dict[str, Any] = {"ha": "right", "va": "center", "textcoords": "offset points"}
    rows = {-0.5 - head / 2.0: {"text": "At risk"}}
    rows |= {float(y): arm_label(arm, width_of(ax)) for y, arm in enumerate(arms)}
    for y, label in rows.items():
        ax.annotate(xy=(0.0, y), xytext=(-10.0, 0.0), annotation_clip=False, **label, **beside)
    return ax


def summary_numbers(ds: xr.Dataset, day: float = TWO_YEARS) -> pd.DataFrame:
    """What the curves amount to: a row for each arm, with the comparison against the reference.

    The reference is the usual control, such as "at_relapse" or "placebo", else the last arm.
    """
    times = relapse_free_survival(ds)
    arms = arms_with_patients(times)
    if not arms:
        return pd.DataFrame()
    day = min(day, last_day(ds))
    reference = next((name for name in REFERENCES if name in arms), arms[-1])
    table = survival_at(times, day).merge(
        median_survival(times), on="arm", suffixes=("", "_median")
    )
    others = [compare(times, arm, reference) for arm in arms if arm != reference]
    columns = ["arm", "against", "hazard_ratio", "low", "high", "logrank", "p_logrank"]
    comparisons = pd.DataFrame([vars(each) for each in others], columns=columns)
    return table.merge(comparisons, on="arm", how="left", suffixes=("", "_hazard_ratio"))


def draw_summary(table: pd.DataFrame, ax: Axes, colors: dict[str, str]) -> Axes:
    """The key to the curves and what they amount to, as a table.

    Survival at the day and median; against the reference arm the hazard ratio, with errors
    clustered by patient. The log-rank test is left to the exported numbers: it does not know that
    the arms share their patients, so it can miss what the hazard ratio's interval shows.

    table : of :func:`summary_numbers`
    """
    size = 5.0 if width_of(ax) < PAGE else 6.0
    ax.set_axis_off()
    if table.empty:
        return ax
    head = ROW / row_height(list(table["arm"]), width_of(ax))  # of a row, for a line of heads
    ax.set(xlim=(0, 1), ylim=(len(table) - 0.5, -0.5 - HEADS * head))
    starts = (0.0, 0.23, 0.45, 0.67)
    months = table["day"].iloc[0] / DAYS_PER_MONTH
    arms = table["against"].dropna()
    against = (
        f"\nvs {textwrap.shorten(in_words(arms.iloc[0]), 26, placeholder='…')}" if len(arms) else ""
    )
    heads = (
        "",
        f"{months:.0f}-month RFS",
        "Median (months)",
        f"Hazard ratio (paired errors){against}",
    )
    for x, words in zip(starts, heads, strict=True):
        ax.text(x, -0.5 - 0.2 * head, words, va="bottom", color=GREY, size=size, linespacing=1.1)
    for y, row in enumerate(table.itertuples()):
        ax.plot([0.0, 0.03], [y, y], color=colors[row.arm], clip_on=False)
        label = {"size": size, **arm_label(row.arm, width_of(ax))}
        ax.text(0.04, y, label.pop("text"), va="center", color=BLACK, **label)
        cells = (
            with_interval(row.survival, row.low, row.high),
            months_with_interval(row.median, row.low_median, row.high_median),
            "reference"
            if pd.isna(row.against) and len(table) > 1
            else with_interval(row.hazard_ratio, row.low_hazard_ratio, row.high_hazard_ratio),
        )
        for x, cell in zip(starts[1:], cells, strict=True):
            ax.text(x, y, cell, va="center", color=BLACK, size=size)
    return ax


def with_interval(value: float, low: float, high: float) -> str:
    """A number with its interval, such as "0.62 (0.55–0.69)"."""
    if np.isnan(value):
        return "–"
    # a half is rounded as everywhere else, not by the last bit of a product of shares
    value, low, high = (round(each, 9) for each in (value, low, high))
    return f"{value:.2f}" if np.isnan(low) else f"{value:.2f} ({low:.2f}–{high:.2f})"


def months_with_interval(value: float, low: float, high: float) -> str:
    """A median of days in months; "not reached" where it is infinite."""
    if not np.isfinite(value):
        return "not reached"
    ends = [f"{x / DAYS_PER_MONTH:.1f}" if np.isfinite(x) else "n.r." for x in (low, high)]
    shown = f"{value / DAYS_PER_MONTH:.1f}"
    return shown if np.isnan(low) else f"{shown} ({ends[0]}–{ends[1]})"


def survival_numbers(ds: xr.Dataset) -> Tables:
    """Curves by arm, numbers at risk, and the summary at two years."""
    times = relapse_free_survival(ds)
    return {
        "curve": kaplan_meier(times),
        "at risk": at_risk(times, last_day(ds)),
        "summary": summary_numbers(ds).rename(columns={"p_logrank": "p_logrank_unpaired"}),
    }


def relapse_free_survival_figure(ds: xr.Dataset, tables: Tables, width_mm: float = PAGE) -> Figure:
    """Summary, curves and numbers at risk, one under the other.

    tables : of :func:`survival_numbers`
    """
    arms = arms_with_patients(relapse_free_survival(ds))
    row = row_height(arms, width_mm)
    rows = max(len(arms), 1) * row
    table, summary = rows + ROW, rows + HEADS * ROW
    left, curve = (20.0, 45.0) if width_mm < PAGE else (29.0, 70.0)
    inside = width_mm - left - 6.0
    foot, note = summary + curve + table + 14.0, note_of(ds)
    figure = empty_figure(width_mm, foot + note_height(note, width_mm) + 1.0)
    key = add_axes(figure, 3.0, 1.5, min(width_mm - 4.0, 120.0), summary)
    draw_summary(tables["summary"], key, arm_colors(ds["arm"].values))
    curves = add_axes(figure, left, summary + 4.5, inside, curve)
    draw_kaplan_meier(ds, tables["curve"], curves)
    counts = add_axes(figure, left, summary + curve + 13.0, inside, table)
    counts.set_xlim(curves.get_xlim())
    draw_numbers_at_risk(tables["at risk"], counts)
    add_note(figure, note, foot)
    return figure


def note_of(ds: xr.Dataset) -> str:
    """Of whom the figure is, and how to read it."""
    n = int(ds["follow_up_day"].notnull().any("arm").sum())
    shared = ", the same in every arm" if ds.sizes["arm"] > 1 else ""
    return (
        f"Kaplan-Meier, {n:,} patients{shared}; bands and brackets: 95 % (log-log). Ticks: "
        "censored before the end of the trial."
    )
