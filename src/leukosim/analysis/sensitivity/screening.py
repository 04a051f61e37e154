"""Screening by elementary effects: which of many parameters matter at all.

An elementary effect is the change of a headline when one parameter moves through most of its range
while all others stay where they happen to be, per full range:

    EE = (y(x + d e) - y(x)) / d

The mean of their absolute values, mu*, says how much a parameter matters; their standard deviation,
sigma, whether that depends on where it or the others stand.

References
----------
Morris (1991), Technometrics 33:161, doi:10.1080/00401706.1991.10484804
Campolongo et al. (2007), Environ Model Softw 22:1509, doi:10.1016/j.envsoft.2006.10.004
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from leukosim.analysis.endpoints import LEVEL

TRAJECTORY = 1  # what keys the random streams of designs


def groups_of(sections: Sequence[str]) -> list[str]:
    """The names of groups, in order of appearance."""
    return list(dict.fromkeys(sections))


def trajectories(groups: Sequence[str], number: int, levels: int, seed: int) -> np.ndarray:
    """Random walks on Morris' grid, on which each group moves once: float64[point, factor].

    Each trajectory has a stream of its own: a design of more of them begins with those of fewer.

    Parameters
    ----------
    groups : of each factor; names of their own where each moves alone
    """
    from SALib.sample import morris

    walks = [
        morris.sample(
            problem_of(groups), 1, num_levels=levels,
            seed=np.random.default_rng([seed, TRAJECTORY, i]),
        )
        for i in range(number)
    ]  # fmt: skip
    return np.vstack(walks)


def problem_of(groups: Sequence[str]) -> dict[str, Any]:
    """The factors as SALib describes them."""
    names = [f"x{i}" for i in range(len(groups))]
    return {
        "num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names),
        "groups": list(groups),
    }  # fmt: skip


def elementary_effects(
    coordinates: np.ndarray, outcomes: np.ndarray, groups: Sequence[str]
) -> np.ndarray:
    """Elementary effects of every group in every trajectory: float64[..., group, trajectory].

    The sign is that of the factor's own change; of a group of several it means nothing.

    Parameters
    ----------
    coordinates : float64[point, factor], of :func:`trajectories`
    outcomes : float64[..., point]
    """
    names = groups_of(groups)
    steps = len(names) + 1
    number = len(coordinates) // steps
    walked = np.diff(coordinates.reshape(number, steps, -1), axis=1)
    changed = np.diff(outcomes.reshape(*outcomes.shape[:-1], number, steps), axis=-1)
    effects = np.full((*outcomes.shape[:-1], len(names), number), np.nan)
    position = np.array([names.index(group) for group in groups])
    for t in range(number):
        for step in range(steps - 1):
            moved = np.flatnonzero(walked[t, step])
            group = position[moved[0]]
            effects[..., group, t] = changed[..., t, step] / walked[t, step, moved[0]]
    return effects


def chance_of(effects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """mu* and sigma that result from sampling patients alone: float64[group] each.

    Sampling variability is the deviation of a resample's effects from those of all patients. A
    parameter without influence exceeds the LEVEL quantile of its mean size once in twenty times.

    effects : float64[1 + resample, group, trajectory], the first of all patients
    """
    deviations = effects[1:] - effects[0]
    mu_star = np.abs(deviations).mean(-1)
    sigma = deviations.std(-1, ddof=1)
    return np.quantile(mu_star, LEVEL, axis=0), np.quantile(sigma, LEVEL, axis=0)


def screened(
    coordinates: np.ndarray, outcomes: np.ndarray, groups: Sequence[str], levels: int, seed: int
) -> pd.DataFrame:
    """Effects of every group on one headline, the largest first.

    Parameters
    ----------
    outcomes : float64[1 + resample, point], the first of all patients

    Returns
    -------
    DataFrame
        ``group``; ``mu_star`` and ``mu_star_half_width`` (95 %, of trajectories, SALib's),
        ``mu``, ``sigma`` (nan for a group of several), in the unit of the headline for a full
        range; ``mu_star_by_chance`` and ``sigma_by_chance``, see :func:`chance_of`; and
        ``is_beyond_chance``, whether mu* exceeds it.
    """
    from SALib.analyze import morris

    result = morris.analyze(
        problem_of(groups), coordinates, outcomes[0], conf_level=LEVEL, num_levels=levels,
        num_resamples=1000, seed=np.random.default_rng(seed),
    )  # fmt: skip
    mu_star_by_chance, sigma_by_chance = chance_of(
        elementary_effects(coordinates, outcomes, groups)
    )
    table = pd.DataFrame(
        {
            "group": list(result["names"]),
            "mu_star": np.asarray(result["mu_star"], float),
            "mu_star_half_width": np.asarray(result["mu_star_conf"], float),
            "mu": np.asarray(result["mu"], float),
            "sigma": np.asarray(result["sigma"], float),
        }
    )
    by_chance = pd.DataFrame(
        {
            "group": groups_of(groups),
            "mu_star_by_chance": mu_star_by_chance,
            "sigma_by_chance": sigma_by_chance,
        }
    )
    table = table.merge(by_chance, on="group", validate="one_to_one")
    table["is_beyond_chance"] = table["mu_star"] > table["mu_star_by_chance"]
    return table.sort_values("mu_star", ascending=False, kind="stable", ignore_index=True)


def inert_groups(
    coordinates: np.ndarray, of_patients: Mapping[str, np.ndarray], groups: Sequence[str]
) -> list[str]:
    """Groups that changed no patient's number of any headline in any step.

    of_patients : float64[point, patient] by headline
    """
    effects = [
        elementary_effects(coordinates, np.nan_to_num(values, nan=-1e9).T, groups)
        for values in of_patients.values()
    ]
    moves = np.any([np.any(each != 0.0, axis=(0, 2)) for each in effects], axis=0)
    return [name for name, any_moves in zip(groups_of(groups), moves, strict=True) if not any_moves]


def leading_of(table: pd.DataFrame, most: int) -> list[str]:
    """The first few groups beyond chance, in the order of a screening."""
    return list(table.loc[table["is_beyond_chance"], "group"].head(most))
