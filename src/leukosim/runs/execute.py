"""Runs and sweeps, in memory or into a folder: checked first, resumed, interrupted safely."""

import os
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd
import xarray as xr
from omegaconf import OmegaConf

from leukosim.config.compose import as_plain
from leukosim.config.schema import Config
from leukosim.errors import NotWritten
from leukosim.results import atomic_write, netcdf, output_folder, provenance
from leukosim.results.checksums import CHECKSUMS
from leukosim.results.folder_state import RUN, Command, save_plan
from leukosim.results.shards import DamagedShard
from leukosim.runs import sweep as sweeps
from leukosim.runs.configured import treat
from leukosim.runs.memory import check_machine, workers_within_memory
from leukosim.runs.patient_tables import (
    check_formats,
    remove_old_tables,
    restore_missing,
    table_writers,
)
from leukosim.runs.progress import SILENT, Progress
from leukosim.runs.scheduling import run_missing
from leukosim.runs.sweep import Report, Scenario, Sweep
from leukosim.runs.warmup import compile_engine, is_compiled

LONGEST_NAME = 100  # letters of a scenario's, in a line of progress
FEW_TRAJECTORIES = 80  # about as long as a second process takes to start
NOT_TYPED = Command()
COMPILING = "Compiling the engine; only the first run of this version does (about 20 s)."


@dataclass(frozen=True)
class Outcome:
    """A finished run: its dataset, its log of decisions, and where they are kept."""

    dataset: xr.Dataset
    decisions: pd.DataFrame
    folder: Path | None = None
    was_found: bool = False  # finished before, so that nothing was run
    restored: tuple[str, ...] = ()  # files of tables that it lacked


class Incomplete(Exception):
    """Scenarios that the analysis needs have failed; the report says why."""

    def __init__(self, report: Report) -> None:
        super().__init__("; ".join(report.failures()))
        self.report = report


def run_in_memory(config: Config, progress: Progress = SILENT) -> Outcome:
    """Run the trial of a configuration and keep it in memory only.

    Raises
    ------
    leukosim.errors.ConfigError
        If a package or memory is missing.
    """
    check_machine([config])
    compile_first(config, progress)
    with progress.task(config.study, config.cohort.size) as update:
        trial = treat(config, workers(config, config.cohort.size * len(config.arms)), update)
    identity = provenance.identity_of(as_plain(config))
    attributes = provenance.provenance(identity, provenance.digest_of(identity))
    return Outcome(trial.dataset.assign_attrs(attributes), trial.decisions)


def run_into_folder(
    config: Config, progress: Progress = SILENT, command: Command = NOT_TYPED
) -> Outcome:
    """Run the trial of a configuration into its folder, unless it is there already.

    Raises
    ------
    leukosim.errors.ConfigError
        If the folder holds something else, or is being written by another process.
    leukosim.errors.NotWritten
    """
    check_machine([config])
    check_formats(config.tables)
    folder = output_folder.folder_of(config.output)
    identity = provenance.identity_of(as_plain(config))
    digest = provenance.digest_of(identity)
    if not config.overwrite and output_folder.is_finished(folder, identity, digest, progress.warn):
        restored = restore_missing(folder, config.tables)
        return replace(read_run(folder), was_found=True, restored=tuple(restored))
    output_folder.prepare_folder(folder)
    with output_folder.sole_writer(folder), interrupted_with("nothing of this run is kept"):
        if not config.overwrite:  # again, now that nobody else can write: it may raise
            output_folder.is_finished(folder, identity, digest)
        save_plan(folder, RUN, command, digest=digest)
        outcome = run_in_memory(config, progress)
        write_run(config, outcome, folder)
    return replace(outcome, folder=folder)


def write_run(config: Config, outcome: Outcome, folder: Path) -> None:
    """Write all files of a run together.

    The tables of patients come after the dataset, from which they can be made again.

    Raises
    ------
    leukosim.errors.NotWritten
    """
    text = OmegaConf.to_yaml(OmegaConf.create(as_plain(config)))
    atomic_write.write_together(
        {
            folder / output_folder.CONFIG: atomic_write.text_writer(
                f"{output_folder.CONFIG_TITLE} of this run\n{text}"
            ),
            folder / output_folder.DECISIONS: atomic_write.table_writer(outcome.decisions),
            folder / output_folder.RESULTS: netcdf.dataset_writer(outcome.dataset),
            **{
                path: partial(write, outcome.dataset)
                for path, write in table_writers(folder, config.tables).items()
            },
        },
        checksums=folder / CHECKSUMS,
        digest=outcome.dataset.attrs["digest"],
    )
    remove_old_tables(folder, config.tables)


def read_run(folder: Path) -> Outcome:
    """What a run or a sweep has left in a folder."""
    log = folder / output_folder.DECISIONS
    decisions = pd.read_csv(log, keep_default_na=False) if log.is_file() else pd.DataFrame()
    if "at_most_days" in decisions:
        days = pd.to_numeric(decisions["at_most_days"], errors="coerce")
        decisions["at_most_days"] = days.astype("Int64")
    return Outcome(netcdf.load_dataset(folder / output_folder.RESULTS), decisions, folder)


# ---------------------------------------------------------------------- sweeps


def finish(sweep: Sweep, progress: Progress = SILENT, tables: Sequence[str] = ()) -> Report:
    """Run the scenarios of a sweep that are missing, and write one dataset of all.

    tables : formats of the tables of patients that are written beside it

    Raises
    ------
    leukosim.errors.ConfigError
        The folder holds something else.
    """
    replaces = sweep.scenarios[0].config.overwrite
    output_folder.prepare_folder(sweep.folder)
    kept = "finished scenarios are kept, the same command runs the others"
    with output_folder.sole_writer(sweep.folder), interrupted_with(kept):
        if not replaces:  # again, now that nobody else can write: it may raise
            sweeps.is_finished(sweep)
        sweep.save_plan()
        return run_and_merge(sweep, progress, tables)


def run_and_merge(sweep: Sweep, progress: Progress, tables: Sequence[str]) -> Report:
    """Run what is missing and merge all; what turns out damaged then is run again."""
    missing = sweep.missing()
    report = Report(sweep, ran={scenario.digest for scenario in missing})
    report.errors = run_scenarios(sweep, missing, progress)
    broken_before: set[Path] = set()
    while True:
        try:
            sweeps.merge(sweep, report.errors, tables)
            return report
        except DamagedShard as broken:
            if broken.path in broken_before:  # the disk does not keep what is written
                raise NotWritten(str(broken)) from broken
            broken_before.add(broken.path)
            broken.path.unlink(missing_ok=True)
            again = sweep.missing(report.errors)
            report.damaged |= {scenario.digest for scenario in again}
            report.errors |= run_scenarios(sweep, again, progress)


def run_scenarios(sweep: Sweep, missing: list[Scenario], progress: Progress) -> dict[str, str]:
    """Run and keep what is missing, with a bar or else a line for each scenario.

    Returns
    -------
    dict
        What went wrong, by the digest of the scenario.
    """
    if not missing:
        return {}
    compile_first(missing[0].config, progress)
    patients = sum(scenario.config.cohort.size for scenario in missing)
    first = missing[0].config
    wanted = workers(first, patients * len(first.arms))
    at_once = workers_within_memory([scenario.config for scenario in missing], wanted)
    if at_once < wanted:
        progress.warn(f"{at_once} of {wanted} workers, to stay within memory")
    done = 0

    def finished(scenario: Scenario) -> None:
        nonlocal done
        done += 1
        if not progress.shows_bars:
            name = textwrap.shorten(scenario.name, LONGEST_NAME, placeholder=" …")
            progress.log(f"{done} of {len(missing)} scenarios run: {name}")

    with progress.task(f"{len(missing)} scenarios", patients) as update:
        return run_missing(sweep, missing, at_once, update, finished)


# ---------------------------------------------------------------------- how work is done


def compile_first(config: Config, progress: Progress) -> None:
    """Compile the engine in this process, before others start that would each do so."""
    if not config.executor.is_elsewhere:
        compile_once(progress)


def compile_once(progress: Progress) -> None:
    """Compile the engine, unless that was done before, and say why nothing moves meanwhile."""
    if not is_compiled():
        progress.log(COMPILING)
        compile_engine()


@contextmanager
def interrupted_with(words: str) -> Iterator[None]:
    """Add to an interruption what is kept of the work."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(words) from None


def workers(config: Config, trajectories: int) -> int:
    """Workers: as many as asked for, or one for each processor it may use.

    trajectories : of patients, that are to be simulated
    """
    if config.executor.workers:
        return config.executor.workers
    if trajectories < FEW_TRAJECTORIES:
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
