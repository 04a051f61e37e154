"""Where a sample comes from, and what share of its cells is leukaemic."""

from dataclasses import dataclass

SAMPLES = ("marrow", "blood")


@dataclass(frozen=True)
class Burden:
    """What an assay can meet in a patient: leukaemic blasts among healthy nucleated cells."""

    blasts: float  # cells
    healthy_marrow_cells: float  # cells

    @property
    def marrow_fraction(self) -> float:
        """Leukaemic share of nucleated marrow cells."""
        return self.blasts / (self.blasts + self.healthy_marrow_cells)
