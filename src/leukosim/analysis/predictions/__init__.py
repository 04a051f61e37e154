"""Predictions of quantities to which the model was not fitted, made before they are observed.

They are frozen in a table. A record beside it states when and by what it was made, and the digest
of the table, so that any later change of a number is detected.
"""

from leukosim.analysis.predictions.forecast import Forecast, predict
from leukosim.analysis.predictions.freezing import PREDICTIONS, RECORD, frozen, read_frozen
from leukosim.analysis.predictions.outcomes import (
    COMPARED,
    OBSERVED,
    as_targets,
    compare,
    coverage,
    read_observed,
)
from leukosim.analysis.predictions.quantities import QUANTITIES, Quantity

__all__ = [
    "COMPARED",
    "OBSERVED",
    "PREDICTIONS",
    "QUANTITIES",
    "RECORD",
    "Forecast",
    "Quantity",
    "as_targets",
    "compare",
    "coverage",
    "frozen",
    "predict",
    "read_frozen",
    "read_observed",
]
