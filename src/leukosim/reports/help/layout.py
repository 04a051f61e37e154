"""Help as text of a terminal and as Markdown."""

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from leukosim.reports.help.declared import Described

WIDEST = 100  # columns; longer lines are hard to read
NAMES = 24  # columns at most, before what names mean


def width() -> int:
    """Columns of the terminal, within reason; 80 in a pipe."""
    return max(60, min(WIDEST, shutil.get_terminal_size((80, 24)).columns))


def paragraph(text: str, indent: str = "") -> str:
    """A paragraph in lines."""
    return textwrap.fill(
        text, width(), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def in_columns(rows: Sequence[tuple[str, Sequence[str]]]) -> Iterator[str]:
    """Names, and beside each the paragraphs that explain it.

    A name that is wider than its column stands in a line of its own.
    """
    widest = max((len(name) for name, _ in rows if len(name) <= NAMES), default=NAMES)
    indent = " " * (widest + 4)
    for name, paragraphs in rows:
        lines = [
            line
            for each in paragraphs
            for line in textwrap.wrap(each, width() - len(indent), break_on_hyphens=False)
        ]
        if len(name) > widest or not lines:
            yield f"  {name}"
        else:
            yield f"  {name:<{widest}}  {lines.pop(0)}"
        yield from (indent + line for line in lines)


def field_lines(fields: Iterable[Described]) -> Iterator[str]:
    """Fields with their meaning, default, unit and range, as text."""
    yield from in_columns([(each.name, [each.meaning, each.facts]) for each in fields])


def field_table(fields: Iterable[Described]) -> Iterator[str]:
    """The same as a table in Markdown."""
    yield "| field | meaning | unit | allowed | default |"
    yield "| --- | --- | --- | --- | --- |"
    for each in fields:
        cells = (f"`{each.name}`", each.meaning, each.unit, each.allowed, each.default or "needed")
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def block(text: str, language: str = "") -> Iterator[str]:
    """Text as it stands, in Markdown."""
    yield f"```{language}"
    yield from text.rstrip("\n").splitlines()
    yield "```"
