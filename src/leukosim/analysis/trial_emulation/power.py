"""The design of a proposed trial: effect, power and sample size, each with its uncertainty.

Trials are sampled from the virtual patients and analysed as a trial would be. The uncertainty of
the effect itself comes from resampling the virtual patients: each resample has its own hazard
ratio, and so its own power. The mean of these powers is the assurance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.arms import choose, reference_of
from leukosim.analysis.bootstrap import percentile_interval
from leukosim.analysis.endpoints import DAYS_PER_MONTH, main_survival
from leukosim.analysis.trial_emulation.repeated_trials import (
    HIGH,
    Design,
    Pool,
    cox,
    observed,
    patients_for_power,
    repeat,
)
from leukosim.errors import ConfigError, InvalidField, listed, unknown
from leukosim.parameters import check_ranges, setting
from leukosim.random_streams import TRIAL, stream
from leukosim.results.variables import VARIABLES

ALL, SELECTED, OTHERS = "all-comers", "selected", "not selected"
SIZES = (32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
FEWEST = 20  # virtual patients, of each population from which trials are drawn
MANY, SOME = 20_000, 4_000  # rows of a Cox model: of the estimate, and of each resample
GRACE = 16.0  # day, by which a follow-up in months may exceed one in days


@dataclass(frozen=True)
class Proposal:
    """A trial of two arms, one to one, that ends with a Cox model."""

    arm: str = ""  # to be tested; empty: the first that is not the control
    against: str = ""  # the control arm; empty: the usual one
    accrual_months: float = setting(
        24.0, "month", lowest=0.0, highest=240.0, note="duration of recruitment"
    )
    follow_up_months: float | None = setting(
        None, "month", lowest=0.1, highest=240.0,
        note="of the median patient at the analysis; null: 24, or as long as was simulated",
    )  # fmt: skip
    dropout_per_year: float = setting(
        0.05,
        "probability",
        lowest=0.0,
        highest=0.99,
        note="patients lost to follow-up, without an event",
    )
    significance: float = setting(
        0.05, "probability", lowest=1e-6, highest=0.5, note="level of the two-sided test"
    )
    power: float = setting(
        0.8, "probability", lowest=0.05, highest=0.999, note="power that is wanted"
    )
    biomarker: str = ""  # variable of patients by which a selected trial enrols; empty: none
    equals: str = ""  # value of the biomarker in enrolled patients
    at_least: float | None = setting(
        None, "unit of the biomarker", lowest=-1e18, highest=1e18,
        note="lowest value of the biomarker in enrolled patients",
    )  # fmt: skip
    below: float | None = setting(
        None, "unit of the biomarker", lowest=-1e18, highest=1e18,
        note="value of the biomarker that enrolled patients are below",
    )  # fmt: skip
    sizes: list[int] = field(
        default_factory=lambda: list(SIZES),
        metadata={"unit": "patients randomised", "lowest": 4, "highest": 20_000},
    )  # of trials that are drawn
    trials: int = setting(1000, "trials", lowest=50, highest=100_000, note="of each size")
    resamples: int = setting(
        500, "resamples", lowest=50, highest=10_000, note="of the patients, for intervals"
    )
    seed: int = setting(1, "1", lowest=0, highest=2**32 - 1, note="of drawing trials")
    width_mm: float | None = setting(
        None, "mm", lowest=89.0, highest=183.0, note="of the figures; null: 183, a page"
    )
    output: str = ""  # folder; empty: that of the result

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.sizes:
            raise InvalidField("sizes is empty: a trial needs patients (randomised), 4 or more")
        limits = [self.equals != "", self.at_least is not None, self.below is not None]
        if self.biomarker and not any(limits):
            raise InvalidField(
                f"biomarker = {self.biomarker} selects nobody yet: add equals, at_least or below"
            )


@dataclass(frozen=True)
class Evidence:
    """Effect, power and sample size of a proposed trial, by simulation."""

    arm: str
    against: str
    endpoint: str
    design: Design
    proposal: Proposal
    criterion: str  # of the selected, in words; empty: nobody is selected
    effects: pd.DataFrame  # of :func:`effect_table`
    curves: pd.DataFrame  # of :func:`power_table`
    needed: pd.DataFrame  # of :func:`needed_table`


def evaluate_design(ds: xr.Dataset, proposal: Proposal) -> Evidence:
    """Effect, power and sample size of a proposed trial.

    ds : of :func:`leukosim.analysis.arms.gather_arms`

    Raises
    ------
    ConfigError
        If arms or patients are missing, or patients were not followed for so long.
    """
    arm, against = two_arms(ds, proposal)
    design = design_of(proposal, float(ds.attrs["horizon_days"]))
    times = main_survival(ds).sel(arm=[against, arm]).transpose("arm", "patient")
    selected, criterion = selection(ds, proposal)
    group = np.where(selected, HIGH, 0)
    pool = Pool(times["day"].values.astype(float), times["event"].values.astype(bool), group)
    check_pool(pool, bool(criterion))
    known = population_effects(pool, design, proposal, bool(criterion))
    curves = power_table(pool, design, proposal, known)
    return Evidence(
        arm, against, str(times.attrs["endpoint"]), design, proposal, criterion,
        effect_table(known), curves, needed_table(curves, proposal, known),
    )  # fmt: skip


# ---------------------------------------------------------------------- what is proposed


def two_arms(ds: xr.Dataset, proposal: Proposal) -> tuple[str, str]:
    """The experimental arm and its control."""
    arms = [str(name) for name in ds["arm"].values]
    against = reference_of(ds, proposal.against)
    others = [name for name in arms if name != against]
    if not others:
        raise ConfigError(f"a trial needs two arms, and the result has {listed(arms)} only")
    if not proposal.arm:
        return others[0], against
    if proposal.arm == against:
        raise ConfigError(f"arm = {against} is the control, too: allowed {listed(others)}")
    return choose(others, proposal.arm, "arm"), against


def design_of(proposal: Proposal, horizon_days: float) -> Design:
    """How trials are repeated; follow-up fits into what was simulated."""
    half = proposal.accrual_months / 2.0
    longest = horizon_days / DAYS_PER_MONTH
    follow_up = proposal.follow_up_months
    if follow_up is None:
        follow_up = max(min(24.0, longest - half), 0.1)
    spread = min(half, follow_up)
    if (follow_up + spread) * DAYS_PER_MONTH > horizon_days + GRACE:
        raise ConfigError(
            f"follow_up_months = {follow_up:g} with accrual_months = {proposal.accrual_months:g} "
            f"(month) needs patients followed for {follow_up + spread:.3g} months, and they were "
            f"simulated for {longest:.3g}: choose less, or run with a longer horizon_days"
        )
    return Design(
        trials=proposal.trials,
        accrual_months=proposal.accrual_months,
        follow_up_months=follow_up,
        dropout_per_year=proposal.dropout_per_year,
    )


def selection(ds: xr.Dataset, proposal: Proposal) -> tuple[np.ndarray, str]:
    """The patients who would be selected, bool[patient], and the criterion in words.

    Everyone, and an empty criterion, without a biomarker. By default CXCR4-high patients, where
    residual cells were measured.
    """
    name, equals = proposal.biomarker, proposal.equals
    if not name and "cxcr4_group" in ds:
        name, equals = "cxcr4_group", "high"
    if not name:
        return np.ones(ds.sizes["patient"], bool), ""
    known = [str(each) for each, values in ds.items() if values.dims == ("patient",)]
    if name not in known:
        raise ConfigError(f"biomarker: {unknown(name, known, 'trait of patients')}")
    codes = VARIABLES[name].codes if name in VARIABLES else ()
    values = ds[name].values
    words = [codes[int(value)] if codes else in_words(value) for value in values]
    is_number = values.dtype.kind in "fiub" and not codes
    selected, parts = np.ones(len(words), bool), []
    if equals:
        if equals not in words:
            raise ConfigError(f"equals: {unknown(equals, sorted(set(words)), name)}")
        selected &= np.array(words) == equals
        parts.append(f"= {equals}")
    for field_name, sign, limit in (
        ("at_least", "≥", proposal.at_least), ("below", "<", proposal.below)
    ):  # fmt: skip
        if limit is None:
            continue
        if not is_number:
            raise ConfigError(
                f"{field_name} = {limit:g} means nothing to {name}, which is no number: use equals"
            )
        selected &= values >= limit if sign == "≥" else values < limit
        parts.append(f"{sign} {limit:g}")
    return selected, f"{name.replace('_', ' ')} {' and '.join(parts)}"


def in_words(value: object) -> str:
    """A value as it would be written after ``equals=``."""
    return f"{value:g}" if isinstance(value, float | np.floating) else str(value)


def check_pool(pool: Pool, selects: bool) -> None:
    """Raise :class:`ConfigError` where there are too few virtual patients to draw trials from."""
    counts = {ALL: pool.size} | ({SELECTED: int((pool.group == HIGH).sum())} if selects else {})
    for name, n in counts.items():
        if n < FEWEST:
            raise ConfigError(
                f"virtual patients to draw trials from ({name}): {n}, and at least {FEWEST} are "
                "needed: run with a larger cohort.size"
            )


# ---------------------------------------------------------------------- the effect


@dataclass(frozen=True)
class PopulationEffect:
    """The effect under a design: first of the virtual patients as they are, then of resamples."""

    virtual_patients: int
    log_hazard_ratio: np.ndarray  # float64[1 + resample], nan where it cannot be estimated
    information: np.ndarray  # of it, for each patient randomised; float64[1 + resample]
    events: float  # share of patients with an event, both arms


def population_effects(
    pool: Pool, design: Design, proposal: Proposal, selects: bool
) -> dict[str, PopulationEffect]:
    """The effect by population, of virtual patients who are each in both arms.

    Every patient is taken several times, with other days of accrual and drop-out, so that resamples
    differ by their patients and not by the days of accrual.
    """
    members = {ALL: np.arange(pool.size)}
    if selects:
        members[SELECTED] = np.flatnonzero(pool.group == HIGH)
        members[OTHERS] = np.flatnonzero(pool.group != HIGH)
    result = {}
    for key, (name, eligible) in enumerate(members.items()):
        n = len(eligible)
        if n < 2:
            continue
        rng = stream(proposal.seed, 0, TRIAL, 1_000_000 + key)
        indices = rng.integers(n, size=(proposal.resamples, n))
        own, events = fit_both_arms(pool, design, eligible[None], MANY, rng)
        others, _ = fit_both_arms(pool, design, eligible[indices], SOME, rng)
        ratios, information = (np.concatenate(each) for each in zip(own, others, strict=True))
        result[name] = PopulationEffect(n, ratios, information, events)
    return result


def fit_both_arms(
    pool: Pool, design: Design, who: np.ndarray, rows: int, rng: np.random.Generator
) -> tuple[tuple[np.ndarray, np.ndarray], float]:
    """Log hazard ratio and information for each patient randomised, and the share of events.

    who : int64[resample, patient]; each is taken as often as makes about so many ``rows``
    """
    often = np.repeat(who, -(-rows // who.shape[1]), axis=1)
    twice = np.hstack([often, often])
    treated = np.broadcast_to(np.arange(twice.shape[1]) >= often.shape[1], twice.shape)
    seen = observed(pool, design, twice, treated, rng)
    fits = cox(seen)
    return (fits.log_hazard_ratio, fits.error**-2.0 / twice.shape[1]), float(seen.event.mean())


def effect_table(known: dict[str, PopulationEffect]) -> pd.DataFrame:
    """The hazard ratio under the design by population.

    Returns
    -------
    DataFrame
        ``enrolled``, ``virtual_patients``, ``hazard_ratio``, ``low``, ``high`` (95 % of resamples
        of the virtual patients), ``events`` (share of patients with an event, both arms). A ratio
        without a bound, of events in one arm only, is given as exp(-+TOO_EXTREME).
    """
    rows = []
    for name, effect in known.items():
        ratios = np.exp(effect.log_hazard_ratio)
        bounds = percentile_interval(ratios[1:])
        rows.append((name, effect.virtual_patients, ratios[0], *bounds, effect.events))
    columns = ["enrolled", "virtual_patients", "hazard_ratio", "low", "high", "events"]
    return pd.DataFrame(rows, columns=columns)


def power_by_formula(
    log_hazard_ratio: np.ndarray, information: np.ndarray, patients: float, significance: float
) -> np.ndarray:
    """The power of a trial by the normal law of its Cox model.

        power = Phi(-b sqrt(n i) - z)

    Parameters
    ----------
    log_hazard_ratio : b; nan gives no power
    information : i, of the log hazard ratio, for each patient randomised; about a quarter of the
        share of patients with an event
    patients : n, randomised one to one

    References
    ----------
    Schoenfeld (1983), Biometrics 39:499, doi:10.2307/2531021
    """
    from scipy.stats import norm

    z = norm.ppf(1.0 - significance / 2.0)
    power = norm.cdf(-log_hazard_ratio * np.sqrt(patients * information) - z)
    return np.where(np.isnan(power), 0.0, power)


def patients_by_formula(
    log_hazard_ratio: np.ndarray, information: np.ndarray, power: float, significance: float
) -> np.ndarray:
    """Patients for a power: :func:`power_by_formula` inverted; inf where nothing is gained."""
    from scipy.stats import norm

    z = norm.ppf(1.0 - significance / 2.0) + norm.ppf(power)
    gains = log_hazard_ratio < 0.0
    strength = np.where(gains, log_hazard_ratio, -1.0) ** 2 * information
    return np.where(gains, z**2 / np.where(gains, strength, 1.0), np.inf)


# ---------------------------------------------------------------------- power


def power_table(
    pool: Pool,
    design: Design,
    proposal: Proposal,
    known: dict[str, PopulationEffect],
) -> pd.DataFrame:
    """Power by how many patients are randomised, and by who is enrolled.

    Returns
    -------
    DataFrame
        ``enrolled``, ``patients``, ``screened`` (who have to be tested to find so many), ``events``
        (expected), ``power`` (share of simulated trials that show a benefit) with the interval of
        the simulation ``low``, ``high``; ``power_low``, ``power_high`` (95 %, of the uncertainty of
        the effect) and ``assurance`` (mean over it), both by the normal law.
    """
    from scipy.stats import binomtest

    rows = []
    for name, only in ((ALL, None), (SELECTED, HIGH)):
        if name not in known:
            continue
        effect = known[name]
        share = 1.0 if only is None else effect.virtual_patients / pool.size
        for size in sorted(set(proposal.sizes)):
            fits = cox(repeat(pool, design, proposal.seed, size, only))
            benefits = (fits.p < proposal.significance) & (fits.log_hazard_ratio < 0.0)
            chance = binomtest(int(benefits.sum()), len(benefits)).proportion_ci(0.95, "wilson")
            powers = power_by_formula(
                effect.log_hazard_ratio, effect.information, size, proposal.significance
            )
            rows.append(
                (
                    name, size, size / share, size * effect.events, benefits.mean(), chance.low,
                    chance.high, *percentile_interval(powers[1:]), powers[1:].mean(),
                )
            )  # fmt: skip
    columns = [
        "enrolled", "patients", "screened", "events", "power", "low", "high", "power_low",
        "power_high", "assurance",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def needed_table(
    curves: pd.DataFrame, proposal: Proposal, known: dict[str, PopulationEffect]
) -> pd.DataFrame:
    """Patients for the power that is wanted.

    Returns
    -------
    DataFrame
        ``enrolled``; ``patients``, ``events`` and ``screened`` by the simulated trials (inf: out of
        reach), ``extrapolated`` beyond the largest size; ``by_formula``; ``low``, ``high``: 95 % of
        the uncertainty of the effect; ``no_gain``: the share of resamples without any benefit, for
        which no number of patients is enough.
    """
    result = patients_for_power(curves, proposal.power, proposal.significance)
    extra = []
    for row in result.itertuples():
        effect = known[row.enrolled]
        needed = patients_by_formula(
            effect.log_hazard_ratio, effect.information, proposal.power, proposal.significance
        )
        low, high = bounds_with_infinity(needed[1:])
        no_gain = float(np.mean(np.isinf(needed[1:])))
        extra.append((row.patients * effect.events, float(needed[0]), low, high, no_gain))
    columns = ["events", "by_formula", "low", "high", "no_gain"]
    table = pd.concat([result, pd.DataFrame(extra, columns=columns)], axis=1)
    return table[
        ["enrolled", "patients", "events", "screened", "extrapolated", "by_formula", "low", "high",
         "no_gain"]
    ]  # fmt: skip


def bounds_with_infinity(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """The 95 % interval of numbers some of which are infinite: no interpolation towards those."""
    low, high = np.quantile(values, [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)
