"""Blood count with differential."""

import numpy as np
import pytest

from leukosim.clinic.assays.blood_count import BloodCount
from leukosim.clinic.assays.sample import Burden


def test_blood_count_reports_all_three():
    seen = BloodCount().report(Burden(0.0, 1e12), 4.0, 250.0, np.random.default_rng(1))
    assert set(seen) == {"neutrophils", "platelets", "blood_blasts"}
    assert seen["blood_blasts"] == 0.0
    assert seen["neutrophils"] == pytest.approx(4.0, rel=0.3)
