"""Overall and event-free survival, and how long responses last, by arm, with numbers at risk."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.endpoints import (
    began_overt,
    duration_of_response,
    event_free_survival,
    horizon_days,
    overall_survival,
)
from leukosim.analysis.survival import cumulative_incidence, kaplan_meier, median_survival
from leukosim.figures.elements.curves import at_risk, draw_at_risk, draw_curves, last_day
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import add_note, note_height, say_nothing_to_see
from leukosim.figures.elements.standard import Tables
from leukosim.figures.elements.style import (
    GREY,
    add_axes,
    add_heading,
    arm_colors,
    empty_figure,
    in_words,
)
from leukosim.figures.trial.relapse_free_survival import months_with_interval

ROW, AT_RISK = 4.4, 2.6  # mm of a row of the summary and of numbers at risk
NOTE = (
    "Kaplan-Meier (a-c) and Aalen-Johansen (d, death without relapse competing) with 95 % bands; "
    "ticks: censored before the end of the trial, at which all others are. Failure counts on the "
    "day it was declared. c, d: responders, from their first CR, CRh or CRi. Numbers at risk below "
    "each panel, in the order and colours of the table. n.r.: not reached."
)


@dataclass(frozen=True)
class Curve:
    """One of the panels."""

    name: str  # in the exported numbers
    title: str
    axis: str
    times: Callable[[xr.Dataset], xr.Dataset]
    origin: str = "enrolment"
    incidence: bool = False

    def table(self, ds: xr.Dataset) -> pd.DataFrame:
        """The steps of the curves: columns arm, day, value, low, high."""
        if self.incidence:
            return cumulative_incidence(self.times(ds)).rename(columns={"incidence": "value"})
        return kaplan_meier(self.times(ds)).rename(columns={"survival": "value"})


CURVES = (
    Curve("overall survival", "Overall survival", "Alive", overall_survival),
    Curve("event-free survival", "Event-free survival", "Event-free", event_free_survival),
    Curve(
        "duration of response", "Duration of response", "In response", duration_of_response,
        "response",
    ),
    Curve(
        "relapse", "Relapse after response", "Cumulative incidence", duration_of_response,
        "response", incidence=True,
    ),
)  # fmt: skip


def draw_overall_survival(ds: xr.Dataset, ax: Axes) -> Axes:
    """Kaplan-Meier curves of overall survival by arm, with 95 % bands."""
    return draw_panel(ds, CURVES[0].table(ds), ax, CURVES[0])


def draw_panel(
    ds: xr.Dataset, table: pd.DataFrame, ax: Axes, curve: Curve, at_most: int = 9
) -> Axes:
    """Curves of all arms.

    table : of :meth:`Curve.table`
    """
    draw_curves(table, ax, arm_colors(ds["arm"].values), last_day(ds), "value", at_most)
    ax.set(xlabel=f"Months from {curve.origin}", ylabel=curve.axis)
    if table.empty:
        say_nothing_to_see(ax, "no responder" if curve.origin == "response" else "no patient")
    return ax


def summary_numbers(ds: xr.Dataset) -> pd.DataFrame:
    """Medians by arm and curve: columns curve, arm, n, median, low, high (day)."""
    tables = []
    for curve in CURVES[:3]:
        times = curve.times(ds)
        medians = median_survival(times)
        patients = times["day"].notnull().sum("patient")
        n = [int(patients.sel(arm=arm)) for arm in medians["arm"]]
        tables.append(medians.assign(curve=curve.name, n=n))
    filled = [table for table in tables if len(table)] or tables[:1]
    return pd.concat(filled, ignore_index=True)


def draw_summary(
    medians: pd.DataFrame, ax: Axes, colors: dict[str, str], small: bool = False
) -> Axes:
    """The key to the curves: for each arm patients, responders and medians.

    medians : of :func:`summary_numbers`
    small : whether it has to fit a column
    """
    table = medians.set_index(["curve", "arm"])
    starts, size, letters = (
        ((0.0, 0.315, 0.365, 0.56, 0.75), 5.0, 19)
        if small
        else ((0.0, 0.31, 0.37, 0.575, 0.78), 6.0, 34)
    )
    heads = ("", "n", "Overall", "Event-free", "In response (n)")
    ax.set(xlim=(0, 1), ylim=(len(colors) - 0.5, -1.5))
    ax.set_axis_off()
    for x, head in zip(starts, heads, strict=True):
        ax.text(x, -0.9, head, va="center", color=GREY, size=size)
    for row, (arm, color) in enumerate(colors.items()):
        ax.plot([0.0, 0.03], [row, row], color=color, clip_on=False)
        label = "\n".join(textwrap.wrap(in_words(arm), letters))
        ax.text(0.04, row, label, va="center", size=size, linespacing=0.95)
        cells = []
        for curve in CURVES[:3]:
            if (curve.name, arm) not in table.index:
                cells.append(("0", "–"))
                continue
            result = table.loc[(curve.name, arm)]
            shown = months_with_interval(result["median"], result["low"], result["high"])
            cells.append((f"{result['n']:.0f}", shown))
        (n, overall), (_, free), (responders, lasting) = cells
        texts = (n, overall, free, f"{lasting} ({responders})")
        for x, text in zip(starts[1:], texts, strict=True):
            ax.text(x, row, text, va="center", size=size)
    return ax


class Numbers(NamedTuple):
    """What the figure shows."""

    medians: pd.DataFrame  # of :func:`summary_numbers`
    curves: Tables  # by name
    at_risk: Tables  # at the ticks of a page, by name of the curve


def survival_numbers(ds: xr.Dataset) -> Numbers:
    """Medians, curves and numbers at risk."""
    return Numbers(
        summary_numbers(ds),
        {curve.name: curve.table(ds) for curve in CURVES},
        {curve.name: at_risk(curve.times(ds), last_day(ds)) for curve in CURVES},
    )


def survival_table(numbers: Numbers) -> pd.DataFrame:
    """Every number: part (median, curve, at risk), curve, arm, day, values."""
    tables = [numbers.medians.assign(part="median")]
    for name, curve in numbers.curves.items():
        tables.append(curve.assign(part="curve", curve=name))
        tables.append(numbers.at_risk[name].assign(part="at risk", curve=name))
    table = pd.concat([each for each in tables if len(each)], ignore_index=True)
    first = ["part", "curve", "arm"]
    return table[[*first, *(name for name in table.columns if name not in first)]]


def overall_survival_figure(ds: xr.Dataset, numbers: Numbers, width_mm: float = PAGE) -> Figure:
    """Medians, and below them four panels, each with numbers at risk.

    numbers : of :func:`survival_numbers`
    """
    n_arms, colors = ds.sizes["arm"], arm_colors(ds["arm"].values)
    summary = (n_arms + 1) * ROW + 2.0
    wide, high = width_mm / 2.0, 46.0 if width_mm >= PAGE else 30.0
    below = n_arms * AT_RISK + 1.5
    one = 6.0 + high + 8.5 + below
    figure = empty_figure(width_mm, summary + 5.0 + 2 * one + note_height(NOTE, width_mm))
    small = width_mm < PAGE
    figure.text(2.0 / width_mm, 1.0 - 1.0 / (figure.get_figheight() * 25.4),
        "Median in months (95 % interval)", va="top", color=GREY, size=5.0)  # fmt: skip
    key = add_axes(figure, 3.0, 3.0, min(width_mm - 4.0, 150.0), summary)
    draw_summary(numbers.medians, key, colors, small)
    at_most = 5 if small else 9  # months marked
    for i, curve in enumerate(CURVES):
        left, top = (i % 2) * wide, summary + 5.0 + (i // 2) * one
        add_heading(figure, (left, top - 1.0), curve.title, "abcd"[i])
        ax = add_axes(figure, left + 10.0, top + 4.0, wide - 14.0, high)
        draw_panel(ds, numbers.curves[curve.name], ax, curve, at_most)
        counts = add_axes(figure, left + 10.0, top + 4.0 + high + 8.0, wide - 14.0, below - 1.5)
        counts.set_xlim(ax.get_xlim())
        shown = numbers.at_risk[curve.name]
        if small:  # at ticks of its own
            shown = at_risk(curve.times(ds), last_day(ds), at_most)
        draw_at_risk(shown, counts, colors, 5.0)
    add_note(figure, NOTE, summary + 5.0 + 2 * one)
    return figure


def is_followed_on(ds: xr.Dataset) -> bool:
    """Whether patients with overt leukaemia were followed to death or to the end of the trial.

    Where follow-up ends with relapse or soon after, those about to die are the ones censored, and
    curves of survival would flatter.
    """
    days = ("follow_up_day", "treatment_failure_day", "response_day", "relapse_day", "death_day")
    if not all(name in ds for name in (*days, "overt_blasts")):
        return False
    to_the_end = ds["death_day"].notnull() | (ds["follow_up_day"] >= horizon_days(ds) - 1.0)
    followed = ds["follow_up_day"].notnull()
    return (
        bool(followed.any())
        and bool(began_overt(ds).any())
        and bool((to_the_end | ~followed).all())
    )
