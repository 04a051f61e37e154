"""A dask cluster whose workers are jobs of PBS, SGE or LSF, by dask-jobqueue."""

import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

from dask_jobqueue import LSFCluster, PBSCluster, SGECluster
from dask_jobqueue.local import LocalCluster
from distributed import Client, Scheduler, Security, Status
from distributed.diagnostics.plugin import SchedulerPlugin

from leukosim.config.execution import LOCAL, LSF, PBS, SGE, ExecutorOptions
from leukosim.errors import ConfigError

CLUSTERS = {PBS: PBSCluster, SGE: SGECluster, LSF: LSFCluster, LOCAL: LocalCluster}
ROLES = ("client", "scheduler", "worker")
LOST_SECONDS = 30.0  # after which a job that ended early is submitted again; dask takes 15


def started(workers: int, place: ExecutorOptions) -> Client:
    """A connection to a new cluster, with its jobs submitted.

    Raises
    ------
    leukosim.errors.ConfigError
        The cluster cannot be set up, as where there is no such network interface.
    """
    try:
        cluster = cluster_of(place)
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(
            f"executor={place.name} cannot start the scheduler of its jobs: "
            f"{first_line(error.__cause__ or error)}"
        ) from None
    try:
        cluster.sync(submit, cluster, workers)
    except Exception as error:
        forget_refused(cluster)
        cluster.close()
        raise ConfigError(
            f"{place.name.upper()} does not take the jobs of executor={place.name}: {said(error)}"
        ) from None
    plugin = ReplacesJobs(cluster, workers)
    plugin.scheduler.add_plugin(plugin)
    return Client(cluster, set_as_default=False)


async def submit(cluster: Any, jobs: int) -> None:
    """Submit as many jobs as are missing; those that wait in the queue count.

    Dask by itself would only log that a job was not taken.
    """
    cluster.scale(jobs=jobs)
    await cluster._correct_state()


def forget_refused(cluster: Any) -> None:
    """Count jobs that the queue did not take as missing; dask takes them for submitted."""
    for name, job in list(cluster.workers.items()):
        if job.job_id is None:
            del cluster.workers[name]
            cluster._created.discard(job)


def cluster_of(place: ExecutorOptions) -> Any:
    """A cluster without jobs yet. Its connections are encrypted and closed to other users."""
    folder = Path(place.folder_of_jobs).absolute()
    if len(str(folder).split()) > 1:
        raise ConfigError(
            f"executor.job_folder = {folder} is not possible for executor={place.name}: jobs are "
            "given file names without quotes, allowed are paths without blanks"
        )
    folder.mkdir(parents=True, exist_ok=True)
    kind = LOCAL if place.cluster == LOCAL else place.name
    keys = tempfile.TemporaryDirectory(dir=folder, prefix="keys-")  # which only this user can read
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # on names in users' own dask files
        cluster: Any = CLUSTERS[kind](
            **job_of(place, folder),
            security=security_of(Path(keys.name)),
            scheduler_options={"dashboard_address": ":0"},  # any free port
            silence_logs=logging.CRITICAL,
        )
    cluster.keys = keys  # which go with it
    return cluster


def security_of(folder: Path) -> Security:
    """New keys, written to a folder, for connections that nobody else can use."""
    new = Security.temporary()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_text(new.tls_ca_file, encoding="ascii")
    key.write_text(new.tls_client_key, encoding="ascii")
    files = {f"tls_{role}_key": str(key) for role in ROLES}
    files |= {f"tls_{role}_cert": str(certificate) for role in ROLES}
    return Security(require_encryption=True, tls_ca_file=str(certificate), **files)


def job_of(place: ExecutorOptions, folder: Path) -> dict[str, Any]:
    """The options of a job for dask-jobqueue; it looks up the rest in the user's files of dask.

    folder : of what jobs say
    """
    options = place.jobqueue
    hours, minutes = divmod(place.job_minutes, 60)
    job: dict[str, Any] = {
        "cores": 1,
        "processes": 1,
        "memory": f"{place.memory_gib}GiB",
        "job_name": "leukosim",
        "log_directory": str(folder),
        "walltime": f"{hours:02}:{minutes:02}" + ("" if place.name == LSF else ":00"),
        "queue": options.queue,
        "account" if place.name == PBS and place.cluster != LOCAL else "project": options.project,
        "interface": options.interface,
        "python": options.python,
        "job_script_prologue": options.setup,
        "job_extra_directives": options.additional,
    }
    return {name: value for name, value in job.items() if value not in ("", [])}


def said(error: BaseException) -> str:
    """What a command of the queue wrote before it failed, or else what an error says first."""
    lines = [line.strip() for line in str(error).partition("stderr:\n")[2].splitlines()]
    return "; ".join(filter(None, lines)) or first_line(error)


def first_line(error: BaseException) -> str:
    """What an error says, without its details."""
    return (str(error).splitlines() or [type(error).__name__])[0]


class ReplacesJobs(SchedulerPlugin):
    """Submits a job in place of one that ended early, as by its time limit or with its node."""

    name = "replaces jobs"

    def __init__(self, cluster: Any, jobs: int) -> None:
        self.cluster, self.jobs = cluster, jobs
        self.scheduler: Any = cluster.scheduler  # in this process

    def remove_worker(self, scheduler: Scheduler, worker: str, **more: Any) -> None:
        """A worker was lost."""
        scheduler.loop.call_later(LOST_SECONDS, self.replace)

    async def replace(self) -> None:
        """Submit what is missing, and try again later where the queue does not take it."""
        if self.cluster.status != Status.running:
            return
        try:
            await submit(self.cluster, self.jobs)
        except Exception:
            forget_refused(self.cluster)
            self.scheduler.loop.call_later(LOST_SECONDS, self.replace)
