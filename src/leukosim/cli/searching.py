"""``leukosim search``: the best trigger, interval, delay or schedule, within limits.

Candidates are scenarios as those of a sweep, kept one by one, and the optimiser always begins anew:
it proposes what it proposed before, and what was simulated then is read from the disk.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.progress import Progress, TaskID

from leukosim.analysis.optimisation.search import (
    CONFIRMED,
    DEFAULT_ARM,
    Found,
    Numbers,
    Search,
    arms_of_scenarios,
    attributes_of,
    chosen,
    confirmation_table,
    numbers_of,
    run_search,
    searched,
)
from leukosim.analysis.optimisation.search_space import Point
from leukosim.analysis.quantities import QUANTITIES, Look
from leukosim.cli import drawing
from leukosim.cli.compiling import compile_first
from leukosim.cli.exit_codes import FAILED, say
from leukosim.cli.fields import as_list
from leukosim.cli.reading import wide_console
from leukosim.cli.running import finish, interrupted_with, run, tell, workers
from leukosim.config.compose import as_plain, read_config
from leukosim.config.interpolation import Table, label, table_of_points, variations
from leukosim.config.reading import build
from leukosim.config.schema import Config
from leukosim.config.sweep_grammar import Space
from leukosim.errors import ConfigError, listed, unknown
from leukosim.figures.elements.save import save_figure
from leukosim.figures.elements.style import house_style
from leukosim.figures.methods import confirmation as confirmation_figure
from leukosim.reports.terminal import candidates_table, confirmed_table
from leukosim.reports.terminal.run_tables import contents, progress_bar
from leukosim.results import atomic_write, netcdf, output_folder, provenance
from leukosim.results import shards as parts
from leukosim.runs import sweep as sweeps
from leukosim.runs.memory import workers_within_memory
from leukosim.runs.scheduling import run_missing
from leukosim.runs.sweep import Scenario, Sweep

SEARCH, CONFIRMATION = "search.csv", "confirmation"
PREFIX = "search."  # of the fields of a search on the command line
FOR_ALL = ("relapse_free_survival", "rmst", "drug_days", "cytopenia_days", "samples")


def search(words: list[str]) -> int:
    """``leukosim search``: short for ``run -m hydra/sweeper=search``."""
    return run(["-m", "hydra/sweeper=search", *map(for_hydra, words)])


def for_hydra(word: str) -> str:
    """A word as Hydra knows it: what is asked of a search belongs to its sweeper."""
    if not word.startswith(PREFIX):
        return word
    return f"++hydra.sweeper.{PREFIX}{as_list(word.removeprefix(PREFIX), Search)}"


# ---------------------------------------------------------------------- what is asked, checked


@dataclass(frozen=True)
class Question:
    """A search, checked before anything runs."""

    space: Space
    options: Search
    config: Config  # of the default
    arm: str
    look: Look
    folder: Path
    default: Point

    @property
    def identity(self) -> str:
        """What decides which candidates are proposed; not how many."""
        options = {n: v for n, v in as_plain(self.options).items() if n not in WITHOUT_INFLUENCE}
        axes = [[axis.name, repr(axis.values)] for axis in self.space.axes]
        return json.dumps([self.arm, options, axes, version("optuna")])

    @property
    def new_seed(self) -> int:
        """Of patients whom no candidate was chosen for."""
        options = self.options.new_seed
        return self.config.seed + 1 if options is None else options

    @property
    def names(self) -> list[str]:
        """The fields that are searched over."""
        return [axis.name for axis in self.space.axes]

    @cached_property
    def candidates(self) -> "Candidates":
        """Points as scenarios."""
        return Candidates(self.space.base, self.names)

    def sweep(self, points: list[Point]) -> Sweep:
        """Candidates as a sweep.

        Raises
        ------
        ConfigError
            If one is not allowed.
        """
        return Sweep([self.candidates.scenario(point) for point in points], self.folder)


class Candidates:
    """Points of a space as scenarios, each checked once."""

    def __init__(self, base: DictConfig, names: list[str]) -> None:
        self.base, self.names = base, names
        self.made: dict[str, Scenario] = {}
        self.waiting: list[tuple[Any, ...]] = []
        self.varied = self.variations()

    def variations(self) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """Configurations of points that come one by one, of which copies are made only once."""
        return variations(self.base, self.names, iter(self.waiting.pop, None))

    def scenario(self, point: Point) -> Scenario:
        """A point as a scenario.

        Raises
        ------
        ConfigError
            If it is not allowed.
        """
        key = json.dumps([point[name] for name in self.names])
        if key not in self.made:
            self.waiting[:] = [tuple(point[name] for name in self.names)]
            try:
                _, plain = next(self.varied)
            except ConfigError:
                self.varied = self.variations()  # an iterator that failed gives no more
                raise
            labels = {name: label(point[name]) for name in self.names}
            table = Table([labels], [plain], [self.base], UNUSED)
            self.made[key] = sweeps.check(table).scenarios[0]
        return self.made[key]


UNUSED = "."  # the folder of a table whose scenarios are put into another

# Fields of a search that change no proposal.
WITHOUT_INFLUENCE = ("evaluations", "confirm", "new_patients", "new_seed", "resamples")


def question_of(space: Space) -> Question:
    """What is asked, checked.

    Raises
    ------
    ConfigError
    """
    if find_spec("optuna") is None:
        raise ConfigError("search needs the package optuna: pip install 'leukosim[search]'")
    options = build(Search, space.options, "search")
    config = read_config(space.base)
    arm = arm_of(options, config)
    if "overall_survival" in options.quantities and not config.until_death:
        raise ConfigError(
            "search: overall_survival needs until_death=true: patients are followed to relapse only"
        )
    OmegaConf.update(space.base, "arms", [arm])
    if config.operations.centres:
        raise ConfigError("search: operations.centres randomises between arms: set it to 0")
    name = space.output if space.output is not None else f"outputs/{config.study}-search"
    look = options.look(float(config.horizon_days))
    default = space.default()
    question = Question(space, options, config, arm, look, output_folder.folder_of(name), default)
    if question.new_seed == config.seed:
        raise ConfigError(f"search.new_seed = {config.seed} would draw the same patients again")
    for axis in space.axes:  # each value is allowed by itself
        for value in axis.values.ends:
            question.sweep([{**question.default, axis.name: value}])
    return question


def arm_of(options: Search, config: Config) -> str:
    """The arm that is searched."""
    if options.arm and options.arm not in config.arms:
        raise ConfigError(f"search.arm: {unknown(options.arm, config.arms, 'arm')}")
    if not options.arm and len(config.arms) > 1:
        raise ConfigError(f"search.arm is missing: which of {listed(config.arms)} is searched?")
    return options.arm or config.arms[0]


def check_folder(question: Question) -> None:
    """Raise :class:`ConfigError` where the folder holds another result.

    A search may grow: one of fewer evaluations is gone on with.
    """
    path = question.folder / output_folder.RESULTS
    if not path.exists() or question.config.overwrite:
        return
    attributes = netcdf.attributes_of(path)
    here = question.sweep([question.default]).scenarios[0]
    there = json.loads(attributes.get("scenario_digests", "[null]"))
    if attributes.get("search") == question.identity and here.digest == there[0]:
        if len(there) - 1 > question.options.evaluations:
            raise ConfigError(
                f"search.evaluations = {question.options.evaluations} (candidates) would throw away "
                f"some of the {len(there) - 1} in output = {question.folder}: ask for no fewer"
            )
        return
    what = provenance.what_differs(attributes, here.identity)
    if "search" in attributes and here.digest == there[0]:
        what = "another search"
    raise ConfigError(
        f"output = {question.folder} holds results of {what}: "
        "choose another output, or allow overwrite=true"
    )


# ---------------------------------------------------------------------- the search


def run_search_of(space: Space, console: Console) -> int:
    """The search, then its best candidates on new patients."""
    question = question_of(space)
    check_folder(question)
    output_folder.prepare_folder(question.folder)
    started = time.perf_counter()
    kept = "finished evaluations are kept, the same command goes on"
    with output_folder.sole_writer(question.folder), interrupted_with(kept):
        check_folder(question)  # again, now that nobody else can write
        compile_first(console, question.config)
        ledger, result = look_for(question, console)
        dataset, table = merged(question, ledger, result)
        atomic_write.save_table(table, question.folder / SEARCH)
    code = FAILED if ledger.errors else 0
    code = max(code, drawing.draw(dataset, question.folder, console))
    for words in result.refused[:1]:
        say(f"{len(result.refused)} proposals were not allowed, such as: {words}")
    for sentence in ledger.failures():
        print(f"leukosim: {sentence}", file=sys.stderr, flush=True)
    named = chosen(table, question.options.confirm)
    shown = wide_console()
    shown.print(candidates_table(table, question.names, question.options, result.limits))
    if named:
        code = max(code, confirm(question, dataset, result, named, console, shown))
    elif question.options.confirm:
        say("no candidate keeps within the limits: nothing to try on new patients")
    say(f"{question.folder}: {contents(question.folder)} ({time.perf_counter() - started:.0f} s)")
    return code


def look_for(question: Question, console: Console) -> tuple["Ledger", Found]:
    """Propose and evaluate, with a bar on a terminal and else a line for each batch."""
    total = question.options.evaluations + 1
    with progress_bar(console, "candidates") as bar:
        line = bar.add_task(question.config.study, total=total)
        ledger = Ledger(question, console, bar, line)
        result = run_search(
            question.space.axes, question.options, question.default, ledger.evaluate,
            partial(refusal, question),
        )  # fmt: skip
    return ledger, result


def refusal(question: Question, point: Point) -> str:
    """Why a candidate is not allowed; empty: it is."""
    try:
        question.sweep([point])
    except ConfigError as error:
        return str(error)
    return ""


class Ledger:
    """Evaluates candidates by simulation, or by what is kept of them."""

    def __init__(self, question: Question, console: Console, bar: Progress, line: TaskID) -> None:
        self.question, self.console, self.bar, self.line = question, console, bar, line
        self.errors: dict[str, str] = {}  # by digest
        self.known: dict[str, Numbers] = {}  # by digest
        self.ran = self.looked_at = 0

    def evaluate(self, points: list[Point]) -> list[Numbers | None]:
        """What candidates come to; None where one failed."""
        sweep = self.question.sweep(points)
        outcomes: list[Numbers | None] = []
        missing = sweep.missing(self.errors)
        self.simulate(sweep, missing)
        try:
            self.learn(sweep)
        except parts.BrokenPart as broken:  # it is run again where that is damaged
            broken.path.unlink(missing_ok=True)
            self.simulate(sweep, sweep.missing(self.errors))
            self.learn(sweep)
        for scenario in sweep.scenarios:
            outcomes.append(self.known.get(scenario.digest))
            self.looked_at += 1
            self.say(self.known.get(scenario.digest), scenario, scenario in missing)
        self.bar.update(self.line, completed=self.looked_at)
        return outcomes

    def simulate(self, sweep: Sweep, missing: list[Scenario]) -> None:
        """Run what is not kept."""
        if not missing:
            return
        courses = sum(scenario.config.cohort.size for scenario in missing)
        configs = [scenario.config for scenario in missing]
        at_once = workers_within_memory(configs, workers(configs[0], courses))
        self.errors |= run_missing(
            sweep, missing, at_once, lambda patients: None, lambda scenario: None
        )
        self.ran += len(missing)

    def learn(self, sweep: Sweep) -> None:
        """Turn what is kept of candidates into numbers."""
        question = self.question
        for scenario, trial in sweep.trials(self.errors.keys() | self.known.keys()):
            result = numbers_of(trial, question.arm, question.options, question.look)["value"]
            self.known[scenario.digest] = {str(each): float(result[each]) for each in result.index}

    def say(self, numbers: Numbers | None, scenario: Scenario, is_new: bool) -> None:
        """A line for whoever reads a log."""
        if self.console.is_terminal or not is_new:
            return
        reached = "failed" if numbers is None else in_words(numbers)
        words = f"{self.looked_at - 1} of {self.question.options.evaluations}: {scenario.name}"
        self.console.print(f"{words}: {reached}", markup=False, highlight=False, soft_wrap=True)

    def failures(self) -> list[str]:
        """What went wrong, each reason once."""
        return [f"a candidate failed: {words}" for words in dict.fromkeys(self.errors.values())]


def in_words(numbers: Numbers) -> str:
    """Quantities in a row."""
    return ", ".join(f"{QUANTITIES[name].label} {value:.4g}" for name, value in numbers.items())


def merged(question: Question, ledger: Ledger, result: Found) -> tuple[xr.Dataset, pd.DataFrame]:
    """One dataset of all evaluations, written, and their table."""
    options, arm = question.options, question.arm
    about = {
        "search": question.identity,
        **attributes_of(options, arm, question.space.axes, result.limits),
    }
    sweep = replace(question.sweep(result.points), about=about)
    path = question.folder / output_folder.RESULTS
    if netcdf.attributes_of(path).get("digest") != sweep.digest:
        sweeps.merge(sweep, ledger.errors)
    dataset = netcdf.load_dataset(path)
    say(f"{len(result.points)} evaluations, {ledger.ran} run: {question.folder}")
    return dataset, searched(dataset).table


# ---------------------------------------------------------------------- new patients


def confirm(
    question: Question,
    dataset: xr.Dataset,
    result: Found,
    named: dict[str, int],
    console: Console,
    shown: Console,
) -> int:
    """The best candidates and the default on patients whom no candidate was chosen for."""
    options = question.options
    base = OmegaConf.masked_copy(question.space.base, list(question.space.base))
    OmegaConf.update(base, "seed", question.new_seed)
    OmegaConf.update(base, "cohort.size", options.new_patients)
    folder = question.folder / CONFIRMATION
    if netcdf.attributes_of(folder / output_folder.RESULTS).get(CONFIRMED) == question.identity:
        OmegaConf.update(base, "overwrite", True)  # by those of the search as it has grown
    points = [result.points[number] for number in (0, *named.values())]
    table = table_of_points(base, points, str(folder))
    sweep = replace(sweeps.check(table), about={CONFIRMED: question.identity})
    if netcdf.attributes_of(folder / output_folder.RESULTS).get("digest") != sweep.digest:
        report = finish(sweep, console)
        tell(report)
        if report.errors:
            return FAILED
    arms = {DEFAULT_ARM: 0} | named
    before = arms_of_scenarios(dataset, question.arm, arms)
    others = netcdf.load_dataset(folder / output_folder.RESULTS)
    places = {name: place for place, name in enumerate(arms)}
    new = arms_of_scenarios(others, question.arm, places)
    known = [name for name in FOR_ALL if name in options.quantities or has_counts(new, name)]
    quantities = list(dict.fromkeys([*options.goals, *known, *options.quantities]))
    look = replace(question.look, resamples=2000)
    compared = confirmation_table(before, new, quantities, look)
    atomic_write.save_table(compared, question.folder / f"{CONFIRMATION}.csv")
    with house_style():
        figure = confirmation_figure.confirmation_figure(compared, options.goals, look)
        save_figure(
            figure, compared, question.folder / drawing.FIGURES, CONFIRMATION,
            results=[dataset, others], options=as_plain(options),
        )  # fmt: skip
    shown.print(confirmed_table(compared, options, look))
    best = " ".join(f"{name}={value}" for name, value in points[1].items())
    say(f"best: {best}")
    return 0


def has_counts(ds: xr.Dataset, name: str) -> bool:
    """Whether a dataset has what a quantity counts."""
    needs = {"cytopenia_days": "days_grade3_neutropenia", "samples": "sample_day"}
    return name not in needs or needs[name] in ds
