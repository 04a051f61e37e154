"""What is only counted, not drawn: maturing cells, blasts and blood."""

from collections.abc import Iterator

import numpy as np
from scipy import linalg

from leukosim.biology.blasts import STAGES
from leukosim.marrow import kernels
from leukosim.verification.replicates import days
from leukosim.verification.rows import Row, error


def counted_part() -> Iterator[Row]:
    """What is only counted: maturing cells, blasts and blood, against matrix exponentials."""
    inflow, rate, gain, loss, kill, length = 50.0, 1.0 / 3.0, 1e4, 0.02, 0.4, 7.3
    matrix = np.zeros((STAGES + 2, STAGES + 2))  # the last variable is one, for the inflow
    matrix[0, -1] = inflow
    for stage in range(STAGES):
        matrix[stage, stage] = -(rate + kill)
        if stage:
            matrix[stage, stage - 1] = rate
    matrix[STAGES, STAGES - 1], matrix[STAGES, STAGES] = gain * rate, -(loss + kill)
    line = np.arange(1.0, STAGES + 1.0)
    exact = linalg.expm(matrix * length) @ np.concatenate([line, [1e5, 1.0]])
    blasts, passed = 1e5, np.zeros((STAGES + 2, STAGES + 2))
    for part in days(length):
        kernels.passage(passed, rate, gain, loss, kill, part)
        blasts = kernels.mature(line, blasts, inflow, passed)
    relative = np.concatenate([line / exact[:STAGES], [blasts / exact[STAGES]]]) - 1.0
    yield error("maturing cells and blasts against exp(M t), relative", relative, 1e-12)

    lineage = np.full(5, 4.0)
    kernels.form_blood(lineage, 4.0, 1.08, 0.161, 0.0, 0.0, 30.0)
    yield error("blood at rest stays, relative", lineage / 4.0 - 1.0, 1e-12)
    lineage = np.full(5, 4.0)
    left = 0.7 ** (1.0 / 0.161)  # (1 - E)(C0 / C)^gamma = 1
    kernels.form_blood(lineage, 4.0, 1.08, 0.161, 0.3, 0.0, 400.0)
    yield error("blood under constant toxicity, relative", lineage / (4.0 * left) - 1.0, 1e-4)
