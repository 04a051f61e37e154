"""The clones of one patient as a tree, and their shares at diagnosis, in remission, at relapse."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.figures.elements.clones import (
    ShownClones,
    each_course,
    most_clonal_patient,
    shown_clones,
)
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.style import (
    BLACK,
    COLUMN,
    GREY,
    SMALL_LETTER,
    add_axes,
    empty_figure,
    in_words,
)

TREE, SHARES, RIGHT = 18.0, 36.0, 2.0  # mm, widths
ROW, HEAD = 4.2, 9.0  # mm, heights
LARGEST = 42.0  # points squared, of a dot that stands for all cells


def chosen_course(ds: xr.Dataset, patient: int | None) -> tuple[str, xr.Dataset, int]:
    """The patient under the first arm in which he relapsed, else under the first."""
    chosen = most_clonal_patient(ds) if patient is None else patient
    courses = each_course(ds, chosen)
    relapsed = [each for each in courses if not np.isnan(float(each[1]["relapse_day"]))]
    arm, course = (relapsed or courses)[0]
    return arm, course, chosen


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


def draw_shares(shown: ShownClones, course: xr.Dataset, ax: Axes) -> Axes:
    """A dot for every clone and occasion, its area the fraction of stem cells, with the number."""
    order = depth_first(shown.parent)
    occasions = shares_over_time(shown, course)
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


def clone_tree_figure(
    ds: xr.Dataset, width_mm: float = COLUMN, patient: int | None = None
) -> Figure:
    """Tree, mutations and shares; by default of who relapsed in most arms and had most clones.

    patient : position in the cohort
    """
    arm, course, chosen = chosen_course(ds, patient)
    shown = shown_clones(course)
    note = (
        f"Patient {int(ds['patient'].values[chosen])}, {in_words(arm)}. Each clone has the "
        "mutations of the one it hangs on, and one more or several; numbers and areas are "
        f"fractions of leukaemic stem cells. {max(shown.hidden, 0)} smaller clones are counted "
        "with the ancestor they descend from."
    )
    high = ROW * len(shown.name)
    figure = empty_figure(width_mm, HEAD + high + 3.0 + note_height(note, width_mm))
    longest = max(len(label) for label in shown.label) * SMALL_LETTER
    tree = min(width_mm - SHARES - RIGHT - 2.0, TREE + longest + 10.0)
    draw_tree(shown, add_axes(figure, 3.0, HEAD, TREE, high))
    words = add_axes(figure, 3.0 + TREE + 1.0, HEAD, tree - TREE - 4.0, high)
    words.set(xlim=(0.0, 1.0), ylim=(len(shown.name) - 0.5, -0.5))
    words.set_axis_off()
    letters = int((tree - TREE - 4.0) / SMALL_LETTER)
    for row, clone in enumerate(depth_first(shown.parent)):
        mother = shown.parent[clone]
        label = shown.label[clone]
        if mother >= 0:  # the tree says what comes before
            label = label.removeprefix(shown.label[mother].partition(" (day")[0]).strip()
        label = label if len(label) <= letters else "…" + label[1 - letters :]
        words.text(0.0, row, label, va="center", size=5.0)
    draw_shares(shown, course, add_axes(figure, tree + 2.0, HEAD, SHARES, high))
    figure.text(
        (tree + 1.0) / width_mm, 1.0 - 1.5 / (figure.get_figheight() * 25.4), "Fraction at",
        va="top", size=5.5, color=GREY,
    )  # fmt: skip
    add_note(figure, note, HEAD + high + 3.0)
    return figure


def numbers_drawn(ds: xr.Dataset, patient: int | None = None) -> pd.DataFrame:
    """Every number: columns arm, patient, clone, parent, mutations, occasion, fraction."""
    arm, course, chosen = chosen_course(ds, patient)
    shown = shown_clones(course)
    rows = [
        (
            arm,
            int(ds["patient"].values[chosen]),
            name,
            shown.name[shown.parent[i]] if shown.parent[i] >= 0 else "",
            shown.label[i],
            occasion,
            share[i],
        )
        for occasion, share in shares_over_time(shown, course).items()
        for i, name in enumerate(shown.name)
    ]
    return pd.DataFrame(
        rows, columns=["arm", "patient", "clone", "parent", "mutations", "occasion", "fraction"]
    )
