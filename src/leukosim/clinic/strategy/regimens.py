"""Regimens: which drugs, how much, on which days of which cycles."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from leukosim.clinic.drugs.drug import Dose
from leukosim.errors import InvalidField
from leukosim.parameters import check_ranges, setting


@dataclass(frozen=True)
class Dosing:
    """How one drug of a regimen is given: by body surface, or a fixed dose."""

    days: list[int] = field(
        metadata={"unit": "day of the cycle", "lowest": 1, "highest": 366}
    )  # on which the drug is given
    dose_mg_per_m2: float | None = setting(
        None, "mg/m2", lowest=0.0, note="dose relative to body surface; this or dose_mg"
    )
    dose_mg: float | None = setting(
        None, "mg", lowest=0.0, note="fixed dose; this or dose_mg_per_m2"
    )
    ramp_mg: list[float] = field(
        default_factory=list,
        metadata={"unit": "mg", "lowest": 0.0, "highest": 1e6},
    )  # the first doses of the regimen, where these are lower
    hours: list[float] = field(
        default_factory=lambda: [0.0],
        metadata={"unit": "hour of the day", "lowest": -24.0, "highest": 48.0},
    )  # at each of which the dose is given; below 0 the day before, from 24 on the day after
    infusion_hours: float = setting(
        0.0, "hour", lowest=0.0, highest=168.0, note="duration of an infusion; 0: at once"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.days:
            raise InvalidField("days is empty: a drug needs at least one day (day of the cycle)")
        if (self.dose_mg_per_m2 is None) == (self.dose_mg is None):
            raise InvalidField(
                f"dose_mg_per_m2 = {self.dose_mg_per_m2} and dose_mg = {self.dose_mg}: "
                "a drug needs one of the two (mg/m2 or mg), 0 or more"
            )
        if len(set(self.days)) < len(self.days):
            raise InvalidField(f"days = {self.days} (day of the cycle) names a day more than once")
        if not self.hours or len(set(self.hours)) < len(self.hours):
            raise InvalidField(
                f"hours = {self.hours} (hour of the day) must name at least one hour, each once"
            )
        if min(self.hours) < 0.0 and min(self.days) == 1:
            raise InvalidField(
                f"hours = {self.hours} (hour of the day) with days = {self.days} (day of the "
                "cycle) would give a dose before the cycle begins: begin on day 2 or later"
            )

    def amounts_mg(self, cycle: int, body_surface_m2: float) -> list[float]:
        """The doses of a cycle (0, 1, ...), one for each of its days from the first on."""
        if self.dose_mg_per_m2 is not None:
            amount = self.dose_mg_per_m2 * body_surface_m2
        else:
            assert self.dose_mg is not None
            amount = self.dose_mg
        ramp = [min(first, amount) for first in self.ramp_mg] if cycle == 0 else []
        return [*ramp, *[amount] * len(self.days)][: len(self.days)]


@dataclass(frozen=True)
class Regimen:
    """Cycles of one or several drugs. Day 1 of cycle 1 is the day the regimen starts."""

    drugs: dict[str, Dosing]  # how each drug is given, by its name
    cycle_days: int = setting(28, "day", lowest=1, highest=366, note="length of a cycle")
    cycles: int = setting(24, "cycles", lowest=1, highest=1000, note="largest number of cycles")

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.drugs:
            raise InvalidField("drugs is empty: a regimen needs at least one drug")
        for name, dosing in self.drugs.items():
            if max(dosing.days) > self.cycle_days:
                raise InvalidField(
                    f"drugs.{name}.days = {dosing.days} (day of the cycle) must lie within "
                    f"cycle_days = {self.cycle_days}: allowed from 1 to {self.cycle_days}"
                )

    def doses(
        self,
        start: float,
        cycle: int,
        body_surface_m2: float,
        most_days: Mapping[str, int] | None = None,
    ) -> list[Dose]:
        """The doses of a cycle (0, 1, ...) that starts on the day ``start``.

        most_days : by drug, how many of its days are given where not all are
        """
        most_days = most_days or {}
        return [
            Dose(name, start + day - 1 + hour / 24.0, amount, dosing.infusion_hours / 24.0)
            for name, dosing in self.drugs.items()
            for day, amount in list(
                zip(sorted(dosing.days), dosing.amounts_mg(cycle, body_surface_m2), strict=True)
            )[: most_days.get(name)]
            for hour in sorted(dosing.hours)
        ]

    @property
    def days(self) -> list[int]:
        """Days of the cycle on which any drug is given."""
        return sorted({day for dosing in self.drugs.values() for day in dosing.days})
