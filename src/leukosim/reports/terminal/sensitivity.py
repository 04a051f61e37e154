"""What is printed of a sensitivity analysis."""

import pandas as pd
from rich.table import Table
from rich.text import Text

from leukosim.analysis.headlines import DAY, Headline
from leukosim.analysis.sensitivity.indices import POOR
from leukosim.reports.terminal.formatting import Cell, frame_table, in_interval, printed
from leukosim.reports.terminal.power import shown_size

MOST = 20  # parameters that are printed
EFFECTS: dict[str, Cell] = {
    "parameter": lambda row: row.parameter + ("" if row.is_beyond_chance else " (within chance)"),
    **{
        head: lambda row, name=name: f"{getattr(row, name):.3g}".replace("-", "−")
        for head, name in {
            "μ*": "mu_star", "by chance": "mu_star_by_chance", "σ": "sigma", "μ": "mu",
        }.items()
    },
}  # fmt: skip
SHARES: dict[str, Cell] = {
    "parameter": "{.parameter}",
    "by itself": lambda row: in_interval(row.first, row.first_low, row.first_high, 2),
    "with all others": lambda row: in_interval(row.total, row.total_low, row.total_high, 2),
}


def sensitivity_tables(
    headline: Headline, tables: dict[str, pd.DataFrame], varied: int
) -> list[Table | Text]:
    """What decides a headline, by how much, and how many patients it takes to see that.

    tables : by name, those of ``leukosim sensitivity``
    """
    own = {name: each[each["headline"] == headline.name] for name, each in tables.items()}
    beyond = int(own["morris"]["is_beyond_chance"].sum())
    by_chance = varied / 20.0
    printed: list[Table | Text] = [
        effects_table(headline, own["morris"]),
        Text(
            f"{beyond} of {varied} parameters are beyond chance, where {by_chance:.0f} of as many "
            "that do nothing would be. By chance: exceeded once in twenty times by a parameter "
            "that does nothing, because of who the patients are."
            + ("" if beyond else " A larger cohort.size would see smaller effects.")
        ),
    ]
    if "tornado" in own:
        printed.append(ends_table(headline, own["tornado"]))
    if "sobol" in own:
        printed += indices_tables(headline, own["sobol"])
    return [*printed, precision_table(headline, own["precision"])]


def effects_table(headline: Headline, result: pd.DataFrame) -> Table:
    """The parameters with the largest elementary effects."""
    title = f"{headline.label} ({headline.unit}): effect of a full range"
    return frame_table(title, result.head(MOST), EFFECTS)


def ends_table(headline: Headline, result: pd.DataFrame) -> Table:
    """What the headline changes by at either end of a range."""
    digits, rows = 0 if headline.unit == DAY else 3, []
    for path, ends in result.groupby("parameter", sort=False):
        rows.append([str(path)])
        for row in ends.itertuples():
            change = in_interval(row.change, row.low, row.high, digits, signed=True)
            rows[-1] += [f"{row.at:.3g}", change]
    heads = ("parameter", "from", "change", "to", "change")
    return printed(f"One at a time: change of {headline.label}", heads, rows)


def indices_tables(headline: Headline, result: pd.DataFrame) -> list[Table | Text]:
    """Shares of variance, and whether they can be trusted."""
    title = f"Shares of the variance of {headline.label}"
    table = frame_table(title, result.sort_values("total", ascending=False), SHARES)
    r2 = result["r2"].iloc[0]
    doubt = "" if r2 >= POOR else ": poor, so these shares mean little"
    return [table, Text(f"R² of the surrogate at points left out of its fit: {r2:.2f}{doubt}")]


def precision_table(headline: Headline, result: pd.DataFrame) -> Table:
    """Patients for a wanted half-width of the interval."""
    wanted = result[result["asked"] == "half_width"]
    heads = [f"± {width:g} ({headline.unit})" for width in wanted["half_width"]]
    title = f"Patients for {headline.label} to ± so much"
    return printed(title, heads, [map(shown_size, wanted["patients"])], left=0)
