"""Setting values on what is composed gives what composing each scenario anew gives."""

from copy import deepcopy
from functools import cache

import pytest
from omegaconf import OmegaConf

from leukosim.config.compose import compose_plain, read_plain, to_plain
from leukosim.config.interpolation import affected_by, table_of_points, variations
from leukosim.config.paths import config_folder

STUDIES = sorted(path.stem for path in (config_folder() / "study").glob("*.yaml"))

POINTS = {
    "trigger.level": [1e-4, 1e-2],
    "trigger.delay_days": [0, 14],
    "monitoring.interval_days": [28, 84],
    "venetoclax.days_per_cycle": [7, 28],
    "motixafortide.days": [[2, 4], [3, 5, 7]],
    "disease.subtypes.HSC-like": [None, {"bcl2": 0.1, "bclxl": 0.8, "mcl1": 0.1}],
    "seed": [1, 2],
}


@cache
def composed(study):
    """A study as Hydra composes it."""
    return compose_plain([f"study={study}"])


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("key", POINTS)
def test_variations_are_what_hydra_composes(study, key):
    base = deepcopy(composed(study))
    known = (None, None)
    for (value,), plain in variations(base, [key], iter([(each,) for each in POINTS[key]])):
        anew = deepcopy(composed(study))
        OmegaConf.update(anew, key, value, merge=True)
        assert plain == to_plain(anew)
        config = read_plain(plain, known)  # with what is shared taken over
        assert config == read_plain(to_plain(anew))
        known = plain, config


def test_a_design_need_not_be_a_grid():
    base = compose_plain(["study=relaza2"])
    points = [
        {"trigger.level": level, "trigger.delay_days": delay}
        for level, delay in [(1e-3, 0), (1e-2, 30), (1e-3, 30)]
    ]
    table = table_of_points(base, points, "here")
    assert (table.labels, table.axes, table.output) == (points, list(points[0]), "here")
    for point, plain in zip(points, table.plain, strict=True):
        treat = plain["strategies"]["at_relapse"]["rules"]["treat_relapse"]
        assert plain["trigger"]["level"] == point["trigger.level"]
        assert treat["delay_days"] == point["trigger.delay_days"]
    assert table.plain[0]["disease"] is table.plain[2]["disease"]  # shared, not copied


@pytest.mark.parametrize(
    ("tree", "key", "expected"),
    [
        ({"a": 1, "b": "${a}", "c": "${b}", "d": "${e}", "e": 2}, "a", ["b", "c"]),
        ({"a": {"x": 1}, "b": "${a}"}, "a.x", ["b"]),
        ({"a": {"x": 1, "y": "${.x}"}}, "e", ["a.y"]),  # relative: may lead anywhere
        ({"a": 1, "ab": 2, "b": "${ab}"}, "a", []),  # begins alike
        ({"a": 1, "b": ["${sum:1,${a}}"]}, "a", ["b"]),
    ],
)
def test_references_are_followed(tree, key, expected):
    result = [
        ".".join(step for step in path if isinstance(step, str))
        for path, _ in affected_by(tree, [key])
    ]
    assert result == expected
