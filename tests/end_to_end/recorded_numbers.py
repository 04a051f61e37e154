"""Digests of every number that the commands leave, to show that a change of code changes none.

    python recorded_numbers.py --command .venv/bin/leukosim --write recorded_numbers.json
    python recorded_numbers.py --command old/bin/leukosim --against new/bin/leukosim

Small cases are run by an executable, and each variable of a dataset and each column of a table gets
a digest, under case, file and name. Nothing of the package is imported, so any commit can be asked.
A variable that is only renamed keeps its digest.
"""

import argparse
import hashlib
import json
import re
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

Digests = dict[str, str]  # by variable or column
Record = dict[str, dict[str, Digests]]  # by case and file

# What is asked of the executable; {workers} is a number, any other name in braces the folder that
# another case has left. Each case gets an output of its own.
CASES: dict[str, tuple[str, ...]] = {
    "relaza2": ("run", "study=relaza2", "cohort.size=24", "executor.workers={workers}"),
    "venetoclax_resistance": (
        "run", "study=venetoclax_resistance", "cohort.size=4", "executor.workers={workers}",
    ),
    "blast": ("run", "study=blast", "cohort.size=6", "executor.workers={workers}"),
    "clonal_relapse": ("run", "study=clonal_relapse", "cohort.size=5",
    "executor.workers={workers}"),
    "sweep": (
        "run", "-m", "study=relaza2", "trigger.level=1e-3,1e-2", "monitoring.interval_days=28,56",
        "cohort.size=6", "executor.workers={workers}",
    ),
    "hypotheses": (
        "run", "-m", "study=venetoclax_resistance", "hypothesis=selection,reprogramming",
        "arms=[venetoclax_azacitidine]", "horizon_days=200", "cohort.size=4",
        "executor.workers={workers}",
    ),
    "compare": ("compare", "{relaza2}"),
    "compare_sweep": ("compare", "{sweep}"),
    "power": ("power", "{relaza2}"),
    "predict": ("predict", "{relaza2}", "{blast}", "{venetoclax_resistance}", "draws=200"),
    "search": (
        "search", "study=relaza2", "search.arm=triggered", "cohort.size=6", "horizon_days=500",
        "trigger.level=tag(log,interval(1e-4,1e-1))", "azacitidine.days_per_cycle=range(3,8)",
        "search.at_most.drug_days=default", "search.evaluations=4", "search.unguided=2",
        "search.at_once=2", "search.confirm=1", "search.new_patients=6",
        "executor.workers={workers}",
    ),
    "sensitivity": (
        "sensitivity", "study=relaza2", "cohort.size=6", "group_trajectories=0", "trajectories=2",
        "only=cohort.residual_log10_mean,drug.azacitidine.renewal_loss", "resamples=100",
        "surrogate_points=16", "sobol_points=64", "leading=2", "executor.workers={workers}",
    ),
    "calibrate": (
        "calibrate", "patients=4", "points=2", "waves=2", "steps=50", "draws=4", "checked=4",
        "checked_patients=12", "agents=100", "workers={workers}",
    ),
}  # fmt: skip

RESULTS, DECISIONS = "results.nc", "decisions.csv"
# Two executables on one computer are compared to the last bit of what they simulate. A record is
# read on other computers, where NumPy takes exp and log from other instructions and gets other last
# digits, so it holds what is left of eight. Statistics, fits and figures are always rounded: they
# pass through linear algebra and optimisers. A change of what is calculated shows in eight digits.
# The optimiser of the emulators stops near an optimum, not at it: of a fit four digits hold.
EXACT = (RESULTS, DECISIONS)
DIGITS, DIGITS_OF_FIT = 8, 4
TEXT, PATTERN, WITHIN, ATTRIBUTE = " (text)", " (pattern)", " (numbers in text)", " (attribute)"
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.]*\w)")
TRUTHS = {"True": "1", "False": "0", "": "nan"}


class Failed(Exception):
    """A command ended with an error."""


# ---------------------------------------------------------------------- digests


def digest_of_numbers(values: object, digits: int | None = None) -> str:
    """Of the shape and the numbers, whatever type holds them."""
    numbers = np.array(values, dtype="<f8") + 0.0  # no -0.0
    if digits is not None:
        rounded = [float(f"{number:.{digits - 1}e}") for number in numbers.ravel()]
        numbers = np.array(rounded, dtype="<f8").reshape(numbers.shape) + 0.0
    numbers[np.isnan(numbers)] = np.nan  # one of the many
    return shortened(repr(numbers.shape).encode() + numbers.tobytes())


def digest_of_texts(shape: tuple[int, ...], texts: list[str]) -> str:
    """Of the shape and the texts."""
    return shortened(json.dumps([shape, texts], ensure_ascii=False).encode())


def shortened(content: bytes) -> str:
    """The first 16 hexadecimal digits of a digest."""
    return hashlib.sha256(content).hexdigest()[:16]


def digests_of(name: str, values: np.ndarray, digits: int | None) -> Digests:
    """Of one variable or column.

    Texts may be renamed. Which of them are equal, in the order of their first appearance, and the
    numbers that stand in them are digested beside them: these a renaming leaves as they were.
    """
    if values.dtype.kind in "biuf":
        return {name: digest_of_numbers(values, digits)}
    texts = [str(text) for text in values.ravel()]
    words = [NUMBER.sub("#", text) for text in texts]
    within = [float(number) for text in texts for number in NUMBER.findall(text)]
    found = {
        name + TEXT: digest_of_texts(values.shape, words),
        name + PATTERN: digest_of_numbers(pd.factorize(np.array(texts, object))[0]),
    }
    return found | ({name + WITHIN: digest_of_numbers(within, digits)} if within else {})


def digests_of_dataset(path: Path, digits: int | None) -> Digests:
    """Of all variables of a dataset, and of its attributes that are numbers."""
    with xr.open_dataset(
        path, engine="netcdf4", decode_times=False, decode_timedelta=False
    ) as dataset:
        found: Digests = {}
        for name, variable in dataset.variables.items():
            found |= digests_of(str(name), variable.values, digits)
        for name, value in dataset.attrs.items():
            if np.asarray(value).dtype.kind in "biuf":
                found[str(name) + ATTRIBUTE] = digest_of_numbers(np.atleast_1d(value), digits)
    return found


def digests_of_table(path: Path, digits: int | None) -> Digests:
    """Of all columns of a table. A column is one of numbers if every cell that is filled is."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    found: Digests = {}
    for name, column in table.items():
        try:
            values = column.replace(TRUTHS).to_numpy().astype(float)
        except ValueError:
            values = column.to_numpy(dtype=object)
        found |= digests_of(str(name), values, digits)
    return found


def digests_of_folder(folder: Path, exact: bool, digits: int) -> dict[str, Digests]:
    """Of every dataset and table in a folder and those below it.

    exact : what was simulated, to the last bit
    digits : of statistics
    """
    found = {}
    for path in sorted([*folder.rglob("*.nc"), *folder.rglob("*.csv")]):
        read = digests_of_dataset if path.suffix == ".nc" else digests_of_table
        simulated = None if exact else DIGITS
        kept = simulated if path.name in EXACT else digits
        found[path.relative_to(folder).as_posix()] = read(path, kept)
    return found


# ---------------------------------------------------------------------- running


def folders_named(words: Iterable[str]) -> list[str]:
    """The cases whose folders a case reads."""
    names = [name for word in words for _, name, _, _ in string.Formatter().parse(word) if name]
    return [name for name in names if name != "workers"]


@dataclass
class Runner:
    """Runs cases by an executable, each once."""

    command: str  # the executable
    folder: Path  # for all that is written
    workers: int = 1
    exact: bool = False  # what was simulated, to the last bit
    replaced: Sequence[tuple[str, str]] = ()  # in what is asked, where fields were renamed
    seconds: dict[str, float] = field(default_factory=dict)  # by case that was run

    def digests(self, case: str) -> dict[str, Digests]:
        """Of all that a case leaves."""
        digits = DIGITS_OF_FIT if case == "calibrate" else DIGITS
        return digests_of_folder(self.run(case), self.exact, digits)

    def run(self, case: str) -> Path:
        """The folder of a case, after those that it reads.

        Raises
        ------
        Failed
            If the command ends with an error.
        """
        folder = self.folder / case
        if case in self.seconds:
            return folder
        places = {name: str(self.run(name)) for name in folders_named(CASES[case])}
        words = [word.format(workers=self.workers, **places) for word in CASES[case]]
        for old, new in self.replaced:
            words = [word.replace(old, new) for word in words]
        self.folder.mkdir(parents=True, exist_ok=True)
        started = time.perf_counter()
        done = subprocess.run(
            [self.command, *words, f"output={folder}"],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Failed(f"{case}: {' '.join(words)}\n{done.stderr[-2000:]}")
        self.seconds[case] = time.perf_counter() - started
        return folder


def record(runner: Runner, cases: Iterable[str]) -> Record:
    """Digests of cases."""
    found = {}
    for case in cases:
        found[case] = runner.digests(case)
        print(f"{case}: {runner.seconds[case]:.0f} s", file=sys.stderr, flush=True)
    return found


# ---------------------------------------------------------------------- differences


def changes(before: dict[str, Digests], after: dict[str, Digests]) -> list[str]:
    """What differs between the digests of a case, a line each."""
    old, new = flat(before), flat(after)
    lines = [
        f"{file}: {name} changed"
        for (file, name), digest in old.items()
        if (file, name) in new and new[file, name] != digest
    ]
    gone = {key: digest for key, digest in old.items() if key not in new}
    come = {key: digest for key, digest in new.items() if key not in old}
    for (file, name), digest in gone.items():
        same = [key for key, each in come.items() if each == digest]
        if same:  # of several the one in the same file, or of the same name
            other = max(same, key=lambda key: (key[0] == file, key[1] == name))
            del come[other]
            lines.append(f"{file}: {name} is now {other[0]}: {other[1]}, with the same digest")
        else:
            lines.append(f"{file}: {name} is missing")
    return lines + [f"{file}: {name} is new" for file, name in come]


def flat(digests: dict[str, Digests]) -> dict[tuple[str, str], str]:
    """Digests by file and name."""
    return {(file, name): each for file, names in digests.items() for name, each in names.items()}


def written(found: Record) -> str:
    """A record as a text."""
    return json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    """Record, or compare two executables: 1 where a number differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--command", required=True, help="executable of leukosim")
    parser.add_argument("--against", help="another one, compared with it to the last bit")
    parser.add_argument("--cases", default=",".join(CASES), help="by default all: %(default)s")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--replace", nargs=2, action="append", default=[], metavar=("OLD", "NEW"),
        help="in what is asked of the other, where fields were renamed",
    )  # fmt: skip
    parser.add_argument("--write", type=Path, help="file for the record, as JSON")
    parser.add_argument("--exact", action="store_true", help="write to the last bit, too")
    asked = parser.parse_args()
    if asked.against and asked.write:
        parser.error("--write takes one executable")
    cases = asked.cases.split(",")
    for case in cases:
        if case not in CASES:
            parser.error(f"no case {case}: there are {', '.join(CASES)}")
    # a path with folders is relative to where this was called, not to the temporary folder
    command, against = (
        str(Path(each).absolute()) if each and Path(each).exists() else each
        for each in (asked.command, asked.against)
    )
    exact = asked.exact or bool(against)
    with tempfile.TemporaryDirectory() as folder:
        first = Runner(command, Path(folder) / "one", asked.workers, exact)
        found = record(first, cases)
        if asked.write:
            asked.write.write_text(written(found), encoding="utf-8")
        if not against:
            if not asked.write:
                print(written(found), end="")
            return 0
        other = Runner(against, Path(folder) / "other", asked.workers, exact, asked.replace)
        differing = 0
        for case in cases:
            try:
                lines = changes(found[case], other.digests(case))
            except Failed as failure:
                lines = [f"failed: {failure}"]
            differing += bool(lines)
            for line in lines:
                print(f"{case}: {line}")
    print(f"{len(cases) - differing} of {len(cases)} cases are the same")
    return 1 if differing else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(str(failure))
