"""What cells can be exposed to: the vocabulary by which drugs act on a marrow."""

from dataclasses import dataclass

import numpy as np

from leukosim.biology.apoptosis import PROTEINS

# What cells can be exposed to: unit and meaning. Fractions of several drugs combine as independent
# (1 - prod(1 - x)), rates add up.
EXPOSURES = {
    "bcl2_blocked": ("fraction", "BCL-2 blocked"),
    "bclxl_blocked": ("fraction", "BCL-xL blocked"),
    "mcl1_blocked": ("fraction", "MCL-1 blocked or lost"),
    "s_phase_kill": ("1/day", "death rate of stem cells in S phase, outside the niche"),
    "g0_kill": ("1/day", "death rate of stem cells in G0, outside the niche"),
    "renewal_loss": ("fraction", "of the probability that a daughter is a stem cell"),
    "cxcr4_occupancy": ("fraction", "CXCR4 receptors blocked"),
    "blast_kill": ("1/day", "death rate of blasts and maturing cells"),
    "neutrophil_production_loss": ("fraction", "of the neutrophil precursors' proliferation"),
    "platelet_production_loss": ("fraction", "of the platelet precursors' proliferation"),
    "neutrophil_loss": ("1/day", "death rate of circulating neutrophils"),
    "platelet_loss": ("1/day", "death rate of circulating platelets"),
    "stress_memory": ("fraction", "of the rate at which cells switch back after drug stress"),
}


COLUMN = {name: i for i, name in enumerate(EXPOSURES)}


IS_FRACTION = np.array([unit == "fraction" for unit, _ in EXPOSURES.values()])


BLOCKS = {f"{protein}_blocked": i for i, protein in enumerate(PROTEINS)}


@dataclass(frozen=True)
class Exposure:
    """What cells meet, segment by segment; the only thing the marrow learns of drugs."""

    start: np.ndarray  # float64[segment], day
    end: np.ndarray  # float64[segment], day
    values: np.ndarray  # float64[segment, exposure], in the order of EXPOSURES
    # float64[segment, subtype, protein], in [0, 1]; None: as `values` says, in all subtypes
    blocked: np.ndarray | None = None


def no_exposure(start: float, end: float) -> Exposure:
    """Segments of a day without any drug."""
    edges = day_grid(start, end)
    return Exposure(edges[:-1], edges[1:], np.zeros((len(edges) - 1, len(EXPOSURES))))


def day_grid(start: float, end: float) -> np.ndarray:
    """Edges at start, every whole day between, and end."""
    inner = np.arange(np.floor(start) + 1.0, np.ceil(end))
    return np.concatenate([[start], inner, [end]])


def combine(already: np.ndarray, strength: np.ndarray, target: str) -> None:
    """Add one drug's effect to what others do already, in place."""
    if IS_FRACTION[COLUMN[target]]:
        already[...] = 1.0 - (1.0 - already) * (1.0 - np.clip(strength, 0.0, 1.0))
    else:
        already += strength
