"""Individual treatment effects, which no trial can observe, and their relation to traits.

A trial treats a patient once. In the simulation every patient is treated in every arm, with the
same disease, and the same random numbers wherever treatment makes no difference.
"""

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.endpoints import main_survival
from leukosim.analysis.subgroup_effects import paired_mean
from leukosim.results.variables import VARIABLES

MONTH = 28.0  # day: less than a visit's interval is called no difference
FATES = ("event averted", "event later", "no difference", "event sooner", "event caused")
NUMBERS = (
    "age_years", "doubling_days", "residual_stem_cells", "cxcr4", "reserve_shift",
    "responsiveness", "bcl2_score", "measured_cxcr4",
)  # fmt: skip
WORDS = ("genotype", "mrd_marker", "transplanted", "tp53", "dominant_subtype", "cxcr4_group")
THIRDS = ("low", "middle", "high")


def individual_effects(ds: xr.Dataset, against: str, until_day: float) -> pd.DataFrame:
    """The gain of each patient in each arm: a row a patient and arm.

    Returns
    -------
    DataFrame
        ``arm``, ``against``, ``patient``, ``gained_days`` (day free of the event until
        ``until_day``; nan if lost to follow-up before), ``fate`` (one of FATES),
        ``more_drug_days``.
    """
    times = main_survival(ds)
    drug = ds.get("treatment_days")
    tables = []
    for arm in map(str, ds["arm"].values):
        if arm == against:
            continue
        (lived, failed), (before, failed_before) = (
            until(times.sel(arm=name), until_day) for name in (arm, against)
        )
        gained = np.round(lived - before, 6)  # days are sums: equal up to rounding
        fate = np.select(
            [
                failed_before & ~failed, failed & ~failed_before,
                gained >= MONTH, gained <= -MONTH,
            ],
            ["event averted", "event caused", "event later", "event sooner"],
            "no difference",
        )  # fmt: skip
        more = np.nan if drug is None else (drug.sel(arm=arm) - drug.sel(arm=against)).values
        tables.append(
            pd.DataFrame(
                {
                    "arm": arm, "against": against, "patient": ds["patient"].values,
                    "gained_days": gained, "fate": np.where(np.isnan(gained), "", fate),
                    "more_drug_days": more,
                }
            )
        )  # fmt: skip
    columns = ["arm", "against", "patient", "gained_days", "fate", "more_drug_days"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def until(times: xr.Dataset, day: float) -> tuple[np.ndarray, np.ndarray]:
    """Days free of the event until a day, nan if lost before, and whether it came by then."""
    days, event = times["day"].values.astype(float), times["event"].values
    known = event | (days >= day)
    return np.where(known, np.minimum(days, day), np.nan), event & (days <= day)


def gains_by_trait(ds: xr.Dataset, effects: pd.DataFrame) -> pd.DataFrame:
    """The mean gain by what is known of the patients: numbers in thirds, words as they are.

    Parameters
    ----------
    ds : of :func:`leukosim.analysis.arms.gather_arms`, for the traits
    effects : of :func:`individual_effects`, of one arm

    Returns
    -------
    DataFrame
        ``trait``, ``level``, ``from_value``, ``to_value`` (of a third), ``n``, ``value``, ``low``,
        ``high`` (day): means with normal intervals. The first row is of all patients. Traits that
        do not vary are left out.
    """
    gained = effects["gained_days"].to_numpy(float)
    rows = [("all patients", "", np.nan, np.nan, *mean_of(gained))]
    for name in (*NUMBERS, *WORDS):
        if name not in ds:
            continue
        values = ds[name].values
        groups = thirds(values) if name in NUMBERS else groups_of(name, values)
        if len(groups) < 2:
            continue
        for level, (members, low, high) in groups.items():
            rows.append((name, level, low, high, *mean_of(gained[members])))
    columns = ["trait", "level", "from_value", "to_value", "n", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def mean_of(gained: np.ndarray) -> tuple[int, float, float, float]:
    """Patients, mean and interval."""
    known = gained[~np.isnan(gained)]
    if len(known) == 1:
        return 1, float(known[0]), np.nan, np.nan
    result = paired_mean(known)
    return len(known), result.value, result.low, result.high


def thirds(values: np.ndarray) -> dict[str, tuple[np.ndarray, float, float]]:
    """Members of each third, bool[patient], and its ends; empty where values are too much alike.

    Where more than a third share the lowest value, as patients without residual cells do, they are
    the first group, and the others are halved.
    """
    values = values.astype(float)
    known = np.isfinite(values)
    different = np.unique(values[known])
    if len(different) < 6:
        return {}
    lowest = different[0]
    cuts = np.quantile(values[known], [1 / 3, 2 / 3])
    if cuts[0] == lowest:
        cuts = np.array([lowest, np.median(values[known & (values > lowest)])])
    which = np.where(known, np.searchsorted(cuts, values, side="left"), -1)
    result = {}
    for i, name in enumerate(THIRDS):
        members = which == i
        if not members.any():
            return {}
        result[name] = (members, float(values[members].min()), float(values[members].max()))
    return result


def groups_of(name: str, values: np.ndarray) -> dict[str, tuple[np.ndarray, float, float]]:
    """Members of each group, bool[patient]."""
    codes = VARIABLES[name].codes if name in VARIABLES else ()
    words = np.array([word_of(value, codes) for value in values], object)
    return {word: (words == word, np.nan, np.nan) for word in sorted(set(words)) if word}


def word_of(value: object, codes: tuple[str, ...]) -> str:
    """A value of a trait in words."""
    if not isinstance(value, int | float | np.number):
        return str(value)
    if codes:
        return codes[int(value)]
    return {0.0: "no", 1.0: "yes"}.get(float(value), f"{float(value):g}")


def count_fates(effects: pd.DataFrame) -> pd.DataFrame:
    """Numbers of patients by fate: ``arm``, ``fate``, ``patients``, ``share``."""
    rows = [
        (arm, fate, int((of_arm["fate"] == fate).sum()), float((of_arm["fate"] == fate).mean()))
        for arm, of_arm in effects.groupby("arm", sort=False)
        for fate in FATES
    ]
    return pd.DataFrame(rows, columns=["arm", "fate", "patients", "share"])
