"""Fitting to published counts: emulators, sampler and recovery, on a model whose law is known."""

import numpy as np
import pandas as pd
import pytest
from synthetic import dataset_of_arms

from leukosim.analysis.calibration import calibration_targets
from leukosim.analysis.calibration.design import Runs
from leukosim.analysis.calibration.emulator import centred, fit_emulator, regressor
from leukosim.analysis.calibration.fit import fit
from leukosim.analysis.calibration.hypotheses import evidence_table
from leukosim.analysis.calibration.populations import (
    DIAGNOSIS,
    PARAMETERS,
    POPULATIONS,
    REMISSION,
    declared_prior,
    parameters_of,
)
from leukosim.analysis.calibration.predictive import predictive_table, replicates, shares_of_draws
from leukosim.analysis.calibration.recovery import coverage, ranks_of_truths
from leukosim.analysis.calibration.sampling import (
    drawn_by_weight,
    log_likelihood_of,
    sample_posterior,
    split_r_hat,
)
from leukosim.analysis.calibration.shares import SHARES, measured_counts, published_counts
from leukosim.analysis.calibration.summary import correlation_table, emulator_table, parameter_table
from leukosim.cli import main
from leukosim.config.compose import compose
from leukosim.config.posterior import DRAWS, posterior_draws
from leukosim.config.schema import Config
from leukosim.figures.methods.posterior import numbers_drawn, posterior_figure
from leukosim.parameters import parameter_rows
from leukosim.reports.terminal.console import ConsoleProgress
from leukosim.results.variables import RESPONSES
from leukosim.runs import calibrate

NAMES = (
    "relaza2.persistence_share", "cohort.responsiveness_logit_mean", "drug.azacitidine.blast_kill",
)  # fmt: skip
TOY_SHARES = {REMISSION: ["A", "B", "C"], DIAGNOSIS: ["D", "E"]}
PATIENTS, POINTS = 40, 60
PUBLISHED = 150.0  # patients
TRUTH = np.array([[0.6, 0.3, 0.7]])


def law(cube):
    """Logits of the toy's shares at places, float64[place] each."""
    a, b, c = (2.0 * np.asarray(cube) - 1.0).T
    return {
        "A": -0.5 + 1.5 * a,
        "B": 0.3 + b + 0.8 * c + 0.5 * b * c,
        "C": 1.2 * c - 0.6 * a**2,
        "D": 0.2 - 1.2 * b + 0.4 * np.sin(2.0 * c),
        "E": 1.0 * c,
    }


def chance(logit):
    return 1.0 / (1.0 + np.exp(-logit))


def toy(prior):
    """A model of which every patient is a coin."""
    paths = [PARAMETERS[name].path for name in prior.names]

    def simulate(population, points, wave):
        values = np.array([[point.get(path, 0.2) for path in paths] for point in points])
        logits = law(prior.cube(values))
        lucks = [np.random.default_rng(int(point["seed"])) for point in points]
        return [
            {
                share: (float(rng.binomial(PATIENTS, chance(logits[share][i]))), float(PATIENTS))
                for share in TOY_SHARES[population]
            }
            for i, rng in enumerate(lucks)
        ]

    return simulate


@pytest.fixture(scope="module")
def prior():
    """Flat over the declared ranges of three parameters."""
    return declared_prior(parameter_rows(Config()), {name: PARAMETERS[name] for name in NAMES})


@pytest.fixture(scope="module")
def fitted(prior):
    """The toy, fitted to what patients would show at a place that is known."""
    rng = np.random.default_rng(5)
    counts = {
        name: (float(rng.binomial(PUBLISHED, chance(logit[0]))), PUBLISHED)
        for name, logit in law(TRUTH).items()
    }
    points = {REMISSION: POINTS, DIAGNOSIS: POINTS}
    return fit(toy(prior), prior, TOY_SHARES, counts, waves=2, points=points, steps=300, seed=1)


def test_known_parameters_are_found_again(fitted):
    """At the centre of the posterior the truth is within 4 standard deviations: P < 2e-4."""
    draws = fitted.posterior
    assert (np.abs(draws.mean(0) - TRUTH[0]) < 4.0 * draws.std(0)).all()
    assert (draws.std(0) < 0.15).all()  # that of the prior is 0.29
    last = np.abs(fitted.waves[1][REMISSION].cube - TRUTH).mean()
    assert last < 0.5 * np.abs(fitted.waves[0][REMISSION].cube - TRUTH).mean()


def test_intervals_hold_what_they_say(fitted):
    """Of 80 % intervals 0.8 hold the truth, give or take 4 standard errors: P < 1e-4."""
    ranks = ranks_of_truths(fitted, TOY_SHARES, n_draws=500)
    result = coverage(NAMES, ranks).set_index(["parameter", "level"]).loc["all"]
    error = (result["high"] - result["held"]) / 1.96
    assert (np.abs(result["held"] - result.index) < 4.0 * np.maximum(error, 0.01)).all()


def test_intervals_that_know_too_much_are_noticed(fitted):
    """The same with what the emulators do not know left out and patients counted four times."""

    def too_sure(k, n, mean, sd):
        return log_likelihood_of(4 * k, 4 * n, mean, 0.0 * sd)

    ranks = ranks_of_truths(fitted, TOY_SHARES, n_draws=500, likelihood=too_sure)
    result = coverage(NAMES, ranks).set_index(["parameter", "level"]).loc[("all", 0.8)]
    assert result["held"] < 0.8 - 4.0 * (result["high"] - result["held"]) / 1.96


def test_an_emulator_is_sklearns_process():
    rng = np.random.default_rng(1)
    cube, n = rng.random((50, 3)), np.full(50, 30.0)
    n[7] = 0.0  # a point where nobody was at risk
    k = rng.binomial(30, chance(law(cube)["B"])) * (n > 0)
    emulator = fit_emulator(cube, k.astype(float), n, [1, 2])
    places = rng.random((20, 3))
    process = regressor(emulator.kernel, emulator.variances, fitted=True)
    expected, sd = process.fit(emulator.inside, emulator.responses).predict(
        centred(places, [1, 2]), return_std=True
    )
    result = emulator.predict(places)
    np.testing.assert_allclose(result[0], expected + emulator.offset, rtol=1e-6)
    np.testing.assert_allclose(result[1], sd, rtol=1e-4)
    told = cube[n > 0]
    mean, sd = emulator.without(4).predict(told[4:5])
    spread = np.sqrt(sd[0] ** 2 + emulator.variances[4])
    surprise = (emulator.responses[4] + emulator.offset - mean[0]) / spread
    assert emulator.surprises()[4] == pytest.approx(surprise, rel=1e-6)


def test_the_likelihood_is_averaged_over_what_is_not_known():
    """scipy.integrate.quad of the binomial likelihood times the normal density."""
    from scipy.integrate import quad
    from scipy.stats import norm

    for k, n, mean, sd in ((3.0, 20.0, 0.4, 0.7), (114.0, 286.0, -1.0, 0.3)):

        def integrand(eta, k=k, n=n, mean=mean, sd=sd):
            p = chance(eta)
            scale = n * np.log(2.0)  # else it is lost among the smallest numbers
            return np.exp(k * np.log(p) + (n - k) * np.log1p(-p) + scale) * norm.pdf(eta, mean, sd)

        exact = np.log(quad(integrand, mean - 8 * sd, mean + 8 * sd, points=[mean], limit=200)[0])
        result = log_likelihood_of(k, n, np.array([mean]), np.array([sd]))[0]
        assert result == pytest.approx(exact - n * np.log(2.0), abs=0.02)


def test_chains_that_disagree_are_noticed():
    chain = np.random.default_rng(2).normal(size=(200, 10, 2))
    assert (split_r_hat(chain) < 1.03).all()
    chain[:, :5, 1] += 3.0
    assert split_r_hat(chain)[1] > 1.5


def test_the_same_seed_draws_the_same(fitted):
    one, other = (
        sample_posterior(fitted.emulators, fitted.counts, 3, 40, seed).cube for seed in (3, 3)
    )
    assert np.array_equal(one, other)


def test_tables_and_figure_of_a_fit(fitted):
    table = parameter_table(fitted).set_index("parameter")
    assert list(table.index) == list(NAMES)
    assert ((table["low"] < table["centre"]) & (table["centre"] < table["high"])).all()
    assert (table["sd_ratio"] < 0.6).all()
    pairs = correlation_table(fitted)
    assert len(pairs) == 3
    assert pairs["correlation"].abs().is_monotonic_decreasing
    assert emulator_table(fitted)["surprise"].between(0.6, 1.4).all()
    assert (emulator_table(fitted)["unknown"] < 0.3).all()
    assert posterior_figure(fitted).axes
    assert len(numbers_drawn(fitted).query("part == 'marginals'")) == 60


def test_a_hypothesis_that_changes_nothing_is_as_likely(fitted):
    runs = fitted.waves[1][REMISSION]
    table, moved = evidence_table(fitted, "one", runs, {"other": runs})
    assert table["evidence"].tolist() == [1.0, 1.0]
    assert (moved["shift"] == 0.0).all() and (moved["error"] == 0.0).all()


def test_a_hypothesis_that_misses_the_targets_is_less_likely(fitted):
    runs = fitted.waves[1][REMISSION]
    fewer = Runs(runs.cube, runs.k | {"A": np.floor(runs.k["A"] / 2)}, runs.n)
    table, moved = evidence_table(fitted, "one", runs, {"other": fewer})
    assert moved.set_index("share").loc["A", "shift"] < -0.5
    assert table.set_index("hypothesis").loc["other", "probability"] < 0.2


# ---------------------------------------------------------------------- counts of patients


def test_nested_targets_are_taken_apart():
    counts = published_counts(calibration_targets())
    assert list(counts) == list(SHARES)
    assert counts["T14"] == (20.0, 172.0)
    assert counts["T16"] == (42.0, 143.0)
    assert sum(counts[name][0] for name in ("T13", "T14", "T15", "T16")) == 185.0
    assert counts["T10"] == (19.0, 31.0)  # of the relapse-free
    k, n = counts["T17"]
    assert k == n / 2 and 100 < n < 190  # its interval speaks for fewer than were followed


def test_a_run_is_counted_as_its_targets_are():
    cr = RESPONSES.index("CR")
    responder = {
        "response_day": 28.0, "best_response": cr, "assessments": [(28.0, cr)],
        "cycles": [(0.0, 6.0), (35.0, 41.0)],
    }  # fmt: skip
    late = {**responder, "response_day": 84.0, "assessments": [(84.0, cr)]}
    patients = [
        {**responder, "relapse_day": 228.0},
        {**responder, "death_day": 620.0},
        {**late, "death_day": 700.0},
        {"death_day": 10.0},
    ]
    patients = [{"overt_blasts": 1e12, **patient} for patient in patients]
    ds = dataset_of_arms(dict.fromkeys(("azacitidine", "venetoclax_azacitidine"), patients))
    result = measured_counts(ds, DIAGNOSIS)
    assert result["T11"] == (3.0, 4.0)
    assert result["T12"] == (2.5, 3.0)  # day 84 is as good as the median of 85
    assert [result[name] for name in ("T13", "T14", "T15", "T16")] == [
        (2.0, 4.0), (0.0, 2.0), (1.0, 2.0), (0.0, 1.0),
    ]  # fmt: skip
    assert result["T17"] == pytest.approx((2.0, 3.0))  # 200, 592 and 616 days
    assert result["T18"] == pytest.approx((2.25, 3.0)) or result["T18"] == pytest.approx((3.0, 4.0))


def test_chance_in_the_draws_is_not_taken_for_doubt():
    """Of 4000 draws that differ by 0.05, and by chance in 20 patients, 0.05 is left: +- 10 %."""
    rng = np.random.default_rng(3)
    p = rng.normal(0.5, 0.05, 4000)
    k = rng.binomial(20, p).astype(float)
    result = shares_of_draws(k, np.full(4000, 20.0))
    assert (k / 20).std() > 0.11
    assert result.std() == pytest.approx(0.05, rel=0.1)


def test_repetitions_are_as_large_as_the_published_trials():
    """Standard deviations of 4000 repetitions, to within 10 %."""
    counts = published_counts(calibration_targets())
    n = np.full(200, 1e6)
    half = {name: n / 2 for name in SHARES if SHARES[name].population == DIAGNOSIS}
    runs = {DIAGNOSIS: Runs(np.zeros((200, 18)), half, dict.fromkeys(half, n))}
    result = replicates(runs, counts, seed=1)
    assert result["T13"].std() == pytest.approx(np.sqrt(0.25 / 286), rel=0.1)
    assert (result["T13"] <= result["T14"]).all() and (result["T15"] <= result["T16"]).all()
    assert result["T16"].mean() == pytest.approx(1.0 - 0.5**4, abs=0.01)
    table = predictive_table(calibration_targets(), runs, counts, 1, counts).set_index("id")
    assert not table.loc["T16", "covered"]
    assert table.loc["T17", "target"] == 0.5 and table.loc["T17", "covered"]


# ---------------------------------------------------------------------- at the command line


def coins(options, folder, progress):
    """In place of the model: every share of patients is one half."""

    def simulate(population, points, wave):
        shares = [name for name, each in SHARES.items() if each.population == population]
        lucks = [np.random.default_rng(point["seed"]) for point in points]
        return [{s: (float(rng.binomial(9, 0.5)), 9.0) for s in shares} for rng in lucks]

    return simulate


def test_calibrate_leaves_tables_and_figures(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(calibrate, "Model", coins)
    words = ["points=2", "steps=60", "draws=7", "checked=3", f"output={tmp_path}/fit"]
    assert main(["calibrate", *words]) == 0
    draws = pd.read_csv(tmp_path / "fit" / "posterior.csv")
    assert list(draws) == list(PARAMETERS) and len(draws) == 7
    left = {path.name for path in (tmp_path / "fit").rglob("*.*")}
    tables = ("posterior", "parameters", "correlations", "emulators", "coverage", "targets")
    assert {*(f"{each}.csv" for each in tables), "posterior.png", "predictive.png"} <= left
    assert "published values lie in the predicted interval" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("waves=1", "waves = 1 is not allowed: it is in waves, allowed from 2 to 10"),
        ("wave=2", "wave is not a known field: did you mean waves?"),
        ("without=T99", "without: T99 is not a known target of the fit"),
        ("outputs/fit", "calibrate takes fields only"),
    ],
)
def test_calibrate_refuses(word, said, capsys):
    assert main(["calibrate", word]) == 2
    assert said in capsys.readouterr().err


def test_the_model_is_asked_by_a_sweep_that_is_found_again(tmp_path, capsys):

    options = calibrate.Calibration(patients=4, output=str(tmp_path))
    model = calibrate.Model(options, tmp_path, ConsoleProgress())
    points = [{"disease.apoptosis.threshold": t, "seed": i} for i, t in enumerate((0.6, 0.7))]
    first = model("refractory", points, "refractory/wave1")
    assert [each["T19"][1] for each in first] == [4.0, 4.0]
    assert "2 points of 4 patients" in capsys.readouterr().out
    assert model("refractory", points, "refractory/wave1") == first
    assert "points of" not in capsys.readouterr().out


# ---------------------------------------------------------------------- draws in a run


def test_draws_are_of_the_fitted_parameters_within_their_ranges():
    draws = posterior_draws()
    assert set(draws) == set(PARAMETERS)
    prior = declared_prior(parameter_rows(Config()))
    cube = prior.cube(np.array([draws[name] for name in prior.names]).T)
    assert cube.shape == (DRAWS, len(prior.names))
    assert (cube > -1e-3).all() and (cube < 1.001).all()


@pytest.mark.parametrize("population", POPULATIONS)
def test_a_draw_sets_what_was_fitted_and_no_more(population):
    overrides = list(POPULATIONS[population].overrides)
    declared, drawn = compose(overrides), compose([*overrides, "posterior.draw=2"])
    at, before = ({row.path: row.value for row in parameter_rows(c)} for c in (drawn, declared))
    values = {
        PARAMETERS[name].path: posterior_draws()[name][1] for name in parameters_of(population)
    }
    assert {path: at[path] for path in values} == values
    changed = {path for path in at if at[path] != before[path]}
    assert changed <= {each.path for each in PARAMETERS.values()}


def test_what_a_user_sets_is_not_drawn(tmp_path):
    config = compose(["posterior.draw=1", "disease.apoptosis.threshold=0.5"])
    assert config.disease.apoptosis.threshold == 0.5
    assert (
        config.disease.apoptosis.blast_rate == posterior_draws()["disease.apoptosis.blast_rate"][0]
    )


def test_draws_can_be_swept(tmp_path, monkeypatch):
    from leukosim.config.command_line import compose as composed
    from leukosim.runs.sweep import check

    (table,) = composed(["-m", "posterior.draw=range(0,3)", f"output={tmp_path}"])
    result = [each.identity["cohort"]["persistence_share"] for each in check(table).scenarios]
    drawn = posterior_draws()["relaza2.persistence_share"]
    assert result == [compose().cohort.persistence_share, drawn[0], drawn[1]]


@pytest.mark.parametrize(
    ("word", "said"), [("65", "allowed from 0 to 64"), ("first", "is not a whole number")]
)
def test_a_draw_that_there_is_not_is_refused(word, said):
    with pytest.raises(ValueError, match=said):
        compose([f"posterior.draw={word}"])


def test_places_are_drawn_as_often_as_their_weights_say():
    rng = np.random.default_rng(1)
    weights = rng.dirichlet(np.ones(20))
    for _ in range(50):
        drawn = np.bincount(drawn_by_weight(np.log(weights), rng), minlength=20)
        assert (np.abs(drawn - 20 * weights) < 1.0).all()  # systematic: no other draw is possible


def test_a_walker_far_from_the_posterior_is_not_left_there():
    counts = {"T06": (300.0, 1000.0)}

    class Cliff:
        """Flat where hardly any share is possible, but for one narrow place."""

        def predict(self, cube):
            near = (np.abs(cube[:, :2] - 0.8) < 0.1).all(axis=1)
            return np.where(near, np.log(0.3 / 0.7), -8.0), np.full(len(cube), 0.05)

    sample = sample_posterior({"T06": Cliff()}, counts, 5, steps=200, seed=1)
    assert (np.abs(sample.cube[:, :2] - 0.8) < 0.1).all()
