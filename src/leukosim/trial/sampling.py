"""Enrolment: virtual patients, drawn from the distributions of a cohort."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from leukosim.biology.clones import Founder, Founding, lineage
from leukosim.biology.disease import Disease
from leukosim.biology.patient import TYPICAL, Patient, PKParameters
from leukosim.clinic.drugs.drug import Drug
from leukosim.clinic.drugs.formulary import formulary
from leukosim.errors import ConfigError
from leukosim.marrow.rates import Rates, doubling_range
from leukosim.random_streams import (
    AGE,
    DRAW,
    FOUNDING,
    HAEMATOPOIESIS,
    MARKER,
    OVERT,
    PHARMACOKINETICS,
    SWITCHING,
    key_of,
    stream,
)
from leukosim.trial.cohort import Cohort

MARGIN = 1.05  # from the doubling times at which the rate of return to G0 is 0 or infinite


def draw_patient(
    index: int,
    cohort: Cohort,
    disease: Disease,
    seed: int,
    drugs: Mapping[str, Drug] | None = None,
) -> Patient:
    """Patient ``index`` of the cohort with this seed, the same in cohorts of any size.

    A doubling time that cycle and niche cannot produce is replaced by the nearest that they can.

    Parameters
    ----------
    drugs : by name, with the variation of their pharmacokinetics between patients; by default all
        drugs of leukosim
    """
    rng = stream(seed, index, DRAW)
    names = list(cohort.genotypes)
    shares = np.array([cohort.genotypes[name].share for name in names])
    genotype = names[rng.choice(len(names), p=shares / shares.sum())]

    log_sd = np.sqrt(np.log1p(cohort.doubling_cv**2))
    doubling = cohort.genotypes[genotype].doubling_days * np.exp(log_sd * rng.standard_normal())
    residual = 10.0 ** rng.normal(cohort.residual_log10_mean, cohort.residual_log10_sd)
    persists = rng.random() < cohort.persistence_share
    burden = 10.0 ** rng.normal(cohort.persistence_burden_log10, cohort.persistence_burden_log10_sd)
    logit = rng.normal(cohort.responsiveness_logit_mean, cohort.responsiveness_logit_sd)
    transplanted = bool(rng.random() < cohort.transplanted_share)
    per_year = cohort.death_per_year_transplanted if transplanted else cohort.death_per_year
    composition = draw_composition(cohort, disease, rng)
    patient = Patient(
        index=index,
        seed=seed,
        disease=disease,
        genotype=genotype,
        doubling_days=float(doubling),
        residual_stem_cells=0,
        composition=composition,
        cxcr4=float(cohort.cxcr4_median * np.exp(cohort.cxcr4_log_sd * rng.standard_normal())),
        lsc_frequency=float(
            10.0 ** rng.uniform(cohort.lsc_frequency_log10_low, cohort.lsc_frequency_log10_high)
        ),
        carrying_capacity=float(burden if persists else disease.blasts.carrying_capacity),
        reserve_shift=float(rng.normal(cohort.reserve_shift_mean, cohort.reserve_shift_sd)),
        responsiveness={"azacitidine": float(1.0 / (1.0 + np.exp(-logit)))},
        transcript_ratio=float(
            cohort.transcript_ratio
            * 10.0 ** (cohort.transcript_ratio_log10_sd * rng.standard_normal())
        ),
        death_rate=per_year / 365.25,
        overt_death_rate=cohort.overt_death_per_year / 365.25,
        body_surface_m2=cohort.body_surface_m2,
        transplanted=transplanted,
        marker=draw_marker(transplanted, cohort, stream(seed, index, MARKER)),
        age_years=draw_age(cohort, stream(seed, index, AGE)),
        **draw_switching(composition, cohort, disease, stream(seed, index, SWITCHING)),
    )
    patient = with_clones(patient, cohort)
    for name, drug in (formulary() if drugs is None else drugs).items():
        patient = with_pk_parameters(patient, name, drug)
    within = producible(float(doubling), patient)
    if cohort.at_diagnosis:
        overt = 10.0 ** stream(seed, index, OVERT).normal(
            cohort.overt_log10_mean, cohort.overt_log10_sd
        )
        overt = min(float(overt), patient.carrying_capacity)
        cells = round(overt * patient.lsc_frequency)
        return replace(patient, doubling_days=within, residual_stem_cells=cells, overt_blasts=overt)
    # Poisson draws take as many random numbers as they need, so they come after all others
    cells = int(rng.poisson(min(residual, cohort.residual_cells_most)))
    blasts = min(cells / patient.lsc_frequency, cohort.residual_blasts_most)
    return replace(patient, doubling_days=within, residual_stem_cells=cells, residual_blasts=blasts)


def producible(doubling_days: float, patient: Patient) -> float:
    """The doubling time, in days, nearest to a given one that cycle and niche can produce."""
    # with equal cycling, so that patients are the same under each hypothesis on cycling
    alike = replace(patient, disease=replace(patient.disease, cycling_by_subtype="equal"))
    shortest, longest = doubling_range(Rates(alike))
    return float(np.clip(doubling_days, shortest * MARGIN, longest / MARGIN))


def draw_age(cohort: Cohort, rng: np.random.Generator) -> float:
    """Age in years: normally distributed, limited to the range of the cohort."""
    age = rng.normal(cohort.age_mean_years, cohort.age_sd_years)
    return float(np.clip(age, cohort.youngest_years, cohort.oldest_years))


def draw_marker(transplanted: bool, cohort: Cohort, rng: np.random.Generator) -> str:
    """How MRD is followed: by chimerism only after a transplant."""
    by_chimerism = transplanted and rng.random() < cohort.chimerism_share
    return "chimerism" if by_chimerism else "transcript"


def draw_composition(
    cohort: Cohort, disease: Disease, rng: np.random.Generator
) -> tuple[float, ...]:
    """Shares of the subtypes: one dominates, and the rest is divided at random among the others."""
    native = [name for name, subtype in disease.subtypes.items() if subtype.native]
    frequency = np.array(
        [
            cohort.dominant_shares.get(name, 0.0)
            if cohort.dominant_shares
            else disease.subtypes[name].dominant_share
            for name in native
        ]
    )
    n = len(native)
    dominant = rng.choice(n, p=frequency / frequency.sum())
    fraction = rng.uniform(cohort.dominant_fraction_low, cohort.dominant_fraction_high)
    others = rng.dirichlet(np.ones(max(n - 1, 1)))
    shares = np.insert(others * (1.0 - fraction), dominant, fraction) if n > 1 else np.ones(1)
    by_name = dict(zip(native, shares, strict=True))
    return tuple(float(by_name.get(name, 0.0)) for name in disease.subtypes)


def draw_switching(
    composition: Sequence[float], cohort: Cohort, disease: Disease, rng: np.random.Generator
) -> dict[str, Any]:
    """Whether TP53 is mutated, by the dominant subtype, and the factor on induced switching."""
    dominant = list(disease.subtypes.values())[int(np.argmax(composition))]
    mutated = bool(rng.random() < min(dominant.tp53_share * cohort.tp53_ratio, 1.0))
    reprogrammable = bool(rng.random() < cohort.reprogrammable_share)
    factor = disease.switching.tp53_factor if mutated else 1.0
    return dict(tp53_mutated=mutated, reprogramming=factor if reprogrammable else 0.0)


def with_clones(patient: Patient, cohort: Cohort) -> Patient:
    """The patient, with clonal haematopoiesis and the clones at diagnosis.

    Each has a random stream of its own.
    """
    law, rng = cohort.clonal_haematopoiesis, patient.stream(HAEMATOPOIESIS)
    has, is_ancestral = rng.random() < law.share, rng.random() < law.ancestral_share
    log10 = rng.uniform(law.fraction_log10_low, law.fraction_log10_high)
    gene = str(rng.choice(law.genes))
    trunk = [patient.genotype]
    if has and is_ancestral:
        trunk.insert(0, gene)
    if patient.tp53_mutated:
        trunk.append("TP53")
    return replace(
        patient,
        founders=draw_founders(cohort.founding, patient.disease, trunk, patient.stream(FOUNDING)),
        haematopoiesis_gene=gene if has else "",
        haematopoiesis_fraction=float(10.0**log10) if has else 0.0,
    )


def draw_founders(
    founding: Founding, disease: Disease, trunk: Sequence[str], rng: np.random.Generator
) -> tuple[Founder, ...]:
    """The clones at diagnosis, the trunk first: as declared, or else a random tree.

    A subclone has one driver that its ancestors lack; if they have all, there is no such subclone.

    trunk : drivers that all leukaemic cells carry
    """
    if founding.clones:
        names = list(founding.clones)
        total = sum(clone.share for clone in founding.clones.values())
        return tuple(
            Founder(
                name,
                names.index(clone.parent) if clone.parent else -1,
                clone.share / total,
                tuple(clone.drivers) if clone.parent else (*trunk, *clone.drivers),
            )
            for name, clone in founding.clones.items()
        )
    number = min(1 + int(rng.poisson(founding.mean_number - 1.0)), founding.most)
    founders = [Founder("trunk", -1, 1.0, tuple(trunk))]
    weights = {name: disease.mutation.drivers[name].weight for name in founding.drivers}
    for _ in range(1, number):
        last = len(founders) - 1
        parent = int(rng.integers(last + 1)) if rng.random() < founding.branching else last
        carried = {d for p in lineage(tuple(founders), parent) for d in founders[p].drivers}
        free = {name: w for name, w in weights.items() if name not in carried and w > 0.0}
        if not free:
            continue
        frequency = np.array(list(free.values()))
        driver = str(rng.choice(list(free), p=frequency / frequency.sum()))
        founders.append(Founder(f"subclone {len(founders)}", parent, 1.0, (driver,)))
    shares = rng.dirichlet(np.full(len(founders), founding.evenness))
    return tuple(replace(f, share=float(s)) for f, s in zip(founders, shares, strict=True))


def with_pk_parameters(patient: Patient, name: str, drug: Drug) -> Patient:
    """The patient, with clearance, volume, EC50 and responsiveness drawn for one drug.

    Each drug has a random stream of its own, so that its numbers do not depend on other drugs.
    """
    clearance, volume, ec50, response = patient.stream(
        PHARMACOKINETICS, key_of(name)
    ).standard_normal(4)
    pk_parameters = PKParameters(
        clearance=float(np.exp(np.sqrt(np.log1p(drug.clearance_cv**2)) * clearance)),
        volume=float(np.exp(np.sqrt(np.log1p(drug.volume_cv**2)) * volume)),
        ec50=float(10.0 ** (drug.ec50_log10_sd * ec50)),
    )
    if pk_parameters != TYPICAL:
        patient = replace(patient, pk_parameters={**patient.pk_parameters, name: pk_parameters})
    if drug.responsiveness_logit_mean is not None:
        logit = drug.responsiveness_logit_mean + drug.responsiveness_logit_sd * response
        own = {name: float(1.0 / (1.0 + np.exp(-logit)))}
        patient = replace(patient, responsiveness={**patient.responsiveness, **own})
    return patient


def draw_cohort(
    cohort: Cohort, disease: Disease, seed: int, drugs: Mapping[str, Drug] | None = None
) -> list[Patient]:
    """All patients of a cohort.

    Raises
    ------
    leukosim.errors.ConfigError
        Naming the argument that is of another type or out of range.
    """
    for name, value, kind in (("cohort", cohort, Cohort), ("disease", disease, Disease)):
        if not isinstance(value, kind):
            raise ConfigError(f"{name} = {value!r} is not a {kind.__name__}")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ConfigError(f"seed = {seed!r} is not a whole number: allowed 0 or more")
    return [draw_patient(index, cohort, disease, seed, drugs) for index in range(cohort.size)]
