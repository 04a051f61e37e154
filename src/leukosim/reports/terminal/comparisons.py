"""What is printed of a comparison."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from rich.table import Table
from rich.text import Text

from leukosim.analysis.comparison import (
    CYTOPENIA_DAYS,
    DRUG_DAYS,
    HAZARD_RATIO,
    NEEDED,
    RESTRICTED_MEAN,
    SURVIVAL,
    Resampled,
    censored_early,
    differences_table,
    levels_table,
    ranking,
    shown_needed,
)
from leukosim.analysis.individual_effects import FATES, count_fates
from leukosim.reports.terminal.formatting import months, printed, probability, with_interval

MOST = 20  # arms that are printed
FEW = 4  # arms that a table has columns for
LONG = 20  # letters of a name, of which longer ones are numbered


def comparison_tables(result: Resampled, against: str, effects: pd.DataFrame) -> list[Table | Text]:
    """What each arm comes to, how it differs from the reference, and what became of whom.

    effects : of :func:`leukosim.analysis.individual_effects.individual_effects`
    """
    ranked = [str(arm) for arm in ranking(result)["arm"]]
    names = numbered(ranked)
    tables: list[Table | Text] = [*legend(names, [*ranked[:MOST], against])]
    tables.append(arms_table(result, names))
    if len(result.arms) > 1:
        best = [arm for arm in ranked if arm != against][:MOST]
        tables.append(against_table(result, against, names))
        tables.append(fates_table(effects, against, best, names))
    if len(result.arms) > MOST:
        tables.append(Text(f"The {MOST} best of {len(result.arms)} arms; all are in the files."))
    if result.n_left_out:
        words = f"Left out: {result.n_left_out:,} patients who were not in all arms and scenarios."
        tables.append(Text(words))
    lost = censored_early(result)
    if lost:
        named = ", ".join(f"{n} in {names[arm]}" for arm, n in lost.items())
        tables.append(Text(f"Lost before the last day that is compared: {named}."))
    return tables


def numbered(arms: Sequence[str]) -> dict[str, str]:
    """What stands for each arm in a table: its name, or its rank where a name is long.

    arms : the best first
    """
    return {arm: f"no. {i}" if len(arm) > LONG else arm for i, arm in enumerate(arms, 1)}


def legend(names: Mapping[str, str], arms: Iterable[str]) -> Iterator[Text]:
    """The full names of numbered arms."""
    for arm in dict.fromkeys(arms):
        if names[arm] != arm:
            yield Text(f"{names[arm]}: {arm}\n")


def arms_table(result: Resampled, names: Mapping[str, str]) -> Table:
    """Every arm, best first: survival, control, cost, and the probability of being best."""
    levels = levels_table(result).set_index(["arm", "quantity", "day"]).sort_index()
    ranks = ranking(result)
    last, horizon = result.days[-1], f"{result.until_day:g} days"
    costs = [cost for cost in (DRUG_DAYS, CYTOPENIA_DAYS) if result.cost(cost) is not None]
    heads = ["arm", f"at {months(last)}", f"mean days in {horizon}", *costs]
    heads += ["P(most days)", "on the front of"]
    rows = []
    for row in ranks.head(MOST).itertuples():
        level = {
            quantity: levels.loc[(row.arm, quantity)].iloc[-1]
            for quantity in (SURVIVAL, RESTRICTED_MEAN, *costs)
        }
        fronts = [cost for cost in costs if getattr(row, f"front_{cost.replace(' ', '_')}")]
        cells = [
            with_interval(level[SURVIVAL], 2),
            with_interval(level[RESTRICTED_MEAN], 0),
            *(with_interval(level[cost], 1) for cost in costs),
        ]
        on = "\n".join(cost.removesuffix(" days") for cost in fronts) or "none"
        rows.append([names[row.arm], *stacked(cells), probability(row.probability_best), on])
    title = f"{result.n:,} patients, each in every arm: {result.endpoint}"
    caption = (
        "95 % intervals. P: share of resamples of the patients in which the arm has the most mean "
        "days. Front: no arm has as many with fewer drug (cytopenia) days."
    )
    return printed(title, heads, rows, caption=caption, wrap=False)


def against_table(result: Resampled, against: str, names: Mapping[str, str]) -> Table:
    """Differences from the reference: a column an arm, a row a quantity, or the other way."""
    differences = differences_table(result, against)
    many = len(result.arms) > FEW
    days = result.days[-1:] if many else result.days
    rows: list[tuple[str, str, float, int, float]] = []
    state = result.state
    for day in days:
        rows.append((f"{state} at {months(day)}, % points", SURVIVAL, day, 1, 100.0))
    rows.append((f"mean days in {result.until_day:g}", RESTRICTED_MEAN, np.nan, 0, 1.0))
    rows.append(("hazard ratio", HAZARD_RATIO, np.nan, 2, 1.0))
    for day in days:
        rows.append((f"number needed to treat, {months(day)}", NEEDED, day, 0, 1.0))
    for cost in (DRUG_DAYS, CYTOPENIA_DAYS):
        if result.cost(cost) is not None:
            rows.append((cost, cost, np.nan, 1, 1.0))
    cells: dict[str, list[str]] = {}
    best = [arm for arm in ranking(result)["arm"] if arm != against][:MOST]
    for arm, of_arm in differences.groupby("arm", sort=False):
        if arm not in best:
            continue
        column = []
        for _, quantity, day, digits, scale in rows:
            found_rows = of_arm[of_arm["quantity"] == quantity]
            row = (found_rows if np.isnan(day) else found_rows[found_rows["day"] == day]).iloc[0]
            if quantity == NEEDED:
                column.append(shown_needed(row["value"], row["low"], row["high"]))
            else:
                column.append(with_interval(row, digits, scale, quantity != HAZARD_RATIO))
        cells[names[str(arm)]] = column
    title, labels = f"Difference from {names[against]}", [label for label, *_ in rows]
    if many:
        by_arm = [[arm, *stacked(column)] for arm, column in cells.items()]
        return printed(title, ["arm", *labels], by_arm, wrap=False)
    return printed(title, ["", *cells], zip(labels, *cells.values(), strict=True))


def stacked(cells: list[str]) -> list[str]:
    """Numbers above their intervals."""
    return [cell.replace(" (", "\n(") for cell in cells]


def fates_table(
    effects: pd.DataFrame, against: str, arms: list[str], names: Mapping[str, str]
) -> Table:
    """How many patients each arm helps and harms, as no trial can see."""
    counts, rows = count_fates(effects), []
    for arm, of_arm in counts[counts["arm"].isin(arms)].groupby("arm", sort=False):
        numbers = of_arm.set_index("fate")["patients"]
        rows.append([names[str(arm)], *(f"{numbers[fate]:,}" for fate in FATES)])
    title = f"The same patient, against {names[against]}"
    return printed(title, ["arm", *FATES], rows, wrap=False)
