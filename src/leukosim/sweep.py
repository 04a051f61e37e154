"""Sweeps: many scenarios of one command, kept one by one, merged into one dataset.

A scenario is known by the hash of all that can change its numbers. Finished ones lie in
``scenarios/`` of the output folder, so the same command, repeated, does only what is missing; the
merged dataset is made from what lies there.
"""

import hashlib
import json
import math
import os
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from leukosim import merging, parts, store
from leukosim.biology.clones import TRAITS
from leukosim.config import Config, as_plain, read_plain, unit_of
from leukosim.dataset import parts_of
from leukosim.engines import PROCESSES, check_installed, finish_all
from leukosim.files import NotWritten
from leukosim.operations import with_operations
from leukosim.patient import Patient
from leukosim.results import VARIABLES
from leukosim.scenarios import Table
from leukosim.trial import DECISION_COLUMNS, Plan, Trial, run_together
from leukosim.validation import ConfigError

SCENARIOS = "scenarios"
GIB = 2.0**30  # bytes
PROCESS = 0.4 * GIB  # a process takes before it has done anything
PEAK = 8  # measured: a run takes at its height 8 to 20 times the memory of its results
FEW_NAMES = 3  # of scenarios, in a report
SCENARIOS_A_WORKER = 2  # batches of them, from which on each worker takes some for itself
COURSES_AT_ONCE = 48  # of patients, about what a worker is handed at a time, if none is shared
COURSES_TOGETHER = 1500  # of patients, at most, of scenarios that share what they can
SHARED = 0.25  # of a course that begins with no treatment, about what has to be run once more
OF_DECISIONS = ("strategies", "arms", "trigger")  # parts of an identity that no marrow knows


@dataclass(frozen=True)
class Scenario:
    """One point of a sweep, checked."""

    labels: Mapping[str, Any]
    config: Config
    identity: Mapping[str, Any]
    digest: str

    @property
    def name(self) -> str:
        """Its place on the axes, such as ``trigger.level=0.01, seed=1``."""
        return ", ".join(f"{axis}={value}" for axis, value in self.labels.items())


@dataclass(frozen=True)
class Sweep:
    """All scenarios and the folder they go to."""

    scenarios: list[Scenario]
    folder: Path
    about: Mapping[str, str] = field(default_factory=dict)  # further attributes of its dataset

    @property
    def axes(self) -> list[str]:
        """The swept fields and groups."""
        return list(self.scenarios[0].labels)

    @property
    def digest(self) -> str:
        """A name for exactly this table."""
        content = json.dumps([[s.digest, list(s.labels.items())] for s in self.scenarios])
        return hashlib.sha256(content.encode()).hexdigest()[:20]

    def missing(self, failed: Container[str] = ()) -> list[Scenario]:
        """Scenarios that are not finished, each once, without those that have failed."""
        by_digest = {s.digest: s for s in self.scenarios if s.digest not in failed}
        return [s for s in by_digest.values() if not parts.is_there(file_of(self.folder, s))]

    def unused(self) -> int:
        """Parts that lie there of other scenarios, as of another version of the code."""
        own = {scenario.digest for scenario in self.scenarios}
        there = (self.folder / SCENARIOS).glob(f"[0-9a-f]*{parts.SUFFIX}")
        return sum(path.stem not in own for path in there)


def file_of(folder: Path, scenario: Scenario) -> Path:
    """Where a scenario of a sweep is kept."""
    return folder / SCENARIOS / f"{scenario.digest}{parts.SUFFIX}"


@dataclass
class Report:
    """What one command did for a sweep."""

    sweep: Sweep
    ran: set[str]  # digests of scenarios that were missing
    errors: dict[str, str] = field(default_factory=dict)  # by digest
    damaged: set[str] = field(default_factory=set)  # of which what was kept could not be read

    def lines(self) -> list[str]:
        """What was reused, what was run and why."""
        digests = [scenario.digest for scenario in self.sweep.scenarios]
        found = sum(digest not in self.ran | self.damaged for digest in digests)
        counts = f"{found} of {len(digests)} scenarios found finished, {len(self.ran)} run"
        lines = [f"{counts}: {self.sweep.folder}"]
        if self.damaged:
            lines.append(f"{len(self.damaged)} run again, as what was kept of them was damaged")
        unused = self.sweep.unused()
        if unused:
            lines.append(
                f"{unused} kept scenarios are of another version of the code or another table, "
                f"and were not used: {self.sweep.folder / SCENARIOS}"
            )
        return lines

    def failures(self) -> list[str]:
        """What failed and why, a sentence for each reason."""
        sentences = []
        for words in dict.fromkeys(self.errors.values()):
            names = [s.name for s in self.sweep.scenarios if self.errors.get(s.digest) == words]
            shown, more = "; ".join(names[:FEW_NAMES]), len(names) - FEW_NAMES
            sentences.append(
                f"scenario {shown} failed: {words}"
                if more <= 0
                else f"scenario {shown} and {more} more failed: {words}"
            )
        return sentences


# ---------------------------------------------------------------------- checked beforehand


def check(table: Table) -> Sweep:
    """All scenarios, checked before any of them runs.

    Raises
    ------
    ConfigError
    """
    scenarios: list[Scenario] = []
    known: tuple[Any, Any] = (None, None)
    made: dict[int, tuple[Any, Any]] = {}
    for labels, plain in zip(table.labels, table.plain, strict=True):
        config = read_plain(plain, known)
        known = plain, config
        if config.record.courses is None:
            config = replace(config, record=replace(config.record, courses=False))
        identity = store.identity_of(as_plain(config, made))
        scenarios.append(Scenario(labels, config, identity, store.digest_of(identity)))
    studies = {s.config.study for s in scenarios}
    name = "-".join([*sorted(studies), "by", *scenarios[0].labels])
    check_machine([scenario.config for scenario in scenarios])
    folder = f"outputs/{name}" if table.output is None else table.output
    return Sweep(scenarios, store.folder_of(folder))


def check_machine(configs: Sequence[Config]) -> None:
    """Raise :class:`ConfigError` where runs need a package or memory that is not there."""
    check_installed(configs[0].engine)
    largest = max(configs, key=bytes_of_results)
    if largest.engine.is_elsewhere and not largest.engine.memory_gib:
        return  # nobody here knows how much memory is there
    needed, there = bytes_of_run(largest) / GIB, memory_of(largest) / GIB
    if needed > there:
        may = "engine.memory_gib allows" if largest.engine.memory_gib else "this machine has"
        raise ConfigError(
            f"cohort.size = {largest.cohort.size} patients in {len(largest.arms)} arms need about "
            f"{needed:.1f} GiB of memory and {may} {there:.1f}: take fewer patients, "
            "such as several smaller cohorts by sweeping the seed"
        )


def workers_within_memory(configs: Sequence[Config], workers: int) -> int:
    """As many of these workers as the memory is enough for, if each runs a scenario of its own."""
    largest = max(configs, key=bytes_of_results)
    return max(1, min(workers, int(memory_of(largest) / bytes_of_run(largest))))


def together_within_memory(configs: Sequence[Config], workers: int) -> int:
    """How many scenarios a worker may run together, as if they shared nothing."""
    largest = max(configs, key=bytes_of_results)
    there = memory_of(largest) / workers - PROCESS
    return max(1, int(min(there / (PEAK * bytes_of_results(largest)), len(configs))))


def bytes_of_run(config: Config) -> float:
    """About what a process takes that runs this."""
    return PROCESS + PEAK * bytes_of_results(config)


def memory_of(config: Config) -> float:
    """Bytes of memory that a run may take."""
    return config.engine.memory_gib * GIB or memory()


def bytes_of_results(config: Config) -> int:
    """About what the dataset of one run takes, by the dimensions of its variables."""
    visits = config.horizon_days // config.monitoring.interval_days + 1
    sizes = {
        "arm": len(config.arms),
        "patient": config.cohort.size,
        "time": config.horizon_days // config.record.interval_days + 2,
        **dict.fromkeys(("sample", "assessment", "cycle"), visits),
        "residual_cell": config.assay.single_cell.cells_most
        * config.assay.single_cell.at_enrolment,
        **dict.fromkeys(("week", "mobilisation"), 2000 * config.record.treatment_week),  # at most
        **dict.fromkeys(("clone", "ngs_sample", "variant", "occasion", "trait"), 0),
    }
    if config.record.clones > 0:
        sizes |= {
            "clone": max(config.record.clones, 1), "ngs_sample": visits + 2, "occasion": 2,
            "variant": len(config.disease.mutation.drivers), "trait": len(TRAITS),
        }  # fmt: skip
    subtypes = len(config.disease.subtypes)  # of them are all other dimensions
    dimensions = (variable.dims for variable in VARIABLES.values())
    return sum(8 * math.prod(sizes.get(dim, subtypes) for dim in dims) for dims in dimensions)


def memory() -> float:
    """Bytes of memory that this machine has; infinite where the system does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return math.inf


def is_finished(sweep: Sweep) -> bool:
    """Whether the output folder holds just this sweep already.

    A sweep may grow: a dataset all of whose scenarios are also in the new table is replaced.

    Raises
    ------
    ConfigError
        If the folder holds something else, which must not be overwritten.
    """
    path = sweep.folder / store.RESULTS
    if not path.exists():
        return False
    attributes = store.attributes_of(path)
    if attributes.get("digest") == sweep.digest:
        return True
    before = set(json.loads(attributes.get("scenario_digests", '["of a single run"]')))
    if before <= {s.digest for s in sweep.scenarios}:
        return False
    first = sweep.scenarios[0]
    raise ConfigError(
        f"output = {sweep.folder} holds results of "
        f"{store.what_differs(attributes, first.identity)}: "
        "choose another output, or allow overwrite=true"
    )


# ---------------------------------------------------------------------- running them


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
    engine: str | None = None,
) -> Trial:
    """Run the trial that a configuration describes; see :func:`treat_together`."""
    return next(treat_together([config], workers, progress, engine))


def treat_together(
    configs: Sequence[Config],
    workers: int,
    progress: Callable[[int], None] | None = None,
    engine: str | None = None,
) -> Iterator[Trial]:
    """Run the trials that configurations describe; what they decide alike is run once.

    Parameters
    ----------
    configs : which differ in what is decided only, such as a group of :func:`alike`
    engine : instead of the one that the first names
    """
    first = configs[0]
    keeps_time = first.record.courses is not False
    trials = run_together(
        patients_of(first),
        [Plan(config.strategies_of_arms(), config.protocol()) for config in configs],
        # the engine stops where clones are written down, kept or not
        record_days=first.record.interval_days if keeps_time or first.record.clones else None,
        workers=workers,
        engine=engine or first.engine,
        method=first.engine.method,
        agents=first.engine.agents,
        progress=progress,
    )
    yield from (finished_trial(*each) for each in zip(configs, trials, strict=True))


def finished_trial(config: Config, trial: Trial) -> Trial:
    """A trial as its operations have seen it, and without what is not to be kept."""
    if config.operations.centres:
        against, arm = config.arms
        seen = with_operations(trial.dataset, arm, against, config.operations, config.seed)
        trial = Trial(parts_of(seen), trial.rows)
    if config.record.courses is False:
        return Trial(trial.gathered.without("time"), trial.rows)
    return trial


@dataclass(frozen=True)
class Receipt:
    """What became of a scenario: kept, or what went wrong."""

    digest: str
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
    leukosim.files.NotWritten
        As where the disk is full: nothing that is run could be kept.
    """
    behind = 0  # patients of scenarios that are done
    keep = partial(keep_scenarios, sweep.folder.absolute(), store.software())  # may be elsewhere
    engine = missing[0].config.engine
    at_most = together_within_memory([each.config for each in missing], workers)
    enough = SCENARIOS_A_WORKER * workers
    if engine.is_elsewhere or len(alike(missing)) >= enough:  # nothing is lost by parting them
        at_most = min(at_most, math.ceil(len(missing) / enough))
    batches = batches_of(missing, at_most)
    if engine.is_elsewhere or len(batches) >= enough:
        outcomes = finish_batches(keep, batches, workers, engine)
    else:
        shared = partial(keep, workers=workers, progress=lambda n: progress(behind + n))
        outcomes = finish_batches(shared, batches)
    errors = {}
    for batch, outcome in outcomes:
        error = outcome.exception()
        if isinstance(error, NotWritten):
            raise error
        failed = {} if error else {each.digest: each.error for each in outcome.result()}
        for scenario in batch:
            words = f"{type(error).__name__}: {error}" if error else failed[scenario.digest]
            if not file_of(sweep.folder, scenario).exists():
                errors[scenario.digest] = words or NOT_SEEN.format(folder=sweep.folder)
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
    for position, outcome in finish_all(keep, batches, *where):
        batch = batches[position]
        if len(batch) > 1 and isinstance(outcome.exception(), BrokenExecutor):
            broken += [[scenario] for scenario in batch]
        else:
            yield batch, outcome
    for position, outcome in finish_all(keep, broken, *where):
        yield broken[position], outcome


NOT_SEEN = "done, but not found in {folder}: its worker writes to another disk"


def alike(scenarios: Sequence[Scenario]) -> list[list[Scenario]]:
    """Scenarios by their patients, the luck of these and how they are followed.

    Those of one group differ in what is decided, and what they decide alike has to be run once.
    """
    groups: dict[str, list[Scenario]] = {}
    for scenario in scenarios:
        rest = {name: each for name, each in scenario.identity.items() if name not in OF_DECISIONS}
        groups.setdefault(store.digest_of(rest), []).append(scenario)
    return list(groups.values())


def batches_of(scenarios: Sequence[Scenario], at_most: int) -> list[list[Scenario]]:
    """Scenarios that a worker takes together: those that are alike, and those that are over soon.

    at_most : of them in a batch
    """
    batches: list[list[Scenario]] = []
    courses = math.inf  # of the last batch
    for group in alike(scenarios):
        together: list[Any] = []  # strategies of the scenarios of this group in the last batch
        for i, scenario in enumerate(group):
            own = courses_beside(together, scenario)
            most = COURSES_TOGETHER if i else COURSES_AT_ONCE
            if courses + own > most or len(batches[-1]) >= at_most:
                batches.append([])
                courses, together = 0.0, []
                own = courses_beside(together, scenario)
            batches[-1].append(scenario)
            courses += own
            together += scenario.identity["strategies"].values()
    return batches


def courses_beside(together: Sequence[Any], scenario: Scenario) -> float:
    """About how many courses a scenario adds to those of strategies that are run with it."""
    strategies = [each for each in scenario.identity["strategies"].values() if each not in together]
    shares = [1.0 if each["begin_with"] or not together else SHARED for each in strategies]
    return scenario.config.cohort.size * sum(shares)


def keep_scenarios(
    folder: Path,
    software: str,
    scenarios: Sequence[Scenario],
    workers: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Receipt]:
    """Run scenarios and write each into the folder of its sweep, unless it is there.

    software : of whoever asks; results of another one would not be what the digest says
    """
    if software != store.software():
        raise RuntimeError(f"{software} asks, and {store.software()} is installed here")
    # some may be there: of somebody who died before he could say so
    there = {each.digest for each in scenarios if parts.is_there(file_of(folder, each))}
    missing = [each for each in scenarios if each.digest not in there]
    receipts, done = list(map(Receipt, there)), 0
    for group in alike(missing):
        tell = partial(tell_of_all, progress, done, len(group))
        receipts += keep_together(folder, group, workers, tell)
        done += group[0].config.cohort.size * len(group)
    return receipts


def tell_of_all(progress: Callable[[int], None], before: int, scenarios: int, done: int) -> None:
    """Tell of patients that were treated in several scenarios at once."""
    progress(before + scenarios * done)


def keep_together(
    folder: Path, scenarios: Sequence[Scenario], workers: int, progress: Callable[[int], None]
) -> list[Receipt]:
    """Run scenarios that are alike and write each; one that fails, fails alone."""
    here = PROCESSES if workers == 1 else None  # one of many workers asks for no others
    configs = [scenario.config for scenario in scenarios]
    receipts: list[Receipt] = []
    try:
        trials = treat_together(configs, workers, progress, here)
        for scenario, trial in zip(scenarios, trials, strict=True):
            path = file_of(folder, scenario)
            parts.write_part(path, scenario.digest, trial.gathered, trial.rows)
            receipts.append(Receipt(scenario.digest))
    except NotWritten:
        raise
    except Exception as error:
        left = scenarios[len(receipts) :]
        if len(scenarios) == 1:
            return [Receipt(left[0].digest, f"{type(error).__name__}: {error}")]
        for scenario in left:
            receipts += keep_together(folder, [scenario], workers, lambda done: None)
    return receipts


# ---------------------------------------------------------------------- one dataset


def merge(sweep: Sweep, errors: Mapping[str, str]) -> None:
    """Write the dataset and the log of all scenarios, from what is kept of each.

    Raises
    ------
    leukosim.parts.BrokenPart
        A scenario has to be run again, as after a loss of power.
    """
    failures = [errors.get(scenario.digest, "") for scenario in sweep.scenarios]
    first = sweep.scenarios[0]
    axes = {
        axis: (
            [scenario.labels[axis] for scenario in sweep.scenarios], unit_of(axis, first.config)
        )
        for axis in sweep.axes
    }  # fmt: skip
    table = merging.table_of(axes, [scenario.identity for scenario in sweep.scenarios], failures)
    table.attrs = {
        **store.provenance(first.identity, "" if errors else sweep.digest),
        "axes": json.dumps(sweep.axes),
        "scenario_digests": json.dumps([scenario.digest for scenario in sweep.scenarios]),
        **sweep.about,
    }
    files = [
        None if failed else file_of(sweep.folder, scenario)
        for scenario, failed in zip(sweep.scenarios, failures, strict=True)
    ]
    digests = [scenario.digest for scenario in sweep.scenarios]
    merging.merge(files, digests, table, DECISION_COLUMNS, sweep.folder, bytes_to_hold(sweep))


def bytes_to_hold(sweep: Sweep) -> float:
    """What a merged dataset may take of the memory, beside the process itself."""
    return max(memory_of(sweep.scenarios[0].config) - PROCESS, 0.0) / 2
