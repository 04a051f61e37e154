"""In whom targets are measured, and which parameters are fitted to them.

One vector of parameters serves all populations. What belongs to cells and drugs, and how widely
patients differ, is the same number in all of them. A few numbers say what a population is: how
much disease its therapy left, how far it was selected, how deadly its leukaemia is. These are the
population's own and stand in the file of its cohort.

Left out, because a target sees them only together with a parameter that is in: azacitidine's
`renewal_loss` and `incorporated_half_life_days` (responsiveness scales the one, and the other makes
a product with `blast_kill`), cytarabine's kill and the share with persistence after consolidation
(the stem cells that were left).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from leukosim.parameters import Row

REMISSION, CONSOLIDATION = "remission", "consolidation"
DIAGNOSIS, REFRACTORY = "diagnosis", "refractory"


@dataclass(frozen=True)
class Population:
    """Whom a block of targets was measured in, as a run that can measure it."""

    cohort: str
    overrides: tuple[str, ...]
    effort: int = 1  # patients at a point of the design, relative to the others


POPULATIONS = {
    REMISSION: Population(
        "relaza2", ("study=relaza2", "arms=[triggered,at_relapse]"), effort=2
    ),  # few convert, and three targets are of those
    CONSOLIDATION: Population(
        "blast",
        (
            "study=blast", "arms=[placebo]", "record.treatment_week=false",
            "assay.single_cell.at_enrolment=false", "operations.centres=0",
        ),
        effort=4,
    ),  # few relapse late
    DIAGNOSIS: Population(
        "diagnosis", ("study=venetoclax_resistance", "arms=[azacitidine,venetoclax_azacitidine]")
    ),
    REFRACTORY: Population(
        "relapsed_refractory",
        (
            "study=venetoclax_resistance", "cohort=relapsed_refractory", "arms=[venetoclax]",
            "venetoclax.dose_mg=800", "horizon_days=365",  # the dose of the trial; all fail by then
        ),
    ),
}  # fmt: skip

LINEAR, LOG = "linear", "log"


@dataclass(frozen=True)
class Parameter:
    """A parameter that is fitted: where it stands, in whom it matters, how its prior is flat."""

    path: str
    populations: tuple[str, ...]
    scale: str = LINEAR


def common(path: str, *populations: str, scale: str = LINEAR) -> tuple[str, Parameter]:
    """A parameter that is one number for everybody, under the name of its path."""
    return path, Parameter(path, populations, scale)


def own(population: str, field: str, scale: str = LINEAR) -> tuple[str, Parameter]:
    """A parameter of one population, under the name of its cohort and the field."""
    name = f"{POPULATIONS[population].cohort}.{field}"
    return name, Parameter(f"cohort.{field}", (population,), scale)


# The first letter of each name: whom a parameter matters to.
R, C, D, V = REMISSION, CONSOLIDATION, DIAGNOSIS, REFRACTORY
PARAMETERS: dict[str, Parameter] = dict(
    [
        own(R, "residual_log10_mean"),
        own(C, "residual_log10_mean"),
        own(R, "persistence_share"),
        own(D, "overt_death_per_year", LOG),
        own(V, "reserve_shift_mean"),
        common("cohort.residual_log10_sd", R, C),
        common("cohort.doubling_cv", R, C, D),
        common("cohort.responsiveness_logit_mean", R, D),
        common("cohort.responsiveness_logit_sd", R, D),
        common("cohort.reserve_shift_sd", D, V),
        common("disease.cycle.g0_exit_in_niche", R, C, D, scale=LOG),
        common("disease.apoptosis.threshold", R, D, V),
        common("disease.apoptosis.blast_rate", D, V, scale=LOG),
        common("disease.mortality.infection_rate", D, V, scale=LOG),
        common("drug.azacitidine.blast_kill", R, D, scale=LOG),
        common("drug.azacitidine.memory_half_life_days", R, D, scale=LOG),
        common("drug.azacitidine.mcl1_loss", R, D),
        common("drug.venetoclax.serum_shift", D, V, scale=LOG),
    ]
)


def parameters_of(population: str) -> list[str]:
    """Names of the parameters that matter in a population."""
    return [name for name, each in PARAMETERS.items() if population in each.populations]


@dataclass(frozen=True)
class Prior:
    """The prior: independent, flat between the ends of each declared range on its scale.

    A place in the unit cube, one coordinate a parameter, stands for a set of values; on the cube
    the prior is uniform.
    """

    names: tuple[str, ...]
    low: np.ndarray  # float64[parameter], on the scale of each
    high: np.ndarray
    is_log: np.ndarray  # bool[parameter]

    def values(self, cube: np.ndarray) -> np.ndarray:
        """Parameter values, float64[..., parameter], to four digits."""
        scaled = self.low + np.asarray(cube, float) * (self.high - self.low)
        values = np.where(self.is_log, np.exp(np.where(self.is_log, scaled, 0.0)), scaled)
        digits = 3 - np.floor(np.log10(np.maximum(np.abs(values), 1e-300)))
        return np.round(values * 10.0**digits) / 10.0**digits

    def cube(self, values: np.ndarray) -> np.ndarray:
        """The place in the unit cube of parameter values; outside of [0, 1] beyond the range."""
        values = np.asarray(values, float)
        scaled = np.where(self.is_log, np.log(np.where(self.is_log, values, 1.0)), values)
        return (scaled - self.low) / (self.high - self.low)

    def columns(self, population: str) -> list[int]:
        """Which coordinates matter in a population."""
        matter = set(parameters_of(population))
        return [i for i, name in enumerate(self.names) if name in matter]


def declared_prior(rows: Iterable[Row], parameters: Mapping[str, Parameter] = PARAMETERS) -> Prior:
    """The prior that the declared plausible ranges make.

    rows : every declared parameter, of :func:`leukosim.parameters.parameter_rows`
    """
    by_path = {row.path: row for row in rows}
    is_log = np.array([each.scale == LOG for each in parameters.values()])
    ends = np.array([[by_path[p.path].low, by_path[p.path].high] for p in parameters.values()])
    ends[is_log] = np.log(ends[is_log])
    return Prior(tuple(parameters), ends[:, 0], ends[:, 1], is_log)
