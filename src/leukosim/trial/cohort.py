"""Cohorts: the distributions from which virtual patients are drawn."""

from dataclasses import dataclass, field

import numpy as np

from leukosim.biology.clones import ClonalHaematopoiesis, Founding
from leukosim.errors import InvalidField
from leukosim.parameters import check_ranges, estimate, setting

OMMEN = "Ommen et al. 2010, Blood 115:198, doi:10.1182/blood-2009-04-212530"
SPOO = "Spoo et al. 2007, Blood 109:786"
AILLES = "Ailles et al. 1999, Blood 94:1761"


@dataclass(frozen=True)
class Genotype:
    """A genotype class: its share of the cohort and how fast it grows back."""

    share: float = estimate(
        0.7, "relative frequency", low=0.5, high=0.9, source="assumed", note="in a cohort"
    )
    doubling_days: float = estimate(
        11.0, "day", low=9.0, high=14.0, lowest=3.0, source=OMMEN,
        note="marrow, at molecular relapse; median",
    )  # fmt: skip

    __post_init__ = check_ranges


@dataclass(frozen=True)
class Npm1(Genotype):
    """Mutated NPM1."""


@dataclass(frozen=True)
class Runx1Runx1t1(Genotype):
    """Fusion RUNX1-RUNX1T1, t(8;21)."""

    share: float = estimate(0.15, "relative frequency", low=0.05, high=0.25, source="assumed")
    doubling_days: float = estimate(14.0, "day", low=11.0, high=18.0, lowest=3.0, source=OMMEN)


@dataclass(frozen=True)
class CbfbMyh11(Genotype):
    """Fusion CBFB-MYH11, inv(16)."""

    share: float = estimate(0.15, "relative frequency", low=0.05, high=0.25, source="assumed")
    doubling_days: float = estimate(36.0, "day", low=28.0, high=45.0, lowest=3.0, source=OMMEN)


def three_genotypes() -> dict[str, Genotype]:
    """The classes with a transcript to follow."""
    return {"NPM1": Npm1(), "RUNX1-RUNX1T1": Runx1Runx1t1(), "CBFB-MYH11": CbfbMyh11()}


@dataclass(frozen=True)
class Cohort:
    """Patients in remission after therapy, or with overt disease, and how they differ."""

    size: int = setting(
        200, "patients", lowest=1, highest=1_000_000, note="patients, the same in every arm"
    )
    genotypes: dict[str, Genotype] = field(default_factory=three_genotypes)
    doubling_cv: float = estimate(
        0.8, "1", low=0.6, high=1.0, highest=3.0, source="assumed",
        note="between patients of a class; 0.6 among the relapses of Ommen et al. 2010",
    )  # fmt: skip
    residual_log10_mean: float = estimate(
        -0.9, "log10 cells", low=-2.0, high=0.0, lowest=-10.0, highest=7.0, source="assumed",
        note="leukaemic stem cells at the start; realised as whole cells (Poisson); tuned by hand "
        "to RELAZA2",
    )  # fmt: skip
    residual_log10_sd: float = estimate(
        2.0, "log10 cells", low=1.0, high=3.0, highest=5.0, source="assumed",
        note="between patients",
    )  # fmt: skip
    residual_cells_most: float = estimate(
        1e4, "cells", low=1e3, high=1e5, lowest=1.0, highest=1e7, source="assumed",
        note="leukaemic stem cells at the start; more would not be a remission",
    )  # fmt: skip
    residual_blasts_most: float = estimate(
        0.0, "cells", low=0.0, high=2e10, highest=1e12, source="assumed",
        note="blasts beside the stem cells that therapy left, by their share, but no more; "
        "0: none are left",
    )  # fmt: skip
    at_diagnosis: bool = False  # overt disease at the start, in place of what therapy left
    overt_log10_mean: float = estimate(
        12.0, "log10 cells", low=11.0, high=12.5, lowest=8.0, highest=14.0, source="assumed",
        note="blasts at diagnosis, not more than the patient's carrying capacity",
    )  # fmt: skip
    overt_log10_sd: float = estimate(
        0.3, "log10 cells", low=0.1, high=0.5, highest=2.0, source="assumed",
        note="between patients",
    )  # fmt: skip
    dominant_shares: dict[str, float] = field(default_factory=dict)
    # by subtype, relative frequencies in place of the disease's; one not named dominates in nobody
    dominant_fraction_low: float = estimate(
        0.6, "fraction", low=0.5, high=0.7, source="assumed",
        note="the dominant subtype has 60-90 % of a patient's stem cells",
    )  # fmt: skip
    dominant_fraction_high: float = estimate(
        0.9, "fraction", low=0.8, high=1.0, source="assumed",
        note="highest share of the dominant subtype",
    )  # fmt: skip
    cxcr4_median: float = estimate(
        7.1, "MFI ratio", low=5.0, high=10.0, lowest=1e-3, source=f"{SPOO} (derived)",
        note="of CXCR4 on leukaemic cells, over patients",
    )  # fmt: skip
    cxcr4_log_sd: float = estimate(
        0.94, "ln", low=0.7, high=1.2, highest=3.0, source=f"{SPOO} (derived)",
        note="between patients",
    )  # fmt: skip
    lsc_frequency_log10_low: float = estimate(
        -7.0, "log10 cells per blast", low=-7.0, high=-6.0, lowest=-10.0, highest=-3.0,
        source=AILLES, note="log-uniform",
    )  # fmt: skip
    lsc_frequency_log10_high: float = estimate(
        -5.0, "log10 cells per blast", low=-6.0, high=-4.0, lowest=-10.0, highest=-3.0,
        source="assumed",
        note="log-uniform; Ailles et al. 1999 found 7e-8 to 4.5e-6 in six patients",
    )  # fmt: skip
    persistence_share: float = estimate(
        0.2, "fraction", low=0.0, high=0.3, source="assumed",
        note="patients whose disease stops growing at an MRD level; tuned by hand to RELAZA2",
    )  # fmt: skip
    persistence_burden_log10: float = estimate(
        9.3, "log10 cells", low=9.0, high=10.5, lowest=0.0, highest=13.0, source="assumed",
        note="their carrying capacity, median",
    )  # fmt: skip
    persistence_burden_log10_sd: float = estimate(
        0.3, "log10 cells", low=0.1, high=0.5, highest=2.0, source="assumed",
        note="between patients",
    )  # fmt: skip
    reserve_shift_mean: float = estimate(
        0.0, "anti-apoptotic reserve", low=0.0, high=0.15, lowest=-1.0, highest=1.0,
        source="assumed", note="0.10-0.15 in relapsed or refractory disease",
    )  # fmt: skip
    reserve_shift_sd: float = estimate(
        0.25, "anti-apoptotic reserve", low=0.1, high=0.4, highest=1.0, source="assumed",
        note="between patients",
    )  # fmt: skip
    reprogrammable_share: float = estimate(
        0.5, "fraction", low=0.25, high=1.0, source="assumed",
        note="patients whose stem cells switch under drug stress",
    )  # fmt: skip
    tp53_ratio: float = estimate(
        1.0, "1", low=0.0, high=2.0, highest=5.0, source="assumed",
        note="TP53 mutations, relative to the shares by dominant subtype",
    )  # fmt: skip
    responsiveness_logit_mean: float = estimate(
        -1.0, "logit", low=-1.1, high=0.0, lowest=-10.0, highest=10.0, source="assumed",
        note="of azacitidine's effects; tuned by hand to RELAZA2",
    )  # fmt: skip
    responsiveness_logit_sd: float = estimate(
        3.0, "logit", low=1.0, high=3.0, highest=10.0, source="assumed",
        note="tuned by hand to RELAZA2",
    )  # fmt: skip
    transcript_ratio: float = estimate(
        10.0, "1", low=3.0, high=20.0, lowest=1e-3, highest=1e4, source="assumed",
        note="marker / ABL1 of leukaemic cells: several hundred to over 1,000 % at diagnosis",
    )  # fmt: skip
    transcript_ratio_log10_sd: float = estimate(
        0.3, "log10", low=0.1, high=0.5, highest=2.0, source="assumed", note="between patients"
    )
    transplanted_share: float = estimate(
        0.55, "fraction", low=0.4, high=0.7,
        source="RELAZA2, entire cohort: Blood 2020, 136(Suppl 1):10",
        note="of the patients treated in RELAZA2: 52 of 94",
    )  # fmt: skip
    chimerism_share: float = estimate(
        0.9, "fraction", low=0.5, high=1.0, source="assumed",
        note="of transplanted patients, followed by donor chimerism; about half of all in RELAZA2",
    )  # fmt: skip
    death_per_year: float = estimate(
        0.01, "1/year", low=0.005, high=0.02, highest=10.0, source="assumed",
        note="in remission, after chemotherapy",
    )  # fmt: skip
    death_per_year_transplanted: float = estimate(
        0.08, "1/year", low=0.04, high=0.12, highest=10.0, source="assumed", note="in remission"
    )
    overt_death_per_year: float = estimate(
        1.2, "1/year", low=0.6, high=2.0, highest=50.0, source="assumed",
        note="added while blasts make up a fifth of the marrow or more",
    )  # fmt: skip
    age_mean_years: float = estimate(
        60.0, "year", low=40.0, high=76.0, lowest=18.0, highest=100.0, source="assumed",
        note="at enrolment",
    )  # fmt: skip
    age_sd_years: float = estimate(
        10.0, "year", low=5.0, high=15.0, highest=40.0, source="assumed", note="between patients"
    )
    youngest_years: float = estimate(
        18.0, "year", low=18.0, high=18.0, lowest=0.0, highest=100.0, source="assumed",
        note="age of the youngest patients",
    )  # fmt: skip
    oldest_years: float = estimate(
        90.0, "year", low=65.0, high=95.0, lowest=0.0, highest=120.0, source="assumed",
        note="age of the oldest patients",
    )  # fmt: skip
    body_surface_m2: float = estimate(
        1.8, "m2", low=1.5, high=2.2, lowest=0.1, highest=4.0, source="textbook value, assumed",
        note="of every patient",
    )  # fmt: skip
    founding: Founding = field(default_factory=Founding)
    clonal_haematopoiesis: ClonalHaematopoiesis = field(default_factory=ClonalHaematopoiesis)

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.genotypes or not sum(g.share for g in self.genotypes.values()) > 0:
            raise InvalidField("genotypes needs at least one class with a share above 0")
        for name, share in self.dominant_shares.items():
            if not 0.0 <= share < np.inf:
                raise InvalidField(
                    f"dominant_shares.{name} = {share} is not allowed: it is a relative frequency, "
                    "allowed 0 or more"
                )
        if self.dominant_shares and not sum(self.dominant_shares.values()) > 0.0:
            raise InvalidField("dominant_shares needs at least one subtype with a share above 0")
        for low, high in (
            ("dominant_fraction_low", "dominant_fraction_high"),
            ("lsc_frequency_log10_low", "lsc_frequency_log10_high"),
            ("youngest_years", "oldest_years"),
        ):
            if getattr(self, low) > getattr(self, high):
                raise InvalidField(
                    f"{low} = {getattr(self, low)} must not exceed {high} = {getattr(self, high)}"
                )
