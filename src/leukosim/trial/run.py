"""Trials: the same virtual patients in every arm, and the log of what was decided."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.biology.patient import Patient
from leukosim.clinic.strategy.chart import CallableStrategy
from leukosim.clinic.strategy.rules import Strategy
from leukosim.marrow.marrow import AGENTS
from leukosim.results.trajectories import Gathered, Trajectories
from leukosim.results.variables import Labelled
from leukosim.trial.dataset import gather, table_of_trajectories, values_of_patients
from leukosim.trial.follow_up import Trajectory
from leukosim.trial.protocol import Protocol
from leukosim.trial.shared_follow_up import Arm, follow_arms
from leukosim.trial.treatment_week import (
    BLOCKER,
    first_cycle,
    mobilisation_after_one_dose,
    treatment_week,
)

DECISION_COLUMNS = (
    "arm", "patient", "day", "rule", "seen", "action", "regimen", "effective_day", "drugs",
    "at_most_days",
)  # fmt: skip
BLOCK = 8  # patients, at most, that a worker is handed at once


@dataclass(frozen=True)
class Trial:
    """What a trial leaves."""

    gathered: Gathered

    @cached_property
    def dataset(self) -> xr.Dataset:
        """What became of the patients, labelled."""
        return self.gathered.dataset()

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """The log of decisions, a row each."""
        table = pd.DataFrame(self.gathered.decisions(), columns=list(DECISION_COLUMNS))
        return table.astype({"at_most_days": "Int64"})


MapUnordered = Callable[[Callable[[Any], Any], Sequence[Any], int], Iterator[tuple[int, Future]]]


def one_by_one(
    function: Callable[[Any], Any], items: Sequence[Any], workers: int = 1
) -> Iterator[tuple[int, Future]]:
    """Apply a function to all items in this process, in their order."""
    for position, item in enumerate(items):
        future: Future = Future()
        future.set_result(function(item))
        yield position, future


class Plan(NamedTuple):
    """One of several trials of the same patients."""

    arms: Mapping[str, Strategy | CallableStrategy]
    protocol: Protocol


def run_together(
    patients: Sequence[Patient],
    plans: Sequence[Plan],
    *,
    record_days: int = 7,
    keeps_days: bool = True,
    workers: int = 1,
    map_unordered: MapUnordered = one_by_one,
    method: str = "tally",
    agents: int = AGENTS,
    progress: Callable[[int], None] | None = None,
) -> list[Trial]:
    """Trials of the same patients, each with the numbers that it has alone.

    What arms of any of them have in common is followed once.

    Parameters
    ----------
    plans : whose protocols differ in nothing but their trigger
    keeps_days : whether what is written down on these days is kept
    workers : how many blocks of patients ``map_unordered`` is to work on at a time
    map_unordered : applies a function to items and yields the position and a future of each as it
        is finished, such as :func:`leukosim.runs.executors.map_unordered`; by default here, in turn

    Others as of :func:`run_trial`.
    """
    if not patients:
        raise ValueError("patients is empty: a trial needs at least one patient")
    if not all(plan.arms for plan in plans):
        raise ValueError("arms is empty: a trial needs at least one arm")
    if record_days < 1:
        raise ValueError(f"record_days = {record_days} (day) is not allowed: allowed 1 or more")
    protocol = plans[0].protocol
    for plan in plans:
        check_drugs(plan.arms, protocol)
        if replace(plan.protocol, trigger=protocol.trigger) != protocol:
            raise ValueError("protocols differ in more than their trigger: run them one by one")
    # clones are noted on these days, kept or not
    notes_days = keeps_days or protocol.record.clones > 0
    days = days_of_records(record_days, protocol.horizon_days) if notes_days else np.empty(0)
    arms, where = distinct_arms(plans)

    size = min(BLOCK, max(1, len(patients) // (4 * workers)))
    blocks = [patients[first : first + size] for first in range(0, len(patients), size)]
    treat = partial(
        treat_block, arms=arms, protocol=protocol, record_days=days, method=method, agents=agents
    )
    result: dict[int, list[list[Trajectory]]] = {}
    finished = 0
    for position, block in map_unordered(treat, blocks, workers):
        result[position] = block.result()
        finished += len(blocks[position])
        if progress is not None:
            progress(finished)
    histories = [of_patient for position in range(len(blocks)) for of_patient in result[position]]
    trajectories, rows = distinct_trajectories(histories, patients, days, protocol)
    trajectories = trajectories if keeps_days else trajectories.without("time")
    known = values_of_patients(patients, protocol)
    return [
        written_up(patients, plan, trajectories, rows[at], known, method, agents)
        for plan, at in zip(plans, where, strict=True)
    ]


def days_of_records(interval_days: int, horizon_days: int) -> np.ndarray:
    """Days on which the marrow is written down, float64[day]; the last always is."""
    regular = np.arange(0, horizon_days, interval_days)
    return np.unique(np.append(regular, horizon_days)).astype(float)


def distinct_arms(plans: Sequence[Plan]) -> tuple[list[Arm], list[list[int]]]:
    """Every arm once, and where those of each plan stand among them."""
    arms: list[Arm] = []
    known: dict[Hashable, int] = {}
    where: list[list[int]] = []
    for plan in plans:
        trigger = plan.protocol.trigger
        where.append([])
        for strategy in plan.arms.values():
            # as texts, since the order of rules and drugs matters; functions are never the same
            is_data = type(strategy) is Strategy
            key = (repr(strategy), trigger) if is_data else len(arms)
            if key not in known:
                known[key] = len(arms)
                arms.append(Arm(strategy, trigger))
            where[-1].append(known[key])
    return arms, where


def distinct_trajectories(
    histories: Sequence[Sequence[Trajectory]],
    patients: Sequence[Patient],
    days: np.ndarray,
    protocol: Protocol,
) -> tuple[Trajectories, np.ndarray]:
    """Every trajectory once, and which of them each patient has in each arm, int64[arm, patient].

    histories : by patient, by arm; those that are shared are the same object
    """
    known: dict[int, int] = {}
    trajectories: list[Trajectory] = []
    whose: list[Patient] = []
    rows = np.empty((len(histories[0]), len(patients)), np.int64)
    for p, (patient, of_patient) in enumerate(zip(patients, histories, strict=True)):
        for a, history in enumerate(of_patient):
            row = known.setdefault(id(history), len(trajectories))
            if row == len(trajectories):
                trajectories.append(history)
                whose.append(patient)
            rows[a, p] = row
    return table_of_trajectories(trajectories, whose, days, protocol), rows


def written_up(
    patients: Sequence[Patient],
    plan: Plan,
    trajectories: Trajectories,
    rows: np.ndarray,
    known: Mapping[str, Labelled],
    method: str,
    agents: int,
) -> Trial:
    """One trial, from the trajectories of its patients, int64[arm, patient]."""
    week = week_values(patients, plan.arms, plan.protocol, method, agents)
    return Trial(gather(patients, list(plan.arms), trajectories, rows, plan.protocol, known, week))


def check_drugs(arms: Mapping[str, Strategy | CallableStrategy], protocol: Protocol) -> None:
    """Raise ValueError where a regimen gives a drug that the protocol does not know."""
    for arm, strategy in arms.items():
        for name, regimen in strategy.regimens.items():
            for drug in regimen.drugs:
                if drug not in protocol.drugs:
                    raise ValueError(
                        f"drug = {drug} of regimen {name} in arm {arm} is unknown: "
                        f"allowed {', '.join(protocol.drugs)}"
                    )


def treat_block(
    patients: Sequence[Patient],
    arms: Sequence[Arm],
    protocol: Protocol,
    record_days: np.ndarray,
    method: str,
    agents: int,
) -> list[list[Trajectory]]:
    """What becomes of some patients, a list over arms each."""
    return [
        follow_arms(patient, arms, protocol, record_days, method, agents) for patient in patients
    ]


def week_values(
    patients: Sequence[Patient],
    arms: Mapping[str, Strategy | CallableStrategy],
    protocol: Protocol,
    method: str,
    agents: int,
) -> dict[str, np.ndarray]:
    """The first treatment week by the hour, and what a dose of a CXCR4 inhibitor does to blood."""
    if not protocol.treatment_week:
        return {}
    week = treatment_week(patients, arms, protocol, method, agents)
    doses = [d.amount_mg for s in arms.values() for d in first_cycle(patients[0], s)
             if d.drug == BLOCKER and d.amount_mg > 0.0]  # fmt: skip
    if doses:
        drug = protocol.drugs[BLOCKER]
        week |= mobilisation_after_one_dose(drug, doses[0], patients, protocol)
    return week
