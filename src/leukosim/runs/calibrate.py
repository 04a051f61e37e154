"""A calibration: parameters fitted to the published targets, with their uncertainty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

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
from leukosim.config.compose import compose_plain
from leukosim.config.interpolation import table_of_points
from leukosim.config.paths import config_folder
from leukosim.config.schema import Config
from leukosim.errors import ConfigError, listed, unknown
from leukosim.parameters import check_ranges, parameter_rows, setting
from leukosim.results import atomic_write, output_folder
from leukosim.results.own_files import refuse_foreign
from leukosim.runs import sweep as sweeps
from leukosim.runs.execute import Incomplete, finish
from leukosim.runs.progress import SILENT, Progress

PREDICTIVE = "posterior"  # the name of the runs that check the fit
# Responses after cycle 4, of which the model has few: without one, treatment ends after cycle 6.
# Fitted to them, the parameters give up survival on azacitidine, and gain little.
LATE_RESPONSES = "T16"
FITTED_UNDER = "both"  # the hypothesis that a configuration has of itself
TABLES = (
    "posterior", "parameters", "correlations", "emulators", "coverage", "targets", "hypotheses",
    "shifts",
)  # fmt: skip
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
    waves: int = setting(
        3, "waves", lowest=2, highest=10, note="of simulations, each closer to the posterior"
    )
    steps: int = setting(8000, "steps", lowest=50, highest=10**6, note="of each walker")
    draws: int = setting(64, "draws", lowest=2, highest=4000, note="of the posterior, to be kept")
    checked: int = setting(
        24,
        "draws",
        lowest=2,
        highest=4000,
        note="draws at which the model itself is run at the end",
    )
    checked_patients: int = setting(
        60, "patients", lowest=4, highest=10_000, note="patients in each of these runs"
    )
    hypotheses: list[str] = field(default_factory=list)  # to compare, such as selection
    agents: int = setting(
        1000, "agents", lowest=100, highest=10**9, note="in a marrow, as kernel.agents"
    )
    workers: int = setting(
        0, "workers", lowest=0, highest=4096, note="processes; 0: one for each processor"
    )
    seed: int = setting(1, "1", lowest=0, highest=10**6, note="of patients and of the sampler")
    output: str = "outputs/calibration"  # folder of the result

    def __post_init__(self) -> None:
        check_ranges(self)
        for target in self.without:
            if target not in SHARES:
                raise ConfigError(f"without: {unknown(target, SHARES, 'target of the fit')}")
        known = sorted(path.stem for path in (config_folder() / "hypothesis").glob("*.yaml"))
        for name in self.hypotheses:
            if name not in known:
                raise ConfigError(f"hypotheses: {unknown(name, known, 'hypothesis')}")
            if name == FITTED_UNDER:
                raise ConfigError(
                    f"hypotheses = {name} is the hypothesis of the fit itself: name others, of "
                    f"{listed(each for each in known if each != FITTED_UNDER)}"
                )
        for name, names in (("hypotheses", self.hypotheses), ("without", self.without)):
            for each in names:
                if names.count(each) > 1:
                    raise ConfigError(f"{name} = {listed(names)} names {each} more than once")
        if len(set(self.without)) >= len(SHARES):
            raise ConfigError("without leaves no target to fit to")


@dataclass(frozen=True)
class CalibrationOutcome:
    """A fit and its tables, each written under its name.

    ``tables`` : ``posterior`` (a row a draw, a column a parameter), ``parameters``,
    ``correlations``, ``emulators``, ``coverage``, ``targets`` and, where hypotheses were compared,
    ``hypotheses`` and ``shifts``
    """

    fit: Fit
    tables: dict[str, pd.DataFrame]
    folder: Path


def calibrate(options: Calibration, progress: Progress = SILENT) -> CalibrationOutcome:
    """Fit parameters to the published targets, and check the fit by the model itself.

    Points that were simulated before are read from the folder.

    Raises
    ------
    leukosim.errors.ConfigError
    leukosim.runs.execute.Incomplete
        A point has failed.
    """
    check_packages()
    from threadpoolctl import threadpool_limits  # of the extra `calibration`

    folder = output_folder.folder_of(options.output)
    refuse_foreign(folder / f"{name}.csv" for name in TABLES)
    output_folder.prepare_folder(folder)
    model = Model(options, folder, progress)
    # small matrices: threads cost more than they gain
    with output_folder.sole_writer(folder), threadpool_limits(1):
        return fit_and_check(model, options, folder, progress)


def check_packages() -> None:
    """Raise :class:`ConfigError` where a package of the extra is missing."""
    if any(find_spec(name) is None for name in ("emcee", "sklearn", "threadpoolctl")):
        raise ConfigError(
            "calibrate needs emcee and scikit-learn, which are not installed: install leukosim "
            "with its extra `calibration`, as in pip install 'leukosim[calibration]'"
        )


def fit_and_check(
    model: "Model", options: Calibration, folder: Path, progress: Progress
) -> CalibrationOutcome:
    """Fit, run the model at draws of the posterior, and write all tables."""
    targets = calibration_targets()
    counts, prior = published_counts(targets), declared_prior(parameter_rows(Config()))
    shares = {p: [s for s in SHARES if SHARES[s].population == p] for p in POPULATIONS}
    fitted_to = {name: count for name, count in counts.items() if name not in options.without}
    result = fit(
        model, prior, shares, fitted_to, waves=options.waves, steps=options.steps,
        seed=options.seed,
        points={p: options.points * len(parameters_of(p)) for p in POPULATIONS}, say=progress.say,
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
    tables = {
        "posterior": pd.DataFrame(prior.values(kept[: options.draws]), columns=prior.names),
        "parameters": parameters,
        "correlations": correlation_table(result),
        "emulators": emulator_table(result),
        "coverage": recovered,
        "targets": predicted,
    }
    if options.hypotheses:
        updated = updated_with(result, runs, shares, options.steps, options.seed + options.waves)
        tables |= compare_hypotheses(updated, runs[DIAGNOSIS], options, model)
    atomic_write.write_together(
        {folder / f"{name}.csv": atomic_write.table_writer(each) for name, each in tables.items()}
    )
    return CalibrationOutcome(result, tables, folder)


def compare_hypotheses(
    result: Fit, before: Runs, options: Calibration, model: "Model"
) -> dict[str, pd.DataFrame]:
    """Run the patients at diagnosis again under other hypotheses, and compare their evidence.

    result : updated with the runs before
    before : at draws of the posterior, under the hypothesis of the fit
    """
    others = {
        name: run_design(
            model.under(f"hypothesis={name}"), DIAGNOSIS, result.prior, before.cube,
            f"{DIAGNOSIS}/{name}-{PREDICTIVE}", seed_of_check(options, DIAGNOSIS),
        )
        for name in options.hypotheses
    }  # fmt: skip
    evidence, shifts = evidence_table(result, FITTED_UNDER, before, others)
    return {"hypotheses": evidence, "shifts": shifts}


def seed_of_check(options: Calibration, population: str) -> int:
    """Where the seeds of a population's runs at draws of the posterior begin."""
    return options.seed + SEEDS * (CHECKS + list(POPULATIONS).index(population))


class Model:
    """The model, simulated by sweeps: finished points are found again, the others run."""

    def __init__(
        self,
        options: Calibration,
        folder: Path,
        progress: Progress,
        overrides: tuple[str, ...] = (),
    ):
        self.options, self.folder, self.progress = options, folder, progress
        self.overrides = overrides

    def under(self, override: str) -> "Model":
        """The same with something else in the configuration."""
        return Model(self.options, self.folder, self.progress, (*self.overrides, override))

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
        if not sweeps.is_finished(sweep, self.progress.warn):
            self.progress.say(f"{wave}: {len(points)} points of {a_point} patients")
            report = finish(sweep, self.progress)
            if report.errors:
                raise Incomplete(report)
        with sweep.opened() as ds:
            return [
                measured_counts(ds.isel(scenario=i, drop=True), population)
                for i in range(ds.sizes["scenario"])
            ]
