"""How every figure looks: sizes in millimetres, fonts, and one colour for each arm and subtype.

Figures are laid out by explicit axes in millimetres. An automatic layout would shift with the text
and not save the same bytes twice.
"""

import logging
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import as_file, files
from typing import Any

from matplotlib import rc_params_from_file
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.style import context

from leukosim.analysis.endpoints import DAYS_PER_MONTH

HIGHEST = 170.0  # mm
MM_PER_INCH = 25.4
LETTER, SMALL_LETTER, LINE = 1.25, 1.1, 2.9  # mm, about: widths in labels and in ticks; a line

# Okabe and Ito: told apart by readers with any colour vision.
BLACK, ORANGE, SKY_BLUE, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#7F7F7F"

ARM_COLORS = {
    "triggered": BLUE,
    "at_relapse": VERMILLION,
    "maintenance": GREEN,
    "azacitidine": GREY,
    "venetoclax": ORANGE,
    "venetoclax_azacitidine": BLACK,
    "venetoclax_azacitidine_navitoclax": PURPLE,
    "venetoclax_azacitidine_degrader": SKY_BLUE,
    "placebo": VERMILLION,
    "motixafortide": BLUE,
}
GROUP_COLORS = {"negative": GREY, "low": SKY_BLUE, "high": ORANGE}  # by CXCR4 of residual cells
OTHER_COLORS = (PURPLE, ORANGE, SKY_BLUE, BLACK, YELLOW, BLUE, VERMILLION, GREEN)
SUBTYPE_COLORS = {
    "HSC-like": BLUE,
    "LMPP-like": SKY_BLUE,
    "MEP-like": VERMILLION,
    "MoDe": GREEN,
    "reprogrammed": PURPLE,
}


def settings() -> dict[str, Any]:
    """Matplotlib's settings of the house style, by name."""
    with as_file(files("leukosim.figures") / "elements" / "leukosim.mplstyle") as path:
        return dict(rc_params_from_file(path, use_default_template=False))


# Read now: inside of a page's session, solara keeps matplotlib from turning text into numbers.
SETTINGS = settings()


@contextmanager
def house_style() -> Iterator[None]:
    """Within it, figures are made and saved in the house style."""
    fonts = logging.getLogger("matplotlib.font_manager")
    level = fonts.level
    fonts.setLevel(logging.ERROR)  # the first fonts of the list are often not installed
    try:
        with context(["default", SETTINGS]):
            yield
    finally:
        fonts.setLevel(level)


def arm_colors(arms: Iterable[str]) -> dict[str, str]:
    """A colour for each arm: always the same for the arms of our studies, then the free ones."""
    return own_or_free(map(str, arms), ARM_COLORS)


def subtype_colors(subtypes: Iterable[str]) -> dict[str, str]:
    """A colour for each subtype: always the same for the known ones, then the free ones."""
    return own_or_free(map(str, subtypes), SUBTYPE_COLORS)


def own_or_free(names: Iterable[str], own: Mapping[str, str]) -> dict[str, str]:
    """The colour that each name has as its own, else one that no name among them has.

    Of names that own the same colour, as arms of different studies may, the first keeps it.
    """
    names = list(names)
    result: dict[str, str] = {}
    for name in names:
        if name in own and own[name] not in result.values():
            result[name] = own[name]
    free = [color for color in OTHER_COLORS if color not in result.values()]
    others = [name for name in names if name not in result]
    result |= {name: free[i % len(free)] for i, name in enumerate(others)}
    return {name: result[name] for name in names}


def in_words(name: str) -> str:
    """A name of a configuration as a reader would write it: ``at_relapse`` is "at relapse"."""
    return name.replace("_", " ").replace(".", " ")


def empty_figure(width_mm: float, height_mm: float) -> Figure:
    """A figure of this size, without axes and without a window."""
    return Figure(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH))


def add_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes whose frame stands at so many mm from the left and from the top edge of the figure."""
    wide, high = (inches * MM_PER_INCH for inches in figure.get_size_inches())
    return figure.add_axes((left / wide, 1.0 - (top + height) / high, width / wide, height / high))


def width_of(ax: Axes) -> float:
    """The width of the whole figure in mm."""
    return float(ax.figure.bbox.width / ax.figure.dpi * MM_PER_INCH)


def axes_width(ax: Axes) -> float:
    """The width of the frame of axes in mm."""
    return float(ax.get_position().width * width_of(ax))


def month_ticks(last_day: float, at_most: int = 9) -> list[float]:
    """Months to mark on an axis that ends at a day."""
    months = last_day / DAYS_PER_MONTH
    for step in (1, 2, 3, 6, 12, 24, 60, 120):
        if months / step < at_most:
            break
    return [float(month) for month in range(0, int(months + 0.1) + 1, step)]


def wrapped(text: str, room_mm: float, letter_mm: float) -> str:
    """A text in lines of so many mm, broken at brackets and commas if that adds no line."""
    letters = max(int(room_mm / letter_mm), 10)
    lines: list[str] = []
    for part in text.split("\n"):
        anywhere = textwrap.wrap(part, letters)
        pieces = re.split(r" (?=\()|(?<=,) ", part)
        at_pauses = [line for piece in pieces for line in textwrap.wrap(piece, letters)]
        lines += at_pauses if len(at_pauses) == len(anywhere) else anywhere
    return "\n".join(lines)


def add_heading(figure: Figure, at: tuple[float, float], text: str, letter: str) -> None:
    """The letter of a panel and what it shows, from its top left corner in mm."""
    wide, high = (inches * MM_PER_INCH for inches in figure.get_size_inches())
    left, top = at
    y = 1.0 - (top + 1.5) / high
    if letter:
        figure.text((left + 1.5) / wide, y, letter, weight="bold", va="top", size=8.0)
    left += 5.5 if letter else 2.0
    figure.text(left / wide, y, text, va="top", linespacing=1.15)
