"""The figures of the study after BLAST: drawn from a small run, with the numbers that they show."""

import json

import numpy as np
import pytest
import xarray as xr
from test_figures import assert_readable

from leukosim.analysis.endpoints import relapse_free_survival
from leukosim.analysis.survival import paired_difference
from leukosim.config.compose import compose
from leukosim.figures.elements.formats import COLUMN, PAGE
from leukosim.figures.elements.save import save_figure
from leukosim.figures.elements.style import MM_PER_INCH, house_style
from leukosim.figures.methods.repeated_trials import FEWEST
from leukosim.figures.registry import figure_named, figures_for
from leukosim.figures.sweep.gain_map import KILL, PROTECTION
from leukosim.figures.sweep.lead_time import HYPOTHESIS, LEAD, gains, outcome_of
from leukosim.figures.trial.forest import interval
from leukosim.figures.trial.single_cell_cxcr4 import cells_of, threshold_of
from leukosim.figures.trial.treatment_hours import in_niche
from leukosim.runs.configured import treat

OF_THE_STUDY = {
    "survival_by_cxcr4",
    "incidence_by_cxcr4",
    "forest",
    "single_cell_cxcr4",
    "treatment_hours",
    "mobilisation",
}


@pytest.fixture(scope="module")
def trial():
    config = compose(["study=blast", "cohort.size=24", "cohort.residual_log10_mean=1.0"])
    return treat(config, 2).dataset


def sweep_over(trial, axes):
    """The same trial in scenarios along axes, with fewer relapses from one to the next."""
    points = np.stack(np.meshgrid(*axes.values(), indexing="ij"), -1).reshape(-1, len(axes))
    dropped = [name for name, each in trial.items() if {"time", "week"} & set(each.dims)]
    each = trial.drop_vars([*dropped, "time", "week", "mobilisation"], errors="ignore")
    swept = xr.concat([each] * len(points), "scenario", data_vars="all")
    for i, name in enumerate(axes):
        swept = swept.assign_coords({name: ("scenario", points[:, i])})
    return swept.assign_attrs(axes=json.dumps(list(axes)))


def assert_readable_in_both_widths(each, ds):
    """The figure in its larger width, and its numbers."""
    for width in (COLUMN, PAGE):
        with house_style():
            figure, numbers = each.draw(ds, width)
            assert_readable(figure, f"{each.name} {width}")
        assert figure.get_figwidth() * MM_PER_INCH == pytest.approx(width)
    return figure, numbers


def test_a_run_of_the_study_draws_its_figures(trial, tmp_path):
    result = {each.name: each for each in figures_for(trial)}
    assert set(result) >= OF_THE_STUDY
    assert "repeated_trials" not in result
    for name in OF_THE_STUDY:
        drawing = assert_readable_in_both_widths(result[name], trial)
        paths = save_figure(*drawing, tmp_path, name, results=[trial])
        assert all(path.stat().st_size > 200 for path in paths)


def test_a_trial_of_another_study_draws_none_of_them(trial):
    other = trial.drop_vars(["cxcr4_group", "residual_cell_cxcr4", "week_occupancy"])
    assert not {each.name for each in figures_for(other)} & OF_THE_STUDY


def test_cells_are_those_of_the_result_and_the_threshold_parts_the_groups(trial):
    cells = cells_of(trial)
    assert len(cells) == trial["residual_cells"].sum()
    limit = threshold_of(trial)
    of_patient = cells.groupby("patient")["cxcr4"].median()
    high = cells.groupby("patient")["group"].first() == "high"
    assert (of_patient[high] >= limit).all() and (of_patient[~high] <= limit).all()


def test_the_niche_of_the_figure_is_that_of_the_result(trial):
    share = in_niche(trial, "high")
    of_group = trial["cxcr4_group"].values == 2
    cells = trial.isel(patient=np.flatnonzero(of_group), week=-1).sum("patient")
    expected = cells["week_stem_cells_in_niche"] / cells["week_stem_cells"]
    np.testing.assert_allclose(share.isel(week=-1), expected)


def test_a_pool_draws_repeated_trials(trial, tmp_path):
    times = -(-FEWEST // trial.sizes["patient"])
    pool = xr.concat([trial] * times, "patient", data_vars="minimal")
    pool = pool.assign_coords(patient=np.arange(pool.sizes["patient"]))
    each = figure_named("repeated_trials", pool)
    tables = each.numbers(pool)
    with house_style():
        for width in (COLUMN, PAGE):
            figure = each.figure(pool, tables, width)
            assert_readable(figure)
    paths = save_figure(figure, each.table(tables), tmp_path, each.name, results=[pool])
    assert all(path.stat().st_size > 200 for path in paths)
    assert len(tables["trial"]) == 1000
    assert tables["power"]["power"].between(0.0, 1.0).all()


@pytest.mark.parametrize(
    ("name", "axes"),
    [
        ("lead_time", {LEAD: [-24.0, -2.0, 0.0]}),
        ("gain_map", {KILL: [1.0, 3.0], PROTECTION: [0.1, 0.3]}),
    ],
)
def test_a_sweep_draws_its_figure(trial, tmp_path, name, axes):
    swept = sweep_over(trial, axes)
    result = {each.name: each for each in figures_for(swept)}
    drawing = assert_readable_in_both_widths(result[name], swept)
    paths = save_figure(*drawing, tmp_path, name, results=[swept])
    assert all(path.stat().st_size > 200 for path in paths)


def test_a_lead_time_sweep_over_hypotheses_has_a_panel_for_each(trial, tmp_path):
    swept = sweep_over(trial, {LEAD: [-2.0, 12.0]})
    both = xr.concat([swept, swept], "scenario", data_vars="all")
    texts = np.repeat(["equal", "measured"], 2).astype(object)
    both = both.assign_coords({HYPOTHESIS: ("scenario", texts)})
    both.attrs["axes"] = json.dumps([LEAD, HYPOTHESIS])
    result = {each.name: each for each in figures_for(both)}
    assert len(result["lead_time"].draw(both)[0].axes) == 3  # one holds the key
    assert_readable_in_both_widths(result["lead_time"], both)


def test_gains_are_paired_differences_in_each_group(trial):
    table = gains(sweep_over(trial, {LEAD: [-2.0]})).set_index("group")
    times = relapse_free_survival(trial)
    for name, patients in (("all", slice(None)), ("high", trial["cxcr4_group"].values == 2)):
        expected = paired_difference(times.isel(patient=patients), "motixafortide", "placebo")
        assert table.loc[name, "gain"] == pytest.approx(expected.value)
        assert table.loc[name, "n"] == expected.n


def test_without_an_event_there_is_a_line_at_zero(trial):
    """Whoever did not relapse has a curve, too."""
    healthy = trial.assign(relapse_day=trial["relapse_day"] * np.nan)
    result = {each.name: each for each in figures_for(healthy)}
    figure, _ = result["incidence_by_cxcr4"].draw(healthy, COLUMN)
    curves = [line for line in figure.axes[1].lines if line.get_drawstyle() == "steps-post"]
    assert [set(line.get_ydata()) for line in curves] == [{0.0}, {0.0}]
    assert all(line.get_xdata()[-1] > 1.0 for line in curves)


def test_intervals_read_as_in_a_paper():
    assert interval(0.82, 0.61, 1.1) == "0.82 (0.61–1.10)"
    assert interval(-3.0, -32.0, 26.0, 0) == "−3 (−32 to 26)"
    assert interval(np.nan, np.nan, np.nan) == "–"


def test_in_a_short_sweep_the_gain_is_of_patients_without_stem_cells(trial):
    short = sweep_over(trial, {LEAD: [-2.0]}).assign_attrs(horizon_days=120)
    short.attrs["axes"] = json.dumps([LEAD])
    result = gains(short).set_index("group").loc["all"]
    gone = (trial["stem_cells_at_end"] == 0.0).mean("patient")
    expected = float(gone.sel(arm="motixafortide") - gone.sel(arm="placebo"))
    assert result["gain"] == pytest.approx(expected)
    assert "day 120" in outcome_of(short)
