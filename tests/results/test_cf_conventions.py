"""Results follow CF-1.11, as the compliance checker of IOOS sees it.

It would catch a unit that UDUNITS cannot read, codes in another type than their variable, and
coordinates with missing values.
"""

import json

import pytest

import leukosim

runner = pytest.importorskip("compliance_checker.runner", reason="needs pip install 'leukosim[cf]'")
pytestmark = pytest.mark.slow

STUDIES = ("relaza2", "blast", "clonal_relapse", "venetoclax_resistance")
SMALL = {"cohort.size": 3, "horizon_days": 60}
# The checker asks every dimension called time for this name, which CF (section 4.4) keeps for time
# since a date. Ours is time since enrolment, on no date, for which CF asks a unit of time only.
OF_DATES = "Coordinate variable 'time' should have standard_name='time', found: 'None'"


def errors_in(path, folder) -> list[str]:
    """What the checker calls an error."""
    report = folder / "report.json"
    runner.CheckSuite.load_all_available_checkers()
    runner.ComplianceChecker.run_checker(
        str(path), ["cf:1.11"], 0, "strict", output_filename=str(report), output_format=["json"]
    )
    found = json.loads(report.read_text("utf-8"))["cf:1.11"]["high_priorities"]
    return [each for group in found for each in group["msgs"] if each != OF_DATES]


@pytest.mark.parametrize("study", STUDIES)
def test_a_run_follows_cf(study, tmp_path):
    leukosim.run(study, SMALL, workers=1, output=tmp_path / "run")
    assert errors_in(tmp_path / "run" / "results.nc", tmp_path) == []


def test_a_sweep_follows_cf(tmp_path):
    axes = {"trigger.level": [1e-3, 1e-2], "record.trajectories": [False, True]}
    leukosim.sweep("blast", SMALL | axes, workers=1, output=tmp_path / "sweep")
    assert errors_in(tmp_path / "sweep" / "results.nc", tmp_path) == []


def test_the_checker_would_notice_a_unit_and_codes_of_another_type(tmp_path):
    ds = leukosim.run("relaza2", SMALL, workers=1).dataset[["blasts", "best_response"]]
    ds["blasts"].attrs["units"] = "cells"
    ds["best_response"].attrs["flag_values"] = [0.0, 1.0, 2.0, 3.0, 4.0]
    ds.attrs = {"Conventions": "CF-1.11"}
    ds.to_netcdf(tmp_path / "wrong.nc")
    found = " ".join(errors_in(tmp_path / "wrong.nc", tmp_path))
    assert '"cells" are not recognized' in found and "flag_values" in found
