"""Tables beside results: written with them, given back where they are missing, never stale."""

import json
from pathlib import Path

import pandas as pd
import pytest

import leukosim
from leukosim import cli
from leukosim.results.output_folder import foreign_files
from leukosim.runs import patient_tables

SMALL = {"cohort.size": 3, "horizon_days": 60}
FOLDER = Path("here")
NAMES = ["patients.csv", "adtte.csv"]


def run(**more):
    """A run that replaces what is there."""
    return leukosim.run("relaza2", SMALL | more, workers=1, output=FOLDER, overwrite=True)


def sweep():
    axes = {"trigger.level": [1e-3, 1e-2]}
    return leukosim.sweep("relaza2", SMALL | axes, workers=1, output=FOLDER)


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_finished_run_gets_missing_tables_back(capsys):
    run()
    before = {name: (FOLDER / name).read_bytes() for name in NAMES}
    (FOLDER / "adtte.csv").unlink()
    words = [f"{name}={value}" for name, value in SMALL.items()]
    assert cli.main(["run", "study=relaza2", *words, "output=here"]) == 0
    out = capsys.readouterr().out
    assert "nothing was run" in out and "adtte.csv written from results.nc" in out
    assert {name: (FOLDER / name).read_bytes() for name in NAMES} == before


@pytest.mark.parametrize("make", [run, sweep])
def test_tables_are_known_again_by_how_they_begin(make):
    make()
    (FOLDER / "results.nc").unlink()
    (FOLDER / "checksums.sha256").unlink()
    assert foreign_files(FOLDER) == []
    for name in NAMES:
        (FOLDER / name).write_text("my,own\n")
    assert foreign_files(FOLDER) == NAMES


def test_tables_do_not_change_the_digest():
    first = run()
    again = leukosim.run("relaza2", SMALL | {"tables": []}, workers=1, output=FOLDER)
    assert again.digest == first.digest


def test_a_result_that_is_replaced_takes_its_tables_along():
    run()
    run(seed=2, tables=[])
    assert not any((FOLDER / name).exists() for name in NAMES)


def test_tables_of_a_sweep_do_not_depend_on_the_blocks_they_are_written_in(monkeypatch):
    sweep()
    whole = [(FOLDER / name).read_bytes() for name in NAMES]
    for name in NAMES:
        (FOLDER / name).unlink()
    monkeypatch.setattr(patient_tables, "ROWS", 1)
    sweep()
    assert [(FOLDER / name).read_bytes() for name in NAMES] == whole
    table = pd.read_csv(FOLDER / "patients.csv")
    assert len(table) == 2 * 3 * 3 and set(table["trigger.level"]) == {1e-3, 1e-2}


def test_parquet_holds_the_same_as_csv():
    pytest.importorskip("pyarrow")
    run(tables=["csv", "parquet"])
    for name in ("patients", "adtte"):
        text = pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=False, na_values={})
        binary = pd.read_parquet(FOLDER / f"{name}.parquet")
        assert list(text) == list(binary) and len(text) == len(binary)


def test_without_pyarrow_nothing_runs(monkeypatch):
    monkeypatch.setattr(patient_tables, "find_spec", lambda name: None)
    with pytest.raises(leukosim.ConfigError, match=r"pip install 'leukosim\[parquet\]'"):
        run(tables=["parquet"])
    assert not FOLDER.exists()


def test_an_unknown_format_is_refused():
    with pytest.raises(leukosim.ConfigError, match="tables.xls is not a known format of tables"):
        run(tables=["xls"])


def test_a_table_of_someone_else_is_not_overwritten():
    FOLDER.mkdir()
    (FOLDER / "patients.csv").write_text("my patients")
    with pytest.raises(leukosim.ConfigError, match="patients.csv that leukosim did not write"):
        leukosim.run("relaza2", SMALL, workers=1, output=FOLDER)


def test_subjects_of_the_table_are_those_of_the_configuration():
    result = run(seed=5)
    table = pd.read_csv(FOLDER / "adtte.csv")
    assert json.loads(result.dataset.attrs["config"])["seed"] == 5
    assert set(table["USUBJID"]) == {f"relaza2-5-{number}" for number in range(3)}
