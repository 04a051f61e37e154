"""``executor.submit=true``: jobs are submitted, and nobody waits for them."""

import os
from collections.abc import Sequence
from pathlib import Path

from leukosim.cli.exit_codes import say
from leukosim.config.execution import ExecutorOptions
from leukosim.errors import counted
from leukosim.results.folder_state import Command, Jobs
from leukosim.runs import submission
from leukosim.runs.sweep import Sweep


def command_of(words: Sequence[str]) -> Command:
    """What was typed, and where; in a job, what its user typed."""
    return Command(submission.as_typed(words), os.getcwd())


def submit_sweep(sweep: Sweep) -> bool:
    """Submit what is missing of a sweep; false where nothing is."""
    jobs = submission.submit_sweep(sweep)
    if jobs is None:
        return False
    n = counted(len(jobs.work), "job")
    say(f"{n} submitted ({numbers(jobs.work)}), then job {jobs.last} merges and draws")
    show_ways(sweep.folder, jobs)
    return True


def submit_whole(folder: Path, kind: str, command: Command, place: ExecutorOptions) -> int:
    """Submit a job that gives the whole command."""
    jobs = submission.submit_whole(folder, kind, command, place)
    say(f"job {jobs.last} submitted, which gives this command and submits its jobs")
    show_ways(folder, jobs)
    return 0


def show_ways(folder: Path, jobs: Jobs) -> None:
    """Say how to ask how far the work is."""
    say(f"leukosim status {folder} shows how far they are; what they say: {jobs.log}")


def numbers(jobs: Sequence[str]) -> str:
    """The numbers of jobs, of an array only its own."""
    return ", ".join(dict.fromkeys(job.partition("_")[0] for job in jobs))
