"""The wording that errors share."""

from leukosim.errors import join, listed, unknown


def test_an_unknown_name_is_told_the_nearest_one_with_its_path():
    error = unknown("trigger.lvel", ["level", "delay_days"], "field")
    assert str(error) == "trigger.lvel is not a known field: did you mean trigger.level?"


def test_an_unknown_name_that_resembles_none_is_told_all():
    error = unknown("colour", ["level", "seed"], "field")
    assert str(error) == "colour is not a known field: allowed level, seed"


def test_paths_and_lists_of_names():
    assert join("", "seed") == "seed"
    assert join("strategies.mine", "rules") == "strategies.mine.rules"
    assert listed([]) == "nothing"
