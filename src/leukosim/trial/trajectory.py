"""The trajectory of one patient in one arm: all that a follow-up records."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

import numpy as np

from leukosim.clinic.drugs.drug import Dose
from leukosim.clinic.strategy.chart import Assessment, Chart
from leukosim.marrow.counts import Counts
from leukosim.marrow.lineages import Ancestors
from leukosim.trial.clonal_history import CloneTable

MRD_MEASURES = ("mrd", "recipient_share")
ASSESSED = tuple(each.name for each in fields(Assessment))


@dataclass(kw_only=True)
class Trajectory:
    """The trajectory of one patient in one arm."""

    chart: Chart
    counts: list[Counts]  # of the recorded days, in successive tables
    doses: list[Dose]
    cycles: list[tuple[float, float]]  # first and last day with a dose
    interruption_days: float
    last_day: float
    molecular_relapse_day: float | None
    death_day: float | None
    death_cause: int | None  # position in leukosim.results.variables.CAUSES
    cytopenia_days: dict[str, int]  # by the names of vital_status.CYTOPENIAS
    stem_cells_at_end: int
    blasts_at_end: float
    switches: np.ndarray  # int64[subtype, subtype], from, to
    # int64[origin, subtype], at treatment failure or relapse; without either on the last day
    stem_cells_at_treatment_failure: np.ndarray
    clones: CloneTable | None  # None if clones are not recorded
    ancestors: Ancestors | None  # of a relapse, where cells were labelled
    sequenced: list[tuple[float, dict[str, float]]]  # day, variant allele frequencies
    # derived from the fields above once, as many scenarios may have the same trajectory
    first_dose_day: float | None
    drug_days: int
    assessments: np.ndarray  # float64[assessment, field], fields as in ASSESSED
    mrd: np.ndarray  # float64[sample, 2], day of the sample and value


def assessment_table(chart: Chart) -> np.ndarray:
    """Assessments of the response, float64[assessment, field]."""
    return table_of(chart.assessments, ASSESSED)


def mrd_table(chart: Chart) -> np.ndarray:
    """Reports of MRD, float64[sample, 2]: day of the sample and value."""
    reports = [report for report in chart.reports if report.measure in MRD_MEASURES]
    return table_of(reports, ("sampled", "value"))


def table_of(records: Sequence[Any], names: tuple[str, ...]) -> np.ndarray:
    """Fields of records, float64[record, field]."""
    rows = list(map(attrgetter(*names), records))
    return np.array(rows, float).reshape(len(rows), len(names))
