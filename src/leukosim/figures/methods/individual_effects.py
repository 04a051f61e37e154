"""What each patient gains from an arm over another, and who gains: what no trial can see."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.individual_effects import FATES, count_fates, gains_by_trait
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.save import by_part
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    SKY_BLUE,
    VERMILLION,
    add_axes,
    add_heading,
    empty_figure,
)

COLORS = dict(zip(FATES, (BLUE, SKY_BLUE, "#C0C0C0", ORANGE, VERMILLION), strict=True))
LEFT, TOP, ROW, HIGH, LOW = 14.0, 8.0, 2.9, 52.0, 44.0  # mm; the last of panels in a column
NAMES = {
    "age_years": "age (years)",
    "doubling_days": "doubling time (days)",
    "residual_stem_cells": "residual stem cells",
    "cxcr4": "CXCR4 (MFI ratio)",
    "measured_cxcr4": "CXCR4 as measured",
    "reserve_shift": "reserve shift",
    "responsiveness": "responsiveness",
    "bcl2_score": "BCL-2 score",
    "mrd_marker": "MRD by",
    "dominant_subtype": "mostly",
    "cxcr4_group": "CXCR4",
    "tp53": "TP53 mutated:",
    "transplanted": "transplanted:",
}


def draw_gains(effects: pd.DataFrame, ax: Axes) -> Axes:
    """A bar for each patient, from the greatest gain to the greatest loss, coloured by fate."""
    known = effects.dropna(subset="gained_days")
    rank = {fate: i for i, fate in enumerate(FATES)}
    ordered = known.assign(rank=known["fate"].map(rank))
    ordered = ordered.sort_values(["gained_days", "rank"], ascending=[False, True], kind="stable")
    places = np.arange(1, len(ordered) + 1)
    colors = [COLORS[fate] for fate in ordered["fate"]]
    ax.bar(places, ordered["gained_days"], 1.0, color=colors, linewidth=0)
    ax.axhline(0.0, color=BLACK, linewidth=0.5)
    n = max(len(ordered), 1)
    for fate, color in COLORS.items():
        count = int((ordered["fate"] == fate).sum())
        ax.bar([np.nan], [0.0], color=color, label=f"{fate}: {count:,} ({count / n:.0%})")
    ax.legend(loc="upper right", handlelength=0.9)
    furthest = max(float(ordered["gained_days"].abs().max()) if len(ordered) else 1.0, 1.0)
    lowest = min(float(ordered["gained_days"].min()) if len(ordered) else 0.0, 0.0)
    ax.set(
        xlim=(0.5, n + 0.5), ylim=(1.05 * lowest - 0.05 * furthest, 1.1 * furthest),
        xlabel="Patients, by what they gain", ylabel="Days free of the event, gained",
    )  # fmt: skip
    return ax


def draw_by_trait(table: pd.DataFrame, ax: Axes) -> Axes:
    """A dot with its 95 % interval for each group of patients; all of them on top.

    table : of :func:`leukosim.analysis.individual_effects.gains_by_trait`
    """
    ax.axvline(0.0, color=GREY, linewidth=0.6)
    mean = table["value"].iloc[0]
    ax.axvline(mean, color=BLACK, linewidth=0.6, linestyle="--")
    for y, row in enumerate(table.itertuples()):
        if np.isnan(row.value):
            continue
        color = BLACK if y == 0 else BLUE
        if not np.isnan(row.low):
            ax.plot([row.low, row.high], [y, y], color=color, linewidth=0.8)
        ax.plot(row.value, y, "s" if y == 0 else "o", color=color, mew=0, markersize=2.8)
    labels = [label_of(row) for row in table.itertuples()]
    ax.set(
        ylim=(len(table) - 0.4, -0.6), yticks=range(len(table)), yticklabels=labels,
        xlabel="Mean days gained",
    )  # fmt: skip
    ax.tick_params("y", length=0, labelsize=5.0)
    ax.spines["left"].set_visible(False)
    return ax


def label_of(row) -> str:
    """A group in words, with how many patients it has."""
    name = NAMES.get(row.trait, row.trait.replace("_", " "))
    if not np.isnan(row.from_value):  # a third
        ends = [
            f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}" for x in (row.from_value, row.to_value)
        ]
        level = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}".replace("-", "−")
    else:
        level = row.level
    return f"{name} {level} ({row.n:,})".replace("  ", " ")


def individual_effects_figure(
    ds: xr.Dataset, effects: pd.DataFrame, until_day: float, width_mm: float = PAGE
) -> Figure:
    """Every patient at the left, groups of them at the right.

    effects : of :func:`leukosim.analysis.individual_effects.individual_effects`, of one arm
    """
    table = gains_by_trait(ds, effects)
    arm, against = (str(effects[name].iloc[0]) for name in ("arm", "against"))
    note = note_of(effects, table, until_day)
    on_page, rows = width_mm >= PAGE, ROW * len(table)
    tall = max(rows, HIGH) if on_page else rows
    high, wide = (min(tall, 70.0), 0.44 * width_mm) if on_page else (LOW, width_mm - LEFT - 3.0)
    left, top = (LEFT + wide + 46.0, 0.0) if on_page else (44.0, TOP + high + 10.0)  # of groups
    end = top + TOP + tall + 9.0
    figure = empty_figure(width_mm, end + note_height(note, width_mm) + 1.0)
    title = f"Days gained by {words(arm)} over {words(against)}"
    add_heading(
        figure, (0.0, 1.0), title if len(title) < 60 else "Days gained by each patient", "a"
    )
    draw_gains(effects, add_axes(figure, LEFT, TOP, wide, high))
    at = left - 40.0 if on_page else 0.0
    add_heading(figure, (at, top + 1.0), "Who gains (mean, 95 % interval)", "b")
    draw_by_trait(table, add_axes(figure, left, top + TOP, width_mm - left - 3.0, tall))
    add_note(figure, note, end)
    return figure


def words(arm: str) -> str:
    """The name of an arm as a reader would write it."""
    return arm.replace("_", " ").replace("=", " = ")


def note_of(effects: pd.DataFrame, table: pd.DataFrame, until_day: float) -> str:
    """What the figure rests on, in words."""
    arm, against = (words(str(effects[name].iloc[0])) for name in ("arm", "against"))
    groups = len(table) - 1
    lost = int(effects["gained_days"].isna().sum())
    left_out = f" {lost} lost to follow-up are left out." if lost else ""
    return (
        f"{arm} against {against}, within {until_day:g} days: the same patient in both arms, with "
        "the same disease and the same random streams wherever treatment makes no difference; no "
        "trial can see this. Averted: the event came without, not with it; later, "
        "sooner: by 28 days or more. b: numbers in thirds, patients in brackets; dashed: the mean "
        f"of all. Of {groups} groups about one in twenty misses its interval by chance.{left_out}"
    )


def numbers_drawn(ds: xr.Dataset, effects: pd.DataFrame) -> pd.DataFrame:
    """Every number of the figure, told apart by ``part``: patient, fate, trait."""
    parts = {
        "patient": effects,
        "fate": count_fates(effects),
        "trait": gains_by_trait(ds, effects),
    }
    return by_part(parts)
