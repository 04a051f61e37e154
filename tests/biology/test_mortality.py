"""Hazards of death add up, each where its condition holds."""

import numpy as np
import pytest

from leukosim.biology.mortality import Mortality, death_hazards
from leukosim.results.variables import CAUSES

LAW = Mortality(infection_rate=0.003, bleeding_rate=0.004)


@pytest.mark.parametrize(
    ("blasts", "neutrophils", "platelets", "added"),
    [
        (0.0, 4.0, 250.0, {}),
        (0.2, 4.0, 250.0, {"leukaemia": 0.002}),
        (0.19, 0.5, 15.0, {}),  # at the levels themselves there is no danger yet
        (0.0, 0.49, 250.0, {"infection": 0.003}),
        (0.0, 4.0, 14.9, {"bleeding": 0.004}),
        (0.9, 0.1, 5.0, {"leukaemia": 0.002, "infection": 0.003, "bleeding": 0.004}),
    ],
)
def test_each_hazard_has_its_condition(blasts, neutrophils, platelets, added):
    hazards = death_hazards(LAW, 0.001, 0.002, blasts, neutrophils, platelets)
    assert dict(zip(CAUSES, hazards, strict=True)) == {
        **dict.fromkeys(CAUSES, 0.0),
        "background": 0.001,
        **added,
    }


def test_days_are_rows():
    hazards = death_hazards(LAW, 0.001, 0.002, np.array([0.0, 0.9]), np.ones(2), np.full(2, 5.0))
    assert hazards.shape == (2, len(CAUSES))
    np.testing.assert_allclose(hazards.sum(1), [0.005, 0.007])
