"""What selection, reprogramming or both say of resistance: enrichment, response and descent."""

import textwrap

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.bootstrap import (
    MIN_PATIENTS_FOR_ESTIMATE,
    mean,
    percentile_interval,
    resample_indices,
)
from leukosim.analysis.endpoints import NOTHING, Estimate, best_response, proportion
from leukosim.analysis.hypothesis_discrimination import (
    AXIS,
    by_hypothesis,
    can_follow_cells,
    hypotheses,
)
from leukosim.analysis.measures import enrichment
from leukosim.analysis.stem_cell_composition import (
    composition_at_start,
    enriched_subtypes,
    flow,
    has_failed,
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
from leukosim.figures.elements.standard import Tables
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    LETTER,
    LINE,
    add_axes,
    add_heading,
    empty_figure,
    in_words,
    subtype_colors,
)

HIGH, LOW = 24.0, 16.0  # mm, of a panel on a page and in a column
GAP = 3.0  # mm
LESS = "less without reprogramming"


def response_numbers(ds: xr.Dataset) -> pd.DataFrame:
    """Response rates: columns arm, hypothesis, value, low, high, n."""
    return estimated(ds, best_response(ds), proportion)


def enrichment_numbers(ds: xr.Dataset) -> pd.DataFrame:
    """Mean enrichment: columns arm, hypothesis, value, low, high, n (patients who failed)."""
    return estimated(ds, enrichment(ds), mean)


def estimated(ds: xr.Dataset, values: xr.DataArray, estimate) -> pd.DataFrame:
    """An estimate over patients for each arm and hypothesis."""
    rows = [
        (str(arm), name, *vars(estimate(each.sel(arm=arm))).values())
        for arm in ds["arm"].values
        for name, each in by_hypothesis(ds, values).items()
    ]
    return pd.DataFrame(rows, columns=["arm", "hypothesis", "value", "low", "high", "n"])


def descent_numbers(ds: xr.Dataset) -> pd.DataFrame:
    """Enriched cells at failure by what their ancestors were, and how many there were before.

    Columns arm, hypothesis, origin ("" for the fraction at diagnosis), value (mean fraction of all
    stem cells), n.
    """
    enriched = enriched_subtypes(ds)
    cells = flow(ds).where(has_failed(ds)).sel(subtype=enriched).sum("subtype", skipna=False)
    before = composition_at_start(ds).sel(subtype=enriched).sum("subtype", skipna=False)
    before = before.where(cells.isel(origin=0).notnull())
    rows = []
    for origin, values in [
        ("", before),
        *((str(o), cells.sel(origin=o)) for o in ds["origin"].values),
    ]:
        for name, each in by_hypothesis(ds, values).items():
            for arm in ds["arm"].values:
                known = each.sel(arm=arm).dropna("who").values
                value = float(known.mean()) if len(known) else np.nan
                rows.append((str(arm), name, origin, value, len(known)))
    return pd.DataFrame(rows, columns=["arm", "hypothesis", "origin", "value", "n"])


def less_without(
    ds: xr.Dataset, arm: str, without: str = "selection", to: str = "both"
) -> Estimate:
    """By how much enrichment is smaller without reprogramming: mean difference, its interval.

    Means over those who failed under either hypothesis; patients are resampled under both at once.
    """
    of_hypothesis = by_hypothesis(ds, enrichment(ds))
    if without not in of_hypothesis or to not in of_hypothesis:
        return NOTHING
    pair = [of_hypothesis[name].sel(arm=arm).values.astype(float) for name in (to, without)]
    n = min(int((~np.isnan(each)).sum()) for each in pair)
    if n == 0 or len(pair[0]) != len(pair[1]):
        return NOTHING
    difference = known_mean(pair[0]) - known_mean(pair[1])
    if n < MIN_PATIENTS_FOR_ESTIMATE:
        return Estimate(float(difference), np.nan, np.nan, n)
    indices = resample_indices(len(pair[0]))
    ends = percentile_interval(known_mean(pair[0][indices]) - known_mean(pair[1][indices]))
    return Estimate(float(difference), *ends, n)


def known_mean(values: np.ndarray) -> np.ndarray:
    """The mean along the last axis, nan left out; nan where there is nothing else."""
    known = ~np.isnan(values)
    n = known.sum(-1)
    return np.where(known, values, 0.0).sum(-1) / np.where(n > 0, n, np.nan)


def statement(row) -> str:
    """By how much enrichment is smaller without reprogramming, in words.

    row : arm, value, low, high and n
    """
    ends = "" if np.isnan(row.low) else f" ({row.low:.2f} to {row.high:.2f})"
    return f"{in_words(row.arm)}: {row.value:.2f}{ends}, n = {row.n}"


def draw_estimates(table: pd.DataFrame, ax: Axes, names: list[str]) -> Axes:
    """A dot with its interval for each hypothesis.

    table : rows of one arm of :func:`response_numbers` or :func:`enrichment_numbers`
    """
    for i, each in enumerate(table.set_index("hypothesis").reindex(names).itertuples()):
        if np.isnan(each.value):
            ax.text(i, 0.02, "none", ha="center", va="bottom", size=5.0, color=GREY)
            continue
        ax.vlines(i, each.low, each.high, color=BLACK, linewidth=0.8)
        face = BLACK if each.n >= MIN_PATIENTS_FOR_ESTIMATE else "white"
        ax.plot(i, each.value, "o", color=BLACK, mfc=face, markersize=3, mew=0.6)
    ax.set_xlim(-0.6, len(names) - 0.4)
    ax.set_xticks(range(len(names)), [""] * len(names))
    return ax


def draw_descent(table: pd.DataFrame, ax: Axes, names: list[str], colors: dict[str, str]) -> Axes:
    """A stack for each hypothesis, in the colours of the origins.

    table : rows of one arm of :func:`descent_numbers`
    """
    values = table.pivot(index="hypothesis", columns="origin", values="value").reindex(names)
    bottom = np.zeros(len(names))
    for origin, color in colors.items():
        sizes = values[origin].fillna(0.0).to_numpy()
        ax.bar(range(len(names)), sizes, 0.62, bottom, color=color, linewidth=0)
        bottom += sizes
    before = values[""].to_numpy()
    at = np.arange(len(names))
    ax.hlines(before, at - 0.36, at + 0.36, color="white", linewidth=1.6)
    ax.hlines(before, at - 0.36, at + 0.36, color=BLACK, linewidth=0.7)
    if not np.isfinite(before).any():
        say_nothing_to_see(ax, "nobody\nfailed")
    ax.set(xlim=(-0.6, len(names) - 0.4), ylim=(0.0, 1.0), yticks=(0.0, 0.5, 1.0))
    ax.set_xticks(range(len(names)), names, rotation=90)
    return ax


def hypotheses_numbers(ds: xr.Dataset) -> Tables:
    """Response, enrichment and descent, and how much smaller enrichment is by selection alone."""
    arms = [str(arm) for arm in ds["arm"].values]
    less = [(arm, "both minus selection", *vars(less_without(ds, arm)).values()) for arm in arms]
    columns = ["arm", "hypothesis", "value", "low", "high", "n"]
    return {
        "response": response_numbers(ds),
        "enrichment": enrichment_numbers(ds),
        "descent": descent_numbers(ds),
        LESS: pd.DataFrame(less, columns=columns),
    }


def hypotheses_figure(ds: xr.Dataset, tables: Tables, width_mm: float = PAGE) -> Figure:
    """For each arm, by hypothesis: response, enrichment after failure, and its descent.

    tables : of :func:`hypotheses_numbers`
    """
    arms, names = [str(arm) for arm in ds["arm"].values], hypotheses(ds)
    colors = subtype_colors(ds["origin"].values)
    panels = Panels(
        len(arms), width_mm, left=15.0, gap=GAP, narrowest=28.0 if width_mm >= PAGE else 20.0
    )
    titles = title_lines(arms, panels.wide)
    above, key = title_height(titles), key_height(colors, width_mm - 6.0)
    labels = LETTER * max(map(len, names)) + 2.0
    high = HIGH if width_mm >= PAGE else LOW
    one = above + 3 * high + 2 * GAP + LINE + labels + 3.0
    said = [statement(row) for row in tables[LESS].itertuples() if row.n > 0]
    cells = " or ".join(enriched_subtypes(ds))
    words = (
        ["How much smaller enrichment is under selection than under both:", *said] if said else []
    )
    note = note_of(cells)
    lines = [piece for line in words for piece in textwrap.wrap(line, int(width_mm / 1.15))]
    spoken = 2.8 * len(lines) + 2.0
    figure = empty_figure(
        width_mm, panels.rows * one + LINE + 1.0 + key + spoken + note_height(note, width_mm)
    )
    ends = enrichment_ends(tables["enrichment"])
    for i, arm in enumerate(arms):
        top, first = panels.row(i) * one + above, panels.is_first(i)
        of_arm = {part: table[table["arm"] == arm] for part, table in tables.items()}
        axes = [
            add_axes(figure, panels.at(i), top + down, panels.wide, high)
            for down in (0.0, high + GAP, 2 * (high + GAP) + LINE)
        ]
        share = draw_estimates(of_arm["response"], axes[0], names)
        share.set(ylim=(-0.03, 1.03), yticks=(0.0, 0.5, 1.0))
        draw_estimates(of_arm["enrichment"], axes[1], names).set_ylim(*ends)
        axes[1].axhline(0.0, color=GREY, linewidth=0.5, linestyle=":")
        n = of_arm["enrichment"].set_index("hypothesis")["n"].reindex(names).fillna(0)
        axes[1].set_xticks(range(len(names)), [f"{each:.0f}" for each in n])
        axes[1].tick_params(axis="x", length=0, labelsize=5.0)
        draw_descent(of_arm["descent"], axes[2], names, colors)
        axes[0].set_title(titles[arm], linespacing=1.1)
        for ax, label in zip(
            axes,
            ("CR/CRh/CRi", "Enrichment\nat failure", "Fraction at failure\nby origin"),
            strict=True,
        ):
            ax.tick_params(labelleft=first)
            if first:
                ax.set_ylabel(label)
        if i == 0:
            for letter, ax in zip("abc", axes, strict=True):
                box = ax.get_position()
                figure.text(1.5 / width_mm, box.y1, letter, weight="bold", va="center", size=8.0)
    top = panels.rows * one
    add_heading(figure, (0.0, top), "Origin: what the ancestors were at diagnosis", "")
    color_key(figure, 3.0, top + LINE + 1.0, width_mm - 6.0, colors)
    top += LINE + 1.0 + key
    high_mm = figure.get_figheight() * 25.4
    figure.text(
        2.0 / width_mm, 1.0 - (top + 1.0) / high_mm, "\n".join(lines), va="top", size=5.5,
        linespacing=1.25,
    )  # fmt: skip
    add_note(figure, note, top + spoken)
    return figure


def note_of(cells: str) -> str:
    """The small print."""
    return (
        "a: best response CR, CRh or CRi of all treated, exact 95 % intervals. b: fraction "
        f"of {cells} stem cells at failure (declared, relapse, or overt leukaemia on the last day) "
        "minus that at diagnosis, mean over patients who failed (n below), 95 % intervals from "
        "resampling them; hollow, without interval: fewer than "
        f"{MIN_PATIENTS_FOR_ESTIMATE}. c: what these cells were "
        "at diagnosis, as mean fraction of all stem cells at failure; line: their fraction at "
        "diagnosis in the same patients. The same virtual patients under all hypotheses."
    )


def enrichment_ends(table: pd.DataFrame) -> tuple[float, float]:
    """The range of the axis of enrichment, with 0 in it."""
    values = table[["value", "low", "high"]].to_numpy(float)
    known = values[np.isfinite(values)]
    low, high = min([0.0, *known]), max([0.0, *known])
    margin = 0.08 * max(high - low, 0.05)
    return float(low - margin), float(high + margin)


def compares_hypotheses(ds: xr.Dataset) -> bool:
    """Whether a sweep is over hypotheses and says what became of the cells."""
    return (
        AXIS in ds.coords
        and "best_response" in ds
        and can_follow_cells(ds)
        and bool(ds["stem_cells_at_treatment_failure"].notnull().any())
    )
