"""Comparisons, power and predictions of results, as tables with intervals."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import xarray as xr

from leukosim.analysis.arms import chosen, gather_arms, reference_of, with_all_dimensions
from leukosim.analysis.comparison import Comparison, differences_table, levels_table, resample
from leukosim.analysis.predictions import Forecast
from leukosim.analysis.predictions import predict as predict_quantities
from leukosim.analysis.trial_emulation.power import Evidence, Proposal, evaluate_design
from leukosim.api.results import RunResult, dataset_of
from leukosim.config.overrides import listed_values
from leukosim.config.reading import build
from leukosim.errors import ConfigError

AnyResult: TypeAlias = RunResult | xr.Dataset | str | Path


def compare(
    *results: AnyResult | Mapping[str, AnyResult],
    against: str = "",
    arms: Sequence[str] = (),
    days: Sequence[float] = (),
    until_day: float | None = None,
    resamples: int = 1000,
    seed: int = 1,
) -> pd.DataFrame:
    """Arms of results, or scenarios of a sweep, over the same patients.

    Parameters
    ----------
    results : what :func:`leukosim.run`, ``sweep`` or ``load`` give, datasets or folders; or one
        mapping of them by name
    against : the arm that others are compared with; empty: the usual one
    arms : that are compared; none named: all
    days : of survival; none named: one and two years
    until_day : end of the restricted mean survival time; None: the end of follow-up
    resamples, seed : of the patients

    Returns
    -------
    DataFrame
        Columns arm, against, quantity, day, unit, value, low, high (95 %), method, n; first the
        differences from ``against``, then the level of every arm.

    Raises
    ------
    leukosim.errors.ConfigError
        If the patients differ, or a name is not known.
    """
    fields = dict(
        against=against, arms=listed_values(arms), days=listed_values(days), until_day=until_day,
        resamples=resamples, seed=seed,
    )  # fmt: skip
    options = build(Comparison, fields, "compare")
    datasets = {name: with_all_dimensions(each) for name, each in named(results).items()}
    gathered = gather_arms(datasets)
    reference = reference_of(gathered, options.against)
    gathered = chosen(gathered, options.arms, reference)
    resampled = resample(gathered, options)
    tables = [differences_table(resampled, reference), levels_table(resampled)]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled or tables[:1], ignore_index=True)


def power(result: AnyResult, **options: Any) -> Evidence:
    """Patients that a proposed trial of two arms would need, its power and its assurance.

    Parameters
    ----------
    options : fields of :class:`leukosim.Proposal`, such as ``arm="triggered"`` or
        ``dropout_per_year=0.1``

    Returns
    -------
    Evidence
        With the tables ``curves`` (power by size) and ``needed`` (sizes).
    """
    proposal = build(Proposal, options, "power")
    return evaluate_design(gather_arms({"result": dataset_of(result)}), proposal)


def predict(*results: AnyResult, draws: int = 4000, seed: int = 1) -> pd.DataFrame:
    """What results predict of quantities that no parameter was fitted to, with intervals.

    Parameters
    ----------
    draws : trials drawn from the virtual patients, of the published size
    seed : of drawing

    Returns
    -------
    DataFrame
        A row for each quantity; see :func:`leukosim.analysis.predictions.forecast.predict`.
    """
    options = build(Forecast, {"draws": draws, "seed": seed}, "predict")
    table = predict_quantities([dataset_of(result) for result in results], options)
    if table.empty:
        raise ConfigError("predict: none of these results holds an arm that a prediction needs")
    return table


def named(results: Sequence[AnyResult | Mapping[str, AnyResult]]) -> dict[str, xr.Dataset]:
    """Datasets by name: the user's names, else those of folders, else numbers."""
    if (
        len(results) == 1
        and isinstance(results[0], Mapping)
        and not isinstance(results[0], xr.Dataset)
    ):
        return {str(name): dataset_of(each) for name, each in results[0].items()}
    if not results:
        raise ConfigError("compare needs a result: what run, sweep or load give, or a folder")
    by_name: dict[str, xr.Dataset] = {}
    for number, each in enumerate(results, 1):
        if isinstance(each, Mapping) and not isinstance(each, xr.Dataset):
            raise ConfigError("compare takes results, or one mapping of them by name, not both")
        folder = each.folder if isinstance(each, RunResult) else each
        name = Path(folder).name if isinstance(folder, str | Path) else f"result {number}"
        by_name[name if name not in by_name else f"{name} ({number})"] = dataset_of(each)
    return by_name
