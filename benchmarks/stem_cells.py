"""The engine against object-per-cell mesa models of the same law, in one run.

    python benchmarks/stem_cells.py

Both advance by days and write down the number of cells in every class each day. Prints nanoseconds
per cell-day and per event for both, their ratio, whether both end with the same cells, how much the
common randomness of two arms reduces the variance of their difference, and what patients at
diagnosis cost, with up to 1e8 stem cells. Absolute times are this machine's; the ratios are the
claim.
"""

import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import mesa
import numpy as np
from rich.console import Console
from rich.table import Table

from leukosim.biology.cycle import Cycle
from leukosim.biology.disease import Disease
from leukosim.biology.niche import Niche
from leukosim.biology.patient import Patient
from leukosim.clinic.drugs.azacitidine import Azacitidine
from leukosim.clinic.drugs.drug import Dose, exposure
from leukosim.marrow import kernels
from leukosim.marrow.marrow import Marrow
from leukosim.marrow.rates import Rates

CELLS = 10_000
BURN_IN_DAYS, ENGINE_DAYS, MESA_DAYS = 20, 120, 3
ROUNDS = 5


def patient(disease: Disease, cells: int, doubling_days: float, seed: int = 1) -> Patient:
    """A patient whose marrow neither fills up nor mutates while it is timed."""
    return Patient(
        index=0,
        seed=seed,
        disease=disease,
        genotype="NPM1",
        doubling_days=doubling_days,
        residual_stem_cells=cells,
        composition=(0.10, 0.70, 0.15, 0.05),
        cxcr4=7.1,
        lsc_frequency=1e-6,
        carrying_capacity=1e30,
        reserve_shift=0.0,
        responsiveness={"azacitidine": 0.5},
        transcript_ratio=10.0,
        death_rate=0.0,
        overt_death_rate=0.0,
        body_surface_m2=1.8,
    )


BUSY = Disease(niche=Niche(egress_rate=0.025))
QUIET = Disease(niche=Niche(egress_rate=0.001), cycle=Cycle(g0_exit_in_niche=0.0035))
LAWS = {"busy": (BUSY, 120.0), "quiet": (QUIET, 400.0)}


# ---------------------------------------------------------------------- the peer


class StemCell(mesa.Agent):
    """One leukaemic stem cell as an object, with its own exact waiting times."""

    def __init__(self, model: "MarrowOfObjects", cell_class: int, cxcr4: float):
        super().__init__(model)
        self.cell_class = cell_class
        self.cxcr4 = cxcr4

    def step(self) -> None:
        """Live through a day."""
        self.live(0.0)

    def live(self, now: float) -> None:
        """Live from a time of the day to its end: usually nothing happens."""
        model = self.model
        draw = model.random
        while True:
            total, outcomes = model.table[self.cell_class]
            now += draw.expovariate(total)
            if now >= 1.0:
                return
            left = draw.random() * total
            for outcome in outcomes:
                left -= outcome[0]
                if left < 0.0:
                    break
            _, kind, target = outcome
            if kind == "attach" and draw.random() >= model.attachment(self):
                continue
            model.events += 1
            if kind == "divide":
                n_stem = (draw.random() < model.renewal) + (draw.random() < model.renewal)
                if n_stem == 0:
                    self.remove()
                    return
                self.cell_class = model.newborn[self.cell_class]
                mother = self.cxcr4
                self.cxcr4 = model.inherited(mother)
                if n_stem == 2:
                    born_into = self.cell_class
                    if model.anchored[born_into] and draw.random() >= model.niche_free:
                        born_into = model.displaced[born_into]
                    StemCell(model, born_into, model.inherited(mother)).live(now)
            else:
                self.cell_class = target


class MarrowOfObjects(mesa.Model):
    """A marrow of stem cells, a day a step; the rates are those of the engine."""

    def __init__(self, rates: Rates, classes: np.ndarray, cxcr4: np.ndarray, seed: int):
        super().__init__(seed=seed)
        table = rates.drug_free.rates[0]
        wiring, laws = rates.wiring, rates.laws
        self.laws = laws
        self.renewal = laws.renewal
        self.niche_free = rates.niche_free
        self.newborn, self.displaced = wiring.newborn.tolist(), wiring.displaced.tolist()
        self.anchored = wiring.anchored.tolist()
        self.events = 0
        self.table = []
        for c in range(len(table)):
            outcomes = []
            for j in np.argsort(-table[c]):  # frequent ones first
                rate, target = float(table[c, j]), int(wiring.target[c, j])
                kind = "divide" if target == kernels.DIVIDES else "move"
                if wiring.attaching[c] == j:
                    kind, rate = "attach", rate * self.niche_free
                if rate > 0.0:
                    outcomes.append((rate, kind, target))
            self.table.append((sum(rate for rate, _, _ in outcomes), outcomes))
        for cell_class, own in zip(classes.tolist(), cxcr4.tolist(), strict=True):
            StemCell(self, cell_class, own)
        # the engine writes down its classes every day, too
        self.datacollector = mesa.DataCollector(
            {"cells": lambda model: Counter(cell.cell_class for cell in model.agents)}
        )

    def attachment(self, cell: StemCell) -> float:
        """Share of the largest attachment rate."""
        strength = (cell.cxcr4 / self.laws.cxcr4_half) ** self.laws.cxcr4_hill
        floor = self.laws.attach_floor
        return floor + (1.0 - floor) * strength / (1.0 + strength)

    def inherited(self, cxcr4: float) -> float:
        """CXCR4 of a daughter."""
        laws, correlation = self.laws, self.laws.cxcr4_inheritance
        noise = (1.0 - correlation**2) ** 0.5 * laws.cxcr4_log_sd * self.random.gauss(0.0, 1.0)
        centred = np.log(cxcr4) - laws.cxcr4_log_mean
        return float(np.exp(laws.cxcr4_log_mean + correlation * centred + noise))

    def step(self) -> None:
        """A day, cells in random order: the usual idiom."""
        self.agents.shuffle_do("step")
        self.datacollector.collect(self)


class MarrowInTurn(MarrowOfObjects):
    """The same with cells in turn: faster, and the same law, as these cells are independent."""

    def step(self) -> None:
        """A day, cells in the order of their birth."""
        self.agents.do("step")
        self.datacollector.collect(self)


PEERS = {"mesa, cells in random order": MarrowOfObjects, "mesa, cells in turn": MarrowInTurn}


# ---------------------------------------------------------------------- speed


def cells_of(marrow: Marrow) -> tuple[np.ndarray, np.ndarray]:
    """Class and CXCR4 of every stem cell."""
    cells = marrow.cells
    slots = [np.arange(first, first + n) for first, n in zip(cells.first, cells.count, strict=True)]
    return np.repeat(np.arange(len(cells.count)), cells.count), cells.cxcr4[np.concatenate(slots)]


def time_engine(disease: Disease, doubling_days: float, method: str, seed: int) -> dict[str, float]:
    """Nanoseconds per cell-day and per event over days of constant environment."""
    marrow = Marrow(patient(disease, CELLS, doubling_days, seed), method)
    marrow.advance(BURN_IN_DAYS)
    marrow.tally[:] = 0
    days = np.arange(BURN_IN_DAYS + 1, BURN_IN_DAYS + ENGINE_DAYS + 1)
    begun = time.perf_counter()
    counts = marrow.advance(days[-1], record_days=days)
    seconds = time.perf_counter() - begun
    return costs(seconds, float(counts.cells.sum()), int(marrow.tally.sum()))


def time_mesa(
    peer: type[MarrowOfObjects], disease: Disease, doubling_days: float, seed: int
) -> dict[str, float]:
    """The same for objects, from the same cells."""
    marrow = Marrow(patient(disease, CELLS, doubling_days, seed))
    marrow.advance(BURN_IN_DAYS)
    model = peer(marrow.rates, *cells_of(marrow), seed)
    seconds, cell_days = 0.0, 0.0
    for _ in range(MESA_DAYS):
        begun = time.perf_counter()
        model.step()
        seconds += time.perf_counter() - begun
        cell_days += len(model.agents)
    return costs(seconds, cell_days, model.events)


def costs(seconds: float, cell_days: float, events: int) -> dict[str, float]:
    """What a cell-day and an event cost, in nanoseconds."""
    return {
        "ns per cell-day": 1e9 * seconds / cell_days,
        "ns per event": 1e9 * seconds / events,
        "events per cell-day": events / cell_days,
    }


def compare_speed(console: Console) -> None:
    """Engine and peers in turn, several rounds, medians; the ratios are of medians."""
    for law, (disease, doubling_days) in LAWS.items():
        runs: dict[str, list[dict[str, float]]] = {}
        for seed in range(1, ROUNDS + 1):
            for method in ("tally", "direct"):
                measured = time_engine(disease, doubling_days, method, seed)
                runs.setdefault(f"engine, {method}", []).append(measured)
            for name, peer in PEERS.items():
                measured = time_mesa(peer, disease, doubling_days, seed)
                runs.setdefault(name, []).append(measured)
        median = {
            name: {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
            for name, rounds in runs.items()
        }
        ours = median["engine, tally"]["ns per cell-day"]
        table = Table(title=f"{law}: {CELLS:,} cells, medians of {ROUNDS} rounds")
        for column in ("", *next(iter(median.values())), "times the engine"):
            table.add_column(column, justify="left" if column == "" else "right")
        for name, row in median.items():
            ratio = row["ns per cell-day"] / ours
            table.add_row(name, *(f"{value:,.3g}" for value in row.values()), f"{ratio:,.3g}")
        console.print(table)


def compare_laws(console: Console, replicates: int = 40, cells: int = 200) -> None:
    """Both must end with the same mean numbers: |z| of every large class after some days."""
    disease, doubling_days = LAWS["busy"]
    ends: dict[str, list[np.ndarray]] = {"engine": [], "mesa": []}
    for seed in range(replicates):
        marrow = Marrow(patient(disease, cells, doubling_days, seed))
        n_classes = len(marrow.cells.count)
        model = MarrowInTurn(marrow.rates, *cells_of(marrow), seed)
        marrow.advance(BURN_IN_DAYS)
        for _ in range(BURN_IN_DAYS):
            model.step()
        ends["engine"].append(marrow.cells.count.copy())
        classes = [cell.cell_class for cell in model.agents]
        ends["mesa"].append(np.bincount(classes, minlength=n_classes))
    engine, objects = (np.array(ends[name], float) for name in ("engine", "mesa"))
    large = engine.mean(0) > 1.0
    error = np.sqrt((engine.var(0, ddof=1) + objects.var(0, ddof=1)) / replicates)[large]
    z = (engine.mean(0) - objects.mean(0))[large] / error
    console.print(
        f"Same law: after {BURN_IN_DAYS} days the two differ by at most |z| = {abs(z).max():.1f} "
        f"in {large.sum()} classes ({replicates} marrows of {cells} cells each)"
    )


# ---------------------------------------------------------------------- shared random numbers


def final_cells(seed: int, treated: bool, days: float = 84.0) -> float:
    """log10 of stem cells (and one) of a marrow that began with few, under a drug or none."""
    drug = Azacitidine().drug()
    doses = [Dose("azacitidine", day, 135.0) for day in range(7)] if treated else []
    responds = replace(patient(Disease(), 20, 14.0, seed), responsiveness={"azacitidine": 0.2})
    marrow = Marrow(responds)
    marrow.advance(days, exposure({"azacitidine": drug}, doses, 0.0, days, responds))
    return float(np.log10(1 + marrow.stem_cells.sum()))


def shared_luck(console: Console, pairs: int = 400) -> None:
    """How much smaller the variance of a difference is when arms share their random streams."""
    treated = np.array([final_cells(seed, True) for seed in range(pairs)])
    untreated = np.array([final_cells(seed, False) for seed in range(pairs)])
    others = np.array([final_cells(seed + pairs, False) for seed in range(pairs)])
    shared, separate = np.var(treated - untreated, ddof=1), np.var(treated - others, ddof=1)
    console.print(
        f"Shared random numbers: the variance of the difference of two arms (log10 stem cells "
        f"after 84 days, one cycle of azacitidine or none, the same patient {pairs} times) is "
        f"{separate / shared:.1f} times smaller with common random numbers"
    )


def large_marrows(console: Console) -> None:
    """Patients at diagnosis with ever more stem cells, two years: by few agents, or by all."""
    table = Table(
        "stem cells", "agents at the end", "s", "every cell an agent, s", "times as long",
        title="At diagnosis, two years: up to 40,000 cells are an agent each, unless all are",
    )  # fmt: skip
    for power in range(4, 9):
        start = replace(
            patient(Disease(), 10**power, 11.0), carrying_capacity=1.3e12, overt_blasts=1e12,
            lsc_frequency=10.0**power / 1e12,
        )  # fmt: skip
        few, shared = lived(Marrow(start))
        each = lived(Marrow(start, agents=0))[1] if power <= 6 else np.nan
        own = "" if np.isnan(each) else f"{each:.2f}"
        ratio = "" if np.isnan(each) else f"{each / shared:.1f}"
        table.add_row(f"1e{power}", f"{few.cells.count.sum():,}", f"{shared:.2f}", own, ratio)
    console.print(table)


def lived(marrow: Marrow, days: float = 730.0) -> tuple[Marrow, float]:
    """A marrow after some days, and how many seconds they took."""
    begun = time.perf_counter()
    marrow.advance(days)
    return marrow, time.perf_counter() - begun


def main() -> None:
    """Run all, one after the other."""
    console = Console(width=110)
    parts: list[Callable[[Console], None]] = [
        compare_speed, compare_laws, shared_luck, large_marrows,
    ]  # fmt: skip
    Marrow(patient(Disease(), 100, 11.0)).advance(1.0)  # compile before anything is timed
    for part in parts:
        part(console)


if __name__ == "__main__":
    main()
