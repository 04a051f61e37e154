"""Tables of any length on disk, written block by block: CSV, and Parquet where pyarrow is there."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

CSV, PARQUET = "csv", "parquet"
PATIENTS, ADTTE = "patients", "adtte"  # the tables beside a result


def write_csv(blocks: Iterable[pd.DataFrame], to: Path) -> None:
    """Write blocks of one table as CSV, missing values empty.

    Each value is made a text once for all rows that have it, so that this takes a fraction of the
    time of :meth:`pandas.DataFrame.to_csv`.
    """
    with to.open("w", encoding="utf-8", newline="") as file:
        for number, block in enumerate(blocks):
            if number == 0:
                file.write(",".join(quoted(str(name)) for name in block) + "\n")
            columns = [as_texts(block[name]) for name in block]
            file.writelines(",".join(row) + "\n" for row in zip(*columns, strict=True))


def as_texts(column: pd.Series) -> list[str]:
    """The values of a column as they stand in a CSV file."""
    codes, values = pd.factorize(column.to_numpy())
    texts = np.array([*map(as_text, values.tolist()), ""], object)  # the last: missing
    return texts[codes].tolist()


def as_text(value: object) -> str:
    """A value as it stands in a CSV file: as short as is exact, whole numbers without a point."""
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return quoted(value) if isinstance(value, str) else str(value)


def quoted(text: str) -> str:
    """A text as it stands in a CSV file."""
    if not any(mark in text for mark in ',"\r\n'):
        return text
    return '"' + text.replace('"', '""') + '"'


def write_parquet(blocks: Iterable[pd.DataFrame], to: Path) -> None:
    """Write blocks of one table as one Parquet file, a row group each; this needs pyarrow."""
    import pyarrow
    from pyarrow import parquet

    writer = None
    try:
        for block in blocks:
            table = pyarrow.Table.from_pandas(
                block, schema=writer.schema if writer else None, preserve_index=False
            )
            writer = writer or parquet.ParquetWriter(to, table.schema)
            writer.write_table(table)
    finally:
        if writer:
            writer.close()


WRITERS: dict[str, Callable[[Iterable[pd.DataFrame], Path], None]] = {
    CSV: write_csv, PARQUET: write_parquet,
}  # fmt: skip
FILES = tuple(f"{name}.{form}" for form in WRITERS for name in (PATIENTS, ADTTE))
# How the files begin, by which they are known again: of a run, and of a sweep.
BEGINNINGS = {
    "patients.csv": ("arm,patient,", "scenario,"),
    "adtte.csv": ("STUDYID,USUBJID,",),
    "patients.parquet": ("PAR1",),
    "adtte.parquet": ("PAR1",),
}
