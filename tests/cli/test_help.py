"""The help of every verb, of a run's sections and of topics says what the declarations say."""

import re
import subprocess
import sys
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import pytest

from leukosim import cli
from leukosim.analysis.comparison import Comparison
from leukosim.cli.arguments import parser_of
from leukosim.cli.help import TOPICS, markdown
from leukosim.cli.run_help import run_help
from leukosim.cli.verb_help import commands_page, fields_of
from leukosim.cli.verbs import VERBS
from leukosim.clinic.strategy.rules import ACTIONS, MEASURES, Rule
from leukosim.config.compose import compose, default_config
from leukosim.config.paths import config_folder
from leukosim.reports.help.choices import GROUPS, chosen_by_default
from leukosim.reports.help.declared import describe, described
from leukosim.reports.help.topics import drug, strategy, topic_text

ROOT = Path(__file__).parents[2]


def called(capsys, *words):
    code = cli.main(words)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_verb_explains_itself(capsys, verb, option):
    code, out, err = called(capsys, verb, option)
    assert (code, err) == (0, "")
    assert " ".join(out.split()).startswith(VERBS[verb].summary)
    assert f"usage: leukosim {verb}" in out
    assert all(example in out for example in VERBS[verb].examples)
    assert all(each.name in out for each in fields_of(VERBS[verb]))
    assert "\x1b" not in out
    assert out == called(capsys, "help", verb)[1]


@pytest.mark.parametrize("verb", VERBS)
def test_help_is_asked_for_anywhere_among_the_words_and_does_nothing_else(capsys, verb):
    assert called(capsys, verb, "--nothing", "--help")[0] == 0


def test_every_field_of_a_verb_has_a_meaning_and_lines_fit_a_terminal(capsys):
    for name, verb in VERBS.items():
        for each in fields_of(verb):
            assert each.meaning, f"{name}: {each.name} has no note or comment at its declaration"
        text = called(capsys, name, "--help")[1].partition("Examples:")[0]
        assert max(map(len, text.splitlines())) <= 80, name


def test_every_field_of_a_run_has_a_meaning():
    def lacking(record, path=""):
        for each in described(type(record), record):
            if not each.meaning:
                yield path + each.name
        for each in fields(record):
            value = getattr(record, each.name)
            inside = value.items() if isinstance(value, dict) else [("", value)]
            for name, part in inside:
                if hasattr(part, "__dataclass_fields__"):
                    yield from lacking(part, f"{path}{each.name}.{name}.".replace("..", "."))

    assert list(lacking(default_config())) == []


def test_a_field_is_described_by_its_declaration():
    declared = {each.name: each for each in fields(Comparison)}
    found = describe(Comparison, declared["until_day"])
    assert found.facts == "default null; day; from 1 to 36525"
    assert found.meaning.startswith("last day of restricted means")
    assert describe(Comparison, declared["seed"]).meaning == "seed of resampling"
    assert describe(Rule, next(iter(fields(Rule)))).facts.startswith("needed; mrd, ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["page", "--prot", "1"], "--prot is not a known option of page: did you mean --port?"),
        (
            ["page", "--port", "abc"],
            "page: --port: port = abc is not allowed: it is a whole number, allowed from 1 to "
            "65535",
        ),
        (["page", "--port"], "page: --port: expected one argument"),
        (["page", "x"], "page takes [--port N] [--host NAME] [--no-open], and x was given"),
        (["warmup", "now"], "warmup takes nothing, and now was given"),
        (["odd", "--markdown"], "odd: --markdown: expected one argument"),
        (["verify", "--qick"], "--qick is not a known option of verify: did you mean --quick?"),
        (["compare", "--against", "x"],
         "--against is not a known option of compare: fields are written field=value, without "
         "dashes; leukosim compare --help lists them"),
        (["validate", "a", "b", "c"], "validate takes FILE [PREDICTIONS], and c was given"),
        (["help", "stratgy"], "stratgy is not a known verb or topic: did you mean strategy?"),
        (["run", "--help", "trigegr"],
         "trigegr is not a known section or field: did you mean trigger?"),
        (["run", "--help", "disease.cycel"],
         "disease.cycel is not a known section or field: did you mean disease.cycle?"),
        (["run", "--help", "seed.x"], "seed.x is not a known field: seed has none inside"),
    ],
)  # fmt: skip
def test_wrong_words_are_answered_in_a_sentence(capsys, words, said):
    assert called(capsys, *words) == (2, "", f"leukosim: {said}\n")


def test_parsers_take_their_options_between_positional_words():
    options = parser_of("verify").parse_intermixed_args(["a", "--seed", "3", "b", "--quick"])
    assert (options.words, options.seed, options.quick) == (["a", "b"], 3, True)


# ---------------------------------------------------------------------- a run


def test_the_overview_of_a_run_lists_groups_sections_and_fields():
    text = run_help([])
    for each in fields(default_config()):
        assert re.search(rf"^  {each.name}\b", text, re.M), each.name
    for group in GROUPS:
        for path in (config_folder() / group).glob("*.yaml"):
            assert path.stem in text
    assert "== Config ==" not in text


def test_the_groups_are_those_of_the_configurations():
    folders = {path.name for path in config_folder().iterdir() if path.is_dir()}
    assert set(GROUPS) == folders == set(chosen_by_default())


def test_a_section_shows_the_values_of_the_study():
    assert "default 200; patients" in run_help(["cohort"])
    of_blast = compose(["study=blast"]).cohort.size
    assert of_blast != 200
    assert f"default {of_blast}; patients" in run_help(["study=blast", "cohort"])


def test_sections_inside_a_section_are_named_and_explained():
    assert "cohort.founding" in run_help(["cohort"])
    assert "branching" in run_help(["cohort.founding"])
    assert "disease.subtypes.MEP-like" in run_help(["disease.subtypes"])
    assert run_help(["trigger.level"]).startswith("  level")


def test_choices_of_a_group_are_explained_and_those_of_ones_own_folder_listed(tmp_path):
    (tmp_path / "cohort").mkdir()
    (tmp_path / "cohort" / "mine.yaml").write_text(
        "# My patients, et al. too. And more.\nsize: 3\n"
    )
    text = run_help(["--config-dir", str(tmp_path), "cohort"])
    assert re.search(r"^  mine +My patients, et al\. too$", text, re.M)


# ---------------------------------------------------------------------- topics and pages


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_printed(capsys, topic):
    assert called(capsys, "help", topic) == (0, topic_text(topic), "")


def test_topics_name_every_field_measure_and_action():
    text = topic_text("strategy")
    for name in (*MEASURES, *ACTIONS, *(each.name for each in fields(Rule))):
        assert re.search(rf"^  {name}\b", text, re.M), name


@pytest.mark.parametrize("topic", [strategy, drug], ids=lambda topic: topic.__name__)
def test_an_example_composes_and_runs(capsys, monkeypatch, tmp_path, topic):
    monkeypatch.chdir(tmp_path)
    written = topic()
    for each in written.examples:
        path = tmp_path / each.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(each.text, encoding="utf-8")
    words = [word.strip("'") for word in written.command.split()[2:]]
    config = compose([w for w in words if "=" in w and not w.startswith("output")], "mine")
    assert config.arms[0] in written.command
    monkeypatch.setattr(cli.drawing, "draw", lambda *_: 0)
    small = ["cohort.size=2", "horizon_days=120", "record.interval_days=60"]
    assert cli.main(["run", *words, *small]) == 0
    assert "patients in each arm" in "".join(capsys.readouterr())


def test_every_example_of_the_package_is_shown():
    names = {path.name for path in (files("leukosim.reports.help") / "examples").iterdir()}
    shown = {
        each.path.rpartition("/")[2] for topic in (strategy, drug) for each in topic().examples
    }
    assert names == shown


@pytest.mark.parametrize(
    ("file", "page"),
    [("commands.md", commands_page), ("strategies.md", lambda: markdown(["strategy", "drug"]))],
)
def test_a_page_is_up_to_date(file, page):
    assert (ROOT / "docs" / file).read_text(encoding="utf-8") == page(), "make docs"


def test_help_can_be_written_to_a_file(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert called(capsys, "help", "--markdown", "page.md") == (0, "", "")
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == commands_page()


def test_the_package_is_run_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "leukosim", "--help"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: leukosim VERB" in done.stdout
