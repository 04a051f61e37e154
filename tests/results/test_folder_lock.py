"""The lock of a folder empties no file of somebody else, whatever lies under its name."""

import os

import pytest

from leukosim.errors import ConfigError
from leukosim.results.output_folder import LOCK, sole_writer


@pytest.mark.parametrize("how", ["link", "second name", "folder", "pipe", "link to nothing"])
def test_what_is_no_lock_is_refused_and_left_as_it_is(tmp_path, how):
    notes, folder = tmp_path / "notes.md", tmp_path / "out"
    notes.write_text("mine")
    folder.mkdir()
    lock = folder / LOCK
    {
        "link": lambda: lock.symlink_to(notes),
        "second name": lambda: lock.hardlink_to(notes),
        "folder": lock.mkdir,
        "pipe": lambda: os.mkfifo(lock),
        "link to nothing": lambda: lock.symlink_to(tmp_path / "new"),
    }[how]()
    refused = pytest.raises(ConfigError, match=f"cannot be locked: .*{LOCK} is no file")
    with refused, sole_writer(folder):
        pass
    assert notes.read_text() == "mine"
    assert os.path.lexists(lock)
    assert not (tmp_path / "new").exists()


def test_a_lock_that_a_killed_process_left_is_taken(tmp_path):
    (tmp_path / LOCK).write_text("process 1 on another machine")
    with sole_writer(tmp_path):
        assert (tmp_path / LOCK).read_text().startswith(f"process {os.getpid()} on ")
    assert not (tmp_path / LOCK).exists()
