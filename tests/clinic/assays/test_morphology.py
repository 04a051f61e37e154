"""Marrow morphology."""

import numpy as np
import pytest

from leukosim.clinic.assays.morphology import Morphology
from leukosim.clinic.assays.sample import Burden


def test_morphology_counts_cells():
    rng = np.random.default_rng(1)
    seen = np.array([Morphology().report(Burden(1e12, 1e12), rng) for _ in range(2000)])
    assert seen.mean() == pytest.approx(0.505, abs=0.005)
    np.testing.assert_allclose(seen * 500, np.round(seen * 500))
