"""Searches, power and predictions from Python give what the commands give."""

import pandas as pd
import pytest

import leukosim
from leukosim.cli import main


@pytest.mark.slow
def test_a_search_is_that_of_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr("leukosim.cli.drawing.draw", lambda *_: 0)
    found = leukosim.search(
        "relaza2", {"trigger.level": "tag(log,interval(1e-4,1e-1))"},
        {"cohort.size": 6, "horizon_days": 300}, arm="triggered", evaluations=3, confirm=1,
        at_most={"drug_days": "default"}, options={"unguided": 2, "at_once": 2, "new_patients": 6},
    )  # fmt: skip
    words = [
        "search", "study=relaza2", "trigger.level=tag(log,interval(1e-4,1e-1))", "cohort.size=6",
        "horizon_days=300", "search.arm=triggered", "search.evaluations=3", "search.confirm=1",
        "search.at_most.drug_days=default", "search.unguided=2", "search.at_once=2",
        "search.new_patients=6", f"output={tmp_path}/search",
    ]  # fmt: skip
    assert main(words) == 0
    table = pd.read_csv(tmp_path / "search" / "search.csv")
    assert list(found.table["trigger.level"]) == pytest.approx(list(table["trigger.level"]))
    assert list(found.table["rmst"]) == pytest.approx(list(table["rmst"]))
    assert found.folder is None
    assert found.confirmation is not None and set(found.best) == {"trigger.level"}


def test_power_and_predictions_are_tables():
    result = leukosim.run("relaza2", {"cohort.size": 24, "horizon_days": 730})
    evidence = leukosim.power(result, arm="maintenance", trials=50, resamples=50, sizes=[32, 64])
    assert set(evidence.curves["patients"]) >= {32, 64}
    predicted = leukosim.predict(result, draws=100)
    assert predicted["id"].str.startswith("V").all()
    assert (predicted["low"] <= predicted["high"]).all()
