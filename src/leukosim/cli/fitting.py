"""``leukosim calibrate``: parameters fitted to the published targets, with their uncertainty."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from leukosim.analysis.calibration import calibration_targets
from leukosim.analysis.calibration.design import SEEDS, Runs, run_design
from leukosim.analysis.calibration.fit import Fit, fit, updated_with
from leukosim.analysis.calibration.hypotheses import evidence_table
from leukosim.analysis.calibration.populations import (
    DIAGNOSIS,
    POPULATIONS,
    declared_prior,
    parameters_of,
)
from leukosim.analysis.calibration.predictive import predictive_table
from leukosim.analysis.calibration.recovery import coverage, ranks_of_truths
from leukosim.analysis.calibration.shares import SHARES, Count, measured_counts, published_counts
from leukosim.analysis.calibration.summary import correlation_table, emulator_table, parameter_table
from leukosim.cli.drawing import FIGURES
from leukosim.cli.exit_codes import say
from leukosim.cli.fields import read_fields, without_folder
from leukosim.cli.reading import wide_console
from leukosim.cli.running import finish
from leukosim.config.compose import compose_plain
from leukosim.config.interpolation import table_of_points
from leukosim.config.schema import Config
from leukosim.errors import ConfigError, unknown
from leukosim.figures.elements.save import save_figure
from leukosim.figures.elements.style import house_style
from leukosim.figures.methods.posterior import numbers_drawn, posterior_figure
from leukosim.figures.trial.targets import targets_figure
from leukosim.parameters import check_ranges, parameter_rows, setting
from leukosim.reports.terminal import calibration_tables
from leukosim.results import atomic_write, output_folder
from leukosim.runs import sweep as sweeps

FILES = (
    "posterior.csv", "parameters.csv", "correlations.csv", "emulators.csv", "coverage.csv",
    "targets.csv",
)  # fmt: skip
PREDICTIVE = "posterior"  # the name of the runs that check the fit
# Responses after cycle 4, of which the model has few: without one, treatment ends after cycle 6.
# Fitted to them, the parameters give up survival on azacitidine, and gain little.
LATE_RESPONSES = "T16"
FITTED_UNDER = "both"  # the hypothesis that a configuration has of itself
CHECKS = 1000  # a number that no wave has, for their seeds


@dataclass(frozen=True)
class Calibration:
    """How much is simulated, and how long the posterior is sampled."""

    without: list[str] = field(default_factory=lambda: [LATE_RESPONSES])  # targets not fitted
    patients: int = setting(
        24, "patients", lowest=4, highest=10_000,
        note="at a point of a design; two or four times as many where what matters is rare",
    )  # fmt: skip
    points: int = setting(
        6, "points", lowest=2, highest=1000,
        note="of a wave, for each parameter that matters in a population",
    )  # fmt: skip
    waves: int = setting(3, "waves", lowest=2, highest=10)
    steps: int = setting(8000, "steps", lowest=50, highest=10**6, note="of each walker")
    draws: int = setting(64, "draws", lowest=2, highest=4000, note="of the posterior, to be kept")
    checked: int = setting(
        24, "draws", lowest=2, highest=4000, note="at which the model itself is run at the end"
    )
    checked_patients: int = setting(60, "patients", lowest=4, highest=10_000, note="at each")
    hypotheses: list[str] = field(default_factory=list)  # to compare, such as selection
    agents: int = setting(1000, "agents", lowest=100, highest=10**9, note="see kernel.agents")
    workers: int = setting(0, "workers", lowest=0, highest=4096, note="0: one for each processor")
    seed: int = setting(1, "1", lowest=0, highest=10**6)
    output: str = "outputs/calibration"

    def __post_init__(self) -> None:
        check_ranges(self)
        for target in self.without:
            if target not in SHARES:
                raise ConfigError(f"without: {unknown(target, SHARES, 'target of the fit')}")
        if len(set(self.without)) >= len(SHARES):
            raise ConfigError("without leaves no target to fit to")


def calibrate(words: list[str]) -> int:
    """``leukosim calibrate``: parameters fitted to the published targets."""
    if any("=" not in word for word in words):
        raise ConfigError("calibrate takes fields only, such as patients=24 output=outputs/fit")
    options = read_fields(words, Calibration, "calibrate")
    check_packages()
    from threadpoolctl import threadpool_limits  # of the extra `calibration`

    folder = output_folder.folder_of(options.output)
    output_folder.prepare_folder(folder)
    started = time.perf_counter()
    model = Model(options, folder, Console(stderr=True))
    with (
        output_folder.sole_writer(folder),
        threadpool_limits(1),
    ):  # small matrices: threads cost more
        code = fit_and_report(model, options, folder)
    say(f"{folder}: {', '.join(FILES)}, {FIGURES}/ ({time.perf_counter() - started:.0f} s)")
    return code


def check_packages() -> None:
    """Raise :class:`ConfigError` where a package of the extra is missing."""
    if any(find_spec(name) is None for name in ("emcee", "sklearn", "threadpoolctl")):
        raise ConfigError(
            "calibrate needs emcee and scikit-learn, which are not installed: install leukosim "
            "with its extra `calibration`, as in pip install 'leukosim[calibration]'"
        )


def fit_and_report(model: "Model", options: Calibration, folder: Path) -> int:
    """Fit, check, and leave tables and figures."""
    targets = calibration_targets()
    counts, prior = published_counts(targets), declared_prior(parameter_rows(Config()))
    shares = {p: [s for s in SHARES if SHARES[s].population == p] for p in POPULATIONS}
    fitted_to = {name: count for name, count in counts.items() if name not in options.without}
    result = fit(
        model, prior, shares, fitted_to, waves=options.waves, steps=options.steps, seed=options.seed,
        points={p: options.points * len(parameters_of(p)) for p in POPULATIONS}, say=say,
    )  # fmt: skip
    parameters = parameter_table(result)
    recovered = coverage(prior.names, ranks_of_truths(result, shares))
    kept = result.posterior[
        np.random.default_rng([options.seed, 2]).permutation(len(result.posterior))
    ]
    kept = kept[: max(options.draws, options.checked)]
    runs = {
        p: run_design(model, p, prior, kept[: options.checked], f"{p}/{PREDICTIVE}",
                      seed_of_check(options, p))
        for p in POPULATIONS
    }  # fmt: skip
    predicted = predictive_table(targets, runs, counts, options.seed, fitted_to)
    if options.hypotheses:
        told = updated_with(result, runs, shares, options.steps, options.seed + options.waves)
        compare_hypotheses(told, runs[DIAGNOSIS], options, model, folder)
    tables = [
        pd.DataFrame(prior.values(kept[: options.draws]), columns=prior.names),
        parameters, correlation_table(result), emulator_table(result), recovered, predicted,
    ]  # fmt: skip
    for name, table in zip(FILES, tables, strict=True):
        atomic_write.save_table(table, folder / name)
    with house_style():
        drawn = {
            "posterior": (posterior_figure(result), numbers_drawn(result)),
            "predictive": (targets_figure(predicted), predicted),
        }
    for name, (figure, numbers) in drawn.items():
        save_figure(figure, numbers, folder / FIGURES, name, options=without_folder(options))
    wide_console().print(*calibration_tables(parameters, predicted, recovered), sep="\n")
    return 0


def compare_hypotheses(
    result: Fit, before: Runs, options: Calibration, model: "Model", folder: Path
) -> None:
    """Run the patients at diagnosis again under other hypotheses, and weigh them.

    result : told of the runs before
    before : at draws of the posterior, under the hypothesis of the fit
    """
    others = {
        name: run_design(
            model.under(f"hypothesis={name}"), DIAGNOSIS, result.prior, before.cube,
            f"{DIAGNOSIS}/{name}-{PREDICTIVE}", seed_of_check(options, DIAGNOSIS),
        )
        for name in options.hypotheses
    }  # fmt: skip
    weighed, moved = evidence_table(result, FITTED_UNDER, before, others)
    atomic_write.save_table(weighed, folder / "hypotheses.csv")
    atomic_write.save_table(moved, folder / "shifts.csv")
    print(weighed.round(3).to_string(index=False))


def seed_of_check(options: Calibration, population: str) -> int:
    """Where the seeds of a population's runs at draws of the posterior begin."""
    return options.seed + SEEDS * (CHECKS + list(POPULATIONS).index(population))


class Model:
    """The model, asked by sweeps: finished points are found again, the others run."""

    def __init__(
        self, options: Calibration, folder: Path, console: Console, overrides: tuple[str, ...] = ()
    ):
        self.options, self.folder, self.console = options, folder, console
        self.overrides = overrides

    def under(self, override: str) -> "Model":
        """The same with something else in the configuration."""
        return Model(self.options, self.folder, self.console, (*self.overrides, override))

    def __call__(
        self, population: str, points: Sequence[Mapping[str, float]], wave: str
    ) -> list[dict[str, Count]]:
        """Counts of a population's shares at each point."""
        options, whom = self.options, POPULATIONS[population]
        a_point = (
            options.checked_patients
            if wave.endswith(PREDICTIVE)
            else options.patients * whom.effort
        )
        base = compose_plain([
            *whom.overrides, *self.overrides, f"cohort.size={a_point}", "record.trajectories=false",
            f"kernel.agents={options.agents}", f"executor.workers={options.workers}",
        ])  # fmt: skip
        sweep = sweeps.check(table_of_points(base, points, str(self.folder / wave)))
        if not sweeps.is_finished(sweep):
            say(f"{wave}: {len(points)} points of {a_point} patients")
            report = finish(sweep, self.console)
            if report.errors:
                raise ConfigError("; ".join(report.failures()))
        with sweep.opened() as ds:
            return [
                measured_counts(ds.isel(scenario=i, drop=True), population)
                for i in range(ds.sizes["scenario"])
            ]
