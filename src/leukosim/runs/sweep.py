"""Sweeps: many scenarios of one command, kept as they are finished, merged into one dataset.

A scenario is known by the hash of all that can change its numbers. Finished ones lie in
``scenarios/`` of the output folder, so the same command, repeated, does only what is missing; the
merged dataset is made from what lies there.
"""

import hashlib
import json
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import xarray as xr

from leukosim.config.compose import as_plain, read_plain, unit_of
from leukosim.config.interpolation import Table
from leukosim.config.schema import Config
from leukosim.errors import ConfigError
from leukosim.results import merge as merging
from leukosim.results import netcdf, output_folder, provenance, shards
from leukosim.results.folder_state import SWEEP, Command, save_plan
from leukosim.runs.memory import bytes_to_hold, check_machine
from leukosim.runs.patient_tables import check_formats, remove_old_tables, table_writers
from leukosim.trial.run import DECISION_COLUMNS

SCENARIOS = "scenarios"
LOST = f"lost{shards.SUFFIX}"  # where nothing is
OF_DECISIONS = ("strategies", "arms", "trigger")  # parts of an identity that are no cohort's
FEW_NAMES = 3  # of scenarios, in a report


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

    @cached_property
    def strategies(self) -> dict[str, bool]:
        """What is done in its arms, as texts, and whether that begins at enrolment."""
        known, trigger = self.identity["strategies"].values(), self.identity["trigger"]
        return {json.dumps([each, trigger]): bool(each["begin_with"]) for each in known}

    @cached_property
    def cohort_key(self) -> str:
        """The same for scenarios of the same patients, random streams and monitoring.

        Such scenarios differ in their strategies only.
        """
        known = {name: each for name, each in self.identity.items() if name not in OF_DECISIONS}
        return provenance.digest_of(known)


@dataclass(frozen=True)
class Sweep:
    """All scenarios and the folder they go to."""

    scenarios: list[Scenario]
    folder: Path
    about: Mapping[str, str] = field(default_factory=dict)  # further attributes of its dataset
    command: Command = Command()  # that asked for it

    @property
    def axes(self) -> list[str]:
        """The swept fields and groups."""
        return list(self.scenarios[0].labels)

    @property
    def digest(self) -> str:
        """A name for exactly this table."""
        content = json.dumps([[s.digest, list(s.labels.items())] for s in self.scenarios])
        return hashlib.sha256(content.encode()).hexdigest()[:20]

    @property
    def shard_folder(self) -> Path:
        """The folder of what is finished."""
        return self.folder / SCENARIOS

    def kept(self) -> dict[str, Path]:
        """The file of every scenario that lies there, of other tables, too, by digest."""
        return shards.kept_in(self.shard_folder)

    def save_plan(self) -> None:
        """Note in the folder which scenarios it is to hold, and by which command."""
        names = {scenario.digest: scenario.name for scenario in self.scenarios}
        save_plan(self.folder, SWEEP, self.command, scenarios=names, digest=self.digest)

    def missing(self, failed: Container[str] = ()) -> list[Scenario]:
        """Scenarios that are not finished, each once, without those that have failed."""
        by_digest = {s.digest: s for s in self.scenarios if s.digest not in failed}
        kept = self.kept()
        return [each for digest, each in by_digest.items() if digest not in kept]

    @contextmanager
    def opened(self) -> Iterator[xr.Dataset]:
        """The merged dataset; one that would fill the memory stays on the disk."""
        to_hold = bytes_to_hold(self.scenarios[0].config)
        with netcdf.opened(self.folder / output_folder.RESULTS, to_hold) as dataset:
            yield dataset

    def trials(self, failed: Container[str] = ()) -> Iterator[tuple[Scenario, xr.Dataset]]:
        """What is kept of scenarios, each once, without those that have failed.

        Raises
        ------
        leukosim.results.shards.DamagedShard
        """
        kept = self.kept()
        by_path: dict[Path, dict[str, Scenario]] = {}
        for each in self.scenarios:
            if each.digest not in failed:
                path = kept.get(each.digest, self.shard_folder / LOST)
                by_path.setdefault(path, {})[each.digest] = each
        for path, together in by_path.items():
            shard = shards.read_shard(path)
            for digest, scenario in together.items():
                yield scenario, shard.scenario(digest).dataset()

    def unused(self) -> int:
        """How many of other scenarios lie there, as of another version of the code."""
        return len(self.kept().keys() - {scenario.digest for scenario in self.scenarios})


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
        result = sum(digest not in self.ran | self.damaged for digest in digests)
        counts = f"{result} of {len(digests)} scenarios found finished, {len(self.ran)} run"
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
        if config.record.trajectories is None:
            config = replace(config, record=replace(config.record, trajectories=False))
        identity = provenance.identity_of(as_plain(config, made))
        scenarios.append(Scenario(labels, config, identity, provenance.digest_of(identity)))
    studies = {s.config.study for s in scenarios}
    name = "-".join([*sorted(studies), "by", *scenarios[0].labels])
    check_machine([scenario.config for scenario in scenarios])
    check_formats(scenarios[0].config.tables)
    folder = f"outputs/{name}" if table.output is None else table.output
    return Sweep(scenarios, output_folder.folder_of(folder))


def is_finished(sweep: Sweep, warn: Callable[[str], object] = str) -> bool:
    """Whether the output folder holds just this sweep already, and all of it.

    A sweep may grow: a dataset all of whose scenarios are also in the new table is replaced.

    warn : called with what is missing or damaged, so that the dataset has to be made again

    Raises
    ------
    ConfigError
        If the folder holds something else, which must not be overwritten.
    """
    path = sweep.folder / output_folder.RESULTS
    if not path.exists():
        return False
    if output_folder.holds(sweep.folder, sweep.digest):
        return output_folder.is_whole(sweep.folder, warn)
    attributes = netcdf.read_attributes(path)
    before = set(json.loads(attributes.get("scenario_digests", '["of a single run"]')))
    own = {s.digest for s in sweep.scenarios}
    if before <= own:
        return False
    if before & own:
        raise ConfigError(
            f"output = {sweep.folder} holds a sweep of {len(before)} scenarios, "
            f"{len(before - own)} of which are not among these {len(own)}: choose another output, "
            "allow overwrite=true, or select from its dataset"
        )
    first = sweep.scenarios[0]
    raise ConfigError(
        f"output = {sweep.folder} holds results of "
        f"{provenance.what_differs(attributes, first.identity)}: "
        "choose another output, or allow overwrite=true"
    )


# ---------------------------------------------------------------------- one dataset


def merge(sweep: Sweep, errors: Mapping[str, str], tables: Sequence[str] = ()) -> None:
    """Write the dataset and the log of all scenarios, from what is kept of each.

    tables : formats of the tables of patients that are written beside them

    Raises
    ------
    leukosim.results.shards.DamagedShard
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
        **provenance.provenance(first.identity, "" if errors else sweep.digest),
        "title": f"leukosim: {', '.join(sorted({s.config.study for s in sweep.scenarios}))}",
        "axes": json.dumps(sweep.axes),
        "scenario_digests": json.dumps([scenario.digest for scenario in sweep.scenarios]),
        **sweep.about,
    }
    kept = sweep.kept()
    sources = [
        None if failed else (kept.get(scenario.digest, sweep.shard_folder / LOST), scenario.digest)
        for scenario, failed in zip(sweep.scenarios, failures, strict=True)
    ]
    memory = bytes_to_hold(first.config)
    beside = table_writers(sweep.folder, tables)
    merging.merge(sources, table, DECISION_COLUMNS, sweep.folder, memory, beside)
    remove_old_tables(sweep.folder, tables)
