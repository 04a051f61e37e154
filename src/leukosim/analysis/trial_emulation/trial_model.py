"""The calendar of a randomised trial as a mesa model: centres, patients and a committee."""

from collections.abc import Iterator
from typing import Any

import mesa
import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.endpoints import relapse_free_survival
from leukosim.analysis.subgroup_effects import fit
from leukosim.analysis.trial_emulation.randomised_trial import Operations
from leukosim.random_streams import TRIAL, stream

COLUMNS = ["patient", "centre", "arm", "enrolled_day", "day", "event"]


class TrialModel(mesa.Model):
    """The calendar of a trial. A step is a day.

    Parameters
    ----------
    ds : results of both arms for every patient
    arm, against : the treatment and its control
    """

    def __init__(
        self, ds: xr.Dataset, arm: str, against: str, operations: Operations, seed: int
    ) -> None:
        super().__init__(rng=seed)
        self.seed_of_trial, self.operations = seed, operations
        self.arm, self.against = arm, against
        times = relapse_free_survival(ds)
        self.outcome = {
            name: (times["day"].sel(arm=name).values, times["event"].sel(arm=name).values)
            for name in (arm, against)
        }
        self.waiting: Iterator[int] = iter(range(ds.sizes["patient"]))
        rng = stream(seed, 0, TRIAL)
        n = operations.centres
        self.opening = rng.uniform(0.0, operations.opening_years * 365.25, n)
        cv = max(operations.centre_cv, 1e-6)
        size = rng.gamma(1.0 / cv**2, cv**2, n)
        open_days = np.maximum(operations.accrual_years * 365.25 - self.opening, 1.0)
        self.rates = size * ds.sizes["patient"] / max((size * open_days).sum(), 1e-9)  # per day
        self.today, self.recruiting, self.stopped_day = 0.0, True, np.nan
        self.centres = [Centre(self, number) for number in range(n)]
        self.committee = Committee(self)
        self.enrolled: list[Enrolled] = []

    def enrol(self, centre: "Centre") -> None:
        """Take the next patient into the trial, or end recruitment if there is none."""
        number = next(self.waiting, None)
        if number is None:
            self.recruiting = False
            return
        arm = centre.allocate()
        self.enrolled.append(Enrolled(self, number, centre.number, arm))

    def table(self, today: float) -> pd.DataFrame:
        """All who are enrolled, as seen on a day of the calendar: columns COLUMNS."""
        rows = [
            (e.number, e.centre, e.arm, e.enrolled_day, *e.seen_by(today)) for e in self.enrolled
        ]
        return pd.DataFrame(rows, columns=COLUMNS).astype({"event": bool})

    def step(self) -> None:
        """One day."""
        if self.recruiting:
            self.agents_by_type[Centre].shuffle_do("recruit")
        self.committee.watch()
        self.today += 1.0


class Enrolled(mesa.Agent):
    """A patient in the trial."""

    def __init__(self, model: TrialModel, number: int, centre: int, arm: str) -> None:
        super().__init__(model)
        self.number, self.centre, self.arm, self.enrolled_day = number, centre, arm, model.today
        day, event = (values[number] for values in model.outcome[arm])
        self.day, self.event = float(day), bool(event)

    def seen_by(self, today: float) -> tuple[float, bool]:
        """Days of follow-up and whether the event has happened by a day of the calendar."""
        so_far = today - self.enrolled_day
        return min(self.day, so_far), self.event and self.day <= so_far


class Centre(mesa.Agent):
    """A hospital that recruits and randomises."""

    def __init__(self, model: TrialModel, number: int) -> None:
        super().__init__(model)
        self.trial, self.number = model, number
        self.block: list[str] = []
        self.stream = stream(model.seed_of_trial, 0, TRIAL, 1 + number)

    def recruit(self) -> None:
        """Enrol the patients who arrive today."""
        if self.trial.today < self.trial.opening[self.number]:
            return
        for _ in range(self.stream.poisson(self.trial.rates[self.number])):
            if self.trial.recruiting:
                self.trial.enrol(self)

    def allocate(self) -> str:
        """The arm of the next patient, from a permuted block."""
        if not self.block:
            half = self.trial.operations.block_size // 2
            arms = [self.trial.arm] * half + [self.trial.against] * half
            self.block = list(self.stream.permutation(arms))
        return str(self.block.pop())


class Committee(mesa.Agent):
    """The data monitoring committee: it looks once, and may stop recruitment."""

    def __init__(self, model: TrialModel) -> None:
        super().__init__(model)
        self.trial = model
        self.looks: list[dict[str, Any]] = []

    def watch(self) -> None:
        """Make the interim analysis, once as many events as planned are reported."""
        trial, operations = self.trial, self.trial.operations
        if self.looks or not operations.interim_events:
            return
        today = trial.today
        events = sum(e.seen_by(today)[1] for e in trial.enrolled)
        if events < operations.interim_events:
            return
        table = trial.table(today)
        ratio, p = seen_effect(table, trial.arm)
        stops = ratio >= operations.futility_hazard_ratio or p < operations.efficacy_p
        look = dict(
            day=today, patients=len(table), events=events,
            hazard_ratio=ratio, p=p, stops=bool(stops and trial.recruiting),
        )  # fmt: skip
        self.looks.append(look)
        if look["stops"]:
            trial.recruiting = False
            trial.stopped_day = today


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
