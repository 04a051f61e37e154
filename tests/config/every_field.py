"""Another value for every field of a configuration, and whether a small run changes by it.

    python tests/config/every_field.py relaza2

prints the fields of a study that change nothing and are not warned of. The slow test does the same.
"""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from leukosim.clinic.assays.sample import SAMPLES
from leukosim.config.compose import as_plain, compose_plain, read_config, read_plain, to_plain
from leukosim.config.interpolation import variations, with_value
from leukosim.config.schema import Config
from leukosim.config.without_effect import Effects
from leukosim.errors import ConfigError
from leukosim.marrow.marrow import METHODS
from leukosim.results.provenance import flat
from leukosim.runs.configured import treat

# Small runs in which as much as possible happens: cells are left, drivers arise, arms differ.
COMMON = (
    "cohort.size=3", "kernel.agents=100", "disease.mutation.driver_probability=1e-4",
    "record.trajectories=true", "cohort.residual_log10_sd=0.5", "cohort.overt_death_per_year=4",
)  # fmt: skip
SMALL = {
    "relaza2": (
        "horizon_days=300", "cohort.residual_log10_mean=1.5", "cohort.persistence_share=0.5",
    ),
    "blast": (
        "horizon_days=300", "cohort.residual_log10_mean=2", "operations.interim_events=2",
        "operations.centres=2", "operations.accrual_years=0.5", "cohort.residual_blasts_most=1e9",
    ),
    "venetoclax_resistance": ("horizon_days=200", "cohort.tp53_ratio=4"),
    "clonal_relapse": (
        "horizon_days=250", "cohort.residual_log10_mean=1.5",
        "disease.mutation.driver_probability=1e-4",
    ),
}  # fmt: skip

# Fields that are not asked, and why.
LEFT_OUT = {
    "study": "names the study",
    "output": "where a result goes",
    "overwrite": "whether another result is replaced",
    "executor": "where the work runs: no number depends on it",
    "search": "what is asked of a search, of which a run has none",
    "kernel.agents": "changes numbers only of marrows with more stem cells than agents",
    "arms": "which strategies are compared",
}
NOT_A_NUMBER = ("title",)  # of a strategy: the name of its arm in figures and on pages

CHOICES = {
    "monitoring.sample": SAMPLES,
    "kernel.method": METHODS,
    "disease.niche.retention": ("equal", "own"),
    "disease.niche.mobilised_cells": ("growing", "exposed"),
    "disease.cxcr4_by_subtype": ("equal", "measured"),
    "disease.cycling_by_subtype": ("equal", "measured"),
    "disease.switching.drug_tolerant_state": ("MEP-like", "HSC-like"),
}
LISTS = {
    "cohort.founding.drivers": ["TP53"],
    "cohort.clonal_haematopoiesis.genes": ["ASXL1"],
    "disease.mutation.arising": ["TP53"],
    "motixafortide.days": [3],
}
# Fields of which only certain others are allowed together: what is set beside.
BESIDE = {"bcl2": "bclxl", "bclxl": "mcl1", "mcl1": "bclxl"}


def declared(path: str, config: Config) -> Any:
    """The metadata of a field, or an empty mapping."""
    record: Any = config
    *above, name = path.split(".")
    for step in above:
        record = record[step] if isinstance(record, dict) else getattr(record, step)
    if not is_dataclass(record):
        return {}
    return next((each.metadata for each in fields(record) if each.name == name), {})


def other_values(path: str, value: Any, config: Config) -> Iterator[Any]:
    """Other values of a field, those first that are likely to make a difference."""
    if path in CHOICES:
        yield from (each for each in CHOICES[path] if each != value)
    elif path in LISTS:
        yield LISTS[path]
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from other_numbers(value, declared(path, config))
    elif value is None and path.endswith(("after_relapse", "after_response", "in_remission")):
        yield from (False, True)
    elif value is None and path == "record.trajectories":
        yield False
    elif isinstance(value, str) and path.endswith("markers"):
        yield "other"
    elif isinstance(value, list) and value and isinstance(value[0], int | float):
        yield value[:-1] if len(value) > 1 else [each + 1 for each in value]


def other_numbers(value: float, metadata: Any) -> Iterator[float]:
    """Numbers from both sides of a value: ends of the plausible range, or a half and the double."""
    lowest, highest = metadata.get("lowest", 0.0), metadata.get("highest", np.inf)
    ends = [metadata[name] for name in ("low", "high") if name in metadata]
    ends += [value * 2.0, value / 2.0, value + 1.0, value - 1.0, lowest, highest]
    seen = {value}
    for end in ends:
        end = type(value)(end) if np.isfinite(end) else value
        if lowest <= end <= highest and end not in seen:
            seen.add(end)
            yield end


class SmallRuns:
    """A study as a small run, and the same with other values of fields."""

    def __init__(self, study: str, further: tuple[str, ...] = ()) -> None:
        self.composed = compose_plain([f"study={study}", *COMMON, *SMALL[study], *further])
        self.config = read_config(self.composed)
        self.plain = to_plain(self.composed)
        self.leaves = {
            path: value
            for path, value in flat(as_plain(self.config)).items()
            if not any(path == left or path.startswith(f"{left}.") for left in LEFT_OUT)
            and path.rpartition(".")[2] not in NOT_A_NUMBER
        }
        effects = Effects([self.config], [self.composed])
        self.followed = {path for path in self.leaves if effects.followers(path)}
        whys = {path: effects.why_none(path) for path in self.leaves}
        self.without_effect = {path: why for path, why in whys.items() if why}
        self.digest = digest_of(self.config)
        self.digest_of_one = digest_of(of_one(self.config))

    def changed(self, values: dict[str, Any]) -> Config:
        """The run with other values, and what refers to them."""
        for path in list(values):
            section, _, name = path.rpartition(".")
            if path.startswith("disease.subtypes") and name in BESIDE:
                other = f"{section}.{BESIDE[name]}"
                values[other] = self.leaves[other] + self.leaves[path] - values[path]
        referred = {path: value for path, value in values.items() if path in self.followed}
        plain = self.plain
        if referred:
            points = iter([tuple(referred.values())])
            ((_, plain),) = variations(self.composed, list(referred), points)
        for path, value in values.items():
            plain = with_value(plain, tuple(path.split(".")), value)
        return read_plain(plain, (self.plain, self.config))

    def allowed_values(self, path: str) -> Iterator[Any]:
        """Other values of a field that are allowed with everything else."""
        for value in other_values(path, self.leaves[path], self.config):
            try:
                self.changed({path: value})
            except ConfigError:
                continue
            yield value

    def changes(self, path: str, most: int = 4) -> bool | None:
        """Whether some other value of a field changes the result; None: there is no other."""
        asked = None
        for _, value in zip(range(most), self.allowed_values(path), strict=False):
            asked = False
            config = self.changed({path: value})
            try:
                if digest_of(of_one(config)) != self.digest_of_one:  # patients are independent
                    return True
                if digest_of(config) != self.digest:
                    return True
            except ValueError:  # refused by the run itself: not ignored
                return True
        return asked


def of_one(config: Config) -> Config:
    """The run with its first patient alone."""
    return replace(config, cohort=replace(config.cohort, size=1))


def digest_of(config: Config) -> str:
    """A digest of every variable and of the log of decisions."""
    trial = treat(config, 1)
    digest = hashlib.sha256()
    ds = trial.dataset
    for name in sorted(map(str, ds.variables)):
        values = ds[name].values
        content = values.tobytes() if values.dtype != object else repr(values.tolist()).encode()
        digest.update(f"{name} {values.shape}".encode() + content)
    digest.update(trial.decisions.to_csv().encode())
    return digest.hexdigest()


if __name__ == "__main__":
    runs = SmallRuns(sys.argv[1])
    sections = tuple(sys.argv[2:]) or ("",)
    asked = [path for path in runs.leaves if path.startswith(sections)]
    acting = [path for path in asked if path not in runs.without_effect]
    print(f"{len(asked)} fields, {len(asked) - len(acting)} of them are warned of", flush=True)
    changed = 0
    for path in acting:
        outcome = runs.changes(path)
        changed += outcome is True
        if not outcome:
            why = "has no other value" if outcome is None else "CHANGES NOTHING"
            print(f"{path} {why}", flush=True)
    print(f"{changed} of {len(acting)} others change the result", flush=True)
