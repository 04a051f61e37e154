"""Published values beside those of the model, and the parameters that bring the two together.

``targets`` measures what was published in a trial; ``populations`` says which parameters are
fitted in whom; ``shares`` puts published values and results as counts of patients; ``design``,
``emulator`` and ``sampling`` lead from there to a posterior, ``fit`` takes them together;
``recovery`` and ``predictive`` hold it against truths that are known, and against the targets;
``summary`` makes tables.
"""

from leukosim.analysis.calibration.targets import (
    ESTIMATORS,
    LASTING,
    calibration_targets,
    target_table,
)

__all__ = ["ESTIMATORS", "LASTING", "calibration_targets", "target_table"]
