"""The cell cycle of a stem cell and the growth that comes of it.

Phases: G0, gap (G1 and G2/M together) and S. A cell divides at the end of S; its stem daughters
start in gap. Only cells in S are open to S-phase drugs, so no kill can exceed the entry into S.

Growth is one equation, not four numbers: the doubling time is what is published, so the rate at
which niche cells fall back into G0 is solved from it
(:func:`leukosim.marrow.rates.solve_return_rate`).
"""

from dataclasses import dataclass

from leukosim.errors import InvalidField
from leukosim.parameters import check_ranges, estimate

PHASES = ("G0", "gap", "S")

RAZA = "Raza et al. 1991, Br J Haematol"


@dataclass(frozen=True)
class Cycle:
    """Times and probabilities of the cycle."""

    cycle_hours: float = estimate(
        60.0, "hour", low=40.0, high=200.0, lowest=1.0, source="assumed",
        note=f"of an active stem cell; blasts: 48 h (11.5-211), {RAZA}",
    )  # fmt: skip
    s_phase_hours: float = estimate(
        12.0, "hour", low=3.0, high=35.0, lowest=0.1, source=RAZA, note="duration of S phase"
    )
    renewal: float = estimate(
        0.85, "probability", low=0.8, high=0.9, lowest=0.55, highest=0.99, source="assumed",
        note="that a daughter of a dividing stem cell is one, in an empty marrow; healthy stem "
        "cells: 0.85-0.90 (Stiehl et al. 2015; Banck et al. 2019)",
    )  # fmt: skip
    g0_exit_in_niche: float = estimate(
        0.01, "1/day", low=0.005, high=0.02, source="assumed",
        note="G0 exit inside; decides how late the latest relapses come",
    )  # fmt: skip
    g0_exit_outside: float = estimate(
        0.5, "1/day", low=0.3, high=1.5, source="assumed",
        note="G0 exit outside; Guan et al. 2003, Blood 101:3142: 63-99 % leave within 72 h",
    )  # fmt: skip
    g0_entry_outside: float = estimate(
        1.5, "1/day", low=0.5, high=3.0, source="assumed", note="return to G0 outside the niche"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.s_phase_hours >= self.cycle_hours:
            raise InvalidField(
                f"s_phase_hours = {self.s_phase_hours} must be shorter than "
                f"cycle_hours = {self.cycle_hours} (hour)"
            )

    @property
    def s_entry_rate(self) -> float:
        """From gap into S, per day."""
        return 24.0 / (self.cycle_hours - self.s_phase_hours)

    @property
    def s_exit_rate(self) -> float:
        """From S into division, per day."""
        return 24.0 / self.s_phase_hours
