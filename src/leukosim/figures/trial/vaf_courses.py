"""Variant allele frequencies of a few patients as a sequencing panel reports them."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leukosim.analysis.endpoints import DAYS_PER_MONTH
from leukosim.figures.elements.clones import CLONE_COLORS, most_clonal_patient
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
from leukosim.figures.elements.style import (
    GREY,
    SKY_BLUE,
    VERMILLION,
    add_axes,
    empty_figure,
    month_ticks,
)

PATIENTS, HIGH, GAP = 3, 24.0, 4.0  # rows; mm
SHOWN = len(CLONE_COLORS)  # variants that colours tell apart
BELOW = 0.5  # of the detection limit, where what was not detected is drawn
NOTE = (
    "Reported frequencies of heterozygous variants: half of the cells that carry them. Dotted: "
    "limit of detection; open marks below it: sequenced and not detected. Blocks: days of "
    "treatment. Dashed: relapse diagnosed. Variants of clonal haematopoiesis stay in remission."
)


def chosen_patients(ds: xr.Dataset) -> list[int]:
    """Positions: the patient of the fish plot, then the first with a relapse, then others."""
    first = most_clonal_patient(ds)
    relapsed = ds["relapse_day"].notnull().any("arm").values
    others = [i for i in np.argsort(~relapsed, kind="stable") if i != first]
    return [first, *map(int, others)][:PATIENTS]


def shown_variants(ds: xr.Dataset, patients: list[int]) -> list[str]:
    """The variants that were detected in them, the most frequent first, as many as colours."""
    highest = ds["vaf"].isel(patient=patients).max(["arm", "patient", "ngs_sample"])
    order = np.argsort(-np.nan_to_num(highest.values), kind="stable")
    return [str(ds["variant"].values[i]) for i in order if highest.values[i] > 0.0][:SHOWN]


def draw_vafs(course: xr.Dataset, ax: Axes, colors: dict[str, str]) -> Axes:
    """Frequencies over time on a logarithmic axis.

    course : ``vaf`` (ngs_sample, variant), ``ngs_day``, ``vaf_detection_limit`` (ngs_sample), the
        cycles and ``relapse_day``
    """
    months = course["ngs_day"].values / DAYS_PER_MONTH
    limits = course["vaf_detection_limit"].values
    limit = float(np.nanmax(limits)) if (~np.isnan(limits)).any() else 1e-3
    cycles = zip(course["cycle_start_day"].values, course["cycle_end_day"].values, strict=True)
    for start, end in cycles:
        if not np.isnan(start):
            ax.axvspan(
                start / DAYS_PER_MONTH, (end + 1.0) / DAYS_PER_MONTH, color=SKY_BLUE, alpha=0.4,
                linewidth=0,
            )  # fmt: skip
    ax.axhline(limit, color=GREY, linewidth=0.6, linestyle=":")
    relapse = float(course["relapse_day"])
    if not np.isnan(relapse):
        ax.axvline(relapse / DAYS_PER_MONTH, color=VERMILLION, linewidth=0.8, linestyle="--")
    drawn = False
    for number, (variant, color) in enumerate(colors.items()):
        frequency = course["vaf"].sel(variant=variant).values
        known = ~np.isnan(frequency) & ~np.isnan(months)
        if not (frequency[known] > 0.0).any():
            continue
        drawn = True
        floor = limit * BELOW * 0.88**number  # apart, so that all can be seen
        at = np.where(frequency > 0.0, frequency, floor)
        ax.plot(months[known], at[known], color=color, linewidth=0.7, alpha=0.8)
        for detected, face in ((True, color), (False, "white")):
            here = known & ((frequency > 0.0) == detected)
            ax.plot(months[here], at[here], "o", mfc=face, mec=color, markersize=1.9, mew=0.5)
    if not drawn:
        say_nothing_to_see(ax, "nothing detected")
    ax.set(yscale="log", ylim=(limit * BELOW * 0.25, 1.0))
    ax.set_yticks([1e-3, 1e-2, 1e-1, 1.0], ["0.001", "0.01", "0.1", "1"])
    ax.minorticks_off()
    return ax


def shown_courses(ds: xr.Dataset) -> xr.Dataset:
    """The dataset of the patients and of the variants that are drawn."""
    patients = chosen_patients(ds)
    return ds.isel(patient=patients).sel(variant=shown_variants(ds, patients))


def vaf_table(shown: xr.Dataset) -> pd.DataFrame:
    """Every number: columns arm, patient, day, variant, vaf (0: not detected), detection_limit."""
    table = shown[["vaf", "ngs_day", "vaf_detection_limit"]].to_dataframe().reset_index()
    table = table.dropna(subset=["ngs_day", "vaf"]).rename(
        columns={"ngs_day": "day", "vaf_detection_limit": "detection_limit"}
    )
    return table[["arm", "patient", "day", "variant", "vaf", "detection_limit"]]


def vaf_courses_figure(ds: xr.Dataset, shown: xr.Dataset, width_mm: float = PAGE) -> Figure:
    """A row for each patient, a column for each arm.

    shown : of :func:`shown_courses`
    """
    arms = [str(arm) for arm in ds["arm"].values]
    patients = [int(number) for number in shown["patient"].values]
    colors = dict(zip(map(str, shown["variant"].values), CLONE_COLORS, strict=False))
    panels = Panels(len(arms), width_mm, left=14.0, gap=3.0, narrowest=20.0)
    titles = title_lines(arms, panels.wide)
    key = (key_height(colors, width_mm - 6.0) if colors else 0.0) + 1.0
    one = title_height(titles) + HIGH + GAP
    rows = len(patients) * panels.rows
    note = note_height(NOTE, width_mm)
    figure = empty_figure(width_mm, key + rows * one + 6.0 + note)
    if colors:
        color_key(figure, 3.0, 1.0, width_mm - 6.0, colors)
    last_day = max(float(shown["follow_up_day"].max()), 1.0)
    ticks = month_ticks(last_day, at_most=9 if panels.wide > 45.0 else 5)
    for r, patient in enumerate(patients):
        for i, arm in enumerate(arms):
            line = r * panels.rows + panels.row(i)
            top = key + line * one + title_height(titles)
            ax = add_axes(figure, panels.at(i), top, panels.wide, HIGH)
            draw_vafs(shown.isel(patient=r).sel(arm=arm), ax, colors)
            ax.set(xlim=(0.0, last_day / DAYS_PER_MONTH), xticks=ticks)
            ax.set_title(titles[arm] if len(arms) > 1 or r == 0 else "", linespacing=1.1)
            ax.tick_params(labelleft=panels.is_first(i), labelbottom=line == rows - 1)
            if panels.is_first(i):
                ax.set_ylabel(f"Patient {patient}\nVAF (fraction)")
            if line == rows - 1:
                ax.set_xlabel("Time from enrolment (months)" if panels.wide > 33.0 else "Months")
    add_note(figure, NOTE, key + rows * one + 6.0)
    return figure
