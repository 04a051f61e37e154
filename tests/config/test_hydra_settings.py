"""A configuration can name no code: every way that Hydra offers to run some is refused."""

import logging
import pickle
from pathlib import Path

import pytest

import leukosim
from leukosim.cli import main
from leukosim.config.command_line import compose
from leukosim.config.compose import compose_plain
from leukosim.config.hydra_settings import OPTIONS, check_words
from leukosim.errors import ConfigError

TRACE = "touched"  # the file that an attack would leave
SMALL = ("study=relaza2", "cohort.size=2", "horizon_days=60")
FILE_HANDLER = """
  disable_existing_loggers: false
  version: 1
  handlers: {{file: {{class: logging.FileHandler, filename: '{trace}'}}}}
  root: {{handlers: [file], level: DEBUG}}
"""
CALL = "{{_target_: pathlib.Path.write_text, self: '{trace}', data: x}}"

# Files of a colleague, by their path, and the words by which a user chooses them.
ATTACKS = {
    "a callback of Hydra": (
        "strategy/evil.yaml",
        "# @package _global_\nhydra: {{callbacks: {{x: {{"
        "_target_: leukosim.results.provenance.run, command: [touch, '{trace}']}}}}}}\n",
        ["strategy=[triggered,evil]"],
    ),
    "a callback in its own package": (
        "strategy/evil.yaml",
        "# @package hydra.callbacks.x\n_target_: subprocess.run\nargs: [touch, '{trace}']\n",
        ["strategy=[triggered,evil]"],
    ),
    "a callback by the list of defaults": (
        "strategy/evil.yaml",
        "# @package _global_\ndefaults: [/thing@hydra.callbacks]\n",
        ["strategy=[triggered,evil]"],
    ),
    "logs of jobs": (
        "strategy/evil.yaml",
        "# @package hydra.job_logging\n" + FILE_HANDLER.replace("\n  ", "\n"),
        ["strategy=[triggered,evil]"],
    ),
    "logs of Hydra": (
        "study/evil.yaml", "# @package _global_\nhydra:\n hydra_logging:" + FILE_HANDLER,
        ["study=evil"],
    ),
    "logs chosen by a file": (
        "strategy/evil.yaml",
        "# @package _global_\ndefaults: [{{override /hydra/job_logging: default}}]\n",
        ["strategy=[triggered,evil]"],
    ),
    "a sweeper of one's own": (
        "hydra/sweeper/evil.yaml", "_target_: subprocess.run\nargs: [touch, '{trace}']\n",
        ["-m", "hydra/sweeper=evil", "seed=1,2"],
    ),
    "the command before a cluster job": (
        "strategy/evil.yaml",
        "# @package _global_\nhydra: {{launcher: {{setup: ['touch {trace}']}}}}\n",
        ["-m", "hydra/sweeper=basic", "strategy=[triggered,evil]", "seed=1,2"],
    ),
    "the environment of processes": (
        "strategy/evil.yaml",
        "# @package _global_\nhydra: {{job: {{env_set: {{PYTHONSTARTUP: '{trace}'}}}}}}\n",
        ["strategy=[triggered,evil]"],
    ),
    "the folder of jobs": (
        "strategy/evil.yaml", "# @package _global_\nhydra: {{run: {{dir: '{trace}'}}}}\n",
        ["strategy=[triggered,evil]"],
    ),
    "the folder of jobs, in one scenario of a sweep": (
        "study/evil.yaml", "# @package _global_\nhydra: {{sweep: {{dir: '{trace}'}}}}\n",
        ["-m", "hydra/sweeper=basic", "study=relaza2,evil"],
    ),
    "logs, in one scenario of a sweep": (
        "study/evil.yaml", "# @package _global_\nhydra:\n job_logging:" + FILE_HANDLER,
        ["-m", "hydra/sweeper=basic", "study=relaza2,evil"],
    ),
    "code of a drug": (
        "strategy/evil.yaml",
        "# @package _global_\ndrug: {{mine: " + CALL + "}}\n", ["strategy=[triggered,evil]"],
    ),
    "code in a list": (
        "strategy/evil.yaml",
        "# @package strategies.evil\nrules: [" + CALL + "]\n", ["strategy=[triggered,evil]"],
    ),
    "logs by the path of a file": (
        "other.yaml", "defaults: [/hydra/job_logging/default, config, _self_]\n",
        ["--config-name=other"],
    ),
    "the environment by a package": (
        "strategy/evil.yaml",
        "# @package strategies.evil\ndefaults: [/study/relaza2@hydra.job.env_set]\n",
        ["strategy=[triggered,evil]"],
    ),
    "a result elsewhere": (
        "study/evil.yaml", "# @package _global_\nstudy: ../../hydra\n", ["study=evil"],
    ),
    "a module on the search path": (
        "evil.yaml", "defaults: [config]\nhydra: {{searchpath: ['pkg://this']}}\n",
        ["--config-name", "evil"],
    ),
    "a primary file with a callback": (
        "evil.yaml",
        "defaults: [config, _self_]\nhydra: {{callbacks: {{x: " + CALL + "}}}}\n",
        ["--config-name=evil"],
    ),
}  # fmt: skip


@pytest.fixture
def colleague(tmp_path, request):
    """A folder with the files of an attack, its words, and the file that it would leave."""
    path, text, words = ATTACKS[request.param]
    trace = tmp_path / TRACE
    file = tmp_path / "mine" / path
    file.parent.mkdir(parents=True)
    file.write_text(text.format(trace=trace))
    (tmp_path / "mine" / "thing.yaml").write_text(
        f"x: {{_target_: subprocess.run, args: [touch, '{trace}']}}\n"
    )
    return tmp_path / "mine", words, trace


@pytest.mark.parametrize("colleague", ATTACKS, indirect=True)
def test_files_of_a_colleague_run_no_code(colleague, tmp_path, capsys, monkeypatch):
    folder, words, trace = colleague
    monkeypatch.chdir(tmp_path)
    before = list(logging.getLogger().handlers)
    options = [word for word in words if word.startswith("-")]
    fields = [word for word in words if not word.startswith("-") and word != "evil"]
    named = ["evil"] if "--config-name" in options else []
    code = main(["run", "--config-dir", str(folder), *options, *named, *SMALL[1:], *fields])
    said = capsys.readouterr().err
    assert code == 2
    assert said.startswith("leukosim: ")
    assert "Hydra" in said or "hydra" in said or "names code" in said
    assert "Traceback" not in said
    assert not trace.exists()
    assert list(logging.getLogger().handlers) == before
    assert not list(tmp_path.rglob("results.nc"))


def test_a_callback_would_run_without_the_check(tmp_path):
    """The attack is real: Hydra alone runs the callback of the first case."""
    from hydra._internal.callbacks import Callbacks
    from omegaconf import OmegaConf

    trace = tmp_path / TRACE
    _, text, _ = ATTACKS["a callback of Hydra"]
    Callbacks(OmegaConf.create(text.format(trace=trace)))
    assert trace.exists()


WORDS = {
    "hydra.callbacks={x:{a:1}}": "hydra.callbacks cannot be set",
    "+hydra.callbacks.x._target_=os.getcwd": "names code",
    "+hydra={callbacks:{}}": "hydra cannot be set",
    "hydra/job_logging=default": "hydra/job_logging cannot be set",
    "hydra/hydra_logging=colorlog": "hydra/hydra_logging cannot be set",
    "hydra.job_logging.root.level=DEBUG": "hydra.job_logging.root.level cannot be set",
    "hydra.verbose=true": "hydra.verbose cannot be set",
    "hydra.run.dir=there": "output=FOLDER",
    "hydra.sweep.dir=there": "output=FOLDER",
    "hydra.sweep.subdir=there": "output=FOLDER",
    "hydra.output_subdir=there": "output=FOLDER",
    "hydra.job.chdir=true": "output=FOLDER",
    "hydra.searchpath=[pkg://this]": "--config-dir FOLDER",
    "hydra.mode=MULTIRUN": "-m sweeps",
    "+hydra.job.env_set.PATH=x": "hydra.job.env_set.PATH cannot be set",
    "~hydra.job": "hydra.job cannot be set",
    "++hydra.sweeper._target_=os.system": "names code",
    "+strategy@hydra.callbacks=triggered": "changes Hydra's own settings",
    "+drug.mine._target_=os.system": "names code",
    "+drug.mine={_target_:os.system}": "names code",
    "hydra/launcher=joblib": "has no effect on one run",
    "hydra.launcher.n_jobs=2": "has no effect on one run",
    "--experimental-rerun=config.pickle": "it would run code of a file",
    "--experimental=config.pickle": "it would run code of a file",
    "--config-path=there": "--config-dir adds a folder",
    "--no-such-option": "not a known option",
}


@pytest.mark.parametrize("word", WORDS)
def test_words_of_a_command_line_run_no_code(word, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open("config.pickle", "wb") as file:
        pickle.dump(Path("touched"), file)
    assert main(["run", *SMALL, word]) == 2
    said = capsys.readouterr().err
    assert WORDS[word] in said
    assert "Traceback" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.pickle"]


def test_python_refuses_the_same(tmp_path):
    (tmp_path / "strategy").mkdir()
    (tmp_path / "strategy" / "evil.yaml").write_text("# @package hydra.callbacks.x\na: 1\n")
    with pytest.raises(ConfigError, match="sets hydra.callbacks"):
        compose_plain(["strategy=[triggered,evil]"], tmp_path)
    with pytest.raises(ConfigError, match="names code"):
        compose_plain(["+drug.mine._target_=os.system"])
    with pytest.raises(ConfigError, match="sets hydra.callbacks"):
        leukosim.run("relaza2", {"strategy": ["triggered", "evil"]}, config_dir=tmp_path)


def test_a_folder_of_one_s_own_may_hold_fields(tmp_path):
    """The check lets through what it should."""
    (tmp_path / "cohort").mkdir()
    (tmp_path / "cohort" / "mine.yaml").write_text("size: 7\n")
    (composed,) = compose(["--config-dir", str(tmp_path), "cohort=mine"])
    assert composed.cohort.size == 7
    check_words(["-m", "--config-dir", "hydra", "hydra/sweeper=basic", "output=my_target_folder"])


def test_sweeps_of_leukosim_take_no_launcher():
    with pytest.raises(ConfigError, match="hydra/sweeper=basic starts a job for each scenario"):
        compose(["-m", "++hydra.launcher.n_jobs=2", "seed=1,2"])


def test_every_option_of_hydra_is_known_or_refused():
    from hydra._internal.utils import get_args_parser

    from leukosim.config.hydra_settings import REFUSED_OPTIONS

    ours = {*OPTIONS, *REFUSED_OPTIONS, "--version", "--shell-completion", "-sc"}
    offered = {each for action in get_args_parser()._actions for each in action.option_strings}
    assert offered <= ours
