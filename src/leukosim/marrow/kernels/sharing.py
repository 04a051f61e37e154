"""Agents that stand for several cells: joined where there are many cells, parted where few."""

import math

import numpy as np

from leukosim.marrow.compilation import compiled
from leukosim.marrow.kernels.random import GOLDEN, ONE, derive, mix, unit
from leukosim.marrow.kernels.state import ROW, ROW_BITS, TWICE_AS_MANY, WEIGHT_SHIFT
from leukosim.marrow.kernels.table import enlarge

MOST_MUTANTS = 0.1  # expected of the cells that an agent stands for, in a division


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
