"""Which executor runs the work, and with which settings."""

import shutil
from dataclasses import dataclass, field, fields
from importlib.util import find_spec

from leukosim.config.job_options import JobQueueOptions, SlurmOptions, given
from leukosim.errors import ConfigError, InvalidField, listed
from leukosim.parameters import check_ranges, choice, setting

PROCESSES, THREADS, DASK, SLURM = "processes", "threads", "dask", "slurm"
PBS, SGE, LSF = "pbs", "sge", "lsf"
JOBQUEUES = (PBS, SGE, LSF)  # whose jobs are workers of a dask cluster
EXECUTORS = (PROCESSES, THREADS, DASK, SLURM, *JOBQUEUES)
# The package that an executor imports, and the extra that installs it.
PACKAGES = {DASK: ("distributed", "dask"), SLURM: ("submitit", "slurm")} | dict.fromkeys(
    JOBQUEUES, ("dask_jobqueue", "jobqueue")
)
COMMANDS = {SLURM: "srun", PBS: "qsub", SGE: "qsub", LSF: "bsub"}  # that submit jobs
LOCAL, DEBUG = "local", "debug"  # clusters of this machine
# Which executors use a field; the others refuse it.
USED_BY = {
    "address": (DASK,), "scheduler_file": (DASK,), "slurm": (SLURM,), "submit": (SLURM,),
    "jobqueue": JOBQUEUES, **dict.fromkeys(("cluster", "job_minutes", "job_folder"),
                                           (SLURM, *JOBQUEUES)),
}  # fmt: skip

TOGETHER, ALONE = 2, 2  # attempts at work whose process died: with all that is left, each by itself


@dataclass(frozen=True)
class ExecutorOptions:
    """Where the work runs. Nothing here can change a number."""

    name: str = choice(PROCESSES, EXECUTORS, "where the work runs")
    workers: int = setting(
        0, "1", lowest=0, highest=1024, note="processes, threads or jobs; 0: one for each processor"
    )
    memory_gib: float = setting(
        0.0, "GiB", lowest=0.0, highest=2.0**20, note="a run may take; of a cluster's job; 0: all"
    )
    address: str = ""  # of a dask scheduler, such as tcp://host:8786; none: one of this machine
    scheduler_file: str = ""  # which a dask scheduler wrote
    cluster: str = ""  # none: that of the executor; local and debug: this machine, to try jobs
    job_minutes: int = setting(240, "minute", lowest=1, highest=525600, note="of a cluster's job")
    job_folder: str = ""  # inputs and logs of jobs, on a disk of all nodes; none: NAME_jobs
    submit: bool = False  # submit the jobs and return, instead of waiting for them
    slurm: SlurmOptions = field(default_factory=SlurmOptions)
    jobqueue: JobQueueOptions = field(default_factory=JobQueueOptions)

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.name not in EXECUTORS:
            raise InvalidField(f"name = {self.name} is unknown: allowed {listed(EXECUTORS)}")
        self.check_used()
        if self.address and self.scheduler_file:
            raise InvalidField(
                f"address = {self.address} and scheduler_file = {self.scheduler_file} name a "
                "scheduler each: give one of them"
            )
        if self.name in COMMANDS:
            self.check_jobs()

    def check_used(self) -> None:
        """Raise ValueError where a field has a value that this executor would not use."""
        defaults = {each.name: each.default for each in fields(self)}
        for name, users in USED_BY.items():
            if self.name in users:
                continue
            value = getattr(self, name)
            if isinstance(value, SlurmOptions | JobQueueOptions):
                inside = given(value)
                words = f"{name}.{inside}" if inside else ""
            else:
                shown = str(value).lower() if isinstance(value, bool) else value
                words = f"{name} = {shown}" if value != defaults[name] else ""
            if words:
                allowed = " or ".join(f"executor={user}" for user in users)
                raise InvalidField(
                    f"{words} is for {allowed} only, and executor.name is {self.name}"
                )

    def check_jobs(self) -> None:
        """Raise ValueError where settings of jobs contradict each other."""
        clusters = (self.name, LOCAL, DEBUG) if self.name == SLURM else (self.name, LOCAL)
        if self.cluster and self.cluster not in clusters:
            raise InvalidField(f"cluster = {self.cluster} is unknown: allowed {listed(clusters)}")
        if self.workers == 0:
            raise InvalidField(
                f"workers = 0 is not allowed for executor={self.name}: say how many jobs"
            )
        if self.name in JOBQUEUES and not self.memory_gib:
            raise InvalidField(
                f"memory_gib = 0.0 is not allowed for executor={self.name}: say how many GiB a "
                "job may take"
            )
        if self.name in JOBQUEUES and self.cluster == LOCAL and self.jobqueue.setup:
            raise InvalidField(
                f"jobqueue.setup = {self.jobqueue.setup} is not possible with "
                "executor.cluster=local, whose jobs are no shell scripts"
            )
        if self.submit and self.cluster == DEBUG:
            raise InvalidField(
                "submit = true is not possible with executor.cluster=debug, whose jobs run in "
                "this process: allowed slurm and local"
            )

    @property
    def is_elsewhere(self) -> bool:
        """Whether work is handed to a scheduler, whose workers need not be of this machine."""
        return self.name in PACKAGES

    @property
    def folder_of_jobs(self) -> str:
        """The folder of the inputs and logs of jobs."""
        return self.job_folder or f"{self.name}_jobs"

    @property
    def has_jobs(self) -> bool:
        """Whether each worker is a job, with time and memory of its own."""
        return self.name in COMMANDS

    @property
    def uses_queue(self) -> bool:
        """Whether jobs go to a cluster's queue, and not to processes of this machine."""
        return self.has_jobs and self.cluster in ("", self.name)


def executor_of_options(executor: str | ExecutorOptions) -> ExecutorOptions:
    """An executor with its settings, by its name alone where the others do not matter."""
    return ExecutorOptions(executor) if isinstance(executor, str) else executor


def check_installed(place: ExecutorOptions) -> None:
    """Raise :class:`ConfigError` where an executor lacks what it needs on this machine."""
    package, extra = PACKAGES.get(place.name, ("", ""))
    if package and find_spec(package) is None:
        raise ConfigError(
            f"executor.name = {place.name} needs the package {package}, which is not installed: "
            f"pip install 'leukosim[{extra}]'"
        )
    if place.uses_queue and shutil.which(COMMANDS[place.name]) is None:
        raise ConfigError(
            f"executor.name = {place.name} needs the commands of {place.name.upper()} "
            f"({COMMANDS[place.name]} is not found): run it on a login node, or try it here with "
            "executor.cluster=local"
        )
