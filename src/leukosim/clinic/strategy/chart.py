"""The patient's chart: all that a clinician knows, and the log of decisions."""

from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from leukosim.clinic.strategy.regimens import Regimen


@dataclass(frozen=True)
class Report:
    """One result of one sample."""

    measure: str
    sampled: float  # day
    known: float  # day
    value: float  # in the unit of the measure


@dataclass(frozen=True)
class Decision:
    """A decision, with the rule that made it and the report that it is based on."""

    day: float
    rule: str
    seen: str
    action: str
    regimen: str = ""
    effective: float = 0.0  # day
    drugs: tuple[str, ...] = ()  # of an interruption or reduction; none named: all of the regimen
    # longest duration of an interruption, or days of a cycle after a reduction
    at_most_days: int | None = None


@dataclass
class Treatment:
    """The regimen a patient is on."""

    name: str
    regimen: Regimen
    next_day: float  # on which the next cycle is due
    cycles_given: int = 0
    cycles_completed: int = 0
    most_days: dict[str, int] = field(default_factory=dict)  # of a cycle, by drug, once reduced

    def is_due(self, day: float) -> bool:
        """Whether a further cycle is due, or overdue."""
        return day >= self.next_day and self.cycles_given < self.regimen.cycles


@dataclass(frozen=True)
class Assessment:
    """A response as it was assessed, with the reports that it rests on."""

    day: float
    response: int  # position in leukosim.results.variables.RESPONSES
    marrow_blasts: float  # fraction
    neutrophils: float  # G/L
    platelets: float  # G/L


@dataclass
class Chart:
    """Reports and treatment so far, and what has been declared: response, failure, relapse."""

    reports: list[Report] = field(default_factory=list)  # in the order of filing: see `file`
    decisions: list[Decision] = field(default_factory=list)
    treatment: Treatment | None = None
    cycles_completed: int = 0  # of all regimens
    relapse_day: float | None = None
    treatment_failure_day: float | None = None
    response_day: float | None = None  # first CR, CRh or CRi of overt leukaemia
    in_remission: bool = True  # by the last marrow, or from the start
    has_responded: bool = True  # or was in remission from the start: only then can it relapse
    assessments: list[Assessment] = field(default_factory=list)
    interruptions: dict[str, Decision] = field(default_factory=dict)  # in force, by rule
    interruptions_begun: int = 0  # cycles that had to wait, or drugs in them

    def __post_init__(self) -> None:
        self._sampled: dict[str, list[Report]] = {}  # by measure, in the order of sampling
        filed, self.reports = self.reports, []
        for report in filed:
            self.file(report)

    def file(self, report: Report) -> None:
        """Add a report."""
        self.reports.append(report)
        insort(self._sampled.setdefault(report.measure, []), report, key=attrgetter("sampled"))

    def values(self, measure: str, day: float) -> list[float]:
        """Values of a measure that are known on a day, in the order of sampling."""
        return [report.value for report in self.known(measure, day)]

    def known(self, measure: str, day: float) -> list[Report]:
        """Reports of a measure that are known on a day, in the order of sampling."""
        return [report for report in self._sampled.get(measure, ()) if report.known <= day]

    def latest(self, measure: str, day: float) -> Report | None:
        """Of the reports of a measure that are known on a day, the one last sampled."""
        for report in reversed(self._sampled.get(measure, ())):
            if report.known <= day:
                return report
        return None

    def has_fired(self, rule: str) -> bool:
        """Whether a rule has been acted on."""
        return any(decision.rule == rule for decision in self.decisions)

    def cycle_is_due(self, day: float) -> bool:
        """Whether the regimen has a cycle to begin on this day, or one that waits."""
        return self.treatment is not None and self.treatment.is_due(day)


@dataclass(frozen=True)
class CallableStrategy:
    """A strategy whose rules are a Python function.

    ``decide(chart, day, measure)`` is called whenever a measure is reported and returns decisions
    (or an empty list), with actions of :data:`leukosim.clinic.strategy.rules.ACTIONS`. The function
    also has to declare relapse, by a decision with the action ``relapse``.
    """

    title: str
    regimens: Mapping[str, Regimen]
    decide: Callable[[Chart, float, str], list[Decision]]
    begin_with: str = ""
    treats_relapse: bool = False
    marrow_after_cycles: Sequence[int] = ()
    counts_before_cycles: bool = False  # a blood count on the day on which a cycle is due

    def first_regimen(self, age_years: float) -> str:
        """The regimen that every patient begins with, of whatever age; empty for none."""
        return self.begin_with
