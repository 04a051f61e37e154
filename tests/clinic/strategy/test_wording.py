"""Strategies in words say what the data say."""

import pytest

from leukosim.clinic.strategy.monitoring import Monitoring
from leukosim.clinic.strategy.regimens import Dosing, Regimen
from leukosim.clinic.strategy.rules import ACTIONS, MEASURES, Rule, Strategy
from leukosim.clinic.strategy.wording import (
    days_in_words,
    monitoring_in_words,
    rule_in_words,
    strategy_in_words,
)
from leukosim.config.compose import compose


@pytest.fixture
def strategy(azacitidine):
    return Strategy("title", {"early_course": azacitidine}, {})


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            Rule("mrd", "start", at_least=0.01, samples=2, regimen="early_course", delay_days=14,
                 after_relapse=False),
            "When MRD (ratio of transcripts) is at least 0.01 in 2 samples in a row, before "
            "relapse: start the regimen early course, 14 days later.",
        ),
        (
            Rule("neutrophils", "interrupt", below=0.5, in_remission=True, at_most_days=14),
            "When neutrophils are below 0.5 G/L, in remission: let the cycle wait, 14 days at "
            "most.",
        ),
        (
            Rule("marrow_blasts", "stop", after_relapse=True),
            "Whenever the share of blasts in marrow is reported, after relapse: give no further "
            "doses.",
        ),
        (
            Rule("platelets", "reduce_duration", below=25, drugs=["azacitidine"], at_most_days=3,
                 after_interruptions=2, after_cycles=6, after_response=True),
            "When platelets are below 25 G/L, after a response, after 6 completed cycles and at "
            "the 2. interruption or later: give azacitidine on no more than 3 days of every later "
            "cycle.",
        ),
        (
            Rule("recipient_share", "relapse", at_least=0.2, below=0.5),
            "When the recipient's share of CD34-positive cells is at least 20 % and below 50 %: "
            "declare relapse.",
        ),
    ],
)  # fmt: skip
def test_rules(strategy, rule, words):
    assert rule_in_words(rule, strategy) == words


def test_every_measure_and_action_has_words(strategy):
    for measure in MEASURES:
        for action in ACTIONS:
            days = 7 if action in ("interrupt", "reduce_duration") else None
            regimen = "early_course" if action in ("start", "change") else ""
            rule = Rule(measure, action, regimen=regimen, at_most_days=days)
            assert rule_in_words(rule, strategy).endswith(".")


def test_days():
    assert days_in_words([1]) == "day 1"
    assert days_in_words([2, 1]) == "days 1 and 2"
    assert days_in_words([1, 2, 3, 8, 10, 11]) == "days 1 to 3, 8 and 10 and 11"
    assert days_in_words([2, 4, 6]) == "days 2, 4 and 6"


def test_courses_and_beginnings(azacitidine):
    infusion = Regimen(
        {"cytarabine": Dosing([2], dose_mg_per_m2=1000.0, hours=[10, 22], infusion_hours=3)},
        cycles=1,
    )
    nothing = Regimen({"motixafortide": Dosing([2], dose_mg=0.0)})
    strategy = Strategy(
        "t", {"a": azacitidine, "b": infusion, "c": nothing}, {}, "a", [1, 2], "b", 70.0
    )
    assert strategy_in_words(strategy) == [
        "Begins with the regimen a; from 70 years of age with b.",
        "Regimen a: azacitidine 75 mg/m² on days 1 to 7; 24 cycles of 28 days at most.",
        "Regimen b: cytarabine 1000 mg/m² on day 2 at 10 and 22 o'clock, over 3 hours; one cycle "
        "of 28 days at most.",
        "Regimen c: motixafortide 0 mg (placebo) on day 2; 24 cycles of 28 days at most.",
        "A marrow is taken after cycles 1 and 2.",
    ]


def test_every_strategy_of_every_study_can_be_said():
    for study in ("relaza2", "blast", "venetoclax_resistance", "clonal_relapse"):
        config = compose([f"study={study}"])
        for strategy in config.strategies_of_arms().values():
            said = strategy_in_words(strategy)
            assert len(said) >= 1 + len(strategy.regimens) + len(strategy.rules)
            assert all(each.endswith(".") and "_" not in each for each in said)
    words = monitoring_in_words(Monitoring(interval_days=91, first_day=0, sample="blood"))
    assert "in blood every 91 days from day 0 on" in words
