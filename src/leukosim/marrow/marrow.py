"""One patient's marrow: its cells, advanced in time by the compiled kernel."""

import math
from collections.abc import Sequence

import numpy as np

from leukosim.biology.blood import LINEAGES
from leukosim.biology.cycle import PHASES
from leukosim.biology.exposure import Exposure, no_exposure
from leukosim.biology.niche import PLACES
from leukosim.biology.patient import Patient
from leukosim.marrow import kernels
from leukosim.marrow.compilation import Deferred, use_cache
from leukosim.marrow.counts import Counts
from leukosim.marrow.rates import G0, IN_NICHE, SWITCH, Rates, RateSchedule, class_index
from leukosim.random_streams import FOUNDING, MARROW

METHODS = {"tally": kernels.TALLY, "direct": kernels.DIRECT}

AGENTS = 20_000  # in a marrow, about, where there are more cells
FEWEST = 1000  # agents of a clone and subtype before one stands for two cells: 3 % of chance
MOST_LABELS = 1_000_000  # cells: each label is a row of the clone table
FEWEST_OF_LABEL = 100  # the same of the descendants of a labelled cell: 10 %


def cells_meant(clone: np.ndarray) -> np.ndarray:
    """How many cells agents stand for, int64[agent]. ``clone`` : int32[agent], of Cells.clone."""
    return np.int64(1) << (clone >> kernels.ROW_BITS).astype(np.int64)


class Marrow:
    """The marrow of one patient, between two visits at a time.

    Parameters
    ----------
    patient : Patient
    method : "tally" (default) or "direct"
    rates : Rates of the patient; arms share them, as they are calculated once
    barcodes : whether every stem cell of the start is labelled, so that the ancestors of later
        cells are known; no number changes by it while every cell is an agent
    agents : largest number of agents, about: up to twice as many stem cells are an agent each;
        where there are more, an agent may stand for several. 0: every cell is an agent
    """

    def __init__(
        self,
        patient: Patient,
        method: str = "tally",
        rates: Rates | None = None,
        barcodes: bool = False,
        agents: int = AGENTS,
    ):
        use_cache()
        if method not in METHODS:
            raise ValueError(f"method = {method} is unknown: allowed {', '.join(METHODS)}")
        if barcodes and patient.residual_stem_cells > MOST_LABELS:
            raise ValueError(
                f"barcodes of {patient.residual_stem_cells:,} (stem cells) are too many: each is "
                f"labelled, allowed up to {MOST_LABELS:,}; record.barcodes=false does without"
            )
        self.patient = patient
        self.rates = rates or Rates(patient)
        self.method = METHODS[method]
        fewest = FEWEST_OF_LABEL if barcodes else FEWEST
        self.sharing = kernels.Sharing(agents, fewest) if agents else kernels.EVERY_CELL
        self.day = 0.0
        rng = patient.stream(MARROW)
        self.key = rng.integers(2**64, dtype=np.uint64)
        n_subtypes = self.rates.n_subtypes
        n_classes = n_subtypes * len(PLACES) * len(PHASES)
        self.tally = np.zeros((n_classes, SWITCH + n_subtypes), np.int64)
        self.cells = self._first_cells(rng, n_classes, barcodes)
        self.clones = self._founders()
        if barcodes:
            self._label_cells()
        blood = patient.disease.blood
        # blood in balance with the share of the marrow that blasts leave
        left = blood.healthy_marrow_cells / (blood.healthy_marrow_cells + patient.overt_blasts)
        self.healthy = kernels.Healthy(
            np.array([blood.healthy_stem_cells]),
            np.repeat(left * np.array(blood.baselines)[:, None], 5, axis=1),
        )

    def _first_cells(
        self, rng: np.random.Generator, n_classes: int, barcodes: bool
    ) -> kernels.Cells:
        """The stem cells of the start: in remission in G0 in the niche, at diagnosis in the classes
        of balanced growth."""
        if self.patient.overt_blasts > 0.0:
            mix = self.rates.balanced.mix
        else:
            resting = class_index(np.arange(self.rates.n_subtypes), IN_NICHE, G0)
            mix = np.zeros(n_classes)
            mix[resting] = self.rates.composition
        count = rng.multinomial(self.patient.residual_stem_cells, mix / mix.sum())
        shares = [each.share for each in self.patient.founders]
        own = self.patient.stream(FOUNDING, 1)  # one founder changes no random number
        if count.sum() > 2 * self.sharing.most and not barcodes:
            return self._few_for_many(own.multinomial(count, shares), rng)
        room = 2 * count + 4
        first = np.concatenate([[0], np.cumsum(room)[:-1]])
        cxcr4 = self._first_cxcr4(rng, room.sum())
        subtype = np.repeat(self.rates.wiring.subtype, room)
        founder = np.zeros(len(subtype), np.int64)
        if len(shares) > 1:
            founder = own.choice(len(shares), len(subtype), p=shares)
        clone = founder * self.rates.n_subtypes + subtype
        return kernels.Cells(clone.astype(np.int32), cxcr4, first, room, count)

    def _few_for_many(self, by_founder: np.ndarray, rng: np.random.Generator) -> kernels.Cells:
        """Agents of which one stands for several cells, as many as :func:`kernels.gather` leaves.

        by_founder : int64[class, founder], cells
        """
        wiring, founders = self.rates.wiring, by_founder.shape[1]
        needed = math.ceil(math.log2(by_founder.sum() / self.sharing.most))
        needed = min(needed, kernels.most_together(self.rates.laws.mutation_probability))
        known = []
        for subtype, of_class in zip(wiring.subtype, by_founder, strict=True):
            alike = by_founder[wiring.subtype == subtype].sum(0)
            agents = []
            for founder in range(founders):
                allowed = int(alike[founder] // self.sharing.fewest).bit_length() - 1
                log2 = max(min(needed, allowed), 0)
                cells = int(of_class[founder])
                each = np.full(cells >> log2, log2)
                rest = [bit for bit in range(log2) if cells >> bit & 1]
                row = founder * self.rates.n_subtypes + subtype
                agents.append(row + (np.append(each, rest).astype(int) << kernels.ROW_BITS))
            known.append(np.concatenate(agents))
        count = np.array([len(each) for each in known])
        room = 2 * count + 4
        first = np.concatenate([[0], np.cumsum(room)[:-1]])
        clone = np.zeros(room.sum(), np.int32)
        for begin, of_class in zip(first, known, strict=True):
            clone[begin : begin + len(of_class)] = of_class
        return kernels.Cells(clone, self._first_cxcr4(rng, len(clone)), first, room, count)

    def _first_cxcr4(self, rng: np.random.Generator, n: int) -> np.ndarray:
        laws = self.rates.laws
        return rng.lognormal(laws.cxcr4_log_mean, laws.cxcr4_log_sd, n)

    @property
    def slots(self) -> np.ndarray:
        """Positions of the agents in the arrays of cells, int64[agent], class by class."""
        cells = self.cells
        return np.concatenate(
            [np.arange(f, f + n) for f, n in zip(cells.first, cells.count, strict=True)]
        )

    @property
    def n_founding_rows(self) -> int:
        """Rows at the head of the clone table, founder by founder and subtype by subtype."""
        return len(self.patient.founders) * self.rates.n_subtypes

    def _founders(self) -> kernels.Clones:
        """A row for each founding clone and subtype, as the root of a lineage, with maturing cells
        and blasts (if any) in balance with its stem cells."""
        founders, subtypes = len(self.patient.founders), self.rates.n_subtypes
        n = self.n_founding_rows
        origin = np.tile(np.arange(subtypes, dtype=np.int32), founders)
        stem_cells = np.zeros((n, subtypes), np.int64)
        known = self.cells.clone[self.slots]
        row = known & kernels.ROW
        np.add.at(stem_cells, (row, origin[row]), cells_meant(known))
        shares = np.array([each.share for each in self.patient.founders])
        composition = (shares[:, None, None] * np.diag(self.rates.composition)).reshape(n, subtypes)
        overt = self.patient.overt_blasts
        daily = self.rates.balanced.inflow * self.patient.residual_stem_cells if overt else 0.0
        return kernels.Clones(
            number=np.array([n, n, max(2 * n, kernels.FEW_CLONES)], np.int64),
            name=np.arange(n),
            parent=np.full(n, -1, np.int32),
            driver=np.full(n, -1, np.int32),
            carries=np.zeros(n, np.int64),
            born=np.zeros(n),
            origin=origin,
            stem_cells=stem_cells,
            effect=np.repeat(self.rates.founder_effects(), subtypes, axis=0),
            matured=np.zeros_like(composition),
            maturing=composition[..., None] * daily * self.rates.balanced.maturing,
            blasts=composition * (overt + self.patient.residual_blasts),
        )

    def _label_cells(self) -> None:
        """Make every agent a clone of its own, without a driver, below its founding row."""
        clones, slots = self.clones, self.slots
        known = self.cells.clone[slots]
        row = known & kernels.ROW
        cells = len(slots)
        n = self.n_founding_rows + cells
        subtype = clones.origin[row]
        stem_cells = np.zeros((cells, self.rates.n_subtypes), np.int64)
        stem_cells[np.arange(cells), subtype] = cells_meant(known)
        empty = np.zeros((cells, *clones.maturing.shape[1:]))
        self.clones = kernels.Clones(
            number=np.array([n, n, max(2 * n, kernels.FEW_CLONES)], np.int64),
            name=np.arange(n),
            parent=np.concatenate([clones.parent, row]),
            driver=np.full(n, -1, np.int32),
            carries=np.zeros(n, np.int64),
            born=np.zeros(n),
            origin=np.concatenate([clones.origin, subtype]),
            stem_cells=np.concatenate([np.zeros_like(clones.stem_cells), stem_cells]),
            effect=np.concatenate([clones.effect, clones.effect[row]]),
            matured=np.concatenate([clones.matured, empty[..., 0]]),
            maturing=np.concatenate([clones.maturing, empty]),
            blasts=np.concatenate([clones.blasts, empty[..., 0]]),
        )
        self.cells.clone[slots] = known - row + np.arange(self.n_founding_rows, n)

    def advance(
        self,
        until: float,
        exposure: Exposure | None = None,
        record_days: Sequence[float] | np.ndarray = (),
    ) -> Counts:
        """Advance to a day under an exposure to drugs, or without any; see :meth:`advance_by`."""
        schedule = self.rates.schedule(exposure or no_exposure(self.day, until))
        return self.advance_by(schedule, until, record_days)

    def advance_by(
        self,
        schedule: RateSchedule,
        until: float,
        record_days: Sequence[float] | np.ndarray = (),
    ) -> Counts:
        """Advance to a day by a schedule of rates, and return the counts on ``record_days``.

        A day can be recorded if a segment ends on it; without drugs, segments are days. The
        schedule may begin before today and end after ``until``; segments must end on both days.
        """
        first = np.searchsorted(schedule.start, self.day)
        last = np.searchsorted(schedule.end, until, "right")
        start, end = schedule.start[first:last], schedule.end[first:last]
        if len(end) == 0 or start[0] != self.day or end[-1] != until:
            raise ValueError(
                f"exposure has no segments that lead from day {self.day:g} to day {until:g}"
            )
        days = np.asarray(record_days, float)
        row = np.arange(len(end))
        if not np.array_equal(days, end):
            row[:] = -1
            position = np.searchsorted(end, days)
            is_end = (position < len(end)).all() and (end[position] == days).all()
            if not is_end or len(np.unique(position)) < len(days):
                raise ValueError(
                    f"record_days = {list(record_days)} (day) is not allowed: allowed are "
                    f"different days on which a segment ends, between {self.day:g} and {until:g}"
                )
            row[position] = np.arange(len(days))
        segments = kernels.Segments(
            schedule.name[first:last], start, end - start, schedule.regime[first:last], row
        )
        n_subtypes = self.rates.n_subtypes
        record = kernels.Record(
            np.zeros((len(days), len(self.cells.count)), np.int64),
            np.zeros((len(days), n_subtypes, n_subtypes), np.int64),
            np.zeros((len(days), n_subtypes)),
            np.zeros((len(days), 1 + len(LINEAGES))),
        )
        with Deferred():
            self.cells, self.clones = kernels.advance(
                self.cells,
                self.clones,
                self.healthy,
                self.rates.wiring,
                self.rates.laws,
                self.rates.drivers,
                schedule.regimes,
                segments,
                self.key,
                self.method,
                self.sharing,
                self.tally,
                record,
            )
        if self.clones.number[0] > kernels.ROW:
            raise ValueError(
                f"driver_probability = {self.rates.laws.mutation_probability:g} founds more than "
                f"{kernels.ROW:,} clones that are alive at once: choose a smaller one"
            )
        self.day = float(until)
        shape = (len(days), n_subtypes, len(PLACES), len(PHASES))
        return Counts(
            days,
            record.cells.reshape(shape),
            record.origins,
            record.blasts,
            record.healthy[:, 0],
            record.healthy[:, 1],
            record.healthy[:, 2],
        )

    def count(self) -> Counts:
        """The counts now."""
        shape = (1, self.rates.n_subtypes, len(PLACES), len(PHASES))
        return Counts(
            np.array([self.day]),
            self.class_cells.reshape(shape),
            self.origins[None],
            self.clones.blasts[: self.clones.number[0]].sum(0)[None],
            self.healthy.stem_cells.copy(),
            np.array([self.neutrophils]),
            np.array([self.platelets]),
        )

    def each_agent(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Own CXCR4 and subtype of every agent now, and how many stem cells it stands for.

        float64[agent], int64[agent], int64[agent]
        """
        cells, wiring, slots = self.cells, self.rates.wiring, self.slots
        of_class = np.repeat(np.arange(len(cells.count)), cells.count)
        cxcr4 = cells.cxcr4[slots] * wiring.cxcr4_factor[of_class]
        return cxcr4, wiring.subtype[of_class], cells_meant(cells.clone[slots])

    @property
    def class_cells(self) -> np.ndarray:
        """Stem cells now, int64[class]."""
        weighed = np.empty_like(self.cells.count)
        kernels.weigh(self.cells, weighed)
        return weighed

    @property
    def stem_cells(self) -> np.ndarray:
        """Leukaemic stem cells now, int64[subtype]."""
        return self.clones.stem_cells[: self.clones.number[0]].sum(0)

    @property
    def origins(self) -> np.ndarray:
        """Stem cells now by what their ancestors were at the start, int64[origin, subtype]."""
        n, clones = self.rates.n_subtypes, self.clones
        origins = np.zeros((n, n), np.int64)
        number = clones.number[0]
        np.add.at(origins, clones.origin[:number], clones.stem_cells[:number])
        return origins

    @property
    def switches(self) -> np.ndarray:
        """Switches so far, int64[subtype, subtype]: from, to."""
        n = self.rates.n_subtypes
        return self.tally[:, SWITCH:].reshape(n, -1, n).sum(1)

    @property
    def blasts(self) -> float:
        """Blasts now, cells."""
        return float(self.clones.blasts[: self.clones.number[0]].sum())

    @property
    def neutrophils(self) -> float:
        """Neutrophils in blood now, G/L."""
        return float(self.healthy.lineages[0, -1])

    @property
    def platelets(self) -> float:
        """Platelets in blood now, G/L."""
        return float(self.healthy.lineages[1, -1])
