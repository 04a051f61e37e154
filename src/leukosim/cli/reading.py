"""The verbs that read results: ``compare``, ``power`` and ``report``."""

import typing
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console
from yaml import YAMLError

from leukosim import store
from leukosim.arms import chosen, gather_arms, reference_of
from leukosim.cli.drawing import FIGURES
from leukosim.cli.words import say
from leukosim.comparison import Comparison, differences_table, levels_table, ranking, resample
from leukosim.config import explain
from leukosim.figures import comparison as arms_figure
from leukosim.figures import individual_effects as patients_figure
from leukosim.figures import power as power_figure
from leukosim.figures.save import save_figure
from leukosim.figures.style import house_style
from leukosim.individual_effects import individual_effects
from leukosim.power import Proposal, weigh
from leukosim.report import PAGE, Report, report_page
from leukosim.tables import WIDTH, comparison_tables, power_tables
from leukosim.validation import ConfigError, build


def compare(words: list[str]) -> int:
    """``leukosim compare``: arms of results, or scenarios of a sweep, over the same patients."""
    paths, asked = read_words(words, Comparison, "compare", 9)
    short = [path.parent.name or "here" for path in paths]
    names = short if len(set(short)) == len(short) else [str(path.parent) for path in paths]
    gathered = gather_arms(
        {name: store.load_dataset(path) for name, path in zip(names, paths, strict=True)}
    )
    against = reference_of(gathered, asked.against)
    gathered = chosen(gathered, asked.arms, against)
    found = resample(gathered, asked)
    effects = individual_effects(gathered, against, found.until_day)
    folder = Path(asked.output) if asked.output else paths[0].parent
    store.prepare_folder(folder)
    tables = {
        "comparison": [differences_table(found, against), levels_table(found)],
        "ranking": [ranking(found)],
        "individual_effects": [effects],
    }
    for name, parts in tables.items():
        store.save_table(joined(parts), folder / f"{name}.csv")
    code = draw_comparison(gathered, found, against, effects, folder)
    wide_console().print(*comparison_tables(found, against, effects), sep="")
    say(f"{folder}: {', '.join(f'{name}.csv' for name in tables)}, {FIGURES}/comparison.*"
        + (f", {FIGURES}/individual_effects.*" if len(effects) else ""))  # fmt: skip
    return code


def power(words: list[str]) -> int:
    """``leukosim power``: what a proposed trial of two arms of a result would need."""
    (path,), proposal = read_words(words, Proposal, "power", 1)
    evidence = weigh(gather_arms({"result": store.load_dataset(path)}), proposal)
    folder = Path(proposal.output) if proposal.output else path.parent
    store.prepare_folder(folder)
    store.save_table(evidence.curves, folder / "power.csv")
    store.save_table(evidence.needed, folder / "sample_size.csv")
    with house_style():
        figure = power_figure.power_figure(evidence)
        save_figure(figure, power_figure.numbers_drawn(evidence), folder / FIGURES, "power")
    wide_console().print(*power_tables(evidence), sep="\n")
    say(f"{folder}: power.csv, sample_size.csv, {FIGURES}/power.*")
    return 0


def report(words: list[str]) -> int:
    """``leukosim report``: one HTML page of a result, which loads nothing."""
    (path,), asked = read_words(words, Report, "report", 1)
    log = path.parent / store.DECISIONS
    decisions = pd.read_csv(log, keep_default_na=False) if log.is_file() else None
    folder = Path(asked.output) if asked.output else path.parent
    store.prepare_folder(folder)
    page = report_page(store.load_dataset(path), folder / FIGURES, asked, decisions)
    store.save_text(page, folder / PAGE)
    say(f"{folder / PAGE}: {len(page) / 1e6:.1f} MB, all in one file")
    return 0


def read_words(words: list[str], kind: type, verb: str, most: int) -> tuple[list[Path], Any]:
    """The results and the fields that follow a verb, checked.

    most : results that the verb takes

    Raises
    ------
    ConfigError
    """
    named = [word for word in words if "=" not in word]
    if not 1 <= len(named) <= most:
        wanted = "one result" if most == 1 else f"one to {most} results"
        raise ConfigError(
            f"{verb} needs {wanted}, each the folder or the results.nc in it, then field=value"
        )
    paths = []
    for name in named:
        path = Path(name)
        path = path / store.RESULTS if path.is_dir() else path
        if not path.is_file():
            raise ConfigError(f"{verb}: there is no result at {path}")
        if "digest" not in store.attributes_of(path):
            raise ConfigError(f"{verb}: {path} is not a result of leukosim")
        if path in paths:
            raise ConfigError(f"{verb}: {path} is named twice")
        paths.append(path)
    return paths, fields_of([word for word in words if "=" in word], kind, verb)


def fields_of(words: list[str], kind: type, verb: str) -> Any:
    """The fields that follow a verb, as ``field=value``, checked.

    Raises
    ------
    ConfigError
    """
    try:
        fields = OmegaConf.to_container(
            OmegaConf.from_dotlist([as_list(word, kind) for word in words])
        )
    except (OmegaConfBaseException, YAMLError) as error:
        raise ConfigError(f"{verb}: {explain(error)}") from None
    return build(kind, fields)


def as_list(word: str, kind: type) -> str:
    """A field that holds a list, written as one: ``days=365,730`` is ``days=[365,730]``."""
    name, _, value = word.partition("=")
    is_list = typing.get_origin(typing.get_type_hints(kind).get(name)) is list
    if not is_list or value.lstrip().startswith("["):
        return word
    names = "(" in value  # of arms of a sweep, which hold commas themselves
    return f"{name}=[{quoted(value) if names else value}]"


def quoted(value: str) -> str:
    """A text that YAML takes as it is."""
    return "'" + value.replace("'", "''") + "'"


def joined(parts: list[Any]) -> Any:
    """Tables of the same columns, one under the other."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled or parts[:1], ignore_index=True)


def wide_console() -> Console:
    """Where tables are printed: the terminal, or a page wide enough for them."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def draw_comparison(
    gathered: xr.Dataset, found: Any, against: str, effects: Any, folder: Path
) -> int:
    """The figures of a comparison: all arms, and the patients of the best beside the reference."""
    with house_style():
        figure = arms_figure.comparison_figure(found, against)
        numbers = arms_figure.numbers_drawn(found, against)
        save_figure(figure, numbers, folder / FIGURES, "comparison")
        best = next((arm for arm in ranking(found)["arm"] if arm != against), None)
        if best is not None:
            of_best = effects[effects["arm"] == best]
            figure = patients_figure.individual_effects_figure(gathered, of_best, found.until_day)
            numbers = patients_figure.numbers_drawn(gathered, of_best)
            save_figure(figure, numbers, folder / FIGURES, "individual_effects")
    return 0
