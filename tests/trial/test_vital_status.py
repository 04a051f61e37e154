"""Death by cumulative hazard, and days with cytopenia, from counts alone."""

from dataclasses import replace

import numpy as np
import pytest

from leukosim.biology.disease import Disease
from leukosim.marrow.marrow import Marrow
from leukosim.random_streams import DEATH
from leukosim.results.variables import CAUSES
from leukosim.trial.vital_status import VitalStatus


@pytest.fixture
def counts(make_patient):
    """A healthy marrow, a row a day from day 1 to 3.5."""
    marrow = Marrow(make_patient(residual_stem_cells=0))
    return marrow.advance(3.5, record_days=[1.0, 2.0, 3.0, 3.5])


def test_the_background_rate_uses_up_the_patients_own_exponential_number(make_patient, counts):
    patient = make_patient(death_rate=0.01)
    status = VitalStatus(patient, counts.rows(np.array([0])))
    life = float(patient.stream(DEATH).exponential())
    assert status.death_before(0.0, 1.0) is None and not status.is_dead
    status.survive(0.0, counts)
    assert status.remaining_hazard == pytest.approx(life - 0.01 * 3.5)
    day = status.death_before(3.5, 1e6)
    assert status.is_dead and day == pytest.approx(life / 0.01)
    assert CAUSES[status.death_cause] == "background"


def test_a_patient_surely_survives_under_the_largest_hazard(make_patient, counts):
    law = Disease().mortality
    status = VitalStatus(make_patient(death_rate=0.01), counts.rows(np.array([0])))
    largest = 0.01 + law.infection_rate + law.bleeding_rate
    assert status.largest_hazard == pytest.approx(largest)
    safe = status.safe_days()
    assert status.surely_survives(0.999 * safe) and not status.surely_survives(1.001 * safe)


def test_only_whole_days_of_cytopenia_are_counted(make_patient, counts):
    status = VitalStatus(make_patient(), counts.rows(np.array([0])))
    low = replace(counts, neutrophils=np.array([0.9, 0.4, 2.0, 0.4]))
    status.count_cytopenia(low)
    status.count_cytopenia(low.rows(np.array([0, 1])))
    assert status.cytopenia_days == {
        "days_grade3_neutropenia": 4,
        "days_grade4_neutropenia": 2,
        "days_grade3_thrombocytopenia": 0,
        "days_grade4_thrombocytopenia": 0,
    }
