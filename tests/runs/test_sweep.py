"""Sweeps: one dataset of all scenarios, of which none is ever run twice."""

import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hydra._internal.config_loader_impl import ConfigLoaderImpl

from leukosim import cli, discrimination_table
from leukosim.analysis.hypothesis_discrimination import READOUTS
from leukosim.cli import drawing
from leukosim.cli import run as run_verb
from leukosim.config.interpolation import label
from leukosim.figures.registry import figures_for
from leukosim.reports.reference import vocabulary_page
from leukosim.results.netcdf import load_dataset
from leukosim.runs.configured import run_together

SMALL = ["run", "-m", "cohort.size=3", "horizon_days=150"]
AXES = ["trigger.level=1e-4,1e-2", "monitoring.interval_days=28,56,84"]
FOLDER = "outputs/relaza2-by-trigger.level-monitoring.interval_days"


@pytest.fixture(autouse=True)
def _in_an_empty_folder_without_figures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def draw(dataset, folder, console, result=()):
        (folder / "figures").mkdir(exist_ok=True)
        return 0

    monkeypatch.setattr(drawing, "draw", draw)


def test_a_sweep_is_one_dataset_labelled_by_its_axes(capsys, runs):
    assert cli.main([*SMALL, *AXES]) == 0
    assert "0 of 6 scenarios found finished, 6 run" in capsys.readouterr().out
    result = load_dataset(f"{FOLDER}/results.nc")
    assert result.sizes["scenario"] == len(runs) == 6
    assert list(result["trigger.level"].values) == [1e-4] * 3 + [1e-2] * 3
    assert list(result["monitoring.interval_days"].values) == [28, 56, 84] * 2
    assert result["trigger.level"].attrs["unit_label"] == "transcript ratio"
    assert result["monitoring.interval_days"].attrs["units"] == "day"
    assert json.loads(result.attrs["axes"]) == ["trigger.level", "monitoring.interval_days"]
    assert set(result.status.values) == {"finished"}
    assert result.relapse_day.dims == ("scenario", "arm", "patient")
    assert result.genotype.dims == ("patient",)  # the same in all scenarios
    assert "time" not in result.dims  # courses are kept on request
    assert "trigger_level" not in result.attrs  # it differs
    log = pd.read_csv(f"{FOLDER}/decisions.csv")
    assert {"scenario", "trigger.level", "arm", "day"} <= set(log)


def test_a_scenario_is_what_a_run_of_its_own_gives():
    cli.main([*SMALL, *AXES])
    cli.main([*(word for word in SMALL if word != "-m"), "monitoring.interval_days=56"])
    swept = load_dataset(f"{FOLDER}/results.nc")
    alone = load_dataset("outputs/relaza2/results.nc")
    at_56_days = swept["monitoring.interval_days"] == 56
    here = swept.sel(scenario=(swept["trigger.level"] == 0.01) & at_56_days)
    for name in ("molecular_relapse_day", "relapse_day", "follow_up_day", "treatment_days"):
        np.testing.assert_array_equal(here[name].squeeze("scenario"), alone[name])


def test_a_second_call_finds_all_finished_and_runs_none(capsys, runs):
    cli.main([*SMALL, *AXES])
    before = load_dataset(f"{FOLDER}/results.nc")
    capsys.readouterr()
    runs.clear()
    assert cli.main([*SMALL, *AXES]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"6 of 6 scenarios found finished, 0 run: {FOLDER}\n")
    assert runs == []
    xr.testing.assert_identical(load_dataset(f"{FOLDER}/results.nc"), before)


def test_a_sweep_grows_by_what_is_new(capsys, runs):
    cli.main([*SMALL, "trigger.level=1e-4,1e-2", "output=here"])
    runs.clear()
    assert cli.main([*SMALL, "trigger.level=1e-4,1e-3,1e-2", "output=here"]) == 0
    assert [protocol.trigger.level for protocol in runs] == [1e-3]
    assert load_dataset("here/results.nc").sizes["scenario"] == 3


def test_a_sweep_is_a_grid_as_the_page_of_results_says(capsys):
    cli.main([*SMALL, "trigger.level=1e-4,1e-2", "seed=1,2,3", "output=outputs/sweep"])
    program = vocabulary_page().split("```python\n")[1].split("```")[0]
    capsys.readouterr()
    exec(compile(program, "the page of results", "exec"), {})
    said = capsys.readouterr().out
    assert "'trigger.level': 2" in said and "'seed': 3" in said


def test_a_smaller_sweep_does_not_replace_a_larger(capsys):
    cli.main([*SMALL, "trigger.level=1e-4,1e-3,1e-2", "output=here"])
    capsys.readouterr()
    assert cli.main([*SMALL, "trigger.level=1e-4,1e-2", "output=here"]) == 2
    assert (
        "output = here holds a sweep of 3 scenarios, 1 of which are not among these 2: "
        "choose another output, allow overwrite=true, or select from its dataset"
    ) in capsys.readouterr().err


def test_another_sweep_does_not_replace_the_first(capsys):
    cli.main([*SMALL, "trigger.level=1e-4,1e-2", "output=here"])
    before = load_dataset("here/results.nc")
    capsys.readouterr()
    assert cli.main([*SMALL, "trigger.level=1e-4,1e-2", "seed=2", "output=here"]) == 2
    error = capsys.readouterr().err
    assert "output = here holds results of another configuration (seed = 1 there, 2 here)" in error
    xr.testing.assert_identical(load_dataset("here/results.nc"), before)


def test_a_failing_scenario_is_data_and_the_others_go_on(capsys, monkeypatch):
    def fails_once(patients, plans, **settings):
        if any(plan.protocol.trigger.level == 1e-3 for plan in plans):
            raise RuntimeError("no cells")
        return run_together(patients, plans, **settings)

    monkeypatch.setattr("leukosim.runs.configured.run_together", fails_once)
    words = [*SMALL, "trigger.level=1e-4,1e-3,1e-2", "output=here"]
    assert cli.main(words) == 1
    assert "scenario trigger.level=0.001 failed: RuntimeError: no cells" in capsys.readouterr().err
    result = load_dataset("here/results.nc")
    assert list(result.status.values) == ["finished", "failed", "finished"]
    assert result.error.values[1] == "RuntimeError: no cells"
    assert result.follow_up_day.isel(scenario=1).isnull().all()
    assert result.follow_up_day.isel(scenario=2).notnull().all()

    monkeypatch.setattr("leukosim.runs.configured.run_together", run_together)
    assert cli.main(words) == 0  # the same command does what is missing
    assert "2 of 3 scenarios found finished, 1 run" in capsys.readouterr().out
    assert set(load_dataset("here/results.nc").status.values) == {"finished"}


@pytest.mark.end_to_end
def test_a_sweep_killed_half_way_resumes(tmp_path, capsys):
    words = [*SMALL, "seed=range(1,21)", "output=here"]
    program = "from leukosim.cli import main; import sys; sys.exit(main())"
    call = subprocess.Popen(
        [sys.executable, "-c", program, *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 60
    while not list(tmp_path.glob("here/scenarios/[0-9a-f]*.zip")):
        assert call.poll() is None, call.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)
    call.send_signal(signal.SIGKILL)
    call.wait()
    finished = len(list(tmp_path.glob("here/scenarios/[0-9a-f]*.zip")))
    assert 1 <= finished < 20
    assert cli.main(words) == 0
    result, run = map(int, re.search(r"(\d+) of 20 .* (\d+) run", capsys.readouterr().out).groups())
    assert result + run == 20
    assert result >= finished  # its processes may have kept one more before they ended
    assert load_dataset("here/results.nc").sizes["scenario"] == 20


def test_groups_seeds_and_arms_are_axes_too():
    words = ["run", "-m", "horizon_days=100", "output=here"]
    axes = ["cohort=relaza2,after_consolidation", "seed=range(1,3)", "cohort.size=3,4"]
    assert cli.main([*words, *axes]) == 0
    result = load_dataset("here/results.nc")
    assert sorted(json.loads(result.attrs["axes"])) == ["cohort", "cohort.size", "seed"]
    assert list(result["cohort"].values) == ["relaza2"] * 4 + ["after_consolidation"] * 4
    assert result.genotype.dims == ("scenario", "patient")
    assert set(result.genotype.sel(patient=3).values[::2]) == {""}  # cohorts of three


def test_a_choice_is_an_axis_labelled_by_its_name(tmp_path):
    group = tmp_path / "mine" / "belief"
    group.mkdir(parents=True)
    for name, level in {"hopeful": 0.1, "afraid": 0.001}.items():
        text = f"# @package _global_\ntrigger: {{ level: {level} }}\n"
        (group / f"{name}.yaml").write_text(text, encoding="utf-8")
    words = [*SMALL, "--config-dir", "mine", "+belief=hopeful,afraid", "output=here"]
    assert cli.main(words) == 0
    result = load_dataset("here/results.nc")
    assert json.loads(result.attrs["axes"]) == ["belief"]
    assert list(result["belief"].values) == ["hopeful", "afraid"]
    assert result["belief"].dims == ("scenario",)
    assert result["belief"].attrs["long_name"] == "belief"
    differing = [json.loads(each) for each in result["scenario_config"].values]
    assert differing[0] == {}
    assert set(differing[1].values()) == {0.001}
    assert "trigger.level" in differing[1]
    assert json.loads(result.attrs["config"])["trigger"]["level"] == 0.1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.01, 0.01), (28, 28), ("marrow", "marrow"), (None, "null"), (True, "true"),
        (["triggered", "at_relapse"], "triggered, at_relapse"),
    ],
)  # fmt: skip
def test_a_value_is_labelled_as_it_would_be_written(value, shown):
    assert label(value) == shown


@pytest.mark.end_to_end
def test_a_piped_sweep_tells_each_scenario_at_once(tmp_path):
    words = [*SMALL, "seed=range(1,21)", "output=here"]
    program = "from leukosim.cli import main; import sys; sys.exit(main())"
    call = subprocess.Popen(
        [sys.executable, "-c", program, *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    told = ""
    while "scenarios run" not in told:  # lines that are not from us, such as of a compilation
        told = call.stderr.readline()
        assert told, "ended without a word"
    assert re.fullmatch(r"1 of 20 scenarios run: seed=\d+\n", told)
    assert call.poll() is None  # told while it goes on
    call.send_signal(signal.SIGINT)
    _, error = call.communicate(timeout=60)
    assert call.returncode == 130
    kept = "finished scenarios are kept, the same command runs the others"
    assert error.endswith(f"leukosim: interrupted: {kept}\n")
    assert list(tmp_path.glob("here/scenarios/*.zip"))


def test_scenarios_may_differ_in_their_arms():
    assert cli.main([*SMALL, "arms=[triggered],[triggered,maintenance]", "output=here"]) == 0
    result = load_dataset("here/results.nc")
    assert list(result.arm.values) == ["triggered", "maintenance"]
    assert result.follow_up_day.notnull().all(["arm", "patient"]).values.tolist() == [False, True]


def test_without_an_axis_it_is_a_run():
    assert cli.main(SMALL) == 0
    assert "scenario" not in load_dataset("outputs/relaza2/results.nc").dims


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trigger.level=1e-3,2"], "trigger.level = 2 is not allowed"),
        (["trigger.lvel=1,2"], "trigger.lvel is not a known field"),
        (["foo=1,2"], "foo is not a known field"),
        (["output=a,b"], "output cannot be swept"),
        (["seed=1,2", "output="], "output is empty"),
        (["seed=1,2,1"], "seed names 1 more than once"),
        (["executor.workers=1,2"], "executor.workers cannot be swept"),
        (["study=relaza2,relaza3"], "relaza3"),
        (["trigger.level=interval(0,1)"], "trigger.level needs a list or a range of values"),
        (["trigger.level=1e-4,1e-3", "output=/proc/nowhere"], "output = /proc/nowhere cannot be"),
    ],
)
def test_wrong_input_ends_before_anything_runs(capsys, monkeypatch, tmp_path, words, said):
    monkeypatch.setattr("leukosim.runs.configured.run_together", None)
    assert cli.main([*SMALL, *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_hydra_composes_once_for_two_hundred_scenarios_of_values(monkeypatch):
    """It takes a tenth of a second each time; values are set on copies instead."""
    tables, composed = [], []
    compose = ConfigLoaderImpl.load_sweep_config
    monkeypatch.setattr(run_verb, "run_sweep", lambda table, *_: tables.append(table) or 0)
    monkeypatch.setattr(
        ConfigLoaderImpl,
        "load_sweep_config",
        lambda *arguments: composed.append(1) or compose(*arguments),
    )
    cli.main(["run", "-m", "seed=range(0,20)", "trigger.delay_days=range(0,10)"])
    assert len(tables[0].plain) == 200
    assert len(composed) == 1


def test_a_sweep_over_hypotheses_says_what_would_tell_them_apart(capsys):
    """Without the courses of cells, which a sweep does not keep unless asked."""
    words = [
        "run", "-m", "study=venetoclax_resistance", "strategy=[venetoclax]", "cohort.size=8",
        "horizon_days=120", "cohort.lsc_frequency_log10_low=-9.5",
        "cohort.lsc_frequency_log10_high=-9", "executor.workers=1", "output=here",
    ]  # fmt: skip
    assert cli.main([*words, "hypothesis=selection,reprogramming"]) == 0
    printed = capsys.readouterr().err
    table = pd.read_csv("here/discrimination.csv")
    assert list(table["measure"]) == list(READOUTS)
    assert (table["n_one"] > 0).all()
    for measure in READOUTS.values():
        assert measure.label.split(" ")[0] in printed
    assert "selection and" in printed
    assert "hypotheses" in {each.name for each in figures_for(load_dataset("here/results.nc"))}
    pd.testing.assert_frame_equal(
        table, discrimination_table(load_dataset("here/results.nc")), check_dtype=False
    )
