"""One page of a study: question, strategies, cohort, results, uncertainty, parameters, provenance.

The page is a single file that loads nothing: style and figures are inside. It holds no date, so the
same result makes the same bytes.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from leukosim.analysis.arms import gather_arms, reference_of
from leukosim.analysis.comparison import Comparison, resample
from leukosim.analysis.individual_effects import individual_effects
from leukosim.clinic.strategy.wording import monitoring_in_words, plain
from leukosim.config.compose import config_of
from leukosim.parameters import check_ranges, setting
from leukosim.reports.document import Album, environment
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

PAGE, TEMPLATE = "report.html", "report.html.jinja"


@dataclass(frozen=True)
class Report:
    """What is asked of a page."""

    title: str = ""  # empty: the name of the study
    question: str = ""  # empty: the one that the study's file opens with
    against: str = ""  # the arm that others are compared with; empty: the usual control
    resamples: int = setting(2000, "resamples", lowest=100, highest=100_000)
    seed: int = setting(1, "1", lowest=0, highest=2**32 - 1, note="of resampling")
    output: str = ""  # folder; empty: that of the result

    __post_init__ = check_ranges


def report_page(
    ds: xr.Dataset, figures: Path, options: Report, decisions: pd.DataFrame | None = None
) -> str:
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
    command, is_all = command_of(ds, config)
    shared, strategies = strategies_in_words(config)
    gathered = gather_arms({"result": ds})
    against = reference_of(gathered, options.against)
    result = resample(gathered, Comparison(resamples=options.resamples, seed=options.seed))
    effects = individual_effects(gathered, against, result.until_day)
    reference, sentences = findings(result, against)
    album = Album()
    calendar_picture = draw_calendar(ds, config, figures, album)
    compared = draw_compared(ds, gathered, result, against, effects, figures, album)
    return environment().get_template(TEMPLATE).render(
        title=options.title or f"Study {plain(config.study)}" if config.study else "A study",
        question=options.question or question_of(config.study),
        opening=opening(ds, gathered, result, config),
        reference=reference,
        findings=sentences,
        strategies=strategies,
        shared=shared,
        monitoring=monitoring_in_words(config.monitoring),
        varied=varied_table(ds),
        calendar=calendar_picture,
        cohort=cohort_table(gathered),
        arms=arms_table(result),
        differences=difference_table(result, against),
        fates=fates_table(effects),
        against=against,
        compared=compared,
        others=standard_pictures(ds, figures, album),
        log=decision_table(decisions),
        uncertainty=uncertainty(result, gathered, config),
        changed=changed_table(config),
        parameters=parameter_table(config),
        provenance=provenance_table(ds),
        command=command,
        is_all=is_all,
        configuration=json.dumps(json.loads(ds.attrs["config"]), indent=1, ensure_ascii=False),
    )  # fmt: skip
