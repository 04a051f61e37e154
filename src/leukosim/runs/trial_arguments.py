"""What Python gives to a trial, checked: patients, arms and the answers of functions."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from leukosim.biology.patient import Patient
from leukosim.clinic.strategy.chart import CallableStrategy, Chart, Decision
from leukosim.clinic.strategy.regimens import Regimen
from leukosim.clinic.strategy.rules import Strategy
from leukosim.errors import ConfigError, listed, unknown
from leukosim.marrow.marrow import METHODS

DECIDE = "decide(chart, day, measure)"


def check_patients(patients: Any) -> None:
    """Raise :class:`ConfigError` where these are not patients, each once."""
    if isinstance(patients, str | Mapping) or not isinstance(patients, Sequence):
        raise ConfigError(f"patients = {patients!r} is not a list of Patient")
    if not patients:
        raise ConfigError("patients is empty: a trial needs at least one patient")
    known: set[tuple[int, int]] = set()
    for number, patient in enumerate(patients):
        check_kind(f"patients[{number}]", patient, Patient)
        if (patient.seed, patient.index) in known:
            raise ConfigError(
                f"patients names the patient index = {patient.index}, seed = {patient.seed} twice, "
                "who would have the same random numbers: give each an index of its own"
            )
        known.add((patient.seed, patient.index))


def checked_arms(arms: Any) -> dict[str, Strategy | CallableStrategy]:
    """Strategies by arm; what the functions among them return is checked when they are called.

    Raises
    ------
    ConfigError
    """
    if not isinstance(arms, Mapping):
        raise ConfigError(f"arms = {arms!r} is not a mapping of names to strategies")
    if not arms:
        raise ConfigError("arms is empty: it maps names to strategies, one or more")
    for name in arms:
        if not isinstance(name, str) or not name.strip():
            raise ConfigError(f"arms: {name!r} is not the name of an arm")
    return {name: checked_strategy(each, f"arms.{name}") for name, each in arms.items()}


def checked_strategy(strategy: Any, name: str) -> Strategy | CallableStrategy:
    """A strategy; what its function returns is checked when it is called.

    Raises
    ------
    ConfigError
    """
    if isinstance(strategy, Strategy):
        return strategy
    if not isinstance(strategy, CallableStrategy):
        raise ConfigError(
            f"{name} = {strategy!r} is not a strategy: a Strategy or CallableStrategy"
        )
    if isinstance(strategy.decide, CheckedFunction):
        return strategy
    regimens = strategy.regimens
    if not isinstance(regimens, Mapping):
        raise ConfigError(f"{name}.regimens = {regimens!r} is not a mapping of names to regimens")
    for key, regimen in regimens.items():
        check_kind(f"{name}.regimens.{key}", regimen, Regimen)
    if strategy.begin_with and strategy.begin_with not in regimens:
        raise ConfigError(
            f"{name}.begin_with: {unknown(str(strategy.begin_with), regimens, 'regimen')}"
        )
    after = strategy.marrow_after_cycles
    if not isinstance(after, Sequence) or not all(is_whole(each, 1) for each in after):
        raise ConfigError(
            f"{name}.marrow_after_cycles = {after!r} is not a list of whole numbers (cycles), "
            "1 or more each"
        )
    if not callable(strategy.decide) or not takes_three(strategy.decide):
        raise ConfigError(f"{name}.decide = {strategy.decide!r} cannot be called as {DECIDE}")
    return replace(strategy, decide=CheckedFunction(strategy.decide, drugs_of(regimens), name))


def check_kind(name: str, value: Any, kind: type) -> None:
    """Raise :class:`ConfigError` where an argument is of another type."""
    if not isinstance(value, kind):
        raise ConfigError(f"{name} = {value!r} is not a {kind.__name__}")


def is_whole(value: Any, lowest: int) -> bool:
    """Whether a value is a whole number, and not below another."""
    is_number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return is_number and value >= lowest


def check_whole(name: str, value: Any, unit: str, lowest: int) -> None:
    """Raise :class:`ConfigError` where an argument is no whole number, or too small."""
    if not is_whole(value, lowest):
        raise ConfigError(
            f"{name} = {value!r} is not allowed: it is a whole number ({unit}), allowed {lowest} "
            "or more"
        )


def check_method(method: Any) -> None:
    """Raise :class:`ConfigError` where the kernel has no such algorithm."""
    if method not in METHODS:
        raise ConfigError(f"method = {method!r} is unknown: allowed {listed(METHODS)}")


def takes_three(function: Callable[..., Any]) -> bool:
    """Whether a function can be called with three arguments; true where that is not known."""
    try:
        inspect.signature(function).bind(None, 0.0, "")
    except TypeError:
        return False
    except ValueError:  # a function without a signature
        return True
    return True


def drugs_of(regimens: Mapping[str, Regimen]) -> tuple[str, ...]:
    """The drugs that any regimen gives."""
    return tuple(dict.fromkeys(drug for each in regimens.values() for drug in each.drugs))


@dataclass(frozen=True)
class CheckedFunction:
    """A user's function that decides, with its answers checked."""

    function: Callable[[Chart, float, str], Any]
    drugs: tuple[str, ...]
    name: str  # of the strategy, for messages

    def __call__(self, chart: Chart, day: float, measure: str) -> list[Decision]:
        """What the function decides.

        Raises
        ------
        ConfigError
            If that is not a list of decisions, each with fields of the right type.
        """
        decisions = self.function(chart, day, measure)
        where = f"{self.name}.decide on day {day:g}"
        if not isinstance(decisions, list | tuple):
            raise ConfigError(f"{where} returned {decisions!r}: allowed is a list of Decision")
        for decision in decisions:
            if not isinstance(decision, Decision):
                raise ConfigError(f"{where} returned {decision!r} in a list: allowed is Decision")
            self.check(decision, where)
        return list(decisions)

    def check(self, decision: Decision, where: str) -> None:
        """Raise :class:`ConfigError` for a field of the wrong type."""
        for field in ("rule", "seen", "action", "regimen"):
            if not isinstance(getattr(decision, field), str):
                raise ConfigError(f"{where}: {field} = {getattr(decision, field)!r} is not a text")
        for field in ("day", "effective"):
            value = getattr(decision, field)
            is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
            if not is_number or not math.isfinite(value):
                raise ConfigError(f"{where}: {field} = {value!r} is not a finite number (day)")
        if decision.at_most_days is not None and not is_whole(decision.at_most_days, 1):
            raise ConfigError(
                f"{where}: at_most_days = {decision.at_most_days!r} is not a whole number (day), "
                "1 or more"
            )
        drugs: Any = decision.drugs
        if isinstance(drugs, str) or not isinstance(drugs, Sequence):
            raise ConfigError(f"{where}: drugs = {drugs!r} is not a list of names")
        for drug in drugs:
            if drug not in self.drugs:
                raise ConfigError(f"{where}: drugs = {drug!r}: allowed {listed(self.drugs)}")
