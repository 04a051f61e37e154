"""A marrow and the counts beside it make a response."""

import pytest

from leukosim.clinic.strategy.response import Response
from leukosim.results.variables import RESPONSES


@pytest.mark.parametrize(
    ("blasts", "neutrophils", "platelets", "name"),
    [
        (0.049, 1.0, 100.0, "CR"),
        (0.05, 1.0, 100.0, "none"),  # below 5 %, not at 5 %
        (0.0, 0.99, 100.0, "CRh"),
        (0.0, 0.5, 50.0, "CRh"),
        (0.0, 0.49, 100.0, "CRi"),
        (0.0, 1.0, 49.0, "CRi"),
        (0.0, 0.49, 99.0, "MLFS"),
        (0.0, 0.0, 0.0, "MLFS"),
        (0.5, 0.0, 0.0, "none"),
    ],
)
def test_responses_are_told_apart_at_their_levels(blasts, neutrophils, platelets, name):
    assert RESPONSES[Response().assess(blasts, neutrophils, platelets)] == name


def test_levels_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match=r"partial_platelets = 150.0 \(G/L\) must not exceed"):
        Response(partial_platelets=150.0)
