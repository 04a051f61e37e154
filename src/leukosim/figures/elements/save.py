"""Saving a figure: vector, pixels, every number that was drawn, and where they come from.

The same figure is the same bytes every time, and nothing in them tells the day.
"""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont

from leukosim import __version__
from leukosim.figures.elements.formats import FORMATS, UNDATED
from leukosim.figures.elements.style import MM_PER_INCH, house_style
from leukosim.results.atomic_write import write_whole
from leukosim.results.own_files import refuse_foreign_figures

LIBRARIES = ("matplotlib", "numpy", "pandas", "lifelines")  # that a figure and its numbers rest on
OF_A_RESULT = ("title", "source", "seed", "digest", "code_digest", "commit", "versions")


def by_part(parts: Mapping[str, pd.DataFrame], first: Sequence[str] = ()) -> pd.DataFrame:
    """Tables of a figure, one under the other, told apart by the column ``part``.

    first : columns that stand at the left
    """
    tables = [table.assign(part=part) for part, table in parts.items()]
    columns = list(dict.fromkeys([*first, *(column for table in tables for column in table)]))
    known = [table.dropna(axis="columns", how="all") for table in tables if len(table)]
    return pd.concat(known or tables[:1], ignore_index=True).reindex(columns=columns)


def save_figure(
    figure: Figure,
    numbers: pd.DataFrame,
    folder: str | Path,
    name: str,
    *,
    results: Sequence[xr.Dataset] = (),
    options: Mapping[str, Any] | None = None,
    formats: Sequence[str] = FORMATS,
) -> list[Path]:
    """Write a figure, the numbers drawn as CSV, and where it comes from as JSON; return the paths.

    The size in millimetres is the figure's own: nothing is cropped.

    Parameters
    ----------
    results : the datasets that it was drawn from
    options : what else was asked for, such as the days of a comparison
    formats : of FORMATS

    Raises
    ------
    leukosim.errors.ConfigError
        If a file of that name was not written by leukosim.
    leukosim.errors.NotWritten
    """
    paths = {end: Path(folder) / f"{name}.{end}" for end in (*formats, "json", "csv")}
    refuse_foreign_figures(Path(folder), [name])
    origin = json.dumps(origin_of(figure, name, results, options or {}), indent=1) + "\n"
    # first, as it tells whose the others are
    write_whole(paths["json"], lambda to: to.write_text(origin, encoding="utf-8"))
    with house_style():
        for end in formats:
            write_whole(paths[end], lambda to, end=end: figure.savefig(to, metadata=UNDATED[end]))
    table = numbers.to_csv(index=False, lineterminator="\n", float_format="%.10g")
    write_whole(paths["csv"], lambda to: to.write_text(table, encoding="utf-8"))  # last: it is done
    return list(paths.values())


def origin_of(
    figure: Figure, name: str, results: Sequence[xr.Dataset], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Where a figure comes from: its results by digest and seed, and the software that drew it."""
    width, height = (round(float(each) * MM_PER_INCH, 2) for each in figure.get_size_inches())
    return {
        "figure": name,
        "width_mm": width,
        "height_mm": height,
        **({"asked": dict(options)} if options else {}),
        "results": [origin_of_result(each) for each in results],
        "drawn_with": {
            "leukosim": __version__,
            **{each: version(each) for each in LIBRARIES},
            "font": font_of_the_style(),
        },
    }


def font_of_the_style() -> str:
    """The first font of the house style that this machine has: texts are as wide as it has them."""
    with house_style():
        return FontProperties(fname=findfont(FontProperties())).get_name()


def origin_of_result(ds: xr.Dataset) -> dict[str, Any]:
    """What a dataset says of its making, as far as it says it.

    The digest is that of the configuration, which lies beside the dataset, and of the code.
    """
    said = {name: str(ds.attrs[name]) for name in OF_A_RESULT if ds.attrs.get(name)}
    versions = said.pop("versions", "")
    return {**said, **({"versions": json.loads(versions)} if versions else {})}
