"""What the stem cells of a patient are once treatment has failed, and what they descend from.

Failure is the day on which relapse or failure was declared; where neither was, the last day of a
patient who ended with overt leukaemia. All numbers over patients give each patient the same weight,
however many cells he has, and come with an interval from resampling patients.
"""

import json
from collections.abc import Callable

import numpy as np
import xarray as xr

from leukosim.endpoints import LEVEL, NOTHING, Estimate

# Cells protected as MEP-like ones are: those that are native, and those that drug stress made.
ENRICHED = ("MEP-like", "reprogrammed")
OVERT_BLASTS = 0.05 * 1e12 / 0.95  # cells: a twentieth of a marrow with 1e12 healthy ones
RESAMPLES, SEED = 2000, 1  # of every interval
FEWEST = 5  # patients, for an interval from resampling to mean anything


# ---------------------------------------------------------------------- records of a course


def last_position(met: xr.DataArray) -> xr.DataArray:
    """Where along time something was met last, int (arm, patient); -1 where it never was."""
    position = xr.DataArray(np.arange(met.sizes["time"]), dims="time")
    return xr.where(met, position, -1).max("time")


def at_position(values: xr.DataArray, position: xr.DataArray) -> xr.DataArray:
    """Values at a position along time, such as of :func:`last_position`; nan where it is -1."""
    return values.isel(time=position.clip(0)).where(position >= 0).drop_vars("time")


def is_known(ds: xr.Dataset) -> xr.DataArray:
    """On which recorded days (arm, patient, time) a patient was followed."""
    return ds["stem_cells"].notnull().any("subtype")


def declared_day(ds: xr.Dataset) -> xr.DataArray:
    """Day (arm, patient) on which failure or relapse was declared, nan where neither was."""
    return xr.apply_ufunc(np.fmin, ds["failure_day"], ds["relapse_day"])


def end_position(ds: xr.Dataset) -> xr.DataArray:
    """The record of failure, else the last one: position along time (arm, patient)."""
    known, declared = is_known(ds), declared_day(ds)
    return last_position(known & ~(ds["time"] > declared))


def has_failed(ds: xr.Dataset) -> xr.DataArray:
    """Whether failure or relapse was declared, or the last record is of overt leukaemia."""
    last = last_position(is_known(ds))
    overt = (at_position(ds["blasts"], last) >= OVERT_BLASTS) & (last > 0)
    return declared_day(ds).notnull() | overt


def composition_of(cells: xr.DataArray) -> xr.DataArray:
    """Fractions by subtype, and by origin where there is one; nan where there are no cells."""
    dims = [dim for dim in ("origin", "subtype") if dim in cells.dims]
    counted = cells.fillna(0.0)
    total = counted.sum(dims)
    return counted / total.where(total > 0.0)


def composition_at_start(ds: xr.Dataset) -> xr.DataArray:
    """Fractions (arm, patient, subtype) at the first record."""
    return composition_of(ds["stem_cells"].isel(time=0, drop=True))


def composition_at_failure(ds: xr.Dataset) -> xr.DataArray:
    """Fractions (arm, patient, subtype) at failure, nan for patients without."""
    at_end = at_position(ds["stem_cells"], end_position(ds))
    return composition_of(at_end).where(has_failed(ds))


# ---------------------------------------------------------------------- the enriched subtypes


def enriched_subtypes(ds: xr.Dataset) -> list[str]:
    """Subtypes that are expected to survive venetoclax: MEP-like and reprogrammed.

    Where a study has neither, the one that its configuration calls the refuge, or none.
    """
    names = [str(name) for name in ds["subtype"].values]
    found = [name for name in ENRICHED if name in names]
    configured = json.loads(ds.attrs.get("config", "{}"))
    refuge = configured.get("disease", {}).get("switching", {}).get("refuge")
    return found or [name for name in names if name == refuge]


def enriched_fraction(fractions: xr.DataArray, enriched: list[str]) -> xr.DataArray:
    """The fraction of cells of the enriched subtypes; nan where there are no cells."""
    return fractions.sel(subtype=enriched).sum("subtype", skipna=False)


def flow(ds: xr.Dataset) -> xr.DataArray:
    """Fractions (arm, patient, origin, subtype) of stem cells at the end.

    The end is failure, or the last record of patients without; nan where no cell is left.
    """
    return composition_of(at_position(ds["stem_cells_by_origin"], end_position(ds)))


# ---------------------------------------------------------------------- over patients


def resampled(n: int) -> np.ndarray:
    """Patients drawn with replacement, int64[RESAMPLES, n]: always the same."""
    return np.random.default_rng(SEED).integers(n, size=(RESAMPLES, n))


def interval(samples: np.ndarray) -> tuple[float, float]:
    """The percentile interval of a resampled statistic, nan left out."""
    known = samples[~np.isnan(samples)]
    if len(known) == 0:
        return np.nan, np.nan
    low, high = np.quantile(known, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return float(low), float(high)


def over_patients(statistic: Callable[..., np.ndarray], *columns: np.ndarray) -> Estimate:
    """A statistic of patients with its interval from resampling them.

    Parameters
    ----------
    statistic : of arrays whose last axis is patients, along that axis
    columns : float64[patient] each; a patient who is nan in one of them is left out. The bounds
        are nan for fewer than FEWEST patients.
    """
    table = np.array(columns, float)
    table = table[:, ~np.isnan(table).any(0)]
    n = table.shape[1]
    if n == 0:
        return NOTHING
    value = float(statistic(*table))
    if n < FEWEST:
        return Estimate(value, np.nan, np.nan, n)
    return Estimate(value, *interval(statistic(*table[:, resampled(n)])), n)


def mean(values: np.ndarray | xr.DataArray) -> Estimate:
    """The mean over patients, nan left out."""
    return over_patients(lambda each: each.mean(-1), np.asarray(values, float).ravel())


def ratio_of_sums(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The sum of one number over patients, divided by that of another; nan where that is 0."""
    total = whole.sum(-1)
    return np.divide(part.sum(-1), total, out=np.full_like(total, np.nan), where=total > 0.0)


def share_by_descent(ds: xr.Dataset, arm: str, enriched: list[str]) -> Estimate:
    """Of the enriched cells at failure, the share whose ancestors were such cells at the start.

    Sums of fractions over the patients of an arm who failed with such cells.
    """
    cells = flow(ds).where(has_failed(ds)).sel(arm=arm, subtype=enriched)
    whole = cells.sum(["origin", "subtype"], skipna=False).values
    part = cells.sel(origin=enriched).sum(["origin", "subtype"], skipna=False).values
    with_cells = whole > 0.0
    return over_patients(ratio_of_sums, part[with_cells], whole[with_cells])
