"""The evidence on the model in one document: what was checked, on what it rests, what is open.

What was not run says so, with the command that runs it.
"""

from collections.abc import Sequence
from pathlib import Path

from leukosim import __version__
from leukosim.reports.document import Album, Block, Document, Paragraph, Section, Table
from leukosim.reports.evidence import inputs as folders
from leukosim.reports.evidence import laws
from leukosim.reports.evidence.calibration import calibrated, calibration_section
from leukosim.reports.evidence.inputs import CALIBRATION, RESULT, SENSITIVITY, VALIDATION, Given
from leukosim.reports.evidence.missing import COMMANDS, NOT_RUN, how_to
from leukosim.reports.evidence.predictions import validation_section
from leukosim.reports.evidence.software import Made, software_section
from leukosim.reports.evidence.sources import parameters_section

__all__ = ["Made", "evidence", "folders_named"]

GLANCE = [2.0, 0.8, 6.0]  # widths of its columns


def evidence(rows: laws.Checked, made: Made, shown: Sequence[Given]) -> Document:
    """The document.

    Parameters
    ----------
    rows : every exact check: its group, perhaps with its method, and what it found
    shown : folders of results, of a calibration, a sensitivity analysis, predictions
    """
    album = Album()
    of_kind = {
        kind: [each for each in shown if each.kind == kind]
        for kind in (RESULT, CALIBRATION, SENSITIVITY, VALIDATION)
    }
    exact = laws.sections(rows, made.replicates)
    calibration = calibration_section(of_kind[RESULT], of_kind[CALIBRATION], album)
    sensitivity = sensitivity_section(of_kind[SENSITIVITY], album)
    validation, validated = validation_section(of_kind[VALIDATION], album)
    parameters, share = parameters_section()
    passed = all(row.passed for _, row in rows)
    glance = [
        ["exact laws, DSMTS, invariance", "passed" if passed else "FAILED", laws.verdict(rows)],
        ["calibration", *calibrated(of_kind[RESULT], of_kind[CALIBRATION])],
        ["sensitivity", *analysed(of_kind[SENSITIVITY])],
        ["validation", *validated],
        ["parameters", "shown", share],
    ]
    overview = Section("At a glance", [Table(["part", "", "what came out"], glance, widths=GLANCE)])
    software = software_section(made, of_kind[RESULT])
    return Document(
        f"Evidence on leukosim {__version__}",
        "leukosim simulates acute myeloid leukaemia in remission and relapse, every leukaemic stem "
        "cell an agent. This document says what its engine was checked against, how its results "
        "compare with published ones, what they depend on, and where its numbers come from.",
        [overview, *exact, calibration, sensitivity, validation, parameters, software],
    )


def analysed(shown: list[Given]) -> list[str]:
    """Verdict and sentence on sensitivity."""
    if not shown:
        return [NOT_RUN, "leukosim sensitivity makes it"]
    return ["shown", ", ".join(each.folder.name for each in shown)]


def sensitivity_section(shown: list[Given], album: Album) -> Section:
    """Which parameters results depend on, where folders say so."""
    blocks: list[Block] = [
        Paragraph("Which parameters the results depend on, over their plausible ranges.")
    ]
    if not shown:
        blocks += how_to(COMMANDS[SENSITIVITY])
    for each in shown:
        blocks += folders.shown(each, album)
    return Section("Sensitivity", blocks)


def folders_named(names: Sequence[str]) -> list[Given]:
    """What folders hold, by their names; each once."""
    paths = list(dict.fromkeys(Path(name) for name in names))
    return [folders.recognise(path) for path in paths]
