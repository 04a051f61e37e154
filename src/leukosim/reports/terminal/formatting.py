"""Tables of a terminal, and numbers as all tables write them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD, Box
from rich.table import Table

from leukosim.analysis.endpoints import DAYS_PER_MONTH

Cell = str | Callable[[Any], str]  # "{.value:.2f}", of a row, or a function of it


def printed(
    title: str,
    heads: Iterable[str],
    rows: Iterable[Iterable[str]],
    *,
    caption: str | None = None,
    left: int = 1,
    wrap: bool = True,
    bold: Iterable[int] = (),
    box: Box = SIMPLE_HEAD,
) -> Table:
    """A table for a terminal.

    Parameters
    ----------
    left : columns whose text stands at the left; numbers stand at the right
    wrap : whether the first column may be broken into lines
    bold : rows in bold letters
    """
    table, emphasised = Table(title=title, caption=caption, box=box), set(bold)
    for i, head in enumerate(heads):
        table.add_column(
            head,
            justify="left" if i < left else "right",
            no_wrap=i == 0 and not wrap,
            overflow="fold",  # a cut number is wrong, a broken one is not
        )
    for i, row in enumerate(rows):
        table.add_row(*row, style="bold" if i in emphasised else None)
    return table


def frame_table(title: str, frame: pd.DataFrame, columns: Mapping[str, Cell], **how: Any) -> Table:
    """A table for a terminal with a row for each row of a data frame.

    columns : how the cells of each column are written, by its head
    how : of :func:`printed`
    """
    rows = ([written(cell, row) for cell in columns.values()] for row in frame.itertuples())
    return printed(title, columns, rows, **how)


def written(cell: Cell, row: Any) -> str:
    """A row's cell in a column."""
    return cell.format(row) if isinstance(cell, str) else cell(row)


def probability(share: float) -> str:
    """A share of resamples, never rounded to certainty; a dash where it is unknown."""
    if np.isnan(share):
        return "–"
    return "> 0.999" if share > 0.999 else ("< 0.001" if share < 0.001 else f"{share:.3f}")


def months(day: float) -> str:
    """A day in words."""
    return f"{day / DAYS_PER_MONTH:.0f} months" if day >= 3 * DAYS_PER_MONTH else f"day {day:g}"


def with_interval(row: pd.Series, digits: int, scale: float = 1.0, signed: bool = False) -> str:
    """A number and its interval, such as ``0.71 (0.61 to 0.79)``; a dash where there is none."""
    value, low, high = (float(row[name]) * scale for name in ("value", "low", "high"))
    return in_interval(value, low, high, digits, signed)


def in_interval(value: float, low: float, high: float, digits: int, signed: bool = False) -> str:
    """The same of three numbers."""
    if np.isnan(value):
        return "–"
    plus = "+" if signed else ""
    shown = [f"{x:{plus}.{digits}f}".replace("-", "−") for x in (value, low, high)]
    return shown[0] if np.isnan(low) else f"{shown[0]} ({shown[1]} to {shown[2]})"
