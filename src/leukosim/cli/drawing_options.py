"""Which figures are drawn, where, how wide and in which formats."""

from dataclasses import dataclass, field
from pathlib import Path

from leukosim.errors import ConfigError, listed, unknown
from leukosim.figures.elements.formats import COLUMN, FORMATS, PAGE
from leukosim.parameters import check_ranges, setting

FIGURES = "figures"  # their folder


@dataclass(frozen=True)
class Drawn:
    """Which figures of a result are drawn, and how."""

    width_mm: float | None = setting(
        None,
        "mm",
        lowest=COLUMN,
        highest=PAGE,
        note="width of the figures; null: as wide as each figure is best",
    )
    only: list[str] = field(default_factory=list)  # names of figures; none named: all
    format: list[str] = field(default_factory=lambda: list(FORMATS))  # of the files
    output: str = ""  # folder of the figures; empty: beside the result

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.format:
            raise ConfigError(f"format is empty: allowed are one or more of {listed(FORMATS)}")
        for each in self.format:
            if each not in FORMATS:
                raise unknown(f"format.{each}", FORMATS, "format")

    def folder(self, result: Path) -> Path:
        """Where the figures go; those of another width beside those of a run, not over them."""
        if self.output:
            return Path(self.output)
        of_width = f"{FIGURES}-{self.width_mm:g}mm" if self.width_mm else FIGURES
        return result.parent / of_width
