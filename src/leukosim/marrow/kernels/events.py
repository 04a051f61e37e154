"""What happens to stem cells within a segment, event by event."""

import math

import numpy as np

from leukosim.marrow.compilation import compiled
from leukosim.marrow.kernels.random import (
    GOLDEN,
    SILVER,
    TWICE,
    binomial,
    derive,
    exponential,
    mix,
    normal,
    uniform,
    unit,
)
from leukosim.marrow.kernels.sharing import logarithm, packets
from leukosim.marrow.kernels.state import (
    BATCH,
    DIES,
    DIRECT,
    EVENT,
    RENEWAL,
    ROOM,
    ROW_MASK,
    SWITCH,
    TALLY,
    WEIGHT_SHIFT,
)
from leukosim.marrow.kernels.table import enlarge, more_clones


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
    met, dealt, outcome_key = 0, 0, key  # how many are still to be dealt, how many were, their key
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
                    event.stream = derive(stream[0], 0)
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
                    outcome_key, dealt = derive(key, origin * n_outcomes + outcome), 0
                    if eventful > MOSTLY:
                        met, outcome = unassigned, n_outcomes
                    elif start_rate[origin, outcome] > 0.0:
                        stream[0] = derive(outcome_key, 0)
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
                        # by position: a cell more at the bucket's end changes no other's stream
                        walker.stream = outcome_key + np.uint64(edge - bottom + 1) * SILVER
                    n_walkers += n
                else:
                    helps, most = attaching[origin] == outcome, start_bound[trait[outcome]]
                    for i in range(n):
                        edge -= 1
                        state = outcome_key + np.uint64(dealt + i + 1) * SILVER + GOLDEN
                        slot = np.uint64(bottom + int(unit(mix(state)) * (edge - bottom + 1)))
                        event = events[np.uint64(n_events + i)]
                        event.place, event.outcome = origin, outcome
                        event.clone, event.cxcr4 = clone_of[slot], cxcr4_of[slot]
                        clone_of[slot] = clone_of[np.uint64(edge)]
                        cxcr4_of[slot] = cxcr4_of[np.uint64(edge)]
                        time, state = soon(rate, length, state)
                        event.time, event.stream = time, state
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
                state = event.stream + GOLDEN
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
                        walker.stream = derive(state, 0)
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
                    walker.time, walker.stream = time, state
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
                    walker.time, walker.stream = time, life
                    n_walkers += 1
                    # Of many that are meant one mutates; it is one cell more, of very many.
                    if mutant != founder:
                        walker = walkers[np.uint64(n_walkers)]
                        walker.place, walker.clone, walker.cxcr4 = daughter, mutant, own_cxcr4
                        walker.time, walker.stream = time, derive(life, 0)
                        n_walkers += 1

            # 3. Follow those on their way, each at its own rate of attachment.
            n_events = begin
            for i in range(n_walkers):
                walker = walkers[np.uint64(i)]
                c, known, cxcr4 = walker.place, walker.clone, walker.cxcr4
                rate = total[c]
                rate -= helped[c] * (1.0 - attachment(cxcr4 * reach[c], hill, floor[c]))
                waiting, state = exponential(walker.stream)
                time = walker.time + waiting / rate  # inf if nothing can happen
                stays = not time < limit
                # Written to both: which is right cannot be foreseen, and a wrong guess costs more.
                slot = np.uint64(first[c] + count[c])
                clone_of[slot], cxcr4_of[slot] = known, cxcr4
                count[c] += stays
                event = events[np.uint64(n_events)]
                event.place, event.clone, event.cxcr4 = c, known, cxcr4
                event.time, event.stream, event.chance = time, state, rate
                n_events += not stays
            n_walkers = 0
            alike = alike and n_clones[0] == n_before

            # 4. Choose what comes next.
            for i in range(begin, n_events):
                event = events[np.uint64(i)]
                c = event.place
                event.stream += GOLDEN
                j = choose(upto, c, n_outcomes, unit(mix(event.stream)) * event.chance)
                event.outcome = j + (j == n_outcomes) * (attaching[c] - n_outcomes)
                event.chance = 1.0
                if not alike:
                    kind = trait[event.outcome]
                    event.chance = effect[event.clone & ROW_MASK, kind] / bound[kind]
                    if shared and kind == SWITCH:
                        to = subtype[target[c, event.outcome]]
                        event.chance *= packets(event.clone, packet[to])
    return cells, clones
