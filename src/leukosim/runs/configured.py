"""From a configuration to its trial, or from several that differ in their strategies only."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from leukosim.analysis.trial_emulation.randomised_trial import seen_by_a_trial
from leukosim.config.last_call import keep_last
from leukosim.config.schema import Config
from leukosim.runs.executors import map_unordered
from leukosim.trial.run import Plan, Trial, run_together
from leukosim.trial.sampling import draw_cohort

last_cohort = keep_last(draw_cohort)  # of scenarios with the same patients


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
    """Run the trials that configurations describe, with shared follow-ups.

    Parameters
    ----------
    configs : of the same cohort, see :func:`leukosim.runs.scheduling.same_cohort`
    executor : instead of the executor of the first configuration
    """
    first = configs[0]
    trials = run_together(
        last_cohort(first.cohort, first.disease, first.seed, first.drugs()),
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
    """A trial with the variables of its randomised trial, if it has centres."""
    if not config.operations.centres:
        return trial
    against, arm = config.arms
    seen, about = seen_by_a_trial(trial.dataset, arm, against, config.operations, config.seed)
    arrays = trial.arrays
    variables = {**arrays.variables, **seen}
    return Trial(replace(arrays, variables=variables, attributes=arrays.attributes | about))
