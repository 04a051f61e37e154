"""A virtual patient: everything in which one patient differs from another."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from leukosim.biology.clones import Founder
from leukosim.biology.disease import Disease
from leukosim.random_streams import stream


@dataclass(frozen=True)
class PKParameters:
    """How a patient differs from the typical one in one drug: factors."""

    clearance: float = 1.0
    volume: float = 1.0  # of the central compartment
    ec50: float = 1.0  # and half levels


TYPICAL = PKParameters()

MARKERS = ("transcript", "chimerism")  # a transcript's ratio, or donor cells after a transplant


@dataclass(frozen=True)
class Patient:
    """One patient; the same whoever else is simulated, in every arm.

    ``seed`` and ``index`` name the patient's random streams: (seed, index).
    """

    index: int
    seed: int
    disease: Disease
    genotype: str
    doubling_days: float  # of the leukaemia in undisturbed regrowth
    residual_stem_cells: int
    composition: tuple[float, ...]  # share of stem cells by subtype, sums to 1
    cxcr4: float  # median over stem cells, MFI ratio
    lsc_frequency: float  # stem cells per blast
    carrying_capacity: float  # cells: where growth ends
    reserve_shift: float  # of the anti-apoptotic reserve
    responsiveness: Mapping[str, float]  # by drug, 0-1
    transcript_ratio: float  # marker / ABL1 in a marrow of leukaemic cells only
    death_rate: float  # without relapse, per day
    overt_death_rate: float  # added while leukaemia is overt, per day
    body_surface_m2: float
    transplanted: bool = False
    overt_blasts: float = 0.0  # above 0: the patient starts at diagnosis, with as many blasts
    pk_parameters: Mapping[str, PKParameters] = field(default_factory=dict)  # by drug; else typical
    reprogramming: float = 1.0  # factor on drug-induced switching; 0: there is none
    tp53_mutated: bool = False
    marker: str = "transcript"  # one of MARKERS: how MRD is followed
    age_years: float = 60.0  # at the start
    residual_blasts: float = 0.0  # of a remission, at the start
    founders: tuple[Founder, ...] = (Founder(),)  # clones at diagnosis, the trunk first
    haematopoiesis_gene: str = ""  # mutated in clonal haematopoiesis; empty: there is none
    haematopoiesis_fraction: float = 0.0  # of healthy nucleated cells that carry it

    def stream(self, *purpose: int) -> np.random.Generator:
        """A random stream of this patient's, for one purpose only."""
        return stream(self.seed, self.index, *purpose)
