"""Sample sizes for discriminating between hypotheses on resistance.

All hypotheses are simulated in the same virtual patients, so their means differ by the hypothesis
alone. A real trial compares the mean of one group with the prediction of either hypothesis; the
sample sizes are those of two independent groups, one for each hypothesis, which is conservative.
"""

import itertools
from dataclasses import astuple, dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.bootstrap import (
    MIN_PATIENTS_FOR_ESTIMATE,
    percentile_interval,
    resample_indices,
)
from leukosim.analysis.measures import MEASURES
from leukosim.analysis.stem_cell_composition import enriched_subtypes

AXIS = "hypothesis"
POWER, SIGNIFICANCE = 0.8, 0.05  # of a two-sided t test
APART, NOT_APART, UNKNOWN = "told apart", "cannot be told apart", "too few simulated patients"


@dataclass(frozen=True)
class Readout:
    """A measure by which hypotheses are compared."""

    label: str
    measure: str  # its name in MEASURES


RESPONSE = "response"
READOUTS = {
    RESPONSE: Readout("response (CR/CRh/CRi)", "best_response_cri"),
    "fraction_at_failure": Readout("refractory samples", "enriched_at_failure"),
    "enrichment_from_few": Readout("pairs, few MEP-like before", "enrichment_from_few"),
}


# ---------------------------------------------------------------------- how many patients


def patients_needed(
    effect: np.ndarray | float, power: float = POWER, significance: float = SIGNIFICANCE
) -> np.ndarray:
    """Patients in each of two groups for a two-sided t test to see an effect; inf for none.

    The smallest whole number whose power, by the noncentral t distribution, is at least ``power``.

    effect : difference of means in units of the root mean square of the two standard deviations
    """
    from scipy.stats import nct, norm
    from scipy.stats import t as student

    size = np.clip(np.abs(np.asarray(effect, float)), 1e-9, 10.0)
    as_normal = 2.0 * ((norm.ppf(power) + norm.ppf(1.0 - significance / 2.0)) / size) ** 2
    # The normal approximation is too low by about one patient, and by at most six.
    n = np.maximum(np.floor(as_normal)[..., None] + np.arange(8), 2.0)
    freedom, shift = 2.0 * n - 2.0, size[..., None] * np.sqrt(n / 2.0)
    critical = student.ppf(1.0 - significance / 2.0, freedom)
    # an effect seen with the wrong sign is not counted
    reached = nct.sf(critical, freedom, shift) >= power
    smallest = np.where(reached, n, np.inf).min(-1)
    smallest = np.where(size > 1e-9, smallest, np.inf)
    return np.where(np.isnan(size), np.nan, smallest)


def effect_size(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Difference of means over the root mean square of standard deviations, along the last axis.

    nan are left out; nan where a group is empty, infinite where means differ and nothing else does.
    """
    counts = [(~np.isnan(each)).sum(-1) for each in (one, other)]
    sums = [np.nansum(each, -1) for each in (one, other)]
    means = [each / np.where(n > 0, n, np.nan) for each, n in zip(sums, counts, strict=True)]
    squares = [
        np.nansum((each - mean[..., None]) ** 2, -1) / np.maximum(n - 1, 1)
        for each, mean, n in zip((one, other), means, counts, strict=True)
    ]
    difference, sd = means[0] - means[1], np.sqrt((squares[0] + squares[1]) / 2.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = difference / sd
    return np.where(difference == 0.0, 0.0, size)


# ---------------------------------------------------------------------- hypotheses, in pairs


@dataclass(frozen=True)
class Row:
    """Two hypotheses, by one measure in one arm."""

    arm: str
    one: str
    other: str
    measure: str
    mean_one: float
    sd_one: float
    n_one: int  # simulated patients
    mean_other: float
    sd_other: float
    n_other: int
    effect: float = np.nan  # difference of means in standard deviations
    effect_low: float = np.nan  # 95 %, from resampling patients
    effect_high: float = np.nan
    n_per_group: float = np.nan  # patients with the measure; inf: cannot be told apart
    n_low: float = np.nan
    n_high: float = np.nan
    treated_per_group: float = np.nan  # patients to be treated for so many to have the measure
    verdict: str = UNKNOWN


COLUMNS = list(Row.__annotations__)


def has_hypotheses(ds: xr.Dataset) -> bool:
    """Whether a dataset is a sweep over at least two hypotheses."""
    return AXIS in ds.coords and len(hypotheses(ds)) > 1


def hypotheses(ds: xr.Dataset) -> list[str]:
    """The hypotheses of a sweep, in the order asked for."""
    return list(dict.fromkeys(str(name) for name in ds[AXIS].values))


def by_hypothesis(ds: xr.Dataset, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Values over scenario and patient, (arm, who) for each hypothesis.

    Scenarios that differ in something else, such as the seed, are more patients.
    """
    parts = {}
    for name in hypotheses(ds):
        of_one = values.isel(scenario=np.flatnonzero(ds[AXIS].values.astype(str) == name))
        bare = of_one.drop_vars(set(of_one.coords) - {"arm"})
        parts[name] = bare.stack(who=("scenario", "patient"), create_index=False)
    return parts


def compare(
    arm: str,
    names: tuple[str, str],
    measure: str,
    values: tuple[np.ndarray, np.ndarray],
    treated: int,
) -> Row:
    """Two hypotheses by one measure.

    values : float64[patient] under each, nan where it could not be measured
    treated : patients under either
    """
    groups = [each[~np.isnan(each)] for each in values]
    means = [float(each.mean()) if len(each) else np.nan for each in groups]
    sds = [float(each.std(ddof=1)) if len(each) > 1 else np.nan for each in groups]
    sizes = [len(each) for each in groups]
    row = Row(
        arm, *names, measure,
        means[0], sds[0], sizes[0],
        means[1], sds[1], sizes[1],
    )  # fmt: skip
    if min(sizes) < MIN_PATIENTS_FOR_ESTIMATE:
        return row
    effect = float(effect_size(*values))
    # the same patients under both hypotheses
    replicates = effect_size(*(each[resample_indices(len(each))] for each in values))
    low, high = percentile_interval(replicates)
    row = replace(row, effect=effect, effect_low=low, effect_high=high)
    if low <= 0.0 <= high:
        nearest = float(patients_needed(max(-low, high)))
        return replace(
            row, n_per_group=np.inf, n_low=nearest, n_high=np.inf, treated_per_group=np.inf,
            verdict=NOT_APART,
        )  # fmt: skip
    n_low, n_high = sorted(patients_needed(np.array([low, high])))
    needed = float(patients_needed(effect))
    return replace(
        row, n_per_group=needed, n_low=float(n_low), n_high=float(n_high),
        treated_per_group=float(np.ceil(needed * treated / min(sizes))), verdict=APART,
    )  # fmt: skip


def discrimination_table(ds: xr.Dataset) -> pd.DataFrame:
    """Sample sizes for discriminating between hypotheses, by readout, in each arm.

    With 80 % power and a two-sided significance of 5 %. Where the interval of the effect, from
    resampling the simulated patients, includes 0, the hypotheses cannot be told apart and the
    number is infinite; it is nan with fewer than MIN_PATIENTS_FOR_ESTIMATE measured patients.

    Parameters
    ----------
    ds : a sweep over ``hypothesis``; where no subtype is known to be enriched, the response is all
        that is compared

    Returns
    -------
    DataFrame
        A row for each arm, pair of hypotheses and measure of :data:`READOUTS`, with the columns of
        :class:`Row`: means and standard deviations over patients, effect in standard deviations,
        patients with the measure in each group, and patients to be treated to have as many.

    Raises
    ------
    ValueError
        If the dataset is no sweep over at least two hypotheses.
    """
    if not has_hypotheses(ds):
        raise ValueError(
            "the dataset has no two hypotheses to compare: run a sweep, such as "
            "-m hypothesis=selection,reprogramming,both"
        )
    rows = []
    followed = by_hypothesis(ds, ds["follow_up_day"].notnull())
    for name, readout in READOUTS.items():
        if name != RESPONSE and not can_follow_cells(ds):
            continue
        values = by_hypothesis(ds, MEASURES[readout.measure].values(ds))
        for one, other in itertools.combinations(values, 2):
            for arm in ds["arm"].values:
                pair = (of_arm(values[one], arm), of_arm(values[other], arm))
                treated = max(int(followed[each].sel(arm=arm).sum()) for each in (one, other))
                rows.append(compare(str(arm), (one, other), name, pair, treated))
    table = pd.DataFrame([astuple(row) for row in rows], columns=COLUMNS)
    order = {str(arm): i for i, arm in enumerate(ds["arm"].values)}
    return table.sort_values(
        "arm", key=lambda arms: arms.map(order), kind="stable", ignore_index=True
    )


def of_arm(values: xr.DataArray, arm: str) -> np.ndarray:
    """The values of an arm, float64[patient]."""
    return values.sel(arm=arm).values.astype(float)


def can_follow_cells(ds: xr.Dataset) -> bool:
    """Whether a dataset says what stem cells there were at failure, and which are enriched."""
    return "stem_cells_at_treatment_failure" in ds and bool(enriched_subtypes(ds))
