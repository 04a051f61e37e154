"""The shape of the dataset of a sweep: labels, lengths, types, and what all scenarios share.

It is learnt shard by shard, and does not depend on which scenarios share one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leukosim.results.trajectories import TrialArrays
from leukosim.results.variables import Labelled

TEXT_BYTES = 64  # about what a text takes
ARM = "arm"  # scenarios of one shard may have different arms


@dataclass
class VariableShape:
    """What all scenarios together say of one variable."""

    dims: tuple[str, ...]  # of one scenario
    dtype: np.dtype
    attributes: Mapping[str, Any]
    first: np.ndarray | None  # the values of the first scenario, unless every arm has its own
    scenarios: int = 0
    is_same: bool = True  # in all scenarios that have it

    @property
    def is_text(self) -> bool:
        """Whether it holds texts."""
        return self.dtype.kind in "OU"


@dataclass
class MergedShape:
    """The shape of the merged dataset, gathered shard by shard."""

    labels: dict[str, list[Any]] = field(default_factory=dict)  # of dimensions that have some
    label_attributes: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)  # of those that have none
    differing: set[str] = field(default_factory=set)  # dimensions not alike in all scenarios
    variables: dict[str, VariableShape] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)  # alike in all scenarios
    scenarios: int = 0

    def add_scenario(self, arms: Labelled, attributes: Mapping[str, Any]) -> None:
        """Take what a scenario has of its own into account."""
        if self.scenarios == 0:
            self.attributes = dict(attributes)
        elif self.attributes != attributes:
            known = self.attributes.items()
            self.attributes = {
                name: each
                for name, each in known
                if name in attributes and is_same(attributes[name], each)
            }
        self.scenarios += 1
        self.add_labels(ARM, arms)

    def add_shard(self, together: Sequence[TrialArrays]) -> None:
        """Take what all scenarios of a shard have in common into account."""
        first = together[0]
        occupied = first.trajectories.occupied(
            np.concatenate([each.rows.ravel() for each in together])
        )
        self.differing |= set(occupied)  # it must not matter who shares a shard
        for dim, label in {**first.coordinates, **first.trajectories.coordinates}.items():
            if dim in occupied:
                self.add_labels(dim, label._replace(values=label.values[occupied[dim]]))
                self.labels[dim].sort()  # in whatever order they came
            elif dim != ARM:
                self.add_labels(dim, label)
        for name, each in first.variables.items():
            self.add_variable(name, each.dims, each, len(together))
            self.add_lengths(each.dims, each.values.shape)
        for name, each in first.trajectories.variables.items():
            self.add_variable(name, (ARM, "patient", *each.dims[1:]), each, len(together))
            lengths = [
                len(occupied[dim]) if dim in occupied else size
                for dim, size in zip(each.dims, each.values.shape, strict=True)
            ]
            self.add_lengths(each.dims[1:], lengths[1:])

    def add_labels(self, dim: str, label: Labelled) -> None:
        """Take labels of a dimension into account."""
        own = label.values.tolist()
        known = self.labels.setdefault(dim, own)
        self.label_attributes.setdefault(dim, label.attributes)
        if known != own:
            self.differing.add(dim)
            self.labels[dim] = union(known, own)

    def add_lengths(self, dims: Sequence[str], shape: Sequence[int]) -> None:
        """Take the lengths of dimensions without labels into account."""
        for dim, size in zip(dims, shape, strict=True):
            has_labels = dim in self.labels or dim == ARM
            if not has_labels and self.longest.setdefault(dim, size) != size:
                self.differing.add(dim)
                self.longest[dim] = max(size, self.longest[dim])

    def add_variable(
        self, name: str, dims: tuple[str, ...], each: Labelled, scenarios: int
    ) -> None:
        """Take a variable of some scenarios into account."""
        by_arm = ARM in dims
        if name not in self.variables:
            first = None if by_arm else each.values
            self.variables[name] = VariableShape(dims, each.values.dtype, each.attributes, first)
        held = self.variables[name]
        held.scenarios += scenarios
        if not held.is_text:
            held.dtype = np.result_type(held.dtype, each.values.dtype)
        held.is_same &= held.first is not None and equal(held.first, each.values)

    def size(self, dim: str) -> int:
        """The length of a dimension of the dataset."""
        return len(self.labels[dim]) if dim in self.labels else self.longest[dim]

    def shape(self, dims: Sequence[str]) -> tuple[int, ...]:
        """The shape of a variable of the dataset, of one scenario."""
        return tuple(self.size(dim) for dim in dims)

    def is_once(self, held: VariableShape) -> bool:
        """Whether a variable is kept once for all scenarios, as who the patients are."""
        alike = held.is_same and held.scenarios == self.scenarios
        return alike and not self.differing & set(held.dims)

    def dtype(self, held: VariableShape, has_holes: bool) -> Any:
        """The type of a variable by scenario; whole numbers have no nan for what is missing."""
        if held.is_text:
            return str
        kind = held.dtype
        is_full = held.scenarios == self.scenarios and not has_holes
        if kind.kind == "f" or (is_full and not self.differing & set(held.dims)):
            return kind
        return np.dtype(float)

    def bytes_a_scenario(self) -> int:
        """About what one scenario takes in memory."""
        sizes = (
            (TEXT_BYTES if held.is_text else 8) * math.prod(self.shape(held.dims))
            for held in self.variables.values()
        )
        return max(1, sum(sizes))


def union(known: list[Any], own: list[Any]) -> list[Any]:
    """Labels of both: numbers in order, texts as they came."""
    both = list(dict.fromkeys([*known, *own]))
    return both if any(isinstance(label, str) for label in both) else sorted(both)


def is_same(one: Any, other: Any) -> bool:
    """Whether attributes are the same, nan included."""
    return bool(one == other or (one != one and other != other))


def equal(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether arrays are the same to the last bit, nan included."""
    if one is other:
        return True
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.dtype.kind == "O":
        return bool((one == other).all())
    return one.tobytes() == other.tobytes()
