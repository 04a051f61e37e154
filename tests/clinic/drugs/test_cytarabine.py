"""High-dose cytarabine: published plasma levels, infusions in closed form, saturation."""

import numpy as np
import pytest
from scipy.integrate import quad

from leukosim.biology.exposure import COLUMN
from leukosim.clinic.drugs.cytarabine import Cytarabine, CytarabinePharmacokinetics
from leukosim.clinic.drugs.drug import Dose, exposure
from leukosim.clinic.drugs.pharmacokinetics import mean_level

HOURS = [10.0, 22.0]
DRUG = Cytarabine().drug()


def cycle(grams_per_m2):
    return [
        Dose("cytarabine", day + hour / 24.0, grams_per_m2 * 1800.0, 3.0 / 24.0)
        for day in (0, 2, 4)
        for hour in HOURS
    ]


def level_by_integration(dose, when):
    """The level of an infusion, from the response to a dose given at once."""
    coefficients, rates = DRUG.response(0.0)
    begin = max(when - dose.day - dose.duration_days, 0.0)
    end = max(when - dose.day, 0.0)
    area = quad(lambda since: float(np.exp(-rates * since) @ coefficients), begin, end)[0]
    return dose.amount_mg / dose.duration_days * area


def test_the_half_lives_come_back():
    fast, slow = np.log(2.0) / np.sort(DRUG.pharmacokinetics.unit_response()[1])[::-1]
    assert fast * 1440.0 == pytest.approx(16.0)
    assert slow * 24.0 == pytest.approx(1.8)


def test_the_area_is_dose_over_clearance():
    dose = Dose("cytarabine", 0.4, 5400.0, 0.125)
    numbers = np.array([0.4]), np.array([5400.0]), np.array([0.0]), np.array([5.0])
    area = 5.0 * mean_level(*DRUG.response(0.0), *numbers, np.array([0.125]))[0]
    assert area == pytest.approx(dose.amount_mg / (86.0 * 24.0))


def test_the_level_at_the_end_of_an_infusion_is_what_the_published_clearance_gives():
    steady = 5400.0 / 3.0 / 86.0  # mg/L
    reached = level_by_integration(Dose("cytarabine", 0.0, 5400.0, 0.125), 0.125)
    assert 0.6 * steady < reached < steady
    assert 1000.0 * steady / 243.2 == pytest.approx(86.1, abs=0.1)  # umol/L; 115 were measured


def test_means_over_segments_are_those_of_the_level():
    dose = Dose("cytarabine", 0.40, 5400.0, 0.125)
    edges = np.array([0.3, 0.41, 0.5, 0.53, 0.9])
    numbers = np.array([dose.day]), np.array([dose.amount_mg]), edges[:-1], edges[1:]
    means = mean_level(*DRUG.response(0.0), *numbers, np.array([dose.duration_days]))
    for low, high, mean in zip(edges[:-1], edges[1:], means, strict=True):
        kinks = [t for t in (0.40, 0.525) if low < t < high] or None
        area = quad(lambda t: level_by_integration(dose, t), low, high, points=kinks)[0]
        assert mean == pytest.approx(area / (high - low), rel=1e-6)


def test_a_short_infusion_is_a_dose_at_once():
    where = np.array([0.4]), np.array([100.0]), np.array([0.0, 1.0]), np.array([1.0, 2.0])
    at_once = mean_level(*DRUG.response(0.125), *where)
    brief = mean_level(*DRUG.response(0.125), *where, np.array([1e-6]))
    np.testing.assert_allclose(brief, at_once, rtol=1e-4)


def test_a_third_of_the_dose_exposes_nearly_as_much():
    def exposed(grams):
        met = exposure({"cytarabine": DRUG}, cycle(grams), 0.0, 8.0)
        return met.values[:, COLUMN["s_phase_kill"]] @ (met.end - met.start)

    assert exposed(3.0) > exposed(1.0) > 0.75 * exposed(3.0)
    assert exposed(0.03) < 0.4 * exposed(3.0)  # so it is saturation, not indifference


def test_segments_are_hours_near_doses_and_days_long_after():
    met = exposure({"cytarabine": DRUG}, cycle(3.0), 0.0, 28.0)
    length = met.end - met.start
    assert length[met.start < 11].max() == pytest.approx(2.0 / 24.0)
    assert length[met.start >= 12].min() == 1.0


def test_a_volume_that_contradicts_the_half_lives_is_refused():
    with pytest.raises(ValueError, match=r"volume = 500.* \(L\)"):
        CytarabinePharmacokinetics(volume=500.0)
