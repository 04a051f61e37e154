"""Strategies as a calendar: the visits, then the days of every regimen on which drugs are given."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.endpoints import DAYS_PER_MONTH
from leukosim.clinic.strategy.monitoring import Monitoring
from leukosim.clinic.strategy.regimens import Regimen
from leukosim.clinic.strategy.rules import Strategy
from leukosim.clinic.strategy.wording import is_placebo
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import add_note, color_key, key_height, note_height
from leukosim.figures.elements.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY_BLUE,
    VERMILLION,
    add_axes,
    add_heading,
    arm_colors,
    empty_figure,
    in_words,
    month_ticks,
    own_or_free,
)

DRUG_COLORS = {
    "azacitidine": BLUE, "venetoclax": ORANGE, "cytarabine": GREEN, "motixafortide": PURPLE,
    "placebo": GREY, "navitoclax": VERMILLION, "degrader": SKY_BLUE,
}  # fmt: skip
LEFT, RIGHT, ROW, GAP, FOOT, VISITS = 50.0, 4.0, 3.6, 2.5, 8.0, 20.0  # mm
SHOWN = 84  # days of a regimen
NOTE = (
    "Days counted from the start of a regimen; each rule says when that is. Shown are the first "
    f"{SHOWN} days at most; lines: the start of a cycle. Holds and shorter cycles after low counts "
    "are not shown. Empty boxes: placebo."
)


@dataclass(frozen=True)
class Line:
    """One drug of one regimen of one arm."""

    arm: str
    regimen: str
    drug: str
    days: np.ndarray  # of the regimen, from 1 on
    cycle_days: int
    cycles: int
    is_placebo: bool  # a dose of nothing
    is_only_regimen: bool  # of its arm

    @property
    def label(self) -> str:
        """What stands before it."""
        drug = in_words(self.drug) + (" (placebo)" if self.is_placebo else "")
        return drug if self.is_only_regimen else f"{in_words(self.regimen)}: {drug}"


def lines_of(strategies: Mapping[str, Strategy]) -> list[Line]:
    """A line for each drug of each regimen of each arm."""
    return [
        Line(
            arm,
            name,
            drug,
            dose_days(regimen, drug),
            regimen.cycle_days,
            regimen.cycles,
            is_placebo(regimen.drugs[drug]),
            len(strategy.regimens) == 1,
        )
        for arm, strategy in strategies.items()
        for name, regimen in strategy.regimens.items()
        for drug in regimen.drugs
    ]


def dose_days(regimen: Regimen, drug: str) -> np.ndarray:
    """Days of the regimen, from 1 on, on which a drug is given; the first SHOWN of them."""
    of_cycle = np.array(sorted(regimen.drugs[drug].days))
    cycles = np.arange(regimen.cycles)[:, None] * regimen.cycle_days
    days = (of_cycle + cycles).ravel()
    return days[days <= shown_days(regimen.cycle_days)]


def shown_days(cycle_days: int) -> int:
    """Days that are shown: a cycle is never cut short."""
    return max(SHOWN, cycle_days)


def sample_days(monitoring: Monitoring, horizon_days: float) -> np.ndarray:
    """Days of MRD samples."""
    return np.arange(monitoring.first_day, horizon_days + 1.0, monitoring.interval_days)


def draw_visits(monitoring: Monitoring, horizon_days: float, ax: Axes) -> Axes:
    """MRD samples and blood counts over the whole follow-up."""
    rows = {
        f"MRD ({monitoring.sample})": sample_days(monitoring, horizon_days),
        "blood counts": np.arange(0.0, horizon_days + 1.0, monitoring.blood_count_days),
    }
    for y, days in enumerate(rows.values()):
        months = days / DAYS_PER_MONTH
        ax.plot(months, np.full(len(months), y), "v" if y == 0 else "|", color=BLACK,
                markersize=3.0 if y == 0 else 4.0, mew=0.4, clip_on=False)  # fmt: skip
    ax.set(
        ylim=(1.6, -0.6), yticks=range(len(rows)), yticklabels=list(rows),
        xlim=(0.0, horizon_days / DAYS_PER_MONTH), xticks=month_ticks(horizon_days),
        xlabel="Months from enrolment",
    )  # fmt: skip
    ax.tick_params("y", length=0)
    ax.spines["left"].set_visible(False)
    return ax


def draw_course_days(lines: list[Line], ax: Axes, colors: Mapping[str, str]) -> Axes:
    """A row for each drug of each regimen: its days, and where cycles begin."""
    last = max(shown_days(line.cycle_days) for line in lines)
    for y, line in enumerate(lines):
        spans = [(day - 1.0, 1.0) for day in line.days]
        color = colors[line.drug]
        inside = {"facecolor": "white", "linewidth": 0.5} if line.is_placebo else {"linewidth": 0}
        ax.broken_barh(
            spans, (y - 0.33, 0.66), **{"facecolor": color, "edgecolor": color, **inside}
        )
        ends = min(shown_days(line.cycle_days), line.cycle_days * line.cycles)
        for start in np.arange(0, ends + 1, line.cycle_days):
            ax.plot([start, start], [y - 0.45, y + 0.45], color=GREY, linewidth=0.5)
        ax.plot([0, ends], [y + 0.45] * 2, color=GREY, linewidth=0.3)
    ax.set(
        ylim=(len(lines) - 0.4, -0.6), yticks=range(len(lines)), xlim=(0.0, last),
        yticklabels=[line.label for line in lines],
        xticks=np.arange(0, last + 1, 14),
    )  # fmt: skip
    ax.tick_params("y", length=0, labelsize=5.0)
    ax.spines["left"].set_visible(False)
    return ax


def calendar_figure(
    strategies: Mapping[str, Strategy],
    monitoring: Monitoring,
    horizon_days: float,
    width_mm: float = PAGE,
) -> Figure:
    """Visits on top, the regimens of each arm below."""
    by_arm = {arm: lines_of({arm: strategy}) for arm, strategy in strategies.items()}
    lines = [line for of_arm in by_arm.values() for line in of_arm]
    drugs = own_or_free(dict.fromkeys(line.drug for line in lines), DRUG_COLORS)
    wide = width_mm - LEFT - RIGHT
    heights = {arm: ROW * max(len(of_arm), 1) + 6.0 + GAP for arm, of_arm in by_arm.items()}
    key = key_height(drugs, wide) if drugs else 0.0
    end = VISITS + sum(heights.values()) + FOOT + key
    figure = empty_figure(width_mm, end + note_height(NOTE, width_mm) + 1.0)
    add_heading(figure, (0.0, 0.5), "Visits", "a")
    draw_visits(monitoring, horizon_days, add_axes(figure, LEFT, 5.0, wide, 7.0))
    top, colors = VISITS, arm_colors(strategies)
    for i, (arm, of_arm) in enumerate(by_arm.items()):
        name, title = in_words(arm), strategies[arm].title
        title = name if title == name else f"{name}: {title}"
        add_heading(figure, (0.0, top), title, "bcdefghijklmnopqrstuvwxyz"[i % 25])
        figure.texts[-1].set_color(colors[arm])
        ax = add_axes(figure, LEFT, top + 5.0, wide, ROW * max(len(of_arm), 1))
        if of_arm:
            draw_course_days(of_arm, ax, drugs)
        else:
            ax.set_axis_off()
            ax.text(0.0, 0.5, "no drug is given", va="center", color=GREY)
        if i == len(by_arm) - 1 and of_arm:
            ax.set_xlabel("Day of the regimen")
        else:
            ax.set_xticklabels([])
        top += heights[arm]
    if drugs:
        color_key(figure, LEFT, top + FOOT - 2.0, wide, drugs)
    add_note(figure, NOTE, end)
    return figure


def numbers_drawn(
    strategies: Mapping[str, Strategy], monitoring: Monitoring, horizon_days: float
) -> pd.DataFrame:
    """Every day that is drawn: columns what, arm, regimen, drug, day."""
    rows = [
        ("dose", line.arm, line.regimen, line.drug, float(day))
        for line in lines_of(strategies)
        for day in line.days
    ]
    rows += [("MRD sample", "", "", "", day) for day in sample_days(monitoring, horizon_days)]
    return pd.DataFrame(rows, columns=["what", "arm", "regimen", "drug", "day"])
