"""Figures of a search can be read, whatever was found."""

import numpy as np
import pytest
from synthetic import search
from test_figures import assert_readable

from leukosim.analysis.arm_summaries import EvaluationTimes
from leukosim.analysis.optimisation.search import (
    arms_of_scenarios,
    chosen,
    confirmation_table,
    searched,
)
from leukosim.figures.elements.style import HIGHEST, house_style
from leukosim.figures.methods import confirmation
from leukosim.figures.registry import figure_named, figures_for


@pytest.mark.parametrize(
    "options",
    [{}, {"at_most": {}, "maximise": ["relapse_free_survival"], "minimise": ["samples"]}],
    ids=["a limit", "no limit and two goals"],
)
def test_a_search_can_be_read(options):
    ds = search(12, **options)
    with house_style():
        figure, drawn = figure_named("search", ds).draw(ds)
        assert_readable(figure)
    assert figure.get_figheight() * 25.4 <= HIGHEST
    assert len(drawn) == 13
    assert drawn["best_so_far"].dropna().is_monotonic_increasing
    stars = [line for ax in figure.axes for line in ax.lines if line.get_marker() == "*"]
    assert {len(line.get_xdata()) for line in stars if len(line.get_xdata())} == {1}


def test_it_is_the_only_figure_of_its_dataset_and_says_where_nothing_was_found():
    ds = search(5).assign_attrs(search_limits='[["drug_days", 1.0, -1.0]]')
    assert [each.name for each in figures_for(ds)] == ["search"]
    assert not searched(ds).table["feasible"].any()
    with house_style():
        assert_readable(figure_named("search", ds).draw(ds)[0])


def test_a_confirmation_can_be_read():
    ds = search(12)
    named = {"default": 0, **chosen(searched(ds).table, 3)}
    both = (arms_of_scenarios(ds, "triggered", named) for _ in range(2))
    quantities = ["rmst", "relapse_free_survival", "drug_days", "samples"]
    times = EvaluationTimes(730.0, 730.0, 200)
    table = confirmation_table(*both, quantities, times)
    with house_style():
        figure = confirmation.confirmation_figure(table, ["rmst"], times)
        assert_readable(figure)
    dots = [line for ax in figure.axes for line in ax.lines if len(line.get_xdata()) == 1]
    assert len(dots) == len(table) == 4 * 3 * 2
    assert np.isfinite(table["value"]).all()
