"""Birth and death of one kind of cell: the SBML suite, extinction and sizes of clones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from leukosim.marrow import kernels
from leukosim.marrow.marrow import METHODS
from leukosim.verification.branching import Event, moments
from leukosim.verification.replicates import Replicates, bare_laws, days, one_class, same_rates
from leukosim.verification.rows import Row, largest, p_value


@dataclass(frozen=True)
class BirthDeath:
    """The linear birth-death process. Rates per day.

    The offspring of one cell have the modified geometric law (Kendall 1948)

        P(0) = p,    P(n) = (1 - p) (1 - q) q^(n-1)

        p = death (E - 1) / D,   q = birth (E - 1) / D,   D = birth E - death,
        E = exp((birth - death) t)
    """

    birth: float
    death: float
    founders: int = 1

    def offspring(self, t: float) -> tuple[float, float]:
        """p and q of one cell's offspring."""
        if self.birth == self.death:
            p = self.birth * t / (1.0 + self.birth * t)
            return p, p
        growth = np.exp((self.birth - self.death) * t)
        scale = (growth - 1.0) / (self.birth * growth - self.death)
        return self.death * scale, self.birth * scale

    def mean(self, t: float) -> float:
        """E = n exp((birth - death) t)."""
        return self.founders * float(np.exp((self.birth - self.death) * t))

    def variance(self, t: float) -> float:
        """Var = n (birth + death) / (birth - death) E (E - 1) with E of one cell."""
        growth = np.exp((self.birth - self.death) * t)
        ratio = (self.birth + self.death) / (self.birth - self.death)
        return self.founders * float(ratio * growth * (growth - 1.0))

    def fourth_cumulant(self, t: float) -> float:
        """Cumulants of independent cells add, so this is n times that of one cell's offspring.

        Its factorial moments are f_k = (1 - p) k! q^(k-1) / (1 - q)^k, the derivatives of the
        generating function p + (1 - p)(1 - q) s / (1 - q s) at s = 1.
        """
        p, q = self.offspring(t)
        f1, f2, f3, f4 = (
            (1 - p) * k * q ** (i - 1) / (1 - q) ** i for i, k in ((1, 1), (2, 2), (3, 6), (4, 24))
        )
        m1, m2, m3, m4 = f1, f2 + f1, f3 + 3 * f2 + f1, f4 + 6 * f3 + 7 * f2 + f1
        return self.founders * (m4 - 4 * m3 * m1 - 3 * m2**2 + 12 * m2 * m1**2 - 6 * m1**4)

    def z(self, counts: np.ndarray, t: float) -> float:
        """Deviation of the mean of replicates, in standard errors."""
        return (counts.mean() - self.mean(t)) / np.sqrt(self.variance(t) / len(counts))

    def y(self, counts: np.ndarray, t: float) -> float:
        """Deviation of the sample variance, in standard errors.

        Var(S^2) = Var^2 (excess / n + 2 / (n - 1)): the suite's statistic has only the second term,
        which holds for normal numbers; with the exact excess kurtosis it holds for these.
        """
        n, variance = len(counts), self.variance(t)
        excess = self.fourth_cumulant(t) / variance**2
        return (counts.var(ddof=1) / variance - 1.0) / np.sqrt(excess / n + 2.0 / (n - 1))

    def regimes(self, planted: float = 1.0) -> kernels.Regimes:
        """The kernel's rates, births wrong by a factor ``planted``."""
        return same_rates(np.array([[self.death, planted * self.birth]]))

    def counts(
        self,
        n: int,
        periods: Sequence[Sequence[float]],
        key: int,
        method: int,
        planted: float = 1.0,
    ) -> tuple[np.ndarray, int]:
        """Replicates in the kernel: counts at the ends of periods, and all deaths.

        Batches fit a processor's cache. ``periods`` : segment lengths of each, days. Returns
        int64[period, replicate] and a number.
        """
        at_once = min(max(100_000 // self.founders, 1), n)
        regimes, batches, deaths = self.regimes(planted), [], 0
        for batch in range(0, n, at_once):
            size = min(at_once, n - batch)
            copies = Replicates(
                size, [self.founders], one_class(), bare_laws(), key + batch, method
            )
            batches.append([copies.advance(regimes, p).counts()[:, 0] for p in periods])
            deaths += copies.tally[0, 0]
        return np.concatenate(batches, axis=1), deaths


# The birth-death cases of the suite, as processes. Cases 6 and 7 count the dead, too.
SUITE = {
    "1, 2, 6-10, 12-17, 19": BirthDeath(0.1, 0.11, 100),
    "3": BirthDeath(1.0, 1.1, 100),
    "4": BirthDeath(0.1, 0.11, 10),
    "5": BirthDeath(0.1, 0.11, 10_000),
    "11, 18": BirthDeath(0.05, 0.055, 100),
}


def suite_cases(seed: int, method: str, n: int, planted: float = 1.0) -> Iterator[Row]:
    """Cases 00001-00019 of the discrete stochastic test suite of SBML (Evans et al. 2008,
    doi:10.1093/bioinformatics/btm566), at days 10, 20, ..., 50, in segments of a day.

    The other cases have an inflow from outside or reactions of two molecules, which the kernel does
    not know. Limits as in the suite. By chance |Z| < 3 fails in at most 1.4 % of rows, five
    correlated times each; |Y| < 5 hardly ever, though more often than a normal law says.
    """
    for case, process in SUITE.items():
        times = range(10, 51, 10)
        # the reference method is slow with 1e8 cells
        runs = n // 10 if process.founders == 10_000 and method == "direct" else n
        rates = f"{process.birth:g}/{process.death:g}"
        name = f"case {case}: {process.founders} cells, {rates}, n = {runs:,}"
        counts, deaths = process.counts(
            runs, [[1.0] * 10] * len(times), seed * 1_000_003, METHODS[method], planted
        )
        at = list(zip(counts, times, strict=True))
        yield largest(f"{name}, mean", "Z", [process.z(k, t) for k, t in at], 3.0)
        yield largest(f"{name}, variance", "Y", [process.y(k, t) for k, t in at], 5.0)
        if case.startswith("1,"):
            events = [
                Event(0, process.birth, [(1.0, [0, 0])]),
                Event(0, process.death, [(1.0, [1])]),
            ]
            start = np.array([float(process.founders), 0.0])
            mean, covariance = moments(events, start, np.zeros((2, 2)), 50.0)
            z = (deaths / runs - mean[1]) / np.sqrt(covariance[1, 1] / runs)
            yield largest(f"{name}, deaths", "Z", [z], 3.0)


def sizes_and_extinction(seed: int, method: str, n: int, planted: float = 1.0) -> Iterator[Row]:
    """Extinction by an exact binomial test, sizes of clones by chi-square on their geometric law;
    and that neither depends on how many segments a time of constant rates is cut into.

    Fails by chance once in a million for each p-value.
    """
    for founders in (1, 10):
        process = BirthDeath(0.3, 0.2, founders)
        counts, _ = process.counts(n, [days(t) for t in (2, 4, 6)], seed, METHODS[method], planted)
        extinct = [
            stats.binomtest(int((k == 0).sum()), n, process.offspring(t)[0] ** founders).pvalue
            for k, t in zip(counts, (2.0, 6.0, 12.0), strict=True)
        ]
        yield p_value(f"extinction from {founders}, days 2, 6 and 12", extinct)
    process = BirthDeath(0.3, 0.2)
    for segments in (1, 3, 17):
        lengths = [12.0 / segments] * segments
        counts, _ = process.counts(n, [lengths], seed + segments, METHODS[method], planted)
        yield p_value(
            f"clone sizes after 12 days in {segments} segments", [geometric_p(counts[0], process)]
        )


def geometric_p(sizes: np.ndarray, process: BirthDeath) -> float:
    """Chi-square test of clone sizes after 12 days against the modified geometric law."""
    p, q = process.offspring(12.0)
    n, top = len(sizes), 0
    while n * (1 - p) * q ** (top + 1) > 20.0:  # cells expected in the open class
        top += 1
    law = np.array([p, *(1 - p) * (1 - q) * q ** np.arange(top), (1 - p) * q**top])
    seen = np.bincount(np.minimum(sizes, top + 1), minlength=top + 2)
    return float(stats.chisquare(seen, n * law).pvalue)
