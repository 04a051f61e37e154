"""A proposed trial: its power by size, and the effect that it would measure, by who is enrolled."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.trial_emulation.power import ALL, OTHERS, SELECTED, Evidence
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.save import by_part
from leukosim.figures.elements.small_multiples import add_note, note_height
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    ORANGE,
    add_axes,
    add_heading,
    empty_figure,
    wrapped,
)

COLORS = {ALL: BLACK, SELECTED: ORANGE, OTHERS: GREY}
LEFT, TOP, HIGH, GAP, FOOT = 14.0, 8.0, 50.0, 36.0, 9.0  # mm
ROW = 15.0  # mm, of a population
ON_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
LOWEST, HIGHEST = 0.1, 4.0  # hazard ratios
TICKS = (4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)


def draw_power(evidence: Evidence, ax: Axes) -> Axes:
    """Power of simulated trials, the band of what the effect may be, and the assurance."""
    for enrolled, curve in evidence.curves.groupby("enrolled", sort=False):
        color = COLORS[str(enrolled)]
        if curve["power_low"].notna().any():
            ax.fill_between(curve["patients"], curve["power_low"], curve["power_high"],
                            color=color, alpha=0.15, linewidth=0)  # fmt: skip
        ax.vlines(curve["patients"], curve["low"], curve["high"], color=color, linewidth=0.6)
        ax.plot(curve["patients"], curve["power"], "o-", color=color, markersize=2.2, mew=0,
                label=label_of(str(enrolled), evidence))  # fmt: skip
        ax.plot(curve["patients"], curve["assurance"], ":", color=color)
    ax.axhline(evidence.proposal.power, color=GREY, linewidth=0.6, linestyle="--")
    sizes = sorted(evidence.curves["patients"].unique())
    shown = [size for size in TICKS if sizes[0] <= size <= sizes[-1]] or sizes
    ax.set(
        xscale="log", xlim=(sizes[0] * 0.93, sizes[-1] * 1.07), ylim=(0.0, 1.02), xticks=shown,
        xticklabels=[f"{size:,}" for size in shown], xlabel="Patients randomised",
        ylabel=f"Power (two-sided {evidence.proposal.significance:.3g}, benefit)",
    )  # fmt: skip
    ax.minorticks_off()
    ax.legend(loc="upper left", handlelength=1.6)
    return ax


def label_of(enrolled: str, evidence: Evidence) -> str:
    """Who is enrolled, short enough for a key."""
    if enrolled != SELECTED:
        return enrolled
    return wrapped(evidence.criterion, 34.0, 1.0)


def draw_effects(evidence: Evidence, ax: Axes) -> Axes:
    """The hazard ratio under the design in each population, 95 % intervals; numbers beside."""
    table = evidence.effects
    ax.axvline(1.0, color=GREY, linewidth=0.6)
    for y, row in enumerate(table.itertuples()):
        color = COLORS[row.enrolled]
        if np.isnan(row.hazard_ratio):
            ax.text(1.0, y, "too few events", ha="center", va="center", color=GREY, size=5.0)
            continue
        if not np.isnan(row.low):
            low, high = np.clip([row.low, row.high], LOWEST, HIGHEST)
            ax.plot([low, high], [y, y], color=color)
        ax.plot(np.clip(row.hazard_ratio, LOWEST, HIGHEST), y, "s", color=color, mew=0)
        low_high = "" if np.isnan(row.low) else f" ({row.low:.2f}–{row.high:.2f})"
        x = np.clip(row.hazard_ratio, 2.5 * LOWEST, 0.4 * HIGHEST)  # where the numbers have room
        ax.text(x, y - 0.2, f"{row.hazard_ratio:.2f}{low_high}", size=5.0, ha="center",
                va="center", bbox=ON_WHITE)  # fmt: skip
    names = [
        f"{wrapped(label_of(row.enrolled, evidence), 30.0, 1.0)}\n{row.virtual_patients:,} virtual "
        f"patients"
        for row in table.itertuples()
    ]
    ax.set(
        xscale="log", xlim=(LOWEST, HIGHEST), ylim=(len(table) - 0.4, -0.6),
        xticks=[0.1, 0.2, 0.5, 1.0, 2.0, 4.0], xticklabels=["0.1", "0.2", "0.5", "1", "2", "4"],
        yticks=range(len(table)), yticklabels=names, xlabel="Hazard ratio under this design",
    )  # fmt: skip
    ax.minorticks_off()
    ax.tick_params("y", length=0, labelsize=5.0)
    ax.spines["left"].set_visible(False)
    return ax


def power_figure(evidence: Evidence, width_mm: float = PAGE) -> Figure:
    """Power at the left, the effect at the right."""
    note = note_of(evidence)
    on_page, one = width_mm >= PAGE, TOP + HIGH + FOOT
    rows = min(ROW * (len(evidence.effects) + 0.3), HIGH)
    wide = (width_mm - LEFT - GAP - 4.0) * 0.56 if on_page else width_mm - LEFT - 4.0
    left, top = (LEFT + wide + GAP, 0.0) if on_page else (GAP - 2.0, one)  # of the effects
    end = one if on_page else one + TOP + rows + FOOT
    figure = empty_figure(width_mm, end + note_height(note, width_mm) + 1.0)
    add_heading(figure, (0.0, 1.5), "Power by size", "a")
    draw_power(evidence, add_axes(figure, LEFT, TOP, wide, HIGH))
    at = max(left - GAP + 4.0, 0.0) if on_page else 0.0, top + 1.5
    add_heading(figure, at, "The effect that the trial would measure", "b")
    draw_effects(evidence, add_axes(figure, left, top + TOP, width_mm - left - 4.0, rows))
    add_note(figure, note, end)
    return figure


def note_of(evidence: Evidence) -> str:
    """What is proposed, and what it needs, in words."""
    design, proposal = evidence.design, evidence.proposal
    needs = []
    for row in evidence.needed.itertuples():
        who = row.enrolled if row.enrolled != SELECTED else f"patients with {evidence.criterion}"
        if not np.isfinite(row.patients):
            needs.append(f"more {who} than can be told")
            continue
        about = "about " if row.extrapolated else ""
        patients, events, tested = (
            f"{np.ceil(n):,.0f}" for n in (row.patients, row.events, row.screened)
        )
        screened = f", {tested} screened" if row.enrolled == SELECTED else ""
        needs.append(f"{about}{patients} {who} ({events} events{screened})")
    arm, against = (name.replace("_", " ") for name in (evidence.arm, evidence.against))
    return (
        f"{arm} against {against}, one to one, to {evidence.endpoint}; accrual over "
        f"{design.accrual_months:g} months, median follow-up {design.follow_up_months:.3g} months, "
        f"{design.dropout_per_year:.0%} a year lost. {design.trials:,} simulated trials of each "
        "size (dots; bars: their chance). Bands in a and intervals in b: 95 % of what the effect "
        "may be, from resampling the virtual patients; dotted: power averaged over that "
        "(assurance). The model's parameters are taken as certain. "
        f"{proposal.power:.0%} power takes {' or '.join(needs)}."
    )


def numbers_drawn(evidence: Evidence) -> pd.DataFrame:
    """Every number of the figure, told apart by ``part``: power, effect, sample size."""
    return by_part(
        {"power": evidence.curves, "effect": evidence.effects, "sample size": evidence.needed}
    )
