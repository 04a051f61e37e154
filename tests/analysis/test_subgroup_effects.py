"""Effects by group: what lifelines says of rows that are written out here."""

import numpy as np
import pytest
import xarray as xr

from leukosim.analysis.subgroup_effects import (
    arms_of,
    effects_by_group,
    gains_by_group,
    interaction,
    rows_of,
)

N = 900


@pytest.fixture(scope="module")
def trial():
    """Treatment halves the hazard of CXCR4-high patients and does nothing to others."""
    rng = np.random.default_rng(1)
    group = np.repeat([0, 1, 2], N // 3).astype(np.int8)
    placebo = rng.exponential(500.0, N)
    treated = np.where(group == 2, rng.exponential(1000.0, N), rng.exponential(500.0, N))
    day = np.array([placebo, treated])
    relapse = np.where(day < 1500.0, day, np.nan)
    allocated = np.where(rng.random(N) < 0.5, "placebo", "motixafortide").astype(object)
    allocated[0] = ""
    seen = np.where(allocated == "placebo", day[0], day[1])
    both = ("arm", "patient")
    return xr.Dataset(
        {
            "relapse_day": (both, relapse),
            "death_day": (both, np.full_like(day, np.nan)),
            "follow_up_day": (both, np.minimum(day, 1500.0)),
            "stem_cells_at_end": (both, np.where(day < 1500.0, 9.0, 0.0)),
            "cxcr4_group": ("patient", group),
            "allocated_arm": ("patient", allocated),
            "seen_day": ("patient", np.minimum(seen, 700.0)),
            "seen_event": ("patient", (seen < 700.0).astype(float)),
        },
        {"arm": ["placebo", "motixafortide"], "patient": np.arange(N)},
    )


def test_the_group_that_gains_is_found_in_both_readings(trial):
    assert arms_of(trial) == ("motixafortide", "placebo")
    table = effects_by_group(trial, "motixafortide", "placebo").set_index(["reading", "group"])
    for reading, patients in (("both arms", 300), ("as randomised", 300)):
        high, low = table.loc[(reading, "high")], table.loc[(reading, "low")]
        assert high["patients"] == patients
        assert high["low"] < 0.5 < high["high"] < 1.0
        assert low["low"] < 1.0 < low["high"]
    assert table.loc[("as randomised", "all"), "patients"] == N - 1


def test_the_interaction_is_the_ratio_of_hazard_ratios(trial):
    for reading in ("both arms", "as randomised"):
        result = interaction(trial, "motixafortide", "placebo", reading)
        assert result["low"] < 0.5 < result["high"] < 1.0
        assert result["p"] < 0.01


def test_hazard_ratios_are_those_of_lifelines(trial):
    from lifelines import CoxPHFitter

    rows = rows_of(trial, "as randomised")
    rows = rows[rows["group"] == "high"].assign(arm=lambda r: (r["arm"] == "motixafortide") * 1.0)
    theirs = CoxPHFitter().fit(rows[["day", "event", "arm"]], "day", "event").summary.loc["arm"]
    ours = effects_by_group(trial, "motixafortide", "placebo")
    ours = ours[(ours["reading"] == "as randomised") & (ours["group"] == "high")].iloc[0]
    assert ours["hazard_ratio"] == pytest.approx(theirs["exp(coef)"])
    assert ours["p"] == pytest.approx(theirs["p"])


def test_gains_are_paired_differences(trial):
    table = gains_by_group(trial, "motixafortide", "placebo").set_index(["group", "quantity"])
    days = np.minimum(trial["follow_up_day"].values, 730.0)[:, 600:]
    result = table.loc[("high", "restricted mean")]
    assert result["value"] == pytest.approx((days[1] - days[0]).mean())
    assert result["low"] < result["value"] < result["high"]
    cured = (trial["stem_cells_at_end"].values == 0.0)[:, 600:].mean(1)
    assert table.loc[("high", "cure fraction"), "value"] == pytest.approx(cured[1] - cured[0])


def test_a_group_without_events_has_no_hazard_ratio(trial):
    none = trial.copy(deep=True)
    none["relapse_day"][:, 300:600] = np.nan
    none["follow_up_day"][:, 300:600] = 1500.0
    table = effects_by_group(none.drop_vars("allocated_arm"), "motixafortide", "placebo")
    assert np.isnan(table.set_index("group").loc["low", "hazard_ratio"])
