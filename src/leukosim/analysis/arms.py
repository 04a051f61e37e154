"""Arms of a result, of the scenarios of a sweep, or of several results, over the same patients.

Whatever is to be compared becomes an arm of one dataset, so that every statistic of arms serves for
scenarios, too. An arm keeps its plain name where nothing that was varied changed anything for it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from leukosim.analysis.endpoints import horizon_days
from leukosim.errors import ConfigError, listed, unknown
from leukosim.results.variables import OUTCOME, VARIABLES

# What makes a patient the same one in two results: as drawn, not as measured, nor how followed.
TRAITS = (
    "genotype", "doubling_days", "residual_stem_cells", "residual_blasts", "composition", "cxcr4",
    "lsc_frequency", "carrying_capacity", "reserve_shift", "responsiveness", "transcript_ratio",
    "overt_blasts", "age_years", "tp53", "transplanted",
)  # fmt: skip
OUTCOMES = tuple(name for name, each in VARIABLES.items() if each.dims == OUTCOME)
ONLY_SEEN = ("molecular_relapse_day",)  # a reading of reports: it changes nothing for the patient
RESULT = "result"  # the axis along which several results lie
REFERENCES = ("at_relapse", "placebo", "azacitidine")  # arms that others are compared with


@dataclass(frozen=True)
class ArmResult:
    """One arm of one trial, and where that trial stands among the others."""

    arm: str
    place: dict[str, str]  # axis -> value, in words
    dataset: xr.Dataset  # (patient)


def with_all_dimensions(ds: xr.Dataset) -> xr.Dataset:
    """The dataset with dimensions arm and patient, also where it is of one patient or one arm."""
    for name in ("patient", "arm"):
        if name not in ds.dims:
            ds = ds.expand_dims(name) if name in ds.coords else ds.expand_dims({name: [name]})
    return ds


def gather_arms(results: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """All arms of some results side by side.

    Parameters
    ----------
    results : by name; trials (arm, patient) or sweeps (scenario, arm, patient)

    Returns
    -------
    Dataset
        The outcomes (arm, patient) and what is known of the patients (patient), of the patients
        whom every arm treated; ``n_left_out`` of them, an attribute, were not in all. Arms are
        named as in ``triggered (trigger.level=0.001)``.

    Raises
    ------
    ConfigError
        If there is nothing to compare, patients differ, or are followed for different times.
    """
    trials = [
        (place, one)
        for name, result in results.items()
        for place, one in trials_of(result, {RESULT: name} if len(results) > 1 else {})
    ]
    if not trials:
        raise ConfigError(f"{listed(results)}: no scenario has finished, nothing can be compared")
    check_followed_alike(trials)
    patients = common_patients(trials)
    every = {int(number) for _, one in trials for number in one["patient"].values}
    trials = [(place, one.sel(patient=patients)) for place, one in trials]
    check_same_patients(trials)
    arm_results: dict[str, list[ArmResult]] = {}
    for place, one in trials:
        for arm in map(str, one["arm"].values):
            of_arm = one.sel(arm=arm, drop=True)
            if of_arm["follow_up_day"].notnull().any():
                arm_results.setdefault(arm, []).append(ArmResult(arm, place, of_arm))
    if not arm_results:
        raise ConfigError(f"{listed(results)}: no arm has a patient, nothing can be compared")
    named = {
        name: each for of_arm in arm_results.values() for name, each in with_names(of_arm).items()
    }
    gathered = stacked(named, trials[0][1])
    gathered.attrs["n_left_out"] = len(every) - gathered.sizes["patient"]
    return gathered


def trials_of(ds: xr.Dataset, place: dict[str, str]) -> Iterator[tuple[dict[str, str], xr.Dataset]]:
    """The trials of a result, each with its place: one, or a finished scenario each."""
    ds = ds.assign_coords(patient=ds["patient"].values.astype(int))
    if "scenario" not in ds.dims:
        yield place, ds
        return
    said = json.loads(ds.attrs.get("axes", "null"))
    axes = [
        str(name)
        for name, values in ds.coords.items()
        if values.dims == ("scenario",) and name != "scenario" and (said is None or name in said)
    ]
    for i in range(ds.sizes["scenario"]):
        one = ds.isel(scenario=i)
        if "status" in ds and str(one["status"].values) != "finished":
            continue
        # of a sweep over cohort.size not every scenario has every patient
        one = one.isel(patient=np.flatnonzero(one["follow_up_day"].notnull().any("arm")))
        here = {short: in_brief(one[axis].values[()]) for axis, short in short_names(axes).items()}
        yield {**place, **here}, one


def short_names(axes: Sequence[str]) -> dict[str, str]:
    """Fields by the last two words of their paths, or as many as tell them apart."""

    def ending(axis: str, words: int) -> str:
        return ".".join(axis.split(".")[-words:])

    short = {}
    for axis in axes:
        words = 2
        while any(ending(other, words) == ending(axis, words) for other in axes if other != axis):
            words += 1
        short[axis] = ending(axis, words)
    return short


def in_brief(value: object) -> str:
    """A number without needless digits; a text as it is."""
    if isinstance(value, int | float | np.number):
        return f"{float(value):g}"
    return str(value)


def check_followed_alike(trials: list[tuple[dict[str, str], xr.Dataset]]) -> None:
    """Raise :class:`ConfigError` where trials followed patients for different times."""
    horizons = {float(horizon_days(one)): place for place, one in trials}
    if len(horizons) > 1:
        days = ", ".join(f"{days:g}" for days in sorted(horizons))
        raise ConfigError(
            f"horizon_days = {days} (day): drug days and survival can be compared only between "
            "patients followed for equally long"
        )


def common_patients(trials: list[tuple[dict[str, str], xr.Dataset]]) -> np.ndarray:
    """Numbers of the patients whom every trial has."""
    patients = trials[0][1]["patient"].values
    for _, one in trials[1:]:
        patients = np.intersect1d(patients, one["patient"].values)
    if not len(patients):
        raise ConfigError("the results have no patient in common: compare runs of the same cohort")
    return patients


def check_same_patients(trials: list[tuple[dict[str, str], xr.Dataset]]) -> None:
    """Raise :class:`ConfigError` where patients of one number are not the same patient."""
    (place, first), *others = trials
    for there, other in others:
        for name in TRAITS:
            if name in first and name in other and not alike(first[name], other[name]):
                raise ConfigError(
                    f"{name} of the patients differs between {where(place)} and {where(there)}: "
                    "only the same patients can be compared in pairs (same seed and cohort)"
                )


def alike(one: xr.DataArray, other: xr.DataArray) -> bool:
    """Whether two arrays hold the same values, nan included."""
    if one.dtype.kind in "fiub":
        return bool(np.array_equal(one.values, other.values, equal_nan=one.dtype.kind == "f"))
    return list(map(str, one.values)) == list(map(str, other.values))


def where(place: Mapping[str, str]) -> str:
    """A place in words."""
    named = (value if axis == RESULT else f"{axis}={value}" for axis, value in place.items())
    return ", ".join(named) or "the result"


def with_names(arm_results: list[ArmResult]) -> dict[str, xr.Dataset]:
    """Courses of one arm by names that tell them apart, each course once.

    An axis along which nothing changes for this arm is left out of the names: patients treated at
    relapse do not know the level that would have triggered.
    """
    axes = list(dict.fromkeys(axis for each in arm_results for axis in each.place))
    for axis in list(axes):
        groups: dict[tuple[str | None, ...], list[ArmResult]] = {}
        for each in arm_results:
            key = tuple(each.place.get(other) for other in axes if other != axis)
            groups.setdefault(key, []).append(each)
        varies = len({each.place.get(axis) for each in arm_results}) > 1
        tells_apart = varies and len(groups) == len(
            arm_results
        )  # so it says where a course is from
        if not tells_apart and all(same_outcomes(group) for group in groups.values()):
            arm_results = [group[0] for group in groups.values()]
            axes.remove(axis)
    named = {}
    for each in arm_results:
        place = {axis: each.place[axis] for axis in axes if axis in each.place}
        named[f"{each.arm} ({where(place)})" if place else each.arm] = each.dataset
    return named


def same_outcomes(arm_results: list[ArmResult]) -> bool:
    """Whether patients met the same outcomes in all of these arm_results."""
    first = arm_results[0].dataset
    return all(
        alike(first[name], each.dataset[name])
        for each in arm_results[1:]
        for name in OUTCOMES
        if name not in ONLY_SEEN
        and name in first
        and name in each.dataset
        and first[name].dtype.kind in "fiub"
    )


def stacked(named: Mapping[str, xr.Dataset], of_patients: xr.Dataset) -> xr.Dataset:
    """Courses as the arms of one dataset, of the patients who were treated in all of them."""
    treated = np.all([each["follow_up_day"].notnull().values for each in named.values()], 0)
    shared = [name for name in OUTCOMES if all(name in each for each in named.values())]
    outcomes = xr.concat(
        [each[shared].reset_coords(drop=True) for each in named.values()],
        dim="arm", coords="minimal", compat="override", join="override",
    ).assign_coords(arm=np.array(list(named), object))  # fmt: skip
    traits = [name for name, each in of_patients.items() if each.dims == ("patient",)]
    gathered = outcomes.assign({name: of_patients[name].variable for name in traits})
    gathered = gathered.isel(patient=np.flatnonzero(treated))
    gathered.attrs = {
        **{
            name: of_patients.attrs[name] for name in ("title", "seed") if name in of_patients.attrs
        },
        "horizon_days": float(horizon_days(of_patients)),
    }
    if not treated.any():
        raise ConfigError("no patient was treated in all arms: name fewer arms")
    return gathered


# ---------------------------------------------------------------------- choosing among them


def reference_of(ds: xr.Dataset, against: str = "") -> str:
    """The arm that others are compared with: the one asked for, else the usual control.

    Raises
    ------
    ConfigError
        If there is no such arm, or several of this name.
    """
    arms = [str(arm) for arm in ds["arm"].values]
    if against:
        return choose(arms, against, "against")
    plain = {arm.partition(" (")[0]: arm for arm in reversed(arms)}  # the first of each name
    return next((plain[name] for name in REFERENCES if name in plain), arms[0])


def choose(arms: list[str], options: str, field: str) -> str:
    """The arm of a name, in full or without its brackets where that is enough."""
    if options in arms:
        return options
    result = [arm for arm in arms if arm.partition(" (")[0] == options]
    if len(result) == 1:
        return result[0]
    if result:
        raise ConfigError(
            f"{field} = {options} could be any of {listed(map(repr, result))}: name one"
        )
    raise ConfigError(f"{field}: {unknown(options, arms, 'arm')}")


def chosen(ds: xr.Dataset, options: list[str], against: str) -> xr.Dataset:
    """The dataset with only the arms asked for, and the reference; all where none is named."""
    arms = [str(arm) for arm in ds["arm"].values]
    if not options:
        return ds
    wanted = []
    for name in options:
        if options.count(name) > 1:
            raise ConfigError(f"arms = {listed(options)} names {name} more than once")
        of_name = [arm for arm in arms if name in (arm, arm.partition(" (")[0])]
        wanted += of_name or [choose(arms, name, "arms")]
    keep = [arm for arm in arms if arm in (*wanted, against)]
    return ds.sel(arm=keep)
