"""Cell counts of a marrow on recorded days."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from leukosim.marrow.rates import G0, IN_NICHE


@dataclass(frozen=True)
class Counts:
    """Cells of a marrow and blood counts, a row for each day."""

    day: np.ndarray  # float64[row]
    cells: np.ndarray  # int64[row, subtype, place, phase], stem cells
    origins: np.ndarray  # int64[row, origin, subtype], stem cells by the subtype of their ancestors
    blasts: np.ndarray  # float64[row, subtype]
    healthy_stem_cells: np.ndarray  # float64[row]
    neutrophils: np.ndarray  # float64[row], G/L
    platelets: np.ndarray  # float64[row], G/L

    @property
    def stem_cells_in_niche(self) -> np.ndarray:
        """Stem cells in the niche, int64[row]."""
        return self.cells[:, :, IN_NICHE, :].sum((1, 2))

    @property
    def stem_cells_in_g0(self) -> np.ndarray:
        """Stem cells in G0, int64[row]."""
        return self.cells[:, :, :, G0].sum((1, 2))

    def rows(self, rows: np.ndarray) -> Self:
        """The counts of some rows. ``rows`` : int64[row]."""
        return type(self)(*(getattr(self, name)[rows] for name in COLUMNS))


COLUMNS = tuple(each.name for each in fields(Counts))


def joined(parts: Sequence[Counts]) -> Counts:
    """Counts of successive periods as one table."""
    return Counts(*(np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS))
