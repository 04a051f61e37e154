"""Doses in, exposure segments out; any drug is data."""

import numpy as np
import pytest

from leukosim.drugs.azacitidine import Azacitidine
from leukosim.drugs.drug import COLUMN, Dose, Drug, Effect, exposure
from leukosim.drugs.pharmacokinetics import Pharmacokinetics

AZACITIDINE = Azacitidine().drug()
DRUGS = {"azacitidine": AZACITIDINE}
COURSE = [Dose("azacitidine", float(day), 135.0) for day in range(7)]


def of(name, met):
    return met.values[:, COLUMN[name]]


def test_the_reference_course_peaks_near_one():
    met = exposure(DRUGS, COURSE, 0.0, 28.0, {"azacitidine": 1.0})
    kill = of("s_phase_kill", met)
    assert kill.max() == pytest.approx(Azacitidine().s_phase_kill, rel=0.25)
    assert kill.max() <= Azacitidine().s_phase_kill
    assert of("renewal_loss", met).argmax() in (6, 7)


def test_memory_outlasts_the_drug():
    met = exposure(DRUGS, COURSE, 0.0, 28.0, {"azacitidine": 1.0})
    assert of("s_phase_kill", met)[20] < 1e-3 * of("s_phase_kill", met).max()
    assert of("renewal_loss", met)[20] > 0.2 * of("renewal_loss", met).max()


def test_halving_segments_keeps_the_mean_exposure():
    whole = exposure(DRUGS, COURSE, 0.0, 28.0, {"azacitidine": 0.3})
    finer = Drug(
        "azacitidine", AZACITIDINE.pharmacokinetics, AZACITIDINE.effects, 135.0, 7, segment_hours=12
    )
    halved = exposure({"azacitidine": finer}, COURSE, 0.0, 28.0, {"azacitidine": 0.3})
    assert len(halved.start) > len(whole.start)
    for name in ("s_phase_kill", "renewal_loss"):
        before = (of(name, whole) * (whole.end - whole.start)).sum()
        after = (of(name, halved) * (halved.end - halved.start)).sum()
        assert after == pytest.approx(before, rel=1e-9)


def test_a_cut_at_a_visit_changes_no_segment():
    whole = exposure(DRUGS, COURSE, 0.0, 28.0, {})
    parts = [exposure(DRUGS, COURSE, a, b, {}) for a, b in ((0.0, 5.0), (5.0, 28.0))]
    np.testing.assert_array_equal(whole.values, np.concatenate([p.values for p in parts]))


def test_responsiveness_scales_what_it_should_and_nothing_else():
    full = exposure(DRUGS, COURSE, 0.0, 14.0, {"azacitidine": 1.0})
    half = exposure(DRUGS, COURSE, 0.0, 14.0, {"azacitidine": 0.5})
    np.testing.assert_allclose(of("blast_kill", half), of("blast_kill", full) / 2)
    np.testing.assert_array_equal(of("mcl1_blocked", half), of("mcl1_blocked", full))


def test_fractions_combine_as_independent_and_stay_fractions():
    twin = Drug("twin", AZACITIDINE.pharmacokinetics, AZACITIDINE.effects, 135.0, 7)
    doses = [*COURSE, *(Dose("twin", d.day, d.amount_mg) for d in COURSE)]
    one = of("renewal_loss", exposure(DRUGS, COURSE, 0.0, 28.0, {}))
    both = of("renewal_loss", exposure({**DRUGS, "twin": twin}, doses, 0.0, 28.0, {}))
    np.testing.assert_allclose(both, 1.0 - (1.0 - one) ** 2, atol=1e-5)
    assert both.max() <= 1.0


def test_a_saturating_effect_never_exceeds_its_size():
    blocker = Drug(
        "blocker", Pharmacokinetics(4.0, 400.0, 100.0),
        [Effect("bcl2_blocked", 0.9, 0.01, half_level=0.1, by_responsiveness=False)], 400.0, 7,
    )  # fmt: skip
    doses = [Dose("blocker", float(d), 4000.0) for d in range(28)]
    blocked = of("bcl2_blocked", exposure({"blocker": blocker}, doses, 0.0, 28.0, {}))
    assert 0.85 < blocked.max() < 0.9


def test_an_unknown_target_is_refused():
    with pytest.raises(ValueError, match="target = hair_growth is unknown: allowed bcl2_blocked"):
        Effect("hair_growth", 1.0)
