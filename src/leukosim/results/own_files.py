"""Files that leukosim writes under fixed names, known again by how they begin.

A file of the user's own under such a name is never replaced.
"""

from collections.abc import Iterable
from pathlib import Path

from leukosim.errors import ConfigError

# How each table begins, by its name.
TABLES = {
    "comparison.csv": ("arm,against,quantity,",),
    "confirmation.csv": ("cohort,arm,",),
    "correlations.csv": ("one,other,correlation",),
    "coverage.csv": ("parameter,level,held,",),
    "discrimination.csv": ("arm,one,other,measure,",),
    "emulators.csv": ("share,points,surprise,",),
    "groups.csv": ("group,mu_star,",),
    "hypotheses.csv": ("hypothesis,evidence,probability",),
    "individual_effects.csv": ("arm,against,patient,gained_days,",),
    "morris.csv": ("parameter,mu_star,",),
    # of a calibration; of a sensitivity analysis
    "parameters.csv": ("parameter,prior_low,", "parameter,section,own_value,"),
    "posterior.csv": ("relaza2.residual_log10_mean,",),
    "power.csv": ("enrolled,patients,screened,",),
    "precision.csv": ("headline,unit,value,asked,",),
    "ranking.csv": ("arm,rank,probability_best,",),
    "sample_size.csv": ("enrolled,",),
    "search.csv": ("evaluation,",),
    "shifts.csv": ("share,before,after,shift,",),
    "sobol.csv": ("parameter,first,first_low,",),
    "targets.csv": ("id,label,unit,target,",),
    "tornado.csv": ("parameter,unit,own_value,end,",),
    "validation.csv": ("id,label,unit,status,",),
}
# What stands near the beginning of other files, by the end of their names.
MARKS = {".html": '<meta name="generator" content="leukosim', ".md": "Made by `make docs`"}
MARK_WITHIN = 1000  # bytes
OF_A_FIGURE = (".pdf", ".svg", ".png", ".json", ".csv")


def refuse_foreign(paths: Iterable[Path]) -> None:
    """Raise :class:`ConfigError` where a file would be replaced that leukosim did not write."""
    for path in paths:
        if path.exists() and not is_ours(path):
            raise refusal(path)


def is_ours(path: Path) -> bool:
    """Whether leukosim wrote a file, as far as its beginning tells."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        beginning = file.read(MARK_WITHIN).decode("utf-8", "replace")
    if path.name in TABLES:
        return beginning.startswith(TABLES[path.name])
    return path.suffix in MARKS and MARKS[path.suffix] in beginning


def refuse_foreign_figures(folder: Path, names: Iterable[str]) -> None:
    """The same for figures: their origin, ``NAME.json``, tells that leukosim drew them."""
    for name in names:
        present = [path for end in OF_A_FIGURE if (path := folder / f"{name}{end}").exists()]
        if present and not has_origin(folder, name):
            raise refusal(present[0])


def has_origin(folder: Path, name: str) -> bool:
    """Whether the origin of a figure lies beside it."""
    path = folder / f"{name}.json"
    return path.is_file() and path.read_bytes().startswith(beginning_of_origin(name).encode())


def beginning_of_origin(name: str) -> str:
    """How the origin of a figure begins, as it is written."""
    return f'{{\n "figure": "{name}"'


def refusal(path: Path) -> ConfigError:
    """The error for a file of somebody else."""
    return ConfigError(f"{path} was not written by leukosim: choose another output, or move it")
