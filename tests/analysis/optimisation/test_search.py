"""The optimiser, without a simulation: a cheap formula stands for the patients."""

import numpy as np
import pytest

from leukosim.analysis.optimisation.search import MOST_REFUSED, Limit, Search, run_search
from leukosim.analysis.optimisation.search_space import choice_of, span_of
from leukosim.config.reading import build
from leukosim.errors import ConfigError

AXES = [
    span_of("level", 1e-4, 1e-1, is_log=True),
    span_of("days", 1, 10, 1),
    choice_of("interval", [84, 28, 56]),
    choice_of("sample", ["blood", "marrow"]),
]
DEFAULT = {"level": 1e-2, "days": 5, "interval": 28, "sample": "marrow"}


def formula(point):
    """More days are better without end; best at a level of 1e-3, every 56 days, in marrow."""
    numbers = {
        "rmst": 500.0
        + 20.0 * point["days"]
        - 40.0 * (np.log10(point["level"]) + 3.0) ** 2
        - abs(point["interval"] - 56)
        + 10.0 * (point["sample"] == "marrow"),
        "drug_days": 3.0 * point["days"],
        "samples": 728.0 / point["interval"],
    }
    return {name: float(value) for name, value in numbers.items()}


def options(**fields):
    return build(Search, {"evaluations": 40, "unguided": 10, **fields}, "search")


def searched(settings, evaluate=lambda points: [formula(point) for point in points], **more):
    return run_search(AXES, settings, DEFAULT, evaluate, **more)


def best_of(result):
    within = [
        formula(p)["rmst"]
        for p in result.points
        if all(limit.is_kept(formula(p)) for limit in result.limits)
    ]
    return max(within)


def test_the_default_comes_first_and_the_search_improves_on_it():
    result = searched(options())
    assert result.points[0] == DEFAULT
    assert len(result.points) == 41
    for axis in AXES:
        assert all(axis.values.holds(point[axis.name]) for point in result.points)
    assert best_of(result) > formula(DEFAULT)["rmst"] + 80.0  # 140 are to be had
    guided = [formula(point)["rmst"] for point in result.points[11:]]
    random = [formula(point)["rmst"] for point in result.points[1:11]]
    assert np.mean(guided) > np.mean(random) + 20.0  # it has learnt something


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "random"])
def test_the_same_seed_proposes_the_same_and_another_does_not(sampler):
    settings = options(sampler=sampler, evaluations=20)
    assert searched(settings).points == searched(settings).points
    assert searched(settings).points != searched(options(sampler=sampler, seed=2)).points[:21]


@pytest.mark.parametrize("evaluations", [12, 21, 37])  # whole batches, and some that are cut
def test_more_evaluations_go_on_where_fewer_ended(evaluations):
    fewer = searched(options(evaluations=evaluations)).points
    assert searched(options(evaluations=40)).points[: len(fewer)] == fewer


def test_a_search_that_was_killed_ends_as_one_that_was_not():
    """What was evaluated is kept by the point, and nothing of it is evaluated twice."""
    kept, calls = {}, []

    def evaluate(points, most=10**6):
        for point in points:
            key = tuple(point.values())
            if key not in kept:
                if len(kept) >= most:
                    raise KeyboardInterrupt
                calls.append(key)
                kept[key] = formula(point)
        return [kept[tuple(point.values())] for point in points]

    settings = options(at_most={"drug_days": "default"})
    for most in (1, 14, 27):  # in the middle of a batch, too
        with pytest.raises(KeyboardInterrupt):
            searched(settings, lambda points, most=most: evaluate(points, most))
    assert searched(settings, evaluate).points == searched(settings).points
    assert len(calls) == len(set(calls)) == len(kept)


def test_batches_have_the_size_that_was_asked_for():
    sizes = []

    def evaluate(points):
        sizes.append(len(points))
        return [formula(point) for point in points]

    searched(options(evaluations=11, at_once=3), evaluate)
    assert sizes == [1, 3, 3, 3, 2]


def test_limits_are_kept_and_steer_the_search():
    settings = options(at_most={"drug_days": "default", "samples": "15"})
    result = searched(settings)
    assert result.limits == [Limit("drug_days", 1.0, 15.0), Limit("samples", 1.0, 15.0)]
    within = [
        all(limit.is_kept(formula(point)) for limit in result.limits) for point in result.points
    ]
    assert not within[0]  # the default takes 26 samples
    assert np.mean(within[11:]) > np.mean(within[1:11])
    assert best_of(result) > 595.0  # 610 are to be had
    free = searched(options()).points[11:]
    assert np.mean([point["days"] > 5 for point in free]) > 0.6  # what the limit keeps it from


def test_at_least_is_a_limit_from_below():
    result = searched(options(maximise=[], minimise=["drug_days"], at_least={"rmst": "560"}))
    (limit,) = result.limits
    assert limit.excess({"rmst": 550.0}) == 10.0
    best = min(formula(p)["drug_days"] for p in result.points if limit.excess(formula(p)) <= 0.0)
    assert best < formula(DEFAULT)["drug_days"]


def test_what_is_not_allowed_is_never_evaluated():
    def refusal(point):
        return "days contradict interval" if point["days"] > 4 else ""

    result = searched(options(), refusal=refusal)
    assert len(result.points) == 41
    assert all(point["days"] <= 4 for point in result.points[1:])
    assert set(result.refused) == {"days contradict interval"}
    with pytest.raises(ConfigError, match=f"{MOST_REFUSED} proposals in a row .*: never"):
        searched(options(), refusal=lambda point: "never")


def test_a_failed_candidate_is_passed_over_and_a_failed_default_ends_it():
    result = searched(
        options(evaluations=20),
        lambda points: [formula(p) if p["sample"] == "marrow" else None for p in points],
    )
    assert len(result.points) == 21
    with pytest.raises(ConfigError, match="the default failed"):
        searched(options(), lambda points: [None] * len(points))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"maximise": ["survivel"]}, "survivel is not a known quantity"),
        ({"maximise": []}, "a search needs a goal"),
        ({"minimise": ["rmst"]}, "rmst is named twice"),
        ({"at_most": {"drug_days": "few"}}, "search.at_most.drug_days = few is no limit"),
        ({"at_most": {"drug_dys": 3}}, "did you mean drug_days"),
        ({"sampler": "cmaes"}, "search.sampler = cmaes is unknown: allowed tpe, nsga2, random"),
        ({"evaluations": 0}, "search.evaluations = 0 is not allowed"),
        ({"evaluatons": 3}, "did you mean search.evaluations"),
    ],
)
def test_wrong_questions_are_told(fields, said):
    with pytest.raises(ConfigError, match=said):
        build(Search, fields, "search")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: span_of("a", 2.0, 1.0), "a: from 2 to 1 there is nothing to search"),
        (lambda: span_of("a", 0.0, 1.0, is_log=True), "a: 0 has no logarithm"),
        (lambda: span_of("a", 2, 8, 2, is_log=True), "steps of 2 and tag"),
        (lambda: choice_of("a", [1, 2, 1]), "a names 1 more than once"),
    ],
)
def test_wrong_axes_are_told(make, said):
    with pytest.raises(ConfigError, match=said):
        make()
