"""A page in the browser around one patient: sliders, and what becomes of the marrow day by day.

The sliders are the page's own: those of mesa take effect with its button Reset only. Here the
patient is followed anew to the same day, with the same random streams, as soon as a slider rests,
and the course from before stays in grey behind the new one.
"""

import html
import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import solara
import solara.lab
from mesa.visualization import SolaraViz
from mesa.visualization.utils import update_counter

from leukosim.figures.elements.style import house_style
from leukosim.figures.trial.patient_course import PANELS, Course, Samples, panel_figure
from leukosim.runs.mesa_model import LeukemiaModel

# Solara draws outside of the house style, where the fonts that are missing would be told each time.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

REST_SECONDS = 0.3  # of a slider, before the patient is followed anew
DAYS_AT_ONCE = 7  # between two drawings, and for the button Step
DPI = 150.0
STRATEGIES = ("triggered", "delayed", "at_relapse", "maintenance")

# What the page begins with: arguments of LeukemiaModel.
START: Mapping[str, Any] = dict(
    strategy="triggered",
    patient=0,
    marker="transcript",
    dose_percent=100,
    trigger_level=1e-2,
    cxcr4=7.1,
    residual_stem_cells=100,
    doubling_days=11,
    responsiveness=0.5,
    study_seed=1,
)

# Sliders under their labels; without mesa's cards for its sliders, of which there are none, and for
# steps, which are days. Plain HTML, as solara's Markdown asks the internet for what shows formulas.
STYLE = """
.v-navigation-drawer .v-sheet.d-flex > .v-card:nth-child(n+2) { display: none; }
.leukosim-day { font-size: 1.1rem; padding: 0.5rem; }
.leukosim-log { border-collapse: collapse; margin: 0.5rem 0.5rem 4rem; }
.leukosim-log th, .leukosim-log td { text-align: left; padding: 0.2rem 1.2rem 0.2rem 0; }
.leukosim-log td { border-top: 1px solid #ccc; }
.v-input__slider .v-input__slot { flex-direction: column; align-items: stretch !important; }
"""


def course_of(model: LeukemiaModel) -> Course:
    """What is known of a patient by the model's day, as figures draw it."""
    chimerism = model.patient.marker == "chimerism"
    assays = model.protocol.assays
    samples = Samples(
        [report.sampled for report in model.mrd],
        [report.value for report in model.mrd],
        (assays.chimerism if chimerism else assays.mrd).detection_limit,
        model.protocol.trigger.of(model.patient.marker),
        "fraction" if chimerism else "marker / ABL1",
        sorted({dose.day // 1 for dose in model.doses}),
    )
    end = ""
    if model.death_day is not None:
        end = "death"
    elif model.relapse_day is not None:
        end = "relapse"
    # mesa's Play may be writing a day just now, in a thread of its own: days that all columns have
    columns = model.datacollector.model_vars
    days = min(len(values) for values in columns.values())
    table = pd.DataFrame({name: values[:days] for name, values in columns.items()})
    return Course(table, samples, end)


def mesa_class(wishes: solara.Reactive[dict[str, Any]]) -> type[LeukemiaModel]:
    """The model of whatever is wished when it is made, so that mesa's Reset asks the sliders."""

    class AsWished(LeukemiaModel):
        """One patient, as the sliders have it."""

        def __init__(self) -> None:
            super().__init__(**wishes.value)

        @property
        def running(self) -> bool:
            """True: else mesa's buttons would stay off once a course is over, whatever is wished.

            A step after the end does nothing.
            """
            return True

        @running.setter
        def running(self, value: bool) -> None: ...

    return AsWished


@solara.component
def Page() -> None:
    """The whole page."""
    wishes = solara.use_reactive(dict(START))
    kind = solara.use_memo(lambda: mesa_class(wishes), [])
    model = solara.use_reactive(solara.use_memo(kind, []))
    before = solara.use_reactive(None)
    refused = solara.use_reactive("")
    followed = solara.use_ref(wishes.value)

    def follow_anew() -> None:
        wished, old = wishes.value, model.value
        if wished == followed.current:
            return
        time.sleep(REST_SECONDS)
        if wished is not wishes.value:
            return  # the slider has moved on
        try:
            new = kind()
        except ValueError as error:
            refused.set(str(error))
            return
        while not new.is_over and new.day < old.day:
            new.step()
        if wished is not wishes.value:
            return
        followed.current = wished
        refused.set("")
        before.set(course_of(old))
        model.set(new)

    solara.lab.use_task(follow_anew, dependencies=[wishes.value])

    solara.Style(STYLE)
    with solara.Sidebar(), solara.Card("Patient and strategy"):
        Sliders(wishes)
    SolaraViz(model, name="leukosim: one patient, day by day", render_interval=DAYS_AT_ONCE)
    if refused.value:
        solara.Error(refused.value)
    Patient(model.value, before.value, followed.current["doubling_days"])


@solara.component
def Sliders(wishes: solara.Reactive[dict[str, Any]]) -> None:
    """What can be changed, each with its value and unit."""
    now = wishes.value

    def wish(name: str, value: Any) -> None:
        wishes.set({**wishes.value, name: value})

    def number(name: str, label: str, low: float, high: float, step: float) -> None:
        make = solara.SliderInt if isinstance(now[name], int) else solara.SliderFloat
        make(
            label, value=now[name], min=low, max=high, step=step, thumb_label=False,
            on_value=lambda value: wish(name, value),
        )  # fmt: skip

    def decades(name: str, label: str, low: float, high: float) -> None:
        Decades(label, now[name], low, high, lambda value: wish(name, value))

    solara.Select(
        "Strategy", values=list(STRATEGIES), value=now["strategy"],
        on_value=lambda value: wish("strategy", value),
    )  # fmt: skip
    number("dose_percent", f"Dose: {now['dose_percent']} % of 75 mg/m² azacitidine", 0, 200, 5)
    decades("trigger_level", f"Trigger: MRD {now['trigger_level']:g} marker / ABL1", -4.5, 0.0)
    decades("cxcr4", f"CXCR4 of stem cells: {now['cxcr4']:g} MFI ratio", -0.5, 2.0)
    cells = now["residual_stem_cells"]
    decades("residual_stem_cells", f"Residual stem cells: {cells:,}", 0.0, 4.0)
    number("doubling_days", f"Doubling time: {now['doubling_days']} days", 4, 60, 1)
    answer = now["responsiveness"]
    number("responsiveness", f"Responsiveness to azacitidine: {answer:.2f}", 0.0, 1.0, 0.05)
    number("study_seed", f"Seed (other patients): {now['study_seed']}", 1, 100, 1)


@solara.component
def Decades(
    label: str, value: float, low: float, high: float, on_value: Callable[[float], None]
) -> None:
    """A slider of the decimal logarithm of a value, which keeps two digits."""
    power, set_power = solara.use_state(math.log10(value))

    def move(to: float) -> None:
        set_power(to)
        moved = float(f"{10.0**to:.2g}")
        on_value(round(moved) if isinstance(value, int) else moved)

    solara.SliderFloat(
        label, value=power, min=low, max=high, step=0.05, thumb_label=False, on_value=move
    )


@solara.component
def Patient(model: LeukemiaModel, before: Course | None, doubling_days: float) -> None:
    """What is known of the patient on the model's day: in words, in panels, what was decided."""
    update_counter.get()  # mesa counts it up after every step
    solara.HTML("div", in_words_today(model, doubling_days), classes=["leukosim-day"])
    course = solara.use_memo(lambda: course_of(model), [model, model.seen_until, model.is_over])
    with solara.ColumnsResponsive(12, large=6):
        for title in PANELS:
            Panel(title, course, before)
    if model.decisions:
        solara.HTML("table", decisions_table(model), classes=["leukosim-log"])


@solara.component
def Panel(title: str, course: Course, before: Course | None) -> None:
    """One panel, in the house style."""
    with house_style():
        figure = solara.use_memo(lambda: panel_figure(title, course, before), [course, before])
        solara.FigureMatplotlib(figure, [figure], format="png", dpi=DPI)


def in_words_today(model: LeukemiaModel, wished: float | None = None) -> str:
    """The patient's state in a line of HTML.

    wished : day, the doubling time that was asked for
    """
    states = [f"<b>Day {model.day:g}</b>"]
    if model.death_day is not None:
        states.append(f"died on day {model.death_day:.0f} ({model.death_cause})")
    elif model.relapse_day is not None:
        states.append(f"relapse diagnosed on day {model.relapse_day:g}")
    else:
        states.append("in remission")
    if model.molecular_relapse_day is not None:
        states.append(f"MRD reported at the trigger on day {model.molecular_relapse_day:g}")
    given = model.datacollector.model_vars["treatment_days"][-1]
    states.append(f"{given} days with a dose")
    doubling = model.patient.doubling_days
    if wished is not None and abs(doubling - wished) > 0.05:
        states.append(f"doubling time {doubling:.3g} days, the nearest that cycle and niche allow")
    if model.is_over:
        states.append("the course is over")
    return " · ".join(states)


def decisions_table(model: LeukemiaModel) -> str:
    """What was decided, the last first, as rows of a table in HTML."""
    rows: list[tuple[str, ...]] = [("Day", "Rule of the strategy", "Seen", "Decision")]
    for each in reversed(model.decisions):
        done = f"{each.action} {each.regimen}".strip()
        rows.append(
            (f"{each.day:g}", *(text.replace("_", " ") for text in (each.rule, each.seen, done)))
        )
    cells = [[f"<td>{html.escape(cell)}</td>" for cell in row] for row in rows]
    cells[0] = [cell.replace("td>", "th>") for cell in cells[0]]
    return "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
