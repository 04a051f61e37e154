"""Room for more cells and clones, and pruning of extinct clones."""

import numpy as np

from leukosim.marrow.compilation import compiled
from leukosim.marrow.kernels.state import BATCH, ROW, Cells, Clones


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
