"""Whether a machine has what runs need, and how many of them fit into its memory."""

import math
import os
from collections.abc import Sequence
from functools import cache

from leukosim.biology.clones import TRAITS
from leukosim.config.schema import Config
from leukosim.errors import ConfigError
from leukosim.results.variables import VARIABLES
from leukosim.runs.executors import check_installed

GIB = 2.0**30  # bytes
PROCESS = 0.4 * GIB  # a process takes before it has done anything
PEAK = 8  # measured: a run takes at its height 8 to 20 times the memory of its results


def check_machine(configs: Sequence[Config]) -> None:
    """Raise :class:`ConfigError` where runs need a package or memory that is not there."""
    check_installed(configs[0].executor)
    largest = max(configs, key=bytes_of_results)
    if largest.executor.is_elsewhere and not largest.executor.memory_gib:
        return  # nobody here knows how much memory is there
    needed, there = bytes_of_run(largest) / GIB, memory_of(largest) / GIB
    if needed > there:
        may = "executor.memory_gib allows" if largest.executor.memory_gib else "this machine has"
        raise ConfigError(
            f"cohort.size = {largest.cohort.size} patients in {len(largest.arms)} arms need about "
            f"{needed:.1f} GiB of memory and {may} {there:.1f}: take fewer patients, "
            "such as several smaller cohorts by sweeping the seed"
        )


def workers_within_memory(configs: Sequence[Config], workers: int) -> int:
    """As many of these workers as the memory is enough for, if each runs a scenario of its own.

    A job of a cluster's queue has its memory to itself.
    """
    if configs[0].executor.has_jobs:
        return workers
    largest = max(configs, key=bytes_of_results)
    return max(1, int(min(workers, memory_of(largest) / bytes_of_run(largest))))


def together_within_memory(configs: Sequence[Config], workers: int) -> int:
    """How many scenarios a worker may run together, as if they shared nothing."""
    largest = max(configs, key=bytes_of_results)
    sharing = 1 if largest.executor.has_jobs else workers
    there = memory_of(largest) / sharing - PROCESS
    return max(1, int(min(there / (PEAK * bytes_of_results(largest)), len(configs))))


def bytes_of_run(config: Config) -> float:
    """About what a process takes that runs this."""
    return PROCESS + PEAK * bytes_of_results(config)


def memory_of(config: Config) -> float:
    """Bytes of memory that a run may take."""
    return config.executor.memory_gib * GIB or memory()


def bytes_of_results(config: Config) -> int:
    """About what the dataset of one run takes, by the dimensions of its variables."""
    visits = config.horizon_days // config.monitoring.interval_days + 1
    sizes = {
        "arm": len(config.arms),
        "patient": config.cohort.size,
        "time": config.horizon_days // config.record.interval_days + 2,
        **dict.fromkeys(("sample", "assessment", "cycle"), visits),
        "residual_cell": config.assay.single_cell.cells_most
        * config.assay.single_cell.at_enrolment,
        **dict.fromkeys(("week", "mobilisation"), 2000 * config.record.treatment_week),  # at most
        **dict.fromkeys(("clone", "ngs_sample", "variant", "occasion", "trait"), 0),
    }
    if config.record.clones > 0:
        sizes |= {
            "clone": max(config.record.clones, 1), "ngs_sample": visits + 2, "occasion": 2,
            "variant": len(config.disease.mutation.drivers), "trait": len(TRAITS),
        }  # fmt: skip
    return bytes_of_variables(tuple(sizes.items()), len(config.disease.subtypes))


@cache
def bytes_of_variables(sizes: tuple[tuple[str, int], ...], subtypes: int) -> int:
    """About what all variables of a dataset take, with dimensions of these sizes."""
    of_dim = dict(sizes)  # all others are of subtypes
    dimensions = (variable.dims for variable in VARIABLES.values())
    return sum(8 * math.prod(of_dim.get(dim, subtypes) for dim in dims) for dims in dimensions)


def memory() -> float:
    """Bytes of memory that this machine has; infinite where the system does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return math.inf


def bytes_to_hold(config: Config) -> float:
    """What a merged dataset may take of the memory, beside the process itself."""
    return max(memory_of(config) - PROCESS, 0.0) / 2
