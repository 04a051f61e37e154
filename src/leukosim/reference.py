"""Pages of the documentation that are made from the code, so that they cannot disagree with it."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from leukosim.config import Config
from leukosim.parameters import allowed_range, parameter_rows
from leukosim.results import VARIABLES


def parameter_page() -> str:
    """Every parameter, as Markdown: first what is estimated, then what a user chooses."""
    config = Config()
    estimates = [
        (f"`{row.path}`", number(row.value), row.unit, f"{number(row.low)} to {number(row.high)}",
         row.source, row.note)
        for row in parameter_rows(config)
    ]  # fmt: skip
    return "\n".join(
        [
            "# Parameters",
            "",
            "Made by `make docs` from the declarations in the code; do not edit. A path is what a",
            "command line sets: `leukosim run disease.cycle.renewal=0.8`. The range is what is",
            "plausible: for sensitivity analyses, not the limit of what is allowed.",
            "",
            "## Estimates",
            "",
            *table(("parameter", "value", "unit", "range", "source", "note"), estimates),
            "",
            "## Settings",
            "",
            "What a user chooses. A study or a strategy may choose other values.",
            "",
            *table(("setting", "default", "unit", "allowed", "note"), settings(config)),
            "",
        ]
    )


def vocabulary_page() -> str:
    """Every variable of a result, as Markdown."""
    rows = [
        (f"`{name}`", ", ".join(each.dims), each.unit, each.meaning)
        for name, each in VARIABLES.items()
    ]
    return "\n".join(
        [
            "# Results",
            "",
            "Made by `make docs` from `leukosim.results`; do not edit. `results.nc` holds these",
            "variables. Days count from enrolment; what did not happen has no day (nan). A sweep",
            "adds the dimension `scenario`, labelled by the fields that were swept.",
            "",
            *table(("variable", "dimensions", "unit", "meaning"), rows),
            "",
        ]
    )


def settings(record: Any, path: str = "") -> Iterator[tuple[str, ...]]:
    """Path, default, unit, allowed range and note of every setting in a tree of dataclasses."""
    for each in fields(record):
        value, here = getattr(record, each.name), f"{path}{each.name}"
        if is_dataclass(value):
            yield from settings(value, f"{here}.")
        elif "lowest" in each.metadata and "source" not in each.metadata:
            m = each.metadata
            yield f"`{here}`", number(value), m["unit"], allowed_range(m), m.get("note", "")


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a Markdown table."""
    headings = list(headings)
    yield row_line(headings)
    yield row_line("---" for _ in headings)
    for row in rows:
        yield row_line(row)


def row_line(cells: Iterable[str]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def number(value: Any) -> str:
    """A number as one writes it."""
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)
