"""One patient as the days pass: cells, MRD, composition, niche, blood; a panel each, for a screen.

A course is a table with a row a day, as the mesa model collects it. Another one, from before
something was changed, can stand behind it in grey.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.endpoints import DAYS_PER_MONTH
from leukosim.figures.elements.formats import COLUMN
from leukosim.figures.elements.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    PURPLE,
    SKY_BLUE,
    VERMILLION,
    add_axes,
    empty_figure,
    month_ticks,
    subtype_colors,
)

HEIGHT = 50.0  # mm
LEFT, TOP, WIDE, HIGH = 13.5, 8.0, 51.0, 33.0  # mm, of the axes; names of lines stand on the right
SHORTEST_DAYS = 91.0  # of the axis of time
FEWEST = 0.3  # stands for no cell on a logarithmic axis
SUBTYPE = "stem_cells "  # before the name of a subtype, in a course
BACKGROUND = dict(color=GREY, linewidth=0.6, zorder=1)


@dataclass(frozen=True)
class Samples:
    """What the laboratory has reported of MRD, and the days with a dose."""

    day: Sequence[float]  # of the sample
    value: Sequence[float]
    limit: float  # of detection
    level: float  # of the trigger
    unit: str
    dose_days: Sequence[float] = ()


@dataclass(frozen=True, eq=False)  # a course is equal to itself only: tables compare by cell
class Course:
    """What is known of a patient by a day.

    table : columns day, stem_cells, "stem_cells SUBTYPE", stem_cells_in_niche, stem_cells_in_g0,
        blasts (cells), neutrophils, platelets (G/L); a row a day
    """

    table: pd.DataFrame
    samples: Samples
    end: str = ""  # "relapse" or "death", on the last day

    @property
    def last_day(self) -> float:
        """The day that the course has come to."""
        return float(self.table["day"].iloc[-1])

    @property
    def subtypes(self) -> list[str]:
        """Names of the subtypes."""
        return [n.removeprefix(SUBTYPE) for n in self.table.columns if n.startswith(SUBTYPE)]


def months(days: Sequence[float] | pd.Series) -> np.ndarray:
    """Days as months."""
    return np.asarray(days, float) / DAYS_PER_MONTH


def draw_cells(course: Course, ax: Axes, before: Course | None = None) -> Axes:
    """Leukaemic stem cells and blasts, on a logarithmic axis that shows none, too."""
    if before is not None:
        for name in ("stem_cells", "blasts"):
            ax.plot(months(before.table["day"]), or_none(before.table[name]), **BACKGROUND)
    for name, color, dashes in (("stem_cells", BLUE, "-"), ("blasts", VERMILLION, "--")):
        values = or_none(course.table[name])
        draw_line(ax, course.table["day"], values, color, dashes)
    ax.set(yscale="log", ylim=(FEWEST / 2.0, 3e12), ylabel="Cells")
    powers = range(2, 13, 2)
    # as formulas, since the fonts of few machines have every superscript
    ax.set_yticks([FEWEST, *(10.0**p for p in powers)], ["0", *(f"$10^{{{p}}}$" for p in powers)])
    ax.minorticks_off()
    key(ax, [("stem cells", BLUE, "-"), ("blasts", VERMILLION, "--")], before)
    return ax


def draw_samples(course: Course, ax: Axes, before: Course | None = None) -> Axes:
    """Reports of MRD by day of the sample, open where nothing was detected; days with a dose."""
    samples = course.samples
    floor = samples.limit * 0.3
    if before is not None:
        past = before.samples
        ax.plot(months(past.day), np.maximum(past.value, floor), **BACKGROUND)
    days, values = months(samples.day), np.asarray(samples.value, float)
    result = values > 0.0
    ax.plot(days, np.maximum(values, floor), color=BLUE, linewidth=0.4, zorder=2)
    ax.plot(days[result], values[result], "o", color=BLUE, mew=0, zorder=3)
    none = days[~result]
    ax.plot(none, np.full(len(none), floor), "o", mfc="white", mec=BLUE, mew=0.6, zorder=3)
    for ratio, dashes in ((samples.limit, ":"), (samples.level, "--")):
        ax.axhline(ratio, color=BLACK, linewidth=0.6, linestyle=dashes, zorder=1)
    doses = months(samples.dose_days)
    # ticks above the axes cannot be taken for reports
    ax.plot(doses, np.full(len(doses), 0.97), "|", color=ORANGE, ms=3.5, mew=0.9,
            transform=ax.get_xaxis_transform(), clip_on=False)  # fmt: skip
    highest = 3.0 if samples.unit == "fraction" else 100.0
    ax.set(yscale="log", ylim=(floor / 2.0, highest), ylabel=f"MRD ({samples.unit})")
    powers = range(math.ceil(math.log10(floor)), math.floor(math.log10(highest)) + 1)
    ax.set_yticks([10.0**power for power in powers])
    ax.minorticks_off()
    lines = [("trigger", BLACK, "--"), ("detection limit", BLACK, ":"), ("reported", BLUE, "o")]
    key(ax, [*lines, ("day with dose", ORANGE, "|")], before)
    return ax


def draw_composition(course: Course, ax: Axes, before: Course | None = None) -> Axes:
    """Stem cells by subtype, as fractions; nothing on days without a cell."""
    table, colors = course.table, subtype_colors(course.subtypes)
    table = pd.concat([table, table.tail(1)])  # a day has a width, the last one, too
    days = np.append(table["day"].to_numpy()[:-1], course.last_day + 1.0)
    total = table["stem_cells"].to_numpy(float)
    share = [table[SUBTYPE + name].to_numpy(float) for name in course.subtypes]
    share = np.divide(share, total, out=np.zeros((len(share), len(total))), where=total > 0.0)
    edges = np.vstack([np.zeros(len(total)), np.cumsum(share, axis=0)])
    for i, name in enumerate(course.subtypes):
        ax.fill_between(months(days), edges[i], edges[i + 1], where=total > 0.0,
                        color=colors[name], linewidth=0)  # fmt: skip
    ax.set(ylim=(0.0, 1.0), yticks=(0.0, 0.5, 1.0), ylabel="Fraction of stem cells")
    key(ax, [(name, color, "s") for name, color in reversed(colors.items())], None)
    nothing_to_see(course, ax)
    return ax


def draw_niche(course: Course, ax: Axes, before: Course | None = None) -> Axes:
    """Stem cells inside the niche, and at rest, as fractions of all."""
    lines = (("stem_cells_in_niche", PURPLE, "-"), ("stem_cells_in_g0", BLACK, "--"))
    if before is not None:
        for name, _, _ in lines:
            ax.plot(months(before.table["day"]), of_stem_cells(before, name), **BACKGROUND)
    for name, color, dashes in lines:
        draw_line(ax, course.table["day"], of_stem_cells(course, name), color, dashes)
    ax.set(ylim=(0.0, 1.03), yticks=(0.0, 0.5, 1.0), ylabel="Fraction of stem cells")
    key(ax, [("in the niche", PURPLE, "-"), ("at rest (G0)", BLACK, "--")], before)
    nothing_to_see(course, ax)
    return ax


def draw_neutrophils(course: Course, ax: Axes, before: Course | None = None) -> Axes:
    """Neutrophils, with the level of grade 4 cytopenia."""
    return draw_blood(course, ax, "neutrophils", "Neutrophils (G/L)", 0.5, before)


def draw_platelets(course: Course, ax: Axes, before: Course | None = None) -> Axes:
    """Platelets, with the level of grade 4 cytopenia."""
    return draw_blood(course, ax, "platelets", "Platelets (G/L)", 25.0, before)


def draw_blood(
    course: Course, ax: Axes, name: str, label: str, grade4: float, before: Course | None
) -> Axes:
    """One lineage in blood, G/L."""
    highest = course.table[name].max()
    if before is not None:
        ax.plot(months(before.table["day"]), before.table[name], **BACKGROUND)
        highest = max(highest, before.table[name].max())
    draw_line(ax, course.table["day"], course.table[name], BLUE)
    ax.axhspan(0.0, grade4, color=SKY_BLUE, alpha=0.4, linewidth=0, zorder=0)
    ax.set(ylim=(0.0, highest * 1.15), ylabel=label)
    key(ax, [("in blood", BLUE, "-"), ("grade 4", SKY_BLUE, "s")], before)
    return ax


PANELS = {
    "Cells": draw_cells,
    "Measurable residual disease": draw_samples,
    "Composition": draw_composition,
    "Niche": draw_niche,
    "Neutrophils": draw_neutrophils,
    "Platelets": draw_platelets,
}


def panel_figure(title: str, course: Course, before: Course | None = None) -> Figure:
    """One of :data:`PANELS`, by its title, on the axis of time that all of them share."""
    figure = empty_figure(COLUMN, HEIGHT)
    ax = add_axes(figure, LEFT, TOP, WIDE, HIGH)
    PANELS[title](course, ax, before)
    last = max(course.last_day, before.last_day if before is not None else 0.0, SHORTEST_DAYS)
    ax.set(xlim=(0.0, last / DAYS_PER_MONTH * 1.01), xticks=month_ticks(last))
    ax.set_xlabel("Time from enrolment (months)")
    # places that are given need not be searched for, which takes half of the time
    ax.xaxis.set_label_coords(0.5, -0.15)
    ax.yaxis.set_label_coords(-0.17, 0.5)
    figure.text(0.02, 0.975, title, weight="bold", size=6.5, va="top")
    if course.end:
        at = course.last_day / DAYS_PER_MONTH
        ax.axvline(at, color=BLACK, linewidth=0.8)
        right = at > 0.5 * last / DAYS_PER_MONTH
        ax.annotate(course.end, (at, 1.0), (-2 if right else 2, 2), ("data", "axes fraction"),
                    "offset points", ha="right" if right else "left", size=5.5)  # fmt: skip
    return figure


def draw_line(
    ax: Axes, days: pd.Series, values: np.ndarray | pd.Series, color: str, dashes: str = "-"
) -> None:
    """A course, with a dot where it has come to: it is all that there is on the first day."""
    x, y = months(days), np.asarray(values, float)
    ax.plot(x, y, color=color, linestyle=dashes, zorder=2)
    ax.plot(x[-1:], y[-1:], "o", color=color, mew=0, zorder=3, clip_on=False)


def or_none(values: pd.Series) -> np.ndarray:
    """Numbers of cells, with a place on a logarithmic axis for none."""
    return np.maximum(values.to_numpy(float), FEWEST)


def of_stem_cells(course: Course, name: str) -> np.ndarray:
    """A number of stem cells as a fraction of all, nan where there is none."""
    total = course.table["stem_cells"].to_numpy(float)
    values = course.table[name].to_numpy(float)
    return np.divide(values, total, out=np.full(len(total), np.nan), where=total > 0.0)


def nothing_to_see(course: Course, ax: Axes) -> None:
    """Say so where a course never has a stem cell."""
    if not course.table["stem_cells"].any():
        ax.text(0.5, 0.5, "no leukaemic stem cell", ha="center", color=GREY,
                transform=ax.transAxes)  # fmt: skip


def key(ax: Axes, entries: list[tuple[str, str, str]], before: Course | None) -> None:
    """Names, colours and marks (or dashes) of what is drawn, on the right of the axes."""
    if before is not None:
        entries = [*entries, ("before", GREY, "-")]
    for name, color, mark in entries:
        style = dict(color=color, label=name)
        if mark in ("o", "s", "|"):
            size = dict(markersize=4.0, mew=1.0 if mark == "|" else 0.0)
            ax.plot([], [], mark, **style, **size)
        else:
            width = 0.6 if color in (BLACK, GREY) else 1.0
            ax.plot([], [], linestyle=mark, linewidth=width, **style)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02), handlelength=1.6, labelspacing=0.6)
