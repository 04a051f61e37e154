"""Synergy of two drugs in the laboratory: do they kill more together than independent drugs would?

The model has no parameter for synergy. It follows from the anti-apoptotic reserve, which two drugs
together may lower below the threshold of apoptosis where neither does alone.
"""

from dataclasses import dataclass

import numpy as np

from leukosim.biology.apoptosis import apoptosis_rate, reserve_by_subtype
from leukosim.biology.disease import Disease
from leukosim.biology.exposure import BLOCKS, COLUMN, EXPOSURES, combine
from leukosim.clinic.drugs.drug import Drug


@dataclass(frozen=True)
class Kill:
    """Fractions of cells killed, float64[level of one, level of other, subtype]."""

    one: np.ndarray  # by one drug alone
    other: np.ndarray
    together: np.ndarray

    @property
    def bliss_excess(self) -> np.ndarray:
        """Killed together beyond what independent drugs would kill, in [-1, 1]."""
        return bliss_excess(self.one, self.other, self.together)


def bliss_excess(one, other, together):
    """Fraction killed beyond that of independent drugs: together - (1 - (1 - one) (1 - other)).

    Above 0: synergy; below: antagonism (Bliss 1939).
    """
    return together - (1.0 - (1.0 - one) * (1.0 - other))


def kill_by_pair(
    one: Drug,
    other: Drug,
    levels_of_one: np.ndarray,
    levels_of_other: np.ndarray,
    disease: Disease,
    hours: float = 48.0,
    in_s_phase: float = 0.0,
    reserve_shift: float = 0.0,
) -> Kill:
    """Fractions of stem cells outside the niche that two drugs kill, over a grid of levels.

    Parameters
    ----------
    levels_of_one, levels_of_other : float64[level], constant over time
        Relative to the peak in the drug's reference regimen, in plasma and wherever else it acts.
    disease : whose subtypes and whose law of apoptosis count
    hours : how long cells are exposed
    in_s_phase : share of the time that cells are open to S-phase drugs, in [0, 1]
    reserve_shift : of the patient's anti-apoptotic reserve
    """
    levels = np.meshgrid(levels_of_one, levels_of_other, indexing="ij")
    alone = [
        constant(drug, level, disease) for drug, level in zip((one, other), levels, strict=True)
    ]
    values, blocked = (part.copy() for part in alone[0])
    for name, column in COLUMN.items():
        combine(values[..., column], alone[1][0][..., column], name)
    for name, protein in BLOCKS.items():
        combine(blocked[..., protein], alone[1][1][..., protein], name)

    def killed(values: np.ndarray, blocked: np.ndarray) -> np.ndarray:
        dependencies = np.array([subtype.dependencies for subtype in disease.subtypes.values()])
        left = reserve_by_subtype(dependencies, blocked) + reserve_shift
        untouched = dependencies.sum(1) + reserve_shift
        law = disease.apoptosis
        hazard = apoptosis_rate(left, untouched, law, law.stem_cell_rate)
        hazard = hazard + in_s_phase * values[..., None, COLUMN["s_phase_kill"]]
        return -np.expm1(-hazard * hours / 24.0)

    return Kill(killed(*alone[0]), killed(*alone[1]), killed(values, blocked))


def constant(drug: Drug, level: np.ndarray, disease: Disease) -> tuple[np.ndarray, np.ndarray]:
    """What cells meet at constant levels of a drug, in a typical patient of responsiveness 1.

    Returns
    -------
    values : float64[..., exposure]
    blocked : float64[..., subtype, protein]
    """
    values = np.zeros((*level.shape, len(EXPOSURES)))
    blocked = np.zeros((*level.shape, len(disease.subtypes), len(BLOCKS)))
    for target, effect in drug.effects.items():
        here = level * drug.peaks[0.0] if effect.ec50 is not None else level
        combine(values[..., COLUMN[target]], effect.of(here), target)
        if target in BLOCKS:
            factors = effect.ec50_factors(disease)
            combine(blocked[..., BLOCKS[target]], effect.of(here[..., None], 1.0, factors), target)
    return values, blocked
