"""Checks of agents that stand for several cells, as they do in very large marrows."""

from collections.abc import Iterator

import numpy as np
from scipy import stats

from leukosim.marrow.kernels.state import EVERY_CELL, Sharing
from leukosim.marrow.marrow import METHODS
from leukosim.marrow.rates import Rates
from leukosim.verification.birth_death import BirthDeath
from leukosim.verification.model import under
from leukosim.verification.replicates import Replicates, bare_laws, days, one_class, same_rates
from leukosim.verification.rows import Row, largest, p_value
from leukosim.verification.written_out import CLASSES, SWITCHED, reference_patient

AT_ONCE = 1e-9  # days: nothing happens in a segment but what happens at its start
EIGHT = Sharing(most=0, fewest=8)  # eight agents of a clone stay, however many cells


def gathered_and_scattered(seed: int, method: str, n: int, planted: float = 1.0) -> Iterator[Row]:
    """Birth and death of 64 cells by 8 agents, and then by an agent for every cell that is left.

    By 8 agents the number of cells is 8 times that of a process with 8 founders, in law. From then
    on, all cells being independent, Var = E[K] v + m^2 Var(K), where K is their number then, and m
    and v are mean and variance of what comes of one. By chance |Z| > 5 in 6e-7 of rows, |Y| > 7
    hardly ever.
    """
    process = BirthDeath(0.3, 0.2, 8)
    copies = Replicates(
        n, [64], one_class(), bare_laws(), seed * 1_000_033, METHODS[method], sharing=EIGHT
    )
    regimes = process.regimes(planted)
    counts = copies.advance(regimes, [AT_ONCE] * 3 + [12.0]).counts()[:, 0] / 8.0
    yield largest("64 cells by 8 agents, 12 days: mean", "Z", [process.z(counts, 12.0)], 5.0)
    yield largest("64 cells by 8 agents, 12 days: variance", "Y", [process.y(counts, 12.0)], 7.0)
    extinct = stats.binomtest(int((counts == 0).sum()), n, process.offspring(12.0)[0] ** 8)
    yield p_value("64 cells by 8 agents, 12 days: extinction", [extinct.pvalue])

    one = BirthDeath(process.birth, process.death)
    mean, variance = 8.0 * process.mean(12.0), 64.0 * process.variance(12.0)
    variance = mean * one.variance(6.0) + one.mean(6.0) ** 2 * variance
    mean *= one.mean(6.0)
    copies.sharing = EVERY_CELL
    counts = copies.advance(regimes, [AT_ONCE] * 3 + [6.0]).counts()[:, 0]
    z = (counts.mean() - mean) / np.sqrt(variance / n)
    fourth = ((counts - counts.mean()) ** 4).mean()
    y = (counts.var(ddof=1) - variance) / np.sqrt((fourth - counts.var() ** 2) / n)
    yield largest("then an agent each, day 18: mean", "Z", [z], 5.0)
    yield largest("then an agent each, day 18: variance", "Y", [y], 7.0)


def kept_when_rare(seed: int, method: str, n: int, planted: float = 1.0) -> Iterator[Row]:
    """Cells that die until one in two thousand is left: each must become an agent of its own.

    Of 2,048 cells by 256 agents or more, K live 7.5 days later, nearly Binomial(2048, exp(-7.5)):
    while they were many, their number had some 15 % more chance, which moves P(K = 0) by 0.005.
    Fails by chance at |Z| > 5, 6e-7, and once in a million.
    """
    copies = Replicates(
        n, [2048], one_class(), bare_laws(), seed * 1_000_039, METHODS[method],
        sharing=Sharing(most=0, fewest=256),
    )  # fmt: skip
    lives = np.exp(-7.5)
    counts = copies.advance(
        same_rates(np.array([[planted * 1.0, 0.0]])), [AT_ONCE] * 5 + [0.25] * 30
    ).counts()[:, 0]
    z = (counts.mean() - 2048 * lives) * np.sqrt(n) / counts.std(ddof=1)
    yield largest("2,048 cells that die, by 256 agents: mean", "Z", [z], 5.0)
    none = stats.binomtest(int((counts == 0).sum()), n, (1.0 - lives) ** 2048)
    yield p_value("2,048 cells that die, by 256 agents: none left", [none.pvalue])


def shared_or_not(seed: int, method: str, n: int, planted: float = 1.0) -> Iterator[Row]:
    """The whole model, drugs and unequal cells, two cells an agent or one: means of all classes.

    ``planted`` is an error of the shared ones only. By chance |Z| > 5 in 6e-7 of classes.
    """
    patient = reference_patient(cxcr4_cell_cv=0.8)
    rates = Rates(patient)
    start = [4] * len(CLASSES)
    laws = rates.laws._replace(mutation_probability=0.0)
    rng = np.random.default_rng([seed, n])
    runs = [
        Replicates(
            n, start, rates.wiring, laws, seed + i, METHODS[method],
            np.exp(rng.normal(laws.cxcr4_log_mean, laws.cxcr4_log_sd, n * sum(start))),
            sharing=sharing,
        )
        for i, sharing in enumerate((EIGHT, EVERY_CELL))
    ]  # fmt: skip
    end = 0.0
    for length, drug in SWITCHED:
        shared, each = (
            copies.advance(regime, days(length)).counts()
            for copies, regime in zip(
                runs, (under(rates, drug, planted), under(rates, drug)), strict=True
            )
        )
        variance = (shared.var(0, ddof=1) + each.var(0, ddof=1)) / n
        frequent = shared.sum(0) + each.sum(0) > 600
        z = (shared.mean(0) - each.mean(0))[frequent] / np.sqrt(variance[frequent])
        end += length
        yield largest(f"two cells an agent against one, classes, day {end:.2f}", "Z", z, 5.0)
