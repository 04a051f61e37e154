"""What the tutorial tells a newcomer to do works, word for word."""

import json
import re
import shlex

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from leukosim.cli import main

pytestmark = pytest.mark.end_to_end

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`(mine/[\w/]+\.yaml)`")


def follow_page(page, folder):
    """Write the files and run the commands and programs of a page, in their order, in a folder.

    A file's name is the last of ``mine/...yaml`` that the text before it mentions.
    """
    done = []
    for block in BLOCK.finditer(page):
        language, text = block.groups()
        if language == "yaml":
            path = folder / FILE.findall(page[: block.start()])[-1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            done.append(path.name)
        elif language == "python":
            exec(compile(text, "a page", "exec"), {"__name__": "page"})
            done.append("program")
        else:
            for line in text.splitlines():
                if line.startswith("leukosim "):
                    assert main(shlex.split(line)[1:]) == 0, line
                    done.append(line)
    return done


@pytest.fixture
def page(request, tmp_path, monkeypatch):
    """Read a page of the documentation; from then on in an empty folder."""

    def read(name):
        path = request.config.rootpath / "docs" / name
        if not path.exists():
            pytest.skip("needs a checkout")
        return path.read_text(encoding="utf-8")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    return read


def test_the_tutorial(page, tmp_path, capsys):
    done = follow_page(page("tutorial.md"), tmp_path)
    verbs = [each.split()[1] for each in done if each.startswith("leukosim ")]
    assert verbs == ["run", "run", "run", "compare", "compare", "figures", "report"]
    assert done.count("program") == 2 and "short.yaml" in done

    own = xr.open_dataset(tmp_path / "outputs/short/results.nc", decode_timedelta=False)
    assert list(own.arm.values) == ["triggered", "at_relapse", "short"]
    decisions = pd.read_csv(tmp_path / "outputs/short/decisions.csv")
    started = decisions[(decisions.arm == "short") & (decisions.action == "start")]
    assert len(started) > 0 and set(started.regimen) == {"five_days"}
    curves = tmp_path / "outputs/short/figures"
    assert {"short"} <= set(pd.read_csv(curves / "relapse_free_survival.csv")["arm"])
    assert (curves / "relapse_free_survival.pdf").stat().st_size > 1000

    compared = pd.read_csv(tmp_path / "outputs/short/comparison.csv")
    assert {"short", "at_relapse"} <= set(compared[compared["against"] == "triggered"]["arm"])
    column = tmp_path / "outputs/short/figures-89mm"
    assert {path.name for path in column.iterdir()} == {
        f"relapse_free_survival.{end}" for end in ("pdf", "svg", "json", "csv")
    }
    origin = json.loads((column / "relapse_free_survival.json").read_text())
    assert (origin["width_mm"], origin["results"][0]["seed"]) == (89.0, "1")
    assert origin["results"][0]["digest"] == own.attrs["digest"]
    assert "five days of azacitidine" in (tmp_path / "outputs/short/report.html").read_text()

    swept = xr.open_dataset(tmp_path / "outputs/doses/results.nc", decode_timedelta=False)
    assert swept.sizes["scenario"] == 3
    days = pd.read_csv(tmp_path / "treatment_days.csv", index_col="arm")["treatment_days"]
    assert np.allclose(days, own.treatment_days.mean("patient"))
    assert (tmp_path / "treatment_days.pdf").stat().st_size > 1000
    assert "'stop_at_relapse']" in capsys.readouterr().out


def test_the_examples_of_how_to_add_something(page, tmp_path):
    done = follow_page(page("extending.md"), tmp_path)
    assert done[:2] == ["mcl1.yaml", "mcl1.yaml"] and "quick.yaml" in done
    drug = xr.open_dataset(tmp_path / "outputs/mcl1/results.nc", decode_timedelta=False)
    assert (drug.treatment_days > 0).all()
    quick = xr.open_dataset(tmp_path / "outputs/quick/results.nc", decode_timedelta=False)
    assert list(quick.arm.values) == ["triggered", "delayed"]
    assert (quick.horizon_days, quick.trigger_level) == (365, 0.001)
