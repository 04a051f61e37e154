"""Trees in the Newick format."""

import numpy as np

from leukosim.marrow.newick import newick, with_living_descendants


def test_a_tree_in_newick_format():
    tree = newick(
        ["trunk", "sub a", "b", "c"], np.array([-1, 0, 0, 1]), np.array([0.0, 10.0, 20.0, 15.5])
    )
    assert tree == "((c:5.5)'sub a':10,b:20)trunk:0;"


def test_a_tree_without_what_died_out():
    parent = np.array([-1, 0, 0, 1])
    kept = with_living_descendants(parent, np.array([False, False, True, False]))
    assert kept.tolist() == [True, False, True, False]
    assert newick(list("tabc"), parent, np.zeros(4), kept) == "(b:0)t:0;"
    assert newick([], np.zeros(0, int), np.zeros(0)) == ";"


def test_names_are_quoted_as_newick_has_it():
    assert newick(["it's (a)"], np.array([-1]), np.zeros(1)) == "'it''s (a)':0;"
