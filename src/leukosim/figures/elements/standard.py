"""A standard figure: what it needs of a dataset, its numbers, and how they are drawn."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.arms import with_all_dimensions
from leukosim.errors import ConfigError
from leukosim.figures.elements.formats import PAGE

Tables = dict[str, pd.DataFrame]  # the numbers of a figure, by part


@dataclass(frozen=True)
class Needs:
    """What a figure needs of a dataset: variables with at least one value, and what else."""

    variables: tuple[str, ...]
    also: Callable[[xr.Dataset], bool] = lambda ds: True

    def __call__(self, ds: xr.Dataset) -> bool:
        """Whether a dataset has it."""
        known = all(name in ds and bool(ds[name].notnull().any()) for name in self.variables)
        return known and self.also(ds)


def has(*names: str, also: Callable[[xr.Dataset], bool] = lambda ds: True) -> Needs:
    """Whether a dataset holds all these variables, each with at least one value.

    also : what it must fulfil, too
    """
    return Needs(names, also)


def only(ds: xr.Dataset, *dims: str) -> xr.Dataset:
    """The dataset without these dimensions, each of which has one entry.

    Raises
    ------
    ConfigError
        If one has more.
    """
    for dim in dims:
        if ds.sizes[dim] > 1:
            name = ds[dim].values[0]
            raise ConfigError(
                f"one panel shows one {dim}: select it first, as ds.sel({dim}={name!r})"
            )
    return ds.isel(dict.fromkeys(dims, 0))


@dataclass(frozen=True)
class StandardFigure:
    """A figure that is drawn for every dataset that has what it shows.

    Its numbers are computed once; the picture and the table are made of the same.
    """

    name: str  # of its files
    needs: Callable[[xr.Dataset], bool]  # whether a dataset has what it shows
    numbers: Callable[[xr.Dataset], Any]  # what is drawn, such as one table or several
    figure: Callable[..., Figure]  # of the dataset, its numbers and the width in mm
    table: Callable[[Any], pd.DataFrame]  # every number, as it is written as CSV
    width_mm: float | None = PAGE  # None: the figure chooses by what it shows
    panel: Callable[[xr.Dataset, Axes], Axes] | None = None  # its main panel, in axes of one's own

    def draw(self, ds: xr.Dataset, width_mm: float | None = None) -> tuple[Figure, pd.DataFrame]:
        """The figure and every number in it.

        width_mm : by default the figure's own
        """
        ds = with_all_dimensions(ds)
        numbers = self.numbers(ds)
        return self.figure(ds, numbers, width_mm or self.width_mm), self.table(numbers)

    @property
    def caption(self) -> str:
        """What the figure shows: the first sentence of the module that draws it."""
        module = sys.modules[self.figure.__module__]
        return (module.__doc__ or "").partition("\n\n")[0].replace("\n", " ").strip()
