"""Random streams by key."""

from itertools import combinations

import numpy as np

from leukosim.random_streams import DRAW, MARROW, key_of, stream


def test_a_key_has_the_same_numbers_whatever_else_is_drawn():
    alone = stream(1, 17, MARROW).random(5)
    stream(1, 16, MARROW).random(100)
    np.testing.assert_array_equal(stream(1, 17, MARROW).random(5), alone)


def test_other_keys_have_other_numbers():
    keys = [(1, 17, MARROW), (1, 17, DRAW), (1, 18, MARROW), (2, 17, MARROW), (17, 1, MARROW)]
    drawn = [stream(*key).random(5) for key in keys]
    assert not any((one == other).any() for one, other in combinations(drawn, 2))


def test_words_of_any_size_make_the_stream_that_numpy_makes_of_the_list():
    """The faster way of small words changes no number."""
    for words in ([3, 17, 2**32 - 1], [2**32, 17], [0]):
        expected = np.random.default_rng(words).random(5)
        np.testing.assert_array_equal(stream(*words).random(5), expected)


def test_the_key_of_a_name_is_the_same_in_every_process():
    """Unlike Python's own hash. The first four bytes of ``printf azacitidine | sha256sum``."""
    assert key_of("azacitidine") == 0xD095FBFD
    assert key_of("azacitidine") != key_of("cytarabine")
