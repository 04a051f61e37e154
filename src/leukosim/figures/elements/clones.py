"""What figures of clones share: whom they show, which clones one by one, and in which colours."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.figures.elements.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY_BLUE,
    VERMILLION,
    YELLOW,
)
from leukosim.marrow.lineages import gathered

SHOWN = 8  # clones that colours still tell apart
VISIBLE = 0.005  # share of the stem cells that can be seen
CLONE_COLORS = (GREY, BLUE, ORANGE, GREEN, VERMILLION, SKY_BLUE, PURPLE, YELLOW)


@dataclass(frozen=True)
class ShownClones:
    """The clones of one course that are shown, mothers first; all others are counted with them."""

    day: np.ndarray  # float64[row]
    number: list[int]  # position in the dataset
    name: list[str]
    label: list[str]
    parent: list[int]  # position among those shown, -1 for a trunk
    stem_cells: np.ndarray  # float64[row, clone]
    blasts: np.ndarray  # float64[row, clone]
    diagnosis_share: np.ndarray  # float64[clone]
    hidden: int  # clones that are not shown one by one, of all that there ever were

    @property
    def colors(self) -> list[str]:
        """A colour for each."""
        return [CLONE_COLORS[i % len(CLONE_COLORS)] for i in range(len(self.name))]

    def table(self) -> pd.DataFrame:
        """Every number: columns clone, parent, mutations, day, stem_cells, blasts, fraction."""
        total = self.stem_cells.sum(1)
        tables = []
        for i, name in enumerate(self.name):
            fraction = np.divide(
                self.stem_cells[:, i], total, out=np.full(len(total), np.nan), where=total > 0.0
            )
            columns = {
                "clone": name,
                "parent": self.name[self.parent[i]] if self.parent[i] >= 0 else "",
                "mutations": self.label[i],
                "day": self.day,
                "stem_cells": self.stem_cells[:, i],
                "blasts": self.blasts[:, i],
                "fraction": fraction,
            }
            tables.append(pd.DataFrame(columns))
        return pd.concat(tables, ignore_index=True)


class ClonalCourse(NamedTuple):
    """One patient in one arm."""

    arm: str
    patient: int  # as the dataset numbers patients
    data: xr.Dataset  # without arm and patient
    shown: ShownClones


def most_clonal_patient(ds: xr.Dataset) -> int:
    """The position of the patient to show: who relapsed in most arms, then had most clones.

    Clones count from 1 % of the stem cells at some time; of equals, the first.
    """
    cells = ds["stem_cells_by_clone"].sum("subtype")
    share = cells / cells.sum("clone").where(lambda total: total > 0.0)
    major = (share.max("time") >= 0.01).sum("clone").max("arm")
    relapses = ds["relapse_day"].notnull().sum("arm")
    order = np.lexsort((-major.values, -relapses.values))
    return int(order[0])


def shown_clones(course: xr.Dataset, at_most: int = SHOWN) -> ShownClones:
    """The largest clones of one patient in one arm; smaller ones join the nearest ancestor shown.

    The sum over clones is that of all cells.

    course : with ``clone_name``, ``clone_parent``, ... of one patient in one arm
    """
    n = int((course["clone_name"] != "").sum())
    names = [str(name) for name in course["clone_name"].values[:n]]
    parent = course["clone_parent"].values[:n].astype(int)
    known = course["stem_cells_by_clone"].notnull().any(["clone", "subtype"]).values
    day = course["time"].values[known]
    cells, blasts = (
        course[f"{kind}_by_clone"].sum("subtype").transpose("time", "clone").values[known, :n]
        for kind in ("stem_cells", "blasts")
    )
    total = cells.sum(1, keepdims=True)
    share = np.divide(cells, total, out=np.zeros_like(cells), where=total > 0.0)
    peak = share.max(0) if len(day) else np.zeros(n)
    peak = np.maximum(peak, np.nan_to_num(course["clone_diagnosis_share"].values[:n]) * 0.999)
    trunks = np.flatnonzero(parent < 0)
    others = [i for i in np.argsort(-peak, kind="stable") if parent[i] >= 0 and peak[i] > VISIBLE]
    kept = sorted([*trunks.tolist(), *map(int, others[: max(at_most - len(trunks), 0)])])
    parents = dict(enumerate(parent.tolist()))
    position = {clone: i for i, clone in enumerate(kept)}

    def shown_ancestor(clone: int) -> int:
        above = parents[clone]
        while above >= 0 and above not in position:
            above = parents[above]
        return position[above] if above >= 0 else -1

    return ShownClones(
        day=day,
        number=kept,
        name=[names[i] for i in kept],
        label=[label_of(course, i, parent) for i in kept],
        parent=[shown_ancestor(i) for i in kept],
        stem_cells=gathered(cells.T, range(n), parents, kept).T,
        blasts=gathered(blasts.T, range(n), parents, kept).T,
        diagnosis_share=gathered(
            np.nan_to_num(course["clone_diagnosis_share"].values[:n]), range(n), parents, kept
        ),
        hidden=int(course["clones_ever"]) - len(kept),
    )


def label_of(course: xr.Dataset, clone: int, parent: np.ndarray) -> str:
    """What a trunk carries, and what any other clone has beyond its trunk."""
    trunk = clone
    while parent[trunk] >= 0:
        trunk = parent[trunk]
    all_of = [str(course["clone_genotype"].values[i]).split() for i in (trunk, clone)]
    beyond = [mutation for mutation in all_of[1] if mutation not in all_of[0]]
    if clone == trunk:
        return " ".join(all_of[0]) or str(course["clone_name"].values[clone])
    text = "+ " + " + ".join(beyond) if beyond else str(course["clone_name"].values[clone])
    born = float(course["clone_founded_day"].values[clone])
    return f"{text} (day {born:.0f})" if born > 0.0 else text


def most_clonal_courses(ds: xr.Dataset) -> list[ClonalCourse]:
    """The patient of :func:`most_clonal_patient` in every arm."""
    one = ds.isel(patient=most_clonal_patient(ds))
    courses = {str(arm): one.sel(arm=arm) for arm in ds["arm"].values}
    return [
        ClonalCourse(arm, int(one["patient"]), course, shown_clones(course))
        for arm, course in courses.items()
    ]
