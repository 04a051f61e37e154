"""The registry of measures, and the names by which its users refer to it."""

import numpy as np
import pytest
from synthetic import dataset_of_arms

from leukosim.analysis.arm_summaries import SUMMARIES
from leukosim.analysis.headlines import HEADLINES
from leukosim.analysis.hypothesis_discrimination import READOUTS
from leukosim.analysis.measures import MEASURES, Subgroup
from leukosim.analysis.predictions.quantities import MEDIAN_TIME, QUANTITIES, RATIO

HEADLINES_OF_ALL = [each for study in HEADLINES.values() for each in study]
USERS = [*SUMMARIES.values(), *HEADLINES_OF_ALL, *READOUTS.values(), *QUANTITIES]


def test_every_name_is_that_of_a_measure():
    assert {each.measure for each in USERS} <= set(MEASURES)


def test_medians_of_times_and_ratios_are_of_times_to_an_event():
    ds = dataset_of_arms({"triggered": [{}]})
    for each in QUANTITIES:
        if each.kind in (MEDIAN_TIME, RATIO):
            assert set(MEASURES[each.measure].times(ds)) >= {"day", "event"}


def test_a_subgroup_is_restricted_by_words_and_by_codes():
    patients = [{"genotype": "NPM1", "relapse_day": 100.0}, {"genotype": "CBFB-MYH11"}, {}]
    ds = dataset_of_arms({"triggered": patients})
    ds["cxcr4_group"] = "patient", np.array([2, 1, 0])
    free = MEASURES["relapse_free_two_years"].values(ds)
    npm1 = Subgroup("genotype", "NPM1").restrict(free, ds)
    np.testing.assert_array_equal(npm1.values[0], [0.0, np.nan, 1.0])
    times = MEASURES["relapse_free_survival"].times(ds)
    high = Subgroup("cxcr4_group", "high").restrict(times, ds)
    assert np.isnan(high["day"].values[0]).tolist() == [False, True, True]
    np.testing.assert_array_equal(high["event"], times["event"])


@pytest.mark.parametrize("name", ["drug_days", "cytopenia_days", "enriched_at_failure"])
def test_a_measure_says_what_it_needs(name):
    ds = dataset_of_arms({"triggered": [{}]})
    assert not MEASURES[name].is_known_in(ds)
    for variable in MEASURES[name].needs:
        ds[variable] = ("arm", "patient"), np.ones((1, 1))
    assert MEASURES[name].is_known_in(ds)


def test_counted_days_are_numbers_of_each_patient():
    """A day of both cytopenias counts twice."""
    ds = dataset_of_arms({"triggered": [{"samples": [(28.0, 0.1), (56.0, 0.2)]}, {}]})
    both = ("arm", "patient")
    ds["days_grade3_neutropenia"] = both, np.array([[3, 1]])
    ds["days_grade3_thrombocytopenia"] = both, np.array([[3, 0]])
    assert MEASURES["cytopenia_days"].values(ds).values.tolist() == [[6.0, 1.0]]
    assert MEASURES["samples"].values(ds).values.tolist() == [[2.0, 0.0]]
