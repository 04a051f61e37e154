"""The command line, called as a user calls it; the figures are drawn elsewhere."""

import errno
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
import xarray as xr
from synthetic import trial as synthetic_trial

from leukosim import __version__, cli
from leukosim.cli import drawing
from leukosim.config.command_line import options_first
from leukosim.config.compose import compose
from leukosim.config.paths import config_folder
from leukosim.figures.elements.standard import StandardFigure, has
from leukosim.results.folder_state import PLAN
from leukosim.results.netcdf import load_dataset
from leukosim.results.output_folder import LOCK
from leukosim.trial.run import run_together

DRAW = drawing.draw  # which tests of everything else do without
SMALL = ["run", "cohort.size=4", "horizon_days=200", "record.interval_days=50"]


@pytest.fixture(autouse=True)
def _in_an_empty_folder_without_figures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def draw(dataset, folder, console, result=()):
        (folder / "figures").mkdir(exist_ok=True)
        return 0

    monkeypatch.setattr(drawing, "draw", draw)


def called(capsys, *words):
    """Exit code, standard output and standard error of a call."""
    code = cli.main(words)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_help_lists_verbs_and_studies(capsys):
    code, out, _ = called(capsys, "--help")
    assert code == 0
    assert all(verb in out for verb in cli.VERBS)
    assert "relaza2" in out


def test_help_is_fast_because_nothing_heavy_is_imported():
    heavy = ["numpy", "numba", "hydra", "xarray", "matplotlib", "mesa", "lifelines"]
    program = (
        "import sys; from leukosim.cli import main; main(['--help']); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(capsys):
    assert called(capsys, "--version")[:2] == (0, f"leukosim {__version__}\n")


def test_an_unknown_verb(capsys):
    code, _, err = called(capsys, "rnu")
    assert (code, err) == (2, "leukosim: rnu is not a known verb: did you mean run?\n")


def test_hydra_answers_after_the_verb(capsys):
    code, out, _ = called(capsys, "run", "seed=7", "--cfg", "job")
    assert code == 0
    assert "seed: 7" in out


def test_a_run_leaves_dataset_log_configuration_and_figures(capsys):
    code, out, _ = called(capsys, *SMALL, "output=here")
    assert code == 0
    assert (
        "here: adtte.csv, checksums.sha256, config.yaml, decisions.csv, figures, patients.csv"
        in out
    )
    result = load_dataset("here/results.nc")
    assert dict(result.sizes)["patient"] == 4
    assert list(result.arm.values) == ["triggered", "at_relapse", "maintenance"]
    assert result.attrs["Conventions"] == "CF-1.11"
    assert json.loads(result.attrs["config"])["horizon_days"] == 200
    assert all("units" in each.attrs for each in result.values() if each.dtype.kind in "iuf")
    assert list(pd.read_csv("here/decisions.csv"))[:4] == ["arm", "patient", "day", "rule"]
    assert xr.open_dataset("here/results.nc").sizes == result.sizes  # by plain xarray, too


def test_what_is_written_is_what_is_needed_to_run_it_again(capsys, tmp_path):
    called(capsys, *SMALL, "output=first", "seed=3")
    from omegaconf import OmegaConf

    from leukosim.config.compose import read_config

    again = read_config(OmegaConf.load(tmp_path / "first" / "config.yaml"))
    assert again == compose([*SMALL[1:], "output=first", "seed=3"])


def test_the_same_command_again_runs_nothing(capsys, monkeypatch):
    called(capsys, *SMALL)
    before = os.stat("outputs/relaza2/results.nc").st_mtime_ns
    monkeypatch.setattr("leukosim.runs.configured.run_together", None)
    code, out, _ = called(capsys, *SMALL, "executor.workers=1")
    assert code == 0
    assert out.startswith("outputs/relaza2 holds this result already: nothing was run\n")
    assert "4 patients in each arm, followed for 200 days" in out
    assert "leukosim compare outputs/relaza2" in out
    assert os.stat("outputs/relaza2/results.nc").st_mtime_ns == before


def test_the_dataset_does_not_depend_on_the_workers(capsys):
    called(capsys, *SMALL, "output=one", "executor.workers=1")
    called(capsys, *SMALL, "output=two", "executor.workers=2")
    xr.testing.assert_identical(load_dataset("one/results.nc"), load_dataset("two/results.nc"))


def test_results_of_another_configuration_are_not_overwritten(capsys):
    called(capsys, *SMALL)
    before = load_dataset("outputs/relaza2/results.nc")
    code, out, err = called(capsys, *SMALL, "trigger.level=1e-3")
    assert (code, out) == (2, "")
    assert err.startswith("leukosim: output = outputs/relaza2 holds results of another config")
    assert "trigger.level = 0.01 there, 0.001 here" in err
    assert err.count("\n") == 1
    xr.testing.assert_identical(load_dataset("outputs/relaza2/results.nc"), before)
    assert called(capsys, *SMALL, "trigger.level=1e-3", "overwrite=true")[0] == 0
    assert load_dataset("outputs/relaza2/results.nc").attrs["trigger_level"] == 1e-3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cohort.size=0"], "cohort.size = 0 is not allowed"),
        (["colour=red"], "colour is not a known field"),
        (["study=relaza3"], "did you mean relaza2?"),
        (["--config-dir", "nowhere"], "nowhere"),
        (["output=a_file/inside"], "output = a_file/inside cannot be written to"),
        (["output=/proc/nowhere"], "output = /proc/nowhere cannot be written to"),
        (["output="], "output is empty: it is a folder, such as output=outputs/mine"),
        (["output=", "overwrite=true"], "output is empty"),
        (["strategy=[foo]"], "strategy: foo is not a known strategy: allowed at_relapse,"),
        (["strategy=[triggerd]"], "did you mean triggered?"),
        (["strategy=[]"], "strategy = [] leaves no arm: choose one or more of at_relapse,"),
        (
            ["disease.subtypes={}"],
            "null takes an entry out, such as disease.subtypes.HSC-like=null",
        ),
        (["cohort.size=1000000000"], "cohort.size = 1000000000 is not allowed: it is in patients"),
    ],
)
def test_wrong_input_ends_before_anything_runs(capsys, monkeypatch, tmp_path, words, said):
    (tmp_path / "a_file").touch()
    monkeypatch.setattr("leukosim.runs.configured.run_together", None)
    code, out, err = called(capsys, *SMALL, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.startswith("leukosim: ")
    assert err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_file"]


def test_a_cohort_beyond_the_memory_is_refused(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("leukosim.runs.configured.run_together", None)
    monkeypatch.setattr("leukosim.runs.memory.memory", lambda: 2.0**30)
    code, _, err = called(capsys, *SMALL, "cohort.size=100000")
    assert code == 2
    assert "cohort.size = 100000 patients in 3 arms need about" in err
    assert "GiB of memory and this machine has 1.0: take fewer patients" in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_strategy_of_ones_own_without_its_package_is_told_what_to_do(capsys, tmp_path):
    mine = tmp_path / "mine" / "strategy"
    mine.mkdir(parents=True)
    original = (config_folder() / "strategy" / "triggered.yaml").read_text(encoding="utf-8")
    (mine / "early.yaml").write_text(original.partition("\n")[2], encoding="utf-8")
    words = [*SMALL, "--config-dir", "mine", "strategy=[at_relapse,early]", "output=here"]
    code, _, err = called(capsys, *words)
    needed = "# @package strategies.early"
    said = f"leukosim: mine/strategy/early.yaml must begin with the line `{needed}`\n"
    assert (code, err) == (2, said)
    text = original.replace("# @package strategies.triggered", needed)
    (mine / "early.yaml").write_text(text, encoding="utf-8")
    assert called(capsys, *words)[0] == 0
    assert list(load_dataset("here/results.nc").arm.values) == ["at_relapse", "early"]
    code, _, err = called(capsys, *words[:-2], "strategy=[earl]")
    assert (code, err) == (
        2, "leukosim: strategy: earl is not a known strategy: did you mean early?\n"
    )  # fmt: skip


@pytest.mark.parametrize("name", ["config.yaml", "decisions.csv", "results.nc"])
@pytest.mark.parametrize("more", [[], ["overwrite=true"]])
def test_a_file_of_someone_else_is_not_overwritten(capsys, monkeypatch, tmp_path, name, more):
    monkeypatch.setattr("leukosim.runs.configured.run_together", None)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / name).write_text("precious: 1\n")
    code, _, err = called(capsys, *SMALL, "output=here", *more)
    assert code == 2
    if name == "results.nc" and not more:  # it may have been a result
        assert err.startswith("leukosim: here/results.nc cannot be read")
    else:
        assert err.startswith("leukosim: output = here holds ")
        assert "choose another output" in err
    assert [path.name for path in (tmp_path / "here").iterdir()] == [name]
    assert (tmp_path / "here" / name).read_text() == "precious: 1\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "subtypes"),
    [
        (["disease.subtypes.HSC-like=null", "disease.subtypes.MoDe=null"], 2),
        (
            [
                "+disease.subtypes.Erythroid-like={bcl2: 0.1, bclxl: 0.8, mcl1: 0.1}",
                "+disease.subtypes.Lymphoid-like={bcl2: 0.8, bclxl: 0.1, mcl1: 0.1}",
            ],
            6,
        ),
    ],
    ids=["two", "six"],
)
def test_other_subtypes_run_from_the_command_line_to_the_figures(
    capsys, monkeypatch, tmp_path, words, subtypes
):
    monkeypatch.setattr(drawing, "draw", DRAW)
    code, _, err = called(
        capsys, "run", "study=venetoclax_resistance", "strategy=[venetoclax_azacitidine]",
        "cohort.size=5", "horizon_days=90", "cohort.lsc_frequency_log10_low=-9.5",
        "cohort.lsc_frequency_log10_high=-9", "executor.workers=1", "output=here", *words,
    )  # fmt: skip
    assert code == 0, err
    assert "failed" not in err
    assert load_dataset("here/results.nc").sizes["subtype"] == subtypes
    drawn = {path.stem for path in (tmp_path / "here" / "figures").glob("*.png")}
    of_subtypes = {"response_by_subtype", "composition", "flow_between_subtypes", "dose_response"}
    assert of_subtypes <= drawn


def test_what_a_run_cut_off_left_behind_is_its_own(capsys, tmp_path):
    """Killed between its files, it has no dataset yet."""
    called(capsys, *SMALL, "output=here")
    (tmp_path / "here" / "results.nc").unlink()
    assert called(capsys, *SMALL, "output=here")[0] == 0


def test_a_full_disk_ends_in_a_sentence_and_keeps_what_was_there(capsys, monkeypatch, tmp_path):
    called(capsys, *SMALL, "output=here")
    before = (tmp_path / "here" / "results.nc").read_bytes()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    code, out, err = called(capsys, *SMALL, "output=here", "seed=2", "overwrite=true")
    assert (code, out) == (1, "")
    assert "leukosim: here/results.nc could not be written: no space left on device" in err
    assert "; what was there before is kept\n" in err
    assert (tmp_path / "here" / "results.nc").read_bytes() == before
    assert not list((tmp_path / "here").glob(".writing*"))


@pytest.mark.end_to_end
def test_a_folder_that_another_process_writes_is_left_to_it(capsys, monkeypatch):
    words = [*SMALL, "output=here"]
    seen = []

    def meanwhile(*arguments, **settings):
        monkeypatch.setattr("leukosim.runs.configured.run_together", run_together)
        program = "from leukosim.cli import main; import sys; sys.exit(main())"
        call = [sys.executable, "-c", program, *words]
        seen.append(subprocess.run(call, capture_output=True, text=True))
        return run_together(*arguments, **settings)

    monkeypatch.setattr("leukosim.runs.configured.run_together", meanwhile)
    assert called(capsys, *words)[0] == 0
    other = seen[0]
    assert (other.returncode, other.stdout) == (2, "")
    assert other.stderr == (
        f"leukosim: output = here is being written by process {os.getpid()} on {platform.node()}: "
        "wait until it is done, or choose another output\n"
    )
    assert called(capsys, *words)[1].startswith("here holds this result already: nothing was run")


def test_a_lock_that_a_killed_process_left_keeps_nobody_out(capsys, tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / LOCK).write_text("process 1 on a machine with a very long name")
    assert called(capsys, *SMALL, "output=here")[0] == 0
    assert not (tmp_path / "here" / LOCK).exists()


def test_a_broken_file_of_ones_own_is_told_in_one_sentence(capsys, tmp_path):
    (tmp_path / "mine" / "study").mkdir(parents=True)
    (tmp_path / "mine" / "study" / "mine.yaml").write_text("study: [1,\n")
    code, _, err = called(capsys, *SMALL, "study=mine", "--config-dir", "mine")
    assert (code, err.count("\n")) == (2, 1)


@pytest.mark.end_to_end
def test_an_interruption_leaves_nothing_half_written(tmp_path):
    program = "from leukosim.cli import main; import sys; sys.exit(main())"
    words = ["run", "cohort.size=1000", "horizon_days=7000", "output=here"]
    call = subprocess.Popen(
        [sys.executable, "-c", program, *words],
        cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    wait_for(lambda: (tmp_path / "here").is_dir(), call)
    time.sleep(1.0)
    call.send_signal(signal.SIGINT)
    _, err = call.communicate(timeout=60)
    assert call.returncode == 130
    assert err == "leukosim: interrupted: nothing of this run is kept\n"
    assert [path.name for path in (tmp_path / "here").iterdir()] == [PLAN]  # for its status


def wait_for(condition, call, seconds=60.0):
    """Wait until something has happened, as long as a process lives."""
    end = time.monotonic() + seconds
    while not condition():
        assert call.poll() is None, call.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def two_figures(monkeypatch):
    """Two standard figures for any dataset, of which the first fails; the names of those drawn."""
    drawn = []

    def draw_figure(each, dataset, folder, width_mm, formats):
        if each.name == "first":
            raise ValueError("no [data]")
        drawn.append(each.name)

    both = [StandardFigure(name, has(), None, None, None) for name in ("first", "second")]
    monkeypatch.setattr(drawing, "figures_for", lambda dataset: both)
    monkeypatch.setattr(drawing, "draw_figure", draw_figure)
    return drawn


def test_a_figure_that_fails_costs_itself_only(capsys, tmp_path, two_figures):
    from rich.console import Console

    assert DRAW(None, tmp_path, Console(stderr=True, width=100)) == 1
    assert two_figures == ["second"]
    error = capsys.readouterr().err
    assert error == "leukosim: the figure first failed: ValueError: no [data]\n"
    assert DRAW(None, tmp_path, Console(stderr=True), already_drawn=["first"]) == 0


def test_a_finished_result_gets_the_figures_that_it_lacks(capsys, monkeypatch, two_figures):
    called(capsys, *SMALL, "output=here")
    monkeypatch.setattr(drawing, "draw", DRAW)
    figures = pathlib.Path("here/figures")
    figures.joinpath("first.csv").touch()
    assert called(capsys, *SMALL, "output=here")[0] == 0
    assert two_figures == ["second"]


def test_a_file_that_no_figure_shows_is_told(capsys, tmp_path):
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "foreign.nc")
    code, _, err = called(capsys, "figures", "foreign.nc")
    assert (code, err) == (2, "leukosim: figures: foreign.nc holds nothing that a figure shows\n")


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("width_mm=50", "width_mm = 50 is not allowed: it is in mm, allowed from 89 to 183"),
        ("only=relapse_free_surviva", "did you mean only.relapse_free_survival?"),
        ("format=pdf,jpg", "format.jpg is not a known format: did you mean format.png?"),
    ],
)
def test_a_figure_that_cannot_be_is_told(capsys, tmp_path, field, said):
    synthetic_trial(4).to_netcdf(tmp_path / "results.nc")
    code, _, err = called(capsys, "figures", "results.nc", field)
    assert code == 2
    assert said in err
    assert not (tmp_path / "figures").exists()


def test_figures_of_another_width_leave_those_of_the_run(capsys, tmp_path):
    synthetic_trial(4).to_netcdf(tmp_path / "results.nc")
    words = ("figures", ".", "only=targets", "format=png")
    assert called(capsys, *words)[0] == 0
    assert called(capsys, *words, "width_mm=89")[1] == "figures-89mm: targets\n"
    drawn = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("targets.*")}
    ends = ("png", "json", "csv")
    assert drawn == {
        f"{each}/targets.{end}" for each in ("figures", "figures-89mm") for end in ends
    }


@pytest.mark.parametrize(
    ("verb", "file"), [("parameters", "parameters.md"), ("vocabulary", "results.md")]
)
def test_generated_pages_are_current(capsys, request, verb, file):
    committed = request.config.rootpath / "docs" / file
    if not committed.exists():
        pytest.skip("documentation is not part of this installation")
    assert called(capsys, verb)[:2] == (0, committed.read_text(encoding="utf-8"))


def test_a_page_can_be_written_to_a_file(capsys, tmp_path):
    assert cli.main(["parameters", "--markdown", "page.md"]) == 0
    assert "`disease.cycle.renewal`" in (tmp_path / "page.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_options_may_stand_anywhere_among_fields(place):
    fields = ["study=relaza2", "strategy=[triggered,mine]"]
    mixed = [*fields[:place], "--config-dir", "mine", *fields[place:]]
    assert options_first(mixed) == ["--config-dir", "mine", *fields]


@pytest.mark.parametrize(
    "typed",
    ["1e-3,1e-2", "trigger.level=1e-3,,1e-2", "seed=range(1,3", "relaza2"],
)
def test_what_cannot_be_read_is_told_how_to_be_written(capsys, typed):
    code, _, error = called(capsys, "run", "-m", typed)
    assert code == 2
    assert error.startswith(f"leukosim: {typed} cannot be read: write field=value")


def test_several_values_without_a_sweep_are_told_what_to_do(capsys):
    code, _, error = called(capsys, "run", "study=relaza2", "trigger.level=1e-3,1e-2")
    assert code == 2
    assert error == (
        "leukosim: trigger.level = 1e-3,1e-2 are several values: leukosim run -m sweeps them; "
        "a list is written 'trigger.level=[1e-3,1e-2]'\n"
    )
