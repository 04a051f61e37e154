"""Figures of a result by their names."""

from typing import overload

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names
from matplotlib.text import Text

from leukosim.api.results import dataset_of
from leukosim.api.statistics import AnyResult
from leukosim.errors import ConfigError
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
    if not isinstance(name, str):
        raise ConfigError(f"name = {name!r} is not the name of a figure, such as 'targets'")
    if ax is not None and (not isinstance(ax, Axes) or ax.name != "rectilinear"):
        raise ConfigError(f"ax is {type(ax).__name__}: allowed are plain axes of matplotlib")
    if ax is not None and width_mm is not None:
        raise ConfigError("width_mm is of a whole figure: leave it out where ax is given")
    check_width(width_mm)
    ds = dataset_of(result)
    with house_style():
        if ax is not None:
            drawn: Axes | Figure = draw_panel(name, ds, ax)
        else:
            drawn = figure_named(name, ds).draw(ds, width_mm)[0]
        keep_installed_fonts(drawn)
    return drawn


def keep_installed_fonts(drawn: Axes | Figure) -> None:
    """Take fonts that are not installed off the texts: each would be a warning when it is saved."""
    installed = set(get_font_names())
    for text in drawn.findobj(Text):
        assert isinstance(text, Text)
        families = [family for family in text.get_fontfamily() if family in installed]
        text.set_fontfamily(families or ["sans-serif"])


def check_width(width_mm: float | None) -> None:
    """Raise :class:`ConfigError` where no figure can be so wide."""
    lowest, highest = 40.0, 400.0
    is_number = isinstance(width_mm, int | float) and not isinstance(width_mm, bool)
    if width_mm is not None and not (is_number and lowest <= width_mm <= highest):
        raise ConfigError(
            f"width_mm = {width_mm!r} is not allowed: it is in mm, allowed from {lowest:g} to "
            f"{highest:g}"
        )
