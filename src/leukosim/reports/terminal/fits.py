"""What is printed of a fit."""

import numpy as np
import pandas as pd
from rich.table import Table
from rich.text import Text

from leukosim.reports.terminal.formatting import Cell, frame_table, probability

PARAMETERS: dict[str, Cell] = {
    "parameter": "{.parameter}",
    "prior": "{0.prior_low:g} to {0.prior_high:g}",
    "posterior": "{0.centre:g} ({0.low:.3g} to {0.high:.3g})",
    "sd / prior's": "{.sd_ratio:.2f}",
    "pressed": "{.pressed}",
    "R-hat": "{.r_hat:.2f}",
}
TARGETS: dict[str, Cell] = {
    "target": lambda row: f"{row.id} {row.label}" + ("" if row.fitted else " (not fitted)"),
    "published": "{.target:.3f}",
    "n": lambda row: "–" if np.isnan(row.target_n) else f"{row.target_n:.0f}",
    "predicted": "{.model:.3f}",
    "95 %": "{0.model_low:.3f} to {0.model_high:.3f}",
    "tail": lambda row: probability(row.tail) + ("" if row.covered else " missed"),
}


def calibration_tables(
    parameters: pd.DataFrame, targets: pd.DataFrame, coverage: pd.DataFrame
) -> list[Table | Text]:
    """What a fit found: parameters, the targets that its predictions hold, and what was recovered.

    Parameters
    ----------
    parameters : of :func:`leukosim.analysis.calibration.summary.parameter_table`
    targets : of :func:`leukosim.analysis.calibration.predictive.predictive_table`
    coverage : of :func:`leukosim.analysis.calibration.recovery.coverage`
    """
    fitted = frame_table("Parameters", parameters, PARAMETERS)
    held = int(targets["covered"].sum())
    predicted = frame_table(
        "Targets, and what repetitions would see", targets, TARGETS,
        caption=f"{held} of {len(targets)} published values lie in the predicted interval.",
    )  # fmt: skip
    result = ", ".join(
        f"{row.held:.2f} ({row.low:.2f}–{row.high:.2f}) of {row.level:.0%} intervals"
        for row in coverage[coverage["parameter"] == "all"].itertuples()
    )
    truths = int(coverage["truths"].max())
    return [fitted, predicted, Text(f"{truths} known truths recovered: {result} hold them.")]
