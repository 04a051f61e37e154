"""Response to treatment: what a marrow and the blood counts beside it are called."""

from dataclasses import dataclass

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
                raise ValueError(
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
