"""Fields that cannot change a result are named, and no others.

The rules are a table that a person wrote, so runs decide: what is warned of must change no bit, and
what is not warned of must change something.
"""

import pytest
from every_field import SMALL, SmallRuns, digest_of

import leukosim
from leukosim.cli import main
from leukosim.config.command_line import compose
from leukosim.config.compose import compose_plain, read_config
from leukosim.config.fields_set import fields_set
from leukosim.config.without_effect import Effects, warnings_on
from leukosim.errors import ConfigError, WithoutEffect
from leukosim.runs.search_question import question_of


def named(*words):
    """Fields that a warning names, if these words are given."""
    composed = compose_plain(words)
    sentences = warnings_on(words, [read_config(composed)], [composed])
    return [sentence.split(" ")[0] for sentence in sentences]


# ---------------------------------------------------------------------- the rules


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (["study=relaza2", "drug.motixafortide.ki_nm=0.5"], ["drug.motixafortide.ki_nm"]),
        (["study=relaza2", "assay.ngs.depth=500"], ["assay.ngs.depth"]),
        (["study=relaza2", "assay.ngs.depth=500", "record.clones=5"], []),
        (["study=relaza2", "venetoclax.dose_mg=800"], ["venetoclax.dose_mg"]),
        (["study=venetoclax_resistance", "venetoclax.dose_mg=800"], []),
        (["study=relaza2", "azacitidine.cycle_days=35"], []),
        (["study=relaza2", "azacitidine.cycle_days=35", "arms=[maintenance]"],
         ["azacitidine.cycle_days"]),
        # what a regimen referred to has been replaced
        (["study=relaza2", "arms=[triggered]", "azacitidine.full_cycles=4",
          "strategies.triggered.rules.negative_after_full_cycles.after_cycles=3"],
         ["azacitidine.full_cycles"]),
        (["study=relaza2", "arms=[maintenance]", "trigger.delay_days=7", "trigger.level=1e-3"],
         ["trigger.delay_days"]),
        (["study=relaza2", "arms=[at_relapse]", "trigger.delay_days=7"], []),
        (["study=relaza2", "arms=[triggered]", "strategies.maintenance.begin_with=azacitidine"],
         ["strategies.maintenance.begin_with"]),
        (["study=relaza2", "operations.accrual_years=2"], ["operations.accrual_years"]),
        (["study=blast", "operations.accrual_years=2", "operations.centres=3"], []),
        (["study=blast", "trigger.recipient_share=0.1"], ["trigger.recipient_share"]),
        (["study=blast", "drug.motixafortide.ki_nm=1", "arms=[placebo]", "operations.centres=0"],
         ["drug.motixafortide.ki_nm"]),
        (["study=relaza2", "posterior.draw=3"], []),
        (["study=relaza2", "cohort=diagnosis", "cohort.residual_log10_mean=1"],
         ["cohort.residual_log10_mean"]),
        (["study=blast", "hypothesis=reprogramming", "disease.subtypes.MEP-like.cxcr4_ratio=1"],
         ["disease.subtypes.MEP-like.cxcr4_ratio"]),
        (["study=relaza2", "cohort.founding={branching:0.1,most:3}"], []),  # not all of the section
        (["study=relaza2", "+strategies.triggered.rules.relapse.repeats=true"],
         ["strategies.triggered.rules.relapse.repeats"]),
    ],
)  # fmt: skip
def test_fields_are_named_where_they_have_no_effect(words, fields):
    assert named(*words) == fields


def test_a_field_acts_by_what_refers_to_it():
    """Trigger.delay_days acts by a reference alone where no rule acts at the trigger."""
    composed = compose_plain(["study=relaza2", "arms=[at_relapse]"])
    effects = Effects([read_config(composed)], [composed])
    assert "strategies.at_relapse.rules.treat_relapse.delay_days" in effects.followers(
        "trigger.delay_days"
    )


def test_one_scenario_in_which_a_field_acts_is_enough():
    words = ["-m", "study=relaza2", "record.clones=0,5", "assay.ngs.depth=500,1000"]
    (table,) = compose(words)
    base = table.composed
    configs = [read_config(compose_plain(["study=relaza2", f"record.clones={n}"])) for n in (0, 5)]
    assert warnings_on(words, configs, base) == []
    (sentence,) = warnings_on(words, configs[:1], base)
    assert sentence == (
        "assay.ngs.depth has no effect here: nothing is sequenced (record.clones = 0)"
    )


def test_choices_of_groups_and_options_are_no_fields():
    words = ["-m", "--config-dir", "x", "study=relaza2", "cohort=diagnosis", "strategy=[triggered]",
             "++cohort.size=3", "executor=threads", "hydra.job.chdir=true"]  # fmt: skip
    assert list(fields_set(words)) == ["study", "cohort.size"]


def test_fields_of_files_of_ones_own_are_named_with_their_file(tmp_path):
    (tmp_path / "cohort").mkdir()
    (tmp_path / "cohort" / "mine.yaml").write_text(
        "defaults: [diagnosis, _self_]\nsize: 4\nresidual_log10_mean: 1.0\n"
    )
    words = ["--config-dir", str(tmp_path), "study=relaza2", "cohort=mine"]
    (composed,) = compose(words)
    (sentence,) = warnings_on(words, [read_config(composed)], [composed])
    assert sentence.startswith("cohort.residual_log10_mean (in mine.yaml) has no effect here: ")


# ---------------------------------------------------------------------- where users meet them


class Stopped(Exception):
    """Raised in place of a run."""


def stop(*_):
    raise Stopped


def test_the_command_says_so_before_it_runs(monkeypatch, capsys):
    monkeypatch.setattr("leukosim.cli.run.run_into_folder", stop)
    with pytest.raises(Stopped):
        main(["run", "study=relaza2", "operations.block_size=6", "cohort.size=2"])
    said = capsys.readouterr().err
    assert said == (
        "leukosim: operations.block_size has no effect here: no trial is run "
        "(operations.centres = 0)\n"
    )


def test_a_sweep_says_so_of_an_axis(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("leukosim.cli.run.finish", stop)
    words = ["study=relaza2", "assay.ngs.depth=500,1000", "cohort.size=2", f"output={tmp_path}/x"]
    with pytest.raises(Stopped):
        main(["run", "-m", *words])
    assert "assay.ngs.depth has no effect here" in capsys.readouterr().err


def test_python_warns_where_it_was_called(monkeypatch):
    monkeypatch.setattr("leukosim.api.studies.run_in_memory", stop)
    fields = {"venetoclax.dose_mg": 800, "cohort.size": 2}
    with (
        pytest.warns(WithoutEffect, match="dose_mg has no effect") as caught,
        pytest.raises(Stopped),
    ):
        leukosim.run("relaza2", fields)
    assert [each.filename for each in caught] == [__file__]


def test_a_search_refuses_an_axis_that_changes_nothing():
    words = ["-m", "hydra/sweeper=search", "study=relaza2",
             "search.arm=maintenance", "monitoring.interval_days=range(14,57,14)"]  # fmt: skip
    (space,) = compose([*words, "azacitidine.days_per_cycle=range(3,8)"])
    with pytest.raises(ConfigError, match="azacitidine.days_per_cycle cannot be searched over"):
        question_of(space)
    (space,) = compose(words)
    question_of(space)


# ---------------------------------------------------------------------- runs decide


def group_of(runs):
    """Another value for every field that is warned of."""
    values = {path: next(runs.allowed_values(path), None) for path in runs.without_effect}
    return {path: value for path, value in values.items() if value is not None}


def check_group(study):
    """All fields that are warned of have other values at once, and no bit differs."""
    runs = SmallRuns(study)
    others = group_of(runs)
    assert len(others) > 100
    assert digest_of(runs.changed(others)) == runs.digest


def test_what_is_warned_of_changes_no_bit():
    check_group("relaza2")


@pytest.mark.slow
@pytest.mark.parametrize("study", sorted(set(SMALL) - {"relaza2"}))
def test_what_is_warned_of_changes_no_bit_in_any_study(study):
    check_group(study)


# One field of many sections; `every_field.py` asks all of them.
ACTING = {
    "relaza2": (
        "seed", "horizon_days", "trigger.level", "monitoring.interval_days",
        "assay.mrd.noise_log10_sd", "assay.morphology.healthy_blast_fraction",
        "assay.flow.misclassified", "cohort.doubling_cv", "cohort.genotypes.NPM1.doubling_days",
        "disease.subtypes.MEP-like.bcl2", "disease.switching.basal_rate", "disease.cycle.renewal",
        "disease.niche.homing_rate", "disease.blasts.loss_rate", "disease.blood.neutrophils",
        "disease.apoptosis.threshold", "drug.azacitidine.s_phase_kill", "posterior.draw",
        "azacitidine.days_per_cycle", "record.interval_days",
    ),
    "blast": (
        "assay.single_cell.recovery", "assay.mobilisation.cxcr4", "operations.accrual_years",
        "drug.cytarabine.s_phase_kill", "drug.motixafortide.occupancy_loss_rate",
        "motixafortide.lead_hours", "disease.niche.cxcr4_dependent_share", "record.treatment_week",
    ),
    "venetoclax_resistance": (
        "cohort.overt_log10_mean", "disease.subtypes.LMPP-like.venetoclax_ec50_ratio",
        "drug.venetoclax.ec50_um", "drug.navitoclax.bclxl_half_level", "venetoclax.dose_mg",
        "venetoclax.cyp3a_inhibitor",
    ),
    "clonal_relapse": (
        "assay.ngs.depth", "assay.genotyping.dropout", "cohort.founding.evenness",
        "cohort.clonal_haematopoiesis.share", "disease.mutation.driver_probability",
        "record.clones", "record.barcodes",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("study", ACTING)
def test_what_is_not_warned_of_changes_something(study):
    runs = SmallRuns(study)
    assert not set(ACTING[study]) & set(runs.without_effect)
    assert [path for path in ACTING[study] if not runs.changes(path)] == []
