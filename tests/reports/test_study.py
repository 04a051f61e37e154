"""The page of a study: whole, self-contained, and with the numbers of the result."""

import json
import re
import xml.etree.ElementTree as ElementTree
from base64 import b64decode
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from synthetic import dataset_of_arms, sweep, trial

from leukosim import cli
from leukosim.config.compose import as_plain, compose, config_of
from leukosim.figures.trial import calendar
from leukosim.reports.study.repetition import command_of
from leukosim.reports.study.wording import DEFAULT_QUESTION, question_of
from leukosim.results import provenance
from leukosim.results.netcdf import save_dataset

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """What a browser would find in a page; it must close what it opens."""

    def __init__(self, text):
        super().__init__()
        self.open, self.attributes, self.text, self.ids, self.links = [], [], [], set(), []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids |= {value for name, value in attrs if name == "id"}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    @property
    def images(self):
        return [value for tag, name, value in self.attributes if (tag, name) == ("img", "src")]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def keep(ds, folder, *overrides, log=None):
    """A dataset as the result of a run of a study."""
    from pathlib import Path

    identity = provenance.identity_of(as_plain(compose(["study=relaza2", *overrides])))
    both = ("arm", "patient") if "scenario" not in ds.dims else ("scenario", "arm", "patient")
    days = np.random.default_rng(1).integers(0, 60, [ds.sizes[dim] for dim in both])
    ds = ds.assign(treatment_days=(both, days.astype(float)))
    ds = ds.assign_attrs(provenance.provenance(identity, "0123456789abcdef"), trigger_level=0.01)
    save_dataset(ds, Path(folder) / "results.nc")
    if log is not None:
        log.to_csv(Path(folder) / "decisions.csv", index=False)
    return ds


def reported(capsys, *words):
    """The page that a command writes."""
    from pathlib import Path

    code = cli.main(["report", *words])
    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    page = Path(printed.out.partition(":")[0])
    return Page(page.read_text(encoding="utf-8"))


def test_the_page_has_all_parts_and_loads_nothing(capsys):
    columns = ["arm", "patient", "day", "rule", "seen", "action", "regimen"]
    rows = [["triggered", 3, 100.0, "molecular_relapse", "mrd = 0.02", "start", "azacitidine"]]
    keep(trial(40), "here", log=pd.DataFrame(rows, columns=columns))
    page = reported(capsys, "here")
    parts = ["question", "strategies", "cohort", "results", "uncertainty", "parameters"]
    parts.append("provenance")
    assert page.ids == set(parts)
    links = [value for tag, name, value in page.attributes if name == "href"]
    assert links == [f"#{part}" for part in parts]
    tags = {tag for tag, _, _ in page.attributes}
    assert not tags & {"link", "script", "iframe", "object"}
    assert len(page.images) >= 5
    for image in page.images:
        kind, _, data = image.partition(",")
        assert kind == "data:image/svg+xml;base64"
        svg = b64decode(data)
        assert ElementTree.fromstring(svg).tag.endswith("svg")
        assert not re.search(rb'(href|src)="(?!#)', svg)  # figures load nothing either
    assert "azacitidine at MRD" in page.words
    assert "start azacitidine" in page.words  # of the log


def test_the_numbers_are_those_of_the_comparison(capsys):
    keep(trial(40), "here")
    page = reported(capsys, "here")
    cli.main(["compare", "here"])
    table = pd.read_csv("here/comparison.csv")
    row = table[(table["arm"] == "triggered") & (table["against"] == "at_relapse")]
    for quantity, digits in (("hazard ratio", 2), ("drug days", 1), ("restricted mean", 0)):
        found = row[row["quantity"] == quantity].iloc[0]
        sign = "" if quantity == "hazard ratio" else "+"
        shown = [f"{found[x]:{sign}.{digits}f}".replace("-", "−") for x in ("value", "low", "high")]
        assert f"{shown[0]} ({shown[1]} to {shown[2]})" in page.words


@pytest.mark.slow
def test_the_same_result_makes_the_same_bytes(capsys, tmp_path):
    keep(trial(20), "here")
    for folder in ("one", "two"):
        reported(capsys, "here", f"output={folder}")
    one, two = ((tmp_path / name / "report.html").read_bytes() for name in ("one", "two"))
    assert one == two
    reported(capsys, "here", "output=two", "against=maintenance")
    assert (tmp_path / "two" / "report.html").read_bytes() != one


def test_what_users_write_is_text_and_not_markup(capsys):
    keep(trial(12), "here")
    page = reported(capsys, "here", "title=<b>bold</b>", "question=Is a < b & c?")
    assert "<b>bold</b>" in page.words
    assert "What came out" in page.words
    assert "The whole configuration" in page.words
    assert "Is a < b & c?" in page.words


@pytest.mark.parametrize(
    ("patients", "arms"),
    [
        ([{}], ("triggered",)),
        ([{}] * 12, ("triggered", "at_relapse")),
        ([{"relapse_day": 90.0}] * 12, ("triggered", "at_relapse")),
    ],
    ids=["one patient", "no event", "all events"],
)
def test_few_data_make_a_page(capsys, patients, arms):
    keep(dataset_of_arms(dict.fromkeys(arms, patients)), "here", f"strategy=[{','.join(arms)}]")
    page = reported(capsys, "here")
    assert not re.search(r"\bnan\b", page.words)
    assert len(page.images) >= 2


def test_a_sweep_says_what_was_varied(capsys):
    ds = sweep({"trigger.level": [1e-3, 1e-2]}, 20)
    keep(ds.assign_attrs(axes=json.dumps(["trigger.level"])), "here", "trigger.level=0.001")
    page = reported(capsys, "here")
    assert "Varied between scenarios" in page.words
    assert "0.001, 0.01" in page.words
    assert "leukosim run -m study=relaza2 trigger.level=0.001,0.01" in page.words


# ---------------------------------------------------------------------- question, command


def test_the_question_is_that_of_the_study():
    assert question_of("relaza2").startswith("After RELAZA2 (NCT01462578;")
    assert "leukosim run" not in question_of("blast")
    assert question_of("mine") == question_of("") == DEFAULT_QUESTION


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["seed=7", "cohort.size=12"],
        ["trigger.level=0.001", "monitoring.sample=blood"],
        ["strategy=[maintenance,at_relapse]", "record.treatment_week=true"],
        ["cohort=after_consolidation"],
    ],
)
def test_the_command_runs_just_this_again(overrides):
    ds = keep(trial(5), "here", *overrides)
    command, is_all = command_of(ds, config_of(ds))
    assert is_all
    import shlex

    words = shlex.split(command)
    assert words[:2] == ["leukosim", "run"]
    again = provenance.identity_of(as_plain(compose(words[2:])))
    assert json.loads(json.dumps(again)) == json.loads(ds.attrs["config"])


def test_what_no_command_can_say_is_said(capsys):
    ds = keep(trial(5), "here")
    identity = json.loads(ds.attrs["config"])
    identity["strategies"]["triggered"]["regimens"]["azacitidine"]["cycles"] = 3
    ds = ds.assign_attrs(config=json.dumps(identity))
    assert not command_of(ds, config_of(ds))[1]
    from pathlib import Path

    save_dataset(ds, Path("here/results.nc"))
    assert "files of the user's own" in reported(capsys, "here").words


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "report needs one result"),
        (["nowhere"], "there is no result at 'nowhere'"),
        (["here", "against=nobody"], "against: nobody is not a known arm"),
        (["here", "titel=x"], "titel is not a known field: did you mean title?"),
        (["old"], "the result is of another version of leukosim: gone is not a known field"),
    ],
)
def test_wrong_input_is_one_sentence(capsys, words, sentence):
    ds = keep(trial(5), "here")
    identity = json.loads(ds.attrs["config"])
    from pathlib import Path

    old = ds.assign_attrs(config=json.dumps({**identity, "gone": 1}))
    save_dataset(old, Path("old/results.nc"))
    code = cli.main(["report", *words])
    printed = capsys.readouterr()
    assert code == 2
    assert sentence in printed.err
    assert printed.err.count("\n") == 1
    assert not Path("old/report.html").exists()


# ---------------------------------------------------------------------- the calendar


def test_the_calendar_has_every_dose_day():
    config = compose(["study=blast"])
    strategies = config.strategies_of_arms()
    table = calendar.numbers_drawn(strategies, config.monitoring, config.horizon_days)
    for arm, strategy in strategies.items():
        for name, course in strategy.regimens.items():
            for drug, dosing in course.drugs.items():
                of_drug = table[
                    (table["arm"] == arm) & (table["regimen"] == name) & (table["drug"] == drug)
                ]
                cycles = min(course.cycles, calendar.SHOWN // course.cycle_days)
                expected = [day + 28.0 * c for c in range(cycles) for day in sorted(dosing.days)]
                assert list(of_drug["day"]) == expected
    samples = table[table["what"] == "MRD sample"]["day"]
    assert (samples.iloc[0], samples.iloc[1] - samples.iloc[0]) == (91.0, 91.0)
    assert samples.max() <= config.horizon_days
