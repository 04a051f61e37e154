"""Scenarios in batches: which are run together, by which workers, and the files of their results.

Scenarios of the same cohort share follow-ups as long as their decisions are the same, so they are
run together, as many as memory and workers allow. The results of a batch are written when it ends.
"""

import math
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from leukosim.errors import NotWritten
from leukosim.results import provenance, shards
from leukosim.runs.configured import treat_together
from leukosim.runs.executors import PROCESSES, map_unordered
from leukosim.runs.memory import together_within_memory
from leukosim.runs.sweep import Scenario, Sweep

BATCHES_A_WORKER = 2  # from which on workers run whole batches, instead of sharing the patients
TRAJECTORIES_AT_ONCE = 48  # about, in a batch of scenarios of different cohorts
TRAJECTORIES_TOGETHER = 1500  # at most, about, in a batch of scenarios of the same cohort
NOT_SHARED = 0.25  # about this part of a trajectory that begins without treatment
NOT_FOUND = "done, but not found in {folder}: its worker writes to another disk"


@dataclass(frozen=True)
class Receipt:
    """The file that the results of a scenario were written to, or its error."""

    digest: str
    shard: str = ""
    error: str = ""


def run_missing(
    sweep: Sweep,
    missing: Sequence[Scenario],
    workers: int,
    progress: Callable[[int], None],
    finished: Callable[[Scenario], None],
) -> dict[str, str]:
    """Run scenarios in batches and write the results of each batch.

    If there are many batches, each worker runs whole batches; else all workers share the patients
    of one batch.

    Parameters
    ----------
    progress : called with the number of finished patients, of all scenarios together
    finished : called with each scenario that is finished or has failed

    Returns
    -------
    dict
        Errors by the digest of the scenario. An error does not stop other scenarios.

    Raises
    ------
    leukosim.errors.NotWritten
        If results cannot be written, as on a full disk.
    """
    done = 0  # patients of finished scenarios
    keep = keeper(sweep)
    executor = missing[0].config.executor
    batches = batches_for_workers(missing, workers)
    if executor.is_elsewhere or len(batches) >= BATCHES_A_WORKER * workers:
        outcomes = finish_batches(keep, batches, workers, executor)
    else:
        shared = partial(keep, workers=workers, progress=lambda n: progress(done + n))
        outcomes = finish_batches(shared, batches)
    errors = {}
    for batch, outcome in outcomes:
        error = outcome.exception()
        if isinstance(error, NotWritten):
            raise error
        receipts = {} if error else {each.digest: each for each in outcome.result()}
        for scenario in batch:
            if error:
                errors[scenario.digest] = f"{type(error).__name__}: {error}"
            elif receipts[scenario.digest].error:
                errors[scenario.digest] = receipts[scenario.digest].error
            elif not (sweep.shard_folder / receipts[scenario.digest].shard).exists():
                errors[scenario.digest] = NOT_FOUND.format(folder=sweep.folder)
            done += scenario.config.cohort.size
            finished(scenario)
        progress(done)
    return errors


def keeper(sweep: Sweep) -> partial[list[Receipt]]:
    """What a worker does with a batch: it runs the scenarios and writes their results."""
    # an absolute path, as workers may have another working directory
    return partial(keep_scenarios, sweep.shard_folder.absolute(), provenance.software())


def batches_for_workers(scenarios: Sequence[Scenario], workers: int) -> list[list[Scenario]]:
    """Batches within the memory of a worker, and, where there is enough to do, enough for all."""
    at_most = together_within_memory([each.config for each in scenarios], workers)
    enough = BATCHES_A_WORKER * workers
    if scenarios[0].config.executor.is_elsewhere or len(same_cohort(scenarios)) >= enough:
        at_most = min(at_most, math.ceil(len(scenarios) / enough))
    return batches_of(scenarios, at_most)


def finish_batches(
    keep: Callable[[Any], Any], batches: list[list[Scenario]], *where: Any
) -> Iterator[tuple[list[Scenario], Future]]:
    """Every batch with its future.

    If the process of a batch died at every attempt, its scenarios are run one by one.
    """
    broken: list[list[Scenario]] = []
    for position, outcome in map_unordered(keep, batches, *where):
        batch = batches[position]
        if len(batch) > 1 and isinstance(outcome.exception(), BrokenExecutor):
            broken += [[scenario] for scenario in batch]
        else:
            yield batch, outcome
    for position, outcome in map_unordered(keep, broken, *where):
        yield broken[position], outcome


def same_cohort(scenarios: Sequence[Scenario]) -> list[list[Scenario]]:
    """Scenarios in groups of the same cohort and monitoring, which can share follow-ups."""
    groups: dict[str, list[Scenario]] = {}
    for scenario in scenarios:
        groups.setdefault(scenario.cohort_key, []).append(scenario)
    return list(groups.values())


def batches_of(scenarios: Sequence[Scenario], at_most: int) -> list[list[Scenario]]:
    """Batches of scenarios: of the same cohort, or of several cohorts with few trajectories.

    at_most : number of scenarios in a batch
    """
    batches: list[list[Scenario]] = []
    trajectories = math.inf  # of the last batch
    for group in same_cohort(scenarios):
        together: set[str] = set()  # strategies of the scenarios of this group in the last batch
        for i, scenario in enumerate(group):
            own = further_trajectories(together, scenario)
            most = TRAJECTORIES_TOGETHER if i else TRAJECTORIES_AT_ONCE
            if trajectories + own > most or len(batches[-1]) >= at_most:
                batches.append([])
                trajectories, together = 0.0, set()
                own = further_trajectories(together, scenario)
            batches[-1].append(scenario)
            trajectories += own
            together |= scenario.strategies.keys()
    return batches


def further_trajectories(together: Container[str], scenario: Scenario) -> float:
    """About how many trajectories a scenario adds to those of strategies in the same batch."""
    shares = [
        1.0 if begins or not together else NOT_SHARED
        for name, begins in scenario.strategies.items()
        if name not in together
    ]
    return scenario.config.cohort.size * sum(shares)


def keep_scenarios(
    folder: Path,
    software: str,
    scenarios: Sequence[Scenario],
    workers: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Receipt]:
    """Run scenarios and write their results to a folder, unless they are there.

    software : of the main process; with another version here, digests of results would be wrong
    """
    if software != provenance.software():
        raise RuntimeError(f"{software} is needed, and {provenance.software()} is installed here")
    receipts: list[Receipt] = []
    done = 0
    for group in same_cohort(scenarios):
        before = kept_before(folder, group)
        receipts += before.values()
        missing = [scenario for scenario in group if scenario.digest not in before]
        if missing:
            of_group = partial(progress_of_group, progress, done, len(group))
            receipts += keep_together(folder, missing, workers, of_group)
        done += group[0].config.cohort.size * len(group)
    return receipts


def kept_before(folder: Path, group: Sequence[Scenario]) -> dict[str, Receipt]:
    """Receipts of scenarios whose results were written by a worker that died afterwards."""
    digests = [scenario.digest for scenario in group]
    result: dict[str, Receipt] = {}
    for own in [digests, *([digest] for digest in digests)]:
        name = shards.name_of(own)
        if (folder / name).exists() and set(own) <= set(shards.digests_in(folder / name)):
            result |= {digest: Receipt(digest, name) for digest in own}
    return result


def progress_of_group(
    progress: Callable[[int], None], before: int, scenarios: int, done: int
) -> None:
    """Report patients that were followed in several scenarios at once."""
    progress(before + scenarios * done)


def keep_together(
    folder: Path, scenarios: Sequence[Scenario], workers: int, progress: Callable[[int], None]
) -> list[Receipt]:
    """Run scenarios of the same cohort and write their results.

    If they fail together, they are run one by one, so that only those fail that must.
    """
    here = PROCESSES if workers == 1 else None  # a worker of many starts no others
    configs = [scenario.config for scenario in scenarios]
    digests = [scenario.digest for scenario in scenarios]
    try:
        trials = [each.arrays for each in treat_together(configs, workers, progress, here)]
        receipts: list[Receipt] = []
        for shared in shards.sharing(dict(zip(digests, trials, strict=True))):
            name = shards.name_of(list(shared))
            shards.write_shard(folder / name, shared)
            receipts += [Receipt(digest, name) for digest in shared]
        return receipts
    except NotWritten:
        raise
    except Exception as error:
        if len(scenarios) == 1:
            return [Receipt(digests[0], error=f"{type(error).__name__}: {error}")]
    return [
        receipt
        for scenario in scenarios
        for receipt in keep_together(folder, [scenario], workers, lambda done: None)
    ]
