"""Venetoclax: levels as published, blocks by subtype, and an inhibitor of CYP3A."""

import numpy as np
import pytest

from leukosim.biology.disease import Disease
from leukosim.biology.subtypes import Switching
from leukosim.clinic.drugs.drug import Dose, exposure
from leukosim.clinic.drugs.pharmacokinetics import mean_level
from leukosim.clinic.drugs.venetoclax import Venetoclax

DAILY = [Dose("venetoclax", float(day), 400.0) for day in range(60)]


def steady(patient, drug):
    """BCL-2 blocked in each subtype, in steady state."""
    met = exposure({"venetoclax": drug}, DAILY, 58.0, 59.0, patient)
    return met.blocked[0, :, 0]


def test_a_steady_day_has_the_area_of_the_published_clearance():
    """21 mg h/L; the label's 32.8 would need a clearance a third lower."""
    response = Venetoclax().drug().pharmacokinetics.unit_response()
    days, doses = np.arange(60.0), np.full(60, 400.0)
    mean = mean_level(*response, days, doses, np.array([59.0]), np.array([60.0]))[0]
    assert 24.0 * mean == pytest.approx(21.4, abs=0.1)


def test_the_terminal_half_life_is_a_day():
    _, rates = Venetoclax().drug().pharmacokinetics.unit_response()
    assert 24.0 * np.log(2.0) / rates.min() == pytest.approx(25.0, rel=0.1)


def test_the_ec50_in_plasma_follows_from_the_laboratorys():
    numbers = Venetoclax(ec50_um=0.05, serum_shift=8.0, molar_mass=868.4)
    assert numbers.ec50 == pytest.approx(0.05 * 8.0 * 0.8684)


def test_blocks_follow_the_ec50_of_each_subtype(make_patient):
    patient, numbers = make_patient(), Venetoclax()
    ratios = [s.venetoclax_ec50_ratio for s in patient.disease.subtypes.values()]
    level = 400.0 / 449.0
    expected = level / (level + numbers.ec50 * np.array(ratios))
    np.testing.assert_allclose(steady(patient, numbers.drug()), expected, rtol=1e-6)
    assert np.argsort(expected).tolist() == [3, 2, 0, 1]


def test_dose_and_a_cyp3a_inhibitor_matter(make_patient):
    """BCL-2 is not saturated; a tenth of the dose beside the inhibitor has much the same effect."""
    patient, numbers = make_patient(), Venetoclax(serum_shift=10.0)
    alone, inhibited = (steady(patient, numbers.drug(i)) for i in (False, True))
    assert (inhibited > 1.3 * alone).all()
    tenth = [Dose("venetoclax", dose.day, 400.0 / 8.8) for dose in DAILY]
    drugs = {"venetoclax": numbers.drug(cyp3a_inhibitor=True)}
    lowered = exposure(drugs, tenth, 58.0, 59.0, patient).blocked[0, :, 0]
    np.testing.assert_allclose(lowered, alone, rtol=0.02)


def test_cells_remember_it_for_months(make_patient):
    met = exposure({"venetoclax": Venetoclax().drug()}, DAILY[:28], 0.0, 250.0, make_patient())
    memory = met.values[:, -1]
    assert memory[27] == pytest.approx(1.0, abs=0.05)
    assert memory[128] == pytest.approx(0.5 * memory[28], rel=0.05)


def test_with_a_shared_sensitivity_all_subtypes_are_blocked_alike(make_patient):
    """By the geometric mean of their EC50s in the patient's composition."""
    patient = make_patient(disease=Disease(switching=Switching(shared_sensitivity=True)))
    ratios = [s.venetoclax_ec50_ratio for s in patient.disease.subtypes.values()]
    ratio = np.exp(np.dot(patient.composition, np.log(ratios)))
    level = 400.0 / 449.0
    expected = level / (level + Venetoclax().ec50 * ratio)
    np.testing.assert_allclose(steady(patient, Venetoclax().drug()), expected, rtol=1e-6)
