"""Healthy blood formation: stem cells, neutrophils and platelets as numbers."""

from dataclasses import dataclass

from leukosim.parameters import check_ranges, estimate

LINEAGES = ("neutrophils", "platelets")
FRIBERG = "Friberg et al. 2002, doi:10.1200/JCO.2002.02.140 (leukocytes)"


@dataclass(frozen=True)
class Blood:
    """Friberg-type chains and the healthy marrow."""

    healthy_stem_cells: float = estimate(
        1e5, "cells", low=5e4, high=2e5, lowest=1.0, source="Lee-Six et al. 2018",
        note="in a marrow without leukaemia",
    )  # fmt: skip
    healthy_division_weeks: float = estimate(
        40.0, "week", low=25.0, high=50.0, lowest=1.0,
        source="Catlin et al. 2011, Blood 117:4460", note="between divisions of a stem cell",
    )  # fmt: skip
    healthy_marrow_cells: float = estimate(
        1e12, "cells", low=5e11, high=2e12, lowest=1.0, source="textbook value, assumed",
        note="nucleated cells of a healthy marrow",
    )  # fmt: skip
    neutrophils: float = estimate(
        4.0, "G/L", low=2.0, high=7.0, lowest=0.1, source="assumed",
        note="without leukaemia and treatment",
    )  # fmt: skip
    platelets: float = estimate(
        250.0, "G/L", low=150.0, high=400.0, lowest=1.0, source="assumed",
        note="without leukaemia and treatment",
    )  # fmt: skip
    neutrophil_transit_hours: float = estimate(
        88.7, "hour", low=80.0, high=140.0, lowest=1.0, source=FRIBERG, note="mean transit time"
    )
    platelet_transit_hours: float = estimate(
        125.0, "hour", low=110.0, high=140.0, lowest=1.0, source="assumed", note="mean transit time"
    )
    neutrophil_feedback: float = estimate(
        0.161, "1", low=0.1, high=0.45, source=FRIBERG, note="gamma"
    )
    platelet_feedback: float = estimate(
        0.25, "1", low=0.2, high=0.3, source="assumed", note="gamma"
    )

    __post_init__ = check_ranges

    @property
    def healthy_division_rate(self) -> float:
        """Per day."""
        return 1.0 / (7.0 * self.healthy_division_weeks)

    @property
    def baselines(self) -> tuple[float, float]:
        """Neutrophils and platelets, G/L."""
        return self.neutrophils, self.platelets

    @property
    def transit_rates(self) -> tuple[float, float]:
        """Four compartments in the mean transit time, per day."""
        return 4 * 24.0 / self.neutrophil_transit_hours, 4 * 24.0 / self.platelet_transit_hours

    @property
    def feedbacks(self) -> tuple[float, float]:
        """Friberg's gamma."""
        return self.neutrophil_feedback, self.platelet_feedback
