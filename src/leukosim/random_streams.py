"""Random streams by key: the same numbers whatever else is drawn, and in any order."""

import hashlib

import numpy as np

# Purposes of random streams. A new purpose gets a new number; old ones never change meaning.
DRAW, MARROW, DEATH, ASSAY, SWITCHING, OVERT, PHARMACOKINETICS, AGE, TRIAL, MARKER = range(10)


FOUNDING, HAEMATOPOIESIS = 20, 21


def key_of(name: str) -> int:
    """A number that belongs to a name, to key a stream with."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


def stream(seed: int, *key: int) -> np.random.Generator:
    """The random stream that belongs to a key: never shared, never dependent on order."""
    words = [seed, *key]
    # as an array, where they fit, numpy makes the same stream in half the time
    return np.random.default_rng(np.array(words, np.uint32) if max(words) < 2**32 else words)
