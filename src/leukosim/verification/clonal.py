"""Clones against theory: resistant cells at a size, resistance at detection, barcodes that stay."""

from collections.abc import Iterator

import numpy as np
from scipy import integrate, stats

from leukosim.marrow import kernels
from leukosim.marrow.lineages import ancestors
from leukosim.marrow.marrow import METHODS
from leukosim.verification.birth_death import BirthDeath, geometric_p
from leukosim.verification.replicates import (
    Replicates,
    bare_laws,
    days,
    neutral_drivers,
    one_class,
    same_rates,
)
from leukosim.verification.rows import Row, largest, p_value


def resistant_cells(copies: Replicates) -> np.ndarray:
    """Cells that carry a mutation, int64[replicate]."""
    labels = copies.labels(0)
    return np.bincount(copies.roots()[labels[labels >= copies.n]], minlength=copies.n)


# ---------------------------------------------------------------------- Luria and Delbrueck


def resistant_at_size(probability: float, largest_size: int) -> np.ndarray:
    """Law of the number of mutants among so many cells: float64[size + 1, mutants + 1].

    From one cell without mutation, by divisions only, mutants as fit as the others: whoever divides
    is any of n cells, so the law depends on the size alone and not on how long it took,

        P_n+1(r) = (r-1)/n P_n(r-1) + sum_k C(2, k) u^k (1-u)^(2-k) (1 - (r-k)/n) P_n(r-k)

    the experiment of Luria and Delbrueck (1943) at a given size, without any approximation.
    """
    u, size = probability, largest_size
    law = np.zeros((size + 1, size + 2))
    law[1, 0] = 1.0
    mutants = np.arange(size + 2)
    for n in range(1, size):
        now = law[n]
        divides = np.maximum(1.0 - mutants / n, 0.0) * now  # a cell without mutation
        after = (1.0 - u) ** 2 * divides
        after[1:] += 2.0 * u * (1.0 - u) * divides[:-1] + (mutants / n * now)[:-1]
        after[2:] += u**2 * divides[:-2]
        law[n + 1] = after
    return law


def lea_coulson(mutations: float, most: int) -> np.ndarray:
    """Probabilities of 0, 1, ..., ``most`` mutants in a large population, float64[most + 1].

    The limit of many cells and rare mutations, of which there are ``mutations`` on average (Lea and
    Coulson 1949, doi:10.1007/BF02986080). Its generating function (1 - z)^(m (1 - z) / z) gives

        p_0 = exp(-m),   p_k = (m / k) sum_{j<k} p_j / (k - j + 1)
    """
    p = np.zeros(most + 1)
    p[0] = np.exp(-mutations)
    for k in range(1, most + 1):
        p[k] = mutations / k * (p[:k] / (k - np.arange(k) + 1.0)).sum()
    return p


def luria_delbrueck(seed: int, method: str, n: int, planted: float = 1.0) -> Iterator[Row]:
    """Resistant cells among as many as each replicate has after eight days.

    The share of replicates without any, with at most two, and the mean of log(1 + r), which a few
    jackpots do not rule, each against the exact law at the replicate's own size; of four times as
    many replicates as asked for. Planted is a wrong probability of mutation. Fails by chance at
    |Z| > 5, 6e-7 each.
    """
    birth, probability, time = 0.5, 0.005, 8.0
    laws = bare_laws(mutation_probability=planted * probability)
    copies = Replicates(4 * n, [1], one_class(), laws, seed, METHODS[method])
    copies.advance(same_rates(np.array([[0.0, birth]])), days(time))
    size, mutants = copies.counts()[:, 0], resistant_cells(copies)
    law = resistant_at_size(probability, int(size.max()))[size]
    z = []
    r = np.arange(law.shape[1])
    for value in ((r == 0).astype(float), (r <= 2).astype(float), np.log1p(r)):
        mean = law @ value
        variance = law @ value**2 - mean**2
        z.append((value[mutants] - mean).sum() / np.sqrt(variance.sum()))
    yield largest(f"resistant cells at a given size, about {size.mean():.0f}", "Z", z, 5.0)


# ---------------------------------------------------------------------- resistance at detection


def resistance_at_detection(
    size: np.ndarray | float, mutation: float, sensitive: BirthDeath, resistant: BirthDeath
) -> np.ndarray:
    """Probability that a tumour of a size, grown from one sensitive cell, holds a resistant one.

    Iwasa, Nowak and Michor (2006, doi:10.1534/genetics.105.049791): mutants arise where sensitive
    cells divide, whose number was N exp(-(b - d) a) an age a before; those of that age are there
    still with the probability of a birth-death process,

        P = 1 - exp(-u N F),   F = int_0^T b exp(-(b - d) a) (1 - p(a)) da

    exact for large N and small u. The youngest mutants are of age 0, the oldest as old as the
    tumour, T = ln N / (b - d).

    Parameters
    ----------
    size : cells at detection
    mutation : u, mutants founded per division
    """
    growth = sensitive.birth - sensitive.death

    def alive(age: float) -> float:
        still = 1.0 - resistant.offspring(age)[0] if age > 0.0 else 1.0
        return float(sensitive.birth * np.exp(-growth * age) * still)

    typical = float(np.mean(size))
    f, _ = integrate.quad(alive, 0.0, np.log(typical) / growth, limit=200)
    return -np.expm1(-mutation * np.asarray(size) * f)


def detected(
    n: int, size: int, copies: Replicates, regime, step: float, longest: float
) -> tuple[np.ndarray, np.ndarray]:
    """Sizes and resistant cells of replicates on the first look at which they are large enough.

    Those that were detected are taken out of the marrow; those that die out never are. ``step``
    and ``longest`` are in days. Returns int64[detected] twice.
    """
    sizes, mutants = [], []
    while copies.day < longest and copies.cells.count[0] > 0:
        copies.advance(regime, [step])
        root, labels = copies.roots(), copies.labels(0)
        total = np.bincount(root[labels], minlength=n)
        is_large = total >= size
        if not is_large.any():
            continue
        sizes.append(total[is_large])
        mutants.append(resistant_cells(copies)[is_large])
        leaves = is_large[root[labels]]
        np.subtract.at(copies.clones.stem_cells, (labels[leaves], 0), 1)
        first, stay = copies.cells.first[0], np.flatnonzero(~leaves)
        for column in (copies.cells.clone, copies.cells.cxcr4):
            column[first : first + len(stay)] = column[first + stay]
        copies.cells.count[0] = len(stay)
    return np.concatenate(sizes), np.concatenate(mutants)


def resistance(seed: int, method: str, n: int, planted: float = 1.0) -> Iterator[Row]:
    """Resistance at detection, where cells die, and resistance costs nothing, or some division.

    A tumour is looked at every twentieth of a day and detected at 400 cells; its own size on that
    day enters the law. A quarter of the replicates asked for are grown. Planted is a wrong
    probability of mutation. Fails by chance at |Z| > 5, 6e-7 each.
    """
    n //= 4
    birth, death, probability, size = 0.6, 0.2, 6e-4, 400
    for cost in (1.0, 0.6):
        drivers = neutral_drivers(1.0)
        drivers.effect[0, kernels.DIVISION] = cost
        laws = bare_laws(mutation_probability=planted * probability)
        copies = Replicates(n, [1], one_class(), laws, seed, METHODS[method], drivers=drivers)
        regime = same_rates(np.array([[death, birth]]))
        sizes, mutants = detected(n, size, copies, regime, 0.05, 60.0)
        chance = resistance_at_detection(
            sizes, 2.0 * probability, BirthDeath(birth, death), BirthDeath(cost * birth, death)
        )
        z = ((mutants > 0) - chance).sum() / np.sqrt((chance * (1.0 - chance)).sum())
        yield largest(
            f"resistance at {size} cells, division x {cost:g}: {(mutants > 0).mean():.3f}",
            "Z", [z], 5.0,
        )  # fmt: skip


# ---------------------------------------------------------------------- barcodes


def barcodes(seed: int, method: str, n: int, planted: float = 1.0) -> Iterator[Row]:
    """Labels of single cells that are left while their clones mutate and the table is pruned.

    How many are left by an exact binomial test, their sizes by chi-square on the geometric law
    (Kendall 1948): neutral mutations and pruning must change neither. Fails by chance once in a
    million for each p-value.
    """
    process, time = BirthDeath(0.3, 0.2), 12.0
    laws = bare_laws(mutation_probability=0.1)
    copies = Replicates(n, [1], one_class(), laws, seed, METHODS[method], labelled=True)
    copies.advance(same_rates(np.array([[process.death, planted * process.birth]])), days(time))
    left = ancestors(copies.clones)
    chance = 1.0 - process.offspring(time)[0]
    yield p_value(
        "barcodes left after 12 days, and their sizes",
        [
            stats.binomtest(left.number, n, chance).pvalue,
            geometric_p(copies.label_sizes(), process),
        ],
    )
    most = 4 * int(copies.cells.count.sum()) + n + 2
    table = int(copies.clones.number[0])
    yield Row("rows of the clone table, pruned", "number", table, n, most, 0.0)
