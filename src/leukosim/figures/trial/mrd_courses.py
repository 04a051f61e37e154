"""Single patients: what the laboratory saw, what was given, and how it ended, arm under arm."""

import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from leukosim.analysis.endpoints import (
    DAYS_PER_MONTH,
    began_overt,
    best_response,
    healthy_marrow_cells,
    horizon_days,
    molecular_relapse_day,
    preemptive_start_day,
)
from leukosim.figures.elements.formats import PAGE
from leukosim.figures.elements.standard import only
from leukosim.figures.elements.style import (
    BLACK,
    GREY,
    SKY_BLUE,
    add_axes,
    arm_colors,
    empty_figure,
    in_words,
    month_ticks,
)

LOWEST_FACTOR, HIGHEST_RATIO = 0.3, 100.0  # of the detection limit; marker / ABL1


@dataclass(frozen=True)
class Chosen:
    """A patient worth looking at, and why."""

    patient: int
    kind: str


def choose_patients(
    ds: xr.Dataset,
    at_most: int = 5,
    *,
    triggered: str = "triggered",
    at_relapse: str = "at_relapse",
) -> list[Chosen]:
    """The first patient of each kind of course, in the order of the cohort, so that nobody picks.

    The kinds are told from the triggered arm (else the first one) and, where there is one, the arm
    that is untreated until relapse, among patients with a sample of the marker that is shown. If
    fewer kinds occur than ``at_most``, the first other patients follow.
    """
    arms = [str(arm) for arm in ds["arm"].values]
    arm = triggered if triggered in arms else arms[0]
    shown = has_marker(ds, shown_marker(ds))
    sampled = shown & ds["sample_day"].sel(arm=arm).notnull().any("sample").values
    is_overt = "overt_blasts" in ds and bool(began_overt(ds).any())
    compared = at_relapse if at_relapse in arms and at_relapse != arm else None
    kinds = kinds_from_diagnosis(ds, arm) if is_overt else kinds_in_remission(ds, arm, compared)
    seen = {kind: result & sampled for kind, result in kinds.items()}
    chosen = [Chosen(int(np.argmax(result)), kind) for kind, result in seen.items() if result.any()]
    taken = {each.patient for each in chosen}
    others = [int(i) for i in np.flatnonzero(shown) if i not in taken]
    return (chosen + [Chosen(i, "") for i in others])[:at_most]


def kinds_in_remission(ds: xr.Dataset, arm: str, at_relapse: str | None) -> dict[str, np.ndarray]:
    """Who has which kind of course in an arm, bool[patient].

    at_relapse : the arm to tell from what treatment did, if there is one
    """
    compared = at_relapse is not None
    relapses = ds["relapse_day"].notnull()
    relapse = relapses.sel(arm=arm).values
    without = relapses.sel(arm=at_relapse).values if compared else np.full(len(relapse), compared)
    treated = preemptive_start_day(ds).sel(arm=arm).notnull().values
    converted = molecular_relapse_day(ds).sel(arm=arm).notnull().values
    dead = ds["death_day"].sel(arm=arm).notnull().values
    early = ds["sample_day"].sel(arm=arm) < ds["relapse_day"].sel(arm=arm)
    warned = (early & (ds["mrd"].sel(arm=arm) > 0.0)).any("sample").values
    well = ~relapse & ~dead
    return {
        "relapse held off": converted & treated & well & without,
        "relapse despite treatment": converted & treated & relapse,
        "relapse before the trigger": ~converted & relapse & warned,
        "relapse without warning": ~converted & relapse & ~warned,
        "never MRD-positive": ~converted & well,
        "MRD without relapse": converted & well & ~without & compared,
        "treated, no relapse": converted & treated & well & (not compared),
        "death in remission": dead & ~relapse,
    }


def kinds_from_diagnosis(ds: xr.Dataset, arm: str) -> dict[str, np.ndarray]:
    """The same of patients with overt leukaemia, whose MRD is positive at the start."""
    responded = best_response(ds).sel(arm=arm).values == 1.0
    relapse, dead = (
        ds[f"{what}_day"].sel(arm=arm).notnull().values for what in ("relapse", "death")
    )
    return {
        "lasting response": responded & ~relapse & ~dead,
        "relapse after response": responded & relapse,
        "no response, alive": ~responded & ~dead,
        "death without response": ~responded & dead,
        "death in response": responded & ~relapse & dead,
    }


def has_marker(ds: xr.Dataset, marker: str) -> np.ndarray:
    """Whether MRD is followed by a marker, bool[patient]: by transcripts where nothing is said."""
    if "mrd_marker" not in ds:
        return np.full(ds.sizes["patient"], marker == "transcript")
    return ds["mrd_marker"].values == marker


def shown_marker(ds: xr.Dataset) -> str:
    """The marker to show, as one axis has one unit: transcripts where any patient has one."""
    return "transcript" if has_marker(ds, "transcript").any() else "chimerism"


UNITS = {"transcript": "marker / ABL1", "chimerism": "recipient, of CD34+"}


def true_ratio(course: xr.Dataset) -> xr.DataArray:
    """Marker / ABL1 that a perfect assay of the marrow would report: (time), nan when unknown."""
    blasts = course["blasts"]
    return course["transcript_ratio"] * blasts / (blasts + healthy_marrow_cells(course))


def draw_mrd_course(numbers: pd.DataFrame, ax: Axes, color: str = BLACK) -> Axes:
    """One patient in one arm: samples, treatment, relapse or death.

    numbers : of :func:`course_numbers`
    """
    months = numbers["day"] / DAYS_PER_MONTH
    level, limit = (
        numbers["value"][numbers["what"] == what].iloc[0] for what in ("trigger", "detection limit")
    )
    for cycle in numbers[numbers["what"] == "cycle"].itertuples():
        first, last = cycle.day / DAYS_PER_MONTH, (cycle.until_day + 1.0) / DAYS_PER_MONTH
        ax.axvspan(first, last, color=SKY_BLUE, alpha=0.4, linewidth=0)
    for ratio, dashes in ((limit, ":"), (level, "--")):
        if ratio > 0.0:
            ax.axhline(ratio, color=GREY, linewidth=0.6, linestyle=dashes)
    line = numbers["what"] == "true ratio"
    ax.plot(months[line], numbers["value"][line], color=GREY, linewidth=0.8)
    seen = numbers["what"] == "detected"
    ax.plot(months[seen], numbers["value"][seen], "o", color=color, markersize=2.2, mew=0)
    unseen = numbers["what"] == "not detected"
    ax.plot(
        months[unseen], numbers["value"][unseen], "o",
        mfc="white", mec=color, markersize=2.2, mew=0.5,
    )  # fmt: skip
    for what, marker in (("relapse", "v"), ("death", "X")):
        ended = months[numbers["what"] == what]
        at = np.full(len(ended), HIGHEST_RATIO / 2.5)
        ax.plot(ended, at, marker, color=BLACK, markersize=4.5, mew=0, clip_on=False)
    ax.set(yscale="log", ylim=(lowest_ratio(limit), HIGHEST_RATIO))
    return ax


def course_numbers(course: xr.Dataset) -> pd.DataFrame:
    """What is drawn of one patient in one arm: columns what, day, until_day, value.

    course : Dataset with ``sample_day``, ``mrd``, ``mrd_detection_limit`` (sample),
        ``cycle_start_day``, ``cycle_end_day`` (cycle), the outcome days, and optionally ``blasts``
        (time) with ``transcript_ratio``, for the true ratio
    """
    day, mrd = course["sample_day"].values, course["mrd"].values
    limit = course["mrd_detection_limit"].values
    rows: list[tuple[str, float, float, float]] = []
    is_transcript = marker_of(course) == "transcript"
    if is_transcript and "blasts" in course and "transcript_ratio" in course:
        ratio = true_ratio(course).values
        shown = ratio > lowest_ratio(detection_limit(course)) / 10.0
        rows += [
            ("true ratio", t, np.nan, value if here else np.nan)
            for t, value, here in zip(course["time"].values, ratio, shown, strict=True)
            if not np.isnan(value)
        ]
    for t, value, least in zip(day, mrd, limit, strict=True):
        if not np.isnan(t):
            what = "detected" if value > 0.0 else "not detected"
            rows.append((what, t, np.nan, value if value > 0.0 else least))
    cycles = zip(course["cycle_start_day"].values, course["cycle_end_day"].values, strict=True)
    rows += [("cycle", first, last, np.nan) for first, last in cycles if not np.isnan(first)]
    for what in ("relapse", "death"):
        ended = float(course[f"{what}_day"])
        if not np.isnan(ended):
            rows.append((what, ended, np.nan, np.nan))
    rows.append(("trigger", np.nan, np.nan, trigger_of(course)))
    rows.append(("detection limit", np.nan, np.nan, detection_limit(course)))
    return pd.DataFrame(rows, columns=["what", "day", "until_day", "value"])


def marker_of(course: xr.Dataset) -> str:
    """How a patient's MRD is followed; by a transcript where the dataset does not say."""
    return str(course["mrd_marker"].values) if "mrd_marker" in course else "transcript"


def trigger_of(course: xr.Dataset) -> float:
    """The level that triggers in the unit of the patient's marker; nan where it is not known."""
    name = "trigger_level" if marker_of(course) == "transcript" else "trigger_recipient_share"
    return float(course.attrs.get(name, np.nan))


def detection_limit(course: xr.Dataset) -> float:
    """The highest ratio that a sample could have missed; nan without samples."""
    limits = course["mrd_detection_limit"].values
    return float(np.max(limits, where=limits > 0.0, initial=0.0)) or np.nan


def lowest_ratio(limit: float) -> float:
    """The bottom of the axis: somewhat below the detection limit."""
    return LOWEST_FACTOR * (1e-5 if np.isnan(limit) else limit)


def chosen_arms(ds: xr.Dataset, at_most: int = 2) -> list[str]:
    """The arms to show: triggered and at relapse where they exist, then the others."""
    arms = [str(arm) for arm in ds["arm"].values]
    first = [arm for arm in ("triggered", "at_relapse") if arm in arms]
    return [*first, *(arm for arm in arms if arm not in first)][:at_most]


def draw_one_course(ds: xr.Dataset, ax: Axes) -> Axes:
    """Samples, treatment, relapse and death of one patient in one arm."""
    course = only(ds, "patient", "arm")
    arm, patient = str(course["arm"].values), course["patient"].values
    draw_mrd_course(course_numbers(course), ax, arm_colors([arm])[arm])
    ax.set(xlabel="Time from enrolment (months)", ylabel=UNITS[marker_of(course)])
    ax.set(title=f"Patient {patient}, {in_words(arm)}")
    return ax


def courses_numbers(ds: xr.Dataset) -> pd.DataFrame:
    """The courses of some patients: columns patient, kind, arm, what, day, until_day, value.

    The patients are those of :func:`choose_patients`, the arms those of :func:`chosen_arms`.
    """
    tables = []
    for each in choose_patients(ds):
        for arm in chosen_arms(ds):
            course = ds.sel(arm=arm).isel(patient=each.patient)
            names = {"patient": ds["patient"].values[each.patient], "kind": each.kind, "arm": arm}
            tables.append(course_numbers(course).assign(**names))
    columns = ["patient", "kind", "arm", "what", "day", "until_day", "value"]
    return pd.concat(tables, ignore_index=True)[columns]


def mrd_courses_figure(ds: xr.Dataset, table: pd.DataFrame, width_mm: float = PAGE) -> Figure:
    """A column for each patient, a row for each arm: the same patient under either strategy.

    table : of :func:`courses_numbers`
    """
    arms = list(table["arm"].unique())
    examples = table[["patient", "kind"]].drop_duplicates()
    patients = examples[: len(examples) if width_mm >= PAGE else 3]
    colors, marker = arm_colors(ds["arm"].values), shown_marker(ds)
    hidden = [in_words(str(arm)) for arm in ds["arm"].values if str(arm) not in arms]
    if not has_marker(ds, marker).all():
        hidden.append("patients followed by donor chimerism")
    if len(patients) < len(examples):
        hidden.insert(0, f"{len(examples) - len(patients)} more patients")
    left, gap, high, top = 15.0, 3.0, 28.0, 12.0 if hidden else 10.0
    wide = (width_mm - left - 3.0 + gap) / max(len(patients), 1) - gap
    wide = min(wide, 80.0)
    bottom = top + len(arms) * (high + gap) - gap
    figure = empty_figure(width_mm, bottom + 14.5)
    last = float(np.nanmax([1.0, horizon_days(ds), ds["follow_up_day"].max()]))
    lowest = lowest_ratio(detection_limit(ds))
    for column, each in enumerate(patients.itertuples()):
        for row, arm in enumerate(arms):
            course = table[(table["patient"] == each.patient) & (table["arm"] == arm)]
            ax = add_axes(
                figure, left + column * (wide + gap), top + row * (high + gap), wide, high
            )
            color = colors[arm] if colors[arm] != GREY else BLACK  # grey is the true ratio
            draw_mrd_course(course, ax, color)
            ticks = month_ticks(last, at_most=6 if wide > 26.0 else 4)
            ax.set(xlim=(0.0, last / DAYS_PER_MONTH * 1.03), xticks=ticks)
            ax.set(ylim=(lowest, HIGHEST_RATIO), yticks=10.0 ** np.arange(-5, 3))
            ax.minorticks_off()
            ax.tick_params(labelbottom=row == len(arms) - 1, labelleft=column == 0)
            if row == 0:
                ax.set_title(title_of(each.kind, each.patient, wide), size=5.5)
            if column == 0:
                ax.set_ylabel(f"{in_words(arm)}\n{UNITS[marker]}")
    add_key(add_axes(figure, 2.0, bottom + 8.0, width_mm - 4.0, 6.0), width_mm)
    middle = (left + (len(patients) * (wide + gap) - gap) / 2.0) / width_mm
    high_mm = bottom + 14.5
    figure.text(middle, 7.0 / high_mm, "Time from enrolment (months)", ha="center", va="bottom")
    if hidden:
        words = textwrap.shorten(f"Not shown: {', '.join(hidden)}", int(width_mm), placeholder=" …")
        at = 2.0 / width_mm, 1.0 - 1.0 / high_mm
        figure.text(*at, words, va="top", size=5.0, color=GREY)
    return figure


def title_of(kind: str, patient: int, wide_mm: float) -> str:
    """Kind and number of a patient, in lines that fit above a panel."""
    lines = textwrap.wrap(kind[:1].upper() + kind[1:], max(int(wide_mm / 1.2), 8))
    return "\n".join([*lines, f"patient {patient}"])


def add_key(ax: Axes, width_mm: float) -> None:
    """One key for all panels."""
    dot: dict[str, Any] = {"color": BLACK, "linestyle": "", "marker": "o", "markersize": 2.5}
    keys = [
        Line2D([], [], **dot, mew=0, label="sample"),
        Line2D([], [], **dot, mfc="white", mew=0.5, label="not detected, at detection limit"),
        Line2D([], [], color=GREY, linewidth=0.6, linestyle="--", label="trial's trigger"),
        Line2D([], [], color=GREY, linewidth=0.6, linestyle=":", label="detection limit"),
        Line2D([], [], color=GREY, linewidth=0.8, label="true ratio"),
        Patch(color=SKY_BLUE, alpha=0.4, linewidth=0, label="treatment"),
        Line2D([], [], color=BLACK, linestyle="", marker="v", mew=0, label="relapse"),
        Line2D([], [], color=BLACK, linestyle="", marker="X", mew=0, label="death"),
    ]
    columns = len(keys) if width_mm >= PAGE else (len(keys) + 1) // 2
    ax.set_axis_off()
    ax.legend(
        handles=keys, loc="center", ncols=columns, columnspacing=1.0, handletextpad=0.4,
        borderpad=0.0, borderaxespad=0.0, fontsize=5.5 if width_mm >= PAGE else 5.0,
    )  # fmt: skip
