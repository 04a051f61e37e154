"""What a run is: its schema, its composition by Hydra, and what it means for a trial.

Hydra sees plain data: the defaults of the dataclasses here, then the YAML files of ``configs/``,
then what stands on the command line. What comes out is checked by :mod:`leukosim.validation`.
Nothing in a configuration can name code to be run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import omegaconf
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from leukosim.biology.disease import Disease
from leukosim.clonal_history import CloneRecord
from leukosim.cohort import Cohort
from leukosim.drugs.drug import Drug
from leukosim.drugs.formulary import declared_drugs, formulary
from leukosim.drugs.own import OwnDrug
from leukosim.engines import Place
from leukosim.enrolment import draw_cohort
from leukosim.folders import config_folder
from leukosim.marrow import AGENTS, METHODS
from leukosim.operations import Operations
from leukosim.parameters import check_ranges, setting
from leukosim.patient import Patient
from leukosim.posterior import Posterior, drawn, posterior_draws, reference
from leukosim.protocol import Protocol
from leukosim.strategy.monitoring import Assays, Monitoring, Trigger
from leukosim.strategy.response import Response
from leukosim.strategy.rules import Strategy
from leukosim.validation import ConfigError, build, listed, names_of, unknown

TIMES_REFERENCE = 10  # of the dose that effects are known of: beyond, it is rather a slip


def as_in(name: str, record: type) -> Any:
    """The declaration of a field of another dataclass, which stands there only."""
    declared = next(each for each in fields(record) if each.name == name)
    return field(default=declared.default, metadata=declared.metadata)


@dataclass(frozen=True)
class Record:
    """What of a run is kept."""

    interval_days: int = setting(7, "day", lowest=1, highest=36525, note="of the marrow")
    treatment_week: bool = False  # the first week of treatment by the hour
    courses: bool | None = None  # the marrow over time; null: in a run, not in a sweep
    clones: int = as_in("clones", CloneRecord)
    barcodes: bool = as_in("barcodes", CloneRecord)


@dataclass(frozen=True)
class Engine(Place):
    """Where the work runs, and how. ``method`` and ``agents`` can change a number."""

    method: str = "tally"
    agents: int = setting(
        AGENTS, "agents", lowest=0, highest=10**9,
        note="in a marrow, about, at most: up to twice as many stem cells are an agent each, of "
        "more one may stand for several. 0: every cell is an agent, however many there are",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.method not in METHODS:
            raise ValueError(f"method = {self.method} is unknown: allowed {listed(METHODS)}")


@dataclass(frozen=True)
class AzacitidineDosing:
    """How azacitidine is given before relapse, wherever a strategy's courses refer to it."""

    days_per_cycle: int = setting(7, "day", lowest=1, highest=28, note="from day 1 on")
    cycle_days: int = setting(29, "day", lowest=7, highest=366)
    full_cycles: int = setting(
        6, "cycles", lowest=1, highest=24, note="before who is negative gets the reduced course"
    )
    reduced_days_per_cycle: int = setting(5, "day", lowest=1, highest=28, note="from day 1 on")
    reduced_cycle_days: int = setting(58, "day", lowest=7, highest=366)

    __post_init__ = check_ranges


@dataclass(frozen=True)
class VenetoclaxDosing:
    """How venetoclax is given, wherever a strategy's courses refer to it."""

    days_per_cycle: int = setting(28, "day", lowest=1, highest=28, note="from day 1 on")
    dose_mg: float = setting(400.0, "mg", lowest=0.0, highest=1200.0)
    cyp3a_inhibitor: bool = False  # a strong inhibitor of CYP3A is taken all the while

    __post_init__ = check_ranges


@dataclass(frozen=True)
class MotixafortideDosing:
    """How motixafortide is given, wherever a strategy's courses refer to it.

    ``lead_hours`` is the time of the injection relative to the first infusion of cytarabine on the
    same day: -2 is two hours before, 12 is twelve hours after.
    """

    lead_hours: float = setting(-2.0, "hour", lowest=-24.0, highest=36.0)
    dose_mg: float = setting(93.75, "mg", lowest=0.0, highest=1000.0, note="1.25 mg/kg of 75 kg")
    days: list[int] = field(
        default_factory=lambda: [2, 3, 4, 5, 6],
        metadata={"unit": "day of the cycle", "lowest": 2, "highest": 28},
    )  # cytarabine is infused on days 2, 4 and 6

    __post_init__ = check_ranges


_made: list[tuple[Any, bool, dict[str, Drug]]] = [(None, False, {})]  # the last formulary


@dataclass(frozen=True)
class Config:
    """A run: which study, with which luck, and where its results go."""

    study: str = ""
    seed: int = setting(1, "1", lowest=0, highest=2**32 - 1)
    output: str = "outputs"
    overwrite: bool = False  # replace what another configuration left in the output folder
    horizon_days: int = as_in("horizon_days", Protocol)
    after_relapse_days: int = as_in("after_relapse_days", Protocol)
    until_death: bool = as_in("until_death", Protocol)
    arms: list[str] = field(default_factory=list)
    trigger: Trigger = field(default_factory=Trigger)
    monitoring: Monitoring = field(default_factory=Monitoring)
    assay: Assays = field(default_factory=Assays)
    response: Response = field(default_factory=Response)
    cohort: Cohort = field(default_factory=Cohort)
    disease: Disease = field(default_factory=Disease)
    drug: dict[str, OwnDrug] = field(default_factory=declared_drugs)  # known ones keep their class
    azacitidine: AzacitidineDosing = field(default_factory=AzacitidineDosing)
    venetoclax: VenetoclaxDosing = field(default_factory=VenetoclaxDosing)
    motixafortide: MotixafortideDosing = field(default_factory=MotixafortideDosing)
    record: Record = field(default_factory=Record)
    posterior: Posterior = field(default_factory=Posterior)
    operations: Operations = field(default_factory=Operations)
    engine: Engine = field(default_factory=Engine)
    # last, as strategies refer to fields above, which are to be checked first
    strategies: dict[str, Strategy] = field(default_factory=dict)

    def patients(self) -> list[Patient]:
        """The cohort, drawn."""
        return draw_cohort(self.cohort, self.disease, self.seed, self.drugs())

    def drugs(self) -> dict[str, Drug]:
        """Every drug that a course can give."""
        inhibitor = self.venetoclax.cyp3a_inhibitor
        declared, inhibited, drugs = _made[0]
        if declared is not self.drug or inhibited != inhibitor:  # scenarios mostly share theirs
            drugs = formulary(self.drug, inhibitor)
            _made[0] = self.drug, inhibitor, drugs
        return drugs

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


def read_config(composed: DictConfig) -> Config:
    """The run that a composed configuration describes.

    Raises
    ------
    ConfigError
    """
    return read_plain(to_plain(composed))


def read_plain(
    plain: Mapping[str, Any], known: tuple[Mapping[str, Any] | None, "Config | None"] = (None, None)
) -> Config:
    """The run that plain data describe.

    known : other data and their run, of which what is the very same is taken over

    Raises
    ------
    ConfigError
    """
    config = build(Config, plain, model=default_config(), known=known)
    check_names(config)
    check_doses(config)
    return config


@cache
def default_config() -> Config:
    """A run as the code alone declares it."""
    return Config()


def check_names(config: Config) -> None:
    """Raise :class:`ConfigError` where one part of a run names what no other part has."""
    if not config.arms:
        raise ConfigError(f"arms is empty: allowed {listed(config.strategies)}")
    for arm in config.arms:
        if arm not in config.strategies:
            raise ConfigError(f"arms: {unknown(arm, config.strategies, 'strategy')}")
        if config.arms.count(arm) > 1:
            raise ConfigError(f"arms = {listed(config.arms)} names {arm} more than once")
        if not any(rule.action == "relapse" for rule in config.strategies[arm].rules.values()):
            raise ConfigError(
                f"strategies.{arm}.rules has no rule that declares relapse, so {arm} would never "
                "relapse: begin the file's defaults with rules/relapse@rules"
            )
    for name, strategy in config.strategies.items():
        for course_name, course in strategy.courses.items():
            for drug in course.drugs:
                if drug not in config.drug:
                    path = f"strategies.{name}.courses.{course_name}.drugs"
                    raise ConfigError(f"{path}: {unknown(drug, config.drug, 'drug')}")
    if config.operations.centres and len(config.arms) != 2:
        raise ConfigError(
            f"operations.centres = {config.operations.centres} (centres) randomise between two "
            f"arms, and arms = {listed(config.arms)}: choose two, or operations.centres=0"
        )
    subtypes = config.disease.subtypes
    for name in config.cohort.dominant_shares:
        if name not in subtypes:
            raise ConfigError(f"cohort.dominant_shares: {unknown(name, subtypes, 'subtype')}")
    drivers, founding = config.disease.mutation.drivers, config.cohort.founding
    carried = {f"clones.{name}.drivers": each.drivers for name, each in founding.clones.items()}
    for path, names in {"drivers": founding.drivers, **carried}.items():
        for name in names:
            if name not in drivers:
                raise ConfigError(f"cohort.founding.{path}: {unknown(name, drivers, 'driver')}")
    for drug, numbers in config.drug.items():
        for target, effect in getattr(numbers, "effects", {}).items():
            for name in effect.relative_ec50:
                if name not in subtypes:
                    path = f"drug.{drug}.effects.{target}.relative_ec50"
                    raise ConfigError(f"{path}: {unknown(name, subtypes, 'subtype')}")


def check_doses(config: Config) -> None:
    """Raise :class:`ConfigError` where a dose is far from all that effects are known of."""
    drugs = config.drugs()
    for name, strategy in config.strategies.items():
        for course_name, course in strategy.courses.items():
            for drug, dosing in course.drugs.items():
                highest = TIMES_REFERENCE * drugs[drug].reference_dose_mg
                field, dose, unit = "dose_mg", dosing.dose_mg, "mg"
                if dosing.dose_mg_per_m2 is not None:
                    field, dose, unit = "dose_mg_per_m2", dosing.dose_mg_per_m2, "mg/m2"
                    highest /= config.cohort.body_surface_m2
                if dose is not None and dose > highest:
                    path = f"strategies.{name}.courses.{course_name}.drugs.{drug}.{field}"
                    raise ConfigError(
                        f"{path} = {dose:g} ({unit}) is not allowed: more than {TIMES_REFERENCE} "
                        f"times the dose that the effects of {drug} are known of; allowed from 0 "
                        f"to {highest:g}"
                    )


def to_plain(composed: DictConfig) -> dict[str, Any]:
    """A composed configuration as plain data, references resolved."""
    try:
        plain = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except (OmegaConfBaseException, HydraException) as error:
        raise ConfigError(explain(error)) from None
    assert isinstance(plain, dict)
    plain.pop("hydra", None)
    return plain  # type: ignore[return-value]


def unit_of(path: str, record: Any) -> str:
    """The unit of the field at a path in a tree of dataclasses; empty where it has none."""
    name, _, rest = path.partition(".")
    if isinstance(record, Mapping):
        return unit_of(rest, record.get(name)) if rest else ""
    declared = {each.name: each for each in fields(record)} if is_dataclass(record) else {}
    if name not in declared:
        return ""
    return unit_of(rest, getattr(record, name)) if rest else declared[name].metadata.get("unit", "")


def explain(error: Exception) -> str:
    """What Hydra or OmegaConf complain of, as one sentence."""
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        path, known = error.missing_cfg_file, error.options or []
        group, _, name = path.removesuffix(".yaml").rpartition("/")
        return f"{group or 'config'}: {unknown(name, known, group or 'file')}"
    cause: BaseException = error
    while cause.__cause__ is not None and not isinstance(cause, OmegaConfBaseException):
        cause = cause.__cause__
    if isinstance(cause, ConfigAttributeError | ConfigKeyError) and cause.full_key:
        return str(unknown(cause.full_key, names_of(Config), "field"))
    message, where = str(error), ""
    if isinstance(cause, OmegaConfBaseException) and cause.msg:
        where = f"{cause.full_key}: " if cause.full_key else ""
        message = str(cause.msg)
    message = message.split("full_key:")[0].split("\nSee https")[0]
    return where + " ".join(message.split())


# ---------------------------------------------------------------------- composition


def as_plain(record: Any, known: dict[int, tuple[Any, Any]] | None = None) -> Any:
    """The values of a tree of dataclasses as plain data, to be composed, compared or written.

    known : what was made of records before, by their identity, to be used again
    """
    if known is not None and id(record) in known:
        return known[id(record)][1]
    if is_dataclass(record):
        plain: Any = {
            name: as_plain(getattr(record, name), known) for name in names_of(type(record))
        }
    elif isinstance(record, dict):
        plain = {name: as_plain(each, known) for name, each in record.items()}
    else:
        return list(record) if isinstance(record, tuple) else record
    if known is not None:
        known[id(record)] = record, plain  # the record, too, lest another one takes its identity
    return plain


def register() -> None:
    """Tell Hydra the defaults, and OmegaConf how to add numbers, list days and look up draws."""
    node = OmegaConf.create(as_plain(Config()))
    for name in posterior_draws():
        declared = OmegaConf.select(node, name)
        if declared is not None:  # else it is a number of one cohort, whose file refers to it
            OmegaConf.update(node, name, reference(declared, name))
    for name in node:
        if isinstance(node[name], DictConfig):
            # An unknown field inside is left to read_config, whose message says more.
            OmegaConf.set_struct(node[name], False)
    ConfigStore.instance().store(name="defaults", node=node, provider="leukosim")
    # OmegaConf 2.4, which comes with Hydra 1.4, renames this; 2.3 means something else by the name
    is_old = omegaconf.__version__.startswith("2.3")
    add: Any = OmegaConf.register_new_resolver if is_old else OmegaConf.register_resolver
    add("sum", lambda *numbers: sum(numbers), replace=True)
    add("days", days, replace=True)
    add("drawn", drawn, replace=True)


def days(first: Any, last: Any) -> list[int]:
    """Every day from the first to the last, as ``${days:1,21}`` in a course.

    None if either is no whole number: the field that holds it is told so when it is checked.
    """
    both = isinstance(first, int) and isinstance(last, int)
    return list(range(first, last + 1)) if both else []


def compose(overrides: Sequence[str] = (), folder: str | Path | None = None) -> Config:
    """The run that these overrides ask for, as the command line would read them.

    Parameters
    ----------
    overrides : such as ``["study=relaza2", "trigger.level=1e-3"]``
    folder : of the user's own YAML files, as after ``--config-dir``
    """
    return read_config(compose_plain(overrides, folder))


def compose_plain(overrides: Sequence[str] = (), folder: str | Path | None = None) -> DictConfig:
    """The same, before it is checked."""
    import hydra

    refuse_empty(overrides)
    search = [f"hydra.searchpath=[file://{Path(folder).absolute()}]"] if folder else []
    try:
        with hydra.initialize_config_dir(str(config_folder()), **version_arguments()):
            return hydra.compose("config", [*search, *overrides])
    except (OmegaConfBaseException, HydraException) as error:
        raise ConfigError(explain(error)) from None


def refuse_empty(overrides: Sequence[str]) -> None:
    """Raise :class:`ConfigError` where a group is to be emptied, which merging would not do."""
    for override in overrides:
        path, _, value = override.partition("=")
        known: Any = as_plain(Config())
        for name in path.lstrip("+").split("."):
            known = known.get(name) if isinstance(known, Mapping) else None
        if known and isinstance(known, Mapping) and value.replace(" ", "") == "{}":
            raise ConfigError(
                f"{override} would change nothing: null takes an entry out, "
                f"such as {path}.{next(iter(known))}=null"
            )


def version_arguments() -> dict[str, Any]:
    """What Hydra 1.3 must be told, and 1.4 must not."""
    import hydra

    major, minor = (int(part) for part in hydra.__version__.split(".")[:2])
    return {} if (major, minor) >= (1, 4) else {"version_base": "1.3"}


register()
