"""Figures of a report, drawn where they are missing."""

from pathlib import Path

import pandas as pd
import xarray as xr

from leukosim.analysis.comparison import Resampled, ranking
from leukosim.clinic.strategy.wording import plain
from leukosim.config.schema import Config
from leukosim.figures.elements.save import save_figure
from leukosim.figures.elements.style import house_style
from leukosim.figures.methods import comparison
from leukosim.figures.methods import individual_effects as patients_figure
from leukosim.figures.registry import draw_figure, figures_for
from leukosim.figures.trial import calendar
from leukosim.reports.document import Album, Picture


def draw_calendar(ds: xr.Dataset, config: Config, folder: Path, album: Album) -> Picture:
    """The strategies as a calendar."""
    what = config.strategies_of_arms(), config.monitoring, float(config.horizon_days)
    with house_style():
        figure = calendar.calendar_figure(*what)
        save_figure(figure, calendar.numbers_drawn(*what), folder, "calendar", results=[ds])
    return album.add(
        folder / "calendar.svg", "The strategies as a calendar: visits, then days of each regimen."
    )


def draw_compared(
    ds: xr.Dataset,
    gathered: xr.Dataset,
    result: Resampled,
    against: str,
    effects: pd.DataFrame,
    folder: Path,
    album: Album,
) -> list[Picture]:
    """The figures of the comparison, drawn anew: another may lie in the folder."""
    with house_style():
        figure = comparison.comparison_figure(result, against)
        numbers = comparison.numbers_drawn(result, against)
        save_figure(figure, numbers, folder, "comparison", results=[ds])
    pictures = [album.add(folder / "comparison.svg", f"Arms compared with {plain(against)}.")]
    best = next((arm for arm in ranking(result)["arm"] if arm != against), None)
    if best is not None:
        of_best = effects[effects["arm"] == best]
        with house_style():
            figure = patients_figure.individual_effects_figure(gathered, of_best, result.until_day)
            numbers = patients_figure.numbers_drawn(gathered, of_best)
            save_figure(figure, numbers, folder, "individual_effects", results=[ds])
        caption = (
            f"What each patient gains from {plain(best)} over {plain(against)}, and who gains."
        )
        pictures.append(album.add(folder / "individual_effects.svg", caption))
    return pictures


def standard_pictures(ds: xr.Dataset, folder: Path, album: Album) -> list[Picture]:
    """Every standard figure that the result can feed; one that fails is left out."""
    pictures = []
    for each in figures_for(ds):
        if not (folder / f"{each.name}.svg").is_file():
            try:
                draw_figure(each, ds, folder)
            except Exception:  # as in a run, a figure costs itself only
                continue
        pictures.append(album.add(folder / f"{each.name}.svg", each.caption))
    return pictures
