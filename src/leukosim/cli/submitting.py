"""``executor.submit=true``: jobs are submitted, and nobody waits for them."""

from collections.abc import Sequence
from pathlib import Path

from leukosim.cli.exit_codes import say
from leukosim.config.execution import ExecutorOptions
from leukosim.results.folder_state import Command, Jobs
from leukosim.runs.sweep import Sweep


def submit_sweep(sweep: Sweep) -> bool:
    """Submit what is missing of a sweep; false where nothing is."""
    from leukosim.runs import submission

    jobs = submission.submit_sweep(sweep)
    if jobs is None:
        return False
    say(f"{len(jobs.work)} jobs submitted ({numbers(jobs.work)}), and job {jobs.last}, which")
    say("merges the results and draws figures when they have ended")
    show_ways(sweep.folder, jobs)
    return True


def submit_whole(folder: Path, kind: str, command: Command, place: ExecutorOptions) -> int:
    """Submit a job that gives the whole command."""
    from leukosim.runs import submission

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
