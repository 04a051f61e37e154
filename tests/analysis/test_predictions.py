"""Predictions: chance as it is, tables that stay frozen, outcomes judged fairly."""

import json
from pathlib import Path

import lifelines
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from synthetic import dataset_of_arms, trial

from leukosim import cli
from leukosim.analysis.predictions import (
    PREDICTIONS,
    QUANTITIES,
    RECORD,
    Forecast,
    compare,
    coverage,
    predict,
    read_frozen,
)
from leukosim.analysis.predictions.forecast import scaled
from leukosim.analysis.predictions.quantities import values_of
from leukosim.analysis.predictions.trials import median_times, sample_patients, trials_of
from leukosim.config.compose import as_plain, compose
from leukosim.results import netcdf, provenance

OWN = Path(__file__).parents[2] / "experiments" / "validation"
BY_ID = {each.id: each for each in QUANTITIES}


def study(ds, name, seed=1):
    """A dataset as the result of a study."""
    identity = provenance.identity_of(as_plain(compose([f"study={name}", f"seed={seed}"])))
    return ds.assign_attrs(provenance.provenance(identity, f"{name}-{seed}"))


# ---------------------------------------------------------------------- chance


@pytest.mark.parametrize(("pool", "times"), [(5_000, 1.0), (53, 2.0)])
def test_a_share_varies_as_trials_of_that_size_do(pool, times):
    """Var = p (1 - p) / n, doubled where the pool is no larger than the trial.

    Within 5 standard errors of the standard deviation of so many draws: once in 2 million.
    """
    met = (np.arange(pool) < 0.3 * pool).astype(float)
    draws = 4000 if pool < 100 else 1000
    shares = trials_of(BY_ID["V01"], [met], draws, np.random.default_rng(1))
    law = np.sqrt(times * 0.3 * 0.7 / 53)
    assert shares.std() == pytest.approx(law, rel=5.0 / np.sqrt(2 * draws))


def test_medians_are_those_of_lifelines():
    rng = np.random.default_rng(2)
    times = np.stack([rng.exponential(300.0, 60).round(), rng.random(60) < 0.7], axis=1)
    who = sample_patients(60, 80, 20, rng)
    for result, each in zip(median_times(times, who), who, strict=True):
        day, event = times[each].T
        assert result == lifelines.KaplanMeierFitter().fit(day, event).median_survival_time_


def test_a_hazard_ratio_is_that_of_its_arms():
    """Hazards of 1/200 and 1/100 a day; the median of trials of 431 has an error below 0.01."""
    rng = np.random.default_rng(3)
    arms = [np.stack([rng.exponential(mean, 5000), np.ones(5000)], 1) for mean in (200.0, 100.0)]
    ratios = trials_of(BY_ID["V03"], arms, 400, rng)
    assert np.median(ratios) == pytest.approx(0.5, abs=0.05)


def test_a_sweep_over_parameters_is_wider_than_chance_alone():
    treated = {"treatment_start_day": 207.0}
    ill = {**treated, "relapse_day": 300.0}
    well, ill = (dataset_of_arms({"triggered": [ill] * n + [treated] * (20 - n)}) for n in (4, 16))
    both = study(xr.concat([well, ill], "scenario"), "relaza2")
    row = predict([both], Forecast(draws=1000)).set_index("id").loc["V01"]
    assert row["low_all"] < row["low"] <= row["high"]
    assert row["sd_all"] > row["sd"] > 0


# ---------------------------------------------------------------------- what is foretold


def test_every_quantity_is_said_whole():
    assert len(BY_ID) == len(QUANTITIES)
    for each in QUANTITIES:
        assert each.n > 0 and each.population and each.definition
        assert len(each.arms) == (2 if each.kind == "hazard ratio" else 1)


@pytest.mark.parametrize(
    ("name", "patients", "expected"),
    [
        # a year of treatment: free, relapsed in it, begun too late to know, never treated
        ("V01", [
            {"treatment_start_day": 100.0}, {"treatment_start_day": 100.0, "relapse_day": 400.0},
            {"treatment_start_day": 500.0}, {},
        ], [1.0, 0.0]),
        ("V12", [
            {"molecular_relapse_day": 100.0, "relapse_day": 163.0}, {"relapse_day": 90.0},
            {"molecular_relapse_day": 100.0},
        ], [63.0]),
        ("V13", [
            {"molecular_relapse_day": 100.0, "relapse_day": 163.0}, {"relapse_day": 90.0},
            {"molecular_relapse_day": 100.0}, {},
        ], [0.0, 1.0]),
        # six and seven days without a dose, and seven without a response
        ("V08", [
            {"best_response": 4, "cycles": [(0, 20), (27, 40)]},
            {"best_response": 3, "cycles": [(0, 20), (28, 40)]},
            {"best_response": 1, "cycles": [(0, 20), (28, 40)]},
        ], [0.0, 1.0]),
        ("V04", [
            {"best_response": 4, "overt_blasts": 1e12}, {"best_response": 3, "overt_blasts": 1e12},
        ], [1.0, 0.0]),
    ],
)  # fmt: skip
def test_a_quantity_counts_whom_it_says(name, patients, expected):
    quantity = BY_ID[name]
    (values,) = values_of(quantity, dataset_of_arms({quantity.arms[0]: patients}))
    assert list(values) == expected


def test_too_few_patients_foretell_nothing():
    ds = study(dataset_of_arms({"triggered": [{"treatment_start_day": 9.0}] * 9}), "relaza2")
    assert predict([ds], Forecast(draws=100)).empty


# ---------------------------------------------------------------------- outcomes


def table_of(value=0.4, n=50, unit="probability"):
    """One prediction, as wide as chance makes it."""
    sd = np.sqrt(1.0 / (n * value * (1 - value)))
    low, high = (1 / (1 + np.exp(-(np.log(value / (1 - value)) + z * sd))) for z in (-1.96, 1.96))
    nothing = dict.fromkeys(("low_all", "high_all", "sd_all"), np.nan)
    return pd.DataFrame(
        [dict(id="V01", unit=unit, n=n, value=value, low=low, high=high, sd=sd, **nothing)]
    )


def observed(value, n=50.0):
    return pd.DataFrame([dict(id="V01", value=value, n=n, low=np.nan, high=np.nan, source="x")])


def test_outcomes_of_the_very_model_have_uniform_p_values():
    """Of 500 trials, within 4 standard errors of the shares: once in some 10,000."""
    shares = np.random.default_rng(4).binomial(200, 0.4, 500) / 200
    names = [f"V{i}" for i in range(500)]
    table = pd.concat([table_of(n=200)] * 500, ignore_index=True).assign(id=names)
    outcomes = pd.concat([observed(share, 200) for share in shares], ignore_index=True)
    p = compare(table, outcomes.assign(id=names))["p"]
    assert abs((p < 0.05).mean() - 0.05) < 0.04
    assert abs((p < 0.5).mean() - 0.5) < 0.09


def test_a_larger_trial_is_judged_more_strictly():
    table = table_of()
    one, four = (compare(table, observed(0.5, n)).iloc[0] for n in (50, 200))
    assert four["z"] == pytest.approx(2.0 * one["z"])
    assert one["z"] == pytest.approx(
        (scaled(0.5, "probability", 50) - scaled(0.4, "probability", 50)) / table["sd"][0]
    )
    assert bool(one["inside"]) and one["p"] > four["p"]


def test_what_was_not_observed_is_not_judged():
    compared = compare(table_of(), observed(0.4).head(0))
    assert compared["z"].isna().all()
    assert coverage(compared)[:2] == (0, 0)


# ---------------------------------------------------------------------- frozen


def test_the_published_predictions_are_those_that_were_frozen():
    table, record = read_frozen(OWN / PREDICTIONS)
    assert list(table["id"]) == [each.id for each in QUANTITIES]
    assert {each["study"] for each in record["results"]} == {each.study for each in QUANTITIES}


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ds = study(trial(60), "relaza2")
    netcdf.save_dataset(ds, Path("here/results.nc"))
    return Path("here")


def test_from_results_to_a_verdict(results, capsys):
    words = ["predict", "here", "draws=200", "output=there"]
    assert cli.main(words) == 0
    assert "V02" in capsys.readouterr().out  # not foretold by this study
    table, record = read_frozen(Path("there") / PREDICTIONS)
    assert {"V01", "V09", "V12"} <= set(table["id"])
    assert record["results"][0]["patients"] == 60
    before = Path("there", PREDICTIONS).read_bytes()
    assert cli.main(words) == 2
    assert "is frozen" in capsys.readouterr().err
    assert cli.main([*words[:-1], "output=again"]) == 0
    assert Path("again", PREDICTIONS).read_bytes() == before
    rows = pd.DataFrame(
        {"id": ["V01"], "value": [0.5], "n": [53], "low": None, "high": None, "source": "a trial"}
    )
    rows.to_csv("there/observed.csv", index=False)
    capsys.readouterr()
    assert cli.main(["validate", "there"]) == 0
    assert "of 1 observed values" in capsys.readouterr().out
    assert Path("there/figures/validation.svg").is_file()


def test_a_changed_prediction_is_refused(results, capsys):
    cli.main(["predict", "here", "draws=200", "output=there"])
    file = Path("there", PREDICTIONS)
    text = file.read_text()
    file.write_text(text.replace("0.", "1.", 1))
    Path("there/observed.csv").write_text("id,value,n,low,high,source\n")
    capsys.readouterr()
    assert cli.main(["validate", "there"]) == 2
    assert "was changed after" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("V99,0.5,10,,,x", "V99 is not a known prediction"),
        (
            "V01,1.5,10,,,x",
            "V01.value = 1.5 is not allowed: it is in probability, allowed from 0 to 1",
        ),
        ("V01,half,10,,,x", "V01.value = half is not a number, in probability"),
        ("V01,0.5,,,,x", "V01 needs n, or low and high"),
        ("V01,0.5,10,,,", "V01.source is empty"),
        ("V01,0.5,10,,,x\nV01,0.5,10,,,x", "V01 is there twice"),
    ],
)
def test_wrong_outcomes_are_one_sentence(results, capsys, row, sentence):
    cli.main(["predict", "here", "draws=100", "output=there"])
    Path("there/observed.csv").write_text(f"id,value,n,low,high,source\n{row}\n")
    capsys.readouterr()
    assert cli.main(["validate", "there"]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


def test_the_record_says_by_what_it_was_made():
    record = json.loads((OWN / RECORD).read_text())
    assert set(record) >= {
        "sha256",
        "made",
        "source",
        "commit",
        "code",
        "trials",
        "seed",
        "results",
    }
