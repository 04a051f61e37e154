"""The clones of one patient as a tree, and their shares at diagnosis, in remission, at relapse."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.figures.elements.clones import ClonalCourse, ShownClones, most_clonal_courses
from leukosim.figures.elements.formats import COLUMN
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    SMALL_LETTER,
    add_axes,
    empty_figure,
    in_words,
)

TREE, SHARES, RIGHT = 18.0, 36.0, 2.0  # mm, widths
ROW, HEAD = 4.2, 9.0  # mm, heights
LARGEST = 42.0  # points squared, of a dot that stands for all cells


class Tree(NamedTuple):
    """One patient in one arm, and the fractions of stem cells by occasion."""

    course: ClonalCourse
    fractions: dict[str, np.ndarray]  # float64[clone]


def most_clonal_tree(ds: xr.Dataset) -> Tree:
    """The most clonal patient in the first arm with a relapse, else in the first arm."""
    courses = most_clonal_courses(ds)
    relapsed = [each for each in courses if not np.isnan(float(each.data["relapse_day"]))]
    course = (relapsed or courses)[0]
    return Tree(course, shares_over_time(course.shown, course.data))


def depth_first(parent: list[int]) -> list[int]:
    """Clones in the order of a drawn tree: each above its daughters."""
    order: list[int] = []

    def visit(clone: int) -> None:
        order.append(clone)
        for daughter, mother in enumerate(parent):
            if mother == clone:
                visit(daughter)

    for clone, mother in enumerate(parent):
        if mother < 0:
            visit(clone)
    return order


def shares_over_time(shown: ShownClones, course: xr.Dataset) -> dict[str, np.ndarray]:
    """Fractions of stem cells by occasion, float64[clone]; nan where there is no cell."""

    def fraction(cells: np.ndarray) -> np.ndarray:
        return cells / cells.sum() if cells.sum() > 0.0 else np.full(len(cells), np.nan)

    relapse = float(course["relapse_day"])
    result = {"diagnosis": fraction(shown.diagnosis_share)}
    if len(shown.day):
        result["day 0"] = fraction(shown.stem_cells[0])
        ends_in = "relapse" if not np.isnan(relapse) else "last day"
        upto = shown.day <= relapse if ends_in == "relapse" else shown.day >= 0.0
        result[ends_in] = fraction(shown.stem_cells[np.flatnonzero(upto)[-1]])
    return result


def draw_tree(shown: ShownClones, ax: Axes) -> Axes:
    """A clone a row, branches by number of steps from the trunk."""
    order = depth_first(shown.parent)
    row = {clone: i for i, clone in enumerate(order)}
    depth = [0] * len(order)
    for clone, mother in enumerate(shown.parent):
        depth[clone] = depth[mother] + 1 if mother >= 0 else 0
    for clone in order:
        mother = shown.parent[clone]
        if mother >= 0:
            across, down = [depth[mother]] * 2 + [depth[clone]], [row[mother]] + [row[clone]] * 2
            ax.plot(across, down, color=BLACK, linewidth=0.6, zorder=1)
    for clone in order:
        ax.plot(
            depth[clone], row[clone], "o", color=shown.colors[clone], markersize=4.0, mew=0,
            zorder=2, clip_on=False,
        )  # fmt: skip
    ax.set(xlim=(-0.3, max(max(depth), 1) + 0.3), ylim=(len(order) - 0.5, -0.5))
    ax.set_axis_off()
    return ax


def draw_shares(shown: ShownClones, occasions: dict[str, np.ndarray], ax: Axes) -> Axes:
    """A dot for every clone and occasion, its area the fraction of stem cells, with the number.

    occasions : of :func:`shares_over_time`
    """
    order = depth_first(shown.parent)
    for column, (_, share) in enumerate(occasions.items()):
        for row, clone in enumerate(order):
            value = share[clone]
            if np.isnan(value):
                text = "–"
            elif value == 0.0:
                text = "0"
            else:
                size = max(LARGEST * value, 1.0)
                ax.scatter(column, row, s=size, color=shown.colors[clone], linewidths=0)
                text = "<0.01" if value < 0.01 else f"{value:.2f}"
            ax.annotate(
                text, (column, row), (5.0, 0.0), textcoords="offset points", va="center", size=5.0
            )
    ax.set(xlim=(-0.3, len(occasions) - 0.2), ylim=(len(order) - 0.5, -0.5), yticks=())
    ax.set_xticks(range(len(occasions)), list(occasions), ha="left")
    ax.xaxis.tick_top()
    ax.tick_params(length=0, pad=1)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def tree_table(tree: Tree) -> pd.DataFrame:
    """Every number: columns arm, patient, clone, parent, mutations, occasion, fraction."""
    arm, patient, _, shown = tree.course
    parents = [shown.name[mother] if mother >= 0 else "" for mother in shown.parent]
    columns = ["clone", "parent", "mutations", "occasion", "fraction"]
    rows = [
        (name, parents[i], shown.label[i], occasion, fraction[i])
        for occasion, fraction in tree.fractions.items()
        for i, name in enumerate(shown.name)
    ]
    table = pd.DataFrame(rows, columns=columns).assign(arm=arm, patient=patient)
    return table[["arm", "patient", *columns]]


def clone_tree_figure(ds: xr.Dataset, tree: Tree, width_mm: float = COLUMN) -> Figure:
    """Tree, mutations and shares of one patient in one arm.

    tree : of :func:`most_clonal_tree`
    """
    arm, patient, _, shown = tree.course
    note = (
        f"Patient {patient}, {in_words(arm)}. Each clone has the "
        "mutations of the one it hangs on, and one more or several; numbers and areas are "
        f"fractions of leukaemic stem cells. {max(shown.hidden, 0)} smaller clones are counted "
        "with the ancestor they descend from."
    )
    high = ROW * len(shown.name)
    figure = empty_figure(width_mm, HEAD + high + 3.0 + note_height(note, width_mm))
    longest = max(len(label) for label in shown.label) * SMALL_LETTER
    room = min(width_mm - SHARES - RIGHT - 2.0, TREE + longest + 10.0)
    draw_tree(shown, add_axes(figure, 3.0, HEAD, TREE, high))
    words = add_axes(figure, 3.0 + TREE + 1.0, HEAD, room - TREE - 4.0, high)
    words.set(xlim=(0.0, 1.0), ylim=(len(shown.name) - 0.5, -0.5))
    words.set_axis_off()
    letters = int((room - TREE - 4.0) / SMALL_LETTER)
    for row, clone in enumerate(depth_first(shown.parent)):
        mother = shown.parent[clone]
        label = shown.label[clone]
        if mother >= 0:  # the tree says what comes before
            label = label.removeprefix(shown.label[mother].partition(" (day")[0]).strip()
        label = label if len(label) <= letters else "…" + label[1 - letters :]
        words.text(0.0, row, label, va="center", size=5.0)
    draw_shares(shown, tree.fractions, add_axes(figure, room + 2.0, HEAD, SHARES, high))
    figure.text(
        (room + 1.0) / width_mm, 1.0 - 1.5 / (figure.get_figheight() * 25.4), "Fraction at",
        va="top", size=5.5, color=GREY,
    )  # fmt: skip
    add_note(figure, note, HEAD + high + 3.0)
    return figure
