"""What a search looks for, checked before anything runs; and its candidates as scenarios."""

import itertools
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from leukosim.analysis.arm_summaries import EvaluationTimes
from leukosim.analysis.optimisation.search import Search
from leukosim.analysis.optimisation.search_space import Axis, Point
from leukosim.config.compose import as_plain, read_config
from leukosim.config.interpolation import Table, label, variations
from leukosim.config.schema import Config
from leukosim.config.sweep_grammar import Space
from leukosim.config.without_effect import Effects
from leukosim.errors import ConfigError, listed, unknown
from leukosim.results import netcdf, output_folder, provenance
from leukosim.results.folder_state import Command
from leukosim.runs import sweep as sweeps
from leukosim.runs.sweep import Scenario, Sweep

UNUSED = "."  # the folder of a table whose scenarios are put into another

# Fields of a search that change no proposal.
WITHOUT_INFLUENCE = ("evaluations", "confirm", "new_patients", "new_seed", "resamples")


@dataclass(frozen=True)
class Question:
    """A search, checked before anything runs."""

    space: Space
    options: Search
    config: Config  # of the default
    arm: str
    times: EvaluationTimes
    folder: Path
    default: Point
    command: Command = Command()  # that asked it

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

    @cached_property
    def corners(self) -> list[Scenario]:
        """The default and, where they are few, all points at the ends of axes that are allowed."""
        scenarios = []
        for point in [self.default, *corners_of(self.space.axes)]:
            with suppress(ConfigError):
                scenarios.append(self.candidates.scenario(point))
        return scenarios

    def check_axes(self) -> None:
        """Raise :class:`ConfigError` where an axis changes nothing, whatever the others are."""
        if not corners_of(self.space.axes):
            return
        effects = Effects([each.config for each in self.corners], [self.space.base])
        for name in self.names:
            why = effects.why_none(name)
            if why:
                raise ConfigError(
                    f"{name} cannot be searched over, as it has no effect here: {why}"
                )

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


def question_of(space: Space) -> Question:
    """What is asked, checked.

    Raises
    ------
    ConfigError
    """
    if find_spec("optuna") is None:
        raise ConfigError("search needs the package optuna: pip install 'leukosim[search]'")
    config = read_config(space.base)
    options = config.search
    arm = arm_of(options, config)
    if "overall_survival" in options.quantities and not config.until_death:
        raise ConfigError(
            "search: overall_survival needs until_death=true: patients are followed to relapse only"
        )
    OmegaConf.update(space.base, "arms", [arm])
    if config.operations.centres:
        raise ConfigError("search: operations.centres randomises between arms: set it to 0")
    name = space.output if space.output is not None else f"outputs/{config.study}-search"
    times = options.evaluation_times(float(config.horizon_days))
    default = space.default()
    question = Question(space, options, config, arm, times, output_folder.folder_of(name), default)
    if question.new_seed == config.seed:
        raise ConfigError(f"search.new_seed = {config.seed} would draw the same patients again")
    for axis in space.axes:  # each value is allowed by itself
        for value in axis.values.ends:
            question.sweep([{**question.default, axis.name: value}])
    question.check_axes()
    return question


MOST_CORNERS = 128  # more are not looked at


def corners_of(axes: Sequence[Axis]) -> list[Point]:
    """All combinations of the ends of axes; none where they are too many."""
    if math.prod(len(axis.values.ends) for axis in axes) > MOST_CORNERS:
        return []
    names = [axis.name for axis in axes]
    points = itertools.product(*(axis.values.ends for axis in axes))
    return [dict(zip(names, point, strict=True)) for point in points]


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
    attributes = netcdf.read_attributes(path)
    here = question.sweep([question.default]).scenarios[0]
    there = json.loads(attributes.get("scenario_digests", "[null]"))
    if attributes.get("search") == question.identity and here.digest == there[0]:
        if len(there) - 1 > question.options.evaluations:
            raise ConfigError(
                f"search.evaluations = {question.options.evaluations} (candidates) is "
                f"fewer than the {len(there) - 1} in output = {question.folder}: "
                f"allowed {len(there) - 1} or more"
            )
        return
    what = provenance.what_differs(attributes, here.identity)
    if "search" in attributes and here.digest == there[0]:
        what = "another search"
    raise ConfigError(
        f"output = {question.folder} holds results of {what}: "
        "choose another output, or allow overwrite=true"
    )
