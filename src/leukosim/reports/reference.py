"""Pages of the documentation that are made from the code, so that they cannot disagree with it."""

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from leukosim.biology.blasts import STAGES
from leukosim.biology.clones import TRAITS
from leukosim.biology.cycle import PHASES
from leukosim.biology.exposure import EXPOSURES
from leukosim.biology.niche import PLACES
from leukosim.biology.patient import Patient
from leukosim.clinic.strategy.chart import Chart, Treatment
from leukosim.config.compose import as_plain
from leukosim.config.schema import Config
from leukosim.marrow import kernels
from leukosim.parameters import allowed_range, parameter_rows
from leukosim.results import provenance
from leukosim.results.variables import VARIABLES
from leukosim.trial import event_queue as queue

# What has state, and the class that declares it.
ENTITIES = {
    "stem cells": kernels.Cells,
    "clones and blasts": kernels.Clones,
    "healthy blood": kernels.Healthy,
    "patient": Patient,
    "chart": Chart,
    "treatment": Treatment,
}
# What can fall on a day, in the order in which it happens.
ON_A_DAY = {
    queue.END: "the follow-up ends",
    queue.MRD_SAMPLE: "a sample for MRD is taken; with marrow, one for morphology, too",
    queue.BLOOD_COUNT: "blood is counted",
    queue.MARROW_SAMPLE: "a marrow sample is taken for morphology",
    queue.REPORT: "a result becomes known: molecular relapse and response are noted, rules decide",
    queue.RELEASE: "an interruption that has lasted as long as it may ends",
    queue.START: "a regimen begins",
    queue.CYCLE: "the doses of a cycle are given",
}


def odd_page() -> str:
    """The description of the model by the ODD protocol, as Markdown."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    config = Config()
    defaults = provenance.flat(as_plain(config))
    environment = Environment(
        loader=PackageLoader("leukosim.reports", "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("odd.md.jinja").render(
        subtypes=", ".join(config.disease.subtypes), places=", ".join(PLACES),
        phases=", ".join(PHASES), traits=", ".join(TRAITS), stages=STAGES,
        state=lines(table(("entity", "variable", "meaning"), state_variables())),
        exposures=lines(table(("exposure", "unit", "meaning"), exposures())),
        queue=lines(f"{i}. {said}" for i, (_, said) in enumerate(sorted(ON_A_DAY.items()), 1)),
        parameters=lines(
            table(("group", "parameters", "of them assumed"), parameter_groups(config))
        ),
        value=lambda path: number(defaults[path]),
        percent=lambda path: f"{defaults[path]:.0%}".replace("%", " %"),
    )  # fmt: skip


def state_variables() -> Iterator[tuple[str, ...]]:
    """Entity, name and meaning of every state variable: the comment beside its declaration."""
    for entity, declared in ENTITIES.items():
        for name, comment in commented_fields(declared):
            yield entity, f"`{name}`", comment


def commented_fields(declared: type) -> Iterator[tuple[str, str]]:
    """The fields of a class as its source has them: name, and comment or else type."""
    source = inspect.getsource(declared).partition('"""')[2].partition('"""')[2]
    name, said = "", ""
    for line in source.splitlines():
        field = re.match(
            r"    (\w+): ([^=#]+?)(?: = .*?)?\s*(?:# type: ignore\S*\s*)?(?:#\s*(.*))?$", line
        )
        more = re.match(r"    +#\s*(.*)$", line)
        if field:
            if name:
                yield name, said
            name, said = field[1], field[3] or in_words(field[2])
        elif more and name:
            said += f" {more[1]}"
        elif line.strip():  # a method: what follows are no fields
            break
    if name:
        yield name, said


def in_words(annotation: str) -> str:
    """A type, as far as it says what a field is."""
    return annotation.replace("[", " of ").replace("]", "").replace("|", "or")


def exposures() -> Iterator[tuple[str, ...]]:
    """Name, unit and meaning of everything that a drug can do."""
    for name, (unit, meaning) in EXPOSURES.items():
        yield f"`{name}`", unit, meaning


def parameter_groups(config: Config) -> Iterator[tuple[str, ...]]:
    """Groups of estimates: how many there are, and how many are assumed."""
    groups: dict[str, list[bool]] = {}
    for row in parameter_rows(config):
        group = ".".join(row.path.split(".")[:-1][:2])
        groups.setdefault(group, []).append("assumed" in row.source)
    for group, assumed in groups.items():
        yield f"`{group}`", str(len(assumed)), str(sum(assumed))


def lines(rows: Iterable[str]) -> str:
    """Lines, one under the other."""
    return "\n".join(rows)


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


SWEEPS = """## A sweep

Every variable that differs has the dimension `scenario` first; coordinates along it have the
names of the fields that were swept, and the attribute `axes` lists them (JSON). Beside them stand

| variable | dimensions | meaning |
| --- | --- | --- |
| `status` | scenario | finished, or failed |
| `error` | scenario | what went wrong |
| `scenario_config` | scenario | fields that differ from the attribute `config` (JSON) |

A sweep leaves no `config.yaml`: these two say the same. Where scenarios have other arms, or more
patients or samples than others, the rest is nan, in texts empty, and whole numbers are kept as
floats. As a grid:

```python
import json
import xarray as xr

ds = xr.open_dataset("outputs/sweep/results.nc", decode_timedelta=False)
grid = ds.set_index(scenario=json.loads(ds.attrs["axes"])).unstack("scenario")
print(grid["relapse_day"].median(("patient",)).sizes)
```""".splitlines()


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
            "Made by `make docs` from `leukosim.results.variables`; do not edit. `results.nc` "
            "holds",
            "these variables. Days count from enrolment; what did not happen has no day (nan). A "
            "sweep",
            "adds the dimension `scenario`, labelled by the fields that were swept.",
            "",
            "Files follow CF-1.11. The attribute `units` is one that UDUNITS reads, in which",
            "counts and ratios are 1; `unit_label` is the unit of this table, where that says",
            "more. Tables of patients for statistical software: [tables.md](tables.md).",
            "",
            *table(("variable", "dimensions", "unit", "meaning"), rows),
            "",
            *SWEEPS,
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
