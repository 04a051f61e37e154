"""What is foretold: quantities that are no calibration target, each for a trial of a stated size.

``status`` says whether an outcome had been published when the quantity was chosen. A published one
is a test held out: no number of the model was fitted to it, though whoever tuned the model by hand
may have known it. An open one waits for its trial.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from leukosim.analysis.endpoints import (
    ONE_YEAR,
    TWO_YEARS,
    best_response,
    molecular_relapse_day,
    mrd_negative_on_treatment,
    overall_survival,
    preemptive_start_day,
    relapse_free_and_alive,
    relapse_free_survival,
)
from leukosim.results.variables import CXCR4_GROUPS, RESPONSES

PUBLISHED, OPEN = "published", "open"
SHARE, MEDIAN, MEAN, MEDIAN_TIME, RATIO = (
    "share", "median", "mean", "median time to an event", "hazard ratio",
)  # fmt: skip
REFUGE = "MEP-like"
PAUSE = 7.0  # days without a dose that count as a pause, as VIALE-A counted them


@dataclass(frozen=True)
class Quantity:
    """One quantity of one trial."""

    id: str
    label: str
    unit: str  # "probability", "day" or "ratio"
    status: str  # PUBLISHED or OPEN
    study: str  # whose result can foretell it
    arms: tuple[str, ...]  # the arm; of a hazard ratio two, the first against the second
    n: int  # patients that count in the trial that is foretold, of both arms where there are two
    population: str
    definition: str
    kind: str
    # of one arm (patient), nan: does not count; of a time or a ratio, ``day`` and ``event``
    measure: Callable[[xr.Dataset], xr.DataArray | xr.Dataset]
    first_share: float = 0.5  # of the patients in the first of two arms


# ---------------------------------------------------------------------- measures of one arm


def of_genotype(genotype: str) -> Callable[[xr.Dataset], xr.DataArray]:
    """Relapse-free and alive two years after enrolment, of one genotype."""
    return lambda arm: relapse_free_and_alive(arm, 0.0, TWO_YEARS).where(
        arm["genotype"] == genotype
    )


def a_year_of_treatment(arm: xr.Dataset) -> xr.DataArray:
    """Relapse-free and alive a year after pre-emptive treatment began."""
    return relapse_free_and_alive(arm, preemptive_start_day(arm), ONE_YEAR)


def lead_time(arm: xr.Dataset) -> xr.DataArray:
    """Days from the report of molecular relapse to relapse, of those who had both."""
    return arm["relapse_day"] - molecular_relapse_day(arm)


def came_unannounced(arm: xr.Dataset) -> xr.DataArray:
    """Whether a relapse came without molecular relapse before."""
    return molecular_relapse_day(arm).isnull().astype(float).where(arm["relapse_day"].notnull())


def negative_after_three_cycles(arm: xr.Dataset) -> xr.DataArray:
    """MRD below the trigger by the last sample of days 28 to 105 of treatment."""
    return mrd_negative_on_treatment(arm, 91.0, earliest_days=28.0)


def complete(at_least: str, dominant: str = "") -> Callable[[xr.Dataset], xr.DataArray]:
    """Best response so good, of everyone or of those with a dominant subtype."""

    def measure(arm: xr.Dataset) -> xr.DataArray:
        met = best_response(arm, at_least)
        return met.where(arm["dominant_subtype"] == dominant) if dominant else met

    return measure


def paused(arm: xr.Dataset) -> xr.DataArray:
    """Whether there was a pause of seven days or more between cycles, of those in CR or CRh."""
    gap = arm["cycle_start_day"].shift(cycle=-1) - arm["cycle_end_day"] - 1.0
    responded = arm["best_response"] >= RESPONSES.index("CRh")
    return (gap >= PAUSE).any("cycle").astype(float).where(responded)


def drug_tolerant_at_failure(arm: xr.Dataset) -> xr.DataArray:
    """Share of MEP-like stem cells when failure or relapse was declared."""
    cells = arm["stem_cells_at_treatment_failure"].sum("origin")
    failed = arm["treatment_failure_day"].notnull() | arm["relapse_day"].notnull()
    total = cells.sum("subtype")
    return (cells.sel(subtype=REFUGE) / total).where(failed & (total > 0))


def neutropenia_a_cycle(arm: xr.Dataset) -> xr.DataArray:
    """Days with neutrophils below 0.5 G/L for each cycle begun."""
    cycles = arm["cycle_start_day"].notnull().sum("cycle")
    return (arm["days_grade4_neutropenia"] / cycles).where(cycles > 0)


def of_cxcr4_high(arm: xr.Dataset) -> xr.Dataset:
    """Relapse-free survival of patients whose residual cells express much CXCR4."""
    high = arm["cxcr4_group"] == CXCR4_GROUPS.index("high")
    times = relapse_free_survival(arm)
    return xr.Dataset({"day": times["day"].where(high), "event": times["event"] & high})


# ---------------------------------------------------------------------- the quantities

RELAZA2, BLAST, VIALE_A = "relaza2", "blast", "venetoclax_resistance"
CONVERTED = "MRD-positive in remission, as RELAZA2 (NCT01462578)"
MONITORED = "in remission, monitored every 28 days, azacitidine on molecular relapse"
UNTREATED = "untreated AML unfit for intensive therapy, as VIALE-A (NCT02993523)"
CONSOLIDATED = "in first remission, cytarabine consolidation, as BLAST (NCT02502968)"
COMBINED = ("venetoclax_azacitidine",)
BOTH = ("venetoclax_azacitidine", "azacitidine")

QUANTITIES = [
    Quantity(
        "V01", "Relapse-free a year after azacitidine began", "probability", PUBLISHED, RELAZA2,
        ("triggered",), 53, CONVERTED,
        "neither relapse nor death within 365 days of the first dose", SHARE, a_year_of_treatment,
    ),
    Quantity(
        "V02", "Overall survival, venetoclax + azacitidine", "day", PUBLISHED, VIALE_A, COMBINED,
        286, UNTREATED, "Kaplan-Meier median from day 0, followed for two years", MEDIAN_TIME,
        overall_survival,
    ),
    Quantity(
        "V03", "Death, venetoclax + azacitidine against azacitidine", "ratio", PUBLISHED, VIALE_A,
        BOTH, 431, UNTREATED,
        "death of any cause, Cox model, two to one, followed for two years", RATIO,
        overall_survival, 286 / 431,
    ),
    Quantity(
        "V04", "Best response CR, venetoclax + azacitidine", "probability", PUBLISHED, VIALE_A,
        COMBINED, 286, UNTREATED, "best response CR", SHARE, complete("CR"),
    ),
    Quantity(
        "V05", "Best response CR or CRi, venetoclax + azacitidine", "probability", PUBLISHED,
        VIALE_A, COMBINED, 286, UNTREATED, "best response CR, CRh or CRi", SHARE, complete("CRi"),
    ),
    Quantity(
        "V06", "Best response CR, azacitidine", "probability", PUBLISHED, VIALE_A,
        ("azacitidine",), 145, UNTREATED, "best response CR", SHARE, complete("CR"),
    ),
    Quantity(
        "V07", "Best response CR or CRh, azacitidine", "probability", PUBLISHED, VIALE_A,
        ("azacitidine",), 145, UNTREATED, "best response CR or CRh", SHARE, complete("CRh"),
    ),
    Quantity(
        "V08", "A pause of a week or more in CR or CRh", "probability", PUBLISHED, VIALE_A,
        COMBINED, 186, "of these, CR or CRh on venetoclax + azacitidine",
        "seven days or more without a dose between two cycles", SHARE, paused,
    ),
    Quantity(
        "V09", "Two-year RFS, NPM1, triggered azacitidine", "probability", OPEN, RELAZA2,
        ("triggered",), 100, MONITORED, "neither relapse nor death within 730 days of enrolment",
        SHARE, of_genotype("NPM1"),
    ),
    Quantity(
        "V10", "Two-year RFS, RUNX1-RUNX1T1, triggered azacitidine", "probability", OPEN, RELAZA2,
        ("triggered",), 100, MONITORED, "neither relapse nor death within 730 days of enrolment",
        SHARE, of_genotype("RUNX1-RUNX1T1"),
    ),
    Quantity(
        "V11", "Two-year RFS, CBFB-MYH11, triggered azacitidine", "probability", OPEN, RELAZA2,
        ("triggered",), 100, MONITORED, "neither relapse nor death within 730 days of enrolment",
        SHARE, of_genotype("CBFB-MYH11"),
    ),
    Quantity(
        "V12", "From molecular relapse to relapse, untreated", "day", OPEN, RELAZA2,
        ("at_relapse",), 60, "in remission, monitored every 28 days, treated at relapse only",
        "median days from the report of conversion to that of relapse, of relapses in two years",
        MEDIAN, lead_time,
    ),
    Quantity(
        "V13", "Relapses without molecular relapse before", "probability", OPEN, RELAZA2,
        ("at_relapse",), 60, "relapses of patients monitored every 28 days, within two years",
        "no sample reported at the trigger before relapse", SHARE, came_unannounced,
    ),
    Quantity(
        "V14", "MRD-negative after three cycles of azacitidine", "probability", OPEN, RELAZA2,
        ("triggered",), 53, CONVERTED,
        "last sample of days 28 to 105 of treatment below the trigger, alive without relapse on "
        "day 91", SHARE, negative_after_three_cycles,
    ),
    Quantity(
        "V15", "Motixafortide against placebo, all patients", "ratio", OPEN, BLAST,
        ("motixafortide", "placebo"), 128, CONSOLIDATED,
        "relapse or death, Cox model, followed for five years",
        RATIO, relapse_free_survival,
    ),
    Quantity(
        "V16", "Motixafortide against placebo, CXCR4-high", "ratio", OPEN, BLAST,
        ("motixafortide", "placebo"), 44,
        CONSOLIDATED + ", median CXCR4 of residual cells 10 or more",
        "relapse or death, Cox model, followed for five years", RATIO, of_cxcr4_high,
    ),
    Quantity(
        "V17", "CR or CRi where LMPP-like cells dominate", "probability", OPEN, VIALE_A, COMBINED,
        66, UNTREATED + ", most stem cells LMPP-like", "best response CR, CRh or CRi", SHARE,
        complete("CRi", "LMPP-like"),
    ),
    Quantity(
        "V18", "CR or CRi where MEP-like cells dominate", "probability", OPEN, VIALE_A, COMBINED,
        43, UNTREATED + ", most stem cells MEP-like", "best response CR, CRh or CRi", SHARE,
        complete("CRi", "MEP-like"),
    ),
    Quantity(
        "V19", "MEP-like stem cells at failure or relapse", "probability", OPEN, VIALE_A, COMBINED,
        50, "venetoclax + azacitidine failed, or relapse after it",
        "mean share of stem cells when failure or relapse is declared", MEAN, drug_tolerant_at_failure,
    ),
    Quantity(
        "V20", "Grade 4 neutropenia a cycle, venetoclax + azacitidine", "day", OPEN, VIALE_A,
        COMBINED, 286, UNTREATED, "mean over patients of days below 0.5 G/L for each cycle begun",
        MEAN, neutropenia_a_cycle,
    ),
]  # fmt: skip


def values_of(quantity: Quantity, ds: xr.Dataset) -> list[np.ndarray]:
    """The measure in each arm that a quantity needs, float64[patient], without those who are nan.

    Of times two columns: day and event.
    """
    values = []
    for arm in quantity.arms:
        measured = quantity.measure(ds.sel(arm=arm))
        if isinstance(measured, xr.Dataset):
            columns = [np.asarray(measured[name].values, float) for name in ("day", "event")]
            result = np.stack(columns, axis=1)
            values.append(result[np.isfinite(result[:, 0])])
        else:
            result = np.asarray(measured.values, float)
            values.append(result[np.isfinite(result)])
    return values
