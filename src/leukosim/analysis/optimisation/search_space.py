"""What a search may vary: fields and the values that each may take."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leukosim.errors import ConfigError

Point = dict[str, Any]  # a value for each field
WITHIN = 1e-9  # of a step, from rounding


@dataclass(frozen=True)
class Span:
    """Numbers from one to another, both included."""

    low: float
    high: float
    step: float | None = None  # None: any number between them
    is_log: bool = False  # looked at by their logarithms

    @property
    def ends(self) -> tuple[Any, ...]:
        """Values between which all others lie."""
        return self.low, self.high

    def holds(self, value: Any) -> bool:
        """Whether a value is one of them."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        steps = (value - self.low) / self.step if self.step else 0.0
        return self.low <= value <= self.high and abs(steps - round(steps)) < WITHIN


@dataclass(frozen=True)
class Choice:
    """Values to choose from; numbers in rising order."""

    values: tuple[Any, ...]

    @property
    def ends(self) -> tuple[Any, ...]:
        """All of them."""
        return self.values

    @property
    def is_ordered(self) -> bool:
        """Whether they are numbers, of which neighbours are alike."""
        return all(isinstance(v, int | float) and not isinstance(v, bool) for v in self.values)

    def holds(self, value: Any) -> bool:
        """Whether a value is one of them."""
        return value in self.values


@dataclass(frozen=True)
class Axis:
    """A field that is searched over."""

    name: str
    values: Span | Choice

    @property
    def is_log(self) -> bool:
        """Whether it is looked at by logarithms."""
        return isinstance(self.values, Span) and self.values.is_log


def span_of(
    name: str, low: float, high: float, step: float | None = None, is_log: bool = False
) -> Axis:
    """An axis of numbers.

    Raises
    ------
    ConfigError
        If they are none, or have no logarithm, or none for equal steps.
    """
    if not low < high:
        raise ConfigError(f"{name}: from {low:g} to {high:g} there is nothing to search")
    if is_log and low <= 0:
        raise ConfigError(f"{name}: {low:g} has no logarithm: tag(log, ...) needs numbers above 0")
    if is_log and step not in (None, 1):
        raise ConfigError(
            f"{name}: steps of {step:g} and tag(log, ...) exclude each other: take an interval"
        )
    return Axis(name, Span(low, high, step, is_log))


def choice_of(name: str, values: Sequence[Any]) -> Axis:
    """An axis of single values.

    Raises
    ------
    ConfigError
        If one is named twice.
    """
    chosen = Choice(tuple(values))
    if chosen.is_ordered:
        chosen = Choice(tuple(sorted(values)))
    for value in chosen.values:
        if chosen.values.count(value) > 1:
            raise ConfigError(f"{name} names {value} more than once")
    return Axis(name, chosen)


def holds(axes: Sequence[Axis], point: Point) -> bool:
    """Whether a point lies in the space of these axes."""
    return all(axis.values.holds(point[axis.name]) for axis in axes)
