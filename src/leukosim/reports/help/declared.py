"""What a dataclass declares of its fields: meaning, unit, what is allowed, default.

The meaning is the note of a declaration (:mod:`leukosim.parameters`) or, where it has none, the
comment that stands beside it.
"""

import ast
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from typing import Any

from leukosim.parameters import allowed_range, written

# Notes that begin like this continue the name of the field: seed "of resampling".
CONTINUES = (
    "above", "at", "before", "below", "between", "by", "for", "from", "in", "of", "on", "over",
    "that", "to", "under", "where", "which", "whose", "with", "without",
)  # fmt: skip
UNITS = re.compile(r"_(days?|hours|months|years|minutes|m2|mg|mm|gib|log10)$")  # in a name
MANY = 8  # entries of a list; of more, the first and the last are shown


@dataclass(frozen=True)
class Described:
    """A field in words."""

    name: str
    meaning: str
    unit: str
    allowed: str
    default: str

    @property
    def facts(self) -> str:
        """Default, unit and range, in a line."""
        default = f"default {self.default}" if self.default else "needed"
        return "; ".join(filter(None, (default, self.unit, self.allowed)))


def described(kind: type, record: Any = None, prefix: str = "") -> list[Described]:
    """Every field of a dataclass that holds no dataclass itself.

    Parameters
    ----------
    record : whose values are shown as defaults; None: the defaults of the class
    prefix : of the names, such as ``search.``
    """
    return [describe(kind, each, record, prefix) for each in fields(kind) if is_leaf(kind, each)]


def every_field(kind: type) -> list[Described]:
    """Every field of a dataclass, those that hold dataclasses included."""
    return [describe(kind, each) for each in fields(kind)]


def describe(kind: type, declared: Field[Any], record: Any = None, prefix: str = "") -> Described:
    """One field of a dataclass."""
    metadata, hint = declared.metadata, hints(kind)[declared.name]
    unit = metadata.get("unit", "")
    if record is not None:
        default = in_words(getattr(record, declared.name))
    else:
        value = default_of(declared)
        default = "" if value is MISSING else in_words(value)
    return Described(
        prefix + declared.name,
        meaning_in_words(declared.name, meaning_of(kind, declared), unit),
        "" if unit in ("1", "text") else unit,
        allowed_in_words(hint, metadata),
        default,
    )


def is_leaf(kind: type, declared: Field[Any]) -> bool:
    """Whether a field holds a value, and no dataclass or several of them."""
    hint = hints(kind)[declared.name]
    inner = typing.get_args(hint)[1:] if typing.get_origin(hint) in (dict, Mapping) else (hint,)
    return not any(is_dataclass(each) for each in inner)


def default_of(declared: Field[Any]) -> Any:
    """The default of a field, MISSING where it has none."""
    if declared.default_factory is not MISSING:
        return declared.default_factory()
    return declared.default


def meaning_of(kind: type, declared: Field[Any]) -> str:
    """What a field means: its note, else the comment beside its declaration.

    A class that extends another one and declares a field anew need not say it again.
    """
    for each in kind.__mro__[:-1]:
        of_class = each.__dict__.get("__dataclass_fields__", {}).get(declared.name)
        note = of_class.metadata.get("note") if of_class else ""
        if note or declared.name in comments_of(each):
            return note or comments_of(each)[declared.name]
    return ""


def meaning_in_words(name: str, meaning: str, unit: str = "") -> str:
    """A meaning that can be read without the name of its field."""
    if unit == "probability" and meaning.startswith("that "):
        return f"{unit} {meaning}"
    if meaning.partition(" ")[0].rstrip(",;") not in CONTINUES:
        return meaning
    return f"{UNITS.sub('', name).replace('_', ' ')} {meaning}"


def allowed_in_words(hint: Any, metadata: Mapping[str, Any]) -> str:
    """What a field may hold."""
    if metadata.get("allowed"):
        return " or ".join(
            filter(None, (", ".join(metadata["allowed"][:-1]), metadata["allowed"][-1]))
        )
    if "lowest" in metadata:
        return allowed_range(metadata)
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        hint = next(each for each in typing.get_args(hint) if each is not types.NoneType)
    return "true or false" if hint is bool else ""


def in_words(value: Any) -> str:
    """A value as a command line writes it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return written(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{name}: {in_words(each)}" for name, each in value.items())
        return f"{{{inside}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        shown = list(map(in_words, value))
        if len(shown) > MANY:
            shown = [*shown[:3], "...", shown[-1]]
        return f"[{', '.join(shown)}]"
    return str(value) or "empty"


@cache
def hints(kind: Any) -> dict[str, Any]:
    """The types of the fields of a dataclass."""
    return typing.get_type_hints(kind)


@cache
def comments_of(kind: Any) -> dict[str, str]:
    """The comments beside the fields of a class, by field."""
    return dict(commented(kind))


def commented(kind: type) -> Iterator[tuple[str, str]]:
    """Fields and comments of the source of one class, without those that it extends."""
    source = textwrap.dedent(inspect.getsource(kind)).splitlines()
    declaration = ast.parse("\n".join(source)).body[0]
    assert isinstance(declaration, ast.ClassDef)
    for node in declaration.body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        assert node.end_lineno is not None and node.end_col_offset is not None
        rest = source[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
        words = [rest.strip()]
        for line in source[node.end_lineno :]:
            if not line.strip().startswith("#"):
                break
            words.append(line.strip())
        said = " ".join(word.lstrip("# ") for word in words if not word.startswith("# fmt:"))
        if said.strip():
            yield node.target.id, said.strip()


def summary_of(kind: type) -> str:
    """The first paragraph of a docstring."""
    return docstring_of(kind)[0]


def docstring_of(kind: type) -> list[str]:
    """The paragraphs of a docstring, without the marks of its markup; formulas stay indented."""
    text = re.sub(r":\w+:`(?:[\w.]*\.)?(\w+)`", r"\1", inspect.getdoc(kind) or "")
    text = text.replace("``", "")
    return [
        each if each.startswith("    ") else " ".join(each.split()) for each in text.split("\n\n")
    ]
