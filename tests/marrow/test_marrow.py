"""One patient's marrow: growth as published, results that do not depend on how they are asked."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from leukosim.biology.blood import Blood
from leukosim.biology.disease import Disease
from leukosim.biology.exposure import EXPOSURES
from leukosim.biology.niche import Niche
from leukosim.clinic.drugs.azacitidine import Azacitidine
from leukosim.clinic.drugs.drug import Dose, exposure
from leukosim.marrow.growth import leading
from leukosim.marrow.marrow import Marrow
from leukosim.marrow.rates import FREE, G0, GAP, IN_NICHE, Rates, S, class_index, doubling_range

SPACIOUS = Niche(capacity=1e12, cxcr4_cell_cv=0.0)
methods = pytest.mark.parametrize("method", ["tally", "direct"])


def state(marrow):
    """Everything that a marrow consists of, slot by slot."""
    cells, clones = marrow.cells, marrow.clones
    slots = np.concatenate(
        [np.arange(f, f + n) for f, n in zip(cells.first, cells.count, strict=True)]
    )
    number = clones.number[0]
    return [
        cells.count,
        cells.clone[slots],
        cells.cxcr4[slots],
        marrow.tally,
        *marrow.healthy,
        *(column[:number] for column in clones[1:]),
    ]


def assert_same(one, other):
    for a, b in zip(state(one), state(other), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture
def mutating(make_patient):
    """A patient whose stem cells found new clones, under azacitidine until day 60."""
    disease = Disease()
    mutation = replace(disease.mutation, driver_probability=0.02)
    patient = make_patient(disease=replace(disease, mutation=mutation), doubling_days=14.0)
    doses = [Dose("azacitidine", day, 135.0) for day in range(10, 17)]
    drugs = {"azacitidine": Azacitidine().drug()}

    def met(start, end):
        return exposure(drugs, doses, start, end, patient)

    return patient, met


# ---------------------------------------------------------------------- growth


@pytest.mark.parametrize("cycling", ["equal", "measured"])
@pytest.mark.parametrize("doubling_days", [11.0, 36.0])
def test_the_return_rate_makes_the_leukaemia_double_as_published(
    make_patient, doubling_days, cycling
):
    """After 60 days the mix of classes is steady. Of five marrows with 10,000 to 100,000 cells the
    mean doubling time has a standard error of 0.3 %; 2 % off would be six of them."""
    disease = Disease(niche=SPACIOUS, cycling_by_subtype=cycling)
    patient = make_patient(
        disease=disease,
        doubling_days=doubling_days,
        residual_stem_cells=20_000,
        carrying_capacity=1e300,
    )
    rates, measured = Rates(patient), []
    for seed in range(5):
        marrow = Marrow(replace(patient, seed=seed), rates=rates)
        marrow.advance(60.0)
        before = marrow.stem_cells.sum()
        marrow.advance(60.0 + 2.0 * doubling_days)
        doublings = np.log2(marrow.stem_cells.sum() / before)
        measured.append(2.0 * doubling_days / doublings)
    assert np.mean(measured) == pytest.approx(doubling_days, rel=0.02)


def doublings(rates):
    """Doubling times of the leukaemia as a whole, and of each subtype alone."""
    matrix = rates.mean_matrix(rates.return_rate, rates.disease.cycle.renewal)
    parts = [matrix, *rates.within_subtypes(matrix)]
    whole, *alone = (np.log(2.0) / leading(part)[0] for part in parts)
    return whole, alone


def test_subtypes_that_cycle_as_measured_double_alike(make_patient):
    """Those that enter S more often rest more; with one rate of rest they would outgrow others."""
    patient = make_patient(disease=Disease(cycling_by_subtype="measured"), doubling_days=20.0)
    rates = Rates(patient)
    assert doublings(rates)[0] == pytest.approx(20.0)
    assert doublings(rates)[1] == pytest.approx([20.0] * 4, rel=5e-3)
    assert (np.argsort(rates.return_rate) == np.argsort(rates.disease.cycling_factors())).all()
    one_rate = rates.mean_matrix(Rates(make_patient(doubling_days=20.0)).return_rate, 0.85)
    assert np.log(2.0) / leading(one_rate)[0] < 10.0


def test_a_subtype_that_cycles_too_slowly_never_rests_and_falls_behind(make_patient):
    patient = make_patient(disease=Disease(cycling_by_subtype="measured"), doubling_days=5.0)
    rates = Rates(patient)
    whole, (hsc, *others) = doublings(rates)
    assert whole == pytest.approx(5.0)
    assert others == pytest.approx([5.0] * 3, rel=5e-3)
    assert rates.return_rate[0] == 0.0
    assert hsc > 10.0


@pytest.mark.parametrize("cycling", ["equal", "measured"])
def test_a_marrow_at_diagnosis_has_the_patients_composition(make_patient, cycling):
    disease = Disease(cycling_by_subtype=cycling)
    patient = make_patient(disease=disease, overt_blasts=1e12, doubling_days=5.0)
    mix = Rates(patient).balanced.mix.reshape(4, -1).sum(1)
    np.testing.assert_allclose(mix, patient.composition, atol=1e-9)


@pytest.mark.parametrize("cycling", ["equal", "measured"])
def test_a_marrow_at_diagnosis_starts_in_its_balance(make_patient, cycling):
    """The mix of classes and the share of stem cells stay as they begin, for a few days."""
    disease = Disease(niche=SPACIOUS, cycling_by_subtype=cycling)
    patient = make_patient(
        disease=disease, residual_stem_cells=100_000, carrying_capacity=1e300, overt_blasts=1e11
    )
    marrow = Marrow(patient)
    mix = marrow.rates.balanced.mix
    counts = marrow.advance(11.0, record_days=[11.0])
    seen = counts.cells[0].ravel() / counts.cells.sum()
    np.testing.assert_allclose(seen, mix, atol=0.01)
    assert counts.blasts.sum() / 1e11 == pytest.approx(2.0, rel=0.03)


@methods
def test_without_a_drug_the_mix_of_subtypes_stays(make_patient, method):
    """A multinomial draw of 10,000 founders, then 100 days: 0.05 is four standard deviations of
    what clonal drift adds."""
    disease = Disease(niche=SPACIOUS)
    patient = make_patient(disease=disease, residual_stem_cells=10_000, carrying_capacity=1e300)
    marrow = Marrow(replace(patient, doubling_days=36.0), method)
    marrow.advance(100.0)
    share = marrow.stem_cells / marrow.stem_cells.sum()
    np.testing.assert_allclose(share, patient.composition, atol=0.05)


# ---------------------------------------------------------------------- no dependence on asking


@methods
@pytest.mark.parametrize("visits", [[60.0], [1.0, 2.0, 30.0, 60.0], list(np.arange(1.0, 61.0))])
def test_cutting_a_period_into_calls_changes_nothing(mutating, method, visits):
    patient, met = mutating
    whole, cut = Marrow(patient, method), Marrow(patient, method)
    whole.advance(60.0, met(0.0, 60.0))
    for visit in visits:
        cut.advance(visit, met(cut.day, visit))
    assert whole.clones.number[0] > 1
    assert_same(whole, cut)


@methods
def test_recording_changes_nothing(mutating, method):
    patient, met = mutating
    silent, written = Marrow(patient, method), Marrow(patient, method)
    silent.advance(60.0, met(0.0, 60.0))
    counts = written.advance(60.0, met(0.0, 60.0), record_days=[7.0, 30.0, 60.0])
    assert_same(silent, written)
    assert counts.cells[-1].sum() == written.stem_cells.sum()
    assert counts.blasts[-1].sum() == pytest.approx(written.blasts)
    assert counts.neutrophils[-1] == written.neutrophils


def test_what_is_recorded_is_what_was_there(mutating):
    patient, met = mutating
    at_once, stepwise = Marrow(patient), Marrow(patient)
    days = [3.0, 11.0, 12.0, 40.0]
    counts = at_once.advance(40.0, met(0.0, 40.0), record_days=days)
    for i, day in enumerate(days):
        stepwise.advance(day, met(stepwise.day, day))
        now = stepwise.count()
        np.testing.assert_array_equal(now.cells[0], counts.cells[i])
        np.testing.assert_allclose(now.blasts[0], counts.blasts[i])
        assert now.platelets[0] == counts.platelets[i]


def test_arms_that_share_a_patient_share_its_luck(make_patient):
    """The same patient twice is the same; a drug that does nothing changes nothing."""
    patient = make_patient()
    doses = [Dose("azacitidine", 5.0, 135.0)]
    drugs = {"azacitidine": Azacitidine().drug()}
    untreated, treated, nothing = (Marrow(patient) for _ in range(3))
    untreated.advance(50.0)
    treated.advance(50.0, exposure(drugs, doses, 0.0, 50.0, patient))
    nothing.advance(50.0, exposure(drugs, [Dose("azacitidine", 5.0, 0.0)], 0.0, 50.0))
    assert_same(untreated, nothing)
    assert untreated.stem_cells.sum() != treated.stem_cells.sum()


# ---------------------------------------------------------------------- edges


@methods
def test_an_empty_marrow_stays_healthy(make_patient, method):
    marrow = Marrow(make_patient(residual_stem_cells=0), method)
    counts = marrow.advance(730.0, record_days=[365.0, 730.0])
    assert counts.cells.sum() == 0
    assert counts.blasts.sum() == 0.0
    np.testing.assert_allclose(counts.neutrophils, 4.0)
    np.testing.assert_allclose(counts.platelets, 250.0)


def test_overt_leukaemia_crowds_out_healthy_blood(make_patient):
    patient = make_patient(residual_stem_cells=10_000, overt_blasts=1e12, lsc_frequency=1e-8)
    marrow = Marrow(patient)
    marrow.advance(90.0)
    assert marrow.blasts > 1e12
    assert marrow.neutrophils < 3.0
    assert marrow.platelets < 200.0
    assert marrow.healthy.stem_cells[0] <= 1e5


def test_stem_cells_in_a_remission_rest_in_the_niche(make_patient):
    marrow = Marrow(make_patient(residual_stem_cells=500))
    resting = [class_index(s, IN_NICHE, G0) for s in range(4)]
    assert marrow.cells.count[resting].sum() == marrow.cells.count.sum() == 500


def test_one_subtype_is_enough(make_patient):
    disease = Disease()
    one = {"LMPP-like": disease.subtypes["LMPP-like"]}
    switching = replace(disease.switching, drug_tolerant_state="LMPP-like")
    disease = replace(disease, subtypes=one, switching=switching)
    marrow = Marrow(make_patient(disease=disease, composition=(1.0,)))
    marrow.advance(60.0)
    assert marrow.stem_cells.shape == (1,)
    assert marrow.stem_cells.sum() > 0


def test_s_phase_kill_spares_all_other_phases(make_patient):
    rates = Rates(make_patient())
    values = np.zeros((1, len(EXPOSURES)))
    values[0, 3] = 2.0
    killed = (rates.under(values).rates - rates.drug_free.rates)[0].sum(1)
    in_s = np.array([class_index(s, p, S) for s in range(4) for p in (IN_NICHE, FREE)])
    assert (killed[in_s] > 0.0).all()
    assert killed.sum() == pytest.approx(killed[in_s].sum())
    assert killed[class_index(0, FREE, S)] == 2.0
    assert killed[class_index(0, FREE, GAP)] == 0.0


def test_a_doubling_time_out_of_reach_is_told(make_patient):
    with pytest.raises(ValueError, match=r"doubling_days = 2 \(day\) cannot be reached .* allowed"):
        _ = Rates(make_patient(doubling_days=2.0)).return_rate
    shortest, longest = doubling_range(Rates(make_patient()))
    assert shortest < 11.0 < longest


def test_an_unknown_method_is_told(make_patient):
    with pytest.raises(ValueError, match="method = leap is unknown: allowed tally, direct"):
        Marrow(make_patient(), "leap")


def test_healthy_cells_that_fill_the_niche_leave_no_place(make_patient):
    disease = Disease(niche=Niche(capacity=1e5), blood=Blood(healthy_stem_cells=2e5))
    assert Rates(make_patient(disease=disease)).niche_free == 0.0


@pytest.mark.parametrize("days", [[3.5], [5.0, 5.0], [11.0], [0.0]])
def test_days_that_cannot_be_recorded_are_refused(make_patient, days):
    with pytest.raises(ValueError, match="record_days"):
        Marrow(make_patient()).advance(10.0, record_days=days)


INTERRUPTED = """
import contextlib, os, signal, sys, threading, time
from leukosim.marrow import marrow
from leukosim.config.compose import compose

armed = caught = 0

def interrupt(number, frame):
    global armed
    if armed:
        armed = 0
        raise KeyboardInterrupt

def send():
    while time.monotonic() < end:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5e-4)

if sys.argv[1] == "at once":
    marrow.Deferred = contextlib.nullcontext
patient = compose(["study=relaza2", "cohort.size=1"]).patients()[0]
marrow.Marrow(patient).advance(1.0)
signal.signal(signal.SIGINT, interrupt)
end = time.monotonic() + 3.0
threading.Thread(target=send).start()
while time.monotonic() < end:
    mine = marrow.Marrow(patient)
    for day in range(1, 100):
        try:
            armed = 1
            mine.advance(float(day))
            armed = 0
        except KeyboardInterrupt:
            caught += 1
            break
print(caught)
"""


def interrupted(how):
    """A process that is interrupted some thousand times while it advances a marrow."""
    call = [sys.executable, "-c", INTERRUPTED, how]
    return subprocess.run(call, capture_output=True, text=True, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interruption_is_caught_where_compiled_code_runs():
    done = interrupted("when it is over")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_one_that_does_not_wait_would_be_noticed():
    assert interrupted("at once").returncode < 0
