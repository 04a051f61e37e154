"""What a fit says of each parameter, as tables."""

import numpy as np
import pandas as pd

from leukosim.analysis.calibration.fit import Fit

UNIFORM_SD = 1.0 / np.sqrt(12.0)  # of the prior, along each coordinate of the cube
PRESSED, PRESSED_SHARE = 0.1, 0.5  # against an end: half of the draws in a tenth of the range
CENTRE_DIGITS = 3


def centre(fit: Fit) -> np.ndarray:
    """The middle of the posterior: its mean on the scale of each parameter, to three digits."""
    values = fit.prior.values(fit.posterior.mean(axis=0))
    return np.array([float(f"{value:.{CENTRE_DIGITS}g}") for value in values])


def parameter_table(fit: Fit) -> pd.DataFrame:
    """What the targets say of each parameter.

    Returns
    -------
    DataFrame
        parameter, prior_low, prior_high; centre, low, high (95 %); sd_ratio: standard deviation of
        the posterior over that of the prior, 1 where the targets say nothing; pressed: "low" or
        "high" where the posterior piles up at that end of the prior; effective, r_hat: of the
        sampler.
    """
    prior, sample = fit.prior, fit.samples[-1]
    low, high = np.quantile(prior.values(sample.cube), [0.025, 0.975], axis=0)
    at_low = (sample.cube < PRESSED).mean(axis=0) > PRESSED_SHARE
    at_high = (sample.cube > 1.0 - PRESSED).mean(axis=0) > PRESSED_SHARE
    return pd.DataFrame(
        {
            "parameter": prior.names,
            "prior_low": prior.values(np.zeros(len(prior.names))),
            "prior_high": prior.values(np.ones(len(prior.names))),
            "centre": centre(fit),
            "low": low,
            "high": high,
            "sd_ratio": sample.cube.std(axis=0) / UNIFORM_SD,
            "pressed": np.where(at_low, "low", np.where(at_high, "high", "")),
            "effective": sample.effective,
            "r_hat": sample.r_hat,
        }
    )


def correlation_table(fit: Fit) -> pd.DataFrame:
    """Every pair of parameters, the most strongly correlated first: one, other, correlation.

    Rank correlation in the posterior. What is so correlated the targets see together only.
    """
    from scipy.stats import spearmanr

    result = np.asarray(spearmanr(fit.posterior).statistic)
    one, other = np.triu_indices(len(fit.prior.names), 1)
    table = pd.DataFrame(
        {
            "one": [fit.prior.names[i] for i in one],
            "other": [fit.prior.names[i] for i in other],
            "correlation": result[one, other],
        }
    )
    return table.reindex(table["correlation"].abs().sort_values(ascending=False).index)


def emulator_table(fit: Fit) -> pd.DataFrame:
    """How well each emulator knows its share.

    Returns
    -------
    DataFrame
        share, points; surprise: root mean square of how far each point lies from what the others
        say of it, in the standard deviations that they expect, near 1 where they know how well they
        know; varies and unknown, in logits: how much the share differs over the posterior, and what
        the emulator does not know of it there.
    """
    rows = []
    for share, emulator in fit.emulators.items():
        mean, sd = emulator.predict(fit.posterior)
        surprise = np.sqrt(np.mean(emulator.surprises() ** 2))
        unknown = np.sqrt(np.mean(sd**2))
        rows.append((share, len(emulator.responses), surprise, mean.std(), unknown))
    return pd.DataFrame(rows, columns=["share", "points", "surprise", "varies", "unknown"])
