"""Draws of the posterior that ``leukosim calibrate`` found: parameter values that go together.

A configuration refers to them by ``${drawn:VALUE,NAME,${posterior.draw}}``: the value that is
declared, and under which name the draws hold the others. What a user sets instead replaces the
reference, and so is not touched by a draw.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from leukosim.errors import ConfigError, unknown
from leukosim.parameters import check_ranges, setting

DRAWS = 64  # that come with the package


@dataclass(frozen=True)
class Posterior:
    """Which parameter values a run has of those that were fitted."""

    draw: int = setting(
        0, "1", lowest=0, highest=DRAWS, note="of the posterior; 0: the values that are declared"
    )

    __post_init__ = check_ranges


@cache
def posterior_draws() -> dict[str, tuple[float, ...]]:
    """The draws of each parameter that was fitted, by its name.

    A parameter of the code has its path for a name, such as ``disease.apoptosis.threshold``; one of
    a population the name of its cohort and the field, such as ``relaza2.persistence_share``.
    """
    with (files("leukosim.config") / "posterior.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {name: tuple(float(row[name]) for row in rows) for name in rows[0]}


def drawn(declared: float, name: str, draw: Any) -> float:
    """The value of a parameter in a draw; the declared one in draw 0.

    Also where there is no such draw: the field that holds it is told so when it is checked.
    """
    if name not in posterior_draws():
        raise ConfigError(f"${{drawn:...}}: {unknown(str(name), posterior_draws(), 'parameter')}")
    exists = isinstance(draw, int) and 1 <= draw <= DRAWS
    return posterior_draws()[name][draw - 1] if exists else declared


def reference(declared: float, name: str) -> str:
    """The text by which a configuration refers to a parameter that was fitted."""
    return f"${{drawn:{declared},{name},${{posterior.draw}}}}"
