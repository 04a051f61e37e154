"""Checks of the whole model, while drugs are switched on and off."""

from collections.abc import Iterator

import numpy as np
from scipy import linalg, stats

from leukosim.biology.clones import TRAITS
from leukosim.biology.cycle import PHASES
from leukosim.biology.exposure import EXPOSURES
from leukosim.biology.niche import PLACES
from leukosim.marrow import kernels
from leukosim.marrow.marrow import METHODS
from leukosim.marrow.rates import DIVISION, S_ENTRY, Rates
from leukosim.verification.branching import drift, moments
from leukosim.verification.replicates import Replicates, days
from leukosim.verification.rows import Row, largest, p_value
from leukosim.verification.written_out import CLASSES, SWITCHED, model_events, reference_patient


def under(rates: Rates, drug: dict[str, float], planted: float = 1.0) -> kernels.Regimes:
    """The kernel's regime, entry into S and division wrong by a factor ``planted``."""
    regimes = rates.under(np.array([[drug.get(name, 0.0) for name in EXPOSURES]]))
    regimes.rates[:, :, [S_ENTRY, DIVISION]] *= planted
    return regimes


def whole_model(seed: int, method: str, n: int, planted: float = 1.0) -> Iterator[Row]:
    """Means and variances of all 24 classes of the model and of their sums, through three phases.

    The variance of a sum holds the covariances of its classes. Means are compared by their exact
    standard errors, variances by those that the sample's fourth moment gives, which is why their
    limit is wide. By chance |Z| > 5 in at most 2e-5 of rows.
    """
    patient = reference_patient(cxcr4_cell_cv=0.0)
    rates = Rates(patient)
    size = len(CLASSES)
    copies = Replicates(
        n, [1] * size, rates.wiring, rates.laws._replace(mutation_probability=0.0), seed,
        METHODS[method], patient.cxcr4,
    )  # fmt: skip
    sums = [np.ones(size)]
    sums += [np.array([c[0] == s for c in CLASSES], float) for s in range(4)]
    sums += [np.array([c[1] == "niche" for c in CLASSES], float)]
    sums += [np.array([c[2] == phase for c in CLASSES], float) for phase in PHASES]
    forms = np.concatenate([np.eye(size), sums])
    mean, covariance, end = np.ones(size), np.zeros((size, size)), 0.0
    for length, drug in SWITCHED:
        events = model_events(patient, rates.return_rate, drug, patient.cxcr4)
        mean, covariance = moments(events, mean, covariance, length)
        counts = copies.advance(under(rates, drug, planted), days(length)).counts()
        exact = forms @ mean
        variance = np.einsum("fi,ij,fj->f", forms, covariance, forms)
        frequent = n * exact > 300.0  # rarer ones are not near a normal law
        seen = (counts @ forms.T)[:, frequent]
        z = (seen.mean(0) - exact[frequent]) / np.sqrt(variance[frequent] / n)
        spread = seen.var(0, ddof=1)
        fourth = ((seen - seen.mean(0)) ** 4).mean(0)
        y = (spread - variance[frequent]) / np.sqrt((fourth - spread**2) / n)
        end += length
        label = f"24 classes and {len(sums)} sums, day {end:.2f}"
        yield largest(f"{label}: means", "Z", z, 5.0)
        yield largest(f"{label}: variances", "Y", y, 7.0)


def unequal_cells(
    seed: int, method: str, n: int, planted: float = 1.0, retention: str = "equal"
) -> Iterator[Row]:
    """Means of classes where cells differ in CXCR4, for life: a mixture over its log-normal law.

    Founders are at rest, inside the niche and free; each has its own CXCR4. By Gauss and Hermite,
    the mean is the sum over nodes x of weight times exp(M(x) t) n_0. ``planted`` is an error of the
    CXCR4 of half-maximal attachment. Fails by chance at |Z| > 5, 6e-7 each.

    retention : which cells CXCR4 blockade detaches, as in :class:`leukosim.biology.niche.Niche`
    """
    patient = reference_patient(cxcr4_cell_cv=0.8, cxcr4_inheritance=1.0, retention=retention)
    rates = Rates(patient)
    spread = patient.disease.niche.cxcr4_log_sd
    inside, outside = ([c[1:] == (place, "G0") for c in CLASSES] for place in PLACES)
    start = 4.0 * np.array(inside) + 12.0 * np.array(outside)
    rng = np.random.default_rng([seed, n])
    cxcr4 = patient.cxcr4 * np.exp(spread * rng.standard_normal(n * int(start.sum())))
    laws = rates.laws._replace(mutation_probability=0.0, cxcr4_half=planted * rates.laws.cxcr4_half)
    copies = Replicates(
        n, start.astype(int), rates.wiring, laws, seed, METHODS[method], cxcr4
    )  # fmt: skip
    node, weight = np.polynomial.hermite_e.hermegauss(32)
    means = np.repeat(start[:, None], len(node), axis=1)
    end = 0.0
    for length, drug in SWITCHED:
        for i, x in enumerate(patient.cxcr4 * np.exp(spread * node)):
            events = model_events(patient, rates.return_rate, drug, float(x))
            means[:, i] = linalg.expm(drift(events, len(start)) * length) @ means[:, i]
        exact = means @ weight / weight.sum()
        counts = copies.advance(under(rates, drug), days(length)).counts()
        frequent = n * exact > 300.0  # rarer ones are not near a normal law
        z = (counts.mean(0) - exact) * np.sqrt(n) / np.maximum(counts.std(0, ddof=1), 1e-300)
        end += length
        held = ", each held by its own" if retention == "own" else ""
        label = f"classes of cells with unequal CXCR4{held}, day {end:.2f}"
        yield largest(label, "Z", z[frequent], 5.0)


def cells_held_by_their_own(seed: int, method: str, n: int, planted: float = 1.0) -> Iterator[Row]:
    """:func:`unequal_cells`, where CXCR4 blockade detaches each by its own CXCR4."""
    yield from unequal_cells(seed, method, n, planted, retention="own")


def both_methods(seed: int, n: int, planted: float = 1.0) -> Iterator[Row]:
    """The two methods in everything at once: drugs, inherited CXCR4, drivers that do good.

    Differences of means in all classes, at |Z| > 5 (6e-7 each by chance); distributions of numbers
    by two-sample Kolmogorov-Smirnov tests, which fail less often than 1e-6 as counts have ties.
    ``planted`` is an error of one method only.
    """
    patient = reference_patient(cxcr4_cell_cv=0.8)
    rates = Rates(patient)
    effect = np.ones((2, len(TRAITS)))
    effect[0, [kernels.DIVISION, kernels.CYCLE, kernels.PLACE]] = 1.2, 0.7, 1.3
    effect[1, [kernels.APOPTOSIS, kernels.S_PHASE_KILL, kernels.SWITCH]] = 0.4, 0.5, 2.0
    drivers = kernels.Drivers(np.array([[0.5, 1.0]]), effect)
    rng = np.random.default_rng([seed, n])
    start = [1] * len(CLASSES)
    laws = rates.laws._replace(mutation_probability=0.02)
    cxcr4 = np.exp(rng.normal(laws.cxcr4_log_mean, laws.cxcr4_log_sd, n * sum(start)))
    runs = {
        name: Replicates(n, start, rates.wiring, laws, seed + method, method, cxcr4, drivers)
        for name, method in METHODS.items()
    }
    end = 0.0
    for length, drug in SWITCHED:
        regimes = under(rates, drug, planted), under(rates, drug)
        first, second = (
            copies.advance(regime, days(length)).counts()
            for copies, regime in zip(runs.values(), regimes, strict=True)
        )
        variance = (first.var(0, ddof=1) + second.var(0, ddof=1)) / n
        frequent = first.sum(0) + second.sum(0) > 600
        z = (first.mean(0) - second.mean(0))[frequent] / np.sqrt(variance[frequent])
        end += length
        yield largest(f"tally against direct, classes, day {end:.2f}", "Z", z, 5.0)
    mutated = [np.bincount(copies.roots()[n:], minlength=n) for copies in runs.values()]
    for name, (one, other) in {
        "stem cells": (first.sum(1), second.sum(1)),
        "mutations": mutated,
    }.items():
        p = stats.ks_2samp(one, other, method="asymp").pvalue
        yield p_value(f"tally against direct, distribution of {name}", [p])
