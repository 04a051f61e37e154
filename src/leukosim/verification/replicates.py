"""Independent replicates of a population of cells, in the very kernel that the model uses.

They are the clones of one marrow: without mutation a label is inherited unchanged, and cells do not
meet where niche and carrying capacity have no bound. So ten thousand replicates of ten cells are
one run of a hundred thousand cells, whose labels are counted at the end.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from leukosim.biology.blasts import STAGES
from leukosim.biology.clones import TRAITS
from leukosim.marrow import kernels
from leukosim.marrow.marrow import cells_meant

NEVER_PRUNED = 2**62  # a replicate is told by the row of its clone


def bare_laws(**changes: Any) -> kernels.Laws:
    """A marrow without feedback: unbounded niche and burden, no blasts, blood at rest."""
    laws = kernels.Laws(
        niche_places=np.inf, cxcr4_half=10.0, cxcr4_hill=2.0, attach_floor=0.2,
        cxcr4_log_mean=2.0, cxcr4_log_sd=0.0, cxcr4_inheritance=1.0, renewal=1.0,
        carrying_capacity=np.inf,
        mutation_probability=0.0, maturing_rate=1.0, gain=0.0, blast_loss=0.0,
        healthy_stem_cells=1.0, healthy_division_rate=0.0, healthy_marrow_cells=1e12,
        baselines=(1.0, 1.0), transit_rates=(1.0, 1.0), feedbacks=(0.2, 0.2),
    )  # fmt: skip
    return laws._replace(**changes)


def one_class() -> kernels.Wiring:
    """Cells that only die (outcome 0) or divide (outcome 1)."""
    return kernels.Wiring(
        target=np.array([[kernels.DIES, kernels.DIVIDES]]),
        trait=np.array([kernels.APOPTOSIS, kernels.DIVISION]),
        attaching=np.full(1, -1),
        subtype=np.zeros(1, np.int64),
        anchored=np.zeros(1, bool),
        newborn=np.zeros(1, np.int64),
        displaced=np.zeros(1, np.int64),
        cxcr4_factor=np.ones(1),
    )


def same_rates(rates: np.ndarray, subtypes: int = 1) -> kernels.Regimes:
    """One regime without effects on anything else. ``rates`` : float64[class, outcome], per day."""
    return kernels.Regimes(
        rates[None].astype(float), np.ones(1), np.ones(1), np.ones(1),
        np.zeros((1, subtypes)), np.zeros((1, 2)), np.zeros((1, 2)),
    )  # fmt: skip


def neutral_drivers(*weights: float) -> kernels.Drivers:
    """Mutations that change nothing, in proportion to their weights."""
    upto = np.cumsum([weights], axis=1) / sum(weights)
    return kernels.Drivers(upto, np.ones((len(weights), len(TRAITS))))


class Replicates:
    """Independent copies of a stem-cell population, as the clones of one marrow.

    Parameters
    ----------
    n : number of replicates
    start : int64[class], cells of each at the start
    cxcr4 : float64[cell], or one number for all; cells of a class are together, replicate by
        replicate
    labelled : of a single class with one cell a replicate: the replicate is a label, as the model's
        barcodes are, and the table of clones is pruned as the model's is
    sharing : when an agent stands for several cells
    """

    def __init__(
        self,
        n: int,
        start: Sequence[int] | np.ndarray,
        wiring: kernels.Wiring,
        laws: kernels.Laws,
        key: int,
        method: int,
        cxcr4: float | np.ndarray = 1.0,
        drivers: kernels.Drivers | None = None,
        labelled: bool = False,
        sharing: kernels.Sharing = kernels.EVERY_CELL,
    ):
        per_class = np.asarray(start, np.int64)
        self.n, self.wiring, self.laws, self.method = n, wiring, laws, method
        self.sharing = sharing
        self.key = np.uint64(kernels.derive(np.uint64(key), 0))
        self.drivers = drivers or neutral_drivers(1.0)
        count = n * per_class
        clone = np.concatenate([np.repeat(np.arange(n), k) for k in per_class]).astype(np.int32)
        first = np.concatenate([[0], np.cumsum(count)[:-1]])
        self.cells = kernels.Cells(
            clone, np.broadcast_to(cxcr4, len(clone)).astype(float), first, count.copy(), count
        )
        subtypes = int(wiring.subtype.max()) + 1
        of_subtype = np.bincount(wiring.subtype, per_class, subtypes).astype(np.int64)
        stem_cells = np.tile(of_subtype, (n, 1))
        self.clones = kernels.Clones(
            np.array([n, n, NEVER_PRUNED]), np.arange(n), np.full(n, -1, np.int32),
            np.full(n, -1, np.int32), np.zeros(n, np.int64), np.zeros(n), np.zeros(n, np.int32),
            stem_cells,
            np.ones((n, len(TRAITS))), np.zeros((n, subtypes)), np.zeros((n, subtypes, STAGES)),
            np.zeros((n, subtypes)),
        )  # fmt: skip
        if labelled:
            self._label(n)
        self.healthy = kernels.Healthy(np.array([laws.healthy_stem_cells]), np.ones((2, 5)))
        self.tally = np.zeros(wiring.target.shape, np.int64)
        self.day, self.segments = 0.0, 0

    def _label(self, n: int) -> None:
        """Put a founding row without cells above the replicates."""
        clones = self.clones
        above = [np.concatenate([column[:1], column]) for column in clones[1:]]
        self.clones = kernels.Clones(np.array([n + 1, n + 1, n + 2]), *above)
        self.clones.name[:] = np.arange(n + 1)
        self.clones.parent[1:] = 0
        self.clones.stem_cells[0] = 0
        self.cells.clone[:] += 1

    def label_sizes(self) -> np.ndarray:
        """Cells now of each label, int64[replicate]."""
        parent, driver = self.clones.parent, self.clones.driver
        row = self.labels(0).astype(np.int64)
        while (driver[row] >= 0).any():
            row = np.where(driver[row] >= 0, parent[row], row)
        return np.bincount(self.clones.name[row] - 1, minlength=self.n)

    def advance(self, regimes: kernels.Regimes, lengths: Sequence[float]) -> "Replicates":
        """Let segments pass, in the first regime of ``regimes``. ``lengths`` in days."""
        length = np.asarray(lengths, float)
        n = len(length)
        segments = kernels.Segments(
            np.arange(self.segments, self.segments + n),
            self.day + np.concatenate([[0.0], np.cumsum(length)[:-1]]),
            length,
            np.zeros(n, np.int64),
            np.full(n, -1),
        )
        n_classes, subtypes = len(self.cells.count), self.clones.blasts.shape[1]
        record = kernels.Record(
            np.zeros((0, n_classes), np.int64), np.zeros((0, subtypes, subtypes), np.int64),
            np.zeros((0, subtypes)), np.zeros((0, 3)),
        )  # fmt: skip
        self.cells, self.clones = kernels.advance(
            self.cells, self.clones, self.healthy, self.wiring, self.laws, self.drivers, regimes,
            segments, self.key, self.method, self.sharing, self.tally, record,
        )  # fmt: skip
        self.day += length.sum()
        self.segments += n
        return self

    def known(self, of_class: int) -> np.ndarray:
        """What is known of the agents in a class now: their clone and how many cells are meant."""
        first = self.cells.first[of_class]
        return self.cells.clone[first : first + self.cells.count[of_class]]

    def labels(self, of_class: int) -> np.ndarray:
        """Clones of the agents in a class now."""
        return self.known(of_class) & kernels.ROW

    def roots(self) -> np.ndarray:
        """The replicate each clone belongs to, int64[clone]: mutants have it from their mothers."""
        root = np.arange(self.clones.number[0])
        for clone in range(self.n, len(root)):
            root[clone] = root[self.clones.parent[clone]]
        return root

    def counts(self) -> np.ndarray:
        """Cells now, int64[replicate, class]."""
        root = self.roots()
        classes = range(len(self.cells.count))
        return np.stack(
            [
                np.bincount(root[self.labels(c)], cells_meant(self.known(c)), self.n).astype(int)
                for c in classes
            ],
            axis=1,
        )


def days(length: float) -> list[float]:
    """Segments of a day that fill a time, the last one shorter."""
    whole = int(length)
    return [1.0] * whole + ([length - whole] if length > whole else [])
