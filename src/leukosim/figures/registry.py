"""The standard figures: what each needs of a dataset, and how they are drawn by name.

A new figure is a file with its numbers and how they are drawn, and one entry in ``TRIAL_FIGURES``
or ``SWEEP_FIGURES``. It is drawn for every dataset that has what it needs.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import xarray as xr
from matplotlib.axes import Axes

from leukosim.analysis.calibration import target_table
from leukosim.analysis.endpoints import began_overt
from leukosim.analysis.optimisation.search import CONFIRMED, is_search, searched
from leukosim.analysis.parameter_uncertainty import is_over_draws
from leukosim.analysis.subgroup_effects import has_groups
from leukosim.errors import ConfigError, listed, unknown
from leukosim.figures.elements.clones import most_clonal_courses
from leukosim.figures.elements.formats import COLUMN, FORMATS
from leukosim.figures.elements.save import by_part, save_figure
from leukosim.figures.elements.standard import Needs, StandardFigure, has, with_all_dimensions
from leukosim.figures.elements.style import house_style
from leukosim.figures.methods import repeated_trials, search
from leukosim.figures.sweep import (
    dose_response,
    gain_map,
    hypotheses,
    lead_time,
    sweep_summary,
    uncertainty,
)
from leukosim.figures.sweep.sweep_dots import sweep_dots_figure
from leukosim.figures.sweep.sweep_heatmap import sweep_heatmap_figure
from leukosim.figures.sweep.sweep_outcomes import varied
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


def itself(table):
    """The same table: for figures whose numbers are one."""
    return table


def parts_first(*columns: str):
    """Tables of a figure, one under the other, with ``part`` and these columns at the left."""
    return partial(by_part, first=("part", *columns))


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


BY_GROUP = has("cxcr4_group", "follow_up_day", also=has_groups)
OF_CLONES = has("stem_cells_by_clone", "blasts_by_clone", "clone_parent")
TRIAL_FIGURES = (
    StandardFigure(
        "relapse_free_survival",
        has("follow_up_day"),
        relapse_free_survival.survival_numbers,
        relapse_free_survival.relapse_free_survival_figure,
        parts_first(),
        COLUMN,
        panel=relapse_free_survival.draw_relapse_free_survival,
    ),
    StandardFigure(
        "mrd_courses",
        has("sample_day"),
        mrd_courses.courses_numbers,
        mrd_courses.mrd_courses_figure,
        itself,
        panel=mrd_courses.draw_one_course,
    ),
    StandardFigure(
        "targets",
        has("follow_up_day", also=targets.has_targets),
        target_table,
        targets.targets_of_trial,
        itself,
        panel=targets.draw_shares,
    ),
    StandardFigure(
        "overall_survival",
        has("overt_blasts", "follow_up_day", also=overall_survival.is_followed_on),
        overall_survival.survival_numbers,
        overall_survival.overall_survival_figure,
        overall_survival.survival_table,
        panel=overall_survival.draw_overall_survival,
    ),
    StandardFigure(
        "response_by_subtype",
        began_with("best_response", "dominant_subtype"),
        response_by_subtype.response_numbers,
        response_by_subtype.response_by_subtype_figure,
        itself,
    ),
    StandardFigure(
        "composition",
        began_with("stem_cells"),
        composition.composition_numbers,
        composition.composition_figure,
        parts_first(),
        panel=composition.draw_composition,
    ),
    StandardFigure(
        "flow_between_subtypes",
        began_with("stem_cells_at_treatment_failure"),
        flow_between_subtypes.flow_numbers,
        flow_between_subtypes.flow_between_subtypes_figure,
        flow_between_subtypes.flow_table,
    ),
    StandardFigure(
        "blood_counts",
        began_with("neutrophils", "platelets", "days_grade3_thrombocytopenia"),
        blood_counts.blood_counts_numbers,
        blood_counts.blood_counts_figure,
        parts_first(),
    ),
    StandardFigure(
        "dose_response",
        has(also=dose_response.has_drugs),
        dose_response.dose_response_numbers,
        dose_response.dose_response_figure,
        parts_first("partner", "subtype", "level"),
    ),
    StandardFigure(
        "survival_by_cxcr4",
        BY_GROUP,
        survival_by_cxcr4.survival_numbers,
        survival_by_cxcr4.survival_by_cxcr4_figure,
        survival_by_cxcr4.table_of_groups,
    ),
    StandardFigure(
        "incidence_by_cxcr4",
        BY_GROUP,
        incidence_by_cxcr4.incidence_numbers,
        incidence_by_cxcr4.incidence_by_cxcr4_figure,
        survival_by_cxcr4.table_of_groups,
        panel=incidence_by_cxcr4.draw_cumulative_incidence,
    ),
    StandardFigure(
        "forest",
        BY_GROUP,
        forest.forest_numbers,
        forest.forest_figure,
        by_part,
        panel=forest.draw_hazard_ratios,
    ),
    StandardFigure(
        "single_cell_cxcr4",
        has("residual_cell_cxcr4"),
        single_cell_cxcr4.cxcr4_numbers,
        single_cell_cxcr4.single_cell_cxcr4_figure,
        by_part,
    ),
    StandardFigure(
        "treatment_hours",
        has("week_occupancy", "cxcr4_group"),
        treatment_hours.hours_numbers,
        treatment_hours.treatment_hours_figure,
        treatment_hours.hours_table,
        COLUMN,
    ),
    StandardFigure(
        "mobilisation",
        has("leukaemic_fold", "cxcr4_group"),
        mobilisation.mobilisation_numbers,
        mobilisation.mobilisation_figure,
        itself,
        COLUMN,
        panel=mobilisation.draw_fold_changes,
    ),
    StandardFigure(
        "repeated_trials",
        has("cxcr4_group", "follow_up_day", also=repeated_trials.is_pool),
        repeated_trials.trials_numbers,
        repeated_trials.repeated_trials_figure,
        by_part,
    ),
    StandardFigure(
        "fish_plot",
        OF_CLONES,
        most_clonal_courses,
        fish_plot.fish_figure,
        fish_plot.fish_table,
        panel=fish_plot.draw_clones,
    ),
    StandardFigure(
        "clone_tree",
        OF_CLONES,
        clone_tree.most_clonal_tree,
        clone_tree.clone_tree_figure,
        clone_tree.tree_table,
        COLUMN,
    ),
    StandardFigure(
        "vaf_courses",
        has("vaf", "ngs_day", "stem_cells_by_clone"),
        vaf_courses.shown_courses,
        vaf_courses.vaf_courses_figure,
        vaf_courses.vaf_table,
    ),
    StandardFigure(
        "relapse_ancestors",
        has("ancestors_at_relapse", "major_ancestors_at_relapse"),
        relapse_ancestors.share_numbers,
        relapse_ancestors.relapse_ancestors_figure,
        itself,
    ),
)
SWEEP_FIGURES = (
    StandardFigure(
        "search",
        has("follow_up_day", also=is_search),
        searched,
        search.search_figure,
        search.search_table,
    ),
    StandardFigure(
        "sweep_heatmap",
        has("follow_up_day", also=has_two_axes),
        sweep_summary.shown_summary,
        sweep_summary.of_summary(sweep_heatmap_figure),
        sweep_summary.summary_table,
        None,
        panel=sweep_summary.draw_first_map,
    ),
    StandardFigure(
        "sweep_dots",
        has("follow_up_day", also=has_one_axis),
        sweep_summary.shown_summary,
        sweep_summary.of_summary(sweep_dots_figure),
        sweep_summary.summary_table,
        None,
        panel=sweep_summary.draw_first_dots,
    ),
    StandardFigure(
        "uncertainty",
        has("follow_up_day", also=is_over_draws),
        uncertainty.uncertainty_numbers,
        uncertainty.uncertainty_figure,
        by_part,
    ),
    StandardFigure(
        "hypotheses",
        has(
            "best_response", "stem_cells_at_treatment_failure", also=hypotheses.compares_hypotheses
        ),
        hypotheses.hypotheses_numbers,
        hypotheses.hypotheses_figure,
        parts_first("arm", "hypothesis", "origin"),
    ),
    StandardFigure(
        "lead_time",
        has("cxcr4_group", "follow_up_day", also=lead_time.sweeps_lead_time),
        lead_time.gains,
        lead_time.lead_time_figure,
        itself,
    ),
    StandardFigure(
        "gain_map",
        has("cxcr4_group", "follow_up_day", also=gain_map.sweeps_both),
        lead_time.gains,
        gain_map.gain_map_figure,
        itself,
    ),
)
PANELS = tuple(each.name for each in (*TRIAL_FIGURES, *SWEEP_FIGURES) if each.panel)  # names


def figures_for(ds: xr.Dataset) -> list[StandardFigure]:
    """The standard figures that a dataset can feed.

    ds : dimensions arm and patient, and scenario for a sweep; those of one patient in one arm may
        be left out
    """
    ds = with_all_dimensions(ds)
    known = SWEEP_FIGURES if "scenario" in ds.dims else TRIAL_FIGURES
    return [each for each in known if each.needs(ds)]


def figure_named(name: str, ds: xr.Dataset) -> StandardFigure:
    """The standard figure of this name, if a dataset can feed it.

    ds : see :func:`figures_for`

    Raises
    ------
    ConfigError
        If there is no such figure, or the dataset lacks what it shows.
    """
    known = {each.name: each for each in (*TRIAL_FIGURES, *SWEEP_FIGURES)}
    if name not in known:
        raise unknown(name, known, "figure")
    drawable = [each.name for each in figures_for(ds)]
    if name not in drawable:
        raise ConfigError(
            f"{name}: the result lacks what the figure shows; {listed(drawable)} can be drawn"
        )
    return known[name]


def draw_panel(name: str, ds: xr.Dataset, ax: Axes) -> Axes:
    """The main panel of a standard figure, drawn into axes.

    Parameters
    ----------
    name : one of ``PANELS``
    ds : see :func:`figures_for`; for panels of one arm or one patient with these selected

    Raises
    ------
    ConfigError
        If there is no such panel, or the dataset lacks what it shows.
    """
    panel = figure_named(name, ds).panel
    if panel is None:
        raise ConfigError(f"{name} has no main panel: panels are {listed(PANELS)}")
    return panel(with_all_dimensions(ds), ax)


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
        figure, numbers = each.draw(ds, width_mm)
        return save_figure(figure, numbers, folder, each.name, results=[ds], formats=formats)


def draw_figures(ds: xr.Dataset, folder: str | Path, width_mm: float | None = None) -> list[Path]:
    """Write the standard figures that a trial or a sweep can feed; return the paths.

    ds : see :func:`figures_for`
    """
    return [path for each in figures_for(ds) for path in draw_figure(each, ds, folder, width_mm)]
