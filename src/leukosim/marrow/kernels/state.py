"""The arrays of a marrow: cells, clones, rates, segments, records; and what their codes mean."""

from typing import NamedTuple

import numpy as np

TALLY, DIRECT = 0, 1


DIES, DIVIDES = -1, -2  # what an outcome may lead to instead of a class


# What a clone's traits can scale. The order is that of Clones.effect's columns.
APOPTOSIS, S_PHASE_KILL, PLACE, CYCLE, DIVISION, SWITCH, RENEWAL = range(7)


# Cells.clone holds a clone's row and, above it, the binary logarithm of how many cells are meant.
ROW_BITS = 26


ROW = 2**ROW_BITS - 1


ROW_MASK, WEIGHT_SHIFT = np.uint64(ROW), np.uint64(ROW_BITS)


TWICE_AS_MANY = 2**ROW_BITS  # added to Cells.clone


class Cells(NamedTuple):
    """The stem cells of one marrow. A class owns ``room[class]`` slots from ``first[class]`` on.

    In a slot is an agent: one cell or, in a very large marrow, a power of two of cells that are
    alike (:func:`gather`).
    """

    clone: np.ndarray  # int32[slot], row of the clone, and from ROW_BITS on how many cells: log2
    cxcr4: np.ndarray  # float64[slot], mean fluorescence ratio
    first: np.ndarray  # int64[class]
    room: np.ndarray  # int64[class]
    count: np.ndarray  # type: ignore[assignment]  # int64[class], agents present


class Sharing(NamedTuple):
    """When an agent stands for several cells."""

    most: int  # agents, about, of one marrow; twice as many are halved in number
    fewest: int  # agents of a clone and subtype, at least, before one stands for two cells


EVERY_CELL = Sharing(2**40, 1)  # an agent, in any marrow there can be


class Clones(NamedTuple):
    """Clones and the blasts that descend from them; a mother stands before her daughters."""

    number: np.ndarray  # int64[3]: clones in the table, clones ever, size at which to prune it
    name: np.ndarray  # int64[clone], counted from the first that ever was; rows move, names stay
    parent: np.ndarray  # int32[clone], row; -1 for founders
    driver: np.ndarray  # int32[clone], -1 for founders
    carries: np.ndarray  # int64[clone], a bit for each driver acquired since the start
    born: np.ndarray  # float64[clone], day
    origin: np.ndarray  # int32[clone], subtype of the founder's cells at the start
    stem_cells: np.ndarray  # int64[clone, subtype]
    effect: np.ndarray  # float64[clone, trait], multiplies rates (RENEWAL: the probability)
    matured: np.ndarray  # float64[clone, subtype], daughters that left the stem pool this segment
    maturing: np.ndarray  # float64[clone, subtype, stage]
    blasts: np.ndarray  # float64[clone, subtype]


class Wiring(NamedTuple):
    """What leads where; constant for a patient."""

    target: np.ndarray  # int64[class, outcome]: class entered, DIES or DIVIDES
    trait: np.ndarray  # int64[outcome]: which trait of the clone scales the rate
    attaching: np.ndarray  # int64[class], the outcome that goes by the cell's own CXCR4, -1 for
    # none; outside of the niche it needs a free place and unblocked receptors
    subtype: np.ndarray  # int64[class]
    anchored: np.ndarray  # bool[class]: inside the niche
    newborn: np.ndarray  # int64[class]: class in which a daughter starts
    displaced: np.ndarray  # int64[class]: the same for a daughter that finds no free place
    cxcr4_factor: np.ndarray  # float64[class]: expression relative to the patient's


class Drivers(NamedTuple):
    """Mutations that found clones."""

    upto: np.ndarray  # float64[1, driver], running sum of their frequencies, ends in 1
    effect: np.ndarray  # float64[driver, trait]


class Laws(NamedTuple):
    """Constants of one patient's marrow."""

    niche_places: float  # inf: the niche is never full
    cxcr4_half: float  # CXCR4 of half-maximal attachment
    cxcr4_hill: float
    attach_floor: float  # share of attachment that needs no CXCR4
    cxcr4_log_mean: float
    cxcr4_log_sd: float  # cell to cell
    cxcr4_inheritance: float  # correlation of log CXCR4, mother to daughter
    renewal: float  # probability that a daughter is a stem cell, in an empty marrow
    carrying_capacity: float  # cells, inf: no crowding
    mutation_probability: float  # per stem daughter
    maturing_rate: float  # per day and stage
    gain: float  # blasts per matured daughter
    blast_loss: float  # per day
    healthy_stem_cells: float  # at rest
    healthy_division_rate: float  # per day
    healthy_marrow_cells: float  # nucleated cells of a healthy marrow
    baselines: tuple  # (neutrophils, platelets), G/L
    transit_rates: tuple  # per day
    feedbacks: tuple  # Friberg's gamma


class Regimes(NamedTuple):
    """Environments that occur: what the drugs make of the rates."""

    rates: np.ndarray  # float64[regime, class, outcome], per day
    renewal: np.ndarray  # float64[regime], multiplies the probability of renewal
    cxcr4_free: np.ndarray  # float64[regime], fraction of receptors unblocked
    release_floor: np.ndarray  # float64[regime], share of release from the niche without CXCR4
    blast_kill: np.ndarray  # float64[regime, subtype], per day
    progenitor_loss: np.ndarray  # float64[regime, lineage], fraction of production lost
    count_loss: np.ndarray  # float64[regime, lineage], per day, of circulating cells


class Segments(NamedTuple):
    """Stretches of constant environment, in order."""

    name: np.ndarray  # int64[segment], keys the randomness
    start: np.ndarray  # float64[segment], day
    length: np.ndarray  # float64[segment], days
    regime: np.ndarray  # int64[segment]
    row: np.ndarray  # int64[segment], row of the record written at its end, -1 for none


class Healthy(NamedTuple):
    """Healthy blood formation, as numbers."""

    stem_cells: np.ndarray  # float64[1]
    lineages: np.ndarray  # float64[lineage, compartment], G/L: proliferating, 3 transit, blood


class Record(NamedTuple):
    """What is written down at chosen days."""

    cells: np.ndarray  # int64[row, class]
    origins: np.ndarray  # int64[row, origin, subtype], cells by what their ancestors were
    blasts: np.ndarray  # float64[row, subtype]
    healthy: np.ndarray  # float64[row, 3]: stem cells, neutrophils, platelets


class Environment(NamedTuple):
    """One segment's rates and what they depend on."""

    rate: np.ndarray  # float64[class, outcome]: the largest rate of any cell in the class
    upto: np.ndarray  # float64[class, outcome]: the sum of rates up to this one, but for attachment
    total: np.ndarray  # float64[class]
    helped: np.ndarray  # float64[class], what of it needs a free place
    reach: np.ndarray  # float64[class]: receptors that count at CXCR4 of one, in units of the half
    floor: np.ndarray  # float64[class]: share of what goes by CXCR4 that needs none
    bound: np.ndarray  # float64[trait]: the largest effect of any clone, included in ``rate``
    base: np.ndarray  # float64[class, outcome]: the rate of a cell without special traits
    renewal: float
    niche_free: float  # fraction of the places
    start: float  # day
    length: float  # days
    alike: bool  # all cells have the same effects
    shared: bool  # an agent may stand for several cells
    packet: np.ndarray  # int64[subtype]: how many of them switch to it together: log2


# A cell that has left its bucket, and the event that is proposed to it, if any.
EVENT = np.dtype(
    (
        np.record,
        [
            ("place", np.uint64),  # class
            ("outcome", np.uint64),
            ("time", np.float64),  # days since the segment's start
            ("chance", np.float64),  # that the event is its own; the cell's rate until chosen
            ("cxcr4", np.float64),
            ("stream", np.uint64),  # state of the cell's own random stream
            ("clone", np.uint64),
        ],
    )
)


class Bench(NamedTuple):
    """Room to work in, kept from segment to segment."""

    events: np.ndarray  # EVENT[event]
    walkers: np.ndarray  # EVENT[walker], cells on their way
    start_rate: np.ndarray  # float64[class, outcome]
    start_total: np.ndarray  # float64[class]
    start_bound: np.ndarray  # float64[trait]
    untouched: np.ndarray  # int64[class]
    weight: np.ndarray  # float64[1, class]
    stream: np.ndarray  # uint64[1]


BATCH = 64  # cells that are handled together: few enough to stay in the fastest memory


ROOM = 4 * BATCH  # for what can become of them: daughters and mutants
