"""Saving a figure: vector, pixels and every number that was drawn; the same bytes every time."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from leukosim.figures.style import house_style

# What would change from one saving to the next.
UNDATED: dict[str, dict[str, None]] = {
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
    "png": {},
}


def save_figure(figure: Figure, numbers: pd.DataFrame, folder: str | Path, name: str) -> list[Path]:
    """Write a figure as PDF, SVG and PNG, and the numbers drawn as CSV; return the paths.

    The size in millimetres is the figure's own: nothing is cropped.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with house_style():
        for suffix, metadata in UNDATED.items():
            path = folder / f"{name}.{suffix}"
            figure.savefig(path, metadata=metadata)
            paths.append(path)
    path = folder / f"{name}.csv"
    numbers.to_csv(path, index=False, lineterminator="\n", float_format="%.10g")
    return [*paths, path]
