"""Flow cytometry counts cells, some of them wrongly, and measures proteins with noise."""

import numpy as np

from leukosim.clinic.assays.flow_cytometry import FlowCytometry

MIX = np.array([0.1, 0.7, 0.2])
DEPENDENCES = np.array([[0.5, 0.2, 0.3], [0.6, 0.2, 0.2], [0.2, 0.6, 0.2]])


def reports(assay, n=2000):
    rng = np.random.default_rng(3)
    return np.array([assay.subtypes(MIX, rng) for _ in range(n)])


def test_fractions_are_those_of_counted_cells():
    """Mean within five standard errors in three fractions: false alarm below 2e-6."""
    seen = reports(FlowCytometry(counted_cells=200, misclassified=0.0))
    np.testing.assert_allclose(seen * 200, np.round(seen * 200), atol=1e-9)
    np.testing.assert_allclose(seen.sum(1), 1.0)
    error = np.sqrt(MIX * (1 - MIX) / 200 / len(seen))
    assert (np.abs(seen.mean(0) - MIX) < 5 * error).all()


def test_misclassified_cells_are_taken_for_each_other_subtype_alike():
    """Of 20 % wrong cells half go to each of the others; false alarm below 2e-6."""
    seen = reports(FlowCytometry(counted_cells=200, misclassified=0.2))
    expected = 0.8 * MIX + 0.1 * (1 - MIX)
    error = np.sqrt(expected * (1 - expected) / 200 / len(seen))
    assert (np.abs(seen.mean(0) - expected) < 5 * error).all()
    assert not (np.abs(seen.mean(0) - MIX) < 5 * error).all()  # it would notice no mistakes


def test_a_single_subtype_cannot_be_mistaken():
    rng = np.random.default_rng(1)
    assert FlowCytometry(misclassified=1.0).subtypes(np.ones(1), rng) == [1.0]


def test_the_score_is_that_of_the_bulk():
    rng = np.random.default_rng(1)
    exact = FlowCytometry(protein_cv=0.0).bcl2_score(MIX, DEPENDENCES, rng)
    bcl2, bclxl, mcl1 = MIX @ DEPENDENCES
    np.testing.assert_allclose(exact, bcl2 / (bclxl + mcl1))


def test_the_score_varies_as_its_proteins_do():
    """Two log-normal factors of 20 %: log sd 0.20 to 0.28; false alarm far below 1e-6."""
    rng = np.random.default_rng(2)
    scores = [FlowCytometry().bcl2_score(MIX, DEPENDENCES, rng) for _ in range(4000)]
    assert 0.20 < np.log(scores).std() < 0.28
