"""An old name of a field is answered with the new one."""

import pytest

from leukosim.config.compose import as_plain, compose
from leukosim.config.renamed import FIELDS, new_name
from leukosim.config.schema import Config
from leukosim.errors import ConfigError


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("engine.workers=2", "engine.workers is now executor.workers"),
        ("engine.agents=0", "engine.agents is now kernel.agents"),
        ("engine=dask", "engine is now executor"),
        ("disease.niche.places=1e6", "disease.niche.places is now disease.niche.capacity"),
        (
            "strategies.triggered.courses.azacitidine.cycles=2",
            "strategies.triggered.courses.azacitidine.cycles is now "
            "strategies.triggered.regimens.azacitidine.cycles",
        ),
        (
            "strategies.triggered.rules.stop_at_relapse.action=hold",
            "strategies.triggered.rules.stop_at_relapse.action = hold is now "
            "strategies.triggered.rules.stop_at_relapse.action = interrupt",
        ),
    ],
)
def test_the_new_name_is_said(override, sentence):
    with pytest.raises(ConfigError) as error:
        compose([override])
    assert str(error.value) == sentence


def test_old_names_in_a_file_are_explained(tmp_path):
    (tmp_path / "strategy").mkdir()
    (tmp_path / "strategy" / "mine.yaml").write_text(
        "# @package strategies.mine\n"
        "title: mine\n"
        "courses: { a: { drugs: { azacitidine: { dose_mg: 10, days: [1] } } } }\n"
        "rules: { relapse: { measure: marrow_blasts, at_least: 0.05, action: relapse } }\n"
    )
    with pytest.raises(
        ConfigError, match=r"^strategies\.mine\.courses\S* is now strategies\.mine\.regimens"
    ):
        compose(["strategy=[mine]"], tmp_path)


def test_new_names_exist():
    plain = as_plain(Config())
    for new in FIELDS.values():
        if "*" in new:
            continue
        place = plain
        for name in new.split("."):
            assert name in place, new
            place = place[name]


def test_a_name_of_today_has_no_new_one():
    assert new_name("executor.workers") == new_name("cohort.size") == ""


@pytest.mark.parametrize("old", ["executor.partition", "engine.partition"])
def test_options_of_slurm_have_a_group_of_their_own(old):
    with pytest.raises(ConfigError, match=f"^{old} is now executor.slurm.partition$"):
        compose(["executor=slurm", f"{old}=cpu"])
