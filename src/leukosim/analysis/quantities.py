"""What a strategy comes to, by name: what a search may maximise, minimise or limit.

Each is a mean over patients, in every resample of them, of every arm; patients are resampled with
all their arms, so differences of arms are paired.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.bootstrap import (
    comparison_interval,
    means,
    resample_counts,
    restricted_means,
    survival_curves,
    survival_on,
)
from leukosim.analysis.comparison import (
    CYTOPENIA_DAYS,
    DRUG_DAYS,
    MATCHED,
    NO_MORE,
    RESAMPLED,
    counted_days,
)
from leukosim.analysis.endpoints import main_survival, overall_survival, relapse_free_survival
from leukosim.analysis.survival import paired_difference
from leukosim.errors import ConfigError, unknown

SHARE = "share"


@dataclass(frozen=True)
class Look:
    """When and how arms are looked at."""

    day: float  # of survival
    until_day: float  # of restricted means
    resamples: int = 1000
    seed: int = 1  # of resampling


Times = Callable[[xr.Dataset], xr.Dataset]  # -> day and event (arm, patient)
Values = Callable[[xr.Dataset, Look, np.ndarray], np.ndarray]  # -> float64[arm, 1 + resample]


@dataclass(frozen=True)
class Quantity:
    """One of them."""

    label: str
    unit: str
    values: Values
    times: Times | None = None  # of a share of patients: to the event they are free of


def survival(times: Times) -> Values:
    """The share free of an event on a day."""

    def values(ds: xr.Dataset, look: Look, counts: np.ndarray) -> np.ndarray:
        curves = curves_of(times(ds), counts)
        return np.array([survival_on(look.day, *curve) for curve in curves])

    return values


def restricted(times: Times) -> Values:
    """Mean days free of an event within the first."""

    def values(ds: xr.Dataset, look: Look, counts: np.ndarray) -> np.ndarray:
        curves = curves_of(times(ds), counts)
        return np.array([restricted_means(look.until_day, *curve) for curve in curves])

    return values


def counted(name: str) -> Values:
    """Mean days of a kind, of :func:`leukosim.analysis.comparison.counted_days`."""
    return lambda ds, look, counts: means_of(counted_days(ds)[name], counts)


def samples(ds: xr.Dataset, look: Look, counts: np.ndarray) -> np.ndarray:
    """MRD samples taken of a patient, each a visit."""
    taken = ds["sample_day"].notnull().sum("sample").transpose("arm", "patient")
    return means_of(taken.values.astype(float), counts)


def curves_of(times: xr.Dataset, counts: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The Kaplan-Meier curve of each arm in every resample."""
    day, event = (times[name].transpose("arm", "patient").values for name in ("day", "event"))
    return [
        survival_curves(one.astype(float), met, counts) for one, met in zip(day, event, strict=True)
    ]


def means_of(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The mean of float64[arm, patient] in every resample."""
    return np.array([means(of_arm, counts) for of_arm in values])


QUANTITIES = {
    "relapse_free_survival": Quantity(
        "relapse-free survival", SHARE, survival(relapse_free_survival), relapse_free_survival
    ),
    "overall_survival": Quantity(
        "overall survival", SHARE, survival(overall_survival), overall_survival
    ),
    # of relapse-free survival; of overall survival from overt leukaemia
    "rmst": Quantity("mean days free of the event", "day", restricted(main_survival)),
    "drug_days": Quantity("drug days", "day", counted(DRUG_DAYS)),
    "cytopenia_days": Quantity("cytopenia days", "day", counted(CYTOPENIA_DAYS)),
    "samples": Quantity("MRD samples", "1", samples),
}


def quantity_of(name: str, field: str) -> Quantity:
    """The quantity of a name.

    Raises
    ------
    ConfigError
    """
    if name not in QUANTITIES:
        raise ConfigError(f"{field}: {unknown(name, QUANTITIES, 'quantity')}")
    return QUANTITIES[name]


def resampled(ds: xr.Dataset, names: Sequence[str], look: Look) -> dict[str, np.ndarray]:
    """Quantities by name: float64[arm, 1 + resample], the estimate first.

    ds : of a trial (arm, patient)
    """
    counts = resample_counts(ds.sizes["patient"], look.resamples, look.seed)
    return {name: QUANTITIES[name].values(ds, look, counts) for name in names}


def levels(ds: xr.Dataset, names: Sequence[str], look: Look) -> pd.DataFrame:
    """What each arm comes to: columns arm, quantity, unit, value, low, high, n."""
    n, rows = ds.sizes["patient"], []
    for name, values in resampled(ds, names, look).items():
        for arm, of_arm in zip(ds["arm"].values, values, strict=True):
            interval = comparison_interval(of_arm, n)
            rows.append((str(arm), name, QUANTITIES[name].unit, of_arm[0], *interval, n))
    return pd.DataFrame(rows, columns=["arm", "quantity", "unit", "value", "low", "high", "n"])


def differences(ds: xr.Dataset, names: Sequence[str], look: Look) -> pd.DataFrame:
    """How each arm differs from the first, over the same patients.

    Returns
    -------
    DataFrame
        Columns arm, quantity, unit, value, low, high (95 %), method, n. The interval is that of
        resampled patients; of a share that is the same in all resamples, that of matched
        proportions (:func:`leukosim.analysis.survival.paired_difference`).
    """
    n, arms, rows = ds.sizes["patient"], [str(arm) for arm in ds["arm"].values], []
    for name, values in resampled(ds, names, look).items():
        quantity = QUANTITIES[name]
        for arm, of_arm in zip(arms[1:], values[1:], strict=True):
            difference = of_arm - values[0]
            low, high = comparison_interval(difference, n)
            method = RESAMPLED
            if quantity.times is not None and not high - low > NO_MORE:
                matched = paired_difference(quantity.times(ds), arm, arms[0], look.day)
                low, high, method = matched.low, matched.high, MATCHED
            rows.append((arm, name, quantity.unit, difference[0], low, high, method, n))
    columns = ["arm", "quantity", "unit", "value", "low", "high", "method", "n"]
    return pd.DataFrame(rows, columns=columns)
