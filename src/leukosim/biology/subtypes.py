"""The four leukaemic stem-cell subtypes and how cells switch between them.

Subtypes are data: another set of names and dependencies runs as well. Ratios of expression are
those of messenger RNA in Waclawiczek et al. (2026), relative to LMPP-like cells; dependencies carry
the signs of those ratios, their sizes are assumed.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from leukosim.errors import InvalidField
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
    cycling_ratio: float = estimate(
        1.0, "relative to LMPP-like", low=1.0, high=1.0, lowest=0.01, highest=100.0,
        source=WACLAWICZEK, note="MKI67 mRNA",
    )  # fmt: skip
    dominant_share: float = estimate(
        0.53, "fraction", low=0.44, high=0.62, source=WACLAWICZEK,
        note="patients in whom this subtype dominates at diagnosis (66 of 125)",
    )  # fmt: skip
    venetoclax_ec50_ratio: float = estimate(
        1.0, "relative to LMPP-like", low=1.0, high=1.0, lowest=1e-6, source=WACLAWICZEK,
        note="EC50 ex vivo, extrapolated to the pure subtype",
    )  # fmt: skip
    tp53_share: float = estimate(
        0.08, "fraction", low=0.03, high=0.17, source=WACLAWICZEK,
        note="TP53 mutated where this subtype dominates (6 of 75 patients)",
    )  # fmt: skip
    native: bool = True  # found without a drug; else no patient starts with any
    markers: str = field(
        default="GPR56+", metadata={"unit": "text", "note": "on the cell surface; for reading only"}
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        total = sum(self.dependencies)
        if not math.isclose(total, 1.0, abs_tol=1e-6):
            raise InvalidField(
                f"bcl2 + bclxl + mcl1 = {total:.7g} (fraction) is not allowed: "
                "the shares of protection must sum to 1"
            )

    @property
    def dependencies(self) -> tuple[float, float, float]:
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
    cycling_ratio: float = estimate(
        0.23, "relative to LMPP-like", low=0.1, high=1.0, lowest=0.01, highest=100.0,
        source=WACLAWICZEK, note="MKI67 mRNA",
    )  # fmt: skip
    dominant_share: float = estimate(
        0.08, "fraction", low=0.04, high=0.14, source=WACLAWICZEK, note="10 of 125 patients"
    )
    venetoclax_ec50_ratio: float = estimate(
        7.7, "relative to LMPP-like", low=1.0, high=60.0, lowest=1e-6, source=WACLAWICZEK,
        note="0.46 (0.16-1.35) / 0.06 (0.02-0.14) uM",
    )  # fmt: skip
    tp53_share: float = estimate(0.1, "fraction", low=0.0, high=0.2, source="assumed")


@dataclass(frozen=True)
class MepLike(Subtype):
    """Megakaryocyte-erythroid progenitor-like."""

    bcl2: float = estimate(0.20, "fraction", low=0.1, high=0.35, source=SIGNS)
    bclxl: float = estimate(0.60, "fraction", low=0.4, high=0.75, source=SIGNS)
    mcl1: float = estimate(0.20, "fraction", low=0.1, high=0.35, source=SIGNS)
    cxcr4_ratio: float = estimate(
        0.48, "relative to LMPP-like", low=0.2, high=1.0, source=WACLAWICZEK, note="CXCR4 mRNA"
    )
    cycling_ratio: float = estimate(
        1.88, "relative to LMPP-like", low=1.0, high=3.0, lowest=0.01, highest=100.0,
        source=WACLAWICZEK, note="MKI67 mRNA",
    )  # fmt: skip
    dominant_share: float = estimate(
        0.34, "fraction", low=0.26, high=0.43, source=WACLAWICZEK, note="43 of 125 patients"
    )
    venetoclax_ec50_ratio: float = estimate(
        15.7, "relative to LMPP-like", low=2.0, high=200.0, lowest=1e-6, source=WACLAWICZEK,
        note="0.94 (0.23-4.2) / 0.06 (0.02-0.14) uM",
    )  # fmt: skip
    tp53_share: float = estimate(
        0.17, "fraction", low=0.08, high=0.29, source=WACLAWICZEK, note="9 of 53 patients"
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
    cycling_ratio: float = estimate(
        1.4, "relative to LMPP-like", low=0.7, high=3.0, lowest=0.01, highest=100.0,
        source=WACLAWICZEK, note="MKI67 mRNA; difference not significant",
    )  # fmt: skip
    dominant_share: float = estimate(
        0.05, "fraction", low=0.02, high=0.1, source=WACLAWICZEK, note="6 of 125 patients"
    )
    venetoclax_ec50_ratio: float = estimate(
        135.0, "relative to LMPP-like", low=30.0, high=500.0, lowest=1e-6, source=WACLAWICZEK,
        note="8.1 (4.3-10) / 0.06 (0.02-0.14) uM",
    )  # fmt: skip
    tp53_share: float = estimate(0.1, "fraction", low=0.0, high=0.2, source="assumed")
    markers: str = field(default="LAMP5+, CD34-", metadata={"unit": "text"})


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
        note="towards `drug_tolerant_state` under full drug stress; 0: selection only",
    )  # fmt: skip
    tp53_factor: float = estimate(
        4.0, "1", low=3.0, high=5.0, source="assumed",
        note="on the induced rate, where TP53 is mutated",
    )  # fmt: skip
    reversal_rate: float = estimate(
        0.02, "1/day", low=0.001, high=0.1, source="assumed",
        note="off drug, added to the basal rate while cells remember its stress",
    )  # fmt: skip
    reversal_ends_at: float = estimate(
        0.1, "fraction", low=0.05, high=0.3, lowest=1e-6, source="assumed",
        note="stress, of the most stressed subtype, under which no cell comes back",
    )  # fmt: skip
    shared_sensitivity: bool = False  # all native cells of a patient respond like the mean of them
    drug_tolerant_state: str = field(
        default="MEP-like", metadata={"unit": "subtype", "source": "Waclawiczek 2026"}
    )  # that cells switch to under treatment

    __post_init__ = check_ranges


def switching_rates(law, composition, drug_tolerant_state, reprogramming, stress, memory=0.0):
    """Rates at which a cell of one subtype becomes one of another, per day.

        rate[s, s'] = (basal + reversal * memory * calm) * composition[s']
                      + induced * reprogramming * stress[s] * (s' is the drug-tolerant state)
        calm = 1 - max(stress) / reversal_ends_at, at least 0

    Weighting by the patient's own composition makes that composition stationary without a drug,
    however fast the exchange is. So cells come back from the drug-tolerant state by an exchange
    that is quicker for as long as cells remember a drug, and no cell need know whether it was born
    in the drug-tolerant state: native cells that leave are replaced. What selection has shifted
    comes back by it, too. Where nothing is induced nothing is reversed.

    Parameters
    ----------
    law : Switching
    composition : float64[subtype], sums to 1
    drug_tolerant_state : int, index of the subtype that stressed cells turn into
    reprogramming : float, the patient's factor on the induced rate
    stress : float64[..., subtype], in [0, 1]
        Share of the anti-apoptotic reserve that drugs have taken.
    memory : float64[...], in [0, 1]
        What is left of the stress that drugs have caused.

    Returns
    -------
    float64[..., subtype, subtype], with a zero diagonal
    """
    n = len(composition)
    stress = np.asarray(stress)
    reversal = law.reversal_rate if law.induced_rate * reprogramming > 0.0 else 0.0
    calm = np.maximum(1.0 - stress.max(-1) / law.reversal_ends_at, 0.0)
    exchange = law.basal_rate + reversal * memory * calm
    rates = np.ones(n)[:, None] * np.asarray(exchange)[..., None, None] * composition
    rates[..., drug_tolerant_state] += law.induced_rate * reprogramming * stress
    rates[..., np.arange(n), np.arange(n)] = 0.0
    return rates


def as_in_patient(values, composition, native, shared):
    """Values of subtypes, or, if they share them, of the patient's mean cell where native.

    Parameters
    ----------
    values : float64[subtype, ...]
    composition : float64[subtype], sums to 1
    native : bool[subtype]
    shared : bool
    """
    values = np.asarray(values)
    if not shared:
        return values
    is_native = np.reshape(native, (-1,) + (1,) * (values.ndim - 1))
    return np.where(is_native, np.tensordot(composition, values, 1), values)
