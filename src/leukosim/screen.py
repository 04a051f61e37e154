"""What a user sees on the screen while and after something runs."""

import sys
from pathlib import Path

import xarray as xr
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from leukosim import kernels


def announce_compilation(console: Console) -> None:
    """Say why nothing moves for a while on the first run."""
    kept = {each.stats.cache_path for each in vars(kernels).values() if hasattr(each, "stats")}
    of_this_python = f"*.py{sys.version_info.major}{sys.version_info.minor}.nbi"
    if kept and not any(list(Path(folder).glob(of_this_python)) for folder in kept):
        console.print("Compiling the engine; only the first run of this version does (about 20 s).")


def progress_bar(console: Console) -> Progress:
    """Patients done, and how long the rest will take."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("patients"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def outcome_table(dataset: xr.Dataset) -> Table:
    """How many patients of each arm met what."""
    printed = Table(title=f"{dataset.sizes['patient']} patients in each arm")
    columns = {
        "MRD conversion": "mrd_conversion_day",
        "treated": "treatment_start_day",
        "relapse": "relapse_day",
        "death": "death_day",
    }
    for heading in ("arm", *columns):
        printed.add_column(heading, justify="left" if heading == "arm" else "right")
    for arm in dataset.arm.values:
        counts = [int(dataset[name].sel(arm=arm).notnull().sum()) for name in columns.values()]
        printed.add_row(str(arm), *map(str, counts))
    return printed


def contents(folder: Path) -> str:
    """What a user finds in a folder."""
    return ", ".join(sorted(path.name for path in folder.iterdir() if path.name[0] != "."))
