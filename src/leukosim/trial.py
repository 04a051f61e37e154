"""Trials: the same virtual patients in every arm, followed visit by visit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import xarray as xr

from leukosim.drugs.azacitidine import Azacitidine
from leukosim.drugs.drug import Drug
from leukosim.parameters import setting
from leukosim.patient import Patient
from leukosim.strategy.monitoring import Assays, Monitoring, Trigger
from leukosim.strategy.rules import Strategy


@dataclass(frozen=True)
class Protocol:
    """How patients of a trial are followed, whatever their arm."""

    horizon_days: int = setting(730, "day", lowest=1, highest=36525)
    trigger: Trigger = field(default_factory=Trigger)
    monitoring: Monitoring = field(default_factory=Monitoring)
    assays: Assays = field(default_factory=Assays)
    drugs: Mapping[str, Drug] = field(default_factory=lambda: {"azacitidine": Azacitidine().drug()})


@dataclass(frozen=True)
class Trial:
    """What a trial leaves: a labelled dataset and the log of decisions, a row each."""

    dataset: xr.Dataset
    decisions: pd.DataFrame  # arm, patient, day, rule, seen, action


def run_trial(
    patients: Sequence[Patient],
    arms: Mapping[str, Strategy],
    protocol: Protocol,
    *,
    record_days: int = 7,
    workers: int = 1,
    method: str = "tally",
    progress: Callable[[int], None] | None = None,
) -> Trial:
    """Treat every patient in every arm. ``progress`` is told the number of courses finished."""
    raise NotImplementedError
