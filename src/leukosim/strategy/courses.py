"""Courses: which drug, how much, on which days of which cycles."""

from dataclasses import dataclass, field

from leukosim.drugs.drug import Dose
from leukosim.parameters import check_ranges, setting


@dataclass(frozen=True)
class Course:
    """Cycles of one drug. Day 1 of cycle 1 is the day the course starts."""

    drug: str
    dose_mg_per_m2: float = setting(75.0, "mg/m2", lowest=0.0)
    days: list[int] = field(
        default_factory=lambda: [1, 2, 3, 4, 5, 6, 7],
        metadata={"unit": "day of the cycle", "lowest": 1, "highest": 366},
    )
    cycle_days: int = setting(28, "day", lowest=1, highest=366)
    cycles: int = setting(24, "cycles", lowest=1, highest=1000)

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.days:
            raise ValueError("days is empty: a course needs at least one day (day of the cycle)")
        if max(self.days) > self.cycle_days:
            raise ValueError(
                f"days = {self.days} (day of the cycle) must lie within "
                f"cycle_days = {self.cycle_days}: allowed from 1 to {self.cycle_days}"
            )

    def cycle_start(self, first_day: float, cycle: int) -> float:
        """Day on which a cycle (0, 1, ...) starts."""
        return first_day + cycle * self.cycle_days

    def doses(self, first_day: float, cycle: int, body_surface_m2: float) -> list[Dose]:
        """The doses of one cycle of a course that started on ``first_day``."""
        start = self.cycle_start(first_day, cycle)
        amount = self.dose_mg_per_m2 * body_surface_m2
        return [Dose(self.drug, start + day - 1, amount) for day in self.days]
