"""What is printed of a fit."""

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from leukosim.reports.terminal.formatting import probability


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
    fitted = Table(title="Parameters", box=SIMPLE_HEAD)
    for heading in ("parameter", "prior", "posterior", "sd / prior's", "pressed", "R-hat"):
        fitted.add_column(heading, justify="left" if heading == "parameter" else "right")
    for row in parameters.itertuples():
        fitted.add_row(
            row.parameter,
            f"{row.prior_low:g} to {row.prior_high:g}",
            f"{row.centre:g} ({row.low:.3g} to {row.high:.3g})",
            f"{row.sd_ratio:.2f}",
            row.pressed,
            f"{row.r_hat:.2f}",
        )
    predicted = Table(title="Targets, and what repetitions would see", box=SIMPLE_HEAD)
    for heading in ("target", "published", "n", "predicted", "95 %", "tail"):
        predicted.add_column(heading, justify="left" if heading == "target" else "right")
    for row in targets.itertuples():
        predicted.add_row(
            f"{row.id} {row.label}" + ("" if row.fitted else " (not fitted)"),
            f"{row.target:.3f}",
            "–" if np.isnan(row.target_n) else f"{row.target_n:.0f}",
            f"{row.model:.3f}",
            f"{row.model_low:.3f} to {row.model_high:.3f}",
            probability(row.tail) + ("" if row.covered else " missed"),
        )
    held = int(targets["covered"].sum())
    predicted.caption = f"{held} of {len(targets)} published values lie in the predicted interval."
    result = ", ".join(
        f"{row.held:.2f} ({row.low:.2f}–{row.high:.2f}) of {row.level:.0%} intervals"
        for row in coverage[coverage["parameter"] == "all"].itertuples()
    )
    truths = int(coverage["truths"].max())
    return [fitted, predicted, Text(f"{truths} known truths recovered: {result} hold them.")]
