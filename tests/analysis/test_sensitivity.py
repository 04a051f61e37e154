"""Sensitivity analysis against functions whose answer is known, and that a wrong one is noticed."""

import numpy as np
import pytest
from SALib.test_functions import Ishigami

from leukosim.analysis.bootstrap import resample_counts
from leukosim.analysis.headlines import HEADLINES, SHARE, Headline
from leukosim.analysis.sensitivity import Sensitivity
from leukosim.analysis.sensitivity.factors import (
    FIXED,
    NOT_ASKED,
    NOT_GIVEN,
    OFF,
    WHOLE,
    Factor,
    factors_of,
    points_at,
)
from leukosim.analysis.sensitivity.indices import POOR, sobol_indices, surrogate_design
from leukosim.analysis.sensitivity.screening import (
    elementary_effects,
    inert_groups,
    leading_of,
    screened,
    trajectories,
)
from leukosim.analysis.sensitivity.single import (
    precision_table,
    resampled_headline,
    single_coordinates,
    single_effects,
)
from leukosim.clinic.drugs.formulary import formulary
from leukosim.config.compose import compose_plain, read_plain, to_plain
from leukosim.config.interpolation import table_of_points
from leukosim.errors import ConfigError
from leukosim.marrow.rates import Rates, solve_return_rate
from leukosim.parameters import InvalidValue, Row, parameter_rows

LINEAR = np.array([1.0, -2.0, 0.5, 0.0])


def row(path, value, low, high, unit="1"):
    return Row(path, value, unit, low, high, "assumed", "")


# ---------------------------------------------------------------------- what is varied


def test_a_range_is_logarithmic_over_a_decade_and_for_rates():
    decade, less, rate, zero = (
        Factor("a", 1.0, unit, low, high, "assumed")
        for unit, low, high in [("1", 1.0, 10.0), ("1", 1.0, 9.0), ("1/day", 1.0, 4.0),
                                ("1/day", 0.0, 4.0)]
    )  # fmt: skip
    assert [f.at(0.5) for f in (less, rate, zero)] == pytest.approx([5.0, 2.0, 2.0])
    assert decade.at(0.5) == pytest.approx(10.0**0.5)
    assert [decade.at(0.0), decade.at(1.0)] == pytest.approx([1.0, 10.0])


def test_what_cannot_be_varied_is_left_out_with_the_reason():
    rows = [
        row("a.x", 0.5, 0.0, 1.0),
        row("a.beyond", 3.0, 0.0, 1.0),  # the study's own choice
        row("a.fixed", 1.0, 1.0, 1.0),
        row("a.whole", 2, 1, 3),
        row("a.off", 0.0, 0.5, 1.0),
        row("b.x", 0.5, 0.0, 1.0),
        row("drug.here.x", 0.5, 0.0, 1.0),
        row("drug.elsewhere.x", 0.5, 0.0, 1.0),
    ]
    factors, left_out = factors_of(rows, ["here"], ["a", "drug"], [])
    assert [f.path for f in factors] == ["a.x", "a.beyond", "drug.here.x"]
    assert (factors[1].low, factors[1].high) == (0.0, 3.0)
    assert {each.path: each.why for each in left_out} == {
        "a.fixed": FIXED, "a.whole": WHOLE, "a.off": OFF, "b.x": NOT_ASKED,
        "drug.elsewhere.x": NOT_GIVEN,
    }  # fmt: skip
    with pytest.raises(ConfigError, match="only: c names no estimate"):
        factors_of(rows, [], ["c"], [])
    with pytest.raises(ConfigError, match="leave no estimate"):
        factors_of(rows, [], ["b"], ["b.x"])


def test_what_belongs_together_is_set_together():
    known = {"s.bcl2": 0.5, "s.bclxl": 0.3, "s.mcl1": 0.2, "d_low": 0.2, "d_high": 0.6}
    factors = [
        Factor("s.bcl2", 0.5, "fraction", 0.25, 1.0, "assumed"),
        Factor("d_low", 0.2, "1", 0.0, 1.0, "assumed"),
    ]
    own, other = points_at(factors, np.array([[np.nan, np.nan], [1.0, 1.0]]), known)
    assert own == pytest.approx(known)
    assert other == pytest.approx(
        {"s.bcl2": 1 / 1.5, "s.bclxl": 0.3 / 1.5, "s.mcl1": 0.2 / 1.5, "d_low": 0.6, "d_high": 0.6}
    )


@pytest.mark.parametrize("study", HEADLINES)
def test_every_value_of_a_design_arrives_in_a_run_that_can_be(study):
    """In any corner of the ranges the run is valid, and the patient's cells can grow as asked."""
    base = compose_plain([f"study={study}", "cohort.size=1"])
    rows = list(parameter_rows(read_plain(to_plain(base))))
    factors, _ = factors_of(rows, formulary(), [], [])
    known = {each.path: each.value for each in rows}
    coordinates = np.random.default_rng(1).integers(0, 4, (4, len(factors))) / 3.0
    points = points_at(factors, coordinates, known)
    for point, plain in zip(points, table_of_points(base, points).plain, strict=True):
        config = read_plain(plain)
        arrived = {each.path: each.value for each in parameter_rows(config)}
        assert {path: arrived[path] for path in point} == point
        (patient,) = config.patients()
        assert solve_return_rate(Rates(patient), patient.doubling_days) >= 0.0


# ---------------------------------------------------------------------- screening


def screen(function, factors, number=4, seed=1, groups=None):
    groups = groups or [f"x{i}" for i in range(factors)]
    walks = trajectories(groups, number, 4, seed)
    outcomes = np.tile(function(walks), (101, 1))
    return screened(walks, outcomes, groups, 4, seed).set_index("group"), walks, outcomes


def test_a_linear_function_has_its_slopes_for_effects():
    table, walks, outcomes = screen(lambda x: x @ LINEAR, 4)
    slopes = table.loc[["x0", "x1", "x2", "x3"]]
    assert slopes["mu"].tolist() == pytest.approx(LINEAR)
    assert slopes["mu_star"].tolist() == pytest.approx(np.abs(LINEAR))
    assert slopes["sigma"].tolist() == pytest.approx(np.zeros(4), abs=1e-9)
    own = elementary_effects(walks, outcomes, [f"x{i}" for i in range(4)])
    assert own.shape == (101, 4, 4)
    np.testing.assert_allclose(own[7].T, np.tile(LINEAR, (4, 1)), atol=1e-9)
    assert leading_of(table.reset_index(), 9) == ["x1", "x0", "x2"]
    assert leading_of(table.reset_index(), 1) == ["x1"]


def ishigami(unit):
    return Ishigami.evaluate(np.pi * (2.0 * unit - 1.0))


def x2_wrong(unit):
    """Ishigami's function with 5 % more of its second factor."""
    return ishigami(unit) + 0.05 * 7.0 * np.sin(np.pi * (2.0 * unit[:, 1] - 1.0)) ** 2


def test_the_effects_of_ishigamis_function():
    """On this grid the second factor always moves it by 21/4 of 2/3; the others by the mean of a
    few values: five standard errors, exceeded by chance in 1 of 1.7 million runs each."""
    table, *_ = screen(ishigami, 3, number=400)
    assert table.loc["x1", "mu_star"] == pytest.approx(7.875)
    assert table.loc["x1", "mu"] == pytest.approx(0.0, abs=5 * 7.875 / 20.0)
    s = np.sqrt(0.75)
    expected = {
        "x0": 1.5 * s * (1.0 + 0.1 * np.pi**4 * (1.0 + 1.0 / 81.0) / 2.0),
        "x2": 1.5 * 0.5 * s * 0.1 * np.pi**4 * (1.0 - 1.0 / 81.0),
    }
    for name, mean in expected.items():
        assert table.loc[name, "mu_star"] == pytest.approx(mean, abs=5 * mean / 20.0)
    wrong, *_ = screen(x2_wrong, 3, number=400)
    assert wrong.loc["x1", "mu_star"] != pytest.approx(7.875, rel=0.04)


def test_a_group_moves_as_one():
    groups = ["a", "a", "b"]
    table, walks, _ = screen(lambda x: x @ [1.0, 1.0, 3.0], 3, groups=groups)
    assert len(walks) == 4 * 3
    assert table.loc["b", "mu_star"] == pytest.approx(3.0)
    assert np.isnan(table.loc["a", "sigma"])
    still = inert_groups(walks, {"y": walks[:, 2:] * np.ones(5)}, groups)
    assert still == ["a"]
    one = np.zeros((len(walks), 5))
    one[:, 3] = walks[:, 0]  # a single patient
    assert inert_groups(walks, {"y": one, "z": walks[:, 2:]}, groups) == []


def test_more_trajectories_begin_with_the_fewer():
    few, many = (trajectories(["a", "b", "c"], n, 4, 7) for n in (2, 5))
    np.testing.assert_array_equal(many[: len(few)], few)
    assert len(np.unique(many.round(3), axis=0)) > 5
    few, many = (surrogate_design(3, n, 7) for n in (16, 32))
    np.testing.assert_array_equal(many[:16], few)


def test_chance_is_not_taken_for_an_effect():
    """Of 40 parameters that only shuffle who is lucky, one in twenty should be taken for more: more
    than 9 would in 3 of 100,000 runs. One that moves everybody's number a little is found."""
    rng, patients, null = np.random.default_rng(5), 200, 40
    groups = [f"x{i}" for i in range(null + 1)]
    walks = trajectories(groups, 4, 4, 1)
    level = np.rint(3.0 * walks).astype(int)
    noise = rng.normal(size=(4, null, patients))
    values = 1.0 * walks[:, :1] + noise[level[:, 1:], np.arange(null)].sum(1)
    outcomes = resampled_headline(values, resample_counts(patients, 300, 1))
    table = screened(walks, outcomes, groups, 4, 1).set_index("group")
    assert table.loc["x0", "is_beyond_chance"]
    assert table["is_beyond_chance"].drop("x0").sum() <= 9
    real = table.drop("x0")
    assert 0.5 < (real["sigma_by_chance"] > real["sigma"]).mean()  # it is no interaction, either


# ---------------------------------------------------------------------- shares of variance

FIRST, TOTAL = [0.3139, 0.4424, 0.0], [0.5576, 0.4424, 0.2437]  # of Ishigami's function, exactly


def indices_of(function, points=128, seed=1):
    coordinates = surrogate_design(3, points, seed)
    return sobol_indices(coordinates, np.tile(function(coordinates), (3, 1)), 256, seed)


def far_off(result):
    """The largest distance from Ishigami's indices."""
    first, total = result.table["first"], result.table["total"]
    return max(np.abs(first - FIRST).max(), np.abs(total - TOTAL).max())


def test_the_indices_of_ishigamis_function():
    """128 points leave errors of 0.06 to 0.08; a second factor of half the size is noticed."""
    result = indices_of(ishigami)
    assert result.r2 > 0.8
    assert far_off(result) < 0.1
    assert result.standard_deviation == pytest.approx(np.sqrt(13.845), rel=0.1)
    half = indices_of(lambda x: ishigami(x) - 3.5 * np.sin(np.pi * (2.0 * x[:, 1] - 1.0)) ** 2, 64)
    assert far_off(half) > 0.2


def test_noise_has_no_indices_to_be_trusted():
    noise = np.random.default_rng(3).normal(size=32)
    assert indices_of(lambda x: noise, 32).r2 < POOR
    result = indices_of(lambda x: np.ones(len(x)), 16)
    assert np.isnan(result.table["total"]).all()


# ---------------------------------------------------------------------- single ones, precision


def test_single_effects_are_paired():
    """What all points of a patient share takes no part in the interval: two standard errors of
    the differences, to within a tenth."""
    rng, patients = np.random.default_rng(2), 400
    shared = rng.normal(0.0, 50.0, patients)
    own = rng.normal(1.0, 1.0, patients)
    values = np.array([shared, shared - own, shared + 2.0 * own])
    outcomes = resampled_headline(values, resample_counts(patients, 2000, 1))
    factor = Factor("a.x", 1.0, "day", 0.5, 4.0, "assumed")
    table = single_effects(outcomes, [factor]).set_index("end")
    assert table["at"].to_dict() == {"low": 0.5, "high": 4.0}
    assert table.loc["high", "change"] == pytest.approx(2.0 * own.mean())
    width = table.loc["low", "high"] - table.loc["low", "low"]
    assert width == pytest.approx(2 * 1.96 * own.std() / 20.0, rel=0.1)
    np.testing.assert_array_equal(
        single_coordinates(2)[1:4], [[0.0, np.nan], [1.0, np.nan], [np.nan, 0.0]]
    )


def test_precision_is_that_of_a_share():
    """1.96 sqrt(p (1 - p) / n), to within a tenth."""
    patients, p = 400, 0.3
    values = (np.arange(patients) < p * patients).astype(float)[None]
    outcomes = resampled_headline(values, resample_counts(patients, 4000, 1))
    headline = Headline("share", "Share", SHARE, "molecular_relapse", "triggered")
    table = precision_table([headline], {"share": outcomes[:, 0]}, patients)
    by_size = table[table["asked"] == "patients"].set_index("patients")["half_width"]
    for n in (25, 1600):
        assert by_size[n] == pytest.approx(1.96 * np.sqrt(p * (1 - p) / n), rel=0.1)
    needed = table[table["asked"] == "half_width"].set_index("half_width")["patients"]
    assert needed[0.05] == pytest.approx(1.96**2 * p * (1 - p) / 0.05**2, rel=0.2)


def test_patients_who_do_not_count_are_left_out():
    values = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]])
    means = resampled_headline(values, np.array([[1, 1, 1], [0, 5, 2]]))
    np.testing.assert_array_equal(means, [[2.0, np.nan], [3.0, np.nan]])


# ---------------------------------------------------------------------- wrong input


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"levels": 5}, "levels = 5 .* must be even"),
        ({"surrogate_points": 48}, "surrogate_points = 48 .* power of 2"),
        ({"surrogate_points": 8}, "too few for a surrogate"),
        ({"sobol_points": 100}, "sobol_points = 100 .* power of 2"),
    ],
)
def test_wrong_fields_are_refused(wrong, says):
    with pytest.raises(ValueError, match=says):
        Sensitivity(**wrong)


def test_ranges_are_checked():
    with pytest.raises(InvalidValue, match="trajectories = 1"):
        Sensitivity(trajectories=1)
