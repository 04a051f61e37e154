"""Which parameters decide a study's answer: screening, single ranges, shares of variance.

Every point of a design treats the same virtual patients with the same random streams, so that a
difference between two points comes from the parameters that were varied. The sampling variability
that remains is that of the patients; intervals come from resampling them together in all points.
"""

from dataclasses import dataclass, field
from importlib.util import find_spec

from leukosim.errors import ConfigError, InvalidField, listed
from leukosim.parameters import check_ranges, setting

PACKAGES = {"SALib": "SALib", "sklearn": "scikit-learn"}  # as imported, as installed


@dataclass(frozen=True)
class Sensitivity:
    """The options of a sensitivity analysis."""

    headlines: list[str] = field(
        default_factory=list
    )  # of the study, the first of which decides; none named: all
    only: list[str] = field(default_factory=list)  # sections or paths of estimates; none: all
    leave_out: list[str] = field(
        default_factory=list
    )  # sections or paths of estimates that are not varied
    group_trajectories: int = setting(
        2,
        "trajectories",
        lowest=0,
        highest=1000,
        note="trajectories that vary whole sections at once; 0: none",
    )
    leading_groups: int = setting(
        0, "sections", lowest=0, highest=1000,
        note="sections whose parameters are screened one by one; 0: all that change any patient",
    )  # fmt: skip
    trajectories: int = setting(4, "trajectories", lowest=2, highest=1000, note="in Morris' method")
    levels: int = setting(4, "levels", lowest=4, highest=100, note="of Morris' grid; even")
    leading: int = setting(
        8,
        "parameters",
        lowest=1,
        highest=20,
        note="parameters that are examined in detail, those with the largest effects",
    )
    single_patients: int = setting(
        0, "patients", lowest=0, highest=10**6,
        note="patients in whom single parameters are varied; 0: cohort.size",
    )  # fmt: skip
    surrogate_points: int = setting(
        64,
        "points",
        lowest=0,
        highest=2**16,
        note="simulated to fit the surrogate, a power of 2; 0: no Sobol indices",
    )
    sobol_points: int = setting(
        1024,
        "points",
        lowest=64,
        highest=2**20,
        note="points at which the surrogate is evaluated, a power of 2",
    )
    resamples: int = setting(500, "resamples", lowest=100, highest=100_000, note="of patients")

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.levels % 2:
            raise InvalidField(f"levels = {self.levels} (levels) must be even")
        for name in ("surrogate_points", "sobol_points"):
            points = getattr(self, name)
            if points & (points - 1):
                raise InvalidField(f"{name} = {points} (points) must be a power of 2")
        if 0 < self.surrogate_points < FEWEST_POINTS:
            raise InvalidField(
                f"surrogate_points = {self.surrogate_points} (points) are too few for a surrogate: "
                f"allowed 0 or {FEWEST_POINTS} and more"
            )


FEWEST_POINTS = 16  # for a surrogate


def check_packages() -> None:
    """Raise :class:`ConfigError` where a library of the analysis is not installed."""
    missing = [package for module, package in PACKAGES.items() if find_spec(module) is None]
    if missing:
        raise ConfigError(
            f"sensitivity needs {listed(missing)}, which is not installed: "
            "pip install 'leukosim[sensitivity]'"
        )
