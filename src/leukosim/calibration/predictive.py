"""What trials like the published ones would see, if the posterior were true: by the model itself."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from leukosim.calibration.design import Runs
from leukosim.calibration.shares import Count

REPLICATES = 4000
NESTED = {"T14": "T13", "T15": "T14", "T16": "T15"}  # who met the second is among the first's
INSIDE = {"T10": "T09"}  # who met the first met the second
TAIL = 2.5  # %, on either side of an interval


def shares_of_draws(k: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The share of patients at each draw, rid of the chance in its few patients: float64[draw].

    Observed shares differ by draws and by chance. Each is drawn to the mean so far that what is left
    of their variance is what chance cannot explain.
    """
    told = n > 0
    if not told.any():
        return np.full(len(k), np.nan)
    pooled = k.sum() / n.sum()
    observed = np.where(told, k / np.maximum(n, 1.0), pooled)
    chance = np.mean(pooled * (1.0 - pooled) / n[told])
    variance = observed[told].var(ddof=1) if told.sum() > 1 else 0.0
    kept = np.sqrt(max(variance - chance, 0.0) / variance) if variance > 0.0 else 0.0
    return np.clip(pooled + kept * (observed - pooled), 0.0, 1.0)


def replicates(
    runs: Mapping[str, Runs], counts: Mapping[str, Count], seed: int
) -> dict[str, np.ndarray]:
    """Shares that repetitions of the published trials would see: float64[replicate], by target.

    Each repetition takes one draw and as many patients as were published.

    runs : of the draws, by population
    """
    luck = np.random.default_rng(seed)
    met: dict[str, np.ndarray] = {}
    n_of: dict[str, np.ndarray] = {}
    first = next(iter(runs.values()))
    draw = luck.integers(len(first.cube), size=REPLICATES)
    for of_population in runs.values():
        for name in of_population.k:
            shares = shares_of_draws(of_population.k[name], of_population.n[name])[draw]
            if name in NESTED:
                before = met[NESTED[name]]
                n_of[name] = n_of[NESTED[name]]
                met[name] = before + luck.binomial(n_of[name] - before, shares)
            elif name in INSIDE:
                n_of[name] = n_of[INSIDE[name]]
                met[name] = luck.binomial(met[INSIDE[name]], shares)
            else:
                n_of[name] = np.full(REPLICATES, max(round(counts[name][1]), 1))
                met[name] = luck.binomial(n_of[name], shares)
    return {name: met[name] / n_of[name] for name in met}


def predictive_table(
    targets: pd.DataFrame, repeated: Mapping[str, np.ndarray], counts: Mapping[str, Count]
) -> pd.DataFrame:
    """Published shares beside those of repetitions of the trials, a row for each target.

    A target that is a median of times stands as the share of patients at it: published, a half.

    Returns
    -------
    DataFrame
        id, label; published, low, high, n; predicted, predicted_low, predicted_high (95 %); covered:
        whether the published share lies in that interval; tail: the probability of one that lies
        as far out on its side, two-sided; source.
    """
    rows = []
    for target in targets.itertuples():
        if target.id not in repeated:
            continue
        share = repeated[target.id]
        is_time = target.unit != "probability"
        published = 0.5 if is_time else target.value
        low, median, high = np.nanpercentile(share, [TAIL, 50.0, 100.0 - TAIL])
        below = np.mean(share < published) + 0.5 * np.mean(share == published)
        rows.append(
            {
                "id": target.id,
                "label": f"{target.label}: share at {target.value:g} d" if is_time else target.label,
                "published": published,
                "low": np.nan if is_time else target.low,
                "high": np.nan if is_time else target.high,
                "n": counts[target.id][1] if is_time or np.isnan(target.n) else target.n,
                "predicted": median,
                "predicted_low": low,
                "predicted_high": high,
                "covered": bool(low <= published <= high),
                "tail": 2.0 * min(below, 1.0 - below),
                "source": target.source,
            }
        )
    return pd.DataFrame(rows)
