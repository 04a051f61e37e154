"""Rules act on reports that are known, in their order, and only when they may."""

import pytest

from leukosim.clinic.strategy.chart import Chart, Decision, Report, Treatment
from leukosim.clinic.strategy.regimens import Dosing, Regimen
from leukosim.clinic.strategy.rules import Rule, Strategy

AZACITIDINE = Regimen({"azacitidine": Dosing([1, 2, 5], dose_mg_per_m2=75.0)})


def chart(*values, measure="mrd", turnaround=0.0):
    return Chart([Report(measure, d, d + turnaround, v) for d, v in enumerate(values)])


def decide(rules, chart, day=100.0, measure="mrd"):
    regimens = {"azacitidine": AZACITIDINE}
    return [d.action for d in Strategy("test", regimens, rules).decide(chart, day, measure)]


TRIGGER = Rule("mrd", "start", at_least=0.01, regimen="azacitidine", after_relapse=False)


def test_a_threshold_includes_its_level():
    assert decide({"trigger": TRIGGER}, chart(0.01)) == ["start"]
    assert decide({"trigger": TRIGGER}, chart(0.0099)) == []


def test_successive_samples_must_all_hold():
    twice = Rule("mrd", "start", at_least=0.01, samples=2, regimen="azacitidine")
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
    reduce = Rule("mrd", "change", below=0.01, regimen="azacitidine", after_cycles=6)
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
    with pytest.raises(ValueError, match="regimen = azacitidine of trigger is unknown"):
        Strategy("test", {}, {"trigger": TRIGGER})


def test_a_course_gives_its_doses_on_its_days():
    doses = AZACITIDINE.doses(66.0, cycle=2, body_surface_m2=2.0)
    assert [dose.day for dose in doses] == [66.0, 67.0, 70.0]
    assert {dose.amount_mg for dose in doses} == {150.0}


def test_days_beyond_the_cycle_are_refused():
    with pytest.raises(ValueError, match="must lie within"):
        Regimen({"azacitidine": Dosing([1, 30], dose_mg=1.0)}, cycle_days=28)


HOLD = Rule("neutrophils", "interrupt", below=0.5, in_remission=True, at_most_days=14)


def due(*neutrophils, **changes):
    """A chart on whose day 100 a cycle is due."""
    seen = chart(*neutrophils, measure="neutrophils")
    seen.treatment = Treatment("azacitidine", AZACITIDINE, next_day=100.0, cycles_given=1)
    for name, value in changes.items():
        setattr(seen, name, value)
    return seen


def test_a_hold_is_decided_on_when_a_cycle_is_due():
    assert decide({"wait": HOLD}, due(0.4), measure="neutrophils") == ["interrupt"]
    assert decide({"wait": HOLD}, due(0.4), day=99.0, measure="neutrophils") == []
    assert decide({"wait": HOLD}, due(0.5), measure="neutrophils") == []
    assert decide({"wait": HOLD}, due(0.4, in_remission=False), measure="neutrophils") == []
    assert decide({"wait": HOLD}, due(0.4, treatment=None), measure="neutrophils") == []


def test_a_hold_ends_with_the_first_report_that_does_not_meet_it_and_may_come_again():
    held = Decision(100.0, "wait", "", "interrupt", at_most_days=14)
    in_force = {"interruptions": {"wait": held}, "decisions": [held]}
    assert decide({"wait": HOLD}, due(0.4, **in_force), 107.0, "neutrophils") == []
    assert decide({"wait": HOLD}, due(0.4, 0.6, **in_force), 107.0, "neutrophils") == ["resume"]
    before = {"decisions": [held, Decision(107.0, "wait", "", "resume")]}
    assert decide({"wait": HOLD}, due(0.4, **before), 128.0, "neutrophils") == ["interrupt"]


def test_a_shortening_waits_for_its_holds():
    shorten = Rule(
        "neutrophils",
        "reduce_duration",
        below=0.5,
        after_interruptions=2,
        drugs=["azacitidine"],
        at_most_days=5,
    )
    assert (
        decide({"reduce_duration": shorten}, due(0.4, interruptions_begun=1), measure="neutrophils")
        == []
    )
    assert decide(
        {"reduce_duration": shorten}, due(0.4, interruptions_begun=2), measure="neutrophils"
    ) == ["reduce_duration"]


def test_only_a_remission_can_relapse_and_only_without_response_has_treatment_failed():
    rules = {
        "relapse": Rule("marrow_blasts", "relapse", at_least=0.15),
        "failure": Rule("marrow_blasts", "treatment_failure", after_cycles=6, after_response=False),
    }
    seen = chart(0.3, measure="marrow_blasts")
    seen.cycles_completed = 6
    assert decide(rules, seen, measure="marrow_blasts") == ["relapse"]
    seen.has_responded = False
    assert decide(rules, seen, measure="marrow_blasts") == ["treatment_failure"]
    seen.cycles_completed = 5
    assert decide(rules, seen, measure="marrow_blasts") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            dict(measure="platelets", action="interrupt"),
            "at_most_days is missing: to interrupt needs it",
        ),
        (dict(measure="mrd", action="stop", at_most_days=3), "at_most_days = 3 means nothing"),
        (
            dict(measure="mrd", action="stop", drugs=["a"]),
            "allowed with interrupt, reduce_duration",
        ),
        (
            dict(measure="mrd", action="reduce_duration", at_most_days=0),
            "at_most_days = 0 is not allowed",
        ),
    ],
)
def test_holds_that_mean_nothing_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Rule(**arguments)


def test_a_drug_that_no_course_gives_cannot_be_held():
    wait = Rule("platelets", "interrupt", below=50.0, drugs=["venetoclax"], at_most_days=14)
    with pytest.raises(ValueError, match=r"rules.wait.drugs = venetoclax is given by no regimen"):
        Strategy("test", {"azacitidine": AZACITIDINE}, {"wait": wait})


def test_a_marrow_before_the_first_cycle_is_refused():
    with pytest.raises(ValueError, match="marrow_after_cycles = 0 is not allowed"):
        Strategy("test", {}, {}, marrow_after_cycles=[0])
