"""A table that is proven unchanged: its text, and a record with the digest of the text."""

import hashlib
import json
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from leukosim import __version__
from leukosim.analysis.predictions.forecast import Forecast, study_of
from leukosim.errors import ConfigError
from leukosim.results import provenance

PREDICTIONS, RECORD = "predictions.csv", "predictions.json"


def frozen(
    table: pd.DataFrame, results: Iterable[xr.Dataset], options: Forecast, day: str
) -> tuple[str, dict[str, Any]]:
    """The text of the table, and the record that says what it is.

    day : of making it, as 2025-01-31
    """
    text = table.to_csv(index=False, lineterminator="\n", float_format="%.6g")
    record = {
        "sha256": digest_of(text), "made": day, "source": f"leukosim {__version__}",
        "commit": provenance.commit(), "code": provenance.code_digest(),
        "software": provenance.software(),
        "trials": options.draws, "seed": options.seed,
        "results": [
            {
                "study": study_of(ds), "digest": ds.attrs["digest"],
                "code": ds.attrs["code_digest"],
                "seed": ds.attrs["seed"], "patients": ds.sizes["patient"],
                "parameter_sets": ds.sizes.get("scenario", 1),
            }
            for ds in results
        ],
    }  # fmt: skip
    return text, record


def digest_of(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_frozen(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The table and its record.

    Raises
    ------
    ConfigError
        If one of them is missing, or the table differs from the one in the record.
    """
    beside = path.with_name(RECORD)
    for file in (path, beside):
        if not file.is_file():
            raise ConfigError(f"there is no {file}: leukosim predict makes it")
    try:
        text = path.read_bytes().decode()
        record = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError as error:  # neither UTF-8 nor JSON
        raise ConfigError(
            f"{path} and {beside.name} are not of leukosim predict: {error}"
        ) from None
    if not isinstance(record, dict) or not {"sha256", "made"} <= set(record):
        raise ConfigError(f"{beside} is not of leukosim predict: it has no sha256 for {path.name}")
    if digest_of(text) != record["sha256"]:
        raise ConfigError(
            f"{path} was changed after {record['made']}, when it was frozen: its digest is "
            f"{digest_of(text)[:12]}, and {beside.name} says {record['sha256'][:12]}"
        )
    return pd.read_csv(StringIO(text)), record
