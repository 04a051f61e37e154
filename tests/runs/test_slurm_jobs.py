"""What a job tells Slurm: the script that sbatch is handed."""

import pytest

pytest.importorskip("submitit")

from leukosim.config.execution import SLURM, ExecutorOptions
from leukosim.config.job_options import SlurmOptions
from leukosim.runs.executors import slurm_jobs

SBATCH = """#!/bin/sh
cat "$1" >> "$SCRIPTS"
echo Submitted batch job 7
"""


@pytest.fixture
def script_of(tmp_path, monkeypatch):
    """The script of an array of two jobs, by a Slurm that keeps it and runs nothing."""

    def submit(**options):
        for name in ("srun", "sbatch"):
            (tmp_path / name).write_text(SBATCH)
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        monkeypatch.setenv("SCRIPTS", str(tmp_path / "scripts"))
        place = ExecutorOptions(
            SLURM, workers=2, memory_gib=3.0, job_minutes=90, slurm=SlurmOptions(**options)
        )
        executor = slurm_jobs.executor_of(tmp_path / "jobs", 2, place)
        slurm_jobs.submitted(executor, abs, [-1, -2])
        return (tmp_path / "scripts").read_text().splitlines()

    return submit


def test_every_option_is_told(script_of):
    lines = script_of(
        partition="cpu", account="aml", qos="long", constraint="avx2&(a|b)",
        setup=["module load python", "export A='b c'"], python="apptainer exec image.sif python3",
        additional={"gres": "gpu:1", "mail-user": "a b", "exclusive": ""},
    )  # fmt: skip
    for option in (
        "partition=cpu", "account=aml", "qos=long", "constraint='avx2&(a|b)'", "gres=gpu:1",
        "mail-user='a b'", "exclusive", "time=90", "mem=3GB", "cpus-per-task=1", "array=0-1%2",
    ):  # fmt: skip
        assert f"#SBATCH --{option}" in lines
    start = lines.index("module load python")
    assert lines[start + 1] == "export A='b c'"
    (command,) = [line for line in lines if line.startswith("srun ")]
    assert " apptainer exec image.sif python3 -u -m submitit.core._submit " in command
    assert start < lines.index(command)


def test_what_is_not_said_is_not_told(script_of):
    lines = script_of()
    for name in ("partition", "account", "qos", "constraint", "gres"):
        assert not [line for line in lines if line.startswith(f"#SBATCH --{name}")]
