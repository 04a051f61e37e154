"""Exact laws that the engine must obey, checked through the very kernel that the model uses.

Every check runs :func:`leukosim.marrow.kernels.advance`, by both methods, against a law that is
written down here a second time: closed forms of birth and death, and for the whole model the list
of what a cell may do, made from the disease's numbers by plain sums instead of the arrays of
:mod:`leukosim.marrow.marrow`, with its first and second moments.

A seed that is not the default one fails by chance as often as the rows' false alarms add up to; the
limits |Z| < 3 and |Y| < 5 of the SBML suite, rather than the engine, decide that number.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console

from leukosim.marrow.marrow import METHODS
from leukosim.verification.birth_death import BirthDeath, sizes_and_extinction, suite_cases
from leukosim.verification.branching import Event, drift, moments
from leukosim.verification.clonal import (
    barcodes,
    lea_coulson,
    luria_delbrueck,
    resistance,
    resistance_at_detection,
    resistant_at_size,
)
from leukosim.verification.counted import counted_part
from leukosim.verification.descent import inheritance, mutants
from leukosim.verification.invariances import same_numbers, segments_converge
from leukosim.verification.model import (
    both_methods,
    cells_held_by_their_own,
    unequal_cells,
    whole_model,
)
from leukosim.verification.random_numbers import keyed_numbers
from leukosim.verification.replicates import Replicates
from leukosim.verification.rows import Row, error, largest, p_value, print_table
from leukosim.verification.sharing import gathered_and_scattered, kept_when_rare, shared_or_not
from leukosim.verification.written_out import model_events, reference_patient

__all__ = [
    "CHECKS",
    "BirthDeath",
    "Checked",
    "Event",
    "Replicates",
    "Row",
    "barcodes",
    "both_methods",
    "cells_held_by_their_own",
    "counted_part",
    "drift",
    "error",
    "gathered_and_scattered",
    "inheritance",
    "kept_when_rare",
    "keyed_numbers",
    "largest",
    "lea_coulson",
    "luria_delbrueck",
    "model_events",
    "moments",
    "mutants",
    "p_value",
    "print_table",
    "reference_patient",
    "resistance",
    "resistance_at_detection",
    "resistant_at_size",
    "run_checks",
    "same_numbers",
    "segments_converge",
    "shared_or_not",
    "sizes_and_extinction",
    "suite_cases",
    "unequal_cells",
    "verify",
    "whole_model",
]

CHECKS: dict[str, Callable[[int, str, int, float], Iterator[Row]]] = {
    "SBML stochastic suite": suite_cases,
    "sizes and extinction": sizes_and_extinction,
    "mutations": mutants,
    "numbers of resistant cells": luria_delbrueck,
    "resistance at detection": resistance,
    "barcodes": barcodes,
    "inheritance of CXCR4": inheritance,
    "whole model": whole_model,
    "unequal cells": unequal_cells,
    "cells held by their own CXCR4": cells_held_by_their_own,
    "agents for several cells": gathered_and_scattered,
    "few of many cells left": kept_when_rare,
    "the whole model by few agents": shared_or_not,
}


WHOLE, QUICK = 10_000, 1_000  # replicates of a check


def run_checks(
    seed: int = 1, quick: bool = False, planted_error: float = 1.0
) -> Iterator[tuple[str, Row]]:
    """Every check by both methods: its group and the row, as soon as it is known.

    Parameters
    ----------
    quick : a tenth of the 10,000 replicates
    planted_error : factor on a rate that the kernel is given and the laws are not: division, or
        in the check of unequal cells the CXCR4 of half-maximal attachment, and in those of
        resistant cells the probability of mutation
    """
    n = QUICK if quick else WHOLE
    for group, check in CHECKS.items():
        for method in METHODS:
            for row in check(seed, method, n, planted_error):
                yield f"{group}, {method}", row
    for row in both_methods(seed, n, planted_error):
        yield "both methods", row
    for row in (*counted_part(), *keyed_numbers(seed, 10 * n)):
        yield "numbers", row
    for row in (*same_numbers(seed), *segments_converge()):
        yield "what must not matter", row


@dataclass(frozen=True)
class Checked:
    """Every exact check: its group and what it found."""

    rows: list[tuple[str, Row]]
    replicates: int  # of a check, unless it says otherwise

    @property
    def passed(self) -> bool:
        """Whether all did."""
        return all(row.passed for _, row in self.rows)


def verify(seed: int = 1, quick: bool = False, console: Console | None = None) -> Checked:
    """Run and show all checks."""
    console = console or Console()
    rows = []
    with console.status("Running exact checks") as status:
        for group, row in run_checks(seed, quick):
            rows.append((group, row))
            status.update(f"Running exact checks: {group}")
    print_table(rows, console)
    return Checked(rows, QUICK if quick else WHOLE)
