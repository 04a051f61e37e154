"""A sweep that was killed, starved of disk or started twice ends like an undisturbed one."""

import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from leukosim import cli
from leukosim.cli import drawing
from leukosim.results import shards
from leukosim.results.netcdf import load_dataset
from leukosim.runs.sweep import SCENARIOS

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(sys.platform == "win32", reason="signals"),
]

N = 16
WORDS = [
    "run", "-m", "cohort.size=4", "horizon_days=120", "seed=range(1,9)",
    "trigger.level=1e-4,1e-2", "output=here", "executor.workers=2",
]  # fmt: skip
# Figures are drawn elsewhere; without them a call takes half the time.
PROGRAM = (
    "import sys; from leukosim.cli import drawing, main; "
    "drawing.draw = lambda *_, **__: 0; sys.exit(main())"
)


def start(folder, *more, program=PROGRAM, words=WORDS):
    return subprocess.Popen(
        [sys.executable, "-c", program, *words, *more],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(folder, *more, **settings):
    """Run to the end; what it printed."""
    call = start(folder, *more, **settings)
    out, err = call.communicate(timeout=240)
    assert call.returncode == 0, err
    return out


def counts(out):
    """How many scenarios were found, and how many were run."""
    return tuple(map(int, re.search(rf"(\d+) of {N} scenarios found .* (\d+) run", out).groups()))


def kept(folder):
    """The parts that are finished."""
    return [*(folder / "here" / SCENARIOS).glob("[0-9a-f]*.zip")]


def number_kept(folder):
    """How many scenarios are finished."""
    return sum(len(shards.digests_in(path)) for path in kept(folder))


def wait_until(is_so, call, seconds=120.0):
    end = time.monotonic() + seconds
    while not is_so():
        assert call.poll() is None, call.communicate()
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The files of a sweep that nothing happened to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert counts(finish(folder)) == (0, N)
    return folder / "here"


def assert_equal(folder, undisturbed):
    """Every variable has the same bytes, and so has the log."""
    here, there = load_dataset(folder / "results.nc"), load_dataset(undisturbed / "results.nc")
    for each in (here, there):
        del each.attrs["commit"]  # somebody may be working on the code meanwhile
    xr.testing.assert_identical(here, there)
    for name, variable in there.variables.items():
        if variable.dtype != object:
            assert here[name].values.tobytes() == variable.values.tobytes(), name
    log = (folder / "decisions.csv").read_bytes()
    assert log == (undisturbed / "decisions.csv").read_bytes()
    assert not list(folder.rglob(".writing*"))


def children_of(process):
    """The processes that a process has started, and theirs."""
    result = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process:
            child = int(path.parent.name)
            result += [child, *children_of(child)]
    return result


def test_the_comparison_would_notice_one_byte(undisturbed, tmp_path):
    changed = load_dataset(undisturbed / "results.nc")
    changed["follow_up_day"][0, 0, 0] = np.nextafter(changed["follow_up_day"][0, 0, 0], np.inf)
    changed.to_netcdf(tmp_path / "results.nc")
    with pytest.raises(AssertionError):
        assert_equal(tmp_path, undisturbed)


def test_a_killed_sweep_tells_how_far_it_is(tmp_path, capsys, monkeypatch):
    call = start(tmp_path)
    wait_until(lambda: number_kept(tmp_path), call)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["status", "here"]) == 0
    assert f"here: sweep, running (process {call.pid} on " in capsys.readouterr().out
    call.kill()
    call.communicate()
    finished = number_kept(tmp_path)
    assert cli.main(["status", "here"]) == 0
    printed = capsys.readouterr().out
    assert "here: sweep, not running\n" in printed
    assert f"  {finished} of {N} scenarios finished\n" in printed
    assert printed.endswith(f"in {tmp_path}:\n    {shlex.join(['leukosim', *WORDS])}\n")
    finish(tmp_path)
    assert cli.main(["status", "here"]) == 0
    assert f"sweep, finished\n  {N} of {N} scenarios finished\n" in capsys.readouterr().out


@pytest.mark.parametrize("rng", range(2))
def test_killed_at_random_moments(tmp_path, undisturbed, rng):
    """The parent, at whatever it is: running, writing a part, merging."""
    moments = random.Random(rng)
    finished = 0
    for _ in range(2):
        call = start(tmp_path)
        wait_until(lambda known=finished: number_kept(tmp_path) > known, call)
        time.sleep(moments.uniform(0.0, 0.4))
        call.kill()
        call.communicate()
        finished = number_kept(tmp_path)
        if finished == N:
            break
    result, run = counts(finish(tmp_path))
    assert result + run == N
    assert result >= finished > 0
    assert_equal(tmp_path / "here", undisturbed)


def test_a_worker_killed_in_the_middle(tmp_path, undisturbed):
    if not Path("/proc").exists():
        pytest.skip("needs /proc to find processes")
    call = start(tmp_path)
    wait_until(lambda: len(kept(tmp_path)) >= 1, call)
    victims = [
        process
        for process in children_of(call.pid)
        if "loky" in Path(f"/proc/{process}/cmdline").read_text()
        and "resource_tracker" not in Path(f"/proc/{process}/cmdline").read_text()
    ]
    os.kill(victims[0], signal.SIGKILL)
    out, err = call.communicate(timeout=240)
    assert call.returncode == 0, err
    assert counts(out) == (0, N)
    assert "failed" not in err
    assert_equal(tmp_path / "here", undisturbed)


@pytest.mark.parametrize("victim", ["a part", "decisions.csv", "results.nc"])
def test_killed_during_a_write(tmp_path, undisturbed, victim):
    """Between the last byte and the new name, which is the worst moment there is."""
    suffix = {"a part": ".zip", "decisions.csv": ".csv", "results.nc": ".nc"}[victim]
    program = (
        "import os, signal; replace = os.replace\n"
        f"def killing(a, b): os.kill(os.getpid(), signal.SIGKILL) if str(b).endswith('{suffix}') "
        "and len(os.listdir('here/scenarios')) > 4 else replace(a, b)\n"
        f"os.replace = killing\n{PROGRAM}"
    )
    call = start(tmp_path, "executor.workers=1", program=program)
    call.communicate(timeout=240)
    assert call.returncode == -signal.SIGKILL
    assert list((tmp_path / "here").rglob(f".writing-*{suffix}"))  # left behind, half-finished
    result, run = counts(finish(tmp_path))
    assert (result + run, run > 0) == (N, victim == "a part")
    assert_equal(tmp_path / "here", undisturbed)


def test_a_worker_of_a_dask_cluster_killed_in_the_middle(tmp_path, undisturbed):
    pytest.importorskip("distributed")
    if not Path("/proc").exists():
        pytest.skip("needs /proc to find processes")
    call = start(tmp_path, "executor=dask")
    wait_until(lambda: len(kept(tmp_path)) >= 1, call)
    workers = [
        process
        for process in children_of(call.pid)
        if "spawn_main" in Path(f"/proc/{process}/cmdline").read_text()
    ]
    os.kill(workers[-1], signal.SIGKILL)
    out, err = call.communicate(timeout=240)
    assert call.returncode == 0, err
    assert counts(out) == (0, N)
    assert "failed" not in err
    assert_equal(tmp_path / "here", undisturbed)


def test_jobs_of_slurm_give_the_same(tmp_path, undisturbed):
    pytest.importorskip("submitit")
    out = finish(tmp_path, "executor=slurm", "executor.cluster=local")
    assert counts(out) == (0, N)
    assert_equal(tmp_path / "here", undisturbed)
    assert not list((tmp_path / "slurm_jobs").iterdir())


def test_a_damaged_part_is_run_again(tmp_path, undisturbed):
    finish(tmp_path)
    cut_off, changed, mixed_up, other = sorted(kept(tmp_path))[:4]
    cut_off.write_bytes(cut_off.read_bytes()[:-100])
    with zipfile.ZipFile(changed) as file:
        data = file.getinfo(shards.DATA)
    raw = bytearray(changed.read_bytes())
    raw[data.header_offset + 100] ^= 0xFF
    changed.write_bytes(raw)
    mixed_up.write_bytes(other.read_bytes())
    (tmp_path / "here" / "results.nc").unlink()
    out = finish(tmp_path)
    assert counts(out) == (N - 6, 4)  # two scenarios a part; what is changed looks finished
    assert "2 run again, as what was kept of them was damaged" in out
    assert_equal(tmp_path / "here", undisturbed)


def test_two_identical_commands_at_once(tmp_path, undisturbed):
    first = start(tmp_path)
    wait_until((tmp_path / "here" / ".leukosim.lock").exists, first)
    first.send_signal(signal.SIGSTOP)  # lest it be done before the second has begun
    second = start(tmp_path)
    said = second.communicate(timeout=240)[1]
    first.send_signal(signal.SIGCONT)
    assert "is being written by process" in said
    assert second.returncode == 2
    assert first.communicate(timeout=240) and first.returncode == 0
    assert_equal(tmp_path / "here", undisturbed)


def test_two_identical_commands_on_a_disk_without_locks(tmp_path, undisturbed):
    program = f"from leukosim.results import output_folder; output_folder.fcntl = None\n{PROGRAM}"
    both = [start(tmp_path, program=program) for _ in range(2)]
    for call in both:
        _, err = call.communicate(timeout=240)
        assert call.returncode == 0, err
    assert_equal(tmp_path / "here", undisturbed)


def test_a_full_disk(tmp_path, undisturbed):
    """A disk of its own, which is too small; then there is room."""
    small = tmp_path / "small"
    small.mkdir()
    disk = f"mount -t tmpfs -o size=32k tmpfs {small}"
    if subprocess.run(["unshare", "-rm", "sh", "-c", disk], capture_output=True).returncode:
        pytest.skip("needs a disk of its own")
    run = f'{disk} && cd {small} && "$@"; code=$?; cp -r {small}/here {tmp_path}/left; exit $code'
    call = subprocess.run(
        ["unshare", "-rm", "sh", "-c", run, "sh", sys.executable, "-c", PROGRAM, *WORDS],
        capture_output=True, text=True,
    )  # fmt: skip
    assert call.returncode == 1
    assert "could not be written: no space left on device" in call.stderr
    assert call.stderr.count("leukosim: ") == 1
    assert not (tmp_path / "left" / "results.nc").exists()
    (tmp_path / "left").rename(tmp_path / "here")
    had = number_kept(tmp_path)
    assert 0 < had < N
    assert counts(finish(tmp_path)) == (had, N - had)
    assert_equal(tmp_path / "here", undisturbed)


def test_a_folder_that_cannot_be_written_to(tmp_path, undisturbed):
    """Read if nothing is missing; else refused before anything is run."""
    shutil.copytree(undisturbed, tmp_path / "here")
    locked = f"cd {tmp_path} && mount --bind here here && mount -o remount,ro,bind here"
    if subprocess.run(["unshare", "-rm", "sh", "-c", locked], capture_output=True).returncode:
        pytest.skip("needs a disk of its own")

    def called(*more):
        command = [sys.executable, "-c", PROGRAM, *WORDS, *more]
        script = f'{locked} && cd {tmp_path} && "$@"'
        return subprocess.run(
            ["unshare", "-rm", "sh", "-c", script, "sh", *command], capture_output=True, text=True
        )

    call = called()
    assert call.returncode == 0, call.stderr
    assert f"{N} of {N} scenarios found finished, 0 run" in call.stdout
    call = called("trigger.delay_days=0,14")
    assert call.returncode == 2
    assert call.stderr == ("leukosim: output = here cannot be written to: read-only file system\n")
    assert_equal(tmp_path / "here", undisturbed)


def test_what_another_version_left_is_told_and_not_used(tmp_path, undisturbed, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(drawing, "draw", lambda *_, **__: 0)
    (tmp_path / "here" / SCENARIOS).mkdir(parents=True, exist_ok=True)
    for path in (undisturbed / SCENARIOS).glob("*.zip"):
        (tmp_path / "here" / SCENARIOS / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr("leukosim.results.provenance.software", lambda: "another version")
    words = ["run", "-m", "cohort.size=2", "horizon_days=60", "seed=1,2", "output=here"]
    assert cli.main(words) == 0
    printed = capsys.readouterr().out
    assert "0 of 2 scenarios found finished, 2 run" in printed
    assert f"{N} kept scenarios are of another version of the code or another table" in printed


def test_every_changed_byte_of_a_part_is_noticed(undisturbed, tmp_path):
    original = min((undisturbed / SCENARIOS).glob("*.zip"))
    before = shards.read_shard(original).scenarios
    path = tmp_path / original.name
    sound = original.read_bytes()
    noticed = 0
    for byte in range(0, len(sound), 3):
        raw = bytearray(sound)
        raw[byte] ^= 0xFF
        path.write_bytes(raw)
        try:
            assert set(shards.digests_in(path)) <= set(before)
            changed = shards.read_shard(path).scenarios
        except shards.DamagedShard:
            noticed += 1
            continue
        for digest, each in before.items():  # an unused byte
            xr.testing.assert_identical(changed[digest].dataset(), each.dataset())
            assert changed[digest].decisions() == each.decisions()
    assert noticed > 0.8 * len(range(0, len(sound), 3))
