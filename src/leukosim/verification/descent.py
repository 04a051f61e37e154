"""What daughters have from their mothers: mutations, and CXCR4."""

from collections.abc import Iterator

import numpy as np
from scipy import linalg, stats

from leukosim.biology.clones import TRAITS
from leukosim.marrow import kernels
from leukosim.marrow.marrow import METHODS
from leukosim.verification.birth_death import BirthDeath
from leukosim.verification.replicates import (
    Replicates,
    bare_laws,
    days,
    neutral_drivers,
    one_class,
    same_rates,
)
from leukosim.verification.rows import Row, largest, p_value


def mutants(seed: int, method: str, n: int, planted: float = 1.0) -> Iterator[Row]:
    """Mutations at division: how many, whose, and how many replicates are spared.

    The unmutated cells of neutral mutations are a birth-death process of their own, and the chance
    of no mutant at all (the p0 of Luria and Delbrueck 1943) solves dh/dt = -b h + b (1 - u)^2 h^2.
    Carriers of a driver that doubles deaths and slows division form a chain of types, whose means
    are a matrix exponential. Fails by chance at |Z| > 5 (6e-7 each) or p < 1e-6.
    """
    birth, probability, time = 0.5, 0.02, 6.0
    drivers = neutral_drivers(6.0, 3.0, 1.0)
    laws = bare_laws(mutation_probability=probability)
    regimes = same_rates(np.array([[0.0, planted * birth]]))
    for segments in (1, 6):
        copies = Replicates(n, [1], one_class(), laws, seed, METHODS[method], drivers=drivers)
        copies.advance(regimes, [time / segments] * segments)
        label = f"{segments} segment" + "s" * (segments > 1)
        spared = n - len(np.unique(copies.roots()[n:]))
        kept = (1.0 - probability) ** 2
        alone = np.exp(-birth * time)
        chance = alone / (1.0 - kept * (1.0 - alone))
        pure = BirthDeath(birth * kept, birth * probability**2)
        unmutated = np.bincount(copies.labels(0), minlength=n)[:n]
        driver = copies.clones.driver[n : copies.clones.number[0]]
        seen = np.bincount(driver, minlength=3)
        yield p_value(
            f"neutral mutants, {label}: none; which driver",
            [
                stats.binomtest(spared, n, chance).pvalue,
                stats.chisquare(seen, seen.sum() * np.diff(drivers.upto[0], prepend=0.0)).pvalue,
            ],
        )
        yield largest(
            f"neutral mutants, {label}: cells without",
            "Z",
            [pure.z(unmutated, time)],
            5.0,
        )

    death, levels = 0.2, 12
    effect = np.ones((1, len(TRAITS)))
    effect[0, [kernels.APOPTOSIS, kernels.DIVISION, kernels.RENEWAL]] = 2.0, 0.8, 1.05
    drivers = kernels.Drivers(np.ones((1, 1)), effect)
    laws = bare_laws(mutation_probability=0.1, renewal=0.9)
    matrix = np.zeros((levels, levels))
    for k in range(levels):
        divides, renews = birth * 0.8**k, min(0.9 * 1.05**k, 1.0)
        matrix[k, k] = divides * (2.0 * renews * 0.9 - 1.0) - death * 2.0**k
        if k + 1 < levels:
            matrix[k + 1, k] = divides * 2.0 * renews * 0.1
    exact = 3.0 * linalg.expm(matrix * time)[:, 0]
    regimes = same_rates(np.array([[death, planted * birth]]))
    copies = Replicates(n, [3], one_class(), laws, seed + 1, METHODS[method], drivers=drivers)
    copies.advance(regimes, [time / 2] * 2)
    level = np.zeros(copies.clones.number[0], int)
    for clone in range(n, len(level)):
        level[clone] = level[copies.clones.parent[clone]] + 1
    root, carrier = copies.roots(), copies.labels(0)
    z = []
    for k in range(4):
        at = np.bincount(root[carrier[level[carrier] == k]], minlength=n)
        z.append((at.mean() - exact[k]) / (at.std(ddof=1) / np.sqrt(n)))
    yield largest("cells with 0, 1, 2, 3 costly drivers", "Z", z, 5.0)


def inheritance(seed: int, method: str, n: int, planted: float = 1.0) -> Iterator[Row]:
    """CXCR4 of descendants, whose fate does not depend on it.

    Let d be the deviation of log CXCR4 from the patient's. Over a cell's descendants, with
    inheritance r and standard deviation s,

        E sum d   = d_0 exp((birth (2 r - 1) - death) t)
        dQ/dt     = (birth (2 r^2 - 1) - death) Q + 2 birth (1 - r^2) s^2 E[n],   Q = E sum d^2

    Fails by chance at |Z| > 5, 6e-7 each.
    """
    birth, death, time, r, s, mean = 0.5, 0.1, 4.0, 0.7, 0.6, 2.0
    laws = bare_laws(cxcr4_log_mean=mean, cxcr4_log_sd=s, cxcr4_inheritance=r)
    copies = Replicates(
        n, [1], one_class(), laws, seed, METHODS[method], cxcr4=np.exp(mean + 1.0)
    ).advance(same_rates(np.array([[death, planted * birth]])), days(time))
    label = copies.labels(0)
    deviation = np.log(copies.cells.cxcr4[: len(label)]) - mean
    first = np.exp((birth * (2 * r - 1) - death) * time)
    decay, growth = birth * (2 * r**2 - 1) - death, birth - death
    source = 2 * birth * (1 - r**2) * s**2
    second = np.exp(decay * time) + source * (np.exp(growth * time) - np.exp(decay * time)) / (
        growth - decay
    )
    z = []
    for power, exact in ((1, first), (2, second)):
        total = np.bincount(label, weights=deviation**power, minlength=n)
        z.append((total.mean() - exact) / (total.std(ddof=1) / np.sqrt(n)))
    yield largest("log CXCR4 of descendants: sum, sum of squares", "Z", z, 5.0)
