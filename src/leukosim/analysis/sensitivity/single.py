"""One parameter at a time, to either end of its range; and how sure a headline is of its patients.

Patients are resampled once for all points, so that an interval is that of a difference between the
same patients.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from leukosim.analysis.bootstrap import percentile_interval
from leukosim.analysis.headlines import DAY, Headline
from leukosim.analysis.sensitivity.factors import Factor

SIZES = (25, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12800)  # patients
WANTED = {DAY: (30.0, 14.0, 7.0)}  # half-widths; of shares and other numbers:
WANTED_OF_SHARES = (0.10, 0.05, 0.02, 0.01)


def single_coordinates(factors: int) -> np.ndarray:
    """The study as it is, then every factor at low (0) and at high (1): float64[point, factor].

    nan stands for the study's own value.
    """
    coordinates = np.full((1 + 2 * factors, factors), np.nan)
    for i in range(factors):
        coordinates[1 + 2 * i : 3 + 2 * i, i] = 0.0, 1.0
    return coordinates


def single_effects(outcomes: np.ndarray, factors: Sequence[Factor]) -> pd.DataFrame:
    """What a headline changes by when one parameter is at an end of its range.

    Parameters
    ----------
    outcomes : float64[1 + resample, point], at the points of :func:`single_coordinates`

    Returns
    -------
    DataFrame
        ``parameter``, its ``unit`` and ``own_value`` in the study, ``end`` and where that is,
        ``at``; ``value`` of the headline there, its ``change`` from the study's, and
        the 95 % interval of that over patients, ``low`` and ``high``.
    """
    changes = outcomes[:, 1:] - outcomes[:, :1]
    rows = []
    for i, factor in enumerate(factors):
        for column, end, at in ((2 * i, "low", factor.low), (2 * i + 1, "high", factor.high)):
            bounds = percentile_interval(changes[1:, column])
            value, change = outcomes[0, 1 + column], changes[0, column]
            own = factor.path, factor.unit, factor.value
            rows.append((*own, end, at, value, change, *bounds))
    columns = ["parameter", "unit", "own_value", "end", "at", "value", "change", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def precision_table(
    headlines: Sequence[Headline], estimates: Mapping[str, np.ndarray], patients: int
) -> pd.DataFrame:
    """The half-width of a headline's 95 % interval by number of patients, and the other way round.

        w(n) = w(N) sqrt(N / n)

    A replicate with another seed is as many other patients: k of n patients are worth k n.

    Parameters
    ----------
    estimates : float64[1 + resample] by headline, of N ``patients``

    Returns
    -------
    DataFrame
        ``headline``, ``unit``, ``value``, ``asked`` ("patients" or "half_width": which of the next
        two was given), ``patients``, ``half_width``.
    """
    rows = []
    for each in headlines:
        values = estimates[each.name]
        low, high = percentile_interval(values[1:])
        half_width = (high - low) / 2.0
        for n in SIZES:
            width = half_width * np.sqrt(patients / n)
            rows.append((each.name, each.unit, values[0], "patients", float(n), width))
        for width in WANTED.get(each.unit, WANTED_OF_SHARES):
            needed = float(np.ceil(patients * (half_width / width) ** 2))
            rows.append((each.name, each.unit, values[0], "half_width", needed, width))
    columns = ["headline", "unit", "value", "asked", "patients", "half_width"]
    return pd.DataFrame(rows, columns=columns)


def resampled_headline(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The mean over patients in every resample, nan left out: float64[1 + resample, point].

    Parameters
    ----------
    values : float64[point, patient]
    counts : int64[1 + resample, patient], of :func:`leukosim.analysis.bootstrap.resample_counts`
    """
    known = ~np.isnan(values)
    n = counts @ known.T
    total = counts @ np.where(known, values, 0.0).T
    return np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)
