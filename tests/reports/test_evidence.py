"""The document of evidence: whole, honest about what is missing, and the same every time."""

import re
from pathlib import Path

import pandas as pd
import pytest
from synthetic import dataset_of_arms, trial
from test_study import Page, keep

from leukosim import cli, verification
from leukosim.reports.document import (
    Command,
    Document,
    Key,
    Picture,
    Section,
    Table,
    html_of,
    pdf_of,
)
from leukosim.reports.evidence import laws
from leukosim.reports.evidence.calibration import lies
from leukosim.reports.evidence.dossier import Made, evidence, folders_named
from leukosim.reports.evidence.software import dependencies
from leukosim.verification import Row

MADE = Made(1, 1000, "2025-01-31", "leukosim verify --quick --report there")
GOOD = Row("something, 3 days", "|Z|", 1.23, 0.0, 5.0, 6e-7)
BAD = Row("something else", "|Z|", 7.89, 0.0, 5.0, 6e-7)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="100pt" height="10pt"></svg>'


def checked(row=GOOD):
    """One row for each group, of both methods where there are two."""
    twice = [
        (f"{name}, {method}", row) for name in verification.CHECKS for method in ("tally", "direct")
    ]
    return [*twice, *((name, row) for name in laws.LAWS if name not in verification.CHECKS)]


def page_of(rows, *names):
    return Page(html_of(evidence(rows, MADE, folders_named(names))))


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_every_group_of_checks_is_explained_and_shown():
    single = {"both methods", "numbers", laws.UNCHANGED}
    assert set(laws.LAWS) == set(verification.CHECKS) | single
    source = Path(verification.__file__).read_text()
    assert set(re.findall(r'yield "([^"]+)", row', source)) == single
    page = page_of(checked())
    shown = sum(text == GOOD.name for text in page.text)
    assert shown == len(laws.LAWS)
    for law in laws.LAWS.values():
        assert law in page.words


def test_without_folders_it_says_what_was_not_run_and_what_runs_it():
    page = page_of(checked())
    assert page.text.count("not run") == 3  # calibration, sensitivity, validation
    for command in ("leukosim run study=blast", "leukosim sensitivity", "leukosim predict"):
        assert command in page.words
    assert "2025-01-31" in page.words
    assert MADE.command in page.words


def test_a_failed_check_is_seen_at_a_glance():
    rows = checked()
    assert "FAILED" not in page_of(rows).text
    rows[3] = (rows[3][0], BAD)
    page = page_of(rows)
    assert page.text.count("FAILED") == 2  # at a glance, and in its table
    assert f"{len(rows) - 1} of {len(rows)} exact checks passed" in page.words


def test_targets_of_a_result_stand_beside_the_published_ones():
    keep(trial(60), "outputs/relaza2")
    page = page_of(checked(), "outputs/relaza2")
    assert "0.585 (0.45 to 0.71)" in page.words  # T09, as published
    assert "leukosim run study=relaza2" in page.words
    assert "Not compared with a result here: T04" in page.words
    assert "study=blast" in page.words


def test_folders_are_known_by_their_files():
    for name, file in (
        ("fit", "coverage.csv"),
        ("screen", "morris.csv"),
        ("both", "tornado.csv"),
    ):
        Path(name, "figures").mkdir(parents=True)
        pd.DataFrame({"parameter": [f"{name}.x"], "value": [0.123456]}).to_csv(
            f"{name}/{file}", index=False
        )
        Path(name, "figures", "tornado.svg").write_text(SVG)
    page = page_of(checked(), "screen", "fit", "both")
    for name in ("fit", "screen", "both"):
        assert f"{name}.x" in page.text
    assert len(page.images) == 3
    assert page.text.count("not run") == 1  # validation
    assert "0.123" in page.text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--report", "there", "nowhere"], "there is no folder nowhere"),
        (["--report", "there", "empty"], "empty holds nothing to show: none of morris.csv"),
        (["empty"], "add --report PAGE"),
    ],
)
def test_wrong_folders_are_refused_before_anything_runs(capsys, words, sentence):
    Path("empty").mkdir()
    assert cli.main(["verify", *words]) == 2
    assert sentence in capsys.readouterr().err
    assert not Path("there").exists()


def test_the_command_writes_one_file_of_each_kind(capsys, monkeypatch):
    rows = checked()
    monkeypatch.setattr(verification, "run_checks", lambda *_: iter(rows))
    assert cli.main(["verify", "--quick", "--report", "there"]) == 0
    page = Path("there/evidence.html").read_text(encoding="utf-8")
    assert not re.search(r"(href|src)=\"(?!#|data:)", page)
    pytest.importorskip("typst")
    assert Path("there/evidence.pdf").read_bytes().startswith(b"%PDF")


def test_a_pdf_is_the_same_every_time_and_has_its_figures():
    pytest.importorskip("typst")
    Path("x.svg").write_text(SVG)
    odd = "50 % of a_b #let $x$ <p> \\ *"
    blocks = [
        Picture(1, odd, Path("x.svg")),
        Table(["", odd], [[odd, "passed"]]),
        Key(odd, odd, [odd], note=odd),
        Command(odd, folded=odd),
    ]
    document = Document(odd, odd, [Section(odd, blocks)])
    assert pdf_of(document) == pdf_of(document)
    assert odd in Page(html_of(document)).words


def test_dependencies_are_followed_to_the_last():
    result = dependencies()
    assert {"numpy", "numba", "llvmlite", "antlr4-python3-runtime"} <= set(result)
    assert not {"leukosim", "pytest", "typst"} & set(result)


@pytest.mark.parametrize(
    ("model", "low", "high", "word"),
    [(0.5, 0.3, 0.7, "inside"), (0.8, 0.6, 0.9, "overlaps"), (0.9, 0.8, 1.0, "outside"),
     (0.9, float("nan"), float("nan"), "outside"), (float("nan"),) * 3 + ("–",)],
)  # fmt: skip
def test_where_a_value_lies(model, low, high, word):
    row = pd.Series(
        dict(model=model, model_low=low, model_high=high, target_low=0.4, target_high=0.7)
    )
    assert lies(row) == word


def test_an_interval_without_an_end_goes_on():
    row = dict(
        model=900.0, model_low=1.0, model_high=2.0, target_low=414.0, target_high=float("nan")
    )
    assert lies(pd.Series(row)) == "inside"


def test_a_sweep_has_no_targets():
    ds = dataset_of_arms({"triggered": [{}] * 3}).expand_dims(scenario=2)
    keep(ds.transpose("scenario", ...), "outputs/sweep")
    assert "0.585 (0.45 to 0.71)" not in page_of(checked(), "outputs/sweep").words
