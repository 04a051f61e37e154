"""The first treatment week by the hour: CXCR4 occupancy, S-phase kill and cells in the niche."""

from collections.abc import Mapping, Sequence

import numpy as np

from leukosim.biology.exposure import COLUMN
from leukosim.biology.patient import TYPICAL, Patient
from leukosim.clinic.assays.mobilisation import leukaemic_fold
from leukosim.clinic.drugs.drug import Drug, exposure, segment_edges
from leukosim.clinic.strategy.chart import CallableStrategy
from leukosim.clinic.strategy.rules import Strategy
from leukosim.marrow.marrow import AGENTS, Marrow
from leukosim.marrow.rates import Rates
from leukosim.trial.prescription import first_cycle
from leukosim.trial.protocol import Protocol

WEEK = 9.0  # days: one before the first infusion, and until little is left of the last
AFTER_DOSE = 20.0  # days, of mobilisation
BLOCKER = "motixafortide"


def treatment_week(
    patients: Sequence[Patient],
    arms: Mapping[str, Strategy | CallableStrategy],
    protocol: Protocol,
    method: str = "tally",
    agents: int = AGENTS,
) -> dict[str, np.ndarray]:
    """Exposure and the niche over the first week under the doses of the first cycle.

    The marrows are those of the start of follow-up. They are advanced on their own, so that the
    week is complete in every patient, whatever happens in the follow-up.

    Returns
    -------
    dict
        ``week_day`` float64[week]; ``week_occupancy`` and ``week_s_phase_kill``
        float64[arm, week], of the mean patient; ``week_stem_cells`` and
        ``week_stem_cells_in_niche`` float64[arm, patient, week].
    """
    doses = [
        [first_cycle(patient, strategy, protocol) for patient in patients]
        for strategy in arms.values()
    ]
    every = [dose for of_arm in doses for of_patient in of_arm for dose in of_patient]
    edges = segment_edges(protocol.drugs, every, 0.0, WEEK)
    shape = len(arms), len(patients), len(edges)
    exposures = {name: np.zeros(shape) for name in ("cxcr4_occupancy", "s_phase_kill")}
    cells, inside = np.zeros(shape), np.zeros(shape)
    for p, patient in enumerate(patients):
        rates = Rates(patient)
        for a in range(len(arms)):
            marrow = Marrow(patient, method, rates, agents=agents)
            given = exposure(protocol.drugs, doses[a][p], 0.0, WEEK, patient)
            whole = np.isin(edges, given.end)  # all edges, or whole days in a patient without drugs
            counts = marrow.advance(WEEK, given, edges[whole])
            cells[a, p, :] = inside[a, p, :] = np.nan
            cells[a, p, 0] = inside[a, p, 0] = patient.residual_stem_cells
            cells[a, p, whole] = counts.cells.sum((1, 2, 3))
            inside[a, p, whole] = counts.stem_cells_in_niche
            for name, values in exposures.items():
                at = np.searchsorted(given.end, edges, "left").clip(max=len(given.end) - 1)
                values[a, p] = given.values[at, COLUMN[name]]
    return {
        "week_day": edges,
        "week_occupancy": exposures["cxcr4_occupancy"].mean(1),
        "week_s_phase_kill": exposures["s_phase_kill"].mean(1),
        "week_stem_cells": cells,
        "week_stem_cells_in_niche": inside,
    }


def mobilisation_after_one_dose(
    drug: Drug,
    dose_mg: float,
    patients: Sequence[Patient],
    protocol: Protocol,
    segment_hours: float = 0.25,
) -> dict[str, np.ndarray]:
    """Cells in blood after one dose of a CXCR4 inhibitor, without any other drug.

    Returns
    -------
    dict
        ``mobilisation_day`` float64[mobilisation], since the dose; ``cd34_fold``
        float64[mobilisation] and ``leukaemic_fold`` float64[patient, mobilisation], relative to
        before.
    """
    disease = patients[0].disease
    edges = np.linspace(0.0, AFTER_DOSE, round(AFTER_DOSE * 24.0 / segment_hours) + 1)
    effect = drug.effects["cxcr4_occupancy"]
    where = np.zeros(1), np.full(1, dose_mg), edges[:-1], edges[1:]
    occupancy = effect.of(drug.level(effect, TYPICAL, *where))
    exposed = occupancy, np.diff(edges)
    healthy = protocol.assays.mobilisation.fold(disease.niche, *exposed)
    cxcr4 = np.outer([each.cxcr4 for each in patients], disease.cxcr4_factors())
    composition = np.array([each.composition for each in patients])
    leukaemic = leukaemic_fold(disease.niche, cxcr4, composition, *exposed)
    return {
        "mobilisation_day": edges,
        "cd34_fold": np.append(1.0, healthy),
        "leukaemic_fold": np.vstack([np.ones(len(patients)), leukaemic]).T,
    }
