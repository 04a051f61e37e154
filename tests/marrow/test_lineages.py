"""Ancestors of the living cells, and small clones gathered into larger ones."""

import numpy as np

from leukosim.marrow.lineages import ancestors, gathered
from leukosim.marrow.marrow import Marrow


def test_a_leukaemia_of_one_cell_has_one_ancestor(make_patient):
    for seed in range(30):
        marrow = Marrow(make_patient(residual_stem_cells=1, seed=seed), barcodes=True)
        assert ancestors(marrow.clones).number == 1
        marrow.advance(100.0)
        result = ancestors(marrow.clones)
        lives = marrow.stem_cells.sum() > 0
        assert (result.number, result.major, result.effective) == (
            (1, 1, 1.0) if lives else (0, 0, 0)
        )


def test_gathering_keeps_the_sum():
    parents = {0: -1, 5: 0, 7: 5, 9: 7}
    total = gathered(np.array([1, 2, 3, 4]), [0, 5, 7, 9], parents, [0, 5])
    assert total.tolist() == [1, 9]
