"""Driver mutations that found new clones, what they change, and the clones at diagnosis."""

from dataclasses import dataclass, field

from leukosim.errors import InvalidField
from leukosim.parameters import check_ranges, estimate, setting

# What a clone's traits scale, in the order of the kernel's columns.
TRAITS = ("apoptosis", "s_phase_kill", "place", "cycle", "division", "switch", "renewal")

MOST_DRIVERS = 62  # a clone knows what it carries by the bits of a number


@dataclass(frozen=True)
class Driver:
    """A mutation: how common it is among drivers, and factors on the rates of its carriers.

    ``apoptosis`` scales the hazard by BCL-2-family drugs, ``s_phase_kill`` that by cytostatic ones,
    ``place`` attachment and detachment, ``cycle`` rest and waking, ``division`` the way through the
    cycle, ``switch`` all changes of subtype, ``renewal`` the probability that a daughter is a stem
    cell.
    """

    weight: float = setting(
        1.0, "relative frequency", lowest=0.0,
        note="how common the mutation is among those that arise",
    )  # fmt: skip
    apoptosis: float = setting(
        1.0, "factor", lowest=0.0, note="on the hazard by BCL-2-family drugs"
    )
    s_phase_kill: float = setting(
        1.0, "factor", lowest=0.0, note="on the hazard by cytostatic drugs"
    )
    place: float = setting(
        1.0, "factor", lowest=0.0, note="on attachment to the niche and detachment"
    )
    cycle: float = setting(1.0, "factor", lowest=0.0, note="on entry into and exit from rest")
    division: float = setting(1.0, "factor", lowest=0.0, note="on progress through the cycle")
    switch: float = setting(1.0, "factor", lowest=0.0, note="on all changes of subtype")
    renewal: float = setting(
        1.0, "factor", lowest=0.0, note="on the probability that a daughter is a stem cell"
    )

    __post_init__ = check_ranges


# ---------------------------------------------------------------------- the catalogue


def frequency(value: float, low: float, high: float):
    """How common a gene is among the mutations that subclones acquire."""
    return estimate(value, "relative frequency", low=low, high=high, source="assumed")


def factor(value: float, low: float, high: float, note: str = ""):
    """What a mutation makes of a rate."""
    return estimate(value, "factor", low=low, high=high, source="assumed", note=note)


@dataclass(frozen=True)
class Flt3Itd(Driver):
    """FLT3 internal tandem duplication: a kinase that never rests."""

    weight: float = frequency(0.25, 0.1, 0.4)
    division: float = factor(1.2, 1.0, 1.5)
    apoptosis: float = factor(0.7, 0.4, 1.0, "raises MCL-1 and BCL-xL")
    place: float = factor(1.2, 0.7, 2.0, "signals through CXCR4")


@dataclass(frozen=True)
class Npm1Mutation(Driver):
    """Mutated NPM1, which keeps HOX genes on."""

    weight: float = frequency(0.1, 0.02, 0.3)
    renewal: float = factor(1.03, 1.0, 1.1)


@dataclass(frozen=True)
class Tp53(Driver):
    """Mutated TP53: damage is not answered by death."""

    weight: float = frequency(0.05, 0.02, 0.15)
    apoptosis: float = factor(0.5, 0.2, 0.8)
    s_phase_kill: float = factor(0.6, 0.3, 0.9)
    switch: float = factor(4.0, 3.0, 5.0, "as the factor on switching in patients with TP53")


@dataclass(frozen=True)
class Ras(Driver):
    """Mutated NRAS or KRAS."""

    weight: float = frequency(0.25, 0.1, 0.4)
    division: float = factor(1.1, 1.0, 1.3)
    apoptosis: float = factor(0.6, 0.3, 1.0, "raises MCL-1")


@dataclass(frozen=True)
class Runx1(Driver):
    """Mutated RUNX1."""

    weight: float = frequency(0.1, 0.03, 0.2)
    renewal: float = factor(1.02, 1.0, 1.08)
    apoptosis: float = factor(0.9, 0.6, 1.2)


@dataclass(frozen=True)
class Idh1(Driver):
    """Mutated IDH1."""

    weight: float = frequency(0.06, 0.02, 0.12)
    renewal: float = factor(1.02, 1.0, 1.08)
    apoptosis: float = factor(1.3, 1.0, 2.0, "depends more on BCL-2")


@dataclass(frozen=True)
class Idh2(Driver):
    """Mutated IDH2."""

    weight: float = frequency(0.09, 0.03, 0.15)
    renewal: float = factor(1.02, 1.0, 1.08)
    apoptosis: float = factor(1.3, 1.0, 2.0, "depends more on BCL-2")


@dataclass(frozen=True)
class Splicing(Driver):
    """A mutated splicing factor: SRSF2, SF3B1, U2AF1 or ZRSR2."""

    weight: float = frequency(0.1, 0.03, 0.2)
    renewal: float = factor(1.01, 1.0, 1.05)
    cycle: float = factor(0.9, 0.6, 1.2)


def catalogue() -> dict[str, Driver]:
    """Recurrent mutations of acute myeloid leukaemia, by name; every effect is assumed."""
    return {
        "FLT3-ITD": Flt3Itd(),
        "NPM1": Npm1Mutation(),
        "TP53": Tp53(),
        "RAS": Ras(),
        "RUNX1": Runx1(),
        "IDH1": Idh1(),
        "IDH2": Idh2(),
        "splicing": Splicing(),
    }


def two_kinds() -> list[str]:
    """What arises by default: two kinds of driver that stand for all."""
    return ["proliferation", "survival"]


def known_drivers() -> dict[str, Driver]:
    """Two kinds of driver, with assumed effects: one divides faster, one dies less; and genes."""
    return {
        "proliferation": Driver(division=1.2),
        "survival": Driver(apoptosis=0.5),
        **catalogue(),
    }


@dataclass(frozen=True)
class Mutation:
    """How often drivers arise, and which."""

    driver_probability: float = estimate(
        1e-7, "probability", low=1e-8, high=1e-6, source="assumed",
        note="per stem daughter; order of magnitude",
    )  # fmt: skip
    drivers: dict[str, Driver] = field(default_factory=known_drivers)
    arising: list[str] = field(default_factory=two_kinds)  # at division; founders may carry any

    def __post_init__(self) -> None:
        check_ranges(self)
        if len(self.drivers) > MOST_DRIVERS:
            raise InvalidField(
                f"drivers has {len(self.drivers)} entries: allowed at most {MOST_DRIVERS}"
            )
        for name in self.arising:
            if name not in self.drivers:
                raise InvalidField(
                    f"arising names {name}, which is no driver: allowed {', '.join(self.drivers)}"
                )
        if self.driver_probability > 0.0 and not sum(self.arising_weights()) > 0.0:
            raise InvalidField("arising needs at least one driver with a weight above 0")

    def arising_weights(self) -> list[float]:
        """Relative frequency of every driver among those that arise at division."""
        return [
            driver.weight if name in self.arising else 0.0 for name, driver in self.drivers.items()
        ]


# ---------------------------------------------------------------------- at diagnosis


@dataclass(frozen=True)
class Founder:
    """One of a patient's clones at diagnosis."""

    name: str = "founder"
    parent: int = -1  # position among the patient's founders, always an earlier one
    share: float = 1.0  # of stem cells and of blasts
    drivers: tuple[str, ...] = ()  # in addition to the parent's

    @property
    def is_trunk(self) -> bool:
        """Whether all others descend from it: its growth is the patient's doubling time."""
        return self.parent < 0


def lineage(founders: tuple[Founder, ...], position: int) -> list[int]:
    """A founder and its ancestors, the trunk first."""
    path = [position]
    while founders[path[0]].parent >= 0:
        path.insert(0, founders[path[0]].parent)
    return path


@dataclass(frozen=True)
class FoundingClone:
    """A clone at diagnosis, as a user declares it."""

    share: float = setting(1.0, "relative frequency", lowest=0.0)
    parent: str = ""  # an earlier clone; only the first has none
    drivers: list[str] = field(default_factory=list)  # in addition to the parent's

    __post_init__ = check_ranges


def genes() -> list[str]:
    """The names of the catalogue."""
    return list(catalogue())


@dataclass(frozen=True)
class Founding:
    """The clones that patients have at diagnosis: drawn, or the same for all where declared.

    The first is the trunk. What it carries is in the patient's numbers already (the doubling time
    is the trunk's), so effects are those of what its descendants acquired.
    """

    mean_number: float = estimate(
        1.0, "clones", low=1.0, high=8.0, lowest=1.0, highest=50.0, source="assumed",
        note="one and a Poisson number of subclones; three of 1 % or more are usual",
    )  # fmt: skip
    most: int = setting(20, "clones", lowest=1, highest=1000, note="largest number in a patient")
    branching: float = estimate(
        0.5, "probability", low=0.0, high=1.0, source="assumed",
        note="that a subclone descends from any earlier clone, else from the last: 0 is linear",
    )  # fmt: skip
    evenness: float = estimate(
        1.0, "1", low=0.3, high=3.0, lowest=1e-3, highest=1e3, source="assumed",
        note="of shares: concentration of a Dirichlet distribution",
    )  # fmt: skip
    drivers: list[str] = field(default_factory=genes)  # of subclones, by their weights
    clones: dict[str, FoundingClone] = field(default_factory=dict)  # in place of what is drawn

    def __post_init__(self) -> None:
        check_ranges(self)
        earlier: list[str] = []
        for name, clone in self.clones.items():
            if earlier and clone.parent not in earlier:
                raise InvalidField(
                    f"clones.{name}.parent = {clone.parent or 'nothing'} is not allowed: "
                    f"allowed {', '.join(earlier)}, which come before it"
                )
            if not earlier and clone.parent:
                raise InvalidField(
                    f"clones.{name}.parent = {clone.parent} is not allowed: the first clone is the "
                    "trunk, allowed nothing"
                )
            earlier.append(name)
        if self.clones and not sum(clone.share for clone in self.clones.values()) > 0.0:
            raise InvalidField("clones needs at least one clone with a share above 0")


@dataclass(frozen=True)
class ClonalHaematopoiesis:
    """Healthy blood of which a part descends from one mutated stem cell.

    Its mutations are seen by a sequencer and are no leukaemia. Where the leukaemia descends from
    it, they stay behind in remission.
    """

    share: float = estimate(
        0.3, "fraction", low=0.1, high=0.6, source="assumed", note="of patients; rises with age"
    )
    fraction_log10_low: float = estimate(
        -1.7, "log10 fraction", low=-2.0, high=-1.0, lowest=-6.0, highest=0.0, source="assumed",
        note="of healthy nucleated cells, log-uniform",
    )  # fmt: skip
    fraction_log10_high: float = estimate(
        -0.5, "log10 fraction", low=-1.0, high=-0.3, lowest=-6.0, highest=0.0, source="assumed",
        note="largest clone",
    )  # fmt: skip
    ancestral_share: float = estimate(
        0.5, "fraction", low=0.2, high=0.8, source="assumed",
        note="of those patients, whose leukaemia descends from it",
    )  # fmt: skip
    genes: list[str] = field(default_factory=lambda: ["DNMT3A", "TET2", "ASXL1"])  # as likely

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.fraction_log10_low > self.fraction_log10_high:
            raise InvalidField(
                f"fraction_log10_low = {self.fraction_log10_low} must not exceed "
                f"fraction_log10_high = {self.fraction_log10_high}"
            )
        if not self.genes:
            raise InvalidField("genes is empty: clonal haematopoiesis needs at least one gene")
