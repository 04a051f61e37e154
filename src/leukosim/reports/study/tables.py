"""Tables of a report."""

import json
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from leukosim.analysis.comparison import (
    CYTOPENIA_DAYS,
    DRUG_DAYS,
    HAZARD_RATIO,
    NEEDED,
    RESTRICTED_MEAN,
    SURVIVAL,
    Resampled,
    differences_table,
    levels_table,
    ranking,
    shown_needed,
)
from leukosim.analysis.individual_effects import FATES, NUMBERS, WORDS, word_of
from leukosim.clinic.strategy.wording import plain
from leukosim.config.compose import as_plain
from leukosim.config.schema import Config
from leukosim.parameters import parameter_rows
from leukosim.reports.document import Table, brief
from leukosim.reports.terminal.comparisons import MOST
from leukosim.reports.terminal.formatting import months, probability, with_interval
from leukosim.results import output_folder, provenance
from leukosim.results.units import TEXT
from leukosim.results.variables import VARIABLES

FEW_LINES = 14  # of a decision log


def varied_table(ds: xr.Dataset) -> Table | None:
    """What a sweep varied."""
    if "scenario" not in ds.dims:
        return None
    axes = json.loads(ds.attrs.get("axes", "[]"))
    rows = [[str(axis), ", ".join(dict.fromkeys(map(brief, ds[axis].values)))] for axis in axes]
    return Table(["field", "values"], rows)


def cohort_table(gathered: xr.Dataset) -> Table:
    """Who the patients are: numbers by median and quartiles, words by how many."""
    rows = []
    for name in (*NUMBERS, "residual_blasts", "overt_blasts", *WORDS):
        if name not in gathered:
            continue
        values = gathered[name].values
        known = VARIABLES.get(name)
        meaning = known.meaning if known else plain(name)
        meaning += f" ({known.unit})" if known and known.unit not in ("1", TEXT) else ""
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


def arms_table(result: Resampled) -> Table:
    """What each arm comes to, best first."""
    levels = levels_table(result)
    state = result.state
    costs = [cost for cost in (DRUG_DAYS, CYTOPENIA_DAYS) if result.cost(cost) is not None]
    heads = ["arm", *(f"{state} at {months(day)}" for day in result.days)]
    heads += [f"mean days in {result.until_day:g}", *costs, "probability of longest control"]
    heads += [f"on the front against {cost}" for cost in costs]
    rows = []
    for row in ranking(result).head(MOST).itertuples():
        of_arm = levels[levels["arm"] == row.arm].set_index(["quantity", "day"]).sort_index()
        cells = [with_interval(of_arm.loc[(SURVIVAL, day)], 2) for day in result.days]
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


def difference_table(result: Resampled, against: str) -> Table | None:
    """How each arm differs from the reference; None with a single arm."""
    if len(result.arms) == 1:
        return None
    table = differences_table(result, against)
    state = result.state
    costs = [cost for cost in (DRUG_DAYS, CYTOPENIA_DAYS) if result.cost(cost) is not None]
    heads = ["arm", *(f"{state} at {months(day)}, % points" for day in result.days)]
    heads += [f"mean days in {result.until_day:g}", "hazard ratio"]
    heads += [f"number needed to treat, {months(day)}" for day in result.days]
    heads += costs
    rows = []
    for arm, of_arm in table.groupby("arm", sort=False):
        values = of_arm.set_index(["quantity", "day"]).sort_index()
        cells = [
            with_interval(values.loc[(SURVIVAL, day)], 1, 100.0, signed=True) for day in result.days
        ]
        cells.append(with_interval(values.loc[RESTRICTED_MEAN].iloc[0], 0, signed=True))
        cells.append(with_interval(values.loc[HAZARD_RATIO].iloc[0], 2))
        for day in result.days:
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
        f"; {more} more are in {output_folder.DECISIONS}." if more else "."
    )
    return Table(["day", "rule", "seen", "done"], rows, caption)


def done(row: Any) -> str:
    """What was decided."""
    return f"{plain(str(row.action))} {plain(str(getattr(row, 'regimen', '')))}".strip()


def changed_table(config: Config) -> Table | None:
    """What this study sets that is not the default of the code."""
    default, own = (
        provenance.flat({**as_plain(each), "strategies": {}, "arms": []})
        for each in (Config(), config)
    )
    rows = [
        [path, shown(default.get(path, "–")), shown(value)]
        for path, value in own.items()
        if value != default.get(path) and path not in ("study", "output", "overwrite")
    ]
    return Table(["field", "default", "here"], rows, small=True) if rows else None


def shown(value: Any) -> str:
    """A value of a configuration."""
    return "null" if value is None else brief(value)


def parameter_table(config: Config) -> Table:
    """Every estimate of the model with unit, range and source."""
    rows = [
        [row.path, f"{row.value:g}", row.unit, f"{row.low:g} to {row.high:g}", row.source, row.note]
        for row in parameter_rows(config)
    ]
    heads = ["parameter", "value", "unit", "plausible", "source", "note"]
    folded = f"All {len(rows)} estimates, with unit, plausible range and source"
    return Table(heads, rows, small=True, folded=folded)


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
