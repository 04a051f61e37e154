"""Folders that a reviewer is shown: what each holds is told by its files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from leukosim.analysis.predictions import COMPARED, PREDICTIONS
from leukosim.clinic.strategy.wording import plain
from leukosim.errors import ConfigError
from leukosim.reports.document import Album, Block, Paragraph, Picture, Table, brief
from leukosim.results import output_folder

FIGURES = "figures"
RESULT, CALIBRATION, SENSITIVITY, VALIDATION = "result", "calibration", "sensitivity", "validation"
# Any of these files makes a folder of a kind; the first kind that fits.
KINDS = {
    SENSITIVITY: ("morris.csv", "sobol.csv", "tornado.csv"),
    CALIBRATION: ("posterior.csv", "coverage.csv"),
    VALIDATION: (PREDICTIONS, COMPARED),
    RESULT: (output_folder.RESULTS,),
}
MOST_ROWS, MOST_COLUMNS = 25, 9  # of a table that is shown


@dataclass(frozen=True)
class Given:
    """A folder and what it holds."""

    kind: str
    folder: Path

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.folder / name).is_file()

    def tables(self) -> list[Path]:
        """Its CSV files, but those of figures."""
        return sorted(self.folder.glob("*.csv"))

    def figures(self) -> list[Path]:
        """Its figures, as SVG."""
        return sorted((self.folder / FIGURES).glob("*.svg"))


def recognise(folder: Path) -> Given:
    """What a folder holds.

    Raises
    ------
    ConfigError
        If there is no such folder, or nothing in it that belongs into the evidence.
    """
    if folder.name == output_folder.RESULTS:
        folder = folder.parent
    if not folder.is_dir():
        raise ConfigError(f"verify: there is no folder {folder}")
    for kind, names in KINDS.items():
        if any((folder / name).is_file() for name in names):
            return Given(kind, folder)
    wanted = ", ".join(name for names in KINDS.values() for name in names)
    raise ConfigError(f"verify: {folder} holds nothing to show: none of {wanted}")


def shown_table(path: Path) -> Table:
    """A CSV file as a table: its first rows and columns."""
    table = pd.read_csv(path)
    heads = [plain(str(name)) for name in table.columns[:MOST_COLUMNS]]
    rows = [
        [cell(value) for value in row[:MOST_COLUMNS]]
        for row in table.head(MOST_ROWS).itertuples(index=False)
    ]
    more = [
        f"the first {len(rows)} of {len(table)} rows" if len(table) > len(rows) else "",
        f"{len(heads)} of {table.shape[1]} columns" if table.shape[1] > len(heads) else "",
    ]
    said = "; ".join(each for each in more if each)
    return Table(heads, rows, f"{path.name}{': ' + said if said else ''}.", small=True)


def cell(value: Any) -> str:
    """A cell of a table."""
    return "–" if pd.isna(value) else brief(value)


def shown(given: Given, album: Album, captions: dict[str, str] | None = None) -> list[Block]:
    """Every table and figure of a folder, figures first."""
    result: list[Block] = [Paragraph(f"From the folder {given.folder.name}.", "note")]
    result += pictures(given, album, captions or {})
    result += [shown_table(path) for path in given.tables()]
    return result


def pictures(given: Given, album: Album, captions: dict[str, str]) -> list[Picture]:
    """The figures of a folder."""
    return [
        album.add(
            path, captions.get(path.stem, f"{plain(path.stem)[:1].upper()}{plain(path.stem)[1:]}.")
        )
        for path in given.figures()
    ]
