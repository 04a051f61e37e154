"""From doses to levels: sums of exponentials, superposed over doses and averaged over segments.

Every linear compartment model answers a dose with a sum of exponentials. So the mean level over a
stretch of time is known in closed form, and no time grid stands between a dose and its effect.
"""

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from leukosim.parameters import check_ranges


@dataclass(frozen=True)
class Pharmacokinetics:
    """One compartment with first-order absorption; none: the dose goes into plasma at once.

    A subclass declares a drug's numbers by :func:`leukosim.parameters.estimate`.
    """

    absorption_rate: float | None  # 1/day
    clearance: float  # L/day
    volume: float  # L

    __post_init__ = check_ranges

    def scaled(self, clearance: float, volume: float) -> Self:
        """Those of a patient with other clearance and central volume, by factors."""
        return replace(self, clearance=self.clearance * clearance, volume=self.volume * volume)

    def unit_response(self) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (1/L) and rates (1/day) of the plasma level after 1 mg at time 0.

        C(t) = ka / (V (ka - ke)) * (exp(-ke t) - exp(-ka t)),   ke = CL / V
        """
        elimination = self.clearance / self.volume
        absorption = self.absorption_rate
        if absorption is None:
            return np.array([1.0 / self.volume]), np.array([elimination])
        if math.isclose(absorption, elimination, rel_tol=1e-6):
            absorption *= 1 + 1e-6  # the limit, well within the accuracy of any of the numbers
        scale = absorption / (self.volume * (absorption - elimination))
        return np.array([scale, -scale]), np.array([elimination, absorption])


@dataclass(frozen=True)
class TwoCompartments(Pharmacokinetics):
    """A central and a peripheral compartment, with first-order absorption.

    ``volume`` is that of the central compartment.
    """

    exchange: float  # L/day, between the compartments
    peripheral_volume: float  # L

    def unit_response(self) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (1/L) and rates (1/day) of the plasma level after 1 mg at time 0."""
        distributed = two_compartments(
            self.clearance, self.volume, self.exchange, self.peripheral_volume
        )
        if self.absorption_rate is None:
            return distributed
        return following(*distributed, self.absorption_rate)


def two_compartments(
    clearance: float, volume: float, exchange: float, peripheral_volume: float
) -> tuple[np.ndarray, np.ndarray]:
    """The response of the central of two compartments to 1 mg given into it at once.

        C(t) = (a - k21) / (V (a - b)) exp(-a t) + (k21 - b) / (V (a - b)) exp(-b t)
        a + b = CL / V + Q / V + k21,   a b = k21 CL / V,   k21 = Q / V_peripheral

    Returns
    -------
    float64[2], float64[2], coefficients (1/L) and rates (1/day)
    """
    back, out = exchange / peripheral_volume, clearance / volume
    total = out + exchange / volume + back
    fast = 0.5 * (total + math.sqrt(total**2 - 4.0 * back * out))
    slow = back * out / fast  # not by the other root, in which digits cancel
    shares = np.array([fast - back, back - slow]) / (volume * (fast - slow))
    return shares, np.array([fast, slow])


def behind(coefficients, rates, half_life_days):
    """The response of a compartment that follows the level with a half-life: dE/dt = k (C - E)."""
    return following(coefficients, rates, math.log(2.0) / half_life_days)


def following(coefficients, rates, rate):
    """The same by its rate, per day; absorption at a rate changes a response just so."""
    rates = np.where(np.isclose(rates, rate, rtol=1e-6), rates * (1 + 1e-6), rates)
    share = coefficients * rate / (rate - rates)
    return np.append(share, -share.sum()), np.append(rates, rate)


def mean_level(coefficients, rates, dose_days, dose_mg, start, end, durations=None):
    """Mean level over each segment, superposed over doses.

    Parameters
    ----------
    coefficients, rates : float64[term], the response to 1 mg
    dose_days, dose_mg : float64[dose]
    start, end : float64[segment], day
    durations : float64[dose], day, of infusions at a constant rate; 0 or None: at once

    Returns
    -------
    float64[segment], mg/L
    """
    if len(dose_days) == 0:
        return np.zeros(len(start))
    # the longest axis last, which numpy goes through far faster
    since_start = np.maximum(start - dose_days[:, None], 0.0)
    since_end = np.maximum(end - dose_days[:, None], 0.0)
    coefficients, rates = coefficients[:, None, None], rates[:, None, None]
    area = coefficients / rates * (np.exp(-rates * since_start) - np.exp(-rates * since_end))
    if durations is not None and np.any(durations > 0.0):
        slow = infused_area(coefficients, rates, since_start, since_end, durations[:, None])
        area = np.where(durations[:, None] > 0.0, slow, area)
    # dose after dose, so that doses yet to come do not change the last bit
    return (area.sum(0) * dose_mg[:, None]).sum(0) / (end - start)


def infused_area(coefficients, rates, since_start, since_end, duration):
    """Area under the level between two times after 1 mg began to be infused, by term.

        during:  c / (k T) ((t2 - t1) - (exp(-k t1) - exp(-k t2)) / k)
        after:   c / (k^2 T) (1 - exp(-k T)) (exp(-k (t1 - T)) - exp(-k (t2 - T)))

    Parameters
    ----------
    coefficients, rates : float64[term, 1, 1], the response to 1 mg
    since_start, since_end : float64[dose, segment], day, not negative
    duration : float64[dose, 1], day

    Returns
    -------
    float64[term, dose, segment], day mg/L per mg
    """
    lasts = np.where(duration > 0.0, duration, 1.0)
    first, last = np.minimum(since_start, duration), np.minimum(since_end, duration)
    during = (last - first) - (np.exp(-rates * first) - np.exp(-rates * last)) / rates
    first, last = since_start - duration, since_end - duration
    first, last = np.maximum(first, 0.0), np.maximum(last, 0.0)
    after = -np.expm1(-rates * duration) * (np.exp(-rates * first) - np.exp(-rates * last)) / rates
    return coefficients / (rates * lasts) * (during + after)


def peak_level(coefficients, rates, dose_days, dose_mg):
    """The highest level of a regimen, to the resolution of a quarter of an hour, mg/L."""
    day = np.arange(0.0, dose_days[-1] + 2.0, 1 / 96)
    since = day[:, None] - dose_days
    level = np.where(since[..., None] >= 0, np.exp(-rates * np.maximum(since, 0.0)[..., None]), 0.0)
    return float(((level @ coefficients) @ dose_mg).max())
