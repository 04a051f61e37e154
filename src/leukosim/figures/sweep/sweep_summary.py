"""The summary of a sweep that heat maps and dots draw, by what is at stake for its patients."""

from collections.abc import Callable
from functools import wraps
from typing import NamedTuple

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.arms import REFERENCES
from leukosim.analysis.endpoints import TWO_YEARS, began_overt, horizon_days
from leukosim.analysis.survival import sweep_summary
from leukosim.errors import ConfigError, listed
from leukosim.figures.sweep.sweep_dots import draw_sweep_dots
from leukosim.figures.sweep.sweep_heatmap import draw_sweep_heatmap
from leukosim.figures.sweep.sweep_outcomes import (
    Outcome,
    chosen_axes,
    difference_outcome,
    numbers_drawn,
    survival_outcome,
    treatment_outcomes,
    treatment_summary,
    varied,
)

# arms that a heat map shows, if there
OF_INTEREST = ("triggered", "venetoclax_azacitidine", "motixafortide")


class Summary(NamedTuple):
    """What a figure of a sweep shows."""

    values: xr.Dataset  # over scenario, and over arm where several are shown
    outcomes: list[Outcome]


def shown_summary(ds: xr.Dataset) -> Summary:
    """What the scenarios come to.

    In overt leukaemia that is response, survival and cytopenia; in remission relapse-free survival
    at two years, and the paired difference of two arms. Heat maps show shares of one arm, dots
    along a single axis, or of a single scenario, have room for all.
    """
    is_map = len(varied(ds)) > 1
    arms = [str(name) for name in ds["arm"].values]
    arm = next((each for each in OF_INTEREST if each in arms), arms[0])
    if responses_are_known(ds):
        summary = treatment_summary(ds)
        shown = summary.sel(arm=arm) if is_map else summary
        return Summary(
            shown, [each for each in treatment_outcomes(shown) if each.share or not is_map]
        )
    day = min(TWO_YEARS, float(horizon_days(ds).min()))
    against = next((each for each in REFERENCES if each in arms), REFERENCES[0])
    summary = sweep_summary(ds, arm, against, day)
    shown = summary.sel(arm=arm) if is_map else summary
    both = survival_outcome(shown), difference_outcome(summary)
    return Summary(shown, [each for each in both if shown[each.value].notnull().any()])


def responses_are_known(ds: xr.Dataset) -> bool:
    """Whether some patients began with overt leukaemia, and the dataset holds their responses."""
    known = all(
        name in ds and bool(ds[name].notnull().any()) for name in ("overt_blasts", "best_response")
    )
    return known and bool(began_overt(ds).any())


def summary_table(summary: Summary) -> pd.DataFrame:
    """Every number, of :func:`leukosim.figures.sweep.sweep_outcomes.numbers_drawn`."""
    return numbers_drawn(summary.values, summary.outcomes)


def of_summary(figure: Callable[..., Figure]) -> Callable[..., Figure]:
    """A figure of outcomes of a summary, as the list of standard figures calls it."""

    @wraps(figure)
    def draw(ds: xr.Dataset, summary: Summary, width_mm: float | None = None) -> Figure:
        return figure(summary.values, summary.outcomes, width_mm)

    return draw


def draw_first_map(ds: xr.Dataset, ax: Axes) -> Axes:
    """A heat map of the first outcome.

    Raises
    ------
    ConfigError
        If more than two axes are varied.
    """
    values, outcomes = shown_summary(ds)
    (x, y), rest = chosen_axes(values)
    if rest:
        raise ConfigError(f"one heat map shows two axes: select one value of {listed(rest)} first")
    return draw_sweep_heatmap(values, ax, x=x, y=y, outcome=outcomes[0])


def draw_first_dots(ds: xr.Dataset, ax: Axes) -> Axes:
    """The first outcome over the axis of the sweep."""
    values, outcomes = shown_summary(ds)
    x = next(iter(varied(values)), None)
    return draw_sweep_dots(values, ax, x=x, outcome=outcomes[0])
