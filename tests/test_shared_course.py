"""Arms that are followed together have the courses that each has alone."""

from copy import deepcopy
from dataclasses import asdict, replace

import numpy as np
import pytest

from leukosim.clonal_history import CloneRecord
from leukosim.follow_up import follow
from leukosim.marrow import AGENTS
from leukosim.protocol import Protocol
from leukosim.rates import Rates
from leukosim.shared_course import follow_arms
from leukosim.strategy.chart import OwnStrategy

DAYS = np.arange(0.0, 366.0, 7.0)


@pytest.fixture
def arms(strategies):
    """Three that begin with nothing and act at different times, one that begins with a course."""
    trigger = replace(strategies["triggered"].rules["trigger"], delay_days=21)
    rules = strategies["triggered"].rules | {"trigger": trigger}
    return strategies | {"delayed": replace(strategies["triggered"], rules=rules)}


def together(patient, arms, protocol):
    return follow_arms(patient, arms, protocol, DAYS, "tally", AGENTS)


def assert_as_alone(patient, arms, protocol):
    for arm, course in zip(arms.values(), together(patient, arms, protocol), strict=True):
        alone = follow(patient, arm, protocol, DAYS, Rates(patient))
        np.testing.assert_equal(asdict(course), asdict(alone))


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

    monkeypatch.setattr("leukosim.follow_up.deepcopy", careless)
    with pytest.raises(AssertionError):
        assert_as_alone(make_patient(residual_stem_cells=500), arms, Protocol(horizon_days=365))


def test_arms_are_followed_once_until_one_acts(make_patient, arms):
    quiet = together(make_patient(residual_stem_cells=0), arms, Protocol(horizon_days=365))
    triggered, at_relapse, maintenance, delayed = quiet
    assert triggered is at_relapse is delayed
    assert maintenance is not triggered and maintenance.doses
    treated = together(make_patient(residual_stem_cells=500), arms, Protocol(horizon_days=365))
    assert len({id(course) for course in treated}) == 4
    assert len({course.doses[0].day for course in treated}) == 4


def test_a_function_that_may_remember_is_asked_about_one_course_only(make_patient, arms):
    charts = []

    def remembers(chart, day, measure):
        if not any(chart is known for known in charts):
            charts.append(chart)
        return []

    own = OwnStrategy("own", {}, remembers)
    courses = together(
        make_patient(residual_stem_cells=0), {"one": own, "other": own}, Protocol(horizon_days=90)
    )
    assert charts == [courses[0].chart, courses[1].chart] and charts[0] is not charts[1]
