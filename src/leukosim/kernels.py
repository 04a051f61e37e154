"""The exact event loop: all compiled code of the package, and nothing else.

A marrow is a set of cells in **classes** (in the model: subtype x place x cycle phase). In a class,
each **outcome** (a death, a move to another class, a division) happens to each cell at its own
constant rate while the environment is constant, i.e. over a **segment**. The loop knows no drug and
no gene: it is told rates, and which class an outcome leads to.

Two exact algorithms share the buckets and what an outcome does to a cell (:func:`step`):

- ``TALLY`` (default) draws, for every class and outcome, how many cells meet it first, picks those
  cells, and follows them and their daughters to the end of the segment. Cells to which nothing
  happens are never touched.
- ``DIRECT`` is Gillespie's direct method, one event at a time: the reference.

What differs between the cells of a class (CXCR4, the clone's traits) acts by rejection: events are
proposed at the class's largest rate and accepted with the cell's own share of it.

Randomness is keyed, not consumed: every number is a function of (key, segment, class, outcome), so
that two arms of a trial that differ in one drug share all the luck they can share, and results do
not depend on how a run is cut into calls.

Numbers come in as arguments, never as globals of other files: numba's cache watches this file only.
"""

import math
from typing import NamedTuple

import numpy as np

from leukosim.compilation import compiled

TALLY, DIRECT = 0, 1

DIES, DIVIDES = -1, -2  # what an outcome may lead to instead of a class

# What a clone's traits can scale. The order is that of Clones.effect's columns.
APOPTOSIS, S_PHASE_KILL, PLACE, CYCLE, DIVISION, SWITCH, RENEWAL = range(7)

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
# Streams of cells lie as far apart: a multiplier of Steele and Vigna 2022, doi:10.1002/spe.3030
SILVER = np.uint64(0xD1342543DE82EF95)
TWICE = np.uint64(0x3C6EF372FE94F82A)  # of GOLDEN
ONE = np.uint64(1)
SHIFT_12, SHIFT_27 = np.uint64(12), np.uint64(27)
SHIFT_30, SHIFT_31 = np.uint64(30), np.uint64(31)
TO_UNIT = 2.0**-52
LAYER = np.uint64(255)
MANY = 32.0  # expected successes from which binomials are drawn by rejection

# Cells.clone holds a clone's row and, above it, the binary logarithm of how many cells are meant.
ROW_BITS = 26
ROW = 2**ROW_BITS - 1
ROW_MASK, WEIGHT_SHIFT = np.uint64(ROW), np.uint64(ROW_BITS)
TWICE_AS_MANY = 2**ROW_BITS  # added to Cells.clone
MOST_MUTANTS = 0.1  # expected of the cells that an agent stands for, in a division


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
    plateau: float  # cells, inf: no crowding
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


# ---------------------------------------------------------------------- keyed random numbers


@compiled
def mix(z):
    """Scramble 64 bits: SplitMix64's finaliser.

    Steele et al. 2014, doi:10.1145/2714064.2660195
    """
    z = (z ^ (z >> SHIFT_30)) * MIX_1
    z = (z ^ (z >> SHIFT_27)) * MIX_2
    return z ^ (z >> SHIFT_31)


@compiled
def derive(key, word):
    """The key for one thing among many that share ``key``; ``word`` is a non-negative integer."""
    return mix(key + GOLDEN * (np.uint64(word) + ONE))


@compiled
def unit(bits):
    """64 random bits as a number in (0, 1)."""
    return (np.float64(bits >> SHIFT_12) + 0.5) * TO_UNIT


@compiled
def uniform(stream):
    """The stream's next number in (0, 1). ``stream`` : uint64[1], changed in place."""
    stream[0] += GOLDEN
    return unit(mix(stream[0]))


def ziggurat(layers=256, base=7.69711747013104972):
    """Right edges of layers of equal area under exp(-x), and its heights there, lowest first."""
    area = (base + 1.0) * math.exp(-base)
    edge = np.zeros(layers + 1)
    edge[0], edge[1] = area * math.exp(base), base
    for i in range(2, layers):
        edge[i] = -math.log(area / edge[i - 1] + math.exp(-edge[i - 1]))
    return edge, np.exp(-edge)


EDGE, HEIGHT = ziggurat()


@compiled
def exponential(state):
    """A waiting time at rate one, and the stream's next state.

    Marsaglia and Tsang 2000, doi:10.18637/jss.v005.i08
    """
    while True:
        state += GOLDEN
        bits = mix(state)
        layer = np.int64(bits & LAYER)
        x = np.float64(bits >> SHIFT_12) * TO_UNIT * EDGE[layer]
        if x < EDGE[layer + 1]:
            return x, state
        state += GOLDEN
        u = unit(mix(state))
        if layer == 0:
            return EDGE[1] - math.log(u), state
        height = HEIGHT[layer] + u * (HEIGHT[layer + 1] - HEIGHT[layer])
        if height < math.exp(-x):
            return x, state


@compiled
def normal(state):
    """A standard normal number, and the stream's next state.

    Ratio of uniforms: Leva 1992, doi:10.1145/138351.138364
    """
    while True:
        state += GOLDEN
        u = unit(mix(state))
        state += GOLDEN
        v = 1.7156 * (unit(mix(state)) - 0.5)
        x, y = u - 0.449871, abs(v) + 0.386595
        q = x * x + y * (0.19600 * y - 0.25472 * x)
        if q < 0.27597 or (q < 0.27846 and v * v < -4.0 * math.log(u) * u * u):
            return v / u, state


@compiled
def log_binomial_probability(k, n, p):
    """Log of P(X = k) for X ~ Binomial(n, p)."""
    return (
        math.lgamma(n + 1.0)
        - math.lgamma(k + 1.0)
        - math.lgamma(n - k + 1.0)
        + k * math.log(p)
        + (n - k) * math.log1p(-p)
    )


INVERSE = 1.0 / np.maximum(np.arange(4.0 * MANY), 1.0)  # a division takes longer than a look


@compiled
def binomial_quantile(u, n, p):
    """The smallest k with P(X <= k) >= u, for X ~ Binomial(n, p) of a small mean and p <= 1/2."""
    if u <= 1.0 - n * p:  # (1 - p)^n is no less
        return 0
    odds = p / (1.0 - p)
    k = 0
    probability = math.exp(n * math.log1p(-p))
    cumulative = probability
    while cumulative < u and k < n and (probability > 1e-17 or k < n * p):
        k += 1
        probability *= (n - k + 1) * odds * (INVERSE[k] if k < len(INVERSE) else 1.0 / k)
        cumulative += probability
    return k


@compiled
def binomial(n, p, stream):
    """A binomial number that hardly changes where n and p hardly do and the stream is the same.

    Few expected: the quantile of the stream's next number, which rises with n and p. Many: the
    transformed rejection of Hormann (1993, doi:10.1080/00949659308811496), whose proposal moves
    along with the mean.
    """
    if p <= 0.0 or n == 0:
        return 0
    if p >= 1.0:
        return n
    if p > 0.5:
        return n - binomial(n, 1.0 - p, stream)
    if n * p < MANY:
        return binomial_quantile(uniform(stream), n, p)
    spread = math.sqrt(n * p * (1.0 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    alpha = (2.83 + 5.1 / b) * spread
    squeeze = 0.92 - 4.2 / b
    mode = math.floor((n + 1) * p)
    while True:
        u = uniform(stream) - 0.5
        v = uniform(stream)
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + n * p + 0.5)
        if us >= 0.07 and v <= squeeze:
            return int(k)
        if k < 0 or k > n:
            continue
        height = log_binomial_probability(k, n, p) - log_binomial_probability(mode, n, p)
        if v * alpha / (a / (us * us) + b) <= math.exp(height):
            return int(k)


# ---------------------------------------------------------------------- buckets of cells


@compiled
def enlarge(cells, crowded, more):
    """The same cells with room for more in class ``crowded``; first and room change in place."""
    first, room, count = cells.first, cells.room, cells.count
    slots = room[crowded] + more
    for c in range(len(room)):
        slots += room[c]
    clone, cxcr4 = np.empty(slots, cells.clone.dtype), np.empty(slots, cells.cxcr4.dtype)
    room[crowded] = 2 * room[crowded] + more
    bottom = 0
    for c in range(len(first)):
        for i in range(count[c]):
            clone[bottom + i] = cells.clone[first[c] + i]
            cxcr4[bottom + i] = cells.cxcr4[first[c] + i]
        first[c] = bottom
        bottom += room[c]
    return Cells(clone, cxcr4, first, room, count)


@compiled
def more_clones(clones):
    """The same clone table with room for at least twice as many."""
    room = 2 * (len(clones.parent) + BATCH)
    n_subtypes, n_traits = clones.stem_cells.shape[1], clones.effect.shape[1]
    grown = Clones(
        clones.number,
        np.empty(room, clones.name.dtype),
        np.empty(room, clones.parent.dtype),
        np.empty(room, clones.driver.dtype),
        np.empty(room, clones.carries.dtype),
        np.empty(room),
        np.empty(room, clones.origin.dtype),
        np.empty((room, n_subtypes), clones.stem_cells.dtype),
        np.empty((room, n_traits)),
        np.empty((room, n_subtypes)),
        np.empty((room, n_subtypes, clones.maturing.shape[2])),
        np.empty((room, n_subtypes)),
    )
    for clone in range(room):  # founders, as which nothing is known of clones to come
        known = clone < len(clones.parent)
        grown.name[clone] = clones.name[clone] if known else -1
        grown.parent[clone] = clones.parent[clone] if known else -1
        grown.driver[clone] = clones.driver[clone] if known else -1
        grown.carries[clone] = clones.carries[clone] if known else 0
        grown.born[clone] = clones.born[clone] if known else 0.0
        grown.origin[clone] = clones.origin[clone] if known else 0
        for trait in range(n_traits):
            grown.effect[clone, trait] = clones.effect[clone, trait] if known else 1.0
        for subtype in range(n_subtypes):
            grown.stem_cells[clone, subtype] = clones.stem_cells[clone, subtype] if known else 0
            grown.matured[clone, subtype] = clones.matured[clone, subtype] if known else 0.0
            grown.blasts[clone, subtype] = clones.blasts[clone, subtype] if known else 0.0
            for stage in range(clones.maturing.shape[2]):
                grown.maturing[clone, subtype, stage] = (
                    clones.maturing[clone, subtype, stage] if known else 0.0
                )
    return grown


FEW_CLONES = 1024  # a table that is not worth pruning


@compiled
def prune(clones, cells):
    """Take clones without stem cells out of the table, in place, unless living ones part there.

    What stays are clones with stem cells, the last common ancestors of these, founders and labels:
    less than twice as many as there are living ones, however many clones there ever were. Maturing
    cells and blasts of the others are counted on with their mother's, so that no cell is lost. The
    table is pruned again when it has doubled.
    """
    n_clones, (n_subtypes, n_stages) = clones.number[0], clones.maturing.shape[1:]
    lines = np.empty(n_clones, np.int64)  # of descent that end in living clones
    row = np.empty(n_clones, np.int64)  # where a clone goes; first, whether it stays
    for clone in range(n_clones):
        lines[clone] = 0
    for clone in range(n_clones - 1, -1, -1):  # daughters first
        mother = clones.parent[clone]
        stays = mother < 0 or lines[clone] > 1 or (lines[clone] == 1 and clones.driver[clone] < 0)
        for subtype in range(n_subtypes):
            stays = stays or clones.stem_cells[clone, subtype] > 0
        row[clone] = stays
        if mother >= 0 and (stays or lines[clone] > 0):
            lines[mother] += 1
        if not stays:
            for subtype in range(n_subtypes):
                clones.matured[mother, subtype] += clones.matured[clone, subtype]
                clones.blasts[mother, subtype] += clones.blasts[clone, subtype]
                for stage in range(n_stages):
                    clones.maturing[mother, subtype, stage] += clones.maturing[
                        clone, subtype, stage
                    ]
    kept = 0
    for clone in range(n_clones):
        mother = clones.parent[clone]
        if row[clone] == 0:
            row[clone] = row[mother]  # mothers first: what descended from it descends from her
            continue
        row[clone] = kept
        clones.name[kept] = clones.name[clone]
        clones.parent[kept] = row[mother] if mother >= 0 else -1
        clones.driver[kept] = clones.driver[clone]
        clones.carries[kept] = clones.carries[clone]
        clones.born[kept] = clones.born[clone]
        clones.origin[kept] = clones.origin[clone]
        for trait in range(clones.effect.shape[1]):
            clones.effect[kept, trait] = clones.effect[clone, trait]
        for subtype in range(n_subtypes):
            clones.stem_cells[kept, subtype] = clones.stem_cells[clone, subtype]
            clones.matured[kept, subtype] = clones.matured[clone, subtype]
            clones.blasts[kept, subtype] = clones.blasts[clone, subtype]
            for stage in range(n_stages):
                clones.maturing[kept, subtype, stage] = clones.maturing[clone, subtype, stage]
        kept += 1
    for clone in range(kept, n_clones):  # clones to come begin without a cell
        for subtype in range(n_subtypes):
            clones.stem_cells[clone, subtype] = 0
            clones.matured[clone, subtype] = 0.0
            clones.blasts[clone, subtype] = 0.0
            for stage in range(n_stages):
                clones.maturing[clone, subtype, stage] = 0.0
    for c in range(len(cells.count)):
        for slot in range(cells.first[c], cells.first[c] + cells.count[c]):
            known = cells.clone[slot]
            cells.clone[slot] = known - (known & ROW) + row[known & ROW]
    clones.number[0] = kept
    clones.number[2] = max(2 * kept, FEW_CLONES)


# ---------------------------------------------------------------------- more cells than agents


@compiled
def most_together(mutation_probability):
    """Cells that an agent may stand for, log2: so few that hardly ever two mutate in a division."""
    if mutation_probability <= 0.0:
        return 31
    return int(min(max(math.log2(MOST_MUTANTS / mutation_probability), 0.0), 31.0))


@compiled
def gather(cells, clones, subtype, fewest, largest, key):
    """Let one agent stand for two that are alike, in place: of one class, clone and number.

    Which of the two keeps its CXCR4 is left to chance, so no mean changes; no cell is lost. An
    agent never stands for more than one in ``fewest`` of its clone and subtype, nor for more than
    2 ** ``largest`` cells.
    """
    single = np.empty(clones.number[0], np.int64)  # the agent that looks for another, by clone
    for c in range(len(cells.count)):
        for clone in range(len(single)):
            single[clone] = -1
        bottom, state = cells.first[c], derive(key, c)
        top = bottom
        for slot in range(bottom, bottom + cells.count[c]):
            known, cxcr4 = cells.clone[slot], cells.cxcr4[slot]
            clone = known & ROW
            twice = (known >> ROW_BITS) + 1
            may = twice <= largest and fewest << twice <= clones.stem_cells[clone, subtype[c]]
            other = single[clone]
            if may and other >= 0 and cells.clone[other] == known:
                state += GOLDEN
                if unit(mix(state)) < 0.5:
                    cells.cxcr4[other] = cxcr4
                cells.clone[other] = known + TWICE_AS_MANY
                single[clone] = -1
                continue
            cells.clone[top], cells.cxcr4[top] = known, cxcr4
            if may:
                single[clone] = top
            top += 1
        cells.count[c] = top - bottom


@compiled
def is_too_large(known, cells, fewest):
    """Whether an agent stands for too many of the ``cells`` of its clone and subtype.

    Twice as many are allowed as for :func:`gather`, so that agents do not come and go.
    """
    return known > ROW and (fewest << (known >> ROW_BITS)) > 2 * cells


@compiled
def scatter(cells, clones, subtype, fewest, every):
    """Let two agents stand for what one stood for, until none stands for too many.

    every : whether all that stand for several are halved once
    """
    again = True
    while again:
        again = False
        for c in range(len(cells.count)):
            more = 0
            for slot in range(cells.first[c], cells.first[c] + cells.count[c]):
                known = cells.clone[slot]
                alike = clones.stem_cells[known & ROW, subtype[c]]
                more += (every and known > ROW) or is_too_large(known, alike, fewest)
            if more == 0:
                continue
            again = True
            if cells.count[c] + more > cells.room[c]:
                cells = enlarge(cells, c, more)
            top = cells.first[c] + cells.count[c]
            for slot in range(cells.first[c], top):
                known = cells.clone[slot]
                alike = clones.stem_cells[known & ROW, subtype[c]]
                if (every and known > ROW) or is_too_large(known, alike, fewest):
                    cells.clone[slot] = known - TWICE_AS_MANY
                    cells.clone[top], cells.cxcr4[top] = cells.clone[slot], cells.cxcr4[slot]
                    top += 1
            cells.count[c] = top - cells.first[c]
        every = False
    return cells


@compiled
def set_packets(packet, cells, clones, fewest):
    """How many cells at most switch together to a subtype: a part in ``fewest`` of it, or one.

    packet : int64[subtype], their binary logarithm, filled in

    Returns
    -------
    int64
        How much more often an agent may send a packet than a cell switches: the logarithm.
    """
    least = 63
    for subtype in range(len(packet)):
        there = 0
        for clone in range(clones.number[0]):
            there += clones.stem_cells[clone, subtype]
        packet[subtype] = 0
        while (fewest << (packet[subtype] + 1)) <= there:
            packet[subtype] += 1
        least = min(least, packet[subtype])
    largest = 0
    for c in range(len(cells.count)):
        for slot in range(cells.first[c], cells.first[c] + cells.count[c]):
            largest = max(largest, cells.clone[slot] >> ROW_BITS)
    return max(largest - least, 0)


@compiled
def weigh(cells, weighed):
    """How many cells the agents of each class stand for; ``weighed`` : int64[class], filled in."""
    for c in range(len(weighed)):
        total = 0
        for slot in range(cells.first[c], cells.first[c] + cells.count[c]):
            total += 1 << (cells.clone[slot] >> ROW_BITS)
        weighed[c] = total


# ---------------------------------------------------------------------- what happens to a cell


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
            ("luck", np.uint64),  # state of the cell's own random stream
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


@compiled
def more_events(events):
    """The same events with twice the room."""
    grown = np.empty(2 * len(events), EVENT)
    for i in range(len(events)):
        grown[i] = events[i]
    return grown


@compiled
def set_rates(environment, wiring):
    """Fill in the largest rates: what the drugs leave, times the places free, times the bounds."""
    base, bound, trait = environment.base, environment.bound, wiring.trait
    rates, upto = environment.rate, environment.upto
    for c in range(np.uint64(base.shape[0])):
        unhelped, helped = 0.0, 0.0
        for j in range(np.uint64(base.shape[1])):
            rate = base[c, j] * bound[trait[j]]
            rates[c, j] = rate
            if wiring.attaching[c] == j:
                helped = rate if wiring.anchored[c] else rate * environment.niche_free
                rates[c, j] = helped
                rate = 0.0
            unhelped += rate
            upto[c, j] = unhelped
        environment.helped[c] = helped
        environment.total[c] = unhelped + helped


@compiled
def set_bounds(bound, clones):
    """The largest effect, trait by trait, among the clones that have stem cells.

    Says whether all of these have the same effects.
    """
    bound[:] = 0.0
    alike, other = True, -1
    for clone in range(clones.number[0]):
        for subtype in range(clones.stem_cells.shape[1]):
            if clones.stem_cells[clone, subtype] > 0:
                for trait in range(len(bound)):
                    effect = clones.effect[clone, trait]
                    bound[trait] = max(bound[trait], effect)
                    alike = alike and (other < 0 or effect == clones.effect[other, trait])
                other = clone
                break
    return alike


@compiled
def attachment(cxcr4, hill, floor):
    """Share of the largest attachment rate; ``floor`` is the share that needs no CXCR4.

    ``cxcr4`` is what is unblocked, in units of the half-maximal.
    """
    strength = cxcr4 * cxcr4 if hill == 2.0 else cxcr4**hill
    return floor + (1.0 - floor) * strength / (1.0 + strength)


@compiled
def inherited(cxcr4, laws, state):
    """CXCR4 of a daughter: log-normal over cells at all times, correlated with its mother's."""
    correlation = laws.cxcr4_inheritance
    if laws.cxcr4_log_sd == 0.0 or correlation == 1.0:
        return cxcr4, state
    noise, state = normal(state)
    noise *= math.sqrt(1.0 - correlation * correlation) * laws.cxcr4_log_sd
    centred = math.log(cxcr4) - laws.cxcr4_log_mean
    return math.exp(laws.cxcr4_log_mean + correlation * centred + noise), state


@compiled
def choose(upto, row, columns, left):
    """The column of a row of running sums in which ``left`` falls; ``columns`` if in none."""
    chosen = 0
    for j in range(columns):
        chosen += upto[row, j] <= left
    return chosen


@compiled
def soon(rate, length, state):
    """A waiting time at a constant rate, given that it is shorter than ``length``."""
    while True:
        state += GOLDEN
        time = length * unit(mix(state))
        state += GOLDEN
        accept = unit(mix(state))
        if accept < 1.0 - rate * time or accept < math.exp(-rate * time):
            return time, state


@compiled
def packets(known, packet):
    """In how many packets the cells that an agent stands for switch. ``packet`` : log2 of one."""
    meant = np.int64(known >> WEIGHT_SHIFT)
    return 1 << max(meant - packet, 0)


@compiled
def logarithm(number):
    """The binary logarithm of a power of two, as bits."""
    log2 = np.uint64(0)
    while number > 1:
        number >>= 1
        log2 += ONE
    return log2


@compiled
def mutated(mother, day, u, environment, clones, wiring, drivers):
    """Found a clone that inherits the mother's traits changed by one driver, which the
    random number ``u`` chooses; say its number."""
    driver = choose(drivers.upto, 0, drivers.upto.shape[1], u)
    new = clones.number[0]
    clones.number[0] = new + 1
    clones.name[new] = clones.number[1]
    clones.number[1] += 1
    clones.parent[new] = mother
    clones.driver[new] = driver
    clones.carries[new] = clones.carries[mother] | (1 << driver)
    clones.born[new] = day
    clones.origin[new] = clones.origin[mother]
    for trait in range(clones.effect.shape[1]):
        clones.effect[new, trait] = clones.effect[mother, trait] * drivers.effect[driver, trait]
        environment.bound[trait] = max(environment.bound[trait], clones.effect[new, trait])
    set_rates(environment, wiring)  # larger bounds hold for all that is drawn from now on
    return np.uint64(new)


# ---------------------------------------------------------------------- the event loop


BATCH = 64  # cells that are handled together: few enough to stay in the fastest memory
ROOM = 4 * BATCH  # for what can become of them: daughters and mutants
MOSTLY = 0.5  # of a class's cells meet an event: all of them are followed from the start


@compiled
def step(cells, clones, environment, key, wiring, laws, drivers, method, tally, bench):
    """Advance all stem cells over one segment; exact while the environment is constant.

    Batch by batch, so that each of four short loops does one thing to many cells:

    1. propose events to cells of the start. ``TALLY`` draws, for every class and outcome, how many
       meet it first, and any cells of the class take them; where most cells of a class would meet
       something, all of them are followed from the start instead. ``DIRECT`` proposes one event to
       the whole marrow.
    2. let events happen. An event was proposed at the largest rate of its class: it is the cell's
       own with the share that the cell's rate is of that.
    3. follow those who are left, and their daughters, to the next event that is proposed to them,
       or to the segment's end and into a bucket.
    4. choose what the next events are.

    Every cell on its way has a random stream of its own, so what becomes of it depends on no other.
    Arrays are bound to names once, and again only when one of them is full, and indices have no
    sign: otherwise the bookkeeping would cost more than the events do.
    """
    n_classes, n_outcomes = environment.base.shape
    length, niche_free = environment.length, environment.niche_free
    limit = environment.length if method == TALLY else -1.0  # DIRECT follows no cell
    upto, total, bound = environment.upto, environment.total, environment.bound
    helped, reach, floor = environment.helped, environment.reach, environment.floor
    hill, mutation_probability = laws.cxcr4_hill, laws.mutation_probability
    target, trait = wiring.target, wiring.trait
    subtype, attaching = wiring.subtype, wiring.attaching
    alike, n_before = environment.alike, clones.number[0]
    shared, packet = environment.shared, environment.packet
    newborn, displaced, anchored = wiring.newborn, wiring.displaced, wiring.anchored
    first, room, count, n_clones = cells.first, cells.room, cells.count, clones.number
    events, walkers, start_rate, start_total, start_bound, untouched, weight, stream = bench

    # The segment's start: what counts are drawn from. Mutations raise rates and bounds meanwhile.
    for c in range(n_classes):
        untouched[c] = count[c]  # cells of the start that lie where they lay: the first of a bucket
        start_total[c] = total[c]
        for j in range(n_outcomes):
            start_rate[c, j] = environment.rate[c, j]
    for j in range(len(bound)):
        start_bound[j] = bound[j]
    stream[0] = key
    origin, outcome = 0, -1  # the class and outcome that are being dealt out
    met, dealt, luck = 0, 0, key  # how many are still to be dealt, how many were, their key
    unassigned, probability_left, eventful = 0, 1.0, 0.0
    now = 0.0  # of the whole marrow, for DIRECT

    n_events, n_walkers, crowded = 0, 0, -1
    finished = False
    while not finished:
        if crowded >= 0:
            cells = enlarge(cells, crowded, ROOM)
            crowded = -1
        if n_events + ROOM > len(events):
            events = more_events(events)
        if mutation_probability > 0.0 and n_clones[0] + 2 * BATCH > len(clones.parent):
            clones = more_clones(clones)
        clone_of, cxcr4_of = cells.clone, cells.cxcr4
        effect, matured, stem_cells = clones.effect, clones.matured, clones.stem_cells
        events_room = len(events)
        clones_room = len(effect) if mutation_probability > 0.0 else n_clones[0] + 2 * BATCH

        while True:
            # 1. Propose.
            if method == DIRECT and n_events == 0:
                everything = 0.0
                for c in range(n_classes):
                    everything += count[c] * total[c]
                    weight[0, c] = everything
                now -= math.log(uniform(stream)) / everything  # inf if nothing can happen
                if now < length:
                    c = choose(weight, 0, n_classes, uniform(stream) * everything)
                    j = choose(upto, c, n_outcomes, uniform(stream) * total[c])
                    j = attaching[c] if j == n_outcomes else j
                    slot = first[c] + int(uniform(stream) * count[c])
                    count[c] -= 1
                    last = first[c] + count[c]
                    event = events[0]
                    event.place, event.outcome, event.time = c, j, now
                    event.clone, event.cxcr4 = clone_of[slot], cxcr4_of[slot]
                    event.chance = effect[event.clone & ROW_MASK, trait[j]] / bound[trait[j]]
                    if shared and trait[j] == SWITCH:
                        event.chance *= packets(event.clone, packet[subtype[target[c, j]]])
                    if attaching[c] == j:
                        event.chance *= attachment(event.cxcr4 * reach[c], hill, floor[c])
                    event.luck = derive(stream[0], 0)
                    clone_of[slot], cxcr4_of[slot] = clone_of[last], cxcr4_of[last]
                    n_events = 1
            while method == TALLY and n_events + n_walkers < BATCH and origin < n_classes:
                if met == 0:
                    outcome += 1
                    if outcome >= n_outcomes or untouched[origin] == 0:
                        origin, outcome = origin + 1, -1
                        continue
                    if outcome == 0:
                        unassigned, probability_left = untouched[origin], 1.0
                        eventful = -math.expm1(-start_total[origin] * length)
                    luck, dealt = derive(key, origin * n_outcomes + outcome), 0
                    if eventful > MOSTLY:
                        met, outcome = unassigned, n_outcomes
                    elif start_rate[origin, outcome] > 0.0:
                        stream[0] = derive(luck, 0)
                        share = start_rate[origin, outcome] / start_total[origin] * eventful
                        met = binomial(unassigned, min(share / probability_left, 1.0), stream)
                        unassigned -= met
                        probability_left -= share
                    continue
                n = min(met, BATCH - n_events - n_walkers)
                bottom, rate = first[origin], start_total[origin]
                edge = bottom + untouched[origin]
                if outcome == n_outcomes:
                    for i in range(n):
                        edge -= 1
                        slot = np.uint64(edge)
                        walker = walkers[np.uint64(n_walkers + i)]
                        walker.place, walker.time = origin, 0.0
                        walker.clone, walker.cxcr4 = clone_of[slot], cxcr4_of[slot]
                        # by position: a cell more at the bucket's end changes no other's luck
                        walker.luck = luck + np.uint64(edge - bottom + 1) * SILVER
                    n_walkers += n
                else:
                    helps, most = attaching[origin] == outcome, start_bound[trait[outcome]]
                    for i in range(n):
                        edge -= 1
                        state = luck + np.uint64(dealt + i + 1) * SILVER + GOLDEN
                        slot = np.uint64(bottom + int(unit(mix(state)) * (edge - bottom + 1)))
                        event = events[np.uint64(n_events + i)]
                        event.place, event.outcome = origin, outcome
                        event.clone, event.cxcr4 = clone_of[slot], cxcr4_of[slot]
                        clone_of[slot] = clone_of[np.uint64(edge)]
                        cxcr4_of[slot] = cxcr4_of[np.uint64(edge)]
                        time, state = soon(rate, length, state)
                        event.time, event.luck = time, state
                        event.chance = effect[event.clone & ROW_MASK, trait[outcome]] / most
                        if shared and trait[outcome] == SWITCH:
                            to = subtype[target[origin, outcome]]
                            event.chance *= packets(event.clone, packet[to])
                        if helps:
                            event.chance *= attachment(
                                event.cxcr4 * reach[origin], hill, floor[origin]
                            )
                    n_events += n
                # The bucket's last cells fill the gap that the taken ones leave.
                full = bottom + count[origin]
                n_last = min(n, full - edge - n)
                for i in range(n_last):
                    clone_of[edge + i] = clone_of[full - n_last + i]
                    cxcr4_of[edge + i] = cxcr4_of[full - n_last + i]
                count[origin] -= n
                untouched[origin] -= n
                met -= n
                dealt += n
            if n_events + n_walkers == 0:
                finished = True
                break
            for c in range(n_classes):
                if count[c] + ROOM > room[c]:
                    crowded = c
            if crowded >= 0 or n_events + ROOM > events_room:
                break
            if n_clones[0] + 2 * BATCH > clones_room:
                break

            # 2. Let the last events happen.
            begin = max(n_events - BATCH, 0)
            for i in range(begin, n_events):
                event = events[np.uint64(i)]
                c, known, cxcr4, time = event.place, event.clone, event.cxcr4, event.time
                clone, meant = known & ROW_MASK, np.int64(1) << np.int64(known >> WEIGHT_SHIFT)
                j = event.outcome
                state = event.luck + GOLDEN
                accepts = unit(mix(state)) < event.chance
                after = target[c, j] if accepts else np.int64(c)
                if shared and accepts and trait[j] == SWITCH:
                    often = packets(known, packet[subtype[np.uint64(after)]])
                    if often > 1:
                        # A packet switches, and so often that all are gone as soon as on average.
                        some = meant // often
                        tally[c, j] += some
                        stem_cells[clone, subtype[np.uint64(after)]] += some
                        walker = walkers[np.uint64(n_walkers)]
                        walker.place, walker.cxcr4, walker.time = after, cxcr4, time
                        walker.clone = clone | (logarithm(some) << WEIGHT_SHIFT)
                        walker.luck = derive(state, 0)
                        n_walkers += 1
                        if unit(derive(state, 1)) * often < 1.0:
                            stem_cells[clone, subtype[c]] -= meant
                            continue
                        after = np.int64(c)
                        accepts = False
                tally[c, j] += accepts * meant
                if after >= 0:
                    if subtype[np.uint64(after)] != subtype[c]:
                        stem_cells[clone, subtype[c]] -= meant
                        stem_cells[clone, subtype[after]] += meant
                    walker = walkers[np.uint64(n_walkers)]
                    walker.place, walker.clone, walker.cxcr4 = after, known, cxcr4
                    walker.time, walker.luck = time, state
                    n_walkers += 1
                    continue
                stem_cells[clone, subtype[c]] -= meant
                if after == DIES:
                    continue
                # Each daughter is a stem cell with the probability of renewal.
                renewal = environment.renewal * effect[clone, RENEWAL]
                n_after = int(unit(mix(state + GOLDEN)) < renewal)
                n_after += int(unit(mix(state + TWICE)) < renewal)
                matured[clone, subtype[c]] += (2 - n_after) * meant
                for k in range(n_after):
                    life = derive(state, k + 2)
                    daughter, founder, mutant = newborn[c], known, known
                    # Of two, one keeps its mother's place; the other stays if it finds one.
                    if k == 1 and anchored[c] and niche_free < 1.0:
                        life += GOLDEN
                        if unit(mix(life)) >= niche_free:
                            daughter = displaced[c]
                    own_cxcr4, life = inherited(cxcr4, laws, life)
                    if mutation_probability > 0.0:
                        life += GOLDEN
                        if unit(mix(life)) < mutation_probability * meant:
                            life += GOLDEN
                            mutant = mutated(
                                clone, environment.start + time, unit(mix(life)),
                                environment, clones, wiring, drivers,
                            )  # fmt: skip
                            stem_cells[mutant, subtype[daughter]] += 1
                            founder = mutant if meant == 1 else known
                    if founder == known:
                        stem_cells[clone, subtype[daughter]] += meant
                    walker = walkers[np.uint64(n_walkers)]
                    walker.place, walker.clone, walker.cxcr4 = daughter, founder, own_cxcr4
                    walker.time, walker.luck = time, life
                    n_walkers += 1
                    # Of many that are meant one mutates; it is one cell more, of very many.
                    if mutant != founder:
                        walker = walkers[np.uint64(n_walkers)]
                        walker.place, walker.clone, walker.cxcr4 = daughter, mutant, own_cxcr4
                        walker.time, walker.luck = time, derive(life, 0)
                        n_walkers += 1

            # 3. Follow those on their way, each at its own rate of attachment.
            n_events = begin
            for i in range(n_walkers):
                walker = walkers[np.uint64(i)]
                c, known, cxcr4 = walker.place, walker.clone, walker.cxcr4
                rate = total[c]
                rate -= helped[c] * (1.0 - attachment(cxcr4 * reach[c], hill, floor[c]))
                waiting, state = exponential(walker.luck)
                time = walker.time + waiting / rate  # inf if nothing can happen
                stays = not time < limit
                # Written to both: which is right cannot be foreseen, and a wrong guess costs more.
                slot = np.uint64(first[c] + count[c])
                clone_of[slot], cxcr4_of[slot] = known, cxcr4
                count[c] += stays
                event = events[np.uint64(n_events)]
                event.place, event.clone, event.cxcr4 = c, known, cxcr4
                event.time, event.luck, event.chance = time, state, rate
                n_events += not stays
            n_walkers = 0
            alike = alike and n_clones[0] == n_before

            # 4. Choose what comes next.
            for i in range(begin, n_events):
                event = events[np.uint64(i)]
                c = event.place
                event.luck += GOLDEN
                j = choose(upto, c, n_outcomes, unit(mix(event.luck)) * event.chance)
                event.outcome = j + (j == n_outcomes) * (attaching[c] - n_outcomes)
                event.chance = 1.0
                if not alike:
                    kind = trait[event.outcome]
                    event.chance = effect[event.clone & ROW_MASK, kind] / bound[kind]
                    if shared and kind == SWITCH:
                        to = subtype[target[c, event.outcome]]
                        event.chance *= packets(event.clone, packet[to])
    return cells, clones


# ---------------------------------------------------------------------- what is only counted


@compiled
def passage(matrix, stage_rate, gain, loss, kill, length):
    """What becomes of maturing cells and blasts in a while: a linear map, filled in.

        dM_1/dt = inflow - (k + kill) M_1
        dM_i/dt = k M_i-1 - (k + kill) M_i
        dB/dt   = gain k M_n - (loss + kill) B

    Its matrix exponential by uniformisation: a Poisson mixture of powers, without cancellation.

    Parameters
    ----------
    matrix : float64[to, from], to be filled; from and to are the inflow, the stages, the blasts
    stage_rate, loss, kill : per day; ``kill`` is what drugs do to maturing cells and blasts alike
    gain : blasts per matured daughter
    length : days
    """
    n = len(matrix)
    fastest = max(stage_rate, loss) + kill
    mean = fastest * length
    power = np.eye(n)
    matrix[:] = 0.0
    log_weight = -mean
    for m in range(int(mean + 9.0 * math.sqrt(mean) + 30.0)):
        if m > 0:
            log_weight += math.log(mean / m)
        weight = math.exp(log_weight)
        for i in range(n - 1, -1, -1):
            leaves = 0.0 if i == 0 else (stage_rate if i < n - 1 else loss) + kill
            enters = 1.0 if i == 1 else (stage_rate if i < n - 1 else gain * stage_rate)
            for j in range(i + 1):
                matrix[i, j] += weight * power[i, j]
                power[i, j] *= 1.0 - leaves / fastest
                if i > 0:
                    power[i, j] += enters / fastest * power[i - 1, j]


@compiled
def mature(maturing, blasts, inflow, passed):
    """Advance one line of maturing cells, in place, by a :func:`passage`; return its blasts.

    ``inflow`` is in cells per day.
    """
    n = len(maturing)
    after = passed[n + 1, 0] * inflow + passed[n + 1, n + 1] * blasts
    for i in range(n):
        after += passed[n + 1, i + 1] * maturing[i]
    for i in range(n, 0, -1):  # the last stage first: each depends on earlier ones only
        stage = passed[i, 0] * inflow
        for j in range(1, i + 1):
            stage += passed[i, j] * maturing[j - 1]
        maturing[i - 1] = stage
    return after


@compiled
def form_blood(lineage, setpoint, transit_rate, feedback, progenitor_loss, count_loss, length):
    """Advance one Friberg chain, in place (Friberg et al. 2002, doi:10.1200/JCO.2002.02.140).

        dP/dt   = k P ((1 - E) (C0 / C)^gamma - 1)
        dT_i/dt = k (T_i-1 - T_i)
        dC/dt   = k T_3 - (k + loss) C

    ``lineage`` : float64[5], proliferating, three transit, circulating; ``setpoint`` : C0, lowered
    by the caller in proportion to the marrow that blasts occupy.
    """
    steps = int(math.ceil(length * max(3.0, transit_rate + count_loss)))  # to 1e-4 of the counts
    h = length / steps
    work = np.empty((3, 5))
    state, slope, total = work[0], work[1], work[2]
    for _ in range(steps):
        total[:] = 0.0
        slope[:] = 0.0
        for stage in range(4):
            reach = 0.0 if stage == 0 else (h if stage == 3 else 0.5 * h)
            for i in range(5):
                state[i] = lineage[i] + reach * slope[i]
            demand = math.exp(feedback * math.log(setpoint / max(state[4], 1e-9 * setpoint)))
            slope[0] = transit_rate * state[0] * ((1.0 - progenitor_loss) * demand - 1.0)
            for i in range(1, 5):
                slope[i] = transit_rate * (state[i - 1] - state[i])
            slope[4] -= count_loss * state[4]
            weight = 1.0 if stage == 0 or stage == 3 else 2.0
            for i in range(5):
                total[i] += weight * slope[i]
        for i in range(5):
            lineage[i] = max(lineage[i] + h / 6.0 * total[i], 0.0)


# ---------------------------------------------------------------------- from one visit to the next


@compiled
def write_down(record, row, cells, clones, healthy, weighed):
    """Fill a row of the record, which is still empty; loops, as slices take seconds to compile."""
    n_cells, agents = 0, 0
    for clone in range(clones.number[0]):
        for subtype in range(clones.blasts.shape[1]):
            stem_cells, blasts = clones.stem_cells[clone, subtype], clones.blasts[clone, subtype]
            record.origins[row, clones.origin[clone], subtype] += stem_cells
            record.blasts[row, subtype] += blasts
            n_cells += stem_cells
    for c in range(len(weighed)):
        weighed[c] = cells.count[c]
        agents += weighed[c]
    if n_cells > agents:
        weigh(cells, weighed)
    for c in range(len(weighed)):
        record.cells[row, c] = weighed[c]
    record.healthy[row, 0] = healthy.stem_cells[0]
    for lineage in range(len(healthy.lineages)):
        record.healthy[row, lineage + 1] = healthy.lineages[lineage, 4]


@compiled
def advance(
    cells, clones, healthy, wiring, laws, drivers, regimes, segments, key, method, sharing,
    tally, record,
):  # fmt: skip
    """Run the marrow through ``segments`` and return its cells and clones.

    The environment of a segment (drugs, burden, free niche places) is that of its start. Blasts and
    blood follow the stem cells: what matured in a segment flows in evenly over it.

    cells, clones, healthy : the state; changed in place as far as there is room
    sharing : when an agent stands for several cells
    tally : int64[class, outcome], how often each outcome happened, counted on
    record : rows to fill at the ends of segments that name one
    """
    n_classes, n_outcomes = wiring.target.shape
    n_subtypes = clones.blasts.shape[1]
    rate, upto = np.empty((n_classes, n_outcomes)), np.empty((n_classes, n_outcomes))
    total, helped, reach = np.empty(n_classes), np.empty(n_classes), np.empty(n_classes)
    floor = np.empty(n_classes)
    bound, weighed = np.empty(clones.effect.shape[1]), np.empty(n_classes, np.int64)
    packet = np.zeros(n_subtypes, np.int64)
    bench = Bench(
        np.empty(BATCH + ROOM, EVENT), np.empty(ROOM, EVENT),
        np.empty((n_classes, n_outcomes)), np.empty(n_classes), np.empty(len(bound)),
        np.empty(n_classes, np.int64), np.empty((1, n_classes)), np.empty(1, np.uint64),
    )  # fmt: skip
    n_stages = clones.maturing.shape[2]
    passed = np.zeros((n_subtypes, n_stages + 2, n_stages + 2))
    kills, passed_in = np.full(n_subtypes, -1.0), 0.0  # what the passages were made for
    for s in range(len(segments.length)):
        regime = segments.regime[s]
        length = segments.length[s]
        if clones.number[0] >= clones.number[2]:
            prune(clones, cells)
        burden, n_cells, agents = 0.0, 0, 0
        for clone in range(clones.number[0]):
            for subtype in range(n_subtypes):
                burden += clones.blasts[clone, subtype]
                n_cells += clones.stem_cells[clone, subtype]
        for c in range(n_classes):
            agents += cells.count[c]
            weighed[c] = cells.count[c]
        segment_key = derive(key, segments.name[s])
        if agents > 2 * sharing.most:
            luck = derive(segment_key, n_classes * n_outcomes)
            largest = most_together(laws.mutation_probability)
            gather(cells, clones, wiring.subtype, sharing.fewest, largest, luck)
        if n_cells > agents:
            every = 2 * agents < sharing.most
            cells = scatter(cells, clones, wiring.subtype, sharing.fewest, every)
            weigh(cells, weighed)
        agents = 0
        for c in range(n_classes):
            agents += cells.count[c]
        shared = n_cells > agents
        anchored = healthy.stem_cells[0]
        for c in range(n_classes):
            if wiring.anchored[c]:
                anchored += weighed[c]

        crowded = 0.5 + (laws.renewal - 0.5) * (1.0 - burden / laws.plateau)
        alike = set_bounds(bound, clones)
        if shared:
            bound[SWITCH] *= 1 << set_packets(packet, cells, clones, sharing.fewest)
            alike = False
        environment = Environment(
            rate,
            upto,
            total,
            helped,
            reach,
            floor,
            bound,
            regimes.rates[regime],
            min(max(crowded, 0.0), 1.0) * regimes.renewal[regime],
            max(1.0 - anchored / laws.niche_places, 0.0),
            segments.start[s],
            length,
            alike,
            shared,
            packet,
        )
        if n_cells > 0:
            set_rates(environment, wiring)
            for c in range(n_classes):
                reach[c] = wiring.cxcr4_factor[c] * regimes.cxcr4_free[regime] / laws.cxcr4_half
                floor[c] = laws.attach_floor
                if wiring.anchored[c]:  # what holds a cell is all of its CXCR4
                    reach[c] = wiring.cxcr4_factor[c] / laws.cxcr4_half
                    floor[c] = regimes.release_floor[regime]
            cells, clones = step(
                cells, clones, environment, segment_key, wiring, laws, drivers, method, tally,
                bench,
            )  # fmt: skip

        for subtype in range(n_subtypes):
            kill = regimes.blast_kill[regime, subtype]
            if kill != kills[subtype] or length != passed_in:
                passage(
                    passed[subtype], laws.maturing_rate, laws.gain, laws.blast_loss, kill, length
                )
                kills[subtype] = kill
        passed_in = length
        for clone in range(clones.number[0]):
            for subtype in range(n_subtypes):
                line = clones.maturing[clone, subtype]
                inflow = clones.matured[clone, subtype] / length
                clones.matured[clone, subtype] = 0.0
                if inflow == 0.0 and clones.blasts[clone, subtype] == 0.0 and line.sum() == 0.0:
                    continue
                clones.blasts[clone, subtype] = mature(
                    line, clones.blasts[clone, subtype], inflow, passed[subtype]
                )

        # Healthy stem cells refill the places that leukaemia leaves, as slowly as they divide.
        places_left = max(1.0 - (anchored - healthy.stem_cells[0]) / laws.niche_places, 0.0)
        refilled = laws.healthy_stem_cells * places_left
        slowness = math.exp(-laws.healthy_division_rate * length)
        healthy.stem_cells[0] = refilled + (healthy.stem_cells[0] - refilled) * slowness
        marrow_left = laws.healthy_marrow_cells / (laws.healthy_marrow_cells + burden)
        for lineage in range(len(laws.baselines)):
            form_blood(
                healthy.lineages[lineage],
                laws.baselines[lineage] * marrow_left,
                laws.transit_rates[lineage],
                laws.feedbacks[lineage],
                regimes.progenitor_loss[regime, lineage],
                regimes.count_loss[regime, lineage],
                length,
            )

        row = segments.row[s]
        if row >= 0:
            write_down(record, row, cells, clones, healthy, weighed)
    return cells, clones
