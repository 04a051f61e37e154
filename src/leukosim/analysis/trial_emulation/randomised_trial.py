"""The operations of a randomised trial: centres, accrual, blocks, monitoring committee, calendar.

Patients' trajectories do not depend on one another, nor on the trial around them: they come from
:mod:`leukosim.trial.run`, in either arm. Here each patient is enrolled at a centre on a day of the
calendar, allocated to one arm, and followed until data cut-off. The calendar itself is the model in
:mod:`leukosim.analysis.trial_emulation.trial_model`.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.endpoints import DAYS_PER_MONTH
from leukosim.errors import InvalidField
from leukosim.parameters import check_ranges, setting
from leukosim.results.variables import Labelled, labelled


@dataclass(frozen=True)
class Operations:
    """The design of a trial with two arms, randomised one to one; defaults after BLAST."""

    centres: int = setting(0, "centres", lowest=0, highest=10_000, note="0: no trial is run")
    accrual_years: float = setting(
        4.0, "year", lowest=0.01, highest=50.0, note="duration of recruitment"
    )
    opening_years: float = setting(
        1.0, "year", lowest=0.0, highest=50.0, note="within which centres open, at random"
    )
    centre_cv: float = setting(
        0.8, "1", lowest=0.0, highest=5.0, note="of recruitment between centres; gamma"
    )
    block_size: int = setting(4, "patients", lowest=2, highest=100, note="within a centre; even")
    follow_up_months: float = setting(
        25.4, "month", lowest=0.0, highest=600.0, note="of the median patient, at the analysis"
    )
    interim_events: int = setting(
        30, "events", lowest=0, highest=1_000_000, note="at which the committee looks; 0: never"
    )
    futility_hazard_ratio: float = setting(
        1.0, "1", lowest=0.0, highest=100.0, note="seen there, from which recruitment stops"
    )
    efficacy_p: float = setting(
        0.001, "probability", lowest=0.0, highest=1.0, note="seen there, below which it stops"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.block_size % 2:
            raise InvalidField(
                f"block_size = {self.block_size} (patients) must be even: arms are one to one"
            )


@dataclass
class RandomisedTrial:
    """The enrolled patients as a trial would have seen them, and the looks of its committee."""

    patients: pd.DataFrame  # a row each, of trial_model.COLUMNS; days since enrolment
    looks: list[dict[str, Any]] = field(default_factory=list)  # of the committee
    closed_day: float = np.nan  # of the calendar: end of the data
    recruitment_stopped_day: float = np.nan  # by the committee


def run_operations(
    ds: xr.Dataset, arm: str, against: str, operations: Operations, seed: int
) -> RandomisedTrial:
    """Run the trial around the patients' courses.

    Patients come in the order of their numbers until all are enrolled or the committee stops; each
    centre allocates in permuted blocks of its own.

    Parameters
    ----------
    ds : results of both arms for every patient
    arm, against : the treatment and its control
    """
    # imports mesa, which takes a second
    from leukosim.analysis.trial_emulation.trial_model import TrialModel

    model = TrialModel(ds, arm, against, operations, seed)
    follow_up = operations.follow_up_months * DAYS_PER_MONTH
    latest = 3.0 * operations.accrual_years * 365.25
    while model.recruiting and model.today < latest:
        model.step()
    middle = float(np.median([e.enrolled_day for e in model.enrolled])) if model.enrolled else 0.0
    closed = max(middle + follow_up, model.today)
    while model.today < closed:
        model.step()
    return RandomisedTrial(
        model.table(closed), model.committee.looks, closed, float(model.stopped_day)
    )


def seen_by_a_trial(
    ds: xr.Dataset, arm: str, against: str, operations: Operations, seed: int
) -> tuple[dict[str, Labelled], dict[str, Any]]:
    """What a trial would have seen of each patient, as variables and attributes of its dataset.

    Variables are ``allocated_arm`` (empty: not enrolled), ``centre``, ``enrolled_day``,
    ``seen_day``, ``seen_event`` (patient); the committee's looks are the attribute
    ``interim_analyses``.
    """
    done = run_operations(ds, arm, against, operations, seed)
    n = ds.sizes["patient"]
    values = {
        "allocated_arm": np.full(n, "", object),
        "centre": np.full(n, np.nan),
        "enrolled_day": np.full(n, np.nan),
        "seen_day": np.full(n, np.nan),
        "seen_event": np.full(n, np.nan),
    }
    who = done.patients["patient"].to_numpy(int)
    columns = ("arm", "centre", "enrolled_day", "day", "event")
    for name, column in zip(values, columns, strict=True):
        values[name][who] = done.patients[column].to_numpy()
    attributes = {
        "interim_analyses": json.dumps(done.looks),
        "closed_day": done.closed_day,
        "recruitment_stopped_day": done.recruitment_stopped_day,
    }
    return labelled(values), attributes
