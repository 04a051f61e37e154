"""The memory that results need, known before a trial is run."""

from leukosim.config.compose import compose
from leukosim.runs.configured import treat
from leukosim.runs.memory import bytes_of_results, together_within_memory, workers_within_memory


def test_the_bytes_of_a_result_are_foreseen():
    config = compose(["cohort.size=4", "horizon_days=200", "record.interval_days=50"])
    ratio = bytes_of_results(config) / treat(config, 1).dataset.nbytes
    assert 0.5 < ratio < 2.0


def test_each_job_of_a_cluster_has_its_memory_to_itself():
    """Workers of one machine share the memory, jobs of a cluster do not."""
    words = ["executor.memory_gib=4", "cohort.size=50"]
    shared, alone = compose(words), compose(["executor=slurm", *words])
    assert workers_within_memory([shared], 32) < 32
    assert workers_within_memory([alone], 32) == 32
    assert together_within_memory([shared] * 9, 8) < together_within_memory([alone] * 9, 8)
