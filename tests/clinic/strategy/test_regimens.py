"""Regimens say which drug is given when, and how much."""

import pytest

from leukosim.clinic.strategy.regimens import Dosing, Regimen

WEEK = [1, 2, 3, 4, 5, 6, 7]


def test_a_course_gives_its_drugs_on_their_days():
    regimen = Regimen({"a": Dosing([1, 5], dose_mg_per_m2=75.0), "b": Dosing([2], dose_mg=400.0)})
    doses = regimen.doses(66.0, cycle=2, body_surface_m2=2.0)
    assert [(dose.drug, dose.day, dose.amount_mg) for dose in doses] == [
        ("a", 66.0, 150.0),
        ("a", 70.0, 150.0),
        ("b", 67.0, 400.0),
    ]
    assert regimen.days == [1, 2, 5]


def test_a_ramp_is_of_the_first_doses_of_the_first_cycle():
    regimen = Regimen({"b": Dosing([4, 3, 2, 1], dose_mg=400.0, ramp_mg=[100.0, 200.0])})

    def amounts(cycle):
        return [(dose.day, dose.amount_mg) for dose in regimen.doses(0.0, cycle, 2.0)]

    assert amounts(0) == [(0.0, 100.0), (1.0, 200.0), (2.0, 400.0), (3.0, 400.0)]
    assert {amount for _, amount in amounts(1)} == {400.0}


def test_a_ramp_never_exceeds_the_dose_and_ends_with_the_cycle():
    low = Dosing([1], dose_mg=70.0, ramp_mg=[50.0, 200.0])
    assert low.amounts_mg(0, 2.0) == [50.0]
    assert Dosing([1, 2], dose_mg=70.0, ramp_mg=[50.0, 200.0]).amounts_mg(0, 2.0) == [50.0, 70.0]


def test_a_shortened_drug_keeps_its_first_days():
    regimen = Regimen({"a": Dosing(WEEK, dose_mg=1.0), "b": Dosing(WEEK, dose_mg=1.0)})
    doses = regimen.doses(0.0, 1, 2.0, {"b": 3})
    assert [dose.day for dose in doses if dose.drug == "a"] == [0, 1, 2, 3, 4, 5, 6]
    assert [dose.day for dose in doses if dose.drug == "b"] == [0, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(days=[]), "days is empty"),
        (dict(days=[1, 1], dose_mg=1.0), "names a day more than once"),
        (dict(days=[1]), "dose_mg_per_m2 = None and dose_mg = None: a drug needs one of the two"),
        (dict(days=[1], dose_mg=1.0, dose_mg_per_m2=1.0), "a drug needs one of the two"),
        (dict(days=[1], dose_mg=-1.0), "dose_mg = -1.0 is not allowed: dose_mg is in mg"),
        (dict(days=[0], dose_mg=1.0), "days = 0 is not allowed"),
        (dict(days=[1], dose_mg=1.0, ramp_mg=[-5.0]), "ramp_mg = -5.0 is not allowed"),
    ],
)
def test_a_dosing_that_means_nothing_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Dosing(**arguments)


def test_a_course_needs_a_drug_and_room_for_its_days():
    with pytest.raises(ValueError, match="drugs is empty"):
        Regimen({})
    with pytest.raises(ValueError, match=r"drugs.a.days = \[1, 30\].*from 1 to 28"):
        Regimen({"a": Dosing([1, 30], dose_mg=1.0)}, cycle_days=28)


def test_hours_of_the_day_and_infusions():
    infused = Dosing([2, 4], dose_mg_per_m2=3000.0, hours=[22.0, 10.0], infusion_hours=3.0)
    regimen = Regimen({"a": infused, "b": Dosing([2], dose_mg=94.0, hours=[-14.0])})
    doses = regimen.doses(28.0, 1, 2.0)
    assert [round(dose.day * 24.0) - 28 * 24 for dose in doses] == [34, 46, 82, 94, 10]
    assert {dose.duration_days for dose in doses if dose.drug == "a"} == {0.125}


def test_a_dose_before_the_cycle_is_refused():
    with pytest.raises(ValueError, match="before the cycle begins"):
        Dosing([1, 2], dose_mg=1.0, hours=[-2.0])
