"""Doses in, exposure segments out; any drug is data."""

import numpy as np
import pytest

from leukosim.biology.exposure import COLUMN
from leukosim.biology.patient import TYPICAL, PKParameters
from leukosim.clinic.drugs.azacitidine import Azacitidine
from leukosim.clinic.drugs.drug import Dose, Drug, Effect, exposure
from leukosim.clinic.drugs.formulary import formulary
from leukosim.clinic.drugs.pharmacokinetics import Pharmacokinetics

AZACITIDINE = Azacitidine().drug()
DRUGS = {"azacitidine": AZACITIDINE}
COURSE = [Dose("azacitidine", float(day), 135.0) for day in range(7)]


def of(name, met):
    return met.values[:, COLUMN[name]]


def test_the_reference_course_peaks_near_one():
    met = exposure(DRUGS, COURSE, 0.0, 28.0)
    kill = of("s_phase_kill", met)
    assert kill.max() == pytest.approx(Azacitidine().s_phase_kill, rel=0.25)
    assert kill.max() <= Azacitidine().s_phase_kill
    assert of("renewal_loss", met).argmax() in (6, 7)


def test_memory_outlasts_the_drug():
    numbers = Azacitidine(incorporated_half_life_days=1.0, memory_half_life_days=12.0)
    met = exposure({"azacitidine": numbers.drug()}, COURSE, 0.0, 28.0)
    assert of("s_phase_kill", met)[20] < 1e-3 * of("s_phase_kill", met).max()
    assert of("renewal_loss", met)[20] > 0.2 * of("renewal_loss", met).max()


def test_halving_segments_keeps_the_mean_exposure():
    whole = exposure(DRUGS, COURSE, 0.0, 28.0)
    finer = Drug(
        "azacitidine", AZACITIDINE.pharmacokinetics, AZACITIDINE.effects, 135.0, 7, segment_hours=12
    )
    halved = exposure({"azacitidine": finer}, COURSE, 0.0, 28.0)
    assert len(halved.start) > len(whole.start)
    for name in ("s_phase_kill", "renewal_loss"):
        before = (of(name, whole) * (whole.end - whole.start)).sum()
        after = (of(name, halved) * (halved.end - halved.start)).sum()
        assert after == pytest.approx(before, rel=1e-9)


def test_a_cut_at_a_visit_changes_no_segment():
    whole = exposure(DRUGS, COURSE, 0.0, 28.0)
    parts = [exposure(DRUGS, COURSE, a, b) for a, b in ((0.0, 5.0), (5.0, 28.0))]
    np.testing.assert_array_equal(whole.values, np.concatenate([p.values for p in parts]))


def test_responsiveness_scales_what_it_should_and_nothing_else(make_patient):
    full, half = (
        exposure(DRUGS, COURSE, 0.0, 14.0, make_patient(responsiveness={"azacitidine": each}))
        for each in (1.0, 0.5)
    )
    np.testing.assert_allclose(of("blast_kill", half), of("blast_kill", full) / 2)
    np.testing.assert_array_equal(of("mcl1_blocked", half), of("mcl1_blocked", full))


def test_fractions_combine_as_independent_and_stay_fractions():
    twin = Drug("twin", AZACITIDINE.pharmacokinetics, AZACITIDINE.effects, 135.0, 7)
    doses = [*COURSE, *(Dose("twin", d.day, d.amount_mg) for d in COURSE)]
    one = of("renewal_loss", exposure(DRUGS, COURSE, 0.0, 28.0))
    both = of("renewal_loss", exposure({**DRUGS, "twin": twin}, doses, 0.0, 28.0))
    np.testing.assert_allclose(both, 1.0 - (1.0 - one) ** 2, atol=1e-5)
    assert both.max() <= 1.0


def test_a_saturating_effect_never_exceeds_its_size():
    blocker = Drug(
        "blocker", Pharmacokinetics(4.0, 400.0, 100.0),
        {"bcl2_blocked": Effect(0.9, 0.01, half_level=0.1, by_responsiveness=False)}, 400.0, 7,
    )  # fmt: skip
    doses = [Dose("blocker", float(d), 4000.0) for d in range(28)]
    blocked = of("bcl2_blocked", exposure({"blocker": blocker}, doses, 0.0, 28.0))
    assert 0.85 < blocked.max() < 0.9


def blocker(**effect):
    """A drug that blocks BCL-2 by a saturating law in plasma, without lag."""
    block = Effect(1.0, 0.0, by_responsiveness=False, **effect)
    return Drug("blocker", Pharmacokinetics(4.0, 400.0, 100.0), {"bcl2_blocked": block}, 400.0, 7)


DAILY = [Dose("blocker", float(day), 400.0) for day in range(60)]


def test_an_ec50_is_a_concentration(make_patient):
    """In steady state the mean concentration is dose / clearance, 1 mg/L."""
    met = exposure({"blocker": blocker(ec50=0.25)}, DAILY, 58.0, 59.0, make_patient())
    assert of("bcl2_blocked", met)[0] == pytest.approx(1.0 / 1.25, rel=1e-6)


def test_subtypes_may_differ_in_their_ec50(make_patient):
    drug = blocker(ec50=0.25, relative_ec50={"MEP-like": 4.0, "MoDe": 12.0})
    met = exposure({"blocker": drug}, DAILY, 58.0, 59.0, make_patient())
    expected = [0.8, 0.8, 0.5, 0.25]
    np.testing.assert_allclose(met.blocked[0, :, 0], expected, rtol=1e-6)
    assert (met.blocked[0, :, 1:] == 0.0).all()


def test_a_patients_own_handling_counts(make_patient):
    drugs = {"blocker": blocker(ec50=0.25)}
    slow = make_patient(pk_parameters={"blocker": PKParameters(clearance=0.5)})
    hard = make_patient(pk_parameters={"blocker": PKParameters(ec50=4.0)})
    by_patient = [exposure(drugs, DAILY, 58.0, 59.0, p) for p in (slow, hard)]
    blocked = [of("bcl2_blocked", met)[0] for met in by_patient]
    assert blocked == pytest.approx([2.0 / 2.25, 0.5], rel=1e-3)


def test_a_larger_volume_lowers_the_peak_and_keeps_the_area():
    drug, big = blocker(ec50=1.0), PKParameters(volume=2.0)
    start, end = np.arange(0.0, 60.0, 0.01), np.arange(0.0, 60.0, 0.01) + 0.01
    levels = [
        drug.level(
            drug.effects["bcl2_blocked"], pk_parameters, np.zeros(1), np.array([400.0]), start, end
        )
        for pk_parameters in (TYPICAL, big)
    ]
    assert levels[1].max() < 0.8 * levels[0].max()
    assert levels[1].sum() == pytest.approx(levels[0].sum(), rel=1e-6)


def test_without_relative_ec50s_blocks_are_told_once_for_all_subtypes(make_patient):
    met = exposure({"blocker": blocker(ec50=0.25)}, DAILY, 0.0, 28.0, make_patient())
    assert met.blocked is None
    cut = exposure({"blocker": blocker(ec50=0.25)}, DAILY, 0.0, 28.0)
    np.testing.assert_array_equal(met.values, cut.values)


def test_blocks_of_several_drugs_enter_one_budget(make_patient):
    """Azacitidine lowers MCL-1 while venetoclax blocks BCL-2, in each subtype by its own EC50."""
    patient = make_patient(responsiveness={"azacitidine": 0.0})
    drugs = formulary()
    aza = [Dose("azacitidine", float(day), 135.0) for day in range(7)]
    ven = [Dose("venetoclax", float(day), 400.0) for day in range(28)]
    both = exposure(drugs, [*aza, *ven], 0.0, 7.0, patient).blocked
    one = exposure(drugs, ven, 0.0, 7.0, patient).blocked
    mcl1 = of("mcl1_blocked", exposure(drugs, aza, 0.0, 7.0))
    np.testing.assert_allclose(both[:, :, 0], one[:, :, 0])
    np.testing.assert_allclose(both[:, :, 2], np.repeat(mcl1[:, None], 4, axis=1))
    hscs, lmpps, meps, modes = one[-1, :, 0]
    assert lmpps > hscs > meps > modes > 0.0


def test_an_unknown_target_is_refused():
    with pytest.raises(
        ValueError, match=r"effects.hair_growth is not a known exposure: allowed bcl2"
    ):
        Drug("tonic", Pharmacokinetics(4.0, 400.0, 100.0), {"hair_growth": Effect(1.0)}, 1.0, 1)


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (dict(ec50=1.0, half_level=1.0), "exclude each other"),
        (dict(relative_ec50={"MoDe": 2.0}), "relative_ec50 needs an ec50"),
        (dict(ec50=1.0, relative_ec50={"MoDe": -2.0}), "relative_ec50.MoDe = -2.0"),
        (dict(ec50=-1.0), "ec50 = -1.0 is not allowed: ec50 is in mg/L"),
    ],
)
def test_a_contradictory_effect_is_refused(effect, words):
    with pytest.raises(ValueError, match=words):
        Effect(1.0, **effect)


def test_only_blocks_differ_by_subtype():
    effect = Effect(1.0, ec50=1.0, relative_ec50={"MoDe": 2.0})
    with pytest.raises(ValueError, match=r"effects.blast_kill.relative_ec50 has no meaning"):
        Drug("x", Pharmacokinetics(4.0, 400.0, 100.0), {"blast_kill": effect}, 1.0, 1)
