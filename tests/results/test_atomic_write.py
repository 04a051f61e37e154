"""Files written whole or not at all."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from leukosim.errors import NotWritten
from leukosim.results import atomic_write
from leukosim.results.atomic_write import save_table, save_text
from leukosim.results.netcdf import save_dataset


@pytest.fixture
def small_files():
    """Files of this process cannot grow beyond 10,000 bytes, as on a disk that is nearly full."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("suffix", [".nc", ".csv", ".txt"])
def test_a_file_that_does_not_fit_is_not_written(tmp_path, request, suffix):
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"a": rng.random(10_000)})
    path = tmp_path / f"file{suffix}"
    path.write_text("before")
    request.getfixturevalue("small_files")
    with pytest.raises(NotWritten, match=f"file{suffix} could not be written: .*; what was there"):
        {
            ".nc": lambda: save_dataset(table.to_xarray(), path),
            ".csv": lambda: save_table(table, path),
            ".txt": lambda: save_text("a" * 20_000, path),
        }[suffix]()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_living_process_writes_is_left_to_it(tmp_path):
    own = tmp_path / f"{atomic_write.WRITING}-{os.getpid()}@{os.uname().nodename}-x.zip"
    elsewhere = tmp_path / f"{atomic_write.WRITING}-1@another-x.zip"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = tmp_path / f"{atomic_write.WRITING}-{ended.pid}@{os.uname().nodename}-x.zip"
    for path in (own, elsewhere, dead):
        path.touch()
    atomic_write.remove_abandoned(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([own, elsewhere])
    os.utime(elsewhere, (0, 0))
    atomic_write.remove_abandoned(tmp_path)
    assert list(tmp_path.iterdir()) == [own]
