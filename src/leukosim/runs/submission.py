"""Jobs of Slurm that are submitted and not waited for.

A sweep becomes an array of jobs, which keep the scenarios they finish, and a last job, which starts
when all have ended, runs what is missing, merges and draws. Anything else, whose later work depends
on earlier results, is one job that gives the command again and waits in its place.
"""

import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from leukosim.config.execution import SLURM, ExecutorOptions, check_installed
from leukosim.errors import ConfigError, counted
from leukosim.results import folder_state, output_folder
from leukosim.results.atomic_write import is_alive
from leukosim.results.folder_state import Command, Jobs
from leukosim.runs import sweep as sweeps
from leukosim.runs.scheduling import batches_for_workers, keeper
from leukosim.runs.status import queued
from leukosim.runs.sweep import Sweep

WAIT_FOR_JOBS = "executor.submit=false"
ALONE = "executor.cluster=debug"  # what jobs have left over is done in the last one's own process
POLL_SECONDS = 1.0


def submit_sweep(sweep: Sweep) -> Jobs | None:
    """Submit the scenarios that are missing, and a last job; None where nothing is missing.

    Raises
    ------
    leukosim.errors.ConfigError
        The folder holds something else, its jobs are in the queue, or Slurm takes none.
    """
    from leukosim.runs.executors import slurm_jobs

    config = sweep.scenarios[0].config
    check_installed(config.executor)
    place = config.executor
    output_folder.prepare_folder(sweep.folder)
    with output_folder.sole_writer(sweep.folder):
        refuse_queued(sweep.folder)
        if not config.overwrite:
            sweeps.is_finished(sweep)
        missing = sweep.missing()
        if not missing:
            return None
        sweep.save_plan()
        batches = batches_for_workers(missing, place.workers)
        shares = [batches[job :: place.workers] for job in range(min(place.workers, len(batches)))]
        root = folder_of_jobs(place)
        folder = Path(tempfile.mkdtemp(dir=root, prefix="run-"))
        executor = slurm_jobs.executor_of(folder, place.workers, place)
        work = partial(slurm_jobs.work_through, keeper(sweep))
        try:
            submitted = slurm_jobs.submitted(executor, work, shares)
        except ConfigError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        numbers = [job.job_id for job in submitted]
        try:
            last = submit_command(sweep.command, place, (WAIT_FOR_JOBS, ALONE), numbers, folder)
        except ConfigError:
            for job in submitted:
                job.cancel()
            raise
        return noted(sweep.folder, place, numbers, last, root)


def submit_whole(folder: Path, kind: str, command: Command, place: ExecutorOptions) -> Jobs:
    """Submit one job that gives a command and waits for the jobs that this one submits.

    Raises
    ------
    leukosim.errors.ConfigError
        The folder cannot be written to, its jobs are in the queue, or Slurm does not take the job.
    """
    check_installed(place)
    output_folder.prepare_folder(folder)
    with output_folder.sole_writer(folder):
        refuse_queued(folder)
        if folder_state.load_plan(folder) is None:
            folder_state.save_plan(folder, kind, command)
        last = submit_command(command, place, (WAIT_FOR_JOBS,))
        return noted(folder, place, [], last, folder_of_jobs(place))


def submit_command(
    command: Command,
    place: ExecutorOptions,
    more: tuple[str, ...],
    after: list[str] | None = None,
    remove: Path | None = None,
) -> str:
    """Submit a job that gives a command with more words; its number.

    after : jobs that have to end before, however they do
    remove : a folder that is not needed when the command has succeeded
    """
    from leukosim.runs.executors import slurm_jobs

    folder = Path(tempfile.mkdtemp(dir=folder_of_jobs(place), prefix="last-"))
    executor = slurm_jobs.executor_of(folder, 1, place)
    waited_for: list[int] = []
    if place.uses_queue:
        executor.update_parameters(slurm_use_srun=False)  # within a step no job can be submitted
        if after:
            numbers = sorted({number.partition("_")[0] for number in after})
            executor.update_parameters(slurm_dependency=":".join(["afterany", *numbers]))
    else:
        waited_for = [int(number) for number in after or []]
    words = [*command.words, *more]
    work = partial(perform, words, command.directory, waited_for, remove)
    (job,) = slurm_jobs.submitted(executor, run_without_argument, [work])
    return str(job.job_id)


def as_typed(words: Sequence[str]) -> list[str]:
    """The words of a command without those that a job adds."""
    more = 2 if tuple(words[-2:]) == (WAIT_FOR_JOBS, ALONE) else int(words[-1] == WAIT_FOR_JOBS)
    is_of_job = any(word.startswith("executor.submit=") for word in words[: len(words) - more])
    return list(words[: len(words) - more] if is_of_job else words)


def run_without_argument(work: partial[None]) -> None:
    """Call a function, as jobs are handed an argument each."""
    work()


def perform(words: list[str], directory: str, after: list[int], remove: Path | None) -> None:
    """Give a command of leukosim, in a job.

    after : processes of this machine that have to end before
    """
    while any(is_alive(process) for process in after):
        time.sleep(POLL_SECONDS)
    subprocess.run([sys.executable, "-m", "leukosim", *words], cwd=directory, check=True)
    if remove is not None:
        shutil.rmtree(remove, ignore_errors=True)


def folder_of_jobs(place: ExecutorOptions) -> Path:
    """The folder of the inputs and logs of jobs, created."""
    root = Path(place.folder_of_jobs).absolute()
    root.mkdir(parents=True, exist_ok=True)
    return root


def noted(folder: Path, place: ExecutorOptions, work: list[str], last: str, log: Path) -> Jobs:
    """Jobs, written down in the output folder."""
    jobs = Jobs(place.cluster or SLURM, platform.node(), work, last, str(log))
    folder_state.save_jobs(folder, jobs)
    return jobs


def refuse_queued(folder: Path) -> None:
    """Raise :class:`ConfigError` where jobs of a folder are in the queue already."""
    jobs = folder_state.load_jobs(folder)
    states = queued(jobs) if jobs else {}
    if states:
        n = counted(len(states), "job")
        raise ConfigError(
            f"output = {folder} has {n} in the queue already: leukosim status {folder} shows more"
        )
