"""Observed values beside the predicted ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from leukosim.analysis.predictions.forecast import LEVEL, scaled
from leukosim.errors import ConfigError, listed, unknown

OBSERVED, COMPARED = "observed.csv", "validation.csv"
NUMBERS = ["value", "n", "low", "high"]
OBSERVED_COLUMNS = ["id", *NUMBERS, "source"]


def read_observed(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Observed values, checked: a row for each, with the columns OBSERVED_COLUMNS.

    Rows without a value are left out: their trial has not reported.

    Raises
    ------
    ConfigError
        Naming row, column, value and what is allowed.
    """
    if not path.is_file():
        raise ConfigError(f"there is no {path}: it has the columns {listed(OBSERVED_COLUMNS)}")
    try:
        observed = pd.read_csv(path, dtype={"id": str, "source": str})
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8") from None
    except ValueError as error:  # such as an empty file
        raise ConfigError(f"{path} is not a table with commas: {error}") from None
    missing = [name for name in OBSERVED_COLUMNS if name not in observed]
    if missing:
        raise ConfigError(f"{path} has no column {missing[0]}: it needs {listed(OBSERVED_COLUMNS)}")
    units = table.set_index("id")["unit"]
    for row in observed.itertuples():
        if row.id not in units.index:
            raise unknown(str(row.id), units.index, "prediction")
        check_observed(row, units[row.id], path)
    twice = observed["id"][observed["id"].duplicated()]
    if len(twice):
        raise ConfigError(f"{path}: {twice.iloc[0]} is there twice")
    return observed.loc[observed["value"].notna(), OBSERVED_COLUMNS].reset_index(drop=True)


def check_observed(row: Any, unit: str, path: Path) -> None:
    """Raise :class:`ConfigError` for a row that cannot be."""
    highest = 1.0 if unit == "probability" else np.inf
    for name in ("value", "low", "high"):
        number = getattr(row, name)
        if not isinstance(number, int | float):
            raise ConfigError(f"{path}: {row.id}.{name} = {number} is not a number, in {unit}")
        if not (np.isnan(number) or 0.0 <= number <= highest):
            raise ConfigError(
                f"{path}: {row.id}.{name} = {number:g} is not allowed: it is in {unit}, allowed "
                f"from 0{' to 1' if highest == 1.0 else ''}"
            )
    if np.isnan(row.value):
        return
    if not row.n > 0 and not row.low < row.high:
        raise ConfigError(f"{path}: {row.id} needs n, or low and high, to say how sure it is")
    if not isinstance(row.source, str) or not row.source.strip():
        raise ConfigError(f"{path}: {row.id}.source is empty: an observed value needs its source")


def compare(table: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    """Predictions beside what was observed: a row for each prediction, nan where nothing was.

    ``z`` is the distance on the scale of :func:`scaled` in standard deviations: those of chance,
    for as many patients as were observed, and of parameters, where these were varied. ``p`` is the
    two-sided probability of a distance as large; ``inside`` whether the value lies in the interval
    that was predicted for ``n`` patients.
    """
    joined = table.merge(
        observed.rename(columns={each: f"observed_{each}" for each in NUMBERS}),
        on="id", how="left",
    )  # fmt: skip
    varied = joined["sd_all"].notna()
    low = joined["low_all"].where(varied, joined["low"])
    high = joined["high_all"].where(varied, joined["high"])
    of_parameters = (joined["sd_all"] ** 2 - joined["sd"] ** 2).clip(lower=0.0).fillna(0.0)
    distance, of_chance = [], []
    for row in joined.itertuples():
        n = row.observed_n if row.observed_n > 0 else row.n
        at = [
            float(scaled(x, row.unit, n))
            for x in (row.observed_value, row.value, row.observed_low, row.observed_high)
        ]
        distance.append(at[0] - at[1])
        of_interval = ((at[3] - at[2]) / (2.0 * stats.norm.ppf(0.5 + LEVEL / 2))) ** 2
        of_chance.append(row.sd**2 * row.n / n if row.observed_n > 0 else of_interval)
    joined["z"] = np.array(distance) / np.sqrt(np.array(of_chance) + of_parameters)
    joined["p"] = 2.0 * stats.norm.sf(np.abs(joined["z"]))
    joined["inside"] = (
        (joined["observed_value"] >= low) & (joined["observed_value"] <= high)
    ).where(joined["observed_value"].notna())
    return joined


def coverage(compared: pd.DataFrame) -> tuple[int, int, float]:
    """How many observed values lie in their intervals, of how many, and the probability of so few.

    As if the quantities were independent, which those of one trial are not.
    """
    known = compared["inside"].dropna().astype(bool)
    inside = int(known.sum())
    return inside, len(known), float(stats.binom.cdf(inside, len(known), LEVEL))


def as_targets(compared: pd.DataFrame) -> pd.DataFrame:
    """The comparison with the columns of :func:`leukosim.analysis.calibration.target_table`."""
    varied = compared["sd_all"].notna()
    return pd.DataFrame(
        {
            "id": compared["id"], "label": compared["label"], "unit": compared["unit"],
            "target": compared["observed_value"], "target_low": compared["observed_low"],
            "target_high": compared["observed_high"], "target_n": compared["observed_n"],
            "model": compared["value"].replace(np.inf, np.nan),
            "model_low": compared["low_all"].where(varied, compared["low"]),
            "model_high": compared["high_all"].where(varied, compared["high"]),
            "model_n": compared["n"], "source": compared["source"].fillna(""),
        }
    )  # fmt: skip
