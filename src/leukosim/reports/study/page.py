"""One page of a study: question, strategies, cohort, results, uncertainty, parameters, provenance.

The page is a single file that loads nothing: style and figures are inside. It holds no date, so the
same result makes the same bytes.
"""

import json
from pathlib import Path

import pandas as pd
import xarray as xr

from leukosim.analysis.arms import gather_arms, reference_of
from leukosim.analysis.comparison import Comparison, Resampled, resample
from leukosim.analysis.individual_effects import individual_effects
from leukosim.clinic.strategy.wording import monitoring_in_words, plain
from leukosim.config.compose import config_of
from leukosim.config.schema import Config
from leukosim.reports.document import (
    Album,
    Block,
    Command,
    Document,
    Heading,
    Key,
    Paragraph,
    Points,
    Section,
    Table,
    html_of,
)
from leukosim.reports.study.options import Report
from leukosim.reports.study.pictures import draw_calendar, draw_compared, standard_pictures
from leukosim.reports.study.repetition import command_of
from leukosim.reports.study.tables import (
    arms_table,
    changed_table,
    cohort_table,
    decision_table,
    difference_table,
    fates_table,
    parameter_table,
    provenance_table,
    varied_table,
)
from leukosim.reports.study.wording import (
    findings,
    opening,
    question_of,
    strategies_in_words,
    uncertainty,
)

PAGE = "report.html"
NOTE = (
    "A simulation of virtual patients; 95 % intervals of chance in so many of them, not of the "
    "model."
)
SAME_PATIENT = (
    "No trial can see this: each patient is his own control, with the same disease and the same "
    "random streams wherever treatment makes no difference."
)
ONE_PATIENT = "One patient, decision by decision"
CHANGED = "What this study sets otherwise than the defaults of the model:"
NOT_ALL = (
    "This command runs the study; some of its strategies or drugs come from files of the user's "
    "own, which it cannot name. The config.yaml beside the result holds all of them:"
)


def report_page(
    ds: xr.Dataset, figures: Path, options: Report, decisions: pd.DataFrame | None = None
) -> str:
    """The HTML page of a result; see :func:`report_document`."""
    return html_of(report_document(ds, figures, options, decisions))


def report_document(
    ds: xr.Dataset, figures: Path, options: Report, decisions: pd.DataFrame | None = None
) -> Document:
    """The page of a result.

    Parameters
    ----------
    ds : a trial or a sweep, as loaded
    figures : folder of its figures; those that are missing are drawn into it
    decisions : the log of decisions

    Raises
    ------
    ConfigError
        If the result was made by another version whose configuration has changed, or the arm to
        compare with is none.
    """
    config = config_of(ds)
    gathered = gather_arms({"result": ds})
    against = reference_of(gathered, options.against)
    result = resample(gathered, Comparison(resamples=options.resamples, seed=options.seed))
    album = Album()
    question = options.question or question_of(config.study)
    strategies = strategies_blocks(ds, config)
    strategies.append(draw_calendar(ds, config, figures, album))
    results = results_blocks(ds, gathered, result, against, figures, album)
    key = Key("What came out", *findings(result, against), note=NOTE)
    study = f"Study {plain(config.study)}" if config.study else "A study"
    return Document(
        options.title or study,
        opening(ds, gathered, result, config),
        [
            Section("Question", [Paragraph(question), key]),
            Section("Strategies", strategies),
            Section("Cohort", [cohort_table(gathered)]),
            Section("Results", [*results, *headed(ONE_PATIENT, decision_table(decisions))]),
            Section("Uncertainty", [Points(uncertainty(result, gathered, config))]),
            Section("Parameters", [*said(CHANGED, changed_table(config)), parameter_table(config)]),
            Section("Provenance", provenance_blocks(ds, config)),
        ],
    )


def strategies_blocks(ds: xr.Dataset, config: Config) -> list[Block]:
    """How patients are monitored, what is done in every arm and in each, and what was varied."""
    shared, by_arm = strategies_in_words(config)
    rules = "Rules see what the laboratory reports, never the marrow."
    blocks: list[Block] = [Paragraph(f"{monitoring_in_words(config.monitoring)} {rules}")]
    if shared:
        blocks += [Heading("In every arm"), Points(shared)]
    for name, title, sentences in by_arm:
        blocks += [Heading(f"{name}: {title}" if title not in ("", name) else name)]
        blocks += [Points(sentences)]
    varied = said("The strategies above are those of the first scenario.", varied_table(ds))
    return [*blocks, *([Heading("Varied between scenarios"), *varied] if varied else [])]


def results_blocks(
    ds: xr.Dataset,
    gathered: xr.Dataset,
    result: Resampled,
    against: str,
    figures: Path,
    album: Album,
) -> list[Block]:
    """Arms, their differences, the same patient in two arms, and all figures."""
    effects = individual_effects(gathered, against, result.until_day)
    fates = said(SAME_PATIENT, fates_table(effects))
    return [
        arms_table(result),
        *headed(f"Compared with {plain(against)}", difference_table(result, against)),
        *([Heading("The same patient in two arms"), *fates] if fates else []),
        *draw_compared(ds, gathered, result, against, effects, figures, album),
        *standard_pictures(ds, figures, album),
    ]


def provenance_blocks(ds: xr.Dataset, config: Config) -> list[Block]:
    """Where the result comes from, the command that repeats it, and its configuration."""
    command, is_all = command_of(ds, config)
    configuration = json.dumps(json.loads(ds.attrs["config"]), indent=1, ensure_ascii=False)
    return [
        provenance_table(ds),
        Paragraph("This command runs it again:" if is_all else NOT_ALL),
        Command(command),
        Command(configuration, folded="The whole configuration"),
    ]


def headed(heading: str, table: Table | None) -> list[Block]:
    """A table under a heading, if there is one."""
    return [Heading(heading), table] if table else []


def said(sentence: str, table: Table | None) -> list[Block]:
    """A table after a sentence, if there is one."""
    return [Paragraph(sentence), table] if table else []
