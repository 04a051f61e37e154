"""Drivers, founding clones and barcodes: how they are declared, drawn, and told to the engine."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from leukosim.biology.clones import (
    TRAITS,
    ClonalHaematopoiesis,
    Driver,
    Founder,
    Founding,
    FoundingClone,
    Mutation,
    catalogue,
    known_drivers,
    lineage,
)
from leukosim.biology.disease import Disease
from leukosim.config.compose import compose
from leukosim.errors import ConfigError
from leukosim.marrow import kernels
from leukosim.marrow.marrow import Marrow
from leukosim.marrow.rates import Rates
from leukosim.trial.cohort import Cohort
from leukosim.trial.sampling import draw_patient

THREE = (
    Founder("trunk", -1, 0.5, ("NPM1",)),
    Founder("a", 0, 0.3, ("FLT3-ITD",)),
    Founder("b", 1, 0.2, ("RAS",)),
)


# ---------------------------------------------------------------------- drivers


def test_the_genes_that_were_asked_for_are_in_the_catalogue():
    assert set(catalogue()) == {
        "FLT3-ITD", "NPM1", "TP53", "RAS", "RUNX1", "IDH1", "IDH2", "splicing",
    }  # fmt: skip
    for driver in catalogue().values():
        assert any(getattr(driver, trait) != 1.0 for trait in TRAITS)


def test_only_what_arises_is_drawn_at_division(make_patient):
    mutation = Mutation(arising=["RAS", "TP53"])
    drivers = Rates(make_patient(disease=Disease(mutation=mutation))).drivers
    share = np.diff(drivers.upto[0], prepend=0.0)
    ras, tp53 = catalogue()["RAS"].weight, catalogue()["TP53"].weight
    named = dict(zip(known_drivers(), share, strict=True))
    assert named["RAS"] == pytest.approx(ras / (ras + tp53))
    assert named["proliferation"] == named["FLT3-ITD"] == 0.0
    assert share.sum() == pytest.approx(1.0)


def test_a_user_adds_a_driver_in_a_configuration():
    config = compose(
        ["+disease.mutation.drivers.MYC={division: 1.4}", "disease.mutation.arising=[MYC]"]
    )
    assert config.disease.mutation.drivers["MYC"] == Driver(division=1.4)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("disease.mutation.arising=[KIT]", "arising names KIT, which is no driver"),
        ("disease.mutation.arising=[]", "arising needs at least one driver"),
        ("cohort.founding.drivers=[KIT]", "KIT is not a known driver"),
        ("cohort.founding.mean_number=0.5", "it is in clones, allowed from 1 to 50"),
        ("cohort.founding.clones={a: {}, b: {parent: c}}", "b.parent = c is not allowed"),
        ("cohort.founding.clones={a: {parent: a}}", "the first clone is the trunk"),
        ("cohort.founding.clones={a: {share: 0}}", "share above 0"),
        ("cohort.founding.clones={a: {}, b: {parent: a, drivers: [KIT]}}", "KIT is not a known"),
        ("cohort.clonal_haematopoiesis.genes=[]", "genes is empty"),
        ("cohort.clonal_haematopoiesis.fraction_log10_low=-0.1", "must not exceed"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(override, message):
    with pytest.raises(ConfigError) as refused:
        compose([override])
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


# ---------------------------------------------------------------------- founders as drawn


def cohort(**founding):
    return Cohort(size=1, founding=Founding(**founding))


def test_by_default_there_is_one_founder_with_what_the_patient_carries():
    patients = [draw_patient(i, Cohort(tp53_ratio=5.0), Disease(), seed=1) for i in range(20)]
    for patient in patients:
        (founder,) = patient.founders
        assert founder.share == 1.0
        assert ("TP53" in founder.drivers) == patient.tp53_mutated
        assert patient.genotype in founder.drivers
    assert len({patient.tp53_mutated for patient in patients}) == 2


def test_clones_change_nothing_else_in_a_patient():
    plain = draw_patient(3, Cohort(size=1), Disease(), seed=1)
    many = draw_patient(3, cohort(mean_number=5.0), Disease(), seed=1)
    assert len(many.founders) > 1
    assert replace(many, founders=plain.founders) == plain


def test_subclones_are_a_tree_of_different_genotypes():
    for index in range(30):
        founders = draw_patient(index, cohort(mean_number=6.0), Disease(), seed=1).founders
        assert sum(f.share for f in founders) == pytest.approx(1.0)
        for i, founder in enumerate(founders):
            assert founder.parent < i
            carried = [d for k in lineage(founders, i) for d in founders[k].drivers]
            assert len(set(carried)) == len(carried)


@pytest.mark.parametrize(("branching", "linear"), [(0.0, True), (1.0, False)])
def test_trees_are_linear_or_branch(branching, linear):
    trees = [
        draw_patient(i, cohort(mean_number=6.0, branching=branching), Disease(), seed=1).founders
        for i in range(20)
    ]
    parents = [[f.parent for f in tree] for tree in trees]
    assert all(p == list(range(-1, len(p) - 1)) for p in parents) == linear


def test_the_number_of_founders_is_one_and_a_poisson_number():
    """Chi-square on the numbers of 1,500 patients: fails once in a million with another seed."""
    size, mean = 1500, 3.0
    numbers = [
        len(draw_patient(i, cohort(mean_number=mean), Disease(), seed=2).founders)
        for i in range(size)
    ]
    law = stats.poisson(mean - 1.0)

    def p(numbers):
        seen = np.bincount(np.minimum(numbers, 7), minlength=8)[1:]
        expected = size * np.append(law.pmf(range(6)), law.sf(5))
        return stats.chisquare(seen, expected).pvalue

    assert p(numbers) > 1e-6
    assert p(np.array(numbers) + (np.arange(size) % 4 == 0)) < 1e-6  # a quarter have one too many


def test_declared_clones_are_everyones():
    clones = {
        "one": FoundingClone(share=3.0),
        "two": FoundingClone(share=1.0, parent="one", drivers=["RAS"]),
    }
    founders = draw_patient(0, cohort(clones=clones), Disease(), seed=1).founders
    assert [(f.name, f.parent, f.share) for f in founders] == [("one", -1, 0.75), ("two", 0, 0.25)]
    assert founders[1].drivers == ("RAS",)


def test_clonal_haematopoiesis_is_in_the_trunk_where_the_leukaemia_descends_from_it():
    law = ClonalHaematopoiesis(share=1.0, ancestral_share=1.0)
    patient = draw_patient(0, Cohort(size=1, clonal_haematopoiesis=law), Disease(), seed=1)
    assert patient.founders[0].drivers[0] == patient.haematopoiesis_gene
    assert 0.01 < patient.haematopoiesis_fraction < 0.4


# ---------------------------------------------------------------------- founders in the marrow


def test_effects_are_those_of_what_descendants_of_the_trunk_acquired(make_patient):
    effects = Rates(make_patient(founders=THREE)).founder_effects()
    flt3, ras = catalogue()["FLT3-ITD"], catalogue()["RAS"]
    division = TRAITS.index("division")
    assert effects[:, division].tolist() == [1.0, flt3.division, flt3.division * ras.division]


@pytest.mark.parametrize("overt", [0.0, 1e11])
def test_every_founder_has_all_subtypes(make_patient, overt):
    """Shares of 20,000 cells and of blasts; 0.03 is eight standard errors."""
    patient = make_patient(founders=THREE, residual_stem_cells=20_000, overt_blasts=overt)
    marrow = Marrow(patient)
    cells = marrow.clones.stem_cells.reshape(3, 4, 4)
    expected = np.array([f.share for f in THREE])[:, None] * patient.composition
    np.testing.assert_allclose(cells.sum(1) / cells.sum(), expected, atol=0.03)
    np.testing.assert_array_equal(cells.sum((0, 1)), marrow.stem_cells)
    np.testing.assert_array_equal(marrow.origins, np.diag(marrow.stem_cells))
    blasts = marrow.clones.blasts.reshape(3, 4, 4)
    np.testing.assert_allclose(blasts.sum(2), overt * expected, rtol=1e-12)


def test_a_faster_founder_takes_over(make_patient):
    fast = replace(
        Disease(), mutation=Mutation(drivers={**known_drivers(), "fast": Driver(division=2.0)})
    )
    two = (Founder("trunk", -1, 0.5, ()), Founder("fast", 0, 0.5, ("fast",)))
    patient = make_patient(disease=fast, founders=two, residual_stem_cells=2000)
    marrow = Marrow(patient)
    marrow.advance(60.0)
    cells = marrow.clones.stem_cells[:8].reshape(2, -1).sum(1)
    assert cells[1] > 2 * cells[0]


def test_barcodes_change_nothing_but_the_labels(make_patient):
    patient = make_patient(founders=THREE, residual_stem_cells=300, overt_blasts=0.0)
    plain, labelled = (Marrow(patient, barcodes=options, agents=0) for options in (False, True))
    for marrow in (plain, labelled):
        marrow.advance(80.0)
    np.testing.assert_array_equal(plain.cells.count, labelled.cells.count)
    np.testing.assert_array_equal(plain.cells.cxcr4[plain.slots], labelled.cells.cxcr4[plain.slots])
    np.testing.assert_array_equal(plain.origins, labelled.origins)
    np.testing.assert_array_equal(plain.tally, labelled.tally)
    assert labelled.blasts == pytest.approx(plain.blasts, rel=1e-12)


# ---------------------------------------------------------------------- a bounded table


def mutating_marrow(make_patient, prune_at=None):
    mutation = Mutation(driver_probability=0.3, arising=["neutral"],
                        drivers={"neutral": Driver()})  # fmt: skip
    patient = make_patient(
        disease=Disease(mutation=mutation), residual_stem_cells=400, doubling_days=30.0,
        carrying_capacity=1e9,
    )  # fmt: skip
    marrow = Marrow(patient)
    if prune_at is not None:
        marrow.clones.number[2] = prune_at
    return marrow


def ancestry(marrow):
    """Of every living cell: its clone and what that carries."""
    clones, rows = marrow.clones, marrow.cells.clone[marrow.slots]
    names, carried = clones.name[rows].tolist(), clones.carries[rows].tolist()
    return sorted(zip(names, carried, strict=True))


def paths(marrow):
    """The names of every living clone's ancestors, by its own."""
    clones, result = marrow.clones, {}
    for row in np.unique(marrow.cells.clone[marrow.slots]):
        path, at = [], clones.parent[row]
        while at >= 0:
            path.append(int(clones.name[at]))
            at = clones.parent[at]
        result[int(clones.name[row])] = path
    return result


def last_common(one, other):
    """The last common ancestor of two clones, by their paths; a clone is its own ancestor."""
    return next((name for name in one if name in other), None)


def test_pruning_loses_no_cell_and_no_common_ancestor(make_patient):
    kept, pruned = mutating_marrow(make_patient, 2**60), mutating_marrow(make_patient, 10)
    for day in range(20, 401, 20):
        kept.advance(float(day))
        pruned.advance(float(day))
        pruned.clones.number[2] = 0  # again, and again
    assert pruned.clones.number[1] == kept.clones.number[1]
    assert ancestry(pruned) == ancestry(kept)
    assert pruned.blasts == pytest.approx(kept.blasts, rel=1e-12)
    kernels.prune(pruned.clones, pruned.cells)
    n = pruned.clones.number[0]
    living = pruned.clones.stem_cells[:n].sum(1) > 0
    assert (pruned.clones.parent[:n] < np.arange(n)).all()
    assert n < 2 * living.sum() + 4
    assert n < 0.7 * kept.clones.number[0]
    before, after = paths(kept), paths(pruned)
    assert before.keys() == after.keys()
    names = sorted(before)[::37]
    for one in names:
        assert set(after[one]) <= set(before[one])
        for other in names:
            both = [[[name, *of[name]] for name in (one, other)] for of in (before, after)]
            assert last_common(*both[0]) == last_common(*both[1])


def test_pruning_does_not_depend_on_how_a_run_is_cut(make_patient):
    whole, cut = mutating_marrow(make_patient, 10), mutating_marrow(make_patient, 10)
    whole.advance(60.0)
    for day in np.arange(1.0, 61.0):
        cut.advance(day)
    assert ancestry(whole) == ancestry(cut)
    assert whole.blasts == cut.blasts


def test_the_table_stays_small_however_many_clones_there_were(make_patient):
    """A small contained leukaemia founds 100,000 clones; those that live, and where these part, are
    some hundreds."""
    mutation = Mutation(driver_probability=1.0, arising=["neutral"], drivers={"neutral": Driver()})
    patient = make_patient(
        disease=Disease(mutation=mutation), residual_stem_cells=200, overt_blasts=2e8,
        lsc_frequency=1e-6, carrying_capacity=2e8, doubling_days=11.0,
    )  # fmt: skip
    marrow = Marrow(patient)
    while marrow.clones.number[1] < 100_000 and marrow.day < 40_000:
        marrow.advance(marrow.day + 50.0)
    assert marrow.clones.number[1] >= 100_000
    assert len(marrow.clones.parent) < 6 * kernels.FEW_CLONES
