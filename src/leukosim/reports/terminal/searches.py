"""What is printed of a search."""

from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from leukosim.analysis.arm_summaries import SUMMARIES, EvaluationTimes
from leukosim.analysis.measures import SHARE
from leukosim.analysis.optimisation.search import COHORTS, Limit, Search
from leukosim.reports.terminal.formatting import months, printed

FEW = 4  # arms that a table has columns for


def candidates_table(
    result: pd.DataFrame, axes: list[str], options: Search, limits: list[Limit]
) -> Table:
    """The best candidates of a search and the default, a column each.

    result : of :func:`leukosim.analysis.optimisation.search.evaluations_table`
    """
    best = result[result["rank"].notna() & (result["evaluation"] > 0)].sort_values("rank")
    shown = pd.concat([result.head(1), best.head(FEW)])
    heads = ["", *("default" if n == 0 else f"no. {n}" for n in shown["evaluation"])]
    rows = [[axis, *map(brief, shown[axis])] for axis in axes]
    for name in options.quantities:
        cells = (level_in_words(name, value) for value in shown[name])
        rows.append([SUMMARIES[name].label, *cells])
    goals = [len(axes) + i for i, name in enumerate(options.quantities) if name in options.goals]
    within = int(result["feasible"].sum())
    words = f"{within} of {len(result)} evaluations are within the limits"
    said = "; ".join(limit.in_words for limit in limits) or "there are none"
    title = "Best candidates, on the patients of the search"
    return printed(title, heads, rows, caption=f"{words} ({said}).", bold=goals)


def confirmed_table(result: pd.DataFrame, options: Search, times: EvaluationTimes) -> Table:
    """What candidates gain over the default: where they were chosen, and on new patients.

    result : of :func:`leukosim.analysis.optimisation.search.confirmation_table`
    """
    arms = list(dict.fromkeys(result["arm"]))
    n = {cohort: result.loc[result["cohort"] == cohort, "n"].iloc[0] for cohort in COHORTS}
    heads = ["", *(f"{arm}\n{n[cohort]:,} {COHORTS[cohort]}" for cohort in COHORTS for arm in arms)]
    rows, goals = [], []
    for i, (name, of_quantity) in enumerate(result.groupby("quantity", sort=False)):
        at = of_quantity.set_index(["cohort", "arm"])
        cells = [
            difference_in_words(str(name), at.loc[(cohort, arm)])
            for cohort in COHORTS
            for arm in arms
        ]
        rows.append([quantity_in_words(str(name), times), *cells])
        if name in options.goals:
            goals.append(i)
    caption = (
        "95 % intervals of resampled patients. Candidates were chosen for the patients of the "
        "search, so what they gain there is in part chance; new patients say what is left."
    )
    return printed("Difference from the default", heads, rows, caption=caption, bold=goals)


def quantity_in_words(name: str, times: EvaluationTimes) -> str:
    """A quantity with its day and its unit."""
    quantity = SUMMARIES[name]
    if quantity.unit == SHARE:
        return f"{quantity.label} at {months(times.day)}, % points"
    return f"{quantity.label}, of {times.until_day:g}" if name == "rmst" else quantity.label


def level_in_words(name: str, value: float) -> str:
    """A level of a quantity."""
    return f"{value:.3f}" if SUMMARIES[name].unit == SHARE else f"{value:.1f}"


def difference_in_words(name: str, row: Any) -> str:
    """A difference with its interval."""
    scale = 100.0 if SUMMARIES[name].unit == SHARE else 1.0
    value, low, high = (scale * each for each in (row.value, row.low, row.high))
    interval = f"({low:+.1f} to {high:+.1f})" if np.isfinite(low) else "(too few)"
    return f"{value:+.1f}\n{interval}".replace("-", "−")


def brief(value: Any) -> str:
    """A value of a field, numbers without needless digits."""
    is_number = isinstance(value, float | int) and not isinstance(value, bool)
    return f"{value:.4g}" if is_number else str(value)
