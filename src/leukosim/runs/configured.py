"""From a configuration to its trial, or from several that differ in what is decided only."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from leukosim.analysis.trial_emulation.randomised_trial import seen_by_a_trial
from leukosim.biology.patient import Patient
from leukosim.config.schema import Config
from leukosim.runs.executors import map_unordered
from leukosim.trial.run import Plan, Trial, run_together

_last: list[tuple[Any, list[Patient]]] = [(None, [])]  # what a cohort was drawn from


def patients_of(config: Config) -> list[Patient]:
    """The cohort, drawn only if it is not that of the scenario before."""
    drawn_from = [
        config.seed, config.cohort, config.disease, config.drug, config.venetoclax.cyp3a_inhibitor,
    ]  # fmt: skip
    before, patients = _last[0]
    if drawn_from != before:
        patients = config.patients()
        _last[0] = drawn_from, patients
    return patients


def treat(
    config: Config,
    workers: int,
    progress: Callable[[int], None] | None = None,
    executor: str | None = None,
) -> Trial:
    """Run the trial that a configuration describes; see :func:`treat_together`."""
    return treat_together([config], workers, progress, executor)[0]


def treat_together(
    configs: Sequence[Config],
    workers: int,
    progress: Callable[[int], None] | None = None,
    executor: str | None = None,
) -> list[Trial]:
    """Run the trials that configurations describe; what they decide alike is run once.

    Parameters
    ----------
    configs : which differ in what is decided only, see :func:`leukosim.runs.scheduling.alike`
    executor : instead of the one that the first names
    """
    first = configs[0]
    trials = run_together(
        patients_of(first),
        [Plan(config.strategies_of_arms(), config.protocol()) for config in configs],
        record_days=first.record.interval_days,
        keeps_days=first.record.trajectories is not False,
        workers=workers,
        map_unordered=partial(map_unordered, executor=executor or first.executor),
        method=first.kernel.method,
        agents=first.kernel.agents,
        progress=progress,
    )
    return [finished_trial(*each) for each in zip(configs, trials, strict=True)]


def finished_trial(config: Config, trial: Trial) -> Trial:
    """A trial as its operations have seen it, where it has some."""
    if not config.operations.centres:
        return trial
    against, arm = config.arms
    seen, about = seen_by_a_trial(trial.dataset, arm, against, config.operations, config.seed)
    gathered = trial.gathered
    variables = {**gathered.variables, **seen}
    return Trial(replace(gathered, variables=variables, attributes=gathered.attributes | about))
