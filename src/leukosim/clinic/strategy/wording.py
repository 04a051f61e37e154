"""A strategy in words, as a protocol would put it: what is given, and what is done on a report."""

from collections.abc import Iterable

from leukosim.clinic.strategy.monitoring import Monitoring
from leukosim.clinic.strategy.regimens import Dosing, Regimen
from leukosim.clinic.strategy.rules import TRIGGER, Rule, Strategy

MEASURES = {
    "mrd": "MRD (ratio of transcripts)",
    "recipient_share": "the recipient's share of CD34-positive cells",
    "marrow_blasts": "the share of blasts in marrow",
    "blood_blasts": "the share of blasts in blood",
    "neutrophils": "neutrophils",
    "platelets": "platelets",
}
PLURAL = ("neutrophils", "platelets")  # counts, in G/L


def strategy_in_words(strategy: Strategy) -> list[str]:
    """Sentences: how it begins, its regimens, then its rules in the order in which they act."""
    sentences = [beginning(strategy)]
    for name, regimen in strategy.regimens.items():
        sentences.append(f"Regimen {plain(name)}: {regimen_in_words(regimen)}.")
    if strategy.marrow_after_cycles:
        after = listed(map(str, strategy.marrow_after_cycles))
        sentences.append(f"A marrow is taken after cycles {after}.")
    return sentences + [rule_in_words(rule, strategy) for rule in strategy.rules.values()]


def beginning(strategy: Strategy) -> str:
    """What is given on the first day."""
    if not strategy.begin_with:
        return "Nothing is given at first."
    begins = f"Begins with the regimen {plain(strategy.begin_with)}"
    if strategy.begin_with_if_older:
        return (
            f"{begins}; from {strategy.older_from_years:g} years of age with "
            f"{plain(strategy.begin_with_if_older)}."
        )
    return f"{begins}."


def regimen_in_words(regimen: Regimen) -> str:
    """Drugs, doses and days of a regimen."""
    drugs = "; ".join(dosing_in_words(name, dosing) for name, dosing in regimen.drugs.items())
    cycles = "one cycle" if regimen.cycles == 1 else f"{regimen.cycles} cycles"
    return f"{drugs}; {cycles} of {regimen.cycle_days} days at most"


def dosing_in_words(drug: str, dosing: Dosing) -> str:
    """How one drug is given."""
    if dosing.dose_mg_per_m2 is not None:
        amount = f"{dosing.dose_mg_per_m2:g} mg/m²"
    else:
        amount = f"{dosing.dose_mg:g} mg"
    if is_placebo(dosing):
        amount += " (placebo)"
    words = f"{plain(drug)} {amount} on {days_in_words(dosing.days)}"
    if dosing.ramp_mg:
        ramp = ", ".join(f"{dose:g}" for dose in dosing.ramp_mg)
        words += f" (first {ramp} mg)"
    if list(dosing.hours) != [0.0]:
        words += f" at {listed(f'{hour:g}' for hour in dosing.hours)} o'clock"
    if dosing.infusion_hours:
        words += f", over {dosing.infusion_hours:g} hours"
    return words


def is_placebo(dosing: Dosing) -> bool:
    """Whether a dose of nothing is given, as in an arm that must not be told from another."""
    return not (dosing.dose_mg_per_m2 or dosing.dose_mg)


def days_in_words(days: Iterable[int]) -> str:
    """Days of a cycle: runs as "1 to 7", few by name."""
    days = sorted(days)
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = [f"{run[0]} to {run[-1]}" if len(run) > 2 else listed(map(str, run)) for run in runs]
    return f"day{'s' if len(days) > 1 else ''} {listed(parts)}"


def rule_in_words(rule: Rule, strategy: Strategy) -> str:
    """When a rule acts, and what it does."""
    return f"{condition(rule)}: {action(rule, strategy)}."


def condition(rule: Rule) -> str:
    """When a rule acts."""
    are = "are" if rule.measure in PLURAL else "is"
    limits = [
        f"{words} {with_unit(rule.measure, value)}"
        for words, value in (("at least", rule.at_least), ("below", rule.below))
        if value is not None
    ]
    if limits:
        measured = "MRD" if TRIGGER in (rule.at_least, rule.below) else MEASURES[rule.measure]
        words = f"When {measured} {are} {' and '.join(limits)}"
    else:
        words = f"Whenever {MEASURES[rule.measure]} {are} reported"
    if rule.samples > 1:
        words += f" in {rule.samples} samples in a row"
    states = [
        (rule.after_relapse, "after relapse", "before relapse"),
        (rule.after_response, "after a response", "before any response"),
        (rule.in_remission, "in remission", "not in remission"),
    ]
    when = [yes if wanted else no for wanted, yes, no in states if wanted is not None]
    if rule.after_cycles:
        when.append(f"after {rule.after_cycles} completed cycles")
    if rule.after_interruptions:
        when.append(f"at the {rule.after_interruptions}. interruption or later")
    return f"{words}, {listed(when)}" if when else words


def with_unit(measure: str, value: float | str) -> str:
    """A level of a measure."""
    if measure in PLURAL:
        return f"{value:g} G/L"
    if value == TRIGGER:
        return "the trigger"
    return f"{value:g}" if measure == "mrd" else f"{100.0 * float(value):g} %"


def action(rule: Rule, strategy: Strategy) -> str:
    """What a rule does."""
    delay = f", {rule.delay_days} days later" if rule.delay_days else ""
    drugs = listed(map(plain, rule.drugs)) or "all drugs"
    return {
        "start": f"start the regimen {plain(rule.regimen)}{delay}",
        "change": f"go on with the regimen {plain(rule.regimen)} from the next cycle",
        "stop": "give no further doses",
        "interrupt": (
            f"let {'the cycle' if not rule.drugs else drugs} wait, {rule.at_most_days} days at most"
        ),
        "resume": "end the interruption",
        "reduce_duration": (
            f"give {drugs} on no more than {rule.at_most_days} days of every later cycle"
        ),
        "relapse": "declare relapse",
        "treatment_failure": "declare that treatment has failed",
        "marrow": f"take a marrow sample{delay or ' at once'}",
    }[rule.action]


def monitoring_in_words(monitoring: Monitoring) -> str:
    """The calendar of samples, the same for all arms."""
    return (
        f"MRD is looked for in {monitoring.sample} every {monitoring.interval_days} days from day "
        f"{monitoring.first_day} on, blood is counted every {monitoring.blood_count_days} days."
    )


def plain(name: str) -> str:
    """A name of a configuration as a reader would write it."""
    return name.replace("_", " ")


def listed(words: Iterable[str]) -> str:
    """Words in a row, the last after "and"."""
    row = list(words)
    return " and ".join([", ".join(row[:-1]), row[-1]]) if len(row) > 1 else "".join(row)
