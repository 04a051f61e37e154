"""Saving a figure: vector, pixels and every number that was drawn; the same bytes every time."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from leukosim.figures.style import house_style
from leukosim.files import write_whole

# What would change from one saving to the next.
UNDATED: dict[str, dict[str, None]] = {
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
    "png": {},
}


def by_part(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables of a figure, one under the other, told apart by the column ``part``."""
    tables = [table.assign(part=part) for part, table in parts.items()]
    columns = list(dict.fromkeys(column for table in tables for column in table))
    known = [table.dropna(axis="columns", how="all") for table in tables if len(table)]
    return pd.concat(known or tables[:1], ignore_index=True).reindex(columns=columns)


def save_figure(figure: Figure, numbers: pd.DataFrame, folder: str | Path, name: str) -> list[Path]:
    """Write a figure as PDF, SVG and PNG, and the numbers drawn as CSV; return the paths.

    The size in millimetres is the figure's own: nothing is cropped.
    """
    paths = [Path(folder) / f"{name}.{suffix}" for suffix in (*UNDATED, "csv")]
    with house_style():
        for path, metadata in zip(paths, UNDATED.values(), strict=False):
            write_whole(path, lambda to, m=metadata: figure.savefig(to, metadata=m))
    table = numbers.to_csv(index=False, lineterminator="\n", float_format="%.10g")
    write_whole(paths[-1], lambda to: to.write_text(table, encoding="utf-8"))
    return paths
