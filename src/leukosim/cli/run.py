"""``leukosim run``: Hydra composes, then one run, one sweep or one search follows."""

import time
from collections.abc import Container, Sequence
from dataclasses import replace

import xarray as xr
from omegaconf import DictConfig
from rich.console import Console

from leukosim.analysis.hypothesis_discrimination import discrimination_table, has_hypotheses
from leukosim.analysis.optimisation.search import numbers_of
from leukosim.cli import drawing, submitting
from leukosim.cli.exit_codes import FAILED, say
from leukosim.config.command_line import Jobs, compose
from leukosim.config.compose import read_config, register
from leukosim.config.interpolation import Table
from leukosim.config.schema import Config
from leukosim.config.sweep_grammar import Space
from leukosim.config.without_effect import warnings_on
from leukosim.errors import ConfigError
from leukosim.reports.terminal.console import ConsoleProgress, wide_console
from leukosim.reports.terminal.headlines import headlines_table, sweep_tables
from leukosim.reports.terminal.run_tables import (
    contents,
    hypotheses_tables,
    next_steps,
    outcome_table,
)
from leukosim.results import atomic_write, output_folder
from leukosim.results.folder_state import RUN, Command
from leukosim.results.output_folder import folder_of
from leukosim.results.own_files import refuse_foreign
from leukosim.runs import sweep as sweeps
from leukosim.runs.execute import finish, interrupted_with, read_run, run_into_folder
from leukosim.runs.memory import check_machine
from leukosim.runs.patient_tables import restore_missing
from leukosim.runs.progress import Progress
from leukosim.runs.search_question import arm_of
from leukosim.runs.sweep import Report, Sweep

FIGURES_FOLLOW = "the result is kept, the same command draws its figures"


def run(words: list[str], typed: Sequence[str] = ()) -> int:
    """``leukosim run``: one run, one sweep, one search, or jobs of another sweeper of Hydra's.

    typed : all words after ``leukosim``, of another verb
    """
    console = Console(stderr=True)
    command = submitting.command_of(typed or ["run", *words])
    code = 0
    for task in compose(words, job):
        if isinstance(task, Jobs):
            say(f"{task.folder}: a folder for each job of {task.sweeper}, by {task.launcher}")
        elif isinstance(task, Space):
            from leukosim.cli.search import run_search

            code = max(code, run_search(task, console, command, words))
        elif isinstance(task, Table) and task.axes:
            code = max(code, run_sweep(task, console, command, words))
        else:
            composed = task.composed[0] if isinstance(task, Table) else task
            code = max(code, run_one(composed, console, command, words))
    return code


def run_one(
    composed: DictConfig, console: Console, command: Command, words: Sequence[str] = ()
) -> int:
    """One run into its folder, with its figures, unless it is there already."""
    started = time.perf_counter()
    config, progress = read_config(composed), ConsoleProgress(console)
    warn_of_fields(words, [config], [composed], progress)
    if config.executor.submit:
        check_machine([config])
        output = output_folder.folder_of(config.output)
        return submitting.submit_whole(output, RUN, command, config.executor)
    outcome = run_into_folder(config, progress, command)
    folder = outcome.folder
    assert folder is not None
    drawn: Container[str] = ()
    if outcome.was_found:
        say(f"{folder} holds this result already: nothing was run")
        say_restored(outcome.restored)
        drawn = drawing.drawn_in(folder)
    with interrupted_with(FIGURES_FOLLOW):
        code = drawing.draw(outcome.dataset, folder, console, drawn)
    wide_console().print(outcome_table(outcome.dataset), *headlines_table(outcome.dataset))
    say(f"{folder}: {contents(folder)} ({time.perf_counter() - started:.0f} s)")
    say(next_steps(folder))
    return code


def job(composed: DictConfig) -> float | list[float] | None:
    """The work of one job that a sweeper of Hydra's starts, in this process or another.

    Returns
    -------
    float or list
        What an optimiser asks for: the goal of the section ``search``, or each of several; None
        where no arm is named and there are several.
    """
    register()
    config = read_config(composed)
    options = config.search
    arm = arm_of(options, config) if options.arm or len(config.arms) == 1 else None
    if config.executor.submit:
        raise ConfigError(
            "executor.submit = true is for leukosim's own runs, sweeps and searches: another "
            "sweeper of Hydra's waits for its jobs"
        )
    run_one(composed, Console(stderr=True), Command())
    if arm is None:
        return None
    dataset = read_run(folder_of(config.output)).dataset
    times = options.evaluation_times(float(config.horizon_days))
    values = numbers_of(dataset, arm, options, times)["value"]
    goals = [float(values[name]) for name in options.goals]
    return goals[0] if len(goals) == 1 else goals


def run_sweep(table: Table, console: Console, command: Command, words: Sequence[str]) -> int:
    """All scenarios that are not finished yet, then one dataset of all."""
    sweep = replace(sweeps.check(table), command=command)
    progress = ConsoleProgress(console)
    configs = [scenario.config for scenario in sweep.scenarios]
    warn_of_fields(words, configs, table.composed, progress)
    total = len(sweep.scenarios)
    replaces, tables = sweep.scenarios[0].config.overwrite, sweep.scenarios[0].config.tables
    if not replaces and sweeps.is_finished(sweep, progress.warn):
        say(f"{total} of {total} scenarios found finished, 0 run: {sweep.folder}")
        say_restored(restore_missing(sweep.folder, tables))
        code = show_sweep(sweep, console, only_missing=True)
        say(next_steps(sweep.folder))
        return code
    if sweep.scenarios[0].config.executor.submit and submitting.submit_sweep(sweep):
        return 0
    report = finish(sweep, progress, tables)
    code = FAILED if report.errors else 0
    if len(report.errors) < total:
        with interrupted_with(FIGURES_FOLLOW):
            code = max(code, show_sweep(sweep, console))
    show_report(report, progress)
    say(f"{sweep.folder}: {contents(sweep.folder)}")
    if len(report.errors) < total:
        say(next_steps(sweep.folder))
    return code


def warn_of_fields(
    words: Sequence[str], configs: list[Config], composed: list[DictConfig], progress: Progress
) -> None:
    """Say which of the fields that were set cannot change the result, before anything runs."""
    for sentence in warnings_on(words, configs, composed):
        progress.warn(sentence)


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
    """Figures of a sweep, its main result by scenario, and what tells its hypotheses apart.

    A dataset that would fill the memory stays on the disk, and a figure reads what it draws.
    """
    with sweep.opened() as dataset:
        drawn = drawing.drawn_in(sweep.folder) if only_missing else ()
        code = drawing.draw(dataset, sweep.folder, console, drawn)
        wide_console().print(*sweep_tables(dataset), sep="\n")
        compare_hypotheses(dataset, sweep, console)
    return code


def compare_hypotheses(merged: xr.Dataset, sweep: Sweep, console: Console) -> None:
    """Write and print how many patients would tell hypotheses apart, where they were swept."""
    if has_hypotheses(merged):
        refuse_foreign([sweep.folder / output_folder.DISCRIMINATION])
        table = discrimination_table(merged)
        atomic_write.save_table(table, sweep.folder / output_folder.DISCRIMINATION)
        console.print(*hypotheses_tables(table), sep="")
