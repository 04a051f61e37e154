"""Numbers as all tables write them."""

import numpy as np
import pandas as pd

from leukosim.analysis.endpoints import DAYS_PER_MONTH


def probability(share: float) -> str:
    """A share of resamples, never rounded to certainty; a dash where it is unknown."""
    if np.isnan(share):
        return "–"
    return "> 0.999" if share > 0.999 else ("< 0.001" if share < 0.001 else f"{share:.3f}")


def months(day: float) -> str:
    """A day in words."""
    return f"{day / DAYS_PER_MONTH:.0f} months" if day >= 3 * DAYS_PER_MONTH else f"day {day:g}"


def with_interval(row: pd.Series, digits: int, scale: float = 1.0, signed: bool = False) -> str:
    """A number and its interval, such as ``0.71 (0.61 to 0.79)``; a dash where there is none."""
    value, low, high = (float(row[name]) * scale for name in ("value", "low", "high"))
    if np.isnan(value):
        return "–"
    plus = "+" if signed else ""
    shown = [f"{x:{plus}.{digits}f}".replace("-", "−") for x in (value, low, high)]
    return shown[0] if np.isnan(low) else f"{shown[0]} ({shown[1]} to {shown[2]})"
