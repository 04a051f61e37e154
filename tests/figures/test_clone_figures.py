"""Figures of clones: nothing overlaps, nothing is lost, whatever the clones are like."""

from dataclasses import replace

import numpy as np
import pytest
from test_figures import assert_readable

from leukosim.analysis.endpoints import proportion
from leukosim.biology.clones import Driver, Founder, Mutation
from leukosim.biology.disease import Disease
from leukosim.figures.elements.clones import SHOWN, most_clonal_patient, shown_clones
from leukosim.figures.elements.formats import COLUMN, PAGE
from leukosim.figures.elements.style import house_style
from leukosim.figures.registry import draw_figures, figures_for
from leukosim.figures.trial import relapse_ancestors
from leukosim.runs.trials import run_trial
from leukosim.trial.clonal_history import CloneRecord
from leukosim.trial.protocol import Protocol

FIGURES = {"fish_plot", "clone_tree", "vaf_courses", "relapse_ancestors"}
GENES = ("FLT3-ITD", "RAS", "TP53", "IDH1", "splicing", "RUNX1")


def founders(n):
    trunk = Founder("trunk", -1, 1.0 / n, ("NPM1",))
    rest = [
        Founder(f"subclone {i}", (i - 1) // 2, 1.0 / n, (GENES[i % len(GENES)],))
        for i in range(1, n)
    ]
    return (trunk, *rest)


NEUTRAL = {"neutral": Driver()}
MUTATING = Disease(mutation=Mutation(driver_probability=0.2, arising=["neutral"], drivers=NEUTRAL))
DIES_OUT = 13  # a seed with which the only stem cell leaves no stem cell
CASES = {
    "one clone": dict(residual_stem_cells=30),
    "twenty founders": dict(residual_stem_cells=200, founders=founders(20)),
    "extinct from the start": dict(residual_stem_cells=0, founders=founders(3)),
    "dies out": dict(residual_stem_cells=1, founders=founders(2), seed=DIES_OUT),
    "a few cells": dict(residual_stem_cells=8, doubling_days=200.0, founders=founders(4)),
    "many clones": dict(
        residual_stem_cells=5000, doubling_days=7.0, disease=MUTATING, lsc_frequency=1e-6
    ),
}


@pytest.fixture(params=CASES, scope="module")
def case(request, make_patient, strategies):
    """The dataset of a single patient in two arms."""
    patient = make_patient(**CASES[request.param])
    arms = {name: strategies[name] for name in ("triggered", "at_relapse")}
    protocol = Protocol(horizon_days=240, record=CloneRecord(clones=30, barcodes=True))
    return run_trial([patient], arms, protocol).dataset


def test_figures_survive_whatever_the_clones_are_like(case, tmp_path):
    known = {each.name: each for each in figures_for(case)}
    assert {"fish_plot", "clone_tree", "vaf_courses"} <= set(known)
    for name in FIGURES & set(known):
        for width in (COLUMN, PAGE):
            with house_style():
                figure, _ = known[name].draw(case, width)
                assert_readable(figure, f"{name} {width}")
            assert figure.get_figheight() * 25.4 < 170.0
            for ax in figure.axes:  # no empty panel
                drawn = [*ax.lines, *ax.collections, *ax.patches, *ax.texts, ax.get_legend()]
                is_strip = not ax.get_ylabel() and ax.bbox.height < 0.2 * figure.bbox.height
                assert any(drawn) or is_strip


@pytest.mark.slow
def test_the_cases_are_what_they_are_called(make_patient, strategies):
    protocol = Protocol(horizon_days=240, record=CloneRecord(clones=30))

    def course(name):
        arms = {"at_relapse": strategies["at_relapse"]}
        return run_trial([make_patient(**CASES[name])], arms, protocol).dataset.squeeze()

    assert int(course("many clones").clones_ever) > 100_000
    dying = course("dies out").stem_cells.sum("subtype")
    assert dying[0] == 1
    assert dying[-1] == 0
    by_clone = course("a few cells").stem_cells_by_clone.sum("subtype")
    assert by_clone.max() <= 10


def test_gathering_conserves_every_cell(case):
    for arm in case.arm.values:
        course = case.isel(patient=0).sel(arm=arm)
        shown = shown_clones(course)
        assert 1 <= len(shown.name) <= SHOWN
        np.testing.assert_allclose(
            shown.stem_cells.sum(1), course.stem_cells.sum("subtype").values[: len(shown.day)]
        )
        np.testing.assert_allclose(
            shown.blasts.sum(1), course.blasts.values[: len(shown.day)], rtol=1e-9, atol=1e-9
        )
        assert shown.diagnosis_share.sum() == pytest.approx(1.0)
        assert shown.hidden == int(course.clones_ever) - len(shown.name)


@pytest.mark.slow
def test_every_figure_is_written_with_its_numbers(case, tmp_path):
    paths = draw_figures(case, tmp_path)
    assert {path.suffix for path in paths} == {".pdf", ".svg", ".png", ".json", ".csv"}


def test_shares_of_relapses_are_counted_with_their_intervals(make_patient, strategies):
    patients = [
        make_patient(index=i, residual_stem_cells=n, doubling_days=8.0)
        for i, n in enumerate([1, 1, 1, 1, 5, 5, 5, 40, 40])
    ]
    protocol = Protocol(horizon_days=400, record=CloneRecord(clones=3, barcodes=True))
    ds = run_trial(patients, {"at_relapse": strategies["at_relapse"]}, protocol).dataset
    table = relapse_ancestors.share_numbers(ds).set_index(["counted", "residual", "ancestors"])
    any_cell = table.loc["ancestors_at_relapse"]
    relapsed = ds.relapse_day.notnull().values[0]
    assert any_cell.loc[("all", "two"), "n"] == relapsed.sum() > 3
    assert any_cell.loc[("1", "one ancestor"), "share"] == 1.0
    number = ds.ancestors_at_relapse.values[0][relapsed]
    expected = proportion((number >= 3).astype(float))
    result = any_cell.loc[("all", "three or more")]
    assert (result["share"], result["low"], result["high"]) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    for counted in relapse_ancestors.COUNTS:
        by_group = table.loc[counted].groupby("residual")["share"].sum(min_count=1).dropna()
        np.testing.assert_allclose(by_group, 1.0)


def test_the_patient_shown_is_who_relapsed_and_had_most_clones(make_patient, strategies):
    patients = [
        make_patient(index=0, residual_stem_cells=0, founders=founders(9)),
        make_patient(index=1, residual_stem_cells=50, doubling_days=8.0),
        make_patient(index=2, residual_stem_cells=50, doubling_days=8.0, founders=founders(3)),
    ]
    protocol = Protocol(horizon_days=250, record=CloneRecord(clones=9))
    arms = {"at_relapse": replace(strategies["at_relapse"])}
    ds = run_trial(patients, arms, protocol).dataset
    assert ds.relapse_day.notnull().values[0].tolist() == [False, True, True]
    assert most_clonal_patient(ds) == 2
