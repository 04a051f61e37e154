"""Sentences of a report: question, opening, findings, strategies, uncertainty."""

import xarray as xr

from leukosim.analysis.comparison import (
    CYTOPENIA_DAYS,
    DRUG_DAYS,
    SURVIVAL,
    Resampled,
    censored_early,
    differences_table,
    levels_table,
    ranking,
)
from leukosim.clinic.strategy.wording import plain, strategy_in_words
from leukosim.config.paths import config_folder
from leukosim.config.schema import Config
from leukosim.parameters import parameter_rows
from leukosim.reports.terminal.formatting import months, with_interval

DEFAULT_QUESTION = (
    "Which of these strategies keeps the disease away for longest in the same virtual patients, "
    "and at what cost?"
)
FEW_ARMS = 6  # in the summary


def question_of(study: str) -> str:
    """What the file of a study opens with, after the command that runs it."""
    path = config_folder() / "study" / f"{study}.yaml"
    if not study or not path.is_file():
        return DEFAULT_QUESTION
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    words = [line for line in lines if line and not line.startswith("leukosim run")]
    return " ".join(words) or DEFAULT_QUESTION


def opening(ds: xr.Dataset, gathered: xr.Dataset, result: Resampled, config: Config) -> str:
    """Who was simulated, how, in a sentence or two."""
    scenarios = ds.sizes.get("scenario", 0)
    sweep = f" in {scenarios} scenarios" if scenarios else ""
    left_out = gathered.attrs["n_left_out"]
    without = f" {left_out} patients who were not in all arms are left out." if left_out else ""
    arms = "one arm" if len(result.arms) == 1 else f"each of {len(result.arms)} arms"
    return (
        f"{result.n:,} virtual patients were treated in {arms}{sweep} and followed for "
        f"{config.horizon_days:,} days. Endpoint: {result.endpoint}.{without}"
    )


def findings(result: Resampled, against: str) -> tuple[str, list[str]]:
    """What came out: of the reference, then a sentence for each of the best others."""
    state, day = result.state, result.days[-1]
    levels = levels_table(result).set_index(["arm", "quantity", "day"])["value"].sort_index()
    share = levels[(against, SURVIVAL, day)]
    heading = f"{plain(against)}: {share:.0%} {state} at {months(day)}"
    if len(result.arms) == 1:
        return f"{heading}.", []
    table = differences_table(result, against)
    sentences = []
    for arm in ranking(result)["arm"]:
        if arm == against:
            continue
        of_arm = table[table["arm"] == arm].set_index(["quantity", "day"]).sort_index()
        difference = with_interval(of_arm.loc[(SURVIVAL, day)], 1, 100.0, signed=True)
        parts = [f"{levels[(arm, SURVIVAL, day)]:.0%}, {in_unit(difference, '% points')}"]
        parts += [
            in_unit(with_interval(of_arm.loc[cost].iloc[0], 1, signed=True), f"{cost} a patient")
            for cost in (DRUG_DAYS, CYTOPENIA_DAYS)
            if result.cost(cost) is not None
        ]
        sentences.append(f"{plain(arm)}: {'; '.join(parts)}.")
    left = len(sentences) - FEW_ARMS
    best = f" The {FEW_ARMS} best of {len(sentences)} others:" if left > 0 else " Compared with it:"
    return f"{heading}.{best}", sentences[:FEW_ARMS]


def in_unit(number: str, unit: str) -> str:
    """A number with its interval and its unit between them."""
    value, bracket, bounds = number.partition(" (")
    return f"{value} {unit}{bracket}{bounds}"


def strategies_in_words(config: Config) -> tuple[list[str], list[tuple[str, str, list[str]]]]:
    """What is done in every arm; then name, title and what else is done, of each arm."""
    strategies = config.strategies_of_arms()
    words = {arm: strategy_in_words(strategy) for arm, strategy in strategies.items()}
    if len(words) == 1:
        return [], [(plain(a), strategies[a].title, said) for a, said in words.items()]
    first, *others = words.values()
    shared = [
        sentence
        for sentence in first
        if sentence.startswith("When") and all(sentence in other for other in others)
    ]
    own = [
        (plain(arm), strategies[arm].title, [each for each in said if each not in shared])
        for arm, said in words.items()
    ]
    return shared, own


def uncertainty(result: Resampled, gathered: xr.Dataset, config: Config) -> list[str]:
    """What the intervals say, and what they do not."""
    rows = list(parameter_rows(config))
    assumed = sum(row.is_assumed for row in rows)
    sentences = [
        f"Intervals are 95 %. Those of differences come from drawing the {result.n:,} virtual "
        f"patients anew {result.n_resamples:,} times, each with all his arms: they say how much "
        "chance there is in so few patients. With fewer than 10 patients there are none.",
        f"They do not say how uncertain the model is. Of its {len(rows)} estimated parameters "
        f"{assumed} are assumed, as the table below marks; none was varied here.",
        "The number needed to treat is of patients enrolled, treated or not; where its interval "
        "runs through infinity, no difference cannot be ruled out.",
        "That an arm is best in nearly every resample means that more patients of this kind would "
        "not change the order in the model. It is no probability that it is best in the clinic.",
    ]
    lost = censored_early(result)
    if lost:
        named = ", ".join(f"{n:,} in {plain(arm)}" for arm, n in lost.items())
        sentences.append(f"Lost to follow-up before the last day that is compared: {named}.")
    if result.n < 50:
        sentences.append(f"{result.n} patients are few: run with a larger cohort.size.")
    return sentences
