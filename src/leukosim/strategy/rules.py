"""Rules: what to do when a laboratory reports something. They see reports, never the marrow."""

from dataclasses import dataclass

from leukosim.parameters import check_ranges, setting
from leukosim.strategy.chart import Chart, Decision
from leukosim.strategy.courses import Course

# What a rule may look at, with its unit.
MEASURES = {
    "mrd": "transcript ratio",
    "marrow_blasts": "fraction",
    "blood_blasts": "fraction",
    "neutrophils": "G/L",
    "platelets": "G/L",
}
ACTIONS = {
    "start": "start a course (after the delay)",
    "change": "go on with another course from the next cycle",
    "stop": "give no further doses",
    "relapse": "declare haematological relapse",
    "marrow": "take a marrow sample for morphology at once",
}


@dataclass(frozen=True)
class Rule:
    """When ``measure`` is at least (or below) a level in so many successive samples, do something.

    A rule with neither level holds at every report of its measure. A rule fires once, one that
    ``repeats`` as often as it holds.
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
    repeats: bool = False

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.measure not in MEASURES:
            raise ValueError(f"measure = {self.measure} is unknown: allowed {', '.join(MEASURES)}")
        if self.action not in ACTIONS:
            raise ValueError(f"action = {self.action} is unknown: allowed {', '.join(ACTIONS)}")
        fractional = self.measure in ("mrd", "marrow_blasts", "blood_blasts")
        for name in ("at_least", "below"):
            level = getattr(self, name)
            if fractional and level is not None and level > 1.0:
                raise ValueError(
                    f"{name} = {level} is not allowed: {self.measure} is in "
                    f"{MEASURES[self.measure]}, allowed from 0 to 1"
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


@dataclass(frozen=True)
class Strategy:
    """A way to treat: courses by name, a course to begin with (or none), and rules by name."""

    title: str
    courses: dict[str, Course]
    rules: dict[str, Rule]
    begin_with: str = ""

    def __post_init__(self) -> None:
        wanted = {name: rule.course for name, rule in self.rules.items() if rule.course}
        if self.begin_with:
            wanted["begin_with"] = self.begin_with
        for name, course in wanted.items():
            if course not in self.courses:
                raise ValueError(
                    f"course = {course} of {name} is unknown: allowed {', '.join(self.courses)}"
                )
        for name, rule in self.rules.items():
            if rule.action in ("start", "change") and not rule.course:
                raise ValueError(f"rule {name} must name a course to {rule.action}")

    @property
    def treats_relapse(self) -> bool:
        """Whether a course may start after relapse; if not, a patient is followed no further."""
        return any(r.action == "start" and r.after_relapse for r in self.rules.values())

    def decide(self, chart: Chart, day: float, measure: str) -> list[Decision]:
        """What to do now that a measure has been reported: the rules that hold, in their order.

        A declared relapse is known to the rules that come after it.
        """
        decisions = []
        values = chart.values(measure, day)
        relapsed = chart.relapse_day is not None
        for name, rule in self.rules.items():
            if rule.measure != measure or not rule.holds(values):
                continue
            if chart.has_fired(name) and not rule.repeats:
                continue
            if rule.after_relapse is not None and rule.after_relapse != relapsed:
                continue
            if rule.action == "relapse" and relapsed:
                continue
            if chart.cycles_completed < rule.after_cycles:
                continue
            seen = f"{measure} = {values[-1]:.3g} {MEASURES[measure]}" if values else ""
            decisions.append(
                Decision(day, name, seen, rule.action, rule.course, day + rule.delay_days)
            )
            relapsed = relapsed or rule.action == "relapse"
        return decisions
