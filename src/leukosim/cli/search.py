"""``leukosim search``: the best trigger, interval, delay or schedule, within limits."""

import time
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from leukosim.analysis.optimisation.search import Search
from leukosim.cli import drawing, submitting
from leukosim.cli.exit_codes import FAILED, say
from leukosim.cli.fields import as_list
from leukosim.cli.run import run, show_report, warn_of_fields
from leukosim.config.compose import as_plain
from leukosim.config.sweep_grammar import Space
from leukosim.figures.elements.save import save_figure
from leukosim.figures.elements.style import house_style
from leukosim.figures.methods.confirmation import confirmation_figure
from leukosim.reports.terminal import candidates_table, confirmed_table
from leukosim.reports.terminal.console import ConsoleProgress, wide_console
from leukosim.reports.terminal.run_tables import contents
from leukosim.results.folder_state import SEARCH, Command
from leukosim.runs.execute import Incomplete
from leukosim.runs.search import CONFIRMATION, SearchOutcome
from leukosim.runs.search import confirm as run_confirmation
from leukosim.runs.search import search as perform_search
from leukosim.runs.search_question import question_of

PREFIX = "search."  # of the fields of a search on the command line


def search(words: list[str]) -> int:
    """``leukosim search``: short for ``run -m hydra/sweeper=search``."""
    return run(["-m", "hydra/sweeper=search", *map(for_hydra, words)], ["search", *words])


def for_hydra(word: str) -> str:
    """A word as Hydra reads it: a field that holds a list is written as one."""
    if not word.startswith(PREFIX):
        return word
    return f"{PREFIX}{as_list(word.removeprefix(PREFIX), Search)}"


def run_search(space: Space, console: Console, command: Command, words: Sequence[str]) -> int:
    """The search, then its best candidates on new patients."""
    started = time.perf_counter()
    progress = ConsoleProgress(console)
    question = replace(question_of(space), command=command)
    searched = {f"{name}=" for name in question.names}
    fixed = [word for word in words if word.lstrip("+").partition("=")[0] + "=" not in searched]
    configs = [scenario.config for scenario in question.corners]
    warn_of_fields(fixed, configs, [space.base], progress)
    if question.config.executor.submit:
        place = question.config.executor
        return submitting.submit_whole(question.folder, SEARCH, command, place)
    outcome = perform_search(question, progress)
    say(outcome.lines[0])
    code = FAILED if outcome.failures else 0
    code = max(code, drawing.draw(outcome.dataset, question.folder, console))
    for line in outcome.lines[1:]:
        say(line)
    for sentence in outcome.failures:
        progress.warn(sentence)
    limits = outcome.proposed.limits
    wide_console().print(candidates_table(outcome.table, question.names, question.options, limits))
    if outcome.best:
        code = max(code, confirm(outcome, progress))
    elif question.options.confirm:
        say("no candidate keeps within the limits: nothing to try on new patients")
    say(f"{question.folder}: {contents(question.folder)} ({time.perf_counter() - started:.0f} s)")
    return code


def confirm(outcome: SearchOutcome, progress: ConsoleProgress) -> int:
    """The best candidates on new patients, drawn and printed."""
    question = outcome.question
    try:
        confirmation = run_confirmation(outcome, progress)
    except Incomplete as incomplete:
        show_report(incomplete.report, progress)
        return FAILED
    with house_style():
        goals = question.options.goals
        figure = confirmation_figure(confirmation.table, goals, confirmation.times)
        save_figure(
            figure, confirmation.table, question.folder / drawing.FIGURES, CONFIRMATION,
            results=confirmation.datasets, options=as_plain(question.options),
        )  # fmt: skip
    wide_console().print(confirmed_table(confirmation.table, question.options, confirmation.times))
    best = " ".join(f"{name}={value}" for name, value in confirmation.best.items())
    say(f"best: {best}")
    return 0
