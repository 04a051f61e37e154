"""What lies in the folder of the wrong command lines: results, and files that are none."""

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import xarray as xr

import leukosim

SMALL = {"cohort.size": 2, "horizon_days": 60, "record.interval_days": 30}
STUDY = "# @package _global_\n"
RULES = """
  relapse:
    measure: marrow_blasts
    action: relapse
    at_least: 0.2
"""
STRATEGY = "# @package strategies.mine\ntitle: mine\nregimens: {}\nrules:"

# Studies of one's own, none of which can be read.
STUDIES = {
    "cycle": STUDY + "defaults:\n  - /study/mine\n",
    "bomb": STUDY
    + "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n"
        for a, b in zip("abcdefghi", "bcdefghij", strict=True)
    ),
    "deep": STUDY + "seed: " + "[" * 5000 + "]" * 5000 + "\n",
    "wide": STUDY + "seed: 1\n" + "".join(f"x{i}: 1\n" for i in range(300_000)),
    "syntax": STUDY + "seed: 1\ncohort: {size: 3\nhorizon_days: 5\n",
    "tabs": STUDY + "cohort:\n\tsize: 3\n",
    "twice": STUDY + "seed: 1\nseed: 2\n",
    "list": "- 1\n- 2\n",
    "text": "only a text\n",
    "tag": STUDY + "seed: !!python/object/apply:os.system ['true']\n",
    "anchor_of_itself": STUDY + "cohort: &a\n  size: *a\n",
    "missing_default": STUDY + "defaults:\n  - /cohort: nope\n",
    "wrong_defaults": STUDY + "defaults: 5\n",
    "unknown_field": STUDY + "cohort:\n  sise: 3\n",
    "wrong_value": STUDY + "cohort:\n  size: many\n",
    "environment": STUDY + "seed: ${oc.env:HOME}\n",
    "many_days": STUDY + "motixafortide:\n  days: ${days:1,1000000000}\n",
    "reference_cycle": STUDY + "seed: ${horizon_days}\nhorizon_days: ${seed}\n",
    "numbers_as_names": STUDY + "5: 3\n",
    "list_of_numbers": STUDY + "defaults:\n  - 5\n",
}  # fmt: skip


def make(folder: Path) -> None:
    """Fill the folder."""
    leukosim.run("relaza2", SMALL, output=folder / "a_run", workers=1)
    leukosim.sweep("relaza2", {**SMALL, "seed": [1, 2]}, output=folder / "a_sweep", workers=1)
    (folder / "empty").mkdir()
    (folder / "text.txt").write_text("a text, and not a result\n", encoding="utf-8")
    result = (folder / "a_run" / "results.nc").read_bytes()
    (folder / "truncated.nc").write_bytes(result[: len(result) // 2])
    xr.Dataset({"temperature": ("day", np.arange(3.0))}).to_netcdf(folder / "other.nc")
    (folder / "damaged").mkdir()
    (folder / "damaged" / "results.nc").write_bytes(result[: len(result) // 2])
    (folder / "foreign").mkdir()
    shutil.copy(folder / "other.nc", folder / "foreign" / "results.nc")
    os.mkfifo(folder / "fifo")
    make_studies(folder)
    make_predictions(folder)


def make_studies(folder: Path) -> None:
    """Folders with a study or a strategy of one's own."""
    for name, text in STUDIES.items():
        own(folder, name, "study", "mine").write_text(text, encoding="utf-8")
    for name, other in (("one", "two"), ("two", "one")):
        path = own(folder, "cycle_of_two", "study", name)
        path.write_text(f"{STUDY}defaults:\n  - /study/{other}\n", encoding="utf-8")
    own(folder, "latin", "study", "mine").write_bytes(b"# Caf\xe9\nseed: 1\n")
    own(folder, "binary", "study", "mine").write_bytes(bytes(range(32)))
    own(folder, "folder_for_a_file", "study", "mine").mkdir()
    os.mkfifo(own(folder, "unreadable_fifo", "study", "mine"))
    never = "\n  never:\n    measure: mrd\n    action: stop\n    at_least: 0.1\n    below: 0.01"
    own(folder, "no_relapse", "strategy", "mine").write_text(STRATEGY + " {}\n", encoding="utf-8")
    own(folder, "never", "strategy", "mine").write_text(STRATEGY + never + RULES, encoding="utf-8")
    own(folder, "latin_strategy", "strategy", "mine").write_bytes(
        (STRATEGY + RULES).encode() + b"# Caf\xe9\n"
    )
    own(folder, "unpackaged", "strategy", "mine").write_text(
        (STRATEGY + RULES).partition("\n")[2], encoding="utf-8"
    )


def own(folder: Path, name: str, group: str, file: str) -> Path:
    """The path of a file of one's own, in a folder that exists."""
    (folder / name / group).mkdir(parents=True, exist_ok=True)
    return folder / name / group / f"{file}.yaml"


def make_predictions(folder: Path) -> None:
    """Tables of predictions and of observed values."""
    for name, record in (
        ("frozen", None), ("wrong_record", {"made": "2025-01-01"}), ("text_record", "text"),
    ):  # fmt: skip
        (folder / name).mkdir()
        text = "id,label,unit,value,low,high\nP01,a,probability,0.5,0.4,0.6\n"
        (folder / name / "predictions.csv").write_text(text, encoding="utf-8")
        if record is None:
            from leukosim.analysis.predictions.freezing import digest_of

            record = {"sha256": digest_of(text), "made": "2025-01-01"}
        said = record if isinstance(record, str) else json.dumps(record)
        (folder / name / "predictions.json").write_text(said, encoding="utf-8")
    for name, content in {
        "observed": b"id,value\nP01,0.5\n",
        "latin_observed": b"id,value\nCaf\xe9,0.5\n",
        "empty_observed": b"",
        "columns_observed": b"a,b\n1,2\n",
        "values_observed": b"id,value,n\nP01,many,5\n",
    }.items():
        (folder / name).mkdir()
        (folder / name / "observed.csv").write_bytes(content)


def for_calls(folder: Path) -> SimpleNamespace:
    """A result, a sweep, a patient, a strategy and a protocol, for calls from Python."""
    (patient,) = leukosim.draw_cohort(leukosim.Cohort(size=1), leukosim.Disease(), 1)
    relapse = leukosim.Rule("marrow_blasts", "relapse", at_least=0.2)
    return SimpleNamespace(
        result=leukosim.load(folder / "a_run"),
        sweep=leukosim.load(folder / "a_sweep"),
        patient=patient,
        strategy=leukosim.Strategy("none", {}, {"relapse": relapse}),
        protocol=leukosim.Protocol(horizon_days=60),
    )
