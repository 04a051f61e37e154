"""The study after BLAST from its configuration: what must hold whatever the numbers are."""

from dataclasses import replace

import numpy as np
import pytest

from leukosim.biology.exposure import COLUMN
from leukosim.clinic.drugs.drug import exposure
from leukosim.config.compose import compose
from leukosim.marrow.marrow import Marrow
from leukosim.marrow.rates import APOPTOSIS, S_PHASE_KILL
from leukosim.results.variables import VARIABLES
from leukosim.runs.configured import treat
from leukosim.trial.prescription import first_cycle
from leukosim.trial.sampling import draw_cohort
from leukosim.trial.treatment_week import treatment_week

SMALL = ["study=blast", "cohort.size=12", "horizon_days=400", "record.trajectories=false"]
WEEK = 9.0  # days


def composed(*overrides):
    return compose([*SMALL, *overrides])


def one_cycle(config, arm, cells=20_000):
    """A marrow of many stem cells after the first week of an arm."""
    patient = replace(config.patients()[0], residual_stem_cells=cells, age_years=50.0)
    doses = first_cycle(patient, config.strategies[arm], config.protocol())
    met = exposure(config.drugs(), doses, 0.0, WEEK, patient)
    marrow = Marrow(patient)
    marrow.advance(WEEK, met)
    return marrow, met, doses


def test_the_schedule_is_that_of_the_trial():
    """Infusions over 3 h at 10:00 and 22:00 on three days; injections at 08:00 on five."""
    config = composed()
    strategy = config.strategies["motixafortide"]
    young, old = (strategy.regimens[strategy.first_regimen(age)] for age in (59.9, 60.0))
    assert (young.cycles, old.cycles) == (3, 2)
    for course, grams in ((young, 3.0), (old, 1.0)):
        doses = course.doses(0.0, 0, 2.0)
        infusions = [dose for dose in doses if dose.drug == "cytarabine"]
        hours = [round((dose.day - 1.0) * 24.0) for dose in infusions]
        assert hours == [10, 22, 58, 70, 106, 118]
        assert {dose.amount_mg for dose in infusions} == {grams * 2000.0}
        assert {dose.duration_days * 24.0 for dose in infusions} == {3.0}
        injections = [dose for dose in doses if dose.drug == "motixafortide"]
        assert [round((d.day - 1.0) * 24.0) for d in injections] == [8, 32, 56, 80, 104]
    placebo = config.strategies["placebo"].regimens["cytarabine_3g"].drugs
    assert placebo["motixafortide"].dose_mg == 0.0
    assert placebo["cytarabine"] == young.drugs["cytarabine"]


@pytest.mark.parametrize(("lead", "hour"), [(-24, -14), (-2, 8), (0, 10), (12, 22), (24, 34)])
def test_lead_hours_are_relative_to_the_first_infusion(lead, hour):
    config = composed(f"motixafortide.lead_hours={lead}")
    course = config.strategies["motixafortide"].regimens["cytarabine_3g"]
    assert course.drugs["motixafortide"].hours == [hour]
    assert min(dose.day for dose in course.doses(0.0, 0, 1.8)) >= 0.0


@pytest.mark.parametrize("hypothesis", ["equal", "measured", "reversed"])
def test_cxcr4_by_subtype_is_a_short_key(hypothesis):
    config = composed(f"cxcr4_by_subtype={hypothesis}")
    assert config.disease.cxcr4_by_subtype == hypothesis


@pytest.mark.parametrize("retention", ["own", "equal"])
def test_without_dependent_anchoring_the_arms_are_the_same_to_the_last_bit(retention):
    none = ["disease.niche.cxcr4_dependent_share=0", f"disease.niche.retention={retention}"]
    ds = treat(composed(*none, "record.trajectories=true"), 1).dataset
    for name, values in ds.data_vars.items():
        if "arm" in values.dims and name not in ("week_occupancy",):
            placebo, treated = (values.sel(arm=arm) for arm in ("placebo", "motixafortide"))
            np.testing.assert_array_equal(placebo.values, treated.values, err_msg=name)


def test_that_the_same_comparison_sees_the_drug():
    ds = treat(composed(), 1).dataset
    cells = ds["week_stem_cells_in_niche"].sum("patient")
    assert float(cells.sel(arm="motixafortide")[-1]) < float(cells.sel(arm="placebo")[-1])


def test_without_cytarabine_motixafortide_kills_no_stem_cell():
    config = composed()
    strategy = config.strategies["motixafortide"]
    course = strategy.regimens["cytarabine_3g"]
    alone = replace(course, drugs={"motixafortide": course.drugs["motixafortide"]})
    courses = {**strategy.regimens, "cytarabine_3g": alone}
    config = replace(config, strategies={"motixafortide": replace(strategy, regimens=courses)})
    marrow, met, _ = one_cycle(config, "motixafortide")
    assert met.values[:, COLUMN["cxcr4_occupancy"]].max() > 0.9
    assert marrow.tally[:, [APOPTOSIS, S_PHASE_KILL]].sum() == 0


def test_with_cytarabine_more_are_killed_where_the_niche_is_emptied():
    killed = {
        arm: one_cycle(composed(), arm)[0].tally[:, S_PHASE_KILL].sum()
        for arm in ("placebo", "motixafortide")
    }
    assert killed["motixafortide"] > 1.5 * killed["placebo"] > 0


def test_a_third_of_the_dose_kills_nearly_as_many():
    """17.6 and 5.9 g/m2 a cycle made no difference in a registry."""

    def killed(grams):
        config = composed()
        patient = replace(config.patients()[0], residual_stem_cells=20_000)
        course = config.strategies["placebo"].regimens["cytarabine_3g"]
        dosing = replace(course.drugs["cytarabine"], dose_mg_per_m2=1000.0 * grams)
        doses = replace(course, drugs={"cytarabine": dosing}).doses(0.0, 0, 1.8)
        marrow = Marrow(patient)
        marrow.advance(WEEK, exposure(config.drugs(), doses, 0.0, WEEK, patient))
        return marrow.tally[:, S_PHASE_KILL].sum()

    whole, third = killed(17.6 / 6.0), killed(5.9 / 6.0)
    assert whole > third > 0.75 * whole


@pytest.mark.parametrize("arm", ["placebo", "motixafortide"])
def test_halving_the_segments_changes_nothing_beyond_noise(arm):
    """Stem cells left of 20,000; 5 sd of a difference of two binomials are at most 500."""
    left, area = [], []
    for hours in (2, 1):
        short = [f"drug.{name}.segment_hours={hours}" for name in ("cytarabine", "motixafortide")]
        marrow, met, _ = one_cycle(composed(*short), arm)
        left.append(int(marrow.stem_cells.sum()))
        area.append((met.end - met.start) @ met.values)
    assert abs(left[0] - left[1]) < 500
    # of saturating effects the mean level stands for the mean effect: 2 % of the area
    np.testing.assert_allclose(area[0], area[1], rtol=0.02, atol=1e-3)


def test_the_week_is_that_of_the_marrow_in_the_trial():
    config = composed()
    patients = draw_cohort(config.cohort, config.disease, config.seed, config.drugs())[:3]
    week = treatment_week(patients, config.strategies_of_arms(), config.protocol())
    shape = 2, 3, len(week["week_day"])
    assert week["week_stem_cells"].shape == shape
    assert (week["week_stem_cells_in_niche"] <= week["week_stem_cells"]).all()
    assert week["week_occupancy"][0].max() == 0.0
    assert week["week_occupancy"][1].max() > 0.95


def test_a_run_that_asks_for_everything_fills_the_vocabulary():
    everything = composed("record.trajectories=true", "record.clones=3", "record.barcodes=true")
    assert set(treat(everything, 1).dataset.data_vars) == set(VARIABLES)


def test_two_arms_are_needed_to_randomise():
    with pytest.raises(ValueError, match="randomise between two arms"):
        composed("arms=[placebo]")


def test_every_patient_is_allocated_to_one_arm_and_grouped_by_the_assay():
    ds = treat(composed(), 1).dataset
    assert set(ds["allocated_arm"].values) <= {"placebo", "motixafortide", ""}
    negative = ds["residual_cells"].values == 0
    np.testing.assert_array_equal(ds["cxcr4_group"].values == 0, negative)
    assert ds["measured_cxcr4"].isnull().values[negative].all()
