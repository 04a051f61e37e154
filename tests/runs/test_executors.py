"""Work comes back whole from every engine, also where processes die or somebody interrupts."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor
from functools import partial
from pathlib import Path

import pytest

from leukosim.config.execution import PBS
from leukosim.config.job_options import JobQueueOptions, SlurmOptions
from leukosim.errors import ConfigError
from leukosim.runs.executors import (
    DASK,
    EXECUTORS,
    JOBQUEUES,
    PROCESSES,
    SLURM,
    ExecutorOptions,
    check_installed,
    map_unordered,
)

NEEDS = {DASK: "distributed", SLURM: "submitit"} | dict.fromkeys(JOBQUEUES, "dask_jobqueue")
EXTRAS = dict.fromkeys(JOBQUEUES, "jobqueue")
EACH_WAY = tuple(name for name in EXECUTORS if name not in JOBQUEUES[1:])  # all queues work alike


@pytest.fixture
def place(request, tmp_path_factory, monkeypatch):
    """An engine by its name, of this machine; Slurm's jobs as processes of it."""
    name = request.param
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))  # jobs import what is done here
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    if name == SLURM or name in JOBQUEUES:
        folder = str(tmp_path_factory.mktemp("jobs"))
        return ExecutorOptions(name, workers=2, memory_gib=1.0, cluster="local", job_folder=folder)
    return ExecutorOptions(name)


@pytest.fixture(scope="module", autouse=True)
def _clusters_end_with_their_tests():
    yield
    if importlib.util.find_spec("distributed"):
        from leukosim.runs.executors import dask_cluster

        for key in list(dask_cluster._clients):
            dask_cluster.end(key)


of_clusters = pytest.mark.parametrize("place", [DASK, SLURM, *JOBQUEUES], indirect=True)


def squared(number):
    return number * number


def refuses_three(number):
    if number == 3:
        raise ValueError("three")
    return number


def dies_once(number, folder):
    """Kills its process at the first try of every number."""
    mark = Path(folder) / str(number)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def three_kills(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def results(outcomes):
    return {position: each.result() for position, each in outcomes}


@pytest.mark.parametrize("place", EACH_WAY, indirect=True)
@pytest.mark.parametrize("workers", [1, 2])
def test_every_item_comes_back(place, workers):
    result = results(map_unordered(squared, range(7), workers, place))
    assert result == {n: n * n for n in range(7)}


def test_an_error_is_its_items_own_in_this_process():
    outcomes = dict(map_unordered(refuses_three, range(6)))
    assert isinstance(outcomes[3].exception(), ValueError)
    assert outcomes[5].result() == 5


@pytest.mark.parametrize("place", EACH_WAY, indirect=True)
def test_an_error_is_its_items_own(place):
    outcomes = dict(map_unordered(refuses_three, range(6), 2, place))
    assert isinstance(outcomes.pop(3).exception(), ValueError)
    assert {position: each.result() for position, each in outcomes.items()} == {
        n: n for n in range(6) if n != 3
    }


@pytest.mark.end_to_end
@pytest.mark.parametrize("place", [PROCESSES, DASK, SLURM], indirect=True)
def test_what_a_killed_process_was_at_is_done_again(tmp_path, place):
    result = results(map_unordered(partial(dies_once, folder=str(tmp_path)), range(5), 2, place))
    assert result == {n: n for n in range(5)}
    assert len(list(tmp_path.iterdir())) == 5  # killed indeed


@pytest.mark.end_to_end
@pytest.mark.parametrize("place", [PROCESSES, DASK, SLURM], indirect=True)
def test_who_kills_every_process_costs_only_itself(place):
    outcomes = dict(map_unordered(three_kills, range(6), 2, place))
    assert isinstance(outcomes.pop(3).exception(), BrokenExecutor)
    assert {position: each.result() for position, each in outcomes.items()} == {
        n: n for n in range(6) if n != 3
    }


@pytest.mark.end_to_end
@pytest.mark.parametrize("place", [DASK], indirect=True)
def test_workers_that_dask_does_not_start_again_are_replaced(place, tmp_path, monkeypatch):
    from leukosim.runs.executors import dask_cluster

    async def gives_up():
        raise RuntimeError("the worker died while it started")

    monkeypatch.setattr(dask_cluster, "PATIENCE_SECONDS", 0.5)
    for nanny in dask_cluster.client_of(3, place).cluster.workers.values():
        nanny.instantiate = gives_up  # as where a worker dies while it starts
    result = results(map_unordered(partial(dies_once, folder=str(tmp_path)), range(3), 3, place))
    assert result == {n: n for n in range(3)}


@pytest.mark.end_to_end
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interruption_ends_processes_at_once():
    script = (
        "import time\n"
        "from leukosim.runs.executors import map_unordered\n"
        "print('begun', flush=True)\n"
        "try:\n"
        "    list(map_unordered(time.sleep, [60.0] * 4, 2))\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert child.stdout.readline() == "begun\n"
    time.sleep(3.0)  # the processes have started
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does
    out, err = child.communicate(timeout=30)
    assert out == "interrupted\n"
    assert "Traceback" not in err


@pytest.mark.end_to_end
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_processes_do_not_outlive_a_killed_parent(tmp_path):
    script = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from leukosim.runs.executors import map_unordered\n"
        "def work(folder):\n"
        "    Path(folder, str(os.getpid())).touch()\n"
        "    time.sleep(60.0)\n"
        "list(map_unordered(work, [sys.argv[1]] * 4, 2))\n"
    )
    if not Path("/proc").exists():
        pytest.skip("needs /proc to see who is running")
    child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)])
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    processes = [int(path.name) for path in tmp_path.iterdir()]
    child.kill()
    child.wait()
    wait_until(lambda: not any(is_running(process) for process in processes))


def wait_until(is_so, seconds=30.0):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(process):
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().split()[2]
    except FileNotFoundError:
        return False


@of_clusters
def test_an_engine_that_is_not_installed_says_what_to_install(place, monkeypatch):
    monkeypatch.setattr("leukosim.config.execution.find_spec", lambda package: None)
    with pytest.raises(ConfigError) as refused:
        list(map_unordered(squared, range(3), 2, place))
    assert str(refused.value) == (
        f"executor.name = {place.name} needs the package {NEEDS[place.name]}, which is not "
        f"installed: pip install 'leukosim[{EXTRAS.get(place.name, place.name)}]'"
    )


def test_slurm_without_its_commands_is_refused(monkeypatch):
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match="srun is not found"):
        check_installed(ExecutorOptions(SLURM, workers=2))


def test_jobs_that_slurm_does_not_take_are_told(tmp_path, monkeypatch):
    """A Slurm that refuses, as one does whose nodes have less memory than a job asks for."""
    pytest.importorskip("submitit")
    said = "Memory specification can not be satisfied"
    refuses = f"#!/bin/sh\necho 'sbatch: error: {said}' >&2\nexit 1\n"
    for name in ("srun", "sbatch"):
        (tmp_path / name).write_text(refuses)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    place = ExecutorOptions(SLURM, workers=2, memory_gib=4.0, job_folder=str(tmp_path / "jobs"))
    with pytest.raises(
        ConfigError, match=f"Slurm does not take the jobs of executor=slurm: {said}"
    ):
        list(map_unordered(squared, range(3), 2, place))


@pytest.mark.parametrize(
    ("says", "is_lost"),
    [
        ("echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1", True),
        ("echo 7_1 RUNNING", True),
        ("echo 7_0 PENDING; echo 7_1 RUNNING", False),
        ("echo 'Unable to contact slurm controller' >&2; exit 1", False),
    ],
)
def test_a_job_that_left_the_queue_without_a_result_is_lost(tmp_path, monkeypatch, says, is_lost):
    """As where Slurm keeps no accounts, so that nobody else says that a job has died."""
    pytest.importorskip("submitit")
    from leukosim.runs.executors import slurm_jobs, slurm_queue

    (tmp_path / "squeue").write_text(f"#!/bin/sh\n{says}\n")
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(slurm_queue, "ASK_SECONDS", 0.3)
    monkeypatch.setattr(slurm_queue, "GONE_SECONDS", 0.3)
    ends = time.monotonic() + 2.0

    class Job:
        job_id = "7_0"

        def done(self):
            return time.monotonic() > ends

    job = Job()
    assert [*slurm_jobs.as_they_end([[4]], [job], slurm_queue.Queue())] == [([4], job, is_lost)]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("place", EACH_WAY, indirect=True)
def test_no_items_are_no_work(place):
    assert list(map_unordered(squared, [], 2, place)) == []


def test_an_address_without_a_scheduler_is_told(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("leukosim.runs.executors.dask_cluster.ANSWER_SECONDS", 1.0)
    place = ExecutorOptions(DASK, address="tcp://127.0.0.1:1")
    with pytest.raises(ConfigError, match="executor.address = tcp://127.0.0.1:1 leads to no dask"):
        list(map_unordered(squared, range(3), 2, place))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            dict(name="cluster"),
            "name = cluster is unknown: allowed processes, threads, dask, slurm, pbs, sge, lsf",
        ),
        (dict(address="tcp://a:1"), "address = tcp://a:1 is for executor=dask only"),
        (dict(name=DASK, address="tcp://a:1", scheduler_file="s.json"), "give one of them"),
        (dict(name=SLURM), "workers = 0 is not allowed for executor=slurm"),
        (dict(name=PBS, workers=2), "memory_gib = 0.0 is not allowed for executor=pbs"),
        (dict(job_minutes=5), "job_minutes = 5 is for executor=slurm or executor=pbs or"),
        (dict(job_folder="a"), "job_folder = a is for executor=slurm or"),
        (dict(name=DASK, submit=True), "submit = true is for executor=slurm only"),
        (dict(name=SLURM, workers=2, cluster=PBS), "cluster = pbs is unknown: allowed slurm,"),
        (
            dict(name=SLURM, workers=2, cluster="debug", submit=True),
            "submit = true is not possible",
        ),
        (dict(slurm=SlurmOptions(qos="a")), "slurm.qos = a is for executor=slurm only"),
        (
            dict(name=SLURM, workers=2, jobqueue=JobQueueOptions(setup=["a"])),
            r"jobqueue.setup = \['a'\] is for executor=pbs or executor=sge or executor=lsf only",
        ),
        (dict(memory_gib=-1.0), "memory_gib = -1.0 is not allowed: memory_gib is in GiB"),
    ],
)
def test_settings_that_cannot_be(settings, said):
    with pytest.raises(ValueError, match=said):
        ExecutorOptions(**settings)


def test_a_cluster_of_this_machine_cannot_be_reached_from_another():
    """All sockets that listen, of the scheduler's process and its workers'."""
    pytest.importorskip("distributed")
    psutil = pytest.importorskip("psutil")
    from leukosim.runs.executors import dask_cluster

    def listening():
        processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
        return {
            each.laddr
            for process in processes
            for each in process.net_connections("tcp")
            if each.status == psutil.CONN_LISTEN
        }

    for key in list(dask_cluster._clients):
        dask_cluster.end(key)
    before = listening()
    client = dask_cluster.client_of(2, ExecutorOptions(DASK))
    client.wait_for_workers(2)
    opened = listening() - before
    assert len(opened) >= 4  # the scheduler, its dashboard, two workers
    assert {address.ip for address in opened} == {dask_cluster.THIS_MACHINE}
