"""The mesa model is the engine, a day at a time."""

import re

import mesa
import numpy as np
import pytest

from leukosim import LeukemiaModel, simulate
from leukosim.clinic.strategy.chart import CallableStrategy, Decision
from leukosim.clinic.strategy.regimens import Dosing, Regimen
from leukosim.config.compose import compose

OF_ALL = ("stem_cells_in_niche", "stem_cells_in_g0", "neutrophils", "platelets")

# so many days of the same patients as the studies have, in remission and at diagnosis
COURSES = {
    "converts and is treated": dict(
        patient=1, residual_stem_cells=100, doubling_days=11.0, marker="transcript", cxcr4=3.0
    ),
    "relapses": dict(patient=8, residual_stem_cells=50),
    "dies within a day": dict(patient=3, strategy="maintenance"),
    "has no cells": dict(patient=0),
    "is followed by chimerism": dict(patient=8, marker="chimerism", trigger_level=0.05),
    "has doses at hours": dict(study="blast", strategy="motixafortide", horizon_days=80),
    "has clones": dict(study="clonal_relapse", residual_stem_cells=30, horizon_days=90),
}


def finished(**wishes):
    model = LeukemiaModel(**wishes)
    while model.running:
        model.step()
    return model


def collected(model):
    return model.datacollector.get_model_vars_dataframe()


def differences(model, course):
    """Names of what the model has seen otherwise than the course: every number, to the last bit."""
    table = collected(model)
    days = course["time"].values
    known = course["stem_cells_in_niche"].notnull().values
    seen = {name: table[name].to_numpy() for name in OF_ALL}
    expected = {name: course[name].values[known] for name in OF_ALL}
    seen |= {"day": table["day"].to_numpy(), "blasts": table["blasts"].to_numpy()}
    expected |= {"day": days[known], "blasts": course["blasts"].values[known]}
    for subtype in model.subtypes:
        seen[subtype] = table[f"stem_cells {subtype}"].to_numpy()
        expected[subtype] = course["stem_cells"].sel(subtype=subtype).values[known]
    sampled = course["sample_day"].notnull().values
    reports = [r for r in model.follow_up.chart.reports if r.measure in ("mrd", "recipient_share")]
    seen |= {"sample_day": np.array([r.sampled for r in reports])}
    seen |= {"mrd": np.array([r.value for r in reports])}
    expected |= {name: course[name].values[sampled] for name in ("sample_day", "mrd")}
    for name in ("molecular_relapse_day", "relapse_day", "death_day"):
        day = getattr(model, name)
        seen[name] = np.array([np.nan if day is None else day])
        stored = "molecular_relapse_day" if name == "molecular_relapse_day" else name
        expected[name] = course[stored].values[None]
    seen["treatment_days"] = np.array([len({int(dose.day) for dose in model.doses})])
    expected["treatment_days"] = course["treatment_days"].values[None]
    return [name for name in seen if not np.array_equal(seen[name], expected[name], equal_nan=True)]


@pytest.mark.parametrize("wishes", COURSES.values(), ids=COURSES)
def test_days_are_those_of_the_engine_bit_for_bit(wishes):
    model = finished(**wishes)
    course = simulate(model.patient, model.strategy, model.protocol)
    assert differences(model, course) == []


def test_another_luck_would_be_noticed():
    model = finished(patient=8, residual_stem_cells=50)
    other = finished(patient=8, residual_stem_cells=50, study_seed=2)
    assert "blasts" in differences(model, simulate(other.patient, other.strategy, other.protocol))


def test_the_courses_are_what_they_are_called():
    ended = {name: finished(**COURSES[name]) for name in list(COURSES)[:5]}
    assert ended["converts and is treated"].doses and ended["converts and is treated"].day == 730
    assert ended["relapses"].relapse_day == ended["relapses"].day < 730
    dead = ended["dies within a day"]
    assert dead.death_day % 1 > 0 and dead.day == dead.death_day // 1
    assert dead.death_cause == "background"
    assert ended["has no cells"].counts.cells.sum() == 0
    assert ended["is followed by chimerism"].protocol.trigger.recipient_share == 0.05


def test_without_wishes_the_patient_is_the_study_s():
    from leukosim.trial.sampling import draw_cohort

    config = compose(["study=relaza2", "cohort.size=3", "seed=5"])
    cohort = draw_cohort(config.cohort, config.disease, 5, config.drugs())
    model = LeukemiaModel(patient=2, study_seed=5)
    assert model.patient == cohort[2]
    assert model.strategy == config.strategies["triggered"]
    assert model.protocol == config.protocol()


def test_a_day_knows_nothing_of_the_next():
    """Reports, doses and events show up on their day, though the marrow is ahead of it."""
    model = LeukemiaModel(patient=8, residual_stem_cells=50)
    while model.running:
        assert all(report.known <= model.day for report in model.mrd)
        assert all(dose.day <= model.day for dose in model.doses)
        assert all(decision.day <= model.day for decision in model.decisions)
        assert model.relapse_day is None or model.relapse_day <= model.day
        assert model.counts.day[0] == model.day
        model.step()
    assert model.relapse_day is not None


def test_subtypes_are_agents():
    model = LeukemiaModel(patient=1, residual_stem_cells=200)
    for _ in range(40):
        model.step()
    assert model.agents.get("subtype") == model.subtypes
    assert sum(model.agents.get("cells")) == collected(model)["stem_cells"].iloc[-1] > 0
    assert sum(model.agents.get("in_niche")) == collected(model)["stem_cells_in_niche"].iloc[-1]
    assert sum(model.agents.get("in_g0")) == collected(model)["stem_cells_in_g0"].iloc[-1]


def test_mesa_runs_a_batch_to_the_last_day():
    options = {
        "patient": 8,
        "residual_stem_cells": [0, 50],
        "horizon_days": 120,
        "study_seed": [1, 2],
    }
    rows = mesa.batch_run(LeukemiaModel, options, display_progress=False)
    assert len(rows) == 4
    for row in rows:
        wishes = {name: row[name] for name in options}
        last = collected(finished(**wishes)).iloc[-1]
        for name in ("day", "stem_cells", "blasts", "neutrophils"):
            assert row[name] == last[name]
    assert {row["day"] for row in rows if row["residual_stem_cells"] == 0} == {120.0}
    every = mesa.batch_run(
        LeukemiaModel, {"horizon_days": 5}, data_collection_period=1, display_progress=False
    )
    assert [row["day"] for row in every] == [0, 1, 2, 3, 4, 5]


def test_mesa_s_own_name_of_the_seed():
    assert LeukemiaModel(rng=7).patient == LeukemiaModel(study_seed=7).patient
    assert LeukemiaModel(rng=7).patient != LeukemiaModel().patient


def test_doses_are_scaled_in_every_course_and_leave_the_rest():
    half = LeukemiaModel(study="venetoclax_resistance", strategy="venetoclax", dose_percent=50.0)
    whole = LeukemiaModel(study="venetoclax_resistance", strategy="venetoclax")
    for name, course in whole.strategy.regimens.items():
        for drug, dosing in course.drugs.items():
            reduced = half.strategy.regimens[name].drugs[drug]
            assert reduced.dose_mg == dosing.dose_mg / 2 and reduced.days == dosing.days
            assert reduced.ramp_mg == [first / 2 for first in dosing.ramp_mg]
    none = finished(patient=0, residual_stem_cells=100, dose_percent=0.0)
    full = finished(patient=0, residual_stem_cells=100)
    assert full.relapse_day > none.relapse_day + 90.0


def test_what_cxcr4_anchors_shows_in_the_niche():
    shares = []
    for cxcr4 in (0.5, 50.0):
        model = LeukemiaModel(patient=1, residual_stem_cells=2000, cxcr4=cxcr4, horizon_days=60)
        for _ in range(30):
            model.step()
        shares.append(model.counts.cells[0, :, 0].sum() / model.counts.cells.sum())
    assert shares[0] < shares[1] - 0.05  # some ten standard errors of 2,000 cells


def test_a_strategy_of_ones_own():
    def at_day_100(chart, day, measure):
        if day >= 100 and not chart.has_fired("early"):
            return [Decision(day, "early", measure, "start", "azacitidine", day)]
        return []

    week = Regimen({"azacitidine": Dosing([1, 2, 3, 4, 5, 6, 7], dose_mg_per_m2=75.0)})
    own = CallableStrategy("early", {"azacitidine": week}, at_day_100)
    model = LeukemiaModel(strategy=own, patient=1, residual_stem_cells=20, dose_percent=80.0)
    for _ in range(120):
        model.step()
    assert {dose.amount_mg for dose in model.doses} == {75.0 * 0.8 * model.patient.body_surface_m2}
    assert 100.0 <= model.doses[0].day <= 120.0


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        (dict(dose_percent=-1.0), "dose_percent = -1.0 is not allowed: dose_percent is in % of"),
        (dict(dose_percent=float("nan")), "allowed from 0 to 1000"),
        (dict(cxcr4=0.0), "cxcr4 = 0.0 is not allowed: cxcr4 is in MFI ratio, allowed from 0.001"),
        (dict(residual_stem_cells=-5), "residual_stem_cells is in cells, allowed from 0 to"),
        (dict(residual_stem_cells=1.5), "residual_stem_cells = 1.5 is not a whole number"),
        (dict(patient=-1), "patient is in number in the cohort, allowed from 0"),
        (dict(responsiveness=2.0), "responsiveness is in fraction, allowed from 0 to 1"),
        (dict(trigger_level=5.0), "trigger.level = 5.0 is not allowed"),
        (dict(interval_days=0), "monitoring.interval_days = 0 is not allowed"),
        (dict(marker="blood"), "marker = blood is unknown: allowed transcript, chimerism"),
        (dict(strategy="prayer"), "prayer"),
        (dict(study="relaza3"), "relaza3"),
        (
            dict(study="venetoclax_resistance", strategy="azacitidine", residual_stem_cells=5),
            "start at diagnosis",
        ),
    ],
)
def test_what_is_not_allowed_is_told_before_anything_runs(monkeypatch, wishes, said):
    def runs(*arguments, **keywords):
        raise AssertionError("it ran")

    monkeypatch.setattr("leukosim.runs.mesa_model.FollowUp", runs)
    with pytest.raises(ValueError, match=re.escape(said)):
        LeukemiaModel(**{"marker": "transcript", **wishes})
