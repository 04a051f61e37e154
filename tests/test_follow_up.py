"""Visits, reports and decisions follow one another as in a clinic."""

import numpy as np
import pytest

from leukosim.follow_up import Protocol, follow
from leukosim.marrow import Rates
from leukosim.strategy.chart import Decision, OwnStrategy
from leukosim.strategy.monitoring import Monitoring, Trigger

DAYS = np.arange(0.0, 366.0, 7.0)


def run(patient, strategy, **protocol):
    return follow(patient, strategy, Protocol(horizon_days=365, **protocol), DAYS, Rates(patient))


def decided(history, rule):
    return [d for d in history.chart.decisions if d.rule == rule]


def test_treatment_starts_when_the_triggering_result_is_known(make_patient, strategies):
    history = run(make_patient(residual_stem_cells=500), strategies["triggered"])
    fired = decided(history, "trigger")[0]
    above = [r for r in history.chart.reports if r.measure == "mrd" and r.value >= 0.01][0]
    assert fired.day == above.known == above.sampled + 7
    assert history.doses[0].day == fired.day == history.conversion_day


def test_a_delay_postpones_the_first_dose_only(make_patient, strategies):
    from dataclasses import replace

    trigger = replace(strategies["triggered"].rules["trigger"], delay_days=21)
    late = replace(
        strategies["triggered"], rules={**strategies["triggered"].rules, "trigger": trigger}
    )
    history = run(make_patient(residual_stem_cells=500), late)
    assert history.doses[0].day == decided(history, "trigger")[0].day + 21


def test_a_confirmed_conversion_needs_a_second_sample(make_patient, strategies):
    patient = make_patient(residual_stem_cells=500)
    once = run(patient, strategies["triggered"])
    twice = run(patient, strategies["triggered"], trigger=Trigger(confirmations=1))
    assert twice.conversion_day > once.conversion_day
    days = [r.sampled for r in twice.chart.reports if r.measure == "mrd"]
    assert once.conversion_day + 14 in days


def test_no_dose_is_given_after_a_relapse_that_ends_treatment(make_patient, strategies):
    patient = make_patient(
        residual_stem_cells=2000, doubling_days=6.0, responsiveness={"azacitidine": 0.0}
    )
    history = run(patient, strategies["maintenance"])
    assert history.chart.relapse_day is not None
    assert max(dose.day for dose in history.doses) < history.chart.relapse_day
    assert history.last_day == history.chart.relapse_day


def test_the_arm_that_treats_relapse_is_followed_beyond_it(make_patient, strategies):
    patient = make_patient(residual_stem_cells=2000, doubling_days=6.0)
    history = run(patient, strategies["at_relapse"], after_relapse_days=56)
    assert history.last_day == history.chart.relapse_day + 56
    assert min(dose.day for dose in history.doses) == history.chart.relapse_day


def test_death_ends_everything_on_its_day(make_patient, strategies):
    patient = make_patient(death_rate=0.05, residual_stem_cells=0)
    history = run(patient, strategies["maintenance"])
    assert history.death_day == history.last_day < 365
    assert all(dose.day < history.death_day for dose in history.doses)
    assert max(c.day.max() for c in history.counts if len(c.day)) <= history.death_day


def test_cycles_say_what_was_given(make_patient, strategies):
    history = run(make_patient(residual_stem_cells=0), strategies["maintenance"])
    assert [start for start, _ in history.cycles] == [28.0 * k for k in range(14)]
    assert all(end - start == 6 for start, end in history.cycles[:-1])
    assert len({dose.day for dose in history.doses}) == 13 * 7 + 1  # the last cycle is cut short


def test_samples_are_taken_on_the_calendar(make_patient, strategies):
    monitoring = Monitoring(interval_days=84, first_day=56)
    history = run(
        make_patient(residual_stem_cells=0), strategies["at_relapse"], monitoring=monitoring
    )
    sampled = [r.sampled for r in history.chart.reports if r.measure == "mrd"]
    assert sampled == [56.0, 140.0, 224.0, 308.0]


def test_a_function_of_the_users_own_can_stand_in_for_rules(make_patient, strategies, azacitidine):
    rules = strategies["triggered"]

    def at_the_level(chart, day, measure):
        if measure == "mrd" and chart.values("mrd", day)[-1] >= 0.01:
            if not chart.has_fired("mine"):
                return [Decision(day, "mine", "", "start", "azacitidine", day)]
        return []

    own = OwnStrategy("mine", {"azacitidine": azacitidine}, at_the_level)
    patient = make_patient(residual_stem_cells=50)
    protocol = dict(monitoring=Monitoring())
    mine, theirs = run(patient, own, **protocol), run(patient, rules, **protocol)
    until = theirs.last_day
    mine_doses = [dose for dose in mine.doses if dose.day < until]
    assert mine_doses == theirs.doses


@pytest.mark.parametrize("residual", [0, 1])
def test_an_endless_remission_is_followed_to_the_end(make_patient, strategies, residual):
    patient = make_patient(residual_stem_cells=residual, doubling_days=60.0)
    history = run(patient, strategies["triggered"])
    assert history.last_day == 365.0
    assert history.chart.relapse_day is None


def test_no_sample_is_counted_twice(make_patient, strategies):
    """A rule that asks for a marrow on a day that has one must not turn one result into two."""
    from dataclasses import replace

    from leukosim.strategy.rules import Rule

    looks = {f"look{i}": Rule("platelets", "marrow", below=1e4, repeats=True) for i in range(2)}
    rules = {**looks, **strategies["triggered"].rules}
    eager = replace(strategies["triggered"], rules=rules)
    patient = make_patient(residual_stem_cells=200)
    history = run(
        patient, eager, trigger=Trigger(confirmations=2), monitoring=Monitoring(confirm_days=21)
    )
    for measure in ("mrd", "marrow_blasts"):
        sampled = [r.sampled for r in history.chart.reports if r.measure == measure]
        assert len(sampled) == len(set(sampled)) > 10
