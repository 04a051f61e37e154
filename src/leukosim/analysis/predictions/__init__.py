"""Predictions: what the model says of quantities it was not fitted to, before they are looked at.

They are frozen in a table, with a record beside it of when and by what it was made and of the
table's own digest, so that it can be seen that no number was changed once outcomes were known.
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
