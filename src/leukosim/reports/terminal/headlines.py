"""What is printed of the headlines of a run, and of the scenarios of a sweep."""

import pandas as pd
import xarray as xr
from rich.table import Table
from rich.text import Text

from leukosim.analysis.endpoints import TWO_YEARS
from leukosim.analysis.headlines import DAY, SHARE, Headline
from leukosim.analysis.scenario_summary import (
    ScenarioSummary,
    known_headlines,
    summarise_scenarios,
)
from leukosim.reports.terminal.formatting import in_interval, printed

ENDS = 3  # choices that are shown from either end


def headlines_table(ds: xr.Dataset) -> list[Table | Text]:
    """The headlines of a study with their intervals; nothing where its patients answer none."""
    rows = [
        [
            each.label,
            shown(each, estimate.value, estimate.low, estimate.high),
            written_as(each)[2],
        ]
        for each, estimate in known_headlines(ds)
    ]
    if not rows:
        return []
    caption = "95 % intervals of resampled patients; none with fewer than five."
    return [printed("Main results", ["", "value", "unit"], rows, caption=caption)]


def sweep_tables(ds: xr.Dataset) -> list[Table | Text]:
    """The best and the worst choices, or the range over scenarios where nothing is chosen."""
    summary = summarise_scenarios(ds)
    if summary is None:
        return []
    if not summary.chosen:
        return [Text(range_in_words(summary))]
    return [Text(f"\n{title_of(summary)}"), choices_table(summary), Text(choices_in_words(summary))]


def choices_table(summary: ScenarioSummary) -> Table:
    """The choices with the highest and the lowest values of the headline."""
    rows = []
    for row in summary.table.itertuples(index=False):
        place = [str(each) for each in row[: len(summary.chosen)]]
        value, low, high = row[len(summary.chosen) : len(summary.chosen) + 3]
        rows.append([*place, shown(summary.headline, value, low, high)])
    if len(rows) > 2 * ENDS + 1:
        between = [*["..."] * len(summary.chosen), f"({len(rows) - 2 * ENDS} more)"]
        rows = [*rows[:ENDS], between, *rows[-ENDS:]]
    heads = [*summary.chosen, written_as(summary.headline)[2]]
    return printed("", heads, rows, left=len(heads) - 1)


def choices_in_words(summary: ScenarioSummary) -> str:
    """What the table shows, and whether the best differs from the worst."""
    is_benefit = summary.headline.is_benefit
    said = [f"{'Best' if is_benefit else 'Highest'} first; 95 % intervals of resampled patients."]
    both = summary.difference
    if both is not None and both.value == 0.0:
        said.append("The scenarios do not differ.")
    elif both is not None:
        ends = "Best minus worst" if is_benefit else "Highest minus lowest"
        digits, scale, unit = written_as(summary.headline)
        change = in_interval(scale * both.value, scale * both.low, scale * both.high, digits, True)
        doubt = "" if both.low > 0.0 else ", which may be chance"
        said.append(f"{ends}, in the same patients: {change} {unit}{doubt}.")
    if summary.pooled:
        said.append(f"Means over {pooled_in_words(summary)}.")
    return " ".join(said)


def range_in_words(summary: ScenarioSummary) -> str:
    """A headline over scenarios of which none can be chosen: its mean and its range."""
    row: pd.Series = summary.table.iloc[0]
    headline = summary.headline
    digits, scale, unit = written_as(headline)
    ends = [f"{scale * row[name]:.{digits}f}".replace("-", "−") for name in ("lowest", "highest")]
    return (
        f"{title_of(summary)}: {shown(headline, row.value, row.low, row.high)} {unit}, the mean of "
        f"{pooled_in_words(summary)}; from {ends[0]} to {ends[1]} in single scenarios. In brackets "
        "the 95 % interval of resampled patients."
    )


def title_of(summary: ScenarioSummary) -> str:
    """The headline, with the end of follow-up where that came earlier than two years."""
    if summary.until_day >= TWO_YEARS:
        return summary.headline.label
    return f"{summary.headline.label} (followed for {summary.until_day:g} days)"


def pooled_in_words(summary: ScenarioSummary) -> str:
    """How many values of each axis were pooled."""
    return " and ".join(f"{n} values of {name}" for name, n in summary.pooled.items())


def shown(headline: Headline, value: float, low: float, high: float) -> str:
    """A value of a headline with its interval, in its unit."""
    digits, scale, _ = written_as(headline)
    return in_interval(scale * value, scale * low, scale * high, digits, headline.is_difference)


def written_as(headline: Headline) -> tuple[int, float, str]:
    """Digits, scale and unit of a headline."""
    if headline.unit == DAY:
        return 0, 1.0, "days"
    if headline.unit == SHARE or "share" in headline.unit:
        return 1, 100.0, "% points" if headline.is_difference else "%"
    return 2, 1.0, headline.unit
