"""The named laws, at their limits and against independent forms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm

from leukosim.biology.apoptosis import (
    Apoptosis,
    anti_apoptotic_reserve,
    apoptosis_rate,
    reserve_by_subtype,
)
from leukosim.biology.disease import Disease
from leukosim.biology.niche import Niche, egress_rate
from leukosim.biology.subtypes import Subtype, Switching, four_subtypes, switching_rates

SUBTYPES = four_subtypes()
DEPENDENCES = np.array([subtype.dependencies for subtype in SUBTYPES.values()])


def test_an_untouched_budget_is_one_and_a_blocked_one_is_nothing():
    np.testing.assert_allclose(anti_apoptotic_reserve(DEPENDENCES, np.zeros(3)), 1.0)
    np.testing.assert_allclose(anti_apoptotic_reserve(DEPENDENCES, np.ones(3)), 0.0, atol=1e-12)


def test_an_untreated_cell_does_not_die_of_its_threshold():
    budget = np.array([0.2, 0.6, 1.0, 1.5])
    assert (apoptosis_rate(budget, budget, Apoptosis(), 0.5) == 0.0).all()


def test_the_hazard_rises_as_the_budget_falls_and_never_beyond_its_maximum():
    left = np.linspace(1.0, 0.0, 50)
    hazard = apoptosis_rate(left, 1.0, Apoptosis(), 0.5)
    assert (np.diff(hazard) > 0).all()
    assert hazard[-1] < 0.5


def test_blocking_bcl2_hits_lmpp_like_cells_hardest_and_mode_least():
    hazard = apoptosis_rate(
        anti_apoptotic_reserve(DEPENDENCES, [1.0, 0.0, 0.0]), 1.0, Apoptosis(), 0.5
    )
    by_name = dict(zip(SUBTYPES, hazard, strict=True))
    assert max(by_name, key=by_name.get) == "LMPP-like"
    assert min(by_name, key=by_name.get) == "MoDe"


def test_two_blocks_kill_more_than_both_alone():
    """Synergy follows from the budget: there is no synergy constant to put it in."""
    law = Apoptosis(threshold=0.6, steepness=0.1)
    alone = [
        apoptosis_rate(anti_apoptotic_reserve(DEPENDENCES, blocked), 1.0, law, 0.5)
        for blocked in ([0.9, 0.0, 0.0], [0.0, 0.9, 0.0])
    ]
    both = apoptosis_rate(anti_apoptotic_reserve(DEPENDENCES, [0.9, 0.9, 0.0]), 1.0, law, 0.5)
    assert (both >= alone[0] + alone[1])[:3].all()


def test_a_block_in_all_subtypes_alike_is_the_same_by_subtype():
    blocked = np.array([[0.3, 0.1, 0.7], [0.9, 0.0, 0.2]])
    by_subtype = np.repeat(blocked[:, None], 4, axis=1)
    np.testing.assert_allclose(
        reserve_by_subtype(DEPENDENCES, by_subtype), anti_apoptotic_reserve(DEPENDENCES, blocked)
    )


COMPOSITION = np.array([0.05, 0.75, 0.15, 0.05])


@pytest.mark.parametrize("memory", [0.0, 0.4, 1.0])
def test_without_a_drug_the_patients_own_composition_is_stationary(memory):
    """However fast cells are exchanged; cells native to the drug-tolerant state are never lost."""
    rates = switching_rates(Switching(), COMPOSITION, 2, 1.0, np.zeros(4), memory)
    flow = COMPOSITION[:, None] * rates
    np.testing.assert_allclose(flow.sum(0), flow.sum(1))
    assert rates.sum() == pytest.approx((0.001 + 0.02 * memory) * 3.0)


def test_stress_drives_cells_to_the_drug_tolerant_state_only():
    calm, stressed, mutated = (
        switching_rates(Switching(), np.full(4, 0.25), 2, reprogramming, stress)
        for reprogramming, stress in ((1.0, np.zeros(4)), (1.0, np.ones(4)), (4.0, np.ones(4)))
    )
    expected = np.zeros((4, 4))
    expected[[0, 1, 3], 2] = 0.01
    np.testing.assert_allclose(stressed - calm, expected)
    np.testing.assert_allclose(mutated - calm, 4.0 * expected)


@pytest.mark.parametrize(
    ("law", "reprogramming"), [(Switching(), 0.0), (Switching(induced_rate=0.0), 1.0)]
)
def test_where_nothing_is_induced_nothing_is_reversed(law, reprogramming):
    calm = switching_rates(law, COMPOSITION, 2, reprogramming, np.zeros(4), 0.0)
    for stress in (np.zeros(4), np.full(4, 0.7)):
        after = switching_rates(law, COMPOSITION, 2, reprogramming, stress, 1.0)
        np.testing.assert_array_equal(after, calm)


def test_no_cell_comes_back_while_a_drug_is_there():
    """One stressed subtype is enough, also where the drug-tolerant state is not stressed."""
    for strongest, exchange in ((0.4, 0.001), (0.05, 0.001 + 0.02 * 0.5)):
        stress = np.array([0.0, strongest, 0.0, 0.0])
        rates = switching_rates(Switching(), COMPOSITION, 2, 1.0, stress, 1.0)
        np.testing.assert_allclose(rates[2, [0, 1, 3]], exchange * COMPOSITION[[0, 1, 3]])


def test_induced_cells_come_back_to_the_patients_composition():
    """Half of the cells are drug-tolerant, then no drug: the surplus decays by exchange."""
    rates = switching_rates(Switching(), COMPOSITION, 2, 1.0, np.zeros(4), 1.0)
    generator = rates.T - np.diag(rates.sum(1))
    surplus = 0.5 * (np.eye(4)[2] - COMPOSITION)
    later = expm(100.0 * generator) @ (COMPOSITION + surplus)
    np.testing.assert_allclose(later, COMPOSITION + np.exp(-100.0 * 0.021) * surplus)


def test_cells_that_share_a_sensitivity_have_the_patients_mean_unless_reprogrammed():
    disease = Disease(
        subtypes={**SUBTYPES, "reprogrammed": replace(SUBTYPES["MEP-like"], native=False)},
        switching=Switching(drug_tolerant_state="reprogrammed", shared_sensitivity=True),
    )
    own = disease.dependencies([*COMPOSITION, 0.0])
    np.testing.assert_allclose(own[:4], np.tile(COMPOSITION @ DEPENDENCES, (4, 1)))
    np.testing.assert_array_equal(own[4], DEPENDENCES[2])
    np.testing.assert_array_equal(Disease().dependencies(COMPOSITION), DEPENDENCES)


def test_shares_of_protection_sum_to_one():
    with pytest.raises(ValueError, match=r"bcl2 \+ bclxl \+ mcl1 = 1.05 \(fraction\)"):
        Subtype(bcl2=0.7)
    Subtype(bcl2=0.65 + 5e-7)


def test_some_subtype_must_dominate_somewhere():
    nowhere = {name: replace(each, dominant_share=0.0) for name, each in SUBTYPES.items()}
    with pytest.raises(ValueError, match=r"subtypes: dominant_share \(fraction\) is 0 in every"):
        Disease(subtypes=nowhere)


def test_detachment_needs_the_dependent_share():
    assert egress_rate(Niche(cxcr4_dependent_share=0.0), 1.0) == Niche().egress_rate
    assert egress_rate(Niche(), 1.0) > 50 * Niche().egress_rate


def test_hypotheses_on_cxcr4_are_named():
    assert set(Disease().cxcr4_factors()) == {1.0}
    measured = Disease(cxcr4_by_subtype="measured").cxcr4_factors()
    backwards = Disease(cxcr4_by_subtype="reversed").cxcr4_factors()
    np.testing.assert_allclose(np.multiply(measured, backwards), 1.0)
    with pytest.raises(ValueError, match="cxcr4_by_subtype = high is not a hypothesis"):
        Disease(cxcr4_by_subtype="high")


def test_hypotheses_on_the_cycle_are_named():
    np.testing.assert_array_equal(Disease().cycling_factors(), 1.0)
    measured = Disease(cycling_by_subtype="measured").cycling_factors()
    np.testing.assert_array_equal(measured, [0.23, 1.0, 1.88, 1.4])
    with pytest.raises(ValueError, match="cycling_by_subtype = fast is not a hypothesis"):
        Disease(cycling_by_subtype="fast")


def test_a_drug_tolerant_state_must_be_a_subtype():
    with pytest.raises(ValueError, match="switching.drug_tolerant_state = T-like is not a subtype"):
        Disease(switching=Switching(drug_tolerant_state="T-like"))
