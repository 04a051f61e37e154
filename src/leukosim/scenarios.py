"""Which scenarios a command line with several values asks for, or which space to search.

Hydra composes once for each combination of group choices. Values are then set on what it composed,
and only what refers to them is resolved again: a thousand scenarios are a matter of seconds, where
composing each would take minutes.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep
from omegaconf import DictConfig, ListConfig, OmegaConf

from leukosim.config import to_plain
from leukosim.search_space import Axis, choice_of, span_of
from leukosim.validation import ConfigError, listed

NOT_SWEPT = ("output", "overwrite", "engine")  # they cannot change a number
# What makes patients, their disease and how long they are followed: a search leaves it alone.
NOT_SEARCHED = (
    "study", "seed", "arms", "strategy", "cohort", "disease", "hypothesis", "cxcr4_by_subtype",
    "horizon_days", "after_relapse_days", "until_death", "operations", "record",
)  # fmt: skip
LOG = "log"  # the only tag of an axis that means something
REFERENCE = re.compile(r"[\w\-]+(?:\.[\w\-]+)*")
# Texts that are nothing but a reference, or the names of what is in a group: they need no parser.
PLAIN_REFERENCE = re.compile(r"\$\{(oc\.dict\.keys:)?([\w\-]+(?:\.[\w\-]+)*)\}")

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Table:
    """Scenarios as composed: what each is called on the axes, and its configuration."""

    labels: list[dict[str, Any]]
    plain: list[dict[str, Any]]
    composed: list[DictConfig]  # one for each combination of group choices
    output: str | None  # None: the user has named no folder

    @property
    def axes(self) -> list[str]:
        """The swept fields and groups."""
        return list(self.labels[0])


def expand(config_loader: Any, master: DictConfig, arguments: Sequence[str]) -> Table:
    """The table of scenarios that a command line with comma-separated values asks for."""
    parser = OverridesParser.create(config_loader=config_loader)
    swept, fixed, output = parted(parser, arguments, "swept")
    chosen: dict[str, list[tuple[str, Any]]] = {}  # groups, composed anew
    valued: dict[str, list[tuple[str, Any]]] = {}  # values, set on what was composed
    for override in swept:
        key = override.get_key_element()
        if not override.is_discrete_sweep():
            raise ConfigError(f"{key} needs a list or a range of values: {override.input_line}")
        lines = [f"{key}={value}" for value in override.sweep_string_iterator()]
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
        base = OmegaConf.masked_copy(base, [key for key in base if key != "hydra"])
        composed.append(base)
        for point, config in variations(base, list(valued), itertools.product(*values)):
            of_point = (*(value for _, value in choice), *point)
            labels.append({n: label(v) for n, v in zip(names, of_point, strict=True)})
            plain.append(config)
    return Table(labels, plain, composed, output)


@dataclass(frozen=True)
class Space:
    """What a search may vary, around what, and what is asked of it."""

    axes: list[Axis]
    base: DictConfig  # as composed, with the values that fields have without a search
    asked: dict[str, Any]  # fields of leukosim.search.Search
    output: str | None  # None: the user has named no folder

    @property
    def composed(self) -> list[DictConfig]:
        """What Hydra composed, as of a table."""
        return [self.base]

    def default(self) -> dict[str, Any]:
        """The point whose values the fields have without a search."""
        plain = to_plain(self.base)
        return {axis.name: at(plain, tuple(axis.name.split("."))) for axis in self.axes}


def read_space(
    config_loader: Any, master: DictConfig, arguments: Sequence[str], asked: Mapping[str, Any]
) -> Space:
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
    base = OmegaConf.masked_copy(base, [key for key in base if key != "hydra"])
    return Space(axes, base, dict(asked), output)


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
        values = list(sweep.range())
        if not values:
            raise ConfigError(f"{key}: {override.input_line} has no value")
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


def table_of_points(
    base: DictConfig, points: Sequence[Mapping[str, Any]], output: str | None = None
) -> Table:
    """The table of scenarios of a design, whose points need not be a grid.

    Parameters
    ----------
    base : as composed, see :func:`leukosim.config.compose_plain`
    points : values of fields by their paths, of the same fields in every point
    output : folder of the sweep
    """
    keys = list(points[0])
    values = (tuple(point[key] for key in keys) for point in points)
    found = list(variations(base, keys, values))
    labels = [dict(zip(keys, map(label, point), strict=True)) for point, _ in found]
    return Table(labels, [plain for _, plain in found], [base], output)


def label(value: Any) -> Any:
    """A value as a coordinate: a number, or a text as one would write it on the command line."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(str(label(each)) for each in value)
    return {None: "null", True: "true", False: "false"}.get(value, str(value))


# ---------------------------------------------------------------------- values on what is composed


def variations(
    base: DictConfig, keys: Sequence[str], points: Iterator[tuple[Any, ...]]
) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """The plain data of a configuration with other values at some keys.

    They share what they have in common.

    Yields
    ------
    tuple
        The values.
    dict
        Plain data, references resolved.
    """
    raw = OmegaConf.to_container(base, resolve=False)
    scratch = base.copy()
    paths: list[Path] = [tuple(key.split(".")) for key in keys]
    affected = affected_by(raw, keys)
    resolved: dict[str, Any] | None = None
    for point in points:
        for key, value in zip(keys, point, strict=True):
            OmegaConf.update(scratch, key, value, merge=True)
        is_plain = all(
            is_leaf(value) and not isinstance(at(raw, path), Mapping)
            for path, value in zip(paths, point, strict=True)
        )
        if not is_plain:  # merged into what is there, which only OmegaConf knows how to
            own = base.copy()
            for key, value in zip(keys, point, strict=True):
                OmegaConf.update(own, key, value, merge=True)
            yield point, to_plain(own)
            scratch = base.copy()
            continue
        if resolved is None:  # not before, as references may need a value that is only set now
            resolved = plain = to_plain(scratch)
        else:
            plain = resolved
            for path, value in zip(paths, point, strict=True):
                plain = with_value(plain, path, value)
            for path, text in affected:
                alone = PLAIN_REFERENCE.fullmatch(text)
                value = at(plain, tuple(alone[2].split("."))) if alone else None
                if alone and alone[1] and isinstance(value, Mapping):
                    value = list(value)
                elif value is None or isinstance(value, Mapping):
                    value = resolved_at(scratch, path)
                plain = with_value(plain, path, value)
        yield point, plain


def affected_by(raw: Any, keys: Sequence[str]) -> list[tuple[Path, str]]:
    """References that may lead to one of some keys, if by way of others, and where they stand.

    One that leads to another comes after it. Relative references, and such with brackets, count as
    leading anywhere.
    """
    waiting = {
        path: text
        for path, text in references_in(raw)
        if not any(is_within(dotted(path), key) for key in keys)
    }
    changed, found = list(keys), []
    for key in changed:  # which grows meanwhile
        for path, text in list(waiting.items()):
            anywhere = "${." in text or "[" in text
            names = REFERENCE.findall(text)
            if anywhere or any(is_within(name, key) or is_within(key, name) for name in names):
                del waiting[path]
                found.append((path, text))
                changed.append(dotted(path))
    return found


def references_in(tree: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text with a reference in it, and where it stands."""
    if isinstance(tree, str) and "${" in tree:
        yield path, tree
    elif isinstance(tree, Mapping | list):
        for key, child in tree.items() if isinstance(tree, Mapping) else enumerate(tree):
            yield from references_in(child, (*path, key))


def dotted(path: Path) -> str:
    """A path as one writes it; places in lists are left out."""
    return ".".join(step for step in path if isinstance(step, str))


def is_within(inner: str, outer: str) -> bool:
    """Whether a dotted name is another one or lies below it."""
    return inner == outer or inner.startswith(f"{outer}.")


def is_leaf(value: Any) -> bool:
    """Whether a value is plain and whole: no mapping, no reference."""
    if isinstance(value, list):
        return all(is_leaf(each) for each in value)
    if isinstance(value, str):
        return "${" not in value
    return value is None or isinstance(value, bool | int | float)


def at(tree: Any, path: Path) -> Any:
    """What stands at a path; None where there is nothing."""
    for step in path:
        if not isinstance(tree, Mapping) or step not in tree:
            return None
        tree = tree[step]
    return tree


def with_value(tree: Any, path: Path, value: Any) -> Any:
    """A tree with another value at a path; it shares everything else with the first."""
    if not path:
        return value
    step, *rest = path
    if isinstance(tree, list):
        assert isinstance(step, int)
        return [*tree[:step], with_value(tree[step], tuple(rest), value), *tree[step + 1 :]]
    below = tree.get(step) if isinstance(tree, Mapping) else None
    return {**(tree or {}), step: with_value(below, tuple(rest), value)}


def resolved_at(config: DictConfig, path: Path) -> Any:
    """The plain value at a path, references resolved."""
    node: Any = config
    for step in path:
        node = node[step]
    if isinstance(node, DictConfig | ListConfig):
        return OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    return node
