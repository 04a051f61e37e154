"""How patients are watched: which sample is taken when, and what level triggers treatment."""

from dataclasses import dataclass, field

from leukosim.clinic.assays.blood_count import BloodCount
from leukosim.clinic.assays.donor_chimerism import DonorChimerism
from leukosim.clinic.assays.flow_cytometry import FlowCytometry
from leukosim.clinic.assays.mobilisation import Mobilisation
from leukosim.clinic.assays.morphology import Morphology
from leukosim.clinic.assays.ngs_panel import NgsPanel
from leukosim.clinic.assays.quantitative_pcr import QuantitativePcr
from leukosim.clinic.assays.sample import SAMPLES
from leukosim.clinic.assays.single_cell_genotyping import SingleCellGenotyping
from leukosim.clinic.assays.single_cell_mrd import SingleCellMrd
from leukosim.errors import InvalidField
from leukosim.parameters import check_ranges, choice, setting


@dataclass(frozen=True)
class Trigger:
    """The MRD level at which a strategy acts, by how MRD is followed."""

    level: float = setting(
        0.01, "transcript ratio", lowest=1e-7, highest=1.0,
        note="MRD, marker / ABL1, at or above which a strategy acts",
    )  # fmt: skip
    recipient_share: float = setting(
        0.2, "fraction", lowest=1e-3, highest=1.0, note="of CD34-positive cells after a transplant"
    )
    confirmations: int = setting(
        0, "further samples", lowest=0, highest=9,
        note="samples that have to confirm the trigger before a strategy acts",
    )  # fmt: skip
    delay_days: int = setting(0, "day", lowest=0, highest=3650, note="from report to first dose")

    __post_init__ = check_ranges

    def of(self, marker: str) -> float:
        """The level for a marker, one of leukosim.biology.patient.MARKERS, in its own unit."""
        return self.recipient_share if marker == "chimerism" else self.level


@dataclass(frozen=True)
class Monitoring:
    """The calendar of samples, the same for all arms."""

    interval_days: int = setting(28, "day", lowest=1, highest=3650, note="between MRD samples")
    first_day: int = setting(56, "day", lowest=0, highest=3650, note="of the first MRD sample")
    sample: str = choice("marrow", SAMPLES, "in which MRD is measured")
    confirm_days: int = setting(14, "day", lowest=1, highest=365, note="to a confirming sample")
    blood_count_days: int = setting(14, "day", lowest=1, highest=365, note="between blood counts")
    interruption_count_days: int = setting(
        7, "day", lowest=1, highest=365, note="between blood counts while a cycle waits"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.sample not in SAMPLES:
            raise InvalidField(f"sample = {self.sample} is unknown: allowed {', '.join(SAMPLES)}")


@dataclass(frozen=True)
class Assays:
    """The laboratory."""

    mrd: QuantitativePcr = field(default_factory=QuantitativePcr)
    chimerism: DonorChimerism = field(default_factory=DonorChimerism)
    morphology: Morphology = field(default_factory=Morphology)
    blood_count: BloodCount = field(default_factory=BloodCount)
    flow: FlowCytometry = field(default_factory=FlowCytometry)
    single_cell: SingleCellMrd = field(default_factory=SingleCellMrd)
    mobilisation: Mobilisation = field(default_factory=Mobilisation)
    ngs: NgsPanel = field(default_factory=NgsPanel)
    genotyping: SingleCellGenotyping = field(default_factory=SingleCellGenotyping)
