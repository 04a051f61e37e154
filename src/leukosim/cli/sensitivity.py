"""``leukosim sensitivity``: which parameters decide a study's answer."""

from dataclasses import replace
from types import ModuleType

import pandas as pd
import xarray as xr
from omegaconf import DictConfig

from leukosim.analysis.sensitivity import Sensitivity
from leukosim.cli.drawing import FIGURES
from leukosim.cli.exit_codes import FAILED, say
from leukosim.cli.fields import read_fields
from leukosim.cli.run import show_report, warn_of_fields
from leukosim.cli.submitting import command_of, submit_whole
from leukosim.config.command_line import compose
from leukosim.config.reading import names_of
from leukosim.errors import ConfigError
from leukosim.figures.elements.save import save_figure
from leukosim.figures.elements.style import house_style
from leukosim.figures.methods import screening, sobol_indices, tornado
from leukosim.reports.terminal import sensitivity_tables
from leukosim.reports.terminal.console import ConsoleProgress, wide_console
from leukosim.results import netcdf, output_folder
from leukosim.results.folder_state import SENSITIVITY
from leukosim.runs.execute import Incomplete
from leukosim.runs.sensitivity import MORRIS, SINGLE, SURROGATE, Question, analyse, question_of

# The figure of each table: its name, its module, and the folder of its points.
DRAWN = {
    "morris": ("screening", screening, MORRIS),
    "tornado": ("tornado", tornado, SINGLE),
    "sobol": ("sobol_indices", sobol_indices, SURROGATE),
}


def sensitivity(words: list[str]) -> int:
    """``leukosim sensitivity``: screening, single parameters, shares of variance, precision."""
    own = [word for word in words if word.partition("=")[0] in names_of(Sensitivity)]
    options = read_fields(own, Sensitivity, "sensitivity")
    rest = [word for word in words if word not in own]
    if not any(word.startswith("study=") for word in rest):
        raise ConfigError(
            "sensitivity needs a study, as it simulates thousands of patients for hours: type "
            "leukosim sensitivity study=relaza2, which first says how many points it runs"
        )
    output = next((w.partition("=")[2] for w in rest if w.startswith("output=")), None)
    progress = ConsoleProgress()
    for composed in compose(rest):
        if not isinstance(composed, DictConfig):
            raise ConfigError("sensitivity varies parameters itself: it takes no -m")
        command = command_of(["sensitivity", *words])
        question = replace(question_of(options, composed, output, progress), command=command)
        warn_of_fields(rest, [question.config], [question.composed], progress)
        place = question.config.executor
        if place.submit:
            return submit_whole(question.folder, SENSITIVITY, command, place)
        try:
            tables = analyse(question)
        except Incomplete as incomplete:
            show_report(incomplete.report, progress)
            return FAILED
        draw(question, tables)
        varied = int((tables["parameters"]["why_not"] == "").sum())
        shown = {name: table for name, table in tables.items() if name != "parameters"}
        wide_console().print(*sensitivity_tables(question.first, shown, varied), sep="\n")
        written = ", ".join(f"{name}.csv" for name in tables)
        say(f"{question.folder}: {written}, {FIGURES}")
    return 0


def draw(question: Question, tables: dict[str, pd.DataFrame]) -> None:
    """Draw the figures of the first headline."""
    first = question.first
    for table, (name, module, step) in DRAWN.items():
        if table in tables:
            shown = tables[table][tables[table]["headline"] == first.name]
            draw_one(question, name, module, shown, step)


def draw_one(
    question: Question, name: str, module: ModuleType, shown: pd.DataFrame, step: str
) -> None:
    """Draw one figure, with the origin of the results that it shows."""
    with house_style():
        save_figure(
            module.figure_of(shown, question.first.label, question.first.unit), shown,
            question.folder / FIGURES, name,
            results=[origin_of(question, step)], options=vars(question.options),
        )  # fmt: skip


def origin_of(question: Question, step: str) -> xr.Dataset:
    """The attributes of the results of a step, without their data."""
    path = question.folder / step / output_folder.RESULTS
    return xr.Dataset(attrs=netcdf.attributes_of(path))
