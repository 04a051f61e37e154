"""Which fields change nothing under which circumstances: a table of paths, conditions and reasons.

A rule holds where no other value of its fields, all else being equal, would change a number of the
result. It looks at the configuration alone, never at chance: that a cohort happens to have no
patient with a mutation is no reason.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import NamedTuple

from leukosim.config.in_use import STRESS, InUse, is_dose, regimens_in_use

# What a drug with doses of nothing still decides: the length of segments.
OF_ANY_DOSE = "segment_hours"
ONCE = ("interrupt", "relapse", "treatment_failure")  # actions that do not heed `repeats`


class EffectRule(NamedTuple):
    """Fields that match a pattern have no effect where a condition holds."""

    pattern: str  # `*` stands for anything, alternatives are separated by blanks
    has_none: Callable[[InUse, list[str]], bool]  # of what is used, and the steps of the path
    why: str
    but: str = ""  # fields that match and are not meant


# ---------------------------------------------------------------------- of strategies and drugs


def is_of_no_arm(used: InUse, path: list[str]) -> bool:
    """Whether no arm is treated by a strategy."""
    return path[1] not in used.arms


def is_of_unused_regimen(used: InUse, path: list[str]) -> bool:
    """Whether an arm never gives one of its regimens."""
    return path[1] in used.arms and path[3] not in regimens_in_use(used.arms[path[1]])


def is_infusion_of_nothing(used: InUse, path: list[str]) -> bool:
    """Whether a dose in an arm is a placebo."""
    arm = used.arms.get(path[1])
    return arm is not None and not is_dose(arm.regimens[path[3]].drugs[path[5]])


def acts_once(used: InUse, path: list[str]) -> bool:
    """Whether a rule acts once, or as often as it holds, whatever `repeats` is."""
    arm = used.arms.get(path[1])
    return arm is not None and arm.rules[path[3]].action in ONCE


def needs_no_samples(used: InUse, path: list[str]) -> bool:
    """Whether a rule holds at every report."""
    arm = used.arms.get(path[1])
    if arm is None:
        return False
    rule = arm.rules[path[3]]
    return rule.at_least is None and rule.below is None


def has_no_older(used: InUse, path: list[str]) -> bool:
    """Whether patients of any age begin with the same regimen."""
    return path[1] in used.arms and not used.arms[path[1]].begin_with_if_older


def is_not_given(used: InUse, path: list[str]) -> bool:
    """Whether no arm gives a drug."""
    return path[1] not in used.given


def is_given_as_placebo(used: InUse, path: list[str]) -> bool:
    """Whether all that arms give of a drug is placebo."""
    return path[1] in used.given and path[1] not in used.dosed


def has_no_remembered_stress(used: InUse, path: list[str]) -> bool:
    """Whether no cell switches back after drug stress."""
    return not used.induces or used.config.disease.switching.reversal_rate == 0.0


# ---------------------------------------------------------------------- of the disease


def is_not_drawn_as_dominant(used: InUse, path: list[str]) -> bool:
    """Whether the subtype's own share of patients is not asked for."""
    subtype = used.config.disease.subtypes[path[2]]
    return bool(used.config.cohort.dominant_shares) or not subtype.native


def has_no_tp53(used: InUse, path: list[str]) -> bool:
    """Whether nobody has TP53 mutated, of a subtype or at all."""
    return used.config.cohort.tp53_ratio == 0.0 or (
        len(path) > 3 and not used.config.disease.subtypes[path[2]].native
    )


def no_drug_reads_ratio(used: InUse, path: list[str]) -> bool:
    """Whether no drug of the arms has its EC50 scaled by a field of a subtype."""
    return not any(
        effect.ec50_field == path[3] and effect.size > 0.0 and path[2] not in effect.relative_ec50
        for drug in used.drugs.values()
        for effect in drug.effects.values()
    )


def has_no_carrier(used: InUse, path: list[str]) -> bool:
    """Whether no clone but a trunk may carry a driver."""
    return not used.is_carried(path[3])


def is_not_drawn(used: InUse, path: list[str]) -> bool:
    """Whether a driver is neither among those that arise nor among those of subclones."""
    config, driver = used.config, path[3]
    arising = config.disease.mutation.driver_probability > 0.0
    return not (
        (arising and driver in config.disease.mutation.arising)
        or (used.has_subclones and driver in config.cohort.founding.drivers)
    )


def has_hidden_haematopoiesis(used: InUse, path: list[str]) -> bool:
    """Its gene is looked at by sequencers, and by a subclone that might have the same mutation."""
    genes = set(used.config.cohort.clonal_haematopoiesis.genes)
    shared = used.has_subclones and genes & set(used.config.cohort.founding.drivers)
    return used.config.record.clones == 0 and not shared


# ---------------------------------------------------------------------- the table

NO_SUCH_STRESS = "no drug that an arm gives blocks BCL-2, BCL-xL or MCL-1"
NO_INDUCTION = "no drug of the arms makes cells switch in any patient"
NOT_SEQUENCED = "nothing is sequenced (record.clones = 0)"
NOBODY_BY_CHIMERISM = (
    "nobody is followed by donor chimerism (cohort.transplanted_share x chimerism_share = 0)"
)
NO_SUBCLONES = "patients have one clone at diagnosis, or the clones that are declared"
NO_MARROW = "no marrow is taken"

RULES = (
    # strategies and drugs
    EffectRule("strategies.*", is_of_no_arm, "it is the strategy of no arm"),
    EffectRule("strategies.*.regimens.*", is_of_unused_regimen, "no rule gives this regimen"),
    EffectRule(
        "strategies.*.drugs.*.infusion_hours strategies.*.drugs.*.ramp_mg",
        is_infusion_of_nothing, "the dose is 0",
    ),
    EffectRule("strategies.*.rules.*.repeats", acts_once, "its action does not heed it"),
    EffectRule("strategies.*.rules.*.samples", needs_no_samples, "the rule has no level"),
    EffectRule(
        "strategies.*.older_from_years", has_no_older, "begin_with_if_older names no regimen"
    ),
    EffectRule("drug.*", is_not_given, "no arm gives this drug"),
    EffectRule("drug.*", is_given_as_placebo, "every dose of this drug is 0", but=OF_ANY_DOSE),
    EffectRule(
        "drug.venetoclax.cyp3a_inhibitor_ratio",
        lambda used, _: not used.config.venetoclax.cyp3a_inhibitor,
        "venetoclax.cyp3a_inhibitor is false",
    ),
    EffectRule(
        "venetoclax.cyp3a_inhibitor",
        lambda used, _: "venetoclax" not in used.dosed, "no arm gives venetoclax",
    ),
    EffectRule(
        "drug.*.bcl2_half_level",
        lambda used, path: getattr(used.config.drug[path[1]], "bcl2_blocked", 1.0) == 0.0,
        "the drug does not block BCL-2 (bcl2_blocked = 0)",
    ),
    EffectRule("drug.*.stress_memory_half_life_days", has_no_remembered_stress, NO_INDUCTION),
    # samples and assays
    EffectRule(
        "trigger.level assay.mrd.*", lambda used, _: used.by_chimerism == 1.0,
        "every patient is followed by donor chimerism",
    ),
    EffectRule(
        "trigger.recipient_share assay.chimerism.*",
        lambda used, _: used.by_chimerism == 0.0, NOBODY_BY_CHIMERISM,
    ),
    EffectRule(
        "trigger.delay_days", lambda used, _: not used.starts_at_trigger,
        "no rule of an arm acts at the trigger",
    ),
    EffectRule(
        "monitoring.confirm_days", lambda used, _: used.config.trigger.confirmations == 0,
        "no sample is confirmed (trigger.confirmations = 0)",
    ),
    EffectRule(
        "monitoring.interval_days",
        lambda used, _: used.config.monitoring.first_day > used.config.horizon_days,
        "the first sample is after the end of follow-up",
    ),
    EffectRule(
        "monitoring.interruption_count_days",
        lambda used, _: not any(rule.action == "interrupt" for rule in used.rules),
        "no rule of an arm interrupts treatment",
    ),
    EffectRule(
        "assay.mrd.blood_to_marrow assay.ngs.blood_to_marrow",
        lambda used, _: used.config.monitoring.sample == "marrow",
        "MRD is looked for in marrow (monitoring.sample)",
    ),
    EffectRule("assay.morphology.* response.*", lambda used, _: not used.takes_marrows, NO_MARROW),
    EffectRule(
        "assay.blood_count.blood_to_marrow assay.blood_count.counted_cells",
        lambda used, _: all(rule.measure != "blood_blasts" for rule in used.rules),
        "no rule of an arm looks at blasts in blood",
    ),
    EffectRule(
        "assay.single_cell.*", lambda used, _: not used.config.assay.single_cell.at_enrolment,
        "the assay is not done (assay.single_cell.at_enrolment = false)", but="at_enrolment",
    ),
    EffectRule(
        "assay.mobilisation.*",
        lambda used, _: not (used.config.record.treatment_week and used.blocker_is_begun_with),
        "no mobilisation is recorded (record.treatment_week, in an arm that begins with "
        "motixafortide)",
    ),
    EffectRule(
        "assay.ngs.* assay.genotyping.*", lambda used, _: used.config.record.clones == 0,
        NOT_SEQUENCED,
    ),
    # how patients are followed
    EffectRule(
        "after_relapse_days", lambda used, _: used.config.until_death,
        "patients are followed to death (until_death)",
    ),
    EffectRule(
        "after_relapse_days",
        lambda used, _: not any(arm.treats_relapse for arm in used.arms.values()),
        "no arm treats relapse, where follow-up ends",
    ),
    EffectRule(
        "record.interval_days",
        lambda used, _: used.config.record.trajectories is False
        and used.config.record.clones == 0,
        "the marrow is not kept over time (record.trajectories), which a sweep does if asked",
    ),
    EffectRule(
        "operations.*", lambda used, _: used.config.operations.centres == 0,
        "no trial is run (operations.centres = 0)", but="centres",
    ),
    EffectRule(
        "operations.futility_hazard_ratio operations.efficacy_p",
        lambda used, _: used.config.operations.interim_events == 0,
        "there is no interim analysis (operations.interim_events = 0)",
    ),
    # patients
    EffectRule(
        "cohort.residual_*", lambda used, _: used.config.cohort.at_diagnosis,
        "patients start with overt disease (cohort.at_diagnosis = true)",
    ),
    EffectRule(
        "cohort.overt_log10_*", lambda used, _: not used.config.cohort.at_diagnosis,
        "patients start in remission (cohort.at_diagnosis = false)",
    ),
    EffectRule(
        "cohort.persistence_burden_*", lambda used, _: used.config.cohort.persistence_share == 0.0,
        "no disease persists (cohort.persistence_share = 0)",
    ),
    EffectRule(
        "cohort.chimerism_share cohort.death_per_year_transplanted",
        lambda used, _: used.config.cohort.transplanted_share == 0.0,
        "nobody is transplanted (cohort.transplanted_share = 0)",
    ),
    EffectRule(
        "cohort.death_per_year", lambda used, _: used.config.cohort.transplanted_share == 1.0,
        "everyone is transplanted (cohort.transplanted_share = 1)",
    ),
    EffectRule(
        "cohort.body_surface_m2",
        lambda used, _: not any(dosing.dose_mg_per_m2 for _, dosing in used.dosings()),
        "no arm doses by body surface",
    ),
    EffectRule(
        "cohort.reprogrammable_share",
        lambda used, _: not used.blocks or used.config.disease.switching.induced_rate == 0.0,
        "drugs make no cell switch",
    ),
    EffectRule(
        "cohort.founding.mean_number cohort.founding.most",
        lambda used, _: bool(used.config.cohort.founding.clones), NO_SUBCLONES,
    ),
    EffectRule(
        "cohort.founding.mean_number", lambda used, _: used.config.cohort.founding.most == 1,
        "there is one clone at most (cohort.founding.most = 1)",
    ),
    EffectRule(
        "cohort.founding.most",
        lambda used, _: used.config.cohort.founding.mean_number == 1.0, NO_SUBCLONES,
    ),
    EffectRule(
        "cohort.founding.branching cohort.founding.evenness cohort.founding.drivers",
        lambda used, _: not used.has_subclones, NO_SUBCLONES,
    ),
    EffectRule("cohort.clonal_haematopoiesis.*", has_hidden_haematopoiesis, NOT_SEQUENCED),
    EffectRule(
        "cohort.clonal_haematopoiesis.*",
        lambda used, _: used.config.cohort.clonal_haematopoiesis.share == 0.0,
        "nobody has it (cohort.clonal_haematopoiesis.share = 0)", but="share",
    ),
    # disease
    EffectRule("disease.subtypes.*.markers", lambda *_: True, "it is a description"),
    EffectRule(
        "disease.subtypes.*.cxcr4_ratio",
        lambda used, _: used.config.disease.cxcr4_by_subtype == "equal",
        "subtypes are equal in CXCR4 (disease.cxcr4_by_subtype)",
    ),
    EffectRule(
        "disease.subtypes.*.cycling_ratio",
        lambda used, _: used.config.disease.cycling_by_subtype == "equal",
        "subtypes cycle alike (disease.cycling_by_subtype)",
    ),
    EffectRule(
        "disease.subtypes.*.dominant_share", is_not_drawn_as_dominant,
        "other shares hold (cohort.dominant_shares), or the subtype is not native",
    ),
    EffectRule(
        "disease.subtypes.*.tp53_share", has_no_tp53,
        "nobody has such a TP53 mutation (cohort.tp53_ratio = 0, or the subtype is not native)",
    ),
    EffectRule(
        "disease.subtypes.*.*_ec50_ratio", no_drug_reads_ratio,
        "no arm gives a drug that it belongs to",
    ),
    EffectRule(
        "disease.switching.induced_rate",
        lambda used, _: not used.blocks
        or (
            used.config.cohort.reprogrammable_share == 0.0
            and used.config.disease.switching.induced_rate > 0.0
        ),
        NO_INDUCTION,
    ),
    EffectRule(
        "disease.switching.tp53_factor disease.switching.drug_tolerant_state",
        lambda used, _: not used.induces, NO_INDUCTION,
    ),
    EffectRule(
        "disease.switching.tp53_factor", has_no_tp53, "nobody has TP53 mutated (cohort.tp53_ratio)"
    ),
    EffectRule(
        "disease.switching.reversal_rate disease.switching.reversal_ends_at",
        lambda used, _: not (used.induces and STRESS in used.effects),
        "no drug of the arms leaves cells that switch back",
    ),
    EffectRule(
        "disease.switching.reversal_ends_at",
        lambda used, _: used.config.disease.switching.reversal_rate == 0.0,
        "no cell switches back (disease.switching.reversal_rate = 0)",
    ),
    EffectRule(
        "disease.switching.shared_sensitivity disease.apoptosis.* disease.niche.apoptosis_factor",
        lambda used, _: not used.blocks, NO_SUCH_STRESS,
    ),
    EffectRule(
        "disease.niche.s_phase_factor", lambda used, _: not used.kills_cycling_cells,
        "no drug that an arm gives kills by phase of the cycle",
    ),
    EffectRule(
        "disease.niche.mobilised_egress_rate disease.niche.mobilised_cells",
        lambda used, _: not used.mobilises, "no drug of the arms mobilises cells",
    ),
    EffectRule(
        "disease.niche.cxcr4_dependent_share",
        lambda used, _: "cxcr4_occupancy" not in used.effects,
        "no drug that an arm gives blocks CXCR4",
    ),
    EffectRule(
        "disease.mutation.arising",
        lambda used, _: used.config.disease.mutation.driver_probability == 0.0
        and used.config.record.clones == 0,
        "no driver arises (disease.mutation.driver_probability = 0)",
    ),
    EffectRule(
        "disease.mutation.drivers.*", has_no_carrier, "no clone acquires this driver", but="weight"
    ),
    EffectRule(
        "disease.mutation.drivers.*.weight", is_not_drawn, "this driver is never drawn by chance"
    ),
    EffectRule(
        "disease.mutation.drivers.*.apoptosis",
        lambda used, _: not used.blocks and used.config.record.clones == 0, NO_SUCH_STRESS,
    ),
    EffectRule(
        "disease.mutation.drivers.*.s_phase_kill",
        lambda used, _: not used.kills_cycling_cells and used.config.record.clones == 0,
        "no drug that an arm gives kills by phase of the cycle",
    ),
    EffectRule(
        "disease.blasts.share_holds_at", lambda used, _: used.config.cohort.at_diagnosis,
        "it holds at the burden of diagnosis (cohort.at_diagnosis = true)",
    ),
    EffectRule(
        "disease.blasts.carrying_capacity",
        lambda used, _: used.config.cohort.persistence_share == 1.0,
        "every patient's disease persists (cohort.persistence_share = 1)",
    ),
    EffectRule(
        "disease.mortality.overt_fraction",
        lambda used, _: used.config.cohort.overt_death_per_year == 0.0,
        "nobody dies of overt leukaemia (cohort.overt_death_per_year = 0)",
    ),
    EffectRule(
        "disease.mortality.neutropenia_below",
        lambda used, _: used.config.disease.mortality.infection_rate == 0.0,
        "nobody dies of infection (disease.mortality.infection_rate = 0)",
    ),
    EffectRule(
        "disease.mortality.thrombocytopenia_below",
        lambda used, _: used.config.disease.mortality.bleeding_rate == 0.0,
        "nobody dies of bleeding (disease.mortality.bleeding_rate = 0)",
    ),
    # fields that only regimens and rules refer to
    EffectRule(
        "azacitidine.* venetoclax.* motixafortide.* posterior.*", lambda *_: True,
        "nothing that acts in this run refers to it", but="cyp3a_inhibitor",
    ),
)  # fmt: skip


def why_without_effect(path: str, used: InUse) -> str:
    """Why no value of a field would change the result; empty where one may.

    What refers to the field is not looked at.
    """
    steps = path.split(".")
    for rule in RULES:
        if steps[-1] == rule.but:
            continue
        if any(fnmatchcase(path, each) for each in rule.pattern.split()) and rule.has_none(
            used, steps
        ):
            return rule.why
    return ""
