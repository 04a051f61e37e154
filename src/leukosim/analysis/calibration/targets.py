"""Published values beside those of the model: which arm of which study can measure what."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.endpoints import (
    NOTHING,
    TWO_YEARS,
    Estimate,
    as_outcome,
    began_overt,
    best_response,
    doubling_time,
    duration_of_response,
    horizon_days,
    median,
    molecular_relapse,
    molecular_relapse_day,
    mrd_negative_on_treatment,
    overall_survival,
    preemptive_start_day,
    proportion,
    relapse_free_and_alive,
    relapse_free_if_never_positive,
    response_by_cycle,
)
from leukosim.analysis.survival import median_survival

# What an arm does in the trial that a target comes from; an arm of that name is the default.
UNTREATED, TREATED = "at_relapse", "triggered"
AZACITIDINE, COMBINATION, VENETOCLAX = "azacitidine", "venetoclax_azacitidine", "venetoclax"
PLACEBO, BLOCKER = "placebo", "motixafortide"  # beside cytarabine
ROLES = (UNTREATED, TREATED, AZACITIDINE, COMBINATION, VENETOCLAX, PLACEBO, BLOCKER)
THREE_YEARS = 1095.0  # day
ONSET, LASTING = 1.5, 2.0  # fold rise that counts as an onset, and as mobilised; assumed


def calibration_targets() -> pd.DataFrame:
    """What was published: id, label, quantity, population, value, unit, low, high, n, source."""
    with (files("leukosim.analysis.calibration") / "calibration_targets.csv").open() as file:
        return pd.read_csv(file)


# ---------------------------------------------------------------------- in whom


def in_remission(ds: xr.Dataset) -> bool:
    """Whether the patients began in remission."""
    return not bool(began_overt(ds).any())


def newly_diagnosed(ds: xr.Dataset) -> bool:
    """Whether the patients began with overt leukaemia that was not treated before."""
    return bool(began_overt(ds).all()) and not was_treated_before(ds)


def relapsed_or_refractory(ds: xr.Dataset) -> bool:
    """Whether the patients began with overt leukaemia that had been treated before."""
    return bool(began_overt(ds).all()) and was_treated_before(ds)


def was_treated_before(ds: xr.Dataset) -> bool:
    """Whether the cohort was drawn as pretreated: with a mean shift of the anti-apoptotic reserve.

    Read from the configuration that a result carries; a dataset without one is not pretreated.
    """
    cohort = json.loads(ds.attrs.get("config", "{}")).get("cohort", {})
    return cohort.get("reserve_shift_mean", 0.0) > 0.0


# ---------------------------------------------------------------------- what is measured


@dataclass(frozen=True)
class Measure:
    """How a target is measured: in which arm of whom, from which variable, and what it is."""

    role: str  # one of ROLES
    applies: Callable[[xr.Dataset], bool]
    needs: str  # a variable that a sweep may have left out
    estimate: Callable[[xr.Dataset], Estimate]  # of a dataset with this arm only, (arm, patient)


def doubling_time_of(genotype: str) -> Measure:
    """The measure of a genotype's median doubling time."""
    return Measure(
        UNTREATED,
        in_remission,
        "blasts",
        lambda arm: median(doubling_time(arm).where(arm["genotype"] == genotype)),
    )


def share_of(
    role: str,
    applies: Callable[[xr.Dataset], bool],
    outcome: Callable[..., xr.DataArray],
    needs: str,
    **how: Any,
) -> Measure:
    """The measure of a share of patients."""
    return Measure(role, applies, needs, lambda arm: proportion(outcome(arm, **how)))


def response_share(role: str, cycle: int | None, at_least: str) -> Measure:
    """The measure of the share of responders by a cycle, or of their best response."""
    if cycle is None:
        return share_of(role, newly_diagnosed, best_response, "best_response", at_least=at_least)
    return share_of(
        role, newly_diagnosed, response_by_cycle, "response", cycle=cycle, at_least=at_least
    )


def median_time_of(role: str, times: Callable[[xr.Dataset], xr.Dataset], needs: str) -> Measure:
    """The measure of a median time to an event, by Kaplan-Meier; nan where it is not reached."""

    def estimate(arm: xr.Dataset) -> Estimate:
        result = median_survival(times(arm))
        if result.empty:
            return NOTHING
        days = result[["median", "low", "high"]].to_numpy(float)[0]
        value, low, high = np.where(np.isfinite(days), days, np.nan)
        return Estimate(value, low, high, int(times(arm)["day"].notnull().sum()))

    return Measure(role, newly_diagnosed, needs, estimate)


def free_after_conversion(arm: xr.Dataset) -> xr.DataArray:
    """Relapse-free and alive six months after molecular relapse: outcome."""
    return relapse_free_and_alive(arm, molecular_relapse_day(arm))


def free_on_treatment(arm: xr.Dataset) -> xr.DataArray:
    """Relapse-free and alive six months after pre-emptive treatment began: outcome."""
    return relapse_free_and_alive(arm, preemptive_start_day(arm))


def relapse_free_two_years(arm: xr.Dataset) -> xr.DataArray:
    """Relapse-free and alive two years after enrolment: outcome."""
    return relapse_free_and_alive(arm, 0.0, TWO_YEARS)


def late_relapse(arm: xr.Dataset) -> xr.DataArray:
    """Whether relapse came after three years or later: outcome, out of all patients."""
    known = arm["follow_up_day"].notnull() & (horizon_days(arm) > THREE_YEARS)
    return as_outcome(arm["relapse_day"] >= THREE_YEARS, known)


def mobilised(arm: xr.Dataset, fold: float) -> np.ndarray:
    """First and last day after a dose on which CD34-positive cells are up so manyfold; else nan."""
    day = arm["mobilisation"].values[arm["cd34_fold"].values >= fold]
    return day[[0, -1]] if len(day) else np.full(2, np.nan)


def exactly(value: xr.DataArray | float) -> Estimate:
    """A number that no chance is in, of the law itself."""
    return Estimate(float(value), np.nan, np.nan, np.nan)


MEASURES = {
    "T01": doubling_time_of("NPM1"),
    "T02": doubling_time_of("RUNX1-RUNX1T1"),
    "T03": doubling_time_of("CBFB-MYH11"),
    "T04": Measure(
        PLACEBO, in_remission, "follow_up_day", lambda arm: proportion(relapse_free_two_years(arm))
    ),
    "T05": share_of(PLACEBO, in_remission, late_relapse, "relapse_day"),
    "T06": share_of(TREATED, in_remission, molecular_relapse, "molecular_relapse_day"),
    "T07": share_of(TREATED, in_remission, relapse_free_if_never_positive, "molecular_relapse_day"),
    "T08": share_of(UNTREATED, in_remission, free_after_conversion, "molecular_relapse_day"),
    "T09": share_of(TREATED, in_remission, free_on_treatment, "treatment_start_day"),
    "T10": share_of(TREATED, in_remission, mrd_negative_on_treatment, "sample_day"),
    "T11": response_share(AZACITIDINE, None, "CRi"),
    "T12": Measure(
        AZACITIDINE, newly_diagnosed, "response_day", lambda arm: median(arm["response_day"])
    ),
    "T13": response_share(COMBINATION, 2, "CRh"),
    "T14": response_share(COMBINATION, 3, "CRh"),
    "T15": response_share(COMBINATION, 4, "CRh"),
    "T16": response_share(COMBINATION, None, "CRh"),
    "T17": median_time_of(COMBINATION, duration_of_response, "response_day"),
    "T18": median_time_of(AZACITIDINE, overall_survival, "death_day"),
    "T19": share_of(
        VENETOCLAX, relapsed_or_refractory, best_response, "best_response", at_least="CRi"
    ),
    "T20": Measure(
        BLOCKER, in_remission, "cd34_fold", lambda arm: exactly(arm["cd34_fold"].max())
    ),
    "T21": Measure(
        BLOCKER, in_remission, "cd34_fold", lambda arm: exactly(mobilised(arm, ONSET)[0])
    ),
    "T22": Measure(
        BLOCKER, in_remission, "cd34_fold",
        lambda arm: exactly(np.ptp(mobilised(arm, LASTING))),
    ),
}  # fmt: skip


def target_table(ds: xr.Dataset, targets: pd.DataFrame | None = None, **arms: str) -> pd.DataFrame:
    """Published values beside those of a trial, where one of its arms can measure them.

    Parameters
    ----------
    ds : a trial, without a scenario dimension
    targets : rows of :func:`calibration_targets`, which are the default
    arms : the name of the arm that plays a role of ROLES, where it is not that of the role

    Returns
    -------
    DataFrame
        A row for each target: id, label, unit; target, target_low, target_high, target_n, source;
        model, model_low, model_high, model_n. The model's numbers are nan, and ``model_n`` 0,
        where variables were not recorded or no patient was at risk; ``model_n`` is nan for what
        rests on no patients, as a law's own number.
    """
    if "scenario" in ds.dims:
        raise ValueError("ds has a dimension scenario: select one, such as ds.isel(scenario=0)")
    for role in arms:
        if role not in ROLES:
            raise ValueError(f"{role} is not a role of an arm: allowed {', '.join(ROLES)}")
    targets = calibration_targets() if targets is None else targets
    rows = [
        {
            "id": target.id,
            "label": target.label,
            "unit": target.unit,
            "target": target.value,
            "target_low": target.low,
            "target_high": target.high,
            "target_n": target.n,
            "model": measured.value,
            "model_low": measured.low,
            "model_high": measured.high,
            "model_n": measured.n,
            "source": target.source,
        }
        for target in targets.itertuples()
        if (measured := measure(ds, target.id, arms)) is not None
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


COLUMNS = [
    "id", "label", "unit", "target", "target_low", "target_high", "target_n",
    "model", "model_low", "model_high", "model_n", "source",
]  # fmt: skip


def measure(ds: xr.Dataset, target: str, arms: Mapping[str, str]) -> Estimate | None:
    """What a trial says of a target; None if it has no such arm or patients."""
    how = MEASURES.get(target)
    if how is None:
        return None
    arm = arms.get(how.role, how.role)
    if arm not in ds["arm"].values or not how.applies(ds):
        return None
    return how.estimate(ds.sel(arm=[arm])) if how.needs in ds else NOTHING
