"""``leukosim figures``, and the figures of a run that has just ended."""

from collections.abc import Container
from pathlib import Path

import xarray as xr
from rich.console import Console

from leukosim.cli.drawing_options import FIGURES, Drawn
from leukosim.cli.exit_codes import FAILED, say
from leukosim.cli.fields import read_words
from leukosim.errors import ConfigError, unknown
from leukosim.figures.registry import draw_figure, figures_for
from leukosim.results import netcdf, output_folder
from leukosim.results.own_files import refuse_foreign_figures

AS_OF_A_RUN = Drawn()


def figures(words: list[str]) -> int:
    """``leukosim figures``: the figures of a result again, in the width and formats asked for."""
    (path,), options = read_words(words, Drawn, "figures", 1, any_file=True)
    dataset = netcdf.load_dataset(path)
    known = [each.name for each in figures_for(dataset)]
    if not known:
        raise ConfigError(f"figures: {path} holds nothing that a figure shows")
    for name in options.only:
        if name not in known:
            raise unknown(f"only.{name}", known, "figure of this result")
    folder, left_out = options.folder(path), set(known) - set(options.only or known)
    refuse_foreign_figures(folder, (name for name in known if name not in left_out))
    output_folder.prepare_folder(folder)
    code = draw_into(folder, dataset, Console(stderr=True), left_out, options)
    say(f"{folder}: {', '.join(each for each in known if each not in left_out)}")
    return code


def draw(
    dataset: xr.Dataset, folder: Path, console: Console, already_drawn: Container[str] = ()
) -> int:
    """Draw the figures of a result beside it.

    folder : of the result
    already_drawn : names of figures to leave out
    """
    return draw_into(folder / FIGURES, dataset, console, already_drawn)


def draw_into(
    folder: Path,
    dataset: xr.Dataset,
    console: Console,
    already_drawn: Container[str] = (),
    options: Drawn = AS_OF_A_RUN,
) -> int:
    """Draw the figures that a result can feed; one that fails costs itself, not the result."""
    code = 0
    for each in figures_for(dataset):
        if each.name in already_drawn:
            continue
        try:
            draw_figure(each, dataset, folder, options.width_mm, options.format)
        except Exception as error:
            words = f"leukosim: the figure {each.name} failed: {type(error).__name__}: {error}"
            console.print(words, style="red", markup=False)
            code = FAILED
    return code


def draw_missing(folder: Path, console: Console) -> int:
    """Draw the figures that a finished result lacks, as after an interruption."""
    return draw(
        netcdf.load_dataset(folder / output_folder.RESULTS), folder, console, drawn_in(folder)
    )


def drawn_in(folder: Path) -> set[str]:
    """The names of the figures that a folder has; the CSV is written last of each."""
    return {path.stem for path in (folder / FIGURES).glob("*.csv")}
