"""Doses, and what is worked out of them ahead of time."""

import numpy as np
import pytest

from leukosim.clinic.drugs.drug import Dose, exposure
from leukosim.clinic.strategy.chart import Chart
from leukosim.trial.event_queue import EventQueue
from leukosim.trial.prescription import MOST_FORESEEN_DAYS, Prescription
from leukosim.trial.protocol import Protocol

HORIZON = 1200


@pytest.mark.parametrize("drug", ["azacitidine", "cytarabine", "motixafortide", "venetoclax"])
def test_an_exposure_is_the_same_however_far_ahead_it_is_worked_out(make_patient, strategies, drug):
    patient, protocol = make_patient(), Protocol(horizon_days=HORIZON)
    prescription = Prescription(
        patient, strategies["triggered"], protocol, Chart(), EventQueue(HORIZON)
    )
    prescription._prescribe([Dose(drug, day + 0.25, 100.0, 0.125) for day in (0.0, 1.0, 40.0)])
    longest = 0.0
    for start in np.arange(0.0, HORIZON, 14.0):
        until = min(start + 14.0, HORIZON)
        met = prescription.exposure(start, until)
        longest = max(longest, met.end[-1] - met.start[0])
        here = (met.start >= start) & (met.end <= until)
        alone = exposure(protocol.drugs, prescription.doses, start, until, patient)
        np.testing.assert_array_equal(met.end[here], alone.end)
        np.testing.assert_array_equal(met.values[here], alone.values)
        if alone.blocked is not None:
            np.testing.assert_array_equal(met.blocked[here], alone.blocked)
    assert longest == MOST_FORESEEN_DAYS
