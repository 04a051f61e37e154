"""How far an output folder is: what is finished, who writes it, and which jobs are in the queue."""

import json
import platform
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from leukosim.config.execution import SLURM
from leukosim.errors import ConfigError
from leukosim.results import folder_state, netcdf, output_folder, shards
from leukosim.results.atomic_write import is_alive
from leukosim.results.folder_state import RUN, SEARCH, SENSITIVITY, SWEEP, Jobs, Plan
from leukosim.runs.executors.slurm_queue import states_of
from leukosim.runs.sweep import SCENARIOS

RUNNING = "RUNNING"


@dataclass(frozen=True)
class Status:
    """How far a folder is.

    finished, total : scenarios; of a search, candidates; of a run, 1
    missing : names of scenarios that are not finished and have not failed
    failed : why scenarios failed, by name, as the merged dataset tells
    is_merged : whether the dataset holds all that is planned
    writer : who writes the folder, and since when
    queued : the state of jobs that wait or run, by number; None where the queue does not answer
    steps : of a sensitivity analysis
    """

    folder: Path
    plan: Plan
    finished: int
    total: int
    missing: list[str] = field(default_factory=list)
    failed: Mapping[str, str] = field(default_factory=dict)
    is_merged: bool = False
    writer: tuple[str, datetime] | None = None
    jobs: Jobs | None = None
    queued: Mapping[str, str] | None = field(default_factory=dict)
    steps: list["Status"] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.is_merged and not self.failed

    @property
    def states(self) -> dict[str, int]:
        """How many jobs are in each state of the queue."""
        return dict(Counter((self.queued or {}).values()))


def status_of(folder: Path) -> Status:
    """How far a folder is.

    Raises
    ------
    leukosim.errors.ConfigError
        No run, sweep, search or sensitivity analysis was begun there.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder: name the output folder of a command")
    plan = folder_state.load_plan(folder) or plan_of_result(folder)
    if plan is None:
        raise ConfigError(
            f"{folder} holds no run, sweep, search or sensitivity analysis of leukosim"
        )
    jobs = folder_state.load_jobs(folder)
    common: dict[str, Any] = {
        "writer": folder_state.writer_of(folder),
        "jobs": jobs,
        "queued": queued(jobs) if jobs else {},
    }
    if plan.kind in (SENSITIVITY, SEARCH):
        return status_of_steps(folder, plan, common)
    attributes = netcdf.attributes_of(folder / output_folder.RESULTS)
    if plan.kind == RUN:
        is_merged = bool(attributes) and attributes.get("digest") == (plan.digest or None)
        return Status(folder, plan, int(is_merged), 1, is_merged=is_merged, **common)
    kept = set(shards.kept_in(folder / SCENARIOS))
    failures = failures_in(folder) if attributes else {}
    failed = {
        name: failures[digest]
        for digest, name in plan.scenarios.items()
        if digest in failures and digest not in kept
    }
    missing = [
        name
        for digest, name in plan.scenarios.items()
        if digest not in kept and digest not in failures
    ]
    there = set(json.loads(attributes.get("scenario_digests", "[]")))
    is_merged = bool(there) and there >= set(plan.scenarios)
    total = len(plan.scenarios)
    if is_merged:
        missing = []  # the dataset has them, whether parts are kept or not
    finished = total - len(missing) - len(failed)
    return Status(folder, plan, finished, total, missing, failed, is_merged, **common)


def status_of_steps(folder: Path, plan: Plan, common: dict[str, Any]) -> Status:
    """How far a search or a sensitivity analysis is, which have sweeps in folders of their own."""
    steps = [
        status_of(path)
        for path in sorted(folder.iterdir())
        if path.is_dir() and folder_state.load_plan(path) is not None
    ]
    writers = [common["writer"], *(step.writer for step in steps)]
    common = common | {"writer": next(filter(None, writers), None)}
    if plan.kind == SEARCH:
        kept = len(shards.kept_in(folder / SCENARIOS))
        total = plan.evaluations
        finished = total if plan.is_complete else min(kept, total)
    else:
        finished, total = sum(step.finished for step in steps), sum(step.total for step in steps)
    is_merged = plan.is_complete and all(step.is_merged for step in steps)
    return Status(folder, plan, finished, total, is_merged=is_merged, steps=steps, **common)


def plan_of_result(folder: Path) -> Plan | None:
    """The plan of which a finished dataset is the result, where none was noted."""
    attributes = netcdf.attributes_of(folder / output_folder.RESULTS)
    if "digest" not in attributes:
        return None
    if "scenario_digests" not in attributes:
        return Plan(RUN, digest=attributes["digest"])
    digests = json.loads(attributes["scenario_digests"])
    return Plan(SWEEP, scenarios={digest: digest for digest in digests})


def failures_in(folder: Path) -> dict[str, str]:
    """Why scenarios of a merged dataset failed, by digest."""
    with netcdf.opened(folder / output_folder.RESULTS, 0.0) as dataset:
        if "error" not in dataset or "scenario_digests" not in dataset.attrs:
            return {}
        digests = json.loads(dataset.attrs["scenario_digests"])
        errors = np.atleast_1d(dataset["error"].values)
    return {digest: str(error) for digest, error in zip(digests, errors, strict=True) if error}


def queued(jobs: Jobs) -> dict[str, str] | None:
    """The state of jobs that wait or run; None where their queue does not answer from here."""
    numbers = [*jobs.work, jobs.last]
    if jobs.cluster == SLURM:
        states = states_of(numbers)
        if states is None:
            return None
        return {number: state for number, state in states.items() if is_of(number, numbers)}
    if jobs.machine != platform.node():
        return None
    return {number: RUNNING for number in numbers if is_alive(int(number))}


def is_of(number: str, numbers: list[str]) -> bool:
    """Whether a job is one of some, or of the array of one of them."""
    return number in numbers or number.partition("_")[0] in {n.partition("_")[0] for n in numbers}
