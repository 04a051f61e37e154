"""Which stem cells there are over time under each arm, and how many."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from leukosim.analysis.bootstrap import mean
from leukosim.analysis.endpoints import DAYS_PER_MONTH
from leukosim.analysis.stem_cell_composition import (
    composition_of,
    enriched_fraction,
    enriched_subtypes,
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
from leukosim.figures.elements.standard import Tables, only
from leukosim.figures.elements.style import (
    GREY,
    LINE,
    add_axes,
    arm_colors,
    empty_figure,
    in_words,
    month_ticks,
    subtype_colors,
)

HEIGHTS = {"fraction": 27.0, "enriched": 15.0, "total": 17.0}  # mm, of panels
GAP = 3.0  # mm between them
NONE = 0.5  # where zero cells are drawn on a logarithmic axis
FEW = 5  # patients
NOTE = (
    "Fractions are means over patients followed who have at least one leukaemic stem cell (paler: "
    f"of fewer than {FEW} patients); bands are their 95 % intervals from resampling patients. "
    "Totals are medians with interquartile range of all patients followed. Patients leave at death "
    "or at the end of follow-up: what is drawn late is of those who lived so long."
)


def is_known(ds: xr.Dataset) -> xr.DataArray:
    """On which recorded days (arm, patient, time) a patient was followed."""
    return ds["stem_cells"].notnull().any("subtype")


def draw_fractions(table: pd.DataFrame, ax: Axes, colors: dict[str, str]) -> Axes:
    """Mean fractions, stacked.

    table : rows of one arm of :func:`fraction_numbers`
    """
    if table.empty:
        say_nothing_to_see(ax, "no patient")
        return ax
    means = table.pivot(index="day", columns="subtype", values="mean")[list(colors)]
    months = means.index.to_numpy() / DAYS_PER_MONTH
    ax.stackplot(months, means.to_numpy().T, colors=list(colors.values()), linewidth=0)
    few = table.groupby("day")["n"].first().reindex(means.index).to_numpy() < FEW
    ax.fill_between(months, 0.0, 1.0, where=few, step="mid", color="white", alpha=0.5, linewidth=0)
    ax.set(ylim=(0.0, 1.0), yticks=(0.0, 0.5, 1.0))
    return ax


def draw_enriched(table: pd.DataFrame, ax: Axes, color: str) -> Axes:
    """Mean fraction of MEP-like cells, reprogrammed ones included, with its 95 % interval.

    table : rows of one arm of :func:`enriched_numbers`
    """
    months = table["day"] / DAYS_PER_MONTH
    ax.fill_between(months, table["low"], table["high"], color=color, alpha=0.25, linewidth=0)
    ax.plot(months, table["mean"], color=color)
    ax.set(ylim=(0.0, 1.0), yticks=(0.0, 0.5, 1.0))
    return ax


def draw_totals(table: pd.DataFrame, ax: Axes, color: str) -> Axes:
    """Median and interquartile range of the number of stem cells.

    table : rows of one arm of :func:`total_numbers`
    """
    months = table["day"] / DAYS_PER_MONTH
    low, middle, high = (np.maximum(table[name], NONE) for name in ("low", "median", "high"))
    ax.fill_between(months, low, high, color=color, alpha=0.25, linewidth=0)
    ax.plot(months, middle, color=color)
    ax.set(yscale="log", ylim=(NONE * 0.7, 3e7))
    ax.set_yticks([NONE, 1e2, 1e4, 1e6], ["0", "10²", "10⁴", "10⁶"])
    ax.minorticks_off()
    return ax


def fraction_numbers(ds: xr.Dataset) -> pd.DataFrame:
    """Mean fractions: columns arm, day, subtype, mean, n (patients with stem cells)."""
    fractions = composition_of(ds["stem_cells"])
    n = fractions.isel(subtype=0).notnull().sum("patient")
    means = fractions.fillna(0.0).sum("patient") / n.where(n > 0)
    table = xr.Dataset({"mean": means, "n": n}).to_dataframe().dropna().reset_index()
    table["n"] = table["n"].astype(int)
    return table.rename(columns={"time": "day"})[["arm", "day", "subtype", "mean", "n"]]


def enriched_numbers(ds: xr.Dataset) -> pd.DataFrame:
    """Mean fraction of enriched subtypes: columns arm, day, mean, low, high, n."""
    fraction = enriched_fraction(composition_of(ds["stem_cells"]), enriched_subtypes(ds))
    rows = []
    for arm in fraction.transpose("arm", "time", "patient"):
        for each in arm[arm.notnull().any("patient").values]:
            result = mean(each)
            row = (
                str(arm["arm"].values),
                float(each["time"]),
                result.value,
                result.low,
                result.high,
            )
            rows.append((*row, result.n))
    return pd.DataFrame(rows, columns=["arm", "day", "mean", "low", "high", "n"])


def total_numbers(ds: xr.Dataset) -> pd.DataFrame:
    """All stem cells: columns arm, day, median, low, high (quartiles), n, of patients followed."""
    total = ds["stem_cells"].sum("subtype").where(is_known(ds))
    rows = []
    for arm in total.transpose("arm", "time", "patient"):
        for each in arm[arm.notnull().any("patient").values]:
            values = each.values[~np.isnan(each.values)]
            low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
            row = (str(arm["arm"].values), float(each["time"]), middle, low, high, len(values))
            rows.append(row)
    return pd.DataFrame(rows, columns=["arm", "day", "median", "low", "high", "n"])


def ticks_of(ds: xr.Dataset, wide_mm: float) -> list[float]:
    """Months to mark on a panel of this width."""
    return month_ticks(float(ds["time"].max()), at_most=6 if wide_mm > 26.0 else 4)


def counted(ds: xr.Dataset, months: list[float]) -> pd.DataFrame:
    """Patients on the recorded days next to these months: arm, month, day, followed, with_cells."""
    days = ds["time"].values
    wanted = np.array(months) * DAYS_PER_MONTH
    nearest = np.abs(days[:, None] - wanted).argmin(0)
    followed, total = is_known(ds), ds["stem_cells"].sum("subtype")
    rows = [
        (
            str(arm),
            month,
            float(days[i]),
            int(followed.sel(arm=arm).isel(time=i).sum()),
            int((total.sel(arm=arm).isel(time=i) > 0.0).sum()),
        )
        for arm in ds["arm"].values
        for month, i in zip(months, nearest, strict=True)
    ]
    return pd.DataFrame(rows, columns=["arm", "month", "day", "followed", "with_cells"])


def composition_numbers(ds: xr.Dataset) -> Tables:
    """Fractions, totals, the fraction of enriched subtypes if there are any, and patients."""
    tables = {"fraction": fraction_numbers(ds), "total": total_numbers(ds)}
    if enriched_subtypes(ds):
        tables["enriched"] = enriched_numbers(ds)
    return {**tables, "patients": counted(ds, ticks_of(ds, PAGE))}


def draw_composition(ds: xr.Dataset, ax: Axes) -> Axes:
    """Mean fractions of the subtypes over time, stacked, with a legend; one arm."""
    arm, colors = only(ds, "arm"), subtype_colors(ds["subtype"].values)
    table = fraction_numbers(ds)
    draw_fractions(table, ax, colors)
    ax.set(xlabel="Time from enrolment (months)", ylabel="Fraction of stem cells")
    ax.set(title=in_words(str(arm["arm"].values)), xticks=month_ticks(float(ds["time"].max())))
    ax.legend(handles=[Patch(color=color, label=name) for name, color in colors.items()])
    return ax


def composition_figure(ds: xr.Dataset, tables: Tables, width_mm: float = PAGE) -> Figure:
    """Under each arm: mean fractions, the total, and how many patients these rest on.

    tables : of :func:`composition_numbers`
    """
    arms, subtypes = [str(arm) for arm in ds["arm"].values], subtype_colors(ds["subtype"].values)
    panels = Panels(len(arms), width_mm, left=15.0, narrowest=28.0 if width_mm >= PAGE else 20.0)
    titles = title_lines(arms, panels.wide)
    above, key = title_height(titles), key_height(subtypes, width_mm - 6.0) + 2.0
    kinds = [part for part in HEIGHTS if part in tables]
    one = above + sum(HEIGHTS[kind] + GAP for kind in kinds) + 8.0 + 2 * LINE
    note = note_height(NOTE, width_mm)
    figure = empty_figure(width_mm, key + panels.rows * one + note)
    color_key(figure, 3.0, 1.0, width_mm - 6.0, subtypes)
    ticks = ticks_of(ds, panels.wide)
    patients, colors = counted(ds, ticks), arm_colors(arms)
    last = max(float(ds["time"].max()) / DAYS_PER_MONTH, 0.1)
    draws = {
        "fraction": lambda table, ax, _: draw_fractions(table, ax, subtypes),
        "enriched": draw_enriched,
        "total": draw_totals,
    }
    labels = {
        "fraction": "Fraction of\nstem cells",
        "enriched": ",\n".join(enriched_subtypes(ds)),
        "total": "Stem cells",
    }
    for i, arm in enumerate(arms):
        top = key + panels.row(i) * one + above
        for kind in kinds:
            ax = add_axes(figure, panels.at(i), top, panels.wide, HEIGHTS[kind])
            of_arm = tables[kind][tables[kind]["arm"] == arm]
            draws[kind](of_arm, ax, colors[arm])
            ax.set(xlim=(0.0, last), xticks=ticks)
            ax.tick_params(labelleft=panels.is_first(i), labelbottom=kind == kinds[-1])
            if kind == kinds[0]:
                ax.set_title(titles[arm], linespacing=1.1)
            if panels.is_first(i):
                ax.set_ylabel(labels[kind])
            top += HEIGHTS[kind] + GAP
        ax.set_xlabel("Time from enrolment (months)" if panels.wide > 33.0 else "Months")
        draw_counts(patients[patients["arm"] == arm], ax, panels.is_first(i))
    add_note(figure, NOTE, key + panels.rows * one)
    return figure


def draw_counts(patients: pd.DataFrame, ax: Axes, named: bool) -> None:
    """Patients followed, and those with cells, under the ticks of an axis."""
    below = {"annotation_clip": False, "textcoords": "offset points", "size": 5.0, "va": "center"}
    across = ax.get_xaxis_transform()
    for row, (column, name) in enumerate((("followed", "followed"), ("with_cells", "with cells"))):
        down = -23.0 - 7.5 * row
        for month, n in zip(patients["month"], patients[column], strict=True):
            ax.annotate(f"{n:,}", (month, 0.0), (0.0, down), across, ha="center", **below)
        if named:
            ax.annotate(
                name, (0.0, 0.0), (-8.0, down), "axes fraction", ha="right", color=GREY, **below
            )
