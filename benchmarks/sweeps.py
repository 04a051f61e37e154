"""What a sweep costs beside its simulations, and what more workers bring, in one run.

    python benchmarks/sweeps.py            # three minutes
    python benchmarks/sweeps.py --full     # and 1,000 scenarios of 128 patients in three arms

Everything is measured with the real study of RELAZA2. Overhead is all that a scenario costs when
its courses are there already: check, gather, write, merge. Absolute times are this machine's.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.table import Table

from leukosim.config.compose import compose_plain
from leukosim.config.interpolation import table_of_points
from leukosim.results import output_folder
from leukosim.runs import sweep
from leukosim.runs.scheduling import run_missing
from leukosim.trial import run

PATIENTS = 128
LEVELS = np.geomspace(1e-4, 1e-1, 1000)  # of the trigger: what is swept
WORKERS = 2
MIB = 2**20  # bytes


def scenarios(number: int, patients: int, folder: Path, *overrides: str) -> sweep.Sweep:
    """A sweep over triggers, checked."""
    base = compose_plain(["study=relaza2", f"cohort.size={patients}", *overrides])
    chosen = LEVELS[:: len(LEVELS) // number]
    points = [{"trigger.level": float(level)} for level in chosen]
    return sweep.check(table_of_points(base, points, str(folder)))


def finish(table: sweep.Sweep, workers: int) -> None:
    """Run all scenarios and merge them."""
    output_folder.prepare_folder(table.folder)
    failed = run_missing(table, table.missing(), workers, lambda done: None, lambda finished: None)
    assert not failed, failed
    sweep.merge(table, failed)


@contextmanager
def courses_known() -> Iterator[None]:
    """Follow courses when they are first asked for; later, all else is left to be paid."""
    treat_block, known = run.treat_block, {}

    def remembered(patients, arms, protocol, record_days, method, agents):
        key = patients[0].index, len(patients), tuple(arm.trigger for arm in arms)
        if key not in known:
            known[key] = treat_block(patients, arms, protocol, record_days, method, agents)
        return known[key]

    with patch("leukosim.trial.run.treat_block", remembered):
        yield


def overhead(console: Console, folder: Path) -> None:
    """Milliseconds a scenario beyond simulating, by the number of scenarios and of patients."""
    table = Table(
        "scenarios", "patients", "CPU ms a scenario", "MiB of results", "MiB of parts",
        title="Overhead: check, gather, write and merge scenarios whose courses are there",
    )  # fmt: skip
    for number, patients in ((10, 1), (1000, 1), (100, 16), (50, PATIENTS), (200, PATIENTS)):
        where = folder / f"{number}-of-{patients}"
        with courses_known():
            finish(scenarios(number, patients, where / "before"), 1)
            begun = time.process_time()
            finish(scenarios(number, patients, where / "again"), 1)
            spent = 1e3 * (time.process_time() - begun) / number
        results, parts = sizes(where / "again")
        table.add_row(
            f"{number:,}", f"{patients}", f"{spent:.1f}", f"{results:.2f}", f"{parts:.2f}"
        )
    console.print(table)


def sizes(folder: Path) -> tuple[float, float]:
    """MiB of the merged results, and of the parts that they were made of."""
    kept = (folder / sweep.SCENARIOS).iterdir()
    parts = sum(path.stat().st_size for path in kept)
    return (folder / output_folder.RESULTS).stat().st_size / MIB, parts / MIB


def more_workers(console: Console, folder: Path) -> None:
    """The same scenarios by one process, by threads and by several, each after a warm-up."""
    table = Table("engine", "workers", "s", "times as fast", title="16 scenarios of 24 patients")
    alone = np.nan
    for engine, workers in (("processes", 1), ("threads", WORKERS), ("processes", WORKERS)):
        finish(scenarios(4, 8, folder / f"warm-{engine}-{workers}", f"executor={engine}"), workers)
        begun = time.perf_counter()
        finish(scenarios(16, 24, folder / f"{engine}-{workers}", f"executor={engine}"), workers)
        spent = time.perf_counter() - begun
        alone = spent if workers == 1 else alone
        table.add_row(engine, f"{workers}", f"{spent:.1f}", f"{alone / spent:.2f}")
    console.print(table)


def full(console: Console, folder: Path) -> None:
    """1,000 scenarios of 128 patients in three arms: time, memory, size."""
    begun = time.perf_counter()
    finish(scenarios(1000, PATIENTS, folder / "full"), WORKERS)
    spent = time.perf_counter() - begun
    results, parts = sizes(folder / "full")
    console.print(
        f"1,000 scenarios x {PATIENTS} patients x 3 arms, {WORKERS} workers: {spent / 60:.1f} min, "
        f"{results:.0f} MiB of results, {parts:.0f} MiB of parts"
    )


def memory(console: Console) -> None:
    """The most memory that this process and the largest of its workers have taken."""
    here, workers = (
        resource.getrusage(who).ru_maxrss / 2**10  # of KiB
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    console.print(f"Peak memory: {here:.0f} MiB here, {workers:.0f} MiB in the largest worker")


def main() -> None:
    """Run all, one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true", help="some seven minutes on two cores")
    options = parser.parse_args()
    console = Console(width=110)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        overhead(console, folder)
        more_workers(console, folder)
        if options.full:
            full(console, folder)
    memory(console)


if __name__ == "__main__":
    main()
