"""The clonal history of one patient: genotypes of clones, their cells over time, their ancestors.

The table of the kernel has a row for each founding clone and subtype, and for each labelled cell.
Here rows are combined to clones as in genetics: cells of one genotype, of any subtype.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from leukosim.biology.clones import TRAITS, lineage
from leukosim.clinic.assays.ngs_panel import NgsPanel, carrier_fractions
from leukosim.clinic.assays.single_cell_genotyping import SingleCellGenotyping
from leukosim.marrow.lineages import Present, gathered, present_clones, shares
from leukosim.marrow.marrow import Marrow
from leukosim.parameters import check_ranges, setting
from leukosim.random_streams import ASSAY, key_of

SEQUENCING, SINGLE_CELLS = 40, 41  # keys of the random streams of assays that no rule reads
CANDIDATES = 4  # clones that are noted on a day, for each clone in the final table


@dataclass(frozen=True)
class CloneRecord:
    """Which clones are recorded."""

    clones: int = setting(
        0, "clones", lowest=0, highest=10_000,
        note="of a patient that are written down one by one, the largest and all founders; smaller "
        "ones are counted with the ancestor they descend from. 0: none, and nothing is sequenced",
    )  # fmt: skip
    barcodes: bool = field(
        default=False,
        metadata={"note": "label every stem cell at the start, to find the ancestors of a relapse"},
    )

    __post_init__ = check_ranges


@dataclass(frozen=True)
class CloneTable:
    """The clones of a trajectory, parents before daughters, and their cells on recorded days."""

    name: list[str]
    parent: np.ndarray  # int64[clone], -1 for the trunk
    driver: list[str]  # acquired since its parent
    genotype: list[str]  # all drivers that it carries
    founded_day: np.ndarray  # float64[clone]; 0 for the clones of the start, which are older
    diagnosis_share: np.ndarray  # float64[clone]
    effect: np.ndarray  # float64[clone, trait]
    day: np.ndarray  # float64[row]
    stem_cells: np.ndarray  # float64[row, clone, subtype]
    blasts: np.ndarray  # float64[row, clone, subtype]
    ever: int  # number of all clones, extinct ones included
    genotyped: dict[str, np.ndarray] = field(default_factory=dict)  # int64[clone, subtype]
    unassigned: dict[str, int] = field(default_factory=dict)


class ClonalHistory:
    """Notes the clones of a marrow on recorded days, for one table at the end of follow-up.

    On each day the founders and a limited number of the largest clones are noted, so that memory
    does not grow with the number of clones.
    """

    def __init__(self, marrow: Marrow, record: CloneRecord):
        self.marrow, self.record = marrow, record
        self.patient = marrow.patient
        self.drivers = list(self.patient.disease.mutation.drivers)
        declared = self.patient.disease.mutation
        carried = {d for each in self.patient.founders for d in each.drivers}
        gene = self.patient.haematopoiesis_gene
        # sequenced genes: drivers that can arise, and those that this patient carries
        self.panel = sorted({*declared.arising, *carried, *([gene] if gene else [])})
        self.at_start = int(marrow.clones.number[1])
        self.parents: dict[int, int] = {}
        self.facts: dict[int, tuple[int, int, int, float, np.ndarray]] = {}
        self.notes: list[tuple[float, np.ndarray, np.ndarray, np.ndarray]] = []
        self.read: dict[str, tuple[np.ndarray, np.ndarray, int]] = {}
        self.sequenced: list[tuple[float, dict[str, float]]] = []  # day, what the panel reported

    def founder_variants(self, founder: int) -> list[str]:
        """Drivers that all cells of a founding clone carry, in the order of their acquisition."""
        founders = self.patient.founders
        return [d for each in lineage(founders, founder) for d in founders[each].drivers]

    def variants(self, founder: int, carries: int) -> list[str]:
        """Drivers that a clone carries. ``carries`` : bits of those acquired since the start."""
        result = self.founder_variants(founder)
        later = [name for bit, name in enumerate(self.drivers) if carries >> bit & 1]
        return result + [name for name in later if name not in result]

    def note(self) -> None:
        """Note the present clones."""
        now = present_clones(self.marrow)
        size = shares(now.stem_cells) + shares(now.blasts)
        size[: len(self.patient.founders)] = np.inf
        largest = np.argsort(-size, kind="stable")[: CANDIDATES * self.record.clones]
        largest = largest[(size > 0.0)[largest]]
        founders = np.arange(len(self.patient.founders))
        chosen = np.union1d(founders, largest)
        for i in chosen:
            self._store_lineage(now, i)
        # vectorised, as there may be very many: each is counted with its nearest chosen ancestor
        mother = np.searchsorted(now.key, now.parent)
        is_chosen = np.zeros(len(now.key), bool)
        is_chosen[chosen] = True
        home = np.arange(len(now.key))
        while not is_chosen[home].all():
            home = np.where(is_chosen[home], home, mother[home])
        position = np.cumsum(is_chosen) - 1
        sums = []
        for cells in (now.stem_cells, now.blasts):
            total = np.zeros((len(chosen), cells.shape[1]), cells.dtype)
            np.add.at(total, position[home], cells)
            sums.append(total)
        self.notes.append((self.marrow.day, now.key[chosen], *sums))

    def _store_lineage(self, now: Present, i: int) -> None:
        """Store a clone and its ancestors, as the kernel may remove extinct clones."""
        clones = self.marrow.clones
        while int(now.key[i]) not in self.parents:
            key, row = int(now.key[i]), int(now.row[i])
            self.parents[key] = int(now.parent[i])
            self.facts[key] = (
                int(now.founder[i]),
                int(now.carries[i]),
                int(clones.driver[row]),
                float(clones.born[row]),
                clones.effect[row].copy(),
            )
            if now.parent[i] < 0:
                break
            i = int(np.searchsorted(now.key, now.parent[i]))

    def carriers(self) -> dict[str, float]:
        """Present blasts that carry each variant, cells."""
        now = present_clones(self.marrow)
        result: dict[str, float] = {}
        genotypes, which = now.genotypes()
        blasts = np.bincount(which, now.blasts.sum(1), len(genotypes))
        for (founder, carries), cells in zip(genotypes.tolist(), blasts, strict=True):
            for name in self.variants(founder, carries):
                result[name] = result.get(name, 0.0) + float(cells)
        return {name: cells for name, cells in result.items() if cells > 0.0}

    def sequence(self, panel: NgsPanel, sample: str) -> None:
        """Sequence a sample of the present "marrow" or "blood" in bulk."""
        patient, carriers = self.patient, self.carriers()
        gene = patient.haematopoiesis_gene
        names = sorted({*carriers, *([gene] if gene else [])})
        fractions = carrier_fractions(
            np.array([carriers.get(name, 0.0) for name in names]),
            np.array([patient.haematopoiesis_fraction if n == gene else 0.0 for n in names]),
            self.marrow.blasts,
            patient.disease.blood.healthy_marrow_cells,
            panel.blood_to_marrow if sample == "blood" else 1.0,
        )
        true = dict(zip(names, fractions, strict=True))
        # every gene of the panel is read, as each may have errors; each has a random stream of its
        # own, so that arms share it
        result = {}
        for name in self.panel:
            rng = patient.stream(ASSAY, SEQUENCING, int(self.marrow.day), key_of(name))
            result[name] = float(panel.report(np.array([true.get(name, 0.0)]), rng)[0])
        self.sequenced.append((self.marrow.day, result))

    def genotype_cells(self, occasion: str, assay: SingleCellGenotyping) -> None:
        """Genotype single stem cells now, to be reported clone by clone in the final table."""
        rng = self.patient.stream(ASSAY, SINGLE_CELLS, int(self.marrow.day))
        now = present_clones(self.marrow)
        cells: dict[frozenset[str], np.ndarray] = {}
        oldest_key: dict[frozenset[str], int] = {}
        lives = now.stem_cells.sum(1) > 0
        genotypes, which = now.genotypes()
        counts = np.zeros((len(genotypes), self.marrow.rates.n_subtypes), np.int64)
        np.add.at(counts, which, now.stem_cells)
        for g, (founder, carries) in enumerate(genotypes.tolist()):
            if counts[g].sum() == 0:
                continue
            genotype = frozenset(self.variants(founder, carries))
            cells[genotype] = cells.get(genotype, 0) + counts[g]
            if genotype not in oldest_key:  # of clones with one genotype, the oldest
                oldest = int(np.argmax(lives & (which == g)))
                oldest_key[genotype] = int(now.key[oldest])
                self._store_lineage(now, oldest)
        counts = np.array([*cells.values()], np.int64).reshape(-1, self.marrow.rates.n_subtypes)
        seen, strange = assay.report(counts, list(cells), rng)
        self.read[occasion] = np.array([*oldest_key.values()], np.int64), seen, int(strange.sum())

    def table(self) -> CloneTable:
        """The founders and the largest clones, with the cells of others added to ancestors."""
        n_founders = len(self.patient.founders)
        peak: dict[int, float] = {}
        for _, keys, stem_cells, blasts in self.notes:
            for key, size in zip(keys.tolist(), shares(stem_cells) + shares(blasts), strict=True):
                peak[key] = max(peak.get(key, 0.0), float(size))
        mutants = sorted((k for k in peak if k >= n_founders), key=lambda k: (-peak[k], k))
        room = max(self.record.clones - n_founders, 0)
        kept = sorted([*range(n_founders), *mutants[:room]])
        rows = [
            (day, *(gathered(each, keys.tolist(), self.parents, kept) for each in (cells, blasts)))
            for day, keys, cells, blasts in self.notes
        ]
        position = {key: i for i, key in enumerate(kept)}
        subtypes = self.marrow.rates.n_subtypes
        founders = self.patient.founders
        return CloneTable(
            name=[founders[k].name if k < n_founders else f"clone {k}" for k in kept],
            parent=np.array([position[a] if a >= 0 else -1 for a in map(self._mother(kept), kept)]),
            driver=[
                " ".join(founders[k].drivers) if k < n_founders else self.drivers[self.facts[k][2]]
                for k in kept
            ],
            genotype=[" ".join(self.variants(*self.facts[k][:2])) for k in kept],
            founded_day=np.array([self.facts[k][3] for k in kept]),
            diagnosis_share=np.array([founders[k].share if k < n_founders else 0.0 for k in kept]),
            effect=np.array([self.facts[k][4] for k in kept]).reshape(-1, len(TRAITS)),
            day=np.array([day for day, _, _ in rows]),
            stem_cells=np.array([cells for _, cells, _ in rows], float).reshape(
                len(rows), len(kept), subtypes
            ),
            blasts=np.array([blasts for _, _, blasts in rows]).reshape(
                len(rows), len(kept), subtypes
            ),
            ever=n_founders + int(self.marrow.clones.number[1]) - self.at_start,
            genotyped={
                occasion: gathered(seen, keys.tolist(), self.parents, kept)
                for occasion, (keys, seen, _) in self.read.items()
            },
            unassigned={occasion: strange for occasion, (_, _, strange) in self.read.items()},
        )

    def _mother(self, kept: Sequence[int]):
        """A function from the key of a clone to that of its nearest ancestor among those kept."""
        known = set(kept)

        def find(key: int) -> int:
            key = self.parents[key]
            while key >= 0 and key not in known:
                key = self.parents[key]
            return key

        return find
