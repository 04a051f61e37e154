"""Type checkers know what ``import leukosim`` offers, and refuse wrong keywords."""

import subprocess
import sys
from importlib import import_module

import pytest

import leukosim

SCRIPT = """
import leukosim

result = leukosim.run("relaza2", {"cohort.size": 4}, workers=1)
reveal_type(result)
reveal_type(result.dataset)
reveal_type(result.config.cohort.size)
reveal_type(leukosim.sweep("relaza2", {"seed": [1, 2]}).grid())
reveal_type(leukosim.load("outputs/mine"))
patients = leukosim.draw_cohort(leukosim.Cohort(size=2), leukosim.Disease(), seed=1)
trial = leukosim.run_trial(patients, {})
reveal_type(trial)
leukosim.run("relaza2", worker=2)
leukosim.sweep("relaza2")
leukosim.Cohort(sise=2)
"""
REVEALED = [
    "leukosim.api.results.RunResult",
    "xarray.core.dataset.Dataset",
    "int",
    "xarray.core.dataset.Dataset",
    "leukosim.api.results.RunResult",  # of which a sweep is one
    "leukosim.trial.run.Trial",
]
ERRORS = [
    'Unexpected keyword argument "worker" for "run"; did you mean "workers"?',
    'Missing positional argument "overrides" in call to "sweep"',
    'Unexpected keyword argument "sise" for "Cohort"',
]


@pytest.mark.slow
def test_a_type_checker_knows_the_results_and_the_keywords(tmp_path, request):
    pytest.importorskip("mypy")
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [
        sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-codes",
        "--cache-dir", str(request.config.rootpath / ".mypy_cache"), "script.py",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    revealed = [line.split('"')[1] for line in lines if "Revealed type" in line]
    assert [each.replace("builtins.", "") for each in revealed] == REVEALED
    errors = [line.partition("error: ")[2] for line in lines if "error: " in line]
    assert len(errors) == len(ERRORS)
    for said, expected in zip(errors, ERRORS, strict=True):
        assert said.startswith(expected)  # whether a guess follows depends on mypy's cache


def test_the_stub_lists_what_the_package_imports():
    stub = (import_module("pathlib").Path(leukosim.__file__)).with_suffix(".pyi").read_text()
    for name in leukosim.__all__:
        assert f"{name} as {name}" in stub or name == "__version__", name
        assert getattr(leukosim, name) is not None
