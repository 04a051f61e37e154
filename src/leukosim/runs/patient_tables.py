"""Tables of patients beside a result, for statistical software; see ``docs/tables.md``.

They are made from the dataset alone, so whoever deletes them gets them back with the same command.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import xarray as xr

from leukosim.analysis.patients import SCENARIO, patients_table
from leukosim.analysis.time_to_event_tables import adtte
from leukosim.errors import ConfigError, listed
from leukosim.results import netcdf, output_folder
from leukosim.results.atomic_write import write_whole
from leukosim.results.merge import DatasetWriter
from leukosim.results.tables import ADTTE, FILES, PARQUET, PATIENTS, WRITERS

TABLES: dict[str, Callable[[xr.Dataset], pd.DataFrame]] = {
    PATIENTS: patients_table, ADTTE: adtte,
}  # fmt: skip
OF_PATIENTS = {SCENARIO, "arm", "patient", "subtype"}
ALSO_READ = ("cycle_start_day",)  # beside variables of these dimensions
ROWS = 2**15  # of patients in memory at once: about 100 MB


def check_formats(formats: Sequence[str]) -> None:
    """Check that tables can be written in these formats.

    Raises
    ------
    ConfigError
    """
    if PARQUET in formats and find_spec("pyarrow") is None:
        raise ConfigError(
            f"tables = {listed(formats)} needs the package pyarrow for Parquet, which is not "
            "installed: pip install 'leukosim[parquet]'"
        )


def table_writers(folder: Path, formats: Sequence[str]) -> dict[Path, DatasetWriter]:
    """By the file of each table in a folder, what writes it from a dataset."""
    return {
        folder / f"{name}.{form}": partial(write_table, name, form)
        for form in formats
        for name in TABLES
    }


def remove_old_tables(folder: Path, formats: Sequence[str]) -> None:
    """Remove the tables of the result before, in formats that the new one does not have."""
    written = table_writers(folder, formats)
    for name in FILES:
        if folder / name not in written:
            (folder / name).unlink(missing_ok=True)


def write_table(name: str, form: str, dataset: xr.Dataset, to: Path) -> None:
    """Write one of the tables, reading a block of scenarios at a time."""
    WRITERS[form](map(TABLES[name], blocks_of(dataset)), to)


def blocks_of(dataset: xr.Dataset) -> Iterator[xr.Dataset]:
    """The variables of a result that the tables need, of some scenarios at a time."""
    names = [
        name
        for name, each in dataset.data_vars.items()
        if set(each.dims) <= OF_PATIENTS or name in ALSO_READ
    ]
    needed = dataset[names]
    if SCENARIO not in needed.dims:
        yield needed.load()
        return
    step = max(1, ROWS // (needed.sizes["arm"] * needed.sizes["patient"]))
    for first in range(0, needed.sizes[SCENARIO], step):
        yield needed.isel({SCENARIO: slice(first, first + step)}).load()


def restore_missing(folder: Path, formats: Sequence[str]) -> list[str]:
    """Write the tables that a finished result lacks, from its dataset; return their names."""
    missing = {
        path: each for path, each in table_writers(folder, formats).items() if not path.exists()
    }
    if missing:
        with netcdf.opened(folder / output_folder.RESULTS, 0.0) as dataset:
            for path, write in missing.items():
                write_whole(path, partial(write, dataset))
    return [path.name for path in missing]
