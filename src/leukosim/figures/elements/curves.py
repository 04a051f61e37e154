"""What figures of survival share: curves by arm, and the numbers at risk under them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from leukosim.analysis.endpoints import DAYS_PER_MONTH, horizon_days
from leukosim.analysis.survival import numbers_at_risk
from leukosim.figures.elements.style import in_words, month_ticks


def last_day(ds: xr.Dataset) -> float:
    """The end of the axis: that of the trial, even if nobody is left by then."""
    longest = np.nanmax([1.0, horizon_days(ds), ds["follow_up_day"].max()])
    return float(longest)


def draw_curves(
    curves: pd.DataFrame,
    ax: Axes,
    colors: Mapping[str, str],
    last: float,
    value: str = "survival",
    at_most: int = 9,
) -> Axes:
    """Curves by arm with 95 % bands, and ticks where the table counts patients censored.

    Parameters
    ----------
    curves : of :func:`leukosim.analysis.survival.kaplan_meier` or ``cumulative_incidence``
    last : day on which the axis ends
    value : the column to draw
    at_most : months marked on the axis
    """
    alpha = 0.18 if len(colors) <= 3 else 0.1
    for arm, color in colors.items():
        curve = curves[curves["arm"] == arm]
        if curve.empty:
            continue
        months = curve["day"] / DAYS_PER_MONTH
        ax.fill_between(
            months, curve["low"], curve["high"], step="post", color=color, alpha=alpha, linewidth=0
        )
        ax.step(months, curve[value], where="post", color=color, label=in_words(arm))
        if "censored" in curve:
            # The end of the trial censors everyone left; a tick there would say nothing.
            lost = (curve["censored"] > 0) & (curve["day"] < last)
            ax.plot(months[lost], curve[value][lost], "|", color=color, markersize=3.5, mew=0.5)
    ax.set(xlim=(0.0, last / DAYS_PER_MONTH), ylim=(0.0, 1.02), xticks=month_ticks(last, at_most))
    return ax


def at_risk(times: xr.Dataset, last: float, at_most: int = 9) -> pd.DataFrame:
    """Numbers at risk at the ticks of :func:`draw_curves`: columns arm, day, at_risk, month.

    A tick half a day past the end of the trial, as 24 months of 730 days, means its last day.
    """
    months = np.array(month_ticks(last, at_most))
    table = numbers_at_risk(times, np.minimum(months * DAYS_PER_MONTH, last))
    return table.assign(month=np.tile(months, len(table) // len(months)))


def draw_at_risk(table: pd.DataFrame, ax: Axes, colors: Mapping[str, str], size: float) -> Axes:
    """Numbers at risk, each centred under its tick, a row for each arm, in its colour.

    table : of :func:`at_risk`
    size : of the numbers, points
    """
    arms = list(colors)
    ax.set(ylim=(len(arms) - 0.5, -0.5))
    ax.set_axis_off()
    for each in table.itertuples():
        ax.text(
            each.month, arms.index(each.arm), f"{each.at_risk:,}", ha="center", va="center",
            size=size, color=colors[each.arm],
        )  # fmt: skip
    return ax
