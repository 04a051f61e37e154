"""The headlines of each study: the numbers that its answer comes down to.

A headline is a mean over patients of one number of each, so that patients can be resampled, and the
same patients compared between any two scenarios.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import xarray as xr

from leukosim.analysis.endpoints import (
    TWO_YEARS,
    best_response,
    molecular_relapse,
    overall_survival,
    relapse_free_and_alive,
    relapse_free_survival,
)
from leukosim.analysis.stem_cell_composition import (
    composition_at_failure,
    enriched_fraction,
    enriched_subtypes,
)
from leukosim.errors import ConfigError, listed, unknown
from leukosim.results.variables import CXCR4_GROUPS

SHARE, DAY, CELLS = "share of patients", "day", "cells"


@dataclass(frozen=True)
class Headline:
    """One number of a study."""

    name: str
    label: str
    unit: str
    arms: tuple[str, ...]  # that have to be simulated for it
    of_patients: Callable[[xr.Dataset], xr.DataArray]  # (patient), by scenario; nan: does not count
    recorded: str = ""  # a variable that it takes and that not every run records

    def is_told_by(self, ds: xr.Dataset) -> bool:
        """Whether a result has the arms and the variable that it takes."""
        has_arms = set(map(str, ds["arm"].values)).issuperset(self.arms)
        return has_arms and (not self.recorded or self.recorded in ds)

    @property
    def is_difference(self) -> bool:
        """Whether it compares two arms, so that nothing is zero."""
        return " minus " in self.label


def two_year_gain(arm: str, against: str) -> Callable[[xr.Dataset], xr.DataArray]:
    """By how much more an arm keeps a patient relapse-free and alive for two years: -1, 0 or 1."""

    def gain(ds: xr.Dataset) -> xr.DataArray:
        free = relapse_free_and_alive(ds, 0.0, TWO_YEARS)
        return free.sel(arm=arm, drop=True) - free.sel(arm=against, drop=True)

    return gain


def days_gained(arm: str, against: str) -> Callable[[xr.Dataset], xr.DataArray]:
    """By how many more days an arm keeps a patient relapse-free and alive within two years."""

    def gain(ds: xr.Dataset) -> xr.DataArray:
        day = relapse_free_survival(ds)["day"].clip(max=TWO_YEARS)
        return day.sel(arm=arm, drop=True) - day.sel(arm=against, drop=True)

    return gain


def conversion(ds: xr.Dataset) -> xr.DataArray:
    """Whether MRD converted within two years."""
    return molecular_relapse(ds, TWO_YEARS).sel(arm="triggered", drop=True)


def gain_of_high(ds: xr.Dataset) -> xr.DataArray:
    """The two-year gain from motixafortide of CXCR4-high patients; nan for others."""
    is_high = ds["cxcr4_group"] == CXCR4_GROUPS.index("high")
    return two_year_gain("motixafortide", "placebo")(ds).where(is_high)


def response(ds: xr.Dataset) -> xr.DataArray:
    """Whether venetoclax and azacitidine led to CR, CRh or CRi."""
    return best_response(ds).sel(arm="venetoclax_azacitidine", drop=True)


def enriched_at_failure(ds: xr.Dataset) -> xr.DataArray:
    """MEP-like and reprogrammed cells among a patient's stem cells at failure; nan without one."""
    fraction = enriched_fraction(composition_at_failure(ds), enriched_subtypes(ds))
    return fraction.sel(arm="venetoclax_azacitidine", drop=True)


def days_alive(ds: xr.Dataset) -> xr.DataArray:
    """Days alive within two years, of patients followed to death or for two years.

    Not the median, which need not be reached.
    """
    day = overall_survival(ds)["day"].sel(arm="venetoclax_azacitidine", drop=True)
    return day.clip(max=TWO_YEARS)


def from_one_ancestor(ds: xr.Dataset) -> xr.DataArray:
    """Whether all stem cells of an untreated relapse descend from one; nan without relapse."""
    ancestors = ds["ancestors_at_relapse"].sel(arm="at_relapse", drop=True)
    return (ancestors == 1.0).astype(float).where(ancestors.notnull())


def effective_ancestors(ds: xr.Dataset) -> xr.DataArray:
    """Effective number of ancestors of an untreated relapse; nan without relapse."""
    return ds["effective_ancestors_at_relapse"].sel(arm="at_relapse", drop=True)


GAIN, DAYS = "Relapse-free at two years, {} minus {}", "Relapse-free days in two years, {} minus {}"
BLAST, VENETOCLAX = ("motixafortide", "placebo"), ("venetoclax_azacitidine",)
RELAZA2 = ("triggered", "at_relapse")

# The first decides what is looked at closely; days say more of few patients than events do.
HEADLINES: Mapping[str, Sequence[Headline]] = {
    "relaza2": (
        Headline("days", DAYS.format("triggered", "at relapse"), DAY, RELAZA2,
                 days_gained(*RELAZA2)),
        Headline("gain", GAIN.format("triggered", "at relapse"), SHARE, RELAZA2,
                 two_year_gain(*RELAZA2)),
        Headline("conversion", "molecular relapse within two years", SHARE, ("triggered",),
                 conversion),
    ),
    "venetoclax_resistance": (
        Headline("response", "CR, CRh or CRi on venetoclax and azacitidine", SHARE, VENETOCLAX,
                 response),
        Headline("enrichment", "MEP-like share of stem cells at failure",
                 "mean fraction of stem cells", VENETOCLAX, enriched_at_failure),
        Headline("survival", "Mean days alive within two years", DAY, VENETOCLAX, days_alive),
    ),
    "blast": (
        Headline("days", DAYS.format(*BLAST), DAY, BLAST, days_gained(*BLAST)),
        Headline("gain", GAIN.format(*BLAST), SHARE, BLAST, two_year_gain(*BLAST)),
        Headline("gain_high", GAIN.format(*BLAST) + ", of CXCR4-high patients", SHARE, BLAST,
                 gain_of_high, "cxcr4_group"),
    ),
    "clonal_relapse": (
        Headline("one_ancestor", "Untreated relapses from one ancestor", "share of relapses",
                 ("at_relapse",), from_one_ancestor, "ancestors_at_relapse"),
        Headline("ancestors", "Effective number of ancestors of an untreated relapse", CELLS,
                 ("at_relapse",), effective_ancestors, "effective_ancestors_at_relapse"),
    ),
}  # fmt: skip


def headlines_of(study: str, options: Sequence[str] = ()) -> list[Headline]:
    """The headlines of a study; those asked for, in that order, or all.

    Raises
    ------
    ConfigError
    """
    if study not in HEADLINES:
        raise ConfigError(f"study = {study} has no headline: allowed {listed(HEADLINES)}")
    by_name = {each.name: each for each in HEADLINES[study]}
    for name in options:
        if name not in by_name:
            raise ConfigError(f"headlines: {unknown(name, by_name, f'headline of {study}')}")
    return [by_name[name] for name in dict.fromkeys(options or by_name)]


def arms_of(headlines: Sequence[Headline], known: Sequence[str]) -> list[str]:
    """The arms that headlines need, in the order in which a study has them.

    Raises
    ------
    ConfigError
        If the study, as configured, lacks one.
    """
    needed = {arm for each in headlines for arm in each.arms}
    lacking = sorted(needed - set(known))
    if lacking:
        raise ConfigError(
            f"arms: {listed(lacking)} missing, without which there is no "
            f"{listed(each.name for each in headlines)}"
        )
    return [arm for arm in known if arm in needed]
