"""``leukosim run``: Hydra composes, then one run, one sweep or one search follows."""

import time
from collections.abc import Sequence

import xarray as xr
from omegaconf import DictConfig
from rich.console import Console

from leukosim.analysis.hypothesis_discrimination import discrimination_table, has_hypotheses
from leukosim.cli import drawing
from leukosim.cli.exit_codes import FAILED, say
from leukosim.config.command_line import compose
from leukosim.config.compose import read_config
from leukosim.config.interpolation import Table
from leukosim.config.sweep_grammar import Space
from leukosim.reports.terminal.console import ConsoleProgress
from leukosim.reports.terminal.run_tables import contents, hypotheses_tables, outcome_table
from leukosim.results import atomic_write, output_folder
from leukosim.runs import sweep as sweeps
from leukosim.runs.execute import finish, interrupted_with, run_into_folder
from leukosim.runs.patient_tables import restore_missing
from leukosim.runs.progress import Progress
from leukosim.runs.sweep import Report, Sweep

FIGURES_FOLLOW = "the result is kept, the same command draws its figures"


def run(words: list[str]) -> int:
    """``leukosim run``: one run, one sweep or one search for each task that Hydra composes."""
    console = Console(stderr=True)
    code = 0
    for task in compose(words):
        if isinstance(task, Space):
            from leukosim.cli.search import run_search

            code = max(code, run_search(task, console))
        elif isinstance(task, Table) and task.axes:
            code = max(code, run_sweep(task, console))
        else:
            composed = task.composed[0] if isinstance(task, Table) else task
            code = max(code, run_one(composed, console))
    return code


def run_one(composed: DictConfig, console: Console) -> int:
    """One run into its folder, with its figures, unless it is there already."""
    started = time.perf_counter()
    outcome = run_into_folder(read_config(composed), ConsoleProgress(console))
    folder = outcome.folder
    assert folder is not None
    if outcome.was_found:
        say(f"{folder} holds this result already: nothing was run")
        say_restored(outcome.restored)
        return drawing.draw(outcome.dataset, folder, console, drawing.drawn_in(folder))
    with interrupted_with(FIGURES_FOLLOW):
        code = drawing.draw(outcome.dataset, folder, console)
    console.print(outcome_table(outcome.dataset))
    say(f"{folder}: {contents(folder)} ({time.perf_counter() - started:.0f} s)")
    return code


def run_sweep(table: Table, console: Console) -> int:
    """All scenarios that are not finished yet, then one dataset of all."""
    sweep = sweeps.check(table)
    total = len(sweep.scenarios)
    replaces, tables = sweep.scenarios[0].config.overwrite, sweep.scenarios[0].config.tables
    progress = ConsoleProgress(console)
    if not replaces and sweeps.is_finished(sweep, progress.warn):
        say(f"{total} of {total} scenarios found finished, 0 run: {sweep.folder}")
        say_restored(restore_missing(sweep.folder, tables))
        return show_sweep(sweep, console, only_missing=True)
    report = finish(sweep, progress, tables)
    code = FAILED if report.errors else 0
    if len(report.errors) < total:
        with interrupted_with(FIGURES_FOLLOW):
            code = max(code, show_sweep(sweep, console))
    show_report(report, progress)
    say(f"{sweep.folder}: {contents(sweep.folder)}")
    return code


def say_restored(names: Sequence[str]) -> None:
    """Say which tables a finished result lacked, that were written from its dataset."""
    if names:
        say(f"{', '.join(names)} written from {output_folder.RESULTS}")


def show_report(report: Report, progress: Progress) -> None:
    """Say what failed, what was run and what was found."""
    for sentence in report.failures():
        progress.warn(sentence)
    for line in report.lines():
        progress.say(line)


def show_sweep(sweep: Sweep, console: Console, only_missing: bool = False) -> int:
    """Figures of a sweep, and what tells its hypotheses apart.

    A dataset that would fill the memory stays on the disk, and a figure reads what it draws.
    """
    with sweep.opened() as dataset:
        drawn = drawing.drawn_in(sweep.folder) if only_missing else ()
        code = drawing.draw(dataset, sweep.folder, console, drawn)
        compare_hypotheses(dataset, sweep, console)
    return code


def compare_hypotheses(merged: xr.Dataset, sweep: Sweep, console: Console) -> None:
    """Write and print how many patients would tell hypotheses apart, where they were swept."""
    if has_hypotheses(merged):
        table = discrimination_table(merged)
        atomic_write.save_table(table, sweep.folder / output_folder.DISCRIMINATION)
        console.print(*hypotheses_tables(table), sep="")
