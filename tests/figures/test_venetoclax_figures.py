"""The figures of resistance show the right numbers, and are drawn whatever is missing."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure
from synthetic import dataset_of_arms
from test_figures import assert_readable

from leukosim.analysis.endpoints import proportion
from leukosim.analysis.stem_cell_composition import blasts_of_overt_leukaemia
from leukosim.analysis.survival import kaplan_meier
from leukosim.biology.disease import Disease
from leukosim.clinic.drugs.formulary import declared_drugs
from leukosim.config.compose import as_plain
from leukosim.figures.elements.formats import COLUMN, PAGE
from leukosim.figures.elements.style import (
    ARM_COLORS,
    SUBTYPE_COLORS,
    arm_colors,
    house_style,
    subtype_colors,
)
from leukosim.figures.registry import SWEEP_FIGURES, TRIAL_FIGURES, draw_figures, figures_for
from leukosim.figures.sweep import dose_response, hypotheses, sweep_dots
from leukosim.figures.sweep.sweep_dots import draw_sweep_dots, sweep_dots_figure
from leukosim.figures.sweep.sweep_outcomes import treatment_outcomes, treatment_summary
from leukosim.figures.trial import (
    blood_counts,
    composition,
    flow_between_subtypes,
    overall_survival,
    response_by_subtype,
)

ARMS = (
    "azacitidine",
    "venetoclax_azacitidine",
    "venetoclax_azacitidine_navitoclax",
    "venetoclax_azacitidine_degrader",
)
FOUR = ("HSC-like", "LMPP-like", "MEP-like", "MoDe")
TIME = np.append(np.arange(0.0, 730.0, 28.0), 730.0)
OF_A_TRIAL = (
    "overall_survival",
    "response_by_subtype",
    "composition",
    "flow_between_subtypes",
    "blood_counts",
    "dose_response",
)
FIGURES = {each.name: each for each in (*TRIAL_FIGURES, *SWEEP_FIGURES)}


def patient_course(rng, responds, start, kept, stay):
    """One patient of one arm: outcome days, cells by what they were and are, and those at failure.

    start : fractions of cells by subtype
    kept : growth of the cells of each subtype by the end, relative
    stay : share of the cells of a subtype that are still of it at the end
    """
    if responds:
        response, relapse, failure = 28.0, 28.0 + rng.exponential(500.0), np.nan
    else:
        response, relapse, failure = np.nan, np.nan, 168.0
    death = max(relapse if responds else failure, 30.0) + rng.exponential(300.0)
    relapse = relapse if relapse < 730.0 else np.nan
    death = death if death < 730.0 else np.nan
    days = {
        "response_day": response, "relapse_day": relapse, "treatment_failure_day": failure,
        "death_day": death, "follow_up_day": np.nanmin([death, 730.0]),
        "best_response": 4 if responds else 0, "overt_blasts": 1e12,
    }  # fmt: skip
    n = len(kept)
    passed = TIME[:, None, None] / 730.0
    switched = np.eye(n) * stay + (1.0 - stay) / max(n, 1)
    moved = (1.0 - passed) * np.eye(n) + passed * switched
    cells = np.floor(1e5 * start[:, None] * np.asarray(kept)[:, None] ** passed * moved)
    cells[TIME > days["follow_up_day"]] = np.nan
    end = np.nanmin([relapse, failure, days["follow_up_day"]])
    at_failure = cells[np.searchsorted(TIME, end, "right") - 1]
    return {name: day for name, day in days.items() if not np.isnan(day)}, cells, at_failure


def resistance(
    n_patients=12, arms=ARMS, subtypes=FOUR, rate=0.6, kept=None, stay=0.9, seed=1
) -> xr.Dataset:
    """A plausible trial of venetoclax.

    rate : of responders
    kept : as of :func:`patient_course`; by default MEP-like cells outgrow the others
    """
    rng = np.random.default_rng(seed)
    kept = kept or [10.0 if name == "MEP-like" else 0.1 for name in subtypes]
    people = {arm: [] for arm in arms}
    starts = rng.dirichlet(np.ones(len(subtypes)), n_patients)
    at_failure = np.empty((len(arms), n_patients, len(subtypes), len(subtypes)))
    origins = np.full((len(arms), n_patients, len(TIME), len(subtypes), len(subtypes)), np.nan)
    for a, arm in enumerate(arms):
        for p in range(n_patients):
            days, origins[a, p], at_failure[a, p] = patient_course(
                rng, rng.random() < rate, starts[p], kept, stay
            )
            people[arm].append(days)
    ds = dataset_of_arms(people, TIME)
    counts = rng.lognormal(0.0, 0.5, (2, len(arms), n_patients, len(TIME)))
    known = ~np.isnan(origins[..., 0, 0])
    course = ("arm", "patient", "time")
    ds["stem_cells_by_origin"] = (*course, "origin", "subtype"), origins
    ds["stem_cells"] = (*course, "subtype"), origins.sum(-2)
    ds["composition"] = ("patient", "subtype"), starts
    ds["stem_cells_at_treatment_failure"] = ("arm", "patient", "origin", "subtype"), at_failure
    overt = 2.0 * float(blasts_of_overt_leukaemia(ds))
    ds["blasts_at_end"] = ("arm", "patient"), np.full(at_failure.shape[:2], overt)
    ds["blasts"] = course, np.where(known, overt, np.nan)
    ds["neutrophils"] = course, np.where(known, counts[0], np.nan)
    ds["platelets"] = course, np.where(known, 40.0 * counts[1], np.nan)
    for grade in (3, 4):
        for penia in ("neutropenia", "thrombocytopenia"):
            days = rng.integers(0, 200, (len(arms), n_patients))
            ds[f"days_grade{grade}_{penia}"] = ("arm", "patient"), days
    dominant = np.array(subtypes, object)[np.arange(n_patients) % len(subtypes)]
    ds["dominant_subtype"] = "patient", dominant
    ds["bcl2_score"] = "patient", rng.lognormal(0.0, 0.5, n_patients)
    config = {
        "disease": as_plain(Disease()),
        "drug": {name: as_plain(each) for name, each in declared_drugs().items()},
    }
    ds.attrs["config"] = json.dumps(config)
    return ds.assign_coords(subtype=list(subtypes), origin=list(subtypes))


def sweep_of_hypotheses(n_patients=12, arms=ARMS[:2]) -> xr.Dataset:
    """The same patients; only under reprogramming and both do cells change subtype."""
    stay = {"selection": 1.0, "reprogramming": 0.2, "both": 0.2}
    trials = [resistance(n_patients, arms, stay=each) for each in stay.values()]
    ds = xr.concat(trials, "scenario", data_vars="all", combine_attrs="override")
    ds.attrs["axes"] = json.dumps(["hypothesis"])
    return ds.assign_coords(hypothesis=("scenario", np.array(list(stay), object)))


@pytest.fixture(scope="module")
def ds():
    return resistance()


# ---------------------------------------------------------------------- drawn whatever is missing


@pytest.mark.slow
def test_every_figure_is_drawn_for_a_trial_of_venetoclax(ds, tmp_path):
    names = {path.name for path in draw_figures(ds, tmp_path)}
    for name in OF_A_TRIAL:
        assert {f"{name}.{suffix}" for suffix in ("pdf", "svg", "png", "json", "csv")} <= names


def test_a_trial_in_remission_keeps_its_figures(ds):
    in_remission = ds.assign(overt_blasts=0.0 * ds["overt_blasts"])
    del in_remission.attrs["config"]
    assert not set(OF_A_TRIAL) & {each.name for each in figures_for(in_remission)}


def test_survival_is_not_drawn_where_follow_up_ends_with_relapse(ds):
    lost = ds["relapse_day"].fillna(ds["treatment_failure_day"]).fillna(ds["follow_up_day"])
    ends = ds.assign(death_day=np.nan * ds["death_day"], follow_up_day=lost)
    assert overall_survival.is_followed_on(ds)
    assert not overall_survival.is_followed_on(ends)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "changes",
    [
        {"n_patients": 1},
        {"rate": 0.0, "subtypes": ("LMPP-like", "MEP-like")},
        {"rate": 1.0, "subtypes": (*FOUR, "reprogrammed", "of my own")},
        {"arms": ("azacitidine",), "subtypes": ("first", "second")},
        {"arms": ("mine", "venetoclax_azacitidine"), "kept": [1e-9] * 4},
    ],
    ids=[
        "one patient", "no responder of two subtypes", "all responders of six subtypes",
        "one arm of unknown subtypes", "own arm without cells left",
    ],
)  # fmt: skip
@pytest.mark.parametrize("width", [pytest.param(COLUMN, marks=pytest.mark.slow), PAGE])
def test_figures_are_whole_whatever_is_missing(changes, width):
    some = resistance(**{"n_patients": 8, **changes})
    with house_style():
        for name in OF_A_TRIAL:
            figure, numbers = FIGURES[name].draw(some, width)
            assert_readable(figure, name)
            assert all(ax.has_data() or ax.texts or not ax.axison for ax in figure.axes), name
            assert len(numbers), name


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("width", [COLUMN, PAGE])
@pytest.mark.parametrize("n_patients", [1, 12])
def test_hypotheses_are_drawn(width, n_patients):
    sweep = sweep_of_hypotheses(n_patients)
    assert "hypotheses" in {each.name for each in figures_for(sweep)}
    with house_style():
        figure, _ = FIGURES["hypotheses"].draw(sweep, width)
        assert_readable(figure)


def test_a_sweep_needs_no_courses_for_the_figure_of_hypotheses():
    sweep = sweep_of_hypotheses()
    with_time = [name for name, each in sweep.items() if "time" in each.dims]
    without = sweep.drop_vars([*with_time, "time"])
    assert "hypotheses" in {each.name for each in figures_for(without)}
    tables = (FIGURES["hypotheses"].draw(each)[1] for each in (without, sweep))
    pd.testing.assert_frame_equal(*tables)
    unknown = without.drop_vars("stem_cells_at_treatment_failure")
    assert "hypotheses" not in {each.name for each in figures_for(unknown)}


# ---------------------------------------------------------------------- sweeps


def sweep_of_days(rates=(0.0, 0.5, 1.0), n_patients=12, arms=ARMS[:2], **axes) -> xr.Dataset:
    """Scenarios along days of venetoclax, or other axes, in which ever more patients respond."""
    axes = axes or {"venetoclax.days_per_cycle": [7.0 * (1 + i) for i in range(len(rates))]}
    trials = [resistance(n_patients, arms, rate=rate) for rate in rates]
    ds = xr.concat(trials, "scenario", data_vars="all", combine_attrs="override")
    ds.attrs["axes"] = json.dumps(list(axes))
    return ds.assign_coords({name: ("scenario", values) for name, values in axes.items()})


def test_a_sweep_at_diagnosis_shows_response_survival_and_cytopenia():
    sweep, arm = sweep_of_days(), ARMS[1]
    assert [each.name for each in figures_for(sweep)] == ["sweep_dots"]
    _, numbers = FIGURES["sweep_dots"].draw(sweep)
    for i, scenario in enumerate(numbers["venetoclax.days_per_cycle"].unique()):
        one = sweep.isel(scenario=i)
        rows = numbers[(numbers["venetoclax.days_per_cycle"] == scenario) & (numbers["arm"] == arm)]
        result = rows.set_index("outcome")["value"]
        responded = one["response_day"].sel(arm=arm).notnull()
        assert result["response"] == float(responded.mean())
        died = one["death_day"].sel(arm=arm)
        assert result["alive"] == pytest.approx(1.0 - float((died <= 365.0).mean()))
        days = one["days_grade4_neutropenia"].sel(arm=arm)
        assert result["neutropenia"] == pytest.approx(float(days.mean()))
        assert rows.set_index("outcome")["n"]["median_duration"] == int(responded.sum())
        if not responded.any():
            assert np.isnan(result["median_duration"])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("width", [COLUMN, PAGE])
@pytest.mark.parametrize("arms", [ARMS, ARMS[:1]], ids=len)
def test_a_sweep_at_diagnosis_can_be_read(width, arms):
    summary = treatment_summary(sweep_of_days(arms=arms))
    outcomes = treatment_outcomes(summary)
    with house_style():
        figure = sweep_dots_figure(summary, outcomes, width)
        assert_readable(figure)
    assert len(figure.axes) == len(outcomes) == 6


def test_a_median_that_was_not_reached_stands_on_top():
    summary = treatment_summary(sweep_of_days((0.5, 0.5)))
    median = next(each for each in treatment_outcomes(summary) if each.value == "median_survival")
    summary["median_survival"][:] = [[np.inf, 5.0], [6.0, 7.0]]
    ax = draw_sweep_dots(
        summary, Figure().add_subplot(), x="venetoclax.days_per_cycle", outcome=median
    )
    triangles = [line for line in ax.lines if line.get_marker() == "^" and len(line.get_xdata())]
    assert [list(line.get_ydata()) for line in triangles] == [[ax.get_ylim()[1]]]
    assert "not reached" in sweep_dots.note_of(summary, [median])


def test_two_axes_at_diagnosis_make_maps_of_shares():
    axes = {"venetoclax.days_per_cycle": [7.0, 7.0, 14.0, 14.0], "seed": [1, 2, 1, 2]}
    sweep = sweep_of_days((0.1, 0.4, 0.6, 0.9), **axes)
    assert [each.name for each in figures_for(sweep)] == ["sweep_heatmap"]
    with house_style():
        figure, numbers = FIGURES["sweep_heatmap"].draw(sweep)
        assert_readable(figure)
    assert set(numbers["outcome"]) == {"response", "alive"}
    assert set(numbers["arm"]) == {"venetoclax_azacitidine"}


def test_an_empty_arm_says_so(ds):
    missing = ds.where(ds["arm"] != "azacitidine")
    missing = ds.assign({name: missing[name] for name in ds if "arm" in ds[name].dims})
    with house_style():
        for name in OF_A_TRIAL:
            assert_readable(FIGURES[name].draw(missing, PAGE)[0])


# ---------------------------------------------------------------------- colours


def test_colours_tell_everything_apart():
    """Arms of different studies may own the same colour; side by side they differ, too."""
    assert len(set(SUBTYPE_COLORS.values())) == len(SUBTYPE_COLORS)
    arms = list(ARM_COLORS)
    for names, colors in (
        (["first of mine", *arms[:5]], arm_colors),
        (["first of mine", *arms[5:]], arm_colors),
        (["triggered", "at_relapse", "placebo", "motixafortide"], arm_colors),
        (["first of mine", *SUBTYPE_COLORS][:6], subtype_colors),
    ):
        result = colors(names)
        assert len(set(result.values())) == len(result)


def test_a_subtype_keeps_its_colour():
    alone, among = subtype_colors(["MEP-like"]), subtype_colors(["a", "b", "MEP-like"])
    assert alone["MEP-like"] == among["MEP-like"]


# ---------------------------------------------------------------------- numbers


def test_fractions_are_means_over_patients_with_cells(ds):
    table = composition.fraction_numbers(ds)
    day, arm = TIME[5], ARMS[1]
    cells = ds["stem_cells"].sel(arm=arm, time=day)
    cells = cells[cells.sum("subtype").values > 0]
    expected = (cells / cells.sum("subtype")).mean("patient")
    here = table[(table["arm"] == arm) & (table["day"] == day)].set_index("subtype")
    for subtype in FOUR:
        assert here.loc[subtype, "mean"] == pytest.approx(float(expected.sel(subtype=subtype)))
        assert here.loc[subtype, "n"] == len(cells)
    sums = table.groupby(["arm", "day"])["mean"].sum()
    np.testing.assert_allclose(sums, 1.0)


def test_numbers_followed_fall_with_deaths(ds):
    table = composition.counted(ds, [0.0, 12.0, 23.9])
    for arm in ARMS:
        of_arm = table[table["arm"] == arm]
        for each in of_arm.itertuples():
            alive = int((ds["follow_up_day"].sel(arm=arm) >= each.day).sum())
            assert each.followed == alive
        assert of_arm["followed"].is_monotonic_decreasing


def test_flow_keeps_what_is_there(ds):
    for arm in ARMS:
        result = flow_between_subtypes.flow_of(ds, arm)
        assert result.start.sum() == pytest.approx(1.0)
        assert result.end.sum() == pytest.approx(1.0)
        assert result.n + result.without_cells == ds.sizes["patient"]


def test_cells_that_never_switch_descend_from_their_like():
    still = resistance(stay=1.0, rate=0.0)
    result = flow_between_subtypes.flow_of(still, ARMS[0])
    assert np.count_nonzero(result.end - np.diag(np.diag(result.end))) == 0
    share = flow_between_subtypes.share_by_descent(still, ARMS[0], ["MEP-like"])
    assert (share.value, share.low, share.high) == (1.0, 1.0, 1.0)


def test_descent_is_the_share_of_fractions_over_patients():
    """Two thirds of MEP-like cells of one patient and none of another's descend from such cells."""
    result = resistance(n_patients=2, arms=("venetoclax",), rate=0.0)
    cells = np.zeros((4, 4))
    mep, hsc = FOUR.index("MEP-like"), FOUR.index("HSC-like")
    cells[mep, mep], cells[hsc, mep], cells[hsc, hsc] = 20.0, 10.0, 30.0
    other = np.zeros((4, 4))
    other[hsc, mep], other[hsc, hsc] = 1e6, 3e6  # a fraction of a quarter, however many cells
    both = np.stack([cells, other])[None]
    result["stem_cells_at_treatment_failure"] = result["stem_cells_at_treatment_failure"].dims, both
    share = flow_between_subtypes.share_by_descent(result, "venetoclax", ["MEP-like"])
    assert share.value == pytest.approx((20 / 60) / (30 / 60 + 1 / 4))
    assert share.n == 2
    assert np.isnan(share.low)  # two patients say nothing of others


def test_response_rates_are_those_of_the_group(ds):
    table = response_by_subtype.response_numbers(ds)
    who = (ds["dominant_subtype"] == "MEP-like").values
    met = ds["best_response"].sel(arm=ARMS[1]).values[who] >= 2
    expected = proportion(met.astype(float))
    here = table[
        (table["outcome"] == "response")
        & (table["group"] == "MEP-like")
        & (table["arm"] == ARMS[1])
    ].iloc[0]
    assert (here["value"], here["low"], here["high"]) == (
        expected.value,
        expected.low,
        expected.high,
    )


def test_tertiles_share_out_the_patients(ds):
    groups = response_by_subtype.groups_of(ds)["BCL-2 score, tertiles"]
    assert [int(who.sum()) for who in groups.values()] == [4, 4, 4]
    score = ds["bcl2_score"].values
    assert score[groups["low"]].max() < score[groups["high"]].min()


def test_lowest_counts_are_those_of_each_window(ds):
    lowest = blood_counts.lowest_by_window(ds["platelets"])
    first = ds["platelets"].sel(time=slice(0.0, 27.9)).min("time")
    np.testing.assert_array_equal(lowest.isel(time=0).transpose(*first.dims), first)
    assert float(lowest["time"][0]) == 14.0
    assert lowest.sizes["time"] == 26


def test_excess_of_the_figure_is_beyond_what_is_expected(ds):
    kill = dose_response.dose_response_numbers(ds)["kill"]
    np.testing.assert_allclose(kill["together"] - kill["expected"], kill["excess"], atol=1e-12)
    assert (kill["low"] <= kill["together"] + 1e-12).all()
    assert (kill["together"] <= kill["high"] + 1e-12).all()


def test_the_dose_response_follows_the_configuration_of_the_dataset(ds):
    config = json.loads(ds.attrs["config"])
    config["disease"]["apoptosis"]["stem_cell_rate"] = 1e-6
    slow = ds.assign_attrs(config=json.dumps(config))
    assert dose_response.dose_response_numbers(slow)["kill"]["together"].max() < 1e-4
    assert dose_response.dose_response_numbers(ds)["kill"]["together"].max() > 0.1


def test_a_configuration_of_another_version_is_not_drawn(ds):
    assert dose_response.has_drugs(ds)
    config = json.loads(ds.attrs["config"])
    config["disease"]["of another version"] = 1.0
    assert not dose_response.has_drugs(ds.assign_attrs(config=json.dumps(config)))


def test_event_free_survival_counts_failure(ds):
    curve = overall_survival.survival_numbers(ds).curves["event-free survival"]
    curve = curve[curve["arm"] == ARMS[0]]
    expected = kaplan_meier(overall_survival.event_free_survival(ds))
    expected = expected[expected["arm"] == ARMS[0]]
    np.testing.assert_allclose(curve["value"], expected["survival"])
    responders = int((ds["best_response"].sel(arm=ARMS[0]) >= 2).sum())
    just_after = float(curve[curve["day"] <= 168.0]["value"].iloc[-1])
    assert just_after <= responders / ds.sizes["patient"] + 1e-12


def test_less_enrichment_without_reprogramming_is_a_difference_of_means():
    sweep = sweep_of_hypotheses()
    table = hypotheses.enrichment_numbers(sweep).set_index(["arm", "hypothesis"])["value"]
    for arm in ARMS[:2]:
        result = hypotheses.less_without(sweep, arm)
        expected = table[arm, "both"] - table[arm, "selection"]
        assert result.value == pytest.approx(expected)
        assert result.low <= result.value <= result.high


def test_descent_by_hypothesis_adds_up_to_the_fraction_at_failure():
    sweep = sweep_of_hypotheses()
    table = hypotheses.descent_numbers(sweep)
    enrichment = hypotheses.enrichment_numbers(sweep).set_index(["arm", "hypothesis"])["value"]
    for (arm, name), rows in table.groupby(["arm", "hypothesis"]):
        before = rows["value"][rows["origin"] == ""].sum()
        after = rows["value"][rows["origin"] != ""].sum()
        assert after - before == pytest.approx(enrichment[arm, name])
