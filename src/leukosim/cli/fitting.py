"""``leukosim calibrate``: parameters fitted to the published targets, with their uncertainty."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from leukosim import store
from leukosim import sweep as sweeps
from leukosim.calibration import calibration_targets
from leukosim.calibration.design import SEEDS, run_design
from leukosim.calibration.fit import Fit, fit
from leukosim.calibration.populations import POPULATIONS, declared_prior, parameters_of
from leukosim.calibration.predictive import predictive_table, replicates
from leukosim.calibration.recovery import coverage, ranks_of_truths
from leukosim.calibration.shares import SHARES, Count, measured_counts, published_counts
from leukosim.cli.reading import fields_of
from leukosim.cli.running import finish
from leukosim.cli.words import FAILED, say
from leukosim.config import Config, compose_plain
from leukosim.parameters import check_ranges, parameter_rows, setting
from leukosim.scenarios import table_of_points
from leukosim.validation import ConfigError


@dataclass(frozen=True)
class Calibration:
    """How much is simulated, and how long the posterior is sampled."""

    patients: int = setting(
        24, "patients", lowest=4, highest=10_000,
        note="at a point of a design; two or four times as many where what matters is rare",
    )  # fmt: skip
    points: int = setting(
        8, "points", lowest=2, highest=1000,
        note="of a wave, for each parameter that matters in a population",
    )  # fmt: skip
    waves: int = setting(2, "waves", lowest=2, highest=10)
    steps: int = setting(2000, "steps", lowest=50, highest=10**6, note="of each walker")
    draws: int = setting(64, "draws", lowest=2, highest=4000, note="of the posterior, to be kept")
    checked: int = setting(
        24, "draws", lowest=2, highest=4000, note="at which the model itself is run at the end"
    )
    checked_patients: int = setting(60, "patients", lowest=4, highest=10_000, note="at each")
    agents: int = setting(1000, "agents", lowest=100, highest=10**9, note="see engine.agents")
    workers: int = setting(0, "workers", lowest=0, highest=4096, note="0: one for each processor")
    seed: int = setting(1, "1", lowest=0, highest=10**6)
    output: str = "outputs/calibration"

    __post_init__ = check_ranges


def calibrate(words: list[str]) -> int:
    """``leukosim calibrate``: parameters fitted to the published targets."""
    if any("=" not in word for word in words):
        raise ConfigError("calibrate takes fields only, such as patients=24 output=outputs/fit")
    asked = fields_of(words, Calibration, "calibrate")
    console = Console(stderr=True)
    folder = store.folder_of(asked.output)
    store.prepare_folder(folder)
    started = time.perf_counter()
    model = Model(asked, folder, console)
    prior = declared_prior(parameter_rows(Config()))
    targets = calibration_targets()
    counts = published_counts(targets)
    shares = {p: [s for s in SHARES if SHARES[s].population == p] for p in POPULATIONS}
    found = fit(
        model, prior, shares, counts, waves=asked.waves, steps=asked.steps, seed=asked.seed,
        points={p: asked.points * len(parameters_of(p)) for p in POPULATIONS}, say=say,
    )  # fmt: skip
    write_posterior(found, asked, folder)
    ranks = ranks_of_truths(found, shares)
    store.save_table(coverage(prior.names, ranks), folder / "coverage.csv")
    luck = np.random.default_rng([asked.seed, 2])
    kept = found.posterior[luck.permutation(len(found.posterior))[: asked.draws]]
    runs = {
        p: run_design(model, p, prior, kept[: asked.checked], f"{p}/posterior",
                      asked.seed + SEEDS * (1000 + i))
        for i, p in enumerate(POPULATIONS)
    }  # fmt: skip
    table = predictive_table(targets, replicates(runs, counts, asked.seed), counts)
    store.save_table(table, folder / "targets.csv")
    values = pd.DataFrame(prior.values(kept), columns=prior.names)
    store.save_table(values, folder / "posterior.csv")
    print(table.drop(columns=["source"]).to_string())
    say(f"{folder}: {time.perf_counter() - started:.0f} s")
    return 0


def write_posterior(found: Fit, asked: Calibration, folder: Path) -> None:
    """What the targets say of each parameter."""
    sample = found.samples[-1]
    rows = parameter_summary(found)
    store.save_table(rows, folder / "parameters.csv")
    print(rows.to_string())
    del sample


def parameter_summary(found: Fit) -> pd.DataFrame:
    """Prior and posterior of each parameter."""
    prior, sample = found.prior, found.samples[-1]
    values = prior.values(sample.cube)
    low, median, high = np.percentile(values, [2.5, 50.0, 97.5], axis=0)
    return pd.DataFrame(
        {
            "parameter": prior.names,
            "prior_low": prior.values(np.zeros(len(prior.names))),
            "prior_high": prior.values(np.ones(len(prior.names))),
            "median": median, "low": low, "high": high,
            "sd_ratio": sample.cube.std(axis=0) * np.sqrt(12.0),
            "effective": sample.effective, "r_hat": sample.r_hat,
        }
    )  # fmt: skip


class Model:
    """The model, asked by sweeps: finished points are found again, the others run."""

    def __init__(self, asked: Calibration, folder: Path, console: Console):
        self.asked, self.folder, self.console = asked, folder, console

    def __call__(
        self, population: str, points: Sequence[Mapping[str, float]], wave: str
    ) -> list[dict[str, Count]]:
        """Counts of a population's shares at each point."""
        asked, whom = self.asked, POPULATIONS[population]
        a_point = asked.checked_patients if wave.endswith("posterior") else asked.patients * whom.effort
        base = compose_plain([
            *whom.overrides, f"cohort.size={a_point}", "record.courses=false",
            f"engine.agents={asked.agents}", f"engine.workers={asked.workers}",
        ])  # fmt: skip
        sweep = sweeps.check(table_of_points(base, points, str(self.folder / wave)))
        if not sweeps.is_finished(sweep):
            say(f"{wave}: {len(points)} points of {a_point} patients")
            report = finish(sweep, self.console)
            if report.errors:
                raise ConfigError("; ".join(report.failures()))
        path = sweep.folder / store.RESULTS
        with store.opened(path, sweeps.bytes_to_hold(sweep)) as ds:
            return [
                measured_counts(ds.isel(scenario=i, drop=True), population)
                for i in range(ds.sizes["scenario"])
            ]
