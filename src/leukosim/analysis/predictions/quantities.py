"""The predicted quantities: no calibration targets, each for a trial of a stated size.

``status`` says whether an outcome had been published when the quantity was chosen. A published one
is a held-out test: no number of the model was fitted to it, although it may have been known when
the model was tuned by hand. The trial of an open one has not reported.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from leukosim.analysis.measures import MEASURES, Subgroup

PUBLISHED, OPEN = "published", "open"
SHARE, MEDIAN, MEAN, MEDIAN_TIME, RATIO = (
    "share", "median", "mean", "median time to an event", "hazard ratio",
)  # fmt: skip


@dataclass(frozen=True)
class Quantity:
    """One quantity of one trial."""

    id: str
    label: str
    unit: str  # "probability", "day" or "ratio"
    status: str  # PUBLISHED or OPEN
    study: str  # whose result predicts it
    arms: tuple[str, ...]  # the arm; of a hazard ratio two, the first against the second
    n: int  # patients in the predicted trial, of both arms where there are two
    population: str
    definition: str
    kind: str  # SHARE, MEDIAN, MEAN, MEDIAN_TIME or RATIO
    measure: str  # its name in MEASURES; of a median time or a ratio, a time to an event
    subgroup: Subgroup | None = None  # None: all patients
    first_share: float = 0.5  # of the patients in the first of two arms


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
        "neither relapse nor death within 365 days of the first dose", SHARE,
        "relapse_free_one_year_on_treatment",
    ),
    Quantity(
        "V02", "Overall survival, venetoclax + azacitidine", "day", PUBLISHED, VIALE_A, COMBINED,
        286, UNTREATED, "Kaplan-Meier median from day 0, followed for two years", MEDIAN_TIME,
        "overall_survival",
    ),
    Quantity(
        "V03", "Death, venetoclax + azacitidine against azacitidine", "ratio", PUBLISHED, VIALE_A,
        BOTH, 431, UNTREATED,
        "death of any cause, Cox model, two to one, followed for two years", RATIO,
        "overall_survival", first_share=286 / 431,
    ),
    Quantity(
        "V04", "Best response CR, venetoclax + azacitidine", "probability", PUBLISHED, VIALE_A,
        COMBINED, 286, UNTREATED, "best response CR", SHARE, "best_response_cr",
    ),
    Quantity(
        "V05", "Best response CR or CRi, venetoclax + azacitidine", "probability", PUBLISHED,
        VIALE_A, COMBINED, 286, UNTREATED, "best response CR, CRh or CRi", SHARE,
        "best_response_cri",
    ),
    Quantity(
        "V06", "Best response CR, azacitidine", "probability", PUBLISHED, VIALE_A,
        ("azacitidine",), 145, UNTREATED, "best response CR", SHARE, "best_response_cr",
    ),
    Quantity(
        "V07", "Best response CR or CRh, azacitidine", "probability", PUBLISHED, VIALE_A,
        ("azacitidine",), 145, UNTREATED, "best response CR or CRh", SHARE, "best_response_crh",
    ),
    Quantity(
        "V08", "A pause of a week or more in CR or CRh", "probability", PUBLISHED, VIALE_A,
        COMBINED, 186, "of these, CR or CRh on venetoclax + azacitidine",
        "seven days or more without a dose between two cycles", SHARE, "dose_pause",
    ),
    Quantity(
        "V09", "Two-year RFS, NPM1, triggered azacitidine", "probability", OPEN, RELAZA2,
        ("triggered",), 100, MONITORED, "neither relapse nor death within 730 days of enrolment",
        SHARE, "relapse_free_two_years", Subgroup("genotype", "NPM1"),
    ),
    Quantity(
        "V10", "Two-year RFS, RUNX1-RUNX1T1, triggered azacitidine", "probability", OPEN, RELAZA2,
        ("triggered",), 100, MONITORED, "neither relapse nor death within 730 days of enrolment",
        SHARE, "relapse_free_two_years", Subgroup("genotype", "RUNX1-RUNX1T1"),
    ),
    Quantity(
        "V11", "Two-year RFS, CBFB-MYH11, triggered azacitidine", "probability", OPEN, RELAZA2,
        ("triggered",), 100, MONITORED, "neither relapse nor death within 730 days of enrolment",
        SHARE, "relapse_free_two_years", Subgroup("genotype", "CBFB-MYH11"),
    ),
    Quantity(
        "V12", "From molecular relapse to relapse, untreated", "day", OPEN, RELAZA2,
        ("at_relapse",), 60, "in remission, monitored every 28 days, treated at relapse only",
        "median days from the report of molecular relapse to that of relapse, of relapses "
        "in two years",
        MEDIAN, "lead_days",
    ),
    Quantity(
        "V13", "Relapses without molecular relapse before", "probability", OPEN, RELAZA2,
        ("at_relapse",), 60, "relapses of patients monitored every 28 days, within two years",
        "no sample reported at the trigger before relapse", SHARE, "without_molecular_relapse",
    ),
    Quantity(
        "V14", "MRD-negative after three cycles of azacitidine", "probability", OPEN, RELAZA2,
        ("triggered",), 53, CONVERTED,
        "last sample of days 28 to 105 of treatment below the trigger, alive without relapse on "
        "day 91", SHARE, "mrd_negative_three_cycles",
    ),
    Quantity(
        "V15", "Motixafortide against placebo, all patients", "ratio", OPEN, BLAST,
        ("motixafortide", "placebo"), 128, CONSOLIDATED,
        "relapse or death, Cox model, followed for five years",
        RATIO, "relapse_free_survival",
    ),
    Quantity(
        "V16", "Motixafortide against placebo, CXCR4-high", "ratio", OPEN, BLAST,
        ("motixafortide", "placebo"), 44,
        CONSOLIDATED + ", median CXCR4 of residual cells 10 or more",
        "relapse or death, Cox model, followed for five years", RATIO,
        "relapse_free_survival", Subgroup("cxcr4_group", "high"),
    ),
    Quantity(
        "V17", "CR or CRi where LMPP-like cells dominate", "probability", OPEN, VIALE_A, COMBINED,
        66, UNTREATED + ", most stem cells LMPP-like", "best response CR, CRh or CRi", SHARE,
        "best_response_cri", Subgroup("dominant_subtype", "LMPP-like"),
    ),
    Quantity(
        "V18", "CR or CRi where MEP-like cells dominate", "probability", OPEN, VIALE_A, COMBINED,
        43, UNTREATED + ", most stem cells MEP-like", "best response CR, CRh or CRi", SHARE,
        "best_response_cri", Subgroup("dominant_subtype", "MEP-like"),
    ),
    Quantity(
        "V19", "MEP-like stem cells at failure or relapse", "probability", OPEN, VIALE_A, COMBINED,
        50, "venetoclax + azacitidine failed, or relapse after it",
        "mean share of stem cells when failure or relapse is declared", MEAN,
        "drug_tolerant_at_declared_failure",
    ),
    Quantity(
        "V20", "Grade 4 neutropenia a cycle, venetoclax + azacitidine", "day", OPEN, VIALE_A,
        COMBINED, 286, UNTREATED, "mean over patients of days below 0.5 G/L for each cycle begun",
        MEAN, "neutropenia_per_cycle",
    ),
]  # fmt: skip


def values_of(quantity: Quantity, ds: xr.Dataset) -> list[np.ndarray]:
    """The measure in each arm of a quantity, float64[patient], without patients who are nan.

    Of times to an event, float64[patient, 2]: day and event.
    """
    values = []
    for arm in quantity.arms:
        one = ds.sel(arm=arm)
        measured = MEASURES[quantity.measure].of(one)
        if quantity.subgroup is not None:
            measured = quantity.subgroup.restrict(measured, one)
        if isinstance(measured, xr.Dataset):
            columns = [np.asarray(measured[name].values, float) for name in ("day", "event")]
            result = np.stack(columns, axis=1)
            values.append(result[np.isfinite(result[:, 0])])
        else:
            result = np.asarray(measured.values, float)
            values.append(result[np.isfinite(result)])
    return values
