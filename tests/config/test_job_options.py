"""Options of a queue cannot bring further options, lines or commands along."""

import pytest

from leukosim.config.compose import compose
from leukosim.config.job_options import JobQueueOptions, SlurmOptions, given
from leukosim.errors import ConfigError


@pytest.mark.parametrize("name", ["partition", "account", "qos", "constraint"])
@pytest.mark.parametrize("value", ["a\nrm b", "cpu --output=b", "'a", "-x", "a\x00", "$(a)"])
def test_a_word_of_slurm_is_one_word(name, value):
    with pytest.raises(ValueError, match=f"^{name} = .* is not allowed: allowed are letters"):
        SlurmOptions(**{name: value})


@pytest.mark.parametrize("name", ["queue", "project", "interface"])
@pytest.mark.parametrize("value", ["a\n#PBS -o b", "cpu -o elsewhere", "a;\tb"])
def test_a_word_of_a_queue_is_one_word(name, value):
    with pytest.raises(ValueError, match=f"^{name} = .* is not allowed: allowed are letters"):
        JobQueueOptions(**{name: value})


@pytest.mark.parametrize("value", ["gpu&(a100|h100)", "node[1-4]", "high-mem_2", "[a*2&b*4]"])
def test_expressions_of_slurm_are_words(value):
    assert SlurmOptions(constraint=value).constraint == value


@pytest.mark.parametrize(
    "options",
    [
        lambda: SlurmOptions(setup=["module load a\nrm b"]),
        lambda: SlurmOptions(python="python\nrm b"),
        lambda: SlurmOptions(additional={"gres": "gpu\n#SBATCH --output=b"}),
        lambda: JobQueueOptions(setup=["a\rb"]),
        lambda: JobQueueOptions(additional=["-l a\n#PBS -o b"]),
    ],
)
def test_a_line_is_one_line(options):
    with pytest.raises(ValueError, match="one line each, without control characters"):
        options()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("qos", "use executor.slurm.qos"),
        ("time", "use executor.job_minutes"),
        ("output", "leukosim sets it itself"),
        ("--gres", "no option of sbatch"),
        ("gres=a --wrap", "no option of sbatch"),
    ],
)
def test_further_options_are_no_way_around_a_field(name, said):
    with pytest.raises(ValueError, match=said):
        SlurmOptions(additional={name: "a"})


def test_the_whole_path_is_named():
    with pytest.raises(ConfigError, match=r"^executor\.slurm\.qos = 'a b' is not allowed"):
        compose(["executor=slurm", "executor.slurm.qos='a b'"])
    with pytest.raises(ConfigError, match=r"^executor\.slurm\.qos = a is for executor=slurm only"):
        compose(["executor.slurm.qos=a"])


def test_the_first_given_field_is_named():
    assert given(SlurmOptions()) == given(JobQueueOptions()) == ""
    assert given(SlurmOptions(constraint="a", setup=["b"])) == "constraint = a"
