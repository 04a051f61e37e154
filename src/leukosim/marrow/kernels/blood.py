"""Maturing leukaemic cells and healthy blood, as continuous numbers."""

import math

import numpy as np

from leukosim.marrow.compilation import compiled


@compiled
def passage(matrix, stage_rate, gain, loss, kill, length):
    """What becomes of maturing cells and blasts in a while: a linear map, filled in.

        dM_1/dt = inflow - (k + kill) M_1
        dM_i/dt = k M_i-1 - (k + kill) M_i
        dB/dt   = gain k M_n - (loss + kill) B

    Its matrix exponential by uniformisation: a Poisson mixture of powers, without cancellation.

    Parameters
    ----------
    matrix : float64[to, from], to be filled; from and to are the inflow, the stages, the blasts
    stage_rate, loss, kill : per day; ``kill`` is what drugs do to maturing cells and blasts alike
    gain : blasts per matured daughter
    length : days
    """
    n = len(matrix)
    fastest = max(stage_rate, loss) + kill
    mean = fastest * length
    power = np.eye(n)
    matrix[:] = 0.0
    log_weight = -mean
    for m in range(int(mean + 9.0 * math.sqrt(mean) + 30.0)):
        if m > 0:
            log_weight += math.log(mean / m)
        weight = math.exp(log_weight)
        for i in range(n - 1, -1, -1):
            leaves = 0.0 if i == 0 else (stage_rate if i < n - 1 else loss) + kill
            enters = 1.0 if i == 1 else (stage_rate if i < n - 1 else gain * stage_rate)
            for j in range(i + 1):
                matrix[i, j] += weight * power[i, j]
                power[i, j] *= 1.0 - leaves / fastest
                if i > 0:
                    power[i, j] += enters / fastest * power[i - 1, j]


@compiled
def mature(maturing, blasts, inflow, passed):
    """Advance one line of maturing cells, in place, by a :func:`passage`; return its blasts.

    ``inflow`` is in cells per day.
    """
    n = len(maturing)
    after = passed[n + 1, 0] * inflow + passed[n + 1, n + 1] * blasts
    for i in range(n):
        after += passed[n + 1, i + 1] * maturing[i]
    for i in range(n, 0, -1):  # the last stage first: each depends on earlier ones only
        stage = passed[i, 0] * inflow
        for j in range(1, i + 1):
            stage += passed[i, j] * maturing[j - 1]
        maturing[i - 1] = stage
    return after


@compiled
def form_blood(lineage, setpoint, transit_rate, feedback, progenitor_loss, count_loss, length):
    """Advance one Friberg chain, in place (Friberg et al. 2002, doi:10.1200/JCO.2002.02.140).

        dP/dt   = k P ((1 - E) (C0 / C)^gamma - 1)
        dT_i/dt = k (T_i-1 - T_i)
        dC/dt   = k T_3 - (k + loss) C

    ``lineage`` : float64[5], proliferating, three transit, circulating; ``setpoint`` : C0, lowered
    by the caller in proportion to the marrow that blasts occupy.
    """
    steps = int(math.ceil(length * max(3.0, transit_rate + count_loss)))  # to 1e-4 of the counts
    h = length / steps
    work = np.empty((3, 5))
    state, slope, total = work[0], work[1], work[2]
    for _ in range(steps):
        total[:] = 0.0
        slope[:] = 0.0
        for stage in range(4):
            reach = 0.0 if stage == 0 else (h if stage == 3 else 0.5 * h)
            for i in range(5):
                state[i] = lineage[i] + reach * slope[i]
            demand = math.exp(feedback * math.log(setpoint / max(state[4], 1e-9 * setpoint)))
            slope[0] = transit_rate * state[0] * ((1.0 - progenitor_loss) * demand - 1.0)
            for i in range(1, 5):
                slope[i] = transit_rate * (state[i - 1] - state[i])
            slope[4] -= count_loss * state[4]
            weight = 1.0 if stage == 0 or stage == 3 else 2.0
            for i in range(5):
                total[i] += weight * slope[i]
        for i in range(5):
            lineage[i] = max(lineage[i] + h / 6.0 * total[i], 0.0)
