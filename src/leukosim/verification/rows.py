"""Rows of the table of checks: what was compared, what is allowed, how often it fails by chance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import stats

RARE = 1e-6  # the p-value below which a check fails
CERTAIN = 0.0  # false alarms of a check in which nothing is drawn


@dataclass(frozen=True)
class Row:
    """One comparison of the engine with a law; it passes from ``lowest`` to ``highest``."""

    name: str
    statistic: str
    value: float
    lowest: float
    highest: float
    false_alarm: float  # bound on the probability that an exact engine fails with a fresh seed

    @property
    def passed(self) -> bool:
        """Whether the value is allowed; nan is not."""
        return bool(self.lowest <= self.value <= self.highest)

    @property
    def allowed(self) -> str:
        """The range in words."""
        if self.highest == np.inf:
            return f"{self.lowest:g} or more"
        return (
            f"{self.highest:g} or less" if self.lowest <= 0 else f"{self.lowest:g}-{self.highest:g}"
        )


def largest(name: str, symbol: str, values: Iterable[float], limit: float) -> Row:
    """The largest of several standardised deviations; each is nearly standard normal."""
    size = np.abs(np.asarray(list(values), float))
    text = f"largest |{symbol}| of {len(size)}" if len(size) > 1 else f"|{symbol}|"
    chance = min(1.0, len(size) * 2.0 * stats.norm.sf(limit))
    return Row(name, text, float(size.max()), 0.0, limit, chance)


def p_value(name: str, values: Iterable[float]) -> Row:
    """The smallest of several p-values."""
    p = list(values)
    text = f"smallest p of {len(p)}" if len(p) > 1 else "p"
    return Row(name, text, float(np.min(p)), RARE, np.inf, len(p) * RARE)


def error(name: str, values: Iterable[float], limit: float) -> Row:
    """The largest of several numerical errors."""
    return Row(name, "error", float(np.max(np.abs(list(values)))), 0.0, limit, CERTAIN)


def print_table(rows: Sequence[tuple[str, Row]], console: Console | None = None) -> None:
    """The checks, and how often they fail by chance."""
    console = console or Console()
    table = Table("check", "statistic", "value", "allowed", "", box=None)
    group = ""
    for heading, row in rows:
        if heading != group:
            table.add_row(f"[bold]{heading}[/bold]")
            group = heading
        verdict = "[green]passed[/green]" if row.passed else "[red]FAILED[/red]"
        table.add_row(f"  {row.name}", row.statistic, f"{row.value:.3g}", row.allowed, verdict)
    console.print(table)
    failed = sum(not row.passed for _, row in rows)
    chance = sum(row.false_alarm for _, row in rows)
    console.print(
        f"{len(rows) - failed} of {len(rows)} checks passed. With a fresh seed an exact engine "
        f"fails {chance:.2g} of them on average, nearly all by |Z| < 3 as the suite demands."
    )
