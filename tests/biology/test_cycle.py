"""The cell cycle of a stem cell."""

import pytest

from leukosim.biology.cycle import Cycle


def test_gap_and_s_phase_make_up_the_cycle():
    cycle = Cycle()
    assert 24 / cycle.s_entry_rate + 24 / cycle.s_exit_rate == pytest.approx(cycle.cycle_hours)


def test_an_s_phase_longer_than_the_cycle_is_refused():
    with pytest.raises(ValueError, match="must be shorter than"):
        Cycle(cycle_hours=30.0, s_phase_hours=35.0)
