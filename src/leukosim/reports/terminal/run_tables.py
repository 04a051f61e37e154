"""What a user sees on the screen while and after something runs."""

import shlex
from pathlib import Path

import pandas as pd
import xarray as xr
from rich.box import HEAVY_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from leukosim.analysis.endpoints import began_overt, horizon_days
from leukosim.analysis.hypothesis_discrimination import (
    NOT_APART,
    POWER,
    READOUTS,
    SIGNIFICANCE,
    UNKNOWN,
    Row,
)
from leukosim.analysis.measures import FEW_ENRICHED
from leukosim.reports.terminal.formatting import printed


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
    if began_overt(dataset).any():
        columns = {"CR/CRh/CRi": "response_day", "failure": "treatment_failure_day"}
    else:
        columns = {"molecular relapse": "molecular_relapse_day", "treated": "treatment_start_day"}
    columns |= {"relapse": "relapse_day", "death": "death_day"}
    rows = [
        [
            str(arm),
            *(f"{int(dataset[day].sel(arm=arm).notnull().sum())}" for day in columns.values()),
        ]
        for arm in dataset.arm.values
    ]
    days = float(horizon_days(dataset).max())
    title = f"{dataset.sizes['patient']} patients in each arm, followed for {days:g} days"
    return printed(title, ["arm", *columns], rows, box=HEAVY_HEAD)


def hypotheses_tables(result: pd.DataFrame) -> list[Table]:
    """How many patients would tell hypotheses apart: a table an arm, a column a pair of them.

    result : of :func:`leukosim.analysis.hypothesis_discrimination.discrimination_table`
    """
    tables = []
    for arm, of_arm in result.groupby("arm", sort=False):
        pairs = of_arm[["one", "other"]].drop_duplicates().itertuples()
        heads = ["patients a group to tell apart, by", *(f"{p.one} and {p.other}" for p in pairs)]
        rows = [
            [
                READOUTS[str(measure)].label,
                *(patients_needed(Row(*each)) for each in of_measure.itertuples(index=False)),
            ]
            for measure, of_measure in of_arm.groupby("measure", sort=False)
        ]
        tables.append(printed(str(arm), heads, rows))
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


def next_steps(folder: Path) -> str:
    """Commands that read what a run left, each with what it does."""
    where = shlex.quote(str(folder))
    steps = {
        f"leukosim compare {where}": "compares over the same patients, with intervals",
        f"leukosim report {where}": "writes one HTML page",
    }
    wide = max(map(len, steps))
    return "\n".join(["next:", *(f"  {each:<{wide}}  {does}" for each, does in steps.items())])
