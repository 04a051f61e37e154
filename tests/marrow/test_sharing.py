"""Very large marrows: an agent may stand for several cells, and no cell is lost by that."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from leukosim.biology.clones import Founder
from leukosim.biology.disease import Disease
from leukosim.marrow import kernels
from leukosim.marrow.kernels.state import Sharing
from leukosim.marrow.marrow import FEWEST, Marrow, cells_meant
from leukosim.verification.replicates import (
    Replicates,
    bare_laws,
    neutral_drivers,
    one_class,
    same_rates,
)


def by_class_and_clone(marrow):
    """Cells, int64[class, clone], by what their agents stand for."""
    known = marrow.cells.clone[marrow.slots]
    of_class = np.repeat(np.arange(len(marrow.cells.count)), marrow.cells.count)
    cells = np.zeros((len(marrow.cells.count), marrow.clones.number[0]), np.int64)
    np.add.at(cells, (of_class, known & kernels.ROW), cells_meant(known))
    return cells


@pytest.fixture
def overt(make_patient):
    """A patient at diagnosis, with two clones, changed by keywords."""

    def make(**changes):
        founders = Founder(share=0.7), Founder("second", 0, 0.3, ("RAS",))
        traits = dict(
            overt_blasts=1e12, residual_stem_cells=300_000, lsc_frequency=3e-7, founders=founders
        )
        return make_patient(**{**traits, **changes})

    return make


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32 - 1), cells=st.integers(200, 30_000), fewest=st.integers(1, 300))
def test_gathering_and_scattering_keep_every_cell_where_it_is(overt, seed, cells, fewest):
    marrow = Marrow(overt(seed=seed, residual_stem_cells=cells))
    before = by_class_and_clone(marrow)
    gathered = []
    for key in range(4):
        kernels.gather(
            marrow.cells, marrow.clones, marrow.rates.wiring.subtype, fewest, 31, np.uint64(key)
        )
        np.testing.assert_array_equal(by_class_and_clone(marrow), before)
        gathered.append(int(marrow.cells.count.sum()))
    assert gathered == sorted(gathered, reverse=True)
    meant = cells_meant(marrow.cells.clone[marrow.slots])
    known = marrow.cells.clone[marrow.slots] & kernels.ROW
    whole = before.sum(0)[known]  # a founding row has cells of one subtype only
    assert (meant * fewest <= whole)[meant > 1].all()
    while (cells_meant(marrow.cells.clone[marrow.slots]) > 1).any():
        marrow.cells = kernels.scatter(
            marrow.cells, marrow.clones, marrow.rates.wiring.subtype, fewest, True
        )
        np.testing.assert_array_equal(by_class_and_clone(marrow), before)
    assert marrow.cells.count.sum() == cells


TWO_KINDS = kernels.Wiring(  # cells die, or switch to the other kind
    target=np.array([[kernels.DIES, 1], [kernels.DIES, 0]]),
    trait=np.array([kernels.APOPTOSIS, kernels.SWITCH]),
    attaching=np.full(2, -1),
    subtype=np.arange(2),
    anchored=np.zeros(2, bool),
    newborn=np.arange(2),
    displaced=np.arange(2),
    cxcr4_factor=np.ones(2),
)


@pytest.mark.parametrize(("method", "runs"), [(kernels.TALLY, 400), (kernels.DIRECT, 100)])
def test_a_rare_kind_is_reached_by_single_cells(method, runs):
    """32,768 cells by 1,024 agents: those that switch are as many as, and vary as, of single cells.

    Nearly Poisson(33) in 5 days; in packs of 32 the variance would be 32 times as large. Mean and
    variance fail by chance once in a million each.
    """
    regime = same_rates(np.array([[0.0, 2e-4], [0.0, 0.0]]), 2)
    result, left = [], []
    for seed in range(runs):
        copies = Replicates(
            1, [1024, 0], TWO_KINDS, bare_laws(), seed, method,
            sharing=Sharing(most=1000, fewest=1000),
        )  # fmt: skip
        copies.cells.clone[:] += 5 << kernels.ROW_BITS
        copies.clones.stem_cells[:] *= 32
        copies.advance(regime, [1.0] * 5)
        left.append(copies.clones.stem_cells[0, 0])
        result.append(copies.clones.stem_cells[0, 1])
        assert copies.tally[0, 1] == result[-1]
    mean = 32_768 * -np.expm1(-1e-3)
    limit = stats.norm.isf(5e-7)
    assert abs(np.mean(result) - mean) < limit * np.sqrt(mean / runs)
    ratio = np.var(result, ddof=1) / mean
    assert stats.chi2.sf((runs - 1) * ratio, runs - 1) > 5e-7
    assert stats.chi2.cdf((runs - 1) * ratio, runs - 1) > 5e-7
    # of the many as many are gone, on average: agents of 32 cells
    gone = 32_768 - np.array(left)
    assert abs(gone.mean() - mean) < limit * np.sqrt(32 * mean / runs)


def test_where_cells_are_few_each_is_an_agent(make_patient):
    few, every = (Marrow(make_patient(), agents=n) for n in (20_000, 0))
    for marrow in (few, every):
        marrow.advance(60.0)
    assert 100 < few.stem_cells.sum() < 40_000
    np.testing.assert_array_equal(few.cells.cxcr4[few.slots], every.cells.cxcr4[every.slots])


def test_many_cells_begin_as_few_agents_of_the_same_numbers(overt):
    patient = overt(residual_stem_cells=50_000_000, lsc_frequency=5e-5)
    marrow = Marrow(patient)
    assert marrow.stem_cells.sum() == marrow.class_cells.sum() == 50_000_000
    assert marrow.cells.count.sum() < 45_000
    np.testing.assert_allclose(marrow.stem_cells / 5e7, patient.composition, atol=1e-3)
    np.testing.assert_array_equal(
        by_class_and_clone(marrow).sum(0), marrow.clones.stem_cells.sum(1)
    )
    shares = marrow.clones.stem_cells.sum(1).reshape(2, -1).sum(1) / 5e7
    np.testing.assert_allclose(shares, [0.7, 0.3], atol=1e-3)


def test_large_marrows_keep_their_books(overt):
    """While agents are gathered, and while most cells die and agents are scattered again."""
    disease = Disease()
    mutation = replace(disease.mutation, driver_probability=1e-4)
    patient = overt(disease=replace(disease, mutation=mutation), carrying_capacity=1e14)
    marrow = Marrow(patient, agents=5_000)
    for day in (5.0, 30.0, 60.0):
        counts = marrow.advance(day, None, [day])
        cells = by_class_and_clone(marrow)
        np.testing.assert_array_equal(cells.sum(1), marrow.class_cells)
        np.testing.assert_array_equal(
            cells.sum(0), marrow.clones.stem_cells[: marrow.clones.number[0]].sum(1)
        )
        np.testing.assert_array_equal(counts.cells[0].ravel(), marrow.class_cells)
        assert (cells_meant(marrow.cells.clone[marrow.slots]) >= 1).all()
    assert marrow.cells.count.sum() < marrow.stem_cells.sum() / 4


@pytest.mark.parametrize("planted", [1.0, 2.0])
def test_new_clones_are_of_one_cell_and_as_frequent_as_among_single_cells(planted):
    """One mutation a hundred thousand daughters: their number is Poisson, given the daughters.

    Fails by chance once in a million; twice the probability does not pass.
    """
    u, agents = 1e-4, 4_000
    copies = Replicates(
        1, [agents], one_class(), bare_laws(mutation_probability=planted * u), 3, kernels.TALLY,
        drivers=neutral_drivers(1.0), sharing=Sharing(most=agents, fewest=1),
    )  # fmt: skip
    copies.cells.clone[:] += 10 << kernels.ROW_BITS  # each stands for 1,024 cells
    copies.clones.stem_cells[:] *= 1024
    copies.advance(same_rates(np.array([[0.0, 0.1]])), [1.0])
    daughters = 2.0 * copies.tally[0, 1]
    new = copies.clones.number[0] - 1
    assert u * daughters == pytest.approx(80.0, rel=0.2)
    p = stats.poisson.cdf(new, u * daughters), stats.poisson.sf(new - 1, u * daughters)
    assert (min(p) > 5e-7) == (planted == 1.0)
    assert (copies.clones.stem_cells[1 : new + 1] < 10).all()


def test_a_sample_of_single_cells_is_of_cells_not_of_agents(overt):
    patient = overt(composition=(0.9999, 0.0001, 0.0, 0.0))
    marrow = Marrow(patient, agents=2_000)
    _, subtype, meant = marrow.each_agent()
    rare = meant[subtype == 1].sum() / meant.sum()
    assert rare == pytest.approx(1e-4, abs=1e-4)
    assert (subtype == 1).mean() > 3.0 * rare  # rare kinds have more agents for their number
    assert FEWEST <= (subtype == 0).sum()


def test_too_many_cells_to_label_are_refused(overt):
    with pytest.raises(ValueError, match="barcodes of 2,000,000"):
        Marrow(overt(residual_stem_cells=2_000_000), barcodes=True)


def test_labelled_cells_are_an_agent_each_at_the_start(overt):
    marrow = Marrow(overt(residual_stem_cells=60_000), barcodes=True)
    assert marrow.cells.count.sum() == 60_000
