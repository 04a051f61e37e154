"""Closed forms against an ODE solver."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from leukosim.clinic.drugs.azacitidine import AzacitidinePharmacokinetics
from leukosim.clinic.drugs.pharmacokinetics import (
    Pharmacokinetics,
    TwoCompartments,
    behind,
    mean_level,
)
from leukosim.clinic.drugs.venetoclax import VenetoclaxPharmacokinetics

HALF_LIFE = 0.5
DAYS = np.array([0.0, 1.0, 1.7])
DOSES = np.array([135.0, 135.0, 60.0])


MODELS = {
    "one compartment": AzacitidinePharmacokinetics(),
    "two compartments": VenetoclaxPharmacokinetics(),
    "into the vein": Pharmacokinetics(None, 500.0, 100.0),
    "into the vein, two compartments": TwoCompartments(None, 500.0, 100.0, 130.0, 147.0),
}
by_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def by_ode(pk, day):
    """Plasma (mg/L) and lagging compartment on a day, by numerical integration between doses."""
    elimination, lag = pk.clearance / pk.volume, np.log(2) / HALF_LIFE
    out, back = 0.0, 0.0
    if isinstance(pk, TwoCompartments):
        out, back = pk.exchange / pk.volume, pk.exchange / pk.peripheral_volume
    absorption = pk.absorption_rate or 0.0

    def slope(_, state):
        depot, plasma, aside, behind_plasma = state
        return [
            -absorption * depot,
            absorption * depot / pk.volume - (elimination + out) * plasma + back * aside,
            out * plasma - back * aside,
            lag * (plasma - behind_plasma),
        ]

    state, now = np.zeros(4), 0.0
    for at, dose in zip(DAYS, DOSES, strict=True):
        if at >= day:
            break
        if at > now:
            state = solve_ivp(slope, (now, at), state, rtol=1e-10, atol=1e-14).y[:, -1]
            now = at
        into_plasma = pk.absorption_rate is None
        state = state + [0.0 if into_plasma else dose, dose / pk.volume * into_plasma, 0.0, 0.0]
    return solve_ivp(slope, (now, day), state, rtol=1e-10, atol=1e-14).y[[1, 3], -1]


@by_model
@pytest.mark.parametrize("compartment", [0, 1])
def test_superposed_exponentials_solve_the_equations(model, compartment):
    response = model.unit_response()
    if compartment == 1:
        response = behind(*response, HALF_LIFE)
    for day in (0.05, 0.9, 1.2, 3.0):
        width = 1e-5
        level = mean_level(*response, DAYS, DOSES, np.array([day]), np.array([day + width]))[0]
        exact = by_ode(model, day + width / 2)[compartment]
        assert level == pytest.approx(exact, rel=1e-4, abs=1e-9)


def test_the_mean_over_a_segment_is_the_integral_of_the_level():
    coefficients, rates = AzacitidinePharmacokinetics().unit_response()
    mean = mean_level(coefficients, rates, DAYS, DOSES, np.array([0.3]), np.array([2.1]))[0]

    def level(day):
        since = day - DAYS[DAYS <= day]
        return (np.exp(-np.outer(since, rates)) @ coefficients) @ DOSES[DAYS <= day]

    integral = quad(level, 0.3, 2.1, points=[1.0, 1.7], limit=200)[0]
    assert mean == pytest.approx(integral / 1.8, rel=1e-6)


@by_model
def test_area_under_the_curve_is_dose_over_clearance(model):
    area = 1000.0 * mean_level(
        *model.unit_response(), np.zeros(1), np.array([135.0]), np.zeros(1), np.array([1000.0])
    )
    assert area[0] == pytest.approx(135.0 / model.clearance, rel=1e-9)


@by_model
def test_in_steady_state_a_day_has_the_area_of_a_dose(model):
    days = np.arange(200.0)
    mean = mean_level(
        *model.unit_response(), days, np.full(200, 400.0), np.array([199.0]), np.array([200.0])
    )
    assert mean[0] == pytest.approx(400.0 / model.clearance, rel=1e-6)


def test_no_dose_no_level():
    response = AzacitidinePharmacokinetics().unit_response()
    assert mean_level(*response, np.array([]), np.array([]), np.zeros(3), np.ones(3)).sum() == 0.0
