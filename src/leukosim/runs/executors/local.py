"""Work on this machine: one after the other, in threads, or in processes of their own.

Half of a patient's course is Python, which threads of one process do in turn, so processes are the
rule.
"""

import os
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ThreadPoolExecutor,
    as_completed,
)
from threading import Thread
from typing import Any

from leukosim.config.execution import ALONE, THREADS, TOGETHER, ExecutorOptions

IDLE_SECONDS = 60  # after which processes end that have nothing to do

# A process that has ended for want of work, or to free memory, is replaced: nothing is lost.
warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)


def map_unordered(
    function: Callable[[Any], Any], items: Sequence[Any], workers: int, place: ExecutorOptions
) -> Iterator[tuple[int, Future]]:
    """Apply a function to all items; see :func:`leukosim.runs.executors.map_unordered`."""
    if min(workers, len(items)) <= 1:
        for position, item in enumerate(items):
            yield position, done_here(function, item)
        return
    waiting = list(range(len(items)))
    for attempt in range(1, TOGETHER + ALONE + 1):
        is_last = attempt == TOGETHER + ALONE
        lost = []
        for group in [[one] for one in waiting] if attempt > TOGETHER else [waiting]:
            executor = executor_of(place.name, workers)
            futures = {executor.submit(function, items[position]): position for position in group}
            try:
                for future in as_completed(list(futures)):
                    position = futures.pop(future)  # so that its result can be forgotten
                    if isinstance(future.exception(), BrokenExecutor) and not is_last:
                        lost.append(position)
                    else:
                        yield position, future
                    del future
            except BaseException:  # interrupted, or nobody wants the rest
                stop(executor)
                raise
        waiting = sorted(lost)


def done_here(function: Callable[[Any], Any], item: Any) -> Future:
    """A future that is done; an interruption is not caught."""
    future: Future = Future()
    try:
        future.set_result(function(item))
    except Exception as error:
        future.set_exception(error)
    return future


def executor_of(name: str, workers: int) -> Executor:
    """An executor; processes stay for the next one who asks for as many."""
    if name == THREADS:
        return ThreadPoolExecutor(workers)
    from loky import get_reusable_executor

    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    executor: Executor = get_reusable_executor(
        workers,
        timeout=IDLE_SECONDS,
        initializer=begin_process,
        initargs=(os.getpid(),),
        env=single,
    )
    return executor


def begin_process(parent: int) -> None:
    """Leave Ctrl-C, which all processes of a terminal receive, to the parent, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=end_with, args=(parent,), daemon=True).start()


def end_with(parent: int) -> None:
    """End this process when its parent has ended, however that happened: nobody waits for it."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def stop(executor: Executor) -> None:
    """Give up what is not finished: processes at once, threads after what each is at."""
    if isinstance(executor, ThreadPoolExecutor):
        executor.shutdown(wait=True, cancel_futures=True)
    else:
        executor.shutdown(kill_workers=True)  # type: ignore[call-arg]
