"""The verbs that read results: ``compare``, ``power`` and ``report``."""

from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from leukosim.analysis.arms import chosen, gather_arms, reference_of
from leukosim.analysis.comparison import (
    Comparison,
    differences_table,
    levels_table,
    ranking,
    resample,
)
from leukosim.analysis.individual_effects import individual_effects
from leukosim.analysis.trial_emulation.power import Proposal, evaluate_design
from leukosim.cli.drawing import FIGURES
from leukosim.cli.exit_codes import say
from leukosim.cli.fields import read_words, without_folder
from leukosim.figures.elements.formats import PAGE as PAGE_WIDTH
from leukosim.figures.elements.save import save_figure
from leukosim.figures.elements.style import house_style
from leukosim.figures.methods import comparison as arms_figure
from leukosim.figures.methods import individual_effects as patients_figure
from leukosim.figures.methods import power as power_figure
from leukosim.reports.study.page import PAGE, Report, report_page
from leukosim.reports.terminal import comparison_tables, power_tables
from leukosim.reports.terminal.console import wide_console
from leukosim.results import atomic_write, netcdf, output_folder
from leukosim.results.checksums import damaged
from leukosim.results.own_files import refuse_foreign, refuse_foreign_figures

COMPARED = ("comparison", "ranking", "individual_effects")  # the tables of ``compare``


def compare(words: list[str]) -> int:
    """``leukosim compare``: arms of results, or scenarios of a sweep, over the same patients."""
    paths, options = read_words(words, Comparison, "compare", 9)
    short = [path.parent.name or "here" for path in paths]
    names = short if len(set(short)) == len(short) else [str(path.parent) for path in paths]
    folder = Path(options.output) if options.output else paths[0].parent
    refuse_foreign(folder / f"{name}.csv" for name in COMPARED)
    refuse_foreign_figures(folder / FIGURES, ["comparison", "individual_effects"])
    results = {name: netcdf.load_dataset(path) for name, path in zip(names, paths, strict=True)}
    gathered = gather_arms(results)
    against = reference_of(gathered, options.against)
    gathered = chosen(gathered, options.arms, against)
    result = resample(gathered, options)
    effects = individual_effects(gathered, against, result.until_day)
    output_folder.prepare_folder(folder)
    parts = [differences_table(result, against), levels_table(result)], [ranking(result)], [effects]
    tables = dict(zip(COMPARED, map(joined, parts), strict=True))
    atomic_write.write_together(
        {folder / f"{name}.csv": atomic_write.table_writer(each) for name, each in tables.items()}
    )
    origin = dict(results=list(results.values()), options=without_folder(options))
    code = draw_comparison(gathered, result, against, effects, folder, options.width_mm, origin)
    wide_console().print(*comparison_tables(result, against, effects), sep="")
    say(f"{folder}: {', '.join(f'{name}.csv' for name in tables)}, {FIGURES}/comparison.*"
        + (f", {FIGURES}/individual_effects.*" if len(effects) else ""))  # fmt: skip
    return code


def power(words: list[str]) -> int:
    """``leukosim power``: what a proposed trial of two arms of a result would need."""
    (path,), proposal = read_words(words, Proposal, "power", 1)
    folder = Path(proposal.output) if proposal.output else path.parent
    refuse_foreign([folder / "power.csv", folder / "sample_size.csv"])
    refuse_foreign_figures(folder / FIGURES, ["power"])
    result = netcdf.load_dataset(path)
    evidence = evaluate_design(gather_arms({"result": result}), proposal)
    output_folder.prepare_folder(folder)
    atomic_write.write_together(
        {
            folder / "power.csv": atomic_write.table_writer(evidence.curves),
            folder / "sample_size.csv": atomic_write.table_writer(evidence.needed),
        }
    )
    with house_style():
        figure = power_figure.power_figure(evidence, proposal.width_mm or PAGE_WIDTH)
        numbers, options = power_figure.numbers_drawn(evidence), without_folder(proposal)
        save_figure(figure, numbers, folder / FIGURES, "power", results=[result], options=options)
    wide_console().print(*power_tables(evidence), sep="\n")
    say(f"{folder}: power.csv, sample_size.csv, {FIGURES}/power.*")
    return 0


def report(words: list[str]) -> int:
    """``leukosim report``: one HTML page of a result, which loads nothing."""
    (path,), options = read_words(words, Report, "report", 1)
    log = path.parent / output_folder.DECISIONS
    decisions = pd.read_csv(log, keep_default_na=False) if log.is_file() else None
    if output_folder.DECISIONS in damaged(path.parent):
        say(f"{log} does not belong to {path.name}: the page is made without decisions")
        decisions = None
    folder = Path(options.output) if options.output else path.parent
    refuse_foreign([folder / PAGE])
    output_folder.prepare_folder(folder)
    page = report_page(netcdf.load_dataset(path), folder / FIGURES, options, decisions)
    atomic_write.save_text(page, folder / PAGE)
    say(f"{folder / PAGE}: {len(page) / 1e6:.1f} MB, all in one file")
    return 0


def joined(parts: list[Any]) -> Any:
    """Tables of the same columns, one under the other."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled or parts[:1], ignore_index=True)


def draw_comparison(
    gathered: xr.Dataset,
    result: Any,
    against: str,
    effects: Any,
    folder: Path,
    width_mm: float | None,
    origin: dict[str, Any],
) -> int:
    """The figures of a comparison: all arms, and the patients of the best beside the reference."""
    with house_style():
        wide = width_mm or PAGE_WIDTH
        figure = arms_figure.comparison_figure(result, against, wide)
        numbers = arms_figure.numbers_drawn(result, against)
        save_figure(figure, numbers, folder / FIGURES, "comparison", **origin)
        best = next((arm for arm in ranking(result)["arm"] if arm != against), None)
        if best is not None:
            of_best = effects[effects["arm"] == best]
            figure = patients_figure.individual_effects_figure(
                gathered, of_best, result.until_day, wide
            )
            numbers = patients_figure.numbers_drawn(gathered, of_best)
            save_figure(figure, numbers, folder / FIGURES, "individual_effects", **origin)
    return 0
