"""Chance and parameters are told apart as the laws that made the numbers say."""

import json

import numpy as np
import pytest
from scipy.stats import norm
from synthetic import sweep

from leukosim.analysis.endpoints import main_survival
from leukosim.analysis.parameter_uncertainty import (
    both_uncertainties,
    curve_uncertainty,
    headline_uncertainty,
    interval_of_both,
    is_over_draws,
    posterior_draws,
    sampling_variance,
)
from leukosim.analysis.survival import survival_at
from leukosim.figures.registry import figures_for

AT_RANDOM = norm.ppf((np.arange(400) + 0.5) / 400.0)  # as evenly as draws can be


def over(axes, **settings):
    """A sweep that says which axes it has and of which study it is, as those of a command do."""
    ds = sweep(axes, **settings)
    return ds.assign_attrs(title="leukosim: relaza2", axes=json.dumps(list(axes)))


@pytest.fixture(scope="module")
def study():
    return over({"posterior.draw": [0, 1, 2, 3]}, n_patients=60)


@pytest.mark.parametrize(("parameters", "rng"), [(0.0, 1.0), (0.15, 1.0), (0.5, 0.1), (0.5, 2.0)])
def test_both_uncertainties_are_those_that_made_the_numbers(parameters, rng):
    """Of 200 patients of spread 1 at 100 draws; variances within 4 standard errors, about."""
    draws, patients, chance = 100, 200, np.random.default_rng(1)
    numbers = 5.0 + chance.normal(size=patients) + rng * chance.normal(size=(draws, patients))
    numbers += parameters * AT_RANDOM[::4, None]
    result = both_uncertainties(numbers)
    within = (1.0 + rng**2) / patients
    share = parameters**2 / (parameters**2 + within)
    assert result["from_parameters"] == pytest.approx(share, abs=0.06)
    assert result["chance_high"] - result["chance_low"] == pytest.approx(
        2 * 1.96 * np.sqrt(within), rel=0.15
    )
    assert result["high"] - result["low"] == pytest.approx(
        2 * 1.96 * np.sqrt(within + parameters**2), rel=0.15
    )


def test_luck_that_goes_another_way_is_not_taken_for_parameters():
    chance = np.random.default_rng(1)
    numbers = chance.normal(size=(20, 60))  # no patient fares alike in two draws
    spread, taken_off = numbers.mean(axis=1).var(ddof=1), sampling_variance(numbers)
    assert 0.3 < spread / (spread + 1 / 60) < 0.7  # what it would be taken for
    assert taken_off == pytest.approx(1 / 60, rel=0.2)
    numbers[:, :50] = np.nan  # patients who do not always count
    numbers[0] = chance.normal(size=60)
    assert np.isfinite(both_uncertainties(numbers)["from_parameters"])


def test_intervals_of_places_are_those_of_each():
    mean = np.stack([AT_RANDOM, 2.0 * AT_RANDOM], axis=1)
    error = np.full_like(mean, 0.5)
    low, high = interval_of_both(mean, error)
    for i in range(2):
        assert (low[i], high[i]) == interval_of_both(mean[:, i], error[:, i])


def test_draw_0_is_none(study):
    assert is_over_draws(study)
    assert list(posterior_draws(study)["posterior.draw"].values) == [1, 2, 3]
    assert not is_over_draws(over({"trigger.level": [1e-3, 1e-2]}))
    assert not is_over_draws(over({"posterior.draw": [1, 2], "seed": [1, 2]}))


def test_equal_draws_leave_chance_alone(study):
    alike = study.isel(scenario=[1, 1, 1]).assign_coords(
        {"posterior.draw": ("scenario", [1, 2, 3])}
    )
    day = 365.25
    curve = curve_uncertainty(alike)
    curve = curve[np.isclose(curve["day"], day)].set_index("arm")
    known = survival_at(main_survival(alike.isel(scenario=0)), day).set_index("arm")
    for column in ("survival", "low", "high"):
        np.testing.assert_allclose(curve[column], known[column][curve.index], atol=0.01)
    np.testing.assert_allclose(curve["chance_low"], curve["low"], atol=0.01)
    assert (headline_uncertainty(alike)["from_parameters"] == 0.0).all()


def test_headlines_are_means_of_patients(study):
    table = headline_uncertainty(study).set_index("headline")
    row = table.loc["Molecular relapse within two years"]
    own = posterior_draws(study)
    share = (own["molecular_relapse_day"].sel(arm="triggered") <= 730.5).mean("patient")
    assert row["mean"] == pytest.approx(float(share.mean()), abs=0.05)
    assert row["draws"] == 3 and row["low"] <= row["mean"] <= row["high"]


def test_a_study_at_draws_shows_both_and_no_axis_of_draws(study):
    names = [each.name for each in figures_for(study)]
    assert "uncertainty" in names and "sweep_dots" not in names
