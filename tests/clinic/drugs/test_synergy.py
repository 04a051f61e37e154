"""Bliss excess: none from independent drugs; synergy from the anti-apoptotic reserve alone."""

import numpy as np
import pytest

from leukosim.biology.apoptosis import Apoptosis
from leukosim.biology.disease import Disease
from leukosim.clinic.drugs.azacitidine import Azacitidine
from leukosim.clinic.drugs.drug import Drug, Effect
from leukosim.clinic.drugs.formulary import declared_drugs, formulary
from leukosim.clinic.drugs.pharmacokinetics import Pharmacokinetics
from leukosim.clinic.drugs.synergy import bliss_excess, kill_by_pair
from leukosim.clinic.drugs.venetoclax import Venetoclax

LEVELS = np.linspace(0.0, 1.0, 6)
# venetoclax at its peak leaves cells alive for another drug to kill
NUMBERS = {"venetoclax": Venetoclax(serum_shift=10.0), "azacitidine": Azacitidine(mcl1_loss=0.2)}
DRUGS = formulary({**declared_drugs(), **NUMBERS})
DISEASE = Disease(apoptosis=Apoptosis(threshold=0.6, steepness=0.1))
SUBTYPES = list(DISEASE.subtypes)


def pair(one, other, **options):
    return kill_by_pair(DRUGS[one], DRUGS[other], LEVELS, LEVELS, DISEASE, **options)


@pytest.mark.parametrize("hours", [24.0, 72.0])
def test_drugs_of_additive_hazards_have_no_excess(hours):
    killer = Drug(
        "killer", Pharmacokinetics(4.0, 400.0, 100.0), {"s_phase_kill": Effect(2.0)}, 400.0, 7
    )
    kill = kill_by_pair(killer, killer, LEVELS, LEVELS, DISEASE, hours, in_s_phase=0.3)
    assert kill.together.max() > 0.5
    np.testing.assert_allclose(kill.bliss_excess, 0.0, atol=1e-14)


def test_a_drug_that_is_absent_adds_nothing():
    kill = pair("venetoclax", "azacitidine")
    np.testing.assert_allclose(kill.bliss_excess[0], 0.0, atol=1e-14)
    np.testing.assert_allclose(kill.bliss_excess[:, 0], 0.0, atol=1e-14)
    np.testing.assert_allclose(kill.together[:, 0], kill.one[:, 0])


@pytest.mark.parametrize("other", ["azacitidine", "bclxl_degrader"])
def test_blocks_of_different_proteins_are_synergistic(other):
    excess = pair("venetoclax", other).bliss_excess[-1, -1]
    assert excess[SUBTYPES.index("LMPP-like")] > 0.02


def test_two_drugs_on_the_same_protein_are_less_than_independent():
    """What venetoclax has blocked is not there to be blocked by navitoclax."""
    excess = pair("venetoclax", "navitoclax").bliss_excess[-1, -1]
    assert excess[SUBTYPES.index("LMPP-like")] < 0.0


def test_cells_without_a_reserve_show_less_synergy():
    """Cells at their threshold die of either drug alone."""
    kill = pair("venetoclax", "azacitidine", reserve_shift=-0.5)
    assert kill.bliss_excess.max() < pair("venetoclax", "azacitidine").bliss_excess.max()


def test_the_grid_has_the_axes_of_its_levels():
    kill = kill_by_pair(
        DRUGS["venetoclax"], DRUGS["navitoclax"], LEVELS, LEVELS[:2], DISEASE, hours=24.0
    )
    assert kill.together.shape == (6, 2, 4)
    assert (np.diff(kill.together, axis=0) >= 0.0).all()
    assert (np.diff(kill.together, axis=1) >= 0.0).all()
    np.testing.assert_array_equal(kill.one[:, 0], kill.one[:, 1])


def test_excess_is_what_is_beyond_independence():
    assert bliss_excess(0.5, 0.5, 0.75) == 0.0
    assert bliss_excess(0.2, 0.1, 0.6) == pytest.approx(0.32)
