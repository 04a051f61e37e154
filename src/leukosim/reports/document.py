"""What the pages that leukosim writes are made of: paragraphs, tables, figures, in sections.

A document is data. It is written as one HTML file that loads nothing (:func:`html_of`), and, with
the extra ``pdf``, typeset as a PDF (:func:`pdf_of`). Neither holds a date of its own, so the same
document makes the same bytes.
"""

import base64
import json
import re
import tempfile
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from leukosim.errors import ConfigError
from leukosim.figures.elements import formats
from leukosim.figures.elements.style import MM_PER_INCH

PAGE, TYPESET = "document.html.jinja", "document.typ"
EPOCH = datetime.fromtimestamp(0, UTC)  # in place of the date that a PDF would carry


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; ``tone`` is "" or "note", in smaller print."""

    text: str
    tone: str = ""
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    items: list[str]
    kind: str = field(default="points", init=False)


@dataclass(frozen=True)
class Key:
    """What a reader who reads one thing should read: sentences, and a note in smaller print."""

    title: str
    text: str
    items: list[str] = field(default_factory=list)
    note: str = ""
    kind: str = field(default="key", init=False)


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    kind: str = field(default="heading", init=False)


@dataclass(frozen=True)
class Command:
    """Lines for a terminal or of a file."""

    text: str
    folded: str = ""  # what a screen shows in their place until they are opened
    kind: str = field(default="command", init=False)


@dataclass(frozen=True)
class Table:
    """A table; ``widths`` are the shares of its columns, where they are not left to the page."""

    heads: list[str]
    rows: list[list[str]]
    caption: str = ""
    small: bool = False
    folded: str = ""  # what a screen shows in its place until it is opened; paper shows it all
    widths: list[float] = field(default_factory=list)
    kind: str = field(default="table", init=False)


@dataclass(frozen=True)
class Picture:
    """A figure of the page."""

    number: int
    caption: str
    file: Path  # an SVG; beside it, under the same name, may lie a PDF
    kind: str = field(default="picture", init=False)

    @property
    def image(self) -> str:
        """The figure as a data URI."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.file.read_bytes()).decode()

    @property
    def width(self) -> float:
        """Per cent of the page."""
        width = re.search(rb'<svg[^>]* width="([\d.]+)pt"', self.file.read_bytes())
        mm = float(width[1]) / 72.0 * MM_PER_INCH if width else formats.PAGE
        return min(100.0 * mm / formats.PAGE, 100.0)


Block = Paragraph | Points | Key | Heading | Command | Table | Picture


@dataclass(frozen=True)
class Section:
    """A part of a document."""

    title: str
    blocks: list[Block]

    @property
    def anchor(self) -> str:
        """What a link to it says."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


@dataclass(frozen=True)
class Document:
    """A document: its title, what it is about, and its parts."""

    title: str
    lead: str
    sections: list[Section]


@dataclass
class Album:
    """Figures, numbered in the order in which they are added."""

    shown: list[Picture] = field(default_factory=list)

    def add(self, file: Path, caption: str) -> Picture:
        """A figure from an SVG file."""
        picture = Picture(len(self.shown) + 1, caption, file)
        self.shown.append(picture)
        return picture


@cache
def environment() -> Any:
    """Where the templates lie; every text is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("leukosim.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def html_of(document: Document) -> str:
    """A document as one HTML page, with style and figures inside."""
    return str(environment().get_template(PAGE).render(document=document))


def can_typeset() -> bool:
    """Whether the extra ``pdf`` is installed."""
    return find_spec("typst") is not None


def pdf_of(document: Document) -> bytes:
    """A document as a PDF, by Typst, with the fonts that Typst brings along.

    Raises
    ------
    ConfigError
        If the extra ``pdf`` is not installed.
    """
    if not can_typeset():
        raise ConfigError("a PDF needs the extra pdf: pip install 'leukosim[pdf]'")
    import typst

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / TYPESET).write_bytes(
            (files("leukosim.reports") / "templates" / TYPESET).read_bytes()
        )
        plain = json.dumps(asdict(document), default=lambda file: placed(file, folder))
        (folder / "document.json").write_text(plain, encoding="utf-8")
        made = typst.compile(
            folder / TYPESET, root=folder, ignore_system_fonts=True, timestamp=EPOCH
        )
    return bytes(made)


def placed(file: Path, folder: Path) -> str:
    """Copy a figure to where it is typeset, and say its name there.

    Its PDF where there is one, which carries its fonts along.
    """
    best = file.with_suffix(".pdf") if file.with_suffix(".pdf").is_file() else file
    name = f"{len(list(folder.iterdir()))}{best.suffix}"
    (folder / name).write_bytes(best.read_bytes())
    return name


def brief(value: Any) -> str:
    """A number in few digits; a text as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return str(value)
    number = float(value)
    if abs(number) >= 1e6:
        return f"{number:.2g}"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
