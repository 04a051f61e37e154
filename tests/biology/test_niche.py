"""CXCR4 anchors stem cells; what blocks it detaches them, and does nothing else."""

import dataclasses

import numpy as np
import pytest

from leukosim.biology.cycle import Cycle
from leukosim.biology.disease import Disease
from leukosim.biology.exposure import COLUMN, EXPOSURES, Exposure
from leukosim.biology.niche import Niche, blocked_share, egress_rate, g0_exit_rate_outside
from leukosim.marrow.marrow import Marrow
from leukosim.marrow.rates import APOPTOSIS, IN_NICHE, S_PHASE_KILL

DAYS = 5
SD = 1e-9  # of log CXCR4, so that all cells are alike


def blocked(occupancy, days=DAYS, **others):
    """Segments of a day with CXCR4 blocked."""
    edges = np.arange(days + 1.0)
    values = np.zeros((days, len(EXPOSURES)))
    values[:, COLUMN["cxcr4_occupancy"]] = occupancy
    for name, value in others.items():
        values[:, COLUMN[name]] = value
    return Exposure(edges[:-1], edges[1:], values)


def patient_with(make_patient, cxcr4=7.1, cells=20_000, **niche):
    return make_patient(
        disease=Disease(niche=Niche(capacity=1e9, **niche)), cxcr4=cxcr4, residual_stem_cells=cells,
    )  # fmt: skip


def left_outside(patient, occupancy, method="tally"):
    marrow = Marrow(patient, method)
    counts = marrow.advance(float(DAYS), blocked(occupancy), [float(DAYS)])
    outside = 1.0 - counts.cells[0, :, IN_NICHE].sum() / counts.cells[0].sum()
    return outside, marrow


def test_laws_at_rest_and_when_all_is_blocked():
    niche = Niche()
    assert egress_rate(niche, 0.0) == niche.egress_rate
    assert egress_rate(niche, 1.0) == pytest.approx(0.02 + 3.0 * 0.5)
    assert blocked_share(niche, 1.0) == 0.5
    none = Niche(cxcr4_dependent_share=0.0)
    assert egress_rate(none, 1.0) == none.egress_rate
    assert blocked_share(none, 1.0) == 0.0


def test_mobilised_cells_may_be_exposed_only():
    cycle = Cycle()
    assert g0_exit_rate_outside(cycle, Niche(), 1.0) == cycle.g0_exit_outside
    assert (
        g0_exit_rate_outside(cycle, Niche(mobilised_cells="exposed"), 1.0) == cycle.g0_exit_in_niche
    )
    assert (
        g0_exit_rate_outside(cycle, Niche(mobilised_cells="exposed"), 0.0) == cycle.g0_exit_outside
    )


def test_a_hypothesis_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="retention = strong is not a hypothesis"):
        Niche(retention="strong")


@pytest.mark.parametrize("retention", ["equal", "own"])
def test_blockade_empties_the_niche_and_kills_nobody(make_patient, retention):
    patient = patient_with(make_patient, cxcr4=20.0, retention=retention)
    before, _ = left_outside(patient, 0.0)
    outside, marrow = left_outside(patient, 1.0)
    assert outside > 0.4 > 0.1 > before
    assert marrow.tally[:, [APOPTOSIS, S_PHASE_KILL]].sum() == 0


def test_cells_are_held_alike_or_by_their_own_cxcr4(make_patient):
    """4 sd of a binomial of 20,000 cells are 0.014."""

    def outside(cxcr4, retention):
        patient = patient_with(
            make_patient, cxcr4=cxcr4, retention=retention, cxcr4_cell_cv=SD,
            homing_rate=1e-9, cxcr4_independent_homing_rate=0.0, egress_rate=0.0,
            mobilised_egress_rate=0.2,
        )  # fmt: skip
        patient = dataclasses.replace(patient, doubling_days=4.0)
        return left_outside(patient, 1.0)[0]

    def expected(cxcr4, own):
        held = cxcr4**2 / (cxcr4**2 + 100.0) if own else 1.0
        return 1.0 - np.exp(-0.2 * 0.5 * held * DAYS)

    for cxcr4 in (3.0, 30.0):
        for retention in ("equal", "own"):
            law = expected(cxcr4, retention == "own")
            assert outside(cxcr4, retention) == pytest.approx(law, abs=0.08)
    assert outside(30.0, "own") > 3.0 * outside(3.0, "own")


def test_both_algorithms_release_cells_by_their_own_cxcr4(make_patient):
    """A difference of two binomials of some 4,000 cells: 5 sd are 0.056."""
    patient = patient_with(make_patient, cxcr4=10.0, cells=4000, retention="own")
    assert left_outside(patient, 0.8)[0] == pytest.approx(
        left_outside(patient, 0.8, "direct")[0], abs=0.056
    )


@pytest.mark.parametrize("retention", ["equal", "own"])
@pytest.mark.parametrize("mobilised", ["growing", "exposed"])
def test_without_dependent_anchoring_blockade_does_nothing_to_the_last_bit(
    make_patient, retention, mobilised
):
    patient = patient_with(
        make_patient, cells=5000, cxcr4_dependent_share=0.0, retention=retention,
        mobilised_cells=mobilised,
    )  # fmt: skip

    def course(occupancy):
        given = blocked(occupancy, 20, s_phase_kill=2.0, g0_kill=0.1)
        counts = Marrow(patient).advance(20.0, given, np.arange(1.0, 21.0))
        return counts.cells, counts.blasts

    for one, other in zip(course(0.0), course(0.97), strict=True):
        np.testing.assert_array_equal(one, other)


def test_that_the_same_check_would_notice_an_anchor_of_one_per_cent(make_patient):
    patient = patient_with(make_patient, cells=5000, cxcr4_dependent_share=0.01)
    cells = [Marrow(patient).advance(20.0, blocked(o, 20), [20.0]).cells for o in (0.0, 0.97)]
    assert np.any(cells[0] != cells[1])
