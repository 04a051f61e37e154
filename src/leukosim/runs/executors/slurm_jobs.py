"""Work in jobs of Slurm: one array, of which each job takes its share of the items."""

import pickle
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from functools import partial
from pathlib import Path
from typing import Any

import submitit

from leukosim.config.execution import ALONE, DEBUG, SLURM, TOGETHER, ExecutorOptions
from leukosim.errors import ConfigError
from leukosim.runs.executors.local import done_here
from leukosim.runs.executors.slurm_queue import Queue

POLL_SECONDS = 0.5
LOST = RuntimeError("a job has left Slurm's queue without a result")

Outcome = tuple[Any, Exception | None]


def map_unordered(
    function: Callable[[Any], Any], items: Sequence[Any], workers: int, place: ExecutorOptions
) -> Iterator[tuple[int, Future]]:
    """Apply a function to all items; see :func:`leukosim.runs.executors.map_unordered`.

    What jobs were at that ended early, by a time limit or a lost node, is submitted again; in the
    last attempts each item is a job of its own.
    """
    if not items:
        return
    root = Path(place.folder_of_jobs).absolute()
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=root, prefix="run-"))
    executor = executor_of(folder, workers, place)
    waiting = list(range(len(items)))
    for attempt in range(1, TOGETHER + ALONE + 1):
        is_last = attempt == TOGETHER + ALONE
        lost: list[int] = []
        for shares in rounds(waiting, workers, attempt > TOGETHER):
            work = partial(work_through, function)
            try:
                jobs = submitted(executor, work, [[items[at] for at in share] for share in shares])
            except ConfigError:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            if not place.uses_queue:
                for job in jobs:  # its files are on this disk, and none is late
                    job._results_timeout_s = 0
            try:
                queue = Queue() if place.uses_queue else None
                for share, job, is_lost in as_they_end(shares, jobs, queue):
                    error = LOST if is_lost else job.exception()
                    if error is not None and not is_last:
                        lost += share
                    elif error is not None:
                        yield from ((at, broken(error, folder)) for at in share)
                    else:
                        outcomes = job.result()
                        yield from zip(share, map(as_future, outcomes), strict=True)
            finally:  # interrupted, or nobody wants the rest
                for job in jobs:
                    if not job.done():
                        job.cancel()
        waiting = sorted(lost)
        if not waiting:
            shutil.rmtree(folder, ignore_errors=True)  # else it tells what went wrong
            return


def submitted(
    executor: submitit.Executor, work: Callable[[Any], Any], shares: list[Any]
) -> list[Any]:
    """Jobs, a share each.

    Raises
    ------
    leukosim.errors.ConfigError
        Slurm does not take them, as where a job asks for more memory than any node has.
    """
    try:
        return executor.map_array(work, shares)
    except submitit.core.utils.FailedJobError as error:
        said = "; ".join(line.removeprefix("sbatch: error: ") for line in str(error).splitlines())
        raise ConfigError(f"Slurm does not take the jobs of executor=slurm: {said}") from None


def executor_of(folder: Path, workers: int, place: ExecutorOptions) -> submitit.Executor:
    """An executor of submitit, with the limits of each job.

    On a cluster of this machine the options of a queue mean nothing; setup and python are used.
    """
    options, cluster = place.slurm, place.cluster or SLURM
    python = {f"{cluster}_python": options.python} if options.python else {}
    executor = submitit.AutoExecutor(folder=folder, cluster=cluster, **python)
    executor.update_parameters(name="leukosim", timeout_min=place.job_minutes, cpus_per_task=1)
    if place.memory_gib:
        executor.update_parameters(mem_gb=place.memory_gib)
    if options.setup and cluster != DEBUG:
        executor.update_parameters(**{f"{cluster}_setup": options.setup})
    if place.uses_queue:
        executor.update_parameters(slurm_array_parallelism=workers)
        for name in ("partition", "account", "qos", "constraint"):
            if getattr(options, name):
                executor.update_parameters(**{f"slurm_{name}": getattr(options, name)})
        if options.additional:  # one without a value, such as exclusive, is a flag
            additional = {name: value or True for name, value in options.additional.items()}
            executor.update_parameters(slurm_additional_parameters=additional)
    return executor


def rounds(waiting: list[int], workers: int, alone: bool) -> list[list[list[int]]]:
    """Shares of the items, a job each, by the array they are submitted in."""
    if not alone:
        return [[waiting[job::workers] for job in range(min(workers, len(waiting)))]]
    each = [[position] for position in waiting]
    return [each[first : first + workers] for first in range(0, len(each), workers)]


def work_through(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Outcome]:
    """What one job does: its items, one after the other, of which one may fail alone."""
    outcomes: list[Outcome] = []
    for item in items:
        future = done_here(function, item)
        error = future.exception()
        if error is None:
            outcomes.append((future.result(), None))
        else:
            outcomes.append((None, as_it_travels(error)))
    return outcomes


def as_it_travels(error: BaseException) -> Exception:
    """An error, or its words where it cannot be sent."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error if isinstance(error, Exception) else RuntimeError(str(error))


def as_they_end(
    shares: list[list[int]], jobs: list[Any], queue: Queue | None = None
) -> Iterator[tuple[list[int], Any, bool]]:
    """Shares and their jobs, each when it has ended, and whether it was lost without a result."""
    waiting = list(zip(shares, jobs, strict=True))
    while waiting:
        done = [job for _, job in waiting if job.done()]
        lost = queue.lost([job for _, job in waiting if job not in done]) if queue else []
        for share, job in waiting:
            if job in done or job in lost:
                yield share, job, job not in done
        waiting = [each for each in waiting if each[1] not in done and each[1] not in lost]
        if waiting:
            time.sleep(POLL_SECONDS)


def as_future(outcome: Outcome) -> Future:
    """A future that is done."""
    future: Future = Future()
    result, error = outcome
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
    return future


def broken(error: BaseException, folder: Path) -> Future:
    """The future of an item whose jobs ended early each time."""
    lines = [line for line in str(error).splitlines() if line and line[0] not in " -"]
    said = [line for line in lines if ": " in line or line.endswith("Error")]
    why = (said or lines or [type(error).__name__])[-1]
    return as_future(
        (None, BrokenExecutor(f"every job that took it ended early: {why} ({folder})"))
    )
