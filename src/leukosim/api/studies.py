"""Runs, sweeps, searches, sensitivity analyses and fits from Python.

Each composes the same configuration as the command line, so the same fields give the same numbers
and the same digest.
"""

import shutil
import tempfile
import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import xarray as xr
from omegaconf import DictConfig

from leukosim.analysis.calibration.fit import Fit
from leukosim.analysis.optimisation.search import Search
from leukosim.analysis.sensitivity import Sensitivity
from leukosim.api.results import RunResult, SweepResult
from leukosim.config.command_line import compose
from leukosim.config.compose import read_config
from leukosim.config.interpolation import Table
from leukosim.config.overrides import (
    as_word,
    axes_of,
    check_workers,
    checked,
    listed_values,
    mapping_of,
    path_of,
    words_of,
)
from leukosim.config.reading import build
from leukosim.config.schema import Config
from leukosim.config.sweep_grammar import Space
from leukosim.config.without_effect import warnings_on
from leukosim.errors import ConfigError, WithoutEffect
from leukosim.reports.terminal.console import ConsoleProgress
from leukosim.runs import calibrate as calibrations
from leukosim.runs import search as searches
from leukosim.runs import sensitivity as sensitivities
from leukosim.runs import sweep as sweeps
from leukosim.runs.execute import finish, read_run, run_in_memory, run_into_folder
from leukosim.runs.patient_tables import restore_missing
from leukosim.runs.progress import SILENT, Callback, Progress
from leukosim.runs.search_question import question_of

ProgressOption: TypeAlias = bool | Callable[[int, int], None] | Progress | None


def run(
    study: str,
    overrides: Mapping[str, Any] | None = None,
    *,
    workers: int | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    config_dir: str | Path | None = None,
    progress: ProgressOption = None,
) -> RunResult:
    """Run a study: the same virtual patients in all of its arms.

    Parameters
    ----------
    study : such as ``"relaza2"``; see ``leukosim --help``
    overrides : values by the path of a field, ``{"cohort.size": 40, "trigger.level": 1e-3}``, or of
        a choice, ``{"cohort": "diagnosis"}``
    workers : processes; None: one for each processor where it pays. No number depends on it
    output : folder to keep the result in, from which the same call reads it again; None: it stays
        in memory
    overwrite : whether the result of another configuration in that folder is replaced
    config_dir : folder of YAML files of your own, as after ``--config-dir``
    progress : True for a bar, or a function that is called with the patients done and their total

    Raises
    ------
    leukosim.errors.ConfigError
        If a field or a value is not allowed; nothing has run then.
    """
    receiver = progress_of(progress)
    fixed, varied = axes_of({} if overrides is None else overrides)
    if varied:
        raise ConfigError(f"{next(iter(varied))} has several values: leukosim.sweep takes them")
    words = words_of(
        study, fixed, config_dir=config_dir, workers=workers, output=output, overwrite=overwrite
    )
    (composed,) = compose(words)
    assert isinstance(composed, DictConfig)
    config = read_config(composed)
    warn_of_fields(words, [config], [composed])
    execute = run_in_memory if output is None else run_into_folder
    outcome = execute(config, receiver)
    return RunResult(outcome.dataset, outcome.decisions, outcome.folder)


def sweep(
    study: str,
    overrides: Mapping[str, Any],
    *,
    workers: int | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    config_dir: str | Path | None = None,
    progress: ProgressOption = None,
) -> SweepResult:
    """Run a study for every combination of several values.

    A sweep that was interrupted goes on where it ended, if ``output`` names a folder.

    Parameters
    ----------
    overrides : as of :func:`run`; fields with a list of values are varied. A field whose value is a
        list is varied by a list of lists, ``{"arms": [["triggered"], ["at_relapse"]]}``

    Others as of :func:`run`.

    Raises
    ------
    leukosim.errors.ConfigError
        If no field is varied, or a field or a value is not allowed; nothing has run then.
    """
    receiver = progress_of(progress)
    fixed, varied = axes_of(overrides)
    if not varied:
        raise ConfigError("overrides: no field has a list of values to be varied")
    folder, temporary = folder_of(output)
    words = words_of(
        study, fixed, config_dir=config_dir, workers=workers, output=folder, overwrite=overwrite
    )
    words += [f"{checked(name)}={values}" for name, values in varied.items()]
    (table,) = compose(["-m", *words])
    assert isinstance(table, Table)
    checked_sweep = sweeps.check(table)
    configs = [scenario.config for scenario in checked_sweep.scenarios]
    warn_of_fields(words, configs, table.composed)
    failures: tuple[str, ...] = ()
    tables = () if temporary else checked_sweep.scenarios[0].config.tables
    if overwrite or not sweeps.is_finished(checked_sweep, receiver.warn):
        report = finish(checked_sweep, receiver, tables)
        failures = tuple(report.failures())
    else:
        restore_missing(checked_sweep.folder, tables)
    outcome = read_run(checked_sweep.folder)
    kept_in = None if temporary else checked_sweep.folder
    return SweepResult(outcome.dataset, outcome.decisions, kept_in, temporary, failures)


@dataclass(frozen=True)
class SearchResult:
    """The candidates of a search, and the best of them on new patients.

    Attributes
    ----------
    table : DataFrame
        A row for each candidate: its values, goals and limits with intervals.
    dataset : Dataset
        Every candidate as a scenario.
    best : dict
        The values of the best candidate within the limits; empty where there is none.
    confirmation : DataFrame or None
        The best candidates minus the default, on the patients of the search and on new ones.
    """

    table: pd.DataFrame
    dataset: xr.Dataset
    best: dict[str, Any]
    confirmation: pd.DataFrame | None
    folder: Path | None = None
    temporary: Any = field(default=None, repr=False)


def search(
    study: str,
    space: Mapping[str, Any],
    overrides: Mapping[str, Any] | None = None,
    *,
    arm: str = "",
    maximise: Sequence[str] = ("rmst",),
    minimise: Sequence[str] = (),
    at_most: Mapping[str, float | str] | None = None,
    at_least: Mapping[str, float | str] | None = None,
    evaluations: int = 60,
    confirm: int = 3,
    options: Mapping[str, Any] | None = None,
    workers: int | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    config_dir: str | Path | None = None,
    progress: ProgressOption = None,
) -> SearchResult:
    """Search for the best values of fields within limits.

    Parameters
    ----------
    space : by the path of a field: ``(low, high)`` for an interval, a list of values to choose
        from, a range, or Hydra's own text such as ``"tag(log,interval(1e-4,1e-1))"``
    overrides : other fields, as of :func:`run`
    arm : that is searched; empty: the only one
    maximise, minimise : names of goals: relapse_free_survival, overall_survival, rmst, drug_days,
        cytopenia_days, samples
    at_most, at_least : limits by the same names, a number or ``"default"``
    evaluations : number of candidates
    confirm : how many of the best are compared with the default on new patients
    options : further fields of :class:`leukosim.analysis.optimisation.search.Search`

    Others as of :func:`run`.
    """
    fields_of_search: dict[str, Any] = {
        "arm": arm, "maximise": listed_values(maximise), "minimise": listed_values(minimise),
        "at_most": limits_of(at_most), "at_least": limits_of(at_least),
        "evaluations": evaluations, "confirm": confirm, **mapping_of(options or {}, "options"),
    }  # fmt: skip
    build(Search, fields_of_search, "search")
    folder, temporary = folder_of(output)
    words = words_of(
        study, overrides, config_dir=config_dir, workers=workers, output=folder, overwrite=overwrite
    )
    axes = mapping_of(space, "space").items()
    words += [f"{checked(name)}={axis_of(name, values)}" for name, values in axes]
    words += [f"search.{name}={as_word(value)}" for name, value in fields_of_search.items()]
    (task,) = compose(["-m", "hydra/sweeper=search", *words])
    assert isinstance(task, Space)
    receiver = progress_of(progress)
    question = question_of(task)
    fixed = [word for word in words if word.partition("=")[0] not in question.names]
    warn_of_fields(fixed, [each.config for each in question.corners], [task.base])
    outcome = searches.search(question, receiver)
    confirmation = searches.confirm(outcome, receiver) if outcome.best else None
    first = next(iter(outcome.best.values()), None)
    best = {} if first is None else dict(outcome.proposed.points[first])
    return SearchResult(
        outcome.table, outcome.dataset, best, confirmation.table if confirmation else None,
        None if temporary else folder, temporary,
    )  # fmt: skip


def sensitivity(
    study: str,
    overrides: Mapping[str, Any] | None = None,
    *,
    options: Mapping[str, Any] | None = None,
    workers: int | None = None,
    output: str | Path | None = None,
    config_dir: str | Path | None = None,
    progress: ProgressOption = None,
) -> dict[str, pd.DataFrame]:
    """Which parameters decide the headlines of a study.

    Parameters
    ----------
    options : fields of :class:`leukosim.analysis.sensitivity.Sensitivity`, such as
        ``{"trajectories": 8, "only": ["cohort"]}``

    Others as of :func:`run`.

    Returns
    -------
    dict
        Tables by name; see :func:`leukosim.runs.sensitivity.analyse`.
    """
    wanted = build(Sensitivity, dict(mapping_of(options or {}, "options")), "options")
    folder, temporary = folder_of(output)
    words = words_of(study, overrides, config_dir=config_dir, workers=workers)
    (composed,) = compose(words)
    assert isinstance(composed, DictConfig)
    question = sensitivities.question_of(wanted, composed, str(folder), progress_of(progress))
    warn_of_fields(words, [question.config], [question.composed])
    tables = sensitivities.analyse(question)
    if temporary:
        temporary.cleanup()
    return tables


@dataclass(frozen=True)
class CalibrationResult:
    """A fit to the published targets.

    Attributes
    ----------
    posterior : DataFrame
        A row for each draw, a column for each parameter.
    tables : dict
        All tables by name: parameters, correlations, emulators, coverage, targets, and others.
    """

    posterior: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    fit: Fit
    folder: Path | None = None


def calibrate(
    options: Mapping[str, Any] | None = None,
    *,
    workers: int | None = None,
    output: str | Path | None = None,
    progress: ProgressOption = None,
) -> CalibrationResult:
    """Fit parameters to the published targets.

    Parameters
    ----------
    options : fields of :class:`leukosim.runs.calibrate.Calibration`, such as ``{"patients": 24}``

    Others as of :func:`run`.
    """
    check_workers(workers)
    folder, temporary = folder_of(output)
    given = dict(mapping_of(options or {}, "options")) | (
        {} if workers is None else {"workers": workers}
    )
    wanted = build(calibrations.Calibration, given | {"output": str(folder)}, "options")
    outcome = calibrations.calibrate(wanted, progress_of(progress))
    if temporary:
        temporary.cleanup()
    kept_in = None if temporary else folder
    return CalibrationResult(outcome.tables["posterior"], outcome.tables, outcome.fit, kept_in)


# ---------------------------------------------------------------------- what several share


def warn_of_fields(
    words: Sequence[str], configs: Sequence[Config], composed: Sequence[DictConfig]
) -> None:
    """Warn of fields that were set and cannot change the result; shown where the user called."""
    for sentence in warnings_on(words, configs, composed):
        warnings.warn(sentence, WithoutEffect, stacklevel=3)


def progress_of(progress: ProgressOption) -> Progress:
    """The receiver of the progress of a task."""
    if isinstance(progress, Progress):
        return progress
    if progress is None or progress is False:
        return SILENT
    if progress is True:
        return ConsoleProgress()
    if not callable(progress):
        raise ConfigError(
            f"progress = {progress!r} is not allowed: allowed are True, False, and a function that "
            "takes the number done and the total"
        )
    return Callback(progress)


class TemporaryFolder:
    """A folder that is deleted with the last result that refers to it."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="leukosim-"))
        self.cleanup = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def folder_of(output: str | Path | None) -> tuple[Path, TemporaryFolder | None]:
    """A folder to work in; where none is named, a temporary one."""
    if output is not None:
        return path_of(output, "output"), None
    temporary = TemporaryFolder()
    return temporary.path / "results", temporary


def limits_of(limits: Mapping[str, float | str] | None) -> dict[str, str]:
    """Limits of a search as texts, which may be a number or ``default``."""
    given = {} if limits is None else mapping_of(limits, "at_most, at_least")
    return {name: str(limit) for name, limit in given.items()}


def axis_of(name: str, values: Any) -> str:
    """The values that a search may give a field, in Hydra's grammar."""
    if isinstance(values, str):
        return values
    if isinstance(values, tuple) and len(values) == 2:
        return f"interval({as_word(values[0])},{as_word(values[1])})"
    if isinstance(values, range):
        return f"range({values.start},{values.stop},{values.step})"
    if isinstance(values, list) and values:
        return f"choice({','.join(map(as_word, values))})"
    raise ConfigError(
        f"{name} = {values!r} is no space of a field: allowed are (low, high), a list of values, a "
        "range, or a text such as tag(log,interval(1e-4,1e-1))"
    )
