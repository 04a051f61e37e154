"""A run that replaces another leaves the old one whole, or the new one, whatever happens."""

import shutil
import signal
import subprocess
import sys

import pytest

from leukosim.results.checksums import damaged

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(sys.platform == "win32", reason="limits and signals"),
]

WORDS = ["run", "cohort.size=4", "horizon_days=120", "output=here"]
OVER = [*WORDS, "seed=2", "overwrite=true"]
# Runs several commands in one process, each in a copy of the old folder on a disk of its own size.
PROGRAM = """
import os, shutil, subprocess, sys
from leukosim.cli import drawing, main
drawing.draw = lambda *_, **__: 0
main({warm})
for size in {sizes}:
    disk = os.path.join({folder!r}, str(size))
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={{size}}k", "tmpfs", disk], check=True)
    shutil.copytree({old!r}, os.path.join(disk, "here"))
    os.chdir(disk)
    code = main({over})
    shutil.copytree("here", os.path.join({left!r}, f"{{size}}-{{code}}"))
"""
QUIET = "import sys; from leukosim.cli import drawing, main; drawing.draw = lambda *_, **__: 0; "


def call(folder, words, before=""):
    """A command of its own process, without figures."""
    program = f"{before}{QUIET}sys.exit(main({words}))"
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=120
    )


def contents(folder):
    """The files of a result; hidden ones tell of the command, not of what it has left."""
    files = (path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    return {path.name: path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def old_and_new(tmp_path_factory):
    """The files of the run with seed 1, and with seed 2 over it."""
    folder = tmp_path_factory.mktemp("whole")
    assert call(folder, [*WORDS, "seed=1"]).returncode == 0
    shutil.copytree(folder / "here", folder / "old")
    assert call(folder, OVER).returncode == 0
    return folder, contents(folder / "old"), contents(folder / "here")


def test_on_20_disks_that_are_too_small_or_just_large_enough(tmp_path, old_and_new):
    folder, old, new = old_and_new
    pages = [sum(-(-len(each) // 4096) * 4 for each in files.values()) for files in (old, new)]
    # from no room at all for the new beside the old, to room for all of it
    first, last = pages[0] + 4, pages[0] + pages[1] + 24
    sizes = [first + 4 * round((last - first) * i / 19 / 4) for i in range(20)]
    assert len(set(sizes)) == 20
    left = tmp_path / "left"
    left.mkdir()
    program = PROGRAM.format(
        sizes=sizes, folder=str(tmp_path), old=str(folder / "old"), left=str(left), over=OVER,
        warm=[*WORDS, "output=warm", "seed=3"],
    )  # fmt: skip
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-c", program],
        cwd=tmp_path, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("needs disks of its own")
    assert done.returncode == 0, done.stderr
    codes = set()
    for size in sizes:
        (found,) = left.glob(f"{size}-*")
        code = int(found.name.partition("-")[2])
        codes.add(code)
        assert contents(found) == (new if code == 0 else old), size
        assert damaged(found) == {}
    assert codes >= {0, 1}  # some are too small, and one is not
    assert done.stderr.count("no space left") + done.stderr.count("disk full") > 0
    again = max((f for f in left.iterdir() if f.name.endswith("-1")), key=lambda f: f.name)
    again.rename(tmp_path / "here")
    said = call(tmp_path, [*WORDS, "seed=1"])
    assert "holds this result already" in said.stdout  # which is so
    assert call(tmp_path, OVER).returncode == 0
    assert contents(tmp_path / "here") == new


@pytest.mark.parametrize("replaced", [0, 1, 3])
def test_killed_between_two_replacements(tmp_path, old_and_new, replaced):
    """What is left is whole, or known not to be, and the same command makes the new run of it."""
    folder, old, new = old_and_new
    killing = (
        "import os, signal; replace = os.replace; calls = []\n"
        "def killed(a, b):\n"
        f"    os.kill(os.getpid(), signal.SIGKILL) if len(calls) == {replaced} else None\n"
        "    calls.append(b); replace(a, b)\n"
        "os.replace = killed\n"
    )
    shutil.copytree(folder / "old", tmp_path / "here")
    done = call(tmp_path, OVER, before=killing)
    assert done.returncode == -signal.SIGKILL
    left = contents(tmp_path / "here")
    assert left == (old if replaced == 0 else left)
    assert bool(damaged(tmp_path / "here")) == (left not in (old, new))
    if left not in (old, new):
        said = call(tmp_path, [*WORDS, "seed=1"])  # neither run lies there: nobody says it does
        assert "holds this result already" not in said.stdout
    assert call(tmp_path, OVER).returncode == 0
    assert contents(tmp_path / "here") == new
    assert not list((tmp_path / "here").glob(".writing*"))
