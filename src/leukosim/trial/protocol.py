"""The protocol of a trial: how patients are followed, in all arms alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from leukosim.clinic.drugs.drug import Drug
from leukosim.clinic.drugs.formulary import formulary
from leukosim.clinic.strategy.monitoring import Assays, Monitoring, Trigger
from leukosim.clinic.strategy.response import Response
from leukosim.parameters import check_ranges, setting
from leukosim.trial.clonal_history import CloneRecord


@dataclass(frozen=True)
class Protocol:
    """How patients are followed, in all arms alike."""

    horizon_days: int = setting(
        730, "day", lowest=1, highest=36525, note="of follow-up, from enrolment"
    )
    after_relapse_days: int = setting(
        84,
        "day",
        lowest=0,
        highest=36525,
        note="follow-up after relapse in arms that treat it; others end at relapse",
    )
    treatment_week: bool = False  # record the first treatment week by the hour
    until_death: bool = field(
        default=False, metadata={"note": "follow patients beyond relapse, to death or the horizon"}
    )
    trigger: Trigger = field(default_factory=Trigger)
    monitoring: Monitoring = field(default_factory=Monitoring)
    assays: Assays = field(default_factory=Assays)
    response: Response = field(default_factory=Response)
    drugs: Mapping[str, Drug] = field(default_factory=formulary)
    record: CloneRecord = field(default_factory=CloneRecord)

    __post_init__ = check_ranges
