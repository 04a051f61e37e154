"""A trial repeated a thousand times from a pool of virtual patients: the results it could have had.

Every repetition samples patients from the pool, allocates each to one of two arms and follows each
as the trial would have; the pool holds the outcome of every patient in both arms. All repetitions
are computed at once, so a Cox model of a single covariate is fitted here by Newton's method on
arrays; tests compare it with lifelines.

Relapse is detected at visits, so many patients relapse on the same day. These ties are an artefact
of the visits and are broken at random, in the same way for every analysis of one repetition.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.endpoints import DAYS_PER_MONTH, relapse_free_survival
from leukosim.analysis.subgroup_effects import TOO_EXTREME
from leukosim.parameters import check_ranges, setting
from leukosim.random_streams import TRIAL, stream
from leukosim.results.variables import CXCR4_GROUPS

CERTAIN = 0.9995  # power of which a thousand trials say no more
SIGNIFICANCE, POWER = 0.05, 0.8  # two-sided
HIGH = CXCR4_GROUPS.index("high")
STEPS = 25  # of Newton's method, at most
SIZES = (64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)


@dataclass(frozen=True)
class Design:
    """How a repetition is done; defaults after BLAST."""

    trials: int = setting(1000, "trials", lowest=2, highest=1_000_000)
    patients: int = setting(128, "patients", lowest=4, highest=100_000)
    accrual_months: float = setting(48.0, "month", lowest=0.0, highest=240.0)
    follow_up_months: float = setting(
        25.4, "month", lowest=0.1, highest=240.0, note="of the median patient, at the analysis"
    )
    dropout_per_year: float = setting(
        0.0, "probability", lowest=0.0, highest=0.99, note="lost to follow-up, without an event"
    )

    __post_init__ = check_ranges


@dataclass(frozen=True)
class Pool:
    """What becomes of each virtual patient in either arm."""

    day: np.ndarray  # float64[arm, patient], of the event or of censoring; arm 1 is the treatment
    event: np.ndarray  # bool[arm, patient]
    group: np.ndarray  # int64[patient], position in CXCR4_GROUPS

    @property
    def size(self) -> int:
        """Patients."""
        return len(self.group)


@dataclass(frozen=True)
class Repetitions:
    """Repeated trials, sorted by time: arrays float64 or bool[trial, patient]."""

    day: np.ndarray
    event: np.ndarray
    treated: np.ndarray
    group: np.ndarray


@dataclass(frozen=True)
class Fits:
    """One Cox model a trial; nan where a trial cannot say."""

    log_hazard_ratio: np.ndarray  # float64[trial]
    error: np.ndarray  # float64[trial], standard error

    @property
    def p(self) -> np.ndarray:
        """Of Wald's test, two-sided; 1 where a trial cannot say."""
        from scipy.stats import norm

        z = np.abs(self.log_hazard_ratio) / self.error
        return np.where(np.isnan(z), 1.0, 2.0 * norm.sf(z))

    @property
    def benefits(self) -> np.ndarray:
        """Whether the trial shows significantly fewer events, bool[trial]."""
        return (self.p < SIGNIFICANCE) & (self.log_hazard_ratio < 0.0)


def pool_of(ds: xr.Dataset, arm: str, against: str) -> Pool:
    """The pool that a result dataset is. ds : with ``cxcr4_group``, dimensions arm and patient."""
    times = relapse_free_survival(ds).sel(arm=[against, arm]).transpose("arm", "patient")
    return Pool(
        times["day"].values.astype(float),
        times["event"].values.astype(bool),
        ds["cxcr4_group"].values.astype(int),
    )


def repeat(
    pool: Pool, design: Design, seed: int, patients: int | None = None, only: int | None = None
) -> Repetitions:
    """Repeat a trial: draw patients, allocate them one to one, end follow-up.

    A patient is followed from a day of accrual, uniform, to the day of the analysis.

    Parameters
    ----------
    patients : of each trial; by default as the design says
    only : the group from which patients are sampled, as in a trial that selects by the assay;
        None: everyone
    """
    n = patients or design.patients
    eligible = np.arange(pool.size) if only is None else np.flatnonzero(pool.group == only)
    if len(eligible) < 2:
        raise ValueError(
            f"the pool has {len(eligible)} patients of the group {only}: at least 2 are needed"
        )
    rng = stream(seed, 0, TRIAL, n, 0 if only is None else 1 + only)
    who = eligible[rng.integers(len(eligible), size=(design.trials, n))]
    treated = np.zeros((design.trials, n), bool)
    treated[:, : n // 2] = True
    treated = rng.permuted(treated, axis=1)
    return observed(pool, design, who, treated, rng)


def observed(
    pool: Pool, design: Design, who: np.ndarray, treated: np.ndarray, rng: np.random.Generator
) -> Repetitions:
    """Events that trials observe in these patients until follow-up ends.

    who, treated : int64 and bool[trial, patient], positions in the pool and whether treated there
    """
    half = min(design.accrual_months / 2.0, design.follow_up_months)
    months = design.follow_up_months + half * rng.uniform(-1.0, 1.0, who.shape)
    end = months * DAYS_PER_MONTH
    arm = treated.astype(int)
    day, event = pool.day[arm, who], pool.event[arm, who]
    # less than a day, so that no order changes but that within one
    within_day = 1e-3 * rng.random(who.shape)
    if design.dropout_per_year:
        rate = -np.log1p(-design.dropout_per_year) / 365.25
        end = np.minimum(end, rng.exponential(1.0 / rate, who.shape))
    event = event & (day <= end)
    day = np.minimum(day, end) + within_day
    order = np.argsort(day, axis=1)

    def sort(values):
        return np.take_along_axis(values, order, 1)

    return Repetitions(sort(day), sort(event), sort(treated), sort(pool.group[who]))


def cox(trials: Repetitions, within: np.ndarray | None = None) -> Fits:
    """Hazard ratio of treatment in every trial: Cox's partial likelihood, without ties.

        U(b) = sum over events of (z - n1 e^b / (n0 + n1 e^b)),   n: at risk, by arm

    Where all events are in one arm, the ratio has no bound: it is TOO_EXTREME, with the error that
    makes Wald's test the score test, U(0)^2 / I(0), which the log-rank test is.

    within : bool[trial, patient], a stratum; by default everyone
    """
    member = np.ones(trials.day.shape, bool) if within is None else within
    one, zero = (
        np.cumsum((arm & member)[:, ::-1], axis=1)[:, ::-1].astype(float)
        for arm in (trials.treated, ~trials.treated)
    )
    event = trials.event & member
    observed = (event & trials.treated).sum(1)
    log_ratio = np.zeros(len(one))
    information = np.zeros(len(one))
    score = np.zeros(len(one))
    for i in range(STEPS):
        weighted = one * np.exp(log_ratio)[:, None]
        share = weighted / np.maximum(weighted + zero, 1e-300)
        expected = (share * event).sum(1)
        information = (share * (1.0 - share) * event).sum(1)
        if i == 0:
            score = (observed - expected) / np.sqrt(np.maximum(information, 1e-12))
        step = (observed - expected) / np.maximum(information, 1e-12)
        log_ratio = np.clip(log_ratio + np.clip(step, -1.0, 1.0), -2 * TOO_EXTREME, 2 * TOO_EXTREME)
        if np.all(np.abs(step) < 1e-9):
            break
    known = (information > 1e-9) & (np.abs(log_ratio) < TOO_EXTREME)
    error = 1.0 / np.sqrt(np.where(known, information, 1.0))
    one_sided = ~known & (np.abs(score) > 1e-6)
    log_ratio = np.where(one_sided, np.copysign(TOO_EXTREME, score), log_ratio)
    error = np.where(one_sided, TOO_EXTREME / np.maximum(np.abs(score), 1e-6), error)
    is_estimated = known | one_sided
    return Fits(np.where(is_estimated, log_ratio, np.nan), np.where(is_estimated, error, np.nan))


def effects(trials: Repetitions) -> pd.DataFrame:
    """The analysis of each trial: a row a trial.

    Returns
    -------
    DataFrame
        Columns ``hazard_ratio``, ``p``, the same with the suffix ``_high`` (CXCR4-high patients)
        and ``_others``, ``p_interaction`` (of the two, each with its own baseline hazard),
        ``events``, ``n_high``, and ``pattern``: not significant overall, significant in CXCR4-high.
    """
    from scipy.stats import norm

    high = trials.group == HIGH
    fits = {"": cox(trials), "_high": cox(trials, high), "_others": cox(trials, ~high)}
    table = {}
    for suffix, fit in fits.items():
        table[f"hazard_ratio{suffix}"] = np.exp(fit.log_hazard_ratio)
        table[f"p{suffix}"] = fit.p
        table[f"benefits{suffix}"] = fit.benefits
    one, other = fits["_high"], fits["_others"]
    z = (one.log_hazard_ratio - other.log_hazard_ratio) / np.hypot(one.error, other.error)
    table["p_interaction"] = np.where(np.isnan(z), 1.0, 2.0 * norm.sf(np.abs(z)))
    table["events"] = trials.event.sum(1)
    table["n_high"] = high.sum(1)
    table["pattern"] = (fits[""].p >= SIGNIFICANCE) & one.benefits
    return pd.DataFrame(table)


def power_by_size(
    pool: Pool, design: Design, seed: int, sizes: Sequence[int] = SIZES
) -> pd.DataFrame:
    """Share of trials that show a benefit, by the number of patients randomised.

    Returns
    -------
    DataFrame
        Columns ``patients``, ``enrolled`` ("all-comers", "CXCR4-high by the assay"), ``screened``
        (patients who have to be assayed), ``power`` and its 95 % interval ``low``, ``high``.
    """
    from scipy.stats import binomtest

    share = float(np.mean(pool.group == HIGH))
    rows = []
    for enrolled, only in (("all-comers", None), ("CXCR4-high by the assay", HIGH)):
        for size in sizes:
            benefits = cox(repeat(pool, design, seed, size, only)).benefits
            interval = binomtest(int(benefits.sum()), len(benefits)).proportion_ci(0.95, "wilson")
            screened = size if only is None else size / share
            rows.append((size, enrolled, screened, benefits.mean(), interval.low, interval.high))
    columns = ["patients", "enrolled", "screened", "power", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def patients_for_power(
    table: pd.DataFrame, power: float = POWER, significance: float = SIGNIFICANCE
) -> pd.DataFrame:
    """Patients who have to be randomised for this power, by interpolation between sizes.

    Below the smallest size and beyond the largest by the normal law of a test, power =
    Phi(sqrt(n) d - z); inf where the largest size hardly exceeds the power without an effect.

    Parameters
    ----------
    table : of :func:`power_by_size`
    significance : two-sided, of the tests in the table

    Returns
    -------
    DataFrame
        Columns ``enrolled``, ``patients``, ``screened``, ``extrapolated`` (bool).
    """
    from scipy.stats import norm

    rows = []
    for enrolled, curve in table.groupby("enrolled", sort=False):
        rising = np.maximum.accumulate(curve["power"].to_numpy())
        sizes = curve["patients"].to_numpy(float)
        beyond = bool(rising[-1] < power or rising[0] > power)
        if not beyond:
            needed = float(np.exp(np.interp(power, rising, np.log(sizes))))
        elif rising[-1] > 2.0 * significance:
            end = 0 if rising[0] > power else -1
            limit = norm.ppf(1.0 - significance / 2.0)
            seen = norm.ppf(min(rising[end], CERTAIN))
            needed = float(sizes[end] * ((limit + norm.ppf(power)) / (limit + seen)) ** 2)
        else:
            needed = np.inf
        assayed = float((curve["screened"] / curve["patients"]).iloc[0])
        rows.append((enrolled, needed, needed * assayed, beyond))
    return pd.DataFrame(rows, columns=["enrolled", "patients", "screened", "extrapolated"])


def summary(table: pd.DataFrame) -> pd.Series:
    """Shares of trials by their result, and medians. table : of :func:`effects`."""
    return pd.Series(
        {
            "overall significant": table["benefits"].mean(),
            "CXCR4-high significant": table["benefits_high"].mean(),
            "published pattern": table["pattern"].mean(),
            "interaction significant": (table["p_interaction"] < SIGNIFICANCE).mean(),
            "hazard ratio, median": table["hazard_ratio"].median(),
            "hazard ratio in CXCR4-high, median": table["hazard_ratio_high"].median(),
        }
    )
