"""Rules: what to do when a laboratory reports something. They see reports, never the marrow."""

from dataclasses import dataclass, field
from functools import cached_property

from leukosim.clinic.strategy.chart import Chart, Decision
from leukosim.clinic.strategy.regimens import Course
from leukosim.parameters import check_ranges, setting

# What a rule may look at, with its unit.
MEASURES = {
    "mrd": "transcript ratio",
    "recipient_share": "fraction",
    "marrow_blasts": "fraction",
    "blood_blasts": "fraction",
    "neutrophils": "G/L",
    "platelets": "G/L",
}
ACTIONS = {
    "start": "start a course (after the delay)",
    "change": "go on with another course from the next cycle",
    "stop": "give no further doses",
    "hold": "let the cycle that is due wait, or only these drugs of it, while the rule holds",
    "resume": "end the hold that a rule of this name began",
    "shorten": "give these drugs on no more than so many days of every later cycle",
    "relapse": "declare haematological relapse (of a remission)",
    "failure": "declare that treatment has failed",
    "marrow": "take a marrow sample for morphology at once",
}
LIMITED = ("hold", "shorten")  # actions that drugs and at_most_days belong to


@dataclass(frozen=True)
class Rule:
    """When ``measure`` is at least (or below) a level in so many successive samples, do something.

    A rule with neither level holds at every report of its measure. A rule fires once, one that
    ``repeats`` as often as it holds.

    A ``hold`` is decided on whenever a cycle is due. It ends with the first report that does not
    meet its rule, or after ``at_most_days`` of waiting.
    """

    measure: str
    action: str
    at_least: float | None = setting(None, "unit of the measure", lowest=0.0)
    below: float | None = setting(None, "unit of the measure", lowest=0.0)
    samples: int = setting(1, "successive samples", lowest=1, highest=10)
    course: str = ""
    delay_days: int = setting(0, "day", lowest=0, highest=3650)
    after_cycles: int = setting(0, "completed cycles", lowest=0, highest=1000)
    after_relapse: bool | None = None  # None: before and after; else only then
    after_response: bool | None = None  # the same of the first CR, CRh or CRi
    after_holds: int = setting(0, "holds", lowest=0, highest=1000, note="the present one included")
    in_remission: bool | None = None  # by the last marrow; None: in and out
    repeats: bool = False
    drugs: list[str] = field(default_factory=list)  # to hold or shorten; none named: all
    at_most_days: int | None = setting(
        None, "day", lowest=1, highest=366, note="of a hold; of a cycle, to shorten"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.measure not in MEASURES:
            raise ValueError(f"measure = {self.measure} is unknown: allowed {', '.join(MEASURES)}")
        if self.action not in ACTIONS:
            raise ValueError(f"action = {self.action} is unknown: allowed {', '.join(ACTIONS)}")
        fractional = self.measure not in ("neutrophils", "platelets")
        for name in ("at_least", "below"):
            level = getattr(self, name)
            if fractional and level is not None and level > 1.0:
                raise ValueError(
                    f"{name} = {level} is not allowed: {self.measure} is in "
                    f"{MEASURES[self.measure]}, allowed from 0 to 1"
                )
        if self.action in LIMITED and self.at_most_days is None:
            raise ValueError(
                f"at_most_days is missing: to {self.action} needs it (day), allowed from 1 to 366"
            )
        for name in ("drugs", "at_most_days"):
            if self.action not in LIMITED and getattr(self, name):
                raise ValueError(
                    f"{name} = {getattr(self, name)} means nothing to the action {self.action}: "
                    f"allowed with {', '.join(LIMITED)}"
                )

    def holds(self, values: list[float]) -> bool:
        """Whether the latest successive values of the measure meet the rule."""
        if self.at_least is None and self.below is None:
            return True
        latest = values[-self.samples :]
        if len(latest) < self.samples:
            return False
        return all(
            (self.at_least is None or value >= self.at_least)
            and (self.below is None or value < self.below)
            for value in latest
        )

    def applies(self, chart: Chart, day: float, relapsed: bool) -> bool:
        """Whether the patient is in a state that the rule is for, whatever was measured."""
        if self.action == "relapse" and (relapsed or not chart.has_responded):
            return False
        if self.action == "failure" and chart.failure_day is not None:
            return False
        if self.action == "hold" and not chart.cycle_is_due(day):
            return False
        for wanted, is_so in (
            (self.after_relapse, relapsed),
            (self.after_response, chart.has_responded),
            (self.in_remission, chart.in_remission),
        ):
            if wanted is not None and wanted != is_so:
                return False
        return chart.cycles_completed >= self.after_cycles and chart.holds_begun >= self.after_holds


@dataclass(frozen=True)
class Strategy:
    """A way to treat: courses by name, a course to begin with (or none), and rules by name."""

    title: str
    courses: dict[str, Course]
    rules: dict[str, Rule]
    begin_with: str = ""
    marrow_after_cycles: list[int] = field(
        default_factory=list, metadata={"unit": "cycles", "lowest": 1, "highest": 1000}
    )  # a marrow in time for the next cycle
    begin_with_if_older: str = ""  # from an age on, in place of the other
    older_from_years: float = setting(60.0, "year", lowest=0.0, highest=120.0)

    def __post_init__(self) -> None:
        check_ranges(self)
        wanted = {name: rule.course for name, rule in self.rules.items() if rule.course}
        for name in ("begin_with", "begin_with_if_older"):
            if getattr(self, name):
                wanted[name] = getattr(self, name)
        for name, course in wanted.items():
            if course not in self.courses:
                raise ValueError(
                    f"course = {course} of {name} is unknown: allowed {', '.join(self.courses)}"
                )
        for name, rule in self.rules.items():
            if rule.action in ("start", "change") and not rule.course:
                raise ValueError(f"rule {name} must name a course to {rule.action}")
        given = dict.fromkeys(drug for course in self.courses.values() for drug in course.drugs)
        for name, rule in self.rules.items():
            for drug in rule.drugs:
                if drug not in given:
                    raise ValueError(
                        f"rules.{name}.drugs = {drug} is given by no course: "
                        f"allowed {', '.join(given)}"
                    )

    def first_course(self, age_years: float) -> str:
        """The course that a patient begins with; empty for none."""
        if self.begin_with_if_older and age_years >= self.older_from_years:
            return self.begin_with_if_older
        return self.begin_with

    @property
    def counts_before_cycles(self) -> bool:
        """Whether blood counts are wanted on the day on which a cycle is due."""
        return any(rule.action == "hold" for rule in self.rules.values())

    @cached_property
    def measures(self) -> frozenset[str]:
        """What the rules look at."""
        return frozenset(rule.measure for rule in self.rules.values())

    @cached_property
    def means(self) -> str:
        """All but the rules: what is given, and how that is followed, each in its order.

        Strategies with the same text give the same, as long as their rules decide the same.
        """
        courses = self.courses, list(self.marrow_after_cycles)
        return repr((courses, self.treats_relapse, self.counts_before_cycles))

    @property
    def treats_relapse(self) -> bool:
        """Whether a course may start after relapse; if not, a patient is followed no further."""
        return any(r.action == "start" and r.after_relapse for r in self.rules.values())

    def decide(self, chart: Chart, day: float, measure: str) -> list[Decision]:
        """What to do now that a measure has been reported: the rules that hold, in their order.

        A declared relapse is known to the rules that come after it.
        """
        decisions: list[Decision] = []
        if measure not in self.measures:
            return decisions
        values = chart.values(measure, day)
        seen = f"{measure} = {values[-1]:.3g} {MEASURES[measure]}" if values else ""
        relapsed = chart.relapse_day is not None
        for name, rule in self.rules.items():
            if rule.measure != measure:
                continue
            if name in chart.holds:
                if not rule.holds(values):
                    decisions.append(Decision(day, name, seen, "resume", "", day))
                continue
            if not rule.holds(values) or not rule.applies(chart, day, relapsed):
                continue
            if chart.has_fired(name) and not (rule.repeats or rule.action == "hold"):
                continue
            decisions.append(
                Decision(
                    day, name, seen, rule.action, rule.course, day + rule.delay_days,
                    tuple(rule.drugs), rule.at_most_days,
                )
            )  # fmt: skip
            relapsed = relapsed or rule.action == "relapse"
        return decisions
