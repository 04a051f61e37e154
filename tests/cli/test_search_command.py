"""``leukosim search``, called as a user calls it."""

import re
from pathlib import Path

import pandas as pd
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from leukosim import cli
from leukosim.analysis.arm_summaries import EvaluationTimes, levels
from leukosim.analysis.optimisation.search_space import Axis, Choice, Span, span_of
from leukosim.cli import drawing
from leukosim.cli import search as search_verb
from leukosim.config.command_line import compose
from leukosim.config.compose import compose_plain, read_config
from leukosim.config.sweep_grammar import Space, axis_of
from leukosim.errors import ConfigError
from leukosim.figures.registry import figures_for
from leukosim.results.netcdf import load_dataset
from leukosim.runs.search_question import question_of

SMALL = [
    "search", "study=relaza2", "strategy=[triggered]", "cohort.size=3", "horizon_days=150",
    "search.unguided=3", "search.at_once=2", "search.new_patients=4", "search.confirm=2",
    "output=here",
]  # fmt: skip
AXES = [
    "trigger.level=tag(log,interval(1e-4,1e-1))", "monitoring.interval_days=84,28",
    "azacitidine.days_per_cycle=range(3,8)",
]  # fmt: skip
LIMIT = "search.at_most.drug_days=default"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def called(capsys, *words):
    code = cli.main(words)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def table_of(folder):
    return pd.read_csv(f"{folder}/search.csv", float_precision="round_trip")


def space_of(*words):
    (space,) = compose(["-m", "hydra/sweeper=search", *map(search_verb.for_hydra, words)])
    assert isinstance(space, Space)
    return space


def test_a_search_is_one_dataset_a_table_and_a_comparison_on_new_patients(capsys, tmp_path):
    code, out, err = called(capsys, *SMALL, *AXES, LIMIT, "search.evaluations=5")
    assert code == 0, err
    table = table_of("here")
    assert list(table["evaluation"]) == [0, 1, 2, 3, 4, 5]
    assert list(table.loc[0, ["trigger.level", "azacitidine.days_per_cycle"]]) == [0.01, 7]
    result = load_dataset("here/results.nc")
    assert list(result["trigger.level"].values) == list(table["trigger.level"])
    assert list(result.arm.values) == ["triggered"]
    feasible = table["drug_days"] <= table["drug_days"][0] * (1.0 + 1e-9)
    assert list(table["feasible"]) == list(feasible)
    assert set(table["rank"].dropna()) == set(range(1, feasible.sum() + 1))
    best = table[table["feasible"]].nlargest(1, "rmst")["rmst"].iloc[0]
    assert table.loc[table["rank"] == 1, "rmst"].iloc[0] == best
    again = levels(result.isel(scenario=3), ["drug_days"], EvaluationTimes(150.0, 150.0))
    assert again["value"][0] == table["drug_days"][3]

    before, new = load_dataset("here/results.nc"), load_dataset("here/confirmation/results.nc")
    assert (before.attrs["seed"], new.attrs["seed"]) == ("1", "2")
    assert new.sizes["patient"] == 4
    assert new["trigger.level"].values[0] == 0.01
    confirmed = pd.read_csv("here/confirmation.csv")
    assert set(confirmed["cohort"]) == {"search", "new"}
    assert {"rmst", "drug_days", "samples"} <= set(confirmed["quantity"])
    assert "4 new patients" in " ".join(out.split())
    assert "best: trigger.level=" in out
    files = {path.name for path in (tmp_path / "here" / "figures").iterdir()}
    ends = ("pdf", "svg", "png", "json", "csv")
    assert files == {f"{name}.{end}" for name in ("search", "confirmation") for end in ends}
    assert [each.name for each in figures_for(result)] == ["search"]


def test_what_is_kept_is_not_run_again_and_the_table_is_the_same(capsys, monkeypatch, runs):
    monkeypatch.setattr(drawing, "draw", lambda *arguments: 0)
    words = [*SMALL, *AXES, LIMIT, "search.confirm=0"]
    called(capsys, *words, "search.evaluations=6")
    whole = table_of("here")
    parts = sorted(Path("here/scenarios").glob("*.zip"), key=lambda path: path.stat().st_mtime_ns)
    assert len(parts) == len(runs) == 7

    Path("here/results.nc").unlink()  # as if it had been killed after four
    for path in parts[4:6]:
        path.unlink()
    parts[6].write_bytes(parts[6].read_bytes()[:-40])  # and while it wrote the next
    runs.clear()
    assert called(capsys, *words, "search.evaluations=6")[0] == 0
    assert len(runs) == 3
    pd.testing.assert_frame_equal(table_of("here"), whole)

    runs.clear()
    assert called(capsys, *words, "search.evaluations=6")[0] == 0
    assert runs == []
    code, _, error = called(capsys, *words, "search.evaluations=5")
    assert code == 2
    assert "is fewer than the 6 in output = here: allowed 6 or more" in error
    assert called(capsys, *words, "search.evaluations=8")[0] == 0  # it may grow
    assert len(runs) == 2
    pd.testing.assert_frame_equal(table_of("here").head(7)[whole.columns[:5]],
                                  whole[whole.columns[:5]])  # fmt: skip


def test_workers_change_nothing(capsys, monkeypatch):
    monkeypatch.setattr(drawing, "draw", lambda *arguments: 0)
    words = [
        *(word for word in SMALL if word != "output=here"),
        *AXES,
        "search.confirm=0",
        "executor=threads",
    ]
    for workers in (1, 2):
        more = [f"executor.workers={workers}", f"output=by{workers}", "search.evaluations=2"]
        assert called(capsys, *words, *more)[0] == 0
    assert Path("by1/search.csv").read_bytes() == Path("by2/search.csv").read_bytes()


def test_another_search_does_not_replace_the_first(capsys, monkeypatch):
    monkeypatch.setattr(drawing, "draw", lambda *arguments: 0)
    words = [*SMALL, *AXES, "search.evaluations=1", "search.confirm=0"]
    assert called(capsys, *words)[0] == 0
    before = Path("here/results.nc").read_bytes()
    for other, said in (
        ("search.seed=2", "holds results of another search"),
        ("seed=2", "holds results of another configuration (seed = 1 there, 2 here)"),
    ):
        code, _, error = called(capsys, *words, other)
        assert code == 2
        assert said in error
    assert Path("here/results.nc").read_bytes() == before


def test_the_space_is_what_the_command_line_says():
    space = space_of(
        *("study=relaza2", "output=there", *AXES),
        *("search.evaluations=7", "search.minimise=drug_days,samples", LIMIT),
    )
    assert [axis.name for axis in space.axes] == [word.partition("=")[0] for word in AXES]
    options = read_config(space.base).search
    assert options.evaluations == 7
    assert options.minimise == ["drug_days", "samples"]
    assert options.at_most == {"drug_days": "default"}
    assert space.output == "there"
    assert list(space.default().values()) == [0.01, 28, 7]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("tag(log,interval(1e-4,1e-1))", Span(1e-4, 1e-1, None, True)),
        ("interval(10,20)", Span(10.0, 20.0)),
        ("int(interval(7,28))", Span(7, 28, 1)),
        ("range(0,43,14)", Span(0, 42, 14)),
        ("range(0,1,0.25)", Span(0.0, 0.75, 0.25)),
        ("choice(84,28)", Choice((28, 84))),
        ("84,28", Choice((28, 84))),
        ("marrow,blood", Choice(("marrow", "blood"))),
        ("choice([2,4],[2,3,4])", Choice(([2, 4], [2, 3, 4]))),
    ],
)
def test_the_grammar_is_that_of_hydra(words, values):
    override = OverridesParser.create().parse_override(f"a={words}")
    assert axis_of("a", override) == Axis("a", values)
    assert all(values.holds(end) for end in values.ends)
    assert values.holds(15.5) == (words == "interval(10,20)")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("interval(1e-1,1e-4)", "from 0.1 to 0.0001 there is nothing to search"),
        ("tag(log,interval(0,1))", "0 has no logarithm"),
        ("tag(ln,interval(1,2))", "tag ln means nothing: allowed log"),
        ("range(3,3)", "has no value"),
        ("glob(*)", "needs an interval, a range or a choice"),
        ("1,2,1", "a names 1 more than once"),
    ],
)
def test_axes_that_cannot_be_are_told(words, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        axis_of("a", OverridesParser.create().parse_override(f"a={words}"))


@pytest.fixture(scope="module")
def composed():
    return compose_plain(["study=relaza2", "strategy=[triggered]", "horizon_days=150"])


@pytest.mark.parametrize(
    ("axis", "options", "said"),
    [
        (span_of("trigger.lvel", 1e-4, 1e-1), {}, "did you mean trigger.level"),
        (span_of("trigger.level", 1e-4, 2.0), {}, "trigger.level = 2.0 is not allowed"),
        (span_of("trigger.delay_days", 0.0, 9.0), {}, "= 0.0 is not a whole number"),
        (None, {"maximise": ["survivel"]}, "survivel is not a known quantity"),
        (None, {"maximise": ["overall_survival"]}, "overall_survival needs until_death=true"),
        (None, {"day": 400}, "search.day = 400 (day) lies beyond the follow-up"),
        (None, {"new_seed": 1}, "would draw the same patients again"),
        (None, {"arm": "trigered"}, "did you mean triggered"),
    ],
)
def test_questions_that_cannot_be_are_told(composed, axis, options, said):
    axis = axis or span_of("trigger.level", 1e-4, 1e-1)
    base = composed.copy()
    for name, value in options.items():
        OmegaConf.update(base, f"search.{name}", value)
    with pytest.raises(ConfigError, match=re.escape(said)):
        question_of(Space([axis], base, "here"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no field has an interval, a range or a choice"),
        (["trigger.level=interval(a,b)"], "mismatch type argument start"),
        (["seed=range(1,9)"], "seed cannot be searched over: every candidate treats the same"),
        (["output=a,b"], "output cannot be searched over"),
        ([AXES[0], "search.evaluatons=9"], "did you mean search.evaluations"),
        ([AXES[0], "strategy=[triggered,at_relapse]"], "which of triggered, at_relapse is"),
    ],
)
def test_wrong_input_ends_before_anything_runs(capsys, monkeypatch, tmp_path, words, said):
    monkeypatch.setattr("leukosim.runs.configured.run_together", None)
    code, out, error = called(capsys, *SMALL, *words)
    assert (code, out) == (2, "")
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
