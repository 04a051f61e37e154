"""Fish (Muller) plot of one patient's stem cells: clones inside the clone that they arose in."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from leukosim.analysis.endpoints import DAYS_PER_MONTH
from leukosim.figures.elements.clones import ClonalCourse, ShownClones, shown_clones
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import add_note, note_height, say_nothing_to_see
from leukosim.figures.elements.standard import only
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    SKY_BLUE,
    VERMILLION,
    add_axes,
    add_heading,
    empty_figure,
    in_words,
    month_ticks,
)

LEFT, KEY, RIGHT = 15.0, 42.0, 3.0  # mm
TITLE, STRIP, FISH, TOTALS, GAP = 5.0, 1.8, 17.0, 11.0, 1.0  # mm, heights
KEY_COLUMNS, KEY_ROW = 2, 2.4  # of a key under its panels; mm
LONGEST = 34  # letters of a label
WHOLE = 1_000_000  # pyfish counts in whole numbers
NONE = 0.5  # where zero cells stand on a logarithmic axis


def draw_fish(shown: ShownClones, ax: Axes) -> Axes:
    """Fractions of stem cells, nested as the clones arose; a line where there is no cell."""
    if not (shown.stem_cells.sum() > 0.0) or len(shown.day) < 2:
        say_nothing_to_see(ax, "no stem cell")
        ax.set(ylim=(0.0, 1.0), yticks=())
        return ax
    import pyfish

    months = shown.day / DAYS_PER_MONTH
    total = shown.stem_cells.sum(1, keepdims=True)
    share = np.divide(
        shown.stem_cells, total, out=np.zeros_like(shown.stem_cells), where=total > 0.0
    )
    whole = np.where(share > 0.0, np.maximum(np.round(share * WHOLE), 1.0), 0.0).astype(int)
    clone, row = np.meshgrid(np.arange(len(shown.name)), np.arange(len(shown.day)))
    populations = pd.DataFrame({"Id": clone.ravel() + 1, "Step": row.ravel(), "Pop": whole.ravel()})
    pairs = [(mother + 1, i + 1) for i, mother in enumerate(shown.parent) if mother >= 0]
    parents = pd.DataFrame(pairs, columns=["ParentId", "ChildId"], dtype=int)
    stack, steps, _, _ = pyfish.process_data(populations, parents)
    colors = np.array([to_rgba(shown.colors[i - 1]) for i in stack.index])
    pyfish.fish_plot(stack, months[np.asarray(steps, int)], colors, ax=ax)
    for collection in ax.collections:
        collection.set_linewidth(0.0)
    ax.set(ylim=(0.0, 1.0), yticks=())
    return ax


def draw_clones(ds: xr.Dataset, ax: Axes) -> Axes:
    """The fish plot of one patient in one arm."""
    course = only(ds, "patient", "arm")
    draw_fish(shown_clones(course), ax)
    ax.set(xlabel="Time from enrolment (months)", ylabel="Stem cells (fraction)")
    return ax


def draw_totals(shown: ShownClones, course: xr.Dataset, ax: Axes) -> Axes:
    """Stem cells and blasts on a logarithmic axis, sampling days as ticks, relapse as a line."""
    months = shown.day / DAYS_PER_MONTH
    for cells, dashes in ((shown.stem_cells, "-"), (shown.blasts, ":")):
        ax.plot(
            months, np.maximum(cells.sum(1), NONE), color=BLACK, linewidth=0.8, linestyle=dashes
        )
    sampled = course["ngs_day"].values
    sampled = sampled[~np.isnan(sampled)] / DAYS_PER_MONTH
    ax.plot(sampled, np.full(len(sampled), 0.03), "|", color=GREY, ms=3.0, mew=0.5)
    ax.set(yscale="log", ylim=(0.01, 1e13))
    ax.set_yticks([NONE, 1e4, 1e8, 1e12], ["0", "10⁴", "10⁸", "10¹²"])
    ax.minorticks_off()
    return ax


def draw_treatment(course: xr.Dataset, ax: Axes) -> Axes:
    """Cycles of treatment as blocks."""
    first, last = course["cycle_start_day"].values, course["cycle_end_day"].values
    for start, end in zip(first, last, strict=True):
        if not np.isnan(start):
            ax.axvspan(
                start / DAYS_PER_MONTH, (end + 1.0) / DAYS_PER_MONTH, color=SKY_BLUE, linewidth=0
            )
    ax.set(yticks=(), xticks=())
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def fish_table(courses: list[ClonalCourse]) -> pd.DataFrame:
    """Every number: columns arm, patient, clone, parent, mutations, day, stem_cells, ..."""
    tables = [each.shown.table().assign(arm=each.arm, patient=each.patient) for each in courses]
    table = pd.concat(tables, ignore_index=True)
    return table[["arm", "patient", *table.columns.drop(["arm", "patient"])]]


def fish_figure(ds: xr.Dataset, courses: list[ClonalCourse], width_mm: float = PAGE) -> Figure:
    """One patient under each arm.

    courses : of :func:`leukosim.figures.elements.clones.most_clonal_courses`
    """
    beside = width_mm >= PAGE  # the key
    wide = width_mm - LEFT - RIGHT - (KEY if beside else 0.0)
    last_day = max(float(ds["follow_up_day"].sel(patient=courses[0].patient).max()), 1.0)
    last = last_day / DAYS_PER_MONTH
    rows = max(-(-len(each.shown.name) // KEY_COLUMNS) for each in courses)
    key = 0.0 if beside else KEY_ROW * rows + 4.0
    one = TITLE + STRIP + GAP + FISH + GAP + TOTALS + 3.0 + key
    note = note_of(courses)
    foot = 7.0
    high = len(courses) * one + foot + note_height(note, width_mm)
    figure = empty_figure(width_mm, high)
    ticks = month_ticks(last_day, at_most=9 if wide > 80.0 else 5)
    for i, (arm, _, course, shown) in enumerate(courses):
        top = i * one
        letter = "abcdefghij"[i] if i < 10 else ""
        add_heading(figure, (0.0, top), in_words(arm), letter)
        axes = []
        top += TITLE
        for height in (STRIP, FISH, TOTALS):
            axes.append(add_axes(figure, LEFT, top, wide, height))
            top += height + GAP
        draw_treatment(course, axes[0])
        draw_fish(shown, axes[1])
        draw_totals(shown, course, axes[2])
        relapse = float(course["relapse_day"]) / DAYS_PER_MONTH
        for ax in axes:
            ax.set_xlim(0.0, last)
            ax.set_xticks(ticks if ax is axes[2] else [])
        for ax in axes[1:]:
            if not np.isnan(relapse):
                ax.axvline(relapse, color=VERMILLION, linewidth=0.8, linestyle="--")
        axes[1].set_ylabel("Stem cells\n(fraction)")
        axes[2].set_ylabel("Cells")
        axes[2].tick_params(labelbottom=i == len(courses) - 1 or not beside)
        if beside:
            place = add_axes(figure, width_mm - KEY - RIGHT + 3.0, i * one + TITLE, KEY, FISH)
            draw_key(shown, place)
        else:
            place = add_axes(figure, LEFT, top + 3.5, wide, KEY_ROW * rows)
            draw_key(shown, place, KEY_COLUMNS)
    figure.text(
        (LEFT + wide / 2.0) / width_mm, (note_height(note, width_mm) + 1.5) / high,
        "Time from enrolment (months)", ha="center", va="bottom",
    )  # fmt: skip
    add_note(figure, note, len(courses) * one + foot)
    return figure


def draw_key(shown: ShownClones, ax: Axes, columns: int = 1) -> None:
    """Clones beside their colours."""
    ax.set_axis_off()
    patches = [Patch(color=color, linewidth=0) for color in shown.colors]
    labels = [
        label if len(label) <= LONGEST else "…" + label[1 - LONGEST :] for label in shown.label
    ]
    ax.legend(
        patches, labels, loc="upper left", handlelength=0.9, borderpad=0.0, borderaxespad=0.0,
        labelspacing=0.25, fontsize=5.0, ncols=columns, columnspacing=1.0,
    )  # fmt: skip


def note_of(courses: list[ClonalCourse]) -> str:
    """What the figure shows, in small print."""
    hidden = [str(max(each.shown.hidden, 0)) for each in courses]
    return (
        f"Patient {courses[0].patient}. Clones lie inside those they arose from; smaller ones "
        f"(by arm {', '.join(hidden)}) are counted with the nearest ancestor shown, so that "
        "no cell is missing. Light grey: no stem cell. Blocks: days of treatment. Below: all "
        "stem cells (line), blasts (dots), samples sequenced (ticks). Dashed: relapse diagnosed."
    )
