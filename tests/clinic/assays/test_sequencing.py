"""What sequencing reports: half of the cells, errors below a limit, lost alleles."""

import numpy as np
import pytest
from scipy import stats

from leukosim.clinic.assays.ngs_panel import NgsPanel, carrier_fractions
from leukosim.clinic.assays.single_cell_genotyping import SingleCellGenotyping

N = 4000


def rng(seed=1):
    return np.random.default_rng(seed)


def test_a_heterozygous_variant_is_half_of_the_cells():
    """Mean of 4,000 reports; |Z| > 5 happens once in two million, an error of 5 % is seen."""
    panel, fraction = NgsPanel(), 0.2
    seen = panel.report(np.full(N, fraction), rng())
    variance = 0.1 * 0.9 / panel.depth + fraction * (1 - fraction) / 4 / panel.input_cells

    def z(expected):
        return abs(seen.mean() - expected) / np.sqrt(variance / N)

    assert z(0.1 + 0.9 * panel.error_rate) < 5.0
    assert z(0.105) > 5.0


def test_errors_are_reported_no_more_often_than_is_allowed():
    """Exact binomial, one-sided: fails once in a million. A limit a read lower would fail."""
    panel = NgsPanel(error_rate=5e-4)
    seen = panel.report(np.zeros(40_000), rng())

    def p(limit):
        raised = int((seen >= limit).sum())
        return stats.binomtest(raised, len(seen), panel.false_positives, "greater").pvalue

    assert p(panel.detection_limit) > 1e-6
    chance = stats.binom.sf(panel.detected_from - 2, panel.depth, panel.error_rate)
    assert chance > panel.false_positives  # what one read fewer would let through


def test_the_limit_falls_with_depth_and_rises_with_errors():
    limits = [NgsPanel(depth=d).detection_limit for d in (500, 2000, 20_000)]
    assert limits == sorted(limits, reverse=True)
    assert NgsPanel(error_rate=1e-3).detection_limit > NgsPanel(error_rate=1e-5).detection_limit


def test_clonal_haematopoiesis_stays_when_the_leukaemia_goes():
    healthy = np.array([0.1, 0.0])
    overt = carrier_fractions(np.array([5e11, 5e11]), healthy, 5e11, 5e11)
    gone = carrier_fractions(np.zeros(2), healthy, 0.0, 5e11)
    np.testing.assert_allclose(overt, [0.5 + 0.05, 0.5])
    np.testing.assert_allclose(gone, [0.1, 0.0])


GENOTYPES = [frozenset({"NPM1"}), frozenset({"NPM1", "RAS"}), frozenset({"NPM1", "IDH1", "RAS"})]


def test_a_lost_allele_looks_like_the_ancestor_or_like_nobody():
    """Shares of 40,000 cells; 0.01 is four standard errors or more."""
    assay = SingleCellGenotyping(cells=40_000, dropout=0.2, misclassified=0.0)
    counts = np.array([[0, 0], [0, 0], [60_000, 0]])
    seen, strange = assay.report(counts, GENOTYPES, rng())
    assert seen.sum() + strange.sum() == 40_000
    share = np.append(seen.sum(1), strange.sum()) / 40_000
    exact = [0.8 * 0.2**2, 0.8**2 * 0.2, 0.8**3]  # IDH1 and RAS lost; IDH1 lost; nothing lost
    np.testing.assert_allclose(share, [*exact, 1.0 - sum(exact)], atol=0.01)
    assert seen[:, 1].sum() == 0


def test_subtypes_are_taken_for_others():
    assay = SingleCellGenotyping(cells=20_000, dropout=0.0, misclassified=0.1)
    seen, _ = assay.report(np.array([[20_000, 0, 0]]), GENOTYPES[:1], rng())
    np.testing.assert_allclose(seen[0] / 20_000, [0.9, 0.05, 0.05], atol=0.01)


@pytest.mark.parametrize("cells", [0, 7])
def test_no_more_cells_are_read_than_there_are(cells):
    seen, strange = SingleCellGenotyping().report(np.array([[cells, 0]]), GENOTYPES[:1], rng())
    assert seen.sum() + strange.sum() == cells


def test_single_cells_of_a_very_large_marrow_are_read():
    """Of 2e9 cells, half of each genotype: 1,000 read, binomial; 5 sd are 79."""
    counts = np.array([[10**9], [10**9]])
    assay = SingleCellGenotyping(cells=1000, dropout=0.0, misclassified=0.0)
    names = [frozenset(), frozenset(["RAS"])]
    seen, strange = assay.report(counts, names, np.random.default_rng(1))
    assert (seen.sum(), strange.sum()) == (1000, 0)
    assert seen[0, 0] == pytest.approx(500, abs=79)
