"""Figures: one file each, from a dataset to axes. This file lists and writes the standard ones.

A new figure is a file with ``..._figure(ds, width_mm)`` and ``numbers_drawn(ds)``, and one line in
``TRIAL_FIGURES`` or ``SWEEP_FIGURES``. It is drawn for every dataset that has what it needs.
"""

from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from leukosim.analysis.arms import REFERENCES
from leukosim.analysis.calibration import target_table
from leukosim.analysis.endpoints import TWO_YEARS, began_overt, horizon_days
from leukosim.analysis.optimisation.search import CONFIRMED, is_search, searched
from leukosim.analysis.parameter_uncertainty import is_over_draws
from leukosim.analysis.subgroup_effects import has_groups
from leukosim.analysis.survival import sweep_summary
from leukosim.figures.elements.save import FORMATS, save_figure
from leukosim.figures.elements.standard import Drawing, Needs, StandardFigure, has, wide
from leukosim.figures.elements.style import COLUMN, PAGE, house_style
from leukosim.figures.methods import repeated_trials, search
from leukosim.figures.sweep import dose_response, gain_map, hypotheses, lead_time, uncertainty
from leukosim.figures.sweep.sweep_dots import sweep_dots_figure
from leukosim.figures.sweep.sweep_heatmap import sweep_heatmap_figure
from leukosim.figures.sweep.sweep_outcomes import (
    difference_outcome,
    numbers_drawn,
    survival_outcome,
    treatment_outcomes,
    treatment_summary,
    varied,
)
from leukosim.figures.trial import (
    blood_counts,
    clone_tree,
    composition,
    fish_plot,
    flow_between_subtypes,
    forest,
    incidence_by_cxcr4,
    mobilisation,
    mrd_courses,
    overall_survival,
    relapse_ancestors,
    relapse_free_survival,
    response_by_subtype,
    single_cell_cxcr4,
    survival_by_cxcr4,
    targets,
    treatment_hours,
    vaf_courses,
)

# arms that a heat map shows, if there
OF_INTEREST = ("triggered", "venetoclax_azacitidine", "motixafortide")


def draw_targets(ds: xr.Dataset, width_mm: float | None = None) -> Drawing:
    """The published values beside the model's."""
    table = target_table(ds)
    return targets.targets_figure(table, width_mm or PAGE), table


def has_targets(ds: xr.Dataset) -> bool:
    """Whether the arms allow to compute what was published."""
    return bool(target_table(ds)["model"].notna().any())


def draw_repeated_trials(ds: xr.Dataset, width_mm: float | None = None) -> Drawing:
    """Trials drawn from a pool: once, for the figure and its numbers."""
    result = repeated_trials.computed(ds)
    figure = repeated_trials.repeated_trials_figure(ds, width_mm or PAGE, result)
    return figure, repeated_trials.numbers_drawn(ds, result)


def draw_sweep(ds: xr.Dataset, width_mm: float | None = None) -> Drawing:
    """What the scenarios come to, by what is at stake for their patients.

    In overt leukaemia that is response, survival and cytopenia; in remission relapse-free survival
    at two years, and the paired difference of two arms. Heat maps show shares of one arm, dots
    along a single axis, or of a single scenario, have room for all.
    """
    is_map = has_two_axes(ds)
    arms = [str(name) for name in ds["arm"].values]
    arm = next((each for each in OF_INTEREST if each in arms), arms[0])
    if began_with("best_response")(ds):
        summary = treatment_summary(ds)
        shown = summary.sel(arm=arm) if is_map else summary
        outcomes = [each for each in treatment_outcomes(shown) if each.share or not is_map]
    else:
        day = min(TWO_YEARS, float(horizon_days(ds).min()))
        against = next((each for each in REFERENCES if each in arms), REFERENCES[0])
        summary = sweep_summary(ds, arm, against, day)
        shown = summary.sel(arm=arm) if is_map else summary
        both = survival_outcome(shown), difference_outcome(summary)
        outcomes = [each for each in both if shown[each.value].notnull().any()]
    figure = sweep_heatmap_figure if is_map else sweep_dots_figure
    return figure(shown, outcomes, width_mm), numbers_drawn(shown, outcomes)


def draw_search(ds: xr.Dataset, width_mm: float | None = None) -> Drawing:
    """Candidates of a search: judged once, for the figure and its numbers."""
    result = searched(ds)
    figure = search.search_figure(ds, width_mm or PAGE, result)
    return figure, search.numbers_drawn(ds, result)


def has_two_axes(ds: xr.Dataset) -> bool:
    """Whether a sweep has outcomes over more than one axis, and its scenarios are a grid."""
    return len(varied(ds)) > 1 and not is_of_search(ds)


def has_one_axis(ds: xr.Dataset) -> bool:
    """Whether a sweep has outcomes along a single axis, or of a single scenario."""
    return len(varied(ds)) <= 1 and not is_of_search(ds) and not is_over_draws(ds)


def is_of_search(ds: xr.Dataset) -> bool:
    """Whether scenarios are the candidates of a search, or the best of them on new patients."""
    return is_search(ds) or CONFIRMED in ds.attrs


def began_with(*names: str) -> Needs:
    """Whether some patients began with overt leukaemia, and the dataset holds these variables."""
    return has("overt_blasts", *names, also=lambda ds: bool(began_overt(ds).any()))


curves, courses = relapse_free_survival, mrd_courses
flows, groups = flow_between_subtypes, response_by_subtype
TRIAL_FIGURES = (
    StandardFigure(
        "relapse_free_survival",
        has("follow_up_day"),
        wide(COLUMN, curves.relapse_free_survival_figure, curves.numbers_drawn),
        curves.draw_relapse_free_survival,
    ),
    StandardFigure(
        "mrd_courses",
        has("sample_day"),
        wide(PAGE, courses.mrd_courses_figure, courses.numbers_drawn),
    ),
    StandardFigure("targets", has("follow_up_day", also=has_targets), draw_targets),
    StandardFigure(
        "overall_survival",
        has("overt_blasts", "follow_up_day", also=overall_survival.is_followed_on),
        wide(PAGE, overall_survival.overall_survival_figure, overall_survival.numbers_drawn),
    ),
    StandardFigure(
        "response_by_subtype",
        began_with("best_response", "dominant_subtype"),
        wide(PAGE, groups.response_by_subtype_figure, groups.numbers_drawn),
    ),
    StandardFigure(
        "composition",
        began_with("stem_cells"),
        wide(PAGE, composition.composition_figure, composition.numbers_drawn),
    ),
    StandardFigure(
        "flow_between_subtypes",
        began_with("stem_cells_at_treatment_failure"),
        wide(PAGE, flows.flow_between_subtypes_figure, flows.numbers_drawn),
    ),
    StandardFigure(
        "blood_counts",
        began_with("neutrophils", "platelets", "days_grade3_thrombocytopenia"),
        wide(PAGE, blood_counts.blood_counts_figure, blood_counts.numbers_drawn),
    ),
    StandardFigure(
        "dose_response",
        has(also=dose_response.has_drugs),
        wide(PAGE, dose_response.dose_response_figure, dose_response.numbers_drawn),
    ),
    StandardFigure(
        "survival_by_cxcr4",
        has("cxcr4_group", "follow_up_day", also=has_groups),
        wide(PAGE, survival_by_cxcr4.survival_by_cxcr4_figure, survival_by_cxcr4.numbers_drawn),
    ),
    StandardFigure(
        "incidence_by_cxcr4",
        has("cxcr4_group", "follow_up_day", also=has_groups),
        wide(PAGE, incidence_by_cxcr4.incidence_by_cxcr4_figure, incidence_by_cxcr4.numbers_drawn),
    ),
    StandardFigure(
        "forest",
        has("cxcr4_group", "follow_up_day", also=has_groups),
        wide(PAGE, forest.forest_figure, forest.numbers_drawn),
    ),
    StandardFigure(
        "single_cell_cxcr4",
        has("residual_cell_cxcr4"),
        wide(PAGE, single_cell_cxcr4.single_cell_cxcr4_figure, single_cell_cxcr4.numbers_drawn),
    ),
    StandardFigure(
        "treatment_hours",
        has("week_occupancy", "cxcr4_group"),
        wide(COLUMN, treatment_hours.treatment_hours_figure, treatment_hours.numbers_drawn),
    ),
    StandardFigure(
        "mobilisation",
        has("leukaemic_fold", "cxcr4_group"),
        wide(COLUMN, mobilisation.mobilisation_figure, mobilisation.numbers_drawn),
    ),
    StandardFigure(
        "repeated_trials",
        has("cxcr4_group", "follow_up_day", also=repeated_trials.is_pool),
        draw_repeated_trials,
    ),
    StandardFigure(
        "fish_plot",
        has("stem_cells_by_clone", "blasts_by_clone", "clone_parent"),
        wide(PAGE, fish_plot.fish_figure, fish_plot.numbers_drawn),
    ),
    StandardFigure(
        "clone_tree",
        has("stem_cells_by_clone", "blasts_by_clone", "clone_parent"),
        wide(COLUMN, clone_tree.clone_tree_figure, clone_tree.numbers_drawn),
    ),
    StandardFigure(
        "vaf_courses",
        has("vaf", "ngs_day", "stem_cells_by_clone"),
        wide(PAGE, vaf_courses.vaf_courses_figure, vaf_courses.numbers_drawn),
    ),
    StandardFigure(
        "relapse_ancestors",
        has("ancestors_at_relapse", "major_ancestors_at_relapse"),
        wide(PAGE, relapse_ancestors.relapse_ancestors_figure, relapse_ancestors.numbers_drawn),
    ),
)
SWEEP_FIGURES = (
    StandardFigure("search", has("follow_up_day", also=is_search), draw_search),
    StandardFigure("sweep_heatmap", has("follow_up_day", also=has_two_axes), draw_sweep),
    StandardFigure("sweep_dots", has("follow_up_day", also=has_one_axis), draw_sweep),
    StandardFigure(
        "uncertainty",
        has("follow_up_day", also=is_over_draws),
        wide(PAGE, uncertainty.uncertainty_figure, uncertainty.numbers_drawn),
    ),
    StandardFigure(
        "hypotheses",
        has(
            "best_response", "stem_cells_at_treatment_failure", also=hypotheses.compares_hypotheses
        ),
        wide(PAGE, hypotheses.hypotheses_figure, hypotheses.numbers_drawn),
    ),
    StandardFigure(
        "lead_time",
        has("cxcr4_group", "follow_up_day", also=lead_time.sweeps_lead_time),
        wide(PAGE, lead_time.lead_time_figure, lead_time.numbers_drawn),
    ),
    StandardFigure(
        "gain_map",
        has("cxcr4_group", "follow_up_day", also=gain_map.sweeps_both),
        wide(PAGE, gain_map.gain_map_figure, gain_map.numbers_drawn),
    ),
)


def with_all_dimensions(ds: xr.Dataset) -> xr.Dataset:
    """The dataset with dimensions arm and patient, also where it is of one patient or one arm."""
    for name in ("patient", "arm"):
        if name not in ds.dims:
            ds = ds.expand_dims(name) if name in ds.coords else ds.expand_dims({name: [name]})
    return ds


def figures_for(ds: xr.Dataset) -> list[StandardFigure]:
    """The standard figures that a dataset can feed.

    ds : dimensions arm and patient, and scenario for a sweep; those of one patient in one arm may
        be left out
    """
    ds = with_all_dimensions(ds)
    known = SWEEP_FIGURES if "scenario" in ds.dims else TRIAL_FIGURES
    return [each for each in known if each.needs(ds)]


def draw_figure(
    each: StandardFigure,
    ds: xr.Dataset,
    folder: str | Path,
    width_mm: float | None = None,
    formats: Sequence[str] = FORMATS,
) -> list[Path]:
    """Write one standard figure, its numbers and where it comes from; return the paths.

    width_mm : by default the figure's own
    """
    with house_style():
        figure, numbers = each.draw(with_all_dimensions(ds), width_mm)
        return save_figure(figure, numbers, folder, each.name, results=[ds], formats=formats)


def draw_figures(ds: xr.Dataset, folder: str | Path, width_mm: float | None = None) -> list[Path]:
    """Write the standard figures that a trial or a sweep can feed; return the paths.

    ds : see :func:`figures_for`
    """
    return [path for each in figures_for(ds) for path in draw_figure(each, ds, folder, width_mm)]
