"""What was not run, and the command that runs it."""

from leukosim.reports.document import Block, Command, Paragraph
from leukosim.reports.evidence.inputs import CALIBRATION, SENSITIVITY, VALIDATION

NOT_RUN = "not run"
# Runs, and the targets that they measure.
RUNS = {
    "leukosim run study=relaza2": {"T01", "T02", "T03", "T06", "T07", "T08", "T09", "T10"},
    "leukosim run study=blast": {"T04", "T05", "T20", "T21", "T22"},
    "leukosim run study=venetoclax_resistance": {
        "T11", "T12", "T13", "T14", "T15", "T16", "T17", "T18",
    },
    "leukosim run study=venetoclax_resistance cohort=relapsed_refractory 'arms=[venetoclax]' "
    "output=outputs/relapsed_refractory": {"T19"},
}  # fmt: skip
COMMANDS = {
    CALIBRATION: "leukosim calibrate",
    SENSITIVITY: "leukosim sensitivity study=relaza2",
    VALIDATION: "leukosim predict outputs/relaza2 outputs/blast outputs/venetoclax_resistance\n"
    "leukosim validate outputs/validation/observed.csv",
}


def how_to(command: str) -> list[Block]:
    """That something was not run, and what runs it."""
    return [
        Paragraph(
            "Not run for this document. These commands make it; then name the folder to verify:"
        ),
        Command(command),
    ]
