"""The exact event loop: all compiled code of the package.

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
that two arms of a trial that differ in one drug share all the random numbers they can share, and
results do not depend on how a run is cut into calls.

Numbers come in as arguments. A file holds one part: :mod:`state` the arrays, :mod:`random` the
keyed random numbers, :mod:`table` room and pruning, :mod:`sharing` agents that stand for several
cells, :mod:`events` what happens to cells, :mod:`blood` maturing cells and healthy blood, and
:mod:`advance` the loop over segments.
"""

from leukosim.marrow.kernels.advance import advance, write_down
from leukosim.marrow.kernels.blood import form_blood, mature, passage
from leukosim.marrow.kernels.events import (
    MOSTLY,
    attachment,
    choose,
    inherited,
    more_events,
    mutated,
    set_bounds,
    set_rates,
    soon,
    step,
)
from leukosim.marrow.kernels.random import (
    EDGE,
    GOLDEN,
    HEIGHT,
    INVERSE,
    LAYER,
    MANY,
    MIX_1,
    MIX_2,
    ONE,
    SHIFT_12,
    SHIFT_27,
    SHIFT_30,
    SHIFT_31,
    SILVER,
    TO_UNIT,
    TWICE,
    binomial,
    binomial_quantile,
    derive,
    exponential,
    log_binomial_probability,
    mix,
    normal,
    uniform,
    unit,
    ziggurat,
)
from leukosim.marrow.kernels.sharing import (
    MOST_MUTANTS,
    gather,
    is_too_large,
    logarithm,
    most_together,
    packets,
    scatter,
    set_packets,
    weigh,
)
from leukosim.marrow.kernels.state import (
    APOPTOSIS,
    BATCH,
    CYCLE,
    DIES,
    DIRECT,
    DIVIDES,
    DIVISION,
    EVENT,
    EVERY_CELL,
    PLACE,
    RENEWAL,
    ROOM,
    ROW,
    ROW_BITS,
    ROW_MASK,
    S_PHASE_KILL,
    SWITCH,
    TALLY,
    TWICE_AS_MANY,
    WEIGHT_SHIFT,
    Bench,
    Cells,
    Clones,
    Drivers,
    Environment,
    Healthy,
    Laws,
    Record,
    Regimes,
    Segments,
    Sharing,
    Wiring,
)
from leukosim.marrow.kernels.table import FEW_CLONES, enlarge, more_clones, prune

__all__ = [
    "APOPTOSIS",
    "BATCH",
    "CYCLE",
    "DIES",
    "DIRECT",
    "DIVIDES",
    "DIVISION",
    "EDGE",
    "EVENT",
    "EVERY_CELL",
    "FEW_CLONES",
    "GOLDEN",
    "HEIGHT",
    "INVERSE",
    "LAYER",
    "MANY",
    "MIX_1",
    "MIX_2",
    "MOSTLY",
    "MOST_MUTANTS",
    "ONE",
    "PLACE",
    "RENEWAL",
    "ROOM",
    "ROW",
    "ROW_BITS",
    "ROW_MASK",
    "SHIFT_12",
    "SHIFT_27",
    "SHIFT_30",
    "SHIFT_31",
    "SILVER",
    "SWITCH",
    "S_PHASE_KILL",
    "TALLY",
    "TO_UNIT",
    "TWICE",
    "TWICE_AS_MANY",
    "WEIGHT_SHIFT",
    "Bench",
    "Cells",
    "Clones",
    "Drivers",
    "Environment",
    "Healthy",
    "Laws",
    "Record",
    "Regimes",
    "Segments",
    "Sharing",
    "Wiring",
    "advance",
    "attachment",
    "binomial",
    "binomial_quantile",
    "choose",
    "derive",
    "enlarge",
    "exponential",
    "form_blood",
    "gather",
    "inherited",
    "is_too_large",
    "log_binomial_probability",
    "logarithm",
    "mature",
    "mix",
    "more_clones",
    "more_events",
    "most_together",
    "mutated",
    "normal",
    "packets",
    "passage",
    "prune",
    "scatter",
    "set_bounds",
    "set_packets",
    "set_rates",
    "soon",
    "step",
    "uniform",
    "unit",
    "weigh",
    "write_down",
    "ziggurat",
]
