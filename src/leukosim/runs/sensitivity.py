"""A sensitivity analysis: which parameters decide a study's answer.

Each step is a sweep in a folder of its own, so that the same command runs what is missing. What a
later step looks at depends on what an earlier one found; the first one refuses a folder that holds
something else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from omegaconf import DictConfig, OmegaConf

from leukosim.analysis.bootstrap import resample_counts
from leukosim.analysis.endpoints import TWO_YEARS
from leukosim.analysis.headlines import Headline, arms_of, headlines_of
from leukosim.analysis.sensitivity import Sensitivity, check_packages
from leukosim.analysis.sensitivity.factors import (
    INERT,
    MINOR,
    Factor,
    LeftOut,
    factor_table,
    factors_of,
    points_at,
)
from leukosim.analysis.sensitivity.indices import sobol_indices, surrogate_design
from leukosim.analysis.sensitivity.screening import inert_groups, leading_of, screened, trajectories
from leukosim.analysis.sensitivity.single import (
    precision_table,
    resampled_headline,
    single_coordinates,
    single_effects,
)
from leukosim.config.compose import read_config
from leukosim.config.in_use import InUse
from leukosim.config.interpolation import table_of_points
from leukosim.config.schema import Config
from leukosim.errors import ConfigError, counted, listed
from leukosim.parameters import parameter_rows
from leukosim.results import atomic_write, output_folder
from leukosim.results.folder_state import SENSITIVITY, Command, save_plan
from leukosim.results.own_files import refuse_foreign
from leukosim.runs import sweep as sweeps
from leukosim.runs.execute import Incomplete, finish
from leukosim.runs.progress import SILENT, Progress

# What no headline needs, and what would cost time or memory.
SPARED = {"operations.centres": 0, "record.treatment_week": False, "record.trajectories": False}
GROUPS, MORRIS, SINGLE, SURROGATE = "groups", "morris", "tornado", "sobol"  # folders of steps
TABLES = (GROUPS, "parameters", "morris", "precision", "tornado", "sobol")
FIRST_STEP = {True: GROUPS, False: MORRIS}  # by whether there are groups


@dataclass(frozen=True)
class Question:
    """A study, what is asked of it, and where the answer goes."""

    options: Sensitivity
    composed: DictConfig
    config: Config
    headlines: list[Headline]
    known: Mapping[str, float]  # the study's own value of every estimate
    folder: Path
    progress: Progress = SILENT
    command: Command = Command()  # that asked it

    @property
    def first(self) -> Headline:
        """The headline by which leading parameters are chosen."""
        return self.headlines[0]


def question_of(
    options: Sensitivity, composed: DictConfig, output: str | None, progress: Progress = SILENT
) -> Question:
    """The study with the arms that its headlines need, and without what they do not.

    output : folder; None: ``outputs/STUDY-sensitivity``

    Raises
    ------
    ConfigError
    """
    check_packages()
    config = read_config(composed)
    headlines = headlines_of(config.study, options.headlines)
    if config.horizon_days < TWO_YEARS:
        raise ConfigError(
            f"horizon_days = {config.horizon_days} (day) is too short: headlines look at two "
            f"years, allowed {TWO_YEARS:g} or more"
        )
    composed = composed.copy()
    for path, value in {**SPARED, "arms": arms_of(headlines, config.arms)}.items():
        OmegaConf.update(composed, path, value, force_add=True)
    config = read_config(composed)
    folder = output_folder.folder_of(
        f"outputs/{config.study}-sensitivity" if output is None else output
    )
    known = {row.path: row.value for row in parameter_rows(config)}
    return Question(options, composed, config, headlines, known, folder, progress)


def analyse(question: Question) -> dict[str, pd.DataFrame]:
    """Run one step after the other, and write the table of each.

    Returns
    -------
    dict
        ``parameters`` (what was varied, and what was left out and why), ``morris``, ``precision``
        and, where parameters lead, ``tornado`` and ``sobol``; each with columns headline and
        headline_unit but the first.

    Raises
    ------
    leukosim.errors.ConfigError
    leukosim.runs.execute.Incomplete
        A point has failed.
    """
    options = question.options
    refuse_foreign(question.folder / f"{name}.csv" for name in TABLES)
    given = InUse(question.config).given
    factors, left_out = factors_of(
        parameter_rows(question.config), given, options.only, options.leave_out
    )
    question.progress.say(cost_of(question, factors))
    if options.group_trajectories:
        why_not = screen_groups(question, factors)
        left_out += [LeftOut(f.path, why_not[f.group]) for f in factors if f.group in why_not]
        factors = [factor for factor in factors if factor.group not in why_not]
    screening = screen_factors(question, factors)
    tables = {"parameters": factor_table(factors, left_out), "morris": screening}
    keep(question, "parameters", tables["parameters"])
    keep(question, "morris", screening)
    leading = leading_factors(question, factors, screening)
    tornado, tables["precision"] = vary_singly(question, leading)
    keep(question, "precision", tables["precision"])
    if leading:
        tables["tornado"] = tornado
        keep(question, "tornado", tornado)
    if len(leading) > 1 and options.surrogate_points:
        tables["sobol"] = share_variance(question, leading)
        keep(question, "sobol", tables["sobol"])
    save_plan(question.folder, SENSITIVITY, question.command, is_complete=True)
    return tables


def cost_of(question: Question, factors: Sequence[Factor]) -> str:
    """How much is simulated at most, in a sentence."""
    options, config = question.options, question.config
    leading = min(options.leading, len(factors))
    points = (
        options.group_trajectories * (len({factor.group for factor in factors}) + 1)
        + options.trajectories * (len(factors) + 1)
        + options.surrogate_points * (leading > 1)
    )
    single, size, arms = 1 + 2 * leading, config.cohort.size, len(config.arms)
    courses = (points * size + single * (options.single_patients or size)) * arms
    return (
        f"sensitivity of {config.study}: at most {points + single} points of {size} patients in "
        f"{counted(arms, 'arm')}, {courses} courses, fewer where sections change no patient"
    )


# ---------------------------------------------------------------------- the steps


def screen_groups(question: Question, factors: Sequence[Factor]) -> dict[str, str]:
    """Keep the effects of whole sections; why some of them need no closer look, by section."""
    options, groups = question.options, [factor.group for factor in factors]
    walks = trajectories(groups, options.group_trajectories, options.levels, question.config.seed)
    of_patients = simulate(question, GROUPS, factors, walks, f"{len(set(groups))} sections")
    table = screening_of(question, walks, of_patients, groups)
    keep(question, GROUPS, table)
    of_first = table.loc[table["headline"] == question.first.name, "group"]
    minor = of_first.iloc[options.leading_groups :] if options.leading_groups else []
    inert = inert_groups(walks, of_patients, groups)
    return dict.fromkeys(minor, MINOR) | dict.fromkeys(inert, INERT)


def screen_factors(question: Question, factors: Sequence[Factor]) -> pd.DataFrame:
    """The effects of single parameters on each headline, with what is known of them."""
    if not factors:
        raise ConfigError("no section changes any patient: there is nothing to look at closer")
    paths = [factor.path for factor in factors]
    walks = trajectories(
        paths, question.options.trajectories, question.options.levels, question.config.seed
    )
    of_patients = simulate(question, MORRIS, factors, walks, f"{len(paths)} parameters")
    table = screening_of(question, walks, of_patients, paths).rename(columns={"group": "parameter"})
    return table.merge(factor_table(factors, []).drop(columns="why_not"), on="parameter")


def screening_of(
    question: Question,
    walks: np.ndarray,
    of_patients: Mapping[str, np.ndarray],
    groups: Sequence[str],
) -> pd.DataFrame:
    """Screening of every headline, one under the other."""
    tables = []
    for each, outcomes in resampled(question, of_patients):
        table = screened(walks, outcomes, groups, question.options.levels, question.config.seed)
        tables.append(table.assign(headline=each.name, headline_unit=each.unit))
    return pd.concat(tables, ignore_index=True)


def leading_factors(
    question: Question, factors: Sequence[Factor], result: pd.DataFrame
) -> list[Factor]:
    """Those that move the first headline most, beyond chance."""
    of_first = result[result["headline"] == question.first.name].rename(
        columns={"parameter": "group"}
    )
    by_path = {factor.path: factor for factor in factors}
    return [by_path[path] for path in leading_of(of_first, question.options.leading)]


def vary_singly(question: Question, leading: Sequence[Factor]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each leading parameter at either end, and how precise the headlines of the study are."""
    coordinates = single_coordinates(len(leading))
    words = f"{len(leading)} parameters, one at a time" if leading else "the study as it is"
    patients = question.options.single_patients
    of_patients = simulate(question, SINGLE, leading, coordinates, words, patients)
    tables, estimates = [], {}
    for each, outcomes in resampled(question, of_patients):
        estimates[each.name] = outcomes[:, 0]
        table = single_effects(outcomes, leading)
        tables.append(table.assign(headline=each.name, headline_unit=each.unit))
    treated = next(iter(of_patients.values())).shape[1]
    precision = precision_table(question.headlines, estimates, treated)
    return pd.concat(tables, ignore_index=True), precision


def share_variance(question: Question, leading: Sequence[Factor]) -> pd.DataFrame:
    """Sobol' indices of the leading parameters on each headline, by a surrogate."""
    options, seed = question.options, question.config.seed
    coordinates = surrogate_design(len(leading), options.surrogate_points, seed)
    of_patients = simulate(
        question, SURROGATE, leading, coordinates, f"{len(leading)} parameters at once"
    )
    tables = []
    for each, outcomes in resampled(question, of_patients):
        result = sobol_indices(coordinates, outcomes, options.sobol_points, seed)
        table = result.table.assign(
            r2=result.r2, standard_deviation=result.standard_deviation, headline=each.name,
            headline_unit=each.unit,
        )  # fmt: skip
        table.insert(0, "parameter", [factor.path for factor in leading])
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


# ---------------------------------------------------------------------- a step as a sweep


def simulate(
    question: Question,
    step: str,
    factors: Sequence[Factor],
    coordinates: np.ndarray,
    words: str,
    patients: int = 0,
) -> dict[str, np.ndarray]:
    """Run what is missing of a design: float64[point, patient] by headline.

    patients : other than of the study; 0: as many

    Raises
    ------
    Incomplete
        A point has failed.
    """
    composed = question.composed.copy()
    if patients:
        OmegaConf.update(composed, "cohort.size", patients)
    if step != FIRST_STEP[bool(question.options.group_trajectories)]:
        OmegaConf.update(composed, "overwrite", True)  # finished points are kept all the same
    points = points_at(factors, coordinates, question.known)
    table = table_of_points(composed, points, str(question.folder / step))
    numbered = [{"point": i} for i in range(len(points))]
    sweep = replace(sweeps.check(replace(table, labels=numbered)), command=question.command)
    if step == FIRST_STEP[bool(question.options.group_trajectories)]:
        if not sweep.scenarios[0].config.overwrite:
            sweeps.is_finished(sweep)  # raises where the folder holds something else
        save_plan(question.folder, SENSITIVITY, question.command)
    size = sweep.scenarios[0].config.cohort.size
    arms = listed(question.config.arms)
    question.progress.say(
        f"{step}: {words}, {counted(len(points), 'point')} of {size} patients in {arms}"
    )
    if sweep.scenarios[0].config.overwrite or not sweeps.is_finished(sweep, question.progress.warn):
        report = finish(sweep, question.progress)
        if report.errors:
            raise Incomplete(report)
    with sweep.opened() as ds:
        return {
            each.name: each.of_patients(ds).transpose("scenario", "patient").values.astype(float)
            for each in question.headlines
        }


def resampled(
    question: Question, of_patients: Mapping[str, np.ndarray]
) -> Iterator[tuple[Headline, np.ndarray]]:
    """Every headline, and what it comes to: float64[1 + resample, point].

    Patients are resampled alike for all headlines and points.
    """
    patients = next(iter(of_patients.values())).shape[1]
    counts = resample_counts(patients, question.options.resamples, question.config.seed)
    for each in question.headlines:
        yield each, resampled_headline(of_patients[each.name], counts)


def keep(question: Question, name: str, table: pd.DataFrame) -> None:
    """Write a table beside the folders of the steps."""
    atomic_write.save_table(table, question.folder / f"{name}.csv")
