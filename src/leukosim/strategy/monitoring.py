"""How patients are watched: which sample is taken when, and what level triggers treatment."""

from dataclasses import dataclass, field

from leukosim.assays.blood_count import BloodCount
from leukosim.assays.flow_cytometry import FlowCytometry
from leukosim.assays.morphology import Morphology
from leukosim.assays.ngs_panel import NgsPanel
from leukosim.assays.quantitative_pcr import QuantitativePcr
from leukosim.assays.sample import SAMPLES
from leukosim.assays.single_cell_genotyping import SingleCellGenotyping
from leukosim.parameters import check_ranges, setting


@dataclass(frozen=True)
class Trigger:
    """The MRD level at which a strategy acts."""

    level: float = setting(0.01, "transcript ratio", lowest=1e-7, highest=1.0)
    confirmations: int = setting(0, "further samples", lowest=0, highest=9)
    delay_days: int = setting(0, "day", lowest=0, highest=3650, note="from report to first dose")

    __post_init__ = check_ranges


@dataclass(frozen=True)
class Monitoring:
    """The calendar of samples, the same for all arms."""

    interval_days: int = setting(28, "day", lowest=1, highest=3650, note="between MRD samples")
    first_day: int = setting(56, "day", lowest=0, highest=3650, note="of the first MRD sample")
    sample: str = "marrow"
    confirm_days: int = setting(14, "day", lowest=1, highest=365, note="to a confirming sample")
    blood_count_days: int = setting(14, "day", lowest=1, highest=365, note="between blood counts")
    held_count_days: int = setting(
        7, "day", lowest=1, highest=365, note="between blood counts while a cycle waits"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.sample not in SAMPLES:
            raise ValueError(f"sample = {self.sample} is unknown: allowed {', '.join(SAMPLES)}")


@dataclass(frozen=True)
class Assays:
    """The laboratory."""

    mrd: QuantitativePcr = field(default_factory=QuantitativePcr)
    morphology: Morphology = field(default_factory=Morphology)
    blood_count: BloodCount = field(default_factory=BloodCount)
    flow: FlowCytometry = field(default_factory=FlowCytometry)
    ngs: NgsPanel = field(default_factory=NgsPanel)
    genotyping: SingleCellGenotyping = field(default_factory=SingleCellGenotyping)
