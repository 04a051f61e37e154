"""Curves of all resamples at once are those of lifelines, each for itself."""

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time

from leukosim.analysis.bootstrap import (
    means,
    resample_counts,
    restricted_means,
    survival_curves,
    survival_on,
)


@pytest.fixture
def patients():
    """Days with ties, a third of them censored."""
    rng = np.random.default_rng(4)
    return np.ceil(rng.exponential(300.0, 50) / 7.0) * 7.0, rng.random(50) < 0.66


def test_every_curve_is_that_of_lifelines_with_weights(patients):
    day, event = patients
    counts = resample_counts(50, 5, seed=1)
    curves = survival_curves(day, event, counts)
    for r, weights in enumerate(counts):
        of_lifelines = KaplanMeierFitter().fit(np.repeat(day, weights), np.repeat(event, weights))
        for on in (0.0, 100.0, 210.0, 365.0):
            expected = float(of_lifelines.predict(on))
            assert survival_on(on, *curves)[r] == pytest.approx(expected, abs=1e-12)
        for until in (150.0, 365.0):
            expected = restricted_mean_survival_time(of_lifelines, t=until)
            assert restricted_means(until, *curves)[r] == pytest.approx(expected, rel=1e-9)


def test_the_first_row_is_the_patients_as_they_are():
    counts = resample_counts(7, 100, seed=1)
    assert counts.shape == (101, 7)
    assert (counts[0] == 1).all()
    assert (counts.sum(1) == 7).all()
    np.testing.assert_array_equal(counts, resample_counts(7, 100, seed=1))
    values = np.arange(7.0)
    assert means(values, counts)[0] == 3.0
    assert means(values, counts)[1] == pytest.approx(np.repeat(values, counts[1]).mean())


def test_curves_of_few_words():
    """Nobody fails; everybody at once; nobody followed until the day."""
    alive = survival_curves(np.full(3, 730.0), np.zeros(3, bool), np.ones((1, 3), int))
    assert survival_on(730.0, *alive) == 1.0
    assert restricted_means(730.0, *alive) == 730.0
    dead = survival_curves(np.full(3, 100.0), np.ones(3, bool), np.ones((1, 3), int))
    assert survival_on(99.0, *dead) == 1.0
    assert survival_on(365.0, *dead) == 0.0
    assert restricted_means(365.0, *dead) == 100.0
    assert np.isnan(survival_on(800.0, *alive)).all()
