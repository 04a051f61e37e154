"""Kill of each subtype by venetoclax and a partner, alone and together, and the Bliss excess.

What is drawn is the model's law for stem cells outside the niche at constant levels, as in a dish:
no patients are simulated. The numbers are those of the configuration that a dataset carries.
"""

import json
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from leukosim.biology.disease import Disease
from leukosim.clinic.drugs.custom_drug import CustomDrug
from leukosim.clinic.drugs.drug import Drug
from leukosim.clinic.drugs.formulary import declared_drugs, formulary
from leukosim.clinic.drugs.synergy import bliss_excess, kill_by_pair
from leukosim.config.reading import build
from leukosim.errors import ConfigError
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.small_multiples import (
    add_note,
    note_height,
    title_height,
    title_lines,
)
from leukosim.figures.elements.standard import Tables
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    LETTER,
    add_axes,
    add_heading,
    empty_figure,
    in_words,
    subtype_colors,
    wrapped,
)

FIRST, PARTNERS = "venetoclax", ("azacitidine", "navitoclax", "bclxl_degrader")
LEVELS = np.logspace(-2.0, 1.0, 61)  # relative to the peak of the reference regimen
HOURS = 48.0
SPREAD = 1.96  # standard deviations: 95 % of patients
HIGH, EXCESS_HIGH = 20.0, 26.0  # mm
LEFT, RIGHT, GAP = 15.0, 3.0, 3.0  # mm


def disease_and_drugs(ds: xr.Dataset) -> tuple[Disease, dict[str, Drug]]:
    """The disease and the drugs of the configuration that a dataset carries.

    Raises
    ------
    ConfigError
        If another version of the model wrote it.
    """
    config: dict[str, Any] = json.loads(ds.attrs["config"])
    known = declared_drugs()
    declared = {
        name: build(CustomDrug, numbers, f"drug.{name}", known.get(name))
        for name, numbers in config["drug"].items()
        if numbers is not None
    }
    inhibited = bool(config.get("venetoclax", {}).get("cyp3a_inhibitor", False))
    disease = build(Disease, config["disease"], "disease", Disease())
    return disease, formulary(declared, inhibited)


def has_drugs(ds: xr.Dataset) -> bool:
    """Whether a dataset knows venetoclax, was made with it, and knows a partner."""
    if "config" not in ds.attrs or not any(FIRST in str(arm) for arm in ds["arm"].values):
        return False
    try:
        _, drugs = disease_and_drugs(ds)
    except (ConfigError, KeyError):
        return False
    return FIRST in drugs and bool(partners(drugs))


def partners(drugs: dict[str, Drug]) -> list[str]:
    """The partners of venetoclax that there are."""
    return [name for name in PARTNERS if name in drugs]


def kill_numbers(disease: Disease, drugs: dict[str, Drug]) -> pd.DataFrame:
    """Fractions killed within HOURS, at a partner's reference level, over venetoclax.

    Returns
    -------
    DataFrame
        Columns partner, subtype, level, concentration (mg/L), alone, partner_alone, together,
        low and high (together, in 95 % of patients by their EC50 of venetoclax), expected (of
        independent drugs), excess.
    """
    first, tables = drugs[FIRST], []
    factor = 10.0 ** (SPREAD * first.ec50_log10_sd)
    for partner in partners(drugs):
        kills = [
            kill_by_pair(first, drugs[partner], LEVELS * by, np.ones(1), disease, HOURS)
            for by in (1.0, 1.0 / factor, factor)
        ]
        typical = kills[0]
        for s, subtype in enumerate(disease.subtypes):
            one, other = typical.one[:, 0, s], typical.other[:, 0, s]
            columns = {
                "level": LEVELS,
                "concentration": LEVELS * first.peaks[0.0],
                "alone": one,
                "partner_alone": other,
                "together": typical.together[:, 0, s],
                "low": kills[1].together[:, 0, s],
                "high": kills[2].together[:, 0, s],
                "expected": 1.0 - (1.0 - one) * (1.0 - other),
                "excess": bliss_excess(one, other, typical.together[:, 0, s]),
            }
            tables.append(pd.DataFrame(columns).assign(partner=partner, subtype=subtype))
    return pd.concat(tables, ignore_index=True)


def excess_numbers(disease: Disease, drugs: dict[str, Drug]) -> pd.DataFrame:
    """Bliss excess at venetoclax's reference peak over the partner's level.

    Columns partner, subtype, level, excess.
    """
    tables = []
    for partner in partners(drugs):
        kill = kill_by_pair(drugs[FIRST], drugs[partner], np.ones(1), LEVELS, disease, HOURS)
        for s, subtype in enumerate(disease.subtypes):
            columns = {"level": LEVELS, "excess": kill.bliss_excess[0, :, s]}
            tables.append(pd.DataFrame(columns).assign(partner=partner, subtype=subtype))
    return pd.concat(tables, ignore_index=True)


def draw_kill(table: pd.DataFrame, ax: Axes, color: str) -> Axes:
    """Kill alone, together, and as of independent drugs.

    table : rows of one partner and subtype of :func:`kill_numbers`
    """
    level = table["level"]
    ax.fill_between(level, table["low"], table["high"], color=color, alpha=0.18, linewidth=0)
    ax.plot(level, table["partner_alone"], color=GREY, linewidth=0.7, linestyle="--")
    ax.plot(level, table["alone"], color=GREY, linewidth=0.9)
    ax.plot(level, table["expected"], color=BLACK, linewidth=0.7, linestyle=":")
    ax.plot(level, table["together"], color=color, linewidth=1.3)
    ax.set(ylim=(-0.02, 1.02), yticks=(0.0, 0.5, 1.0))
    return level_axis(ax)


def draw_excess(table: pd.DataFrame, ax: Axes, colors: dict[str, str]) -> Axes:
    """Bliss excess of each subtype over the partner's level.

    table : rows of one partner of :func:`excess_numbers`
    """
    ax.axhline(0.0, color=GREY, linewidth=0.5, linestyle=":")
    for subtype, color in colors.items():
        of_one = table[table["subtype"] == subtype]
        ax.plot(of_one["level"], of_one["excess"], color=color, label=subtype)
    return level_axis(ax)


def level_axis(ax: Axes) -> Axes:
    """A logarithmic axis of levels."""
    ax.set(xscale="log", xlim=(LEVELS[0], LEVELS[-1]))
    ax.set_xticks([0.1, 1.0, 10.0], ["0.1", "1", "10"])  # 0.01 would touch the panel to the left
    ax.minorticks_off()
    return ax


def dose_response_numbers(ds: xr.Dataset) -> Tables:
    """Kill and Bliss excess by the drugs of the configuration that a dataset carries."""
    disease, drugs = disease_and_drugs(ds)
    return {"kill": kill_numbers(disease, drugs), "excess": excess_numbers(disease, drugs)}


def dose_response_figure(ds: xr.Dataset, tables: Tables, width_mm: float = PAGE) -> Figure:
    """A row for each partner, a column for each subtype; below, the Bliss excess.

    tables : of :func:`dose_response_numbers`
    """
    disease, drugs = disease_and_drugs(ds)
    colors, pairs = subtype_colors(disease.subtypes), partners(drugs)
    kills, excess = tables["kill"], tables["excess"]
    wide = (width_mm - LEFT - RIGHT + GAP) / len(colors) - GAP
    titles, heading, legend = title_lines(colors, wide), 4.5, 3.5 if width_mm >= PAGE else 7.0
    above = legend + 4.0 + title_height(titles)
    upper = above + len(pairs) * (HIGH + GAP) + 9.0
    note = note_of(drugs[FIRST])
    figure = empty_figure(
        width_mm, upper + heading + EXCESS_HIGH + 12.0 + note_height(note, width_mm)
    )
    add_heading(figure, (0.0, 0.0), f"Killed within {HOURS:.0f} hours", "a")
    add_kinds(add_axes(figure, LEFT, 4.5, width_mm - LEFT - RIGHT, legend), width_mm)
    for row, partner in enumerate(pairs):
        for column, (subtype, color) in enumerate(colors.items()):
            top, left = above + row * (HIGH + GAP), LEFT + column * (wide + GAP)
            ax = add_axes(figure, left, top, wide, HIGH)
            here = kills[(kills["partner"] == partner) & (kills["subtype"] == subtype)]
            draw_kill(here, ax, color)
            is_last = row == len(pairs) - 1
            ax.tick_params(labelleft=column == 0, labelbottom=is_last)
            if row == 0:
                ax.set_title(titles[subtype], linespacing=1.1)
            if column == 0:
                ax.set_ylabel(f"with\n{name_of(partner)}")
    bottom = 1.0 - (upper - 4.0) / (figure.get_figheight() * 25.4)
    figure.text(
        (LEFT + (width_mm - LEFT - RIGHT) / 2.0) / width_mm, bottom,
        "Level of venetoclax (1: peak of the reference regimen)", ha="center", va="center",
    )  # fmt: skip
    add_heading(figure, (0.0, upper), "Bliss excess at level 1 of venetoclax", "b")
    room = (width_mm - LEFT - RIGHT + GAP) / len(pairs)
    ends = excess["excess"].min(), excess["excess"].max()
    margin = 0.05 * max(ends[1] - ends[0], 0.02)
    for i, partner in enumerate(pairs):
        ax = add_axes(figure, LEFT + i * room, upper + heading + 1.5, room - GAP, EXCESS_HIGH)
        draw_excess(excess[excess["partner"] == partner], ax, colors)
        label = wrapped(f"Level of {name_of(partner)}", room - 2.0, LETTER)
        ax.set(ylim=(ends[0] - margin, ends[1] + margin), xlabel=label)
        ax.tick_params(labelleft=i == 0)
        if i == 0:
            ax.set_ylabel("Fraction killed\nbeyond independence")
    add_note(figure, note, upper + heading + EXCESS_HIGH + 12.0)
    return figure


def name_of(drug: str) -> str:
    """A drug as a reader would write it."""
    return {"bclxl_degrader": "BCL-xL degrader"}.get(drug, in_words(drug))


def add_kinds(ax: Axes, width_mm: float) -> None:
    """The key to the lines."""
    ax.set_axis_off()
    lines = [
        Line2D([], [], color=GREY, linewidth=0.9, label="venetoclax alone"),
        Line2D([], [], color=GREY, linewidth=0.7, linestyle="--", label="partner alone, level 1"),
        Line2D(
            [], [], color=BLACK, linewidth=0.7, linestyle=":", label="independent drugs (Bliss)"
        ),
        Line2D([], [], color=BLACK, linewidth=1.3, label="together (colour of the subtype)"),
    ]
    columns = len(lines) if width_mm >= PAGE else 2
    ax.legend(
        handles=lines, loc="center left", ncols=columns, borderpad=0.0, borderaxespad=0.0,
        columnspacing=1.2,
    )  # fmt: skip


def note_of(first: Drug) -> str:
    """The small print."""
    return (
        "The model's law for stem cells outside the niche at constant levels; no patients. Level 1 "
        f"is the peak of the reference regimen in the typical patient: {first.peaks[0.0]:.2g} mg/L "
        f"for venetoclax ({first.reference_dose_mg:g} mg daily). Band: together, in 95 % of "
        "patients by their EC50 of venetoclax. Azacitidine acts by the loss of MCL-1 only, at full "
        "response. Subtypes in b have the colours of a."
    )
