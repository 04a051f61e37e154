"""A drug of the user's own, written in a configuration: nothing but numbers.

A file ``mine/extra/mine.yaml``, chosen by ``--config-dir mine +extra=mine``, could hold::

    # @package drug.mcl1_inhibitor
    pharmacokinetics: { clearance: 200, volume: 80 } # L/day, L; into the vein
    reference_dose_mg: 100
    effects:
      mcl1_blocked: { size: 0.9, ec50: 0.3, half_life_days: 0, relative_ec50: { MoDe: 2.5 } }
      neutrophil_loss: { size: 0.1, half_life_days: 0.5 }

A strategy then gives ``mcl1_inhibitor`` as any other drug.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from leukosim.clinic.drugs.drug import Drug, Effect, check_targets
from leukosim.clinic.drugs.pharmacokinetics import Pharmacokinetics, TwoCompartments
from leukosim.errors import InvalidField
from leukosim.parameters import check_ranges, setting


def needed(unit: str, lowest: float, highest: float = math.inf, note: str = "") -> Any:
    """Declare a field that has no default, as nobody but the user can know it."""
    return field(metadata=dict(unit=unit, lowest=lowest, highest=highest, note=note))


@dataclass(frozen=True)
class OwnPharmacokinetics:
    """One compartment, or two where an exchange is given; by mouth where an absorption is given."""

    clearance: float = needed("L/day", lowest=1e-6, note="from plasma")
    volume: float = needed("L", lowest=1e-6)  # of the central compartment
    absorption_rate: float | None = setting(
        None, "1/day", lowest=1e-6, note="by mouth; null: into the vein"
    )
    exchange: float | None = setting(
        None, "L/day", lowest=1e-6, note="with a second compartment; null: there is none"
    )
    peripheral_volume: float | None = setting(
        None, "L", lowest=1e-6, note="of the second compartment"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if (self.exchange is None) != (self.peripheral_volume is None):
            raise InvalidField(
                f"exchange = {self.exchange} (L/day) and peripheral_volume = "
                f"{self.peripheral_volume} (L): a second compartment needs both"
            )

    def compartments(self) -> Pharmacokinetics:
        """The model with as many compartments as there are numbers for."""
        central = self.absorption_rate, self.clearance, self.volume
        if self.exchange is None or self.peripheral_volume is None:
            return Pharmacokinetics(*central)
        return TwoCompartments(*central, self.exchange, self.peripheral_volume)


@dataclass(frozen=True)
class CustomDrug:
    """Pharmacokinetics, a regimen to which levels are relative, and effects by exposure.

    Patients differ in clearance, volume and EC50 as stated. They respond alike (responsiveness 1)
    unless the mean of a logit-normal responsiveness is given.
    """

    pharmacokinetics: OwnPharmacokinetics  # of the level in plasma
    effects: dict[str, Effect]  # on cells, by exposure
    reference_dose_mg: float = needed(
        "mg", lowest=1e-9, note="of the regimen that levels are relative to"
    )
    reference_days: int = setting(
        1, "day", lowest=1, highest=366, note="number of daily doses in that regimen"
    )
    segment_hours: float = setting(
        24.0, "hour", lowest=0.05, highest=24.0,
        note="length of steps in which levels are averaged after a dose",
    )  # fmt: skip
    clearance_cv: float = setting(0.0, "1", lowest=0.0, highest=3.0, note="between patients")
    volume_cv: float = setting(0.0, "1", lowest=0.0, highest=3.0, note="between patients")
    ec50_log10_sd: float = setting(0.0, "log10", lowest=0.0, highest=3.0, note="between patients")
    responsiveness_logit_mean: float | None = setting(
        None, "logit", lowest=-10.0, highest=10.0, note="over patients; null: all respond alike"
    )
    responsiveness_logit_sd: float = setting(
        0.0, "logit", lowest=0.0, highest=10.0, note="between patients"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        check_targets(self.effects)

    def drug(self, name: str) -> Drug:
        """The drug with these numbers."""
        return Drug(
            name=name,
            pharmacokinetics=self.pharmacokinetics.compartments(),
            effects=self.effects,
            reference_dose_mg=self.reference_dose_mg,
            reference_days=self.reference_days,
            segment_hours=self.segment_hours,
            clearance_cv=self.clearance_cv,
            volume_cv=self.volume_cv,
            ec50_log10_sd=self.ec50_log10_sd,
            responsiveness_logit_mean=self.responsiveness_logit_mean,
            responsiveness_logit_sd=self.responsiveness_logit_sd,
        )
