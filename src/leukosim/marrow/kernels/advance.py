"""The loop over segments: from one visit to the next in a single call."""

import math

import numpy as np

from leukosim.marrow.compilation import compiled
from leukosim.marrow.kernels.blood import form_blood, mature, passage
from leukosim.marrow.kernels.events import set_bounds, set_rates, step
from leukosim.marrow.kernels.random import derive
from leukosim.marrow.kernels.sharing import gather, most_together, scatter, set_packets, weigh
from leukosim.marrow.kernels.state import BATCH, EVENT, ROOM, SWITCH, Bench, Environment
from leukosim.marrow.kernels.table import prune


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
            rng = derive(segment_key, n_classes * n_outcomes)
            largest = most_together(laws.mutation_probability)
            gather(cells, clones, wiring.subtype, sharing.fewest, largest, rng)
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

        crowded = 0.5 + (laws.renewal - 0.5) * (1.0 - burden / laws.carrying_capacity)
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
