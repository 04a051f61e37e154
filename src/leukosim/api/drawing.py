"""Figures of a result by their names."""

from typing import Any

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.api.results import dataset_of
from leukosim.api.statistics import AnyResult
from leukosim.errors import ConfigError, listed, unknown
from leukosim.figures.elements.standard import StandardFigure
from leukosim.figures.elements.style import house_style
from leukosim.figures.registry import figures_for


def figure_names(result: AnyResult) -> list[str]:
    """The names of the figures that a result can feed."""
    return [each.name for each in figures_for(dataset_of(result))]


def draw(
    result: AnyResult, name: str, *, ax: Axes | None = None, width_mm: float | None = None
) -> Any:
    """Draw a figure of a result.

    Parameters
    ----------
    name : one of :func:`figure_names`, such as ``"relapse_free_survival"``
    ax : axes to draw the main panel into; None: the whole figure, with its table and its note
    width_mm : of the whole figure; None: as wide as it is best

    Returns
    -------
    Axes or Figure
        The axes that were given, or a new figure.

    Raises
    ------
    leukosim.errors.ConfigError
        If the result does not feed the figure, or it has no single main panel.
    """
    ds = dataset_of(result)
    figure = figure_named(ds, name)
    with house_style():
        return whole(figure, ds, width_mm) if ax is None else panel(figure, ds, ax)


def figure_named(ds: xr.Dataset, name: str) -> StandardFigure:
    """The figure of a name, or :class:`ConfigError` with what there is to choose from."""
    by_name = {each.name: each for each in figures_for(ds)}
    if name not in by_name:
        raise unknown(name, by_name, "figure of this result")
    return by_name[name]


def whole(figure: StandardFigure, ds: xr.Dataset, width_mm: float | None) -> Figure:
    """A figure with all its panels."""
    return figure.draw(ds, width_mm)[0]


def panel(figure: StandardFigure, ds: xr.Dataset, ax: Axes) -> Axes:
    """The main panel of a figure, in axes of the user's."""
    if figure.panel is None:
        single = listed(each.name for each in figures_for(ds) if each.panel is not None)
        raise ConfigError(
            f"{figure.name} has several panels: leave ax out to get the whole figure; "
            f"with one panel: {single}"
        )
    return figure.panel(ds, ax)
