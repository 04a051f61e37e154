"""What a folder tells of the work in it, finished, begun, failed or killed."""

import os
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from leukosim import cli
from leukosim.cli import drawing
from leukosim.config.command_line import compose
from leukosim.errors import ConfigError
from leukosim.results import folder_state, output_folder
from leukosim.results.folder_state import Command, Jobs
from leukosim.results.output_folder import LOCK, sole_writer
from leukosim.runs import scheduling
from leukosim.runs import sweep as sweeps
from leukosim.runs.execute import finish
from leukosim.runs.status import queued, status_of

WORDS = ["-m", "cohort.size=2", "horizon_days=60", "seed=1,2", "executor.workers=1"]


@pytest.fixture
def sweep(tmp_path):
    """A sweep of two scenarios that nobody has begun."""
    (table,) = compose([*WORDS, f"output={tmp_path / 'here'}"])
    command = Command(["run", *WORDS, "output=here"], "/home/anna")
    return replace(sweeps.check(table), command=command)


@pytest.fixture
def is_printed(capsys):
    """What ``leukosim status`` prints of a folder, and its exit code."""

    def of(folder):
        code = cli.main(["status", str(folder)])
        return capsys.readouterr().out, code

    return of


def test_a_sweep_that_was_begun_is_told(sweep, is_printed):
    """As after kill -9: the plan and one scenario are there, and a lock that nobody holds."""
    output_folder.prepare_folder(sweep.folder)
    sweep.save_plan()
    scheduling.keep_scenarios(*scheduling.keeper(sweep).args, sweep.scenarios[:1])
    (sweep.folder / LOCK).write_text("process 1 on elsewhere")
    state = status_of(sweep.folder)
    assert (state.finished, state.total, state.missing) == (1, 2, ["seed=2"])
    assert not state.is_merged and state.writer is None
    printed, code = is_printed(sweep.folder)
    assert code == 0
    assert printed.splitlines() == [
        f"{sweep.folder}: sweep, not running",
        "  1 of 2 scenarios finished",
        "  missing: seed=2",
        "  results: not merged yet",
        "  the same command goes on, in /home/anna:",
        f"    leukosim run {' '.join(WORDS)} output=here",
    ]


def test_the_plan_of_a_sweep_is_the_same_each_time(sweep):
    sweep.save_plan()
    first = (sweep.folder / folder_state.PLAN).read_bytes()
    sweep.save_plan()
    assert (sweep.folder / folder_state.PLAN).read_bytes() == first


def test_who_writes_a_folder_is_told(sweep, is_printed):
    output_folder.prepare_folder(sweep.folder)
    sweep.save_plan()
    with sole_writer(sweep.folder):
        printed, _ = is_printed(sweep.folder)
        assert f"sweep, running (process {os.getpid()} on {platform.node()}, since 20" in printed
        assert "goes on" not in printed
    assert status_of(sweep.folder).writer is None


def test_a_finished_sweep_needs_nothing(sweep, is_printed):
    finish(sweep)
    assert is_printed(sweep.folder) == (
        f"{sweep.folder}: sweep, finished\n  2 of 2 scenarios finished\n  results: merged\n",
        0,
    )
    (sweep.folder / folder_state.PLAN).unlink()  # as of an older version
    assert status_of(sweep.folder).is_done


def test_a_sweep_that_grows_is_not_merged_yet(sweep):
    one = replace(sweep, scenarios=sweep.scenarios[:1])
    finish(one)
    sweep.save_plan()
    state = status_of(sweep.folder)
    assert (state.finished, state.missing, state.is_merged) == (1, ["seed=2"], False)


def test_failures_are_told_with_their_reason(sweep, is_printed, monkeypatch):
    keep = scheduling.keep_together

    def fails(folder, scenarios, *more):
        if scenarios[0].config.seed == 2:
            return [scheduling.Receipt(each.digest, error="no cells left") for each in scenarios]
        return keep(folder, scenarios, *more)

    monkeypatch.setattr(scheduling, "keep_together", fails)
    finish(sweep)
    printed, code = is_printed(sweep.folder)
    assert code == 1
    assert "1 of 2 scenarios finished\n  failed: seed=2: no cells left\n" in printed
    assert "the same command goes on" in printed


def test_a_run_and_a_search_are_told(tmp_path, monkeypatch, capsys, is_printed):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(drawing, "draw", lambda *_, **__: 0)
    words = ["cohort.size=2", "horizon_days=60", "executor.workers=1"]
    assert cli.main(["run", *words, "output=one"]) == 0
    capsys.readouterr()
    assert is_printed("one")[0] == "one: run, finished\n  1 of 1 runs finished\n"
    pytest.importorskip("optuna")
    words += ["search.arm=triggered", "search.evaluations=2", "search.confirm=0"]
    assert cli.main(["search", *words, "trigger.level=interval(1e-4,1e-1)", "output=found"]) == 0
    capsys.readouterr()
    printed, _ = is_printed("found")
    assert printed == "found: search, finished\n  3 of 3 candidates finished\n  results: merged\n"
    plan = folder_state.load_plan(Path("found"))
    assert plan.command[0] == "search" and plan.directory == str(tmp_path)


def test_jobs_in_the_queue_are_told(sweep, is_printed, tmp_path, monkeypatch):
    """By a Slurm that tells of an array, of which one job is not in the queue any more."""
    (tmp_path / "squeue").write_text("#!/bin/sh\necho 7_1 RUNNING\necho 9 PENDING\n")
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    sweep.save_plan()
    jobs = Jobs("slurm", "elsewhere", ["7_0", "7_1"], "9", "/jobs")
    folder_state.save_jobs(sweep.folder, jobs)
    printed, _ = is_printed(sweep.folder)
    assert ": sweep, submitted\n" in printed
    assert "jobs in the queue: 1 running, 1 pending (scancel 7 9 ends them)" in printed
    assert "goes on" not in printed
    (tmp_path / "squeue").write_text("#!/bin/sh\necho 'Invalid job id specified' >&2\nexit 1\n")
    printed, _ = is_printed(sweep.folder)
    assert "jobs: none in the queue any more; what they said: /jobs" in printed
    assert "goes on" in printed


def test_jobs_of_a_queue_that_does_not_answer_are_unknown(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert queued(Jobs("slurm", platform.node(), ["7_0"], "9", "")) is None
    assert queued(Jobs("local", "elsewhere", ["7"], "9", "")) is None
    here = Jobs("local", platform.node(), [str(os.getpid())], "999999999", "")
    assert queued(here) == {str(os.getpid()): "RUNNING"}


@pytest.mark.parametrize("make", [lambda folder: None, lambda folder: folder.mkdir()])
def test_a_folder_without_a_run_is_refused(tmp_path, make):
    make(tmp_path / "other")
    with pytest.raises(ConfigError, match=r"other (is no folder|holds no run, sweep, search)"):
        status_of(tmp_path / "other")
