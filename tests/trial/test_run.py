"""A trial's numbers depend on the patients, the arms and the seed, and on nothing else."""

import numpy as np
import pytest
import xarray as xr

from leukosim.biology.disease import Disease
from leukosim.results.variables import VARIABLES
from leukosim.runs.trials import run_trial, simulate
from leukosim.trial.clonal_history import CloneRecord
from leukosim.trial.cohort import Cohort
from leukosim.trial.protocol import Protocol
from leukosim.trial.sampling import draw_cohort, draw_patient

COHORT = Cohort(size=18, residual_log10_mean=1.0, lsc_frequency_log10_high=-6.5)
PROTOCOL = Protocol(horizon_days=280, after_relapse_days=28)


@pytest.fixture(scope="module")
def patients():
    return draw_cohort(COHORT, Disease(), seed=5)


@pytest.fixture(scope="module")
def trial(patients, strategies):
    return run_trial(patients, strategies, PROTOCOL)


def outcomes(dataset):
    return dataset.drop_dims("time")


def test_two_workers_give_the_numbers_of_one(patients, strategies, trial):
    two = run_trial(patients, strategies, PROTOCOL, workers=2)
    xr.testing.assert_identical(two.dataset, trial.dataset)
    assert two.decisions.equals(trial.decisions)


def test_the_recording_interval_changes_what_is_recorded_only(patients, strategies, trial):
    finer = run_trial(patients, strategies, PROTOCOL, record_days=1)
    xr.testing.assert_identical(outcomes(finer.dataset), outcomes(trial.dataset))
    common = finer.dataset.sel(time=trial.dataset.time)
    xr.testing.assert_identical(common, trial.dataset)


def test_patient_17_is_the_same_alone(strategies, trial):
    alone = run_trial([draw_patient(17, COHORT, Disease(), 5)], strategies, PROTOCOL).dataset
    in_cohort = trial.dataset.sel(patient=[17])
    for name in (
        "sample",
        "cycle",
        "assessment",
    ):  # as long as the longest course of whoever was simulated
        in_cohort = in_cohort.isel({name: slice(alone.sizes[name])})
    xr.testing.assert_identical(in_cohort, alone)


def test_another_seed_gives_other_patients():
    assert draw_patient(0, COHORT, Disease(), 1) != draw_patient(0, COHORT, Disease(), 2)


def test_arms_treat_the_same_patients_until_they_differ(patients, strategies, trial):
    """Before the first dose of either, two arms agree in every cell and every sample."""
    triggered, waiting = (trial.dataset.sel(arm=arm) for arm in ("triggered", "at_relapse"))
    first_dose = np.fmin(triggered.treatment_start_day, waiting.treatment_start_day).fillna(1e9)
    same = trial.dataset.time <= first_dose
    xr.testing.assert_equal(
        triggered.blasts.where(same).drop_vars("arm"), waiting.blasts.where(same).drop_vars("arm")
    )
    assert int(same.sum()) > 100


def test_every_variable_is_in_the_vocabulary(patients, strategies, trial):
    """Those of clones stand in a dataset only where clones are recorded."""
    protocol = Protocol(horizon_days=60, record=CloneRecord(clones=5, barcodes=True))
    with_clones = run_trial(patients[:2], strategies, protocol).dataset
    assert set(with_clones.data_vars) < set(VARIABLES)
    assert set(trial.dataset.data_vars) < set(VARIABLES)
    assert "clone_name" not in trial.dataset
    for name, variable in with_clones.data_vars.items():
        assert variable.dims == VARIABLES[name].dims
        assert variable.attrs == VARIABLES[name].attributes


def test_the_log_names_arm_patient_and_what_was_seen(trial):
    triggered = trial.decisions.query("rule == 'trigger'")
    assert len(triggered) > 0
    assert triggered.seen.str.startswith("mrd = ").all()
    started = trial.dataset.treatment_start_day.sel(arm="triggered").to_series().dropna()
    assert set(triggered.patient) >= set(started.index)


def test_the_last_day_is_recorded(trial):
    assert trial.dataset.time.values[-1] == PROTOCOL.horizon_days
    followed = trial.dataset.follow_up_day == PROTOCOL.horizon_days
    assert trial.dataset.blasts.isel(time=-1).where(followed, drop=True).notnull().any()


def test_one_patient_without_a_cell_is_simulated(make_patient, strategies):
    run = simulate(make_patient(residual_stem_cells=0), strategies["triggered"], PROTOCOL)
    assert float(run.stem_cells.sum()) == 0.0
    assert np.isnan(run.relapse_day)
    assert dict(run.sizes)["time"] == 281


def test_no_patient_and_no_arm_are_refused(patients, strategies):
    with pytest.raises(ValueError, match="patients is empty"):
        run_trial([], strategies)
    with pytest.raises(ValueError, match="arms is empty"):
        run_trial(patients, {})


def test_a_function_that_decides_the_impossible_is_refused(make_patient, azacitidine):
    from leukosim.clinic.strategy.chart import CallableStrategy, Decision

    def deciding(**changes):
        decision = dict(day=14.0, rule="mine", seen="", action="start", regimen="a", effective=99.0)
        answer = [Decision(**{**decision, **changes})]
        return CallableStrategy("mine", {"a": azacitidine}, lambda *_: answer)

    patient = make_patient()
    for changes, message in (
        (dict(action="boogie"), "action = boogie of mine is unknown"),
        (dict(regimen="zzz"), "regimen = zzz of mine is unknown"),
        (dict(effective=1.0), "effective = 1.0"),
        (dict(effective=float("nan")), "effective = nan"),
    ):
        with pytest.raises(ValueError, match=message):
            run_trial([patient], {"mine": deciding(**changes)}, PROTOCOL)


def test_an_unknown_drug_and_a_recording_interval_of_nothing_are_refused(make_patient, strategies):
    from leukosim.clinic.strategy.regimens import Dosing, Regimen
    from leukosim.clinic.strategy.rules import Strategy

    oil = Regimen({"snake oil": Dosing([1], dose_mg=1.0)})
    snake = Strategy("snake oil", {"a": oil}, {}, "a")
    with pytest.raises(ValueError, match="drug = snake oil of regimen a in arm mine is unknown"):
        run_trial([make_patient()], {"mine": snake})
    with pytest.raises(ValueError, match="record_days = 0"):
        run_trial([make_patient()], strategies, record_days=0)


@pytest.fixture(scope="module")
def at_diagnosis():
    cohort = Cohort(
        size=4,
        at_diagnosis=True,
        persistence_share=0.0,
        lsc_frequency_log10_low=-8.5,
        lsc_frequency_log10_high=-8.0,
    )
    return draw_cohort(cohort, Disease(), seed=2)


def test_overt_leukaemia_has_responses_and_causes_of_death(at_diagnosis, azacitidine):
    from leukosim.clinic.strategy.regimens import Dosing, Regimen
    from leukosim.clinic.strategy.rules import Rule, Strategy

    both = Regimen({**azacitidine.drugs, "venetoclax": Dosing(list(range(1, 29)), dose_mg=400.0)})
    rules = {"wait": Rule("platelets", "interrupt", below=1e4, at_most_days=14)}
    arms = {
        name: Strategy(name, {"a": course}, rules, "a", marrow_after_cycles=[1, 2])
        for name, course in (("azacitidine", azacitidine), ("both", both))
    }
    protocol = Protocol(horizon_days=120, until_death=True)
    one, two = (run_trial(at_diagnosis, arms, protocol, workers=n) for n in (1, 2))
    xr.testing.assert_identical(one.dataset, two.dataset)
    ds = one.dataset
    best = ds.response.max("assessment").fillna(0.0)
    np.testing.assert_array_equal(ds.best_response, best)
    np.testing.assert_array_equal(ds.death_cause.notnull(), ds.death_day.notnull())
    assert ds.response.attrs["flag_meanings"] == "none MLFS CRi CRh CR"
    assert (ds.interruption_days >= 14).any()
    assert float(ds.overt_blasts.min()) > 1e11
    start, later = ds.blasts.isel(time=0), ds.blasts.sel(time=28.0)
    np.testing.assert_array_equal(start.sel(arm="both"), start.sel(arm="azacitidine"))
    assert (later.sel(arm="both") < later.sel(arm="azacitidine")).all()


def test_cells_descend_from_subtypes_and_switches_explain_others(trial):
    ds = trial.dataset
    np.testing.assert_array_equal(
        ds.stem_cells_by_origin.sum("origin", skipna=False), ds.stem_cells
    )
    first = ds.stem_cells_by_origin.isel(time=0)
    elsewhere = first.where(first.origin != first.subtype, 0.0)
    assert float(elsewhere.sum()) == 0.0
    assert int(ds.switches.where(ds.origin == ds.subtype, 0).sum()) == 0
    changed = ds.stem_cells_by_origin.max("time").where(ds.origin != ds.subtype, 0.0)
    someone = changed.sum(("origin", "subtype")) > 0
    assert someone.any()
    assert (ds.switches.sum(("origin", "subtype")).where(someone, 1) > 0).all()


def test_cells_at_failure_are_those_of_the_day_on_which_it_was_declared(patients, strategies):
    ds = run_trial(patients, strategies, PROTOCOL, record_days=1).dataset
    declared = xr.apply_ufunc(np.fmin, ds.treatment_failure_day, ds.relapse_day)
    assert 0 < int(declared.notnull().sum()) < declared.size
    day = declared.fillna(ds.follow_up_day)
    on_the_day = ds.stem_cells_by_origin.where(ds.time == np.floor(day)).max("time")
    whole = day == np.floor(day)  # who dies does so at any time of a day
    np.testing.assert_array_equal(
        ds.stem_cells_at_treatment_failure.where(whole),
        on_the_day.where(whole).transpose(*ds.switches.dims),
    )
    last = ds.blasts.where(ds.time == ds.follow_up_day).max("time")
    np.testing.assert_allclose(ds.blasts_at_end.where(last.notnull()), last, rtol=1e-12)


def test_the_assay_at_diagnosis_is_the_patients_own(patients, trial):
    measured = trial.dataset.measured_composition
    np.testing.assert_allclose(measured.sum("subtype"), 1.0)
    off = np.abs(measured - trial.dataset.composition)
    assert 0.0 < off.max() < 0.15  # 500 cells, 5 % mistaken: standard errors up to 0.02
    largest = trial.dataset.composition.argmax("subtype")
    names = trial.dataset.subtype[largest].drop_vars("subtype")
    np.testing.assert_array_equal(names, trial.dataset.dominant_subtype)
