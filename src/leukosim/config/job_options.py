"""What a cluster's queue is asked for: options of Slurm, and of PBS, SGE and LSF."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

# A name or an expression of a queue's, such as gpu&(a100|h100) or node[1-4]. Without blanks or
# quotes, one value cannot bring further options along.
WORD = re.compile(r"[\w.,:;+*/%@=&|!<>()\[\]~^-]+", re.ASCII)
OPTION = re.compile(r"[a-z][a-z-]*")
WORD_RULE = "allowed are letters, digits and punctuation, without blanks, quotes or a leading dash"
# Options of sbatch that a field sets, or that leukosim sets itself.
TAKEN = {
    "partition": "executor.slurm.partition", "account": "executor.slurm.account",
    "qos": "executor.slurm.qos", "constraint": "executor.slurm.constraint",
    "time": "executor.job_minutes", "mem": "executor.memory_gib", "array": "executor.workers",
} | dict.fromkeys(
    ("job-name", "output", "error", "open-mode", "signal", "dependency", "chdir", "wrap",
     "cpus-per-task", "nodes", "ntasks", "parsable")
)  # fmt: skip


@dataclass(frozen=True)
class SlurmOptions:
    """What jobs ask Slurm for."""

    partition: str = ""  # queue of the cluster
    account: str = ""  # that is charged
    qos: str = ""  # quality of service
    constraint: str = ""  # features that a node needs
    setup: list[str] = field(default_factory=list)  # lines of shell before the work of a job
    python: str = ""  # command that starts Python on the nodes; none: the one that runs here
    additional: dict[str, str] = field(default_factory=dict)  # further options of sbatch

    def __post_init__(self) -> None:
        check_words(self, ("partition", "account", "qos", "constraint"))
        check_lines("setup", self.setup)
        check_lines("python", [self.python])
        for name, value in self.additional.items():
            if not OPTION.fullmatch(name):
                raise ValueError(
                    f"additional.{name} = {value} is no option of sbatch: allowed are long names "
                    "without leading dashes, such as gres or mail-type"
                )
            if name in TAKEN:
                instead = f"use {TAKEN[name]}" if TAKEN[name] else "leukosim sets it itself"
                raise ValueError(f"additional.{name} = {value} is not allowed: {instead}")
            check_lines(f"additional.{name}", [value])


@dataclass(frozen=True)
class JobQueueOptions:
    """What jobs ask PBS, SGE or LSF for. Empty fields are left to dask's own configuration."""

    queue: str = ""  # of the cluster
    project: str = ""  # or account
    interface: str = ""  # of the network between nodes, such as ib0
    setup: list[str] = field(default_factory=list)  # lines of shell before the work of a job
    python: str = ""  # command that starts Python on the nodes; none: the one that runs here
    additional: list[str] = field(default_factory=list)  # directives, such as "-l feature=x"

    def __post_init__(self) -> None:
        check_words(self, ("queue", "project", "interface"))
        for name in ("setup", "additional"):
            check_lines(name, getattr(self, name))
        check_lines("python", [self.python])


def check_words(record: Any, names: Iterable[str]) -> None:
    """Raise ValueError where a value would end a line or begin another option."""
    for name in names:
        value = getattr(record, name)
        if value and (value.startswith("-") or not WORD.fullmatch(value)):
            raise ValueError(f"{name} = {value!r} is not allowed: {WORD_RULE}")


def check_lines(name: str, lines: Iterable[str]) -> None:
    """Raise ValueError where a line is none, or several."""
    for line in lines:
        if any(ord(letter) < 32 and letter != "\t" for letter in line):
            raise ValueError(
                f"{name} = {line!r} is not allowed: one line each, without control characters"
            )


def given(record: Any) -> str:
    """The first field with a value other than its default, with that value; empty where none is."""
    default = type(record)()
    for each in fields(record):
        value = getattr(record, each.name)
        if value != getattr(default, each.name):
            return f"{each.name} = {value}"
    return ""
