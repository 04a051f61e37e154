"""The section on validation: frozen predictions and outcomes."""

import pandas as pd

from leukosim.analysis.predictions import COMPARED, PREDICTIONS, coverage, read_frozen
from leukosim.reports.document import Album, Block, Paragraph, Section, Table
from leukosim.reports.evidence import inputs as folders
from leukosim.reports.evidence.calibration import with_interval
from leukosim.reports.evidence.inputs import VALIDATION, Given
from leukosim.reports.evidence.missing import COMMANDS, NOT_RUN, how_to


def validation_section(shown: list[Given], album: Album) -> tuple[Section, list[str]]:
    """Frozen predictions and, where trials have reported, outcomes; with verdict and sentence."""
    blocks: list[Block] = [
        Paragraph(
            "Predictions of quantities that are no calibration target, each for a trial of a "
            "stated size, frozen in a file whose digest shows later changes. Outcomes called "
            "published were known to the world by then: no parameter is declared to be fitted to "
            "them, but whoever tuned the model by hand may have known them. Open ones wait for "
            "their trial."
        )
    ]
    if not shown:
        return Section("Validation", [*blocks, *how_to(COMMANDS[VALIDATION])]), [
            NOT_RUN,
            "no predictions",
        ]
    said = ["shown", ""]
    for each in shown:
        more, said[1] = validated(each, album)
        blocks += more
    return Section("Validation", blocks), said


def validated(given: Given, album: Album) -> tuple[list[Block], str]:
    """What a folder of predictions holds, and a sentence on it."""
    table, record = read_frozen(given.folder / PREDICTIONS)
    results = [
        f"{each['study']}: {each['patients']} patients, sets of parameters: "
        f"{each['parameter_sets']}, seed {each['seed']}, result {each['digest']}"
        for each in record["results"]
    ]
    rows = [
        ["frozen on", record["made"]],
        [
            "by",
            f"{record['source']}, commit {record['commit'] or 'unknown'}, code {record['code']}",
        ],
        ["from", "; ".join(results)],
        ["trials drawn", f"{record['trials']:,}, seed {record['seed']}"],
        [f"SHA-256 of {PREDICTIONS}", record["sha256"]],
    ]
    blocks: list[Block] = [Table(["", ""], rows, small=True, widths=[1, 4])]
    blocks += folders.pictures(
        given, album, {"validation": "Predicted (dots) and observed (diamonds)."}
    )
    if not given.has(COMPARED):
        blocks.append(predicted_table(table))
        return blocks, f"{len(table)} predictions are frozen; no outcome was entered"
    compared = pd.read_csv(given.folder / COMPARED)
    blocks += [predicted_table(compared)]
    inside, known, p = coverage(compared)
    sentence = f"{inside} of {known} observed values lie in their predicted 95 % intervals"
    blocks.append(
        Paragraph(
            f"{sentence}; as few or fewer would by chance with probability {p:.2g}, if quantities "
            "were independent, which those of one trial are not."
        )
    )
    return blocks, f"{sentence}; {len(compared) - known} predictions are open"


def predicted_table(table: pd.DataFrame) -> Table:
    """Predictions, with outcomes where there are some."""
    rows = []
    for row in table.itertuples():
        varied = pd.notna(row.low_all)
        bounds = (row.low_all, row.high_all) if varied else (row.low, row.high)
        observed = getattr(row, "observed_value", float("nan"))
        inside = getattr(row, "inside", float("nan"))
        verdict = "–" if pd.isna(inside) else ("inside" if inside in (True, "True") else "outside")
        p = getattr(row, "p", float("nan"))
        rows.append([
            row.id, row.label, row.unit, row.status, f"{row.n}", with_interval(row.value, *bounds),
            folders.cell(observed), "–" if pd.isna(p) else f"{p:.2g}", verdict,
        ])  # fmt: skip
    heads = ["", "quantity", "unit", "status", "n", "predicted", "observed", "p", ""]
    caption = (
        "n: patients of the trial that is foretold. Predicted: 95 % of such trials. p: two-sided, "
        "of what was observed; it counts chance for as many patients as were observed."
    )
    return Table(
        heads, rows, caption, small=True, widths=[0.5, 3.4, 1, 0.9, 0.5, 2.2, 0.9, 0.6, 0.8]
    )
