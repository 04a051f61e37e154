"""Numbers with their unit, range and source: how every parameter of the model is declared.

A field declared by :func:`estimate` holds a plain number. Its unit, plausible range and source ride
along as metadata, so that the parameter table, the range checks, priors and sensitivity analyses
all read the one line where the number stands.
"""

import math
import numbers
import types
import typing
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any

from leukosim.errors import InvalidField

FRACTIONS = ("fraction", "probability")


class InvalidValue(InvalidField):
    """A value outside the allowed range; the message has field, value, unit and range."""

    def __init__(self, name: str, value: object, unit: str, allowed: str):
        self.name = name
        self.details = name, value, unit, allowed
        super().__init__(f"{name} = {value} is not allowed: {name} is in {unit}, allowed {allowed}")

    def __reduce__(self) -> tuple[Any, ...]:
        """How another process makes it again."""
        return type(self), self.details


def estimate(
    value: Any,
    unit: str,
    *,
    low: float,
    high: float,
    source: str,
    lowest: float | None = None,
    highest: float | None = None,
    note: str = "",
) -> Any:
    """Declare a dataclass field whose default is an estimate.

    Parameters
    ----------
    value : float or int
        The default, in ``unit``.
    low, high : float
        The plausible range, for priors and sensitivity analyses.
    source : str
        A reference with DOI where there is one; ``"assumed"`` where there is none.
    lowest, highest : float
        The allowed range; by default [0, 1] for fractions and [0, inf) for all else. A mechanism
        is switched off by a value that lies in the allowed but not in the plausible range.
    """
    if lowest is None:
        lowest = 0.0
    if highest is None:
        highest = 1.0 if unit in FRACTIONS else math.inf
    if not lowest <= low <= value <= high <= highest:
        raise ValueError(f"{value} {unit} lies outside its own range [{low}, {high}] ({source})")
    metadata = dict(
        unit=unit, low=low, high=high, lowest=lowest, highest=highest, source=source, note=note
    )
    return field(default=value, metadata=metadata)


def setting(
    value: Any,
    unit: str,
    *,
    lowest: float,
    highest: float = math.inf,
    note: str = "",
    words: tuple[str, ...] = (),
) -> Any:
    """Declare a dataclass field that a user chooses (a dose, say), with its allowed range.

    words : that are allowed in place of a number
    """
    metadata = dict(unit=unit, lowest=lowest, highest=highest, note=note, words=words)
    return field(default=value, metadata=metadata)


def choice(value: str, allowed: Iterable[str], note: str) -> Any:
    """Declare a dataclass field that holds one of several words; the class checks that it does."""
    return field(default=value, metadata=dict(allowed=tuple(allowed), note=note))


def allowed_range(metadata: Any) -> str:
    """The allowed range in words, such as ``from 0 to 1``."""
    lowest, highest = metadata["lowest"], metadata["highest"]
    numbers = f"from {written(lowest)} to {written(highest)}"
    if highest == math.inf:
        numbers = f"{written(lowest)} or more"
    return ", or ".join([numbers, *metadata.get("words", ())])


def written(value: float) -> str:
    """A number as one writes it: whole ones in full, unless they are very large."""
    whole = isinstance(value, int) and abs(value) < 10**12
    return str(value) if whole else f"{value:.6g}"


def is_word(value: Any, metadata: Any) -> bool:
    """Whether a value is one of the words that a field allows in place of a number."""
    return isinstance(value, str) and value in metadata.get("words", ())


def check_value(name: str, value: Any, metadata: Any) -> None:
    """Raise :class:`InvalidValue` if ``value`` lies outside the range declared for its field."""
    if "lowest" not in metadata or value is None or is_word(value, metadata):
        return
    values = value if isinstance(value, list | tuple) else [value]
    for each in values:
        if not metadata["lowest"] <= each <= metadata["highest"]:  # false for nan, too
            raise InvalidValue(name, each, metadata["unit"], allowed_range(metadata))


def check_ranges(record: Any) -> None:
    """Check every field of a dataclass, its type and range; meant to be its ``__post_init__``.

    Raises
    ------
    InvalidField
    """
    for each in fields(record):
        value = getattr(record, each.name)
        check_type(each, value)
        check_value(each.name, value, each.metadata)


def check_type(declared: Field[Any], value: Any) -> None:
    """Raise :class:`InvalidField` where a value is not of the type that its field declares."""
    name, (kind, inner, may_be_none) = declared.name, parts_of(typing.cast(Hashable, declared.type))
    if (value is None and may_be_none) or is_word(value, declared.metadata):
        return
    if kind in (int, float):
        check_number(name, value, kind, declared.metadata)
    elif kind is list:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise InvalidField(f"{name} = {value!r} is not a list")
        for each in value:
            if inner in (int, float):
                check_number(name, each, inner, declared.metadata)
    elif kind is dict:
        if not isinstance(value, Mapping):
            raise InvalidField(f"{name} = {value!r} is not a mapping of names to values")
        for key, each in value.items():
            if isinstance(inner, type) and is_dataclass(inner) and not isinstance(each, inner):
                raise InvalidField(f"{name}.{key} = {each!r} is not a {inner.__name__}")
            if inner in (int, float):
                check_number(f"{name}.{key}", each, inner, {})
    elif isinstance(kind, type) and not (
        isinstance(value, kind) or (kind is bool and is_truth(value))
    ):
        wanted = {str: "text", bool: "truth value"}.get(kind, kind.__name__)
        raise InvalidField(f"{name} = {value!r} is not a {wanted}")


def is_truth(value: Any) -> bool:
    """Whether a value is true or false, also one of NumPy's, which is not imported for this."""
    return type(value).__name__ in ("bool", "bool_")


def check_number(name: str, value: Any, kind: Any, metadata: Any) -> None:
    """Raise :class:`InvalidField` where a value is no number of this kind."""
    number = numbers.Integral if kind is int else numbers.Real
    if is_truth(value) or not isinstance(value, number):
        words = "a whole number" if kind is int else "a number"
    elif kind is float and math.isinf(value):
        words = "a finite number"
    else:
        return
    known = f": it is in {metadata['unit']}, allowed {allowed_range(metadata)}"
    raise InvalidField(f"{name} = {value!r} is not {words}{known if 'lowest' in metadata else ''}")


@cache
def parts_of(hint: Any) -> tuple[Any, Any, bool]:
    """The type that a field declares, that of what it holds, and whether it may be None.

    None for a type that is not checked, such as that of a function.
    """
    choices = typing.get_args(hint)
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        kind, inner, _ = parts_of(next(each for each in choices if each is not type(None)))
        return kind, inner, type(None) in choices
    origin = typing.get_origin(hint)
    if origin is list:
        return list, choices[0], False
    if origin in (dict, Mapping):
        return dict, choices[1], False
    return (hint if isinstance(hint, type) and origin is None else None), None, False


def nested_tuples(value: Any) -> Hashable:
    """A tree of dataclasses, mappings and lists as nested tuples, to be compared and hashed.

    Mappings that differ in their order are different: rules, for example, act in their order.
    """
    if is_dataclass(value):
        return tuple(nested_tuples(getattr(value, each.name)) for each in fields(value))
    if isinstance(value, Mapping):
        return tuple((name, nested_tuples(each)) for name, each in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(nested_tuples, value))
    return value


@dataclass(frozen=True)
class Row:
    """One line of the parameter table."""

    path: str
    value: float
    unit: str
    low: float
    high: float
    source: str
    note: str

    @property
    def is_assumed(self) -> bool:
        """Whether no source was read: of numbers that are only recalled, too."""
        return "assumed" in self.source


def parameter_rows(record: Any, path: str = "") -> Iterator[Row]:
    """Every estimate in a tree of dataclasses (and dicts of them), in order of declaration.

    The value is the record's own, so the table of a changed parameter set shows the change.
    """
    children: list[tuple[str, Any, Field[Any] | None]]
    if is_dataclass(record):
        children = [(f.name, getattr(record, f.name), f) for f in fields(record)]
    else:
        children = [(str(name), child, None) for name, child in record.items()]
    for name, child, declared in children:
        here = f"{path}.{name}" if path else name
        if is_dataclass(child) or isinstance(child, dict):
            yield from parameter_rows(child, here)
        elif declared is not None and "low" in declared.metadata:
            m = declared.metadata
            yield Row(here, child, m["unit"], m["low"], m["high"], m["source"], m["note"])
