"""Configurations: all that ship compose, and wrong ones are told so in one sentence."""

import re
from pathlib import Path

import pytest

from leukosim.config import Config, as_plain, compose, unit_of
from leukosim.folders import config_folder
from leukosim.strategy.rules import Strategy
from leukosim.validation import ConfigError

GROUPS = sorted(
    f"{path.parent.name}={path.stem}"
    for path in config_folder().glob("*/*.yaml")
    if path.parent.name != "strategy"
)
STRATEGIES = sorted(path.stem for path in (config_folder() / "strategy").glob("*.yaml"))

OWN_STRATEGY = """
title: azacitidine every six weeks at MRD
courses:
  slow:
    drugs: { azacitidine: { dose_mg_per_m2: 75, days: [1, 2, 3, 4, 5, 6, 7] } }
    cycle_days: 42
rules:
  conversion: { measure: mrd, at_least: "${trigger.level}", action: start, course: slow }
  relapse: { measure: marrow_blasts, at_least: 0.15, action: relapse }
"""


@pytest.mark.parametrize("choice", GROUPS)
def test_every_choice_composes(choice):
    assert compose([choice]).study


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_composes_alone(name):
    config = compose([f"strategy=[{name}]"])
    assert config.arms == [name]
    assert isinstance(config.strategies[name], Strategy)


def test_the_default_study_is_relaza2_with_three_arms():
    config = compose()
    assert config == compose(["study=relaza2"])
    assert config.arms == ["triggered", "at_relapse", "maintenance"]
    assert config.output == "outputs/relaza2"


def test_defaults_of_the_code_survive_the_way_through_hydra():
    composed, declared = compose(), Config()
    for name in ("disease", "drug", "assay", "monitoring", "record"):
        assert getattr(composed, name) == getattr(declared, name)
    classes = {name: type(each) for name, each in composed.disease.subtypes.items()}
    assert classes == {name: type(each) for name, each in declared.disease.subtypes.items()}


def test_strategies_follow_the_trigger():
    config = compose(["trigger.level=1e-3", "trigger.confirmations=1", "trigger.delay_days=14"])
    rule = config.strategies["triggered"].rules["conversion"]
    assert (rule.at_least, rule.samples, rule.delay_days) == (1e-3, 2, 14)
    assert config.protocol().trigger == config.trigger


def test_days_of_a_course_are_counted_out(tmp_path):
    (tmp_path / "strategy").mkdir()
    counted = OWN_STRATEGY.replace(
        "cycle_days: 42", "days: '${days:1,${venetoclax.days_per_cycle}}'"
    )
    (tmp_path / "strategy" / "mine.yaml").write_text("# @package strategies.mine" + counted)
    config = compose(["strategy=[mine]", "venetoclax.days_per_cycle=3"], tmp_path)
    assert config.strategies["mine"].courses["slow"].days == [1, 2, 3]
    with pytest.raises(
        ConfigError, match=r"venetoclax.days_per_cycle = many is not a whole number"
    ):
        compose(["strategy=[mine]", "venetoclax.days_per_cycle=many"], tmp_path)


def test_every_field_of_a_strategy_can_be_set_even_one_that_its_file_leaves_out():
    config = compose(["strategies.triggered.rules.conversion.after_cycles=2"])
    assert config.strategies["triggered"].rules["conversion"].after_cycles == 2


def test_fields_and_engine_from_the_command_line():
    config = compose(
        ["disease.cycle.renewal=0.8", "engine=threads", "engine.workers=2", "cohort.size=3"]
    )
    assert (config.disease.cycle.renewal, config.engine.workers) == (0.8, 2)
    assert [patient.index for patient in config.patients()] == [0, 1, 2]


def test_arms_are_a_choice_among_strategies():
    config = compose(["arms=[at_relapse,triggered]"])
    assert list(config.strategies_of_arms()) == ["at_relapse", "triggered"]


@pytest.mark.parametrize(
    ("header", "overrides"),
    [
        ("", ["+strategy@strategies.mine=mine", "arms=[triggered,mine]"]),
        ("# @package strategies.mine", ["strategy=[triggered,mine]"]),
    ],
)
def test_a_strategy_of_ones_own(tmp_path, header, overrides):
    (tmp_path / "strategy").mkdir()
    (tmp_path / "strategy" / "mine.yaml").write_text(header + OWN_STRATEGY)
    config = compose(overrides, tmp_path)
    assert config.arms == ["triggered", "mine"]
    assert config.strategies["mine"].courses["slow"].cycle_days == 42
    assert config.strategies["mine"].rules["conversion"].at_least == config.trigger.level


def test_a_study_of_ones_own(tmp_path):
    (tmp_path / "study").mkdir()
    text = "# @package _global_\ndefaults: [relaza2, _self_]\nstudy: mine\nhorizon_days: 100\n"
    (tmp_path / "study" / "mine.yaml").write_text(text)
    config = compose(["study=mine"], tmp_path)
    assert (config.study, config.horizon_days, config.trigger.level) == ("mine", 100, 0.01)


def test_configurations_can_be_written_and_read_again():
    config = compose(["seed=5"])
    from omegaconf import OmegaConf

    from leukosim.config import read_config

    again = OmegaConf.create(OmegaConf.to_yaml(OmegaConf.create(as_plain(config))))
    assert read_config(again) == config


AZACITIDINE = "strategies.triggered.courses.azacitidine.drugs.azacitidine"
WRONG = {
    "an unknown field": ("foo=1", ["foo", "study"]),
    "an unknown field inside": (
        "trigger.levle=1", ["trigger.levle", "did you mean trigger.level?"]
    ),
    "an unknown field in a course": (f"{AZACITIDINE}.dosis=1", [f"{AZACITIDINE}.dosis"]),
    "an added field": ("+trigger.colour=1", ["trigger.colour", "level"]),
    "a text for a number": (
        "cohort.size=abc", ["cohort.size = abc", "whole number", "patients", "from 1 to"]
    ),
    "a fraction of a patient": ("cohort.size=2.5", ["cohort.size = 2.5", "whole number"]),
    "nothing for a number": ("trigger.level=null", ["trigger.level = null", "transcript ratio"]),
    "no number": (
        "disease.cycle.renewal=nan", ["disease.cycle.renewal = nan", "from 0.55 to 0.99"]
    ),
    "an endless dose": (f"{AZACITIDINE}.dose_mg_per_m2=inf", ["dose_mg_per_m2 = inf", "mg/m2"]),
    "truth for a number": ("seed=true", ["seed = True", "whole number"]),
    "a number for a list": (f"{AZACITIDINE}.days=3", [f"{AZACITIDINE}.days = 3", "list"]),
    "a number for a group": ("monitoring=3", ["monitoring = 3", "group of fields"]),
    "a negative dose": (
        f"{AZACITIDINE}.dose_mg_per_m2=-5",
        [f"{AZACITIDINE}.dose_mg_per_m2 = -5", "mg/m2", "0 or more"],
    ),
    "a day past the cycle": (f"{AZACITIDINE}.days=[1,40]", [f"{AZACITIDINE}.days", "1 to 29"]),
    "a trigger above 1": (
        "trigger.level=2", ["trigger.level = 2 ", "transcript ratio", "from 1e-07 to 1"]
    ),
    "an interval of 0": (
        "monitoring.interval_days=0", ["monitoring.interval_days = 0 ", "day", "from 1 to"]
    ),
    "an unknown sample": ("monitoring.sample=bone", ["monitoring.sample = bone", "marrow, blood"]),
    "an unknown arm": ("arms=[triggerd]", ["arms", "triggerd", "did you mean triggered?"]),
    "the same arm twice": ("arms=[triggered,triggered]", ["arms", "more than once"]),
    "no arm": ("arms=[]", ["arms", "empty", "maintenance"]),
    "an unknown drug": (
        "+strategies.triggered.courses.azacitidine.drugs.azacitidin={dose_mg:1,days:[1]}",
        ["strategies.triggered.courses.azacitidine.drugs", "did you mean azacitidine?"],
    ),
    "an unknown course": (
        "strategies.maintenance.begin_with=x", ["strategies.maintenance", "begin_with", "allowed"]
    ),
    "an unknown measure": (
        "strategies.triggered.rules.conversion.measure=mdr", ["conversion.measure = mdr", "mrd"]
    ),
    "an unknown refuge": ("disease.switching.refuge=x", ["disease.switching.refuge", "MoDe"]),
    "a missing field": (
        "+strategies.mine={title:x,rules:{}}", ["strategies.mine.courses", "missing"]
    ),
    "an unknown study": ("study=relaza", ["study", "did you mean relaza2?"]),
    "an unknown engine": ("engine=cloud", ["engine", "cloud", "threads"]),
    "an unknown method": ("engine.method=tau", ["engine.method = tau", "tally, direct"]),
    "a reference to nothing": ("trigger.level=${trigger.x}", ["trigger.level", "trigger.x"]),
    "half an override": ("trigger.level", ["trigger.level"]),
    "29 days of a cycle of 28": (
        "venetoclax.days_per_cycle=29", ["venetoclax.days_per_cycle = 29", "day", "from 1 to 28"]
    ),
    "low above high": (
        "cohort.dominant_fraction_low=0.95", ["cohort.dominant_fraction_low = 0.95"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_told_in_one_sentence(case):
    override, words = WRONG[case]
    with pytest.raises(ConfigError) as error:
        compose([override])
    sentence = str(error.value)
    assert "\n" not in sentence
    assert [word for word in words if word not in sentence] == []


def test_a_course_of_ones_own_is_checked_too(tmp_path):
    (tmp_path / "strategy").mkdir()
    wrong = OWN_STRATEGY.replace("cycle_days: 42", "cycle_days: 0")
    (tmp_path / "strategy" / "mine.yaml").write_text("# @package strategies.mine" + wrong)
    with pytest.raises(ConfigError, match=re.escape("strategies.mine.courses.slow.cycle_days = 0")):
        compose(["strategy=[mine]"], tmp_path)


def test_configurations_cannot_name_code():
    with pytest.raises(ConfigError, match="_target_"):
        compose(["+drug.azacitidine._target_=os.system"])


def test_units_are_found_by_path():
    config = compose()
    assert unit_of("trigger.level", config) == "transcript ratio"
    assert unit_of("monitoring.interval_days", config) == "day"
    assert unit_of(f"{AZACITIDINE}.dose_mg_per_m2", config) == "mg/m2"
    assert unit_of("cohort", config) == ""
    assert unit_of("no.such.field", config) == ""


def test_every_shipped_file_says_what_it_is_for():
    for path in config_folder().rglob("*.yaml"):
        assert "# " in Path(path).read_text().split("\n\n")[0], path


def test_an_arm_that_never_declares_relapse_is_refused(tmp_path):
    (tmp_path / "strategy").mkdir()
    blind = "\n".join(line for line in OWN_STRATEGY.splitlines() if "relapse" not in line)
    (tmp_path / "strategy" / "mine.yaml").write_text("# @package strategies.mine" + blind)
    with pytest.raises(ConfigError, match="no rule that declares relapse"):
        compose(["strategy=[triggered,mine]"], tmp_path)
