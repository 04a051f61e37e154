"""The vocabulary of results: every variable once, with its dimensions, unit and meaning."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from leukosim.results.units import TEXT, unit_attributes


@dataclass(frozen=True)
class Variable:
    """What a variable of a result is."""

    dims: tuple[str, ...]
    unit: str
    meaning: str
    codes: tuple[str, ...] = ()  # what the numbers 0, 1, ... stand for

    @property
    def attributes(self) -> dict[str, object]:
        """Attributes of the variable in a dataset, by the CF conventions."""
        attributes: dict[str, object] = {**unit_attributes(self.unit), "long_name": self.meaning}
        if self.codes:
            attributes["flag_values"] = list(range(len(self.codes)))
            attributes["flag_meanings"] = " ".join(self.codes)
        return attributes


PATIENT = ("patient",)
OUTCOME = ("arm", "patient")
TRAJECTORY = ("arm", "patient", "time")
WEEK = ("arm", "week")
SAMPLE = ("arm", "patient", "sample")
ASSESSMENT = ("arm", "patient", "assessment")
CLONE = ("arm", "patient", "clone")
SEQUENCED = ("arm", "patient", "ngs_sample")

# What codes stand for, by position: of a response, from none to complete, and of death.
RESPONSES = ("none", "MLFS", "CRi", "CRh", "CR")
CAUSES = ("background", "leukaemia", "infection", "bleeding")
CXCR4_GROUPS = ("negative", "low", "high")  # of residual cells; negative: none was recovered

VARIABLES = {
    # who the patients are
    "genotype": Variable(PATIENT, TEXT, "genotype class: marker of the leukaemia"),
    "doubling_days": Variable(PATIENT, "day", "doubling time in undisturbed regrowth"),
    "residual_stem_cells": Variable(PATIENT, "cells", "leukaemic stem cells left by therapy"),
    "composition": Variable(("patient", "subtype"), "fraction", "stem cells by subtype"),
    "cxcr4": Variable(PATIENT, "MFI ratio", "median CXCR4 of the patient's stem cells"),
    "lsc_frequency": Variable(PATIENT, "cells per blast", "stem cells per blast in regrowth"),
    "carrying_capacity": Variable(PATIENT, "cells", "burden at which growth ends"),
    "reserve_shift": Variable(PATIENT, "1", "shift of the anti-apoptotic reserve"),
    "responsiveness": Variable(PATIENT, "fraction", "responsiveness to azacitidine"),
    "mrd_marker": Variable(PATIENT, TEXT, "how MRD is followed: transcript or chimerism"),
    "transcript_ratio": Variable(PATIENT, "1", "marker / ABL1 of leukaemic cells"),
    "overt_blasts": Variable(PATIENT, "cells", "blasts at diagnosis; 0: starts in remission"),
    "transplanted": Variable(PATIENT, "1", "1: after allogeneic transplant"),
    "age_years": Variable(PATIENT, "year", "age at the start"),
    "residual_blasts": Variable(PATIENT, "cells", "blasts beside them, in remission"),
    "tp53": Variable(PATIENT, "1", "1: TP53 is mutated"),
    "dominant_subtype": Variable(PATIENT, TEXT, "subtype of most stem cells at the start"),
    "measured_composition": Variable(
        ("patient", "subtype"), "fraction", "stem cells by subtype, as flow cytometry counted them"
    ),
    "bcl2_score": Variable(PATIENT, "1", "BCL-2 / (BCL-xL + MCL-1), as measured at diagnosis"),
    # what a single-cell assay found of their residual cells at enrolment (empty after the last)
    "residual_cell_cxcr4": Variable(
        ("patient", "residual_cell"), "MFI ratio", "measured CXCR4 of each residual cell recovered"
    ),
    "residual_cell_subtype": Variable(
        ("patient", "residual_cell"), "1", "its subtype as called: position along subtype"
    ),
    "residual_cells": Variable(PATIENT, "cells", "residual cells recovered"),
    "measured_cxcr4": Variable(PATIENT, "MFI ratio", "median CXCR4 of the residual cells"),
    "cxcr4_group": Variable(
        PATIENT, "1", "group by CXCR4 of residual cells; negative: none", CXCR4_GROUPS
    ),
    # what a trial of these patients would have seen of each (empty: not enrolled)
    "allocated_arm": Variable(PATIENT, TEXT, "arm that the patient is randomised to"),
    "centre": Variable(PATIENT, "1", "number of the centre that enrolled the patient"),
    "enrolled_day": Variable(PATIENT, "day", "enrolled, since the trial opened"),
    "seen_day": Variable(PATIENT, "day", "relapse-free survival as seen when data were closed"),
    "seen_event": Variable(PATIENT, "1", "1: relapse or death was seen by then"),
    # the first treatment week
    "week_occupancy": Variable(WEEK, "fraction", "CXCR4 occupied, mean over patients"),
    "week_s_phase_kill": Variable(
        WEEK, "1/day", "death rate of stem cells in S phase, outside the niche, mean over patients"
    ),
    "week_stem_cells": Variable(("arm", "patient", "week"), "cells", "leukaemic stem cells"),
    "week_stem_cells_in_niche": Variable(
        ("arm", "patient", "week"), "cells", "leukaemic stem cells inside the niche"
    ),
    "cd34_fold": Variable(
        ("mobilisation",), "fold", "CD34-positive cells in blood after one dose, relative to before"
    ),
    "leukaemic_fold": Variable(
        ("patient", "mobilisation"),
        "fold",
        "leukaemic cells in blood after one dose, relative to before",
    ),
    # what became of them
    "molecular_relapse_day": Variable(OUTCOME, "day", "MRD reported at or above the trigger"),
    "treatment_start_day": Variable(OUTCOME, "day", "first dose"),
    "treatment_days": Variable(OUTCOME, "day", "days with a dose"),
    "relapse_day": Variable(OUTCOME, "day", "haematological relapse diagnosed"),
    "response_day": Variable(OUTCOME, "day", "first CR, CRh or CRi of overt leukaemia"),
    "best_response": Variable(OUTCOME, "1", "best response of overt leukaemia", RESPONSES),
    "treatment_failure_day": Variable(
        OUTCOME, "day", "treatment declared to have failed, without response"
    ),
    "death_day": Variable(OUTCOME, "day", "death of any cause"),
    "death_cause": Variable(OUTCOME, "1", "what the patient died of", CAUSES),
    "follow_up_day": Variable(OUTCOME, "day", "last day the patient was followed"),
    "stem_cells_at_end": Variable(OUTCOME, "cells", "leukaemic stem cells on the last day"),
    "blasts_at_end": Variable(OUTCOME, "cells", "leukaemic blasts on the last day"),
    "stem_cells_at_treatment_failure": Variable(
        ("arm", "patient", "origin", "subtype"),
        "cells",
        "leukaemic stem cells when failure or relapse was declared, else on the last day, by what "
        "their ancestors were at the start and what they are",
    ),
    "switches": Variable(
        ("arm", "patient", "origin", "subtype"), "1", "cells that switched: from origin to subtype"
    ),
    "interruption_days": Variable(
        OUTCOME, "day", "days that cycles, or drugs of them, had to wait"
    ),
    "days_grade3_neutropenia": Variable(OUTCOME, "day", "neutrophils below 1 G/L (grade 3 or 4)"),
    "days_grade4_neutropenia": Variable(OUTCOME, "day", "neutrophils below 0.5 G/L (grade 4)"),
    "days_grade3_thrombocytopenia": Variable(
        OUTCOME, "day", "platelets below 50 G/L (grade 3 or 4)"
    ),
    "days_grade4_thrombocytopenia": Variable(OUTCOME, "day", "platelets below 25 G/L (grade 4)"),
    # the marrow over time (empty after a patient's last day)
    "stem_cells": Variable((*TRAJECTORY, "subtype"), "cells", "leukaemic stem cells"),
    "stem_cells_by_origin": Variable(
        (*TRAJECTORY, "origin", "subtype"),
        "cells",
        "leukaemic stem cells, by what their ancestors were at the start and what they are",
    ),
    "stem_cells_in_niche": Variable(TRAJECTORY, "cells", "leukaemic stem cells inside the niche"),
    "stem_cells_in_g0": Variable(TRAJECTORY, "cells", "leukaemic stem cells at rest"),
    "blasts": Variable(TRAJECTORY, "cells", "leukaemic blasts"),
    "neutrophils": Variable(TRAJECTORY, "G/L", "neutrophils in blood"),
    "platelets": Variable(TRAJECTORY, "G/L", "platelets in blood"),
    # what the laboratory reported (empty after the last sample)
    "sample_day": Variable(SAMPLE, "day", "MRD sample taken"),
    "mrd": Variable(
        SAMPLE,
        "1",
        "measured marker / ABL1 ratio, or, where mrd_marker is chimerism, the recipient's share of "
        "CD34-positive cells; 0 where not detected",
    ),
    "mrd_detection_limit": Variable(SAMPLE, "1", "ratio that the sample could have detected"),
    # responses as they were assessed (empty after the last assessment)
    "assessment_day": Variable(ASSESSMENT, "day", "response assessed"),
    "response": Variable(ASSESSMENT, "1", "response", RESPONSES),
    "marrow_blasts": Variable(ASSESSMENT, "fraction", "blasts in the last marrow, as reported"),
    "assessment_neutrophils": Variable(ASSESSMENT, "G/L", "neutrophils, as reported last"),
    "assessment_platelets": Variable(ASSESSMENT, "G/L", "platelets, as reported last"),
    # treatment over time (empty after the last cycle)
    "cycle_start_day": Variable(("arm", "patient", "cycle"), "day", "first dose of a cycle"),
    "cycle_end_day": Variable(("arm", "patient", "cycle"), "day", "last dose of a cycle"),
    # clones, mothers before daughters (only where they are recorded; empty after the last)
    "haematopoiesis_gene": Variable(
        PATIENT, TEXT, "gene of clonal haematopoiesis; empty: there is none"
    ),
    "haematopoiesis_fraction": Variable(
        PATIENT, "fraction", "healthy nucleated cells that carry it"
    ),
    "clone_name": Variable(CLONE, TEXT, "name of the clone; empty after the last"),
    "clone_parent": Variable(CLONE, "1", "position of the nearest recorded ancestor; -1: none"),
    "clone_driver": Variable(CLONE, TEXT, "mutations that the clone has beyond its parent"),
    "clone_genotype": Variable(CLONE, TEXT, "all mutations that the clone carries"),
    "clone_founded_day": Variable(
        CLONE, "day", "first cell of the clone; 0 for clones of the start, which are older"
    ),
    "clone_diagnosis_share": Variable(CLONE, "fraction", "share of leukaemic cells at diagnosis"),
    "clone_effect": Variable((*CLONE, "trait"), "factor", "what the clone's mutations scale"),
    "clones_ever": Variable(OUTCOME, "clones", "clones that there ever were, founders included"),
    "clone_tree": Variable(OUTCOME, TEXT, "the recorded clones in Newick format, branches in days"),
    "stem_cells_by_clone": Variable(
        (*TRAJECTORY, "clone", "subtype"),
        "cells",
        "leukaemic stem cells; those of clones not recorded are counted with their ancestor's",
    ),
    "blasts_by_clone": Variable(
        (*TRAJECTORY, "clone", "subtype"), "cells", "leukaemic blasts, counted alike"
    ),
    # stem cells of the start whose descendants there are (only where they were labelled)
    "ancestors_at_relapse": Variable(
        OUTCOME, "cells", "stem cells of the start from which those at relapse descend"
    ),
    "major_ancestors_at_relapse": Variable(
        OUTCOME, "cells", "of them, those of 1 % of the stem cells at relapse or more"
    ),
    "effective_ancestors_at_relapse": Variable(
        OUTCOME, "cells", "inverse Simpson index of the shares of these ancestors"
    ),
    # what was sequenced: at the start, with MRD samples, at relapse (empty after the last)
    "ngs_day": Variable(SEQUENCED, "day", "sample for next-generation sequencing taken"),
    "vaf": Variable(
        (*SEQUENCED, "variant"),
        "fraction",
        "reported variant allele frequency, 0 where not detected; empty where not on the panel",
    ),
    "vaf_detection_limit": Variable(SEQUENCED, "fraction", "frequency that could be detected"),
    "genotyped_cells": Variable(
        ("arm", "patient", "occasion", "clone", "subtype"),
        "cells",
        "single stem cells as read, by genotype of a recorded clone and subtype",
    ),
    "genotyped_unassigned": Variable(
        ("arm", "patient", "occasion"), "cells", "single stem cells read as no clone's genotype"
    ),
}

# What the labels of dimensions are.
LABELS = {
    "arm": "arm of the trial",
    "patient": "number of the patient",
    "subtype": "subtype of the cells",
    "origin": "subtype of their ancestors at the start",
    "variant": "mutation that was sequenced",
    "trait": "trait that mutations scale",
    "occasion": "when single cells were genotyped",
    "scenario": "position in the table of the sweep",
}

OCCASIONS = ("start", "relapse")  # on which single cells are genotyped


class Labelled(NamedTuple):
    """An array with the names of its dimensions: what xarray takes, and sooner made."""

    dims: tuple[str, ...]
    values: np.ndarray
    attributes: dict[str, Any]


def labelled(values: Mapping[str, np.ndarray]) -> dict[str, Labelled]:
    """Values with their dimensions and attributes, from the vocabulary of results."""
    return {
        name: Labelled(VARIABLES[name].dims, value, VARIABLES[name].attributes)
        for name, value in values.items()
    }
