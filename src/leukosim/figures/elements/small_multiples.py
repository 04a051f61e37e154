"""Small multiples: equal panels row by row, and what stands around them."""

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from leukosim.figures.elements.style import (
    GREY,
    LETTER,
    LINE,
    MM_PER_INCH,
    add_axes,
    in_words,
    wrapped,
)

RIGHT = 3.0  # mm
WIDEST = 60.0  # mm, of a panel that has the page to itself


@dataclass(frozen=True)
class Panels:
    """As many equal panels as there are, in as few rows as fit, filled evenly. All in mm."""

    n: int
    width: float  # of the figure
    left: float = 12.0  # for labels of the first column
    gap: float = 3.5
    narrowest: float = 28.0

    @property
    def rows(self) -> int:
        """Rows of panels."""
        room = self.width - self.left - RIGHT + self.gap
        fitting = max(int(room / (self.narrowest + self.gap)), 1)
        return -(-max(self.n, 1) // fitting)

    @property
    def columns(self) -> int:
        """Panels in a row."""
        return -(-max(self.n, 1) // self.rows)

    @property
    def wide(self) -> float:
        """The width of a panel."""
        room = self.width - self.left - RIGHT + self.gap
        return min(room / self.columns - self.gap, WIDEST)

    def row(self, i: int) -> int:
        """The row of a panel."""
        return i // self.columns

    def is_first(self, i: int) -> bool:
        """Whether a panel stands at the left."""
        return i % self.columns == 0

    def at(self, i: int) -> float:
        """Where a panel begins, from the left edge."""
        return self.left + (i % self.columns) * (self.wide + self.gap)


def title_lines(names: Iterable[str], wide_mm: float) -> dict[str, str]:
    """Names as titles of panels so wide, in lines."""
    return {name: wrapped(in_words(name), wide_mm, LETTER) for name in names}


def title_height(titles: Mapping[str, str], more: int = 0) -> float:
    """mm of the longest of these titles and so many lines more."""
    return LINE * (max(text.count("\n") + 1 for text in titles.values()) + more) + 1.0


def color_key(figure: Figure, left: float, top: float, width: float, colors: Mapping[str, str]):
    """Names beside patches of their colours, in one row or two."""
    high = key_height(colors, width)
    ax = add_axes(figure, left, top, width, high)
    ax.set_axis_off()
    patches = [Patch(color=color, linewidth=0) for color in colors.values()]
    ax.legend(
        patches, [in_words(name) for name in colors], loc="center left",
        ncols=columns_of_key(colors, width), handlelength=0.9, columnspacing=1.2,
        borderpad=0.0, borderaxespad=0.0,
    )  # fmt: skip


def columns_of_key(colors: Mapping[str, str], width: float) -> int:
    """Names beside each other in a key of this width."""
    longest = max(len(name) for name in colors)
    return max(1, min(len(colors), int(width / (LETTER * longest + 6.0))))


def key_height(colors: Mapping[str, str], width: float) -> float:
    """mm of a key."""
    return 3.2 * -(-len(colors) // columns_of_key(colors, width)) + 0.5


def add_note(figure: Figure, text: str, top: float) -> None:
    """Small print from the left edge, so many mm below the top."""
    wide, high = (inches * MM_PER_INCH for inches in figure.get_size_inches())
    lines = wrapped_note(text, wide)
    figure.text(
        2.0 / wide, 1.0 - top / high, lines, va="top", size=5.0, color=GREY, linespacing=1.2
    )


def note_height(text: str, width_mm: float) -> float:
    """mm of the small print."""
    return 2.6 * (wrapped_note(text, width_mm).count("\n") + 1) + 1.0


def wrapped_note(text: str, width_mm: float) -> str:
    """The small print in lines."""
    return "\n".join(
        line for part in text.split("\n") for line in textwrap.wrap(part, int(width_mm / 0.98))
    )


def say_nothing_to_see(ax: Axes, why: str) -> None:
    """Words instead of an empty panel."""
    ax.text(
        0.5, 0.5, why, transform=ax.transAxes, ha="center", va="center", color=GREY, size=5.5,
        linespacing=1.2,
    )  # fmt: skip
