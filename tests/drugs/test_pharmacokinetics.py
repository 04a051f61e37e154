"""Closed forms against an ODE solver."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from leukosim.drugs.azacitidine import AzacitidinePharmacokinetics
from leukosim.drugs.pharmacokinetics import behind, mean_level

HALF_LIFE = 0.5
DAYS = np.array([0.0, 1.0, 1.7])
DOSES = np.array([135.0, 135.0, 60.0])


def by_ode(day):
    """Plasma (mg/L) and lagging compartment on a day, by numerical integration between doses."""
    pk = AzacitidinePharmacokinetics()
    elimination, lag = pk.clearance / pk.volume, np.log(2) / HALF_LIFE

    def slope(_, state):
        depot, plasma, behind_plasma = state
        return [
            -pk.absorption_rate * depot,
            pk.absorption_rate * depot / pk.volume - elimination * plasma,
            lag * (plasma - behind_plasma),
        ]

    state, now = np.zeros(3), 0.0
    for at, dose in zip(DAYS, DOSES, strict=True):
        if at >= day:
            break
        if at > now:
            state = solve_ivp(slope, (now, at), state, rtol=1e-10, atol=1e-14).y[:, -1]
            now = at
        state = state + [dose, 0.0, 0.0]
    return solve_ivp(slope, (now, day), state, rtol=1e-10, atol=1e-14).y[1:, -1]


@pytest.mark.parametrize("compartment", [0, 1])
def test_superposed_exponentials_solve_the_equations(compartment):
    response = AzacitidinePharmacokinetics().unit_response()
    if compartment == 1:
        response = behind(*response, HALF_LIFE)
    for day in (0.05, 0.9, 1.2, 3.0):
        width = 1e-5
        level = mean_level(*response, DAYS, DOSES, np.array([day]), np.array([day + width]))[0]
        assert level == pytest.approx(by_ode(day + width / 2)[compartment], rel=1e-4, abs=1e-9)


def test_the_mean_over_a_segment_is_the_integral_of_the_level():
    coefficients, rates = AzacitidinePharmacokinetics().unit_response()
    mean = mean_level(coefficients, rates, DAYS, DOSES, np.array([0.3]), np.array([2.1]))[0]

    def level(day):
        since = day - DAYS[DAYS <= day]
        return (np.exp(-np.outer(since, rates)) @ coefficients) @ DOSES[DAYS <= day]

    integral = quad(level, 0.3, 2.1, points=[1.0, 1.7], limit=200)[0]
    assert mean == pytest.approx(integral / 1.8, rel=1e-6)


def test_area_under_the_curve_is_dose_over_clearance():
    pk = AzacitidinePharmacokinetics()
    area = 1000.0 * mean_level(
        *pk.unit_response(), np.zeros(1), np.array([135.0]), np.zeros(1), np.array([1000.0])
    )
    assert area[0] == pytest.approx(135.0 / pk.clearance, rel=1e-9)


def test_no_dose_no_level():
    response = AzacitidinePharmacokinetics().unit_response()
    assert mean_level(*response, np.array([]), np.array([]), np.zeros(3), np.ones(3)).sum() == 0.0
