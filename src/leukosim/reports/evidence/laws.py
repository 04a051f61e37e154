"""The sections on exact checks: each law in a sentence, and what was compared with it."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from leukosim.reports.document import Block, Heading, Paragraph, Section, Table
from leukosim.verification import Row

SUITE = "SBML stochastic suite"
UNCHANGED = "what must not matter"
# What each group of checks compares the engine with. Groups are those of leukosim.verification.
LAWS = {
    SUITE:
    "Linear birth and death, cases 00001-00019 of the discrete stochastic models test suite "
    "(DSMTS) of SBML (Evans et al. 2008, doi:10.1093/bioinformatics/btm566). Mean and variance at "
    "days 10 to 50 are known in closed form. The limits are the suite's: 3 standard errors for "
    "means, 5 for variances; those of variances use the exact kurtosis. Cases 00020-00039 have an "
    "inflow from outside or reactions of two molecules, which this engine does not have.",
    "sizes and extinction":
    "A clone of one cell that divides and dies is extinct, or of a size, "
    "with the probabilities of a modified geometric law (Kendall 1948), however many segments time "
    "is cut into.",
    "mutations":
    "A daughter mutates with a fixed probability: how many mutations there are, in whom, "
    "and how many replicates are spared follow from the law of branching with types.",
    "numbers of resistant cells":
    "The number of mutants in a population of a given size (Luria and "
    "Delbrück 1943; Lea and Coulson 1949), here of exactly that size.",
    "resistance at detection":
    "The probability that a tumour holds a resistant cell when it is found "
    "(Iwasa, Nowak and Michor 2006).",
    "barcodes":
    "Labels of single cells are inherited without change while clones mutate and the table "
    "of clones is pruned; how many are left follows the law of extinction.",
    "inheritance of CXCR4":
    "Daughters inherit CXCR4 with noise: along lines of descent its logarithm "
    "is an autoregressive process with known mean and variance.",
    "whole model":
    "All 24 classes of stem cells (subtype, place, phase) and their sums, while drugs are "
    "switched on and off at times off any grid: means and covariances of a branching process with "
    "types, by matrix exponentials of rates that are written down a second time.",
    "unequal cells":
    "The same where cells differ in CXCR4, by integration over its log-normal law.",
    "cells held by their own CXCR4":
    "The same where CXCR4 blockade detaches each cell by its own CXCR4.",
    "agents for several cells":
    "In very large marrows an agent stands for several cells. Means must not "
    "change; variances are those of as many independent agents.",
    "few of many cells left":
    "Where cells become few, each must become an agent of its own again: how "
    "often none is left follows the binomial law.",
    "the whole model by few agents":
    "The whole model with two cells an agent against one.",
    "both methods":
    "Two algorithms simulate the same law: one that counts events by class, and "
    "Gillespie's direct method, event by event. With everything switched on their means and "
    "distributions must agree.",
    "numbers":
    "What is not drawn but counted (maturing cells, blasts, blood) against matrix "
    "exponentials, and the random numbers against published outputs and SciPy's laws.",
    UNCHANGED:
    "Numbers of workers, what is written down, who else is in the trial and pauses must "
    "change no number at all: every variable of the result is compared, bit for bit. The length of "
    "segments, in which drug levels are held constant, is the one approximation of time.",
}  # fmt: skip
INVARIANCES = (
    UNCHANGED, "both methods", "agents for several cells", "few of many cells left",
    "the whole model by few agents",
)  # fmt: skip
HEADS = ["what is compared", "statistic", "tally", "direct", "allowed", "false alarms", "verdict"]
WIDTHS = [4.2, 1.5, 0.8, 0.8, 1.3, 1.3, 0.8]

Checked = Sequence[tuple[str, Row]]  # group, perhaps with its method, and row


def sections(rows: Checked, n: int) -> list[Section]:
    """The test suite's cases, the other laws, and what must not matter.

    n : replicates of a check
    """
    groups = by_group(rows)
    others = [name for name in groups if name != SUITE and name not in INVARIANCES]
    opening = Paragraph(
        "Every check runs the compiled kernel that the model runs, by both of its methods: tally, "
        f"the default, and direct, Gillespie's. A check has {n:,} replicates unless it says "
        "otherwise. Z and Y are deviations of means and variances in standard errors; of several "
        "the largest is shown, of several p-values the smallest. A false alarm is a check that an "
        "exact engine fails by chance with a fresh seed; 0 where nothing is drawn."
    )
    return [
        Section("Exact laws", [opening, *blocks(groups, others)]),
        Section("Cases of the DSMTS", blocks(groups, [SUITE], headed=False)),
        Section("Invariance and convergence", blocks(groups, INVARIANCES)),
    ]


def by_group(rows: Checked) -> dict[str, list[tuple[str, list[Row]]]]:
    """Name of the group -> for each method, or "" where both are in one, its rows."""
    groups: dict[str, list[tuple[str, list[Row]]]] = {}
    for heading, result in groupby(rows, key=lambda each: each[0]):
        name, _, method = heading.partition(", ")
        groups.setdefault(name, []).append((method, [row for _, row in result]))
    return groups


def blocks(
    groups: dict[str, list[tuple[str, list[Row]]]], names: Iterable[str], headed: bool = True
) -> list[Block]:
    """A law, then its checks; for each of the names that was checked."""
    result: list[Block] = []
    for name in names:
        if name in groups:
            result += [Heading(name[:1].upper() + name[1:])] if headed else []
            result += [Paragraph(LAWS[name]), checks_table(groups[name])]
    return result


def checks_table(of_methods: list[tuple[str, list[Row]]]) -> Table:
    """A line for each check; both methods in one line where there are two."""
    lines = zip(*(rows for _, rows in of_methods), strict=True)
    rows = []
    for line in lines:
        values = [f"{row.value:.3g}" for row in line]
        passed = all(row.passed for row in line)
        chance = max(row.false_alarm for row in line)
        rows.append([
            line[0].name, line[0].statistic, *values, *["–"] * (2 - len(values)), line[0].allowed,
            f"{chance:.1e}" if chance else "0", "passed" if passed else "FAILED",
        ])  # fmt: skip
    heads = HEADS if len(of_methods) == 2 else [*HEADS[:2], "value", "", *HEADS[4:]]
    if len(of_methods) == 1:
        heads, widths = [h for h in heads if h], [w for i, w in enumerate(WIDTHS) if i != 3]
        rows = [[*row[:3], *row[4:]] for row in rows]
        return Table(heads, rows, widths=widths)
    return Table(heads, rows, widths=WIDTHS)


def verdict(rows: Checked) -> str:
    """How many checks passed, and how many an exact engine would fail by chance."""
    passed = sum(row.passed for _, row in rows)
    chance = sum(row.false_alarm for _, row in rows)
    return (
        f"{passed} of {len(rows)} exact checks passed. With a fresh seed an exact engine would "
        f"fail {chance:.2g} of them on average, nearly all by the test suite's limit of 3 standard "
        "errors."
    )
