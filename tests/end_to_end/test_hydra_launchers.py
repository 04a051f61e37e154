"""Sweepers and launchers of Hydra: each gives the data of leukosim's own sweep, or is refused.

Plug-ins of Hydra exclude each other's versions, so they have environments of their own: install
``hydra-joblib-launcher``, ``hydra-submitit-launcher`` and ``hydra-optuna-sweeper`` beside leukosim
and run this file. Plug-ins that are not installed are skipped.
"""

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from leukosim.cli import main
from leukosim.results.netcdf import load_dataset

pytestmark = pytest.mark.end_to_end

SMALL = ["study=relaza2", "cohort.size=3", "horizon_days=120", "arms=[triggered]"]
LEVELS = ("0.001", "0.01")
PACKAGES = {
    "basic": "hydra", "joblib": "hydra_plugins.hydra_joblib_launcher",
    "submitit_local": "hydra_plugins.hydra_submitit_launcher",
    "optuna": "hydra_plugins.hydra_optuna_sweeper",
}  # fmt: skip
OPTIONS = {
    "basic": ["trigger.level=0.001,0.01"],
    "optuna": [
        "hydra/sweeper/sampler=grid", "hydra.sweeper.direction=maximize", "hydra.sweeper.n_jobs=2",
        "hydra.sweeper.n_trials=2", "trigger.level=choice(0.001,0.01)",
    ],
}  # fmt: skip


def installed(plugin):
    try:
        return find_spec(PACKAGES[plugin]) is not None
    except ModuleNotFoundError:
        return False


def leukosim(*words, cwd):
    command = [sys.executable, "-m", "leukosim", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The dataset of leukosim's own sweep."""
    folder = tmp_path_factory.mktemp("own")
    done = leukosim("run", "-m", *SMALL, "trigger.level=0.001,0.01", "output=own", cwd=folder)
    assert done.returncode == 0, done.stderr
    return load_dataset(folder / "own" / "results.nc")


@pytest.mark.parametrize("launcher", ["basic", "joblib", "submitit_local"])
@pytest.mark.parametrize("sweeper", ["basic", "optuna"])
def test_jobs_of_hydra_give_the_same_data(own, tmp_path, sweeper, launcher):
    for plugin in (sweeper, launcher):
        if not installed(plugin):
            pytest.skip(f"{plugin} is not installed")
    chosen = [f"hydra/sweeper={sweeper}", f"hydra/launcher={launcher}"]
    done = leukosim("run", "-m", *chosen, *OPTIONS[sweeper], *SMALL, "output=jobs", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "a folder for each job" in done.stdout
    results = sorted((tmp_path / "jobs").glob("*/results.nc"))
    assert len(results) == len(LEVELS)
    for path in results:
        level = float(path.parent.name.partition("trigger.level=")[2])
        job = load_dataset(path)
        same = own.isel(scenario=own["trigger.level"].values.tolist().index(level))
        for name in ("relapse_day", "molecular_relapse_day", "treatment_days", "death_day"):
            np.testing.assert_array_equal(job[name].values, same[name].values)
    assert [path.name for path in tmp_path.iterdir()] == ["jobs"]
    if sweeper == "optuna":
        assert (tmp_path / "jobs" / "optimization_results.yaml").exists()


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
@pytest.mark.parametrize("sweeper", ["leukosim", "search"])
def test_sweeps_of_leukosim_refuse_a_launcher(tmp_path, monkeypatch, capsys, sweeper, launcher):
    if not installed(launcher):
        pytest.skip(f"{launcher} is not installed")
    monkeypatch.chdir(tmp_path)
    words = [f"hydra/sweeper={sweeper}", f"hydra/launcher={launcher}", "trigger.level=0.001,0.01"]
    assert main(["run", "-m", *words, *SMALL, "output=jobs"]) == 2
    assert f"hydra/launcher={launcher} has no effect" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_job_that_fails_fails_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["hydra/sweeper=basic", "trigger.level=0.001,2"]
    assert main(["run", "-m", *words, *SMALL, "output=jobs"]) == 2
    assert "trigger.level = 2 is not allowed" in capsys.readouterr().err
