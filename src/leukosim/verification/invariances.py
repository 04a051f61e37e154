"""What must not change a number: workers, recording, company, pauses; and how segments converge."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from scipy import linalg

from leukosim.biology.disease import Disease
from leukosim.biology.exposure import EXPOSURES
from leukosim.biology.patient import Patient
from leukosim.clinic.drugs.drug import Dose, exposure
from leukosim.clinic.drugs.formulary import formulary
from leukosim.clinic.strategy.regimens import Dosing, Regimen
from leukosim.clinic.strategy.rules import Rule, Strategy
from leukosim.marrow.counts import COLUMNS
from leukosim.marrow.rates import Rates
from leukosim.runs.trials import run_trial
from leukosim.trial.cohort import Cohort
from leukosim.trial.follow_up import FollowUp
from leukosim.trial.protocol import Protocol
from leukosim.trial.sampling import draw_patient
from leukosim.verification.branching import drift
from leukosim.verification.rows import Row, error
from leukosim.verification.written_out import CLASSES, model_events, reference_patient

PATIENTS, DAYS = 6, 400  # of the trial that is run several times
DAYS_OF_DRUGS = 4.0  # from the start of a cycle
HOURS, FINE = (2.0, 1.0), 0.5  # of a segment: as the engine has it, its half, and its quarter


def strategies() -> dict[str, Strategy]:
    """Azacitidine on molecular relapse, and no treatment before relapse."""
    week = {"azacitidine": Regimen({"azacitidine": Dosing([*range(1, 8)], dose_mg_per_m2=75.0)})}
    relapse = {"relapse": Rule("marrow_blasts", "relapse", at_least=0.15)}
    trigger = Rule("mrd", "start", at_least=0.01, regimen="azacitidine", after_relapse=False)
    return {
        "triggered": Strategy("at MRD", week, {"trigger": trigger, **relapse}),
        "untreated": Strategy("none", {}, relapse),
    }


def differing(one: xr.Dataset, other: xr.Dataset) -> int:
    """Numbers that differ between two results, over what both hold.

    Samples, cycles and the like have no labels, and are as many as the longest course needs.
    """
    count = 0
    short = {
        dim: slice(min(one.sizes[dim], other.sizes[dim]))
        for dim in one.dims
        if dim not in one.coords
    }
    one, other = one.isel(short), other.isel(short)
    for name in one.data_vars:
        a, b = xr.align(one[name], other[name], join="inner")
        same = a == b
        if a.dtype.kind == "f":
            same |= a.isnull() & b.isnull()
        count += int((~same).sum())
    return count


def same_numbers(seed: int) -> Iterator[Row]:
    """A trial run in several ways; every variable of its result is compared, bit for bit."""
    cohort = Cohort(size=PATIENTS, residual_log10_mean=2.0, residual_log10_sd=0.5)
    patients = [draw_patient(i, cohort, Disease(), seed) for i in range(PATIENTS)]
    arms, protocol = strategies(), Protocol(horizon_days=DAYS)
    plain = run_trial(patients, arms, protocol).dataset
    last = plain.isel(patient=[PATIENTS - 1])
    pairs = {
        "one worker against two": (plain, run_trial(patients, arms, protocol, workers=2).dataset),
        "marrow recorded every 7 days against every 28": (
            plain, run_trial(patients, arms, protocol, record_days=28).dataset,
        ),
        "a patient among others against alone": (
            last, run_trial(patients[-1:], arms, protocol).dataset,
        ),
    }  # fmt: skip
    for name, (one, other) in pairs.items():
        yield error(f"{name}: numbers that differ", [differing(one, other)], 0.0)
    differ = [differing_in_pieces(patient, seed) for patient in patients]
    yield error("a course at once against in pieces: numbers that differ", differ, 0.0)


def differing_in_pieces(patient: Patient, seed: int) -> int:
    """Numbers of a course that differ if it is followed with pauses at uneven days."""
    protocol, days = Protocol(horizon_days=DAYS), np.arange(0.0, DAYS + 1.0, 7.0)
    whole, pieces = (
        FollowUp(patient, strategies()["triggered"], protocol, days, Rates(patient))
        for _ in range(2)
    )
    for day in np.cumsum(np.random.default_rng(seed).uniform(0.3, 40.0, 60)):
        pieces.advance_to(float(day))
    one, other = whole.run(), pieces.run()
    differ = int(one.last_day != other.last_day)
    for name in COLUMNS:
        a, b = (
            np.concatenate([getattr(each, name) for each in course.counts])
            for course in (one, other)
        )
        differ += int((a != b).sum()) if a.shape == b.shape else a.size
    return differ


def segments_converge(lengths: Sequence[float] = HOURS) -> Iterator[Row]:
    """Mean stem cells after days of cytarabine and motixafortide, by the length of segments.

    Within a segment the environment is that of the mean drug levels. The engine uses two hours
    where these drugs ask for it; means are exact, by exp(M t) from segment to segment.
    """
    fine = stem_cells_after(FINE)
    for hours in lengths:
        relative = stem_cells_after(hours) / fine - 1.0
        name = f"segments of {hours:g} h against {60 * FINE:g} min: mean stem cells, relative"
        yield error(name, [relative], 0.02)


def stem_cells_after(hours: float) -> float:
    """Expected stem cells, of one in each class, after four days of a cycle as in BLAST."""
    patient = reference_patient(cxcr4_cell_cv=0.0)
    drugs = {
        name: replace(drug, segment_hours=hours)
        if name in ("cytarabine", "motixafortide")
        else drug
        for name, drug in formulary().items()
    }
    doses = [Dose("cytarabine", day + at, 5400.0, 0.125) for day in (1, 3) for at in (0.42, 0.92)]
    doses += [Dose("motixafortide", day + 0.33, 93.75) for day in (1, 2, 3)]
    met = exposure(drugs, doses, 0.0, DAYS_OF_DRUGS, patient)
    returns = Rates(patient).return_rate
    mean = np.ones(len(CLASSES))
    for start, end, values in zip(met.start, met.end, met.values, strict=True):
        drug = dict(zip(EXPOSURES, values, strict=True))
        events = model_events(patient, returns, drug, patient.cxcr4)
        mean = linalg.expm(drift(events, len(mean)) * (end - start)) @ mean
    return float(mean.sum())
