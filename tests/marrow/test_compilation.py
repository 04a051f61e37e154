"""Compiled code is kept where it can be written, and never outlives its source."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import leukosim
from leukosim.marrow import compilation
from leukosim.marrow.private_folder import is_private

PACKAGE = Path(leukosim.__file__).parent
SOURCES = [path.relative_to(PACKAGE) for path in compilation.sources()]
DRAW = (
    "import numpy, leukosim.marrow.compilation as c; from leukosim.marrow import kernels;"
    "print(c.use_cache());"
    "u = kernels.uniform(numpy.zeros(1, numpy.uint64)); assert 0.0 < u < 1.0"
)


@pytest.fixture
def installation(tmp_path):
    """A copy of the package that nobody may write to."""
    copy = tmp_path / "site" / "leukosim"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    yield copy
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o755)


def run(program, installation, **variables):
    """What a program prints that uses an installation and nothing of this process's caches."""
    inherited = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "PYTHONPATH")}
    environment = {**inherited, "PYTHONPATH": str(installation.parent), **variables}
    command = [sys.executable, "-B", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def files(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


def test_a_read_only_installation_runs_and_caches_elsewhere(installation, tmp_path):
    before = files(installation)
    for path in [installation, *installation.rglob("*")]:
        path.chmod(0o555)
    folder = run(DRAW, installation, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert folder.is_relative_to(tmp_path / "cache")
    assert any(path.suffix == ".nbi" for path in files(folder))
    assert files(installation) == before


def test_an_unwritable_home_costs_a_recompilation_only(installation, tmp_path):
    no_folder = tmp_path / "file"
    no_folder.touch()
    (tmp_path / "temporary").mkdir()
    folder = run(
        DRAW,
        installation,
        XDG_CACHE_HOME=str(no_folder),
        NUMBA_CACHE_DIR=str(no_folder / "chosen"),
        TMPDIR=str(tmp_path / "temporary"),
    )
    assert folder.is_relative_to(tmp_path / "temporary")


def test_the_users_choice_comes_first(installation, tmp_path):
    chosen = tmp_path / "chosen"
    folder = run(DRAW, installation, NUMBA_CACHE_DIR=str(chosen))
    assert folder.parent == chosen and folder.name.endswith(compilation.source_digest())


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_changed_code_has_another_name(installation, source):
    digest = "import leukosim.marrow.compilation as c; print(c.source_digest())"
    before = run(digest, installation)
    (installation / source).write_text((installation / source).read_text() + "\n# changed\n")
    assert run(digest, installation) != before


def test_all_compiled_code_is_named():
    users = {
        path.relative_to(PACKAGE)
        for path in PACKAGE.rglob("*.py")
        if "@compiled" in path.read_text() or "njit" in path.read_text()
    }
    assert users <= set(SOURCES)


def test_an_import_creates_and_deletes_nothing(installation, tmp_path):
    program = "import leukosim.marrow.marrow; print()"
    run(program, installation, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert not (tmp_path / "cache").exists()


def test_no_folder_at_all_leaves_a_temporary_one(tmp_path):
    file = tmp_path / "file"
    file.touch()
    folder = compilation.first_private([(file, ["one"]), (file / "two", ["three"])])
    assert folder.is_dir()
    shutil.rmtree(folder)


def test_old_code_is_removed_and_the_rest_kept(tmp_path):
    for name in ("current", "recent", "old"):
        (tmp_path / name).mkdir()
    for name in ("current", "old"):
        os.utime(tmp_path / name, (0, 0))
    compilation.remove_old_code(tmp_path, keep=tmp_path / "current")
    assert {path.name for path in tmp_path.iterdir()} == {"current", "recent"}


# ---------------------------------------------------------------------- code of others

PLANT = """
import os, pathlib, pickle, sys
from numba.core import caching

class Planted:
    def __reduce__(self):
        return os.system, (f"touch {sys.argv[1]}",)

for index in pathlib.Path(sys.argv[2]).rglob("*.nbi"):
    version = pickle.load(index.open("rb"))
    index.write_bytes(pickle.dumps(version) + pickle.dumps(Planted()))
"""


@pytest.fixture
def planted(installation, tmp_path):
    """A cache as an attacker leaves it: each index runs a command when numba reads it."""
    (tmp_path / "temporary").mkdir()
    mark = tmp_path / "was run"
    variables = {"XDG_CACHE_HOME": "/dev/null/no", "TMPDIR": str(tmp_path / "temporary")}
    folder = run(DRAW, installation, **variables)
    subprocess.run([sys.executable, "-c", PLANT, f"'{mark}'", str(folder)], check=True)
    return installation, variables, folder, mark


@pytest.mark.slow
def test_a_planted_index_would_be_run_in_a_folder_that_is_trusted(planted):
    """Without this, the tests below could not fail."""
    installation, variables, _, mark = planted
    environment = {**os.environ, "PYTHONPATH": str(installation.parent), **variables}
    environment.pop("NUMBA_CACHE_DIR", None)
    subprocess.run([sys.executable, "-B", "-c", DRAW], env=environment, capture_output=True)
    assert mark.exists()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["open folder", "open parent", "link", "linked parent", "owner"])
def test_compiled_code_of_others_is_never_loaded(planted, tmp_path, how):
    installation, variables, folder, mark = planted
    if how == "open folder":
        folder.chmod(0o777)
        for index in folder.rglob("*"):
            index.chmod(0o666 if index.is_file() else 0o777)
    elif how == "open parent":
        folder.parent.chmod(0o777)
        for index in folder.rglob("*.nbi"):
            index.chmod(0o666)
    elif how == "owner":
        if os.getuid() != 0:
            pytest.skip("needs root, to give files away")
        for path in [folder.parent, folder, *folder.rglob("*")]:
            os.chown(path, 12345, 12345)
    else:
        linked = folder if how == "link" else folder.parent
        linked.rename(tmp_path / "theirs")
        linked.symlink_to(tmp_path / "theirs")
    used = run(DRAW, installation, **variables)
    assert not mark.exists()
    assert used != folder
    assert used.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_could_write_to_is_closed_and_used(tmp_path):
    for name in ("ours", "inside"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o775)
    (tmp_path / "ours" / "index").touch(0o644)
    (tmp_path / "inside" / "index").touch()
    (tmp_path / "inside" / "index").chmod(0o664)  # whose content others could have changed
    assert is_private(tmp_path, ["ours"])
    assert (tmp_path / "ours").stat().st_mode & 0o777 == 0o700
    assert not is_private(tmp_path, ["inside"])


def test_what_is_made_is_closed_to_others(tmp_path):
    before = os.umask(0)
    try:
        assert is_private(tmp_path / "cache", ["one", "two"])
    finally:
        os.umask(before)
    for name in ("cache", "cache/one", "cache/one/two"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o700


def test_a_folder_with_files_of_others_is_refused_every_time(tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "planted.nbi").write_bytes(b"")
    (folder / "planted.nbi").chmod(0o666)  # anybody could have written it
    assert not is_private(tmp_path, ["cache"])
    assert not is_private(tmp_path, ["cache"])
    folder.chmod(0o755)
    assert not is_private(tmp_path, ["cache"])
    (folder / "planted.nbi").unlink()
    assert is_private(tmp_path, ["cache"])


def test_a_folder_below_one_that_is_open_to_all_is_refused(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    assert not is_private(tmp_path / "open", ["cache"])
    (tmp_path / "open").chmod(0o1777)  # as /tmp is: nobody renames what another user has made
    assert is_private(tmp_path / "open", ["cache"])
