"""Death of one patient, and the days with cytopenia.

A patient dies when the cumulative hazard of death reaches an exponential random number of mean 1,
which is the patient's own and the same in all arms. Hazards are piecewise constant: those of the
marrow at the start of each day.
"""

import math

import numpy as np

from leukosim.biology.mortality import death_hazards
from leukosim.biology.patient import Patient
from leukosim.marrow.counts import Counts
from leukosim.random_streams import DEATH

# Lineage and the count (G/L) below which a day is counted: grades 3 and 4 of the Common Terminology
# Criteria for Adverse Events (CTCAE), version 5.
CYTOPENIAS = {
    "days_grade3_neutropenia": ("neutrophils", 1.0),
    "days_grade4_neutropenia": ("neutrophils", 0.5),
    "days_grade3_thrombocytopenia": ("platelets", 50.0),
    "days_grade4_thrombocytopenia": ("platelets", 25.0),
}
MOST_SAFE_DAYS = 36525.0


class VitalStatus:
    """Hazards of death, the day and cause of death, and the days with cytopenia so far.

    counts : Counts of the start, one row
    """

    def __init__(self, patient: Patient, counts: Counts):
        self.patient = patient
        self.remaining_hazard = float(patient.stream(DEATH).exponential())  # cumulative, to death
        self.hazards = self._hazards(counts)[0]  # float64[cause], now, per day
        law, rates = patient.disease.mortality, (patient.death_rate, patient.overt_death_rate)
        self.largest_hazard = float(death_hazards(law, *rates, 1.0, -1.0, -1.0).sum())  # per day
        self.death_day: float | None = None
        self.death_cause: int | None = None  # position in leukosim.results.variables.CAUSES
        self.cytopenia_days = dict.fromkeys(CYTOPENIAS, 0)

    @property
    def is_dead(self) -> bool:
        """Whether the patient has died."""
        return self.death_day is not None

    def surely_survives(self, days: float) -> bool:
        """Whether the patient survives so many days even under the largest hazard."""
        return days * self.largest_hazard < self.remaining_hazard

    def safe_days(self) -> float:
        """Days that the patient survives even under the largest hazard."""
        if not self.largest_hazard:
            return MOST_SAFE_DAYS
        return min(self.remaining_hazard / self.largest_hazard, MOST_SAFE_DAYS)

    def death_before(self, start: float, end: float) -> float | None:
        """The day of death under the hazards of ``start``, if it lies before ``end``.

        The day is recorded, with a cause drawn in proportion to the hazards.
        """
        total = self.hazards.sum()
        if total * (end - start) < self.remaining_hazard:
            return None
        self.death_day = start + self.remaining_hazard / total
        share = np.cumsum(self.hazards) / total
        # a random number of the patient's own, so that arms share it
        draw = self.patient.stream(DEATH, 1).random()
        self.death_cause = int(np.searchsorted(share, draw))
        return self.death_day

    def survive(self, start: float, counts: Counts) -> None:
        """Add up the hazards of the days from ``start`` on. ``counts`` : of the end of each day."""
        hazards = self._hazards(counts)
        later = hazards[:-1].sum(1) * (counts.day[1:] - counts.day[:-1])
        first = self.hazards.sum() * (counts.day[0] - start)
        self.remaining_hazard -= float(first + later.sum())
        self.hazards = hazards[-1]

    def count_cytopenia(self, counts: Counts) -> None:
        """Count the days with cytopenia. ``counts`` : of each day's end; the last may end early."""
        last = counts.day[-1]
        whole = slice(None) if last == math.floor(last) else slice(-1)
        for name, (lineage, level) in CYTOPENIAS.items():
            count = getattr(counts, lineage)
            if count.min() < level:
                self.cytopenia_days[name] += int(np.count_nonzero(count[whole] < level))

    def _hazards(self, counts: Counts) -> np.ndarray:
        """Hazards of death, float64[row, cause], per day."""
        blasts = counts.blasts.sum(1)
        healthy = self.patient.disease.blood.healthy_marrow_cells
        return death_hazards(
            self.patient.disease.mortality,
            self.patient.death_rate,
            self.patient.overt_death_rate,
            blasts / (blasts + healthy),
            counts.neutrophils,
            counts.platelets,
        )
