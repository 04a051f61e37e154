"""Times to events as a table after CDISC ADaM (ADTTE), for statistical software.

The columns are those of the BDS structure for time-to-event analyses, as far as virtual patients
have them: days are relative, so that ``ADY`` and ``STARTDY`` stand in place of dates. Day 1 is the
day of enrolment, as CDISC has no day 0. The endpoints are those of
:mod:`leukosim.analysis.endpoints`.

References
----------
CDISC, The ADaM Basic Data Structure for Time-to-Event Analyses, version 1.0 (2012)
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.endpoints import (
    began_overt,
    duration_of_response,
    event_free_survival,
    horizon_days,
    overall_survival,
    relapse_free_survival,
)
from leukosim.analysis.patients import KEYS, SCENARIO, axes_of, spread

EVENT = 0  # of CNSR; the other values say why a time was censored
AT_END, BEFORE_END, AT_CUT_OFF = 1, 2, 3
CENSORED = {
    AT_END: "END OF THE TRIAL",
    BEFORE_END: "END OF FOLLOW-UP BEFORE THE END OF THE TRIAL",
    AT_CUT_OFF: "DATA CUT-OFF",
}
EVENTS = {
    "relapse": "RELAPSE", "death": "DEATH", "failure": "TREATMENT FAILURE",
    "either": "RELAPSE OR DEATH",
}  # fmt: skip
COLUMNS = (
    "STUDYID", "USUBJID", "SUBJID", "TRTP", "TRTPN", "PARAM", "PARAMCD", "PARAMN", "STARTDY", "ADY",
    "AVAL", "AVALU", "CNSR", "EVNTDESC", "CNSDTDSC",
)  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """One time to an event."""

    code: str
    label: str
    applies: Callable[[xr.Dataset], bool]  # whether the trial has it
    # start, day, event, cause and censoring (scenario, arm, patient); day is nan of patients who
    # are not at risk
    times: Callable[[xr.Dataset], xr.Dataset]


def adtte(ds: xr.Dataset) -> pd.DataFrame:
    """Times to events, one row for each endpoint, patient and arm, and of a sweep each scenario.

    The endpoints (PARAMCD) are OS, where patients are followed until death; RFS of patients in
    remission, from enrolment or from the first response; EFS; and RFSCUT, of a trial that allocated
    its patients: relapse-free survival in the allocated arm as seen at data cut-off.

    Parameters
    ----------
    ds : a trial (arm, patient) or a sweep (scenario, arm, patient)

    Returns
    -------
    DataFrame
        Columns ``STUDYID``, ``USUBJID`` (study, seed and number of the patient: the same in all
        arms), ``SUBJID``, ``TRTP`` and ``TRTPN`` (the arm), ``PARAM``, ``PARAMCD``, ``PARAMN``,
        ``STARTDY`` and ``ADY`` (first and last day; enrolment is day 1), ``AVAL`` (days between
        them), ``AVALU``, ``CNSR`` (0: event; others as in :data:`CENSORED`), ``EVNTDESC``,
        ``CNSDTDSC``; where patients were allocated to arms, ``TRT01P`` (that arm) and ``ANL01FL``
        ("Y": the row is of that arm); in a sweep ``SCENARIO`` and its axes.
    """
    keys = [dim for dim in KEYS if dim in ds.dims]
    subjects = subject_columns(ds, keys)
    numbered = [(n, each) for n, each in enumerate(PARAMETERS, 1) if each.applies(ds)]
    tables = [rows_of(each, number, ds, keys, subjects) for number, each in numbered]
    further = [name for name in subjects if name not in COLUMNS]
    table = pd.concat(tables, ignore_index=True)[[*COLUMNS, *further]]
    if "SCENARIO" in table:  # then scenarios can be written block by block
        table = table.sort_values("SCENARIO", kind="stable", ignore_index=True)
    return table


def rows_of(
    parameter: Parameter,
    number: int,
    ds: xr.Dataset,
    keys: Sequence[str],
    subjects: Mapping[str, np.ndarray],
) -> pd.DataFrame:
    """The rows of one endpoint: of the patients who are at risk of it."""
    times = parameter.times(ds)
    names = "start", "day", "event", "cause", "censoring"
    start, day, event, cause, censoring = (spread(times[name], ds, keys) for name in names)
    at_risk = ~np.isnan(day)
    start, day, cause = start[at_risk], day[at_risk], cause[at_risk]
    status = np.where(event.astype(bool), EVENT, censoring)[at_risk]
    values = {
        "PARAM": parameter.label, "PARAMCD": parameter.code, "PARAMN": number,
        "STARTDY": relative_day(start), "ADY": relative_day(start + day),
        "AVAL": day, "AVALU": "DAYS", "CNSR": status,
        "EVNTDESC": np.where(status == EVENT, words(cause, EVENTS), "CENSORED"),
        "CNSDTDSC": words(status, CENSORED),
    }  # fmt: skip
    return pd.DataFrame({**{name: each[at_risk] for name, each in subjects.items()}, **values})


def words(values: np.ndarray, meanings: Mapping[Any, str]) -> np.ndarray:
    """What values stand for; empty where they stand for nothing."""
    result = np.full(values.shape, "", object)
    for value, meaning in meanings.items():
        result[values == value] = meaning
    return result


def relative_day(days: np.ndarray) -> np.ndarray:
    """Days since enrolment as CDISC counts them: enrolment is day 1."""
    return np.floor(days).astype(int) + 1


def subject_columns(ds: xr.Dataset, keys: Sequence[str]) -> dict[str, np.ndarray]:
    """Columns that say whose times they are, over all combinations of the keys."""
    study, number = set_value(ds, "study"), ds["patient"]
    arm, arm_number = ds["arm"], xr.DataArray(np.arange(ds.sizes["arm"]) + 1, dims="arm")
    parts = xr.broadcast(study, set_value(ds, "seed"), number)
    names = ["-".join(map(str, each)) for each in zip(*(p.values.flat for p in parts), strict=True)]
    identity = parts[0].copy(data=np.array(names, object).reshape(parts[0].shape))
    columns = {
        name: spread(each, ds, keys)
        for name, each in (
            ("STUDYID", study), ("USUBJID", identity), ("SUBJID", number), ("TRTP", arm),
            ("TRTPN", arm_number),
        )
    }  # fmt: skip
    if ALLOCATED in ds:
        allocated = spread(ds[ALLOCATED], ds, keys)
        columns["TRT01P"] = allocated
        columns["ANL01FL"] = np.where(allocated == columns["TRTP"], "Y", "").astype(object)
    if SCENARIO in keys:
        columns["SCENARIO"] = spread(ds[SCENARIO], ds, keys)
        columns |= {axis: spread(ds[axis], ds, keys) for axis in axes_of(ds)}
    return columns


def set_value(ds: xr.Dataset, field: str) -> xr.DataArray:
    """A field of the configuration, by scenario where it was swept; empty if it is not known."""
    if field in ds.coords:
        return ds[field]
    return xr.DataArray(json.loads(ds.attrs.get("config", "{}")).get(field, ""))


# ---------------------------------------------------------------------- the endpoints


def is_followed_until_death(ds: xr.Dataset) -> bool:
    """Whether a trial follows its patients beyond relapse, in any scenario.

    Otherwise those who relapse are censored just when they are at risk of death.
    """
    return bool(set_value(ds, "until_death").astype(bool).any())


def censoring(ds: xr.Dataset) -> xr.DataArray:
    """Why patients without event are censored."""
    return xr.where(ds["follow_up_day"] >= horizon_days(ds), AT_END, BEFORE_END)


def overall(ds: xr.Dataset) -> xr.Dataset:
    """Overall survival, of the scenarios that follow patients until death."""
    times = overall_survival(ds)
    until_death = set_value(ds, "until_death").astype(bool)
    times = times.assign(day=times["day"].where(until_death), cause="death")
    return completed(times, ds)


def relapse_free(ds: xr.Dataset) -> xr.Dataset:
    """Relapse-free survival: from enrolment in remission, else from the first response."""
    overt = began_overt(ds)
    times = xr.where(overt, duration_of_response(ds), relapse_free_survival(ds))
    return completed(times, ds, xr.where(overt, ds["response_day"], 0.0))


def event_free(ds: xr.Dataset) -> xr.Dataset:
    """Event-free survival, in which failure counts on the day on which it was declared."""
    return completed(event_free_survival(ds), ds)


def as_seen(ds: xr.Dataset) -> xr.Dataset:
    """Relapse-free survival as seen at data cut-off, in the arm each patient was allocated to."""
    complete = relapse_free_survival(ds)["day"]
    times = xr.Dataset(
        {
            "day": ds["seen_day"].where(ds[ALLOCATED] == ds["arm"]),
            "event": ds["seen_event"] == 1.0,
            "cause": "either",
        }
    )
    result = completed(times, ds)
    cut = result["day"] < complete
    return result.assign(censoring=xr.where(cut, AT_CUT_OFF, result["censoring"]))


def completed(times: xr.Dataset, ds: xr.Dataset, start: xr.DataArray | float = 0.0) -> xr.Dataset:
    """Times to an event with their start, and why those without event were censored."""
    return times.assign(start=xr.DataArray(start), censoring=censoring(ds))


ALLOCATED = "allocated_arm"
PARAMETERS = (
    Parameter("OS", "Overall Survival", is_followed_until_death, overall),
    Parameter("RFS", "Relapse-Free Survival", lambda ds: True, relapse_free),
    Parameter("EFS", "Event-Free Survival", lambda ds: True, event_free),
    Parameter(
        "RFSCUT", "Relapse-Free Survival at Data Cut-Off", lambda ds: ALLOCATED in ds, as_seen
    ),
)
