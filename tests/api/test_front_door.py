"""The functions of ``import leukosim``: the numbers, the digest and the errors of the commands."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure

import leukosim
from leukosim import ConfigError
from leukosim.cli import main
from leukosim.config.overrides import as_word, axes_of, words_of

FIELDS = {"cohort.size": 6, "horizon_days": 400, "trigger.level": 1e-3}
WORDS = [f"{name}={value}" for name, value in FIELDS.items()]

# As in a notebook. Only the folder and the numbers of patients are those of the test.
NOTEBOOK = """
import leukosim
import matplotlib.pyplot as plt

result = leukosim.run("relaza2", {"cohort.size": 12, "trigger.level": 1e-3}, workers=2)
print(result.config.trigger.level, result.dataset.sizes["patient"], result.folder)
print(len(result.decisions), len(result.patients))

sweep = leukosim.sweep(
    "relaza2",
    {"trigger.level": [1e-3, 1e-2], "monitoring.interval_days": [28, 56], "cohort.size": 12},
    output="mine",
)
again = leukosim.load("mine")
assert again.digest == sweep.digest
table = leukosim.compare(result, against="at_relapse")
print(table[["arm", "quantity", "value", "low", "high"]].head(3))
figure, axes = plt.subplots()
assert leukosim.draw(result, "relapse_free_survival", ax=axes) is axes
curves = result.dataset.leukosim.survival()
result.dataset.leukosim.plot.relapse_free_survival()
print(sorted(sweep.dataset.leukosim.grid().sizes), len(again.dataset.leukosim.patients()))
"""


@pytest.fixture(scope="module")
def result():
    return leukosim.run("relaza2", FIELDS)


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep") / "mine"
    fields = {**FIELDS, "trigger.level": [1e-3, 1e-2], "monitoring.interval_days": [28, 56]}
    return leukosim.sweep("relaza2", fields, output=folder)


@pytest.mark.end_to_end
def test_a_notebook_of_twenty_lines_runs(tmp_path):
    assert len(NOTEBOOK.strip().splitlines()) <= 22
    done = subprocess.run(
        [sys.executable, "-c", f"import matplotlib; matplotlib.use('agg'){NOTEBOOK}"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "0.001 12 None"
    assert lines[1].split()[1] == "36"
    assert lines[-1].endswith(str(4 * 3 * 12))


def test_the_front_door_and_the_command_give_one_digest(result, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("leukosim.cli.drawing.draw", lambda *_: 0)
    assert main(["run", "study=relaza2", *WORDS, f"output={tmp_path}/run"]) == 0
    by_command = leukosim.load(tmp_path / "run")
    assert by_command.digest == result.digest
    assert differing(result, by_command) == []
    pd.testing.assert_frame_equal(result.decisions, by_command.decisions)


def differing(one, other):
    """The variables of two results that differ in a number or a text."""
    return [
        name
        for name in one.dataset.data_vars
        if not one.dataset[name].astype(str).equals(other.dataset[name].astype(str))
    ]


def test_a_result_in_a_folder_is_read_again(result, tmp_path, monkeypatch):
    first = leukosim.run("relaza2", FIELDS, output=tmp_path / "here")
    assert first.folder == tmp_path / "here"
    assert first.digest == result.digest
    monkeypatch.setattr("leukosim.runs.configured.run_together", None)  # nothing may run
    again = leukosim.run("relaza2", FIELDS, output=tmp_path / "here")
    assert again.digest == first.digest
    with pytest.raises(ConfigError, match="holds results of another configuration"):
        leukosim.run("relaza2", {**FIELDS, "seed": 2}, output=tmp_path / "here")


def test_the_table_of_patients_has_what_the_dataset_has(result):
    table, ds = result.patients, result.dataset
    assert len(table) == ds.sizes["arm"] * ds.sizes["patient"]
    row = table.set_index(["arm", "patient"]).loc[("triggered", 3)]
    one = ds.sel(arm="triggered", patient=3)
    assert row["doubling_days"] == float(one["doubling_days"])
    assert np.array_equal(row["relapse_day"], float(one["relapse_day"]), equal_nan=True)
    assert row["composition_MEP-like"] == float(one["composition"].sel(subtype="MEP-like"))
    assert row["best_response"] == ""  # of patients who begin with overt leukaemia
    assert row["genotype"] == str(one["genotype"].values)


def test_a_sweep_names_its_scenarios(sweep):
    assert sweep.axes == ["trigger.level", "monitoring.interval_days"]
    assert list(sweep.scenarios["status"]) == ["finished"] * 4
    assert sweep.failures == ()
    grid = sweep.grid()
    assert (grid.sizes["trigger.level"], grid.sizes["monitoring.interval_days"]) == (2, 2)
    one = sweep.dataset.isel(scenario=1)
    at = {"trigger.level": 1e-3, "monitoring.interval_days": 56}
    assert grid["relapse_day"].sel(at).equals(one["relapse_day"].reset_coords(drop=True)) or (
        np.array_equal(
            grid["relapse_day"].sel(at).transpose("arm", "patient").values,
            one["relapse_day"].values,
            equal_nan=True,
        )
    )
    assert set(sweep.patients["trigger.level"]) == {1e-3, 1e-2}
    assert len(sweep.patients) == 4 * 3 * 6


def test_a_sweep_in_memory_leaves_no_folder():
    fields = {"seed": [1, 2], "cohort.size": 2, "horizon_days": 60}
    steps = []
    result = leukosim.sweep(
        "relaza2", fields, progress=lambda done, total: steps.append((done, total))
    )
    assert result.folder is None
    assert list(result.grid()["seed"].values) == [1, 2]
    assert steps[0] == (0, 4) and steps[-1] == (4, 4)


def test_comparisons_have_intervals_and_names(result):
    large = leukosim.run("relaza2", {"cohort.size": 12, "horizon_days": 400})
    table = leukosim.compare(large, against="at_relapse")
    differences = table[table["against"] == "at_relapse"]
    assert set(differences["arm"]) == {"triggered", "maintenance"}
    assert (differences.dropna()["low"] <= differences.dropna()["high"]).all()
    named = leukosim.compare({"one": result, "two": result}, days=[365])
    assert len(named)


def test_any_figure_by_its_name(result):
    names = leukosim.figure_names(result)
    assert "relapse_free_survival" in names
    assert isinstance(leukosim.draw(result, names[0], width_mm=89), Figure)
    assert set(names) == set(dir(result.dataset.leukosim.plot))
    with pytest.raises(ConfigError, match="relapse_free_surviva is not a known figure"):
        leukosim.draw(result, "relapse_free_surviva")
    with pytest.raises(AttributeError, match="no figure nonsense"):
        result.dataset.leukosim.plot.nonsense  # noqa: B018


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: leukosim.run("relaza"), "did you mean relaza2?"),
        (lambda: leukosim.run("relaza2", {"cohort.sise": 2}), "did you mean cohort.size?"),
        (lambda: leukosim.run("relaza2", {"cohort.size": 0}), "cohort.size = 0 is not allowed"),
        (lambda: leukosim.run("relaza2", {"trigger.level": [1, 2]}), "leukosim.sweep takes them"),
        (lambda: leukosim.run("relaza2", {"a b": 1}), "'a b' is not the name of a field"),
        (lambda: leukosim.run("relaza2", {"seed": object()}), "is no value of a field"),
        (lambda: leukosim.run("relaza2", {"engine.workers": 1}), "is now executor.workers"),
        (lambda: leukosim.sweep("relaza2", {"seed": 1}), "no field has a list of values"),
        (lambda: leukosim.sweep("relaza2", {"seed": []}), "seed names no value"),
        (lambda: leukosim.load("nowhere"), "there is no result at nowhere"),
        (lambda: leukosim.compare(), "compare needs a result"),
        (lambda: leukosim.compare(3), "int is not a result"),
        (lambda: leukosim.search("relaza2", {"trigger.level": 3}), "is no space of a field"),
        (lambda: leukosim.sensitivity("relaza2", options={"walks": 1}), "walks is not a known"),
        (lambda: leukosim.calibrate({"pints": 1}), "did you mean options.points?"),
        (lambda: leukosim.calibrate({"hypotheses": ["nope"]}), "nope is not a known hypothesis"),
        (lambda: leukosim.run(None), "study = None is not the name of a study"),
        (lambda: leukosim.run("relaza2", ["cohort.size=3"]), "is not a mapping"),
        (lambda: leukosim.run("relaza2", {"study": "blast"}), "study is an argument of its own"),
        (lambda: leukosim.run("relaza2", {"~cohort.size": None}), "is not the name of a field"),
        (lambda: leukosim.run("relaza2", {"hydra.mode": "RUN"}), "nothing of hydra can be set"),
        (lambda: leukosim.run("relaza2", overwrite="false"), "is not true or false"),
        (lambda: leukosim.run("relaza2", output=3), "output = 3 is not a folder"),
        (lambda: leukosim.run("relaza2", output=""), "output = '' is not a folder"),
        (lambda: leukosim.run("relaza2", progress=3), "progress = 3 is not allowed"),
        (lambda: leukosim.run("relaza2", {"executor.workers": 1}, workers=2), "are the same"),
        (lambda: leukosim.run("relaza2", workers=-1), "executor.workers = -1 is not allowed"),
        (lambda: leukosim.sweep("relaza2", None), "overrides = None is not a mapping"),
        (lambda: leukosim.load(3), "path = 3 is not a folder"),
        (lambda: leukosim.compare(xr.Dataset()), "is not a result of leukosim"),
        (lambda: leukosim.draw(xr.Dataset(), 3), "name = 3 is not the name of a figure"),
        (lambda: leukosim.draw(xr.Dataset(), "a", ax=3), "ax is int: allowed are plain axes"),
        (lambda: leukosim.draw(xr.Dataset(), "a", width_mm=-1), "width_mm = -1 is not allowed"),
        (lambda: leukosim.search("relaza2", None), "space = None is not a mapping"),
        (lambda: xr.Dataset().leukosim.survival(), "is not a result of leukosim"),
    ],
)
def test_wrong_input_is_one_sentence_before_anything_runs(call, sentence, monkeypatch):
    monkeypatch.setattr("leukosim.runs.configured.run_together", None)
    with pytest.raises(ConfigError) as error:
        call()
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_old_names_are_explained():
    with pytest.raises(AttributeError, match=r"leukosim\.Course is now leukosim\.Regimen"):
        leukosim.Course  # noqa: B018


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (None, "null"), (True, "true"), (1e-3, "0.001"), (np.float64(0.5), "0.5"), (7, "7"),
        ("triggered", "triggered"), ("a b", "'a b'"), ("it's", r"'it\'s'"), ("1.5", "'1.5'"),
        ([1, 2.5], "[1,2.5]"), ({"days": [1]}, "{days:[1]}"), ("", "''"), ("x\\", r"'x\\'"),
    ],
)  # fmt: skip
def test_values_are_written_as_hydra_reads_them(value, word):
    from hydra.core.override_parser.overrides_parser import OverridesParser

    assert as_word(value) == word
    read = OverridesParser.create().parse_override(f"a={word}").value()
    assert getattr(read, "text", read) == (value.item() if isinstance(value, np.generic) else value)


def test_lists_are_axes_unless_the_field_holds_one():
    fixed, varied = axes_of(
        {"arms": ["a", "b"], "seed": range(2), "x.days": [1, 2], "y.days": [[1], [2]], "z": 1}
    )
    assert fixed == {"arms": ["a", "b"], "x.days": [1, 2], "z": 1}
    assert varied == {"seed": "choice(0,1)", "y.days": "choice([1],[2])"}


def test_words_are_those_of_the_command_line(tmp_path):
    words = words_of("blast", {"seed": 2}, config_dir=tmp_path, workers=1, output="a b")
    assert words == [
        "--config-dir", str(tmp_path), "study=blast", "seed=2", "executor.workers=1",
        "output='a b'",
    ]  # fmt: skip


def test_a_grid_is_refused_where_a_scenario_has_to_be_chosen(sweep):
    grid = sweep.grid()
    for call in (
        grid.leukosim.survival, grid.leukosim.patients, lambda: leukosim.compare(grid),
        lambda: leukosim.draw(grid, "relapse_free_survival"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match="is a grid over trigger.level"):
            call()
    point = grid.sel({"trigger.level": 1e-3, "monitoring.interval_days": 28})
    assert len(point.leukosim.patients()) == 3 * 6


def test_a_sweep_of_one_value_is_a_sweep(tmp_path):
    fields = {"trigger.level": [1e-3], "cohort.size": 2, "horizon_days": 60}
    one = leukosim.sweep("relaza2", fields, output=tmp_path / "one")
    assert list(one.grid()["trigger.level"].values) == [1e-3]


def test_a_result_has_a_short_name(result, sweep):
    assert repr(result).startswith("RunResult(leukosim: relaza2: 3 arms, 6 patients; in memory")
    assert "4 scenarios" in repr(sweep)


def test_a_dataset_has_the_accessor_from_the_front_door_on(sweep):
    assert isinstance(xr.Dataset().leukosim.grid, object)
    with pytest.raises(ConfigError, match="select a scenario"):
        sweep.dataset.leukosim.survival()
