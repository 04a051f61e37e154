"""Which scenarios a command line with several values asks for, or which space to search.

Hydra composes once for each combination of group choices. Values are then set on what it composed,
and only what refers to them is resolved again: a thousand scenarios are a matter of seconds, where
composing each would take minutes.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep
from omegaconf import DictConfig

from leukosim.analysis.optimisation.search_space import Axis, choice_of, span_of
from leukosim.config.compose import to_plain, without_hydra
from leukosim.config.interpolation import Table, at, label, variations
from leukosim.config.words import check_number
from leukosim.errors import ConfigError, listed

NOT_SWEPT = ("output", "overwrite", "tables", "executor", "search")  # they cannot change a number
# What makes patients, their disease and how long they are followed: a search leaves it alone.
NOT_SEARCHED = (
    "study", "seed", "arms", "strategy", "cohort", "disease", "hypothesis", "cxcr4_by_subtype",
    "horizon_days", "after_relapse_days", "until_death", "operations", "record",
)  # fmt: skip
LOG = "log"  # the only tag of an axis that means something


def expand(config_loader: Any, master: DictConfig, arguments: Sequence[str]) -> Table:
    """The table of scenarios that a command line with comma-separated values asks for."""
    parser = OverridesParser.create(config_loader=config_loader)
    swept, fixed, output = parted(parser, arguments, "swept")
    check_number(swept)
    chosen: dict[str, list[tuple[str, Any]]] = {}  # groups, composed anew
    valued: dict[str, list[tuple[str, Any]]] = {}  # values, set on what was composed
    for override in swept:
        key = override.get_key_element()
        if not override.is_discrete_sweep():
            raise ConfigError(f"{key} needs a list or a range of values: {override.input_line}")
        lines = [f"{key}={value}" for value in override.sweep_string_iterator()]
        if not lines:
            raise ConfigError(f"{key} names no value: {override.input_line}")
        is_value = not override.is_add() and not config_loader.get_group_options(key)
        points = [(line, parser.parse_override(line).value()) for line in lines]
        named: set[Any] = set()
        for shown in (label(value) for _, value in points):
            if shown in named:
                raise ConfigError(f"{key} names {shown} more than once")
            named.add(shown)
        (valued if is_value else chosen)[key] = points
    names = [name.lstrip("+") for name in (*chosen, *valued)]
    values = [tuple(value for _, value in points) for points in valued.values()]
    labels, plain, composed = [], [], []
    for choice in itertools.product(*chosen.values()):
        lines = [*fixed, *(line for line, _ in choice)]
        base = config_loader.load_sweep_config(master, lines)
        base = without_hydra(base)
        composed.append(base)
        for point, config in variations(base, list(valued), itertools.product(*values)):
            of_point = (*(value for _, value in choice), *point)
            labels.append({n: label(v) for n, v in zip(names, of_point, strict=True)})
            plain.append(config)
    return Table(labels, plain, composed, output)


@dataclass(frozen=True)
class Space:
    """What a search may vary, and around what."""

    axes: list[Axis]
    base: DictConfig  # as composed, with the values that fields have without a search
    output: str | None  # None: the user has named no folder

    @property
    def composed(self) -> list[DictConfig]:
        """What Hydra composed, as of a table."""
        return [self.base]

    def default(self) -> dict[str, Any]:
        """The point whose values the fields have without a search."""
        plain = to_plain(self.base)
        return {axis.name: at(plain, tuple(axis.name.split("."))) for axis in self.axes}


def read_space(config_loader: Any, master: DictConfig, arguments: Sequence[str]) -> Space:
    """The space that a command line with intervals, ranges and choices asks to be searched.

    Raises
    ------
    ConfigError
        If no field is searched over, or one that cannot be.
    """
    parser = OverridesParser.create(config_loader=config_loader)
    swept, fixed, output = parted(parser, arguments, "searched over")
    axes: list[Axis] = []
    for override in swept:
        key = override.get_key_element()
        if key.split(".")[0] in NOT_SEARCHED:
            raise ConfigError(
                f"{key} cannot be searched over: every candidate treats the same patients, and "
                "follows them for as long"
            )
        if override.is_add() or config_loader.get_group_options(key):
            raise ConfigError(f"{key} cannot be searched over: it is a group, not a field")
        axes.append(axis_of(key, override))
    if not axes:
        raise ConfigError(
            "search: no field has an interval, a range or a choice to be searched, such as "
            "'trigger.level=tag(log,interval(1e-4,1e-1))'"
        )
    base = config_loader.load_sweep_config(master, fixed)
    base = without_hydra(base)
    return Space(axes, base, output)


def axis_of(key: str, override: Override) -> Axis:
    """An axis in Hydra's words: an interval, a range without its end, or a choice."""
    sweep = override.value()
    tags = set(getattr(sweep, "tags", ()))
    if tags - {LOG}:
        raise ConfigError(f"{key}: tag {listed(sorted(tags - {LOG}))} means nothing: allowed {LOG}")
    if isinstance(sweep, ChoiceSweep):
        lines = [f"{key}={value}" for value in override.sweep_string_iterator()]
        parser = OverridesParser.create()
        return choice_of(key, [parser.parse_override(line).value() for line in lines])
    if isinstance(sweep, IntervalSweep):
        low, high = sweep.start, sweep.end
        assert low is not None and high is not None
        is_whole = isinstance(low, int) and isinstance(high, int)
        return span_of(key, low, high, 1 if is_whole else None, LOG in tags)
    if isinstance(sweep, RangeSweep):
        check_number([override])
        values = list(sweep.range())
        low, high = min(values), max(values)
        step = abs(sweep.step)
        return span_of(key, low, high, step, LOG in tags)
    raise ConfigError(f"{key} needs an interval, a range or a choice: {override.input_line}")


def parted(
    parser: OverridesParser, arguments: Sequence[str], words: str
) -> tuple[list[Override], list[str], str | None]:
    """What varies on a command line, what is fixed, and the folder that is named.

    words : what is done to fields that vary, for the error of those that change no result
    """
    varied: list[Override] = []
    fixed: list[str] = []
    output = None
    for override in parser.parse_overrides(list(arguments)):
        key = override.get_key_element()
        if not override.is_sweep_override():
            fixed.append(str(override.input_line))
            output = str(override.value()) if key == "output" else output
        elif key.split(".")[0] in NOT_SWEPT:
            raise ConfigError(f"{key} cannot be {words}: it does not change a result")
        else:
            varied.append(override)
    return varied, fixed, output


# ---------------------------------------------------------------------- values on what is composed
