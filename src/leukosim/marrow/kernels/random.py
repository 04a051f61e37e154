"""Random numbers that are functions of a key (SplitMix64), and the laws drawn from them."""

import math

import numpy as np

from leukosim.marrow.compilation import compiled

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


MIX_1 = np.uint64(0xBF58476D1CE4E5B9)


MIX_2 = np.uint64(0x94D049BB133111EB)


# Streams of cells lie as far apart: a multiplier of Steele and Vigna 2022, doi:10.1002/spe.3030
SILVER = np.uint64(0xD1342543DE82EF95)


TWICE = np.uint64(0x3C6EF372FE94F82A)  # of GOLDEN


ONE = np.uint64(1)


SHIFT_12, SHIFT_27 = np.uint64(12), np.uint64(27)


SHIFT_30, SHIFT_31 = np.uint64(30), np.uint64(31)


TO_UNIT = 2.0**-52


LAYER = np.uint64(255)


MANY = 32.0  # expected successes from which binomials are drawn by rejection


@compiled
def mix(z):
    """Scramble 64 bits: SplitMix64's finaliser.

    Steele et al. 2014, doi:10.1145/2714064.2660195
    """
    z = (z ^ (z >> SHIFT_30)) * MIX_1
    z = (z ^ (z >> SHIFT_27)) * MIX_2
    return z ^ (z >> SHIFT_31)


@compiled
def derive(key, word):
    """The key for one thing among many that share ``key``; ``word`` is a non-negative integer."""
    return mix(key + GOLDEN * (np.uint64(word) + ONE))


@compiled
def unit(bits):
    """64 random bits as a number in (0, 1)."""
    return (np.float64(bits >> SHIFT_12) + 0.5) * TO_UNIT


@compiled
def uniform(stream):
    """The stream's next number in (0, 1). ``stream`` : uint64[1], changed in place."""
    stream[0] += GOLDEN
    return unit(mix(stream[0]))


def ziggurat(layers=256, base=7.69711747013104972):
    """Right edges of layers of equal area under exp(-x), and its heights there, lowest first."""
    area = (base + 1.0) * math.exp(-base)
    edge = np.zeros(layers + 1)
    edge[0], edge[1] = area * math.exp(base), base
    for i in range(2, layers):
        edge[i] = -math.log(area / edge[i - 1] + math.exp(-edge[i - 1]))
    return edge, np.exp(-edge)


EDGE, HEIGHT = ziggurat()


@compiled
def exponential(state):
    """A waiting time at rate one, and the stream's next state.

    Marsaglia and Tsang 2000, doi:10.18637/jss.v005.i08
    """
    while True:
        state += GOLDEN
        bits = mix(state)
        layer = np.int64(bits & LAYER)
        x = np.float64(bits >> SHIFT_12) * TO_UNIT * EDGE[layer]
        if x < EDGE[layer + 1]:
            return x, state
        state += GOLDEN
        u = unit(mix(state))
        if layer == 0:
            return EDGE[1] - math.log(u), state
        height = HEIGHT[layer] + u * (HEIGHT[layer + 1] - HEIGHT[layer])
        if height < math.exp(-x):
            return x, state


@compiled
def normal(state):
    """A standard normal number, and the stream's next state.

    Ratio of uniforms: Leva 1992, doi:10.1145/138351.138364
    """
    while True:
        state += GOLDEN
        u = unit(mix(state))
        state += GOLDEN
        v = 1.7156 * (unit(mix(state)) - 0.5)
        x, y = u - 0.449871, abs(v) + 0.386595
        q = x * x + y * (0.19600 * y - 0.25472 * x)
        if q < 0.27597 or (q < 0.27846 and v * v < -4.0 * math.log(u) * u * u):
            return v / u, state


@compiled
def log_binomial_probability(k, n, p):
    """Log of P(X = k) for X ~ Binomial(n, p)."""
    return (
        math.lgamma(n + 1.0)
        - math.lgamma(k + 1.0)
        - math.lgamma(n - k + 1.0)
        + k * math.log(p)
        + (n - k) * math.log1p(-p)
    )


INVERSE = 1.0 / np.maximum(np.arange(4.0 * MANY), 1.0)  # a division takes longer than a look


@compiled
def binomial_quantile(u, n, p):
    """The smallest k with P(X <= k) >= u, for X ~ Binomial(n, p) of a small mean and p <= 1/2."""
    if u <= 1.0 - n * p:  # (1 - p)^n is no less
        return 0
    odds = p / (1.0 - p)
    k = 0
    probability = math.exp(n * math.log1p(-p))
    cumulative = probability
    while cumulative < u and k < n and (probability > 1e-17 or k < n * p):
        k += 1
        probability *= (n - k + 1) * odds * (INVERSE[k] if k < len(INVERSE) else 1.0 / k)
        cumulative += probability
    return k


@compiled
def binomial(n, p, stream):
    """A binomial number that hardly changes where n and p hardly do and the stream is the same.

    Few expected: the quantile of the stream's next number, which rises with n and p. Many: the
    transformed rejection of Hormann (1993, doi:10.1080/00949659308811496), whose proposal moves
    along with the mean.
    """
    if p <= 0.0 or n == 0:
        return 0
    if p >= 1.0:
        return n
    if p > 0.5:
        return n - binomial(n, 1.0 - p, stream)
    if n * p < MANY:
        return binomial_quantile(uniform(stream), n, p)
    spread = math.sqrt(n * p * (1.0 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    alpha = (2.83 + 5.1 / b) * spread
    squeeze = 0.92 - 4.2 / b
    mode = math.floor((n + 1) * p)
    while True:
        u = uniform(stream) - 0.5
        v = uniform(stream)
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + n * p + 0.5)
        if us >= 0.07 and v <= squeeze:
            return int(k)
        if k < 0 or k > n:
            continue
        height = log_binomial_probability(k, n, p) - log_binomial_probability(mode, n, p)
        if v * alpha / (a / (us * us) + b) <= math.exp(height):
            return int(k)
