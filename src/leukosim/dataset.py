"""From courses to one labelled dataset: what patients are, what became of them, what was seen."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from leukosim.ancestry import newick
from leukosim.assays.sample import Burden
from leukosim.biology.clones import TRAITS
from leukosim.follow_up import (
    ASSESSED,
    CYTOPENIAS,
    History,
    anchored,
    joined,
    resting,
)
from leukosim.marrow import Marrow
from leukosim.patient import ASSAY, Patient
from leukosim.protocol import Protocol
from leukosim.results import OCCASIONS, VARIABLES
from leukosim.strategy.response import NONE

RESPONSE = ASSESSED.index("response")

# Key the luck of the assays at the start; samples on visits have lower numbers.
AT_DIAGNOSIS, AT_ENROLMENT = 100, 101


class Labelled(NamedTuple):
    """An array with the names of its dimensions: what xarray takes, and sooner made."""

    dims: tuple[str, ...]
    values: np.ndarray
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Gathered:
    """All that a dataset consists of, from which it can be made, or written without being made."""

    variables: dict[str, Labelled]
    coordinates: dict[str, Labelled]
    attributes: dict[str, Any]

    def dataset(self) -> xr.Dataset:
        """The labelled dataset."""
        return xr.Dataset(self.variables, self.coordinates, self.attributes)

    def without(self, dim: str) -> "Gathered":
        """The same without a dimension and everything along it."""
        variables, coordinates = (
            {name: each for name, each in group.items() if dim not in each.dims}
            for group in (self.variables, self.coordinates)
        )
        return Gathered(variables, coordinates, self.attributes)


def parts_of(dataset: xr.Dataset) -> Gathered:
    """What a dataset consists of."""
    every = {
        str(name): Labelled(tuple(map(str, each.dims)), each.values, each.attrs)
        for name, each in dataset.variables.items()
    }
    coordinates = {name: each for name, each in every.items() if name in dataset.coords}
    variables = {name: each for name, each in every.items() if name not in coordinates}
    return Gathered(variables, coordinates, dict(dataset.attrs))


def gather(
    patients: Sequence[Patient],
    arms: Sequence[str],
    courses: Sequence[Sequence[History]],
    days: np.ndarray,
    protocol: Protocol,
    of_patients: Mapping[str, np.ndarray],
    week: Mapping[str, np.ndarray] | None = None,
) -> Gathered:
    """Gather courses (by patient, by arm) into the vocabulary of results.

    Parameters
    ----------
    days : on which the marrow was written down; without any, nothing that has a time is gathered
    of_patients : by :func:`values_of_patients`
    week : the first treatment week
    """
    subtypes = list(patients[0].disease.subtypes)
    week = dict(week or {})
    own_days = {
        name: Labelled((name,), week.pop(f"{name}_day"), {"units": "day", "long_name": meaning})
        for name, meaning in (
            ("week", "time since treatment began"),
            ("mobilisation", "time since the dose"),
        )
        if f"{name}_day" in week
    }
    by_arm = [[of_patient[a] for of_patient in courses] for a in range(len(arms))]
    values = {
        **of_patients,
        **outcome_values(by_arm),
        **response_values(patients, by_arm),
        "switches": np.array([[c.switches for c in courses] for courses in by_arm]),
        "stem_cells_at_failure": np.array(
            [[c.stem_cells_at_failure for c in courses] for courses in by_arm], float
        ),
        **(course_values(by_arm, days, len(subtypes)) if len(days) else {}),
        **sample_values(patients, by_arm, protocol),
        **cycle_values(by_arm),
        **assessment_values(by_arm),
        **week,
        **ancestor_values(by_arm, protocol),
        **clone_values(patients, by_arm, days, protocol),
    }
    variables = {
        name: Labelled(VARIABLES[name].dims, value, VARIABLES[name].attributes)
        for name, value in values.items()
    }
    labels = {
        "arm": list(arms),
        "patient": [patient.index for patient in patients],
        "subtype": subtypes,
        "origin": subtypes,
    }
    if "vaf" in values:
        labels |= {
            "variant": variants_of(by_arm), "trait": list(TRAITS), "occasion": list(OCCASIONS),
        }  # fmt: skip
    attributes = {
        "Conventions": "CF-1.11",
        "trigger_level": protocol.trigger.level,
        "trigger_unit": "transcript ratio (marker / ABL1)",
        "trigger_recipient_share": protocol.trigger.recipient_share,
        "horizon_days": protocol.horizon_days,
    }
    coordinates = {name: Labelled((name,), np.array(each), {}) for name, each in labels.items()}
    in_days = {"units": "day", "long_name": "time since enrolment"}
    coordinates |= {"time": Labelled(("time",), days, in_days)} if len(days) else {}
    coordinates |= own_days
    return Gathered(variables, coordinates, attributes)


def values_of_patients(patients: Sequence[Patient], protocol: Protocol) -> dict[str, np.ndarray]:
    """What is known of patients before any of them is treated."""
    return {
        **patient_values(patients),
        **biomarker_values(patients, protocol),
        **residual_cell_values(patients, protocol),
    }


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
            burden, *marrow.each_agent(), len(patient.disease.subtypes),
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
        "treatment_start_day": gather(lambda c: c.first_dose_day),
        "treatment_days": gather(lambda c: c.drug_days),
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
            c.assessments[:, RESPONSE].max(initial=NONE) if p.overt_blasts else NONE
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
    table = padded([[c.assessments for c in courses] for courses in by_arm], len(columns))
    return {name: table[..., ASSESSED.index(field)] for name, field in columns.items()}


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
            counts = joined(course.counts)
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
    table = padded([[course.mrd for course in courses] for courses in by_arm], 2)
    day, value = table[..., 0], table[..., 1]
    limit_of = {
        "transcript": protocol.assays.mrd.detection_limit,
        "chimerism": protocol.assays.chimerism.detection_limit,
    }
    limits = np.array([limit_of[patient.marker] for patient in patients])
    limit = np.where(np.isnan(day), np.nan, limits[:, None])
    return {
        "sample_day": day,
        "mrd": value,
        "mrd_detection_limit": limit,
    }


def cycle_values(by_arm: list[list[History]]) -> dict[str, np.ndarray]:
    """Treatment over time; nan after the last cycle."""
    table = padded(
        [[np.array(c.cycles, float).reshape(-1, 2) for c in courses] for courses in by_arm], 2
    )
    return {"cycle_start_day": table[..., 0], "cycle_end_day": table[..., 1]}


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


def padded(tables: list[list[np.ndarray]], columns: int) -> np.ndarray:
    """Tables by arm and patient as one array [arm, patient, row, column], nan after the last row.

    tables : each float64[row, column]
    """
    longest = max((len(table) for arm in tables for table in arm), default=0)
    array = np.full((len(tables), len(tables[0]), longest, columns), np.nan)
    for a, arm in enumerate(tables):
        for p, table in enumerate(arm):
            array[a, p, : len(table)] = table
    return array
