"""Relapse-free survival by arm, with numbers at risk and what the curves amount to."""

import textwrap
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.endpoints import DAYS_PER_MONTH, TWO_YEARS, horizon_days, relapse_free_survival
from leukosim.figures.style import (
    BLACK,
    GREY,
    PAGE,
    add_axes,
    arm_colors,
    empty_figure,
    in_words,
    month_ticks,
    width_of,
)
from leukosim.survival import (
    arms_with_patients,
    compare,
    kaplan_meier,
    median_survival,
    numbers_at_risk,
    survival_at,
)

ROW = 3.6  # mm, of the tables
REFERENCES = ("at_relapse", "placebo")


def draw_relapse_free_survival(ds: xr.Dataset, ax: Axes) -> Axes:
    """Kaplan-Meier curves by arm, with 95 % bands and ticks where patients were censored.

    ds : Dataset with ``relapse_day``, ``death_day``, ``follow_up_day`` (arm, patient)
    """
    last = last_day(ds)
    draw_curves(kaplan_meier(relapse_free_survival(ds)), ax, arm_colors(ds["arm"].values), last)
    ax.set(xlabel="Time from enrolment (months)", ylabel="Relapse-free survival")
    return ax


def draw_curves(
    curves: pd.DataFrame, ax: Axes, colors: dict[str, str], last: float, value: str = "survival"
) -> Axes:
    """Curves by arm with 95 % bands, and ticks where the table counts patients censored.

    curves : of :func:`leukosim.survival.kaplan_meier` or ``cumulative_incidence``
    last : day on which the axis ends
    value : the column to draw
    """
    alpha = 0.18 if len(colors) <= 3 else 0.1
    for arm, color in colors.items():
        curve = curves[curves["arm"] == arm]
        if curve.empty:
            continue
        months = curve["day"] / DAYS_PER_MONTH
        ax.fill_between(
            months, curve["low"], curve["high"], step="post", color=color, alpha=alpha, linewidth=0
        )
        ax.step(months, curve[value], where="post", color=color, label=in_words(arm))
        if "censored" in curve:
            # The end of the trial censors everyone left; a tick there would say nothing.
            lost = (curve["censored"] > 0) & (curve["day"] < last)
            ax.plot(months[lost], curve[value][lost], "|", color=color, markersize=3.5, mew=0.5)
    ax.set(xlim=(0.0, last / DAYS_PER_MONTH), ylim=(0.0, 1.02), xticks=month_ticks(last))
    return ax


def last_day(ds: xr.Dataset) -> float:
    """The end of the axis: that of the trial, even if nobody is left by then."""
    longest = np.nanmax([1.0, horizon_days(ds), ds["follow_up_day"].max()])
    return float(longest)


def arm_label(arm: str) -> dict[str, Any]:
    """The name of an arm for a table; a long one in two lines, and small."""
    lines = textwrap.wrap(in_words(arm), 14)
    small = {"size": 5.0, "linespacing": 0.95} if len(lines) > 1 else {}
    return {"text": "\n".join(lines), **small}


def at_risk(ds: xr.Dataset) -> pd.DataFrame:
    """Numbers at risk at the ticks of the axis: columns arm, day, at_risk, month.

    A tick half a day past the end of the trial, as 24 months of 730 days, means its last day.
    """
    last = last_day(ds)
    months = np.array(month_ticks(last))
    table = numbers_at_risk(relapse_free_survival(ds), np.minimum(months * DAYS_PER_MONTH, last))
    return table.assign(month=np.tile(months, len(table) // len(months)))


def draw_numbers_at_risk(ds: xr.Dataset, ax: Axes) -> Axes:
    """Numbers at risk, each centred under its tick of the curves, a row for each arm."""
    counts = at_risk(ds)
    arms = list(counts["arm"].unique())
    ax.set(ylim=(len(arms) - 0.5, -1.5))
    ax.set_axis_off()
    beside: dict[str, Any] = {"ha": "right", "va": "center", "textcoords": "offset points"}
    for row, label in enumerate([{"text": "At risk"}, *map(arm_label, arms)], -1):
        ax.annotate(xy=(0.0, row), xytext=(-10.0, 0.0), annotation_clip=False, **label, **beside)
    for each in counts.itertuples():
        row = arms.index(each.arm)
        ax.text(each.month, row, f"{each.at_risk:,}", ha="center", va="center")
    return ax


def summary_numbers(ds: xr.Dataset, day: float = TWO_YEARS) -> pd.DataFrame:
    """What the curves amount to: a row for each arm, with the comparison against the reference.

    The reference is the arm "at_relapse" or "placebo", else the last one.
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


def draw_summary(ds: xr.Dataset, ax: Axes, day: float = TWO_YEARS) -> Axes:
    """The key to the curves and what they amount to, as a table.

    Survival at the day and median; against the reference arm the hazard ratio, with errors
    clustered by patient. The log-rank test is left to the exported numbers: it does not know that
    the arms share their patients, so it can miss what the hazard ratio's interval shows.
    """
    table = summary_numbers(ds, day)
    size = 5.0 if width_of(ax) < PAGE else 6.0
    colors = arm_colors(ds["arm"].values)
    ax.set(xlim=(0, 1), ylim=(len(table) - 0.5, -2.7))
    ax.set_axis_off()
    if table.empty:
        return ax
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
    for x, head in zip(starts, heads, strict=True):
        ax.text(x, -0.7, head, va="bottom", color=GREY, size=size, linespacing=1.1)
    for y, row in enumerate(table.itertuples()):
        ax.plot([0.0, 0.03], [y, y], color=colors[row.arm], clip_on=False)
        label = {"size": size, **arm_label(row.arm)}
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
    return f"{value:.2f}" if np.isnan(low) else f"{value:.2f} ({low:.2f}–{high:.2f})"


def months_with_interval(value: float, low: float, high: float) -> str:
    """A median of days in months; "not reached" where it is infinite."""
    if not np.isfinite(value):
        return "not reached"
    ends = [f"{x / DAYS_PER_MONTH:.1f}" if np.isfinite(x) else "n.r." for x in (low, high)]
    shown = f"{value / DAYS_PER_MONTH:.1f}"
    return shown if np.isnan(low) else f"{shown} ({ends[0]}–{ends[1]})"


def relapse_free_survival_figure(
    ds: xr.Dataset, width_mm: float = PAGE, day: float = TWO_YEARS
) -> Figure:
    """Summary, curves and numbers at risk, one under the other."""
    n_arms = max(len(arms_with_patients(relapse_free_survival(ds))), 1)
    table = (n_arms + 1) * ROW
    summary = table + 1.2 * ROW  # with two lines of heads
    left, right, curve = 20.0, 6.0, 45.0 if width_mm < PAGE else 70.0
    inside = width_mm - left - right
    figure = empty_figure(width_mm, summary + curve + table + 16.0)
    draw_summary(ds, add_axes(figure, 3.0, 1.5, min(width_mm - 4.0, 120.0), summary), day)
    curves = draw_relapse_free_survival(ds, add_axes(figure, left, summary + 4.5, inside, curve))
    counts = add_axes(figure, left, summary + curve + 13.0, inside, table)
    counts.set_xlim(curves.get_xlim())
    draw_numbers_at_risk(ds, counts)
    return figure


def numbers_drawn(ds: xr.Dataset, day: float = TWO_YEARS) -> pd.DataFrame:
    """Every number of the figure: its part (curve, at risk, summary), the arm, and the values."""
    times = relapse_free_survival(ds)
    parts = {
        "curve": kaplan_meier(times),
        "at risk": at_risk(ds),
        "summary": summary_numbers(ds, day).rename(columns={"p_logrank": "p_logrank_unpaired"}),
    }
    tables = [table.assign(part=part) for part, table in parts.items() if len(table)]
    if not tables:
        return pd.DataFrame(columns=["part", "arm", "day"])
    every = pd.concat(tables, ignore_index=True)
    return every[["part", *(name for name in every.columns if name != "part")]]
