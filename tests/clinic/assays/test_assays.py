"""Assays report what sampling, background and noise make of the cells."""

import numpy as np
import pytest

from leukosim.clinic.assays.donor_chimerism import DonorChimerism
from leukosim.clinic.assays.quantitative_pcr import QuantitativePcr
from leukosim.clinic.assays.sample import Burden

QUIET = QuantitativePcr(noise_log10_sd=0.0, background_copies=0.0)


def reports(assay, burden, n=4000, ratio=10.0, sample="marrow"):
    rng = np.random.default_rng(7)
    return np.array([assay.report(burden, ratio, sample, rng) for _ in range(n)])


def test_one_per_cent_is_a_thousandth_of_diagnosis():
    """1e9 blasts among 1e12 cells that express 10 copies per ABL1: 1 %, |z| < 5."""
    seen = reports(QUIET, Burden(1e9, 1e12))
    standard_error = seen.std() / np.sqrt(len(seen))
    assert abs(seen.mean() - 0.01 / 1.001) < 5 * standard_error


def test_that_check_would_notice_five_per_cent_more():
    seen = reports(QUIET, Burden(1.05e9, 1e12))
    standard_error = seen.std() / np.sqrt(len(seen))
    assert abs(seen.mean() - 0.01 / 1.001) > 5 * standard_error


def test_blood_shows_a_fifth_of_marrow():
    marrow = reports(QUIET, Burden(1e10, 1e12)).mean()
    blood = reports(QUIET, Burden(1e10, 1e12), sample="blood").mean()
    assert blood / marrow == pytest.approx(0.2, rel=0.02)


def test_an_empty_marrow_is_positive_only_by_background():
    """Poisson(0.1) reaches 3 copies with probability 1.5e-4; 4,000 samples give 0.6 of them."""
    seen = reports(QuantitativePcr(), Burden(0.0, 1e12))
    assert (seen > 0).sum() <= 8  # P(more) < 1e-7
    assert (reports(QUIET, Burden(0.0, 1e12)) == 0.0).all()


def test_nothing_is_reported_below_the_detection_limit():
    seen = reports(QuantitativePcr(), Burden(5e6, 1e12))
    assert (seen > 0).any() and (seen == 0).any()
    assert seen[seen > 0].min() >= QuantitativePcr().detection_limit


def recipient_share(blasts, n=4000, **changes):
    rng = np.random.default_rng(7)
    assay = DonorChimerism(noise_sd=0.0, healthy_recipient_fraction=0.0, **changes)
    return np.array([assay.report(Burden(blasts, 1e12), rng) for _ in range(n)])


def test_chimerism_of_sorted_cells_is_diluted_by_healthy_cd34_cells_only():
    """1e10 blasts, half CD34-positive, beside 1e12 cells, 1 % CD34-positive: 1 in 3; |z| < 5."""
    seen = recipient_share(1e10)
    standard_error = seen.std() / np.sqrt(len(seen))
    assert abs(seen.mean() - 1.0 / 3.0) < 5 * standard_error


def test_that_check_would_notice_five_per_cent_more_blasts():
    seen = recipient_share(1.05e10)
    standard_error = seen.std() / np.sqrt(len(seen))
    assert abs(seen.mean() - 1.0 / 3.0) > 5 * standard_error


def test_chimerism_reports_nothing_below_its_sensitivity():
    seen = recipient_share(1.05e9)  # 5 % of CD34-positive cells
    assert (seen == 0.0).any() and (seen > 0.0).any()
    assert seen[seen > 0.0].min() >= DonorChimerism().detection_limit
    assert (recipient_share(0.0) == 0.0).all()


def test_chimerism_without_any_cd34_cell_reports_none():
    rng = np.random.default_rng(1)
    assay = DonorChimerism(leukaemic_cd34_fraction=0.0)
    assert assay.report(Burden(1e12, 0.0), rng) == 0.0
