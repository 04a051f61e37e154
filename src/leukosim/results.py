"""The vocabulary of results: every variable once, with its dimensions, unit and meaning."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """What a variable of a result is."""

    dims: tuple[str, ...]
    unit: str
    meaning: str


PATIENT = ("patient",)
OUTCOME = ("arm", "patient")
COURSE = ("arm", "patient", "time")
SAMPLE = ("arm", "patient", "sample")

VARIABLES = {
    # who the patients are
    "genotype": Variable(PATIENT, "1", "genotype class: marker of the leukaemia"),
    "doubling_days": Variable(PATIENT, "day", "doubling time in undisturbed regrowth"),
    "residual_stem_cells": Variable(PATIENT, "cells", "leukaemic stem cells left by therapy"),
    "composition": Variable(("patient", "subtype"), "fraction", "stem cells by subtype"),
    "cxcr4": Variable(PATIENT, "MFI ratio", "median CXCR4 of the patient's stem cells"),
    "stem_cell_share": Variable(PATIENT, "cells per blast", "stem cells per blast in regrowth"),
    "plateau": Variable(PATIENT, "cells", "burden at which growth ends"),
    "protection_shift": Variable(PATIENT, "1", "shift of the protection budget"),
    "responsiveness": Variable(PATIENT, "fraction", "responsiveness to azacitidine"),
    "transcript_ratio": Variable(PATIENT, "1", "marker / ABL1 of leukaemic cells"),
    "transplanted": Variable(PATIENT, "1", "1: after allogeneic transplant"),
    # what became of them
    "mrd_conversion_day": Variable(OUTCOME, "day", "MRD reported at or above the trigger"),
    "treatment_start_day": Variable(OUTCOME, "day", "first dose"),
    "treatment_days": Variable(OUTCOME, "day", "days with a dose"),
    "relapse_day": Variable(OUTCOME, "day", "haematological relapse diagnosed"),
    "death_day": Variable(OUTCOME, "day", "death of any cause"),
    "follow_up_day": Variable(OUTCOME, "day", "last day the patient was followed"),
    "stem_cells_at_end": Variable(OUTCOME, "cells", "leukaemic stem cells on the last day"),
    # the marrow over time (empty after a patient's last day)
    "stem_cells": Variable((*COURSE, "subtype"), "cells", "leukaemic stem cells"),
    "stem_cells_in_niche": Variable(COURSE, "cells", "leukaemic stem cells inside the niche"),
    "stem_cells_in_g0": Variable(COURSE, "cells", "leukaemic stem cells at rest"),
    "blasts": Variable(COURSE, "cells", "leukaemic blasts"),
    "neutrophils": Variable(COURSE, "G/L", "neutrophils in blood"),
    "platelets": Variable(COURSE, "G/L", "platelets in blood"),
    # what the laboratory reported (empty after the last sample)
    "sample_day": Variable(SAMPLE, "day", "MRD sample taken"),
    "mrd": Variable(SAMPLE, "1", "measured marker / ABL1 ratio, 0 where not detected"),
    "mrd_detection_limit": Variable(SAMPLE, "1", "ratio that the sample could have detected"),
    # treatment over time (empty after the last cycle)
    "cycle_start_day": Variable(("arm", "patient", "cycle"), "day", "first dose of a cycle"),
    "cycle_end_day": Variable(("arm", "patient", "cycle"), "day", "last dose of a cycle"),
}
