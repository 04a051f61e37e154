"""What waits and runs in Slurm's queue."""

import math
import subprocess
import time
from collections.abc import Collection, Sequence
from typing import Any

ASK_SECONDS = 30.0  # between questions to Slurm's queue
GONE_SECONDS = 60.0  # that results may take to get here after their job has left the queue


class Queue:
    """Slurm's queue. Where Slurm keeps no accounts, nothing else says that a job has died."""

    def __init__(self) -> None:
        self.asked = -math.inf
        self.gone: dict[str, float] = {}  # since when jobs are not there any more, by their number

    def lost(self, jobs: Sequence[Any]) -> list[Any]:
        """Jobs that left the queue a while ago, for whose results one has waited in vain."""
        now = time.monotonic()
        if now - self.asked >= ASK_SECONDS:
            self.asked = now
            known = states_of({job.job_id for job in jobs})
            if known is not None:
                gone = [job.job_id for job in jobs if job.job_id not in known]
                self.gone = {number: self.gone.get(number, now) for number in gone}
        return [job for job in jobs if now - self.gone.get(job.job_id, now) > GONE_SECONDS]


def states_of(jobs: Collection[str]) -> dict[str, str] | None:
    """The state of jobs that wait or run, such as PENDING; None where Slurm does not answer.

    jobs : by their numbers; of an array also others are told
    """
    names = ",".join(sorted({job.partition("_")[0] for job in jobs}))
    command = ["squeue", "--noheader", "--array", "--format=%i %T", f"--jobs={names}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASK_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode and "Invalid job id" not in done.stderr:  # all have ended long ago
        return None
    lines = [line.split() for line in done.stdout.splitlines() if line.strip()]
    return {words[0]: words[-1] for words in lines}
