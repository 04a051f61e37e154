"""One page of a study: question, strategies, cohort, results, uncertainty, parameters, provenance.

The page is a single file that loads nothing: style and figures are inside. It holds no date, so the
same result makes the same bytes.
"""

import base64
import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from leukosim import store
from leukosim.arms import gather_arms, reference_of
from leukosim.comparison import (
    CYTOPENIA_DAYS,
    DRUG_DAYS,
    HAZARD_RATIO,
    NEEDED,
    RESTRICTED_MEAN,
    SURVIVAL,
    Comparison,
    Resampled,
    censored_early,
    differences_table,
    levels_table,
    ranking,
    resample,
    shown_needed,
)
from leukosim.config import Config, as_plain, compose
from leukosim.figures import (
    StandardFigure,
    calendar,
    comparison,
    draw_figure,
    figures_for,
    style,
)
from leukosim.figures import individual_effects as patients_figure
from leukosim.figures.save import save_figure
from leukosim.figures.style import MM_PER_INCH, house_style
from leukosim.folders import config_folder
from leukosim.individual_effects import FATES, NUMBERS, WORDS, individual_effects, word_of
from leukosim.parameters import check_ranges, parameter_rows, setting
from leukosim.results import VARIABLES
from leukosim.strategy.words import monitoring_in_words, plain, strategy_in_words
from leukosim.tables import MOST, months, probability, with_interval
from leukosim.validation import ConfigError, build

PAGE, TEMPLATE = "report.html", "report.html.jinja"
DEFAULT_QUESTION = (
    "Which of these strategies keeps the disease away for longest in the same virtual patients, "
    "and at what cost?"
)
FEW_LINES, FEW_ARMS = 14, 6  # of a decision log; in the summary


@dataclass(frozen=True)
class Report:
    """What is asked of a page."""

    title: str = ""  # empty: the name of the study
    question: str = ""  # empty: the one that the study's file opens with
    against: str = ""  # the arm that others are compared with; empty: the usual control
    resamples: int = setting(2000, "resamples", lowest=100, highest=100_000)
    seed: int = setting(1, "1", lowest=0, highest=2**32 - 1, note="of resampling")
    output: str = ""  # folder; empty: that of the result

    __post_init__ = check_ranges


@dataclass(frozen=True)
class Table:
    """A table of the page."""

    heads: list[str]
    rows: list[list[str]]
    caption: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure of the page."""

    number: int
    caption: str
    image: str  # as a data URI
    width: float  # per cent of the page


@dataclass
class Album:
    """Figures in the order in which the page shows them."""

    folder: Path
    shown: list[Picture] = field(default_factory=list)

    def add(self, name: str, caption: str) -> Picture:
        """A figure that lies in the folder."""
        svg = (self.folder / f"{name}.svg").read_bytes()
        uri = "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
        width = re.search(rb'<svg[^>]* width="([\d.]+)pt"', svg)
        mm = float(width[1]) / 72.0 * MM_PER_INCH if width else style.PAGE
        picture = Picture(len(self.shown) + 1, caption, uri, min(100.0 * mm / style.PAGE, 100.0))
        self.shown.append(picture)
        return picture


def report_page(
    ds: xr.Dataset, figures: Path, asked: Report, decisions: pd.DataFrame | None = None
) -> str:
    """The page of a result.

    Parameters
    ----------
    ds : a trial or a sweep, as loaded
    figures : folder of its figures; those that are missing are drawn into it
    decisions : the log of decisions

    Raises
    ------
    ConfigError
        If the result was made by another version whose configuration has changed, or the arm to
        compare with is none.
    """
    config = config_of(ds)
    command, is_all = command_of(ds, config)
    shared, strategies = strategies_in_words(config)
    gathered = gather_arms({"result": ds})
    against = reference_of(gathered, asked.against)
    found = resample(gathered, Comparison(resamples=asked.resamples, seed=asked.seed))
    effects = individual_effects(gathered, against, found.until_day)
    reference, sentences = findings(found, against)
    album = Album(figures)
    calendar_picture = draw_calendar(config, album)
    compared = draw_compared(gathered, found, against, effects, album)
    return environment().get_template(TEMPLATE).render(
        title=asked.title or f"Study {plain(config.study)}" if config.study else "A study",
        question=asked.question or question_of(config.study),
        opening=opening(ds, gathered, found, config),
        reference=reference,
        findings=sentences,
        strategies=strategies,
        shared=shared,
        monitoring=monitoring_in_words(config.monitoring),
        varied=varied_table(ds),
        calendar=calendar_picture,
        cohort=cohort_table(gathered),
        arms=arms_table(found),
        differences=difference_table(found, against),
        fates=fates_table(effects),
        against=against,
        compared=compared,
        others=standard_pictures(ds, album),
        log=decision_table(decisions),
        uncertainty=uncertainty(found, gathered, config),
        changed=changed_table(config),
        parameters=parameter_table(config),
        provenance=provenance_table(ds),
        command=command,
        is_all=is_all,
        configuration=json.dumps(json.loads(ds.attrs["config"]), indent=1, ensure_ascii=False),
    )  # fmt: skip


@cache
def environment() -> Any:
    """Where the template lies; every text is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("leukosim", "data"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


# ---------------------------------------------------------------------- question and strategies


def config_of(ds: xr.Dataset) -> Config:
    """The run that left a result; of a sweep its first scenario."""
    try:
        return build(Config, json.loads(ds.attrs["config"]), model=Config())
    except ConfigError as error:
        raise ConfigError(f"the result is of another version of leukosim: {error}") from None


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


def opening(ds: xr.Dataset, gathered: xr.Dataset, found: Resampled, config: Config) -> str:
    """Who was simulated, how, in a sentence or two."""
    scenarios = ds.sizes.get("scenario", 0)
    sweep = f" in {scenarios} scenarios" if scenarios else ""
    left_out = gathered.attrs["n_left_out"]
    without = f" {left_out} patients who were not in all arms are left out." if left_out else ""
    arms = "one arm" if len(found.arms) == 1 else f"each of {len(found.arms)} arms"
    return (
        f"{found.n:,} virtual patients were treated in {arms}{sweep} and followed for "
        f"{config.horizon_days:,} days. Endpoint: {found.endpoint}.{without}"
    )


def findings(found: Resampled, against: str) -> tuple[str, list[str]]:
    """What came out: of the reference, then a sentence for each of the best others."""
    state, day = found.state, found.days[-1]
    levels = levels_table(found).set_index(["arm", "quantity", "day"])["value"].sort_index()
    share = levels[(against, SURVIVAL, day)]
    heading = f"{plain(against)}: {share:.0%} {state} at {months(day)}"
    if len(found.arms) == 1:
        return heading + ".", []
    table = differences_table(found, against)
    sentences = []
    for arm in ranking(found)["arm"]:
        if arm == against:
            continue
        of_arm = table[table["arm"] == arm].set_index(["quantity", "day"]).sort_index()
        difference = with_interval(of_arm.loc[(SURVIVAL, day)], 1, 100.0, signed=True)
        parts = [f"{levels[(arm, SURVIVAL, day)]:.0%}, {in_unit(difference, '% points')}"]
        parts += [
            in_unit(with_interval(of_arm.loc[cost].iloc[0], 1, signed=True), f"{cost} a patient")
            for cost in (DRUG_DAYS, CYTOPENIA_DAYS)
            if found.cost(cost) is not None
        ]
        sentences.append(f"{plain(arm)}: {'; '.join(parts)}.")
    left = len(sentences) - FEW_ARMS
    best = f" The {FEW_ARMS} best of {len(sentences)} others:" if left > 0 else " Compared with it:"
    return heading + "." + best, sentences[:FEW_ARMS]


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


def varied_table(ds: xr.Dataset) -> Table | None:
    """What a sweep varied."""
    if "scenario" not in ds.dims:
        return None
    axes = json.loads(ds.attrs.get("axes", "[]"))
    rows = [[str(axis), ", ".join(dict.fromkeys(map(brief, ds[axis].values)))] for axis in axes]
    return Table(["field", "values"], rows)


def draw_calendar(config: Config, album: Album) -> Picture:
    """The strategies as a calendar."""
    what = config.strategies_of_arms(), config.monitoring, float(config.horizon_days)
    with house_style():
        figure = calendar.calendar_figure(*what)
        save_figure(figure, calendar.numbers_drawn(*what), album.folder, "calendar")
    return album.add("calendar", "The strategies as a calendar: visits, then days of each course.")


# ---------------------------------------------------------------------- cohort


def cohort_table(gathered: xr.Dataset) -> Table:
    """Who the patients are: numbers by median and quartiles, words by how many."""
    rows = []
    for name in (*NUMBERS, "residual_blasts", "overt_blasts", *WORDS):
        if name not in gathered:
            continue
        values = gathered[name].values
        known = VARIABLES.get(name)
        meaning = known.meaning if known else plain(name)
        meaning += f" ({known.unit})" if known and known.unit != "1" else ""
        if name in WORDS:
            words = pd.Series([word_of(value, known.codes if known else ()) for value in values])
            counts = words[words != ""].value_counts()
            shown = ", ".join(f"{word} {n:,} ({n / len(words):.0%})" for word, n in counts.items())
            rows.append([plain(name), meaning, shown])
            continue
        numbers = values.astype(float)
        numbers = numbers[np.isfinite(numbers)]
        if not len(numbers) or not numbers.any():
            continue
        low, middle, high = np.quantile(numbers, [0.25, 0.5, 0.75])
        ends = f"{brief(numbers.min())} to {brief(numbers.max())}"
        shown = f"{brief(middle)} ({brief(low)} to {brief(high)}; {ends})"
        rows.append([plain(name), meaning, shown.replace("-", "−")])
    caption = "Numbers: median (quartiles; range). What the model knows, not all of it measured."
    return Table(["trait", "meaning", f"{gathered.sizes['patient']:,} patients"], rows, caption)


def brief(value: Any) -> str:
    """A number in few digits; a text as it is."""
    if not isinstance(value, int | float | np.number):
        return str(value)
    number = float(value)
    if abs(number) >= 1e6:
        return f"{number:.2g}"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


# ---------------------------------------------------------------------- results


def arms_table(found: Resampled) -> Table:
    """What each arm comes to, best first."""
    levels = levels_table(found)
    state = found.state
    costs = [cost for cost in (DRUG_DAYS, CYTOPENIA_DAYS) if found.cost(cost) is not None]
    heads = ["arm", *(f"{state} at {months(day)}" for day in found.days)]
    heads += [f"mean days in {found.until_day:g}", *costs, "probability of longest control"]
    heads += [f"on the front against {cost}" for cost in costs]
    rows = []
    for row in ranking(found).head(MOST).itertuples():
        of_arm = levels[levels["arm"] == row.arm].set_index(["quantity", "day"]).sort_index()
        cells = [with_interval(of_arm.loc[(SURVIVAL, day)], 2) for day in found.days]
        cells.append(with_interval(of_arm.loc[RESTRICTED_MEAN].iloc[0], 0))
        cells += [with_interval(of_arm.loc[cost].iloc[0], 1) for cost in costs]
        cells.append(probability(row.probability_best))
        cells += ["yes" if getattr(row, front_of(cost)) else "no" for cost in costs]
        rows.append([plain(row.arm), *cells])
    caption = (
        "95 % intervals. Front: no other arm has as many mean days at as little cost, and is "
        "better in one of the two. Who lives longer has more days for drugs and cytopenia, too."
    )
    return Table(heads, rows, caption)


def front_of(cost: str) -> str:
    """The column of a ranking that says who is on the front."""
    return f"front_{cost.replace(' ', '_')}"


def difference_table(found: Resampled, against: str) -> Table | None:
    """How each arm differs from the reference; None with a single arm."""
    if len(found.arms) == 1:
        return None
    table = differences_table(found, against)
    state = found.state
    costs = [cost for cost in (DRUG_DAYS, CYTOPENIA_DAYS) if found.cost(cost) is not None]
    heads = ["arm", *(f"{state} at {months(day)}, % points" for day in found.days)]
    heads += [f"mean days in {found.until_day:g}", "hazard ratio"]
    heads += [f"number needed to treat, {months(day)}" for day in found.days]
    heads += costs
    rows = []
    for arm, of_arm in table.groupby("arm", sort=False):
        values = of_arm.set_index(["quantity", "day"]).sort_index()
        cells = [
            with_interval(values.loc[(SURVIVAL, day)], 1, 100.0, signed=True) for day in found.days
        ]
        cells.append(with_interval(values.loc[RESTRICTED_MEAN].iloc[0], 0, signed=True))
        cells.append(with_interval(values.loc[HAZARD_RATIO].iloc[0], 2))
        for day in found.days:
            needed = values.loc[(NEEDED, day)]
            cells.append(shown_needed(needed["value"], needed["low"], needed["high"]))
        cells += [with_interval(values.loc[cost].iloc[0], 1, signed=True) for cost in costs]
        rows.append([plain(str(arm)), *cells])
    caption = (
        f"Differences from {plain(against)} over the same patients; 95 % intervals from resampling "
        "patients with all their arms; hazard ratio by Cox's model, errors clustered by patient."
    )
    return Table(heads, rows, caption)


def fates_table(effects: pd.DataFrame) -> Table | None:
    """How many patients each arm helps and harms; None with a single arm."""
    if effects.empty:
        return None
    rows = [
        [plain(str(arm)), *(f"{int((of_arm['fate'] == fate).sum()):,}" for fate in FATES)]
        for arm, of_arm in effects.groupby("arm", sort=False)
    ]
    return Table(["arm", *FATES], rows, "Patients; later and sooner by 28 days or more.")


def draw_compared(
    gathered: xr.Dataset, found: Resampled, against: str, effects: pd.DataFrame, album: Album
) -> list[Picture]:
    """The figures of the comparison, drawn anew: another may lie in the folder."""
    with house_style():
        figure = comparison.comparison_figure(found, against)
        numbers = comparison.numbers_drawn(found, against)
        save_figure(figure, numbers, album.folder, "comparison")
    pictures = [album.add("comparison", f"Arms compared with {plain(against)}.")]
    best = next((arm for arm in ranking(found)["arm"] if arm != against), None)
    if best is not None:
        of_best = effects[effects["arm"] == best]
        with house_style():
            figure = patients_figure.individual_effects_figure(gathered, of_best, found.until_day)
            numbers = patients_figure.numbers_drawn(gathered, of_best)
            save_figure(figure, numbers, album.folder, "individual_effects")
        caption = (
            f"What each patient gains from {plain(best)} over {plain(against)}, and who gains."
        )
        pictures.append(album.add("individual_effects", caption))
    return pictures


def standard_pictures(ds: xr.Dataset, album: Album) -> list[Picture]:
    """Every standard figure that the result can feed; one that fails is left out."""
    pictures = []
    for each in figures_for(ds):
        if not (album.folder / f"{each.name}.svg").is_file():
            try:
                draw_figure(each, ds, album.folder)
            except Exception:  # as in a run, a figure costs itself only
                continue
        pictures.append(album.add(each.name, caption_of(each)))
    return pictures


def caption_of(figure: StandardFigure) -> str:
    """What a figure shows: the first sentence of its file."""
    try:
        said = import_module(f"leukosim.figures.{figure.name}").__doc__ or ""
    except ImportError:
        said = ""
    return said.partition("\n\n")[0].replace("\n", " ").strip() or plain(figure.name)


def decision_table(decisions: pd.DataFrame | None) -> Table | None:
    """The log of one patient, the one with most decisions, in the arm that decides most."""
    needed = ["arm", "patient", "day", "rule", "seen", "action"]
    if decisions is None or not len(decisions) or not set(needed) <= set(decisions):
        return None
    counts = decisions.groupby(["arm", "patient"]).size()
    arm, patient = counts.idxmax()
    own = decisions[(decisions["arm"] == arm) & (decisions["patient"] == patient)]
    if "scenario" in own:
        own = own[own["scenario"] == own["scenario"].iloc[0]]
    rows = [
        [f"{row.day:g}", plain(str(row.rule)), str(row.seen), done(row)]
        for row in own.head(FEW_LINES).itertuples()
    ]
    more = len(own) - len(rows)
    caption = f"Patient {patient}, {plain(str(arm))}: the patient with most decisions" + (
        f"; {more} more are in {store.DECISIONS}." if more else "."
    )
    return Table(["day", "rule", "seen", "done"], rows, caption)


def done(row: Any) -> str:
    """What was decided."""
    return f"{plain(str(row.action))} {plain(str(getattr(row, 'course', '')))}".strip()


# ---------------------------------------------------------------------- how sure, and from what


def uncertainty(found: Resampled, gathered: xr.Dataset, config: Config) -> list[str]:
    """What the intervals say, and what they do not."""
    rows = list(parameter_rows(config))
    assumed = sum(row.source.startswith("assumed") for row in rows)
    sentences = [
        f"Intervals are 95 %. Those of differences come from drawing the {found.n:,} virtual "
        f"patients anew {found.n_resamples:,} times, each with all his arms: they say how much "
        "chance there is in so few patients. With fewer than 10 patients there are none.",
        f"They do not say how uncertain the model is. Of its {len(rows)} estimated parameters "
        f"{assumed} are assumed, as the table below marks; none was varied here.",
        "The number needed to treat is of patients enrolled, treated or not; where its interval "
        "runs through infinity, no difference cannot be ruled out.",
        "That an arm is best in nearly every resample means that more patients of this kind would "
        "not change the order in the model. It is no probability that it is best in the clinic.",
    ]
    lost = censored_early(found)
    if lost:
        named = ", ".join(f"{n:,} in {plain(arm)}" for arm, n in lost.items())
        sentences.append(f"Lost to follow-up before the last day that is compared: {named}.")
    if found.n < 50:
        sentences.append(f"{found.n} patients are few: run with a larger cohort.size.")
    return sentences


def changed_table(config: Config) -> Table | None:
    """What this study sets that is not the default of the code."""
    default, own = (
        store.flat({**as_plain(each), "strategies": {}, "arms": []}) for each in (Config(), config)
    )
    rows = [
        [path, shown(default.get(path, "–")), shown(value)]
        for path, value in own.items()
        if value != default.get(path) and path not in ("study", "output", "overwrite")
    ]
    return Table(["field", "default", "here"], rows) if rows else None


def shown(value: Any) -> str:
    """A value of a configuration."""
    return "null" if value is None else brief(value)


def parameter_table(config: Config) -> Table:
    """Every estimate of the model with unit, range and source."""
    rows = [
        [row.path, f"{row.value:g}", row.unit, f"{row.low:g} to {row.high:g}", row.source, row.note]
        for row in parameter_rows(config)
    ]
    return Table(["parameter", "value", "unit", "plausible", "source", "note"], rows)


def provenance_table(ds: xr.Dataset) -> Table:
    """Where the result comes from."""
    versions = json.loads(ds.attrs.get("versions", "{}"))
    rows = [
        ["made by", str(ds.attrs.get("source", ""))],
        ["commit", str(ds.attrs.get("commit", "")) or "an installed package"],
        ["code", str(ds.attrs.get("code_digest", ""))],
        ["result", str(ds.attrs.get("digest", ""))],
        ["seed", str(ds.attrs.get("seed", ""))],
        ["libraries", ", ".join(f"{name} {number}" for name, number in versions.items())],
    ]
    return Table(["", ""], [row for row in rows if row[1]])


def command_of(ds: xr.Dataset, config: Config) -> tuple[str, bool]:
    """The command that runs the study again, and whether it says everything.

    It does not where a strategy or a drug comes from a file of the user's own.
    """
    identity = json.loads(ds.attrs["config"])
    words = [f"study={config.study}"]
    try:
        words += overrides_of(config, compose(words))
        said = store.identity_of(as_plain(compose(words)))
        is_all = json.loads(json.dumps(said)) == identity
    except ConfigError:
        is_all = False
    axes: Iterable[str] = json.loads(ds.attrs.get("axes", "[]")) if "scenario" in ds.dims else []
    swept = {
        axis: ",".join(dict.fromkeys(f"{value}" for value in ds[axis].values)) for axis in axes
    }
    words = [word for word in words if word.partition("=")[0] not in swept]
    words += [f"{axis}={values}" for axis, values in swept.items()]
    flag = "-m " if "scenario" in ds.dims else ""
    return f"leukosim run {flag}" + " ".join(map(shlex.quote, words)), is_all


def overrides_of(config: Config, default: Config) -> list[str]:
    """What a command line has to say for a configuration to become another."""
    words = [] if config.arms == default.arms else [f"strategy=[{','.join(config.arms)}]"]
    ours, theirs = (
        store.flat({**store.identity_of(as_plain(each)), "strategies": {}, "arms": {}})
        for each in (config, default)
    )
    return words + [
        f"{path}={as_word(value)}" for path, value in ours.items() if value != theirs.get(path)
    ]


def as_word(value: Any) -> str:
    """A value as a command line writes it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{','.join(map(as_word, value))}]" if isinstance(value, list) else str(value)
