"""Who responds, and for how long: by dominant subtype at diagnosis and by biomarker, and arm."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.endpoints import (
    ONE_YEAR,
    best_response,
    duration_of_response,
    event_free_survival,
    horizon_days,
    proportion,
)
from leukosim.analysis.survival import survival_at
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import (
    add_note,
    color_key,
    key_height,
    note_height,
    say_nothing_to_see,
    title_height,
)
from leukosim.figures.elements.style import (
    GREY,
    LETTER,
    LINE,
    SMALL_LETTER,
    add_axes,
    add_heading,
    arm_colors,
    empty_figure,
    wrapped,
)

HIGH = 24.0  # mm of a panel
LEFT, RIGHT = 15.0, 3.0  # mm
TERTILES = ("low", "middle", "high")
SPREAD = 0.7  # of the distance of groups: their arms, side by side
NOTE = (
    "Response: best response CR, CRh or CRi, exact 95 % intervals; deaths before any response "
    "count as none. Event-free: no failure (on the day it was declared), relapse or death; in "
    "response: no relapse or death since the first response, of responders. Both by Kaplan-Meier "
    "with log-log 95 % intervals, patients censored at their last day; absent where nobody was "
    "followed so long. n: patients in a group; hollow: fewer than 5 patients behind the dot."
)
FEW = 5  # patients


def groups_of(ds: xr.Dataset) -> dict[str, dict[str, np.ndarray]]:
    """Who belongs to which group, bool[patient], by kind of group and label.

    Groups without patients are left out, and so are tertiles of fewer than three scores.
    """
    result: dict[str, dict[str, np.ndarray]] = {}
    if "dominant_subtype" in ds:
        dominant = ds["dominant_subtype"].values.astype(str)
        members = {str(name): dominant == str(name) for name in ds["subtype"].values}
        result["Dominant subtype at diagnosis"] = members
    if "bcl2_score" in ds:
        score = ds["bcl2_score"].values.astype(float)
        if len(np.unique(score[~np.isnan(score)])) >= 3:
            cuts = np.nanquantile(score, [1 / 3, 2 / 3])
            third = np.where(np.isnan(score), -1, np.searchsorted(cuts, score))
            members = {name: third == i for i, name in enumerate(TERTILES)}
            result["BCL-2 score, tertiles"] = members
    return {
        kind: {label: who for label, who in members.items() if who.any()}
        for kind, members in result.items()
    }


def horizon(ds: xr.Dataset) -> float:
    """The day at which patients are compared: a year, or the end of a shorter trial."""
    return float(min(ONE_YEAR, float(horizon_days(ds))))


def response_numbers(ds: xr.Dataset) -> pd.DataFrame:
    """Every number of the figure: outcome, kind, group, arm, value, low, high, n, patients.

    ``n`` patients are behind a value, such as responders; ``patients`` are in the group.
    """
    day, rows = horizon(ds), []
    for kind, members in groups_of(ds).items():
        for group, who in members.items():
            some = ds.isel(patient=np.flatnonzero(who))
            responded = best_response(some)
            for arm in map(str, ds["arm"].values):
                share = proportion(responded.sel(arm=arm))
                row = (share.value, share.low, share.high, share.n, int(who.sum()))
                rows.append(("response", kind, group, arm, *row))
            for outcome, times in (
                ("event-free", event_free_survival(some)),
                ("in response", duration_of_response(some)),
            ):
                for each in survival_at(times, day).itertuples():
                    row = (each.survival, each.low, each.high, each.n, int(who.sum()))
                    rows.append((outcome, kind, group, each.arm, *row))
    columns = ["outcome", "kind", "group", "arm", "value", "low", "high", "n", "patients"]
    return pd.DataFrame(rows, columns=columns)


def draw_groups(table: pd.DataFrame, ax: Axes, colors: dict[str, str]) -> Axes:
    """A dot with its interval for each group and arm.

    table : rows of one outcome and kind of :func:`response_numbers`
    """
    groups, arms = list(dict.fromkeys(table["group"])), list(colors)
    step = SPREAD / max(len(arms), 3)
    for i, arm in enumerate(arms):
        of_arm = table[(table["arm"] == arm) & table["value"].notna()]
        at = np.array([groups.index(group) for group in of_arm["group"]], float)
        at += step * (i - (len(arms) - 1) / 2)
        ax.vlines(at, of_arm["low"], of_arm["high"], color=colors[arm], linewidth=0.7)
        few = of_arm["n"].to_numpy() < FEW
        for those, face in ((~few, colors[arm]), (few, "white")):
            ax.plot(
                at[those], of_arm["value"][those], "o", color=colors[arm], mfc=face, markersize=3,
                mew=0.6,
            )  # fmt: skip
    if table["value"].isna().all():
        say_nothing_to_see(ax, "nobody was followed so long")
    for between in range(1, len(groups)):
        ax.axvline(between - 0.5, color=GREY, linewidth=0.3, linestyle=":")
    ax.set(xlim=(-0.5, len(groups) - 0.5), ylim=(-0.03, 1.03), yticks=(0.0, 0.5, 1.0))
    ax.set_xticks(range(len(groups)), [""] * len(groups))
    ax.tick_params(axis="x", length=0)
    return ax


def group_names(table: pd.DataFrame) -> list[str]:
    """Groups with the number of their patients, in two lines each.

    table : rows of one kind of :func:`response_numbers`
    """
    patients = table.groupby("group", sort=False)["patients"].first()
    return [f"{group}\nn = {n}" for group, n in patients.items()]


def response_by_subtype_figure(
    ds: xr.Dataset, table: pd.DataFrame, width_mm: float = PAGE
) -> Figure:
    """Rows of outcomes; dominant subtypes at the left, tertiles of the biomarker at the right.

    table : of :func:`response_numbers`
    """
    colors = arm_colors(ds["arm"].values)
    months = f"{horizon(ds) / 365.25 * 12:.0f} months"
    labels = {
        "response": "CR/CRh/CRi",
        "event-free": f"Event-free\nat {months}",
        "in response": f"In response\n{months} later",
    }
    known = set(table["outcome"][table["value"].notna()])
    outcomes = [name for name in labels if name in known]
    kinds = list(dict.fromkeys(table["kind"]))
    sizes = [table[table["kind"] == kind]["group"].nunique() for kind in kinds]
    key, gap = key_height(colors, width_mm - 6.0) + 2.0, 6.0
    room = width_mm - LEFT - RIGHT - gap * (len(kinds) - 1)
    wide = {kind: room * size / sum(sizes) for kind, size in zip(kinds, sizes, strict=True)}
    headings = {kind: wrapped(kind, wide[kind], LETTER) for kind in kinds}
    names = {kind: group_names(table[table["kind"] == kind]) for kind in kinds}
    longest = max(
        len(line) for each in names.values() for name in each for line in name.split("\n")
    )
    turned = longest * SMALL_LETTER > room / sum(sizes) - 1.0
    if turned:
        names = {kind: [name.replace("\n", ", ") for name in each] for kind, each in names.items()}
    below = 3.0 + (SMALL_LETTER * (longest + 8) if turned else 2 * LINE)
    heading = title_height(headings) + 1.5
    note = note_height(NOTE, width_mm)
    figure = empty_figure(width_mm, key + heading + len(outcomes) * (HIGH + 4.0) + below + note)
    color_key(figure, 3.0, 1.0, width_mm - 6.0, colors)
    left = LEFT
    for number, kind in enumerate(kinds):
        letter = "ab"[number] if len(kinds) > 1 else ""
        add_heading(figure, (left - 5.5, key - 1.0), headings[kind], letter)
        for row, outcome in enumerate(outcomes):
            ax = add_axes(figure, left, key + heading + row * (HIGH + 4.0), wide[kind], HIGH)
            here = table[(table["kind"] == kind) & (table["outcome"] == outcome)]
            draw_groups(here, ax, colors)
            ax.tick_params(labelleft=number == 0)
            if number == 0:
                ax.set_ylabel(labels[outcome])
        ax.set_xticks(range(len(names[kind])), names[kind], rotation=90 if turned else 0)
        left += wide[kind] + gap
    add_note(figure, NOTE, key + heading + len(outcomes) * (HIGH + 4.0) + below)
    return figure
