"""A headline over scenarios: what can be chosen is ranked, chance is pooled."""

import json

import numpy as np
import pytest
import xarray as xr

from leukosim.analysis.scenario_summary import (
    known_headlines,
    main_headline,
    summarise_scenarios,
)

PATIENTS = 30


def sweep(axes, gained):
    """Relapse in one arm of a made-up study; the other gains days, by scenario."""
    n = len(gained)
    day = np.full((n, 2, PATIENTS), 300.0)
    day[:, 0] += np.asarray(gained, float)[:, None] + 10.0 * (np.arange(PATIENTS) % 3)
    return xr.Dataset(
        {
            "relapse_day": (("scenario", "arm", "patient"), day),
            "death_day": (("scenario", "arm", "patient"), np.full_like(day, np.nan)),
            "follow_up_day": (("scenario", "arm", "patient"), np.full_like(day, 730.0)),
        },
        coords={
            "arm": ["triggered", "at_relapse"],
            **{name: ("scenario", values) for name, values in axes.items()},
        },
        attrs={
            "axes": json.dumps(list(axes)),
            "config": json.dumps({"study": "relaza2"}),
            "horizon_days": 730.0,
        },
    )


def test_choices_are_ranked_by_the_main_headline():
    found = summarise_scenarios(sweep({"trigger.level": [0.1, 0.01, 0.001]}, [20.0, 60.0, 40.0]))
    assert list(found.table["trigger.level"]) == ["0.01", "0.001", "0.1"]
    assert found.table["value"].tolist() == pytest.approx([70.0, 50.0, 30.0])
    assert (found.table["low"] < found.table["value"]).all()
    assert found.difference.value == pytest.approx(40.0)
    assert found.difference.low == pytest.approx(40.0)  # the same patients: chance cancels
    assert not found.pooled


def test_seeds_have_no_best_but_a_range():
    found = summarise_scenarios(sweep({"seed": [1, 2, 3]}, [20.0, 60.0, 40.0]))
    assert (list(found.chosen), dict(found.pooled), len(found.table)) == ([], {"seed": 3}, 1)
    row = found.table.iloc[0]
    assert (row["value"], row["lowest"], row["highest"]) == pytest.approx((50.0, 30.0, 70.0))


def test_choices_are_averaged_over_seeds():
    axes = {"trigger.level": [0.1, 0.1, 0.01, 0.01], "seed": [1, 2, 1, 2]}
    found = summarise_scenarios(sweep(axes, [0.0, 100.0, 40.0, 40.0]))
    assert list(found.table["trigger.level"]) == ["0.1", "0.01"]
    assert found.table["value"].tolist() == pytest.approx([60.0, 50.0])
    assert found.pooled == {"seed": 2}


def test_a_sweep_without_the_arms_of_its_headline_says_nothing():
    ds = sweep({"trigger.level": [0.1, 0.01]}, [0.0, 1.0])
    assert main_headline(ds).name == "days"
    assert summarise_scenarios(ds.sel(arm=["at_relapse"])) is None
    assert summarise_scenarios(ds.assign_attrs(config=json.dumps({"study": "mine"}))) is None


def test_headlines_of_a_run_that_its_patients_answer():
    ds = sweep({"seed": [1]}, [20.0]).isel(scenario=0)
    found = {each.name: estimate for each, estimate in known_headlines(ds)}
    assert found["days"].value == pytest.approx(30.0)
    assert found["days"].low < 30.0 < found["days"].high
