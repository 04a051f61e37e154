"""Search for a strategy: an optimiser proposes candidates and receives their evaluations.

The optimiser is Optuna's, used in batches of a fixed size. It is deterministic: the same seed and
the same evaluations give the same proposals. An interrupted search is therefore resumed by
proposing from the beginning; candidates simulated before are read from the disk.

Every candidate treats the same patients, so that candidates differ by strategy only. The best of
many on these patients is so in part by chance, and its value is biased upwards. A search therefore
ends on new patients (:func:`confirmation_table`).
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.arm_summaries import (
    SUMMARIES,
    EvaluationTimes,
    differences,
    levels,
    summary_of,
)
from leukosim.analysis.endpoints import TWO_YEARS
from leukosim.analysis.optimisation.search_space import Axis, Choice, Point, holds
from leukosim.errors import ConfigError, InvalidField, listed
from leukosim.parameters import check_ranges, choice, setting

SAMPLERS = ("tpe", "nsga2", "random")
DEFAULT = "default"  # as a limit: the value of the strategy as configured
DEFAULT_ARM = "default"  # its name among the candidates
MOST_REFUSED = 50  # proposals in a row that are not allowed: there is nothing left to try
SLACK = 1e-9  # of a limit, from rounding
SMALLEST = 1e-6  # limit that an excess is seen relative to
CONFIRMED = "search_confirmation"  # attribute of the dataset of new patients
NOT_ALLOWED, FAR = "not allowed", 1e6  # the constraint of such a proposal, and its violation

Numbers = Mapping[str, float]  # the summaries of a candidate, by name


@dataclass(frozen=True)
class Search:
    """The options of a search."""

    arm: str = ""  # that is searched; empty: the only one
    maximise: list[str] = field(
        default_factory=lambda: ["rmst"]
    )  # quantities to be as large as possible, such as rmst
    minimise: list[str] = field(
        default_factory=list
    )  # quantities to be as small as possible, such as drug_days
    at_most: dict[str, str] = field(
        default_factory=dict
    )  # highest level of a quantity: a number, or default for that of the strategy
    at_least: dict[str, str] = field(
        default_factory=dict
    )  # lowest level of a quantity, in the same way
    day: float | None = setting(
        None,
        "day",
        lowest=1.0,
        highest=36525.0,
        note="at which survival is evaluated; null: two years, or the end of follow-up",
    )
    until_day: float | None = setting(
        None,
        "day",
        lowest=1.0,
        highest=36525.0,
        note="last day of restricted means; null: the end of follow-up",
    )
    evaluations: int = setting(
        60, "candidates", lowest=1, highest=100_000, note="candidates that are simulated in all"
    )
    at_once: int = setting(
        4,
        "candidates",
        lowest=1,
        highest=10_000,
        note="candidates proposed before any of them is evaluated",
    )
    unguided: int = setting(
        16,
        "candidates",
        lowest=1,
        highest=10_000,
        note="candidates drawn at random at the beginning",
    )
    sampler: str = choice("tpe", SAMPLERS, "that proposes candidates")
    seed: int = setting(1, "1", lowest=0, highest=2**32 - 1, note="of the optimiser")
    confirm: int = setting(
        3,
        "candidates",
        lowest=0,
        highest=20,
        note="best candidates that are simulated again in new patients",
    )
    new_patients: int = setting(
        200, "patients", lowest=1, highest=10**7, note="patients of that confirmation"
    )
    new_seed: int | None = setting(
        None, "1", lowest=0, highest=2**32 - 1, note="seed of new patients; null: the next one"
    )
    resamples: int = setting(
        1000, "resamples", lowest=100, highest=100_000, note="of the patients, for intervals"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.sampler not in SAMPLERS:
            raise InvalidField(f"sampler = {self.sampler} is unknown: allowed {listed(SAMPLERS)}")
        if not self.goals:
            raise InvalidField("maximise and minimise are empty: a search needs a goal")
        for name in self.goals:
            summary_of(name, "maximise, minimise")
            if self.goals.count(name) > 1:
                raise InvalidField(f"maximise, minimise: {name} is named twice")
        for side, limits in (("at_most", self.at_most), ("at_least", self.at_least)):
            for name, limit in limits.items():
                summary_of(name, side)
                if limit != DEFAULT and not is_number(limit):
                    raise InvalidField(
                        f"{side}.{name} = {limit} is no limit: allowed are a number and {DEFAULT}"
                    )

    @property
    def goals(self) -> list[str]:
        """What is maximised, then what is minimised."""
        return [*self.maximise, *self.minimise]

    @property
    def quantities(self) -> list[str]:
        """The names of goals, then of limits, each once."""
        return list(dict.fromkeys([*self.goals, *self.at_most, *self.at_least]))

    def evaluation_times(self, horizon: float) -> EvaluationTimes:
        """The days at which candidates are evaluated.

        Raises
        ------
        ConfigError
            If one is beyond the end of follow-up.
        """
        for name in ("day", "until_day"):
            day = getattr(self, name)
            if day is not None and day > horizon:
                raise ConfigError(
                    f"search.{name} = {day:g} (day) lies beyond the follow-up: allowed from 1 to "
                    f"{horizon:g}"
                )
        day, until_day = self.day or min(TWO_YEARS, horizon), self.until_day or horizon
        return EvaluationTimes(day, until_day, self.resamples)

    def limits(self, default: Numbers) -> list["Limit"]:
        """The limits in numbers.

        default : the summaries of the strategy as configured
        """
        return [
            Limit(name, sign, default[name] if text == DEFAULT else float(text))
            for sign, limits in ((1.0, self.at_most), (-1.0, self.at_least))
            for name, text in limits.items()
        ]


@dataclass(frozen=True)
class Limit:
    """A quantity and how much of it is allowed."""

    quantity: str
    sign: float  # 1: at most, -1: at least
    value: float

    def excess(self, numbers: Numbers) -> float:
        """By how much a candidate goes beyond it, in its unit; 0 or less where it does not."""
        return self.sign * (numbers[self.quantity] - self.value)

    def is_kept(self, numbers: Numbers) -> bool:
        """Whether a candidate is within it."""
        return self.share_beyond(numbers) <= 0.0

    def share_beyond(self, numbers: Numbers) -> float:
        """The excess as a share of the limit, so that those of several limits can be added."""
        return self.excess(numbers) / max(abs(self.value), SMALLEST) - SLACK

    @property
    def in_words(self) -> str:
        """Such as ``drug days at most 14.2``."""
        side = "at most" if self.sign > 0.0 else "at least"
        return f"{SUMMARIES[self.quantity].label} {side} {self.value:.3g}"


def is_number(text: str) -> bool:
    """Whether a text is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


# ---------------------------------------------------------------------- the optimiser


@dataclass(frozen=True)
class Proposal:
    """A candidate and its Optuna trial."""

    point: Point
    trial: Any


class Optimiser:
    """Optuna in terms of fields and summaries; the same evaluations give the same proposals."""

    def __init__(self, axes: Sequence[Axis], options: Search) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.axes = axes
        self.options = options
        self.distributions = {axis.name: distribution_of(axis) for axis in axes}
        directions: Any = ["maximize"] * len(options.maximise) + ["minimize"] * len(
            options.minimise
        )
        self.study = optuna.create_study(directions=directions, sampler=sampler_of(options))

    def propose(self, point: Point | None = None) -> Proposal:
        """A candidate that the optimiser chooses, or the given point."""
        if point is not None:
            self.study.enqueue_trial({a.name: coded(a, point[a.name]) for a in self.axes})
        trial = self.study.ask(self.distributions)
        values = {axis.name: decoded(axis, trial.params[axis.name]) for axis in self.axes}
        return Proposal(values, trial)

    def tell(self, proposal: Proposal, numbers: Numbers | None, limits: Sequence[Limit]) -> None:
        """Report the evaluation of a candidate: failed if None, or if a goal is unknown."""
        from optuna.trial import TrialState

        goals = [numbers[name] for name in self.options.goals] if numbers else [math.nan]
        if numbers is None or not np.isfinite(goals).all():
            self.study.tell(proposal.trial, state=TrialState.FAIL)
            return
        proposal.trial.set_constraint(NOT_ALLOWED, -1.0)
        for limit in limits:
            proposal.trial.set_constraint(limit.in_words, limit.share_beyond(numbers))
        self.study.tell(proposal.trial, goals)

    def refuse(self, proposal: Proposal, limits: Sequence[Limit], of_default: Numbers) -> None:
        """Report that a candidate is not allowed, farther beyond limits than any that is."""
        proposal.trial.set_constraint(NOT_ALLOWED, FAR)
        for limit in limits:
            proposal.trial.set_constraint(limit.in_words, 0.0)
        self.study.tell(proposal.trial, [of_default[name] for name in self.options.goals])


def distribution_of(axis: Axis) -> Any:
    """The Optuna distribution of an axis; of choices, over their positions."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    values = axis.values
    if isinstance(values, Choice):
        places = range(len(values.values))
        return (
            IntDistribution(0, places[-1]) if values.is_ordered else CategoricalDistribution(places)
        )
    numbers: tuple[Any, ...] = values.low, values.high, values.is_log, values.step
    is_whole = isinstance(values.low, int) and isinstance(values.step, int)
    return IntDistribution(*numbers) if is_whole else FloatDistribution(*numbers)


def coded(axis: Axis, value: Any) -> Any:
    """A value as Optuna stores it."""
    return axis.values.values.index(value) if isinstance(axis.values, Choice) else value


def decoded(axis: Axis, stored: Any) -> Any:
    """The value of a field from the one that Optuna stores."""
    return axis.values.values[stored] if isinstance(axis.values, Choice) else stored


def sampler_of(options: Search) -> Any:
    """The Optuna sampler of a search.

    References
    ----------
    Bergstra et al. (2011), Algorithms for Hyper-Parameter Optimization, NeurIPS 24 (tpe)
    Watanabe (2023), doi:10.48550/arXiv.2304.11127 (tpe as it is today)
    Deb et al. (2002), doi:10.1109/4235.996017 (nsga2)
    """
    from optuna.samplers import NSGAIISampler, RandomSampler, TPESampler

    if options.sampler == "random":
        return RandomSampler(seed=options.seed)
    if options.sampler == "nsga2":
        return NSGAIISampler(population_size=options.unguided, seed=options.seed)
    return TPESampler(
        n_startup_trials=options.unguided, seed=options.seed, multivariate=True, constant_liar=True
    )


# ---------------------------------------------------------------------- the search


Evaluate = Callable[[list[Point]], list[Numbers | None]]  # None: the candidate failed


@dataclass
class Found:
    """The points that a search has evaluated."""

    points: list[Point] = field(default_factory=list)  # the default first
    limits: list[Limit] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # why proposals were not allowed


def run_search(
    axes: Sequence[Axis],
    options: Search,
    default: Point,
    evaluate: Evaluate,
    refusal: Callable[[Point], str] = lambda point: "",
) -> Found:
    """Propose and evaluate, batch after batch; the default is evaluated first.

    Parameters
    ----------
    evaluate : the summaries of candidates; called with the default, then with each batch
    refusal : why a point is not allowed, such as because fields contradict each other; empty: it is

    Raises
    ------
    ConfigError
        If the default could not be evaluated, or nothing more is allowed.
    """
    optimiser, result = Optimiser(axes, options), Found(points=[default])
    (of_default,) = evaluate([default])
    if of_default is None:
        raise ConfigError("search: the default failed, so there is nothing to compare with")
    result.limits = options.limits(of_default)
    if holds(axes, default):
        optimiser.tell(optimiser.propose(default), of_default, result.limits)
    while (left := options.evaluations + 1 - len(result.points)) > 0:
        batch: list[Proposal] = []
        tries = 0
        while len(batch) < min(options.at_once, left):
            proposal = optimiser.propose()
            why = refusal(proposal.point)
            if not why:
                batch.append(proposal)
                continue
            result.refused.append(why)
            optimiser.refuse(proposal, result.limits, of_default)
            tries += 1
            if tries >= MOST_REFUSED:
                raise ConfigError(f"search: {tries} proposals in a row are not allowed: {why}")
        outcomes = evaluate([proposal.point for proposal in batch])
        for proposal, numbers in zip(batch, outcomes, strict=True):
            optimiser.tell(proposal, numbers, result.limits)
            result.points.append(proposal.point)
    return result


def numbers_of(ds: xr.Dataset, arm: str, options: Search, times: EvaluationTimes) -> pd.DataFrame:
    """The summaries of an arm of a trial: value, low and high by quantity."""
    return levels(ds.sel(arm=[arm]), options.quantities, times).set_index("quantity")


# ---------------------------------------------------------------------- tables


@dataclass(frozen=True)
class Searched:
    """A search, read from its dataset."""

    options: Search
    arm: str
    axes: list[str]
    log_axes: list[str]
    limits: list[Limit]
    table: pd.DataFrame  # of evaluations_table


def is_search(ds: xr.Dataset) -> bool:
    """Whether a dataset is that of a search."""
    return "search_asked" in ds.attrs


def attributes_of(
    options: Search, arm: str, axes: Sequence[Axis], limits: Sequence[Limit]
) -> dict[str, str]:
    """The attributes by which the dataset of a search describes it."""
    return {
        "search_asked": json.dumps(asdict(options)),
        "search_arm": arm,
        "search_log_axes": json.dumps([axis.name for axis in axes if axis.is_log]),
        "search_limits": json.dumps([[each.quantity, each.sign, each.value] for each in limits]),
    }


def searched(ds: xr.Dataset) -> Searched:
    """The search that a dataset (scenario, arm, patient) is of; see :func:`is_search`."""
    options = Search(**json.loads(ds.attrs["search_asked"]))
    limits = [Limit(*each) for each in json.loads(ds.attrs["search_limits"])]
    axes, arm = json.loads(ds.attrs["axes"]), str(ds.attrs["search_arm"])
    table = evaluations_table(ds, axes, arm, options, limits)
    return Searched(options, arm, axes, json.loads(ds.attrs["search_log_axes"]), limits, table)


def evaluations_table(
    ds: xr.Dataset, axes: Sequence[str], arm: str, options: Search, limits: Sequence[Limit]
) -> pd.DataFrame:
    """Every evaluation of a search, a row each, in the order in which they were proposed.

    Parameters
    ----------
    ds : of all evaluations (scenario, arm, patient), the default first

    Returns
    -------
    DataFrame
        ``evaluation`` (0: the default), the axes, each quantity with ``_low`` and ``_high`` (95 %,
        of resampled patients), ``feasible`` (within all limits), ``front`` (feasible, and no other
        feasible one is as good in all goals and better in one), ``rank`` (of the feasible by the
        first goal, of equal ones by how far they are from the limits, 1 the best; empty for others
        and for repetitions of the same point) and ``status``.
    """
    times = options.evaluation_times(float(ds.attrs["horizon_days"]))
    rows = []
    for i in range(ds.sizes["scenario"]):
        one = ds.isel(scenario=i)
        row: dict[str, Any] = {"evaluation": i}
        row |= {axis: one[axis].values[()] for axis in axes}
        status = str(one["status"].values)
        if status == "finished":
            for name, of_quantity in numbers_of(one, arm, options, times).iterrows():
                row |= {str(name): of_quantity["value"]}
                row |= {f"{name}_{end}": of_quantity[end] for end in ("low", "high")}
            row["feasible"] = all(limit.is_kept(row) for limit in limits)
        else:
            row |= dict.fromkeys(options.quantities, np.nan) | {"feasible": False}
        rows.append({**row, "status": status})
    table = pd.DataFrame(rows)
    known = table["feasible"] & table[options.goals].notna().all(axis=1)
    front = is_on_front(table[known], options).reindex(table.index, fill_value=False)
    table.insert(len(table.columns) - 1, "front", front)
    order = in_order(table[known & ~table.duplicated(list(axes))], options, limits)
    rank = pd.Series(range(1, len(order) + 1), order, dtype="Int64").reindex(table.index)
    table.insert(len(table.columns) - 1, "rank", rank)
    return table


def in_order(feasible: pd.DataFrame, options: Search, limits: Sequence[Limit]) -> pd.Index:
    """Candidates by the first goal, the best first; those alike by how far they are from limits."""
    goal = feasible[options.goals[0]].astype(float).round(9)  # equal courses are equal
    keys = pd.DataFrame(
        {
            "goal": -goal if options.maximise else goal,
            "use": [
                sum(limit.share_beyond(row) for limit in limits) for _, row in feasible.iterrows()
            ],
        },
        index=feasible.index,
    )
    return keys.sort_values(["goal", "use"], kind="stable").index


def is_on_front(feasible: pd.DataFrame, options: Search) -> pd.Series:
    """Whether no other candidate is as good in all goals and better in one."""
    signs = [1.0] * len(options.maximise) + [-1.0] * len(options.minimise)
    goals = feasible[options.goals].to_numpy(float) * signs
    as_good = (goals[:, None] >= goals[None]).all(2)
    better = (goals[:, None] > goals[None]).any(2)
    beaten = (as_good & better).any(0)
    return pd.Series(~beaten, feasible.index)


def chosen(table: pd.DataFrame, how_many: int) -> dict[str, int]:
    """The best candidates of a search: the number of each evaluation, by name.

    The default is none of them.
    """
    best = table[(table["rank"].notna()) & (table["evaluation"] > 0)].sort_values("rank")
    numbers = [int(number) for number in best["evaluation"].head(how_many)]
    names = ["best", *(f"no. {place}" for place in range(2, how_many + 1))]
    return dict(zip(names, numbers, strict=False))


def arms_of_scenarios(ds: xr.Dataset, arm: str, named: Mapping[str, int]) -> xr.Dataset:
    """Some scenarios of one arm as the arms of one trial.

    ds : (scenario, arm, patient)
    named : the position of each scenario, by the name of the arm that it becomes
    """
    one = ds.sel(arm=arm).reset_coords(drop=True).isel(scenario=list(named.values()))
    taken = one.drop_vars([name for name, each in one.items() if each.dims == ("scenario",)])
    return taken.rename(scenario="arm").assign_coords(arm=np.array(list(named), object))


COHORTS = {"search": "patients of the search", "new": "new patients"}


def confirmation_table(
    before: xr.Dataset, new: xr.Dataset, quantities: Sequence[str], times: EvaluationTimes
) -> pd.DataFrame:
    """How the best candidates differ from the default, where they were chosen and on new patients.

    Parameters
    ----------
    before, new : the default, then the candidates, as arms of the search's patients and of others

    Returns
    -------
    DataFrame
        Columns cohort ("search": biased, as the candidates were chosen for it; "new": not), arm,
        quantity, unit, value, low, high, method, n of
        :func:`leukosim.analysis.arm_summaries.differences`, and ``level`` and ``default``, the
        values of the arm and of the default.
    """
    tables = []
    for cohort, ds in zip(COHORTS, (before, new), strict=True):
        table = differences(ds, quantities, times)
        value = levels(ds, quantities, times).set_index(["arm", "quantity"])["value"]
        keys = zip(table["arm"], table["quantity"], strict=True)
        table["level"] = [value[key] for key in keys]
        table["default"] = [value[(DEFAULT_ARM, name)] for name in table["quantity"]]
        table.insert(0, "cohort", cohort)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
