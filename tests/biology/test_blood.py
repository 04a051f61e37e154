"""Healthy blood formation."""

import pytest

from leukosim.biology.blood import LINEAGES, Blood


def test_four_compartments_take_the_mean_transit_time():
    """The mean passage of a chain is the sum of the mean stays in its compartments."""
    blood = Blood(neutrophil_transit_hours=96.0, platelet_transit_hours=120.0)
    assert [4.0 / rate for rate in blood.transit_rates] == pytest.approx([4.0, 5.0])  # days


def test_numbers_of_lineages_come_in_their_order():
    blood = Blood(neutrophils=3.0, platelets=200.0)
    assert dict(zip(LINEAGES, blood.baselines, strict=True)) == {
        "neutrophils": 3.0, "platelets": 200.0,
    }  # fmt: skip
    assert dict(zip(LINEAGES, blood.feedbacks, strict=True)) == {
        "neutrophils": blood.neutrophil_feedback, "platelets": blood.platelet_feedback,
    }  # fmt: skip


def test_the_time_between_divisions_is_the_inverse_of_their_rate():
    assert 1.0 / Blood(healthy_division_weeks=40.0).healthy_division_rate == pytest.approx(280.0)
