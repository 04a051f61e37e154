"""Published values beside those of the model: each target's arm, patients and estimator."""

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
    Estimate,
    began_overt,
    median,
    proportion,
)
from leukosim.analysis.measures import MEASURES, Subgroup
from leukosim.analysis.survival import median_survival

# What an arm does in the trial that a target comes from; an arm of that name is the default.
UNTREATED, TREATED = "at_relapse", "triggered"
AZACITIDINE, COMBINATION, VENETOCLAX = "azacitidine", "venetoclax_azacitidine", "venetoclax"
PLACEBO, BLOCKER = "placebo", "motixafortide"  # beside cytarabine
ROLES = (UNTREATED, TREATED, AZACITIDINE, COMBINATION, VENETOCLAX, PLACEBO, BLOCKER)
ONSET, LASTING = 1.5, 2.0  # fold rise that counts as an onset, and as mobilised; assumed


def calibration_targets() -> pd.DataFrame:
    """Published values: id, label, quantity, population, value, unit, low, high, n, source."""
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
    """Whether the cohort is pretreated: with a mean shift of the anti-apoptotic reserve.

    Read from the configuration that a result carries; a dataset without one is not pretreated.
    """
    cohort = json.loads(ds.attrs.get("config", "{}")).get("cohort", {})
    return cohort.get("reserve_shift_mean", 0.0) > 0.0


# ---------------------------------------------------------------------- what is measured


@dataclass(frozen=True)
class Estimator:
    """How a target is estimated from a trial: in which arm of which patients, and by what."""

    role: str  # one of ROLES
    applies: Callable[[xr.Dataset], bool]
    is_known_in: Callable[[xr.Dataset], bool]
    estimate: Callable[[xr.Dataset], Estimate]  # of a dataset with this arm only, (arm, patient)


def estimator(
    role: str,
    applies: Callable[[xr.Dataset], bool],
    measure: str,
    statistic: Callable[[Any], Estimate] = proportion,
    subgroup: Subgroup | None = None,
) -> Estimator:
    """The estimator of a statistic of a measure: by default, the share of an outcome.

    statistic : of what the measure returns, values or times to an event
    """
    measured = MEASURES[measure]

    def estimate(arm: xr.Dataset) -> Estimate:
        values = measured.of(arm)
        return statistic(values if subgroup is None else subgroup.restrict(values, arm))

    return Estimator(role, applies, measured.is_known_in, estimate)


def median_time(times: xr.Dataset) -> Estimate:
    """The median time to an event by Kaplan-Meier; nan where it is not reached."""
    result = median_survival(times)
    if result.empty:
        return NOTHING
    days = result[["median", "low", "high"]].to_numpy(float)[0]
    value, low, high = np.where(np.isfinite(days), days, np.nan)
    return Estimate(value, low, high, int(times["day"].notnull().sum()))


def doubling_time_of(genotype: str) -> Estimator:
    """The estimator of a genotype's median doubling time."""
    subgroup = Subgroup("genotype", genotype)
    return estimator(UNTREATED, in_remission, "doubling_time", median, subgroup)


def of_mobilisation(estimate: Callable[[xr.Dataset], Any]) -> Estimator:
    """The estimator of a number that follows from the law of mobilisation, not from patients."""
    return Estimator(
        BLOCKER,
        in_remission,
        lambda ds: "cd34_fold" in ds,
        lambda arm: Estimate(float(estimate(arm)), np.nan, np.nan, np.nan),
    )


def mobilised(arm: xr.Dataset, fold: float) -> np.ndarray:
    """First and last day after a dose on which CD34-positive cells are up so manyfold; else nan."""
    day = arm["mobilisation"].values[arm["cd34_fold"].values >= fold]
    return day[[0, -1]] if len(day) else np.full(2, np.nan)


ESTIMATORS = {
    "T01": doubling_time_of("NPM1"),
    "T02": doubling_time_of("RUNX1-RUNX1T1"),
    "T03": doubling_time_of("CBFB-MYH11"),
    "T04": estimator(PLACEBO, in_remission, "relapse_free_two_years"),
    "T05": estimator(PLACEBO, in_remission, "late_relapse"),
    "T06": estimator(TREATED, in_remission, "molecular_relapse"),
    "T07": estimator(TREATED, in_remission, "relapse_free_if_never_positive"),
    "T08": estimator(UNTREATED, in_remission, "relapse_free_after_molecular_relapse"),
    "T09": estimator(TREATED, in_remission, "relapse_free_six_months_on_treatment"),
    "T10": estimator(TREATED, in_remission, "mrd_negative_six_months"),
    "T11": estimator(AZACITIDINE, newly_diagnosed, "best_response_cri"),
    "T12": estimator(AZACITIDINE, newly_diagnosed, "response_day", median),
    "T13": estimator(COMBINATION, newly_diagnosed, "crh_by_cycle_2"),
    "T14": estimator(COMBINATION, newly_diagnosed, "crh_by_cycle_3"),
    "T15": estimator(COMBINATION, newly_diagnosed, "crh_by_cycle_4"),
    "T16": estimator(COMBINATION, newly_diagnosed, "best_response_crh"),
    "T17": estimator(COMBINATION, newly_diagnosed, "duration_of_response", median_time),
    "T18": estimator(AZACITIDINE, newly_diagnosed, "overall_survival", median_time),
    "T19": estimator(VENETOCLAX, relapsed_or_refractory, "best_response_cri"),
    "T20": of_mobilisation(lambda arm: arm["cd34_fold"].max()),
    "T21": of_mobilisation(lambda arm: mobilised(arm, ONSET)[0]),
    "T22": of_mobilisation(lambda arm: np.ptp(mobilised(arm, LASTING))),
}


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
    """The estimate of a target from a trial; None if it has no such arm or patients."""
    how = ESTIMATORS.get(target)
    if how is None:
        return None
    arm = arms.get(how.role, how.role)
    if arm not in ds["arm"].values or not how.applies(ds):
        return None
    return how.estimate(ds.sel(arm=[arm])) if how.is_known_in(ds) else NOTHING
