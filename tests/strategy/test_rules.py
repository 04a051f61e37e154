"""Rules act on reports that are known, in their order, and only when they may."""

import pytest

from leukosim.strategy.chart import Chart, Decision, Report
from leukosim.strategy.courses import Course, Dosing
from leukosim.strategy.rules import Rule, Strategy

AZACITIDINE = Course({"azacitidine": Dosing([1, 2, 5], dose_mg_per_m2=75.0)})


def chart(*values, measure="mrd", turnaround=0.0):
    return Chart([Report(measure, d, d + turnaround, v) for d, v in enumerate(values)])


def decide(rules, chart, day=100.0, measure="mrd"):
    courses = {"azacitidine": AZACITIDINE}
    return [d.action for d in Strategy("test", courses, rules).decide(chart, day, measure)]


TRIGGER = Rule("mrd", "start", at_least=0.01, course="azacitidine", after_relapse=False)


def test_a_threshold_includes_its_level():
    assert decide({"trigger": TRIGGER}, chart(0.01)) == ["start"]
    assert decide({"trigger": TRIGGER}, chart(0.0099)) == []


def test_successive_samples_must_all_hold():
    twice = Rule("mrd", "start", at_least=0.01, samples=2, course="azacitidine")
    assert decide({"twice": twice}, chart(0.02)) == []
    assert decide({"twice": twice}, chart(0.02, 0.001, 0.02)) == []
    assert decide({"twice": twice}, chart(0.001, 0.02, 0.02)) == ["start"]


def test_a_result_counts_only_once_it_is_known():
    late = chart(0.02, turnaround=7.0)
    assert decide({"trigger": TRIGGER}, late, day=6.9) == []
    assert decide({"trigger": TRIGGER}, late, day=7.0) == ["start"]


def test_a_rule_fires_once_unless_it_repeats():
    seen = chart(0.02)
    seen.decisions.append(Decision(0.0, "trigger", "", "start"))
    assert decide({"trigger": TRIGGER}, seen) == []
    repeats = Rule("mrd", "marrow", at_least=0.01, repeats=True)
    assert decide({"trigger": repeats}, seen) == ["marrow"]


def test_de_escalation_waits_for_its_cycles():
    reduce = Rule("mrd", "change", below=0.01, course="azacitidine", after_cycles=6)
    seen = chart(0.001)
    seen.cycles_completed = 5
    assert decide({"reduce": reduce}, seen) == []
    seen.cycles_completed = 6
    assert decide({"reduce": reduce}, seen) == ["change"]


def test_a_declared_relapse_is_known_to_the_rules_after_it():
    rules = {
        "relapse": Rule("marrow_blasts", "relapse", at_least=0.15),
        "stop": Rule("marrow_blasts", "stop", after_relapse=True),
        "too_late": Rule("marrow_blasts", "marrow", after_relapse=False),
    }
    seen = chart(0.3, measure="marrow_blasts")
    assert decide(rules, seen, measure="marrow_blasts") == ["relapse", "stop"]
    healthy = chart(0.01, measure="marrow_blasts")
    assert decide(rules, healthy, measure="marrow_blasts") == ["marrow"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(measure="mood", action="stop"), "measure = mood is unknown"),
        (dict(measure="mrd", action="pray"), "action = pray is unknown"),
        (dict(measure="mrd", action="stop", at_least=2.0), "at_least = 2.0 is not allowed"),
        (dict(measure="mrd", action="stop", samples=0), "samples = 0 is not allowed"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Rule(**arguments)


def test_an_unknown_course_is_refused():
    with pytest.raises(ValueError, match="course = azacitidine of trigger is unknown"):
        Strategy("test", {}, {"trigger": TRIGGER})


def test_a_course_gives_its_doses_on_its_days():
    doses = AZACITIDINE.doses(66.0, cycle=2, body_surface_m2=2.0)
    assert [dose.day for dose in doses] == [66.0, 67.0, 70.0]
    assert {dose.amount_mg for dose in doses} == {150.0}


def test_days_beyond_the_cycle_are_refused():
    with pytest.raises(ValueError, match="must lie within"):
        Course({"azacitidine": Dosing([1, 30], dose_mg=1.0)}, cycle_days=28)
