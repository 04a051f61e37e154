"""Scenarios in batches: which are run together, by whom, and what is kept of each batch.

Scenarios of the same patients and the same random streams share whatever they decide alike, so they are run
together, as many as memory and workers allow. A batch is kept as soon as it is done.
"""

import math
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from leukosim.errors import NotWritten
from leukosim.results import provenance
from leukosim.results import shards as parts
from leukosim.runs.configured import treat_together
from leukosim.runs.executors import PROCESSES, map_unordered
from leukosim.runs.memory import together_within_memory
from leukosim.runs.sweep import Scenario, Sweep

SCENARIOS_A_WORKER = 2  # batches of them, from which on each worker takes some for itself
COURSES_AT_ONCE = 48  # of patients, about what a worker is handed at a time, if none is shared
COURSES_TOGETHER = 1500  # of patients, at most, of scenarios that share what they can
SHARED = 0.25  # of a course that begins with no treatment, about what has to be run once more
NOT_SEEN = "done, but not found in {folder}: its worker writes to another disk"


@dataclass(frozen=True)
class Receipt:
    """What became of a scenario: kept in a part, or what went wrong."""

    digest: str
    part: str = ""
    error: str = ""


def run_missing(
    sweep: Sweep,
    missing: Sequence[Scenario],
    workers: int,
    progress: Callable[[int], None],
    finished: Callable[[Scenario], None],
) -> dict[str, str]:
    """Run scenarios that are not finished and keep those of a batch as soon as it is.

    Where there are many, a worker takes whole scenarios; else all share the patients of those that
    are run together.

    Parameters
    ----------
    progress : told the number of patients done, of all scenarios together
    finished : told a scenario that is kept, or has failed

    Returns
    -------
    dict
        What went wrong, by the digest of the scenario; the others go on.

    Raises
    ------
    leukosim.errors.NotWritten
        As where the disk is full: nothing that is run could be kept.
    """
    behind = 0  # patients of scenarios that are done
    keep = partial(
        keep_scenarios, sweep.parts.absolute(), provenance.software()
    )  # may be elsewhere
    executor = missing[0].config.executor
    at_most = together_within_memory([each.config for each in missing], workers)
    enough = SCENARIOS_A_WORKER * workers
    if executor.is_elsewhere or len(alike(missing)) >= enough:  # nothing is lost by parting them
        at_most = min(at_most, math.ceil(len(missing) / enough))
    batches = batches_of(missing, at_most)
    if executor.is_elsewhere or len(batches) >= enough:
        outcomes = finish_batches(keep, batches, workers, executor)
    else:
        shared = partial(keep, workers=workers, progress=lambda n: progress(behind + n))
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
            elif not (sweep.parts / receipts[scenario.digest].part).exists():
                errors[scenario.digest] = NOT_SEEN.format(folder=sweep.folder)
            behind += scenario.config.cohort.size
            finished(scenario)
        progress(behind)
    return errors


def finish_batches(
    keep: Callable[[Any], Any], batches: list[list[Scenario]], *where: Any
) -> Iterator[tuple[list[Scenario], Future]]:
    """Every batch with what became of it.

    Of a batch whose process died each time, every scenario is tried alone.
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


def alike(scenarios: Sequence[Scenario]) -> list[list[Scenario]]:
    """Scenarios by their patients, the random streams of these and how they are followed.

    Those of one group differ in what is decided, and what they decide alike has to be run once.
    """
    groups: dict[str, list[Scenario]] = {}
    for scenario in scenarios:
        groups.setdefault(scenario.company, []).append(scenario)
    return list(groups.values())


def batches_of(scenarios: Sequence[Scenario], at_most: int) -> list[list[Scenario]]:
    """Scenarios that a worker takes together: those that are alike, and those that are over soon.

    at_most : of them in a batch
    """
    batches: list[list[Scenario]] = []
    courses = math.inf  # of the last batch
    for group in alike(scenarios):
        together: set[str] = set()  # strategies of the scenarios of this group in the last batch
        for i, scenario in enumerate(group):
            own = courses_beside(together, scenario)
            most = COURSES_TOGETHER if i else COURSES_AT_ONCE
            if courses + own > most or len(batches[-1]) >= at_most:
                batches.append([])
                courses, together = 0.0, set()
                own = courses_beside(together, scenario)
            batches[-1].append(scenario)
            courses += own
            together |= scenario.strategies.keys()
    return batches


def courses_beside(together: Container[str], scenario: Scenario) -> float:
    """About how many courses a scenario adds to those of strategies that are run with it."""
    shares = [
        1.0 if begins or not together else SHARED
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
    """Run scenarios and keep them in a folder of parts, unless they are there.

    software : of whoever asks; results of another one would not be what the digest says
    """
    if software != provenance.software():
        raise RuntimeError(f"{software} asks, and {provenance.software()} is installed here")
    receipts: list[Receipt] = []
    done = 0
    for group in alike(scenarios):
        before = kept_before(folder, group)
        receipts += before.values()
        missing = [scenario for scenario in group if scenario.digest not in before]
        if missing:
            tell = partial(tell_of_all, progress, done, len(group))
            receipts += keep_together(folder, missing, workers, tell)
        done += group[0].config.cohort.size * len(group)
    return receipts


def kept_before(folder: Path, group: Sequence[Scenario]) -> dict[str, Receipt]:
    """Receipts of scenarios that somebody kept, together or alone, who died before he said so."""
    digests = [scenario.digest for scenario in group]
    result: dict[str, Receipt] = {}
    for own in [digests, *([digest] for digest in digests)]:
        name = parts.name_of(own)
        if (folder / name).exists() and set(own) <= set(parts.digests_in(folder / name)):
            result |= {digest: Receipt(digest, name) for digest in own}
    return result


def tell_of_all(progress: Callable[[int], None], before: int, scenarios: int, done: int) -> None:
    """Tell of patients that were treated in several scenarios at once."""
    progress(before + scenarios * done)


def keep_together(
    folder: Path, scenarios: Sequence[Scenario], workers: int, progress: Callable[[int], None]
) -> list[Receipt]:
    """Run scenarios that are alike and keep them; one that fails, fails alone."""
    here = PROCESSES if workers == 1 else None  # one of many workers asks for no others
    configs = [scenario.config for scenario in scenarios]
    digests = [scenario.digest for scenario in scenarios]
    try:
        trials = [each.gathered for each in treat_together(configs, workers, progress, here)]
        receipts: list[Receipt] = []
        for shared in parts.sharing(dict(zip(digests, trials, strict=True))):
            name = parts.name_of(list(shared))
            parts.write_part(folder / name, shared)
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
