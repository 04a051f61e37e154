"""One patient under many strategies, followed once for as long as they decide alike.

A patient's random streams belong to the patient: as long as strategies have decided the same, the patient's
course is the same, to the last bit. It is copied when they part. So a thousand triggers cost as
many courses as there are different days on which they fire, not a thousand.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Self

import numpy as np

from leukosim.biology.patient import Patient
from leukosim.clinic.strategy.chart import CallableStrategy, Chart, Decision
from leukosim.clinic.strategy.monitoring import Trigger
from leukosim.clinic.strategy.rules import Strategy
from leukosim.marrow.rates import Rates
from leukosim.trial.follow_up import FollowUp, Trajectory
from leukosim.trial.protocol import Protocol


class Arm(NamedTuple):
    """How a patient is treated, and from which MRD on a conversion is noted."""

    strategy: Strategy | CallableStrategy
    trigger: Trigger


def follow_arms(
    patient: Patient,
    arms: Sequence[Arm],
    protocol: Protocol,
    record_days: np.ndarray,
    method: str,
    agents: int,
) -> list[Trajectory]:
    """What becomes of a patient in every arm, in their order.

    Arms share a course only if their rules are data: a function might remember for whom it was
    called. What arms that shared a course to its end have in common is the same object.

    Parameters
    ----------
    protocol : but for its trigger, in place of which each arm has its own
    """
    rates = Rates(patient)
    arms = [
        arm._replace(strategy=arm.strategy.for_trigger(arm.trigger, patient.marker))
        if isinstance(arm.strategy, Strategy)
        else arm
        for arm in arms
    ]
    result: dict[int, Trajectory] = {}
    waiting: list[SharedFollowUp] = []
    for together in alike_at_enrolment(patient, arms):
        own = {i: arms[i] for i in together}
        first = arms[together[0]].strategy
        triggers = list(dict.fromkeys(arm.trigger for arm in own.values()))
        follow_up = FollowUp(
            patient, first, protocol, record_days, rates, method, agents, triggers
        )  # fmt: skip
        has_begun = bool(first.first_regimen(patient.age_years))
        waiting.append(SharedFollowUp(own, follow_up, has_begun))
    while waiting:
        company = waiting.pop()
        while not company.follow_up.is_over:
            waiting += company.step()
        result |= company.write_up()
    return [result[i] for i in range(len(arms))]


def alike_at_enrolment(patient: Patient, arms: Sequence[Arm]) -> list[list[int]]:
    """Positions of arms by what they do at enrolment.

    Arms that begin with no regimen are alike whatever they may begin later.
    """
    keys: list[Hashable] = []
    for i, (strategy, _) in enumerate(arms):
        first = strategy.first_regimen(patient.age_years)
        if type(strategy) is Strategy:
            keys.append((first, means_of(strategy) if first else ""))
        else:
            keys.append(i)  # a function is followed alone
    return list(grouped(range(len(arms)), keys).values())


def means_of(strategy: Strategy | CallableStrategy) -> str:
    """What a strategy of a company of several can give."""
    assert isinstance(strategy, Strategy)
    return strategy.means


def grouped(items: Iterable[int], keys: Iterable[Hashable]) -> dict[Any, list[int]]:
    """Items by their keys, in the order of each key's first."""
    groups: dict[Any, list[int]] = {}
    for item, key in zip(items, keys, strict=True):
        groups.setdefault(key, []).append(item)
    return groups


class Wish(NamedTuple):
    """What arms want to be done at the end of a step; those of equal wishes stay together."""

    decisions: tuple[Decision, ...] = ()
    means: str = ""  # what the strategy can give, once it does something
    confirms: bool = False  # whether the trigger asks for a confirming sample


class SharedFollowUp:
    """Arms that have decided alike so far, and the course that they share."""

    def __init__(self, arms: dict[int, Arm], follow_up: FollowUp, has_begun: bool):
        self.arms = arms
        self.follow_up = follow_up
        self.has_begun = has_begun  # so that all can give the same
        self.decided: dict[int, tuple[Decision, ...]] = {}  # in this step, by those who did
        self.follow_up.go_on_by(self.strategy())

    def strategy(self) -> Strategy | CallableStrategy:
        """What leads all arms: the strategy of the only one, or one that asks all of them.

        As long as nothing has begun, it does not matter what each could give.
        """
        first = next(iter(self.arms.values())).strategy
        if len(self.arms) == 1:
            return first
        return CallableStrategy(
            "what all have decided",
            first.regimens if self.has_begun else {},
            self.ask,
            "",
            first.treats_relapse and self.has_begun,
            first.marrow_after_cycles if self.has_begun else (),
            first.counts_before_cycles and self.has_begun,
        )

    def ask(self, chart: Chart, day: float, measure: str) -> list[Decision]:
        """Ask every arm; what they decide is carried out at the end of the step."""
        for i, arm in self.arms.items():
            decisions = arm.strategy.decide(chart, day, measure)
            if decisions:
                self.decided[i] = tuple(decisions)
        return []

    def step(self) -> list[Self]:
        """Follow all to the next entry of the agenda; those who decide otherwise, leave.

        Returns
        -------
        list
            Of those who have left.
        """
        self.decided.clear()
        self.follow_up.asking.clear()
        self.follow_up.step()
        if not self.decided and not self.follow_up.asking:
            return []
        parties = grouped(self.arms, map(self.wish, self.arms))
        stays = Wish() if Wish() in parties else next(iter(parties))
        leave = {wish: self.parted(members) for wish, members in parties.items() if wish != stays}
        for wish, company in leave.items():
            company.grant(wish)
        self.keep(parties[stays])
        self.grant(stays)
        return list(leave.values())

    def wish(self, i: int) -> Wish:
        """What an arm wants after this step."""
        arm, decided = self.arms[i], self.decided.get(i, ())
        # a trigger that is alone has its sample already
        confirms = (
            len(self.follow_up.molecular_relapse_days) > 1 and arm.trigger in self.follow_up.asking
        )
        return Wish(decided, means_of(arm.strategy) if decided else "", confirms)

    def parted(self, members: Iterable[int]) -> Self:
        """Some of the arms, with a copy of the course so far."""
        company = type(self)(self.arms, self.follow_up.copy(), self.has_begun)
        company.keep(members)
        return company

    def keep(self, members: Iterable[int]) -> None:
        """Go on with some of the arms."""
        self.arms = {i: self.arms[i] for i in members}
        converted = self.follow_up.molecular_relapse_days
        self.follow_up.molecular_relapse_days = {
            arm.trigger: converted[arm.trigger] for arm in self.arms.values()
        }

    def grant(self, wish: Wish) -> None:
        """Do what all arms want."""
        self.has_begun |= bool(wish.decisions)
        self.follow_up.go_on_by(self.strategy())
        if wish.confirms:
            self.follow_up.confirm(self.follow_up.today)
        self.follow_up.carry_out(wish.decisions, self.follow_up.today)

    def write_up(self) -> dict[int, Trajectory]:
        """What has become of the patient, by arm."""
        shared = self.follow_up.write_up()
        converted = {
            i: self.follow_up.molecular_relapse_days[arm.trigger] for i, arm in self.arms.items()
        }
        by_day = {
            day: replace(shared, molecular_relapse_day=day) for day in set(converted.values())
        }
        return {i: by_day[day] for i, day in converted.items()}
