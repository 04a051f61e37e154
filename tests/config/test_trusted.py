"""A file from someone else cannot run commands, send work elsewhere or replace results."""

import pytest

from leukosim.config.command_line import compose as compose_words
from leukosim.config.compose import compose
from leukosim.config.trusted import TRUSTED
from leukosim.errors import ConfigError

ATTACKS = {
    "executor.slurm.setup": "executor: { slurm: { setup: [touch owned] } }",
    "executor.slurm.python": "executor: { slurm: { python: ./owned } }",
    "executor.slurm.additional": "executor: { slurm: { additional: { gres: 'gpu:1' } } }",
    "executor.jobqueue.setup": "executor: { jobqueue: { setup: [touch owned] } }",
    "executor.jobqueue.python": "executor: { jobqueue: { python: ./owned } }",
    "executor.jobqueue.additional": "executor: { jobqueue: { additional: ['-o owned'] } }",
    "executor.submit": "executor: { submit: true }",
    "executor.address": "executor: { address: 'tcp://elsewhere:8786' }",
    "executor.scheduler_file": "executor: { scheduler_file: elsewhere.json }",
    "executor.job_folder": "executor: { job_folder: elsewhere }",
    "overwrite": "overwrite: true",
}


@pytest.fixture
def folder_of(tmp_path):
    """A folder of YAML files with one file of this text in a group."""

    def write(group, text):
        (tmp_path / group).mkdir(exist_ok=True)
        (tmp_path / group / "theirs.yaml").write_text(text)
        return tmp_path

    return write


def test_every_trusted_field_is_attacked_here():
    assert {*ATTACKS, "output"} == set(TRUSTED)


@pytest.mark.parametrize("path", ATTACKS)
def test_a_strategy_cannot_set_what_runs_or_writes(folder_of, path):
    folder = folder_of("strategy", f"# @package _global_\n{ATTACKS[path]}\n")
    with pytest.raises(ConfigError, match=rf"^{path} = .* comes from a file and is not allowed"):
        compose(["strategy=[triggered,theirs]"], folder)


@pytest.mark.parametrize("multirun", [[], ["-m", "seed=1,2"]])
def test_the_command_line_refuses_it_too(folder_of, multirun):
    folder = folder_of("strategy", f"# @package _global_\n{ATTACKS['executor.slurm.setup']}\n")
    words = [*multirun, "executor=slurm", "strategy=[triggered,theirs]", f"--config-dir={folder}"]
    with pytest.raises(ConfigError, match=r"^executor\.slurm\.setup = .* comes from a file"):
        compose_words(words)


def test_an_executor_of_ones_own_is_a_file_as_well(folder_of):
    folder = folder_of("executor", "name: slurm\nworkers: 2\nslurm: { setup: [touch owned] }\n")
    with pytest.raises(ConfigError, match=r"^executor\.slurm\.setup"):
        compose(["executor=theirs"], folder)


def test_an_executor_of_ones_own_may_say_the_rest(folder_of):
    folder = folder_of("executor", "name: slurm\nworkers: 2\nslurm: { qos: short }\n")
    words = ["executor=theirs", "executor.slurm.setup=['module load x']"]
    place = compose(words, folder).executor
    assert (place.slurm.qos, place.slurm.setup) == ("short", ["module load x"])


def test_what_a_file_adds_to_a_word_is_refused(folder_of):
    """Mappings of a file and of a word are merged, so the word alone must not be enough."""
    folder = folder_of("strategy", f"# @package _global_\n{ATTACKS['executor.slurm.additional']}\n")
    words = ["executor=slurm", "strategy=[triggered,theirs]"]
    with pytest.raises(ConfigError, match=r"^executor\.slurm\.additional"):
        compose([*words, "+executor.slurm.additional.reservation=mine"], folder)


def test_a_primary_configuration_cannot_name_the_output(tmp_path):
    (tmp_path / "theirs.yaml").write_text("defaults: [config, _self_]\noutput: elsewhere\n")
    with pytest.raises(ConfigError, match="^output = elsewhere comes from a file"):
        compose_words(["--config-dir", str(tmp_path), "--config-name", "theirs"])


@pytest.mark.parametrize(
    "words",
    [
        ["output=mine", "overwrite=true"],
        ["output='mine/${study}'"],
        ["executor=slurm", "executor.slurm={setup:['a b'],qos:short}"],
        ["executor=slurm", "executor.slurm.additional={gres:'gpu:1'}"],
        [
            "executor=slurm",
            "+executor.slurm.additional.gres=gpu",
            "++executor.slurm.python=python3",
        ],
        ["executor=dask", "executor.address=tcp://here:8786"],
        ["executor=pbs", "executor.jobqueue.additional=['-l feature=avx2']"],
    ],
)
def test_words_of_the_command_line_count(words):
    compose(words)
    compose_words(words)


@pytest.mark.parametrize("sweeper", ["leukosim", "basic"])
def test_a_file_chosen_by_a_sweep_is_refused(folder_of, sweeper, tmp_path, monkeypatch):
    """Each combination of group choices is composed anew, and other sweepers compose each job."""
    monkeypatch.chdir(tmp_path)
    folder = folder_of(
        "cohort", "# @package _global_\nexecutor: { slurm: { setup: [touch owned] } }\n"
    )
    words = ["-m", f"hydra/sweeper={sweeper}", "cohort=relaza2,theirs", f"--config-dir={folder}"]
    begun = []
    with pytest.raises(ConfigError, match=r"^executor\.slurm\.setup"):
        compose_words(words, lambda composed: begun.append(composed.executor.slurm.setup))
    assert all(setup == [] for setup in begun)
