"""One patient in several arms, followed once for as long as all arms make the same decisions.

The random streams belong to the patient, so the trajectory is the same, bit for bit, as long as the
decisions are. When decisions differ, the follow-up is copied. A thousand triggers thus cost as many
trajectories as there are different days on which they are reached.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Self

import numpy as np

from leukosim.biology.patient import Patient
from leukosim.clinic.strategy.chart import CallableStrategy, Decision
from leukosim.clinic.strategy.monitoring import Trigger
from leukosim.clinic.strategy.rules import Strategy
from leukosim.marrow.rates import Rates
from leukosim.trial.follow_up import FollowUp, NewReport
from leukosim.trial.protocol import Protocol
from leukosim.trial.trajectory import Trajectory


class Arm(NamedTuple):
    """How a patient is treated, and the trigger by which molecular relapse is noted."""

    strategy: Strategy | CallableStrategy
    trigger: Trigger


class FollowedArms(NamedTuple):
    """The distinct trajectories of a patient, and the position of each arm's among them."""

    trajectories: list[Trajectory]
    rows: list[int]  # by arm


def follow_arms(
    patient: Patient,
    arms: Sequence[Arm],
    protocol: Protocol,
    record_days: np.ndarray,
    method: str,
    agents: int,
) -> FollowedArms:
    """Follow a patient in every arm.

    Arms share a follow-up only if their rules are data. A strategy that is a function might store
    what it is called with, so it has a follow-up of its own.

    Parameters
    ----------
    protocol : of all arms, but each arm has a trigger of its own
    """
    rates = Rates(patient)
    arms = [
        arm._replace(strategy=arm.strategy.for_trigger(arm.trigger, patient.marker))
        if isinstance(arm.strategy, Strategy)
        else arm
        for arm in arms
    ]
    active: list[SharedFollowUp] = []
    keys = [first_key(patient, arm) if is_data(arm) else i for i, arm in enumerate(arms)]
    for together in grouped(range(len(arms)), keys).values():
        members = {i: arms[i] for i in together}
        triggers = list(dict.fromkeys(arm.trigger for arm in members.values()))
        strategy = arms[together[0]].strategy
        follow_up = FollowUp(
            patient, strategy, protocol, record_days, rates, method, agents, triggers
        )
        active.append(SharedFollowUp(members, follow_up))
    trajectories: list[Trajectory] = []
    row: dict[int, int] = {}
    while active:
        shared = active.pop()
        while not shared.follow_up.is_over:
            active += shared.step()
        for arms_of, trajectory in shared.trajectories():
            row |= dict.fromkeys(arms_of, len(trajectories))
            trajectories.append(trajectory)
    return FollowedArms(trajectories, [row[i] for i in range(len(arms))])


def is_data(arm: Arm) -> bool:
    """Whether the rules of an arm are data, and not a function."""
    return type(arm.strategy) is Strategy


def first_key(patient: Patient, arm: Arm) -> Hashable:
    """Equal for arms that treat alike at enrolment, such as all that begin without a regimen."""
    first = arm.strategy.first_regimen(patient.age_years)
    return first, treatment_key(arm) if first else None


def treatment_key(arm: Arm) -> Hashable:
    """Equal for arms that treat alike as long as they make the same decisions."""
    assert isinstance(arm.strategy, Strategy)  # functions have follow-ups of their own
    return arm.strategy.treatment_key


def grouped(items: Iterable[int], keys: Iterable[Hashable]) -> dict[Any, list[int]]:
    """Items by their keys, in the order in which keys first occur."""
    groups: dict[Any, list[int]] = {}
    for item, key in zip(items, keys, strict=True):
        groups.setdefault(key, []).append(item)
    return groups


class Action(NamedTuple):
    """What an arm does about a report; arms with equal actions stay together."""

    decisions: tuple[Decision, ...]
    treatment_key: Hashable  # of an arm that decides something
    needs_confirmation: bool


class SharedFollowUp:
    """Arms that have made the same decisions so far, by position, and their follow-up.

    Until a first decision these arms may differ in their regimens. As none is used before, the
    strategy of any of them serves for the follow-up.
    """

    def __init__(self, arms: dict[int, Arm], follow_up: FollowUp):
        self.arms = arms
        self.follow_up = follow_up

    def step(self) -> list[Self]:
        """Carry out the next event for all arms.

        Returns
        -------
        list
            Shared follow-ups of arms that decide differently from the first arm.
        """
        report = self.follow_up.step()
        if report is None:
            return []
        if len(self.arms) == 1:
            self.follow_up.decide(report)
            return []
        actions = self.actions(report)
        if actions is None:
            return []
        (action, members), *others = grouped(self.arms, actions).items()
        separate = [(each, self.copy(different)) for each, different in others]
        self.restrict(members)
        for each, shared in [(action, self), *separate]:
            shared.carry_out(each)
        return [shared for _, shared in separate]

    def actions(self, report: NewReport) -> list[Action] | None:
        """What each arm does about a report; None if no arm does anything."""
        chart, day = self.follow_up.chart, self.follow_up.today
        decisions = [
            tuple(arm.strategy.decide(chart, day, report.measure)) for arm in self.arms.values()
        ]
        if not report.unconfirmed and not any(decisions):
            return None
        return [
            Action(own, treatment_key(arm) if own else None, arm.trigger in report.unconfirmed)
            for arm, own in zip(self.arms.values(), decisions, strict=True)
        ]

    def copy(self, members: Iterable[int]) -> Self:
        """Some of the arms with a copy of the follow-up so far."""
        shared = type(self)(self.arms, self.follow_up.copy())
        shared.restrict(members)
        return shared

    def restrict(self, members: Iterable[int]) -> None:
        """Continue with some of the arms."""
        self.arms = {i: self.arms[i] for i in members}
        self.follow_up.molecular_relapse.restrict(arm.trigger for arm in self.arms.values())
        self.follow_up.continue_by(next(iter(self.arms.values())).strategy)

    def carry_out(self, action: Action) -> None:
        """Carry out the common action of all arms."""
        if action.needs_confirmation:
            self.follow_up.plan_confirming_sample()
        self.follow_up.carry_out(action.decisions)

    def trajectories(self) -> list[tuple[list[int], Trajectory]]:
        """The trajectories that differ in the day of molecular relapse, each with its arms."""
        shared, days = self.follow_up.trajectory(), self.follow_up.molecular_relapse.days
        by_day = grouped(self.arms, [days[arm.trigger] for arm in self.arms.values()])
        return [
            (members, replace(shared, molecular_relapse_day=day)) for day, members in by_day.items()
        ]
