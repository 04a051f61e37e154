"""The four leukaemic stem-cell subtypes and how cells switch between them.

Subtypes are data: another set of names and dependences runs as well. Ratios of expression are those
of messenger RNA in Waclawiczek et al. (2026), relative to LMPP-like cells; dependences carry the
signs of those ratios, their sizes are assumed.
"""

from dataclasses import dataclass, field

import numpy as np

from leukosim.parameters import check_ranges, estimate

WACLAWICZEK = "Waclawiczek et al. 2026, doi:10.1016/j.stem.2026.04.012 (derived from its tables)"
SIGNS = "assumed (signs: Waclawiczek et al. 2026, doi:10.1016/j.stem.2026.04.012)"


@dataclass(frozen=True)
class Subtype:
    """What makes a stem cell of one subtype survive and stay. Defaults: LMPP-like."""

    bcl2: float = estimate(
        0.65, "fraction", low=0.45, high=0.85, source=SIGNS, note="share of protection from BCL-2"
    )
    bclxl: float = estimate(
        0.15, "fraction", low=0.05, high=0.3, source=SIGNS, note="share from BCL-xL"
    )
    mcl1: float = estimate(
        0.20, "fraction", low=0.1, high=0.4, source=SIGNS, note="share from MCL-1"
    )
    cxcr4_ratio: float = estimate(
        1.0, "relative to LMPP-like", low=1.0, high=1.0, source=WACLAWICZEK, note="CXCR4 mRNA"
    )
    dominant_share: float = estimate(
        0.53, "fraction", low=0.44, high=0.62, source=WACLAWICZEK,
        note="patients in whom this subtype dominates at diagnosis (66 of 125)",
    )  # fmt: skip

    __post_init__ = check_ranges

    @property
    def dependences(self) -> tuple[float, float, float]:
        """Protection by BCL-2, BCL-xL and MCL-1."""
        return self.bcl2, self.bclxl, self.mcl1


@dataclass(frozen=True)
class LmppLike(Subtype):
    """Lymphoid-primed multipotent progenitor-like, the reference."""


@dataclass(frozen=True)
class HscLike(Subtype):
    """Haematopoietic stem cell-like."""

    bcl2: float = estimate(0.45, "fraction", low=0.3, high=0.65, source=SIGNS)
    bclxl: float = estimate(0.20, "fraction", low=0.1, high=0.35, source=SIGNS)
    mcl1: float = estimate(0.35, "fraction", low=0.2, high=0.5, source=SIGNS)
    cxcr4_ratio: float = estimate(
        0.30, "relative to LMPP-like", low=0.1, high=1.0, source=WACLAWICZEK, note="CXCR4 mRNA"
    )
    dominant_share: float = estimate(
        0.08, "fraction", low=0.04, high=0.14, source=WACLAWICZEK, note="10 of 125 patients"
    )


@dataclass(frozen=True)
class MepLike(Subtype):
    """Megakaryocyte-erythroid progenitor-like."""

    bcl2: float = estimate(0.20, "fraction", low=0.1, high=0.35, source=SIGNS)
    bclxl: float = estimate(0.60, "fraction", low=0.4, high=0.75, source=SIGNS)
    mcl1: float = estimate(0.20, "fraction", low=0.1, high=0.35, source=SIGNS)
    cxcr4_ratio: float = estimate(
        0.48, "relative to LMPP-like", low=0.2, high=1.0, source=WACLAWICZEK, note="CXCR4 mRNA"
    )
    dominant_share: float = estimate(
        0.34, "fraction", low=0.26, high=0.43, source=WACLAWICZEK, note="43 of 125 patients"
    )


@dataclass(frozen=True)
class MoDe(Subtype):
    """Mono-/dendritic, CD34-negative."""

    bcl2: float = estimate(0.10, "fraction", low=0.0, high=0.25, source=SIGNS)
    bclxl: float = estimate(0.20, "fraction", low=0.1, high=0.35, source=SIGNS)
    mcl1: float = estimate(0.70, "fraction", low=0.5, high=0.85, source=SIGNS)
    cxcr4_ratio: float = estimate(
        2.6, "relative to LMPP-like", low=1.0, high=5.0, source=WACLAWICZEK,
        note="CXCR4 mRNA; difference not significant",
    )  # fmt: skip
    dominant_share: float = estimate(
        0.05, "fraction", low=0.02, high=0.1, source=WACLAWICZEK, note="6 of 125 patients"
    )


def four_subtypes() -> dict[str, Subtype]:
    """The subtypes of Waclawiczek et al. (2026), by name."""
    return {
        "HSC-like": HscLike(),
        "LMPP-like": LmppLike(),
        "MEP-like": MepLike(),
        "MoDe": MoDe(),
    }


@dataclass(frozen=True)
class Switching:
    """How stem cells change subtype."""

    basal_rate: float = estimate(
        1e-3, "1/day", low=1e-4, high=1e-2, source="assumed",
        note="framework of stochastic state switching: Gupta et al. 2011",
    )  # fmt: skip
    induced_rate: float = estimate(
        0.01, "1/day", low=0.003, high=0.03, source="assumed",
        note="towards `refuge` under full drug stress; 0: selection only",
    )  # fmt: skip
    refuge: str = field(
        default="MEP-like", metadata={"unit": "subtype", "source": "Waclawiczek 2026"}
    )

    __post_init__ = check_ranges


def switching_rates(basal_rate, composition, induced_rate, refuge, stress):
    """Rates at which a cell of one subtype becomes one of another, per day.

        rate[s, s'] = basal * composition[s'] + induced * stress[s] * (s' is the refuge)

    Weighting by the patient's own composition makes that composition stationary without a drug.

    Parameters
    ----------
    composition : float64[subtype], sums to 1
    refuge : int, index of the subtype that stressed cells turn into
    stress : float64[..., subtype], in [0, 1]
        Share of the protection budget that drugs have taken.

    Returns
    -------
    float64[..., subtype, subtype], with a zero diagonal
    """
    n = len(composition)
    stress = np.asarray(stress)
    rates = np.broadcast_to(basal_rate * composition, (*stress.shape, n)).copy()
    rates[..., refuge] += induced_rate * stress
    rates[..., np.arange(n), np.arange(n)] = 0.0
    return rates
