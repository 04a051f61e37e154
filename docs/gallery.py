"""Make gallery.md: every figure of the studies, from their pages and the code that draws them.

What a figure shows is the first sentence of its module, its command the one that stands above it on
the page of its study, and the picture the one that lies there.
"""

import re
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from leukosim.figures.registry import SWEEP_FIGURES, TRIAL_FIGURES

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "gallery.md"
COMMANDS = re.compile(r"^```\n(leukosim .*?)^```", re.MULTILINE | re.DOTALL)
CONTINUED = re.compile(r"\\\n *")  # a command goes on in the next line
PICTURE = re.compile(r"!\[.*?\]\(figures/(\w+)\.png\)")
TWO_ARMS = "any result of two arms or more"
OF_VERBS = {  # figures that no run draws: the verb that does, the module, what is needed
    "comparison": ("compare", "comparison", TWO_ARMS),
    "individual_effects": ("compare", "individual_effects", TWO_ARMS),
    "power": ("power", "power", TWO_ARMS),
    **{
        name: ("sensitivity", name, "a study with headlines")
        for name in ("screening", "tornado", "sobol_indices")
    },
    "posterior": ("calibrate", "posterior", "a fit to the published targets"),
    "predictive": ("calibrate", "targets", "a fit to the published targets"),
    "levels_and_cycles": ("search", "search", "the candidates of a search"),
    "confirmation": ("search", "confirmation", "the best candidates of a search"),
    "validation": ("validate", "targets", "frozen predictions and what was observed"),
}
FOLDERS = tuple(f"leukosim.figures.{each}" for each in ("trial", "sweep", "methods"))
WIDE = 380  # pixels of a thumbnail


@dataclass(frozen=True)
class Shown:
    """A figure on the page of a study."""

    study: str  # a folder of experiments
    name: str
    command: str


def shown_in(study: Path) -> list[Shown]:
    """The figures of a study's page, in its order, each with the command above it.

    Without a page, those that lie there, each with the command of its verb.
    """
    page = study / "README.md"
    if not page.exists():
        names = sorted(path.stem for path in study.glob("figures/*.png"))
        return [
            Shown(study.name, name, f"leukosim {OF_VERBS[name][0]} experiments/{study.name}")
            for name in names
        ]
    text = CONTINUED.sub("", page.read_text(encoding="utf-8"))
    commands = list(COMMANDS.finditer(text))
    found = []
    for picture in PICTURE.finditer(text):
        above = [each[1].strip() for each in commands if each.start() < picture.start()][-1]
        name = picture[1]
        found.append(Shown(study.name, name, command_of(name, above.splitlines())))
    return found


def command_of(name: str, lines: list[str]) -> str:
    """The command of a figure, of several that stand together the one with its verb."""
    verb = OF_VERBS[name][0] if name in OF_VERBS else "run"
    own = [line for line in lines if line.startswith(f"leukosim {verb} ")]
    return "\n".join(own or lines)


def sentence_of(name: str) -> str:
    """What a figure shows: the first sentence of the module that draws it."""
    module = OF_VERBS[name][1] if name in OF_VERBS else name
    folder = next(each for each in FOLDERS if find_spec(f"{each}.{module}"))
    said = import_module(f"{folder}.{module}").__doc__ or ""
    return " ".join(said.split("\n\n")[0].split())


def needs_of(name: str) -> str:
    """The variables that a result must hold, in words."""
    if name in OF_VERBS:
        return OF_VERBS[name][2]
    each = next(figure for figure in (*TRIAL_FIGURES, *SWEEP_FIGURES) if figure.name == name)
    variables = ", ".join(f"`{variable}`" for variable in each.needs.variables)
    return variables or "the configuration that a result carries"


def entry(shown: Shown) -> str:
    """A row of the table: the picture, linked to its file, and what there is to say."""
    picture = f"../experiments/{shown.study}/figures/{shown.name}.png"
    image = f'<a href="{picture}"><img src="{picture}" width="{WIDE}" alt="{shown.name}"></a>'
    words = f"**{shown.name}**<br>{sentence_of(shown.name)}<br>Needs {needs_of(shown.name)}."
    return f"| {image} | {words} |"


def gallery() -> str:
    """The whole page."""
    lines = [
        "# Gallery",
        "",
        "Made by `make docs` from the pages of the studies and the code; do not edit. A run draws",
        "every figure whose needs its result meets; the days of relapse, of death and of the last",
        "follow-up are in all results ([results.md](results.md)). For one column of a journal, and",
        "only some: `leukosim figures FOLDER width_mm=89 only=targets format=pdf`.",
    ]
    for study in sorted({path.parents[1] for path in ROOT.glob("experiments/*/figures/*.png")}):
        page = study / "README.md"
        where = page if page.exists() else study
        lines += ["", f"## [{study.name}](../{where.relative_to(ROOT).as_posix()})"]
        for command, figures in groupby(shown_in(study), key=lambda shown: shown.command):
            lines += ["", "```", command, "```", "", "| | |", "| --- | --- |"]
            lines += [entry(each) for each in figures]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(gallery(), encoding="utf-8")
