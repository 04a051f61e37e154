"""What the verbs that compare and search print: tables that fit a terminal."""

from typing import Any

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from leukosim.comparison import (
    CYTOPENIA_DAYS,
    DRUG_DAYS,
    HAZARD_RATIO,
    NEEDED,
    RESTRICTED_MEAN,
    SURVIVAL,
    Resampled,
    censored_early,
    differences_table,
    levels_table,
    ranking,
    shown_needed,
)
from leukosim.endpoints import DAYS_PER_MONTH
from leukosim.headlines import DAY, Headline
from leukosim.individual_effects import FATES, count_fates
from leukosim.power import SELECTED, Evidence
from leukosim.quantities import QUANTITIES, SHARE, Look
from leukosim.search import COHORTS, Limit, Search
from leukosim.sensitivity.indices import POOR

MOST = 20  # arms that are printed
FEW = 4  # arms that a table has columns for
WIDTH = 118  # of a page that is not a terminal


def comparison_tables(found: Resampled, against: str, effects: pd.DataFrame) -> list[Table | Text]:
    """What each arm comes to, how it differs from the reference, and what became of whom.

    effects : of :func:`leukosim.individual_effects.individual_effects`
    """
    tables: list[Table | Text] = [arms_table(found)]
    if len(found.arms) > 1:
        best = [arm for arm in ranking(found)["arm"] if arm != against][:MOST]
        tables += [against_table(found, against), fates_table(effects, against, best)]
    if len(found.arms) > MOST:
        tables.append(Text(f"The {MOST} best of {len(found.arms)} arms; all are in the files."))
    lost = censored_early(found)
    if lost:
        named = ", ".join(f"{n} in {arm}" for arm, n in lost.items())
        tables.append(Text(f"Lost before the last day that is compared: {named}."))
    return tables


def arms_table(found: Resampled) -> Table:
    """Every arm, best first: survival, control, cost, and the probability of being best."""
    levels = levels_table(found).set_index(["arm", "quantity", "day"]).sort_index()
    ranks = ranking(found)
    last, horizon = found.days[-1], f"{found.until_day:g} days"
    table = Table(title=f"{found.n:,} patients, each in every arm: {found.endpoint}",
                  box=SIMPLE_HEAD)  # fmt: skip
    table.add_column("arm", no_wrap=True)
    for heading in (f"at {months(last)}", f"mean days in {horizon}"):
        table.add_column(heading, justify="right")
    costs = [cost for cost in (DRUG_DAYS, CYTOPENIA_DAYS) if found.cost(cost) is not None]
    for heading in (*costs, "P(longest control)", "on the front of"):
        table.add_column(heading, justify="right")
    for row in ranks.head(MOST).itertuples():
        level = {
            quantity: levels.loc[(row.arm, quantity)].iloc[-1]
            for quantity in (SURVIVAL, RESTRICTED_MEAN, *costs)
        }
        fronts = [cost for cost in costs if getattr(row, f"front_{cost.replace(' ', '_')}")]
        cells = [
            with_interval(level[SURVIVAL], 2),
            with_interval(level[RESTRICTED_MEAN], 0),
            *(with_interval(level[cost], 1) for cost in costs),
        ]
        table.add_row(
            in_lines(row.arm),
            *(cell.replace(" (", "\n(") for cell in cells),
            probability(row.probability_best),
            "\n".join(cost.removesuffix(" days") for cost in fronts) or "none",
        )
    table.caption = (
        "95 % intervals. P: share of resamples of the patients in which the arm has the most mean "
        "days. Front: no arm has as many with fewer drug (cytopenia) days."
    )
    return table


def probability(share: float) -> str:
    """A share of resamples, never rounded to certainty; a dash where it is unknown."""
    if np.isnan(share):
        return "–"
    return "> 0.999" if share > 0.999 else ("< 0.001" if share < 0.001 else f"{share:.3f}")


def against_table(found: Resampled, against: str) -> Table:
    """Differences from the reference: a column an arm, a row a quantity, or the other way."""
    differences = differences_table(found, against)
    many = len(found.arms) > FEW
    days = found.days[-1:] if many else found.days
    rows: list[tuple[str, str, float, int, float]] = []
    state = found.state
    for day in days:
        rows.append((f"{state} at {months(day)}, % points", SURVIVAL, day, 1, 100.0))
    rows.append((f"mean days in {found.until_day:g}", RESTRICTED_MEAN, np.nan, 0, 1.0))
    rows.append(("hazard ratio", HAZARD_RATIO, np.nan, 2, 1.0))
    for day in days:
        rows.append((f"number needed to treat, {months(day)}", NEEDED, day, 0, 1.0))
    for cost in (DRUG_DAYS, CYTOPENIA_DAYS):
        if found.cost(cost) is not None:
            rows.append((cost, cost, np.nan, 1, 1.0))
    cells: dict[str, list[str]] = {}
    best = [arm for arm in ranking(found)["arm"] if arm != against][:MOST]
    for arm, of_arm in differences.groupby("arm", sort=False):
        if arm not in best:
            continue
        column = []
        for _, quantity, day, digits, scale in rows:
            found_rows = of_arm[of_arm["quantity"] == quantity]
            row = (found_rows if np.isnan(day) else found_rows[found_rows["day"] == day]).iloc[0]
            if quantity == NEEDED:
                column.append(shown_needed(row["value"], row["low"], row["high"]))
            else:
                column.append(with_interval(row, digits, scale, quantity != HAZARD_RATIO))
        cells[str(arm)] = column
    table = Table(title=f"Difference from {against}", box=SIMPLE_HEAD)
    table.add_column("arm" if many else "", no_wrap=many)
    for heading in [label for label, *_ in rows] if many else cells:
        table.add_column(heading, justify="right")
    if many:
        for arm, column in cells.items():
            table.add_row(in_lines(arm), *(cell.replace(" (", "\n(") for cell in column))
    else:
        for i, (label, *_) in enumerate(rows):
            table.add_row(label, *(column[i] for column in cells.values()))
    return table


def in_lines(arm: str) -> str:
    """The name of an arm of a sweep, a line an axis."""
    return arm.replace(" (", "\n  (").replace(", ", ",\n   ")


def fates_table(effects: pd.DataFrame, against: str, arms: list[str]) -> Table:
    """How many patients each arm helps and harms, as no trial can see."""
    table = Table(title=f"The same patient, against {against}", box=SIMPLE_HEAD)
    table.add_column("arm", no_wrap=True)
    for fate in FATES:
        table.add_column(fate, justify="right")
    counts = count_fates(effects)
    for arm, of_arm in counts[counts["arm"].isin(arms)].groupby("arm", sort=False):
        numbers = of_arm.set_index("fate")["patients"]
        table.add_row(in_lines(str(arm)), *(f"{numbers[fate]:,}" for fate in FATES))
    return table


def power_tables(evidence: Evidence) -> list[Table | Text]:
    """What is proposed, the effect it would measure, and how many patients that takes."""
    return [
        Text(proposal_in_words(evidence)),
        effect_table(evidence),
        needed_table(evidence),
        Text(
            "Simulated trials are drawn from the virtual patients. In brackets 95 %, from "
            "resampling these: what chance there is in so few of them, not in the model's "
            "parameters. Assurance: power, averaged over that."
        ),
    ]


def proposal_in_words(evidence: Evidence) -> str:
    """The trial in a sentence or two."""
    design, proposal = evidence.design, evidence.proposal
    return (
        f"{evidence.arm} against {evidence.against}, one to one, to {evidence.endpoint}; accrual "
        f"over {design.accrual_months:g} months, median follow-up {design.follow_up_months:.3g} "
        f"months, {design.dropout_per_year:.0%} a year lost; Cox model, two-sided "
        f"{proposal.significance:.3g}."
    )


def effect_table(evidence: Evidence) -> Table:
    """The hazard ratio in each population."""
    table = Table(title="The effect under this design", box=SIMPLE_HEAD)
    table.add_column("enrolled")
    for heading in ("virtual patients", "with an event", "hazard ratio"):
        table.add_column(heading, justify="right")
    for row in evidence.effects.itertuples():
        ratio = pd.Series({"value": row.hazard_ratio, "low": row.low, "high": row.high})
        table.add_row(
            enrolled_in_words(row.enrolled, evidence.criterion), f"{row.virtual_patients:,}",
            f"{row.events:.0%}", with_interval(ratio, 2),
        )  # fmt: skip
    return table


def needed_table(evidence: Evidence) -> Table:
    """Patients for the power that is wanted, and how sure that is."""
    power = evidence.proposal.power
    table = Table(title=f"For {power:.0%} power", box=SIMPLE_HEAD)
    table.add_column("enrolled")
    for heading in ("patients", "events", "screened", "by formula", "assurance at that size"):
        table.add_column(heading, justify="right")
    for row in evidence.needed.itertuples():
        curve = evidence.curves[evidence.curves["enrolled"] == row.enrolled]
        sure = "–"
        if curve["patients"].min() <= row.patients <= curve["patients"].max():
            sure = f"{np.interp(row.patients, curve['patients'], curve['assurance']):.2f}"
        formula = f"{shown_size(row.by_formula)} ({shown_size(row.low)} to {shown_size(row.high)})"
        about = "about " if row.extrapolated and np.isfinite(row.patients) else ""
        table.add_row(
            enrolled_in_words(row.enrolled, evidence.criterion), about + shown_size(row.patients),
            shown_size(row.events), shown_size(row.screened), formula, sure,
        )  # fmt: skip
    return table


def enrolled_in_words(enrolled: str, criterion: str) -> str:
    """Who is enrolled, with what they are selected by."""
    return f"{enrolled} ({criterion})" if enrolled == SELECTED else enrolled


def shown_size(patients: float) -> str:
    """A number of patients, or that none is enough."""
    return f"{np.ceil(patients):,.0f}" if np.isfinite(patients) else "out of reach"


def sensitivity_tables(
    headline: Headline, tables: dict[str, pd.DataFrame], varied: int
) -> list[Table | Text]:
    """What decides a headline, by how much, and how many patients it takes to see that.

    tables : by name, those of ``leukosim sensitivity``
    """
    own = {name: each[each["headline"] == headline.name] for name, each in tables.items()}
    beyond = int(own["morris"]["is_beyond_chance"].sum())
    by_chance = varied / 20.0
    printed: list[Table | Text] = [
        effects_table(headline, own["morris"]),
        Text(
            f"{beyond} of {varied} parameters are beyond chance, where {by_chance:.0f} of as many "
            "that do nothing would be. By chance: exceeded once in twenty times by a parameter "
            "that does nothing, because of who the patients are."
            + ("" if beyond else " A larger cohort.size would see smaller effects.")
        ),
    ]
    if "tornado" in own:
        printed.append(ends_table(headline, own["tornado"]))
    if "sobol" in own:
        printed += indices_tables(headline, own["sobol"])
    return [*printed, precision_table(headline, own["precision"])]


def effects_table(headline: Headline, found: pd.DataFrame) -> Table:
    """The parameters with the largest elementary effects."""
    title = f"{headline.label} ({headline.unit}): effect of a full range"
    table = Table(title=title, box=SIMPLE_HEAD)
    table.add_column("parameter")
    for heading in ("μ*", "by chance", "σ", "μ"):
        table.add_column(heading, justify="right")
    for row in found.head(MOST).itertuples():
        star = "" if row.is_beyond_chance else " (within chance)"
        numbers = (row.mu_star, row.mu_star_by_chance, row.sigma, row.mu)
        table.add_row(row.parameter + star, *(f"{x:.3g}".replace("-", "−") for x in numbers))
    return table


def ends_table(headline: Headline, found: pd.DataFrame) -> Table:
    """What the headline changes by at either end of a range."""
    table = Table(title=f"One at a time: change of {headline.label}", box=SIMPLE_HEAD)
    table.add_column("parameter")
    for heading in ("from", "change", "to", "change"):
        table.add_column(heading, justify="right")
    digits = 0 if headline.unit == DAY else 3
    for path, ends in found.groupby("parameter", sort=False):
        cells = [str(path)]
        for row in ends.to_dict("records"):
            change = pd.Series({"value": row["change"], "low": row["low"], "high": row["high"]})
            cells += [f"{row['at']:.3g}", with_interval(change, digits, signed=True)]
        table.add_row(*cells)
    return table


def indices_tables(headline: Headline, found: pd.DataFrame) -> list[Table | Text]:
    """Shares of variance, and whether they can be trusted."""
    table = Table(title=f"Shares of the variance of {headline.label}", box=SIMPLE_HEAD)
    table.add_column("parameter")
    for heading in ("by itself", "with all others"):
        table.add_column(heading, justify="right")
    for row in found.sort_values("total", ascending=False).to_dict("records"):
        kinds = [
            pd.Series({"value": row[k], "low": row[f"{k}_low"], "high": row[f"{k}_high"]})
            for k in ("first", "total")
        ]
        table.add_row(row["parameter"], *(with_interval(kind, 2) for kind in kinds))
    r2 = found["r2"].iloc[0]
    doubt = "" if r2 >= POOR else ": poor, so these shares mean little"
    return [table, Text(f"R² of the surrogate at points left out of its fit: {r2:.2f}{doubt}")]


def precision_table(headline: Headline, found: pd.DataFrame) -> Table:
    """Patients for a wanted half-width of the interval."""
    table = Table(title=f"Patients for {headline.label} to ± so much", box=SIMPLE_HEAD)
    wanted = found[found["asked"] == "half_width"]
    for width in wanted["half_width"]:
        table.add_column(f"± {width:g} ({headline.unit})", justify="right")
    table.add_row(*(shown_size(n) for n in wanted["patients"]))
    return table


def months(day: float) -> str:
    """A day in words."""
    return f"{day / DAYS_PER_MONTH:.0f} months" if day >= 3 * DAYS_PER_MONTH else f"day {day:g}"


def with_interval(row: pd.Series, digits: int, scale: float = 1.0, signed: bool = False) -> str:
    """A number and its interval, such as ``0.71 (0.61 to 0.79)``; a dash where there is none."""
    value, low, high = (float(row[name]) * scale for name in ("value", "low", "high"))
    if np.isnan(value):
        return "–"
    plus = "+" if signed else ""
    shown = [f"{x:{plus}.{digits}f}".replace("-", "−") for x in (value, low, high)]
    return shown[0] if np.isnan(low) else f"{shown[0]} ({shown[1]} to {shown[2]})"


# ---------------------------------------------------------------------- of a search


def candidates_table(
    found: pd.DataFrame, axes: list[str], asked: Search, limits: list[Limit]
) -> Table:
    """The best candidates of a search and the default, a column each.

    found : of :func:`leukosim.search.evaluations_table`
    """
    best = found[found["rank"].notna() & (found["evaluation"] > 0)].sort_values("rank")
    shown = pd.concat([found.head(1), best.head(FEW)])
    table = Table(title="Best candidates, on the patients of the search", box=SIMPLE_HEAD)
    table.add_column("")
    for number in shown["evaluation"]:
        table.add_column("default" if number == 0 else f"no. {number}", justify="right")
    for axis in axes:
        table.add_row(axis, *(brief(value) for value in shown[axis]))
    for name in asked.quantities:
        cells = (level_in_words(name, value) for value in shown[name])
        table.add_row(QUANTITIES[name].label, *cells, style="bold" if name in asked.goals else None)
    within = int(found["feasible"].sum())
    words = f"{within} of {len(found)} evaluations are within the limits"
    said = "; ".join(limit.in_words for limit in limits) or "there are none"
    table.caption = f"{words} ({said})."
    return table


def confirmed_table(found: pd.DataFrame, asked: Search, look: Look) -> Table:
    """What candidates gain over the default: where they were chosen, and on new patients.

    found : of :func:`leukosim.search.confirmation_table`
    """
    arms = list(dict.fromkeys(found["arm"]))
    table = Table(title="Difference from the default", box=SIMPLE_HEAD)
    table.add_column("")
    for cohort in COHORTS:
        for arm in arms:
            n = found.loc[found["cohort"] == cohort, "n"].iloc[0]
            table.add_column(f"{arm}\n{n:,} {COHORTS[cohort]}", justify="right")
    for name, rows in found.groupby("quantity", sort=False):
        cells = [
            difference_in_words(str(name), row)
            for cohort in COHORTS
            for arm in arms
            for row in rows[(rows["cohort"] == cohort) & (rows["arm"] == arm)].itertuples()
        ]
        style = "bold" if name in asked.goals else None
        table.add_row(quantity_in_words(str(name), look), *cells, style=style)
    table.caption = (
        "95 % intervals of resampled patients. Candidates were chosen for the patients of the "
        "search, so what they gain there is in part chance; new patients say what is left."
    )
    return table


def quantity_in_words(name: str, look: Look) -> str:
    """A quantity with its day and its unit."""
    quantity = QUANTITIES[name]
    if quantity.unit == SHARE:
        return f"{quantity.label} at {months(look.day)}, % points"
    return (
        f"{quantity.label}, of {look.until_day:g}" if name == "restricted_mean" else quantity.label
    )


def level_in_words(name: str, value: float) -> str:
    """A level of a quantity."""
    return f"{value:.3f}" if QUANTITIES[name].unit == SHARE else f"{value:.1f}"


def difference_in_words(name: str, row: Any) -> str:
    """A difference with its interval."""
    scale = 100.0 if QUANTITIES[name].unit == SHARE else 1.0
    value, low, high = (scale * each for each in (row.value, row.low, row.high))
    interval = f"({low:+.1f} to {high:+.1f})" if np.isfinite(low) else "(too few)"
    return f"{value:+.1f}\n{interval}".replace("-", "−")


def brief(value: Any) -> str:
    """A value of a field, numbers without needless digits."""
    is_number = isinstance(value, float | int) and not isinstance(value, bool)
    return f"{value:.4g}" if is_number else str(value)


# ---------------------------------------------------------------------- of a fit


def calibration_tables(
    parameters: pd.DataFrame, targets: pd.DataFrame, coverage: pd.DataFrame
) -> list[Table | Text]:
    """What a fit found: parameters, the targets that its predictions hold, and what was recovered.

    Parameters
    ----------
    parameters : of :func:`leukosim.calibration.summary.parameter_table`
    targets : of :func:`leukosim.calibration.predictive.predictive_table`
    coverage : of :func:`leukosim.calibration.recovery.coverage`
    """
    fitted = Table(title="Parameters", box=SIMPLE_HEAD)
    for heading in ("parameter", "prior", "posterior", "sd / prior's", "pressed", "R-hat"):
        fitted.add_column(heading, justify="left" if heading == "parameter" else "right")
    for row in parameters.itertuples():
        fitted.add_row(
            row.parameter,
            f"{row.prior_low:g} to {row.prior_high:g}",
            f"{row.centre:g} ({row.low:.3g} to {row.high:.3g})",
            f"{row.sd_ratio:.2f}",
            row.pressed,
            f"{row.r_hat:.2f}",
        )
    predicted = Table(title="Targets, and what repetitions would see", box=SIMPLE_HEAD)
    for heading in ("target", "published", "n", "predicted", "95 %", "tail"):
        predicted.add_column(heading, justify="left" if heading == "target" else "right")
    for row in targets.itertuples():
        predicted.add_row(
            f"{row.id} {row.label}" + ("" if row.fitted else " (not fitted)"),
            f"{row.target:.3f}",
            "–" if np.isnan(row.target_n) else f"{row.target_n:.0f}",
            f"{row.model:.3f}",
            f"{row.model_low:.3f} to {row.model_high:.3f}",
            probability(row.tail) + ("" if row.covered else " missed"),
        )
    held = int(targets["covered"].sum())
    predicted.caption = f"{held} of {len(targets)} published values lie in the predicted interval."
    found = ", ".join(
        f"{row.held:.2f} ({row.low:.2f}–{row.high:.2f}) of {row.level:.0%} intervals"
        for row in coverage[coverage["parameter"] == "all"].itertuples()
    )
    truths = int(coverage["truths"].max())
    return [fitted, predicted, Text(f"{truths} known truths recovered: {found} hold them.")]
