"""Every wrong call from Python raises ConfigError with one sentence; nothing is written or runs."""

import pytest
import things
from calls import TABLES
from command_lines import all_lines

import leukosim

COMPOSES = ("run", "sweep", "search", "studies")  # a third of a second each
EVERY = 8  # of those is called by default, the others with the slow tests
FEWEST = 300  # wrong inputs that are tried


@pytest.fixture(scope="module")
def t(folder):
    """A result, a patient and so on, for the calls."""
    return things.for_calls(folder)


def cases():
    """A test of each call."""
    for name, table in TABLES.items():
        for number, (call, said) in enumerate(table):
            marks = [pytest.mark.slow] if name in COMPOSES and number % EVERY else []
            yield pytest.param(call, said, marks=marks, id=f"{name}-{number}")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("call", "said"), cases())
def test_a_wrong_call_is_one_sentence(call, said, t, monkeypatch):
    monkeypatch.setattr("leukosim.runs.configured.run_together", None)  # no study may run
    with pytest.raises(leukosim.ConfigError) as error:
        call(t)
    sentence = str(error.value)
    assert sentence
    assert "\n" not in sentence
    assert [each for each in said if each not in sentence] == []


def test_as_many_wrong_inputs_are_tried_as_promised():
    calls, lines = sum(map(len, TABLES.values())), len(all_lines())
    assert lines >= FEWEST
    assert calls >= FEWEST
    assert {words[0] for words, _ in all_lines()} >= {
        "run", "search", "figures", "compare", "power", "sensitivity", "report", "calibrate",
        "page", "predict", "validate", "verify", "warmup", "parameters", "vocabulary", "odd",
    }  # fmt: skip


def test_a_right_call_is_not_refused(t):
    decide = leukosim.CallableStrategy("own", {}, lambda chart, day, measure: [])
    trial = leukosim.run_trial([t.patient], {"own": decide}, t.protocol, record_days=30)
    assert trial.dataset.sizes["patient"] == 1
