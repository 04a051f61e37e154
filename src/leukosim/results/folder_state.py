"""What an output folder tells of the command that fills it: its plan, its jobs and its writer."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from leukosim.results import atomic_write
from leukosim.results.output_folder import LOCK

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PLAN, JOBS = ".leukosim.plan.json", ".leukosim.jobs.json"
RUN, SWEEP, SEARCH, SENSITIVITY = "run", "sweep", "search", "sensitivity"

T = TypeVar("T")


@dataclass(frozen=True)
class Command:
    """What was typed, to be typed again.

    words : after ``leukosim``; none where a call from Python fills the folder
    directory : in which it was typed
    """

    words: Sequence[str] = ()
    directory: str = ""


@dataclass(frozen=True)
class Plan:
    """What a command is to leave in its folder.

    scenarios : names by digest, of a sweep
    evaluations : of a search, the default included
    digest : of the finished dataset, of a run or a sweep
    is_complete : whether a search or a sensitivity analysis has ended
    """

    kind: str
    command: Sequence[str] = ()
    directory: str = ""
    scenarios: Mapping[str, str] = field(default_factory=dict)
    evaluations: int = 0
    digest: str = ""
    is_complete: bool = False


@dataclass(frozen=True)
class Jobs:
    """What was submitted for a folder.

    cluster : "slurm" or "local"
    machine : where they were submitted
    work : the jobs that run scenarios
    last : the job that puts everything together
    log : the folder of what they say
    """

    cluster: str
    machine: str
    work: Sequence[str]
    last: str
    log: str


def save_plan(folder: Path, kind: str, command: Command, **more: Any) -> None:
    """Note what a command is to leave; further fields as of :class:`Plan`."""
    plan = Plan(kind, list(command.words), command.directory, **more)
    atomic_write.save_text(atomic_write.as_json(asdict(plan)), folder / PLAN)


def save_jobs(folder: Path, jobs: Jobs) -> None:
    """Note what was submitted."""
    atomic_write.save_text(atomic_write.as_json(asdict(jobs)), folder / JOBS)


def load_plan(folder: Path) -> Plan | None:
    """The plan of the last command; None where there is none."""
    return loaded(Plan, folder / PLAN)


def load_jobs(folder: Path) -> Jobs | None:
    """What was submitted last; None where nothing was."""
    return loaded(Jobs, folder / JOBS)


def loaded(kind: type[T], path: Path) -> T | None:
    """A record of a file; None where there is none that this version can read."""
    if not path.is_file():  # as a pipe, of which reading has no end
        return None
    try:
        return kind(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def writer_of(folder: Path) -> tuple[str, datetime] | None:
    """Who writes a folder, and since when; None where nobody does.

    A lock that nobody holds was left by a process that was killed.
    """
    try:
        handle = os.open(folder / LOCK, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        words = os.read(handle, 200).decode(errors="replace") or "another process"
        return words, datetime.fromtimestamp(os.fstat(handle).st_mtime).astimezone()
    except OSError:  # a disk without locks
        return None
    finally:
        os.close(handle)
    return None
