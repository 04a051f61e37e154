"""The variables of a result: traits of patients, outcomes, and what was measured."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from leukosim.biology.clones import TRAITS
from leukosim.biology.patient import Patient
from leukosim.clinic.assays.sample import Burden
from leukosim.clinic.strategy.response import NONE
from leukosim.marrow.counts import joined
from leukosim.marrow.marrow import Marrow
from leukosim.marrow.newick import newick
from leukosim.random_streams import ASSAY
from leukosim.results.trajectories import TRAJECTORY, Trajectories, TrialArrays
from leukosim.results.variables import LABELS, OCCASIONS, Labelled, labelled
from leukosim.trial.protocol import Protocol
from leukosim.trial.trajectory import ASSESSED, Trajectory
from leukosim.trial.vital_status import CYTOPENIAS

RESPONSE = ASSESSED.index("response")

# Key the random streams of the assays at the start; samples on visits have lower numbers.
AT_DIAGNOSIS, AT_ENROLMENT = 100, 101


def gather(
    patients: Sequence[Patient],
    arms: Sequence[str],
    trajectories: Trajectories,
    rows: np.ndarray,
    protocol: Protocol,
    of_patients: Mapping[str, Labelled],
    week: Mapping[str, np.ndarray] | None = None,
) -> TrialArrays:
    """Gather a trial into the vocabulary of results.

    Parameters
    ----------
    trajectories : by :func:`table_of_trajectories`
    rows : int[arm, patient], which of the trajectories each patient has
    of_patients : by :func:`values_of_patients`
    week : variables of the first treatment week
    """
    week = dict(week or {})
    coordinates = {
        "arm": Labelled(("arm",), np.array(list(arms)), {"long_name": LABELS["arm"]}),
        "patient": Labelled(
            ("patient",), np.array([p.index for p in patients]), {"long_name": LABELS["patient"]}
        ),
    }
    for name, meaning in (
        ("week", "time since treatment began"),
        ("mobilisation", "time since the dose"),
    ):
        if f"{name}_day" in week:
            days = week.pop(f"{name}_day")
            coordinates[name] = Labelled((name,), days, {"units": "day", "long_name": meaning})
    attributes = {
        "Conventions": "CF-1.11",
        "trigger_level": protocol.trigger.level,
        "trigger_unit": "transcript ratio (marker / ABL1)",
        "trigger_recipient_share": protocol.trigger.recipient_share,
        "healthy_marrow_cells": patients[0].disease.blood.healthy_marrow_cells,
        "horizon_days": protocol.horizon_days,
    }
    # the same object if nothing is added, so that trials can share it
    variables = {**of_patients, **labelled(week)} if week else of_patients
    return TrialArrays(trajectories, rows, variables, coordinates, attributes)


def table_of_trajectories(
    trajectories: Sequence[Trajectory],
    patients: Sequence[Patient],
    days: np.ndarray,
    protocol: Protocol,
) -> Trajectories:
    """All outcomes and measurements, a row for each trajectory.

    Parameters
    ----------
    patients : the patient of each trajectory
    days : on which the marrow was recorded; if there are none, variables over time are left out
    """
    subtypes = list(patients[0].disease.subtypes)
    n_subtypes = len(subtypes)
    labels: dict[str, Sequence[Any]] = {"subtype": subtypes, "origin": subtypes}
    values = {
        **outcome_values(trajectories),
        "best_response": best_responses(trajectories, patients),
        "switches": np.array([c.switches for c in trajectories]),
        "stem_cells_at_treatment_failure": np.array(
            [c.stem_cells_at_treatment_failure for c in trajectories], float
        ),
        **(trajectory_values(trajectories, days, n_subtypes) if len(days) else {}),
        **sample_values(trajectories, patients, protocol),
        **cycle_values(trajectories),
        **assessment_values(trajectories),
        **(ancestor_values(trajectories) if protocol.record.barcodes else {}),
    }
    present = {
        "sample": within([len(c.mrd) for c in trajectories]),
        "cycle": within([len(c.cycles) for c in trajectories]),
        "assessment": within([len(c.assessments) for c in trajectories]),
    }
    if protocol.record.clones > 0:
        variants = sorted({v for c in trajectories for _, result in c.sequenced for v in result})
        values |= clone_values(trajectories, variants, days, n_subtypes, protocol)
        present |= {
            "clone": within([len(c.clones.name) for c in trajectories if c.clones]),
            "ngs_sample": within([len(c.sequenced) for c in trajectories]),
            "variant": np.array(
                [
                    [any(v in result for _, result in c.sequenced) for v in variants]
                    for c in trajectories
                ]
            ).reshape(len(trajectories), len(variants)),
        }
        labels |= {"variant": variants, "trait": TRAITS, "occasion": OCCASIONS}
    variables = {
        name: each._replace(dims=(TRAJECTORY, *each.dims[2:]))  # in place of arm and patient
        for name, each in labelled(values).items()
    }
    coordinates = {
        name: Labelled((name,), np.array(each), {"long_name": LABELS[name]})
        for name, each in labels.items()
    }
    if len(days):
        in_days = {"units": "day", "long_name": "time since enrolment"}
        coordinates["time"] = Labelled(("time",), days, in_days)
    decisions = [decisions_in(*each) for each in zip(trajectories, patients, strict=True)]
    return Trajectories(variables, coordinates, present, decisions)


def within(lengths: Sequence[int]) -> np.ndarray:
    """Which positions of the longest table each table has, bool[trajectory, position]."""
    return np.arange(max(lengths)) < np.array(lengths)[:, None]


def decisions_in(trajectory: Trajectory, patient: Patient) -> list[tuple[Any, ...]]:
    """The decisions of a trajectory as in the log, without the arm."""
    return [
        (
            patient.index, float(d.day), d.rule, d.seen, d.action, d.regimen, float(d.effective),
            "+".join(d.drugs), d.at_most_days,
        )
        for d in trajectory.chart.decisions
    ]  # fmt: skip


def values_of_patients(patients: Sequence[Patient], protocol: Protocol) -> dict[str, Labelled]:
    """Variables of patients that do not depend on treatment."""
    values = {
        **patient_values(patients),
        **biomarker_values(patients, protocol),
        **residual_cell_values(patients, protocol),
    }
    if protocol.record.clones > 0:
        genes = np.array([p.haematopoiesis_gene for p in patients], object)
        fractions = np.array([p.haematopoiesis_fraction for p in patients])
        values |= {"haematopoiesis_gene": genes, "haematopoiesis_fraction": fractions}
    return labelled(values)


def patient_values(patients: Sequence[Patient]) -> dict[str, np.ndarray]:
    """Traits of the patients."""
    names = (
        "genotype", "doubling_days", "residual_stem_cells", "composition", "cxcr4",
        "lsc_frequency", "carrying_capacity", "reserve_shift", "transcript_ratio", "overt_blasts",
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
    """The most frequent subtype among a patient's stem cells."""
    return list(patient.disease.subtypes)[int(np.argmax(patient.composition))]


def biomarker_values(patients: Sequence[Patient], protocol: Protocol) -> dict[str, np.ndarray]:
    """Flow cytometry of each patient at diagnosis."""
    flow = protocol.assays.flow
    fractions, scores = [], []
    for patient in patients:
        rng = patient.stream(ASSAY, AT_DIAGNOSIS)
        composition = np.array(patient.composition)
        dependencies = np.array([s.dependencies for s in patient.disease.subtypes.values()])
        scores.append(flow.bcl2_score(composition, dependencies, rng))
        fractions.append(flow.subtypes(composition, rng))
    return {"measured_composition": np.array(fractions), "bcl2_score": np.array(scores)}


def residual_cell_values(patients: Sequence[Patient], protocol: Protocol) -> dict[str, np.ndarray]:
    """The single-cell assay of each patient's residual cells at enrolment."""
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


def outcome_values(trajectories: Sequence[Trajectory]) -> dict[str, np.ndarray]:
    """Days of events, nan without the event, and numbers of days and cells."""

    def each(value: Callable[[Trajectory], float | None]) -> np.ndarray:
        return np.array([value(c) for c in trajectories], float)

    return {
        "molecular_relapse_day": each(lambda c: c.molecular_relapse_day),
        "treatment_start_day": each(lambda c: c.first_dose_day),
        "treatment_days": each(lambda c: c.drug_days),
        "relapse_day": each(lambda c: c.chart.relapse_day),
        "death_day": each(lambda c: c.death_day),
        "follow_up_day": each(lambda c: c.last_day),
        "stem_cells_at_end": each(lambda c: c.stem_cells_at_end),
        "blasts_at_end": each(lambda c: c.blasts_at_end),
        "treatment_failure_day": each(lambda c: c.chart.treatment_failure_day),
        "response_day": each(lambda c: c.chart.response_day),
        "death_cause": each(lambda c: c.death_cause),
        "interruption_days": each(lambda c: c.interruption_days),
        **{name: each(lambda c, name=name: c.cytopenia_days[name]) for name in CYTOPENIAS},
    }


def best_responses(trajectories: Sequence[Trajectory], patients: Sequence[Patient]) -> np.ndarray:
    """The best response of overt leukaemia; NONE for patients who started in remission."""
    best = [
        c.assessments[:, RESPONSE].max(initial=NONE) if p.overt_blasts else NONE
        for p, c in zip(patients, trajectories, strict=True)
    ]
    return np.array(best, np.int8)


def assessment_values(trajectories: Sequence[Trajectory]) -> dict[str, np.ndarray]:
    """Assessments of the response; nan after the last."""
    columns = {
        "assessment_day": "day",
        "response": "response",
        "marrow_blasts": "marrow_blasts",
        "assessment_neutrophils": "neutrophils",
        "assessment_platelets": "platelets",
    }
    table = padded([c.assessments for c in trajectories], len(columns))
    return {name: table[..., ASSESSED.index(field)] for name, field in columns.items()}


def trajectory_values(
    trajectories: Sequence[Trajectory], days: np.ndarray, n_subtypes: int
) -> dict[str, np.ndarray]:
    """The marrow over time; nan after the last day of follow-up."""
    shape = len(trajectories), len(days)
    names = ("stem_cells_in_niche", "stem_cells_in_g0", "blasts", "neutrophils", "platelets")
    values = {name: np.full(shape, np.nan) for name in names}
    values["stem_cells"] = np.full((*shape, n_subtypes), np.nan)
    values["stem_cells_by_origin"] = np.full((*shape, n_subtypes, n_subtypes), np.nan)
    for i, trajectory in enumerate(trajectories):
        counts = joined(trajectory.counts)
        at = i, np.searchsorted(days, counts.day)
        values["stem_cells"][at] = counts.cells.sum((2, 3))
        values["stem_cells_by_origin"][at] = counts.origins
        values["stem_cells_in_niche"][at] = counts.stem_cells_in_niche
        values["stem_cells_in_g0"][at] = counts.stem_cells_in_g0
        values["blasts"][at] = counts.blasts.sum(1)
        values["neutrophils"][at] = counts.neutrophils
        values["platelets"][at] = counts.platelets
    return values


def sample_values(
    trajectories: Sequence[Trajectory], patients: Sequence[Patient], protocol: Protocol
) -> dict[str, np.ndarray]:
    """Reports of MRD; nan after the last sample."""
    table = padded([trajectory.mrd for trajectory in trajectories], 2)
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


def cycle_values(trajectories: Sequence[Trajectory]) -> dict[str, np.ndarray]:
    """Treatment over time; nan after the last cycle."""
    table = padded([np.array(c.cycles, float).reshape(-1, 2) for c in trajectories], 2)
    return {"cycle_start_day": table[..., 0], "cycle_end_day": table[..., 1]}


def ancestor_values(trajectories: Sequence[Trajectory]) -> dict[str, np.ndarray]:
    """Numbers of labelled cells that relapses descend from; nan without relapse."""
    names = {"ancestors": "number", "major_ancestors": "major", "effective_ancestors": "effective"}
    return {
        f"{name}_at_relapse": np.array(
            [getattr(c.ancestors, value) if c.ancestors else np.nan for c in trajectories], float
        )
        for name, value in names.items()
    }


def clone_values(
    trajectories: Sequence[Trajectory],
    variants: Sequence[str],
    days: np.ndarray,
    n_subtypes: int,
    protocol: Protocol,
) -> dict[str, np.ndarray]:
    """The clones, their cells over time, and results of sequencing."""
    shape = (len(trajectories),)
    n = max(len(c.clones.name) for c in trajectories if c.clones)
    samples = max(len(c.sequenced) for c in trajectories)
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
    for c, trajectory in enumerate(trajectories):
        table = trajectory.clones
        assert table is not None
        has = len(table.name)
        for name, array in (text | number).items():
            array[c, :has] = getattr(table, name)
        effect[c, :has] = table.effect
        tree[c] = newick(table.name, table.parent, table.founded_day)
        ever[c] = table.ever
        at = np.searchsorted(days, table.day)
        for name, cells in over_time.items():
            cells[c, at, :has] = getattr(table, name)
        for i, (day, result) in enumerate(trajectory.sequenced):
            ngs_day[c, i] = day
            for name, frequency in result.items():
                vaf[c, i, variants.index(name)] = frequency
        for occasion, counted in table.genotyped.items():
            read[c, OCCASIONS.index(occasion), :has] = counted
            strange[c, OCCASIONS.index(occasion)] = table.unassigned[occasion]
    limit = protocol.assays.ngs.detection_limit
    return {
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


def padded(tables: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Tables as one array [trajectory, row, column], nan after the last row of each.

    tables : each float64[row, column]
    """
    longest = max(len(table) for table in tables)
    array = np.full((len(tables), longest, columns), np.nan)
    for i, table in enumerate(tables):
        array[i, : len(table)] = table
    return array
