"""The patient's chart: all that a clinician knows, and the log of what was decided on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from leukosim.strategy.courses import Course


@dataclass(frozen=True)
class Report:
    """One result of one sample."""

    measure: str
    sampled: float  # day
    known: float  # day
    value: float  # in the unit of the measure


@dataclass(frozen=True)
class Decision:
    """What was decided, by which rule, and on what."""

    day: float
    rule: str
    seen: str
    action: str
    course: str = ""
    effective: float = 0.0  # day


@dataclass
class Treatment:
    """The course a patient is on."""

    name: str
    course: Course
    first_day: float
    cycles_given: int = 0


@dataclass
class Chart:
    """Reports so far, treatment so far, and whether relapse has been declared."""

    reports: list[Report] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    treatment: Treatment | None = None
    cycles_completed: int = 0  # of all courses
    relapse_day: float | None = None

    def values(self, measure: str, day: float) -> list[float]:
        """Values of a measure that are known on a day, in the order of sampling."""
        known = [r for r in self.reports if r.measure == measure and r.known <= day]
        return [r.value for r in sorted(known, key=lambda r: r.sampled)]

    def has_fired(self, rule: str) -> bool:
        """Whether a rule has been acted on."""
        return any(decision.rule == rule for decision in self.decisions)


@dataclass(frozen=True)
class OwnStrategy:
    """A strategy whose rules are a Python function.

    ``decide(chart, day, measure)`` is called whenever a measure is reported and returns decisions
    (or none, an empty list); the actions are those of :data:`leukosim.strategy.rules.ACTIONS`. The
    function also declares relapse, by a decision ``relapse``: what no rule calls a relapse is none.
    """

    title: str
    courses: Mapping[str, Course]
    decide: Callable[[Chart, float, str], list[Decision]]
    begin_with: str = ""
    treats_relapse: bool = False
