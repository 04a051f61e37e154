"""What is found finished is whole, or made again, or refused in a sentence."""

import shutil

import pytest
import xarray as xr

from leukosim import cli
from leukosim.cli import drawing
from leukosim.results import netcdf
from leukosim.results.checksums import CHECKSUMS, damaged

ONE = ["run", "cohort.size=2", "horizon_days=60", "output=here"]
MANY = ["run", "-m", "cohort.size=2", "horizon_days=60", "seed=1,2", "output=here"]
COMMANDS = {"run": ONE, "sweep": MANY}


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch):
    monkeypatch.setattr(drawing, "draw", lambda *_, **__: 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folders as a run and a sweep leave them."""
    folders = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "draw", lambda *_, **__: 0)
        for kind, words in COMMANDS.items():
            folders[kind] = tmp_path_factory.mktemp(kind)
            patch.chdir(folders[kind])
            assert cli.main(words) == 0
    return folders


@pytest.fixture(params=COMMANDS)
def case(request, made, tmp_path, monkeypatch):
    """A folder that was just made, its bytes, and the command that made it."""
    shutil.copytree(made[request.param] / "here", tmp_path / "here")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "here", contents(tmp_path / "here"), COMMANDS[request.param]


def contents(folder):
    """The files of a result; hidden ones tell of the command, not of what it has left."""
    files = (path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    return {path.name: path.read_bytes() for path in files}


def flipped(path):
    """A byte changed in the middle."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-200])


def emptied(path):
    path.write_bytes(b"")


def of_another_run(path):
    path.write_bytes(path.read_bytes() + b"triggered,1,3,rule\n")


def removed(path):
    path.unlink()


def test_what_is_whole_is_found(case, capsys):
    folder, before, words = case
    assert cli.main(words) == 0
    said = capsys.readouterr()
    assert "made again" not in said.out + said.err
    assert contents(folder) == before
    assert damaged(folder) == {}


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("decisions.csv", removed), ("decisions.csv", of_another_run),
        ("results.nc", flipped), ("results.nc", cut_off), ("results.nc", emptied),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)  # fmt: skip
def test_what_is_damaged_is_told_and_made_again(case, capsys, name, harm):
    folder, before, words = case
    harm(folder / name)
    assert cli.main(words) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert f"here is made again: {name} is" in said
    assert contents(folder) == before


def test_a_configuration_that_is_missing_or_of_another_run_is_told(made, tmp_path, monkeypatch):
    shutil.copytree(made["run"] / "here", tmp_path / "here")
    monkeypatch.chdir(tmp_path)
    before = contents(tmp_path / "here")
    for harm in (removed, of_another_run):
        harm(tmp_path / "here" / "config.yaml")
        assert cli.main(ONE) == 0
        assert contents(tmp_path / "here") == before


def test_a_sweep_is_made_again_without_running_anything(made, tmp_path, monkeypatch, capsys):
    shutil.copytree(made["sweep"] / "here", tmp_path / "here")
    monkeypatch.chdir(tmp_path)
    flipped(tmp_path / "here" / "results.nc")
    assert cli.main(MANY) == 0
    assert "2 of 2 scenarios found finished, 0 run" in capsys.readouterr().out


def test_a_damaged_result_of_another_command_is_refused_and_replaced_on_demand(case, capsys):
    folder, before, words = case
    cut_off(folder / "results.nc")
    other = [*words, "trigger.delay_days=14"]
    assert cli.main(other) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "results.nc cannot be read" in said and "overwrite=true" in said
    assert cli.main([*other, "overwrite=true"]) == 0
    assert damaged(folder) == {}
    assert contents(folder).keys() == before.keys()


def test_a_damaged_result_without_checksums_is_refused_and_replaced_on_demand(case, capsys):
    """As an earlier version left it: nobody can tell which result it was."""
    folder, before, words = case
    (folder / CHECKSUMS).unlink()
    cut_off(folder / "results.nc")
    assert cli.main(words) == 2
    assert "overwrite=true" in capsys.readouterr().err
    assert cli.main([*words, "overwrite=true"]) == 0
    assert contents(folder)["results.nc"] == before["results.nc"]


def test_a_result_of_an_earlier_version_is_found(case, capsys):
    folder, _, words = case
    (folder / CHECKSUMS).unlink()
    assert cli.main(words) == 0
    assert "made again" not in capsys.readouterr().err


def test_a_dataset_of_somebody_else_is_never_replaced(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "here" / "results.nc")
    before = contents(tmp_path / "here")
    for more in ([], ["overwrite=true"]):
        assert cli.main([*ONE, *more]) == 2
    assert "holds a results.nc that leukosim did not write" in capsys.readouterr().err
    assert contents(tmp_path / "here") == before


@pytest.mark.parametrize("verb", ["figures", "compare", "report", "power", "predict"])
@pytest.mark.parametrize("harm", [cut_off, emptied])
def test_a_verb_that_reads_a_damaged_result_says_so(made, tmp_path, capsys, verb, harm):
    shutil.copytree(made["run"] / "here", tmp_path / "here")
    harm(tmp_path / "here" / "results.nc")
    assert cli.main([verb, str(tmp_path / "here"), f"output={tmp_path / 'new'}"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "results.nc cannot be read, as it is damaged" in said


def test_changed_values_are_noticed_on_reading(made, tmp_path):
    """Also where no checksums lie beside them: bytes of compressed values carry their own."""
    path = tmp_path / "results.nc"
    sound = (made["run"] / "here" / "results.nc").read_bytes()
    before = netcdf.load_dataset(made["run"] / "here" / "results.nc")
    noticed = unnoticed = 0
    for at in range(len(sound) // 3, len(sound), len(sound) // 40):
        raw = bytearray(sound)
        raw[at] ^= 0xFF
        path.write_bytes(raw)
        try:
            unnoticed += not netcdf.load_dataset(path).identical(before)
        except netcdf.Unreadable:
            noticed += 1
    assert noticed > 5 * unnoticed  # a text among them carries no checksum of its own
