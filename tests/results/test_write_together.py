"""Files that belong together: all of them are replaced, or none."""

import hashlib
import os
import subprocess

import pytest

from leukosim.errors import NotWritten
from leukosim.results import atomic_write, checksums
from leukosim.results.checksums import CHECKSUMS, damaged

NAMES = ("a.yaml", "b.csv", "c.nc")


def write(folder, words, stops_at=None):
    """Files that hold some words, of which one may fail to be written."""

    def writer(name):
        def fill(to):
            to.write_text(f"{name}: {words}")
            if name == stops_at:
                raise OSError(28, "No space left on device")

        return fill

    files = {folder / name: writer(name) for name in NAMES}
    atomic_write.write_together(files, checksums=folder / CHECKSUMS)


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("stops_at", NAMES)
def test_where_one_does_not_fit_all_stay_as_they_were(tmp_path, stops_at):
    write(tmp_path, "first")
    before = contents(tmp_path)
    with pytest.raises(NotWritten, match=f"{stops_at} could not be written: no space.*is kept"):
        write(tmp_path, "second", stops_at)
    assert contents(tmp_path) == before
    assert set(before) == {*NAMES, CHECKSUMS}
    assert damaged(tmp_path) == {}


def test_the_last_file_is_the_last_that_is_replaced(tmp_path, monkeypatch):
    replace, order = os.replace, []
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append(b.name), replace(a, b)))
    write(tmp_path, "first")
    assert order == [CHECKSUMS, *NAMES]


@pytest.mark.parametrize("done", [1, 2, 3])
def test_a_process_killed_between_two_replacements_is_noticed(tmp_path, monkeypatch, done):
    write(tmp_path, "first")
    replace, calls = os.replace, []

    def killed(a, b):
        calls.append(b)
        if len(calls) > done:
            raise SystemExit
        replace(a, b)

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(SystemExit):
        write(tmp_path, "second")
    assert list(damaged(tmp_path)) == list(NAMES[done - 1 :])


def test_a_file_that_cannot_be_replaced_is_told_with_those_that_were(tmp_path):
    write(tmp_path, "first")
    (tmp_path / "c.nc").unlink()
    (tmp_path / "c.nc").mkdir()
    with pytest.raises(NotWritten, match=r"c\.nc could not .*: .*; .*b\.csv beside it are new"):
        write(tmp_path, "second")


def test_what_is_missing_or_changed_is_named(tmp_path):
    write(tmp_path, "first")
    assert damaged(tmp_path) == {}
    (tmp_path / "a.yaml").unlink()
    raw = bytearray((tmp_path / "c.nc").read_bytes())
    raw[3] ^= 1
    (tmp_path / "c.nc").write_bytes(raw)
    assert damaged(tmp_path) == {"a.yaml": "missing", "c.nc": "changed, or of another run"}


def test_checksums_are_those_of_another_program(tmp_path):
    write(tmp_path, "first")
    stated = checksums.stated(tmp_path)
    assert stated == {n: hashlib.sha256(f"{n}: first".encode()).hexdigest() for n in NAMES}
    try:
        done = subprocess.run(["sha256sum", "-c", CHECKSUMS], cwd=tmp_path, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs sha256sum")
    assert (done.returncode, done.stderr) == (0, b"")
