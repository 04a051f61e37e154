"""When to give the drug, and in whom CXCR4 is high: relapses it prevents, over both."""

import json

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.endpoints import TWO_YEARS, horizon_days, relapse_free_survival
from leukosim.analysis.subgroup_effects import arms_of, has_groups
from leukosim.analysis.survival import paired_difference
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import (
    Panels,
    add_note,
    color_key,
    key_height,
    note_height,
)
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    LETTER,
    LINE,
    ORANGE,
    add_axes,
    add_heading,
    empty_figure,
    wrapped,
)
from leukosim.results.variables import CXCR4_GROUPS

LEAD, HYPOTHESIS = "motixafortide.lead_hours", "cxcr4_by_subtype"
ORDER = ("equal", "measured", "reversed")
COLORS = {"all": BLACK, "high": ORANGE}
LABELS = {"all": "all patients", "high": "CXCR4-high"}
LEFT, GAP, TOP, HIGH = 16.0, 8.0, 7.0, 38.0  # mm


def sweeps_lead_time(ds: xr.Dataset) -> bool:
    """Whether a dataset is a sweep over the time of the injection."""
    return LEAD in ds.coords and has_groups(ds)


def outcome_of(ds: xr.Dataset) -> str:
    """What is gained: relapse-free survival at two years or, in a short trial, no cell left."""
    horizon = float(horizon_days(ds).max())
    if horizon >= TWO_YEARS:
        return "relapse-free survival at two years"
    return f"share of patients without leukaemic stem cells on day {horizon:g}"


def times_of(ds: xr.Dataset) -> tuple[xr.Dataset, float]:
    """Times whose survival at a day is the outcome, and that day.

    Patients without stem cells are free of the event on day 1, others had it before.
    """
    if float(horizon_days(ds).max()) >= TWO_YEARS:
        return relapse_free_survival(ds), TWO_YEARS
    left = ds["stem_cells_at_end"]
    gone = left == 0.0
    return xr.Dataset({"day": xr.where(gone, 1.0, 0.0).where(left.notnull()), "event": ~gone}), 1.0


def gains(ds: xr.Dataset) -> pd.DataFrame:
    """The outcome gained in every scenario, of all and of CXCR4-high patients.

    Returns
    -------
    DataFrame
        The axes of the sweep, and ``group``, ``gain``, ``low``, ``high``, ``n``: differences in
        pairs of :func:`leukosim.analysis.survival.paired_difference`.
    """
    axes = json.loads(ds.attrs.get("axes", "[]"))
    arm, against = arms_of(ds)
    rows = []
    for i in range(ds.sizes["scenario"]):
        one = ds.isel(scenario=i)
        times, day = times_of(one)
        group = one["cxcr4_group"].values
        for name in COLORS:
            of_group = np.ones(len(group), bool)
            if name != "all":
                of_group = group == CXCR4_GROUPS.index(name)
            result = paired_difference(
                times.isel(patient=np.flatnonzero(of_group)), arm, against, day
            )
            at = [one[axis].item() for axis in axes]
            rows.append((*at, name, result.value, result.low, result.high, result.n))
    return pd.DataFrame(rows, columns=[*axes, "group", "gain", "low", "high", "n"])


def draw_gains(table: pd.DataFrame, ax: Axes) -> Axes:
    """Gain over the time of the injection, both groups side by side, with intervals."""
    hours = sorted(table[LEAD].unique())
    for shift, (name, color) in zip((-0.12, 0.12), COLORS.items(), strict=True):
        rows = table[table["group"] == name].set_index(LEAD).reindex(hours)
        x = np.arange(len(hours)) + shift
        ax.vlines(x, rows["low"], rows["high"], color=color, linewidth=0.8)
        ax.plot(x, rows["gain"], "o", color=color, markersize=3.0, mew=0)
    ax.axhline(0.0, color=GREY, linewidth=0.6)
    labels = [f"{hour:+g}".replace("-", "−") if hour else "0" for hour in hours]
    ax.set(xticks=range(len(hours)), xticklabels=labels, xlim=(-0.5, len(hours) - 0.5))
    return ax


def lead_time_figure(ds: xr.Dataset, table: pd.DataFrame, width_mm: float = PAGE) -> Figure:
    """A panel for each hypothesis on CXCR4 by subtype.

    table : of :func:`gains`
    """
    result = list(table[HYPOTHESIS].unique()) if HYPOTHESIS in table else [""]
    result.sort(key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    n = f"{int(table['n'].min()):,} to {int(table['n'].max()):,}"
    note = (
        f"Gain: {outcome_of(ds)}, motixafortide minus placebo in the same patients; "
        f"95 % paired intervals, {n} patients each. Hours of the injection relative to the first "
        "infusion of cytarabine on a day: −2 is two hours before, as in the trial."
    )
    panels = Panels(len(result), width_mm, left=LEFT, gap=GAP, narrowest=26.0)
    words = "CXCR4 by subtype: {}"
    titles = [wrapped(words.format(name), panels.wide, LETTER) if name else "" for name in result]
    colors = {LABELS[name]: color for name, color in COLORS.items()}
    key = key_height(colors, width_mm - 6.0) + 1.0
    above = TOP + LINE * max(title.count("\n") for title in titles)
    one = above + HIGH + 10.0
    end = key + panels.rows * one
    figure = empty_figure(width_mm, end + note_height(note, width_mm))
    color_key(figure, 3.0, 1.0, width_mm - 6.0, colors)
    span = table["low"].min(), table["high"].max()
    for i, (hypothesis, title) in enumerate(zip(result, titles, strict=True)):
        shown = table[table[HYPOTHESIS] == hypothesis] if hypothesis else table
        left, top = panels.at(i), key + panels.row(i) * one
        ax = draw_gains(shown, add_axes(figure, left, top + above, panels.wide, HIGH))
        ax.set_ylim(min(span[0], 0.0) - 0.03, max(span[1], 0.0) + 0.03)
        add_heading(figure, (left - 6.0, top + 2.0), title, "abcdefgh"[i] if title else "")
        ax.set_xlabel("Hours of the injection")
        ax.tick_params(labelleft=panels.is_first(i))
        if panels.is_first(i):
            ax.set_ylabel("Gain (difference of shares)")
    add_note(figure, note, end - 1.0)
    return figure
