"""``leukosim sensitivity``, called as a user calls it."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from leukosim import cli
from leukosim.analysis.sensitivity import Sensitivity
from leukosim.cli import sensitivity as verb
from leukosim.config.reading import names_of
from leukosim.config.schema import Config
from leukosim.figures.elements.formats import FORMATS
from leukosim.runs import sensitivity

FEW = ("cohort.size=2", "horizon_days=730", "after_relapse_days=0", "executor.workers=1")
STEPS = ("only=cohort.genotypes.NPM1", "group_trajectories=0", "trajectories=2", "resamples=100")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def called(capsys, *words):
    code = cli.main(["sensitivity", *words])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def _known_answer(monkeypatch):
    """Instead of trials: 80 patients, whose numbers follow from two parameters by a known law."""

    def simulate(question, step, factors, coordinates, words, patients=0):
        paths = [factor.path for factor in factors]
        own = {
            "cohort.residual_log10_mean": 0.5, "cohort.responsiveness_logit_mean": 0.5,
        }  # fmt: skip
        x = {
            path: np.nan_to_num(coordinates[:, paths.index(path)], nan=default)
            if path in paths
            else np.full(len(coordinates), default)
            for path, default in own.items()
        }
        rng = np.random.default_rng(1).normal(size=80)
        mean, answer = x.values()
        values = 0.6 * mean[:, None] * (1.0 + 0.1 * rng) - 0.3 * answer[:, None] + rng
        return {each.name: values for each in question.headlines}

    monkeypatch.setattr(sensitivity, "simulate", simulate)
    monkeypatch.setattr(verb, "origin_of", lambda *_: xr.Dataset(attrs={"seed": "1"}))


@pytest.mark.usefixtures("_known_answer")
def test_what_decides_is_found_and_reported(capsys, tmp_path):
    code, out, err = called(
        capsys, "study=relaza2", "only=cohort,disease.niche", "leave_out=cohort.age_sd_years",
        "headlines=gain", "surrogate_points=16", "sobol_points=64", "leading=5", "resamples=100",
        "output=here",
    )  # fmt: skip
    assert (code, err) == (0, "")
    morris = pd.read_csv("here/morris.csv")
    first, second, *others = morris.itertuples()
    assert (first.parameter, second.parameter) == (
        "cohort.residual_log10_mean", "cohort.responsiveness_logit_mean"
    )  # fmt: skip
    assert first.mu_star == pytest.approx(0.6, abs=0.02)
    assert second.mu_star == pytest.approx(0.3, abs=0.01)
    assert first.is_beyond_chance and second.is_beyond_chance
    assert not any(each.is_beyond_chance or each.mu_star > 1e-9 for each in others)
    why = pd.read_csv("here/parameters.csv").set_index("parameter")["why_not"]
    assert why["cohort.age_sd_years"] == "is not among those asked for"
    assert why["disease.niche.hill"] == "changes no patient, with its section"
    assert pd.isna(why["cohort.residual_log10_mean"])
    tornado = pd.read_csv("here/tornado.csv")
    changes = tornado.set_index(["parameter", "end"])["change"]
    assert changes["cohort.responsiveness_logit_mean", "high"] == pytest.approx(-0.15)
    sobol = pd.read_csv("here/sobol.csv").set_index("parameter")
    shares = [0.8, 0.2]  # of the squares of 0.6 and 0.3
    assert sobol["total"].tolist() == pytest.approx(shares, abs=0.05)
    assert (sobol["r2"] > 0.9).all()
    assert f"2 of {len(morris)} parameters are beyond chance" in out.replace("\n", " ")
    figures = {path.name for path in (tmp_path / "here" / "figures").iterdir()}
    names = ("screening", "tornado", "sobol_indices")
    assert figures == {f"{name}.{end}" for name in names for end in FORMATS + ("json", "csv")}


def test_a_design_is_run_once_and_continued(capsys, tmp_path):
    words = ("study=relaza2", *FEW, *STEPS)
    code, out, _ = called(capsys, *words)
    assert code == 0
    assert "morris: 2 parameters, 6 points of 2 patients in triggered, at_relapse" in out
    folder = tmp_path / "outputs" / "relaza2-sensitivity"
    kept = {path: path.read_bytes() for path in folder.rglob("*.csv")}
    parts = list((folder / "morris" / "scenarios").iterdir())
    assert {path.name for path in folder.glob("*.csv")} == {
        "parameters.csv", "morris.csv", "precision.csv"
    }  # fmt: skip
    parts[0].unlink()
    (folder / "morris" / "results.nc").unlink()
    code, _, err = called(capsys, *words)
    assert code == 0
    assert "1 of 1 scenarios run" in err
    assert kept == {path: path.read_bytes() for path in folder.rglob("*.csv")}
    code, out, _ = called(capsys, *words, "trajectories=3")  # a design may grow
    assert code == 0
    assert "9 points" in out
    kept = {path: path.read_bytes() for path in folder.rglob("*.csv")}
    code, _, err = called(capsys, *words, "only=cohort", "seed=2")
    assert code == 2
    assert "holds results of" in err
    assert kept == {path: path.read_bytes() for path in folder.rglob("*.csv")}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["study=relaza2", "trajectories=1"], "trajectories = 1 is not allowed"),
        (["study=relaza2", "headlines=gian"], "did you mean gain?"),
        (["study=relaza2", "horizon_days=365"], "horizon_days = 365 (day) is too short"),
        (["study=relaza2", "only=cohort.siz"], "only: cohort.siz names no estimate"),
        (["study=relaza2", "strategy=[triggered]"], "at_relapse missing"),
        (["-m", "study=relaza2", "seed=1,2"], "it takes no -m"),
        (["study=relaza2", "output="], "output is empty"),
    ],
)
def test_wrong_words_are_refused_before_anything_runs(capsys, tmp_path, words, says):
    code, out, err = called(capsys, *words)
    assert (code, out) == (2, "")
    assert says in err
    assert not list(tmp_path.iterdir())


def test_its_fields_are_no_fields_of_a_run():
    """So that no prefix is needed to tell them apart."""
    assert not set(names_of(Sensitivity)) & set(names_of(Config))
