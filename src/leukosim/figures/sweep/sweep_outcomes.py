"""What the figures of a sweep show: its axes in words, its outcomes, its numbers as a table."""

import json
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.arms import short_names
from leukosim.analysis.bootstrap import mean
from leukosim.analysis.endpoints import (
    DAYS_PER_MONTH,
    NOTHING,
    ONE_YEAR,
    Estimate,
    best_response,
    duration_of_response,
    horizon_days,
    overall_survival,
    proportion,
)
from leukosim.analysis.survival import median_survival, summary_of, survival_at
from leukosim.figures.elements.style import LETTER, LINE, in_words, wrapped

AXES = {
    "trigger.level": "Trigger level (marker / ABL1)",
    "trigger.delay_days": "Delay to treatment (days)",
    "trigger.confirmations": "Confirming samples",
    "monitoring.interval_days": "Sampling interval (days)",
    "monitoring.sample": "Sample",
    "venetoclax.days_per_cycle": "Venetoclax (days per cycle)",
    "venetoclax.dose_mg": "Venetoclax (mg)",
    "motixafortide.lead_hours": "Injection relative to cytarabine (hours)",
    "cxcr4_by_subtype": "CXCR4 by subtype",
    "drug.cytarabine.s_phase_kill": "Kill in S phase outside the niche (1/day)",
    "disease.niche.s_phase_factor": "Kill inside the niche / outside",
    "cohort.size": "Patients",
    "horizon_days": "Follow-up (days)",
    "seed": "Seed",
}
NAMES = ("seed",)  # numbers that only name a scenario


# ---------------------------------------------------------------------- axes


def varied(summary: xr.Dataset) -> list[str]:
    """The coordinates of the scenarios that take more than one value, best known first.

    These are the axes that the sweep says it has. Where it says nothing, coordinates that merely
    name a scenario (neither known nor with a dot, as in ``trigger.level``) are none.
    """
    said = json.loads(summary.attrs.get("axes", "null"))
    names = [
        str(name)
        for name, values in summary.coords.items()
        if values.dims == ("scenario",)
        and (name in said if said is not None else name in AXES or "." in str(name))
        and len(levels(values)) > 1
    ]
    order = list(AXES)
    return sorted(names, key=lambda name: (order.index(name) if name in AXES else len(order), name))


def levels(coordinate: xr.DataArray) -> np.ndarray:
    """The values of an axis, each once: numbers in order, words as they were asked for."""
    values = coordinate.values
    if is_numeric(coordinate):
        return np.unique(values)
    return np.array(list(dict.fromkeys(str(value) for value in values)), object)


def is_numeric(coordinate: xr.DataArray) -> bool:
    """Whether an axis is of numbers."""
    return coordinate.dtype.kind in "iuf"


def places_of(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Where each value stands among the levels of its axis, int64[value]."""
    number = {level: i for i, level in enumerate(among)}
    return np.array([number[value] for value in values], int)


def axis_label(coordinate: xr.DataArray) -> str:
    """What an axis says of itself, with its unit."""
    name = str(coordinate.name)
    unit = coordinate.attrs.get("unit_label", coordinate.attrs.get("units", "1"))
    in_unit = f" ({unit})" if unit != "1" else ""
    short = short_names([name])[name]
    return AXES.get(name) or in_words(short).capitalize() + in_unit


def tick_label(value: object) -> str:
    """A value on an axis; words in lines that fit beside a cell."""
    if isinstance(value, float | int | np.number):
        return f"{value:g}".replace("-", "−") if value < 0 else f"{value:g}"
    return "\n".join(textwrap.wrap(in_words(str(value)), 14))


def chosen_axes(summary: xr.Dataset) -> tuple[list[str], list[str]]:
    """The two axes of a heat map, x and y, and what remains to be faceted.

    Sampling interval lies along x and trigger level along y, where they are varied.
    """
    names = varied(summary)
    first = [n for n in ("monitoring.interval_days", "trigger.level") if n in names]
    ordered = [*first, *(name for name in names if name not in first)]
    return ordered[:2], ordered[2:]


# ---------------------------------------------------------------------- outcomes
INTERVALS = ", 95 % intervals"  # where they are drawn


@dataclass(frozen=True)
class Outcome:
    """What is shown of each scenario."""

    value: str  # a variable over scenario; with _low and _high it has an interval
    label: str
    scale: str  # what the scale of the values says
    diverging: bool = False  # about zero, for differences
    share: bool = True  # of patients, else a number from 0 on

    @property
    def names(self) -> tuple[str, str, str]:
        """Value and bounds."""
        return self.value, f"{self.value}_low", f"{self.value}_high"

    @property
    def n(self) -> str:
        """Patients, where not all who were followed count."""
        return f"{self.value}_n"


def survival_outcome(summary: xr.Dataset) -> Outcome:
    """Relapse-free survival, of all arms or of the one that was selected from the summary."""
    label = f"{period(summary)} relapse-free survival"
    if summary["arm"].ndim == 0:
        label += f", {in_words(str(summary['arm'].values))}"
    return Outcome("survival", label, "Share of patients")


def difference_outcome(summary: xr.Dataset) -> Outcome:
    """The paired difference of two arms."""
    arm, against = (in_words(summary.attrs[name]) for name in ("arm", "against"))
    label = f"Difference in {period(summary)} relapse-free survival, {arm} minus {against}"
    return Outcome("difference", label, "Difference of shares", diverging=True)


# An estimate for each arm of a single scenario.
ByArm = Mapping[str, Estimate]


def response_rates(ds: xr.Dataset, day: float) -> ByArm:
    """The share of patients whose best response was CR, CRh or CRi."""
    outcome = best_response(ds)
    return {str(arm): proportion(outcome.sel(arm=arm)) for arm in ds["arm"].values}


def alive_at(ds: xr.Dataset, day: float) -> ByArm:
    """The share of patients alive on a day."""
    table = survival_at(overall_survival(ds), day)
    return {
        row.arm: Estimate(row.survival, row.low, row.high, row.n)
        for row in table.itertuples(index=False)
    }


def median_months(times: xr.Dataset) -> ByArm:
    """Median times in months; infinite where not reached."""
    n = times["day"].notnull().sum("patient")
    return {
        row.arm: Estimate(
            row.median / DAYS_PER_MONTH,
            row.low / DAYS_PER_MONTH,
            row.high / DAYS_PER_MONTH,
            int(n.sel(arm=row.arm)),
        )
        for row in median_survival(times).itertuples(index=False)
    }


def days_of(name: str) -> Callable[[xr.Dataset, float], ByArm]:
    """The mean over patients of a variable that counts days."""

    def means(ds: xr.Dataset, day: float) -> ByArm:
        days = ds[name].where(ds["follow_up_day"].notnull())
        return {str(arm): mean(days.sel(arm=arm)) for arm in ds["arm"].values}

    return means


# What matters to patients with overt leukaemia: each outcome, and how it is estimated.
OF_TREATMENT: dict[Outcome, Callable[[xr.Dataset, float], ByArm]] = {
    Outcome("response", "CR, CRh or CRi", "Share of patients"): response_rates,
    Outcome("alive", "overall survival", "Share of patients"): alive_at,
    Outcome("median_survival", "Median overall survival", "Months", share=False): (
        lambda ds, day: median_months(overall_survival(ds))
    ),
    Outcome("median_duration", "Median duration of response", "Months", share=False): (
        lambda ds, day: median_months(duration_of_response(ds))
    ),
    Outcome("neutropenia", "Grade 4 neutropenia", "Days per patient", share=False): (
        days_of("days_grade4_neutropenia")
    ),
    Outcome(
        "thrombocytopenia", "Grade 3 or 4 thrombocytopenia", "Days per patient", share=False
    ): days_of("days_grade3_thrombocytopenia"),
}


def treatment_summary(ds: xr.Dataset, day: float = ONE_YEAR) -> xr.Dataset:
    """What treatment of overt leukaemia comes to in every scenario.

    Parameters
    ----------
    ds : a sweep, dimensions scenario, arm, patient
    day : of overall survival; the last one of follow-up where that is shorter

    Returns
    -------
    Dataset
        For each outcome of OF_TREATMENT its value, ``_low``, ``_high`` (95 %) and ``_n``
        (scenario, arm), and ``n``, patients who were followed; with the coordinates of the
        scenarios. Shares, months (infinite: not reached) and days.
    """
    day = min(day, float(horizon_days(ds).min()))
    arms = [str(arm) for arm in ds["arm"].values]
    scenarios = [ds.isel(scenario=i) for i in range(ds.sizes["scenario"])]
    variables: dict[str, Any] = {
        "n": ds["follow_up_day"].notnull().sum("patient").transpose("scenario", "arm")
    }
    for outcome, estimate in OF_TREATMENT.items():
        result = [estimate(one, day) for one in scenarios]
        ends = dict(zip(("value", "low", "high", "n"), (*outcome.names, outcome.n), strict=True))
        for end, name in ends.items():
            values = [[getattr(each.get(arm, NOTHING), end) for arm in arms] for each in result]
            variables[name] = ("scenario", "arm"), np.array(values, float)
    return summary_of(ds, variables, {"day": day})


def treatment_outcomes(summary: xr.Dataset) -> list[Outcome]:
    """The outcomes of a summary of :func:`treatment_summary` that any scenario has.

    With the arm in their labels, where one was selected.
    """
    arm = f", {in_words(str(summary['arm'].values))}" if summary["arm"].ndim == 0 else ""
    known = [each for each in OF_TREATMENT if summary[each.value].notnull().any()]
    labels = {"alive": f"{period(summary)} overall survival"}
    return [replace(each, label=labels.get(each.value, each.label) + arm) for each in known]


def period(summary: xr.Dataset) -> str:
    """The time to the day of the outcome, such as "2-year"; in months where it is under a year."""
    day = float(summary.attrs["day"])
    if day < ONE_YEAR:
        return f"{day / DAYS_PER_MONTH:.2g}-month"
    return f"{day / 365.25:.2g}-year"


def patients_in_words(summary: xr.Dataset) -> str:
    """How many patients each scenario rests on, such as "n = 10 patients per scenario"."""
    followed = summary["n"].where(summary["n"] > 0)  # not every arm is in every scenario
    few, many = int(followed.min()), int(followed.max())
    n = f"{few:,}" if few == many else f"{few:,}–{many:,}"
    return f"n = {n} patients per scenario{INTERVALS}"


def heading_of(summary: xr.Dataset, outcome: Outcome, width_mm: float) -> str:
    """What a panel shows and of how many patients, in lines that fit."""
    return wrapped(f"{outcome.label}\n{patients_in_words(summary)}", width_mm - 10.0, LETTER)


def heading_height(summary: xr.Dataset, outcomes: Sequence[Outcome], width_mm: float) -> float:
    """mm of the longest heading, so that panels stay aligned."""
    lines = [heading_of(summary, outcome, width_mm).count("\n") + 1 for outcome in outcomes]
    return 2.5 + LINE * max(lines)


# ---------------------------------------------------------------------- numbers


def table_of(summary: xr.Dataset, x: str | None, outcome: Outcome) -> pd.DataFrame:
    """One row for each scenario and arm: columns arm, x, value, low, high."""
    at = summary[x].values if x else np.zeros(summary.sizes["scenario"])
    tables = []
    has_arms = "arm" in summary[outcome.value].dims
    selected = str(summary["arm"].values) if summary["arm"].ndim == 0 else ""
    for arm in summary["arm"].values if has_arms else [selected]:
        of_arm = summary.sel(arm=arm) if has_arms else summary
        value, low, high = (of_arm[name].values for name in outcome.names)
        columns = {"arm": str(arm), "x": at, "value": value, "low": low, "high": high}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def numbers_drawn(summary: xr.Dataset, outcomes: Outcome | Sequence[Outcome]) -> pd.DataFrame:
    """Every number of the figure: the varied coordinates, arm, n, outcome, value, low, high."""
    outcomes = [outcomes] if isinstance(outcomes, Outcome) else list(outcomes)
    xy, rest = chosen_axes(summary)
    tables = []
    for outcome in outcomes:
        table = table_of(summary, None, outcome).drop(columns="x")
        n = summary.get(outcome.n, summary["n"])
        if outcome.value == "difference":
            table["arm"] = f"{summary.attrs['arm']} minus {summary.attrs['against']}"
            n = n if n.ndim == 1 else n.sel(arm=summary.attrs["arm"])
        repeats = len(table) // summary.sizes["scenario"]
        for position, name in enumerate([*xy, *rest]):
            table.insert(position, name, np.tile(summary[name].values, repeats))
        table.insert(table.columns.get_loc("value"), "outcome", outcome.value)
        table["n"] = n.transpose(..., "scenario").values.ravel()
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
