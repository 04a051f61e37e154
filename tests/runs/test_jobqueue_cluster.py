"""Jobs of PBS, SGE and LSF ask for what was said, and their workers do the work."""

import os
import shutil
import sys

import pytest

pytest.importorskip("dask_jobqueue")

from leukosim.config.execution import LSF, PBS, SGE, ExecutorOptions, check_installed
from leukosim.config.job_options import JobQueueOptions
from leukosim.errors import ConfigError
from leukosim.runs.executors import dask_cluster, jobqueue_cluster, map_unordered

DIRECTIVES = {
    PBS: [
        "#PBS -q short", "#PBS -A aml", "#PBS -l select=1:ncpus=1:mem=3072MB",
        "#PBS -l walltime=01:30:00", "#PBS -l feature=avx2", "#PBS -o {folder}/",
    ],
    SGE: [
        "#$ -q short", "#$ -P aml", "#$ -l h_rt=01:30:00", "#$ -l feature=avx2", "#$ -o {folder}/",
    ],
    LSF: ["#BSUB -q short", '#BSUB -P "aml"', "#BSUB -n 1", "#BSUB -W 01:30",
          "#BSUB -l feature=avx2"],
}  # fmt: skip
OPTIONS = JobQueueOptions(
    queue="short", project="aml", interface="lo", setup=["module load python", "export A=1"],
    python="/opt/python", additional=["-l feature=avx2"],
)  # fmt: skip
# A queue that starts a job at once, in a process of this machine, and knows it by its number.
QSUB = """#!/bin/sh
cp "$1" "$JOBS/script"
setsid sh "$JOBS/script" > "$JOBS/out" 2>&1 < /dev/null &
echo $!.server
"""
QDEL = "#!/bin/sh\nkill -- -${1%%.*}\n"


@pytest.fixture
def place(tmp_path, monkeypatch):  # whose commands are there until the jobs have ended
    """A queue by its name, with a folder of its own."""

    def of(name, **settings):
        usual = {"workers": 1, "memory_gib": 3.0, "job_folder": str(tmp_path / "jobs")}
        return ExecutorOptions(name, **(usual | settings))

    yield of
    for key in list(dask_cluster._clients):
        dask_cluster.end(key)


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Write commands of a queue and put them where they are found."""

    def write(**texts):
        for name, text in texts.items():
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        monkeypatch.setenv("JOBS", str(tmp_path))

    return write


@pytest.mark.parametrize("name", DIRECTIVES)
def test_a_job_asks_for_what_was_said(name, place, tmp_path):
    cluster = jobqueue_cluster.cluster_of(place(name, job_minutes=90, jobqueue=OPTIONS))
    try:
        lines = cluster.job_script().splitlines()
        keys = list((tmp_path / "jobs").glob("keys-*/key.pem"))
        assert keys and keys[0].parent.stat().st_mode & 0o077 == 0
    finally:
        cluster.close()
    for directive in DIRECTIVES[name]:
        assert directive.format(folder=tmp_path / "jobs") in lines
    start = lines.index("module load python")
    assert lines[start + 1] == "export A=1"
    command = lines[start + 2]
    assert command.startswith("/opt/python -m distributed.cli.dask_worker tls://")
    for words in ("--nthreads 1", "--memory-limit 3.00GiB", "--interface lo", str(keys[0])):
        assert words in command


@pytest.mark.parametrize("name", DIRECTIVES)
def test_what_is_not_said_is_left_to_the_files_of_dask(name, place, tmp_path):
    job = jobqueue_cluster.job_of(place(name), tmp_path)
    assert not {"queue", "account", "project", "interface", "python"} & job.keys()
    assert not {"job_script_prologue", "job_extra_directives"} & job.keys()


@pytest.mark.slow
def test_work_is_done_in_jobs_of_a_queue(place, commands, tmp_path):
    """By dask-jobqueue's own PBS cluster, with setup, over encrypted connections."""
    if shutil.which("setsid") is None:
        pytest.skip("needs setsid")
    commands(qsub=QSUB, qdel=QDEL)
    options = JobQueueOptions(setup=[f"echo done > {tmp_path}/setup"], python=sys.executable)
    outcomes = map_unordered(abs, range(-3, 0), 1, place(PBS, jobqueue=options))
    assert {position: each.result() for position, each in outcomes} == {0: 3, 1: 2, 2: 1}
    assert (tmp_path / "setup").read_text() == "done\n"
    assert "tls://" in (tmp_path / "script").read_text()


def test_a_queue_that_takes_no_jobs_is_told(place, commands):
    commands(qsub="#!/bin/sh\necho 'qsub: Unknown queue' >&2\nexit 1\n", qdel=QDEL)
    with pytest.raises(ConfigError) as refused:
        list(map_unordered(abs, [-1], 2, place(PBS, workers=2)))
    assert str(refused.value) == "PBS does not take the jobs of executor=pbs: qsub: Unknown queue"


def test_a_network_that_is_not_there_is_told(place, commands):
    commands(qsub=QSUB, qdel=QDEL)
    options = JobQueueOptions(interface="ib77")
    with pytest.raises(ConfigError, match="'ib77' is not a valid network interface"):
        list(map_unordered(abs, [-1], 1, place(PBS, jobqueue=options)))


def test_a_job_that_is_lost_is_submitted_again(place, commands, tmp_path, monkeypatch):
    """Also where the queue does not take it at the first try; those that wait are not doubled."""
    asked = tmp_path / "asked"
    commands(
        qsub=f"#!/bin/sh\necho x >> {asked}\necho $(wc -l < {asked}).server\n", qdel="#!/bin/sh\n"
    )
    cluster = jobqueue_cluster.cluster_of(place(PBS))
    try:
        plugin = jobqueue_cluster.ReplacesJobs(cluster, 2)
        cluster.sync(jobqueue_cluster.submit, cluster, 2)
        cluster.sync(plugin.replace)
        assert len(asked.read_text().split()) == 2  # both wait
        del cluster.workers[next(iter(cluster.workers))]  # as dask does when it has lost one
        commands(qsub="#!/bin/sh\nexit 1\n")
        cluster.sync(plugin.replace)
        assert len(cluster.workers) == 1
        commands(qsub=f"#!/bin/sh\necho x >> {asked}\necho 9.server\n")
        cluster.sync(plugin.replace)
        assert len(asked.read_text().split()) == 3
        assert len(cluster.workers) == 2
    finally:
        cluster.close()


def test_a_folder_with_blanks_is_refused(place, tmp_path):
    with pytest.raises(ConfigError, match="allowed are paths without blanks"):
        jobqueue_cluster.cluster_of(place(SGE, job_folder=str(tmp_path / "a b")))


@pytest.mark.parametrize(("name", "command"), [(PBS, "qsub"), (SGE, "qsub"), (LSF, "bsub")])
def test_a_missing_command_is_told_before_anything_runs(name, command, place, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match=rf"commands of {name.upper()} \({command} is not found"):
        check_installed(place(name))
