"""Selection and reprogramming: what each hypothesis says of the cells of one patient."""

from dataclasses import replace

import numpy as np
import pytest

from leukosim.biology.apoptosis import Apoptosis
from leukosim.biology.niche import Niche
from leukosim.clinic.drugs.drug import Dose, exposure
from leukosim.clinic.drugs.formulary import formulary
from leukosim.clinic.drugs.venetoclax import Venetoclax
from leukosim.config.compose import compose
from leukosim.marrow.growth import leading
from leukosim.marrow.marrow import Marrow
from leukosim.marrow.rates import APOPTOSIS, FREE, Rates

HYPOTHESES = ("selection", "reprogramming", "both")
COMPOSITION = (0.10, 0.70, 0.15, 0.05)
DRUGS = formulary({"venetoclax": Venetoclax(serum_shift=10.0)})  # subtypes differ in it
DOSES = [Dose("venetoclax", float(day), 400.0) for day in range(28)]


@pytest.fixture
def make(make_patient):
    """A patient under a hypothesis, with 20,000 stem cells and room for all."""

    def patient_under(hypothesis, **changes):
        disease = compose([f"hypothesis={hypothesis}"]).disease
        disease = replace(
            disease, niche=Niche(capacity=1e12), apoptosis=Apoptosis(threshold=0.6, blast_rate=0.13)
        )
        composition = COMPOSITION + (0.0,) * (len(disease.subtypes) - 4)
        traits = dict(
            disease=disease,
            composition=composition,
            residual_stem_cells=20_000,
            carrying_capacity=1e300,
        )
        return make_patient(**{**traits, **changes})

    return patient_under


def met(patient, end, doses=DOSES):
    return exposure(DRUGS, doses, 0.0, end, patient)


def hazards(patient):
    """Death rates of cells outside the niche under venetoclax in steady state, by subtype."""
    steady = exposure(DRUGS, DOSES, 26.0, 27.0, patient)
    rates = Rates(patient)
    under = rates.under(steady.values, steady.blocked).rates.reshape(1, *rates.shape)
    return under[0, :, FREE, 0, APOPTOSIS]


@pytest.mark.parametrize("hypothesis", HYPOTHESES)
def test_without_a_drug_a_patients_composition_stays(make, hypothesis):
    patient = make(hypothesis)
    rates = Rates(patient)
    matrix = rates.mean_matrix(rates.return_rate, patient.disease.cycle.renewal)
    shares = leading(matrix)[1].reshape(rates.n_subtypes, -1).sum(1)
    np.testing.assert_allclose(shares, patient.composition, atol=1e-9)


def test_nor_does_memory_of_stress_change_it(make):
    """Rates of switching after a drug leave the composition as it is."""
    rates = Rates(make("both"))
    switching = rates.switching(np.zeros(4), np.array(1.0))
    flow = rates.composition[:, None] * switching
    np.testing.assert_allclose(flow.sum(0), flow.sum(1))
    assert switching.sum() > 10.0 * rates.switching(np.zeros(4)).sum()


@pytest.mark.parametrize("hypothesis", ["selection", "both"])
def test_subtypes_differ_in_what_kills_them(make, hypothesis):
    hsc, lmpp, mep, mode = hazards(make(hypothesis))
    assert lmpp > 5.0 * max(hsc, mep, mode)


def test_under_reprogramming_only_reprogrammed_cells_differ(make):
    *native, reprogrammed = hazards(make("reprogramming"))
    np.testing.assert_allclose(native, native[0], rtol=1e-9)
    assert reprogrammed < 0.5 * native[0]
    np.testing.assert_allclose(reprogrammed, hazards(make("both"))[2])


def shares_after(patient, end=28.0):
    marrow = Marrow(patient)
    marrow.advance(end, met(patient, end))
    return marrow.stem_cells / marrow.stem_cells.sum()


def test_selection_enriches_what_was_there(make):
    """20,000 founders: a share of 0.15 has a standard error of 0.003."""
    before, after = COMPOSITION, shares_after(make("selection"))
    assert after[2] > before[2] + 0.05
    assert after[1] < before[1] - 0.05


def test_both_enrich_the_drug_tolerant_state_more_than_selection(make):
    """At four times the induced rate, as where TP53 is mutated; half of it is lost off drug."""
    selected, also = (make(name, reprogramming=4.0) for name in ("selection", "both"))
    assert shares_after(also)[2] > shares_after(selected)[2] + 0.05
    later = shares_after(also, 150.0)[2] - shares_after(selected, 150.0)[2]
    assert later < 0.0


def test_reprogramming_keeps_the_native_mix_and_adds_to_it(make):
    """Native cells stay in their proportions: 0.05 is ten standard errors."""
    *native, reprogrammed = shares_after(make("reprogramming", reprogramming=4.0))
    assert reprogrammed > 0.02
    np.testing.assert_allclose(np.array(native) / sum(native), COMPOSITION, atol=0.05)


@pytest.mark.parametrize("hypothesis", ["reprogramming", "both"])
def test_some_patients_cells_are_never_reprogrammed(make, hypothesis):
    rates = Rates(make(hypothesis, reprogramming=0.0))
    stressed = rates.switching(np.ones(rates.n_subtypes), np.array(1.0))
    np.testing.assert_array_equal(stressed, rates.switching(np.zeros(rates.n_subtypes)))


def test_patients_who_cannot_be_reprogrammed_are_as_under_selection(make):
    one, other = (
        Marrow(make(hypothesis, reprogramming=0.0)) for hypothesis in ("selection", "both")
    )
    for marrow in (one, other):
        marrow.advance(60.0, met(marrow.patient, 60.0))
    np.testing.assert_array_equal(one.stem_cells, other.stem_cells)


def test_a_cut_at_a_visit_changes_nothing_under_blocks_by_subtype(make):
    patient = make("both", residual_stem_cells=500)
    whole, cut = Marrow(patient), Marrow(patient)
    whole.advance(40.0, met(patient, 40.0))
    for visit in (3.0, 17.0, 40.0):
        cut.advance(visit, exposure(DRUGS, DOSES, cut.day, visit, patient))
    np.testing.assert_array_equal(whole.cells.count, cut.cells.count)


def test_blocks_that_differ_by_subtype_only_are_different_regimes(make):
    """The same shared values, no block in LMPP-like cells from day 5 on."""
    patient = make("selection", residual_stem_cells=2_000)
    steady = met(patient, 10.0)
    flat = replace(
        steady,
        values=np.repeat(steady.values[-1:], 10, axis=0),
        blocked=np.repeat(steady.blocked[-1:], 10, axis=0),
    )
    changed = flat.blocked.copy()
    changed[5:, 1, 0] = 0.0
    same, other = Marrow(patient), Marrow(patient)
    same.advance(10.0, flat)
    other.advance(10.0, replace(flat, blocked=changed))
    assert other.stem_cells[1] > 1.1 * same.stem_cells[1]
