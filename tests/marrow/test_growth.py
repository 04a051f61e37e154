"""Balanced growth: eigenvalues of mean matrices, and the rates that follow from them."""

import numpy as np
import pytest

from leukosim.marrow.growth import crowded_renewal, leading, return_rate_at
from leukosim.marrow.rates import Rates


def test_the_leading_eigenvector_is_left_in_place_by_its_matrix():
    matrix = np.array([[0.3, 0.1], [0.2, -0.4]])
    growth, mix = leading(matrix)
    np.testing.assert_allclose(matrix @ mix, growth * mix)
    assert mix.sum() == pytest.approx(1.0)
    assert growth == max(np.linalg.eigvals(matrix))


def test_the_return_rate_makes_the_matrix_grow_as_wanted():
    """Cells divide once a day; growth is one less the rate of return, which does not grow."""
    without, per_rate = np.diag([1.0, -1.0]), np.array([[-1.0, 0.0], [1.0, 0.0]])
    assert return_rate_at(0.25, without, per_rate) == pytest.approx(0.75)
    assert return_rate_at(2.0, without, per_rate) == 0.0  # never as fast


def test_growth_is_the_leading_eigenvalue(make_patient):
    rates = Rates(make_patient(doubling_days=20.0))
    matrix = rates.mean_matrix(rates.return_rate, rates.disease.cycle.renewal)
    assert leading(matrix)[0] == pytest.approx(np.log(2.0) / 20.0, rel=1e-9)


def test_return_to_rest_slows_growth_down(make_patient):
    rates = Rates(make_patient())
    growth = [leading(rates.mean_matrix(r, 0.85))[0] for r in (0.0, 0.5, 5.0, 500.0)]
    assert growth == sorted(growth, reverse=True)


def test_a_plateau_ends_growth():
    assert crowded_renewal(0.85, 0.0, 1e12) == 0.85
    assert crowded_renewal(0.85, 1e12, 1e12) == 0.5
    assert crowded_renewal(0.85, 1e13, 1e12) == crowded_renewal(0.85, 1e15, 1e12) == 0.0
