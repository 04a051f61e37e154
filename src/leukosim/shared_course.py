"""One patient in several arms, followed once for as long as the arms decide nothing.

A patient's luck belongs to the patient: arms that have decided nothing yet have the same course, to
the last bit. It is copied for an arm when that arm first decides something.
"""

from collections.abc import Mapping

import numpy as np

from leukosim.follow_up import FollowUp, History, follow
from leukosim.patient import Patient
from leukosim.protocol import Protocol
from leukosim.rates import Rates
from leukosim.strategy.chart import Chart, Decision, OwnStrategy
from leukosim.strategy.rules import Strategy


def follow_arms(
    patient: Patient,
    arms: Mapping[str, Strategy | OwnStrategy],
    protocol: Protocol,
    record_days: np.ndarray,
    method: str,
    agents: int,
) -> list[History]:
    """What becomes of a patient in every arm, in their order.

    Arms share a course only if they begin with none and their rules are data: a function might
    remember for whom it was called.
    """
    how = protocol, record_days, Rates(patient), method, agents
    alike = {
        name: arm
        for name, arm in arms.items()
        if type(arm) is Strategy and not arm.first_course(patient.age_years)
    }
    found = follow_undecided(patient, alike, *how) if len(alike) > 1 else {}
    return [
        found[name] if name in found else follow(patient, arm, *how) for name, arm in arms.items()
    ]


def follow_undecided(
    patient: Patient,
    arms: Mapping[str, Strategy],
    protocol: Protocol,
    record_days: np.ndarray,
    rates: Rates,
    method: str,
    agents: int,
) -> dict[str, History]:
    """What becomes of a patient in arms that begin with no course, by their names."""
    undecided = dict(arms)
    decided: dict[str, list[Decision]] = {}

    def ask_all(chart: Chart, day: float, measure: str) -> list[Decision]:
        for name, arm in undecided.items():
            decisions = arm.decide(chart, day, measure)
            if decisions:
                decided[name] = decisions
        return []

    nobody = OwnStrategy("undecided", {}, ask_all)
    shared = FollowUp(patient, nobody, protocol, record_days, rates, method, agents)
    found: dict[str, History] = {}
    while undecided and not shared.is_over:
        shared.step()
        for name, decisions in decided.items():
            own = shared.under(undecided.pop(name))
            own.carry_out(decisions, own.today)
            found[name] = own.run()
        decided.clear()
    return found | (dict.fromkeys(undecided, shared.write_up()) if undecided else {})
