"""What stem cells at the end were at diagnosis: selection widens a ribbon, switching crosses."""

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from leukosim.analysis.endpoints import Estimate
from leukosim.analysis.stem_cell_composition import (
    composition_at_start,
    enriched_subtypes,
    flow,
    has_failed,
    share_by_descent,
)
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import (
    Panels,
    add_note,
    color_key,
    key_height,
    note_height,
    say_nothing_to_see,
    title_height,
    title_lines,
)
from leukosim.figures.elements.style import LETTER, add_axes, empty_figure, subtype_colors

HIGH, NODE, GAP = 40.0, 0.08, 0.02  # mm of a panel; width of a node and gap between, of a panel
NOTE = (
    "Left: mean fractions at diagnosis. Right: the same patients' mean fractions at failure or "
    "relapse, else on the last day; only patients with leukaemic stem cells left then. A ribbon "
    "joins cells to what their ancestors were: it widens where they outgrow others, and has the "
    "colour of its origin. Shares in the text are of patients who failed, 95 % intervals from "
    "resampling them."
)


@dataclass(frozen=True)
class Flow:
    """Cells of an arm at the start and at the end, as mean fractions over its patients."""

    start: np.ndarray  # float64[subtype]
    end: np.ndarray  # float64[origin, subtype]
    n: int  # patients with cells left
    failed: int  # of these, at failure or relapse
    without_cells: int  # patients who were followed and have none left
    subtypes: list[str]
    enriched: list[str]  # of these, the enriched ones
    share: Estimate  # of enriched cells at failure, those that descend from such cells


def flow_of(ds: xr.Dataset, arm: str) -> Flow:
    """The flow of an arm; fractions are nan where no patient has cells left."""
    names, enriched = [str(name) for name in ds["subtype"].values], enriched_subtypes(ds)
    cells = flow(ds).sel(arm=arm, origin=names).transpose("patient", "origin", "subtype").values
    starts = composition_at_start(ds).transpose("patient", "subtype").values
    left = ~np.isnan(cells).any((1, 2))
    followed = ds["follow_up_day"].sel(arm=arm).notnull().values
    failed = has_failed(ds).sel(arm=arm).values
    n = int(left.sum())
    start = starts[left].mean(0) if n else np.full(len(names), np.nan)
    end = cells[left].mean(0) if n else np.full((len(names),) * 2, np.nan)
    share = share_by_descent(ds, arm, enriched)
    counts = n, int((left & failed).sum()), int((followed & ~left).sum())
    return Flow(start, end, *counts, names, enriched, share)


def draw_flow(result: Flow, ax: Axes, colors: dict[str, str]) -> Axes:
    """Nodes at the start and at the end, ribbons between them."""
    ax.set(xlim=(0.0, 1.0), ylim=(1.0 + GAP * len(colors), -GAP))
    ax.set_xticks([0.0, 1.0], ["diagnosis", "end"])
    for label, side in zip(ax.get_xticklabels(), ("left", "right"), strict=True):
        label.set_horizontalalignment(side)
    ax.tick_params(axis="x", length=0)
    ax.set_yticks([])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    if not result.n:
        say_nothing_to_see(ax, "no leukaemic\nstem cell left")
        return ax
    shades = list(colors.values())
    tops = [node_tops(result.start), node_tops(result.end.sum(0))]
    for x, top, sizes in (
        (0.0, tops[0], result.start),
        (1.0 - NODE, tops[1], result.end.sum(0)),
    ):
        ax.bar(np.full(len(sizes), x), sizes, NODE, top, align="edge", color=shades, linewidth=0)
    descendants = result.end.sum(1, keepdims=True)
    leaving = result.start[:, None] * np.divide(
        result.end, descendants, out=np.zeros_like(result.end), where=descendants > 0.0
    )
    out = tops[0][:, None] + np.cumsum(leaving, 1) - leaving
    into = tops[1][None, :] + np.cumsum(result.end, 0) - result.end
    for o, s in np.argwhere(result.end > 0.0):
        ends = (out[o, s], leaving[o, s]), (into[o, s], result.end[o, s])
        ax.add_patch(PathPatch(ribbon(*ends), color=shades[o], alpha=0.45, linewidth=0))
    return ax


def node_tops(sizes: np.ndarray) -> np.ndarray:
    """Where nodes begin, one under the other with gaps."""
    return np.cumsum(sizes) - sizes + GAP * np.arange(len(sizes))


def ribbon(start: tuple[float, float], end: tuple[float, float]) -> Path:
    """From a place at the left to one at the right, each by its top and its width."""
    left, right, middle = NODE, 1.0 - NODE, 0.5
    (a, wide_a), (b, wide_b) = start, end
    corners = [
        (left, a), (middle, a), (middle, b), (right, b),
        (right, b + wide_b), (middle, b + wide_b), (middle, a + wide_a), (left, a + wide_a),
        (left, a),
    ]  # fmt: skip
    curve = [Path.CURVE4] * 3
    return Path(corners, [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])


def share_in_words(result: Flow) -> str:
    """What share of the enriched cells descends from such cells, in a few lines."""
    if not result.enriched:
        return ""
    cells, share = " or ".join(result.enriched), result.share
    if share.n == 0:
        return f"\nNo {cells} cells at failure"
    ends = "" if np.isnan(share.low) else f" ({100 * share.low:.0f}–{100 * share.high:.0f})"
    return (
        f"\n{cells} cells at failure that descend from such cells:"
        f"\n{100 * share.value:.0f} %{ends}, n = {share.n}"
    )


def whose(result: Flow) -> str:
    """How many patients a panel shows, and how many it cannot."""
    rest = f"\n{result.without_cells} more without cells left" if result.without_cells else ""
    return f"n = {result.n} ({result.failed} at failure){rest}"


def in_lines(text: str, wide_mm: float) -> str:
    """A small text in lines that fit under a panel."""
    letters = max(int(wide_mm / (0.85 * LETTER)), 12)
    return "\n".join(line for part in text.split("\n") for line in textwrap.wrap(part, letters))


def flow_numbers(ds: xr.Dataset) -> dict[str, Flow]:
    """The flow of every arm."""
    return {arm: flow_of(ds, arm) for arm in map(str, ds["arm"].values)}


def flow_table(flows: dict[str, Flow]) -> pd.DataFrame:
    """Every number: part (start, flow, share), arm, origin, subtype, value, low, high, n.

    ``value`` is a mean fraction, or with ``low`` and ``high`` a share of the enriched cells.
    """
    rows: list[tuple[str | float, ...]] = []
    for arm, result in flows.items():
        names, share, cells = result.subtypes, result.share, " or ".join(result.enriched)
        for o, origin in enumerate(names):
            rows.append(("start", arm, origin, "", result.start[o], np.nan, np.nan, result.n))
            rows += [
                ("flow", arm, origin, subtype, result.end[o, s], np.nan, np.nan, result.n)
                for s, subtype in enumerate(names)
            ]
        rows.append(("share", arm, cells, cells, share.value, share.low, share.high, share.n))
    columns = ["part", "arm", "origin", "subtype", "value", "low", "high", "n"]
    return pd.DataFrame(rows, columns=columns)


def flow_between_subtypes_figure(
    ds: xr.Dataset, flows: dict[str, Flow], width_mm: float = PAGE
) -> Figure:
    """A panel for each arm, and below it what descends from what.

    flows : of :func:`flow_numbers`
    """
    arms, colors = list(flows), subtype_colors(ds["subtype"].values)
    panels = Panels(
        len(arms), width_mm, left=4.0, gap=5.0, narrowest=26.0 if width_mm >= PAGE else 22.0
    )
    titles = title_lines(arms, panels.wide)
    words = {
        arm: in_lines(whose(result) + share_in_words(result), panels.wide + 3.0)
        for arm, result in flows.items()
    }
    above, key = title_height(titles), key_height(colors, width_mm - 6.0) + 2.0
    below = 4.5 + 2.4 * (max(text.count("\n") for text in words.values()) + 1) + 2.0
    one = above + HIGH + below
    note = note_height(NOTE, width_mm)
    figure = empty_figure(width_mm, key + panels.rows * one + note)
    color_key(figure, 3.0, 1.0, width_mm - 6.0, colors)
    for i, arm in enumerate(arms):
        top = key + panels.row(i) * one + above
        ax = add_axes(figure, panels.at(i), top, panels.wide, HIGH)
        draw_flow(flows[arm], ax, colors)
        ax.set_title(titles[arm], linespacing=1.1)
        place = {"textcoords": "offset points", "ha": "left", "va": "top", "annotation_clip": False}
        ax.annotate(
            words[arm],
            (0.0, 0.0),
            (0.0, -11.0),
            "axes fraction",
            size=5.0,
            linespacing=1.15,
            **place,
        )
    add_note(figure, NOTE, key + panels.rows * one)
    return figure
