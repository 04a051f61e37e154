"""Trials: the same virtual patients in every arm, and the dataset they leave."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.ancestry import newick
from leukosim.assays.sample import Burden
from leukosim.biology.clones import TRAITS
from leukosim.follow_up import (
    CYTOPENIAS,
    MRD_MEASURES,
    History,
    Protocol,
    anchored,
    follow,
    resting,
)
from leukosim.marrow import Marrow
from leukosim.patient import ASSAY, Patient
from leukosim.rates import Rates
from leukosim.results import OCCASIONS, VARIABLES
from leukosim.strategy.chart import OwnStrategy
from leukosim.strategy.response import NONE
from leukosim.strategy.rules import Strategy
from leukosim.treatment_week import (
    BLOCKER,
    first_cycle,
    mobilisation_after_one_dose,
    treatment_week,
)

AT_DIAGNOSIS, AT_ENROLMENT = (
    100,
    101,
)  # keys the luck of the assay at diagnosis; samples on visits have lower numbers


@dataclass(frozen=True)
class Trial:
    """What a trial leaves: a labelled dataset and the log of decisions, a row each."""

    dataset: xr.Dataset
    decisions: pd.DataFrame  # a row each, by arm, patient and day


def run_trial(
    patients: Sequence[Patient],
    arms: Mapping[str, Strategy | OwnStrategy],
    protocol: Protocol | None = None,
    *,
    record_days: int = 7,
    workers: int = 1,
    method: str = "tally",
    progress: Callable[[int], None] | None = None,
) -> Trial:
    """Treat every patient in every arm.

    The numbers do not depend on ``workers``, on ``record_days`` or on who else is in the cohort.

    Parameters
    ----------
    patients : the cohort, of one disease
    arms : strategies by the name of their arm
    protocol : how patients are followed; RELAZA2-like by default
    record_days : day, interval at which the marrow is written down; the last day always is
    workers : threads
    method : "tally" or "direct", the algorithm of the engine
    progress : told the number of patients finished

    Returns
    -------
    Trial
        With the variables of :data:`leukosim.results.VARIABLES`.
    """
    if not patients:
        raise ValueError("patients is empty: a trial needs at least one patient")
    if not arms:
        raise ValueError("arms is empty: a trial needs at least one arm")
    if record_days < 1:
        raise ValueError(f"record_days = {record_days} (day) is not allowed: allowed 1 or more")
    protocol = protocol or Protocol()
    for arm, strategy in arms.items():
        for name, course in strategy.courses.items():
            for drug in course.drugs:
                if drug not in protocol.drugs:
                    raise ValueError(
                        f"drug = {drug} of course {name} in arm {arm} is unknown: "
                        f"allowed {', '.join(protocol.drugs)}"
                    )
    days = np.unique(
        np.append(np.arange(0, protocol.horizon_days, record_days), protocol.horizon_days)
    )
    days = days.astype(float)

    def treat(patient: Patient) -> list[History]:
        rates = Rates(patient)
        return [
            follow(patient, strategy, protocol, days, rates, method) for strategy in arms.values()
        ]

    courses: list[list[History]] = []
    with ThreadPoolExecutor(workers) as pool:
        for finished, of_patient in enumerate(pool.map(treat, patients), 1):
            courses.append(of_patient)
            if progress is not None:
                progress(finished)
    return Trial(
        dataset_of(
            patients, list(arms), courses, days, protocol, week_values(patients, arms, protocol)
        ),
        decisions_of(patients, list(arms), courses),
    )


def week_values(
    patients: Sequence[Patient],
    arms: Mapping[str, Strategy | OwnStrategy],
    protocol: Protocol,
) -> dict[str, np.ndarray]:
    """The first treatment week by the hour, and what a dose of a CXCR4 inhibitor does to blood."""
    if not protocol.treatment_week:
        return {}
    week = treatment_week(patients, arms, protocol)
    doses = [d.amount_mg for s in arms.values() for d in first_cycle(patients[0], s)
             if d.drug == BLOCKER and d.amount_mg > 0.0]  # fmt: skip
    if doses:
        drug = protocol.drugs[BLOCKER]
        week |= mobilisation_after_one_dose(drug, doses[0], patients[0].disease, protocol)
    return week


def simulate(
    patient: Patient,
    strategy: Strategy | OwnStrategy,
    protocol: Protocol | None = None,
    *,
    record_days: int = 1,
) -> xr.Dataset:
    """One patient's course under one strategy, as a dataset without arm and patient dimensions."""
    trial = run_trial([patient], {"arm": strategy}, protocol, record_days=record_days)
    return trial.dataset.isel(arm=0, patient=0)


def decisions_of(
    patients: Sequence[Patient], arms: Sequence[str], courses: Sequence[Sequence[History]]
) -> pd.DataFrame:
    """The log of decisions, a row each, by arm, patient and day."""
    rows = [
        (
            arm, patient.index, d.day, d.rule, d.seen, d.action, d.course, d.effective,
            "+".join(d.drugs), d.at_most_days,
        )
        for a, arm in enumerate(arms)
        for patient, of_patient in zip(patients, courses, strict=True)
        for d in of_patient[a].chart.decisions
    ]  # fmt: skip
    columns = [
        "arm", "patient", "day", "rule", "seen", "action", "course", "effective_day",
        "drugs", "at_most_days",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"at_most_days": "Int64"})


def dataset_of(
    patients: Sequence[Patient],
    arms: Sequence[str],
    courses: Sequence[Sequence[History]],
    days: np.ndarray,
    protocol: Protocol,
    week: Mapping[str, np.ndarray] | None = None,
) -> xr.Dataset:
    """Gather courses (by patient, by arm) into the vocabulary of results."""
    subtypes = list(patients[0].disease.subtypes)
    week = dict(week or {})
    own_days = {
        name: (name, week.pop(f"{name}_day"), {"units": "day", "long_name": meaning})
        for name, meaning in (
            ("week", "time since treatment began"),
            ("mobilisation", "time since the dose"),
        )
        if f"{name}_day" in week
    }
    by_arm = [[of_patient[a] for of_patient in courses] for a in range(len(arms))]
    values = {
        **patient_values(patients),
        **biomarker_values(patients, protocol),
        **residual_cell_values(patients, protocol),
        **outcome_values(by_arm),
        **response_values(patients, by_arm),
        "switches": np.array([[c.switches for c in courses] for courses in by_arm]),
        "stem_cells_at_failure": np.array(
            [[c.stem_cells_at_failure for c in courses] for courses in by_arm], float
        ),
        **course_values(by_arm, days, len(subtypes)),
        **sample_values(patients, by_arm, protocol),
        **cycle_values(by_arm),
        **assessment_values(by_arm),
        **week,
        **ancestor_values(by_arm, protocol),
        **clone_values(patients, by_arm, days, protocol),
    }
    variables = {
        name: (VARIABLES[name].dims, value, VARIABLES[name].attributes)
        for name, value in values.items()
    }
    coordinates = {
        "arm": list(arms),
        "patient": [patient.index for patient in patients],
        "time": ("time", days, {"units": "day", "long_name": "time since enrolment"}),
        "subtype": subtypes,
        "origin": subtypes,
        **own_days,
    }
    if "vaf" in values:
        coordinates |= {
            "variant": variants_of(by_arm), "trait": list(TRAITS), "occasion": list(OCCASIONS),
        }  # fmt: skip
    attributes = {
        "Conventions": "CF-1.11",
        "trigger_level": protocol.trigger.level,
        "trigger_unit": "transcript ratio (marker / ABL1)",
        "trigger_recipient_share": protocol.trigger.recipient_share,
        "horizon_days": protocol.horizon_days,
    }
    return xr.Dataset(variables, coordinates, attributes)


def patient_values(patients: Sequence[Patient]) -> dict[str, np.ndarray]:
    """Who the patients are."""
    names = (
        "genotype", "doubling_days", "residual_stem_cells", "composition", "cxcr4",
        "stem_cell_share", "plateau", "protection_shift", "transcript_ratio", "overt_blasts",
        "age_years", "residual_blasts",
    )  # fmt: skip
    values = {name: np.array([getattr(patient, name) for patient in patients]) for name in names}
    values["mrd_marker"] = np.array([patient.marker for patient in patients])
    for name in ("genotype", "mrd_marker"):
        values[name] = values[name].astype(object)
    values["responsiveness"] = np.array(
        [p.responsiveness.get("azacitidine", 1.0) for p in patients]
    )
    values["transplanted"] = np.array([p.transplanted for p in patients], np.int8)
    values["tp53"] = np.array([p.tp53_mutated for p in patients], np.int8)
    values["dominant_subtype"] = np.array([dominant_subtype(p) for p in patients], object)
    return values


def dominant_subtype(patient: Patient) -> str:
    """The subtype that most of a patient's stem cells have."""
    return list(patient.disease.subtypes)[int(np.argmax(patient.composition))]


def biomarker_values(patients: Sequence[Patient], protocol: Protocol) -> dict[str, np.ndarray]:
    """What flow cytometry reports of each patient at diagnosis."""
    flow = protocol.assays.flow
    fractions, scores = [], []
    for patient in patients:
        luck = patient.stream(ASSAY, AT_DIAGNOSIS)
        composition = np.array(patient.composition)
        dependences = np.array([s.dependences for s in patient.disease.subtypes.values()])
        scores.append(flow.bcl2_score(composition, dependences, luck))
        fractions.append(flow.subtypes(composition, luck))
    return {"measured_composition": np.array(fractions), "bcl2_score": np.array(scores)}


def residual_cell_values(patients: Sequence[Patient], protocol: Protocol) -> dict[str, np.ndarray]:
    """What the single-cell assay reports of each patient's residual cells at enrolment."""
    assay = protocol.assays.single_cell
    if not assay.at_enrolment:
        return {}
    shape = len(patients), assay.cells_most
    cxcr4, subtype = np.full(shape, np.nan), np.full(shape, np.nan)
    count, group = np.zeros(len(patients)), np.zeros(len(patients), np.int8)
    for p, patient in enumerate(patients):
        marrow = Marrow(patient)
        burden = Burden(marrow.blasts, patient.disease.blood.healthy_marrow_cells)
        cells = assay.recover(
            burden, *marrow.each_cell(), len(patient.disease.subtypes),
            patient.stream(ASSAY, AT_ENROLMENT),
        )  # fmt: skip
        n = len(cells.cxcr4)
        cxcr4[p, :n], subtype[p, :n] = cells.cxcr4, cells.subtype
        count[p], group[p] = n, assay.group(cells)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice")
        middle = np.nanmedian(cxcr4, axis=1)
    return {
        "residual_cell_cxcr4": cxcr4,
        "residual_cell_subtype": subtype,
        "residual_cells": count,
        "measured_cxcr4": middle,
        "cxcr4_group": group,
    }


def outcome_values(by_arm: list[list[History]]) -> dict[str, np.ndarray]:
    """What became of them: days, nan where it did not happen."""

    def gather(value: Callable[[History], float | None]) -> np.ndarray:
        return np.array([[value(c) for c in courses] for courses in by_arm], float)

    return {
        "mrd_conversion_day": gather(lambda c: c.conversion_day),
        "treatment_start_day": gather(lambda c: c.doses[0].day if c.doses else None),
        "treatment_days": gather(lambda c: len({math.floor(dose.day) for dose in c.doses})),
        "relapse_day": gather(lambda c: c.chart.relapse_day),
        "death_day": gather(lambda c: c.death_day),
        "follow_up_day": gather(lambda c: c.last_day),
        "stem_cells_at_end": gather(lambda c: c.stem_cells_at_end),
        "blasts_at_end": gather(lambda c: c.blasts_at_end),
        "failure_day": gather(lambda c: c.chart.failure_day),
        "response_day": gather(lambda c: c.chart.response_day),
        "death_cause": gather(lambda c: c.death_cause),
        "hold_days": gather(lambda c: c.hold_days),
        **{name: gather(lambda c, name=name: c.cytopenia_days[name]) for name in CYTOPENIAS},
    }


def response_values(
    patients: Sequence[Patient], by_arm: list[list[History]]
) -> dict[str, np.ndarray]:
    """The best response of overt leukaemia; none to be had in a remission from the start."""
    best = [
        [
            max((a.response for a in c.chart.assessments), default=NONE) if p.overt_blasts else NONE
            for p, c in zip(patients, courses, strict=True)
        ]
        for courses in by_arm
    ]
    return {"best_response": np.array(best, np.int8)}


def assessment_values(by_arm: list[list[History]]) -> dict[str, np.ndarray]:
    """Responses as they were assessed; nan after the last."""
    columns = {
        "assessment_day": "day",
        "response": "response",
        "marrow_blasts": "marrow_blasts",
        "assessment_neutrophils": "neutrophils",
        "assessment_platelets": "platelets",
    }
    return {
        name: padded(
            [
                [[getattr(a, field) for a in c.chart.assessments] for c in courses]
                for courses in by_arm
            ]
        )
        for name, field in columns.items()
    }


def course_values(
    by_arm: list[list[History]], days: np.ndarray, n_subtypes: int
) -> dict[str, np.ndarray]:
    """The marrow over time; nan after a patient's last day."""
    shape = len(by_arm), len(by_arm[0]), len(days)
    names = ("stem_cells_in_niche", "stem_cells_in_g0", "blasts", "neutrophils", "platelets")
    values = {name: np.full(shape, np.nan) for name in names}
    values["stem_cells"] = np.full((*shape, n_subtypes), np.nan)
    values["stem_cells_by_origin"] = np.full((*shape, n_subtypes, n_subtypes), np.nan)
    for a, courses in enumerate(by_arm):
        for p, course in enumerate(courses):
            for counts in course.counts:
                at = a, p, np.searchsorted(days, counts.day)
                values["stem_cells"][at] = counts.cells.sum((2, 3))
                values["stem_cells_by_origin"][at] = counts.origins
                values["stem_cells_in_niche"][at] = anchored(counts.cells)
                values["stem_cells_in_g0"][at] = resting(counts.cells)
                values["blasts"][at] = counts.blasts.sum(1)
                values["neutrophils"][at] = counts.neutrophils
                values["platelets"][at] = counts.platelets
    return values


def sample_values(
    patients: Sequence[Patient], by_arm: list[list[History]], protocol: Protocol
) -> dict[str, np.ndarray]:
    """What the laboratory reported of MRD; nan after the last sample."""
    reports = [
        [[r for r in course.chart.reports if r.measure in MRD_MEASURES] for course in courses]
        for courses in by_arm
    ]
    day = padded([[[r.sampled for r in rs] for rs in arm] for arm in reports])
    limit_of = {
        "transcript": protocol.assays.mrd.detection_limit,
        "chimerism": protocol.assays.chimerism.detection_limit,
    }
    limits = np.array([limit_of[patient.marker] for patient in patients])
    limit = np.where(np.isnan(day), np.nan, limits[:, None])
    return {
        "sample_day": day,
        "mrd": padded([[[r.value for r in rs] for rs in arm] for arm in reports]),
        "mrd_detection_limit": limit,
    }


def cycle_values(by_arm: list[list[History]]) -> dict[str, np.ndarray]:
    """Treatment over time; nan after the last cycle."""
    return {
        name: padded([[[cycle[i] for cycle in c.cycles] for c in courses] for courses in by_arm])
        for i, name in enumerate(("cycle_start_day", "cycle_end_day"))
    }


def ancestor_values(by_arm: list[list[History]], protocol: Protocol) -> dict[str, np.ndarray]:
    """How many labelled cells relapses descend from; nan without relapse."""
    if not protocol.record.barcodes:
        return {}
    names = {"ancestors": "number", "major_ancestors": "major", "effective_ancestors": "effective"}
    return {
        f"{name}_at_relapse": np.array(
            [
                [getattr(c.ancestors, value) if c.ancestors else np.nan for c in courses]
                for courses in by_arm
            ],
            float,
        )
        for name, value in names.items()
    }


def variants_of(by_arm: list[list[History]]) -> list[str]:
    """Every variant that was sequenced in anyone."""
    return sorted(
        {v for courses in by_arm for c in courses for _, vafs in c.sequenced for v in vafs}
    )


def clone_values(
    patients: Sequence[Patient],
    by_arm: list[list[History]],
    days: np.ndarray,
    protocol: Protocol,
) -> dict[str, np.ndarray]:
    """The clones, their cells over time, and what sequencing showed; nothing unless recorded."""
    if protocol.record.clones == 0:
        return {}
    tables = [[c.clones for c in courses] for courses in by_arm]
    shape = len(tables), len(tables[0])
    n = max(len(table.name) for of_arm in tables for table in of_arm if table)
    n_subtypes = len(patients[0].disease.subtypes)
    variants = variants_of(by_arm)
    samples = max(len(c.sequenced) for courses in by_arm for c in courses)
    text = {name: np.full((*shape, n), "", object) for name in ("name", "driver", "genotype")}
    number = {
        name: np.full((*shape, n), np.nan) for name in ("parent", "founded_day", "diagnosis_share")
    }
    effect = np.full((*shape, n, len(TRAITS)), np.nan)
    tree = np.full(shape, "", object)
    ever = np.full(shape, np.nan)
    over_time = {
        name: np.full((*shape, len(days), n, n_subtypes), np.nan)
        for name in ("stem_cells", "blasts")
    }
    vaf = np.full((*shape, samples, len(variants)), np.nan)
    ngs_day = np.full((*shape, samples), np.nan)
    read = np.full((*shape, len(OCCASIONS), n, n_subtypes), np.nan)
    strange = np.full((*shape, len(OCCASIONS)), np.nan)
    for a, p in np.ndindex(shape):
        table = tables[a][p]
        assert table is not None
        has = len(table.name)
        for name, array in (text | number).items():
            array[a, p, :has] = getattr(table, name)
        effect[a, p, :has] = table.effect
        tree[a, p] = newick(table.name, table.parent, table.founded_day)
        ever[a, p] = table.ever
        at = np.searchsorted(days, table.day)
        for name, course in over_time.items():
            course[a, p, at] = 0.0
            course[a, p, at, :has] = getattr(table, name)
        for i, (day, found) in enumerate(by_arm[a][p].sequenced):
            ngs_day[a, p, i] = day
            for name, frequency in found.items():
                vaf[a, p, i, variants.index(name)] = frequency
        for occasion, cells in table.genotyped.items():
            read[a, p, OCCASIONS.index(occasion), :has] = cells
            strange[a, p, OCCASIONS.index(occasion)] = table.unassigned[occasion]
    limit = protocol.assays.ngs.detection_limit
    return {
        "haematopoiesis_gene": np.array([p.haematopoiesis_gene for p in patients], object),
        "haematopoiesis_fraction": np.array([p.haematopoiesis_fraction for p in patients]),
        **{f"clone_{name}": array for name, array in (text | number).items()},
        "clone_effect": effect,
        "clones_ever": ever,
        "clone_tree": tree,
        **{f"{name}_by_clone": array for name, array in over_time.items()},
        "ngs_day": ngs_day,
        "vaf": vaf,
        "vaf_detection_limit": np.where(np.isnan(ngs_day), np.nan, limit),
        "genotyped_cells": read,
        "genotyped_unassigned": strange,
    }


def padded(ragged: list[list[list[float]]]) -> np.ndarray:
    """Lists of lists of lists as one array, nan where a list has ended."""
    longest = max((len(row) for arm in ragged for row in arm), default=0)
    array = np.full((len(ragged), len(ragged[0]), longest), np.nan)
    for a, arm in enumerate(ragged):
        for p, row in enumerate(arm):
            array[a, p, : len(row)] = row
    return array
