"""Other values in a composed configuration: only what refers to them is resolved again."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from leukosim.config.compose import to_plain

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


def table_of_points(
    base: DictConfig, points: Sequence[Mapping[str, Any]], output: str | None = None
) -> Table:
    """The table of scenarios of a design, whose points need not be a grid.

    Parameters
    ----------
    base : as composed, see :func:`leukosim.config.compose.compose_plain`
    points : values of fields by their paths, of the same fields in every point
    output : folder of the sweep
    """
    keys = list(points[0])
    values = (tuple(point[key] for key in keys) for point in points)
    result = list(variations(base, keys, values))
    labels = [dict(zip(keys, map(label, point), strict=True)) for point, _ in result]
    return Table(labels, [plain for _, plain in result], [base], output)


def label(value: Any) -> Any:
    """A value as a coordinate: a number, or a text as one would write it on the command line."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(str(label(each)) for each in value)
    return {None: "null", True: "true", False: "false"}.get(value, str(value))


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
    changed, result = list(keys), []
    for key in changed:  # which grows meanwhile
        for path, text in list(waiting.items()):
            anywhere = "${." in text or "[" in text
            names = REFERENCE.findall(text)
            if anywhere or any(is_within(name, key) or is_within(key, name) for name in names):
                del waiting[path]
                result.append((path, text))
                changed.append(dotted(path))
    return result


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
