"""Sweeps: many scenarios of one command, kept one by one, merged into one dataset.

A scenario is known by the hash of all that can change its numbers. Finished ones lie in
``scenarios/`` of the output folder, so the same command, repeated, does only what is missing; the
merged dataset is made from what lies there.
"""

import hashlib
import itertools
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from leukosim import store
from leukosim.biology.clones import TRAITS
from leukosim.config import Config, as_plain, read_config, unit_of
from leukosim.engines import finish_all
from leukosim.operations import with_operations
from leukosim.results import VARIABLES
from leukosim.trial import Trial, run_trial
from leukosim.validation import ConfigError

SCENARIOS = "scenarios"
GIB = 2.0**30  # bytes
PEAK = 8  # measured: a run takes at its height 8 to 20 times the memory of its results
SCENARIOS_A_WORKER = 2  # from which on workers take whole scenarios
NOT_SWEPT = ("output", "overwrite", "engine")  # they cannot change a number


@dataclass(frozen=True)
class Table:
    """Scenarios as composed: what each is called on the axes, and its configuration."""

    labels: list[dict[str, Any]]
    composed: list[DictConfig]
    output: str | None  # None: the user has named no folder

    @property
    def axes(self) -> list[str]:
        """The swept fields and groups."""
        return list(self.labels[0])


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

    @property
    def axes(self) -> list[str]:
        """The swept fields and groups."""
        return list(self.scenarios[0].labels)

    @property
    def digest(self) -> str:
        """A name for exactly this table."""
        content = json.dumps([[s.digest, list(s.labels.items())] for s in self.scenarios])
        return hashlib.sha256(content.encode()).hexdigest()[:20]

    def missing(self) -> list[Scenario]:
        """Scenarios that are not finished, each once."""
        by_digest = {s.digest: s for s in self.scenarios if not file_of(self.folder, s).exists()}
        return list(by_digest.values())


def file_of(folder: Path, scenario: Scenario, suffix: str = ".nc") -> Path:
    """Where a scenario of a sweep is kept."""
    return folder / SCENARIOS / f"{scenario.digest}{suffix}"


# ---------------------------------------------------------------------- which scenarios


def expand(config_loader: Any, master: DictConfig, arguments: Sequence[str]) -> Table:
    """The table of scenarios that a command line with comma-separated values asks for.

    Hydra composes once for each combination of group choices; values are then set on copies, which
    is some thirty times faster.
    """
    parser = OverridesParser.create(config_loader=config_loader)
    fixed: list[str] = []
    chosen: dict[str, list[tuple[str, Any]]] = {}  # groups, composed anew
    valued: dict[str, list[tuple[str, Any]]] = {}  # values, set on copies
    output = None
    for override in parser.parse_overrides(list(arguments)):
        key = override.get_key_element()
        if not override.is_sweep_override():
            fixed.append(str(override.input_line))
            output = str(override.value()) if key == "output" else output
            continue
        if key.split(".")[0] in NOT_SWEPT:
            raise ConfigError(f"{key} cannot be swept: it does not change a result")
        if not override.is_discrete_sweep():
            raise ConfigError(f"{key} needs a list or a range of values: {override.input_line}")
        lines = [f"{key}={value}" for value in override.sweep_string_iterator()]
        is_value = not override.is_add() and not config_loader.get_group_options(key)
        points = [(line, parser.parse_override(line).value()) for line in lines]
        shown = [label(value) for _, value in points]
        for value in shown:
            if shown.count(value) > 1:
                raise ConfigError(f"{key} names {value} more than once")
        (valued if is_value else chosen)[key] = points
    labels, composed = [], []
    for choice in itertools.product(*chosen.values()):
        lines = [*fixed, *(line for line, _ in choice)]
        base = config_loader.load_sweep_config(master, lines)
        with_flags = OmegaConf.masked_copy(base, [key for key in base if key != "hydra"])
        for point in itertools.product(*valued.values()):
            config = with_flags.copy()
            for key, (_, value) in zip(valued, point, strict=True):
                OmegaConf.update(config, key, value, merge=True)
            names = [name.lstrip("+") for name in (*chosen, *valued)]
            labels.append({n: label(v) for n, (_, v) in zip(names, (*choice, *point), strict=True)})
            composed.append(config)
    return Table(labels, composed, output)


def label(value: Any) -> Any:
    """A value as a coordinate: a number, or a text as one would write it on the command line."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(str(label(each)) for each in value)
    return {None: "null", True: "true", False: "false"}.get(value, str(value))


def check(table: Table) -> Sweep:
    """All scenarios, checked before any of them runs.

    Raises
    ------
    ConfigError
    """
    scenarios = []
    for labels, composed in zip(table.labels, table.composed, strict=True):
        config = read_config(composed)
        if config.record.courses is None:
            config = replace(config, record=replace(config.record, courses=False))
        identity = store.identity_of(as_plain(config))
        scenarios.append(Scenario(labels, config, identity, store.digest_of(identity)))
    studies = {s.config.study for s in scenarios}
    name = "-".join([*sorted(studies), "by", *scenarios[0].labels])
    check_memory([scenario.config for scenario in scenarios])
    folder = f"outputs/{name}" if table.output is None else table.output
    return Sweep(scenarios, store.folder_of(folder))


def check_memory(configs: Sequence[Config]) -> None:
    """Raise :class:`ConfigError` where runs, one after the other, would exceed the memory."""
    largest = max(configs, key=bytes_of_results)
    kept = sum(map(bytes_of_results, configs)) if len(configs) > 1 else 0
    needed, there = (PEAK * bytes_of_results(largest) + kept) / GIB, memory() / GIB
    if needed > there:
        raise ConfigError(
            f"cohort.size = {largest.cohort.size} patients in {len(largest.arms)} arms need about "
            f"{needed:.0f} GiB of memory and this machine has {there:.0f}: take fewer patients, "
            "such as several smaller cohorts by sweeping the seed"
        )


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


def treat(config: Config, workers: int, progress: Callable[[int], None] | None = None) -> Trial:
    """Run the trial that a configuration describes."""
    trial = run_trial(
        config.patients(),
        config.strategies_of_arms(),
        config.protocol(),
        record_days=config.record.interval_days,
        workers=workers,
        engine=config.engine.name,
        method=config.engine.method,
        agents=config.engine.agents,
        progress=progress,
    )
    if config.operations.centres:
        against, arm = config.arms
        seen = with_operations(trial.dataset, arm, against, config.operations, config.seed)
        trial = replace(trial, dataset=seen)
    if config.record.courses is False:
        with_time = [name for name, each in trial.dataset.items() if "time" in each.dims]
        return replace(trial, dataset=trial.dataset.drop_vars([*with_time, "time"]))
    return trial


def run_missing(
    sweep: Sweep,
    workers: int,
    progress: Callable[[int], None],
    finished: Callable[[Scenario], None],
) -> dict[str, str]:
    """Run what is not finished and keep each scenario as soon as it is.

    Where there are many, a worker takes a whole scenario; else all share the patients of one.

    Parameters
    ----------
    progress : told the number of patients done, of all scenarios together
    finished : told a scenario that is kept, or has failed

    Returns
    -------
    dict
        What went wrong, by the digest of the scenario; the others go on.
    """
    missing = sweep.missing()
    behind = 0  # patients of scenarios that are done
    keep = partial(keep_scenario, sweep.folder.absolute())  # processes may be elsewhere
    if len(missing) >= SCENARIOS_A_WORKER * workers:
        outcomes = finish_all(keep, missing, workers, missing[0].config.engine.name)
    else:
        shared = partial(keep, workers=workers, progress=lambda n: progress(behind + n))
        outcomes = finish_all(shared, missing)
    errors = {}
    for position, outcome in outcomes:
        scenario, error = missing[position], outcome.exception()
        if error is not None:
            errors[scenario.digest] = f"{type(error).__name__}: {error}"
        behind += scenario.config.cohort.size
        progress(behind)
        finished(scenario)
    return errors


def keep_scenario(
    folder: Path,
    scenario: Scenario,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Run one scenario and write it into the folder of its sweep."""
    trial = treat(scenario.config, workers, progress)
    trial.dataset.attrs.update(store.provenance(scenario.identity, scenario.digest))
    store.save_table(trial.decisions, file_of(folder, scenario, ".csv"))
    store.save_dataset(trial.dataset, file_of(folder, scenario))  # last: it says "finished"


def merge(sweep: Sweep, errors: Mapping[str, str]) -> tuple[xr.Dataset, pd.DataFrame]:
    """One dataset with a dimension ``scenario``, and one log, from the scenarios on disk."""
    datasets, logs, numbers = [], [], []
    for number, scenario in enumerate(sweep.scenarios):
        if scenario.digest not in errors:
            datasets.append(store.load_dataset(file_of(sweep.folder, scenario)))
            log = pd.read_csv(file_of(sweep.folder, scenario, ".csv"), keep_default_na=False)
            logs.append(log.assign(scenario=number, **scenario.labels))
            numbers.append(number)
    merged = side_by_side(datasets, numbers, len(sweep.scenarios)) if datasets else xr.Dataset()
    first = sweep.scenarios[0]
    for axis in sweep.axes:
        values = [s.labels[axis] for s in sweep.scenarios]
        if len({isinstance(value, str) for value in values}) > 1:
            values = [str(value) for value in values]
        is_text = isinstance(values[0], str)
        attributes = {"long_name": axis, "units": unit_of(axis, first.config) or "1"}
        array = np.array(values, object if is_text else None)
        merged = merged.assign_coords({axis: ("scenario", array, attributes)})
    failures = [errors.get(s.digest, "") for s in sweep.scenarios]
    merged["status"] = (
        "scenario",
        np.array(["failed" if f else "finished" for f in failures], object),
    )
    merged["error"] = "scenario", np.array(failures, object)
    merged["scenario_config"] = (
        "scenario", np.array([json.dumps(s.identity) for s in sweep.scenarios], object)
    )  # fmt: skip
    merged.attrs = {
        **merged.attrs,
        **store.provenance(first.identity, "" if errors else sweep.digest),
        "axes": json.dumps(sweep.axes),
        "scenario_digests": json.dumps([s.digest for s in sweep.scenarios]),
    }
    filled = [log for log in logs if len(log)] or logs[:1]
    return merged, pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def side_by_side(datasets: list[xr.Dataset], numbers: list[int], n_scenarios: int) -> xr.Dataset:
    """Stack datasets along ``scenario``; failed scenarios are left empty.

    Who the patients are is kept once, where it is the same in all of them.
    """
    first = datasets[0]
    differing = [
        name
        for name in first.data_vars
        if "arm" in first[name].dims or not all(first[name].equals(d[name]) for d in datasets)
    ]
    ragged = ("sample", "cycle", "assessment", "clone", "ngs_sample")
    longest = {dim: max(each.sizes.get(dim, 0) for each in datasets) for dim in ragged}
    padded = [
        each.pad({dim: (0, n - each.sizes[dim]) for dim, n in longest.items() if dim in each.dims})
        for each in datasets
    ]
    stacked = xr.concat(
        padded,
        dim=pd.Index(numbers, name="scenario"),
        data_vars=differing,
        coords="minimal",
        compat="override",
        join="outer",
        combine_attrs="drop_conflicts",
    )
    arms = dict.fromkeys(arm for each in datasets for arm in each.arm.values)  # in their order
    stacked = stacked.reindex(scenario=range(n_scenarios), arm=list(arms))
    for name, each in stacked.items():
        if each.dtype == object:  # texts of patients whom not every scenario has
            stacked[name] = each.where(each.notnull(), "")
    return stacked
