"""``leukosim warmup``, where the engine may be compiled already."""

from pathlib import Path

from leukosim.cli import main
from leukosim.runs.warmup import is_compiled


def test_warmup_compiles_and_prints_the_folder_of_compiled_code(capsys):
    assert main(["warmup"]) == 0
    state, _, folder = capsys.readouterr().out.strip().rpartition(": ")
    assert state.startswith("the engine ")
    assert Path(folder).is_dir()
    assert is_compiled()
    assert main(["warmup"]) == 0
    assert "was compiled already" in capsys.readouterr().out


def test_warmup_takes_no_words(capsys):
    assert main(["warmup", "seed=1"]) == 2
    assert "warmup takes nothing, and seed=1 was given" in capsys.readouterr().err
