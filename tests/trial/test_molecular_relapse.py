"""Molecular relapse by reports alone, for several triggers at once."""

import pytest

from leukosim.clinic.strategy.chart import Chart, Report
from leukosim.clinic.strategy.monitoring import Trigger
from leukosim.trial.molecular_relapse import MolecularRelapse

ONCE, TWICE, HIGH = Trigger(0.01), Trigger(0.01, confirmations=1), Trigger(0.5)


def noted(patient, values, chart=None):
    """Days by trigger and what was unconfirmed after each of these values of MRD."""
    chart = chart or Chart()
    relapse, unconfirmed = MolecularRelapse(patient, [ONCE, TWICE, HIGH]), []
    for day, value in enumerate(values):
        chart.file(Report("mrd", day, day, value))
        unconfirmed.append(relapse.note(chart, "mrd", day))
    return relapse.days, unconfirmed


def test_each_trigger_has_its_own_day_and_confirmation(make_patient):
    days, unconfirmed = noted(make_patient(), [0.001, 0.02, 0.005, 0.02, 0.03])
    assert days == {ONCE: 1, TWICE: 4, HIGH: None}
    assert unconfirmed == [set(), {TWICE}, set(), {TWICE}, set()]


@pytest.mark.parametrize(
    ("in_remission", "values", "day"),
    [(True, [0.02, 0.02], None), (True, [0.02, 0.001, 0.02], 2), (False, [0.001, 0.02], None)],
)
def test_after_diagnosis_a_negative_remission_comes_first(make_patient, in_remission, values, day):
    chart = Chart(in_remission=in_remission)
    assert noted(make_patient(overt_blasts=1e12), values, chart)[0][ONCE] == day


def test_nothing_is_noted_after_haematological_relapse(make_patient):
    days, unconfirmed = noted(make_patient(), [0.02], Chart(relapse_day=0.0))
    assert set(days.values()) == {None} and unconfirmed == [set()]


def test_only_the_triggers_of_the_remaining_arms_are_kept(make_patient):
    relapse = MolecularRelapse(make_patient(), [ONCE, TWICE, HIGH])
    relapse.restrict([HIGH, ONCE, HIGH])
    assert list(relapse.days) == [HIGH, ONCE]
