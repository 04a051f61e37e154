"""Work on a dask cluster: of this machine, of jobs of a queue, or whatever an address leads to."""

import atexit
import logging
import math
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from typing import Any

from distributed import Client, KilledWorker, LocalCluster, Scheduler, Status, as_completed
from distributed.diagnostics.plugin import SchedulerPlugin, WorkerPlugin

from leukosim.config.execution import JOBQUEUES, ExecutorOptions
from leukosim.errors import ConfigError

ANSWER_SECONDS = 20.0  # within which a scheduler must answer
PATIENCE_SECONDS = 30.0  # after which a worker that was lost is replaced, if nobody has done so
THIS_MACHINE = "127.0.0.1"  # whoever reaches a scheduler can have code run by it

_clients: dict[Any, Client] = {}  # kept for the next one who asks for the same


def map_unordered(
    function: Callable[[Any], Any], items: Sequence[Any], workers: int, place: ExecutorOptions
) -> Iterator[tuple[int, Future]]:
    """Apply a function to all items; see :func:`leukosim.runs.executors.map_unordered`.

    The scheduler itself does again what a lost worker was at. It gives up tasks that were on
    several lost workers, whether they or others are to blame; so these are tried once more, alone.
    """
    if not items:
        return
    client = client_of(workers, place)
    suspects = []
    for position, future in finished(client, function, items, list(range(len(items)))):
        if isinstance(future.exception(), BrokenExecutor):
            suspects.append(position)
        else:
            yield position, future
    for position in sorted(suspects):
        yield from finished(client, function, items, [position])


def finished(
    client: Client, function: Callable[[Any], Any], items: Sequence[Any], positions: list[int]
) -> Iterator[tuple[int, Future]]:
    """Results of some items, as they come."""
    waiting = {client.submit(function, items[at], pure=False): at for at in positions}
    try:
        for theirs in as_completed(list(waiting), loop=client.loop):
            position = waiting.pop(theirs)  # so that the cluster can forget the result
            yield position, as_future(theirs)
    finally:  # interrupted, or nobody wants the rest
        client.cancel(list(waiting))


def as_future(theirs: Any) -> Future:
    """A future of the standard library from one of dask that is done.

    A result may yet be lost with its worker, and is then waited for until it is there again.
    """
    future: Future = Future()
    try:
        future.set_result(theirs.result())
    except CancelledError:
        raise ConfigError(
            "the dask scheduler was lost: the same command goes on where it ended"
        ) from None
    except KilledWorker as error:
        words = str(error).splitlines()[0]
        future.set_exception(BrokenExecutor(f"every worker that took it died: {words}"))
    except Exception as error:
        future.set_exception(error)
    return future


def client_of(workers: int, place: ExecutorOptions) -> Client:
    """A connection to the cluster, which is started unless it is somebody else's."""
    key: Any = workers
    if is_foreign(place):
        key = place.address, place.scheduler_file
    elif place.name in JOBQUEUES:
        key = workers, repr(place)
    if key not in _clients or _clients[key].status != "running":
        if is_foreign(place):
            _clients[key] = connected(place)
        elif place.name in JOBQUEUES:
            from leukosim.runs.executors import jobqueue_cluster

            _clients[key] = jobqueue_cluster.started(workers, place)
        else:
            _clients[key] = started(workers)
        atexit.register(end, key)
    return _clients[key]


def is_foreign(place: ExecutorOptions) -> bool:
    """Whether the cluster is somebody else's."""
    return bool(place.address or place.scheduler_file)


def connected(place: ExecutorOptions) -> Client:
    """A connection to a cluster that is there."""
    try:
        if place.address:
            return Client(place.address, timeout=ANSWER_SECONDS, set_as_default=False)
        return Client(
            scheduler_file=place.scheduler_file, timeout=ANSWER_SECONDS, set_as_default=False
        )
    except (OSError, ValueError) as error:
        name = "address" if place.address else "scheduler_file"
        where = place.address or place.scheduler_file
        raise ConfigError(
            f"executor.{name} = {where} leads to no dask scheduler: {str(error).splitlines()[0]}"
        ) from None


def started(workers: int) -> Client:
    """A cluster of this machine, with a process for each worker."""
    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        security=True,  # keys of its own: else any user of this machine could send it work
        host=THIS_MACHINE,
        dashboard_address=f"{THIS_MACHINE}:0",  # any free port
        worker_dashboard_address=f"{THIS_MACHINE}:0",
        memory_limit=0,  # what a run takes is foreseen before it starts
        silence_logs=logging.CRITICAL,
    )
    # not the default of dask's own arrays, which would look for it when it is gone
    client = Client(cluster, set_as_default=False)
    client.register_plugin(LeavesInterruptions())
    replaces = ReplacesWorkers(cluster, workers)
    replaces.scheduler.add_plugin(replaces)
    return client


def end(key: Any) -> None:
    """Leave a cluster, and end it if it is ours."""
    client = _clients.pop(key, None)
    if client is not None:
        cluster = client.cluster
        client.close()
        if cluster is not None:
            cluster.close()


class LeavesInterruptions(WorkerPlugin):
    """Ctrl-C, which all processes of a terminal receive, is for the parent."""

    def setup(self, worker: Any) -> None:
        """Called in each worker, also in one that takes the place of another."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)


class ReplacesWorkers(SchedulerPlugin):
    """Sees to it that a cluster of ours keeps its workers.

    Dask starts a lost worker again, but gives up where that one dies while it starts, as when it is
    handed at once what killed the one before; the rest of the work would be waited for forever.
    """

    name = "replaces workers"

    def __init__(self, cluster: LocalCluster, workers: int):
        self.cluster, self.workers = cluster, workers
        self.scheduler: Any = cluster.scheduler  # in this process
        self.since = -math.inf  # of the last replacement

    def remove_worker(self, scheduler: Scheduler, worker: str, **more: Any) -> None:
        """A worker was lost."""
        scheduler.loop.call_later(PATIENCE_SECONDS, self.replace)

    def replace(self) -> None:
        """Start as many workers as there are too few."""
        lost = self.workers - len(self.scheduler.workers)
        now = time.monotonic()
        is_early = now - self.since < PATIENCE_SECONDS  # those are starting
        if lost > 0 and not is_early and self.cluster.status == Status.running:
            self.since = now
            self.cluster.scale(len(self.cluster.worker_spec) + lost)
            self.scheduler.loop.call_later(2.0 * PATIENCE_SECONDS, self.replace)
