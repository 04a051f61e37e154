"""The engine against other exact engines of the same law, in one run.

    python benchmarks/other_engines.py

Stem cells without drugs, clones or blasts, by days, numbers in every class written down each day:

- its own algorithm in C (tally.c, compiled here by ``cc``): what a compiler leaves to be gained;
- NumPy, all cells at once: arrays of cells, event by event until none is left in the day;
- GillesPy2's compiled direct method (``pip install gillespy2 scons``), which counts cells: CXCR4 is
  the same in all cells, so that classes are enough.

Prints nanoseconds per cell-day and per event, their ratios to the engine's, and whether all end
with the same cells. Absolute times are this machine's; the ratios are the claim.
"""

import ctypes
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from stem_cells import BURN_IN_DAYS, CELLS, LAWS, cells_of, patient

from leukosim.biology.disease import Disease
from leukosim.marrow import kernels
from leukosim.marrow.marrow import Marrow
from leukosim.marrow.rates import Rates

DAYS = 60
ROUNDS = 7


def uniform_cxcr4(disease: Disease) -> Disease:
    """The same disease with the same CXCR4 in all cells."""
    return replace(disease, niche=replace(disease.niche, cxcr4_cell_cv=0.0))


def largest_rates(rates: Rates) -> np.ndarray:
    """The largest rates that any cell has, float64[class, outcome]."""
    table = rates.drug_free.rates[0].copy()
    for c, j in enumerate(rates.wiring.attaching):
        if j >= 0 and not rates.wiring.anchored[c]:
            table[c, j] *= rates.niche_free
    return table


# ---------------------------------------------------------------------- in C


class Law(ctypes.Structure):
    """The structure of that name in tally.c."""

    _fields_ = [
        ("classes", ctypes.c_int), ("outcomes", ctypes.c_int),
        *((name, ctypes.c_void_p) for name in (
            "rate", "target", "attaching", "newborn", "displaced", "anchored", "factor",
        )),
        *((name, ctypes.c_double) for name in (
            "half", "floor", "log_mean", "log_sd", "inheritance", "renewal", "niche_free",
        )),
    ]  # fmt: skip


def compiled_c(folder: Path) -> ctypes.CDLL:
    """tally.c as a library."""
    library = folder / "tally.so"
    source = Path(__file__).with_name("tally.c")
    command = ["cc", "-O3", "-march=native", "-shared", "-fPIC", source, "-lm", "-o", library]
    subprocess.run(command, check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.run.restype = ctypes.c_int64
    return loaded


def in_c(library: ctypes.CDLL) -> Callable[..., tuple[np.ndarray, int, float]]:
    """The runner of the algorithm in C."""

    def run(rates: Rates, classes: np.ndarray, cxcr4: np.ndarray, days: int, seed: int):
        wiring, laws = rates.wiring, rates.laws
        arrays = [
            largest_rates(rates), wiring.target, wiring.attaching, wiring.newborn,
            wiring.displaced, wiring.anchored.astype(np.int64), wiring.cxcr4_factor,
        ]  # fmt: skip
        arrays = [np.ascontiguousarray(each) for each in arrays]
        law = Law(
            *wiring.target.shape, *(each.ctypes.data for each in arrays), laws.cxcr4_half,
            laws.attach_floor, laws.cxcr4_log_mean, laws.cxcr4_log_sd, laws.cxcr4_inheritance,
            laws.renewal, rates.niche_free,
        )  # fmt: skip
        counts = np.zeros((days, len(wiring.target)), np.int64)
        of_class, own = classes.astype(np.int64), np.ascontiguousarray(cxcr4)
        begun = time.perf_counter()
        events = library.run(
            ctypes.byref(law), ctypes.c_void_p(of_class.ctypes.data),
            ctypes.c_void_p(own.ctypes.data), ctypes.c_int64(len(own)), days,
            ctypes.c_double(1.0), ctypes.c_uint64(seed), ctypes.c_void_p(counts.ctypes.data),
        )  # fmt: skip
        return counts, events, time.perf_counter() - begun

    return run


# ---------------------------------------------------------------------- all cells at once


def in_numpy(rates: Rates, classes: np.ndarray, cxcr4: np.ndarray, days: int, seed: int):
    """Cells as arrays; in each round the next event of all that have one left in the day."""
    draw = np.random.default_rng(seed)
    wiring, laws = rates.wiring, rates.laws
    table = largest_rates(rates)
    total, upto = table.sum(1), table.cumsum(1)
    counts, events = np.zeros((days, len(table)), np.int64), 0
    begun = time.perf_counter()
    for day in range(days):
        parts_class, parts_cxcr4 = [], []
        now = np.zeros(len(classes))
        while len(classes):
            now = now + draw.exponential(size=len(classes)) / total[classes]
            stays = now >= 1.0
            parts_class.append(classes[stays])
            parts_cxcr4.append(cxcr4[stays])
            c, own, now = classes[~stays], cxcr4[~stays], now[~stays]
            j = (upto[c] <= (draw.random(len(c)) * total[c])[:, None]).sum(1)
            strength = (own * wiring.cxcr4_factor[c] / laws.cxcr4_half) ** laws.cxcr4_hill
            share = laws.attach_floor + (1.0 - laws.attach_floor) * strength / (1.0 + strength)
            refused = (wiring.attaching[c] == j) & (draw.random(len(c)) >= share)
            events += int((~refused).sum())
            to = np.where(refused, c, wiring.target[c, j])
            moves = to >= 0
            divides = np.flatnonzero(to == kernels.DIVIDES)
            stem = (draw.random((2, len(divides))) < laws.renewal).sum(0)
            first, both = divides[stem > 0], divides[stem == 2]
            lost = wiring.anchored[c[both]] & (draw.random(len(both)) >= rates.niche_free)
            born = np.concatenate(
                [
                    wiring.newborn[c[first]],
                    np.where(lost, wiring.displaced[c[both]], wiring.newborn[c[both]]),
                ]
            )
            mothers = np.concatenate([first, both])
            noise = np.sqrt(1.0 - laws.cxcr4_inheritance**2) * laws.cxcr4_log_sd
            daughters = np.exp(
                laws.cxcr4_log_mean
                + laws.cxcr4_inheritance * (np.log(own[mothers]) - laws.cxcr4_log_mean)
                + noise * draw.standard_normal(len(mothers))
            )
            classes = np.concatenate([to[moves], born])
            cxcr4 = np.concatenate([own[moves], daughters])
            now = np.concatenate([now[moves], now[mothers]])
        classes, cxcr4 = np.concatenate(parts_class), np.concatenate(parts_cxcr4)
        counts[day] = np.bincount(classes, minlength=len(table))
    return counts, events, time.perf_counter() - begun


# ---------------------------------------------------------------------- GillesPy2


def in_gillespy2() -> Callable[..., tuple[np.ndarray, int, float]]:
    """The runner of GillesPy2's direct method in C++, compiled once for each law."""
    # it calls SCons by the interpreter that an environment is made from
    os.environ["PYTHONPATH"] = sysconfig.get_path("purelib")
    import gillespy2

    solvers: dict[float, tuple] = {}

    def build(rates: Rates, days: int):
        model = gillespy2.Model(name="marrow")
        table, wiring = largest_rates(rates), rates.wiring
        kinds = [gillespy2.Species(name=f"c{c}", initial_value=0) for c in range(len(table))]
        model.add_species(kinds)
        share = kernels.attachment.py_func(
            np.exp(rates.laws.cxcr4_log_mean) / rates.laws.cxcr4_half, rates.laws.cxcr4_hill,
            rates.laws.attach_floor,
        )  # fmt: skip
        renewal, free = rates.laws.renewal, rates.niche_free

        def add(c: int, rate: float, after: list[int]) -> None:
            if rate > 0.0:
                number = len(model.listOfReactions)
                constant = gillespy2.Parameter(name=f"k{number}", expression=rate)
                model.add_parameter(constant)
                products = {kinds[a]: after.count(a) for a in set(after)}
                model.add_reaction(
                    gillespy2.Reaction(
                        name=f"r{number}", reactants={kinds[c]: 1}, products=products,
                        rate=constant,
                    )
                )  # fmt: skip

        for c in range(len(table)):
            for j, rate in enumerate(table[c]):
                to = int(wiring.target[c, j])
                if wiring.attaching[c] == j:
                    rate = rate * share
                if to != kernels.DIVIDES:
                    add(c, rate, [to] if to >= 0 else [])
                    continue
                born, elsewhere = int(wiring.newborn[c]), int(wiring.displaced[c])
                stays = free if wiring.anchored[c] else 1.0
                add(c, rate * (1.0 - renewal) ** 2, [])
                add(c, rate * 2.0 * renewal * (1.0 - renewal), [born])
                add(c, rate * renewal**2 * stays, [born, born])
                add(c, rate * renewal**2 * (1.0 - stays), [born, elsewhere])
        model.timespan(gillespy2.TimeSpan(np.linspace(0.0, days, days + 1)))
        return model, gillespy2.SSACSolver(model=model, variable=True)

    def run(rates: Rates, classes: np.ndarray, cxcr4: np.ndarray, days: int, seed: int):
        key = rates.patient.doubling_days
        if key not in solvers:
            solvers[key] = build(rates, days)
        model, solver = solvers[key]
        start = np.bincount(classes, minlength=len(rates.wiring.subtype))
        first = {f"c{c}": int(n) for c, n in enumerate(start)}
        begun = time.perf_counter()
        result = model.run(solver=solver, variables=first, seed=seed)
        seconds = time.perf_counter() - begun
        counts = np.stack([result[name][1:] for name in first], axis=1).astype(np.int64)
        return counts, 0, seconds

    return run


# ---------------------------------------------------------------------- side by side


def in_engine(rates: Rates, marrow: Marrow, days: int):
    """The engine, from its own marrow."""
    marrow.tally[:] = 0
    record = np.arange(marrow.day + 1.0, marrow.day + days + 1.0)
    begun = time.perf_counter()
    counts = marrow.advance(record[-1], None, record)
    seconds = time.perf_counter() - begun
    return counts.cells.reshape(days, -1), int(marrow.tally.sum()), seconds


def compare(console: Console, law: str, peers: dict[str, Callable], cells: int = CELLS) -> None:
    """One law: engine and peers in turn from the same cells, medians of rounds."""
    disease, doubling_days = LAWS[law]
    runs: dict[str, list[tuple[float, float, float]]] = {}
    ends: dict[str, list[np.ndarray]] = {}
    for seed in range(1, ROUNDS + 1):
        marrow = Marrow(patient(uniform_cxcr4(disease), cells, doubling_days, seed))
        marrow.advance(BURN_IN_DAYS)
        start = marrow.rates, *cells_of(marrow)
        results = {"engine": in_engine(marrow.rates, marrow, DAYS)}
        results |= {name: peer(*start, DAYS, seed) for name, peer in peers.items()}
        for name, (counts, events, seconds) in results.items():
            cell_days = counts.sum()
            events = events or results["engine"][1] * cell_days / results["engine"][0].sum()
            runs.setdefault(name, []).append(
                (events / cell_days, 1e9 * seconds / cell_days, 1e9 * seconds / events)
            )
            ends.setdefault(name, []).append(counts[-1])
    title = f"{law}: {cells:,} cells, {DAYS} days, medians of {ROUNDS} rounds"
    table = Table(title=title)
    table.add_column("", no_wrap=True)
    for column in (
        "events per cell-day", "ns per cell-day", "ns per event", "times the engine", "largest |z|",
    ):  # fmt: skip
        table.add_column(column, justify="right")
    medians = {
        name: [statistics.median(x) for x in zip(*r, strict=True)] for name, r in runs.items()
    }
    ours = np.array(ends["engine"], float)
    for name, row in medians.items():
        theirs = np.array(ends[name], float)
        large = ours.mean(0) > 20.0
        error = np.sqrt((ours.var(0, ddof=1) + theirs.var(0, ddof=1)) / ROUNDS)[large]
        z = np.abs((theirs - ours).mean(0)[large] / np.maximum(error, 1e-9)).max()
        ratio = row[1] / medians["engine"][1]
        own = [f"{value:,.3g}" for value in row]
        table.add_row(name, *own, f"{ratio:,.3g}", "" if name == "engine" else f"{z:.1f}")
    console.print(table)


def main() -> None:
    """Both laws, with the peers that are installed."""
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as folder:
        peers: dict[str, Callable] = {"the same algorithm in C": in_c(compiled_c(Path(folder)))}
        peers["NumPy, all cells at once"] = in_numpy
        try:
            peers["GillesPy2, direct method in C++"] = in_gillespy2()
        except ImportError:
            print("GillesPy2 is not installed and left out", file=sys.stderr)
        Marrow(patient(Disease(), 100, 11.0)).advance(1.0)  # compile before anything is timed
        for law in LAWS:
            compare(console, law, peers)


if __name__ == "__main__":
    main()
