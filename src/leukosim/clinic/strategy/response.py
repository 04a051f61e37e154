"""Response to treatment, by the blasts in a marrow and the blood counts of about the same day."""

from dataclasses import dataclass

from leukosim.clinic.strategy.chart import Assessment, Chart
from leukosim.errors import InvalidField
from leukosim.parameters import check_ranges, setting
from leukosim.results.variables import RESPONSES

NONE, MLFS, CRI, CRH, CR = range(len(RESPONSES))  # from none to complete


@dataclass(frozen=True)
class Response:
    """The definitions of a response; defaults after the European LeukemiaNet (ELN) 2022."""

    remission_blasts: float = setting(
        0.05, "fraction", lowest=0.0, highest=1.0, note="below it the marrow is in remission"
    )
    complete_neutrophils: float = setting(1.0, "G/L", lowest=0.0, note="at least, in CR")
    complete_platelets: float = setting(100.0, "G/L", lowest=0.0, note="at least, in CR")
    partial_neutrophils: float = setting(0.5, "G/L", lowest=0.0, note="at least, in CRh")
    partial_platelets: float = setting(50.0, "G/L", lowest=0.0, note="at least, in CRh")
    counts_within_days: int = setting(
        28, "day", lowest=0, highest=365, note="that counts may recover after a marrow in remission"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        for lineage in ("neutrophils", "platelets"):
            part, whole = f"partial_{lineage}", f"complete_{lineage}"
            if getattr(self, part) > getattr(self, whole):
                raise InvalidField(
                    f"{part} = {getattr(self, part)} (G/L) must not exceed "
                    f"{whole} = {getattr(self, whole)}"
                )

    def in_remission(self, marrow_blasts: float) -> bool:
        """Whether a marrow with this fraction of blasts is in morphological remission."""
        return marrow_blasts < self.remission_blasts

    def assess(self, marrow_blasts: float, neutrophils: float, platelets: float) -> int:
        """The response that a marrow and counts (G/L) make: a position in RESPONSES.

        CR: both counts complete. CRh: both at least partial. CRi: one of them complete. MLFS: no
        more than a marrow in remission.
        """
        if not self.in_remission(marrow_blasts):
            return NONE
        complete = (neutrophils >= self.complete_neutrophils) + (
            platelets >= self.complete_platelets
        )
        if complete == 2:
            return CR
        if neutrophils >= self.partial_neutrophils and platelets >= self.partial_platelets:
            return CRH
        return CRI if complete == 1 else MLFS


def assess_response(chart: Chart, definitions: Response, measure: str, day: float) -> None:
    """Assess the response by a report of a measure, and record it in the chart.

    It is assessed at every report of a marrow, and when counts have improved soon after one.
    """
    marrow, neutrophils, platelets = (
        chart.latest(name, day) for name in ("marrow_blasts", "neutrophils", "platelets")
    )
    if marrow is None or neutrophils is None or platelets is None:
        return
    response = definitions.assess(marrow.value, neutrophils.value, platelets.value)
    if measure == "marrow_blasts":
        chart.in_remission = definitions.in_remission(marrow.value)
    elif (
        not chart.assessments
        or response <= chart.assessments[-1].response
        or day > marrow.sampled + definitions.counts_within_days
    ):
        return
    chart.assessments.append(
        Assessment(day, response, marrow.value, neutrophils.value, platelets.value)
    )
    if response >= CRI and not chart.has_responded:
        chart.has_responded = True
        chart.response_day = day
