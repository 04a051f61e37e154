"""Forecasts of trials of a stated size, with intervals."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from leukosim.analysis.predictions.quantities import QUANTITIES, Quantity, values_of
from leukosim.analysis.predictions.trials import FEWEST, trials_of
from leukosim.parameters import check_ranges, setting

COLUMNS = [
    "id", "label", "unit", "status", "study", "arms", "population", "definition", "n", "pool",
    "value", "low", "high", "sd", "low_all", "high_all", "sd_all",
]  # fmt: skip
LEVEL = 0.95  # of every interval


@dataclass(frozen=True)
class Forecast:
    """The options of predictions."""

    draws: int = setting(
        4000, "trials", lowest=100, highest=1_000_000, note="simulated for each interval"
    )
    seed: int = setting(1, "1", lowest=0, highest=2**32 - 1, note="of drawing trials")
    output: str = "outputs/validation"  # folder of the predictions

    __post_init__ = check_ranges


def predict(results: Sequence[xr.Dataset], options: Forecast) -> pd.DataFrame:
    """A row for each quantity that one of the results can predict, with the columns COLUMNS.

    ``low`` to ``high`` contain 95 % of trials of ``n`` patients at one set of parameters;
    ``low_all`` to ``high_all`` those at all sets of a sweep over parameters. ``sd`` and ``sd_all``
    are the spreads on the scale of :func:`scaled`. ``pool`` is the number of virtual patients from
    which trials are sampled.

    Parameters
    ----------
    results : trials, or sweeps whose scenarios are equally likely sets of parameters
    """
    rows = []
    for number, quantity in enumerate(QUANTITIES):
        for ds in results:
            if study_of(ds) == quantity.study and set(quantity.arms) <= set(ds["arm"].values):
                row = forecast_of(quantity, ds, options, [options.seed, number])
                if row is not None:
                    rows.append(row)
                    break
    return pd.DataFrame(rows, columns=COLUMNS)


def study_of(ds: xr.Dataset) -> str:
    """The study of a result, by its configuration; empty if unknown."""
    return str(json.loads(ds.attrs.get("config", "{}")).get("study", ""))


def forecast_of(
    quantity: Quantity, ds: xr.Dataset, options: Forecast, key: list[int]
) -> dict[str, Any] | None:
    """The row of one quantity; None if too few virtual patients count."""
    is_sweep = "scenario" in ds.dims
    scenarios = [ds.isel(scenario=i) for i in range(ds.sizes["scenario"])] if is_sweep else [ds]
    pools = [values_of(quantity, each) for each in scenarios]
    smallest = min(len(of_arm) for pool in pools for of_arm in pool)
    if smallest < FEWEST:
        return None
    rng = np.random.default_rng(key)
    each = max(options.draws // len(pools), 100)
    of_scenarios = [trials_of(quantity, pool, each, rng) for pool in pools]
    centres = [np.median(of_scenario) for of_scenario in of_scenarios]
    middle = int(np.argsort(centres)[len(centres) // 2])
    alone = trials_of(quantity, pools[middle], options.draws, rng) if is_sweep else of_scenarios[0]
    together = np.concatenate(of_scenarios)
    row = {
        "id": quantity.id, "label": quantity.label, "unit": quantity.unit,
        "status": quantity.status, "study": quantity.study,
        "arms": " against ".join(quantity.arms), "population": quantity.population,
        "definition": quantity.definition, "n": quantity.n, "pool": smallest,
        "value": quantile(together, 0.5),
    }  # fmt: skip
    row |= dict(zip(("low", "high", "sd"), spread(alone, quantity), strict=True))
    if is_sweep:
        row |= dict(zip(("low_all", "high_all", "sd_all"), spread(together, quantity), strict=True))
    return row


def quantile(values: np.ndarray, level: float) -> float:
    """A quantile over trials; inf where it is a median that is not reached."""
    return float(np.quantile(values[~np.isnan(values)], level, method="inverted_cdf"))


def spread(values: np.ndarray, quantity: Quantity) -> tuple[float, float, float]:
    """Bounds of 95 % of trials, and their standard deviation on the scale of :func:`scaled`.

    From quantiles, so that it is known for a median that some trials do not reach.
    """
    low, below, centre, above, high = (
        quantile(values, level)
        for level in (0.5 - LEVEL / 2, stats.norm.cdf(-1), 0.5, stats.norm.cdf(1), 0.5 + LEVEL / 2)
    )
    at = [float(scaled(x, quantity.unit, quantity.n)) for x in (below, centre, above)]
    sd = (at[2] - at[0]) / 2.0 if np.isfinite(above) else at[1] - at[0]
    return low, high, sd


def scaled(value: float | np.ndarray, unit: str, n: float) -> np.ndarray:
    """A scale on which a quantity is nearly normal: logit of a share, logarithm of all else.

    n : patients; a share of none or all of them is moved inwards by half a patient
    """
    value = np.asarray(value, float)
    if unit == "probability":
        inside = np.clip(value, 0.5 / n, 1.0 - 0.5 / n)
        return np.log(inside) - np.log1p(-inside)
    return np.log(value)
