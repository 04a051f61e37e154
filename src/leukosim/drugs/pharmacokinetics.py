"""From doses to levels: sums of exponentials, superposed over doses and averaged over segments.

Every linear compartment model answers a dose with a sum of exponentials. So the mean level over a
stretch of time is known in closed form, and no time grid stands between a dose and its effect.
"""

import math
from dataclasses import dataclass

import numpy as np

from leukosim.parameters import check_ranges


@dataclass(frozen=True)
class Pharmacokinetics:
    """One compartment with first-order absorption.

    A subclass declares a drug's numbers by :func:`leukosim.parameters.estimate`.
    """

    absorption_rate: float  # 1/day
    clearance: float  # L/day
    volume: float  # L

    __post_init__ = check_ranges

    def unit_response(self) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (1/L) and rates (1/day) of the plasma level after 1 mg at time 0.

        C(t) = ka / (V (ka - ke)) * (exp(-ke t) - exp(-ka t)),   ke = CL / V
        """
        elimination = self.clearance / self.volume
        absorption = self.absorption_rate
        if math.isclose(absorption, elimination, rel_tol=1e-6):
            absorption *= 1 + 1e-6  # the limit, well within the accuracy of any of the numbers
        scale = absorption / (self.volume * (absorption - elimination))
        return np.array([scale, -scale]), np.array([elimination, absorption])


def behind(coefficients, rates, half_life_days):
    """The response of a compartment that follows the level with a half-life: dE/dt = k (C - E)."""
    rate = math.log(2.0) / half_life_days
    rates = np.where(np.isclose(rates, rate, rtol=1e-6), rates * (1 + 1e-6), rates)
    share = coefficients * rate / (rate - rates)
    return np.append(share, -share.sum()), np.append(rates, rate)


def mean_level(coefficients, rates, dose_days, dose_mg, start, end):
    """Mean level over each segment, superposed over doses.

    Parameters
    ----------
    coefficients, rates : float64[term], the response to 1 mg
    dose_days, dose_mg : float64[dose]
    start, end : float64[segment], day

    Returns
    -------
    float64[segment], mg/L
    """
    if len(dose_days) == 0:
        return np.zeros(len(start))
    since_start = np.maximum(start[:, None] - dose_days, 0.0)[..., None]
    since_end = np.maximum(end[:, None] - dose_days, 0.0)[..., None]
    area = coefficients / rates * (np.exp(-rates * since_start) - np.exp(-rates * since_end))
    return (area.sum(-1) @ dose_mg) / (end - start)


def peak_level(coefficients, rates, dose_days, dose_mg):
    """The highest level of a course, to the resolution of a quarter of an hour, mg/L."""
    day = np.arange(0.0, dose_days[-1] + 2.0, 1 / 96)
    since = day[:, None] - dose_days
    level = np.where(since[..., None] >= 0, np.exp(-rates * np.maximum(since, 0.0)[..., None]), 0.0)
    return float(((level @ coefficients) @ dose_mg).max())
