"""What each patient gains, and who gains, by hand."""

import numpy as np
import pytest
from synthetic import dataset_of_arms, trial

from leukosim.analysis.arms import gather_arms
from leukosim.analysis.individual_effects import (
    count_fates,
    gains_by_trait,
    individual_effects,
    thirds,
)


@pytest.fixture
def ds():
    before = [100.0, 100.0, 100.0, 400.0, np.nan, np.nan, 300.0]
    after = [np.nan, 200.0, 110.0, 300.0, 500.0, np.nan, 300.0]
    arms = {
        name: [{"relapse_day": day} for day in days]
        for name, days in (("at_relapse", before), ("treated", after))
    }
    gathered = gather_arms({"one": dataset_of_arms(arms)})
    drug = np.array([np.zeros(7), np.arange(7.0)])
    return gathered.assign(
        treatment_days=(("arm", "patient"), drug),
        age_years=("patient", np.arange(40.0, 75.0, 5.0)),
        tp53=("patient", np.array([1, 0, 0, 0, 0, 0, 0], np.int8)),
        cxcr4_group=("patient", np.array([2, 2, 0, 0, 0, 0, 0], np.int8)),
    )


def test_gains_and_fates_by_hand(ds):
    table = individual_effects(ds, "at_relapse", 730.0)
    assert list(table["gained_days"]) == [630.0, 100.0, 10.0, -100.0, -230.0, 0.0, 0.0]
    assert list(table["fate"]) == [
        "event averted", "event later", "no difference", "event sooner", "event caused",
        "no difference", "no difference",
    ]  # fmt: skip
    assert list(table["more_drug_days"]) == list(range(7))
    counts = count_fates(table).set_index("fate")["patients"]
    assert counts["no difference"] == 3
    assert counts.sum() == 7


def test_within_a_shorter_time_later_events_do_not_count(ds):
    table = individual_effects(ds, "at_relapse", 150.0)
    assert list(table["gained_days"]) == [50.0, 50.0, 10.0, 0.0, 0.0, 0.0, 0.0]
    assert list(table["fate"][:2]) == ["event averted", "event averted"]


def test_patients_lost_before_are_unknown():
    arms = {"a": [{"follow_up_day": 100.0}, {"relapse_day": 50.0}], "b": [{}, {}]}
    table = individual_effects(gather_arms({"x": dataset_of_arms(arms)}), "a", 730.0)
    assert np.isnan(table["gained_days"][0])
    assert table["fate"][0] == ""
    assert table["gained_days"][1] == 680.0


def test_who_gains(ds):
    effects = individual_effects(ds, "at_relapse", 730.0)
    table = gains_by_trait(ds, effects).set_index(["trait", "level"])
    assert table.loc[("all patients", ""), "value"] == pytest.approx(410.0 / 7)
    assert table.loc[("age_years", "low"), "n"] == 3
    assert table.loc[("age_years", "low"), "value"] == pytest.approx(740.0 / 3)
    assert table.loc[("age_years", "low"), "to_value"] == 50.0
    assert table.loc[("tp53", "yes"), "value"] == 630.0
    assert np.isnan(table.loc[("tp53", "yes"), "low"])
    assert table.loc[("cxcr4_group", "high"), "value"] == 365.0
    assert "genotype" not in table.index.get_level_values(0)  # all are alike


def test_many_alike_are_a_group_of_their_own():
    values = np.array([0.0] * 7 + [1.0, 2.0, 3.0, 40.0, 50.0])
    result = thirds(values)
    assert {name: (int(m.sum()), low, high) for name, (m, low, high) in result.items()} == {
        "low": (7, 0.0, 0.0), "middle": (3, 1.0, 3.0), "high": (2, 40.0, 50.0),
    }  # fmt: skip
    even = thirds(np.append(np.arange(9.0), np.nan))
    assert [int(members.sum()) for members, _, _ in even.values()] == [3, 3, 3]
    assert thirds(np.array([0.0, 1.0] * 10)) == {}


def test_the_mean_of_all_is_the_difference_of_restricted_means():
    from leukosim.analysis.comparison import RESTRICTED_MEAN, differences_table, resample

    ds = gather_arms({"one": trial(40)})
    effects = individual_effects(ds, "at_relapse", 730.0)
    table = differences_table(resample(ds), "at_relapse")
    means = effects.groupby("arm")["gained_days"].mean()
    for row in table[table["quantity"] == RESTRICTED_MEAN].itertuples():
        assert means[row.arm] == pytest.approx(row.value)
