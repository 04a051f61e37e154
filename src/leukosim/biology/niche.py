"""The niche: places that hold stem cells quiet and protect them, and CXCR4 that anchors them."""

from dataclasses import dataclass

import numpy as np

from leukosim.errors import InvalidField
from leukosim.parameters import check_ranges, choice, estimate

PLACES = ("niche", "free")
RETENTION = ("equal", "own")  # which cells CXCR4 blockade detaches
MOBILISED = ("growing", "exposed")  # what cells outside do while CXCR4 is blocked


@dataclass(frozen=True)
class Niche:
    """Places, anchoring and protection."""

    capacity: float = estimate(
        1e6, "cells", low=4e5, high=1e7, lowest=1.0, source="assumed",
        note="shared with healthy stem cells, of which there may be 2e5; must hold most stem "
        "cells at diagnosis",
    )  # fmt: skip
    egress_rate: float = estimate(
        0.02, "1/day", low=0.005, high=0.1, source="assumed", note="at rest"
    )
    mobilised_egress_rate: float = estimate(
        3.0, "1/day", low=1.0, high=24.0, source="assumed",
        note="added at full CXCR4 blockade; onset of mobilisation takes 0.5-2 h",
    )  # fmt: skip
    homing_rate: float = estimate(
        1.0, "1/day", low=0.3, high=3.0, source="assumed", note="CXCR4-dependent, at saturation"
    )
    cxcr4_independent_homing_rate: float = estimate(
        0.2, "1/day", low=0.05, high=0.6, source="assumed", note="without CXCR4"
    )
    half_cxcr4: float = estimate(
        10.0, "MFI ratio", low=5.0, high=20.0, lowest=1e-6, source="assumed",
        note="unblocked CXCR4 of half-maximal attachment",
    )  # fmt: skip
    hill: float = estimate(2.0, "1", low=1.0, high=4.0, source="assumed", note="Hill coefficient")
    cxcr4_dependent_share: float = estimate(
        0.5, "fraction", low=0.2, high=0.8, source="assumed",
        note="of what CXCR4 holds and brings back that blockade undoes; 0: it does nothing",
    )  # fmt: skip
    retention: str = choice(
        "equal", RETENTION, "of cells in the niche: alike, or each by its own CXCR4"
    )
    mobilised_cells: str = choice(
        "growing", MOBILISED, "cells outside the niche while CXCR4 is blocked"
    )
    apoptosis_factor: float = estimate(
        0.4, "fraction", low=0.1, high=0.7, source="assumed", note="hazard inside / outside"
    )
    s_phase_factor: float = estimate(
        0.2, "fraction", low=0.1, high=0.3, source="assumed", note="hazard inside / outside"
    )
    cxcr4_cell_cv: float = estimate(
        0.6, "1", low=0.3, high=1.0, source="assumed", note="cell to cell within a patient"
    )
    cxcr4_inheritance: float = estimate(
        0.9, "fraction", low=0.5, high=1.0, source="assumed",
        note="correlation of log CXCR4 between mother and daughter",
    )  # fmt: skip

    def __post_init__(self) -> None:
        check_ranges(self)
        for name, allowed in (("retention", RETENTION), ("mobilised_cells", MOBILISED)):
            value = getattr(self, name)
            if value not in allowed:
                raise InvalidField(
                    f"{name} = {value} is not a hypothesis: allowed {', '.join(allowed)}"
                )

    @property
    def cxcr4_log_sd(self) -> float:
        """Standard deviation of ln CXCR4 between the cells of a patient."""
        return float(np.sqrt(np.log1p(self.cxcr4_cell_cv**2)))


def blocked_share(niche, occupancy):
    """Share of CXCR4 that no longer brings cells back at an ``occupancy`` in [0, 1].

    Only what of CXCR4 is open to the drug (``cxcr4_dependent_share``) can be blocked.
    """
    return niche.cxcr4_dependent_share * np.asarray(occupancy)


def egress_rate(niche, occupancy):
    """Rate of leaving the niche at a CXCR4 ``occupancy`` in [0, 1], per day.

        k_off + k_mobilised * dependent share * occupancy

    Where cells are held by their own CXCR4 (``retention: own``) it is that of a cell with CXCR4
    without limit; any other has the second term times the saturation of its own CXCR4,

        x^n / (x^n + half^n).
    """
    mobilised = niche.mobilised_egress_rate * niche.cxcr4_dependent_share
    return niche.egress_rate + mobilised * np.asarray(occupancy)


def g0_exit_rate_outside(cycle, niche, occupancy):
    """Rate of leaving G0 outside of the niche, per day.

    Where mobilised cells are exposed only (``mobilised_cells: exposed``), a blocked receptor keeps
    them as quiet as the niche did.
    """
    occupancy = np.asarray(occupancy)
    if niche.mobilised_cells == "growing" or niche.cxcr4_dependent_share == 0.0:
        return np.full(occupancy.shape, cycle.g0_exit_outside)
    return (1.0 - occupancy) * cycle.g0_exit_outside + occupancy * cycle.g0_exit_in_niche
