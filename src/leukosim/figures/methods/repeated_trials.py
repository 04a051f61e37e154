"""A trial repeated a thousand times: hazard ratios it could have shown, and power by its size."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.subgroup_effects import arms_of, has_groups
from leukosim.analysis.trial_emulation.repeated_trials import (
    POWER,
    Design,
    effects,
    patients_for_power,
    pool_of,
    power_by_size,
    repeat,
    summary,
)
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.standard import Tables
from leukosim.figures.elements.style import BLACK, GREY, ORANGE, add_axes, add_heading, empty_figure

SEED = 1
NEEDED = "patients for 80 % power"
FEWEST = 400  # virtual patients, for a pool
LEFT, TOP, HIGH, GAP = 14.0, 9.0, 44.0, 18.0  # mm
LOWEST, HIGHEST, BINS = 0.1, 4.0, 45
OVERALL, IN_HIGH = ("hazard_ratio", "all patients", BLACK), (
    "hazard_ratio_high", "CXCR4-high", ORANGE,
)  # fmt: skip


def is_pool(ds: xr.Dataset) -> bool:
    """Whether a dataset has patients enough to draw trials from."""
    return has_groups(ds) and ds.sizes["patient"] >= FEWEST


def trials_numbers(ds: xr.Dataset) -> Tables:
    """Every trial, the power by size, the sizes for the power, and the shares."""
    pool, design = pool_of(ds, *arms_of(ds)), Design()
    table, powers = effects(repeat(pool, design, SEED)), power_by_size(pool, design, SEED)
    return {
        "trial": table,
        "power": powers,
        NEEDED: patients_for_power(powers),
        "summary": summary(table).rename_axis("quantity").reset_index(name="value"),
    }


def draw_ratios(table: pd.DataFrame, ax: Axes) -> Axes:
    """Distributions over trials of two hazard ratios, with zero effect marked."""
    edges = np.geomspace(LOWEST, HIGHEST, BINS)
    for name, label, color in (OVERALL, IN_HIGH):
        shown = table[name].dropna().clip(LOWEST, HIGHEST)
        ax.hist(shown, edges, histtype="stepfilled", color=color, alpha=0.25, linewidth=0)
        ax.hist(shown, edges, histtype="step", color=color, linewidth=0.9, label=label)
        ax.axvline(shown.median(), color=color, linewidth=0.7, linestyle="--")
    ax.axvline(1.0, color=GREY, linewidth=0.8)
    ax.set(
        xscale="log", xlim=(LOWEST, HIGHEST), xticks=[0.1, 0.2, 0.5, 1.0, 2.0, 4.0],
        xticklabels=["0.1", "0.2", "0.5", "1", "2", "4"],
        xlabel="Hazard ratio of relapse or death", ylabel="Trials",
    )  # fmt: skip
    ax.minorticks_off()
    ax.set_ylim(0.0, ax.get_ylim()[1] * 1.15)
    ax.annotate(
        "no effect", (1.0, 0.99), xycoords=("data", "axes fraction"), xytext=(2, 0),
        textcoords="offset points", va="top", color=GREY, size=5.0,
    )  # fmt: skip
    ax.legend(loc="upper left")
    return ax


def draw_power(table: pd.DataFrame, ax: Axes) -> Axes:
    """Power against the number of patients who are randomised, by who is enrolled."""
    colors = {"all-comers": BLACK, "CXCR4-high by the assay": ORANGE}
    for enrolled, color in colors.items():
        curve = table[table["enrolled"] == enrolled]
        ax.fill_between(
            curve["patients"], curve["low"], curve["high"], color=color, alpha=0.2, linewidth=0
        )
        ax.plot(curve["patients"], curve["power"], "o-", color=color, markersize=2.2, mew=0,
                label=enrolled)  # fmt: skip
    ax.axhline(POWER, color=GREY, linewidth=0.6, linestyle="--")
    sizes = sorted(table["patients"].unique())
    shown = [size for size in sizes if size in (64, 128, 256, 512, 1024, 2048, 4096)] or sizes
    ax.set(
        xscale="log", xlim=(sizes[0] * 0.93, sizes[-1] * 1.07), ylim=(0.0, 1.02), xticks=shown,
        xticklabels=[f"{size:,}" for size in shown], xlabel="Patients randomised",
        ylabel="Power (two-sided 5 %, benefit)",
    )  # fmt: skip
    ax.minorticks_off()
    ax.legend(loc="upper left")
    return ax


def note_of(ds: xr.Dataset, tables: Tables) -> str:
    """What the trials amount to, in words."""
    result, design = tables["summary"].set_index("quantity")["value"], Design()
    needed, powers = tables[NEEDED].set_index("enrolled"), tables["power"]

    def patients(enrolled: str, column: str) -> str:
        n = float(needed.loc[enrolled, column])
        about = "about " if needed.loc[enrolled, "extrapolated"] else ""
        return f"{about}{n:,.0f}" if np.isfinite(n) else f"far over {powers['patients'].max():,}"

    by_assay = "CXCR4-high by the assay"
    share = float((ds["cxcr4_group"] == 2).mean())
    return (
        f"{design.trials:,} trials of {design.patients} patients drawn from "
        f"{ds.sizes['patient']:,} virtual ones, {design.follow_up_months:g} months of follow-up. "
        f"Dashed in a: medians ({result['hazard ratio, median']:.2f}; CXCR4-high "
        f"{result['hazard ratio in CXCR4-high, median']:.2f}). Benefit significant overall in "
        f"{result['overall significant']:.1%} of trials, in CXCR4-high patients in "
        f"{result['CXCR4-high significant']:.1%}; the published pattern (not overall, but in "
        f"CXCR4-high) in {result['published pattern']:.1%}. Power {POWER:.0%} takes "
        f"{patients('all-comers', 'patients')} all-comers or {patients(by_assay, 'patients')} "
        f"CXCR4-high patients, who are {share:.0%} of those assayed. Bands: 95 %, of chance "
        "between trials."
    )


def repeated_trials_figure(ds: xr.Dataset, tables: Tables, width_mm: float = PAGE) -> Figure:
    """Hazard ratios and power; side by side on a page.

    tables : of :func:`trials_numbers`
    """
    note = note_of(ds, tables)
    on_page, one = width_mm >= PAGE, TOP + HIGH + 10.0
    wide = (width_mm - LEFT - 4.0 - GAP) / 2.0 if on_page else width_mm - LEFT - 4.0
    left, top = (wide + GAP, 0.0) if on_page else (0.0, one)  # of the second panel
    figure = empty_figure(width_mm, top + one + note_height(note, width_mm))
    add_heading(figure, (0.0, 2.0), "What trials of 128 patients would have shown", "a")
    draw_ratios(tables["trial"], add_axes(figure, LEFT, TOP, wide, HIGH))
    at = left + LEFT - 14.0, top + 2.0
    add_heading(figure, at, "Power, with and without the assay", "b")
    draw_power(tables["power"], add_axes(figure, LEFT + left, top + TOP, wide, HIGH))
    add_note(figure, note, top + one - 1.0)
    return figure
