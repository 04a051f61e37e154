"""The section on parameters: each with its source, and the share that is assumed."""

from leukosim.config import Config
from leukosim.document import Block, Paragraph, Section, Table
from leukosim.parameters import parameter_rows


def parameters_section() -> tuple[Section, str]:
    """Every estimate with its source, and which share of them is assumed."""
    rows = list(parameter_rows(Config()))
    groups: dict[str, list[bool]] = {}
    for row in rows:
        group = ".".join(row.path.split(".")[:-1][:2])
        groups.setdefault(group, []).append("assumed" in row.source)
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
            share + " Each number stands once in the code, with unit, plausible range and source; "
            "those with a source are typed a second time in a test (tests/test_sources.py)."
        ),
        Table(["group", "parameters", "assumed"], summary, widths=[3, 1, 1]),
        Table(
            ["parameter", "value", "unit", "plausible", "source", "note"], listed, small=True,
            folded=f"All {len(rows)} estimates", widths=[3.4, 0.9, 1.2, 1.4, 2.4, 2.6],
        ),
    ]  # fmt: skip
    return Section("Parameters and their sources", blocks), share
