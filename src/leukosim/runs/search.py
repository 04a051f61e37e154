"""A search for the best trigger, interval, delay or schedule, within limits.

Candidates are scenarios as those of a sweep, kept one by one, and the optimiser always begins anew:
it proposes what it proposed before, and what was simulated then is read from the disk.
"""

from dataclasses import dataclass, replace
from functools import partial

import pandas as pd
import xarray as xr
from omegaconf import OmegaConf

from leukosim.analysis.arm_summaries import SUMMARIES, EvaluationTimes
from leukosim.analysis.optimisation.search import (
    CONFIRMED,
    DEFAULT_ARM,
    Found,
    Numbers,
    arms_of_scenarios,
    attributes_of,
    chosen,
    confirmation_table,
    numbers_of,
    run_search,
    searched,
)
from leukosim.analysis.optimisation.search_space import Point
from leukosim.config.interpolation import table_of_points
from leukosim.errors import ConfigError
from leukosim.results import atomic_write, netcdf, output_folder, shards
from leukosim.results.folder_state import SEARCH as SEARCH_KIND
from leukosim.results.folder_state import save_plan
from leukosim.results.own_files import refuse_foreign
from leukosim.runs import sweep as sweeps
from leukosim.runs.execute import (
    Incomplete,
    compile_first,
    finish,
    interrupted_with,
    workers,
)
from leukosim.runs.memory import workers_within_memory
from leukosim.runs.progress import SILENT, Progress, Update
from leukosim.runs.scheduling import run_missing
from leukosim.runs.search_question import Question, check_folder
from leukosim.runs.sweep import Scenario, Sweep

SEARCH, CONFIRMATION = "search.csv", "confirmation"
FOR_ALL = ("relapse_free_survival", "rmst", "drug_days", "cytopenia_days", "samples")


@dataclass(frozen=True)
class SearchOutcome:
    """All evaluations of a search, as a dataset with a dimension ``scenario`` and as a table."""

    question: Question
    dataset: xr.Dataset
    table: pd.DataFrame
    proposed: Found
    failures: list[str]
    lines: list[str]  # what was run, what was not allowed

    @property
    def best(self) -> dict[str, int]:
        """The candidates to be confirmed, best first: position in the dataset by name."""
        return chosen(self.table, self.question.options.confirm)


@dataclass(frozen=True)
class Confirmation:
    """The best candidates beside the default on new patients."""

    table: pd.DataFrame
    times: EvaluationTimes
    datasets: list[xr.Dataset]  # of the search, and of the new patients
    best: Point


def search(question: Question, progress: Progress = SILENT) -> SearchOutcome:
    """Propose and evaluate candidates; what was evaluated before is read from the folder.

    Raises
    ------
    leukosim.errors.ConfigError
        The folder holds something else.
    """
    check_folder(question)
    refuse_foreign([question.folder / SEARCH, question.folder / f"{CONFIRMATION}.csv"])
    output_folder.prepare_folder(question.folder)
    kept = "finished evaluations are kept, the same command goes on"
    with output_folder.sole_writer(question.folder), interrupted_with(kept):
        check_folder(question)  # again, now that nobody else can write
        compile_first(question.config, progress)
        total = question.options.evaluations + 1
        save_plan(question.folder, SEARCH_KIND, question.command, evaluations=total)
        with progress.task(question.config.study, total, "candidates") as update:
            evaluator = Evaluator(question, progress, update)
            proposed = run_search(
                question.space.axes, question.options, question.default, evaluator.evaluate,
                partial(refusal, question),
            )  # fmt: skip
        dataset, table = merged(question, evaluator, proposed)
        atomic_write.save_table(table, question.folder / SEARCH)
        save_plan(
            question.folder, SEARCH_KIND, question.command, evaluations=total, is_complete=True
        )
    lines = [f"{len(proposed.points)} evaluations, {evaluator.ran} run: {question.folder}"]
    lines += [
        f"{len(proposed.refused)} proposals were not allowed, such as: {words}"
        for words in proposed.refused[:1]
    ]
    return SearchOutcome(question, dataset, table, proposed, evaluator.failures(), lines)


def refusal(question: Question, point: Point) -> str:
    """Why a candidate is not allowed; empty: it is."""
    try:
        question.sweep([point])
    except ConfigError as error:
        return str(error)
    return ""


class Evaluator:
    """Evaluates candidates by simulation, or by what is kept of them."""

    def __init__(self, question: Question, progress: Progress, update: Update) -> None:
        self.question, self.progress, self.update = question, progress, update
        self.errors: dict[str, str] = {}  # by digest
        self.known: dict[str, Numbers] = {}  # by digest
        self.ran = self.evaluated = 0

    def evaluate(self, points: list[Point]) -> list[Numbers | None]:
        """The goals and limits of candidates; None where one failed."""
        sweep = self.question.sweep(points)
        outcomes: list[Numbers | None] = []
        missing = sweep.missing(self.errors)
        self.simulate(sweep, missing)
        try:
            self.read(sweep)
        except shards.DamagedShard as broken:  # it is run again where that is damaged
            broken.path.unlink(missing_ok=True)
            self.simulate(sweep, sweep.missing(self.errors))
            self.read(sweep)
        for scenario in sweep.scenarios:
            outcomes.append(self.known.get(scenario.digest))
            self.evaluated += 1
            if scenario in missing and not self.progress.shows_bars:
                self.log(scenario, self.known.get(scenario.digest))
        self.update(self.evaluated)
        return outcomes

    def simulate(self, sweep: Sweep, missing: list[Scenario]) -> None:
        """Run what is not kept."""
        if not missing:
            return
        trajectories = sum(scenario.config.cohort.size for scenario in missing)
        configs = [scenario.config for scenario in missing]
        at_once = workers_within_memory(configs, workers(configs[0], trajectories))
        self.errors |= run_missing(
            sweep, missing, at_once, lambda patients: None, lambda scenario: None
        )
        self.ran += len(missing)

    def read(self, sweep: Sweep) -> None:
        """Turn what is kept of candidates into numbers."""
        question = self.question
        for scenario, trial in sweep.trials(self.errors.keys() | self.known.keys()):
            values = numbers_of(trial, question.arm, question.options, question.times)["value"]
            self.known[scenario.digest] = {str(each): float(values[each]) for each in values.index}

    def log(self, scenario: Scenario, numbers: Numbers | None) -> None:
        """A line on a candidate."""
        reached = "failed" if numbers is None else in_words(numbers)
        number = f"{self.evaluated - 1} of {self.question.options.evaluations}"
        self.progress.log(f"{number}: {scenario.name}: {reached}")

    def failures(self) -> list[str]:
        """What went wrong, each reason once."""
        return [f"a candidate failed: {words}" for words in dict.fromkeys(self.errors.values())]


def in_words(numbers: Numbers) -> str:
    """Quantities in a row."""
    return ", ".join(f"{SUMMARIES[name].label} {value:.4g}" for name, value in numbers.items())


def merged(
    question: Question, evaluator: Evaluator, proposed: Found
) -> tuple[xr.Dataset, pd.DataFrame]:
    """One dataset of all evaluations, written, and their table."""
    about = {
        "search": question.identity,
        **attributes_of(question.options, question.arm, question.space.axes, proposed.limits),
    }
    sweep = replace(question.sweep(proposed.points), about=about)
    path = question.folder / output_folder.RESULTS
    if not output_folder.holds_whole(question.folder, sweep.digest):
        sweeps.merge(sweep, evaluator.errors)
    dataset = netcdf.load_dataset(path)
    return dataset, searched(dataset).table


# ---------------------------------------------------------------------- new patients


def confirm(outcome: SearchOutcome, progress: Progress = SILENT) -> Confirmation:
    """The best candidates and the default on patients whom no candidate was chosen for.

    Raises
    ------
    Incomplete
        If a scenario fails.
    """
    question, best = outcome.question, outcome.best
    options = question.options
    base = OmegaConf.masked_copy(question.space.base, list(question.space.base))
    OmegaConf.update(base, "seed", question.new_seed)
    OmegaConf.update(base, "cohort.size", options.new_patients)
    folder = question.folder / CONFIRMATION
    path = folder / output_folder.RESULTS
    if netcdf.attributes_of(path).get(CONFIRMED) == question.identity:
        OmegaConf.update(base, "overwrite", True)  # by those of the search as it has grown
    points = [outcome.proposed.points[number] for number in (0, *best.values())]
    sweep = sweeps.check(table_of_points(base, points, str(folder)))
    sweep = replace(sweep, about={CONFIRMED: question.identity}, command=question.command)
    if not output_folder.holds_whole(folder, sweep.digest):
        report = finish(sweep, progress)
        if report.errors:
            raise Incomplete(report)
        for line in report.lines():
            progress.say(line)
    arms = {DEFAULT_ARM: 0} | best
    before = arms_of_scenarios(outcome.dataset, question.arm, arms)
    others = netcdf.load_dataset(path)
    new = arms_of_scenarios(others, question.arm, {name: at for at, name in enumerate(arms)})
    known = [name for name in FOR_ALL if name in options.quantities or has_counts(new, name)]
    quantities = list(dict.fromkeys([*options.goals, *known, *options.quantities]))
    times = replace(question.times, resamples=2000)
    table = confirmation_table(before, new, quantities, times)
    atomic_write.save_table(table, question.folder / f"{CONFIRMATION}.csv")
    return Confirmation(table, times, [outcome.dataset, others], points[1])


def has_counts(ds: xr.Dataset, name: str) -> bool:
    """Whether a dataset has what a quantity counts."""
    needs = {"cytopenia_days": "days_grade3_neutropenia", "samples": "sample_day"}
    return name not in needs or needs[name] in ds
