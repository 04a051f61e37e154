"""What a run is: its schema, its composition by Hydra, and what it means for a trial.

Hydra sees plain data: the defaults of the dataclasses here, then the YAML files of ``configs/``,
then what stands on the command line. What comes out is checked by :mod:`leukosim.config.reading`.
Nothing in a configuration can name code to be run.
"""

import re
from dataclasses import dataclass, field, fields
from typing import Any

from leukosim.analysis.optimisation.search import Search
from leukosim.analysis.trial_emulation.randomised_trial import Operations
from leukosim.biology.disease import Disease
from leukosim.biology.patient import Patient
from leukosim.clinic.drugs.custom_drug import CustomDrug
from leukosim.clinic.drugs.drug import Drug
from leukosim.clinic.drugs.formulary import declared_drugs, formulary
from leukosim.clinic.strategy.monitoring import Assays, Monitoring, Trigger
from leukosim.clinic.strategy.response import Response
from leukosim.clinic.strategy.rules import Strategy
from leukosim.config.execution import ExecutorOptions
from leukosim.config.last_call import keep_last
from leukosim.config.posterior import Posterior
from leukosim.errors import InvalidField, listed, unknown
from leukosim.marrow.marrow import AGENTS, METHODS
from leukosim.parameters import check_ranges, choice, setting
from leukosim.results.tables import CSV, WRITERS
from leukosim.trial.clonal_history import CloneRecord
from leukosim.trial.cohort import Cohort
from leukosim.trial.protocol import Protocol
from leukosim.trial.sampling import draw_cohort


def as_in(name: str, record: type) -> Any:
    """The declaration of a field of another dataclass, which stands there only."""
    declared = next(each for each in fields(record) if each.name == name)
    return field(default=declared.default, metadata=declared.metadata)


@dataclass(frozen=True)
class Record:
    """What of a run is kept."""

    interval_days: int = setting(7, "day", lowest=1, highest=36525, note="of the marrow")
    treatment_week: bool = False  # the first week of treatment by the hour
    trajectories: bool | None = None  # the marrow over time; null: in a run, not in a sweep
    clones: int = as_in("clones", CloneRecord)
    barcodes: bool = as_in("barcodes", CloneRecord)


@dataclass(frozen=True)
class Kernel:
    """How the exact engine runs. Both fields can change a number, within what is exact."""

    method: str = choice("tally", METHODS, "of the engine; their results agree in distribution")
    agents: int = setting(
        AGENTS, "agents", lowest=0, highest=10**9,
        note="in a marrow, about, at most: up to twice as many stem cells are an agent each, of "
        "more one may stand for several. 0: every cell is an agent, however many there are",
    )  # fmt: skip

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.method not in METHODS:
            raise InvalidField(f"method = {self.method} is unknown: allowed {listed(METHODS)}")


@dataclass(frozen=True)
class AzacitidineDosing:
    """How azacitidine is given before relapse, wherever a strategy's regimens refer to it."""

    days_per_cycle: int = setting(7, "day", lowest=1, highest=28, note="from day 1 on")
    cycle_days: int = setting(29, "day", lowest=7, highest=366, note="length of a cycle")
    full_cycles: int = setting(
        6, "cycles", lowest=1, highest=24, note="before who is negative gets the reduced regimen"
    )
    reduced_days_per_cycle: int = setting(5, "day", lowest=1, highest=28, note="from day 1 on")
    reduced_cycle_days: int = setting(
        58, "day", lowest=7, highest=366, note="length of a cycle of the reduced regimen"
    )

    __post_init__ = check_ranges


@dataclass(frozen=True)
class VenetoclaxDosing:
    """How venetoclax is given, wherever a strategy's regimens refer to it."""

    days_per_cycle: int = setting(28, "day", lowest=1, highest=28, note="from day 1 on")
    dose_mg: float = setting(400.0, "mg", lowest=0.0, highest=1200.0, note="daily")
    cyp3a_inhibitor: bool = False  # a strong inhibitor of CYP3A is taken all the while

    __post_init__ = check_ranges


@dataclass(frozen=True)
class MotixafortideDosing:
    """How motixafortide is given, wherever a strategy's regimens refer to it.

    ``lead_hours`` is the time of the injection relative to the first infusion of cytarabine on the
    same day: -2 is two hours before, 12 is twelve hours after.
    """

    lead_hours: float = setting(
        -2.0, "hour", lowest=-24.0, highest=36.0,
        note="of the injection, from the first infusion of cytarabine that day",
    )  # fmt: skip
    dose_mg: float = setting(93.75, "mg", lowest=0.0, highest=1000.0, note="1.25 mg/kg of 75 kg")
    days: list[int] = field(
        default_factory=lambda: [2, 3, 4, 5, 6],
        metadata={"unit": "day of the cycle", "lowest": 2, "highest": 28},
    )  # cytarabine is infused on days 2, 4 and 6

    __post_init__ = check_ranges


last_formulary = keep_last(formulary)  # of scenarios with the same drugs


@dataclass(frozen=True)
class Config:
    """A run: which study, with which seed, and where its results go."""

    study: str = ""  # name of the study, which the result and its folder carry
    seed: int = setting(
        1, "1", lowest=0, highest=2**32 - 1, note="of patients, treatment and assays"
    )
    output: str = "outputs"  # folder of the result
    overwrite: bool = False  # replace what another configuration left in the output folder
    tables: list[str] = field(
        default_factory=lambda: [CSV]
    )  # formats of patients and adtte, the tables beside results.nc; none named: no tables
    horizon_days: int = as_in("horizon_days", Protocol)
    after_relapse_days: int = as_in("after_relapse_days", Protocol)
    until_death: bool = as_in("until_death", Protocol)
    arms: list[str] = field(default_factory=list)  # strategies to compare, in this order
    trigger: Trigger = field(default_factory=Trigger)
    monitoring: Monitoring = field(default_factory=Monitoring)
    assay: Assays = field(default_factory=Assays)
    response: Response = field(default_factory=Response)
    cohort: Cohort = field(default_factory=Cohort)
    disease: Disease = field(default_factory=Disease)
    drug: dict[str, CustomDrug] = field(
        default_factory=declared_drugs
    )  # known ones keep their class
    azacitidine: AzacitidineDosing = field(default_factory=AzacitidineDosing)
    venetoclax: VenetoclaxDosing = field(default_factory=VenetoclaxDosing)
    motixafortide: MotixafortideDosing = field(default_factory=MotixafortideDosing)
    record: Record = field(default_factory=Record)
    posterior: Posterior = field(default_factory=Posterior)
    operations: Operations = field(default_factory=Operations)
    kernel: Kernel = field(default_factory=Kernel)
    executor: ExecutorOptions = field(default_factory=ExecutorOptions)
    search: Search = field(default_factory=Search)  # of leukosim search, and Hydra's optimisers
    # last, as strategies refer to fields above, which are to be checked first
    strategies: dict[str, Strategy] = field(
        default_factory=dict
    )  # by name, as chosen by strategy=[...]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w\-]*", self.study):  # the folder of the result is named by it
            raise ValueError(
                f"study = {self.study} is not a plain name: allowed are letters, digits, _ and -"
            )
        for each in self.tables:
            if each not in WRITERS:
                raise unknown(f"tables.{each}", WRITERS, "format of tables")

    def patients(self) -> list[Patient]:
        """The cohort, drawn."""
        return draw_cohort(self.cohort, self.disease, self.seed, self.drugs())

    def drugs(self) -> dict[str, Drug]:
        """Every drug that a regimen can give."""
        return last_formulary(self.drug, self.venetoclax.cyp3a_inhibitor)

    def strategies_of_arms(self) -> dict[str, Strategy]:
        """What is done in each arm."""
        return {arm: self.strategies[arm] for arm in self.arms}

    def protocol(self) -> Protocol:
        """How patients are followed."""
        return Protocol(
            horizon_days=self.horizon_days,
            after_relapse_days=self.after_relapse_days,
            until_death=self.until_death,
            treatment_week=self.record.treatment_week,
            trigger=self.trigger,
            monitoring=self.monitoring,
            assays=self.assay,
            response=self.response,
            drugs=self.drugs(),
            record=CloneRecord(self.record.clones, self.record.barcodes),
        )


# ---------------------------------------------------------------------- composition
