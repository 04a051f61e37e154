"""Numbers carry their unit, range and source, and are checked at the border."""

from dataclasses import dataclass

import pytest

from leukosim.biology.disease import Disease
from leukosim.parameters import InvalidValue, check_ranges, estimate, parameter_rows
from leukosim.trial.cohort import Cohort


@dataclass(frozen=True)
class Example:
    rate: float = estimate(0.5, "1/day", low=0.1, high=1.0, source="assumed")
    share: float = estimate(0.5, "fraction", low=0.1, high=1.0, source="assumed")

    __post_init__ = check_ranges


def test_a_value_outside_its_allowed_range_is_refused_in_one_sentence():
    with pytest.raises(InvalidValue) as refused:
        Example(share=1.5)
    assert str(refused.value) == (
        "share = 1.5 is not allowed: share is in fraction, allowed from 0 to 1"
    )


def test_not_a_number_is_refused():
    with pytest.raises(InvalidValue):
        Example(rate=float("nan"))


def test_a_mechanism_can_be_switched_off_beyond_its_plausible_range():
    assert Example(rate=0.0).rate == 0.0


def test_an_estimate_outside_its_own_range_cannot_be_declared():
    with pytest.raises(ValueError, match="outside its own range"):
        estimate(2.0, "1/day", low=0.1, high=1.0, source="assumed")


def test_every_number_of_the_model_has_a_unit_and_a_source():
    rows = [*parameter_rows(Disease()), *parameter_rows(Cohort())]
    assert len(rows) > 60
    for row in rows:
        assert row.unit, row.path
        assert row.source, row.path
        assert row.low <= row.value <= row.high, row.path


def test_the_table_shows_changed_values():
    paths = {row.path: row.value for row in parameter_rows(Example(rate=0.2))}
    assert paths == {"rate": 0.2, "share": 0.5}
