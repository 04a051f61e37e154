"""Driver mutations that found new clones, and what they change."""

from dataclasses import dataclass, field

from leukosim.parameters import check_ranges, estimate, setting

# What a clone's traits scale, in the order of the kernel's columns.
TRAITS = ("apoptosis", "s_phase_kill", "place", "cycle", "division", "switch", "renewal")


@dataclass(frozen=True)
class Driver:
    """A mutation: how common it is among drivers, and factors on the rates of its carriers."""

    weight: float = setting(1.0, "relative frequency", lowest=0.0)
    apoptosis: float = setting(1.0, "factor", lowest=0.0)
    s_phase_kill: float = setting(1.0, "factor", lowest=0.0)
    place: float = setting(1.0, "factor", lowest=0.0)
    cycle: float = setting(1.0, "factor", lowest=0.0)
    division: float = setting(1.0, "factor", lowest=0.0)
    switch: float = setting(1.0, "factor", lowest=0.0)
    renewal: float = setting(1.0, "factor", lowest=0.0)

    __post_init__ = check_ranges


def assumed_drivers() -> dict[str, Driver]:
    """Two kinds of driver, with assumed effects: one divides faster, one dies less."""
    return {"proliferation": Driver(division=1.2), "survival": Driver(apoptosis=0.5)}


@dataclass(frozen=True)
class Mutation:
    """How often drivers arise, and which."""

    driver_probability: float = estimate(
        1e-7, "probability", low=1e-8, high=1e-6, source="assumed",
        note="per stem daughter; order of magnitude",
    )  # fmt: skip
    drivers: dict[str, Driver] = field(default_factory=assumed_drivers)

    def __post_init__(self) -> None:
        check_ranges(self)
        if not sum(driver.weight for driver in self.drivers.values()) > 0.0:
            raise ValueError("drivers needs at least one driver with a weight above 0")
