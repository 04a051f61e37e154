"""The headlines of each study: the numbers that answer its question.

A headline is the mean over patients of a measure in one arm, or of its difference between two arms,
so that patients can be resampled and compared between any two scenarios.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import xarray as xr

from leukosim.analysis.measures import MEASURES, Subgroup
from leukosim.errors import ConfigError, listed, unknown

SHARE, DAY, CELLS = "share of patients", "day", "cells"


@dataclass(frozen=True)
class Headline:
    """A mean over the patients of one arm, or a mean difference of two."""

    name: str
    label: str
    unit: str
    measure: str  # its name in MEASURES
    arm: str
    against: str = ""  # the arm whose value is subtracted
    subgroup: Subgroup | None = None  # empty: all patients
    is_benefit: bool = True  # more of it is better for patients

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that have to be simulated."""
        return (self.arm, self.against) if self.against else (self.arm,)

    @property
    def is_difference(self) -> bool:
        """Whether it compares two arms, so that 0 means no effect."""
        return bool(self.against)

    def is_known_in(self, ds: xr.Dataset) -> bool:
        """Whether a result has the arms and variables of the headline."""
        has_arms = set(map(str, ds["arm"].values)).issuperset(self.arms)
        has_trait = self.subgroup is None or self.subgroup.trait in ds
        return has_arms and has_trait and MEASURES[self.measure].is_known_in(ds)

    def of_patients(self, ds: xr.Dataset) -> xr.DataArray:
        """The number of each patient (patient), by scenario; nan for those who do not count."""
        values = MEASURES[self.measure].values(ds)
        result = values.sel(arm=self.arm, drop=True)
        if self.against:
            result = result - values.sel(arm=self.against, drop=True)
        return result if self.subgroup is None else result.where(self.subgroup.members(ds))


DAYS, GAIN = "Relapse-free days in two years, {} minus {}", "Relapse-free at two years, {} minus {}"
RELAZA2, BLAST = ("triggered", "at_relapse"), ("motixafortide", "placebo")
COMBINATION, UNTREATED = "venetoclax_azacitidine", "at_relapse"
CXCR4_HIGH = Subgroup("cxcr4_group", "high")

# The first is the main one: days depend less on few patients than events do.
HEADLINES: Mapping[str, Sequence[Headline]] = {
    "relaza2": (
        Headline("days", DAYS.format("triggered", "at relapse"), DAY,
                 "relapse_free_days", *RELAZA2),
        Headline("gain", GAIN.format("triggered", "at relapse"), SHARE,
                 "relapse_free_two_years", *RELAZA2),
        Headline("molecular_relapse", "Molecular relapse within two years", SHARE,
                 "molecular_relapse", "triggered", is_benefit=False),
    ),
    "venetoclax_resistance": (
        Headline("response", "CR, CRh or CRi on venetoclax and azacitidine", SHARE,
                 "best_response_cri", COMBINATION),
        Headline("enrichment", "MEP-like share of stem cells at failure",
                 "mean fraction of stem cells", "enriched_at_failure", COMBINATION,
                 is_benefit=False),
        Headline("survival", "Mean days alive within two years", DAY, "days_alive", COMBINATION),
    ),
    "blast": (
        Headline("days", DAYS.format(*BLAST), DAY, "relapse_free_days", *BLAST),
        Headline("gain", GAIN.format(*BLAST), SHARE, "relapse_free_two_years", *BLAST),
        Headline("gain_high", GAIN.format(*BLAST) + ", of CXCR4-high patients", SHARE,
                 "relapse_free_two_years", *BLAST, CXCR4_HIGH),
    ),
    "clonal_relapse": (
        Headline("one_ancestor", "Untreated relapses from one ancestor", "share of relapses",
                 "one_ancestor", UNTREATED, is_benefit=False),
        Headline("ancestors", "Effective number of ancestors of an untreated relapse", CELLS,
                 "effective_ancestors", UNTREATED, is_benefit=False),
    ),
}  # fmt: skip


def headlines_of(study: str, options: Sequence[str] = ()) -> list[Headline]:
    """The headlines of a study: those named in ``options``, in that order, or all.

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
