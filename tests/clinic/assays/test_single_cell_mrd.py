"""Single residual cells: what is recovered, what is measured, and what a group rests on."""

import numpy as np
import pytest

from leukosim.biology.niche import Niche
from leukosim.clinic.assays.mobilisation import Mobilisation, leukaemic_fold
from leukosim.clinic.assays.sample import Burden
from leukosim.clinic.assays.single_cell_mrd import HIGH, LOW, NEGATIVE, SingleCellMrd

ASSAY = SingleCellMrd()
CELLS = np.full(200, 12.0), np.repeat([0, 1], 100)


def recovered(blasts, cxcr4=CELLS[0], assay=ASSAY, seed=1):
    rng = np.random.default_rng(seed)
    ones = np.ones(len(cxcr4), np.int64)
    return assay.recover(Burden(blasts, 1e12), cxcr4, CELLS[1][: len(cxcr4)], ones, 4, rng)


def test_many_residual_cells_are_measured_up_to_the_most_and_few_not_at_all():
    assert len(recovered(1e10).cxcr4) == ASSAY.cells_most
    assert len(recovered(1e5).cxcr4) == 0
    assert ASSAY.group(recovered(1e5)) == NEGATIVE


def test_the_number_recovered_is_that_of_the_sample():
    """Poisson(60): 5 sd are 39."""
    expected = 1e7 * 2e7 / 1e12 * 0.3
    assert len(recovered(2e7).cxcr4) == pytest.approx(expected, abs=39)


def test_a_group_is_by_the_median_and_a_threshold_that_is_configuration():
    assert ASSAY.group(recovered(1e10)) == HIGH
    assert ASSAY.group(recovered(1e10, CELLS[0] / 2.0)) == LOW
    assert SingleCellMrd(high_from=20.0).group(recovered(1e10)) == LOW


def test_noise_and_misclassification_are_of_their_sizes():
    """Of 100,000 cells: 5 sd of the share are 0.0035, of the spread of logs 0.4 %."""
    assay = SingleCellMrd(cells_most=100_000, noise_cv=0.3, misclassified=0.05)
    cells = recovered(5e11, np.full(200, 12.0), assay)
    assert np.log(cells.cxcr4).std() == pytest.approx(np.sqrt(np.log(1.09)), rel=0.02)
    assert np.mean(np.isin(cells.subtype, (2, 3))) == pytest.approx(0.05 * 2 / 3, abs=0.0035)


def test_the_true_group_is_found_more_often_with_more_cells():
    rng = np.random.default_rng(3)

    def called_high(most):
        assay = SingleCellMrd(cells_most=most, cells_least=1, noise_cv=0.6)
        spread = 8.0 * np.exp(0.6 * rng.standard_normal(200))  # truly low
        return np.mean([assay.group(recovered(1e10, spread, assay, s)) == HIGH for s in range(200)])

    assert called_high(300) < called_high(3)


def test_mobilisation_rises_and_returns_and_needs_dependent_anchoring():
    length = np.full(96, 0.25)
    occupancy = np.concatenate([np.ones(8), np.zeros(88)])
    fold = Mobilisation().fold(Niche(), occupancy, length)
    assert fold[:8].max() > 5.0
    assert fold[-1] == pytest.approx(1.0, abs=0.05)
    none = Mobilisation().fold(Niche(cxcr4_dependent_share=0.0), occupancy, length)
    np.testing.assert_allclose(none, 1.0)


def test_leukaemic_cells_in_blood_are_those_of_all_subtypes():
    """A mixture lies between its subtypes, nearer to the one that is held less."""
    length, occupancy = np.full(8, 0.25), np.ones(8)

    def rise(cxcr4, composition):
        return leukaemic_fold(
            Niche(), np.array([cxcr4]), np.array([composition]), occupancy, length
        )[-1, 0]

    many, few = rise([12.0], [1.0]), rise([4.0], [1.0])
    assert many > few > 1.0
    half = rise([12.0, 4.0], [0.5, 0.5])
    assert few < half < 0.5 * (few + many)
    assert rise([12.0, 4.0], [1.0, 0.0]) == pytest.approx(many)
    same_as_healthy = Mobilisation(cxcr4=7.0).fold(Niche(), occupancy, length)[-1]
    assert rise([7.0], [1.0]) == pytest.approx(same_as_healthy)


def test_cells_held_by_their_own_cxcr4_are_mobilised_less_where_they_have_little():
    length, occupancy = np.full(8, 0.25), np.ones(8)

    def rise(cxcr4, retention):
        return Mobilisation(cxcr4=cxcr4).fold(Niche(retention=retention), occupancy, length)[-1]

    assert rise(2.0, "own") < 0.5 * rise(2.0, "equal")
