"""Every number that is attributed to a publication, typed a second time from the source.

The first typing stands in the code, as ``estimate(value, ..., source=...)``. A slip of the pen in
either shows here. Numbers that are assumed, or were tuned by hand, have no place in these tables:
nothing but a decision stands behind them.
"""

import csv
from importlib.resources import files

import pytest

from leukosim.config import Config, compose
from leukosim.parameters import parameter_rows
from leukosim.strategy.courses import Dosing

WACLAWICZEK = "Waclawiczek et al. 2026, doi:10.1016/j.stem.2026.04.012"
OMMEN = "Ommen et al. 2010, Blood 115:198"
SPOO = "Spoo et al. 2007, Blood 109:786"
AILLES = "Ailles et al. 1999, Blood 94:1761"
PLATZBECKER = "Platzbecker et al. 2018, Lancet Oncol 19:1668"
RAZA = "Raza et al. 1991, Br J Haematol"
FRIBERG = "Friberg et al. 2002, doi:10.1200/JCO.2002.02.140"
JONES = "Jones et al. 2016, AAPS J"
CREES = "Crees et al. 2023, Nat Med 29:869, doi:10.1038/s41591-023-02273-z"
VEN_AZA = "published venetoclax-azacitidine model"

PUBLISHED = [  # path, value, unit, source
    ("disease.subtypes.HSC-like.cxcr4_ratio", 0.30, "relative to LMPP-like", WACLAWICZEK),
    ("disease.subtypes.LMPP-like.cxcr4_ratio", 1, "relative to LMPP-like", WACLAWICZEK),
    ("disease.subtypes.MEP-like.cxcr4_ratio", 0.48, "relative to LMPP-like", WACLAWICZEK),
    ("disease.subtypes.MoDe.cxcr4_ratio", 2.6, "relative to LMPP-like", WACLAWICZEK),
    ("disease.subtypes.HSC-like.cycling_ratio", 0.23, "relative to LMPP-like", WACLAWICZEK),
    ("disease.subtypes.LMPP-like.cycling_ratio", 1, "relative to LMPP-like", WACLAWICZEK),
    ("disease.subtypes.MEP-like.cycling_ratio", 1.88, "relative to LMPP-like", WACLAWICZEK),
    ("disease.subtypes.MoDe.cycling_ratio", 1.4, "relative to LMPP-like", WACLAWICZEK),
    ("disease.subtypes.HSC-like.dominant_share", 0.08, "fraction", WACLAWICZEK),
    ("disease.subtypes.LMPP-like.dominant_share", 0.53, "fraction", WACLAWICZEK),
    ("disease.subtypes.MEP-like.dominant_share", 0.34, "fraction", WACLAWICZEK),
    ("disease.subtypes.MoDe.dominant_share", 0.05, "fraction", WACLAWICZEK),
    ("disease.subtypes.HSC-like.venetoclax_ec50_ratio", 7.7, "relative to LMPP-like", WACLAWICZEK),
    ("disease.subtypes.LMPP-like.venetoclax_ec50_ratio", 1, "relative to LMPP-like", WACLAWICZEK),
    ("disease.subtypes.MEP-like.venetoclax_ec50_ratio", 15.7, "relative to LMPP-like", WACLAWICZEK),
    ("disease.subtypes.MoDe.venetoclax_ec50_ratio", 135, "relative to LMPP-like", WACLAWICZEK),
    ("disease.subtypes.LMPP-like.tp53_share", 0.08, "fraction", WACLAWICZEK),
    ("disease.subtypes.MEP-like.tp53_share", 0.17, "fraction", WACLAWICZEK),
    ("cohort.genotypes.NPM1.doubling_days", 11, "day", OMMEN),
    ("cohort.genotypes.RUNX1-RUNX1T1.doubling_days", 14, "day", OMMEN),
    ("cohort.genotypes.CBFB-MYH11.doubling_days", 36, "day", OMMEN),
    ("cohort.cxcr4_median", 7.1, "MFI ratio", SPOO),
    ("cohort.cxcr4_log_sd", 0.94, "ln", SPOO),
    ("cohort.stem_cell_share_log10_low", -7, "log10 cells per blast", AILLES),
    ("cohort.transplanted_share", 0.55, "fraction", PLATZBECKER),
    ("disease.cycle.s_phase_hours", 12, "hour", RAZA),
    ("disease.blood.healthy_stem_cells", 100_000, "cells", "Lee-Six et al. 2018"),
    ("disease.blood.healthy_division_weeks", 40, "week", "Catlin et al. 2011, Blood 117:4460"),
    ("disease.blood.neutrophil_transit_hours", 88.7, "hour", FRIBERG),
    ("disease.blood.neutrophil_feedback", 0.161, "1", FRIBERG),
    ("drug.azacitidine.pharmacokinetics.absorption_rate", 17, "1/day", VEN_AZA),
    ("drug.azacitidine.pharmacokinetics.clearance", 4589, "L/day", VEN_AZA),
    ("drug.azacitidine.pharmacokinetics.volume", 110, "L", VEN_AZA),
    ("drug.venetoclax.pharmacokinetics.absorption_rate", 3.83, "1/day", JONES),
    ("drug.venetoclax.pharmacokinetics.clearance", 449, "L/day", JONES),
    ("drug.venetoclax.pharmacokinetics.volume", 99, "L", JONES),
    ("drug.venetoclax.pharmacokinetics.exchange", 130, "L/day", JONES),
    ("drug.venetoclax.pharmacokinetics.peripheral_volume", 147, "L", JONES),
    ("drug.venetoclax.clearance_cv", 0.38, "1", JONES),
    ("drug.venetoclax.volume_cv", 0.68, "1", JONES),
    ("drug.venetoclax.cyp3a_inhibitor_ratio", 8.8, "1", "Agarwal et al. 2017"),
    ("drug.venetoclax.ec50_um", 0.06, "umol/L", WACLAWICZEK),
    ("drug.motixafortide.ki_nm", 0.32, "nmol/L", CREES),
    ("assay.mrd.blood_to_marrow", 0.20, "ratio", "prospective paired flow cohort (n = 118)"),
]

PUBLISHED_RANGES = [  # path, low, high, unit, source: the default was chosen inside
    ("cohort.stem_cell_share_log10_low", -7, -4, "log10 cells per blast", AILLES),
    ("cohort.stem_cell_share_log10_high", -7, -4, "log10 cells per blast", AILLES),
    ("disease.cycle.s_phase_hours", 3, 35, "hour", RAZA),
    ("disease.blood.healthy_stem_cells", 50_000, 200_000, "cells", "Lee-Six et al. 2018"),
    ("disease.blood.healthy_division_weeks", 25, 50, "week", "Catlin et al. 2011, Blood 117:4460"),
]

TARGETS = [  # id, value, days, k, n, low, high
    ("T01", 11, None, None, None, None, None),  # Ommen 2010, as are the next two
    ("T02", 14, None, None, None, None, None),
    ("T03", 36, None, None, None, None, None),
    ("T04", 0.553, 730, None, 642, 0.513, 0.593),  # SAL registry 2023
    ("T05", 0.011, None, 14, 1229, 0.006, 0.019),  # Leuk Res 2014
    ("T06", 0.303, 730, 60, 198, 0.243, 0.370),  # Platzbecker 2018, as are the next four
    ("T07", 0.88, 365, None, 138, 0.82, 0.93),
    ("T08", 0.30, 182, None, None, 0.20, 0.40),
    ("T09", 0.585, 182, 31, 53, 0.45, 0.71),
    ("T10", 0.358, 182, 19, 53, 0.24, 0.49),
    ("T11", 0.283, None, 41, 145, 0.216, 0.361),  # DiNardo 2020, as is the next
    ("T12", 85, None, None, 145, None, None),
    ("T13", 0.40, 28, 114, 286, 0.34, 0.46),  # prescribing information, as are the next three
    ("T14", 0.47, 56, 134, 286, 0.41, 0.53),
    ("T15", 0.50, 84, 143, 286, 0.44, 0.56),
    ("T16", 0.65, None, 185, 286, 0.59, 0.70),
    ("T17", 533, None, None, 190, 414, None),  # DiNardo 2020, as is the next
    ("T18", 292, None, None, 145, 225, 387),
    ("T19", 0.19, None, 6, 32, 0.09, 0.35),  # Konopleva 2016
    ("T20", 7.9, None, None, 9, 1.6, 15.8),  # GENESIS lead-in
    ("T21", 0.06, None, None, None, 0.02, 0.08),  # Crees 2023, as is the next
    ("T22", 2, None, None, None, 2, None),
]

PROTOCOL = [  # what RELAZA2 did, Platzbecker et al. 2018
    ("drugs", {"azacitidine": Dosing([1, 2, 3, 4, 5, 6, 7], dose_mg_per_m2=75.0)}),
    ("cycle_days", 29),
    ("cycles", 24),
]

ROWS = {row.path: row for row in parameter_rows(Config())}


def ids(table):
    return [row[0] for row in table]


@pytest.mark.parametrize(("path", "value", "unit", "source"), PUBLISHED, ids=ids(PUBLISHED))
def test_a_published_number_stands_in_the_code(path, value, unit, source):
    row = ROWS[path]
    assert (row.value, row.unit) == (value, unit)
    assert row.source.startswith(source)
    assert "assumed" not in row.source


@pytest.mark.parametrize(
    ("path", "low", "high", "unit", "source"), PUBLISHED_RANGES, ids=ids(PUBLISHED_RANGES)
)
def test_a_default_lies_within_the_published_range(path, low, high, unit, source):
    row = ROWS[path]
    assert low <= row.value <= high
    assert row.unit == unit


def test_no_number_with_a_source_is_left_out():
    sourced = {path for path, row in ROWS.items() if "assumed" not in row.source}
    assert sourced <= {path for path, *_ in PUBLISHED + PUBLISHED_RANGES}


def test_a_share_of_patients_is_what_its_counts_say():
    """10, 66, 43 and 6 of 125 patients (Waclawiczek et al. 2026)."""
    counts = {"HSC-like": 10, "LMPP-like": 66, "MEP-like": 43, "MoDe": 6}
    assert sum(counts.values()) == 125
    for subtype, count in counts.items():
        share = ROWS[f"disease.subtypes.{subtype}.dominant_share"].value
        assert share == round(count / 125, 2)


def test_relative_ec50s_are_what_the_screen_says():
    """0.46, 0.06, 0.94 and 8.1 umol/L (Waclawiczek et al. 2026)."""
    measured = {"HSC-like": 0.46, "LMPP-like": 0.06, "MEP-like": 0.94, "MoDe": 8.1}
    for subtype, ec50 in measured.items():
        ratio = ROWS[f"disease.subtypes.{subtype}.venetoclax_ec50_ratio"].value
        assert ratio == pytest.approx(ec50 / 0.06, rel=0.01)


@pytest.mark.parametrize(
    ("subtype", "mutated", "patients"), [("MEP-like", 9, 53), ("LMPP-like", 6, 75)]
)
def test_tp53_shares_are_what_their_counts_say(subtype, mutated, patients):
    share = ROWS[f"disease.subtypes.{subtype}.tp53_share"].value
    assert share == round(mutated / patients, 2)


@pytest.fixture(scope="module")
def published_targets():
    with (files("leukosim") / "data" / "calibration_targets.csv").open() as file:
        return {row["id"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    ("name", "value", "days", "k", "n", "low", "high"), TARGETS, ids=ids(TARGETS)
)
def test_a_target_is_what_was_published(published_targets, name, value, days, k, n, low, high):
    row = published_targets[name]
    stands = [row[column] for column in ("value", "time_days", "k", "n", "low", "high")]
    read = [float(text) if text else None for text in stands]
    assert read == [value, days, k, n, low, high]
    if k is not None:
        assert value == pytest.approx(k / n, abs=5e-3)  # some were published in two digits


def test_no_target_is_left_out(published_targets):
    assert list(published_targets) == ids(TARGETS)


@pytest.fixture(scope="module")
def relaza2():
    return compose(["study=relaza2"])


@pytest.mark.parametrize(("name", "value"), PROTOCOL, ids=ids(PROTOCOL))
def test_azacitidine_is_given_as_in_relaza2(relaza2, name, value):
    for arm in ("triggered", "at_relapse", "maintenance"):
        course = relaza2.strategies[arm].courses["azacitidine"]
        assert getattr(course, name) == value


def test_treatment_is_triggered_as_in_relaza2(relaza2):
    """A ratio of 1 %; reassessment after six cycles."""
    rules = relaza2.strategies["triggered"].rules
    assert relaza2.trigger.level == rules["conversion"].at_least == 0.01
    assert rules["negative_after_six_cycles"].after_cycles == 6


def test_the_reference_course_is_the_labelled_dose():
    """75 mg/m2 daily for seven days, for a body surface of 1.8 m2."""
    drug = Config().drug["azacitidine"].drug()
    assert drug.reference_dose_mg == 75 * 1.8
    assert drug.reference_days == 7
