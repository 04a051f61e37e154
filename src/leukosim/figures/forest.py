"""Hazard ratios overall and by CXCR4 of residual cells, with the interaction: a forest plot."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.figures.small_multiples import add_note, note_height
from leukosim.figures.style import (
    BLACK,
    GREY,
    GROUP_COLORS,
    PAGE,
    add_axes,
    add_heading,
    empty_figure,
    in_words,
)
from leukosim.treatment_effect import (
    GROUP_LABELS,
    READINGS,
    arms_of,
    effects_by_group,
    gains_by_group,
    interaction,
)

ROW, TOP, LOWEST, HIGHEST = 5.0, 12.0, 0.2, 5.0  # mm, mm, hazard ratios
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

    table : effects of one reading, of :func:`leukosim.treatment_effect.effects_by_group`
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
        xlabel="Hazard ratio of relapse or death",
    )  # fmt: skip
    ax.minorticks_off()
    ax.spines["left"].set_visible(False)
    return ax


def forest_figure(ds: xr.Dataset, width_mm: float = PAGE) -> Figure:
    """Both readings, one under the other, and what else each group gains."""
    arm, against = arms_of(ds)
    table = effects_by_group(ds, arm, against)
    gains = gains_by_group(ds, arm, against).set_index(["group", "quantity"])
    readings = [reading for reading in READINGS if (table["reading"] == reading).any()]
    block = TOP + 4.6 * ROW + 9.0
    figure = empty_figure(width_mm, block * len(readings) + note_height(NOTE, width_mm) + 1.0)
    high_mm = figure.get_size_inches()[1] * 25.4
    left, wide = 0.30 * width_mm, 0.27 * width_mm
    columns = (0.02, 0.16, 0.59, 0.74, 0.88)
    for b, reading in enumerate(readings):
        of_reading = table[table["reading"] == reading]
        top = b * block + TOP
        add_heading(figure, (0.0, b * block + 1.0), TITLES[reading], "ab"[b])
        ax = draw_forest(of_reading, add_axes(figure, left, top, wide, 4.6 * ROW))
        heads = [
            "", f"events / patients\n{in_words(arm)} : {in_words(against)}", "hazard ratio\n(95 %)",
        ]  # fmt: skip
        if b == 0:
            heads += ["days relapse-free\nin 2 years, gained", "cures gained\n(share)"]
        for x, head in zip(columns, heads, strict=False):
            y = 1.0 - (top - 0.8) / high_mm
            figure.text(x, y, head, va="bottom", size=5.0, color=GREY, linespacing=1.1)
        for i, row in enumerate(of_reading.itertuples()):
            y = 1.0 - (top + (i + 0.6) * ROW * 4.6 / (len(of_reading) + 0.2)) / high_mm
            cells = [
                GROUP_LABELS[row.group],
                f"{row.events} : {row.events_against} / {row.patients:,}",
                interval(row.hazard_ratio, row.low, row.high),
            ]
            if b == 0:
                days, cures = (
                    gains.loc[(row.group, name)] for name in ("restricted mean", "cure fraction")
                )
                cells += [
                    interval(days.value, days.low, days.high, 0),
                    interval(cures.value, cures.low, cures.high),
                ]
            for x, cell in zip(columns, cells, strict=False):
                figure.text(x, y, cell, va="center", size=5.5)
        found = interaction(ds, arm, against, reading)
        words = "Interaction: " + (
            f"{interval(found['ratio'], found['low'], found['high'])}, p = {found['p']:.2g}"
            if not np.isnan(found["ratio"])
            else "too few events"
        )
        y = 1.0 - (top + 4.6 * ROW + 3.0) / high_mm
        figure.text(columns[2], y, words, va="top", size=5.5)
        ax.set_xlabel("Hazard ratio of relapse or death")
    add_note(figure, NOTE, block * len(readings))
    return figure


def interval(value: float, low: float, high: float, digits: int = 2) -> str:
    """A number and its interval, such as "0.82 (0.61–1.10)"; a dash where there is none."""
    if np.isnan(value):
        return "–"
    shown = [f"{x:.{digits}f}".replace("-", "−") for x in (value, low, high)]  # a true minus
    to = " to " if digits == 0 or low < 0.0 else "–"
    return f"{shown[0]} ({shown[1]}{to}{shown[2]})"


def numbers_drawn(ds: xr.Dataset) -> pd.DataFrame:
    """Every number of the figure: effects, gains and interactions, told apart by ``part``."""
    arm, against = arms_of(ds)
    table = effects_by_group(ds, arm, against)
    interactions = pd.DataFrame(
        [
            {"reading": reading, **interaction(ds, arm, against, reading)}
            for reading in table["reading"].unique()
        ]
    )
    parts = {
        "hazard ratio": table,
        "gain": gains_by_group(ds, arm, against),
        "interaction": interactions,
    }
    return pd.concat([each.assign(part=part) for part, each in parts.items()], ignore_index=True)
