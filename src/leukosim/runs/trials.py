"""Trials of given patients and strategies from Python."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import xarray as xr

from leukosim.biology.patient import Patient
from leukosim.clinic.strategy.chart import CallableStrategy
from leukosim.clinic.strategy.rules import Strategy
from leukosim.config.execution import EXECUTORS
from leukosim.errors import ConfigError, listed
from leukosim.marrow.marrow import AGENTS
from leukosim.runs.executors import PROCESSES, ExecutorOptions, map_unordered
from leukosim.runs.trial_arguments import (
    check_kind,
    check_method,
    check_patients,
    check_whole,
    checked_arms,
    checked_strategy,
)
from leukosim.trial.protocol import Protocol
from leukosim.trial.run import Plan, Trial, run_together


def run_trial(
    patients: Sequence[Patient],
    arms: Mapping[str, Strategy | CallableStrategy],
    protocol: Protocol | None = None,
    *,
    record_days: int = 7,
    workers: int = 1,
    executor: str | ExecutorOptions = PROCESSES,
    method: str = "tally",
    agents: int = AGENTS,
    progress: Callable[[int], None] | None = None,
) -> Trial:
    """Treat every patient in every arm.

    The numbers do not depend on ``workers``, on ``record_days`` or on who else is in the cohort.

    Parameters
    ----------
    patients : the cohort, of one disease
    arms : strategies by the name of their arm
    protocol : how patients are followed; RELAZA2-like by default
    record_days : day, interval at which the marrow is written down; the last day always is
    workers : how many patients are followed at a time
    executor : "processes", "threads", "dask" or "slurm": what the workers are
    method : "tally" or "direct", the algorithm of the kernel
    agents : about how many there are at most in a marrow, see
        :class:`leukosim.marrow.marrow.Marrow`
    progress : told the number of patients finished

    Returns
    -------
    Trial
        With the variables of :data:`leukosim.results.variables.VARIABLES`.

    Raises
    ------
    leukosim.errors.ConfigError
        Naming the argument that is of another type, out of range, or returned by a function.
    """
    followed = Protocol() if protocol is None else protocol
    check_kind("protocol", followed, Protocol)
    check_patients(patients)
    check_whole("record_days", record_days, "day", 1)
    check_whole("workers", workers, "workers", 1)
    check_whole("agents", agents, "agents", 0)
    check_method(method)
    if not isinstance(executor, ExecutorOptions) and executor not in EXECUTORS:
        raise ConfigError(f"executor = {executor!r} is unknown: allowed {listed(EXECUTORS)}")
    if progress is not None and not callable(progress):
        raise ConfigError(f"progress = {progress!r} is not a function of the patients finished")
    plan = Plan(checked_arms(arms), followed)
    return run_together(
        patients, [plan], record_days=record_days, workers=workers,
        map_unordered=partial(map_unordered, executor=executor), method=method, agents=agents,
        progress=progress,
    )[0]  # fmt: skip


def simulate(
    patient: Patient,
    strategy: Strategy | CallableStrategy,
    protocol: Protocol | None = None,
    *,
    record_days: int = 1,
) -> xr.Dataset:
    """One patient's course under one strategy, as a dataset without arm and patient dimensions."""
    check_kind("patient", patient, Patient)
    strategy = checked_strategy(strategy, "strategy")
    trial = run_trial([patient], {"arm": strategy}, protocol, record_days=record_days)
    return trial.dataset.isel(arm=0, patient=0)
