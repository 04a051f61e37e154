"""Every wrong command line ends with exit code 2 and one sentence; nothing is written."""

import os
import subprocess
import sys

import pytest
from command_lines import all_lines

from leukosim.cli import main

LINES = all_lines()
LONGEST = 1500  # letters of a sentence
COMPOSES = ("run", "search", "sensitivity")  # a third of a second each
EVERY = 12  # of those is called by default, the others with the slow tests


def case(number, words, said):
    """A test of one line."""
    is_slow = words[0] in COMPOSES and number % EVERY
    marks = [pytest.mark.slow] if is_slow else []
    name = f"{number} {' '.join(words)}"[:60].encode("ascii", "replace").decode()
    return pytest.param(words, said, marks=marks, id=repr(name))


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("words", "said"), [case(i, *line) for i, line in enumerate(LINES)])
def test_a_wrong_command_line_is_one_sentence(words, said, capsys, monkeypatch):
    monkeypatch.setattr("leukosim.runs.configured.run_together", None)  # nothing may run
    assert main(words) == 2
    check(capsys.readouterr(), said)


def check(printed, said):
    """One sentence that names everything that it has to, and nothing else."""
    assert printed.out == ""
    assert printed.err.startswith("leukosim: ")
    assert printed.err.count("\n") == 1
    assert len(printed.err) < LONGEST
    assert "Traceback" not in printed.err
    assert [each for each in said if each not in printed.err] == []


@pytest.mark.end_to_end
@pytest.mark.parametrize("number", range(5, len(LINES), len(LINES) // 12))
def test_a_process_refuses_it_as_well(number, unchanged):
    words, said = LINES[number]
    if any("\0" in word for word in words):
        pytest.skip("no process can be given a NUL")
    done = subprocess.run(
        [sys.executable, "-m", "leukosim", *words], cwd=unchanged, capture_output=True,
        text=True, timeout=60, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("leukosim: ")
    assert "Traceback" not in done.stderr
    assert [each for each in said if each not in done.stderr] == []
