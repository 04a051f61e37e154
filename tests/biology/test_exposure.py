"""Exposures: how drugs combine, and the segments of a day."""

import numpy as np
import pytest

from leukosim.biology.exposure import EXPOSURES, combine, day_grid, no_exposure


def test_fractions_combine_as_independent():
    already = np.array([0.5, 0.2, 0.0])
    combine(already, np.array([0.5, 1.0, -0.1]), "bcl2_blocked")
    np.testing.assert_allclose(already, [0.75, 1.0, 0.0])


def test_rates_add_up():
    already = np.array([0.5, 2.0])
    combine(already, np.array([1.5, 0.0]), "s_phase_kill")
    np.testing.assert_allclose(already, [2.0, 2.0])


@pytest.mark.parametrize(
    ("start", "end", "edges"),
    [
        (0.0, 2.0, [0.0, 1.0, 2.0]),
        (0.25, 2.5, [0.25, 1.0, 2.0, 2.5]),
        (0.25, 0.5, [0.25, 0.5]),
    ],
)
def test_segments_end_at_whole_days(start, end, edges):
    np.testing.assert_array_equal(day_grid(start, end), edges)


def test_without_a_drug_nothing_is_met():
    exposure = no_exposure(0.5, 3.0)
    np.testing.assert_array_equal(exposure.start, [0.5, 1.0, 2.0])
    np.testing.assert_array_equal(exposure.end, [1.0, 2.0, 3.0])
    assert exposure.values.shape == (3, len(EXPOSURES))
    assert not exposure.values.any()
