"""``leukosim compare``, called as a user calls it, on results without a simulation."""

import numpy as np
import pandas as pd
import pytest
from synthetic import dataset_of_arms, sweep, trial

from leukosim import cli
from leukosim.results.netcdf import save_dataset


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def keep(ds, folder):
    """A dataset as a result in a folder."""
    from pathlib import Path

    both = ("arm", "patient") if "scenario" not in ds.dims else ("scenario", "arm", "patient")
    shape = [ds.sizes[dim] for dim in both]
    days = np.random.default_rng(1).integers(0, 60, shape).astype(float)
    ds = ds.assign(treatment_days=(both, days)).assign_attrs(digest="x")
    save_dataset(ds, Path(folder) / "results.nc")
    return folder


def called(capsys, *words):
    code = cli.main(words)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_a_comparison_is_printed_written_and_drawn(capsys, tmp_path):
    keep(trial(40), "here")
    code, out, err = called(capsys, "compare", "here")
    assert (code, err) == (0, "")
    assert "Difference from at_relapse" in out
    assert "number needed to treat" in out
    table = pd.read_csv("here/comparison.csv")
    row = table[
        (table["quantity"] == "survival") & (table["day"] == 730) & (table["arm"] == "triggered")
    ]
    assert f"{100 * row['value'].iloc[0]:+.1f}".replace("-", "−") in out
    assert len(pd.read_csv("here/individual_effects.csv")) == 80
    assert len(pd.read_csv("here/ranking.csv")) == 3
    figures = {path.name for path in (tmp_path / "here" / "figures").iterdir()}
    ends = ("pdf", "svg", "png", "json", "csv")
    assert figures == {f"{n}.{e}" for n in ("comparison", "individual_effects") for e in ends}


def test_the_same_command_writes_the_same_bytes(capsys, tmp_path):
    keep(trial(30), "here")
    called(capsys, "compare", "here", "output=one")
    called(capsys, "compare", "here/results.nc", "output=two")
    one, two = ({p.relative_to(tmp_path / f): p.read_bytes() for p in (tmp_path / f).rglob("*.*")}
                for f in ("one", "two"))  # fmt: skip
    assert len(one) == 13
    assert one == two


def test_arms_days_and_reference_can_be_chosen(capsys):
    keep(trial(20), "here")
    code, _, _ = called(
        capsys, "compare", "here", "arms=triggered", "against=maintenance", "days=200,400",
        "until_day=500", "output=there",
    )  # fmt: skip
    assert code == 0
    table = pd.read_csv("there/comparison.csv")
    assert set(table["arm"]) == {"triggered", "maintenance"}
    assert set(table[table["quantity"] == "survival"]["day"]) == {200, 400}
    assert set(table[table["quantity"] == "restricted mean"]["day"]) == {500}


def test_scenarios_and_folders(capsys):
    keep(sweep({"trigger.level": [1e-3, 1e-2]}, 20), "sweep")
    code, out, _ = called(capsys, "compare", "sweep")
    assert code == 0
    assert "trigger.level=0.001" in out
    name = "triggered (trigger.level=0.01)"
    code, out, _ = called(capsys, "compare", "sweep", f"against={name}", f"arms={name}")
    assert code == 0
    keep(trial(20), "mine")
    keep(trial(20, effect=3.0), "other")
    code, out, _ = called(capsys, "compare", "mine", "other", "arms=triggered")
    assert code == 0
    assert "triggered (other)" in out
    assert not pd.read_csv("mine/comparison.csv").empty


@pytest.mark.slow
@pytest.mark.parametrize(
    "patients", [[{}], [{}] * 12, [{"relapse_day": 90.0}] * 12], ids=["one", "none", "all"]
)
@pytest.mark.parametrize("arms", [("only",), ("a", "b"), tuple("abcdef")])
def test_few_data_are_no_error(capsys, patients, arms):
    keep(dataset_of_arms(dict.fromkeys(arms, patients)), "here")
    code, _, err = called(capsys, "compare", "here")
    assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "compare needs one to 9 results"),
        (["nowhere"], "there is no result at 'nowhere'"),
        (["here", "here"], "is named twice"),
        (["here", "against=nobody"], "against: nobody is not a known arm"),
        (["here", "arms=nobody"], "arms: nobody is not a known arm"),
        (["here", "days=9999"], "days = 9999 (day) lies beyond the follow-up"),
        (["here", "days=-1"], "days = -1 is not allowed: it is in day, allowed from 1 to 36525"),
        (["here", "days=soon"], "days = soon is not a number"),
        (["here", "resamples=1"], "resamples = 1 is not allowed"),
        (["here", "day=365"], "day is not a known field: did you mean days?"),
        (["here", "seed=[1"], "compare: "),
        (["here", "=1"], "leukosim: "),
        (["here", "other"], "of the patients differs between here and other"),
        (["text"], "cannot be read, as it is damaged or no netCDF file"),
    ],
)
def test_wrong_input_is_one_sentence(capsys, tmp_path, words, sentence):
    keep(trial(12), "here")
    keep(trial(12, seed=2), "other")
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "results.nc").write_text("no dataset")
    code, out, err = called(capsys, "compare", *words)
    assert code == 2
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1
