"""The compiled loop: its interpreted twin, what it conserves, and its edges."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leukosim.marrow import kernels
from leukosim.marrow.marrow import METHODS
from leukosim.marrow.rates import Rates
from leukosim.verification import Replicates, reference_patient
from leukosim.verification.model import under
from leukosim.verification.replicates import bare_laws, days, one_class, same_rates
from leukosim.verification.written_out import CLASSES, STRONG

by_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


@pytest.fixture(scope="module")
def rates():
    return Rates(reference_patient(cxcr4_cell_cv=0.6))


def small_marrow(rates, method, key=7):
    """A cell of each class, through drugs, with mutations that matter."""
    effect = np.array([[0.5, 1.0, 1.3, 1.0, 1.2, 1.0, 1.05], [1.0, 2.0, 1.0, 0.7, 1.0, 3.0, 1.0]])
    drivers = kernels.Drivers(np.array([[0.4, 1.0]]), effect)
    laws = rates.laws._replace(mutation_probability=0.1)
    start = [1] * len(CLASSES)
    copies = Replicates(1, start, rates.wiring, laws, key, method, cxcr4=9.0, drivers=drivers)
    copies.advance(under(rates, {}), days(3.5))
    return copies.advance(under(rates, STRONG), days(2.0)).advance(under(rates, {}), [0.3] * 2)


def digest(copies):
    """A name for the whole state, bit for bit."""
    name = hashlib.sha256()
    for c in range(len(copies.cells.count)):
        first = copies.cells.first[c]
        here = slice(first, first + copies.cells.count[c])
        name.update(copies.cells.clone[here].tobytes() + copies.cells.cxcr4[here].tobytes())
    clones = copies.clones
    for column in clones[1:]:
        name.update(np.ascontiguousarray(column[: clones.number[0]]).tobytes())
    name.update(copies.tally.tobytes() + copies.healthy.lineages.tobytes())
    return name.hexdigest()


TWIN = """
import warnings, numba
warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's scalars warn of wrapping integers
assert numba.config.DISABLE_JIT
from leukosim.marrow.marrow import METHODS
from leukosim.marrow.rates import Rates
from leukosim.verification import reference_patient
from test_kernels import digest, small_marrow
for method in METHODS.values():
    print(digest(small_marrow(Rates(reference_patient(cxcr4_cell_cv=0.6)), method)))
"""


def test_interpreted_and_compiled_kernels_agree_bit_for_bit(rates):
    path = os.pathsep.join([os.path.dirname(__file__), *filter(None, sys.path)])
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", TWIN], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    compiled = [digest(small_marrow(rates, method)) for method in METHODS.values()]
    assert done.stdout.split() == compiled


@by_method
def test_the_key_decides(rates, method):
    assert digest(small_marrow(rates, method)) == digest(small_marrow(rates, method))
    assert digest(small_marrow(rates, method)) != digest(small_marrow(rates, method, key=8))


# ---------------------------------------------------------------------- what is conserved


def check_slots(cells):
    """Classes own disjoint slots, as many as they have cells."""
    assert (cells.count >= 0).all()
    assert (cells.count <= cells.room).all()
    assert (cells.first[1:] == cells.first[:-1] + cells.room[:-1]).all()
    assert cells.first[-1] + cells.room[-1] <= len(cells.clone) == len(cells.cxcr4)


@by_method
@settings(max_examples=40, deadline=None)
@given(
    key=st.integers(0, 2**63),
    start=st.lists(st.integers(0, 12), min_size=len(CLASSES), max_size=len(CLASSES)),
    drug=st.fixed_dictionaries({name: st.floats(0.0, 1.0) for name in STRONG}),
    lengths=st.lists(st.floats(1e-3, 5.0), min_size=1, max_size=4),
    mutation=st.sampled_from([0.0, 0.05, 1.0]),
    renewal=st.floats(0.5, 1.0),
)
def test_cells_are_born_die_or_mature_and_nothing_else(
    rates, method, key, start, drug, lengths, mutation, renewal
):
    laws = rates.laws._replace(
        mutation_probability=mutation, renewal=renewal, maturing_rate=0.0, niche_places=2e2,
        healthy_stem_cells=50.0,
    )  # fmt: skip
    copies = Replicates(2, start, rates.wiring, laws, key, method, cxcr4=9.0)
    events = rates.wiring.target
    regimes = under(rates, drug)
    regimes.blast_kill[:] = 0.0
    for length in lengths:
        copies.advance(regimes, [length])
        check_slots(copies.cells)
        divided = copies.tally[events == kernels.DIVIDES].sum()
        died = copies.tally[events == kernels.DIES].sum()
        matured = copies.clones.maturing.sum()  # none leaves: the stages stand still
        assert copies.cells.count.sum() == 2 * sum(start) + divided - died - round(matured)
        assert matured == pytest.approx(round(matured), abs=1e-6)
        # class by class: what came is what is there and what left
        came, left = np.zeros(len(start), int), copies.tally.sum(1)
        for c, j in zip(*np.nonzero(events >= 0), strict=True):
            came[events[c, j]] += copies.tally[c, j]
        stays = copies.cells.count - 2 * np.array(start) - came + left
        assert stays.sum() == 2 * divided - round(matured)
        gap = [phase == "gap" for _, _, phase in CLASSES]
        assert (stays[~np.array(gap)] == 0).all()  # daughters start in gap
        # clone by clone: the count that is kept is what is there
        for c in range(len(start)):
            np.subtract.at(copies.clones.stem_cells, (copies.labels(c), rates.wiring.subtype[c]), 1)
        assert (copies.clones.stem_cells == 0).all()
        for c in range(len(start)):
            np.add.at(copies.clones.stem_cells, (copies.labels(c), rates.wiring.subtype[c]), 1)
        n_clones = copies.clones.number[0]
        assert (copies.clones.parent[2:n_clones] >= 0).all()
        if mutation == 1.0:
            assert n_clones - 2 == 2 * divided - round(matured)  # every stem daughter founds one


@by_method
def test_a_full_niche_lets_nobody_in(rates, method):
    laws = rates.laws._replace(niche_places=10.0, healthy_stem_cells=10.0)
    outside = [int(place == "free") for _, place, _ in CLASSES]
    copies = Replicates(50, outside, rates.wiring, laws, 3, method, cxcr4=9.0)
    copies.advance(under(rates, {}), days(5.0))
    inside = [place == "niche" for _, place, _ in CLASSES]
    assert copies.cells.count.sum() > 0
    assert copies.cells.count[inside].sum() == 0


# ---------------------------------------------------------------------- edges


@by_method
def test_no_cells(method):
    copies = Replicates(1, [0], one_class(), bare_laws(), 1, method)
    copies.advance(same_rates(np.array([[1.0, 1.0]])), [1.0, 1000.0])
    assert copies.cells.count.sum() == copies.tally.sum() == 0


@by_method
def test_one_cell_that_dies_on_the_first_day(method):
    copies = Replicates(1, [1], one_class(), bare_laws(), 1, method)
    copies.advance(same_rates(np.array([[200.0, 0.0]])), days(30.0))
    assert copies.cells.count.sum() == 0
    assert copies.tally.tolist() == [[1, 0]]


@by_method
def test_one_cell_that_rests_forever(method):
    copies = Replicates(1, [1], one_class(), bare_laws(), 1, method, cxcr4=3.0)
    copies.advance(same_rates(np.zeros((1, 2))), days(36_525.0))
    assert copies.cells.count.tolist() == [1]
    assert copies.tally.sum() == 0
    assert copies.cells.cxcr4[copies.cells.first[0]] == 3.0


@by_method
def test_one_cell_that_only_divides(method):
    copies = Replicates(1, [1], one_class(), bare_laws(), 1, method)
    copies.advance(same_rates(np.array([[0.0, 1.0]])), [12.0])
    assert copies.cells.count[0] == 1 + copies.tally[0, 1] > 1000


@by_method
def test_daughters_that_all_mature_leave_one_after_another(method):
    laws = bare_laws(renewal=0.0, maturing_rate=1.0, gain=3.0)
    copies = Replicates(100, [1], one_class(), laws, 1, method)
    copies.advance(same_rates(np.array([[0.0, 2.0]])), days(60.0))
    assert copies.cells.count.sum() == 0
    assert copies.clones.blasts.sum() == pytest.approx(100 * 2 * 3.0, rel=1e-6)


def test_uniform_numbers_lie_inside():
    """The stream's largest and smallest outputs: one would put a cell beyond its class."""
    step = 2.0**-52
    assert (2**52 - 1 + 0.5) * step < 1.0
    stream = np.zeros(1, np.uint64)
    u = np.array([kernels.uniform(stream) for _ in range(20_000)])
    assert 0.0 < u.min() < 1e-3
    assert 1.0 - 1e-3 < u.max() < 1.0
