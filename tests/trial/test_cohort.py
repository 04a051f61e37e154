"""Patients are drawn from their documented distributions."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from leukosim.biology.disease import Disease
from leukosim.biology.subtypes import LmppLike
from leukosim.clinic.drugs.drug import Drug
from leukosim.clinic.drugs.pharmacokinetics import Pharmacokinetics
from leukosim.marrow.rates import Rates, doubling_range
from leukosim.trial.cohort import Cohort, Genotype
from leukosim.trial.sampling import draw_cohort, draw_patient

COHORT = Cohort(size=600)


@pytest.fixture(scope="module")
def patients():
    return draw_cohort(COHORT, Disease(), seed=11)


def test_genotypes_come_in_their_shares(patients):
    """Exact binomial tests at alpha 1e-6."""
    for name, genotype in COHORT.genotypes.items():
        n = sum(patient.genotype == name for patient in patients)
        assert stats.binomtest(n, len(patients), genotype.share).pvalue > 1e-6


def test_doubling_times_have_their_medians(patients):
    """The sign test at alpha 1e-6; clipping to what is possible keeps the median."""
    for name, genotype in COHORT.genotypes.items():
        doubling = np.array([p.doubling_days for p in patients if p.genotype == name])
        below = int((doubling < genotype.doubling_days).sum())
        assert stats.binomtest(below, len(doubling)).pvalue > 1e-6


def test_that_check_would_notice_another_genotype(patients):
    doubling = np.array([p.doubling_days for p in patients if p.genotype == "NPM1"])
    below = int((doubling < 14.0).sum())
    assert stats.binomtest(below, len(doubling)).pvalue < 1e-6


def test_every_doubling_time_can_be_reached(patients):
    for patient in patients[:40]:
        rates = Rates(patient)
        shortest, longest = doubling_range(rates)
        assert shortest < patient.doubling_days < longest
        assert (rates.return_rate >= 0.0).all()


def test_compositions_are_dominated_by_one_subtype(patients):
    composition = np.array([patient.composition for patient in patients])
    np.testing.assert_allclose(composition.sum(1), 1.0)
    assert ((composition.max(1) >= 0.6) & (composition.max(1) <= 0.9)).all()
    dominant = np.bincount(composition.argmax(1), minlength=4)
    shares = np.array([s.dominant_share for s in Disease().subtypes.values()])
    assert stats.chisquare(dominant, shares / shares.sum() * len(patients)).pvalue > 1e-6


def test_residual_cells_are_whole_and_mostly_none(patients):
    residual = np.array([patient.residual_stem_cells for patient in patients])
    assert residual.dtype.kind == "i"
    assert 0.2 < (residual > 0).mean() < 0.45


def test_a_genotype_alone_and_one_subtype_are_a_cohort():
    disease = Disease(subtypes={"MEP-like": LmppLike()})
    cohort = Cohort(size=1, genotypes={"only": Genotype(share=1.0)})
    patient = draw_patient(0, cohort, disease, 1)
    assert patient.genotype == "only"
    assert patient.composition == (1.0,)


def test_a_cohort_without_genotypes_is_refused():
    with pytest.raises(ValueError, match="genotypes needs at least one class"):
        Cohort(genotypes={})


def test_crossed_bounds_are_refused():
    with pytest.raises(ValueError, match="must not exceed dominant_fraction_high"):
        Cohort(dominant_fraction_low=0.9, dominant_fraction_high=0.6)


@pytest.fixture(scope="module")
def overt():
    return draw_cohort(Cohort(size=600, at_diagnosis=True), Disease(), seed=11)


def test_new_traits_leave_the_drawn_ones_alone(patients, overt):
    """Switching, handling of drugs and overt disease have random streams of their own."""
    for one, other in zip(patients[:50], overt, strict=False):
        plain = replace(other, overt_blasts=0.0, residual_stem_cells=one.residual_stem_cells)
        assert plain == one
    no_drugs = draw_cohort(COHORT, Disease(), seed=11, drugs={})[:20]
    assert [replace(p, pk_parameters={}) for p in patients[:20]] == no_drugs


def test_overt_disease_is_log_normal_below_the_plateau(overt):
    """The sign test of the median at alpha 1e-6; contained disease is overt at its plateau."""
    free = [p for p in overt if p.carrying_capacity == Disease().blasts.carrying_capacity]
    below = sum(p.overt_blasts < 1e12 for p in free)
    assert stats.binomtest(below, len(free)).pvalue > 1e-6
    assert all(p.overt_blasts <= p.carrying_capacity for p in overt)


def test_half_of_the_patients_can_be_reprogrammed(patients):
    """Exact binomial tests at alpha 1e-6, given who carries TP53 mutations."""
    able = [patient.reprogramming > 0.0 for patient in patients]
    assert stats.binomtest(sum(able), len(able), 0.5).pvalue > 1e-6
    assert {p.reprogramming for p in patients if p.tp53_mutated} == {0.0, 4.0}
    assert {p.reprogramming for p in patients if not p.tp53_mutated} == {0.0, 1.0}


def test_tp53_is_mutated_by_the_dominant_subtype(patients):
    """Exact binomial tests at alpha 1e-6; without the mutation, or with all, it is certain."""
    for s, subtype in enumerate(Disease().subtypes.values()):
        mutated = [p.tp53_mutated for p in patients if np.argmax(p.composition) == s]
        assert stats.binomtest(sum(mutated), len(mutated), subtype.tp53_share).pvalue > 1e-6
    none = draw_cohort(Cohort(size=50, tp53_ratio=0.0), Disease(), seed=1)
    assert not any(p.tp53_mutated for p in none)


def test_patients_differ_in_drugs_as_published(patients):
    """Of 600 log-normal draws the standard error of the log's deviation is 3 %; 15 % is five."""
    pk_parameters = [patient.pk_parameters["venetoclax"] for patient in patients]
    for trait, log_sd in (
        ("clearance", np.sqrt(np.log1p(0.38**2))),
        ("volume", np.sqrt(np.log1p(0.68**2))),
        ("ec50", 0.5 * np.log(10.0)),
    ):
        logs = np.log([getattr(each, trait) for each in pk_parameters])
        assert logs.std() == pytest.approx(log_sd, rel=0.15)
        assert abs(logs.mean()) < 5.0 * log_sd / np.sqrt(len(logs))


def test_dominant_shares_are_those_of_the_cohort():
    cohort = Cohort(size=300, dominant_shares={"MEP-like": 1.0, "MoDe": 1.0})
    composition = np.array([p.composition for p in draw_cohort(cohort, Disease(), seed=2)])
    dominant = np.bincount(composition.argmax(1), minlength=4)
    assert dominant[[0, 1]].sum() == 0
    assert stats.binomtest(int(dominant[2]), 300).pvalue > 1e-6


def test_a_subtype_that_is_not_native_is_in_nobody():
    disease = Disease()
    extra = replace(disease.subtypes["MEP-like"], native=False)
    disease = replace(disease, subtypes={**disease.subtypes, "switched": extra})
    with_it = draw_cohort(Cohort(size=20), disease, seed=11)
    without = draw_cohort(Cohort(size=20), Disease(), seed=11)
    assert [p.composition for p in with_it] == [(*p.composition, 0.0) for p in without]


def test_shares_of_nobody_are_refused():
    with pytest.raises(ValueError, match="dominant_shares needs at least one subtype"):
        Cohort(dominant_shares={"MoDe": 0.0})


def test_responsiveness_to_another_drug_is_drawn_where_it_is_declared():
    """The sign test of the median at alpha 1e-6."""
    kinetics = Pharmacokinetics(4.0, 400.0, 100.0)
    drug = Drug("x", kinetics, {}, responsiveness_logit_mean=1.0, responsiveness_logit_sd=2.0)
    patients = draw_cohort(Cohort(size=200), Disease(), 1, {"x": drug})
    answers = np.array([patient.responsiveness["x"] for patient in patients])
    below = int((answers < 1.0 / (1.0 + np.exp(-1.0))).sum())
    assert stats.binomtest(below, 200).pvalue > 1e-6
    assert stats.binomtest(int((answers < 0.5).sum()), 200).pvalue < 1e-6


def test_only_the_transplanted_are_followed_by_chimerism(patients):
    """The exact binomial test at alpha 1e-6."""
    transplanted = [p for p in patients if p.transplanted]
    n = sum(p.marker == "chimerism" for p in transplanted)
    assert stats.binomtest(n, len(transplanted), COHORT.chimerism_share).pvalue > 1e-6
    assert all(p.marker == "transcript" for p in patients if not p.transplanted)
