"""How a trial is run: centres, accrual, blocks, a monitoring committee, a calendar.

Patients' courses do not depend on one another, nor on the trial around them: they come out of
:mod:`leukosim.trial.run`, in either arm. Here they meet a trial: each is enrolled at a centre on a day
of the calendar, allocated to one arm, and seen until the trial's data are closed.

Centres, patients and the committee are agents of a mesa model that steps day by day. mesa takes a
second to import, hence inside the function that needs it.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.endpoints import DAYS_PER_MONTH, relapse_free_survival
from leukosim.analysis.subgroup_effects import fit
from leukosim.parameters import check_ranges, setting
from leukosim.random_streams import TRIAL, stream
from leukosim.results.variables import Labelled, labelled

COLUMNS = ["patient", "centre", "arm", "enrolled_day", "day", "event"]


@dataclass(frozen=True)
class Operations:
    """The design of a trial with two arms, randomised one to one; defaults after BLAST."""

    centres: int = setting(0, "centres", lowest=0, highest=10_000, note="0: no trial is run")
    accrual_years: float = setting(4.0, "year", lowest=0.01, highest=50.0)
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
            raise ValueError(
                f"block_size = {self.block_size} (patients) must be even: arms are one to one"
            )


@dataclass
class RandomisedTrial:
    """What the operations of a trial leave."""

    patients: pd.DataFrame  # a row for each who was enrolled, COLUMNS; days since enrolment
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
    import mesa

    times = relapse_free_survival(ds)
    outcome = {
        name: (times["day"].sel(arm=name).values, times["event"].sel(arm=name).values)
        for name in (arm, against)
    }
    waiting = iter(range(ds.sizes["patient"]))
    rng = stream(seed, 0, TRIAL)
    n = operations.centres
    opening = rng.uniform(0.0, operations.opening_years * 365.25, n)
    cv = max(operations.centre_cv, 1e-6)
    size = rng.gamma(1.0 / cv**2, cv**2, n)
    open_days = np.maximum(operations.accrual_years * 365.25 - opening, 1.0)
    rates = size * ds.sizes["patient"] / max((size * open_days).sum(), 1e-9)  # per day

    class Enrolled(mesa.Agent):
        """A patient in the trial."""

        def __init__(self, model, number, centre, arm, today):
            super().__init__(model)
            self.number, self.centre, self.arm, self.enrolled_day = number, centre, arm, today
            day, event = (values[number] for values in outcome[arm])
            self.day, self.event = float(day), bool(event)

        def seen_by(self, today):
            """Days of follow-up and whether the event has happened by a day of the calendar."""
            so_far = today - self.enrolled_day
            return min(self.day, so_far), self.event and self.day <= so_far

    class Centre(mesa.Agent):
        """A hospital that recruits and randomises."""

        def __init__(self, model, number):
            super().__init__(model)
            self.number, self.block = number, []
            self.stream = stream(seed, 0, TRIAL, 1 + number)

        def recruit(self):
            """Enrol whoever comes today."""
            if self.model.today < opening[self.number]:
                return
            for _ in range(self.stream.poisson(rates[self.number])):
                if self.model.recruiting:
                    self.model.enrol(self)

        def allocate(self):
            """The arm of the next patient, from a permuted block."""
            if not self.block:
                half = operations.block_size // 2
                self.block = list(self.stream.permutation([arm] * half + [against] * half))
            return str(self.block.pop())

    class Committee(mesa.Agent):
        """The data monitoring committee: it looks once, and may stop recruitment."""

        def __init__(self, model):
            super().__init__(model)
            self.looks = []

        def watch(self):
            """Look, once so many events have been seen."""
            if self.looks or not operations.interim_events:
                return
            today = self.model.today
            events = sum(e.seen_by(today)[1] for e in self.model.enrolled)
            if events < operations.interim_events:
                return
            table = self.model.table(today)
            ratio, p = seen_effect(table, arm)
            stops = ratio >= operations.futility_hazard_ratio or p < operations.efficacy_p
            look = dict(
                day=today, patients=len(table), events=events,
                hazard_ratio=ratio, p=p, stops=bool(stops and self.model.recruiting),
            )  # fmt: skip
            self.looks.append(look)
            if look["stops"]:
                self.model.recruiting = False
                self.model.stopped_day = today

    class TrialModel(mesa.Model):
        """The calendar of a trial."""

        def __init__(self):
            super().__init__(rng=seed)
            self.today, self.recruiting, self.stopped_day = 0.0, True, np.nan
            self.centres = [Centre(self, number) for number in range(n)]
            self.committee = Committee(self)
            self.enrolled = []

        def enrol(self, centre):
            """Take the next patient into the trial, or end recruitment if there is none."""
            number = next(waiting, None)
            if number is None:
                self.recruiting = False
                return
            given = centre.allocate()
            self.enrolled.append(Enrolled(self, number, centre.number, given, self.today))

        def table(self, today):
            """All who are enrolled, as seen on a day of the calendar."""
            rows = [
                (e.number, e.centre, e.arm, e.enrolled_day, *e.seen_by(today))
                for e in self.enrolled
            ]
            return pd.DataFrame(rows, columns=COLUMNS).astype({"event": bool})

        def step(self):
            """One day."""
            if self.recruiting:
                self.agents_by_type[Centre].shuffle_do("recruit")
            self.committee.watch()
            self.today += 1.0

    model = TrialModel()
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


def seen_effect(table: pd.DataFrame, arm: str) -> tuple[float, float]:
    """Cox hazard ratio of an arm among the enrolled and its p; nan and 1 where nothing can be said.

    table : COLUMNS
    """
    rows = pd.DataFrame(
        {
            "day": table["day"], "event": table["event"], "patient": table["patient"],
            "arm": (table["arm"] == arm).astype(float),
        }
    )  # fmt: skip
    if rows.groupby("arm")["event"].sum().gt(0).sum() < 2:
        return np.nan, 1.0
    fitted = fit(rows, cluster=False)
    if fitted is None:
        return np.nan, 1.0
    return float(np.exp(fitted.loc["arm", "coef"])), float(fitted.loc["arm", "p"])


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
