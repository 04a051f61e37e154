"""The memory that results need, known before a trial is run."""

from leukosim.config.compose import compose
from leukosim.runs.configured import treat
from leukosim.runs.memory import bytes_of_results


def test_the_bytes_of_a_result_are_foreseen():
    config = compose(["cohort.size=4", "horizon_days=200", "record.interval_days=50"])
    ratio = bytes_of_results(config) / treat(config, 1).dataset.nbytes
    assert 0.5 < ratio < 2.0
