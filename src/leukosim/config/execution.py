"""Which executor runs the work, and with which settings."""

import shutil
from dataclasses import dataclass
from importlib.util import find_spec

from leukosim.errors import ConfigError, listed
from leukosim.parameters import check_ranges, choice, setting

PROCESSES, THREADS, DASK, SLURM = "processes", "threads", "dask", "slurm"
EXECUTORS = (PROCESSES, THREADS, DASK, SLURM)
PACKAGES = {DASK: "distributed", SLURM: "submitit"}  # of the extras of the same name
CLUSTERS = ("slurm", "local", "debug")

TOGETHER, ALONE = 2, 2  # attempts at work whose process died: with all that is left, each by itself


@dataclass(frozen=True)
class ExecutorOptions:
    """Where the work runs. Nothing here can change a number."""

    name: str = choice(PROCESSES, EXECUTORS, "where the work runs")
    workers: int = setting(
        0, "1", lowest=0, highest=1024, note="processes, threads or jobs; 0: one for each processor"
    )
    memory_gib: float = setting(
        0.0, "GiB", lowest=0.0, highest=2.0**20, note="a run may take; of a Slurm job; 0: all"
    )
    address: str = ""  # of a dask scheduler, such as tcp://host:8786; none: one of this machine
    scheduler_file: str = ""  # which a dask scheduler wrote
    cluster: str = choice(
        "slurm", CLUSTERS, "that jobs are for; local and debug: this machine, to try them"
    )
    partition: str = ""  # of Slurm
    account: str = ""  # of Slurm
    job_minutes: int = setting(240, "minute", lowest=1, highest=525600, note="of a Slurm job")
    job_folder: str = "slurm_jobs"  # what jobs are told and say; every node has to see it

    def __post_init__(self) -> None:
        check_ranges(self)
        for name, allowed in (("name", EXECUTORS), ("cluster", CLUSTERS)):
            value = getattr(self, name)
            if value not in allowed:
                raise ValueError(f"{name} = {value} is unknown: allowed {listed(allowed)}")
        for name in ("address", "scheduler_file"):
            value = getattr(self, name)
            if value and self.name != DASK:
                raise ValueError(
                    f"{name} = {value} is for executor=dask only, and executor.name is {self.name}"
                )
        if self.address and self.scheduler_file:
            raise ValueError(
                f"address = {self.address} and scheduler_file = {self.scheduler_file} name a "
                "scheduler each: give one of them"
            )
        if self.name == SLURM and self.workers == 0:
            raise ValueError("workers = 0 is not allowed for executor=slurm: say how many jobs")

    @property
    def is_elsewhere(self) -> bool:
        """Whether work is handed to a scheduler, whose workers need not be of this machine."""
        return self.name in PACKAGES


def executor_of_options(executor: str | ExecutorOptions) -> ExecutorOptions:
    """An executor with its settings, by its name alone where the others do not matter."""
    return ExecutorOptions(executor) if isinstance(executor, str) else executor


def check_installed(place: ExecutorOptions) -> None:
    """Raise :class:`ConfigError` where an executor lacks what it needs on this machine."""
    package = PACKAGES.get(place.name)
    if package and find_spec(package) is None:
        raise ConfigError(
            f"executor.name = {place.name} needs the package {package}, which is not installed: "
            f"pip install 'leukosim[{place.name}]'"
        )
    if place.name == SLURM and place.cluster == "slurm" and shutil.which("srun") is None:
        raise ConfigError(
            "executor.name = slurm needs Slurm's commands (srun is not found): run it on a login "
            "node, or try it here with executor.cluster=local"
        )
