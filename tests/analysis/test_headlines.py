"""Headlines against the endpoints they stand for, and of every study as it is run."""

import numpy as np
import pytest
from synthetic import trial

from leukosim.analysis.endpoints import TWO_YEARS, molecular_relapse, relapse_free_survival
from leukosim.analysis.headlines import CELLS, DAY, HEADLINES, arms_of, headlines_of
from leukosim.analysis.survival import paired_difference, rmst
from leukosim.config.compose import compose
from leukosim.errors import ConfigError
from leukosim.runs.configured import treat

HIGHEST = {DAY: TWO_YEARS, CELLS: np.inf}  # all others are shares


def test_gains_are_paired_differences():
    ds = trial(60)
    days, gain, conversion = headlines_of("relaza2")
    expected = paired_difference(relapse_free_survival(ds), "triggered", "at_relapse")
    assert float(gain.of_patients(ds).mean()) == pytest.approx(expected.value)
    assert expected.value > 0.05
    means = rmst(relapse_free_survival(ds), TWO_YEARS).set_index("arm")["mean"]
    assert float(days.of_patients(ds).mean()) == pytest.approx(
        means["triggered"] - means["at_relapse"]
    )
    share = molecular_relapse(ds).sel(arm="triggered").mean()
    assert float(conversion.of_patients(ds).mean()) == pytest.approx(float(share))


@pytest.mark.parametrize("study", HEADLINES)
def test_every_study_has_its_headlines(study):
    """Of a few patients, in the arms that headlines need and no others."""
    headlines = headlines_of(study)
    known = compose([f"study={study}"]).arms
    size = 12 if study == "clonal_relapse" else 3
    arms = ",".join(arms_of(headlines, known))
    config = compose(
        [f"study={study}", f"arms=[{arms}]", f"cohort.size={size}", "horizon_days=730",
         "operations.centres=0", "record.trajectories=false", "record.treatment_week=false"]
    )  # fmt: skip
    ds = treat(config, 1).dataset
    for each in headlines:
        values = each.of_patients(ds)
        assert values.dims == ("patient",) and values.sizes["patient"] == size
        known_values = values.values[~np.isnan(values.values)]
        assert each.name == "gain_high" or len(known_values)
        highest = HIGHEST.get(each.unit, 1.0)
        is_difference = "minus" in each.label
        assert (known_values >= (-highest if is_difference else 0.0)).all()
        assert (known_values <= highest).all()


def test_what_there_is_not_is_refused():
    with pytest.raises(ConfigError, match="study = mine has no headline"):
        headlines_of("mine")
    with pytest.raises(ConfigError, match="headlines: gian .* did you mean gain"):
        headlines_of("relaza2", ["gian"])
    assert [each.name for each in headlines_of("relaza2", ["molecular_relapse"])] == [
        "molecular_relapse"
    ]
    assert arms_of(headlines_of("relaza2", ["molecular_relapse"]), ["triggered", "x"]) == [
        "triggered"
    ]
    with pytest.raises(ConfigError, match="at_relapse missing"):
        arms_of(headlines_of("relaza2"), ["triggered"])
