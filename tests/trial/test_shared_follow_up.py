"""Arms that are followed together have the courses that each has alone."""

from copy import deepcopy
from dataclasses import asdict, replace
from itertools import cycle

import numpy as np
import pytest
import xarray as xr

from leukosim.clinic.strategy.chart import CallableStrategy
from leukosim.clinic.strategy.monitoring import Trigger
from leukosim.clinic.strategy.rules import Rule, Strategy
from leukosim.marrow.marrow import AGENTS
from leukosim.marrow.rates import Rates
from leukosim.runs.trials import run_trial
from leukosim.trial.clonal_history import CloneRecord
from leukosim.trial.follow_up import follow
from leukosim.trial.protocol import Protocol
from leukosim.trial.shared_follow_up import Arm, follow_arms

DAYS = np.arange(0.0, 366.0, 7.0)


@pytest.fixture
def arms(strategies):
    """Three that begin with nothing and act at different times, one that begins with a course."""
    trigger = replace(strategies["triggered"].rules["trigger"], delay_days=21)
    rules = strategies["triggered"].rules | {"trigger": trigger}
    return strategies | {"delayed": replace(strategies["triggered"], rules=rules)}


def together(patient, arms, protocol):
    by_trigger = [Arm(strategy, protocol.trigger) for strategy in arms.values()]
    return by_arm(follow_arms(patient, by_trigger, protocol, DAYS, "tally", AGENTS))


def by_arm(followed):
    return [followed.trajectories[row] for row in followed.rows]


def assert_as_alone(patient, arms, protocol):
    for arm, course in zip(arms.values(), together(patient, arms, protocol), strict=True):
        assert_equal(course, follow(patient, arm, protocol, DAYS, Rates(patient)))


def assert_equal(one, other):
    np.testing.assert_equal(asdict(one), asdict(other))


@pytest.mark.parametrize(
    ("traits", "record"),
    [
        ({}, CloneRecord()),
        ({"death_rate": 0.003}, CloneRecord()),
        ({"doubling_days": 6.0}, CloneRecord(clones=5, barcodes=True)),
    ],
)
def test_every_arm_has_the_course_that_it_has_alone(make_patient, arms, traits, record):
    patient = make_patient(residual_stem_cells=500, **traits)
    assert_as_alone(patient, arms, Protocol(horizon_days=365, record=record))


def test_that_check_would_notice_a_copy_that_shares_its_marrow(make_patient, arms, monkeypatch):
    def careless(follow_up, never_change):
        return deepcopy(follow_up, never_change | {id(follow_up.marrow): follow_up.marrow})

    monkeypatch.setattr("leukosim.trial.follow_up.deepcopy", careless)
    with pytest.raises(AssertionError):
        assert_as_alone(make_patient(residual_stem_cells=500), arms, Protocol(horizon_days=365))


def test_arms_are_followed_once_until_one_acts(make_patient, arms):
    quiet = together(make_patient(residual_stem_cells=0), arms, Protocol(horizon_days=365))
    triggered, at_relapse, maintenance, delayed = quiet
    assert triggered.chart is at_relapse.chart is delayed.chart
    assert maintenance.chart is not triggered.chart and maintenance.doses
    treated = together(make_patient(residual_stem_cells=500), arms, Protocol(horizon_days=365))
    assert len({id(course.chart) for course in treated}) == 4
    assert len({course.doses[0].day for course in treated}) == 4


def triggered_at(strategies, level, confirmations):
    """An arm that acts at an MRD level, seen once and confirmed so many times."""
    of = strategies["triggered"]
    trigger = replace(of.rules["trigger"], at_least=level, samples=1 + confirmations)
    arm = replace(of, rules=of.rules | {"trigger": trigger})
    return Arm(arm, Trigger(level, confirmations=confirmations))


@pytest.mark.slow
@pytest.mark.parametrize("confirmations", [[0], [1], [2, 0, 1]])
def test_arms_of_many_triggers_part_when_they_act(make_patient, strategies, confirmations):
    levels = np.geomspace(1e-4, 0.5, 24)
    arms = [triggered_at(strategies, *each) for each in zip(levels, cycle(confirmations))]
    arms += [Arm(strategies["at_relapse"], arm.trigger) for arm in arms[::8]]
    patient, protocol = make_patient(residual_stem_cells=500), Protocol(horizon_days=365)
    followed = follow_arms(patient, arms, protocol, DAYS, "tally", AGENTS)
    courses = by_arm(followed)
    for (strategy, trigger), course in zip(arms, courses, strict=True):
        own = replace(protocol, trigger=trigger)
        assert_equal(course, follow(patient, strategy, own, DAYS, Rates(patient)))
    followed = len({id(course.chart) for course in courses})
    assert 3 <= followed <= 20 < len(arms)
    assert len({course.molecular_relapse_day for course in courses}) >= (followed - 1) / 2
    samples = {len(course.mrd) for course in courses}
    assert confirmations == [0] or len(samples) > 1  # some are taken that others do not take


def test_arms_that_begin_alike_part_at_their_first_hold(make_patient, azacitidine):
    courses = {"a": azacitidine, "b": azacitidine}

    def arm(title, level, begin="a"):
        wait = Rule("neutrophils", "interrupt", below=level, at_most_days=14)
        return Strategy(title, courses, {"wait": wait}, begin, marrow_after_cycles=[1, 2])

    levels = (0.0, 0.2, 0.5, 1.0, 1.0, 10.0)
    arms = {f"{i}": arm(f"{level}", level) for i, level in enumerate(levels)}
    arms |= {"b": arm("b", 1.0, "b"), "none": Strategy("none", courses, {})}
    patient = make_patient(overt_blasts=3e11, carrying_capacity=1e12)
    protocol = Protocol(horizon_days=150, until_death=True)
    assert_as_alone(patient, arms, protocol)
    result = together(patient, arms, protocol)
    charts = [id(course.chart) for course in result]
    assert charts[3] == charts[4] and 3 <= len(set(charts)) < len(arms)


def test_a_function_that_may_remember_is_asked_about_one_course_only(make_patient, arms):
    charts = []

    def remembers(chart, day, measure):
        if not any(chart is known for known in charts):
            charts.append(chart)
        return []

    own = CallableStrategy("own", {}, remembers)
    courses = together(
        make_patient(residual_stem_cells=0), {"one": own, "other": own}, Protocol(horizon_days=90)
    )
    assert charts == [courses[0].chart, courses[1].chart] and charts[0] is not charts[1]


def test_the_order_of_rules_and_drugs_is_part_of_an_arm(make_patient, strategies):
    of = strategies["at_relapse"]
    first, then = (dict(sorted(of.rules.items(), reverse=back)) for back in (False, True))
    arms = {name: replace(of, rules=rules) for name, rules in (("a", first), ("b", then))}
    assert arms["a"] == arms["b"] and list(first) != list(then)
    patient, protocol = make_patient(residual_stem_cells=500), Protocol(horizon_days=365)
    assert_as_alone(patient, arms, protocol)
    own = run_trial([patient], arms, protocol).dataset
    for name in arms:
        alone = run_trial([patient], {name: arms[name]}, protocol).dataset
        here = own.sel(arm=[name])
        for variable in ("treatment_start_day", "follow_up_day", "blasts"):
            xr.testing.assert_equal(here[variable], alone[variable])
    days = own["treatment_start_day"].squeeze("patient").values
    assert days[0] != days[1]  # else nothing was put to the test


def test_equal_functions_are_asked_about_charts_of_their_own(make_patient):
    charts = set()
    own = CallableStrategy("own", {}, lambda chart, day, measure: charts.add(id(chart)) or [])
    run_trial([make_patient()], {"one": own, "other": own}, Protocol(horizon_days=90))
    assert len(charts) == 2
