"""Figures of a comparison: every arm and every patient, readable with much and with nothing."""

import numpy as np
import pytest
from synthetic import dataset_of_arms, sweep, trial
from test_figures import assert_readable, texts

from leukosim.analysis.arms import gather_arms
from leukosim.analysis.comparison import differences_table, ranking, resample
from leukosim.analysis.individual_effects import individual_effects as effects_of
from leukosim.analysis.trial_emulation.power import Proposal, evaluate_design
from leukosim.clinic.strategy.monitoring import Monitoring
from leukosim.clinic.strategy.rules import Strategy
from leukosim.config.compose import compose
from leukosim.figures.elements.formats import COLUMN, PAGE
from leukosim.figures.elements.style import HIGHEST, house_style
from leukosim.figures.methods import comparison, individual_effects, power
from leukosim.figures.trial import calendar


def with_costs(ds, seed=1):
    rng = np.random.default_rng(seed)
    shape = ds.sizes["arm"], ds.sizes["patient"]
    both = ("arm", "patient")
    return ds.assign(
        treatment_days=(both, rng.integers(0, 60, shape).astype(float)),
        days_grade3_neutropenia=(both, rng.integers(0, 30, shape).astype(float)),
    )


@pytest.fixture
def ds():
    return with_costs(gather_arms({"one": trial(40)}))


def both_figures(ds, against, width=PAGE):
    result = resample(ds)
    figures = [comparison.comparison_figure(result, against, width)]
    effects = effects_of(ds, against, result.until_day)
    for _, of_arm in effects.groupby("arm"):
        until = result.until_day
        figures.append(individual_effects.individual_effects_figure(ds, of_arm, until, width))
    return figures


@pytest.mark.parametrize("width", [COLUMN, PAGE])
def test_they_can_be_read(ds, width):
    with house_style():
        for figure in both_figures(ds, "at_relapse", width):
            assert figure.get_figwidth() * 25.4 == pytest.approx(width)
            assert_readable(figure)


def test_of_many_arms_the_best_have_colours_of_their_own_and_all_a_dot():
    grid = {"trigger.level": [1e-4, 1e-3, 1e-2, 1e-1], "trigger.delay_days": [0.0, 28.0, 56.0]}
    many = with_costs(gather_arms({"sweep": sweep(grid, 12)}))
    assert many.sizes["arm"] > comparison.MOST
    with house_style():
        figure = both_figures(many, "at_relapse")[0]
    shown = [text.get_text() for text in figure.texts]
    front = next(ax for ax in figure.axes if ax.get_xlabel().startswith("Drug days"))
    dots = [line for line in front.lines if line.get_marker() == "o"]
    assert len(dots) == many.sizes["arm"]
    large = [line.get_color() for line in dots if line.get_markersize() == 4.0]
    assert len(set(large)) == len(large) == comparison.MOST
    assert f"{comparison.MOST} best of {many.sizes['arm']}" in " ".join(shown[-1].split())
    assert figure.get_figheight() * 25.4 <= HIGHEST
    with house_style():
        assert_readable(figure)


@pytest.mark.parametrize(
    "patients",
    [[{}], [{"relapse_day": 100.0}], [{}] * 12, [{"relapse_day": 100.0}] * 12],
    ids=["one patient", "one event", "no event", "all events"],
)
@pytest.mark.parametrize("arms", [("only",), ("a", "b")])
def test_they_are_drawn_from_few_words(patients, arms):
    few = with_costs(gather_arms({"one": dataset_of_arms(dict.fromkeys(arms, patients))}))
    with house_style():
        for figure in both_figures(few, arms[0]):
            assert_readable(figure)
            assert len(figure.axes) > 1


def test_without_costs_there_are_no_fronts():
    bare = gather_arms({"one": trial(20)}).drop_vars("treatment_days", errors="ignore")
    figure = comparison.comparison_figure(resample(bare), "at_relapse")
    assert len(figure.axes) == 3


def test_dots_and_bars_are_the_numbers(ds):
    result = resample(ds)
    table, arms = differences_table(result, "at_relapse"), list(ranking(result)["arm"])
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    panel = comparison.panels_of(result)[0]
    comparison.draw_differences(table, ax, panel, arms)
    dots = sorted(line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o")
    rows = table[(table["quantity"] == panel.quantity) & (table["day"] == 730.0)]
    np.testing.assert_allclose(dots, sorted([0.0, *(100.0 * rows["value"])]))
    assert texts(ax) == ["reference"]


def test_every_patient_has_a_bar_as_high_as_his_gain(ds):
    from matplotlib.figure import Figure

    effects = effects_of(ds, "at_relapse", 730.0)
    of_arm = effects[effects["arm"] == "maintenance"]
    ax = Figure().add_subplot()
    individual_effects.draw_gains(of_arm, ax)
    heights = [bar.get_height() for bar in ax.patches if not np.isnan(bar.get_x())]
    np.testing.assert_allclose(heights, sorted(of_arm["gained_days"], reverse=True))


def test_every_number_is_exported(ds):
    result = resample(ds)
    table = comparison.numbers_drawn(result, "at_relapse")
    assert set(table["part"]) == {"difference", "level", "ranking"}
    effects = effects_of(ds, "at_relapse", 730.0)
    of_arm = effects[effects["arm"] == "triggered"]
    numbers = individual_effects.numbers_drawn(ds, of_arm)
    assert set(numbers["part"]) == {"patient", "fate", "trait"}
    assert (numbers["part"] == "patient").sum() == 40


def test_a_share_is_never_rounded_to_certainty():
    assert [comparison.percent(x) for x in (0.0, 0.004, 0.5, 0.996, 1.0)] == [
        "< 1 %", "< 1 %", "50 %", "> 99 %", "> 99 %",
    ]  # fmt: skip


@pytest.mark.parametrize("effect", [1.0, 0.0])
@pytest.mark.parametrize("biomarker", [{}, {"biomarker": "genotype", "equals": "NPM1"}])
def test_a_proposed_trial_can_be_read(effect, biomarker):
    gathered = gather_arms({"one": trial(80, effect=effect)})
    result = evaluate_design(
        gathered, Proposal(trials=50, resamples=50, sizes=[32, 128, 512], **biomarker)
    )
    with house_style():
        assert_readable(power.power_figure(result))
    numbers = power.numbers_drawn(result)
    assert set(numbers["part"]) == {"power", "effect", "sample size"}
    assert (numbers["part"] == "power").sum() == 3 * (1 + bool(biomarker))


@pytest.mark.parametrize("study", ["relaza2", "blast", "venetoclax_resistance"])
def test_calendars_can_be_read(study):
    config = compose([f"study={study}"])
    strategies = config.strategies_of_arms()
    with house_style():
        figure = calendar.calendar_figure(strategies, config.monitoring, config.horizon_days)
        assert_readable(figure)


def test_a_strategy_without_drugs_has_a_calendar():
    nothing = {"wait": Strategy("wait and see", {}, {})}
    with house_style():
        figure = calendar.calendar_figure(nothing, Monitoring(), 30.0)
        assert_readable(figure)
    assert "no drug is given" in texts(figure.axes[1])
