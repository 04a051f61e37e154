"""``leukosim calibrate``: parameters fitted to the published targets, with their uncertainty."""

import time

from leukosim.cli.arguments import parse
from leukosim.cli.drawing import FIGURES
from leukosim.cli.exit_codes import FAILED, say
from leukosim.cli.fields import read_fields, without_folder
from leukosim.cli.run import show_report
from leukosim.errors import ConfigError
from leukosim.figures.elements.save import save_figure
from leukosim.figures.elements.style import house_style
from leukosim.figures.methods.posterior import numbers_drawn, posterior_figure
from leukosim.figures.trial.targets import targets_figure
from leukosim.reports.terminal import calibration_tables
from leukosim.reports.terminal.console import ConsoleProgress, wide_console
from leukosim.runs.calibrate import Calibration, CalibrationOutcome
from leukosim.runs.calibrate import calibrate as run_calibration
from leukosim.runs.execute import Incomplete


def calibrate(words: list[str]) -> int:
    """``leukosim calibrate``: parameters fitted to the published targets."""
    words = parse("calibrate", words).words
    for word in words:
        if "=" not in word:
            raise ConfigError(
                f"calibrate takes fields only, such as patients=24 output=outputs/fit: {word!r} is "
                "none"
            )
    options = read_fields(words, Calibration, "calibrate")
    started = time.perf_counter()
    progress = ConsoleProgress()
    try:
        outcome = run_calibration(options, progress)
    except Incomplete as incomplete:
        show_report(incomplete.report, progress)
        return FAILED
    draw(outcome, options)
    tables = outcome.tables
    if "hypotheses" in tables:
        print(tables["hypotheses"].round(3).to_string(index=False))
    printed = calibration_tables(tables["parameters"], tables["targets"], tables["coverage"])
    wide_console().print(*printed, sep="\n")
    written = ", ".join(f"{name}.csv" for name in tables)
    say(f"{outcome.folder}: {written}, {FIGURES}/ ({time.perf_counter() - started:.0f} s)")
    return 0


def draw(outcome: CalibrationOutcome, options: Calibration) -> None:
    """The posterior, and the predictions beside the targets."""
    predicted = outcome.tables["targets"]
    with house_style():
        drawn = {
            "posterior": (posterior_figure(outcome.fit), numbers_drawn(outcome.fit)),
            "predictive": (targets_figure(predicted), predicted),
        }
    for name, (figure, numbers) in drawn.items():
        asked = without_folder(options)
        save_figure(figure, numbers, outcome.folder / FIGURES, name, options=asked)
