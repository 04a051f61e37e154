"""Small result datasets with known outcomes, in the vocabulary of results, without a simulation."""

import json

import numpy as np
import xarray as xr

from leukosim.results.variables import VARIABLES

HORIZON, TRIGGER, LIMIT = 730.0, 0.01, 3e-5


def dataset_of_arms(arms: dict[str, list[dict]], time=(0.0, 7.0), **attributes) -> xr.Dataset:
    """A result dataset from a few words on each patient of each arm.

    arms : name of the arm -> for each patient the outcome days that are not nan, and optionally
        ``samples`` [(day, mrd)], ``cycles`` [(first, last)], ``assessments`` [(day, response)],
        ``best_response``, ``overt_blasts`` and ``blasts`` float[time]
    """
    patients = list(next(iter(arms.values())))
    shape = len(arms), len(patients)
    horizon = attributes.get("horizon_days", HORIZON)
    n_samples = max((len(p.get("samples", ())) for ps in arms.values() for p in ps), default=0)
    n_cycles = max((len(p.get("cycles", ())) for ps in arms.values() for p in ps), default=0)
    n_assessments = max(
        (len(p.get("assessments", ())) for ps in arms.values() for p in ps), default=0
    )
    outcomes = (
        "molecular_relapse_day", "treatment_start_day", "relapse_day", "death_day", "response_day",
        "treatment_failure_day",
    )  # fmt: skip
    values = {name: np.full(shape, np.nan) for name in (*outcomes, "follow_up_day")}
    values |= {name: np.full((*shape, n_samples), np.nan) for name in ("sample_day", "mrd")}
    values |= {
        name: np.full((*shape, n_cycles), np.nan) for name in ("cycle_start_day", "cycle_end_day")
    }
    values |= {
        name: np.full((*shape, n_assessments), np.nan) for name in ("assessment_day", "response")
    }
    values["best_response"] = np.zeros(shape, np.int8)
    values["blasts"] = np.full((*shape, len(time)), np.nan)
    for a, of_arm in enumerate(arms.values()):
        for p, patient in enumerate(of_arm):
            for name in outcomes:
                values[name][a, p] = patient.get(name, np.nan)
            values["best_response"][a, p] = patient.get("best_response", 0)
            last = np.nanmin([values["relapse_day"][a, p], values["death_day"][a, p], horizon])
            values["follow_up_day"][a, p] = patient.get("follow_up_day", last)
            for name, rows in (
                (("sample_day", "mrd"), patient.get("samples", ())),
                (("cycle_start_day", "cycle_end_day"), patient.get("cycles", ())),
                (("assessment_day", "response"), patient.get("assessments", ())),
            ):
                for i, row in enumerate(rows):
                    values[name[0]][a, p, i], values[name[1]][a, p, i] = row
            if "blasts" in patient:
                values["blasts"][a, p] = patient["blasts"]
    values["mrd_detection_limit"] = np.where(np.isnan(values["sample_day"]), np.nan, LIMIT)
    values["genotype"] = np.array([p.get("genotype", "NPM1") for p in patients], object)
    values["overt_blasts"] = np.array([p.get("overt_blasts", 0.0) for p in patients])
    values["transcript_ratio"] = np.array([p.get("transcript_ratio", 10.0) for p in patients])
    variables = {
        name: (VARIABLES[name].dims, value, {"units": VARIABLES[name].unit})
        for name, value in values.items()
    }
    coordinates = {
        "arm": list(arms),
        "patient": np.arange(len(patients)),
        "time": ("time", np.asarray(time, float), {"units": "day"}),
    }
    return xr.Dataset(
        variables,
        coordinates,
        {"trigger_level": TRIGGER, "horizon_days": horizon, **attributes},
    )


ARMS = ("triggered", "at_relapse", "maintenance")


def trial(
    n_patients: int = 60, seed: int = 1, arms: tuple[str, ...] = ARMS, effect: float = 1.0
) -> xr.Dataset:
    """A plausible trial: blasts that double from a hidden start, samples every four weeks.

    effect : multiplies the time that treatment gains; 0, none
    """
    rng = np.random.default_rng(seed)
    time = np.append(np.arange(0.0, HORIZON, 7.0), HORIZON)
    people: dict[str, list[dict]] = {arm: [] for arm in arms}
    for _ in range(n_patients):
        genotype = rng.choice(["NPM1", "RUNX1-RUNX1T1", "CBFB-MYH11"])
        doubling = {"NPM1": 11.0, "RUNX1-RUNX1T1": 14.0, "CBFB-MYH11": 36.0}[genotype]
        doubling *= rng.lognormal(0.0, 0.25)
        cured = rng.random() < 0.45
        gain = effect * rng.lognormal(5.2, 0.8)
        start = rng.uniform(-100.0, 500.0)
        death = rng.exponential(6000.0)
        noise = rng.lognormal(0.0, 0.4, size=27)
        transcript_ratio = 1e-4 if rng.random() < 0.05 else 10.0  # the marker was lost
        for arm in arms:
            shift = gain * 0.6 if arm == "maintenance" else 0.0
            people[arm].append(
                course(
                    arm,
                    genotype,
                    doubling,
                    cured,
                    start + shift,
                    gain,
                    death,
                    time,
                    noise,
                    transcript_ratio,
                )
            )
    return dataset_of_arms(people, time)


def course(
    arm, genotype, doubling, cured, start, gain, death, time, noise, transcript_ratio
) -> dict:
    """One patient of one arm, by the arithmetic of exponential growth."""

    def blasts_on(day, hold_from, hold):
        held = np.clip(day - hold_from, 0.0, hold)
        log2 = 23.0 + (day - start - 2.0 * held) / doubling
        return np.where(cured, 0.0, np.clip(2.0 ** np.clip(log2, 0.0, 41.0), 1.0, 1.5e12))

    def ratio_on(day, hold_from, hold):
        cells = blasts_on(day, hold_from, hold)
        return transcript_ratio * cells / (cells + 1e12)

    visits = np.arange(28.0, HORIZON, 28.0)[:26]
    no_hold = np.inf, 0.0
    raw = ratio_on(visits, *no_hold) * noise[: len(visits)]
    positive = visits[raw >= TRIGGER]
    conversion = positive[0] + 7.0 if len(positive) else np.nan
    hold = (conversion, gain / 2.0) if arm == "triggered" and len(positive) else no_hold
    grid = np.arange(0.0, HORIZON)
    overt = grid[blasts_on(grid, *hold) > 2e11]
    relapse = overt[0] + 7.0 if len(overt) and overt[0] + 7.0 < HORIZON else np.nan
    last = np.nanmin([relapse, death, HORIZON])
    patient = {"genotype": genotype, "follow_up_day": last, "transcript_ratio": transcript_ratio}
    if conversion <= last:
        patient["molecular_relapse_day"] = conversion
    if relapse <= last:
        patient["relapse_day"] = relapse
    elif death <= last:
        patient["death_day"] = death
    treated_from = {"triggered": conversion, "maintenance": 0.0}.get(arm, np.nan)
    if treated_from < last:
        starts = np.arange(treated_from, last, 28.0)[:12]
        patient["treatment_start_day"] = treated_from
        patient["cycles"] = [(day, min(day + 6.0, last)) for day in starts]
    measured = ratio_on(visits, *hold) * noise[: len(visits)]
    patient["samples"] = [
        (day, float(mrd) if mrd >= LIMIT else 0.0)
        for day, mrd in zip(visits, measured, strict=True)
        if day <= last
    ]
    patient["blasts"] = np.where(time <= last, blasts_on(time, *hold), np.nan)
    return patient


def sweep(axes: dict[str, list], n_patients: int = 40) -> xr.Dataset:
    """A sweep over every combination of the axes: trials of growing effect, one scenario each."""
    names = list(axes)
    grid = np.array(np.meshgrid(*axes.values(), indexing="ij"), dtype=object)
    rows = grid.reshape(len(names), -1).T
    scenarios = [
        trial(n_patients, effect=2.0 * i / max(len(rows) - 1, 1)) for i in range(len(rows))
    ]
    dataset = xr.concat(scenarios, "scenario", data_vars="all", combine_attrs="override")
    dataset = dataset.drop_vars(["blasts", "time"])
    for i, name in enumerate(names):
        column = rows[:, i]
        text = isinstance(column[0], str)
        dataset = dataset.assign_coords({name: ("scenario", column.astype(str if text else float))})
    return dataset


def search(n_candidates: int = 12, n_patients: int = 40, **options) -> xr.Dataset:
    """The dataset of a search over four fields, with candidates of growing effect and more drug."""
    rng = np.random.default_rng(1)
    n = n_candidates + 1
    effects = np.linspace(0.0, 2.0, n)
    dataset = xr.concat(
        [trial(n_patients, effect=effect).sel(arm=["triggered"]) for effect in effects],
        "scenario", data_vars="all", combine_attrs="override",
    ).drop_vars(["blasts", "time"])  # fmt: skip
    axes = {
        "trigger.level": 10.0 ** rng.uniform(-4.0, -1.0, n),
        "monitoring.interval_days": rng.choice([14, 28, 42, 56, 84], n),
        "monitoring.sample": rng.choice(["marrow", "blood"], n).astype(object),
        "azacitidine.days_per_cycle": rng.integers(3, 11, n),
    }
    dataset = dataset.assign_coords({name: ("scenario", each) for name, each in axes.items()})
    both = ("scenario", "arm", "patient")
    days = np.arange(n)[:, None, None] + rng.integers(0, 9, (n, 1, n_patients))
    dataset["treatment_days"] = both, days.astype(float)
    dataset["status"] = "scenario", np.full(n, "finished", object)
    settings = {
        "maximise": ["rmst"], "at_most": {"drug_days": "12"}, "unguided": 4, **options,
    }  # fmt: skip
    return dataset.assign_attrs(
        axes=json.dumps(list(axes)),
        search_asked=json.dumps(settings),
        search_arm="triggered",
        search_log_axes=json.dumps(["trigger.level"]),
        search_limits=json.dumps(
            [[name, 1.0, float(most)] for name, most in settings["at_most"].items()]
        ),
    )
