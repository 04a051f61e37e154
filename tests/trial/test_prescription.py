"""Doses, and the rates that are calculated of them ahead of time."""

import numpy as np
import pytest

from leukosim.clinic.drugs.drug import Dose, exposure
from leukosim.clinic.strategy.chart import Chart
from leukosim.marrow.rates import Rates
from leukosim.trial.event_queue import EventQueue
from leukosim.trial.follow_up import FollowUp
from leukosim.trial.prescription import MOST_DAYS_AHEAD, Prescription, first_cycle
from leukosim.trial.protocol import Protocol

HORIZON = 1200


@pytest.mark.parametrize("drug", ["azacitidine", "cytarabine", "motixafortide", "venetoclax"])
def test_rates_are_the_same_however_far_ahead_they_are_calculated(make_patient, strategies, drug):
    patient, protocol = make_patient(), Protocol(horizon_days=HORIZON)
    rates = Rates(patient)
    prescription = Prescription(
        rates, strategies["triggered"], protocol, Chart(), EventQueue(HORIZON)
    )
    prescription._prescribe([Dose(drug, day + 0.25, 100.0, 0.125) for day in (0.0, 1.0, 40.0)])
    longest = 0.0
    for start in np.arange(0.0, HORIZON, 14.0):
        until = min(start + 14.0, HORIZON)
        ahead = prescription.rate_schedule(start, until)
        longest = max(longest, ahead.end[-1] - ahead.start[0])
        here = (ahead.start >= start) & (ahead.end <= until)
        alone = rates.schedule(exposure(protocol.drugs, prescription.doses, start, until, patient))
        np.testing.assert_array_equal(ahead.end[here], alone.end)
        np.testing.assert_array_equal(ahead.name[here], alone.name)
        for one, other in zip(ahead.regimes, alone.regimes, strict=True):
            np.testing.assert_array_equal(one[ahead.regime[here]], other[alone.regime])
    assert longest == MOST_DAYS_AHEAD


def test_without_doses_one_schedule_lasts_to_the_horizon(make_patient, strategies):
    prescription = Prescription(
        Rates(make_patient()), strategies["triggered"], Protocol(), Chart(), EventQueue(HORIZON)
    )
    schedule = prescription.rate_schedule(28.0, 56.0)
    assert (schedule.start[0], schedule.end[-1]) == (28.0, HORIZON)
    assert prescription.rate_schedule(700.0, HORIZON) is schedule
    assert prescription.rate_schedule(28.0, 28.5) is not schedule  # death within a day


@pytest.mark.parametrize("arm", ["maintenance", "triggered"])
def test_the_first_cycle_is_that_of_the_follow_up(make_patient, strategies, arm):
    patient, protocol = make_patient(), Protocol(horizon_days=HORIZON)
    follow_up = FollowUp(patient, strategies[arm], protocol, np.empty(0), Rates(patient))
    follow_up.advance_to(0.0)
    doses = first_cycle(patient, strategies[arm], protocol)
    assert doses == follow_up.prescription.doses
    assert len(doses) == (7 if arm == "maintenance" else 0)
