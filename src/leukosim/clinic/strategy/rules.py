"""Rules: what to do when a laboratory reports something. They see reports, never the marrow."""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Self

from leukosim.clinic.strategy.chart import Chart, Decision
from leukosim.clinic.strategy.monitoring import Trigger
from leukosim.clinic.strategy.regimens import Regimen
from leukosim.errors import InvalidField
from leukosim.parameters import check_ranges, nested_tuples, setting

# What a rule may look at, with its unit.
MEASURES = {
    "mrd": "transcript ratio",
    "recipient_share": "fraction",
    "marrow_blasts": "fraction",
    "blood_blasts": "fraction",
    "neutrophils": "G/L",
    "platelets": "G/L",
}
MEASURE_OF_MARKER = {"transcript": "mrd", "chimerism": "recipient_share"}
ACTIONS = {
    "start": "start a regimen (after the delay)",
    "change": "go on with another regimen from the next cycle",
    "stop": "give no further doses",
    "interrupt": "let the cycle that is due wait, or only these drugs of it, while the rule holds",
    "resume": "end the interruption that a rule of this name began",
    "reduce_duration": "give these drugs on no more than so many days of every later cycle",
    "relapse": "declare haematological relapse (of a remission)",
    "treatment_failure": "declare that treatment has failed",
    "marrow": "take a marrow sample for morphology at once",
}
LIMITED = ("interrupt", "reduce_duration")  # actions that drugs and at_most_days belong to
TRIGGER = "trigger"  # in place of a level of MRD


@dataclass(frozen=True)
class Rule:
    """When ``measure`` is at least (or below) a level in so many successive samples, do something.

    A rule with neither level holds at every report of its measure. A rule fires once, one that
    ``repeats`` as often as it holds.

    In place of a level of MRD a rule may name the trigger (``at_least: trigger``). It then stands
    for the level of the marker that the patient is followed by; at or above it, the confirming
    samples and the delay of the trigger apply, too.

    An interruption is decided on whenever a cycle is due. It ends with the first report that does
    not meet its rule, or after ``at_most_days`` of waiting.
    """

    measure: str = field(
        metadata={"allowed": tuple(MEASURES), "note": "the report that the rule looks at"}
    )
    action: str = field(
        metadata={"allowed": tuple(ACTIONS), "note": "what is done when the rule holds"}
    )
    at_least: float | Literal["trigger"] | None = setting(
        None, "unit of the measure", lowest=0.0, words=(TRIGGER,),
        note="lowest value at which the rule holds",
    )  # fmt: skip
    below: float | Literal["trigger"] | None = setting(
        None, "unit of the measure", lowest=0.0, words=(TRIGGER,),
        note="value below which the rule holds",
    )  # fmt: skip
    samples: int = setting(
        1, "successive samples", lowest=1, highest=10, note="that all have to hold"
    )
    regimen: str = ""  # to start or to change to
    delay_days: int = setting(
        0, "day", lowest=0, highest=3650, note="from the report to the action"
    )
    after_cycles: int = setting(
        0, "completed cycles", lowest=0, highest=1000, note="fewest cycles before the rule applies"
    )
    after_relapse: bool | None = None  # true: only after relapse, false: only before; null: both
    after_response: bool | None = None  # the same of the first CR, CRh or CRi
    after_interruptions: int = setting(
        0,
        "interruptions",
        lowest=0,
        highest=1000,
        note="fewest interruptions, this one included",
    )
    in_remission: bool | None = None  # true: only in remission by the last marrow; false: only not
    repeats: bool = False  # fires whenever it holds, not only once
    drugs: list[str] = field(default_factory=list)  # to interrupt or reduce; none named: all
    at_most_days: int | None = setting(
        None,
        "day",
        lowest=1,
        highest=366,
        note="longest interruption, or days kept of a cycle",
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.measure not in MEASURES:
            raise InvalidField(
                f"measure = {self.measure} is unknown: allowed {', '.join(MEASURES)}"
            )
        if self.action not in ACTIONS:
            raise InvalidField(f"action = {self.action} is unknown: allowed {', '.join(ACTIONS)}")
        fractional = self.measure not in ("neutrophils", "platelets")
        for name in ("at_least", "below"):
            level = getattr(self, name)
            if level == TRIGGER and self.measure != "mrd":
                raise InvalidField(
                    f"{name} = trigger is not allowed for {self.measure}: "
                    "the trigger is a level of mrd"
                )
            if fractional and isinstance(level, float | int) and level > 1.0:
                raise InvalidField(
                    f"{name} = {level} is not allowed: {self.measure} is in "
                    f"{MEASURES[self.measure]}, allowed from 0 to 1"
                )
        if self.action in LIMITED and self.at_most_days is None:
            raise InvalidField(
                f"at_most_days is missing: to {self.action} needs it (day), allowed from 1 to 366"
            )
        for name in ("drugs", "at_most_days"):
            if self.action not in LIMITED and getattr(self, name):
                raise InvalidField(
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
        low = -math.inf if self.at_least is None else float(self.at_least)
        high = math.inf if self.below is None else float(self.below)
        return all(low <= value < high for value in latest)

    def for_trigger(self, trigger: Trigger, marker: str) -> Self:
        """The rule with numbers in place of the trigger, for patients followed by a marker."""
        if TRIGGER not in (self.at_least, self.below):
            return self
        level = trigger.of(marker)
        changes: dict[str, Any] = {"measure": MEASURE_OF_MARKER[marker]}
        if self.at_least == TRIGGER:
            changes |= dict(
                at_least=level,
                samples=self.samples + trigger.confirmations,
                delay_days=self.delay_days + trigger.delay_days,
            )
        if self.below == TRIGGER:
            changes["below"] = level
        return replace(self, **changes)

    def applies(self, chart: Chart, day: float, relapsed: bool) -> bool:
        """Whether the patient is in a state that the rule is for, whatever was measured."""
        if self.action == "relapse" and (relapsed or not chart.has_responded):
            return False
        if self.action == "treatment_failure" and chart.treatment_failure_day is not None:
            return False
        if self.action == "interrupt" and not chart.cycle_is_due(day):
            return False
        for wanted, is_so in (
            (self.after_relapse, relapsed),
            (self.after_response, chart.has_responded),
            (self.in_remission, chart.in_remission),
        ):
            if wanted is not None and wanted != is_so:
                return False
        return (
            chart.cycles_completed >= self.after_cycles
            and chart.interruptions_begun >= self.after_interruptions
        )


@dataclass(frozen=True)
class Strategy:
    """A way to treat: regimens by name, a regimen to begin with (or none), and rules by name."""

    title: str  # of the arm, in figures and tables
    regimens: dict[str, Regimen]  # by name
    rules: dict[str, Rule]  # by name; they act in this order
    begin_with: str = ""  # regimen from day 0 on; empty: none
    marrow_after_cycles: list[int] = field(
        default_factory=list, metadata={"unit": "cycles", "lowest": 1, "highest": 1000}
    )  # a marrow in time for the next cycle
    begin_with_if_older: str = ""  # the first regimen from an age on, in place of begin_with
    older_from_years: float = setting(
        60.0, "year", lowest=0.0, highest=120.0, note="age from which begin_with_if_older holds"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        wanted = {name: rule.regimen for name, rule in self.rules.items() if rule.regimen}
        for name in ("begin_with", "begin_with_if_older"):
            if getattr(self, name):
                wanted[name] = getattr(self, name)
        for name, regimen in wanted.items():
            if regimen not in self.regimens:
                raise InvalidField(
                    f"regimen = {regimen} of {name} is unknown: allowed {', '.join(self.regimens)}"
                )
        for name, rule in self.rules.items():
            if rule.action in ("start", "change") and not rule.regimen:
                raise InvalidField(f"rule {name} must name a regimen to {rule.action}")
        given = dict.fromkeys(drug for regimen in self.regimens.values() for drug in regimen.drugs)
        for name, rule in self.rules.items():
            for drug in rule.drugs:
                if drug not in given:
                    raise InvalidField(
                        f"rules.{name}.drugs = {drug} is given by no regimen: "
                        f"allowed {', '.join(given)}"
                    )

    def first_regimen(self, age_years: float) -> str:
        """The regimen that a patient begins with; empty for none."""
        if self.begin_with_if_older and age_years >= self.older_from_years:
            return self.begin_with_if_older
        return self.begin_with

    @property
    def counts_before_cycles(self) -> bool:
        """Whether blood counts are wanted on the day on which a cycle is due."""
        return any(rule.action == "interrupt" for rule in self.rules.values())

    def for_trigger(self, trigger: Trigger, marker: str) -> Self:
        """The strategy with numbers in place of the trigger, for patients followed by a marker.

        marker : one of :data:`leukosim.biology.patient.MARKERS`
        """
        if (trigger, marker) not in self._for_trigger:
            rules = {name: rule.for_trigger(trigger, marker) for name, rule in self.rules.items()}
            changed = any(rules[name] is not rule for name, rule in self.rules.items())
            self._for_trigger[trigger, marker] = replace(self, rules=rules) if changed else self
        return self._for_trigger[trigger, marker]

    @cached_property
    def _for_trigger(self) -> dict[tuple[Trigger, str], Self]:
        """What :meth:`for_trigger` has made so far."""
        return {}

    @cached_property
    def measures(self) -> frozenset[str]:
        """What the rules look at."""
        return frozenset(rule.measure for rule in self.rules.values())

    @cached_property
    def key(self) -> Hashable:
        """All fields. Strategies with equal keys are the same, the order of rules included."""
        return nested_tuples(self)

    @cached_property
    def treatment_key(self) -> Hashable:
        """Regimens and the samples for them. Strategies with equal keys treat in the same way as
        long as their rules make the same decisions."""
        treatment = self.regimens, self.marrow_after_cycles
        return nested_tuples((*treatment, self.treats_relapse, self.counts_before_cycles))

    @property
    def treats_relapse(self) -> bool:
        """Whether a regimen may start after relapse; if not, a patient is followed no further."""
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
            if name in chart.interruptions:
                if not rule.holds(values):
                    decisions.append(Decision(day, name, seen, "resume", "", day))
                continue
            if not rule.holds(values) or not rule.applies(chart, day, relapsed):
                continue
            if chart.has_fired(name) and not (rule.repeats or rule.action == "interrupt"):
                continue
            decisions.append(
                Decision(
                    day, name, seen, rule.action, rule.regimen, day + rule.delay_days,
                    tuple(rule.drugs), rule.at_most_days,
                )
            )  # fmt: skip
            relapsed = relapsed or rule.action == "relapse"
        return decisions


def check_decision(
    decision: Decision, day: float, regimens: Mapping[str, Regimen], chart: Chart
) -> None:
    """Raise :class:`InvalidField` for a decision that cannot be carried out.

    Rules are checked when they are declared; this checks the decisions of functions, too.
    """
    if decision.action not in ACTIONS:
        raise InvalidField(
            f"action = {decision.action} of {decision.rule} is unknown: "
            f"allowed {', '.join(ACTIONS)}"
        )
    if decision.action in ("start", "change") and decision.regimen not in regimens:
        raise InvalidField(
            f"regimen = {decision.regimen} of {decision.rule} is unknown: "
            f"allowed {', '.join(regimens)}"
        )
    if decision.action in ("start", "marrow") and not decision.effective >= day:
        raise InvalidField(
            f"effective = {decision.effective} (day) of {decision.rule} is not allowed: "
            f"allowed from the day of the decision, {day:g}"
        )
    if decision.action == "relapse" and not chart.has_responded:
        raise InvalidField(
            f"action = relapse of {decision.rule} is not allowed on day {day:g}: "
            "allowed after a response (chart.has_responded)"
        )
    if decision.action in LIMITED and not (decision.at_most_days or 0) >= 1:
        raise InvalidField(
            f"at_most_days = {decision.at_most_days} (day) of {decision.rule} is not allowed: "
            f"to {decision.action}, allowed 1 or more"
        )
