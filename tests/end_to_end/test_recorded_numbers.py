"""Small runs of every command leave the numbers that they left before.

The record is made anew, where numbers are meant to change, by

    python tests/end_to_end/recorded_numbers.py --command .venv/bin/leukosim \\
        --write tests/end_to_end/recorded_numbers.json
"""

import json
import sys
from pathlib import Path

import pytest
from recorded_numbers import CASES, Record, Runner, changes

pytestmark = pytest.mark.end_to_end

EXECUTABLE = Path(sys.executable).with_name("leukosim")
RECORD = Path(__file__).with_name("recorded_numbers.json")


@pytest.fixture(scope="module")
def recorded() -> Record:
    return json.loads(RECORD.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(str(EXECUTABLE), tmp_path_factory.mktemp("recorded"))


@pytest.mark.parametrize("case", CASES)
def test_numbers_are_those_recorded(case: str, runner: Runner, recorded: Record) -> None:
    lines = changes(recorded[case], runner.digests(case))
    assert not lines, "\n".join([f"{case}: {len(lines)} differences", *lines])
