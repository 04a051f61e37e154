"""Configurations: all that ship compose, and wrong ones are told so in one sentence."""

import re
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leukosim.biology.disease import Disease
from leukosim.clinic.drugs import custom_drug as own
from leukosim.clinic.drugs.drug import Effect, exposure
from leukosim.clinic.drugs.pharmacokinetics import TwoCompartments
from leukosim.clinic.strategy.rules import Strategy
from leukosim.config.compose import as_plain, compose, unit_of
from leukosim.config.paths import config_folder
from leukosim.config.schema import Config
from leukosim.errors import ConfigError
from leukosim.runs.configured import treat

GROUPS = sorted(
    f"{path.parent.name}={path.stem}"
    for path in config_folder().glob("*/*.yaml")
    if path.parent.name != "strategy"
)
STRATEGIES = sorted(path.stem for path in (config_folder() / "strategy").glob("*.yaml"))

OWN_STRATEGY = """
title: azacitidine every six weeks at MRD
regimens:
  slow:
    drugs: { azacitidine: { dose_mg_per_m2: 75, days: [1, 2, 3, 4, 5, 6, 7] } }
    cycle_days: 42
rules:
  molecular_relapse: { measure: mrd, at_least: "${trigger.level}", action: start, regimen: slow }
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
    rule = config.strategies["triggered"].rules["molecular_relapse"]
    assert (rule.at_least, rule.samples, rule.delay_days) == ("trigger", 1, 0)
    for marker, measure, level in (
        ("transcript", "mrd", 1e-3), ("chimerism", "recipient_share",
        config.trigger.recipient_share)
    ):  # fmt: skip
        own = config.strategies["triggered"].for_trigger(config.trigger, marker)
        rule, negative = (
            own.rules[name] for name in ("molecular_relapse", "negative_after_full_cycles")
        )
        assert (rule.measure, rule.at_least, rule.samples, rule.delay_days) == (
            measure,
            level,
            2,
            14,
        )
        assert (negative.measure, negative.below, negative.samples) == (measure, level, 1)
    assert config.protocol().trigger == config.trigger


def test_days_of_a_course_are_counted_out(tmp_path):
    (tmp_path / "strategy").mkdir()
    counted = OWN_STRATEGY.replace(
        "[1, 2, 3, 4, 5, 6, 7]", "'${days:1,${venetoclax.days_per_cycle}}'"
    )
    (tmp_path / "strategy" / "mine.yaml").write_text("# @package strategies.mine" + counted)
    config = compose(["strategy=[mine]", "venetoclax.days_per_cycle=3"], tmp_path)
    assert config.strategies["mine"].regimens["slow"].days == [1, 2, 3]
    with pytest.raises(
        ConfigError, match=r"venetoclax.days_per_cycle = many is not a whole number"
    ):
        compose(["strategy=[mine]", "venetoclax.days_per_cycle=many"], tmp_path)


def test_every_field_of_a_strategy_can_be_set_even_one_that_its_file_leaves_out():
    config = compose(["strategies.triggered.rules.molecular_relapse.after_cycles=2"])
    assert config.strategies["triggered"].rules["molecular_relapse"].after_cycles == 2


def test_fields_and_engine_from_the_command_line():
    config = compose(
        ["disease.cycle.renewal=0.8", "executor=threads", "executor.workers=2", "cohort.size=3"]
    )
    assert (config.disease.cycle.renewal, config.executor.workers) == (0.8, 2)
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
    assert config.strategies["mine"].regimens["slow"].cycle_days == 42
    assert config.strategies["mine"].rules["molecular_relapse"].at_least == config.trigger.level


def test_a_study_of_ones_own(tmp_path):
    (tmp_path / "study").mkdir()
    text = "# @package _global_\ndefaults: [relaza2, _self_]\nstudy: mine\nhorizon_days: 100\n"
    (tmp_path / "study" / "mine.yaml").write_text(text)
    config = compose(["study=mine"], tmp_path)
    assert (config.study, config.horizon_days, config.trigger.level) == ("mine", 100, 0.01)


def test_configurations_can_be_written_and_read_again():
    config = compose(["seed=5"])
    from omegaconf import OmegaConf

    from leukosim.config.compose import read_config

    again = OmegaConf.create(OmegaConf.to_yaml(OmegaConf.create(as_plain(config))))
    assert read_config(again) == config


AZACITIDINE = "strategies.triggered.regimens.azacitidine.drugs.azacitidine"
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
        "+strategies.triggered.regimens.azacitidine.drugs.azacitidin={dose_mg:1,days:[1]}",
        ["strategies.triggered.regimens.azacitidine.drugs", "did you mean azacitidine?"],
    ),
    "an unknown course": (
        "strategies.maintenance.begin_with=x", ["strategies.maintenance", "begin_with", "allowed"]
    ),
    "an unknown measure": (
        "strategies.triggered.rules.molecular_relapse.measure=mdr",
        ["molecular_relapse.measure = mdr", "mrd"]
    ),
    "shares of protection above one": (
        "disease.subtypes.MEP-like.bcl2=0.5",
        ["disease.subtypes.MEP-like.bcl2", "= 1.3", "must sum to 1"],
    ),
    "a negative share of protection": (
        "disease.subtypes.MEP-like.bcl2=-0.1", ["disease.subtypes.MEP-like.bcl2 = -0.1", "fraction"]
    ),
    "no subtypes": ("disease.subtypes={}", ["disease.subtypes={}", "null"]),
    "no drug-tolerant state left": ("disease.subtypes.MEP-like=null",
    ["disease.switching.drug_tolerant_state = MEP-like"]),
    "an unknown dominant subtype": (
        "+cohort.dominant_shares.MEB-like=1", ["cohort.dominant_shares", "did you mean MEP-like?"]
    ),
    "a negative share of patients": (
        "+cohort.dominant_shares.MEP-like=-1", ["cohort.dominant_shares.MEP-like = -1", "0 or more"]
    ),
    "a drug without numbers": ("+drug.mine={}", ["drug.mine.pharmacokinetics is missing"]),
    "an unknown drug-tolerant state": ("disease.switching.drug_tolerant_state=x",
    ["disease.switching.drug_tolerant_state", "MoDe"]),
    "a missing field": (
        "+strategies.mine={title:x,rules:{}}", ["strategies.mine.regimens", "missing"]
    ),
    "an unknown study": ("study=relaza", ["study", "did you mean relaza2?"]),
    "an unknown executor": ("executor=cloud", ["executor", "cloud", "threads"]),
    "an unknown method": ("kernel.method=tau", ["kernel.method = tau", "tally, direct"]),
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
    with pytest.raises(
        ConfigError, match=re.escape("strategies.mine.regimens.slow.cycle_days = 0")
    ):
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
    blind = "\n".join(line for line in OWN_STRATEGY.splitlines() if "action: relapse" not in line)
    (tmp_path / "strategy" / "mine.yaml").write_text("# @package strategies.mine" + blind)
    with pytest.raises(ConfigError, match="no rule that declares relapse"):
        compose(["strategy=[triggered,mine]"], tmp_path)


# ---------------------------------------------------------------------- drugs, subtypes, cohorts

OWN_DRUG = """
# @package _global_
drug:
  mydrug:
    pharmacokinetics:
      { clearance: 200, volume: 80, absorption_rate: 6, exchange: 50, peripheral_volume: 40 }
    reference_dose_mg: 100
    reference_days: 5
    segment_hours: 6
    clearance_cv: 0.3
    ec50_log10_sd: 0.2
    effects:
      mcl1_blocked: { size: 0.9, ec50: 0.3, half_life_days: 0, relative_ec50: { MoDe: 2.5 } }
      neutrophil_loss: { size: 0.1, half_level: 2, by_responsiveness: false }
strategies:
  triggered:
    regimens:
      azacitidine:
        drugs:
          mydrug: { dose_mg: 100, days: [1, 3, 5] }
"""


def own_drug(tmp_path, text=OWN_DRUG):
    (tmp_path / "extra").mkdir(exist_ok=True)
    (tmp_path / "extra" / "mine.yaml").write_text(text.strip())
    return compose(["+extra=mine", "cohort.size=3", "strategy=[triggered]"], tmp_path)


def test_a_drug_of_ones_own_needs_nothing_but_numbers(tmp_path):
    config = own_drug(tmp_path)
    drug = config.protocol().drugs["mydrug"]
    assert isinstance(drug.pharmacokinetics, TwoCompartments)
    assert drug.effects["mcl1_blocked"] == Effect(
        0.9, half_life_days=0.0, ec50=0.3, relative_ec50={"MoDe": 2.5}
    )
    patient = config.patients()[0]
    assert patient.pk_parameters["mydrug"].clearance != 1.0
    doses = config.strategies["triggered"].regimens["azacitidine"].doses(0.0, 0, 1.8)
    met = exposure(config.drugs(), doses, 0.0, 7.0, patient)
    mcl1 = met.blocked[:, :, 2].max(0)
    assert mcl1[0] == mcl1[1] > mcl1[3] > 0.1
    assert len(met.start) == 28


def test_the_drug_of_the_docstring_is_one(tmp_path):
    text = textwrap.dedent(own.__doc__.split("::\n\n")[1].split("\n\nA strategy")[0])
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra" / "mine.yaml").write_text(text)
    drug = compose(["+extra=mine"], tmp_path).drugs()["mcl1_inhibitor"]
    assert list(drug.effects) == ["mcl1_blocked", "neutrophil_loss"]
    assert drug.pharmacokinetics.absorption_rate is None


def test_another_drug_changes_nothing_in_the_patients(tmp_path):
    with_it, without = own_drug(tmp_path).patients(), compose(["cohort.size=3"]).patients()
    for one, other in zip(with_it, without, strict=True):
        rest = {name: each for name, each in one.pk_parameters.items() if name != "mydrug"}
        assert replace(one, pk_parameters=rest) == other


WRONG_DRUGS = {
    "an unknown exposure": (
        "mcl1_blocked", "hair_growth", ["drug.mydrug.effects.hair_growth is not a known exposure"]
    ),
    "a negative EC50": (
        "ec50: 0.3", "ec50: -0.3", ["drug.mydrug.effects.mcl1_blocked.ec50 = -0.3", "mg/L"]
    ),
    "an unknown subtype": (
        "MoDe", "MoDi", ["drug.mydrug.effects.mcl1_blocked.relative_ec50", "did you mean MoDe?"]
    ),
    "a ratio of nothing": (
        "MoDe: 2.5", "MoDe: 0", ["drug.mydrug.effects.mcl1_blocked.relative_ec50.MoDe = 0.0"]
    ),
    "half a compartment": (
        "exchange: 50, ", "", ["drug.mydrug.pharmacokinetics.exchange = None", "needs both"]
    ),
    "a negative volume": (
        "volume: 80", "volume: -80", ["drug.mydrug.pharmacokinetics.volume = -80", "in L"]
    ),
    "no clearance": (
        "clearance: 200, ", "", ["drug.mydrug.pharmacokinetics.clearance is missing"]
    ),
    "an unknown field": (
        "size: 0.9", "sise: 0.9", ["drug.mydrug.effects.mcl1_blocked.sise", "size?"]
    ),
    "more than all": (
        "size: 0.9", "size: 1.9", ["drug.mydrug.effects.mcl1_blocked.size = 1.9", "from 0 to 1"]
    ),
    "EC50 and half level": (
        "half_life_days: 0", "half_level: 1",
        ["drug.mydrug.effects.mcl1_blocked.half_level", "ec50"],
    ),
    "an unknown drug in a course": (
        "          mydrug:", "          mydrag:",
        ["regimens.azacitidine.drugs", "did you mean mydrug?"],
    ),
    "subtypes of neutrophils": (
        "neutrophil_loss: { size: 0.1, half_level: 2",
        "neutrophil_loss: { size: 0.1, half_level: 2, relative_ec50: { MoDe: 2 }",
        ["drug.mydrug.effects.neutrophil_loss.relative_ec50", "only"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_DRUGS)
def test_a_wrong_drug_is_told_in_one_sentence(tmp_path, case):
    before, after, words = WRONG_DRUGS[case]
    assert before in OWN_DRUG
    with pytest.raises(ConfigError) as error:
        own_drug(tmp_path, OWN_DRUG.replace(before, after))
    sentence = str(error.value)
    assert "\n" not in sentence
    assert [word for word in words if word not in sentence] == []


def test_an_inhibitor_of_cyp3a_reaches_the_drug():
    alone, inhibited = (
        compose([f"venetoclax.cyp3a_inhibitor={i}"]).protocol().drugs["venetoclax"]
        for i in ("false", "true")
    )
    ratio = alone.pharmacokinetics.clearance / inhibited.pharmacokinetics.clearance
    assert ratio == pytest.approx(8.8)


TWO_SUBTYPES = """
# @package disease
subtypes:
  HSC-like: null
  LMPP-like: null
  MEP-like: null
  MoDe: null
  sensitive: { dominant_share: 0.7 }
  tolerant: { bcl2: 0.1, bclxl: 0.6, mcl1: 0.3, venetoclax_ec50_ratio: 20, dominant_share: 0.3 }
switching: { drug_tolerant_state: tolerant }
"""
SIX_SUBTYPES = """
# @package disease
subtypes:
  fifth: { dominant_share: 0.1 }
  sixth: { bcl2: 0.3, bclxl: 0.4, mcl1: 0.3, dominant_share: 0.1 }
"""


@pytest.mark.slow
@pytest.mark.parametrize(("text", "n"), [(TWO_SUBTYPES, 2), (SIX_SUBTYPES, 6)])
def test_other_subtypes_run_from_end_to_end(tmp_path, text, n):
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra" / "mine.yaml").write_text(text.strip())
    overrides = ["+extra=mine", "cohort.size=2", "cohort.residual_log10_mean=3", "horizon_days=100"]
    config = compose([*overrides, "strategy=[maintenance]"], tmp_path)
    assert len(config.disease.subtypes) == n
    trial = treat(config, workers=1)
    assert trial.dataset.sizes["subtype"] == n
    np.testing.assert_allclose(trial.dataset.composition.sum("subtype"), 1.0)
    assert (trial.dataset.stem_cells.isel(time=0).sum("subtype") > 0).all()


def test_null_takes_an_entry_out_and_nothing_else():
    config = compose(["disease.subtypes.MoDe=null"])
    assert list(config.disease.subtypes) == ["HSC-like", "LMPP-like", "MEP-like"]
    assert [len(patient.composition) for patient in config.patients()[:2]] == [3, 3]


def test_cohorts_at_diagnosis_have_the_stem_cells_of_their_blasts():
    config = compose(["cohort=diagnosis", "cohort.size=20"])
    for patient in config.patients():
        assert patient.residual_stem_cells == round(patient.overt_blasts * patient.lsc_frequency)
        assert 1e4 < patient.residual_stem_cells < 1.4e6
        assert patient.overt_blasts <= patient.carrying_capacity == 1.3e12
        assert not patient.transplanted


def test_refractory_patients_are_those_at_diagnosis_with_better_protection():
    before, after = (
        compose([f"cohort={name}", "cohort.size=5"]).patients()
        for name in ("diagnosis", "relapsed_refractory")
    )
    for one, other in zip(before, after, strict=True):
        assert other.reserve_shift == pytest.approx(one.reserve_shift + 0.12)
        assert replace(other, reserve_shift=one.reserve_shift) == one


def test_who_dominates_can_be_chosen():
    config = compose(["cohort.size=40", "cohort.dominant_shares={MEP-like: 1, LMPP-like: 1}"])
    dominant = np.array([np.argmax(patient.composition) for patient in config.patients()])
    assert set(dominant) == {1, 2}
    assert 8 <= (dominant == 1).sum() <= 32  # outside by chance: 1e-4


HYPOTHESES = ("selection", "reprogramming", "both")


def test_patients_are_the_same_under_every_hypothesis():
    cohorts = [compose([f"hypothesis={name}", "cohort.size=5"]).patients() for name in HYPOTHESES]
    for patients in zip(*cohorts, strict=True):
        plain = [replace(p, disease=Disease(), composition=p.composition[:4]) for p in patients]
        assert plain[0] == plain[1] == plain[2]
        assert patients[1].composition[4:] == (0.0,)


def test_hypotheses_differ_in_what_they_say_and_in_nothing_else():
    config = {name: compose([f"hypothesis={name}"]).disease for name in HYPOTHESES}
    assert config["both"] == Disease()
    assert config["selection"].switching.induced_rate == 0.0
    reprogrammed = config["reprogramming"].subtypes["reprogrammed"]
    mep = config["both"].subtypes["MEP-like"]
    assert reprogrammed.dependencies == mep.dependencies
    assert reprogrammed.venetoclax_ec50_ratio == mep.venetoclax_ec50_ratio


@pytest.mark.parametrize(
    ("study", "field", "dose", "said"),
    [
        ("relaza2", "triggered.regimens.azacitidine.drugs.azacitidine.dose_mg_per_m2", 7500,
         r"\(mg/m2\) is not allowed: .* azacitidine are known of; allowed from 0 to 750"),
        ("venetoclax_resistance", "venetoclax.regimens.venetoclax.drugs.venetoclax.dose_mg", 4001,
         r"\(mg\) is not allowed: .* venetoclax are known of; allowed from 0 to 4000"),
    ],
)  # fmt: skip
def test_a_dose_that_is_rather_a_slip_is_refused(study, field, dose, said):
    compose([f"study={study}", f"strategies.{field}={dose / 100}"])
    with pytest.raises(ConfigError, match=rf"strategies\.{field} = {dose} {said}"):
        compose([f"study={study}", f"strategies.{field}={dose}"])
