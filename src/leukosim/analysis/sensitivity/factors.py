"""What is varied: estimates with their plausible range, as coordinates between 0 and 1.

A design thinks in coordinates; what it asks of a run is a point: values of fields by their paths.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leukosim.errors import ConfigError
from leukosim.parameters import Row

DECADE = 10.0  # high / low, from which on a range is logarithmic
RATES = ("1/day", "1/year")  # logarithmic, too, as they are positive and of unknown size
LOWER, UPPER = "_low", "_high"  # ends of a distribution, which must not cross


@dataclass(frozen=True)
class Factor:
    """An estimate that is varied over its plausible range."""

    path: str
    value: float  # of the study
    unit: str
    low: float
    high: float
    source: str

    @property
    def is_log(self) -> bool:
        """Whether equal steps are equal ratios: over a decade or more, and for rates."""
        return self.low > 0.0 and (self.high >= DECADE * self.low or self.unit in RATES)

    @property
    def group(self) -> str:
        """The section of the configuration that it stands in."""
        return self.path.rpartition(".")[0]

    def at(self, coordinate: float) -> float:
        """The value at a coordinate: 0 is low, 1 is high."""
        if self.is_log:
            return float(self.low * (self.high / self.low) ** coordinate)
        return float(self.low + (self.high - self.low) * coordinate)


@dataclass(frozen=True)
class LeftOut:
    """An estimate that is not varied, and why."""

    path: str
    why: str


FIXED, OFF = "has no range", "is switched off in this study"
WHOLE = "is a whole number or not set"
NOT_GIVEN, NOT_ASKED = "is of a drug that no arm gives", "is not among those asked for"
INERT = "changes no patient, with its section"
MINOR = "is of a section that does less than others"


def factors_of(
    rows: Iterable[Row], drugs: Iterable[str], only: Sequence[str], leave_out: Sequence[str]
) -> tuple[list[Factor], list[LeftOut]]:
    """What of the estimates can be varied, and why not the others.

    A range reaches to the study's own value where that lies outside of it. A value of 0 outside of
    its range is a mechanism that the study has switched off.

    Parameters
    ----------
    rows : of :func:`leukosim.parameters.parameter_rows`
    drugs : that some arm gives
    only, leave_out : sections or paths; no ``only`` means all

    Raises
    ------
    ConfigError
        If one of them names nothing, or nothing is left.
    """
    rows, drugs_given = list(rows), set(drugs)
    for name, sections in (("only", only), ("leave_out", leave_out)):
        for section in sections:
            if not any(is_in(row.path, section) for row in rows):
                raise ConfigError(f"{name}: {section} names no estimate (leukosim parameters)")
    factors, left_out = [], []
    for row in rows:
        why = why_not(row, drugs_given)
        is_selected = not only or any(is_in(row.path, section) for section in only)
        if not is_selected or any(is_in(row.path, section) for section in leave_out):
            why = NOT_ASKED
        if why:
            left_out.append(LeftOut(row.path, why))
            continue
        low, high = min(row.low, row.value), max(row.high, row.value)
        factors.append(Factor(row.path, row.value, row.unit, low, high, row.source))
    if not factors:
        raise ConfigError("only and leave_out leave no estimate that could be varied")
    return factors, left_out


def why_not(row: Row, drugs_given: set[str]) -> str:
    """Why an estimate cannot be varied; empty if it can."""
    section, _, rest = row.path.partition(".")
    if section == "drug" and rest.partition(".")[0] not in drugs_given:
        return NOT_GIVEN
    if row.low == row.high:
        return FIXED
    value: object = row.value
    if not isinstance(value, float):
        return WHOLE
    return OFF if value == 0.0 < row.low else ""


def is_in(path: str, section: str) -> bool:
    """Whether a path is this one or lies within this section."""
    return path == section or path.startswith(f"{section}.")


def factor_table(factors: Iterable[Factor], left_out: Iterable[LeftOut]) -> pd.DataFrame:
    """Every estimate: its range where it is varied, and else ``why_not``."""
    varied = [
        (f.path, f.group, f.value, f.unit, f.low, f.high, "log" if f.is_log else "linear",
         f.source, "")
        for f in factors
    ]  # fmt: skip
    columns = ["parameter", "section", "own_value", "unit", "low", "high", "scale", "source"]
    table = pd.DataFrame(varied, columns=[*columns, "why_not"])
    others = pd.DataFrame([(each.path, each.why) for each in left_out],
                          columns=["parameter", "why_not"])  # fmt: skip
    return pd.concat([table, others], ignore_index=True) if len(others) else table


# ---------------------------------------------------------------------- points


def points_at(
    factors: Sequence[Factor], coordinates: np.ndarray, known: Mapping[str, float]
) -> list[dict[str, Any]]:
    """The points of a design: values of the same fields in each.

    What belongs to a factor is set along with it: shares of protection are brought back to a sum
    of 1, the lower end of a distribution is not moved beyond the upper one, and a volume goes with
    clearance and half-lives.

    Parameters
    ----------
    coordinates : float64[point, factor], 0 to 1; nan: the study's own value
    known : the study's own value of every estimate, by path
    """
    paths = [factor.path for factor in factors]
    constraints = constraints_of(paths, known)
    beside = {path: known[path] for _, own in constraints for path in own if path not in paths}
    points = []
    for row in coordinates:
        point = beside | {
            factor.path: known[factor.path] if np.isnan(x) else factor.at(float(x))
            for factor, x in zip(factors, row, strict=True)
        }
        for meet, own in constraints:
            point |= dict(zip(own, meet([point[path] for path in own]), strict=True))
        points.append(point)
    return points


Constraint = tuple[Callable[[list[float]], list[float]], list[str]]


def constraints_of(paths: Sequence[str], known: Mapping[str, float]) -> list[Constraint]:
    """What the fields of a point must meet together: how they are made to, and their paths."""
    result: dict[str, Constraint] = {}
    for path in paths:
        section, _, name = path.rpartition(".")
        for names, meet in TOGETHER.items():
            own = [f"{section}.{each}" for each in names]
            if name in names and all(each in known for each in own):
                result[section] = meet, own
        stem = path.removesuffix(LOWER).removesuffix(UPPER)
        ends = [stem + LOWER, stem + UPPER]
        if path in ends and all(end in known for end in ends):
            result[stem] = in_order, ends
    return list(result.values())


def summing_to_one(shares: list[float]) -> list[float]:
    """Shares in the same proportions."""
    total = math.fsum(shares)
    return [share / total for share in shares]


def in_order(ends: list[float]) -> list[float]:
    """Two ends of which the lower one does not exceed the upper one."""
    low, high = ends
    return [min(low, high), high]


def between_half_lives(numbers: list[float]) -> list[float]:
    """The nearest volume from which a drug is cleared by neither half-life alone.

    numbers : clearance (L/hour), volume (L), fast half-life (minute), slow half-life (hour)
    """
    clearance, volume, fast, slow = numbers
    smallest, largest = (clearance * hours / math.log(2.0) for hours in (fast / 60.0, slow))
    within = min(max(volume, MARGIN * smallest), largest / MARGIN)
    return [clearance, within, fast, slow]


MARGIN = 1.02
TOGETHER: Mapping[tuple[str, ...], Callable[[list[float]], list[float]]] = {
    ("bcl2", "bclxl", "mcl1"): summing_to_one,  # shares of protection
    (
        "clearance_per_hour", "volume", "fast_half_life_minutes", "slow_half_life_hours"
    ): between_half_lives,
}  # fmt: skip
