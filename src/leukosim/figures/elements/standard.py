"""A standard figure: its name, what it needs of a dataset, and how it is drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Drawing = tuple[Figure, pd.DataFrame]  # a figure, and every number in it


class Draw(Protocol):
    """How a figure is drawn."""

    def __call__(self, ds: xr.Dataset, width_mm: float | None = None) -> Drawing:
        """The figure, as wide as it is best if no width is asked for, and its numbers."""


@dataclass(frozen=True)
class Needs:
    """What a figure needs of a dataset: variables with at least one value, and what else."""

    variables: tuple[str, ...]
    also: Callable[[xr.Dataset], bool] = lambda ds: True

    def __call__(self, ds: xr.Dataset) -> bool:
        """Whether a dataset has it."""
        known = all(name in ds and bool(ds[name].notnull().any()) for name in self.variables)
        return known and self.also(ds)


@dataclass(frozen=True)
class StandardFigure:
    """A figure that every run draws whose dataset can feed it."""

    name: str  # of its files
    needs: Callable[[xr.Dataset], bool]  # whether a dataset has what it shows
    draw: Draw
    panel: Callable[[xr.Dataset, Axes], Axes] | None = None  # the main one, in given axes


def has(*names: str, also: Callable[[xr.Dataset], bool] = lambda ds: True) -> Needs:
    """Whether a dataset holds all these variables, each with at least one value.

    also : what it must fulfil, too
    """
    return Needs(names, also)


def wide(
    width_mm: float,
    figure: Callable[[xr.Dataset, float], Figure],
    numbers: Callable[[xr.Dataset], pd.DataFrame],
) -> Draw:
    """A figure together with its numbers; of this width, if no other is asked for."""
    own = width_mm

    def draw(ds: xr.Dataset, width_mm: float | None = None) -> Drawing:
        return figure(ds, width_mm or own), numbers(ds)

    return draw
