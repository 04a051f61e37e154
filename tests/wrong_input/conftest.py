"""The folder of wrong inputs, made once, and a limit of time for each."""

import signal

import pytest
import things

SECONDS = 10.0


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Results, and files that are none; no test may change it."""
    made = tmp_path_factory.mktemp("wrong_input")
    things.make(made)
    return made


@pytest.fixture
def unchanged(folder, monkeypatch):
    """Be in the folder, for so many seconds at most; afterwards it has to be as it was."""
    monkeypatch.chdir(folder)
    before = contents(folder)

    def too_long(*_):
        raise TimeoutError(f"not refused within {SECONDS:g} s")

    handler = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    yield folder
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, handler)
    assert contents(folder) == before


def contents(folder):
    """Every file with its size and time, and every folder."""
    return {
        path: (path.lstat().st_size, path.lstat().st_mtime_ns) if not path.is_dir() else None
        for path in folder.rglob("*")
    }
