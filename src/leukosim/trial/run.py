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
from leukosim.errors import ConfigError
from leukosim.marrow.marrow import AGENTS
from leukosim.results.trajectories import Trajectories, TrialArrays
from leukosim.results.variables import Labelled
from leukosim.trial.dataset import gather, table_of_trajectories, values_of_patients
from leukosim.trial.prescription import first_cycle
from leukosim.trial.protocol import Protocol
from leukosim.trial.shared_follow_up import Arm, FollowedArms, follow_arms
from leukosim.trial.trajectory import Trajectory
from leukosim.trial.treatment_week import BLOCKER, mobilisation_after_one_dose, treatment_week

DECISION_COLUMNS = (
    "arm", "patient", "day", "rule", "seen", "action", "regimen", "effective_day", "drugs",
    "at_most_days",
)  # fmt: skip
BLOCK = 8  # patients, at most, that a worker follows in one task


@dataclass(frozen=True)
class Trial:
    """The result of a trial."""

    arrays: TrialArrays

    @cached_property
    def dataset(self) -> xr.Dataset:
        """The outcomes of all patients, labelled."""
        return self.arrays.dataset()

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """The log of decisions, a row each."""
        table = pd.DataFrame(self.arrays.decisions(), columns=list(DECISION_COLUMNS))
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
    """Run trials of the same patients, each with the same numbers as if it were run alone.

    Arms of any of them share a follow-up as long as they make the same decisions.

    Parameters
    ----------
    plans : protocols may differ in their trigger only
    keeps_days : whether the marrow of the recorded days is kept
    workers : number of blocks of patients that ``map_unordered`` works on at a time
    map_unordered : applies a function to items and yields position and future of each when it is
        finished, such as :func:`leukosim.runs.executors.map_unordered`; by default one by one in
        this process

    Others as in :func:`leukosim.runs.trials.run_trial`.
    """
    if not patients:
        raise ConfigError("patients is empty: a trial needs at least one patient")
    if not all(plan.arms for plan in plans):
        raise ConfigError("arms is empty: a trial needs at least one arm")
    if record_days < 1:
        raise ConfigError(f"record_days = {record_days} (day) is not allowed: allowed 1 or more")
    protocol = plans[0].protocol
    for plan in plans:
        check_drugs(plan.arms, protocol)
        if replace(plan.protocol, trigger=protocol.trigger) != protocol:
            raise ConfigError("protocols differ in more than their trigger: run them one by one")
    # clones are recorded on these days, whether they are kept or not
    notes_days = keeps_days or protocol.record.clones > 0
    days = days_of_records(record_days, protocol.horizon_days) if notes_days else np.empty(0)
    arms, positions = distinct_arms(plans)

    size = min(BLOCK, max(1, len(patients) // (4 * workers)))
    blocks = [patients[first : first + size] for first in range(0, len(patients), size)]
    treat = partial(
        treat_block, arms=arms, protocol=protocol, record_days=days, method=method, agents=agents
    )
    followed: dict[int, list[FollowedArms]] = {}
    finished = 0
    for position, block in map_unordered(treat, blocks, workers):
        followed[position] = block.result()
        finished += len(blocks[position])
        if progress is not None:
            progress(finished)
    by_patient = [each for position in range(len(blocks)) for each in followed[position]]
    trajectories, rows = all_trajectories(by_patient, patients, days, protocol)
    trajectories = trajectories if keeps_days else trajectories.without("time")
    known = values_of_patients(patients, protocol)
    return [
        trial_of_plan(patients, plan, trajectories, rows[at], known, method, agents)
        for plan, at in zip(plans, positions, strict=True)
    ]


def days_of_records(interval_days: int, horizon_days: int) -> np.ndarray:
    """Days on which the marrow is recorded, float64[day]; the last day of the trial is one."""
    regular = np.arange(0, horizon_days, interval_days)
    return np.unique(np.append(regular, horizon_days)).astype(float)


def distinct_arms(plans: Sequence[Plan]) -> tuple[list[Arm], list[list[int]]]:
    """Every arm once, and the positions of the arms of each plan among them."""
    arms: list[Arm] = []
    position: dict[Hashable, int] = {}
    positions: list[list[int]] = []
    for plan in plans:
        trigger = plan.protocol.trigger
        positions.append([])
        for strategy in plan.arms.values():
            # strategies that are functions are never the same: see follow_arms
            key = (strategy.key, trigger) if type(strategy) is Strategy else len(arms)
            if key not in position:
                position[key] = len(arms)
                arms.append(Arm(strategy, trigger))
            positions[-1].append(position[key])
    return arms, positions


def all_trajectories(
    followed: Sequence[FollowedArms],
    patients: Sequence[Patient],
    days: np.ndarray,
    protocol: Protocol,
) -> tuple[Trajectories, np.ndarray]:
    """The trajectories of all patients as one table, and its row of each patient in each arm.

    followed : by patient

    Returns
    -------
    Trajectories, int64[arm, patient]
    """
    trajectories: list[Trajectory] = []
    patient_of: list[Patient] = []
    rows = []
    for patient, (own, row_of_arm) in zip(patients, followed, strict=True):
        rows.append(len(trajectories) + np.array(row_of_arm))
        trajectories += own
        patient_of += [patient] * len(own)
    return table_of_trajectories(trajectories, patient_of, days, protocol), np.array(rows).T


def trial_of_plan(
    patients: Sequence[Patient],
    plan: Plan,
    trajectories: Trajectories,
    rows: np.ndarray,
    known: Mapping[str, Labelled],
    method: str,
    agents: int,
) -> Trial:
    """One trial. ``rows`` : int64[arm, patient], of the table of trajectories."""
    week = week_values(patients, plan.arms, plan.protocol, method, agents)
    return Trial(gather(patients, list(plan.arms), trajectories, rows, plan.protocol, known, week))


def check_drugs(arms: Mapping[str, Strategy | CallableStrategy], protocol: Protocol) -> None:
    """Raise :class:`ConfigError` for a drug of a regimen that the protocol does not declare."""
    for arm, strategy in arms.items():
        for name, regimen in strategy.regimens.items():
            for drug in regimen.drugs:
                if drug not in protocol.drugs:
                    raise ConfigError(
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
) -> list[FollowedArms]:
    """Follow some patients in all arms."""
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
    """The first treatment week by the hour, and mobilisation by a dose of a CXCR4 inhibitor."""
    if not protocol.treatment_week:
        return {}
    week = treatment_week(patients, arms, protocol, method, agents)
    doses = [
        dose.amount_mg
        for strategy in arms.values()
        for dose in first_cycle(patients[0], strategy, protocol)
        if dose.drug == BLOCKER and dose.amount_mg > 0.0
    ]
    if doses:
        drug = protocol.drugs[BLOCKER]
        week |= mobilisation_after_one_dose(drug, doses[0], patients, protocol)
    return week
