"""Figures of a result by their names."""

from typing import overload

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.api.results import dataset_of
from leukosim.api.statistics import AnyResult
from leukosim.figures.elements.style import house_style
from leukosim.figures.registry import draw_panel, figure_named, figures_for


def figure_names(result: AnyResult) -> list[str]:
    """The names of the figures that a result can feed."""
    return [each.name for each in figures_for(dataset_of(result))]


@overload
def draw(result: AnyResult, name: str, *, ax: Axes, width_mm: float | None = None) -> Axes: ...


@overload
def draw(
    result: AnyResult, name: str, *, ax: None = None, width_mm: float | None = None
) -> Figure: ...


def draw(
    result: AnyResult, name: str, *, ax: Axes | None = None, width_mm: float | None = None
) -> Axes | Figure:
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
    with house_style():
        if ax is not None:
            return draw_panel(name, ds, ax)
        return figure_named(name, ds).draw(ds, width_mm)[0]
