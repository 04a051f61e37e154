"""The border: plain data in, checked dataclasses out, or one sentence that says what is wrong.

A dataclass declares what it holds (types), in which unit and range (:mod:`leukosim.parameters`).
Everything a user wrote is checked against these declarations here, before anything runs, so that a
message can name the whole path of a field, such as ``strategies.triggered.regimens.reduced.days``.
"""

import math
import types
import typing
from collections.abc import Hashable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

from leukosim.errors import ConfigError, InvalidField, join, listed, unknown
from leukosim.parameters import allowed_range, check_value, is_word

T = TypeVar("T")

KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


def build(
    kind: type[T],
    data: Any,
    path: str = "",
    model: Any = None,
    known: tuple[Any, Any] = (None, None),
) -> T:
    """An object of a dataclass, from plain data.

    Parameters
    ----------
    kind : the dataclass
    data : mapping of its fields; a field that is left out keeps its default
    path : where the data stand in the configuration, for messages
    model : an object whose classes are kept where data stand for the same thing: subtypes, say,
        are told apart by their classes
    known : data and what was built of them: whatever is the very same object in ``data`` is not
        built again, which matters where thousands of runs differ in one field

    Raises
    ------
    ConfigError
        Naming the field, its value, its unit and what is allowed.
    """
    if model is not None:
        kind = type(model)
    if not isinstance(data, Mapping):
        raise ConfigError(f"{path} = {data} is not a group of fields: {listed(names_of(kind))}")
    declared = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
    hints = hints_of(typing.cast(Hashable, kind))
    for name in data:
        if name not in declared:
            raise unknown(join(path, name), names_of(kind), "field")
    values = {}
    for name, each in declared.items():
        here = join(path, name)
        if name in data:
            of_model = getattr(model, name, None)
            values[name] = convert(
                hints[name], data[name], here, each, of_model, inside(known, name)
            )
        elif each.default is MISSING and each.default_factory is MISSING:
            raise ConfigError(f"{here} is missing: {path} needs {listed(required(kind))}")
    try:
        return kind(**values)
    except ValueError as error:  # such as fields that contradict each other
        if isinstance(error, ConfigError) and not isinstance(error, InvalidField):
            raise
        message = str(error)
        if message.split(" ")[0].split(".")[0] in declared:
            raise ConfigError(join(path, message)) from None
        raise ConfigError(f"{path}: {message}") from None


@cache
def hints_of(kind: Any) -> dict[str, Any]:
    """The types of a dataclass's fields."""
    return typing.get_type_hints(kind)


def inside(known: tuple[Any, Any], name: str) -> tuple[Any, Any]:
    """The same of an entry: its data and what was built of them."""
    data, built = known
    if not isinstance(data, Mapping) or name not in data:
        return None, None
    made = built.get(name) if isinstance(built, Mapping) else getattr(built, name)
    return data[name], made


def convert(
    hint: Any,
    value: Any,
    path: str,
    declared: Field[Any],
    model: Any = None,
    known: tuple[Any, Any] = (None, None),
) -> Any:
    """A value of the type that a field declares, within its range."""
    if value is not None and value is known[0]:
        return known[1]
    choices = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):  # such as float | None
        if value is None:
            return None
        hint = next(choice for choice in choices if choice is not type(None))
        return convert(hint, value, path, declared, model, known)
    if is_dataclass(hint):
        return build(typing.cast(type, hint), value, path, model, known)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{path} = {value} is not a group of named entries")
        models = model or {}
        return {
            str(name): convert(
                choices[1], each, join(path, name), declared, models.get(name), inside(known, name)
            )
            for name, each in value.items()
            if each is not None or not is_dataclass(choices[1])  # null takes an entry out
        }
    if origin is list:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{path} = {value} is not a list, such as [1, 2]{meaning(declared)}")
        return [plain(choices[0], each, path, declared) for each in value]
    return plain(hint, value, path, declared)


def plain(kind: type, value: Any, path: str, declared: Field[Any]) -> Any:
    """A number, a text or a truth value, checked; whole numbers also stand for numbers."""
    shown = "null" if value is None else value
    if is_word(value, declared.metadata):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float and is_number:
        value = float(value)
    elif kind is str and is_number:
        value = str(value)
    if type(value) is not kind:
        raise ConfigError(f"{path} = {shown} is not {KINDS[kind]}{meaning(declared)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{path} = {shown} is not a finite number{meaning(declared)}")
    try:
        check_value(path, value, declared.metadata)
    except ValueError:
        raise ConfigError(f"{path} = {shown} is not allowed{meaning(declared)}") from None
    return value


def meaning(declared: Field[Any]) -> str:
    """Unit and allowed range of a field, to end a sentence with; empty where it has none."""
    metadata = declared.metadata
    if "lowest" not in metadata:
        return ""
    unit = "a pure number" if metadata["unit"] == "1" else f"in {metadata['unit']}"
    return f": it is {unit}, allowed {allowed_range(metadata)}"


def names_of(kind: type) -> list[str]:
    """The fields of a dataclass."""
    return list(declared_names(kind))


@cache
def declared_names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass, looked up once."""
    return tuple(each.name for each in fields(kind))


def required(kind: type) -> list[str]:
    """The fields of a dataclass that have no default."""
    return [
        each.name
        for each in fields(kind)
        if each.default is MISSING and each.default_factory is MISSING
    ]
