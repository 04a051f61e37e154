"""What the stem cells of a patient are once treatment has failed, and what they descend from.

Failure is the day on which relapse or failure was declared; where neither was, the last day of a
patient who ended with overt leukaemia. All numbers over patients give each patient the same weight,
however many cells he has, and come with an interval from resampling patients.
"""

import json

import xarray as xr

from leukosim.analysis.bootstrap import over_patients, ratio_of_sums
from leukosim.analysis.endpoints import Estimate

# Cells protected as MEP-like ones are: those that are native, and those that drug stress made.
ENRICHED = ("MEP-like", "reprogrammed")
OVERT_BLASTS = 0.05 * 1e12 / 0.95  # cells: a twentieth of a marrow with 1e12 healthy ones


# ---------------------------------------------------------------------- before and after


def has_failed(ds: xr.Dataset) -> xr.DataArray:
    """Whether (arm, patient) failure or relapse was declared, or follow-up ended in overt disease.

    A patient who ends on the day of diagnosis has not been treated, and not failed.
    """
    declared = ds["treatment_failure_day"].notnull() | ds["relapse_day"].notnull()
    return declared | (ds["blasts_at_end"] >= OVERT_BLASTS) & (ds["follow_up_day"] > 0.0)


def composition_of(cells: xr.DataArray) -> xr.DataArray:
    """Fractions by subtype, and by origin where there is one; nan where there are no cells."""
    dims = [dim for dim in ("origin", "subtype") if dim in cells.dims]
    counted = cells.fillna(0.0)
    total = counted.sum(dims)
    return counted / total.where(total > 0.0)


def composition_at_start(ds: xr.Dataset) -> xr.DataArray:
    """Fractions (patient, subtype) at diagnosis; 0 for a subtype that a scenario does not have."""
    return composition_of(ds["composition"])


def composition_at_failure(ds: xr.Dataset) -> xr.DataArray:
    """Fractions (arm, patient, subtype) at failure, nan for patients without."""
    return flow(ds).sum("origin", skipna=False).where(has_failed(ds))


# ---------------------------------------------------------------------- the enriched subtypes


def enriched_subtypes(ds: xr.Dataset) -> list[str]:
    """Subtypes that are expected to survive venetoclax: MEP-like and reprogrammed.

    Where a study has neither, the one that its configuration calls the drug-tolerant state, or none.
    """
    names = [str(name) for name in ds["subtype"].values]
    result = [name for name in ENRICHED if name in names]
    configured = json.loads(ds.attrs.get("config", "{}"))
    drug_tolerant_state = (
        configured.get("disease", {}).get("switching", {}).get("drug_tolerant_state")
    )
    return result or [name for name in names if name == drug_tolerant_state]


def enriched_fraction(fractions: xr.DataArray, enriched: list[str]) -> xr.DataArray:
    """The fraction of cells of the enriched subtypes; nan where there are no cells."""
    return fractions.sel(subtype=enriched).sum("subtype", skipna=False)


def flow(ds: xr.Dataset) -> xr.DataArray:
    """Fractions (arm, patient, origin, subtype) of stem cells at the end.

    The end is failure, or the last day of patients without; nan where no cell is left.
    """
    return composition_of(ds["stem_cells_at_treatment_failure"])


# ---------------------------------------------------------------------- over patients


def share_by_descent(ds: xr.Dataset, arm: str, enriched: list[str]) -> Estimate:
    """Of the enriched cells at failure, the share whose ancestors were such cells at the start.

    Sums of fractions over the patients of an arm who failed with such cells.
    """
    cells = flow(ds).where(has_failed(ds)).sel(arm=arm, subtype=enriched)
    whole = cells.sum(["origin", "subtype"], skipna=False).values
    part = cells.sel(origin=enriched).sum(["origin", "subtype"], skipna=False).values
    with_cells = whole > 0.0
    return over_patients(ratio_of_sums, part[with_cells], whole[with_cells])
