"""``leukosim figures``, and the figures of a run that has just ended."""

from collections.abc import Container
from pathlib import Path

import xarray as xr
from rich.console import Console

from leukosim import store
from leukosim.cli.words import FAILED, say
from leukosim.figures import draw_figure, figures_for
from leukosim.screen import contents
from leukosim.validation import ConfigError

FIGURES = "figures"  # their folder


def figures(words: list[str]) -> int:
    """``leukosim figures FOLDER``."""
    if len(words) != 1:
        raise ConfigError("figures needs one word: the folder, or the results.nc in it")
    path = Path(words[0])
    path = path / store.RESULTS if path.is_dir() else path
    if not path.is_file():
        raise ConfigError(f"figures: there is no result at {path}")
    dataset = store.load_dataset(path)
    if not figures_for(dataset):
        raise ConfigError(f"figures: {path} holds nothing that a figure shows")
    code = draw(dataset, path.parent, Console(stderr=True))
    say(f"{path.parent}: {contents(path.parent)}")
    return code


def draw(dataset: xr.Dataset, folder: Path, console: Console, found: Container[str] = ()) -> int:
    """Draw the figures that a result can feed; one that fails costs itself, not the result.

    found : names of figures to leave out
    """
    code = 0
    for each in figures_for(dataset):
        if each.name in found:
            continue
        try:
            draw_figure(each, dataset, folder / FIGURES)
        except Exception as error:
            words = f"leukosim: the figure {each.name} failed: {type(error).__name__}: {error}"
            console.print(words, style="red", markup=False)
            code = FAILED
    return code


def draw_missing(folder: Path, console: Console) -> int:
    """Draw the figures that a finished result lacks, as after an interruption."""
    return draw(store.load_dataset(folder / store.RESULTS), folder, console, drawn_in(folder))


def drawn_in(folder: Path) -> set[str]:
    """The names of the figures that a folder has; the CSV is written last of each."""
    return {path.stem for path in (folder / FIGURES).glob("*.csv")}
