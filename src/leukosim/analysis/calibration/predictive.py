"""Posterior predictive checks: repetitions of the published trials by the model itself."""

from collections.abc import Container, Mapping
from typing import Any

import numpy as np
import pandas as pd

from leukosim.analysis.calibration.design import Runs
from leukosim.analysis.calibration.shares import Count

REPLICATES = 4000
NESTED = {"T14": "T13", "T15": "T14", "T16": "T15"}  # who met the second is among the first's
INSIDE = {"T10": "T09"}  # who met the first met the second
TAIL = 0.025  # on either side of an interval


def shares_of_draws(k: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The share of patients at each draw without sampling variability: float64[draw].

    Observed shares differ by draws and by sampling few patients. Each is shrunk towards the mean so
    that the variance of sampling is removed.
    """
    is_known = n > 0
    if not is_known.any():
        return np.full(len(k), np.nan)
    pooled = k.sum() / n.sum()
    observed = np.where(is_known, k / np.maximum(n, 1.0), pooled)
    chance = np.mean(pooled * (1.0 - pooled) / n[is_known])
    variance = observed[is_known].var(ddof=1) if is_known.sum() > 1 else 0.0
    kept = np.sqrt(max(variance - chance, 0.0) / variance) if variance > 0.0 else 0.0
    return np.clip(pooled + kept * (observed - pooled), 0.0, 1.0)


def replicates(
    runs: Mapping[str, Runs], counts: Mapping[str, Count], seed: int
) -> dict[str, np.ndarray]:
    """Shares in repetitions of the published trials: float64[replicate], by target.

    Each repetition takes one draw and as many patients as were published.

    runs : of the draws, by population
    """
    rng = np.random.default_rng(seed)
    met: dict[str, np.ndarray] = {}
    n_of: dict[str, np.ndarray] = {}
    first = next(iter(runs.values()))
    draw = rng.integers(len(first.cube), size=REPLICATES)
    for of_population in runs.values():
        for name in of_population.k:
            shares = shares_of_draws(of_population.k[name], of_population.n[name])[draw]
            if name in NESTED:
                before = met[NESTED[name]]
                n_of[name] = n_of[NESTED[name]]
                met[name] = before + drawn(n_of[name] - before, shares, rng)
            elif name in INSIDE:
                n_of[name] = n_of[INSIDE[name]]
                met[name] = drawn(met[INSIDE[name]], shares, rng)
            else:
                n_of[name] = np.full(REPLICATES, max(round(counts[name][1]), 1))
                met[name] = drawn(n_of[name], shares, rng)
    return {name: met[name] / n_of[name] for name in met}


def drawn(n: np.ndarray, share: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Binomial counts, float64[replicate]; nan where no patient said what the share is."""
    known = np.isfinite(n) & np.isfinite(share)
    counts = np.full(len(n), np.nan)
    counts[known] = rng.binomial(n[known].astype(int), share[known])
    return counts


def predictive_table(
    targets: pd.DataFrame,
    runs: Mapping[str, Runs],
    counts: Mapping[str, Count],
    seed: int,
    fitted_to: Container[str],
) -> pd.DataFrame:
    """Published shares beside those that repetitions of the trials would see.

    A target that is a median of times stands as the share of patients at it: published, a half.

    runs : at draws of the posterior, by population
    fitted_to : ids of targets; the others are predictions

    Returns
    -------
    DataFrame
        A row for each target: the columns of
        :func:`leukosim.analysis.calibration.target_table`, the model's interval being that of
        repetitions with the published number of patients (95 %), and
        ``model_n`` the patients simulated; fitted: whether it was fitted to; covered: whether the
        interval holds the published share; tail: two-sided probability of one so far out.
    """
    repeated = replicates(runs, counts, seed)
    simulated = {name: each.n[whole(name)].sum() for each in runs.values() for name in each.n}
    rows = []
    for target in targets.itertuples():
        if target.id not in repeated:
            continue
        shares = repeated[target.id]
        is_time = target.unit != "probability"
        published = 0.5 if is_time else target.value
        if np.isfinite(shares).any():
            low, middle, high = np.nanquantile(shares, [TAIL, 0.5, 1.0 - TAIL])
            below = np.mean(shares < published) + 0.5 * np.mean(shares == published)
        else:  # no patient was simulated of whom it could be seen
            low = middle = high = below = np.nan
        rows.append(
            {
                "id": target.id,
                "label": in_time(target) if is_time else target.label,
                "unit": "probability",
                "target": published,
                "target_low": np.nan if is_time else target.low,
                "target_high": np.nan if is_time else target.high,
                "target_n": counts[target.id][1] if is_time else target.n,
                "model": middle,
                "model_low": low,
                "model_high": high,
                "model_n": simulated[target.id],
                "source": target.source,
                "fitted": target.id in fitted_to,
                "covered": bool(low <= published <= high),
                "tail": 2.0 * min(below, 1.0 - below),
            }
        )
    return pd.DataFrame(rows)


def whole(name: str) -> str:
    """The share whose patients are all those that a target counts."""
    within = NESTED | INSIDE
    return whole(within[name]) if name in within else name


def in_time(target: Any) -> str:
    """What is counted of a target that is a median of times."""
    verb = "by" if target.quantity == "median_time_to_first_response" else "beyond"
    return f"{target.label}: {verb} {target.value:g} d"
