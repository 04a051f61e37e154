"""What is printed of a sensitivity analysis."""

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from leukosim.analysis.headlines import DAY, Headline
from leukosim.analysis.sensitivity.indices import POOR
from leukosim.reports.terminal.formatting import with_interval
from leukosim.reports.terminal.power import shown_size

MOST = 20  # arms that are printed


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
    table = Table(title=title, box=SIMPLE_HEAD)
    table.add_column("parameter")
    for heading in ("μ*", "by chance", "σ", "μ"):
        table.add_column(heading, justify="right")
    for row in result.head(MOST).itertuples():
        star = "" if row.is_beyond_chance else " (within chance)"
        numbers = (row.mu_star, row.mu_star_by_chance, row.sigma, row.mu)
        table.add_row(row.parameter + star, *(f"{x:.3g}".replace("-", "−") for x in numbers))
    return table


def ends_table(headline: Headline, result: pd.DataFrame) -> Table:
    """What the headline changes by at either end of a range."""
    table = Table(title=f"One at a time: change of {headline.label}", box=SIMPLE_HEAD)
    table.add_column("parameter")
    for heading in ("from", "change", "to", "change"):
        table.add_column(heading, justify="right")
    digits = 0 if headline.unit == DAY else 3
    for path, ends in result.groupby("parameter", sort=False):
        cells = [str(path)]
        for row in ends.to_dict("records"):
            change = pd.Series({"value": row["change"], "low": row["low"], "high": row["high"]})
            cells += [f"{row['at']:.3g}", with_interval(change, digits, signed=True)]
        table.add_row(*cells)
    return table


def indices_tables(headline: Headline, result: pd.DataFrame) -> list[Table | Text]:
    """Shares of variance, and whether they can be trusted."""
    table = Table(title=f"Shares of the variance of {headline.label}", box=SIMPLE_HEAD)
    table.add_column("parameter")
    for heading in ("by itself", "with all others"):
        table.add_column(heading, justify="right")
    for row in result.sort_values("total", ascending=False).to_dict("records"):
        kinds = [
            pd.Series({"value": row[k], "low": row[f"{k}_low"], "high": row[f"{k}_high"]})
            for k in ("first", "total")
        ]
        table.add_row(row["parameter"], *(with_interval(kind, 2) for kind in kinds))
    r2 = result["r2"].iloc[0]
    doubt = "" if r2 >= POOR else ": poor, so these shares mean little"
    return [table, Text(f"R² of the surrogate at points left out of its fit: {r2:.2f}{doubt}")]


def precision_table(headline: Headline, result: pd.DataFrame) -> Table:
    """Patients for a wanted half-width of the interval."""
    table = Table(title=f"Patients for {headline.label} to ± so much", box=SIMPLE_HEAD)
    wanted = result[result["asked"] == "half_width"]
    for width in wanted["half_width"]:
        table.add_column(f"± {width:g} ({headline.unit})", justify="right")
    table.add_row(*(shown_size(n) for n in wanted["patients"]))
    return table
