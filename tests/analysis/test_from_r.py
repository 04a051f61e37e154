"""R reads the tables, and its survival package finds the same numbers: the code of docs/from_r.md.

It would catch a wrong code of censoring, patients who are not the same in all arms, and errors of
our own survival statistics.
"""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic import dataset_of_arms

from leukosim.analysis.endpoints import relapse_free_survival
from leukosim.analysis.survival import hazard_ratio, survival_at
from leukosim.runs.patient_tables import table_writers

PAGE = Path(__file__).parents[2] / "docs" / "from_r.md"
DAYS = (182, 365, 730)
PRINT = """
at <- summary(curves, times = c(182, 365, 730), extend = TRUE)
write.csv(data.frame(arm = sub("TRTP=", "", at$strata), day = at$time, survival = at$surv,
                     low = at$lower, high = at$upper), "curves.csv", row.names = FALSE)
write.csv(summary(cox)$conf.int["TRTPtriggered", c(1, 3, 4), drop = FALSE], "cox.csv")
"""


def has_r() -> bool:
    """Whether R is here with the package survival."""
    if shutil.which("Rscript") is None:
        return False
    asked = ["Rscript", "-e", "library(survival)"]
    return subprocess.run(asked, capture_output=True).returncode == 0


@pytest.fixture
def trial():
    """Forty patients in three arms, with ties, deaths, and patients censored early and late."""
    rng = np.random.default_rng(1)
    base = rng.exponential(500.0, 40).round()
    arms = {}
    for arm, factor in (("triggered", 1.6), ("at_relapse", 1.0), ("maintenance", 2.0)):
        relapse = (base * factor * rng.uniform(0.8, 1.2, 40)).round() + 1.0
        arms[arm] = [
            {"relapse_day": day} if day < 900.0 and patient % 5 else
            {"death_day": day} if day < 900.0 and patient % 10 == 0 else
            {"follow_up_day": min(day, 900.0)}
            for patient, day in enumerate(relapse)
        ]  # fmt: skip
    ds = dataset_of_arms(arms, horizon_days=900.0, config='{"study": "relaza2", "seed": 1}')
    cxcr4, days = rng.lognormal(1.0, 0.5, 40), rng.integers(0, 200, (3, 40)).astype(float)
    return ds.assign(cxcr4=("patient", cxcr4), treatment_days=(("arm", "patient"), days))


@pytest.mark.slow
def test_survfit_and_coxph_agree_to_four_digits(trial, tmp_path):
    if not has_r():
        pytest.skip("needs Rscript with the package survival")
    folder = tmp_path / "outputs" / "relaza2"
    folder.mkdir(parents=True)
    for path, write in table_writers(folder, ["csv"]).items():
        write(trial, path)
    (code,) = re.findall(r"```r\n(library\(survival\).*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    script = tmp_path / "script.R"
    script.write_text(code + PRINT, "utf-8")
    done = subprocess.run(["Rscript", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    times = relapse_free_survival(trial)
    theirs = pd.read_csv(tmp_path / "curves.csv").set_index(["arm", "day"]).sort_index()
    ours = pd.concat([survival_at(times, float(day)) for day in DAYS])
    ours = ours.set_index(["arm", "day"]).sort_index()
    np.testing.assert_allclose(theirs, ours[["survival", "low", "high"]], rtol=1e-4)
    ratio = hazard_ratio(times, "triggered", "at_relapse")
    (cox,) = pd.read_csv(tmp_path / "cox.csv", index_col=0).to_numpy()
    np.testing.assert_allclose(cox, [ratio.value, ratio.low, ratio.high], rtol=1e-4)
    assert 0.3 < ratio.value < 0.95  # there is something to agree on
