"""Rows of parameters: their names at the left, something drawn beside each."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.figures.elements.style import add_axes

ROW, TALL_ROW, LABEL_SHARE = (
    5.4,
    7.4,
    0.42,
)  # mm, of two lines and of three; of the width of a figure
LETTER = 0.95  # mm of a letter at the size of these labels
SIZE = 5.0


def label_room(width_mm: float) -> float:
    """mm that names take at the left: what the longest need, on a column less."""
    return min(LABEL_SHARE * width_mm, 52.0)


def add_rows(
    figure: Figure,
    at: tuple[float, float],
    width: float,
    names: Sequence[str],
    room: float,
    row_mm: float = ROW,
) -> Axes:
    """Axes with a row for each parameter, the first on top; their frame begins at so many mm."""
    left, top = at
    ax = add_axes(figure, left, top, width, row_mm * len(names))
    ax.set(ylim=(len(names) - 0.5, -0.5), yticks=range(len(names)))
    ax.set_yticklabels([broken(name, room) for name in names], size=SIZE, linespacing=1.05)
    ax.tick_params("y", length=0)
    ax.spines["left"].set_visible(False)
    return ax


def broken(path: str, room: float) -> str:
    """A path in two lines where one has no room, broken at the dot nearest to its middle."""
    lines = path.split("\n")
    if len(lines[0]) * LETTER <= room or "." not in lines[0]:
        return path
    dots = [i for i, letter in enumerate(lines[0]) if letter == "."]
    fitting = [i for i in dots if max(i + 1, len(lines[0]) - i - 1) * LETTER <= room] or dots
    middle = min(fitting, key=lambda i: abs(i - len(lines[0]) / 2))
    first, second = lines[0][: middle + 1], lines[0][middle + 1 :]
    return "\n".join([first, second, *lines[1:]])
