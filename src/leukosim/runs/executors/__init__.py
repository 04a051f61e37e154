"""Where work runs: on this machine, on a dask cluster, or in jobs of a cluster's queue.

Whatever the executor, the same work gives the same numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

from leukosim.config.execution import (
    DASK,
    EXECUTORS,
    JOBQUEUES,
    PROCESSES,
    SLURM,
    THREADS,
    ExecutorOptions,
    check_installed,
    executor_of_options,
)
from leukosim.runs.executors import local

__all__ = [
    "DASK",
    "EXECUTORS",
    "PROCESSES",
    "SLURM",
    "THREADS",
    "ExecutorOptions",
    "check_installed",
    "executor_of_options",
    "map_unordered",
]


def map_unordered(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    workers: int = 1,
    executor: str | ExecutorOptions = PROCESSES,
) -> Iterator[tuple[int, Future]]:
    """Apply a function to all items.

    What a process was at when it died, such as for want of memory, is done again.

    Parameters
    ----------
    function : can be pickled, as its items and results can, unless ``executor`` is "threads"; for
        workers of other machines it belongs to an installed package
    workers : 1 works here, in this process, where the executor is of this machine
    executor : a name of :data:`EXECUTORS`, or one with its settings

    Yields
    ------
    int
        The position of an item, in the order in which they are finished.
    Future
        Its result or its error; :class:`concurrent.futures.BrokenExecutor` if its process died
        each time.

    Raises
    ------
    leukosim.errors.ConfigError
        If the executor cannot be reached.
    """
    place = executor_of_options(executor)
    check_installed(place)
    if place.name == DASK or place.name in JOBQUEUES:
        from leukosim.runs.executors.dask_cluster import map_unordered as finish
    elif place.name == SLURM:
        from leukosim.runs.executors.slurm_jobs import map_unordered as finish
    else:
        finish = local.map_unordered
    yield from finish(function, items, workers, place)
