"""The section on parameters: each with its source, and the share that is assumed."""

from importlib.resources import files

import pandas as pd

from leukosim.config.schema import Config
from leukosim.parameters import parameter_rows
from leukosim.reports.document import Block, Heading, Paragraph, Section, Table
from leukosim.reports.evidence.inputs import cell

HOW = {
    "abstract": "in the abstract of the source",
    "another text": "in another text that quotes the source",
    "notes": "nowhere: the source could not be opened again",
}


def parameters_section() -> tuple[Section, str]:
    """Every estimate with its source, and which share of them is assumed."""
    rows = list(parameter_rows(Config()))
    groups: dict[str, list[bool]] = {}
    for row in rows:
        group = ".".join(row.path.split(".")[:-1][:2])
        groups.setdefault(group, []).append(row.is_assumed)
    assumed = sum(map(sum, groups.values()))
    share = (
        f"{assumed} of {len(rows)} estimated parameters ({assumed / len(rows):.0%}) are assumed; "
        f"{len(rows) - assumed} have a source."
    )
    summary = [[name, f"{len(each)}", f"{sum(each)}"] for name, each in groups.items()]
    listed = [
        [row.path, f"{row.value:g}", row.unit, f"{row.low:g} to {row.high:g}", row.source, row.note]
        for row in rows
    ]
    blocks: list[Block] = [
        Paragraph(
            share + " Each number stands once in the code, with unit, plausible range and source."
        ),
        Table(["group", "parameters", "assumed"], summary, widths=[3, 1, 1]),
        Table(
            ["parameter", "value", "unit", "plausible", "source", "note"], listed, small=True,
            folded=f"All {len(rows)} estimates", widths=[3.4, 0.9, 1.2, 1.4, 2.4, 2.6],
        ),
        *second_reading(),
    ]  # fmt: skip
    return Section("Parameters and their sources", blocks), share


def second_reading() -> list[Block]:
    """Where numbers with a source were read a second time, and where they could not be."""
    with (files("leukosim.reports.evidence") / "second_reading.csv").open(encoding="utf-8") as file:
        table = pd.read_csv(file, keep_default_na=False)
    counts = "; ".join(f"{(table['how'] == how).sum()} {said}" for how, said in HOW.items())
    rows = [
        [each.name, cell(each.value), each.unit, each.how, each.where, each.says]
        for each in table.itertuples(index=False)
    ]
    heads = ["number", "value", "unit", "read in", "where", "what it says"]
    return [
        Heading("Second reading"),
        Paragraph(
            f"{len(table)} numbers, the calibration targets among them, have a source. They were "
            f"typed a second time, read {counts}. A test fails where the two differ."
        ),
        Table(
            heads, rows, small=True, folded="All second readings",
            widths=[2.6, 0.6, 1, 0.8, 2.2, 3],
        ),
    ]  # fmt: skip
