"""What a trial of each study costs on one core, and how much of that is the engine, in one run.

    python benchmarks/studies.py           # two minutes, after a first compilation

The rest is Python: visits, assays, rules, exposures, rates. Every trial is run once with few
patients before it is measured. Absolute times are this machine's.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from leukosim.config.compose import compose
from leukosim.config.schema import Config
from leukosim.marrow import kernels
from leukosim.runs.configured import treat

STUDIES = ("relaza2", "blast", "venetoclax_resistance", "clonal_relapse")
PATIENTS, FEW, ARMS = 128, 8, 2
WORKERS = 2


@contextmanager
def engine_timed() -> Iterator[list[float]]:
    """Seconds of every call of the engine."""
    advance, spent = kernels.advance, []

    def timed(*arguments):
        begun = time.perf_counter()
        result = advance(*arguments)
        spent.append(time.perf_counter() - begun)
        return result

    with patch("leukosim.marrow.kernels.advance.advance", timed):
        yield spent


def trial(study: str, patients: int) -> Config:
    """The first two arms of a study."""
    config = compose([f"study={study}", f"cohort.size={patients}"])
    return replace(config, arms=config.arms[:ARMS])


def seconds(config: Config, workers: int) -> float:
    """How long a trial takes."""
    begun = time.perf_counter()
    treat(config, workers)
    return time.perf_counter() - begun


def main() -> None:
    """Every study, one after the other."""
    table = Table(
        "study", "years", "s, one core", "engine", "calls of the engine", f"s, {WORKERS} workers",
        title=f"{PATIENTS} patients in {ARMS} arms",
    )  # fmt: skip
    for study in STUDIES:
        seconds(trial(study, FEW), 1)
        config = trial(study, PATIENTS)
        with engine_timed() as spent:
            alone = seconds(config, 1)
        seconds(trial(study, FEW), WORKERS)
        shared = seconds(config, WORKERS)
        years, engine = config.horizon_days / 365.25, sum(spent) / alone
        row = f"{years:.0f}", f"{alone:.1f}", f"{engine:.0%}", f"{len(spent):,}", f"{shared:.1f}"
        table.add_row(study, *row)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
