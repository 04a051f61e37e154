"""Motixafortide binds at once and lets go at one rate, however many doses were given."""

import numpy as np
import pytest

from leukosim.biology.exposure import COLUMN
from leukosim.clinic.drugs.drug import Dose, exposure
from leukosim.clinic.drugs.motixafortide import Motixafortide

DRUGS = {"motixafortide": Motixafortide().drug()}


def occupancy(doses, until=20.0, drugs=DRUGS):
    met = exposure(drugs, [Dose("motixafortide", day, 94.0) for day in doses], 0.0, until)
    return met.start, met.end, met.values[:, COLUMN["cxcr4_occupancy"]]


def at(day, course):
    start, end, value = course
    return value[(start <= day) & (day < end)][0]


def test_receptors_are_occupied_within_an_hour_or_two_and_half_are_two_days_after_the_plasma():
    course = occupancy([1.0])
    assert at(0.99, course) == 0.0
    assert at(1.01, course) > 0.9
    free_from = 1.0 + np.log(94.0 / 30.0 / (0.32e-6 * 2159.0 * 20.0)) / np.log(2.0) * 2.0 / 24.0
    assert at(free_from + 2.0, course) == pytest.approx(0.5, abs=0.07)


def test_it_is_lost_at_its_rate():
    start, end, value = occupancy([0.0])
    late = end - start == 1.0
    slope = np.polyfit(start[late], np.log(value[late]), 1)[0]
    assert slope == pytest.approx(-0.35, rel=0.01)


def test_five_doses_hold_no_longer_than_the_last_of_them():
    np.testing.assert_allclose(
        occupancy([0.0, 1.0, 2.0, 3.0, 4.0])[2][-10:], occupancy([4.0])[2][-10:], rtol=1e-9
    )


def test_a_cut_changes_no_segment():
    doses = [Dose("motixafortide", day, 94.0) for day in (0.3, 1.3)]
    whole = exposure(DRUGS, doses, 0.0, 9.0).values
    parts = [exposure(DRUGS, doses, *ends).values for ends in ((0.0, 1.0), (1.0, 9.0))]
    np.testing.assert_array_equal(whole, np.concatenate(parts))


def test_the_direct_effect_is_off_unless_asked_for():
    assert set(DRUGS["motixafortide"].effects) == {"cxcr4_occupancy"}
    direct = {"motixafortide": Motixafortide(direct_mcl1_loss=0.2).drug()}
    met = exposure(direct, [Dose("motixafortide", 0.0, 94.0)], 0.0, 3.0)
    assert met.values[:, COLUMN["mcl1_blocked"]].max() == pytest.approx(0.2, rel=0.02)
