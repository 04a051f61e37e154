"""Hazard ratios overall and by CXCR4 of residual cells, with the interaction: a forest plot."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.subgroup_effects import (
    GROUP_LABELS,
    READINGS,
    arms_of,
    effects_by_group,
    gains_by_group,
    interaction,
)
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.standard import Tables
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    GROUP_COLORS,
    MM_PER_INCH,
    add_axes,
    add_heading,
    empty_figure,
    in_words,
)

ROW, TOP, PLOT = 5.0, 12.0, 23.0  # mm
LOWEST, HIGHEST = 0.2, 5.0  # hazard ratios
TITLES = {
    "both arms": "Every patient in both arms (the model's own answer)",
    "as randomised": "As randomised, followed as in the trial",
}
NOTE = (
    "Hazard ratios of relapse or death, Cox models, 95 % intervals; errors clustered by patient "
    "where patients are in both arms. Arrows: the interval goes on. Interaction: the hazard ratio "
    "of CXCR4-high patients over that of all others."
)


def draw_forest(table: pd.DataFrame, ax: Axes) -> Axes:
    """A row a group: hazard ratio and interval, its numbers beside.

    table : effects of one reading, of :func:`leukosim.analysis.subgroup_effects.effects_by_group`
    """
    ax.axvline(1.0, color=GREY, linewidth=0.6)
    for y, row in enumerate(table.itertuples()):
        color = GROUP_COLORS.get(row.group, BLACK)
        if np.isnan(row.hazard_ratio):
            ax.text(1.0, y, "too few events", ha="center", va="center", color=GREY, size=5.0)
        else:
            low, high = max(row.low, LOWEST), min(row.high, HIGHEST)
            ax.plot([low, high], [y, y], color=color)
            ends = (low, row.low < LOWEST, "<"), (high, row.high > HIGHEST, ">")
            for end, goes_on, marker in ends:
                if goes_on:
                    ax.plot(end, y, marker, color=color, markersize=3.0, clip_on=False)
            if LOWEST <= row.hazard_ratio <= HIGHEST:
                size = 3.0 + 3.0 * np.sqrt(row.patients / table["patients"].max())
                ax.plot(row.hazard_ratio, y, "s", color=color, markersize=size, mew=0)
    ax.set(
        xscale="log", xlim=(LOWEST, HIGHEST), ylim=(len(table) - 0.4, -0.6), yticks=[],
        xticks=[0.2, 0.5, 1.0, 2.0, 5.0], xticklabels=["0.2", "0.5", "1", "2", "5"],
        xlabel="Hazard ratio",
    )  # fmt: skip
    ax.minorticks_off()
    ax.spines["left"].set_visible(False)
    return ax


def draw_hazard_ratios(ds: xr.Dataset, ax: Axes) -> Axes:
    """Hazard ratios overall and by group, of every patient in both arms."""
    table = effects_by_group(ds, *arms_of(ds))
    table = table[table["reading"] == table["reading"].iloc[0]]
    draw_forest(table, ax)
    ax.set_yticks(range(len(table)), [GROUP_LABELS[group] for group in table["group"]])
    return ax


@dataclass(frozen=True)
class Columns:
    """Where the columns of the table begin: mm from the left edge."""

    events: float
    plot: float
    wide: float  # of the plot
    ratio: float
    days: float
    cures: float
    size: float  # of letters, points
    gains_beside: bool  # the last two, in the rows of the first block; else in rows of their own


def columns_of(width_mm: float) -> Columns:
    """One line a group on a page; in a column what else is gained stands below."""
    if width_mm < PAGE:
        return Columns(17.0, 35.0, width_mm - 63.0, width_mm - 25.0, 24.0, 56.0, 5.0, False)
    days, cures = 0.74 * width_mm, 0.88 * width_mm
    return Columns(
        0.16 * width_mm, 0.30 * width_mm, 0.27 * width_mm, 0.59 * width_mm, days, cures, 5.5, True
    )


def forest_numbers(ds: xr.Dataset) -> Tables:
    """Effects, gains and interactions, the last a row for each reading."""
    arm, against = arms_of(ds)
    effects = effects_by_group(ds, arm, against)
    interactions = [
        {"reading": reading, **interaction(ds, arm, against, reading)}
        for reading in effects["reading"].unique()
    ]
    return {
        "hazard ratio": effects,
        "gain": gains_by_group(ds, arm, against),
        "interaction": pd.DataFrame(interactions),
    }


def forest_figure(ds: xr.Dataset, tables: Tables, width_mm: float = PAGE) -> Figure:
    """Both readings, one under the other, and what else each group gains.

    tables : of :func:`forest_numbers`
    """
    arm, against = arms_of(ds)
    table, gains = tables["hazard ratio"], tables["gain"]
    interactions = tables["interaction"].set_index("reading")
    readings = [reading for reading in READINGS if (table["reading"] == reading).any()]
    columns, groups = columns_of(width_mm), list(dict.fromkeys(table["group"]))
    block = TOP + PLOT + (9.0 if columns.gains_beside else 12.0)
    below = 0.0 if columns.gains_beside else TOP + ROW * len(groups) + 2.0
    end = block * len(readings) + below
    figure = empty_figure(width_mm, end + note_height(NOTE, width_mm) + 1.0)
    for b, reading in enumerate(readings):
        top = b * block + TOP
        of_reading = table[table["reading"] == reading]
        add_heading(figure, (0.0, b * block + 1.0), TITLES[reading], "ab"[b])
        draw_forest(of_reading, add_axes(figure, columns.plot, top, columns.wide, PLOT))
        rows = [top + (i + 0.6) * PLOT / (len(of_reading) + 0.2) for i in range(len(of_reading))]
        write_effects(figure, of_reading, columns, rows, f"{in_words(arm)} : {in_words(against)}")
        if b == 0 and columns.gains_beside:
            write_gains(figure, gains, list(of_reading["group"]), columns, rows)
        beside = columns.ratio, top + PLOT + 3.0
        under = 2.0, top + PLOT + 9.5
        words = interaction_in_words(interactions.loc[reading])
        write(figure, beside if columns.gains_beside else under, words, columns.size)
    if not columns.gains_beside:
        top = block * len(readings)
        add_heading(figure, (0.0, top + 1.0), "What every patient in both arms gains", "abc"[b + 1])
        rows = [top + TOP + (i + 0.5) * ROW for i in range(len(groups))]
        for group, y in zip(groups, rows, strict=True):
            write(figure, (2.0, y), GROUP_LABELS[group], columns.size)
        write_gains(figure, gains, groups, columns, rows)
    add_note(figure, NOTE, end)
    return figure


def write(
    figure: Figure, at: tuple[float, float], words: str, size: float, head: bool = False
) -> None:
    """A cell of the table, its middle so many mm from the left and the top; a head ends there."""
    wide, high = (inches * MM_PER_INCH for inches in figure.get_size_inches())
    style = dict(va="bottom", color=GREY, size=5.0) if head else dict(va="center", size=size)
    figure.text(at[0] / wide, 1.0 - at[1] / high, words, linespacing=1.1, **style)


def write_effects(
    figure: Figure, table: pd.DataFrame, columns: Columns, rows: list[float], arms: str
) -> None:
    """Groups, events and hazard ratios, in rows at so many mm from the top."""
    top = rows[0] - 3.8
    write(figure, (columns.events, top), f"events / patients\n{arms}", columns.size, head=True)
    write(figure, (columns.ratio, top), "hazard ratio\n(95 %)", columns.size, head=True)
    for row, y in zip(table.itertuples(), rows, strict=True):
        write(figure, (2.0, y), GROUP_LABELS[row.group], columns.size)
        events = f"{row.events} : {row.events_against} / {row.patients:,}"
        write(figure, (columns.events, y), events, columns.size)
        ratio = interval(row.hazard_ratio, row.low, row.high)
        write(figure, (columns.ratio, y), ratio, columns.size)


def write_gains(
    figure: Figure, gains: pd.DataFrame, groups: list[str], columns: Columns, rows: list[float]
) -> None:
    """Days and cures gained by each group, in rows at so many mm from the top."""
    top, by = rows[0] - 3.8, gains.set_index(["group", "quantity"])
    heads = "days relapse-free\nin 2 years, gained", "cures gained\n(share)"
    quantities = (("restricted mean", 0), ("cure fraction", 2))
    for x, head, (quantity, digits) in zip(
        (columns.days, columns.cures), heads, quantities, strict=True
    ):
        write(figure, (x, top), head, columns.size, head=True)
        for group, y in zip(groups, rows, strict=True):
            result = by.loc[(group, quantity)]
            words = interval(result.value, result.low, result.high, digits)
            write(figure, (x, y), words, columns.size)


def interaction_in_words(result: pd.Series) -> str:
    """How the effect in CXCR4-high patients relates to that in all others."""
    if np.isnan(result["ratio"]):
        return "Interaction: too few events"
    ratio = interval(result["ratio"], result["low"], result["high"])
    return f"Interaction: {ratio}, p = {result['p']:.2g}"


def interval(value: float, low: float, high: float, digits: int = 2) -> str:
    """A number and its interval, such as "0.82 (0.61–1.10)"; a dash where there is none."""
    if np.isnan(value):
        return "–"
    shown = [f"{x:.{digits}f}".replace("-", "−") for x in (value, low, high)]  # a true minus
    to = " to " if digits == 0 or low < 0.0 else "–"
    return f"{shown[0]} ({shown[1]}{to}{shown[2]})"
