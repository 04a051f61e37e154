"""On what the evidence was made: Python, every dependency, machine, commit."""

import json
import os
import platform
import re
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution

from leukosim import __version__
from leukosim.config.compose import config_of
from leukosim.errors import ConfigError
from leukosim.reports.document import Command, Heading, Paragraph, Section, Table
from leukosim.reports.evidence.inputs import Given
from leukosim.reports.study.repetition import command_of
from leukosim.results import netcdf, output_folder, provenance


@dataclass(frozen=True)
class Made:
    """How the exact checks were run."""

    seed: int
    replicates: int
    day: str  # as 2025-01-31
    command: str  # that repeats the document


def dependencies(name: str = "leukosim") -> dict[str, str]:
    """Version of every package that is needed without extras, and of what those need, by name."""
    result: dict[str, str] = {}
    waiting = [name]
    while waiting:
        each = waiting.pop()
        key = re.sub(r"[-_.]+", "-", each).lower()
        if key in result:
            continue
        try:
            package = distribution(each)
        except PackageNotFoundError:  # of another system, or of an older Python
            continue
        result[key] = package.version
        for requirement in package.requires or []:
            if "extra ==" not in requirement:
                waiting.append(re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0])
    result.pop(re.sub(r"[-_.]+", "-", name).lower(), None)
    return dict(sorted(result.items()))


def made_by() -> list[list[str]]:
    """Version, commit and digest of the code, Python and machine, as rows of a table."""
    commit = provenance.commit()
    changed = " with changes that are not committed" if commit.endswith("+") else ""
    return [
        ["leukosim", __version__],
        ["commit", commit.removesuffix("+") + changed if commit else "an installed package"],
        ["digest of the simulation's code", provenance.code_digest()],
        ["Python", f"{platform.python_implementation()} {sys.version.split()[0]}"],
        ["system", f"{platform.system()} {platform.release()}, {platform.machine()}"],
        ["processor", f"{processor()}, {os.cpu_count()} logical processors"],
    ]


def processor() -> str:
    """The model of the processor, where the system says it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def software_section(made: Made, results: list[Given]) -> Section:
    """On what, when and how all this was made, and how to make it again."""
    rows = [*made_by(), ["date", made.day], ["seed of the exact checks", str(made.seed)]]
    packages = [f"{name} {version}" for name, version in dependencies().items()]
    commands = [made.command]
    for each in results:
        ds = netcdf.load_dataset(each.folder / output_folder.RESULTS)
        try:
            commands.append(f"{command_of(ds, config_of(ds))[0]} output={each.folder}")
        except ConfigError:
            seed = json.loads(ds.attrs["config"]).get("seed")
            commands.append(f"# {each.folder}: made by another version, seed {seed}")
    return Section(
        "Software and how to repeat this",
        [
            Table(["", ""], rows, widths=[1, 3]),
            Heading("Every dependency"),
            Paragraph(", ".join(packages) + "."),
            Heading("Commands"),
            Command("\n".join([*commands[1:], commands[0]])),
        ],
    )
