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
ONE = np.uint64(1)
SHIFT_12, SHIFT_27 = np.uint64(12), np.uint64(27)
SHIFT_30, SHIFT_31 = np.uint64(30), np.uint64(31)
TO_UNIT = 2.0**-52
MANY = 32.0  # expected successes from which binomials are drawn by rejection


class Cells(NamedTuple):
    """The stem cells of one marrow. A class owns ``room[class]`` slots from ``first[class]`` on."""

    clone: np.ndarray  # int32[slot]
    cxcr4: np.ndarray  # float64[slot], mean fluorescence ratio
    first: np.ndarray  # int64[class]
    room: np.ndarray  # int64[class]
    count: np.ndarray  # type: ignore[assignment]  # int64[class], cells present


class Clones(NamedTuple):
    """Every clone that ever lived, and the blasts that descend from it."""

    number: np.ndarray  # int64[1], clones so far
    parent: np.ndarray  # int32[clone], -1 for founders
    driver: np.ndarray  # int32[clone], -1 for founders
    born: np.ndarray  # float64[clone], day
    effect: np.ndarray  # float64[clone, trait], multiplies rates (RENEWAL: the probability)
    matured: np.ndarray  # float64[clone, subtype], daughters that left the stem pool this segment
    maturing: np.ndarray  # float64[clone, subtype, stage]
    blasts: np.ndarray  # float64[clone, subtype]


class Wiring(NamedTuple):
    """What leads where; constant for a patient."""

    target: np.ndarray  # int64[class, outcome]: class entered, DIES or DIVIDES
    trait: np.ndarray  # int64[outcome]: which trait of the clone scales the rate
    attaches: np.ndarray  # bool[class, outcome]: needs a free place, helped by CXCR4
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
def uniform(stream):
    """The stream's next number in (0, 1). ``stream`` : uint64[1], changed in place."""
    stream[0] += GOLDEN
    return (np.float64(mix(stream[0]) >> SHIFT_12) + 0.5) * TO_UNIT


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
def exponential(stream):
    """A waiting time at rate one (Marsaglia and Tsang 2000, doi:10.18637/jss.v005.i08)."""
    while True:
        stream[0] += GOLDEN
        bits = mix(stream[0])
        layer = np.int64(bits & np.uint64(255))
        x = np.float64(bits >> SHIFT_12) * TO_UNIT * EDGE[layer]
        if x < EDGE[layer + 1]:
            return x
        if layer == 0:
            return EDGE[1] - math.log(uniform(stream))
        height = HEIGHT[layer] + uniform(stream) * (HEIGHT[layer + 1] - HEIGHT[layer])
        if height < math.exp(-x):
            return x


@compiled
def normal(stream):
    """A standard normal number (ratio of uniforms: Leva 1992, doi:10.1145/138351.138364)."""
    while True:
        u = uniform(stream)
        v = 1.7156 * (uniform(stream) - 0.5)
        x, y = u - 0.449871, abs(v) + 0.386595
        q = x * x + y * (0.19600 * y - 0.25472 * x)
        if q < 0.27597 or (q < 0.27846 and v * v < -4.0 * math.log(u) * u * u):
            return v / u


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
        probability *= (n - k) * odds / (k + 1)
        k += 1
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
def enlarge(cells, crowded):
    """The same cells with twice the room for class ``crowded``; first and room change in place."""
    first, room = cells.first, cells.room
    old = first.copy()
    room[crowded] = 2 * room[crowded] + 4
    for c in range(1, len(first)):
        first[c] = first[c - 1] + room[c - 1]
    slots = first[-1] + room[-1]
    clone = np.empty(slots, cells.clone.dtype)
    cxcr4 = np.empty(slots, cells.cxcr4.dtype)
    for c in range(len(first)):
        n = cells.count[c]
        clone[first[c] : first[c] + n] = cells.clone[old[c] : old[c] + n]
        cxcr4[first[c] : first[c] + n] = cells.cxcr4[old[c] : old[c] + n]
    return Cells(clone, cxcr4, first, room, cells.count)


@compiled
def more_clones(clones):
    """The same clone table with room for twice as many."""
    old = len(clones.parent)
    room = 2 * old + 4
    grown = Clones(
        clones.number,
        np.full(room, -1, clones.parent.dtype),
        np.full(room, -1, clones.driver.dtype),
        np.zeros(room),
        np.ones((room, clones.effect.shape[1])),
        np.zeros((room, clones.matured.shape[1])),
        np.zeros((room, clones.maturing.shape[1], clones.maturing.shape[2])),
        np.zeros((room, clones.blasts.shape[1])),
    )
    grown.parent[:old] = clones.parent
    grown.driver[:old] = clones.driver
    grown.born[:old] = clones.born
    grown.effect[:old] = clones.effect
    grown.matured[:old] = clones.matured
    grown.maturing[:old] = clones.maturing
    grown.blasts[:old] = clones.blasts
    return grown


# ---------------------------------------------------------------------- what happens to a cell


class Environment(NamedTuple):
    """One segment's rates and what they depend on."""

    rate: np.ndarray  # float64[class, outcome]: the largest rate of any cell in the class
    upto: np.ndarray  # float64[class, outcome]: the sum of rates up to this outcome
    total: np.ndarray  # float64[class]
    bound: np.ndarray  # float64[trait]: the largest effect of any clone, included in ``rate``
    base: np.ndarray  # float64[class, outcome]: the rate of a cell without special traits
    renewal: float
    cxcr4_free: float
    niche_free: float  # fraction of the places
    start: float  # day


class Stack(NamedTuple):
    """Cells on their way through a segment, each with the time it has reached."""

    place: np.ndarray  # int64[depth], class
    clone: np.ndarray  # int32[depth]
    cxcr4: np.ndarray  # float64[depth]
    time: np.ndarray  # float64[depth], days since the segment's start


@compiled
def empty_stack(depth):
    """A stack with room for ``depth`` cells."""
    return Stack(
        np.empty(depth, np.int64), np.empty(depth, np.int32), np.empty(depth), np.empty(depth)
    )


@compiled
def taller(stack):
    """The same stack with twice the room."""
    depth = len(stack.time)
    grown = empty_stack(2 * depth)
    grown.place[:depth] = stack.place
    grown.clone[:depth] = stack.clone
    grown.cxcr4[:depth] = stack.cxcr4
    grown.time[:depth] = stack.time
    return grown


@compiled
def set_rates(environment, wiring):
    """Fill in the largest rates: what the drugs leave, times the places free, times the bounds."""
    n_classes, n_outcomes = environment.base.shape
    for c in range(n_classes):
        total = 0.0
        for j in range(n_outcomes):
            rate = environment.base[c, j] * environment.bound[wiring.trait[j]]
            if wiring.attaches[c, j]:
                rate *= environment.niche_free
            environment.rate[c, j] = rate
            total += rate
            environment.upto[c, j] = total
        environment.total[c] = total


@compiled
def set_bounds(bound, cells, clones):
    """The largest effect, trait by trait, among the clones that have stem cells."""
    if clones.number[0] == 1:
        bound[:] = clones.effect[0]
        return
    alive = np.zeros(clones.number[0], np.bool_)
    for c in range(len(cells.count)):
        for slot in range(cells.first[c], cells.first[c] + cells.count[c]):
            alive[cells.clone[slot]] = True
    bound[:] = 0.0
    for clone in range(clones.number[0]):
        if alive[clone]:
            for trait in range(len(bound)):
                bound[trait] = max(bound[trait], clones.effect[clone, trait])


@compiled
def attachment(cxcr4, laws):
    """Share of the largest attachment rate, from the unblocked CXCR4 of one cell."""
    strength = cxcr4 / laws.cxcr4_half
    strength = strength * strength if laws.cxcr4_hill == 2.0 else strength**laws.cxcr4_hill
    return laws.attach_floor + (1.0 - laws.attach_floor) * strength / (1.0 + strength)


@compiled
def inherited(cxcr4, laws, stream):
    """CXCR4 of a daughter: log-normal over cells at all times, correlated with its mother's."""
    correlation = laws.cxcr4_inheritance
    if laws.cxcr4_log_sd == 0.0 or correlation == 1.0:
        return cxcr4
    noise = math.sqrt(1.0 - correlation**2) * laws.cxcr4_log_sd * normal(stream)
    return math.exp(
        laws.cxcr4_log_mean + correlation * (math.log(cxcr4) - laws.cxcr4_log_mean) + noise
    )


@compiled
def choose(upto, row, columns, total, stream):
    """A column of a row of running sums up to ``total``, in proportion to its weight."""
    left = uniform(stream) * total  # below total, since a uniform number is below 1
    chosen = 0
    for j in range(columns):
        chosen += upto[row, j] <= left
    return chosen


@compiled
def soon(rate, length, stream):
    """A waiting time at a constant rate, given that it is shorter than ``length``."""
    while True:
        time = length * uniform(stream)
        accept = uniform(stream)
        if accept < 1.0 - rate * time or accept < math.exp(-rate * time):
            return time


@compiled
def mutated(mother, day, environment, clones, wiring, drivers, stream):
    """Found a clone that inherits the mother's traits changed by one driver; say its number."""
    driver = choose(drivers.upto, 0, drivers.upto.shape[1] - 1, 1.0, stream)
    new = clones.number[0]
    clones.number[0] = new + 1
    clones.parent[new] = mother
    clones.driver[new] = driver
    clones.born[new] = day
    for trait in range(clones.effect.shape[1]):
        clones.effect[new, trait] = clones.effect[mother, trait] * drivers.effect[driver, trait]
        environment.bound[trait] = max(environment.bound[trait], clones.effect[new, trait])
    set_rates(environment, wiring)  # larger bounds hold for all that is drawn from now on
    return new


# ---------------------------------------------------------------------- the event loop


@compiled
def step(cells, clones, environment, length, key, wiring, laws, drivers, method, tally):
    """Advance all stem cells over one segment; exact while the environment is constant.

    Events are proposed one after the other, to a class and with an outcome: by counts drawn
    beforehand (``TALLY``) or by waiting times of the whole marrow (``DIRECT``). Any cell of the
    class takes the event. What stem cells there are afterwards go on a stack; ``TALLY`` follows
    them from there to the segment's end, ``DIRECT`` puts them back at once.

    Arrays are bound to names once, and again only when one of them is full: a tuple's field or a
    changing array inside the loop would cost more than the events do.
    """
    n_classes, n_outcomes = environment.base.shape
    upto, total, bound = environment.upto, environment.total, environment.bound
    rate = environment.rate
    renewal, cxcr4_free, niche_free = (
        environment.renewal,
        environment.cxcr4_free,
        environment.niche_free,
    )
    target, attaches, tallied = wiring.target.ravel(), wiring.attaches.ravel(), tally.ravel()
    trait = wiring.trait
    subtype, anchored, cxcr4_factor = wiring.subtype, wiring.anchored, wiring.cxcr4_factor
    newborn, displaced = wiring.newborn, wiring.displaced
    first, room, count, n_clones = cells.first, cells.room, cells.count, clones.number
    mutation_probability = laws.mutation_probability

    # The segment's start: what counts are drawn from. Mutations raise rates and bounds meanwhile.
    start_rate, start_total, start_bound = rate.copy(), total.copy(), bound.copy()
    untouched = count.copy()  # cells of the start that lie where they lay
    weight = np.empty((1, n_classes))
    stream = np.empty(1, np.uint64)
    stream[0] = key
    origin, outcome, met = 0, -1, 0  # the count that is being dealt out, and what is left of it
    unassigned, probability_left, eventful = 0, 1.0, 0.0
    now = 0.0  # of the whole marrow, for DIRECT

    stacked, crowded = 0, -1
    stack = empty_stack(16)
    finished = False
    while not finished:
        if crowded >= 0:
            cells = enlarge(cells, crowded)
            crowded = -1
        if stacked + 2 > len(stack.time):
            stack = taller(stack)
        if n_clones[0] + 2 > len(clones.parent):
            clones = more_clones(clones)
        clone_of, cxcr4_of = cells.clone, cells.cxcr4
        stack_class, stack_clone, stack_cxcr4, stack_time = stack
        effect, matured = clones.effect, clones.matured
        stack_room, clone_room = len(stack_time), len(effect)

        while crowded < 0 and stacked + 2 <= stack_room and n_clones[0] + 2 <= clone_room:
            at_start, proposed = False, stacked == 0
            if stacked > 0:
                # A cell on its way.
                stacked -= 1
                c, clone = stack_class[stacked], stack_clone[stacked]
                cxcr4, time = stack_cxcr4[stacked], stack_time[stacked]
                j = 0
            else:
                # The next event proposed to some cell: its class c, its outcome j and its time.
                if method == DIRECT:
                    everything = 0.0
                    for k in range(n_classes):
                        everything += count[k] * total[k]
                        weight[0, k] = everything
                    now -= math.log(uniform(stream)) / everything  # inf if nothing can happen
                    if not now < length:
                        finished = True
                        break
                    c = choose(weight, 0, n_classes, everything, stream)
                    j = choose(upto, c, n_outcomes, total[c], stream)
                    time = now
                    edge = first[c] + count[c] - 1
                else:
                    while met == 0 and origin < n_classes:
                        outcome += 1
                        if outcome == n_outcomes or untouched[origin] == 0:
                            origin, outcome = origin + 1, -1
                            continue
                        if outcome == 0:
                            unassigned, probability_left = untouched[origin], 1.0
                            eventful = -math.expm1(-start_total[origin] * length)
                        if start_rate[origin, outcome] == 0.0:
                            continue
                        stream[0] = derive(key, origin * n_outcomes + outcome)
                        share = start_rate[origin, outcome] / start_total[origin] * eventful
                        met = binomial(unassigned, min(share / probability_left, 1.0), stream)
                        unassigned -= met
                        probability_left -= share
                    if met == 0:
                        finished = True
                        break
                    met -= 1
                    c, j = origin, outcome
                    if eventful < 0.5:
                        time = soon(start_total[c], length, stream)
                    else:
                        time = -math.log1p(-uniform(stream) * eventful) / start_total[c]
                    at_start = True
                    untouched[c] -= 1
                    edge = first[c] + untouched[c]

                # Any such cell. The last untouched one fills its slot, the last of all that one's.
                slot = first[c] + int(uniform(stream) * (edge - first[c] + 1))
                clone, cxcr4 = clone_of[slot], cxcr4_of[slot]
                count[c] -= 1
                last = first[c] + count[c]
                clone_of[slot], cxcr4_of[slot] = clone_of[edge], cxcr4_of[edge]
                clone_of[edge], cxcr4_of[edge] = clone_of[last], cxcr4_of[last]

            # Follow the cell from event to event, until it dies, divides or the segment ends.
            while True:
                if not proposed:
                    time += exponential(stream) / total[c]  # inf if nothing can happen
                    if not time < length:
                        if count[c] == room[c]:
                            stack_class[stacked], stack_clone[stacked] = c, clone
                            stack_cxcr4[stacked] = cxcr4
                            stack_time[stacked] = length
                            stacked += 1
                            crowded = c
                            break
                        slot = first[c] + count[c]
                        clone_of[slot], cxcr4_of[slot] = clone, cxcr4
                        count[c] += 1
                        break
                    j = choose(upto, c, n_outcomes, total[c], stream)
                proposed = False

                # It was proposed at the largest rate of the class: is it this cell's own?
                most = start_bound[trait[j]] if at_start else bound[trait[j]]
                at_start = False
                own = effect[clone, trait[j]]
                if attaches[c * n_outcomes + j]:
                    own *= attachment(cxcr4 * cxcr4_factor[c] * cxcr4_free, laws)
                if own >= most or uniform(stream) * most < own:
                    tallied[c * n_outcomes + j] += 1
                    after = target[c * n_outcomes + j]
                    if after >= 0:
                        c = after
                    elif after == DIES:
                        break
                    else:
                        # Each daughter is a stem cell with the probability of renewal.
                        own_renewal = min(renewal * effect[clone, RENEWAL], 1.0)
                        n_after = int(uniform(stream) < own_renewal) + int(
                            uniform(stream) < own_renewal
                        )
                        matured[clone, subtype[c]] += 2 - n_after
                        for k in range(n_after):
                            stack_class[stacked] = newborn[c]
                            # Of two, one keeps its mother's place; the other stays if it finds one.
                            if k == 1 and anchored[c] and niche_free < 1.0:
                                if uniform(stream) >= niche_free:
                                    stack_class[stacked] = displaced[c]
                            stack_clone[stacked] = clone
                            stack_cxcr4[stacked] = inherited(cxcr4, laws, stream)
                            stack_time[stacked] = time if method == TALLY else length
                            if (
                                mutation_probability > 0.0
                                and uniform(stream) < mutation_probability
                            ):
                                day = environment.start + time
                                stack_clone[stacked] = mutated(
                                    clone, day, environment, clones, wiring, drivers, stream
                                )
                            stacked += 1
                        break
                if method == DIRECT:
                    time = length
    return cells, clones


# ---------------------------------------------------------------------- what is only counted


@compiled
def mature(maturing, blasts, inflow, stage_rate, gain, loss, kill, length):
    """Advance one line of maturing cells and its blasts, in place; return the blasts.

        dM_1/dt = inflow - (k + kill) M_1
        dM_i/dt = k M_i-1 - (k + kill) M_i
        dB/dt   = gain k M_n - (loss + kill) B

    by the classical Runge-Kutta method with steps of a quarter of a day at most. ``inflow`` is in
    cells per day; ``kill``, per day, is what drugs do to maturing cells and blasts alike.
    """
    n = len(maturing)
    steps = int(math.ceil(length * max(4.0, stage_rate + kill, loss + kill)))
    h = length / steps
    state = np.empty(n + 1)
    slope = np.empty(n + 1)
    total = np.empty(n + 1)
    for _ in range(steps):
        total[:] = 0.0
        slope[:] = 0.0
        for stage in range(4):
            reach = 0.0 if stage == 0 else (h if stage == 3 else 0.5 * h)
            for i in range(n):
                state[i] = maturing[i] + reach * slope[i]
            state[n] = blasts + reach * slope[n]
            flow = inflow
            for i in range(n):
                slope[i] = flow - (stage_rate + kill) * state[i]
                flow = stage_rate * state[i]
            slope[n] = gain * flow - (loss + kill) * state[n]
            weight = 1.0 if stage == 0 or stage == 3 else 2.0
            for i in range(n + 1):
                total[i] += weight * slope[i]
        for i in range(n):
            maturing[i] += h / 6.0 * total[i]
        blasts += h / 6.0 * total[n]
    return blasts


@compiled
def form_blood(lineage, setpoint, transit_rate, feedback, progenitor_loss, count_loss, length):
    """Advance one Friberg chain, in place (Friberg et al. 2002, doi:10.1200/JCO.2002.02.140).

        dP/dt   = k P ((1 - E) (C0 / C)^gamma - 1)
        dT_i/dt = k (T_i-1 - T_i)
        dC/dt   = k T_3 - (k + loss) C

    ``lineage`` : float64[5], proliferating, three transit, circulating; ``setpoint`` : C0, lowered
    by the caller in proportion to the marrow that blasts occupy.
    """
    steps = int(math.ceil(length * max(4.0, transit_rate + count_loss)))
    h = length / steps
    state, slope, total = np.empty(5), np.empty(5), np.empty(5)
    for _ in range(steps):
        total[:] = 0.0
        slope[:] = 0.0
        for stage in range(4):
            reach = 0.0 if stage == 0 else (h if stage == 3 else 0.5 * h)
            for i in range(5):
                state[i] = lineage[i] + reach * slope[i]
            demand = (setpoint / max(state[4], 1e-9 * setpoint)) ** feedback
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
def advance(
    cells, clones, healthy, wiring, laws, drivers, regimes, segments, key, method, tally, record
):
    """Run the marrow through ``segments`` and return its cells and clones.

    The environment of a segment (drugs, burden, free niche places) is that of its start. Blasts and
    blood follow the stem cells: what matured in a segment flows in evenly over it.

    cells, clones, healthy : the state; changed in place as far as there is room
    tally : int64[class, outcome], how often each outcome happened, counted on
    record : rows to fill at the ends of segments that name one
    """
    n_classes, n_outcomes = wiring.target.shape
    n_subtypes = clones.blasts.shape[1]
    n_traits = clones.effect.shape[1]
    for s in range(len(segments.length)):
        regime = segments.regime[s]
        length = segments.length[s]
        burden = 0.0
        for clone in range(clones.number[0]):
            for subtype in range(n_subtypes):
                burden += clones.blasts[clone, subtype]
        anchored = healthy.stem_cells[0]
        n_cells = 0
        for c in range(n_classes):
            n_cells += cells.count[c]
            if wiring.anchored[c]:
                anchored += cells.count[c]

        crowded = 0.5 + (laws.renewal - 0.5) * (1.0 - burden / laws.plateau)
        environment = Environment(
            np.empty((n_classes, n_outcomes)),
            np.empty((n_classes, n_outcomes)),
            np.empty(n_classes),
            np.empty(n_traits),
            regimes.rates[regime],
            min(max(crowded, 0.0), 1.0) * regimes.renewal[regime],
            regimes.cxcr4_free[regime],
            max(1.0 - anchored / laws.niche_places, 0.0),
            segments.start[s],
        )
        if n_cells > 0:
            set_bounds(environment.bound, cells, clones)
            set_rates(environment, wiring)
            segment_key = derive(key, segments.name[s])
            cells, clones = step(
                cells, clones, environment, length, segment_key, wiring, laws, drivers, method,
                tally,
            )  # fmt: skip

        for clone in range(clones.number[0]):
            for subtype in range(n_subtypes):
                line = clones.maturing[clone, subtype]
                inflow = clones.matured[clone, subtype] / length
                clones.matured[clone, subtype] = 0.0
                if inflow == 0.0 and clones.blasts[clone, subtype] == 0.0 and line.sum() == 0.0:
                    continue
                clones.blasts[clone, subtype] = mature(
                    line,
                    clones.blasts[clone, subtype],
                    inflow,
                    laws.maturing_rate,
                    laws.gain,
                    laws.blast_loss,
                    regimes.blast_kill[regime, subtype],
                    length,
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
            record.cells[row] = cells.count
            for subtype in range(n_subtypes):
                record.blasts[row, subtype] = clones.blasts[: clones.number[0], subtype].sum()
            record.healthy[row, 0] = healthy.stem_cells[0]
            record.healthy[row, 1:] = healthy.lineages[:, 4]
    return cells, clones
