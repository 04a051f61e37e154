"""The whole model a second time: what each cell may do, by plain sums of the disease's numbers."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from leukosim.biology.apoptosis import PROTEINS
from leukosim.biology.blood import Blood
from leukosim.biology.cycle import PHASES
from leukosim.biology.disease import Disease
from leukosim.biology.exposure import EXPOSURES
from leukosim.biology.niche import PLACES, Niche
from leukosim.biology.patient import Patient
from leukosim.trial.cohort import Cohort
from leukosim.trial.sampling import draw_patient
from leukosim.verification.branching import Event

# Drugs that touch every rate, switched on and off (days, drugs) at times off any grid.
STRONG = dict(
    bcl2_blocked=0.8, bclxl_blocked=0.1, mcl1_blocked=0.3, s_phase_kill=1.2, g0_kill=0.05,
    renewal_loss=0.3, cxcr4_occupancy=0.6, stress_memory=0.5,
)  # fmt: skip
SWITCHED: list[tuple[float, dict[str, float]]] = [(3.37, {}), (8.45, STRONG), (5.2, {})]
HEALTHY_CELLS, ALL_PLACES = 1e11, 1e12  # a tenth of the places is taken, whatever leukaemia does


def reference_patient(**niche: Any) -> Patient:
    """A patient without feedback: immense niche and carrying capacity; all subtypes frequent."""
    disease = Disease(
        niche=Niche(capacity=ALL_PLACES, **niche),
        blood=Blood(healthy_stem_cells=HEALTHY_CELLS),
        cxcr4_by_subtype="measured",
        cycling_by_subtype="measured",
    )
    disease = replace(
        disease, switching=replace(disease.switching, basal_rate=0.02, induced_rate=0.1)
    )
    patient = draw_patient(0, Cohort(size=1), disease, seed=1)
    return replace(
        patient, doubling_days=11.0, composition=(0.4, 0.3, 0.2, 0.1), cxcr4=9.0,
        carrying_capacity=1e300,
        reserve_shift=-0.05, reprogramming=1.5,
    )  # fmt: skip


CLASSES = list(product(range(4), PLACES, PHASES))


def model_events(
    patient: Patient, return_rate: np.ndarray, drug: dict[str, float], cxcr4: float
) -> list[Event]:
    """What each stem cell of the model may do, written out cell by cell from the disease's numbers.

    Parameters
    ----------
    return_rate : float64[subtype], per day
    cxcr4 : of the cell, as its patient's typical subtype would express it
    """
    d = patient.disease
    niche, cycle, law = d.niche, d.cycle, d.apoptosis
    on = {name: drug.get(name, 0.0) for name in EXPOSURES}
    blocked = [on[f"{protein}_blocked"] for protein in PROTEINS]
    free_places = 1.0 - HEALTHY_CELLS / ALL_PLACES
    renewal = cycle.renewal * (1.0 - on["renewal_loss"])
    subtypes = list(d.subtypes.values())
    events = []

    def number(subtype: int, place: str, phase: str) -> int:
        return CLASSES.index((subtype, place, phase))

    def dying(budget: float) -> float:
        return float(1.0 / (1.0 + np.exp((budget - law.threshold) / law.steepness)))

    stressed = max(
        sum(w * b for w, b in zip(each.dependencies, blocked, strict=True)) / sum(each.dependencies)
        for each in subtypes
    )
    calm = max(1.0 - stressed / d.switching.reversal_ends_at, 0.0)
    for here, (s, place, phase) in enumerate(CLASSES):
        inside = place == "niche"
        full = sum(subtypes[s].dependencies)
        lost = sum(w * b for w, b in zip(subtypes[s].dependencies, blocked, strict=True))
        shift = patient.reserve_shift
        hazard = law.stem_cell_rate * (dying(full - lost + shift) - dying(full + shift))
        events.append(
            Event(here, hazard * (niche.apoptosis_factor if inside else 1.0), [(1.0, [])])
        )
        kill = {"G0": on["g0_kill"], "gap": 0.0, "S": on["s_phase_kill"]}[phase]
        kill *= niche.s_phase_factor if inside else 1.0
        events.append(Event(here, kill, [(1.0, [])]))

        if inside:
            mobilised = niche.mobilised_egress_rate * niche.cxcr4_dependent_share
            if niche.retention == "own":
                all_of_it = (cxcr4 * subtypes[s].cxcr4_ratio) ** niche.hill
                mobilised *= all_of_it / (all_of_it + niche.half_cxcr4**niche.hill)
            rate = niche.egress_rate + mobilised * on["cxcr4_occupancy"]
            events.append(Event(here, rate, [(1.0, [number(s, "free", phase)])]))
        else:
            undone = niche.cxcr4_dependent_share * on["cxcr4_occupancy"]
            unblocked = cxcr4 * subtypes[s].cxcr4_ratio * (1.0 - undone)
            helped = unblocked**niche.hill / (unblocked**niche.hill + niche.half_cxcr4**niche.hill)
            rate = niche.homing_rate * helped + niche.cxcr4_independent_homing_rate
            events.append(Event(here, rate * free_places, [(1.0, [number(s, "niche", phase)])]))

        if phase == "G0":
            wakes = cycle.g0_exit_in_niche if inside else cycle.g0_exit_outside
            events.append(Event(here, wakes, [(1.0, [number(s, place, "gap")])]))
        elif phase == "gap":
            rests = float(return_rate[s]) if inside else cycle.g0_entry_outside
            events.append(Event(here, rests, [(1.0, [number(s, place, "G0")])]))
            hours = cycle.cycle_hours - cycle.s_phase_hours
            enters = 24.0 / hours * (subtypes[s].cycling_ratio if inside else 1.0)
            events.append(Event(here, enters, [(1.0, [number(s, place, "S")])]))
        else:
            stays, leaves = number(s, place, "gap"), number(s, "free", "gap")
            places = free_places if inside else 1.0
            fates = [
                ((1.0 - renewal) ** 2, []),
                (2.0 * renewal * (1.0 - renewal), [stays]),
                (renewal**2 * places, [stays, stays]),
                (renewal**2 * (1.0 - places), [stays, leaves]),
            ]
            events.append(Event(here, 24.0 / cycle.s_phase_hours, fates))

        remembered = d.switching.reversal_rate * on["stress_memory"] * calm
        for other, name in enumerate(d.subtypes):
            if other != s:
                rate = (d.switching.basal_rate + remembered) * patient.composition[other]
                if name == d.switching.drug_tolerant_state:
                    rate += d.switching.induced_rate * patient.reprogramming * lost / full
                events.append(Event(here, rate, [(1.0, [number(other, place, phase)])]))
    return events
