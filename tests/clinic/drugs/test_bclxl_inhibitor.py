"""Blocking BCL-xL costs platelets, unless a degrader spares them."""

import numpy as np
import pytest

from leukosim.biology.exposure import COLUMN
from leukosim.clinic.drugs.bclxl_inhibitor import BclxlDegrader, Navitoclax
from leukosim.clinic.drugs.drug import Dose, exposure
from leukosim.marrow.marrow import Marrow


def platelets(make_patient, drug, days=28):
    """Relative to baseline, on each day of the reference course."""
    patient = make_patient(residual_stem_cells=0)
    doses = [Dose(drug.name, float(day), drug.reference_dose_mg) for day in range(days)]
    met = exposure({drug.name: drug}, doses, 0.0, float(days), patient)
    counts = Marrow(patient).advance(float(days), met, np.arange(1.0, days + 1.0))
    return counts.platelets / patient.disease.blood.platelets


def test_navitoclax_costs_half_to_seven_tenths_of_the_platelets(make_patient):
    count = platelets(make_patient, Navitoclax().drug())
    assert (0.3 <= count[3:]).all() and (count[3:] <= 0.5).all()


def test_they_fall_within_days(make_patient):
    assert platelets(make_patient, Navitoclax().drug())[3] < 0.5


def test_the_degrader_spares_them(make_patient):
    assert platelets(make_patient, BclxlDegrader().drug()).min() > 0.85


@pytest.mark.parametrize(("numbers", "bcl2"), [(Navitoclax(), 0.58), (BclxlDegrader(), 0.0)])
def test_what_is_blocked_in_steady_state(make_patient, numbers, bcl2):
    """Daily doses leave BCL-xL three quarters blocked; only navitoclax binds BCL-2, too."""
    drug = numbers.drug()
    doses = [Dose(drug.name, float(day), drug.reference_dose_mg) for day in range(28)]
    met = exposure({drug.name: drug}, doses, 27.0, 28.0, make_patient())
    assert met.values[0, COLUMN["bclxl_blocked"]] == pytest.approx(0.77, abs=0.02)
    assert met.values[0, COLUMN["bcl2_blocked"]] == pytest.approx(bcl2, abs=0.03)


def test_the_half_life_is_what_is_stated():
    _, rates = Navitoclax().drug().pharmacokinetics.unit_response()
    assert np.log(2.0) / rates[0] == pytest.approx(17.0 / 24.0)
