"""``leukosim run``: Hydra composes, then one run, one sweep or one search follows."""

import os
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import xarray as xr
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from leukosim.analysis.hypothesis_discrimination import discrimination_table, has_hypotheses
from leukosim.cli import drawing
from leukosim.cli.compiling import compile_first
from leukosim.cli.exit_codes import FAILED, say
from leukosim.config.command_line import compose
from leukosim.config.compose import as_plain, read_config
from leukosim.config.interpolation import Table
from leukosim.config.schema import Config
from leukosim.config.sweep_grammar import Space
from leukosim.errors import NotWritten
from leukosim.reports.terminal.run_tables import (
    contents,
    hypotheses_tables,
    outcome_table,
    progress_bar,
)
from leukosim.results import atomic_write, netcdf, output_folder, provenance
from leukosim.results.shards import BrokenPart
from leukosim.runs import sweep as sweeps
from leukosim.runs.configured import treat
from leukosim.runs.memory import check_machine, workers_within_memory
from leukosim.runs.scheduling import run_missing
from leukosim.runs.sweep import Report, Scenario, Sweep

LONGEST_NAME = 100  # letters of a scenario's, in a line of progress
FEW_COURSES = 80  # about as long as a second process takes to start


def run(words: list[str]) -> int:
    """``leukosim run``: Hydra composes, then one run or one sweep follows."""
    console = Console(stderr=True)
    code = 0
    for task in compose(words):
        if isinstance(task, Space):
            from leukosim.cli.searching import run_search_of

            code = max(code, run_search_of(task, console))
        elif isinstance(task, Table) and task.axes:
            code = max(code, run_sweep(task, console))
        else:
            composed = task.composed[0] if isinstance(task, Table) else task
            code = max(code, run_one(composed, console))
    return code


def run_one(composed: DictConfig, console: Console) -> int:
    """One run into its folder, unless it is there already."""
    config = read_config(composed)
    check_machine([config])
    folder = output_folder.folder_of(config.output)
    identity = provenance.identity_of(as_plain(config))
    digest = provenance.digest_of(identity)
    if not config.overwrite and output_folder.is_finished(folder, identity, digest):
        say(f"{folder} holds this result already: nothing was run")
        return drawing.draw_missing(folder, console)
    output_folder.prepare_folder(folder)
    started = time.perf_counter()
    with output_folder.sole_writer(folder), interrupted_with("nothing of this run is kept"):
        if not config.overwrite:  # again, now that nobody else can write: it may raise
            output_folder.is_finished(folder, identity, digest)
        compile_first(console, config)
        with progress_bar(console) as bar:
            line = bar.add_task(config.study, total=config.cohort.size)
            at_once = workers(config, config.cohort.size * len(config.arms))
            trial = treat(config, at_once, lambda n: bar.update(line, completed=n))
        trial.dataset.attrs.update(provenance.provenance(identity, digest))
        text = OmegaConf.to_yaml(OmegaConf.create(as_plain(config)))
        atomic_write.save_text(
            f"{output_folder.CONFIG_TITLE} of this run\n{text}", folder / output_folder.CONFIG
        )
        atomic_write.save_table(trial.decisions, folder / output_folder.DECISIONS)
        netcdf.save_dataset(
            trial.dataset, folder / output_folder.RESULTS
        )  # last but figures: "finished"
    with interrupted_with("the result is kept, the same command draws its figures"):
        code = drawing.draw(trial.dataset, folder, console)
    console.print(outcome_table(trial.dataset))
    say(f"{folder}: {contents(folder)} ({time.perf_counter() - started:.0f} s)")
    return code


def run_sweep(table: Table, console: Console) -> int:
    """All scenarios that are not finished yet, then one dataset of all."""
    sweep = sweeps.check(table)
    total = len(sweep.scenarios)
    replaces = sweep.scenarios[0].config.overwrite
    if not replaces and sweeps.is_finished(sweep):
        say(f"{total} of {total} scenarios found finished, 0 run: {sweep.folder}")
        return show_sweep(sweep, console, only_missing=True)
    report = finish(sweep, console)
    code = FAILED if report.errors else 0
    if len(report.errors) < total:
        with interrupted_with("the result is kept, the same command draws its figures"):
            code = max(code, show_sweep(sweep, console))
    tell(report)
    say(f"{sweep.folder}: {contents(sweep.folder)}")
    return code


def finish(sweep: Sweep, console: Console) -> Report:
    """Run the scenarios of a sweep that are missing, and write one dataset of all.

    Raises
    ------
    ConfigError
        The folder holds something else.
    """
    replaces = sweep.scenarios[0].config.overwrite
    output_folder.prepare_folder(sweep.folder)
    kept = "finished scenarios are kept, the same command runs the others"
    with output_folder.sole_writer(sweep.folder), interrupted_with(kept):
        if not replaces:  # again, now that nobody else can write: it may raise
            sweeps.is_finished(sweep)
        return keep_all(sweep, console)


def tell(report: Report) -> None:
    """Say what failed, what was run and what was found."""
    for sentence in report.failures():
        print(f"leukosim: {sentence}", file=sys.stderr, flush=True)
    for line in report.lines():
        say(line)


def keep_all(sweep: Sweep, console: Console) -> Report:
    """Run what is missing and merge all; what turns out damaged then is run again."""
    missing = sweep.missing()
    report = sweeps.Report(sweep, ran={scenario.digest for scenario in missing})
    report.errors = run_scenarios(sweep, missing, console)
    broken_before: set[Path] = set()
    while True:
        try:
            sweeps.merge(sweep, report.errors)
            return report
        except BrokenPart as broken:
            if broken.path in broken_before:  # the disk does not keep what is written
                raise NotWritten(str(broken)) from broken
            broken_before.add(broken.path)
            broken.path.unlink(missing_ok=True)
            again = sweep.missing(report.errors)
            report.damaged |= {scenario.digest for scenario in again}
            report.errors |= run_scenarios(sweep, again, console)


def show_sweep(sweep: Sweep, console: Console, only_missing: bool = False) -> int:
    """Figures of a sweep, and what tells its hypotheses apart.

    A dataset that would fill the memory stays on the disk, and a figure reads what it draws.
    """
    with sweep.opened() as dataset:
        result = drawing.drawn_in(sweep.folder) if only_missing else ()
        code = drawing.draw(dataset, sweep.folder, console, result)
        compare_hypotheses(dataset, sweep.folder, console)
    return code


def compare_hypotheses(merged: xr.Dataset, folder: Path, console: Console) -> None:
    """Write and print how many patients would tell hypotheses apart, where they were swept."""
    if has_hypotheses(merged):
        result = discrimination_table(merged)
        atomic_write.save_table(result, folder / output_folder.DISCRIMINATION)
        console.print(*hypotheses_tables(result), sep="")


def run_scenarios(sweep: Sweep, missing: list[Scenario], console: Console) -> dict[str, str]:
    """Run and keep what is missing, with a bar on a terminal and else a line for each scenario.

    Returns
    -------
    dict
        What went wrong, by the digest of the scenario.
    """
    if not missing:
        return {}
    compile_first(console, missing[0].config)
    patients = sum(scenario.config.cohort.size for scenario in missing)
    first = missing[0].config
    options = workers(first, patients * len(first.arms))
    at_once = workers_within_memory([scenario.config for scenario in missing], options)
    if at_once < options:
        print(f"leukosim: {at_once} of {options} workers, to stay within memory", file=sys.stderr)
    done = 0
    with progress_bar(console) as bar:
        line = bar.add_task(f"{len(missing)} scenarios", total=patients)

        def tell_finished(scenario: Scenario) -> None:
            nonlocal done
            done += 1
            if not console.is_terminal:
                name = textwrap.shorten(scenario.name, LONGEST_NAME, placeholder=" …")
                words = f"{done} of {len(missing)} scenarios run: {name}"
                print(words, file=sys.stderr, flush=True)  # at once, for whoever reads a log

        return run_missing(
            sweep, missing, at_once, lambda n: bar.update(line, completed=n), tell_finished
        )


@contextmanager
def interrupted_with(words: str) -> Iterator[None]:
    """Let an interruption inside say what becomes of the work."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(words) from None


def workers(config: Config, courses: int) -> int:
    """Workers: as many as asked for, or one for each processor it may use.

    courses : of patients, that are to be simulated
    """
    if config.executor.workers:
        return config.executor.workers
    if courses < FEW_COURSES:
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
