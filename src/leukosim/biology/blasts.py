"""Blasts: the bulk that descends from stem cells, and what a burden means.

A daughter that leaves the stem pool passes through maturing stages and then counts as ``gain``
blasts. The gain is solved so that stem cells make up their published share of blasts
(:attr:`leukosim.marrow.rates.Rates.gain`).
"""

from dataclasses import dataclass

from leukosim.parameters import check_ranges, estimate

STAGES = 5


@dataclass(frozen=True)
class Blasts:
    """Burden, turnover and crowding."""

    loss_rate: float = estimate(
        0.02, "1/day", low=0.02, high=0.15, source="assumed", note="of blasts"
    )
    transit_days: float = estimate(
        15.0, "day", low=8.0, high=45.0, lowest=0.1, source="assumed",
        note="mean time from stem cell to blast",
    )  # fmt: skip
    carrying_capacity: float = estimate(
        1.3e12, "cells", low=1e12, high=1e13, lowest=1.0, source="assumed",
        note="burden at which renewal falls to one half",
    )  # fmt: skip
    share_holds_at: float = estimate(
        0.0, "cells", low=0.0, high=1e12, source="assumed",
        note="burden at which stem cells have their share of blasts; 0: in undisturbed regrowth",
    )  # fmt: skip

    __post_init__ = check_ranges

    @property
    def maturing_rate(self) -> float:
        """Per day and stage."""
        return STAGES / self.transit_days
