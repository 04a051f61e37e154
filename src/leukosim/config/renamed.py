"""Fields and words of configurations that have other names now, so that an old one is explained."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from leukosim.results.provenance import flat

# Old paths and new ones; * stands for any one name. The first that fits counts.
FIELDS = {
    "engine.method": "kernel.method",
    "engine.agents": "kernel.agents",
    "engine.partition": "executor.slurm.partition",
    "engine.account": "executor.slurm.account",
    "engine.*": "executor.*",
    "executor.partition": "executor.slurm.partition",
    "executor.account": "executor.slurm.account",
    "engine": "executor",
    "record.courses": "record.trajectories",
    "monitoring.held_count_days": "monitoring.interruption_count_days",
    "strategies.*.courses": "strategies.*.regimens",
    "strategies.*.rules.*.course": "strategies.*.rules.*.regimen",
    "strategies.*.rules.*.after_holds": "strategies.*.rules.*.after_interruptions",
    "cohort.contained_share": "cohort.persistence_share",
    "cohort.contained_plateau_log10": "cohort.persistence_burden_log10",
    "cohort.contained_plateau_log10_sd": "cohort.persistence_burden_log10_sd",
    "cohort.stem_cell_share_log10_low": "cohort.lsc_frequency_log10_low",
    "cohort.stem_cell_share_log10_high": "cohort.lsc_frequency_log10_high",
    "cohort.protection_shift_mean": "cohort.reserve_shift_mean",
    "cohort.protection_shift_sd": "cohort.reserve_shift_sd",
    "disease.blasts.plateau": "disease.blasts.carrying_capacity",
    "disease.cycle.wake_in_niche": "disease.cycle.g0_exit_in_niche",
    "disease.cycle.wake_outside": "disease.cycle.g0_exit_outside",
    "disease.cycle.rest_outside": "disease.cycle.g0_entry_outside",
    "disease.niche.places": "disease.niche.capacity",
    "disease.niche.detachment_rate": "disease.niche.egress_rate",
    "disease.niche.mobilised_detachment_rate": "disease.niche.mobilised_egress_rate",
    "disease.niche.attachment_rate": "disease.niche.homing_rate",
    "disease.niche.independent_attachment_rate": "disease.niche.cxcr4_independent_homing_rate",
    "disease.niche.anchoring": "disease.niche.retention",
    "disease.switching.refuge": "disease.switching.drug_tolerant_state",
}
# Old values of a field and new ones.
VALUES = {
    "strategies.*.rules.*.action": {
        "hold": "interrupt", "shorten": "reduce_duration", "failure": "treatment_failure",
    },
    "search.maximise": {"restricted_mean": "rmst"},
    "search.minimise": {"restricted_mean": "rmst"},
}  # fmt: skip


def pattern_of(path: str) -> str:
    """A regular expression for a path; each name that a * stands for is a group."""
    return re.escape(path).replace(r"\*", r"([^.]+)")


ANY_OLD = re.compile(rf"(?:{'|'.join(map(pattern_of, FIELDS))})(?=\.|$)")
OLD = [(re.compile(rf"{pattern_of(old)}(?=\.|$)"), new) for old, new in FIELDS.items()]


def new_name(path: str) -> str:
    """The present path of a field that an old path named; empty where it is not known."""
    if not ANY_OLD.match(path):  # which nearly all are
        return ""
    for pattern, new in OLD:
        fits = pattern.match(path)
        if fits:
            for part in fits.groups():
                new = new.replace("*", part, 1)
            return new + path[fits.end() :]
    return ""


def sentence_on_words(words: Iterable[str]) -> str:
    """What a command line calls by an old name, as a sentence; empty where it does not."""
    for word in words:
        path, _, value = word.partition("=")
        sentence = sentence_on(path.lstrip("+~"), value.strip("[]'\""))
        if sentence:
            return sentence
    return ""


def sentence_on_data(plain: Mapping[str, Any]) -> str:
    """What plain data call by an old name, as a sentence; empty where they do not."""
    sentences = (sentence_on(path, value) for path, value in flat(plain).items())
    return next(filter(None, sentences), "")


def sentence_on(path: str, value: Any) -> str:
    """That a field or its value has another name now; empty where it has not."""
    new = new_name(path)
    if new:
        return f"{path} is now {new}"
    for field, values in VALUES.items():
        pattern = re.escape(field).replace(r"\*", r"[^.]+")
        if re.fullmatch(pattern, path) and isinstance(value, str) and value in values:
            return f"{path} = {value} is now {path} = {values[value]}"
    return ""
