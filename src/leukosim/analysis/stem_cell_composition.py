"""Composition of a patient's stem cells by subtype at treatment failure, and their descent.

Failure is the day on which relapse or failure was declared; where neither was, the last day of a
patient who ended with overt leukaemia. All numbers over patients give each patient the same weight,
whatever the number of cells, and have an interval from resampling patients.
"""

import json

import xarray as xr

from leukosim.analysis.bootstrap import bootstrap_estimate, ratio_of_sums
from leukosim.analysis.endpoints import Estimate, healthy_marrow_cells

# Cells with the protection of MEP-like ones: native, and reprogrammed under drug stress.
ENRICHED = ("MEP-like", "reprogrammed")
OVERT_FRACTION = 0.05  # blasts among all cells of a marrow with overt leukaemia


# ---------------------------------------------------------------------- before and after


def blasts_of_overt_leukaemia(ds: xr.Dataset) -> xr.DataArray:
    """Blasts that make up OVERT_FRACTION of the marrow beside all healthy cells: cells."""
    return OVERT_FRACTION * healthy_marrow_cells(ds) / (1.0 - OVERT_FRACTION)


def has_failed(ds: xr.Dataset) -> xr.DataArray:
    """Whether (arm, patient) failure or relapse was declared, or follow-up ended in overt disease.

    A patient who ends on the day of diagnosis has not been treated, and not failed.
    """
    declared = ds["treatment_failure_day"].notnull() | ds["relapse_day"].notnull()
    is_overt = ds["blasts_at_end"] >= blasts_of_overt_leukaemia(ds)
    return declared | is_overt & (ds["follow_up_day"] > 0.0)


def composition_of(cells: xr.DataArray) -> xr.DataArray:
    """Fractions by subtype, and by origin where there is one; nan where there are no cells."""
    dims = [dim for dim in ("origin", "subtype") if dim in cells.dims]
    counted = cells.fillna(0.0)
    total = counted.sum(dims)
    return counted / total.where(total > 0.0)


def composition_at_start(ds: xr.Dataset) -> xr.DataArray:
    """Fractions (patient, subtype) at diagnosis; 0 for a subtype that a scenario lacks."""
    return composition_of(ds["composition"])


def composition_at_failure(ds: xr.Dataset) -> xr.DataArray:
    """Fractions (arm, patient, subtype) at failure, nan for patients without."""
    return flow(ds).sum("origin", skipna=False).where(has_failed(ds))


# ---------------------------------------------------------------------- the enriched subtypes


def enriched_subtypes(ds: xr.Dataset) -> list[str]:
    """Subtypes that are expected to survive venetoclax: MEP-like and reprogrammed.

    Where a study has neither: the drug-tolerant state of its configuration, or none.
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
    """The share of enriched cells at failure whose ancestors were enriched at the start.

    Sums of fractions over the patients of an arm who failed with enriched cells.
    """
    cells = flow(ds).where(has_failed(ds)).sel(arm=arm, subtype=enriched)
    whole = cells.sum(["origin", "subtype"], skipna=False).values
    part = cells.sel(origin=enriched).sum(["origin", "subtype"], skipna=False).values
    with_cells = whole > 0.0
    return bootstrap_estimate(ratio_of_sums, part[with_cells], whole[with_cells])
