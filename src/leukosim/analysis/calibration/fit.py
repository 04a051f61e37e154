"""The fit: waves of designs, an emulator of each share, a posterior after each wave.

The first wave is spread over the whole prior. The points of every later wave are draws of the
posterior of the waves before it, so that the emulators are accurate where the posterior is. All
populations are run at the same points, so that a point of a later wave has counts of every share.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from leukosim.analysis.calibration.design import SEEDS, Runs, Simulate, run_design, spread, together
from leukosim.analysis.calibration.emulator import Emulator, fit_emulator
from leukosim.analysis.calibration.populations import Prior
from leukosim.analysis.calibration.sampling import Sample, sample_posterior
from leukosim.analysis.calibration.shares import Count


@dataclass(frozen=True)
class Fit:
    """The result of a fit: its runs, emulators and posteriors."""

    prior: Prior
    counts: Mapping[str, Count]  # as published, by share
    waves: list[dict[str, Runs]]  # by population
    emulators: dict[str, Emulator]  # of all waves, by share
    samples: list[Sample]  # the posterior after each wave

    @property
    def posterior(self) -> np.ndarray:
        """Draws of the last posterior, in the cube: float64[draw, parameter]."""
        return self.samples[-1].cube


def fit(
    simulate: Simulate,
    prior: Prior,
    populations: Mapping[str, list[str]],
    counts: Mapping[str, Count],
    *,
    waves: int,
    points: Mapping[str, int],
    steps: int,
    seed: int,
    say: Callable[[str], None] = lambda words: None,
) -> Fit:
    """Fit the parameters of a prior to published counts.

    Parameters
    ----------
    simulate : the model
    populations : their shares
    counts : as published, by share
    points : of each wave, by population
    steps : of each walker of the sampler
    say : called with a sentence after each wave
    """
    done: list[dict[str, Runs]] = []
    samples: list[Sample] = []
    emulators: dict[str, Emulator] = {}
    rng = np.random.default_rng([seed, 1])
    for wave in range(waves):
        runs = {}
        most = max(points.values())
        draws = samples[-1].cube[rng.permutation(len(samples[-1].cube))[:most]] if wave else None
        for i, (population, n) in enumerate(points.items()):
            first = seed + SEEDS * (10 * wave + i)
            cube = spread(n, len(prior.names), first) if draws is None else draws[:n]
            name = f"{population}/wave{wave + 1}"
            runs[population] = run_design(simulate, population, prior, cube, name, first)
        done.append(runs)
        emulators = emulate(done, prior, populations)
        samples.append(sample_posterior(emulators, counts, len(prior.names), steps, seed + wave))
        say(quality(f"wave {wave + 1}", emulators, samples[-1]))
    return Fit(prior, counts, done, emulators, samples)


def updated_with(
    fit: Fit, runs: dict[str, Runs], populations: Mapping[str, list[str]], steps: int, seed: int
) -> Fit:
    """The fit with further runs in its emulators, and a new sample of the posterior.

    runs : in every population
    """
    waves = [*fit.waves, runs]
    emulators = emulate(waves, fit.prior, populations)
    sample = sample_posterior(emulators, fit.counts, len(fit.prior.names), steps, seed)
    return Fit(fit.prior, fit.counts, waves, emulators, [*fit.samples, sample])


def emulate(
    waves: list[dict[str, Runs]], prior: Prior, populations: Mapping[str, list[str]]
) -> dict[str, Emulator]:
    """An emulator of every share, from all waves."""
    result = {}
    for population, shares in populations.items():
        runs = together([wave[population] for wave in waves])
        columns = prior.columns(population)
        for share in shares:
            result[share] = fit_emulator(runs.cube, runs.k[share], runs.n[share], columns)
    return result


def quality(title: str, emulators: Mapping[str, Emulator], sample: Sample) -> str:
    """How far emulators and draws can be trusted, in a sentence."""
    spreads = [np.sqrt(np.mean(each.surprises() ** 2)) for each in emulators.values()]
    return (
        f"{title}: emulators err by {min(spreads):.2f} to {max(spreads):.2f} of what they expect; "
        f"{sample.effective.min():.0f} independent draws or more, R-hat {sample.r_hat.max():.3f} "
        "or less"
    )
