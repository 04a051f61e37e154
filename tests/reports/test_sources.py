"""Every number that is attributed to a publication, typed a second time from the source.

The first typing stands in the code, as ``estimate(value, ..., source=...)``. The second stands in
``data/second_reading.csv``, with where it was read and the words that hold it, or with "notes"
where the source could not be opened again. A slip of the pen in either shows here. Numbers that are
assumed, or were tuned by hand, have no place in that table: nothing but a decision stands behind
them.
"""

import csv
import math
import re
from importlib.resources import files

import pytest
from scipy.stats import norm

from leukosim.clinic.strategy.regimens import Dosing
from leukosim.config.compose import compose
from leukosim.config.schema import Config
from leukosim.parameters import parameter_rows

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
SOURCED = {path: row for path, row in ROWS.items() if "assumed" not in row.source}
HOW = ("abstract", "another text", "notes")

# Where the words do not hold the number itself, nor as a percentage: how it follows from them.
DERIVED = {
    # a third each below 5 and above 10: the quantiles of a log-normal law
    "cohort.cxcr4_median": math.sqrt(5 * 10),
    "cohort.cxcr4_log_sd": math.log(10 / 5) / 2 / norm.ppf(1 - 32 / 90),
    "cohort.lsc_frequency_log10_low": math.log10(0.7e-7),
    "disease.blood.healthy_stem_cells": math.sqrt(50_000 * 200_000),
    "assay.mrd.blood_to_marrow": 0.17 / 0.84,
    "T06": 60 / 198,
    "T09": 31 / 53,
    "T10": 19 / 53,
    "T18": 9.6 * 365.25 / 12,
    "T22": 48 / 24,
}


def second_reading():
    with (files("leukosim.reports.evidence") / "second_reading.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


READINGS = second_reading()
ESTIMATES = [each for each in READINGS if each["name"] in ROWS]
OF_TARGETS = [each for each in READINGS if each["name"] not in ROWS]
READ_AGAIN = [each for each in READINGS if each["how"] != "notes"]


def ids(table):
    return [row["name"] if isinstance(row, dict) else row[0] for row in table]


def test_every_number_with_a_source_has_a_second_reading():
    assert sorted(ids(ESTIMATES)) == sorted(SOURCED)
    assert ids(OF_TARGETS) == ids(TARGETS)


@pytest.mark.parametrize("reading", ESTIMATES, ids=ids(ESTIMATES))
def test_the_code_has_the_number_that_was_read(reading):
    row = SOURCED[reading["name"]]
    assert (row.value, row.unit) == (float(reading["value"]), reading["unit"])
    if reading["low"]:
        # as far as digits go: a bound is given with fewer of them in the code
        low, high = float(reading["low"]), float(reading["high"])
        assert low - 0.2 <= row.value <= high


@pytest.mark.parametrize("reading", READINGS, ids=ids(READINGS))
def test_a_reading_says_how_and_where(reading):
    assert reading["how"] in HOW
    assert reading["where"]
    assert bool(reading["says"]) == (reading["how"] != "notes")


@pytest.mark.parametrize("reading", READ_AGAIN, ids=ids(READ_AGAIN))
def test_the_words_hold_the_number(reading):
    value = float(reading["value"])
    if reading["name"] in DERIVED:
        derived = DERIVED[reading["name"]]
        assert value == pytest.approx(derived, rel=0.03)
        return
    numbers = re.findall(r"\d[\d,]*\.?\d*", reading["says"])
    result = [float(text.replace(",", "")) for text in numbers]
    as_written = [value, 100.0 * value] if value < 1.0 else [value]
    assert any(
        number == pytest.approx(shown, abs=0.05 if shown > 1.0 else 1e-9)
        for number in result
        for shown in as_written
    )


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
    with (files("leukosim.analysis.calibration") / "calibration_targets.csv").open() as file:
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
        course = relaza2.strategies[arm].regimens["azacitidine"]
        assert getattr(course, name) == value


def test_treatment_is_triggered_as_in_relaza2(relaza2):
    """A ratio of 1 %; reassessment after six cycles."""
    rules = relaza2.strategies["triggered"].rules
    assert relaza2.trigger.level == 0.01
    assert rules["molecular_relapse"].at_least == "trigger"
    assert rules["negative_after_full_cycles"].after_cycles == 6


def test_the_reference_course_is_the_labelled_dose():
    """75 mg/m2 daily for seven days, for a body surface of 1.8 m2."""
    drug = Config().drug["azacitidine"].drug()
    assert drug.reference_dose_mg == 75 * 1.8
    assert drug.reference_days == 7


def test_a_recipients_share_triggers_as_in_relaza2():
    """CD34-positive donor chimerism of 80 % or less."""
    assert Config().trigger.recipient_share == pytest.approx(1.0 - 0.80)


def test_blast_is_run_as_it_was():
    """29 sites, November 2015 to 2019, 25.4 months; 3 cycles of 3 g/m2, or 2 of 1 from 60 years."""
    blast = compose(["study=blast"])
    design = blast.operations
    assert (design.centres, design.accrual_years, design.follow_up_months) == (29, 4.0, 25.4)
    for arm in ("placebo", "motixafortide"):
        courses = blast.strategies[arm].regimens
        for name, cycles, grams in (("cytarabine_3g", 3, 3.0), ("cytarabine_1g", 2, 1.0)):
            assert courses[name].cycles == cycles
            assert courses[name].drugs["cytarabine"].dose_mg_per_m2 == 1000.0 * grams
        assert blast.strategies[arm].older_from_years == 60
