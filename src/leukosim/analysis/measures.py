"""The registry of measures: named numbers of each patient, and times of each to an event.

A measure says what is measured in a patient; its users say in whom, in which arm, and what is made
of the values of many patients. Search goals and comparisons (``arm_summaries``), the headlines of a
study, the discrimination of hypotheses, calibration targets and predictions refer to measures by
name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import xarray as xr

from leukosim.analysis.endpoints import (
    ONE_YEAR,
    SIX_MONTHS,
    TWO_YEARS,
    as_outcome,
    best_response,
    doubling_time,
    duration_of_response,
    horizon_days,
    main_survival,
    molecular_relapse,
    molecular_relapse_day,
    mrd_negative_on_treatment,
    overall_survival,
    preemptive_start_day,
    relapse_free_and_alive,
    relapse_free_if_never_positive,
    relapse_free_survival,
    response_by_cycle,
)
from leukosim.analysis.stem_cell_composition import (
    composition_at_failure,
    composition_at_start,
    enriched_fraction,
    enriched_subtypes,
)
from leukosim.results.variables import RESPONSES, VARIABLES

SHARE, DAY, FRACTION, NUMBER, CELLS = "share", "day", "fraction of stem cells", "1", "cells"
THREE_YEARS = 1095.0  # day
PAUSE_DAYS = 7.0  # between cycles, that count as a pause; as in VIALE-A
FEW_ENRICHED = 0.10  # of stem cells at diagnosis; a patient with less has few enriched cells
CYTOPENIAS = ("days_grade3_neutropenia", "days_grade3_thrombocytopenia")
DRUG_TOLERANT = "MEP-like"


@dataclass(frozen=True)
class Measure:
    """What is measured in each patient of a trial.

    ``of`` takes a trial and returns an array (arm, patient), by scenario where there are some, nan
    for patients who do not count. A share is the mean of an outcome, 1 or 0. Of a time to an event
    it returns a dataset with ``day`` and ``event`` (arm, patient).
    """

    name: str
    label: str
    unit: str
    of: Callable[[xr.Dataset], xr.DataArray | xr.Dataset]
    needs: tuple[str, ...] = ()  # variables that not every result has

    def is_known_in(self, ds: xr.Dataset) -> bool:
        """Whether a trial has the variables of the measure."""
        return all(name in ds for name in self.needs)

    def values(self, ds: xr.Dataset) -> xr.DataArray:
        """The number of each patient, of a measure that is no time to an event."""
        result = self.of(ds)
        assert isinstance(result, xr.DataArray), self.name
        return result

    def times(self, ds: xr.Dataset) -> xr.Dataset:
        """``day`` and ``event`` of each patient, of a measure that is a time to an event."""
        result = self.of(ds)
        assert isinstance(result, xr.Dataset), self.name
        return result


@dataclass(frozen=True)
class Subgroup:
    """The patients with one value of a trait, such as a genotype."""

    trait: str
    value: str

    def members(self, ds: xr.Dataset) -> xr.DataArray:
        """Whether each patient belongs to it: bool (patient)."""
        codes = VARIABLES[self.trait].codes
        return ds[self.trait] == (codes.index(self.value) if codes else self.value)

    def restrict(
        self, measured: xr.DataArray | xr.Dataset, ds: xr.Dataset
    ) -> xr.DataArray | xr.Dataset:
        """The values of a measure with nan for all other patients."""
        members = self.members(ds)
        if isinstance(measured, xr.Dataset):
            return measured.assign(day=measured["day"].where(members))
        return measured.where(members)


# ---------------------------------------------------------------------- remission and relapse


def relapse_free_days(ds: xr.Dataset) -> xr.DataArray:
    """Days alive and free of relapse within two years."""
    return relapse_free_survival(ds)["day"].clip(max=TWO_YEARS)


def relapse_free_from(
    start: Callable[[xr.Dataset], xr.DataArray], days: float, ds: xr.Dataset
) -> xr.DataArray:
    """Outcome: alive and free of relapse so many days after a start, of patients who have one."""
    return relapse_free_and_alive(ds, start(ds), days)


def late_relapse(ds: xr.Dataset) -> xr.DataArray:
    """Outcome: relapse after three years or later, of all patients."""
    known = ds["follow_up_day"].notnull() & (horizon_days(ds) > THREE_YEARS)
    return as_outcome(ds["relapse_day"] >= THREE_YEARS, known)


def lead_days(ds: xr.Dataset) -> xr.DataArray:
    """Days from the report of molecular relapse to relapse, of patients with both."""
    return ds["relapse_day"] - molecular_relapse_day(ds)


def without_molecular_relapse(ds: xr.Dataset) -> xr.DataArray:
    """Outcome: a relapse was not preceded by molecular relapse, of patients who relapsed."""
    return molecular_relapse_day(ds).isnull().astype(float).where(ds["relapse_day"].notnull())


def from_one_ancestor(ds: xr.Dataset) -> xr.DataArray:
    """Outcome: all stem cells at relapse descend from one, of patients who relapsed."""
    ancestors = ds["ancestors_at_relapse"]
    return (ancestors == 1.0).astype(float).where(ancestors.notnull())


# ---------------------------------------------------------------------- treatment


def days_alive(ds: xr.Dataset) -> xr.DataArray:
    """Days alive within two years; unlike the median, known whatever the mortality."""
    return overall_survival(ds)["day"].clip(max=TWO_YEARS)


def drug_days(ds: xr.Dataset) -> xr.DataArray:
    """Days with a dose over the whole follow-up."""
    return ds["treatment_days"].astype(float)


def cytopenia_days(ds: xr.Dataset) -> xr.DataArray:
    """Days of cytopenia of grade 3 or 4 over the whole follow-up.

    Days of neutropenia and of thrombocytopenia are added: a day of both counts twice.
    """
    neutropenia, *others = (ds[name].astype(float) for name in CYTOPENIAS if name in ds)
    return sum(others, start=neutropenia)


def samples(ds: xr.Dataset) -> xr.DataArray:
    """MRD samples taken, each at a visit."""
    return ds["sample_day"].notnull().sum("sample").astype(float)


def dose_pause(ds: xr.Dataset) -> xr.DataArray:
    """Outcome: a pause of PAUSE_DAYS or more between two cycles, of patients in CR or CRh."""
    gap = ds["cycle_start_day"].shift(cycle=-1) - ds["cycle_end_day"] - 1.0
    responded = ds["best_response"] >= RESPONSES.index("CRh")
    return (gap >= PAUSE_DAYS).any("cycle").astype(float).where(responded)


def neutropenia_per_cycle(ds: xr.Dataset) -> xr.DataArray:
    """Days with neutrophils below 0.5 G/L for each cycle begun."""
    cycles = ds["cycle_start_day"].notnull().sum("cycle")
    return (ds["days_grade4_neutropenia"] / cycles).where(cycles > 0)


# ---------------------------------------------------------------------- stem cells


def enriched_at_failure(ds: xr.Dataset) -> xr.DataArray:
    """Fraction of the enriched subtypes at failure; see ``stem_cell_composition``."""
    return enriched_fraction(composition_at_failure(ds), enriched_subtypes(ds))


def enriched_at_start(ds: xr.Dataset) -> xr.DataArray:
    """Fraction (patient) of the enriched subtypes at diagnosis."""
    return enriched_fraction(composition_at_start(ds), enriched_subtypes(ds))


def enrichment(ds: xr.Dataset) -> xr.DataArray:
    """Fraction of the enriched subtypes at failure minus that at diagnosis."""
    return enriched_at_failure(ds) - enriched_at_start(ds)


def enrichment_from_few(ds: xr.Dataset) -> xr.DataArray:
    """Enrichment of patients with less than FEW_ENRICHED at diagnosis."""
    return enrichment(ds).where(enriched_at_start(ds) < FEW_ENRICHED)


def drug_tolerant_at_declared_failure(ds: xr.Dataset) -> xr.DataArray:
    """Fraction of MEP-like stem cells when failure or relapse was declared.

    Unlike :func:`enriched_at_failure` without reprogrammed cells, and without patients whose
    failure was not declared by the end of follow-up.
    """
    cells = ds["stem_cells_at_treatment_failure"].sum("origin")
    failed = ds["treatment_failure_day"].notnull() | ds["relapse_day"].notnull()
    total = cells.sum("subtype")
    return (cells.sel(subtype=DRUG_TOLERANT) / total).where(failed & (total > 0))


# ---------------------------------------------------------------------- the registry

AT_FAILURE = ("stem_cells_at_treatment_failure",)

MEASURES = {
    measure.name: measure
    for measure in (
        # times to an event
        Measure("main_survival", "survival free of the main event", DAY, main_survival),
        Measure("relapse_free_survival", "relapse-free survival", DAY, relapse_free_survival),
        Measure("overall_survival", "overall survival", DAY, overall_survival),
        Measure("duration_of_response", "duration of response", DAY, duration_of_response,
                ("response_day",)),
        # remission and relapse
        Measure("relapse_free_days", "relapse-free days within two years", DAY, relapse_free_days),
        Measure("relapse_free_two_years", "relapse-free two years after enrolment", SHARE,
                partial(relapse_free_and_alive, days=TWO_YEARS)),
        Measure("relapse_free_if_never_positive",
                "relapse-free after one year without molecular relapse", SHARE,
                relapse_free_if_never_positive, ("molecular_relapse_day",)),
        Measure("relapse_free_after_molecular_relapse",
                "relapse-free six months after molecular relapse", SHARE,
                partial(relapse_free_from, molecular_relapse_day, SIX_MONTHS),
                ("molecular_relapse_day",)),
        Measure("relapse_free_six_months_on_treatment",
                "relapse-free six months after pre-emptive treatment began", SHARE,
                partial(relapse_free_from, preemptive_start_day, SIX_MONTHS),
                ("treatment_start_day",)),
        Measure("relapse_free_one_year_on_treatment",
                "relapse-free a year after pre-emptive treatment began", SHARE,
                partial(relapse_free_from, preemptive_start_day, ONE_YEAR),
                ("treatment_start_day",)),
        Measure("late_relapse", "relapse after three years or later", SHARE, late_relapse,
                ("relapse_day",)),
        Measure("molecular_relapse", "molecular relapse within two years", SHARE,
                molecular_relapse, ("molecular_relapse_day",)),
        Measure("lead_days", "days from molecular relapse to relapse", DAY, lead_days,
                ("molecular_relapse_day",)),
        Measure("without_molecular_relapse", "relapse without molecular relapse before", SHARE,
                without_molecular_relapse, ("molecular_relapse_day",)),
        Measure("mrd_negative_six_months", "MRD-negative after six months of treatment", SHARE,
                mrd_negative_on_treatment, ("sample_day",)),
        Measure("mrd_negative_three_cycles", "MRD-negative after three cycles of treatment", SHARE,
                partial(mrd_negative_on_treatment, days=91.0, earliest_days=28.0),
                ("sample_day",)),
        Measure("doubling_time", "doubling time of blasts", DAY, doubling_time, ("blasts",)),
        Measure("one_ancestor", "relapse from one ancestor", SHARE, from_one_ancestor,
                ("ancestors_at_relapse",)),
        Measure("effective_ancestors", "effective number of ancestors of a relapse", CELLS,
                lambda ds: ds["effective_ancestors_at_relapse"],
                ("effective_ancestors_at_relapse",)),
        # response
        Measure("best_response_cr", "best response CR", SHARE,
                partial(best_response, at_least="CR"), ("best_response",)),
        Measure("best_response_crh", "best response CR or CRh", SHARE,
                partial(best_response, at_least="CRh"), ("best_response",)),
        Measure("best_response_cri", "best response CR, CRh or CRi", SHARE,
                partial(best_response, at_least="CRi"), ("best_response",)),
        *(Measure(f"crh_by_cycle_{cycle}", f"CR or CRh by the start of cycle {cycle}", SHARE,
                  partial(response_by_cycle, cycle=cycle, at_least="CRh"), ("response",))
          for cycle in (2, 3, 4)),
        Measure("response_day", "days to the first response", DAY, lambda ds: ds["response_day"],
                ("response_day",)),
        Measure("days_alive", "days alive within two years", DAY, days_alive),
        # treatment
        Measure("drug_days", "drug days", DAY, drug_days, ("treatment_days",)),
        Measure("cytopenia_days", "cytopenia days", DAY, cytopenia_days, CYTOPENIAS[:1]),
        Measure("samples", "MRD samples", NUMBER, samples, ("sample_day",)),
        Measure("dose_pause", "a pause of a week or more in CR or CRh", SHARE, dose_pause,
                ("cycle_start_day",)),
        Measure("neutropenia_per_cycle", "days of grade 4 neutropenia for each cycle", DAY,
                neutropenia_per_cycle, ("days_grade4_neutropenia",)),
        # stem cells
        Measure("enriched_at_failure", "MEP-like stem cells at failure", FRACTION,
                enriched_at_failure, AT_FAILURE),
        Measure("enrichment", "enrichment of MEP-like stem cells", FRACTION, enrichment,
                AT_FAILURE),
        Measure("enrichment_from_few", "enrichment where MEP-like stem cells were few", FRACTION,
                enrichment_from_few, AT_FAILURE),
        Measure("drug_tolerant_at_declared_failure",
                "MEP-like stem cells when failure or relapse was declared", FRACTION,
                drug_tolerant_at_declared_failure, AT_FAILURE),
    )
}  # fmt: skip
