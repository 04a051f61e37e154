"""Jobs that nobody waits for leave the results that a waiting command leaves."""

import subprocess
import sys
import time

import pytest
import xarray as xr

from leukosim.results.netcdf import load_dataset

pytest.importorskip("submitit")
pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(sys.platform == "win32", reason="signals"),
]

WORDS = ["run", "-m", "cohort.size=3", "horizon_days=90", "seed=1,2,3", "trigger.level=1e-4,1e-2"]
SUBMIT = ["executor=slurm", "executor.workers=2", "executor.cluster=local", "executor.submit=true"]


def leukosim(folder, *words):
    """What a command prints, into a file: jobs of this machine would keep a pipe open."""
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        done = subprocess.run(
            [sys.executable, "-m", "leukosim", *words],
            cwd=folder, stdout=out, stderr=err, timeout=200,
        )  # fmt: skip
    assert done.returncode == 0, (folder / "err").read_text()
    return (folder / "out").read_text()


def until_merged(folder, output):
    end = time.monotonic() + 200.0
    while "results: merged" not in (printed := leukosim(folder, "status", output)):
        assert time.monotonic() < end, printed
        assert "not running" not in printed, printed
        time.sleep(1.0)


def test_a_sweep_is_submitted_run_and_merged(tmp_path):
    printed = leukosim(tmp_path, *WORDS, *SUBMIT, "output=there")
    assert printed.startswith("2 jobs submitted (")
    assert not (tmp_path / "there" / "results.nc").exists()  # nobody has waited
    until_merged(tmp_path, "there")
    leukosim(tmp_path, *WORDS, "executor.workers=1", "output=here")
    here, there = (load_dataset(tmp_path / name / "results.nc") for name in ("here", "there"))
    for each in (here, there):
        del each.attrs["commit"]  # somebody may be working on the code meanwhile
    xr.testing.assert_identical(here, there)
    printed = leukosim(tmp_path, *WORDS, *SUBMIT, "output=there")
    assert printed.startswith("6 of 6 scenarios found finished, 0 run")


def test_a_run_is_submitted_as_a_whole(tmp_path):
    words = ["run", "cohort.size=3", "horizon_days=90", *SUBMIT, "output=one"]
    assert "submitted, which gives this command" in leukosim(tmp_path, *words)
    end = time.monotonic() + 200.0
    while "1 of 1 runs finished" not in leukosim(tmp_path, "status", "one"):
        assert time.monotonic() < end
        time.sleep(1.0)
    assert "executor.submit=false" not in (tmp_path / "one/.leukosim.plan.json").read_text()
