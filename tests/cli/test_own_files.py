"""A user's own file is never replaced, and a file of leukosim's own always may be."""

from pathlib import Path

import pytest

from leukosim import cli
from leukosim.analysis.calibration.populations import declared_prior
from leukosim.cli import drawing
from leukosim.config.schema import Config
from leukosim.parameters import parameter_rows
from leukosim.results.own_files import TABLES, has_origin, is_ours
from leukosim.runs import calibrate, sensitivity

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """A small result without figures."""
    folder = tmp_path_factory.mktemp("result") / "here"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "draw", lambda *_, **__: 0)
        words = ["run", "cohort.size=24", "horizon_days=120", f"output={folder}"]
        assert cli.main(words) == 0
    return folder


CASES = {
    "compare": ["comparison.csv", "ranking.csv", "individual_effects.csv",
                "figures/comparison.pdf", "figures/individual_effects.csv"],
    "power": ["power.csv", "sample_size.csv", "figures/power.png"],
    "report": ["report.html"],
    "figures": ["mrd_courses.svg"],
    "predict": ["predictions.csv", "predictions.json"],
    "validate": ["validation.csv", "figures/validation.pdf"],
    "verify": ["evidence.html", "evidence.pdf"],
    "parameters": ["notes.md"],
    "vocabulary": ["notes.md"],
    "odd": ["notes.md"],
    "search": ["search.csv", "confirmation.csv"],
    "sensitivity": ["parameters.csv", "morris.csv", "precision.csv", "tornado.csv", "sobol.csv"],
    "calibrate": ["posterior.csv", "parameters.csv", "targets.csv", "hypotheses.csv"],
}  # fmt: skip


def words_of(verb, result, out):
    """A command that would write into a folder."""
    if verb in ("parameters", "vocabulary", "odd"):
        return [verb, "--markdown", str(out / "notes.md")]
    return {
        "validate": [verb, str(out / "observed.csv"), str(ROOT / "experiments/validation")],
        "verify": [verb, "--quick", "--report", str(out)],
        "search": [verb, "study=relaza2", "arms=[triggered]",
                   "trigger.level=interval(1e-4,1e-2)", f"output={out}"],
        "sensitivity": [verb, "study=relaza2", f"output={out}"],
        "calibrate": [verb, f"output={out}"],
    }.get(verb, [verb, str(result), f"output={out}"])  # fmt: skip


@pytest.mark.parametrize(("verb", "name"), [(v, n) for v, names in CASES.items() for n in names])
def test_a_users_own_file_is_refused_before_anything_is_done(
    result, tmp_path, capsys, monkeypatch, verb, name
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    path.write_text("my,own\n1,2\n")
    if verb == "validate":
        (tmp_path / "out" / "observed.csv").write_text("id,value\n")
    before = sorted(tmp_path.rglob("*"))
    code = cli.main(words_of(verb, result, tmp_path / "out"))
    said = capsys.readouterr()
    assert (code, said.out) == (2, ""), said
    wanted = "is frozen" if verb == "predict" else "was not written by leukosim"
    assert said.err.count("\n") == 1 and wanted in said.err and name in said.err
    assert path.read_text() == "my,own\n1,2\n"
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["compare", "report", "power", "figures", "parameters"])
def test_what_leukosim_wrote_is_replaced(result, tmp_path, verb):
    words = words_of(verb, result, tmp_path)
    if verb == "figures":
        words.append("only=mrd_courses")
    for _ in range(2):
        assert cli.main(words) == 0
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.suffix not in (".pdf", ".svg", ".png", ".json"):
            assert is_ours(path) or has_origin(path.parent, path.stem), path


@pytest.mark.parametrize("name", [
    "calibration/correlations.csv", "calibration/coverage.csv", "calibration/emulators.csv",
    "calibration/hypotheses.csv", "calibration/parameters.csv", "calibration/shifts.csv",
    "calibration/targets.csv", "validation/validation.csv",
])  # fmt: skip
def test_published_tables_are_known_as_ours(name):
    assert is_ours(ROOT / "experiments" / name)


@pytest.mark.parametrize("page", ["parameters.md", "results.md", "odd.md"])
def test_pages_of_the_documentation_are_known_as_ours(page):
    assert is_ours(ROOT / "docs" / page)


def test_every_table_that_a_verb_keeps_is_known():
    names = {*calibrate.TABLES, *sensitivity.TABLES}
    assert {f"{name}.csv" for name in names} <= TABLES.keys()
    columns = ",".join(declared_prior(parameter_rows(Config())).names)
    assert columns.startswith(TABLES["posterior.csv"])
