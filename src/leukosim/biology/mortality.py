"""Death: hazards of a patient's own, of overt leukaemia, and of missing blood cells.

Hazards add up. Which of them killed is drawn in proportion to their sizes at death.
"""

from dataclasses import dataclass

import numpy as np

from leukosim.parameters import check_ranges, estimate


@dataclass(frozen=True)
class Mortality:
    """What a marrow and a blood count add to the patient's own death rate."""

    overt_fraction: float = estimate(
        0.2, "fraction", low=0.1, high=0.4, source="assumed",
        note="of marrow cells: leukaemia that can kill",
    )  # fmt: skip
    neutropenia_below: float = estimate(
        0.5, "G/L", low=0.1, high=0.5, source="assumed",
        note="neutrophils; grade 4 by the CTCAE",
    )  # fmt: skip
    infection_rate: float = estimate(
        3e-3, "1/day", low=1e-4, high=5e-3, source="assumed",
        note="deaths of infection while neutrophils are so few; tuned by hand to VIALE-A",
    )  # fmt: skip
    thrombocytopenia_below: float = estimate(
        15.0, "G/L", low=10.0, high=20.0, source="assumed", note="platelets"
    )
    bleeding_rate: float = estimate(
        1e-3, "1/day", low=1e-4, high=5e-3, source="assumed",
        note="deaths of bleeding while platelets are so few",
    )  # fmt: skip

    __post_init__ = check_ranges


def death_hazards(law, background, overt, blast_fraction, neutrophils, platelets):
    """Hazards of death by cause, per day; they add up.

        h = h_own + h_overt [blasts >= b] + h_infection [ANC < n] + h_bleeding [platelets < p]

    Parameters
    ----------
    law : Mortality
    background, overt : float, the patient's own rates, 1/day
    blast_fraction : float64[...], leukaemic share of marrow cells
    neutrophils, platelets : float64[...], G/L

    Returns
    -------
    float64[..., cause], in the order of leukosim.results.variables.CAUSES
    """
    hazards = np.empty((*np.shape(blast_fraction), 4))
    hazards[..., 0] = background
    hazards[..., 1] = overt * (np.asarray(blast_fraction) >= law.overt_fraction)
    hazards[..., 2] = law.infection_rate * (np.asarray(neutrophils) < law.neutropenia_below)
    hazards[..., 3] = law.bleeding_rate * (np.asarray(platelets) < law.thrombocytopenia_below)
    return hazards
