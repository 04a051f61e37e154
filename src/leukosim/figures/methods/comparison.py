"""Arms against a reference over the same patients: differences, ranks, and control against cost."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.comparison import (
    CYTOPENIA_DAYS,
    DRUG_DAYS,
    RESTRICTED_MEAN,
    SURVIVAL,
    Resampled,
    differences_table,
    levels_table,
    ranking,
)
from leukosim.analysis.endpoints import DAYS_PER_MONTH
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.save import by_part
from leukosim.figures.elements.small_multiples import add_note, note_height, say_nothing_to_see
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    LETTER,
    MM_PER_INCH,
    add_axes,
    add_heading,
    arm_colors,
    empty_figure,
    wrapped,
)

ROW, TOP, GAP, FOOT = 4.2, 12.0, 5.0, 9.0  # mm
LABELS, RIGHT = 44.0, 4.0  # mm: names of arms at the left, at most
FRONT, LOW_FRONT, KEY = 46.0, 34.0, 42.0  # mm: height of fronts, width of the key beside them
SMALLEST = 1.0  # mm, about: a letter of 5 points
MOST = 8  # arms: as many as there are colours


@dataclass(frozen=True)
class Panel:
    """A quantity in which arms differ."""

    quantity: str
    title: str
    axis: str
    scale: float = 1.0


def panels_of(result: Resampled) -> list[Panel]:
    """What is shown: survival on the last day, the restricted mean, the costs that are known."""
    months = result.days[-1] / DAYS_PER_MONTH
    known = {name for name, _ in result.values}
    every = [
        Panel(SURVIVAL, f"{short(result)} at {months:.0f} months", "Difference (% points)", 100.0),
        Panel(RESTRICTED_MEAN, f"Restricted mean, {result.until_day / DAYS_PER_MONTH:.0f} months",
              "Difference (days)"),
        Panel(DRUG_DAYS, "Drug days", "Difference (days)"),
        Panel(CYTOPENIA_DAYS, "Cytopenia days", "Difference (days)"),
    ]  # fmt: skip
    return [each for each in every if each.quantity in known]


def short(result: Resampled) -> str:
    """The endpoint, to begin a title with."""
    return result.endpoint.partition(",")[0].capitalize()


def shown_arms(result: Resampled, against: str) -> list[str]:
    """The arms that are drawn, best first; the reference among them, whatever its rank."""
    order = list(ranking(result)["arm"])
    best = [arm for arm in order if arm != against][: MOST - 1]
    return [arm for arm in order if arm in best or arm == against]


def draw_differences(table: pd.DataFrame, ax: Axes, panel: Panel, arms: list[str]) -> Axes:
    """A dot with its 95 % interval for each arm, zero marked.

    table : of :func:`leukosim.analysis.comparison.differences_table`; the reference has no row
    """
    rows = table[table["quantity"] == panel.quantity]
    rows = rows[rows["day"] == rows["day"].max()].set_index("arm")
    colors = arm_colors(arms)
    ax.axvline(0.0, color=GREY, linewidth=0.6)
    for y, arm in enumerate(arms):
        if arm not in rows.index:
            ax.plot(0.0, y, "o", color=colors[arm], mew=0)
            ax.annotate("reference", (0.0, y), xytext=(4.0, 0.0), textcoords="offset points",
                        size=5.0, color=GREY, va="center")  # fmt: skip
            continue
        value, low, high = rows.loc[arm, ["value", "low", "high"]].astype(float) * panel.scale
        if np.isnan(value):
            continue
        if not np.isnan(low):
            ax.plot([low, high], [y, y], color=colors[arm])
        ax.plot(value, y, "o", color=colors[arm], mew=0)
    ax.set(ylim=(len(arms) - 0.4, -0.6), yticks=[], xlabel=panel.axis)
    ax.spines["left"].set_visible(False)
    ax.margins(x=0.08)
    if np.abs(ax.get_xlim()).max() < 1.0:  # less than a day, or nothing at all
        ax.set_xlim(-1.0, 1.0)
    ax.locator_params(axis="x", nbins=4)
    return ax


def draw_best(table: pd.DataFrame, ax: Axes, arms: list[str]) -> Axes:
    """A bar for each arm: the probability that it keeps the disease away for longest."""
    rows, colors = table.set_index("arm"), arm_colors(arms)
    for y, arm in enumerate(arms):
        share = float(rows.loc[arm, "probability_best"])
        if np.isnan(share):
            continue
        ax.barh(y, share, 0.55, color=colors[arm])
        inside = share > 0.7
        ax.text(share - 0.03 if inside else share + 0.03, y, percent(share), va="center", size=5.0,
                ha="right" if inside else "left", color="white" if inside else BLACK)  # fmt: skip
    ax.set(ylim=(len(arms) - 0.4, -0.6), yticks=[], xlim=(0.0, 1.0), xticks=[0.0, 0.5, 1.0],
           xlabel="Probability")  # fmt: skip
    return ax


def percent(share: float) -> str:
    """A share in per cent, never rounded to certainty."""
    if share < 0.01:
        return "< 1 %"
    return "> 99 %" if share > 0.99 else f"{share:.0%}".replace("%", " %")


def draw_front(result: Resampled, ax: Axes, cost: str, arms: list[str]) -> Axes:
    """Control against one of its costs, 95 % intervals, and the front of arms that none beats.

    Arms that are not among those shown are grey dots; the front is that of all.
    """
    levels, table = levels_table(result), ranking(result).set_index("arm")
    colors, name = arm_colors(arms), f"front_{cost.replace(' ', '_')}"
    costs = result.cost(cost)
    assert costs is not None  # only costs that are known have a panel
    places = dict(
        zip(result.arms, zip(costs[:, 0], result.control[:, 0], strict=True), strict=True)
    )
    front = [place for arm, place in places.items() if table.loc[arm, name]]
    for arm in set(result.arms) - set(arms):
        face = GREY if table.loc[arm, name] else "white"
        ax.plot(*places[arm], "o", color=GREY, markerfacecolor=face, markersize=2.0, mew=0.4)
    for arm in arms:
        of_arm = levels[levels["arm"] == arm].set_index("quantity")
        x, y = of_arm.loc[cost], of_arm.loc[RESTRICTED_MEAN]
        if not np.isnan(x["low"]):
            ax.plot([x["low"], x["high"]], [y["value"]] * 2, color=colors[arm], linewidth=0.6)
            ax.plot([x["value"]] * 2, [y["low"], y["high"]], color=colors[arm], linewidth=0.6)
        is_on = bool(table.loc[arm, name])
        face = colors[arm] if is_on else "white"
        ax.plot(x["value"], y["value"], "o", color=colors[arm], markerfacecolor=face,
                markersize=4.0, mew=0.8, zorder=3)  # fmt: skip
    steps = np.array(sorted(front))
    ax.step(*steps.T, where="post", color=GREY, linewidth=0.7, linestyle=":", zorder=0)
    ax.set(xlabel=f"{cost.capitalize()} (a patient)", ylabel=f"Mean days {result.state}")
    ax.margins(0.08)
    ax.set_xlim(left=min(0.0, ax.get_xlim()[0]))
    ax.locator_params(nbins=5)
    return ax


def key(figure: Figure, arms: list[str], left: float, top: float, width: float) -> None:
    """Names of arms beside their dots, if there is room: the rows above have the same colours."""
    names = {arm: wrapped(arm_in_words(arm), width - 5.0, SMALLEST) for arm in arms}
    step = max(2.2 * (name.count("\n") + 1) for name in names.values()) + 1.0
    if step * len(arms) > FRONT:
        return
    ax = add_axes(figure, left, top, width, FRONT)
    ax.set_axis_off()
    ax.set(xlim=(0.0, width), ylim=(FRONT, 0.0))
    for i, (arm, color) in enumerate(arm_colors(arms).items()):
        ax.plot(1.5, (i + 0.5) * step, "o", color=color, markersize=4.0, mew=0)
        ax.text(4.0, (i + 0.5) * step, names[arm], va="center", size=5.0, linespacing=0.95)


def arm_in_words(arm: str) -> str:
    """The name of an arm as a reader would write it."""
    return arm.replace("_", " ").replace("=", " = ")


def comparison_figure(result: Resampled, against: str, width_mm: float = PAGE) -> Figure:
    """Differences and the probability of being best in rows of arms; below them the fronts."""
    arms, panels = shown_arms(result, against), panels_of(result)
    table, ranks = differences_table(result, against), ranking(result)
    room = LABELS if width_mm >= PAGE else 0.25 * width_mm
    names = {arm: wrapped(arm_in_words(arm), room - 4.0, SMALLEST) for arm in arms}
    longest = max(len(line) for name in names.values() for line in name.split("\n"))
    labels = min(max(SMALLEST * longest + 8.0, 18.0), room + 2.0)
    row = max(ROW, 2.1 * max(name.count("\n") + 1 for name in names.values()) + 0.8)
    high = row * max(len(arms), 2)
    costs = [each.quantity for each in panels if each.quantity in (DRUG_DAYS, CYTOPENIA_DAYS)]
    note, on_page = note_of(result, against, arms), width_mm >= PAGE
    columns = len(panels) + 1 if on_page else 2
    one = TOP + high + FOOT
    top_of_fronts = one * -(-(len(panels) + 1) // columns) + 8.0
    tall = FRONT if on_page else LOW_FRONT
    end = top_of_fronts + tall + FOOT if costs else top_of_fronts - 8.0
    figure = empty_figure(width_mm, end + note_height(note, width_mm) + 1.0)
    wide = (width_mm - labels - RIGHT - GAP * (columns - 1)) / columns
    letters = "abcdefg"
    for i, panel in enumerate([*panels, None]):
        left, top = labels + (i % columns) * (wide + GAP), (i // columns) * one
        if i % columns == 0:
            add_arm_names(figure, names, row, top + TOP)
        title = wrapped(panel.title if panel else "Probability of longest control", wide, LETTER)
        add_heading(figure, (left - 3.0, top + 0.5), title, letters[i])
        if panel:
            ax = add_axes(figure, left, top + TOP, wide, high)
            draw_differences(table, ax, panel, arms)
        else:
            best = draw_best(ranks, add_axes(figure, left, top + TOP, wide - 2.0, high), arms)
            if ranks["probability_best"].isna().all():
                say_nothing_to_see(best, "too few\npatients")
    beside = KEY if on_page else 0.0
    across = (width_mm - 2 * 14.0 - 4.0 - beside) / 2.0
    for i, cost in enumerate(costs):
        left = 14.0 + i * (across + 14.0)
        title = wrapped(f"Control against {cost}", across + 4.0, LETTER)
        letter = letters[len(panels) + 1 + i]
        add_heading(figure, (left - 12.0, top_of_fronts - 8.0), title, letter)
        draw_front(result, add_axes(figure, left, top_of_fronts, across, tall), cost, arms)
    if costs and on_page:
        left = 14.0 + len(costs) * (across + 14.0) - 8.0
        key(figure, arms, left, top_of_fronts, width_mm - left - 1.0)
    add_note(figure, note, end)
    return figure


def add_arm_names(figure: Figure, names: dict[str, str], row: float, top: float) -> None:
    """Names at the left of their rows, the first of which begins so many mm from the top."""
    wide, high = (inches * MM_PER_INCH for inches in figure.get_size_inches())
    for i, name in enumerate(names.values()):
        y = 1.0 - (top + (i + 0.6) * row * len(names) / (len(names) + 0.2)) / high
        figure.text(2.0 / wide, y, name, va="center", size=5.0, linespacing=0.95)


def note_of(result: Resampled, against: str, arms: list[str]) -> str:
    """What the figure rests on, in words."""
    left_out = len(result.arms) - len(arms)
    best = f" The {len(arms)} best of {len(result.arms)} arms are shown, others as grey dots."
    more = best if left_out else ""
    return (
        f"{result.n:,} virtual patients, each treated in every arm; differences from "
        f"{arm_in_words(against)}. Bars: 95 % intervals of {result.n_resamples:,} resamples of "
        "the patients; they say how much chance is in so many patients, not how uncertain the "
        f"model's parameters are. Control: mean days of {result.endpoint} within "
        f"{result.until_day:g} days. Cytopenia: days of neutropenia and of thrombocytopenia of "
        "grade 3 or 4, from treatment or leukaemia; who lives longer has more days for it. Filled: "
        "no arm controls as well at less cost; dotted: the front of these; bars there are of each "
        f"arm alone.{more}"
    )


def numbers_drawn(result: Resampled, against: str) -> pd.DataFrame:
    """Every number of the figure, told apart by ``part``: difference, level, ranking."""
    parts = {
        "difference": differences_table(result, against),
        "level": levels_table(result),
        "ranking": ranking(result),
    }
    return by_part(parts)
