"""What a user sees on the screen while and after something runs."""

from pathlib import Path

import pandas as pd
import xarray as xr
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from leukosim.analysis.endpoints import began_overt
from leukosim.analysis.hypothesis_discrimination import (
    NOT_APART,
    POWER,
    READOUTS,
    SIGNIFICANCE,
    UNKNOWN,
    Row,
)
from leukosim.analysis.measures import FEW_ENRICHED


def progress_bar(console: Console, of: str = "patients") -> Progress:
    """Patients done, or whatever it is of, and how long the rest will take."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(of),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not (console.is_terminal or console.is_jupyter),
    )


def outcome_table(dataset: xr.Dataset) -> Table:
    """How many patients of each arm met what."""
    printed = Table(title=f"{dataset.sizes['patient']} patients in each arm")
    if began_overt(dataset).any():
        columns = {"CR/CRh/CRi": "response_day", "failure": "treatment_failure_day"}
    else:
        columns = {"molecular relapse": "molecular_relapse_day", "treated": "treatment_start_day"}
    columns |= {"relapse": "relapse_day", "death": "death_day"}
    for heading in ("arm", *columns):
        printed.add_column(heading, justify="left" if heading == "arm" else "right")
    for arm in dataset.arm.values:
        counts = [int(dataset[name].sel(arm=arm).notnull().sum()) for name in columns.values()]
        printed.add_row(str(arm), *map(str, counts))
    return printed


def hypotheses_tables(result: pd.DataFrame) -> list[Table]:
    """How many patients would tell hypotheses apart: a table an arm, a column a pair of them.

    result : of :func:`leukosim.analysis.hypothesis_discrimination.discrimination_table`
    """
    tables = []
    for arm, of_arm in result.groupby("arm", sort=False):
        printed = Table(title=str(arm), box=SIMPLE_HEAD)
        printed.add_column("patients a group to tell apart, by")
        for pair in of_arm[["one", "other"]].drop_duplicates().itertuples():
            printed.add_column(f"{pair.one} and {pair.other}", justify="right")
        for measure, rows in of_arm.groupby("measure", sort=False):
            cells = (patients_needed(Row(*each)) for each in rows.itertuples(index=False))
            printed.add_row(READOUTS[str(measure)].label, *cells)
        tables.append(printed)
    tables[-1].caption = (
        f"{POWER:.0%} power, two-sided {SIGNIFICANCE:.0%}; in brackets 95 %, from resampling the "
        "simulated patients. alike: the interval of the difference includes 0. Samples tell the "
        "MEP-like fraction at failure; pairs its change, where it was below "
        f"{FEW_ENRICHED:g} at diagnosis."
    )
    return tables


def patients_needed(row: Row) -> str:
    """How many patients it takes by one measure, or why that cannot be said."""
    if row.verdict == NOT_APART:
        return "alike"
    if row.verdict == UNKNOWN:
        return f"too few (n = {min(row.n_one, row.n_other)})"
    return f"{row.n_per_group:,.0f} ({row.n_low:,.0f}–{row.n_high:,.0f})"


def contents(folder: Path) -> str:
    """What a user finds in a folder."""
    return ", ".join(sorted(path.name for path in folder.iterdir() if path.name[0] != "."))
