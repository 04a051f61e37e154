"""Patients are drawn from their documented distributions."""

import numpy as np
import pytest
from scipy import stats

from leukosim.biology.disease import Disease
from leukosim.biology.subtypes import LmppLike
from leukosim.cohort import Cohort, Genotype, draw_cohort, draw_patient
from leukosim.marrow import Rates, doubling_range

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
        assert rates.return_rate >= 0.0


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
