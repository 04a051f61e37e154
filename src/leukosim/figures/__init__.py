"""Figures: one file each, from a dataset to axes. This file writes the standard sets."""

from pathlib import Path

import xarray as xr

from leukosim.endpoints import TWO_YEARS, target_table
from leukosim.figures import mrd_courses, relapse_free_survival, sweep_heatmap, targets
from leukosim.figures.save import save_figure
from leukosim.figures.style import COLUMN, PAGE, house_style
from leukosim.survival import sweep_summary


def draw_trial_figures(ds: xr.Dataset, folder: str | Path) -> list[Path]:
    """Write the figures of a trial, as PDF, SVG, PNG and CSV; return the paths.

    Relapse-free survival, the courses of single patients where any had an MRD sample and, where
    the arms allow it, the published values beside the model's.

    ds : dimensions arm and patient; those of one patient in one arm may be left out
    """
    for name in ("patient", "arm"):
        if name not in ds.dims:
            ds = ds.expand_dims(name) if name in ds.coords else ds.expand_dims({name: [name]})
    paths = []
    with house_style():
        figure = relapse_free_survival.relapse_free_survival_figure(ds, COLUMN)
        numbers = relapse_free_survival.numbers_drawn(ds)
        paths += save_figure(figure, numbers, folder, "relapse_free_survival")

        if ds["sample_day"].notnull().any():
            figure = mrd_courses.mrd_courses_figure(ds, PAGE)
            paths += save_figure(figure, mrd_courses.numbers_drawn(ds), folder, "mrd_courses")

        table = target_table(ds)
        if table["model"].notna().any():
            paths += save_figure(targets.targets_figure(table, PAGE), table, folder, "targets")
    return paths


def draw_sweep_figures(
    ds: xr.Dataset,
    folder: str | Path,
    *,
    arm: str = "triggered",
    against: str = "at_relapse",
    day: float = TWO_YEARS,
) -> list[Path]:
    """Write the figure of a sweep, as PDF, SVG, PNG and CSV; return the paths.

    ``sweep_heatmap``: relapse-free survival at the day in an arm, and its paired difference from
    another arm, in the scenarios.

    ds : dimensions scenario, arm and patient; the first arm stands in where ``arm`` is missing
    """
    arms = [str(name) for name in ds["arm"].values]
    arm = arm if arm in arms else arms[0]
    horizon = float(ds.attrs.get("horizon_days", day))
    summary = sweep_summary(ds, arm, against, min(day, horizon))
    # Heat maps are of one arm; along a single axis there is room for all.
    shown = summary.sel(arm=arm) if len(sweep_heatmap.varied(summary)) > 1 else summary
    both = sweep_heatmap.survival_outcome(shown), sweep_heatmap.difference_outcome(summary)
    outcomes = [each for each in both if shown[each.value].notnull().any()]
    if not outcomes:
        return []
    with house_style():
        figure = sweep_heatmap.sweep_heatmap_figure(shown, outcomes)
        numbers = sweep_heatmap.numbers_drawn(shown, outcomes)
        return save_figure(figure, numbers, folder, "sweep_heatmap")
