"""The section on calibration: published targets beside the model."""

from typing import Any

import numpy as np
import pandas as pd

from leukosim.analysis.calibration import calibration_targets, target_table
from leukosim.reports.document import Album, Block, Command, Heading, Paragraph, Section, Table
from leukosim.reports.evidence import inputs as folders
from leukosim.reports.evidence.inputs import CALIBRATION, Given
from leukosim.reports.evidence.missing import COMMANDS, NOT_RUN, RUNS, how_to
from leukosim.results import netcdf, output_folder


def calibration_section(results: list[Given], fits: list[Given], album: Album) -> Section:
    """Published targets beside the model: of results, and of a fit."""
    targets = calibration_targets()
    blocks: list[Block] = [
        Paragraph(
            f"The model is compared with {len(targets)} published numbers. Intervals of the model "
            "are of chance in so many virtual patients, at one set of parameters."
        )
    ]
    tables = [(each, targets_of(each)) for each in results]
    for each, table in tables:
        if len(table):
            study = netcdf.attributes_of(each.folder / output_folder.RESULTS).get(
                "title", each.folder.name
            )
            blocks += [Heading(str(study).removeprefix("leukosim: ")), beside(table)]
            figure = each.folder / folders.FIGURES / "targets.svg"
            if figure.is_file():
                caption = "Published (diamonds) and simulated (dots), with 95 % intervals."
                blocks.append(album.add(figure, caption))
    seen = {target for _, table in tables for target in table["id"]}
    missing = {row.id: row.label for row in targets.itertuples() if row.id not in seen}
    if missing:
        named = "; ".join(f"{name} {label}" for name, label in missing.items())
        blocks.append(Paragraph(f"Not compared with a result here: {named}."))
        blocks += how_to("\n".join(command for command, of in RUNS.items() if of & set(missing)))
    if fits:
        for each in fits:
            blocks += [Heading("Fit"), *folders.shown(each, album)]
    else:
        blocks += [
            Heading("Fit"),
            Paragraph("Parameters were not fitted for this document. This command says how:"),
            Command(COMMANDS[CALIBRATION]),
        ]
    return Section("Calibration", blocks)


def targets_of(given: Given) -> pd.DataFrame:
    """Published values beside those of a result; of a sweep none."""
    ds = netcdf.load_dataset(given.folder / output_folder.RESULTS)
    return (
        target_table(ds) if "scenario" not in ds.dims else target_table(ds.isel(scenario=0)).head(0)
    )


def beside(table: pd.DataFrame) -> Table:
    """Published and simulated values as a table."""
    rows = [
        [
            row.id, row.label, row.unit, with_interval(row.target, row.target_low, row.target_high),
            with_interval(row.model, row.model_low, row.model_high), folders.cell(row.model_n),
            lies(row), row.source,
        ]
        for row in table.itertuples()
    ]  # fmt: skip
    heads = ["", "target", "unit", "published", "model", "n, model", "", "source"]
    caption = (
        "Inside: the model's value lies in the published interval, where there is one; overlaps: "
        "only its own interval meets that one."
    )
    return Table(heads, rows, caption, small=True, widths=[0.5, 2.6, 1.1, 1.8, 1.8, 0.8, 0.8, 3])


def lies(row: Any) -> str:
    """Whether the model's value lies in the published interval, or only its own meets that."""
    if pd.isna(row.model) or (pd.isna(row.target_low) and pd.isna(row.target_high)):
        return "–"
    low, high = np.nan_to_num([row.target_low, -row.target_high], nan=-np.inf) * [1.0, -1.0]
    if low <= row.model <= high:
        return "inside"
    own = (
        row.model if pd.isna(row.model_low) else row.model_low,
        (row.model if pd.isna(row.model_high) else row.model_high),
    )
    return "overlaps" if own[0] <= high and low <= own[1] else "outside"


def with_interval(value: float, low: float, high: float) -> str:
    """A number with its interval, where it has one."""
    if pd.isna(value):
        return "–"
    if pd.isna(low) and pd.isna(high):
        return folders.cell(value)
    ends = [folders.cell(end) if pd.notna(end) else "…" for end in (low, high)]
    return f"{folders.cell(value)} ({ends[0]} to {ends[1]})"


def calibrated(results: list[Given], fits: list[Given]) -> list[str]:
    """Verdict and sentence on calibration."""
    tables = [targets_of(each) for each in results]
    result = [lies(row) for table in tables for row in table.itertuples()]
    known = [each for each in result if each != "–"]
    fit = "a fit is shown" if fits else "parameters were not fitted"
    if not known:
        return [NOT_RUN if not fits else "shown", fit]
    counts = {word: known.count(word) for word in ("inside", "overlaps", "outside")}
    return [
        "shown",
        f"of {len(known)} published intervals {counts['inside']} hold the model's value, "
        f"{counts['overlaps']} meet its interval, {counts['outside']} do neither; {fit}",
    ]
