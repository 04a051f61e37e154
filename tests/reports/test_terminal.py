"""What is printed after a run and of a comparison, at the width of a terminal."""

import io
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from leukosim.analysis.endpoints import Estimate
from leukosim.analysis.headlines import HEADLINES
from leukosim.analysis.scenario_summary import ScenarioSummary
from leukosim.reports.terminal.comparisons import legend, numbered
from leukosim.reports.terminal.formatting import printed
from leukosim.reports.terminal.headlines import choices_in_words, choices_table, range_in_words
from leukosim.reports.terminal.run_tables import next_steps


def text_of(*shown, width=80):
    console = Console(file=io.StringIO(), width=width)
    console.print(*shown, sep="\n")
    return console.file.getvalue()


def summary(n, study="relaza2", chosen=("level",), pooled=None, difference=(9.0, 2.0, 16.0)):
    table = pd.DataFrame(
        {
            "level": [f"{i}" for i in range(n)],
            "value": [10.0 * (n - i) for i in range(n)],
            "low": [10.0 * (n - i) - 3.0 for i in range(n)],
            "high": [10.0 * (n - i) + 3.0 for i in range(n)],
            "lowest": [-5.0] * n,
            "highest": [99.0] * n,
        }
    )
    return ScenarioSummary(
        HEADLINES[study][0], 730.0, chosen, pooled or {}, table, Estimate(*difference, 30)
    )


def test_only_the_best_and_the_worst_of_many_scenarios_are_printed():
    text = text_of(choices_table(summary(20)))
    assert "+200 (+197 to +203)" in text and "+10 (+7 to +13)" in text
    assert "(14 more)" in text and "+100" not in text
    assert "more)" not in text_of(choices_table(summary(7)))


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        ((9.0, 2.0, 16.0), "Best minus worst, in the same patients: +9 (+2 to +16) days."),
        ((9.0, -2.0, 16.0), "+9 (−2 to +16) days, which may be chance."),
        ((0.0, 0.0, 0.0), "The scenarios do not differ."),
    ],
)
def test_whether_the_best_differs_from_the_worst_is_said(difference, said):
    assert said in choices_in_words(summary(3, difference=difference))


def test_where_more_is_not_better_nothing_is_called_best():
    said = choices_in_words(summary(3, study="clonal_relapse"))
    assert "Highest first" in said and "est minus worst" not in said


def test_a_range_keeps_its_words_and_its_numbers():
    said = range_in_words(summary(1, chosen=(), pooled={"seed": 3}))
    assert said.startswith("Relapse-free days in two years, triggered minus at relapse: +10 (")
    assert "the mean of 3 values of seed; from −5 to 99 in single scenarios" in said


def test_long_names_are_numbered_and_explained():
    long = ["triggered (trigger.level=0.001)", "triggered (trigger.level=0.01)", "at_relapse"]
    names = numbered(long)
    assert list(names.values()) == ["no. 1", "no. 2", "at_relapse"]
    text = text_of(*legend(names, long))
    assert f"no. 2: {long[1]}" in text and "no. 3" not in text


@pytest.mark.parametrize("width", [40, 80])
def test_no_cell_of_a_table_is_cut(width):
    cells = ["−23.0 (−123.4 to +7.8)", "a_very_long_word_of_one_piece"]
    heads = ["arm", *(f"quantity_number_{i}" for i in range(6))]
    text = text_of(printed("", heads, [[*cells, *cells, *cells, cells[0]]]), width=width)
    assert "…" not in text


def test_next_steps_quote_a_folder():
    assert "  leukosim compare 'my results'  " in next_steps(Path("my results"))
