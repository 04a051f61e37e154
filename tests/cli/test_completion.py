"""What shells offer: the candidates, and the scripts in the shells themselves."""

import os
import shutil
import subprocess
import sys

import pytest

from leukosim import cli
from leukosim.cli.candidates import candidates, is_finished
from leukosim.cli.completion import SCRIPTS


@pytest.fixture(autouse=True)
def _a_folder_with_a_result(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = tmp_path / "outputs" / "relaza2"
    result.mkdir(parents=True)
    (result / "results.nc").touch()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("leukosim comp", ["compare", "completion"]),
        ("leukosim run trig", ["trigger."]),
        ("leukosim run trigger.l", ["trigger.level="]),
        ("leukosim run study=rel", ["study=relaza2"]),
        ("leukosim run -m study=relaza2,bl", ["study=relaza2,blast"]),
        ("leukosim run strategy=[trig", ["strategy=[triggered"]),
        ("leukosim run study=relaza2 overwrite=", ["overwrite=false", "overwrite=true"]),
        (
            "leukosim run monitoring.sample=",
            ["monitoring.sample=blood", "monitoring.sample=marrow"],
        ),
        ("leukosim run --help cohort.f", ["cohort.founding"]),
        ("leukosim run --co", ["--config-dir"]),
        ("leukosim search search.sampler=n", ["search.sampler=nsga2"]),
        ("leukosim compare outputs", ["outputs/"]),
        ("leukosim compare outputs/", ["outputs/relaza2"]),
        ("leukosim compare outputs/relaza2 ag", ["against="]),
        ("leukosim figures output=outputs/", ["output=outputs/relaza2/"]),
        ("leukosim page --n", ["--no-open"]),
        ("leukosim help dr", ["drug"]),
        ("leukosim completion ", ["bash", "fish", "zsh"]),
        ("leukosim nothing ", []),
        ("leukosim run nothing", []),
        ("leukosim run 'open", []),
    ],
)
def test_what_is_offered(line, found):
    assert candidates(line) == found


def test_rules_of_the_chosen_strategies_are_offered():
    line = "leukosim run study=relaza2 strategies.triggered.rules.mol"
    assert candidates(line) == ["strategies.triggered.rules.molecular_relapse."]


def test_folders_of_ones_own_are_looked_at(tmp_path):
    (tmp_path / "mine" / "cohort").mkdir(parents=True)
    (tmp_path / "mine" / "cohort" / "of_mine.yaml").write_text("size: 3\n")
    assert candidates("leukosim run --config-dir mine cohort=of") == ["cohort=of_mine"]


@pytest.mark.parametrize(
    ("word", "finished"),
    [("study=blast", True), ("trigger.", False), ("trigger.level=", False), ("outputs/", False),
     ("strategy=[triggered", False)],
)  # fmt: skip
def test_only_a_finished_word_is_followed_by_a_space(word, finished):
    assert is_finished(word) == finished


def test_verbs_are_offered_without_anything_heavy():
    program = (
        "import sys; from leukosim.cli import main; main(['completion', 'query', 'leukosim com']); "
        "print([name for name in ('numpy', 'xarray', 'hydra') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["compare ", "completion ", "[]"]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_script_is_printed(capsys, shell):
    assert cli.main(["completion", shell]) == 0
    assert capsys.readouterr().out == SCRIPTS[shell]


@pytest.mark.parametrize(
    ("words", "said"),
    [([], "completion needs the name of a shell: allowed bash, zsh, fish"),
     (["bsh"], "bsh is not a known shell: did you mean bash?")],
)  # fmt: skip
def test_another_shell_is_refused(capsys, words, said):
    assert cli.main(["completion", *words]) == 2
    assert capsys.readouterr().err == f"leukosim: {said}\n"


def run_shell(shell, tmp_path, program):
    """What a shell prints, with a command leukosim of this installation."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    command = tmp_path / "bin" / "leukosim"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m leukosim "$@"\n')
    command.chmod(0o755)
    path = {**os.environ, "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}
    words = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    return subprocess.run(
        [shell, *words, "-c", program], capture_output=True, text=True, env=path, timeout=60
    ).stdout


LINES = ("leukosim comp", "leukosim run study=rel", "leukosim compare outputs/")


def test_bash_completes(tmp_path):
    asked = "\n".join(f'ask "{line}"' for line in LINES)
    program = f"""
        eval "$(leukosim completion bash)"
        ask() {{
            COMP_LINE=$1 COMP_POINT=${{#1}}
            read -ra COMP_WORDS <<<"$1"
            _leukosim
            printf '<%s>' "${{COMPREPLY[@]}}"; echo
        }}
        {asked}
        complete -p leukosim
    """
    assert run_shell("bash", tmp_path, program).splitlines() == [
        "<compare ><completion >",
        "<relaza2 >",  # bash has split the word at its equals sign
        "<outputs/relaza2 >",
        "complete -o nospace -F _leukosim leukosim",
    ]


def test_zsh_completes(tmp_path):
    program = """
        compdef() { print "compdef $@"; }
        compadd() { shift 4; print -l -- "${(j:|:)@}"; }
        eval "$(leukosim completion zsh)"
        ask() { words=("$@"); CURRENT=$#; PREFIX=${@[-1]}; _leukosim; }
        ask leukosim comp; ask leukosim run study=rel; ask leukosim compare outputs/
    """
    assert run_shell("zsh", tmp_path, program).splitlines() == [
        "compdef _leukosim leukosim",
        "compare |completion ",
        "study=relaza2 ",
        "outputs/relaza2 ",
    ]


def test_fish_completes(tmp_path):
    asked = "; ".join(f'complete -C "{line}"' for line in LINES)
    program = f"leukosim completion fish | source; {asked}"
    assert run_shell("fish", tmp_path, program).splitlines() == [
        "compare", "completion", "study=relaza2", "outputs/relaza2",
    ]  # fmt: skip
