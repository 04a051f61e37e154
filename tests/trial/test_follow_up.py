"""Visits, reports and decisions follow one another as in a clinic."""

from dataclasses import replace

import numpy as np
import pytest

from leukosim.biology.apoptosis import Apoptosis
from leukosim.biology.disease import Disease
from leukosim.biology.mortality import Mortality
from leukosim.clinic.drugs.azacitidine import Azacitidine
from leukosim.clinic.drugs.formulary import formulary
from leukosim.clinic.drugs.venetoclax import Venetoclax
from leukosim.clinic.strategy.chart import CallableStrategy, Decision
from leukosim.clinic.strategy.monitoring import Monitoring, Trigger
from leukosim.clinic.strategy.regimens import Dosing, Regimen
from leukosim.clinic.strategy.rules import Rule, Strategy
from leukosim.marrow.rates import Rates
from leukosim.random_streams import DEATH
from leukosim.results.variables import CAUSES, RESPONSES
from leukosim.trial.follow_up import FollowUp, follow
from leukosim.trial.protocol import Protocol

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
    assert history.doses[0].day == fired.day == history.molecular_relapse_day


@pytest.mark.parametrize("pause", [1.0, 2.5, 100.0])
@pytest.mark.parametrize("traits", [{"doubling_days": 6.0}, {"death_rate": 0.003}])
def test_pauses_change_nothing(make_patient, strategies, pause, traits):
    patient = make_patient(residual_stem_cells=500, **traits)
    whole = run(patient, strategies["triggered"])
    paused = FollowUp(
        patient, strategies["triggered"], Protocol(horizon_days=365), DAYS, Rates(patient)
    )
    for day in np.arange(0.0, 500.0, pause):
        paused.advance_to(day)
        assert paused.is_over or paused.marrow.day >= day
        assert paused.is_over or paused.queue.next_day > day
    parts = paused.trajectory()
    assert len(parts.doses) > 0 and parts.last_day < 365
    for name in (
        "doses",
        "cycles",
        "last_day",
        "death_day",
        "molecular_relapse_day",
        "blasts_at_end",
    ):
        assert getattr(parts, name) == getattr(whole, name)
    assert parts.chart.reports == whole.chart.reports
    assert parts.chart.decisions == whole.chart.decisions
    for one, other in zip(parts.counts, whole.counts, strict=True):
        assert np.array_equal(one.cells, other.cells) and np.array_equal(one.blasts, other.blasts)


def test_a_delay_postpones_the_first_dose_only(make_patient, strategies):
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
    assert twice.molecular_relapse_day > once.molecular_relapse_day
    days = [r.sampled for r in twice.chart.reports if r.measure == "mrd"]
    assert once.molecular_relapse_day + 14 in days


def test_chimerism_has_its_own_assay_trigger_and_rule(make_patient, strategies):
    patient = make_patient(residual_stem_cells=500, marker="chimerism", transplanted=True)
    rule = Rule(
        "recipient_share", "start", at_least=0.2, regimen="azacitidine", after_relapse=False
    )
    rules = {**strategies["triggered"].rules, "by_chimerism": rule}
    history = run(patient, replace(strategies["triggered"], rules=rules))
    assert not [r for r in history.chart.reports if r.measure == "mrd"]
    fired = decided(history, "by_chimerism")[0]
    above = [r for r in history.chart.reports if r.measure == "recipient_share" and r.value >= 0.2][
        0
    ]
    assert fired.day == above.known == history.molecular_relapse_day == history.doses[0].day
    higher = run(patient, strategies["at_relapse"], trigger=Trigger(recipient_share=0.9))
    assert (
        higher.molecular_relapse_day is None
        or higher.molecular_relapse_day > history.molecular_relapse_day
    )


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

    own = CallableStrategy("mine", {"azacitidine": azacitidine}, at_the_level)
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


# ---------------------------------------------------------------------- courses that wait


BOTH = Regimen(
    {
        "azacitidine": Dosing([1, 2, 3, 4, 5, 6, 7], dose_mg_per_m2=75.0),
        "venetoclax": Dosing(list(range(1, 29)), dose_mg=400.0, ramp_mg=[100.0, 200.0]),
    },
    cycles=4,
)
ALWAYS, NEVER = 1e4, 0.0  # platelets, G/L: below it they always, or never, are


def treated(patient, *, course=BOTH, until_death=True, monitoring=None, marrows=(), **rules):
    strategy = Strategy("test", {"a": course}, rules, "a", list(marrows))
    monitoring = monitoring or Monitoring(sample="blood", blood_count_days=7)
    return run(patient, strategy, until_death=until_death, monitoring=monitoring)


def test_a_course_of_two_drugs_gives_both(make_patient):
    history = treated(make_patient(residual_stem_cells=0))
    first = [dose.amount_mg for dose in history.doses if dose.drug == "venetoclax"][:4]
    assert first == [100.0, 200.0, 400.0, 400.0]
    assert sum(dose.drug == "azacitidine" for dose in history.doses) == 4 * 7
    assert sum(dose.drug == "venetoclax" for dose in history.doses) == 4 * 28
    assert history.cycles == [(28.0 * k, 28.0 * k + 27) for k in range(4)]


def test_a_held_cycle_waits_no_longer_than_it_may(make_patient):
    wait = Rule("platelets", "interrupt", below=ALWAYS, at_most_days=14)
    history = treated(make_patient(residual_stem_cells=0), wait=wait)
    assert [start for start, _ in history.cycles] == [42.0 * k for k in range(4)]
    assert history.interruption_days == 3 * 14
    assert [(d.day, d.action) for d in decided(history, "wait")][:2] == [
        (28.0, "interrupt"),
        (42.0, "resume"),
    ]
    counted = [r.sampled for r in history.chart.reports if r.measure == "platelets"]
    assert {28.0, 35.0, 42.0, 70.0, 77.0, 84.0} <= set(counted)
    assert len(counted) == len(set(counted))


def test_a_held_cycle_begins_on_the_day_the_count_has_recovered(make_patient):
    """Azacitidine until the end of a cycle leaves platelets low; they recover in some weeks."""
    wait = Rule("platelets", "interrupt", below=230.0, at_most_days=60)
    late = Regimen({"azacitidine": Dosing(list(range(15, 29)), dose_mg_per_m2=75.0)})
    history = treated(make_patient(residual_stem_cells=0), course=late, wait=wait)
    held, resumed = decided(history, "wait")[:2]
    assert (held.action, resumed.action) == ("interrupt", "resume")
    count = {r.sampled: r.value for r in history.chart.reports if r.measure == "platelets"}
    assert count[held.day] < 230.0 <= count[resumed.day]
    assert all(count[day] < 230.0 for day in count if held.day <= day < resumed.day)
    assert (resumed.day - held.day) % 7 == 0  # weekly, from the day on which it was due
    assert [start for start, _ in history.cycles][:2] == [14.0, resumed.day + 14]


def test_a_hold_of_one_drug_lets_the_others_go_on(make_patient):
    wait = Rule("platelets", "interrupt", below=ALWAYS, drugs=["venetoclax"], at_most_days=10)
    history = treated(make_patient(residual_stem_cells=0), wait=wait)
    assert [start for start, _ in history.cycles] == [28.0 * k for k in range(4)]
    given = [dose.day for dose in history.doses if dose.drug == "venetoclax"]
    assert [day for day in given if 28 <= day < 56] == list(range(38, 56))
    assert history.interruption_days == 3 * 10


def test_rules_that_hold_together_make_one_wait(make_patient):
    rules = {
        "platelets": Rule("platelets", "interrupt", below=ALWAYS, at_most_days=14),
        "neutrophils": Rule("neutrophils", "interrupt", below=ALWAYS, at_most_days=14),
    }
    history = treated(make_patient(residual_stem_cells=0), **rules)
    assert history.chart.interruptions_begun == 3
    assert history.interruption_days == 3 * 14


def test_a_rule_that_never_holds_changes_nothing(make_patient):
    patient = make_patient(residual_stem_cells=200)
    wait = Rule("platelets", "interrupt", below=NEVER, at_most_days=14)
    with_rule, without = treated(patient, wait=wait), treated(patient)
    assert with_rule.doses == without.doses
    assert with_rule.interruption_days == 0.0


def test_later_cycles_are_shortened_not_the_present_one(make_patient):
    rules = {
        "wait": Rule("platelets", "interrupt", below=ALWAYS, at_most_days=14),
        "fewer": Rule(
            "platelets",
            "reduce_duration",
            after_interruptions=2,
            drugs=["venetoclax"],
            at_most_days=21,
        ),
    }
    history = treated(make_patient(residual_stem_cells=0), **rules)
    days = [
        sum(dose.drug == "venetoclax" and start <= dose.day < start + 28 for dose in history.doses)
        for start, _ in history.cycles
    ]
    assert days == [28, 28, 21, 21]
    assert sum(dose.drug == "azacitidine" for dose in history.doses) == 4 * 7


def test_what_ends_treatment_ends_a_wait(make_patient):
    rules = {
        "wait": Rule("platelets", "interrupt", below=ALWAYS, at_most_days=14),
        "stop": Rule("platelets", "stop", after_interruptions=1),
    }
    history = treated(make_patient(residual_stem_cells=0), **rules)
    assert decided(history, "stop")[0].day == 35.0
    assert history.interruption_days == 7.0
    assert max(dose.day for dose in history.doses) < 28.0


def test_a_function_can_hold_and_resume(make_patient):
    def decide(chart, day, measure):
        if measure == "platelets" and day == 28.0:
            return [Decision(day, "mine", "", "interrupt", at_most_days=365)]
        if measure == "platelets" and day == 49.0:
            return [Decision(day, "mine", "", "resume")]
        return []

    own = CallableStrategy("mine", {"a": BOTH}, decide, "a", counts_before_cycles=True)
    history = run(make_patient(residual_stem_cells=0), own)
    assert [start for start, _ in history.cycles] == [0.0, 49.0, 77.0, 105.0]
    assert history.interruption_days == 21.0


# ---------------------------------------------------------------------- response and death


def overt(make_patient, **changes):
    share = 1e-8
    traits = dict(overt_blasts=1e12, lsc_frequency=share, residual_stem_cells=int(1e12 * share))
    return make_patient(**{**traits, **changes})


def test_a_marrow_is_reported_on_the_day_the_next_cycle_is_due(make_patient):
    history = treated(overt(make_patient), marrows=[1, 3])
    known = [r.known for r in history.chart.reports if r.measure == "marrow_blasts"]
    assert known == [28.0, 84.0]
    assert [a.day for a in history.chart.assessments] == known


def test_leukaemia_from_the_start_is_no_relapse_and_six_cycles_without_response_a_failure(
    make_patient,
):
    patient = overt(make_patient, responsiveness={"azacitidine": 0.0}, doubling_days=40.0)
    rules = {
        "relapse": Rule("marrow_blasts", "relapse", at_least=0.15),
        "failure": Rule("marrow_blasts", "treatment_failure", after_cycles=2, after_response=False),
        "stop": Rule("marrow_blasts", "stop", after_cycles=2, after_response=False),
    }
    only = Regimen({"azacitidine": BOTH.drugs["azacitidine"]})
    history = treated(patient, course=only, marrows=[1, 2, 3], **rules)
    assert history.chart.treatment_failure_day == 56.0
    assert history.chart.relapse_day is history.chart.response_day is None
    assert max(dose.day for dose in history.doses) < 56.0
    assert history.last_day == 365.0  # followed on


def test_a_response_is_the_first_report_that_says_so(make_patient):
    patient = overt(make_patient, reserve_shift=-0.3, responsiveness={"azacitidine": 1.0})
    history = treated(patient, marrows=[1, 2, 3, 4])
    good = [a for a in history.chart.assessments if a.response >= RESPONSES.index("CRi")]
    assert history.chart.response_day == good[0].day
    assert all(a.marrow_blasts < 0.05 for a in good)
    assert history.chart.has_responded


def test_patients_in_remission_have_no_first_response(make_patient, strategies):
    history = run(make_patient(residual_stem_cells=0), strategies["triggered"])
    assert {a.response for a in history.chart.assessments} == {RESPONSES.index("CR")}
    assert history.chart.response_day is None


def test_a_relapse_that_no_response_came_before_is_refused(make_patient):
    def relapse_at_once(chart, day, measure):
        return [Decision(day, "mine", "", "relapse")] if measure == "marrow_blasts" else []

    own = CallableStrategy("mine", {}, relapse_at_once)
    with pytest.raises(ValueError, match="action = relapse of mine is not allowed on day 57"):
        run(overt(make_patient), own)


# what the courses do where a test relies on how much it is
NUMBERED = formulary(
    {
        "azacitidine": Azacitidine(
            blast_kill=0.5,
            mcl1_loss=0.2,
            neutrophil_production_loss=0.3,
            incorporated_half_life_days=1.0,
            memory_half_life_days=12.0,
        ),
        "venetoclax": Venetoclax(serum_shift=10.0, neutrophil_production_loss=0.0),
    }
)


def mortal(**rates):
    """No hazards but these."""
    none = dict(infection_rate=0.0, bleeding_rate=0.0)
    return replace(Disease(), mortality=Mortality(**{**none, **rates}))


@pytest.mark.parametrize(
    ("cause", "patient"),
    [
        ("leukaemia", dict(overt_death_rate=0.05, overt_blasts=1e12)),
        ("infection", dict(disease=mortal(infection_rate=0.05, neutropenia_below=100.0))),
        ("bleeding", dict(disease=mortal(bleeding_rate=0.05, thrombocytopenia_below=1e4))),
        ("background", dict(death_rate=0.05)),
    ],
)
def test_patients_die_of_what_endangers_them(make_patient, strategies, cause, patient):
    """At 0.05 a day all the time, death comes when the patient's exponential life is used up."""
    patient = overt(make_patient, residual_stem_cells=0, **{"overt_blasts": 0.0, **patient})
    if cause == "leukaemia":
        patient = replace(patient, residual_stem_cells=10**4)
    history = run(patient, strategies["at_relapse"], until_death=True)
    life = patient.stream(DEATH).exponential()
    assert history.death_day == pytest.approx(life / 0.05)
    assert CAUSES[history.death_cause] == cause


def test_hazards_last_as_long_as_the_marrow_says(make_patient, strategies):
    """Death day from daily counts, added up by hand: piecewise constant from day to day."""
    law = mortal(infection_rate=0.2, neutropenia_below=3.3)
    patient = make_patient(residual_stem_cells=0, disease=law)
    course = replace(BOTH, drugs={"azacitidine": BOTH.drugs["azacitidine"]}, cycles=13)
    strategy = Strategy("test", {"a": course}, {}, "a")
    protocol = Protocol(horizon_days=365, until_death=True)
    immortal = replace(patient, disease=mortal())
    whole = follow(immortal, strategy, protocol, np.arange(366.0), Rates(immortal))
    neutrophils = np.concatenate([counts.neutrophils for counts in whole.counts])
    hazard = 0.2 * (neutrophils[:-1] < 3.3)
    lived = np.concatenate([[0.0], np.cumsum(hazard)])
    life = patient.stream(DEATH).exponential()
    day = np.searchsorted(lived, life) - 1
    assert 0.0 < hazard.mean() < 0.19  # on some days, not on all
    died = follow(patient, strategy, protocol, np.arange(366.0), Rates(patient))
    assert died.death_day == pytest.approx(day + (life - lived[day]) / hazard[day])


def test_days_of_cytopenia_are_counted_day_by_day(make_patient):
    """Whatever days are recorded; nobody dies before they are over."""
    low = replace(mortal(), blood=replace(Disease().blood, neutrophils=0.6, platelets=60.0))
    patient = make_patient(residual_stem_cells=0, disease=low)
    strategy = Strategy("test", {"a": BOTH}, {}, "a")
    protocol = Protocol(horizon_days=100, drugs=NUMBERED)
    daily, rarely = (
        follow(patient, strategy, protocol, days, Rates(patient))
        for days in (np.arange(101.0), np.array([0.0, 100.0]))
    )
    neutrophils = np.concatenate([counts.neutrophils for counts in daily.counts])[1:]
    assert len(neutrophils) == 100
    assert 5 < (neutrophils < 0.5).sum() < 95
    assert daily.cytopenia_days["days_grade4_neutropenia"] == (neutrophils < 0.5).sum()
    assert daily.cytopenia_days["days_grade3_neutropenia"] == 100
    assert daily.cytopenia_days == rarely.cytopenia_days


def test_mrd_converts_in_a_remission_that_was_negative(make_patient):
    patient = overt(
        make_patient,
        disease=replace(mortal(), apoptosis=Apoptosis(threshold=0.6, blast_rate=0.13)),
        reserve_shift=-0.3,
        responsiveness={"azacitidine": 1.0},
    )
    strategy = Strategy("test", {"a": replace(BOTH, cycles=3)}, {}, "a")
    watch = dict(trigger=Trigger(level=0.1), monitoring=Monitoring(first_day=0))
    history = run(patient, strategy, drugs=NUMBERED, **watch)
    mrd = [(r.known, r.value) for r in history.chart.reports if r.measure == "mrd"]
    remission = [a.day for a in history.chart.assessments if a.marrow_blasts < 0.05][0]
    assert mrd[0][0] < remission < mrd[1][0]
    assert mrd[0][1] >= 0.1 and mrd[1][1] >= 0.1  # before the remission, and in it
    negative = [day for day, value in mrd if value < 0.1]
    again = [day for day, value in mrd if day > negative[0] and value >= 0.1]
    assert history.molecular_relapse_day == again[0]
