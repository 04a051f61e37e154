"""What the published targets say of each parameter: posterior against prior."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter

from leukosim.analysis.calibration.fit import Fit
from leukosim.analysis.calibration.populations import POPULATIONS
from leukosim.analysis.calibration.summary import UNIFORM_SD, centre, correlation_table
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.save import by_part
from leukosim.figures.elements.small_multiples import Panels
from leukosim.figures.elements.style import BLUE, GREY, VERMILLION, add_axes, empty_figure, wrapped

TITLE, HIGH, FOOT = 7.5, 12.0, 6.0  # mm of a panel: above, its frame, below
KEY, ROW = 6.0, 4.0  # mm: the key; a pair of parameters
BINS = 20
PAIRS = 6  # of parameters, the most strongly correlated
OF_CODE = {each.cohort: name for name, each in POPULATIONS.items()}


def draw_marginal(fit: Fit, i: int, ax: Axes) -> Axes:
    """The draws of one parameter over the range of its prior, which is flat there."""
    edges, density = marginal(fit, i)
    ax.axhline(1.0, color=GREY, linewidth=0.8, label="prior")
    ax.stairs(density, edges, fill=True, color=BLUE, alpha=0.75, label="posterior")
    middle = fit.prior.cube(centre(fit))[i]
    ax.axvline(middle, color=VERMILLION, linewidth=0.8, label="its centre")
    ends = np.zeros((3, len(fit.prior.names)))
    ends[:, i] = 0.0, 0.5, 1.0
    names = [f"{value:.2g}" for value in fit.prior.values(ends)[:, i]]
    ax.set(xlim=(0.0, 1.0), ylim=(0.0, max(2.5, 1.1 * density.max())), yticks=[])
    ax.xaxis.set_major_locator(FixedLocator([0.0, 0.5, 1.0]))
    ax.set_xticks([0.0, 0.5, 1.0], names)
    ax.xaxis.set_minor_formatter(NullFormatter())
    for label, side in zip(ax.get_xticklabels(), ("left", "center", "right"), strict=True):
        label.set_horizontalalignment(side)
    ax.spines["left"].set_visible(False)
    ratio = fit.posterior[:, i].std() / UNIFORM_SD
    ax.text(1.0, 1.02, f"{ratio:.2f}", transform=ax.transAxes, ha="right", va="bottom", size=5)
    return ax


def marginal(fit: Fit, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges of bins on the scale of the prior, and the density relative to the prior in each."""
    edges = np.linspace(0.0, 1.0, BINS + 1)
    density, _ = np.histogram(fit.posterior[:, i], edges, density=True)
    return edges, density


def short_name(name: str) -> str:
    """A parameter in a few words: the field, and whose it is."""
    whose, _, field = name.rpartition(".")
    first = whose.split(".")[-1]
    return f"{field.replace('_', ' ')} ({OF_CODE.get(first, first)})"


def draw_correlations(fit: Fit, ax: Axes) -> Axes:
    """The pairs of parameters that the targets see most strongly together."""
    pairs = correlation_table(fit).head(PAIRS)
    ax.axvline(0.0, color=GREY, linewidth=0.5)
    ax.barh(range(len(pairs)), pairs["correlation"], color=BLUE, height=0.55)
    names = [f"{short_name(row.one)} – {short_name(row.other)}" for row in pairs.itertuples()]
    ax.set_yticks(range(len(pairs)), names)
    ax.tick_params("y", length=0, labelsize=5.5)
    ax.set(xlim=(-1.0, 1.0), ylim=(len(pairs) - 0.5, -0.5), xlabel="Rank correlation of draws")
    ax.spines["left"].set_visible(False)
    return ax


def posterior_figure(fit: Fit, width_mm: float = PAGE) -> Figure:
    """A panel for each parameter, then the strongest correlations."""
    panels = Panels(len(fit.prior.names), width_mm, left=3.0, gap=5.0, narrowest=24.0)
    a_row = TITLE + HIGH + FOOT
    below = KEY + panels.rows * a_row + 3.0
    figure = empty_figure(width_mm, below + ROW * PAIRS + 9.0)
    for i, name in enumerate(fit.prior.names):
        top = KEY + panels.row(i) * a_row + TITLE
        ax = add_axes(figure, panels.at(i), top, panels.wide, HIGH)
        draw_marginal(fit, i, ax)
        ax.set_title(wrapped(short_name(name), panels.wide - 4.0, 0.88), loc="left", size=5.5)
        if i == 0:
            figure.legend(
                *ax.get_legend_handles_labels(), loc="upper left", ncols=3, borderaxespad=0.3
            )
    figure.text(
        0.99, 1.0 - 1.5 / (below + ROW * PAIRS + 9.0),
        "in each panel: standard deviation of the posterior / of the prior",
        ha="right", va="top", size=5.5, color=GREY,
    )  # fmt: skip
    left = 0.62 * width_mm
    draw_correlations(fit, add_axes(figure, left, below, width_mm - left - 5.0, ROW * PAIRS))
    return figure


def numbers_drawn(fit: Fit) -> pd.DataFrame:
    """Every bar of every panel, and the correlations."""
    names, places = fit.prior.names, np.linspace(0.0, 1.0, BINS + 1)
    edges = fit.prior.values(np.tile(places[:, None], len(names)))
    marginals = [
        pd.DataFrame(
            {
                "parameter": name,
                "from": edges[:-1, i],
                "to": edges[1:, i],
                "density_over_prior": marginal(fit, i)[1],
            }
        )
        for i, name in enumerate(names)
    ]
    return by_part(
        {
            "marginals": pd.concat(marginals, ignore_index=True),
            "correlations": correlation_table(fit).head(PAIRS),
        }
    )
