"""Arms compared over the same patients: the value of each, and its difference from a reference.

Patients are resampled with all their arms (:mod:`leukosim.analysis.bootstrap`), so that variation
shared by an arm and its reference cancels in the interval of their difference.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.arm_summaries import (
    NO_MORE,
    RESAMPLED,
    curve_of_arm,
    difference_interval,
    means_by_arm,
)
from leukosim.analysis.bootstrap import (
    MIN_PATIENTS_FOR_COMPARISON,
    comparison_interval,
    resample_counts,
    restricted_means,
    survival_on,
)
from leukosim.analysis.endpoints import ONE_YEAR, OVERALL, RELAPSE_FREE, TWO_YEARS
from leukosim.analysis.measures import DAY, MEASURES, SHARE
from leukosim.analysis.survival import hazard_ratio, survival_at
from leukosim.errors import ConfigError
from leukosim.parameters import check_ranges, setting

SURVIVAL, RESTRICTED_MEAN = "survival", "restricted mean"
HAZARD_RATIO, NEEDED = "hazard ratio", "number needed to treat"
COSTS = {MEASURES[name].label: MEASURES[name] for name in ("drug_days", "cytopenia_days")}
DRUG_DAYS, CYTOPENIA_DAYS = COSTS
UNITS = {
    SURVIVAL: SHARE, RESTRICTED_MEAN: DAY, HAZARD_RATIO: "1", NEEDED: "patients",
    **{name: measure.unit for name, measure in COSTS.items()},
}  # fmt: skip
STATES = {RELAPSE_FREE: "relapse-free", OVERALL: "alive"}
COLUMNS = ["arm", "against", "quantity", "day", "unit", "value", "low", "high", "method", "n"]


@dataclass(frozen=True)
class Comparison:
    """The options of a comparison."""

    arms: list[str] = field(default_factory=list)  # to compare; none named: all
    against: str = ""  # the reference arm; empty: the usual control
    days: list[float] = field(
        default_factory=list, metadata={"unit": "day", "lowest": 1.0, "highest": 36525.0}
    )  # on which survival is compared; none named: after one year and two
    until_day: float | None = setting(
        None, "day", lowest=1.0, highest=36525.0,
        note="last day of restricted means; null: the end of follow-up",
    )  # fmt: skip
    resamples: int = setting(
        2000, "resamples", lowest=100, highest=100_000, note="of the patients, for intervals"
    )
    seed: int = setting(1, "1", lowest=0, highest=2**32 - 1, note="of resampling")
    width_mm: float | None = setting(
        None, "mm", lowest=89.0, highest=183.0, note="of the figures; null: 183, a page"
    )
    output: str = ""  # folder; empty: that of the first result

    __post_init__ = check_ranges


@dataclass(frozen=True, eq=False)  # hashed by identity, which the caches of its tables need
class Resampled:
    """Every quantity of every arm, float64[arm, 1 + resample]: the estimate, then its resamples."""

    arms: list[str]
    times: xr.Dataset  # day and event (arm, patient), to the endpoint
    days: list[float]
    until_day: float
    values: dict[tuple[str, float], np.ndarray]  # by quantity and day

    @property
    def n(self) -> int:
        """Patients."""
        return int(self.times.sizes["patient"])

    @property
    def n_left_out(self) -> int:
        """Patients who were not in all arms."""
        return int(self.times.attrs.get("n_left_out", 0))

    @property
    def n_resamples(self) -> int:
        """Resamples."""
        return self.control.shape[1] - 1

    @property
    def endpoint(self) -> str:
        """The endpoint of survival."""
        return str(self.times.attrs["endpoint"])

    @property
    def state(self) -> str:
        """The state of a patient before the event, in words."""
        return STATES.get(self.endpoint, "free of the event")

    @property
    def control(self) -> np.ndarray:
        """Disease control: the restricted mean, float64[arm, 1 + resample]."""
        return self.values[(RESTRICTED_MEAN, self.until_day)]

    def cost(self, quantity: str) -> np.ndarray | None:
        """One of COSTS, float64[arm, 1 + resample]; None if it is not known."""
        result = [values for (name, _), values in self.values.items() if name == quantity]
        return result[0] if result else None


def resample(ds: xr.Dataset, options: Comparison | None = None) -> Resampled:
    """Every quantity of every arm in every resample of the patients.

    Parameters
    ----------
    ds : of :func:`leukosim.analysis.arms.gather_arms`

    Raises
    ------
    ConfigError
        If a day lies beyond the end of follow-up.
    """
    options = options or Comparison()
    times = MEASURES["main_survival"].times(ds)
    times.attrs["n_left_out"] = int(ds.attrs.get("n_left_out", 0))
    days, until = days_of(options, float(ds.attrs["horizon_days"]))
    counts = resample_counts(ds.sizes["patient"], options.resamples, options.seed)
    arms = [str(arm) for arm in ds["arm"].values]
    keys = [*((SURVIVAL, day) for day in days), (RESTRICTED_MEAN, until)]
    values = {key: np.empty((len(arms), len(counts))) for key in keys}
    for a, arm in enumerate(arms):  # one at a time: the curves of many arms would fill the memory
        curve = curve_of_arm(times, arm, counts)
        for day in days:
            values[(SURVIVAL, day)][a] = survival_on(day, *curve)
        values[(RESTRICTED_MEAN, until)][a] = restricted_means(until, *curve)
    horizon = float(ds.attrs["horizon_days"])
    for cost, measure in COSTS.items():
        if measure.is_known_in(ds):
            values[(cost, horizon)] = means_by_arm(measure.values(ds), counts)
    return Resampled(arms, times, days, until, values)


def days_of(options: Comparison, horizon: float) -> tuple[list[float], float]:
    """The days of survival and the end of restricted means, all within follow-up."""
    for name, days in (("days", options.days), ("until_day", [options.until_day or 1.0])):
        for day in days:
            if day > horizon:
                raise ConfigError(
                    f"{name} = {day:g} (day) lies beyond the follow-up: allowed from 1 to "
                    f"{horizon:g}"
                )
    usual = [day for day in (ONE_YEAR, TWO_YEARS) if day <= horizon]
    days = sorted(set(options.days)) or usual or [horizon]
    return days, options.until_day or horizon


# ---------------------------------------------------------------------- tables


@lru_cache(maxsize=4)
def levels_table(result: Resampled) -> pd.DataFrame:
    """The level of each quantity in each arm: COLUMNS, with ``against`` empty.

    Survival has the log-log interval of Kaplan-Meier (exact where nobody or everybody failed), all
    else that of resampled patients, which needs MIN_PATIENTS_FOR_COMPARISON of them.
    """
    rows = []
    for (quantity, day), values in result.values.items():
        shares = survival_at(result.times, day).set_index("arm") if quantity == SURVIVAL else None
        for arm, of_arm in zip(result.arms, values, strict=True):
            if shares is not None:
                low, high = shares.loc[arm, ["low", "high"]]
                method = "Kaplan-Meier, log-log"
            else:
                low, high, method = *comparison_interval(of_arm, result.n), RESAMPLED
            rows.append(
                (arm, "", quantity, day, UNITS[quantity], of_arm[0], low, high, method, result.n)
            )
    return pd.DataFrame(rows, columns=COLUMNS)


@lru_cache(maxsize=4)
def differences_table(result: Resampled, against: str) -> pd.DataFrame:
    """The differences of each arm from one of them: COLUMNS, ``arm`` minus ``against``.

    Returns
    -------
    DataFrame
        For each other arm: survival on each day (share), restricted mean, drug days and cytopenia
        days (day), all with intervals of resampled patients; the hazard ratio of Cox's model with
        errors clustered by patient; and the number needed to treat for one more patient to be free
        of the event on each day. Where all resamples have the same difference of shares, or
        patients are fewer than MIN_PATIENTS_FOR_COMPARISON, its interval is that of matched
        proportions (:func:`leukosim.analysis.survival.paired_difference`). nan: unknown.
    """
    rows: list[tuple] = []
    reference = result.arms.index(against)
    for a, arm in enumerate(result.arms):
        if a == reference:
            continue
        needed = []
        for (quantity, day), values in result.values.items():
            difference = values[a] - values[reference]
            if quantity == SURVIVAL:
                interval = difference_interval(difference, result.times, (arm, against), day)
            else:
                interval = (*comparison_interval(difference, result.n), RESAMPLED)
            row = (difference[0], *interval, result.n)
            rows.append((arm, against, quantity, day, UNITS[quantity], *row))
            if quantity == SURVIVAL:
                needed.append((arm, against, NEEDED, day, UNITS[NEEDED], *needed_to_treat(*row)))
        ratio = hazard_ratio(result.times, arm, against)
        cox = (ratio.value, ratio.low, ratio.high, "Cox, clustered by patient", result.n)
        rows.append((arm, against, HAZARD_RATIO, np.nan, UNITS[HAZARD_RATIO], *cox))
        rows += needed
    return pd.DataFrame(rows, columns=COLUMNS)


def needed_to_treat(
    value: float, low: float, high: float, method: str, n: int
) -> tuple[float, float, float, str, int]:
    """The number needed to treat for one more patient to be free of the event; negative: harm.

    The bounds are those of the difference, inverted. If the difference can be zero, ``low`` is
    positive and ``high`` negative, and the interval runs from ``low`` through infinity to ``high``.

    References
    ----------
    Altman (1998), BMJ 317:1309, doi:10.1136/bmj.317.7168.1309
    """
    value, low, high = (np.inf if abs(x) < NO_MORE else 1.0 / x for x in (value, high, low))
    return value, low, high, method, n


def shown_needed(value: float, low: float, high: float) -> str:
    """The number needed to treat in words, such as ``12 (7 to 40)`` or ``none``."""
    if np.isnan(value) or not np.isfinite(value):
        return "no difference" if np.isinf(value) else "–"
    kind = "" if value > 0 else "harm "
    if np.isnan(low) or np.isnan(high):
        return f"{kind}{abs(value):,.0f}"
    if (low > 0) == (high > 0) or np.isinf(low):
        ends = sorted((abs(low), abs(high)))
        return f"{kind}{abs(value):,.0f} ({ends[0]:,.0f} to {shown_end(ends[1])})"
    return f"{kind}{abs(value):,.0f} ({shown_end(low)} to ∞ to harm {shown_end(-high)})"


def shown_end(patients: float) -> str:
    """A bound of it."""
    return f"{patients:,.0f}" if np.isfinite(patients) else "∞"


# ---------------------------------------------------------------------- ranks


@lru_cache(maxsize=4)
def ranking(result: Resampled) -> pd.DataFrame:
    """Arms by disease control, best first, with their costs.

    Returns
    -------
    DataFrame
        ``arm``, ``rank``, ``rank_low``, ``rank_high`` (95 % of resamples), ``probability_best``
        (share of resamples with the longest restricted mean; arms alike share it), and for each
        cost that is known ``front_<cost>`` (bool: no arm controls as well at as little of it, and
        better or cheaper) and ``front_<cost>_probability``.
    """
    from scipy.stats import rankdata

    control = np.round(result.control, 9)  # equal trajectories are equal up to the last bit
    ranks = rankdata(-control, axis=0)
    is_best = control == control.max(0)
    shares = is_best / is_best.sum(0)
    enough = result.n >= MIN_PATIENTS_FOR_COMPARISON
    table: dict[str, Any] = {
        "arm": result.arms,
        "rank": ranks[:, 0],
        "probability_best": shares[:, 1:].mean(1) if enough else np.full(len(control), np.nan),
    }
    bounds = [comparison_interval(each, result.n) for each in ranks]
    table["rank_low"], table["rank_high"] = zip(*bounds, strict=True)
    for quantity in COSTS:
        cost = result.cost(quantity)
        if cost is not None:
            front = on_front(control, np.round(cost, 9))
            name = f"front_{quantity.replace(' ', '_')}"
            table[name] = front[:, 0]
            table[f"{name}_probability"] = front[:, 1:].mean(1) if enough else np.nan
    return pd.DataFrame(table).sort_values("rank", kind="stable", ignore_index=True)


def on_front(control: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Whether no other arm is as good in both and better in one, bool[arm, resample].

    control, cost : float64[arm, resample]; more of one and less of the other is better
    """
    front = np.ones(control.shape, bool)
    for a in range(len(control)):
        as_good = (control >= control[a]) & (cost <= cost[a])
        better = (control > control[a]) | (cost < cost[a])
        front[a] = ~(as_good & better).any(0)
    return front


def censored_early(result: Resampled) -> dict[str, int]:
    """Patients lost before the last day that is compared, by arm; arms that lost none left out."""
    last = max(result.until_day, *result.days)
    lost = ((result.times["day"] < last) & ~result.times["event"]).sum("patient")
    return {arm: int(n) for arm, n in zip(result.arms, lost.values, strict=True) if n}
