"""Every figure is drawn from a dataset, whatever is missing in it, and shows the right numbers."""

import json

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from synthetic import dataset_of_arms, search, sweep, trial

from leukosim import __version__
from leukosim.analysis.calibration import target_table
from leukosim.analysis.endpoints import relapse_free_survival
from leukosim.analysis.survival import numbers_at_risk, sweep_summary
from leukosim.errors import ConfigError
from leukosim.figures.elements.formats import COLUMN, PAGE
from leukosim.figures.elements.save import save_figure
from leukosim.figures.elements.standard import has
from leukosim.figures.elements.style import (
    MM_PER_INCH,
    add_axes,
    arm_colors,
    empty_figure,
    house_style,
    month_ticks,
)
from leukosim.figures.registry import (
    PANELS,
    SWEEP_FIGURES,
    TRIAL_FIGURES,
    draw_figure,
    draw_figures,
    draw_panel,
    figure_named,
    figures_for,
)
from leukosim.figures.sweep import sweep_dots, sweep_heatmap, sweep_outcomes
from leukosim.figures.trial import mrd_courses, targets
from leukosim.figures.trial import relapse_free_survival as rfs_figure

FIGURES = {each.name: each for each in (*TRIAL_FIGURES, *SWEEP_FIGURES)}


@pytest.fixture
def ds():
    return trial(40)


@pytest.fixture
def ax():
    return Figure().add_subplot()


def drawn(name, ds, width=PAGE):
    """A standard figure of this name and width."""
    return FIGURES[name].draw(ds, width)[0]


def numbers_of(name, ds):
    """The table of a standard figure."""
    return FIGURES[name].draw(ds)[1]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def within(value, interval):
    return min(interval) <= value <= max(interval)


def drawn_texts(figure):
    """Every text that is seen in a drawn figure, ticks and legends included."""
    result = [
        text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()
    ]
    unseen = {
        label
        for ax in figure.axes
        for axis in (ax.xaxis, ax.yaxis)
        for tick in (*axis.majorTicks, *axis.minorTicks)
        for label in (tick.label1, tick.label2)
        if not (label.get_visible() and within(tick.get_loc(), axis.get_view_interval()))
    }
    return [text for text in result if text not in unseen]


def drawn_boxes(figure):
    """The texts of a figure, and float64[text, (x0, y0, x1, y1)], where they are drawn."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    shown = drawn_texts(figure)
    boxes = [text.get_window_extent(renderer).extents for text in shown]
    return [text.get_text() for text in shown], np.array(boxes).reshape(-1, 4)


def overlapping(words, boxes, size=0.2):
    """Pairs of texts that overlap by more than a share of their sizes."""
    margin = size / 2.0 * (boxes[:, 2:] - boxes[:, :2])
    low, high = boxes[:, :2] + margin, boxes[:, 2:] - margin
    apart = (high[:, None] < low[None]) | (high[None] < low[:, None])
    pairs = np.argwhere(np.triu(~apart.any(-1), 1))
    return [(words[i], words[j]) for i, j in pairs]


def overlaps(figure):
    """Pairs of texts that overlap in a drawn figure."""
    return overlapping(*drawn_boxes(figure))


SMALLEST, TALLEST = 5.0, 247.0  # points of a letter; mm, a page of a journal


def assert_readable(figure, name=""):
    """No text of a drawn figure lies on another, is cut off by its edges, or too small to read.

    And the figure fits on a page.
    """
    words, boxes = drawn_boxes(figure)
    small = [text.get_text() for text in drawn_texts(figure) if text.get_fontsize() < SMALLEST]
    assert small == [], name
    assert figure.get_figheight() * MM_PER_INCH <= TALLEST, name
    assert overlapping(words, boxes) == [], name
    beyond = (boxes[:, :2] < 0.0) | (boxes[:, 2:] > figure.bbox.extents[2:])
    assert [words[i] for i in np.flatnonzero(beyond.any(1))] == [], name


def test_the_checks_of_texts_notice_what_cannot_be_read():
    figure = Figure()
    figure.text(0.5, 0.5, "one")
    figure.text(0.5, 0.51, "other")
    assert overlaps(figure) == [("one", "other")]
    with pytest.raises(AssertionError):
        assert_readable(figure)
    cut = Figure()
    cut.text(0.99, 0.5, "cut off")
    with pytest.raises(AssertionError, match="cut off"):
        assert_readable(cut)
    small = Figure()
    small.text(0.5, 0.5, "small", size=4.9)
    with pytest.raises(AssertionError, match="small"):
        assert_readable(small)
    with pytest.raises(AssertionError, match="tall"):
        assert_readable(Figure(figsize=(3.0, 10.0)), "tall")


# ---------------------------------------------------------------------- style and saving


def test_arms_keep_their_colours_whoever_else_is_drawn():
    alone, among = arm_colors(["maintenance"]), arm_colors(["early", "triggered", "maintenance"])
    assert alone["maintenance"] == among["maintenance"]
    assert len(set(among.values())) == 3


def test_axes_stand_where_they_were_put():
    figure = empty_figure(COLUMN, 50.0)
    box = add_axes(figure, 10.0, 5.0, 60.0, 30.0).get_position()
    assert box.x0 * COLUMN == pytest.approx(10.0)
    assert box.width * COLUMN == pytest.approx(60.0)
    assert (1.0 - box.y1) * 50.0 == pytest.approx(5.0)


def test_months_are_few_and_round():
    assert month_ticks(730.0) == [0, 3, 6, 9, 12, 15, 18, 21, 24]
    assert month_ticks(3652.0) == [0, 24, 48, 72, 96, 120]
    assert month_ticks(10.0) == [0.0]


def test_the_style_ends_with_its_context():
    import matplotlib as mpl

    before = mpl.rcParams["font.size"]
    with house_style():
        assert mpl.rcParams["pdf.fonttype"] == 42
        assert mpl.rcParams["svg.fonttype"] == "none"
    assert mpl.rcParams["font.size"] == before


def test_figures_are_saved_in_the_size_of_a_journal(ds, tmp_path):
    with house_style():
        figure = drawn("relapse_free_survival", ds, COLUMN)
    paths = save_figure(figure, pd.DataFrame({"a": [0.1]}), tmp_path, "curves")
    assert [path.suffix for path in paths] == [".pdf", ".svg", ".png", ".json", ".csv"]
    height, width, _ = image.imread(paths[2]).shape
    assert width == pytest.approx(COLUMN / MM_PER_INCH * 300, abs=1)
    assert height == pytest.approx(figure.get_figheight() * 300, abs=1)
    svg = paths[1].read_text()
    assert "<text" in svg
    assert "Relapse-free survival" in svg
    assert paths[4].read_text() == "a\n0.1\n"


def test_repeated_figures_are_the_same_bytes(ds, tmp_path):
    first = draw_figures(ds, tmp_path / "first")
    again = draw_figures(ds.copy(deep=True), tmp_path / "again")
    assert len(first) == 15
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
    sizes = {path.suffix: path.stat().st_size for path in first}
    assert min(sizes.values()) > 200  # empty files would be equal, too


def test_a_figure_says_where_it_comes_from(ds, tmp_path):
    made = dict(seed="7", digest="abc", commit="", versions='{"numpy": "2.1"}', config="{}")
    draw_figures(ds.assign_attrs(**made), tmp_path, COLUMN)
    said = json.loads((tmp_path / "targets.json").read_text())
    assert said["results"] == [{"seed": "7", "digest": "abc", "versions": {"numpy": "2.1"}}]
    assert (said["figure"], said["width_mm"]) == ("targets", COLUMN)
    assert said["drawn_with"]["matplotlib"] == matplotlib.__version__
    assert said["drawn_with"]["leukosim"] == __version__


def test_formats_can_be_chosen(ds, tmp_path):
    each = figures_for(ds)[0]
    paths = draw_figure(each, ds, tmp_path, formats=["png"])
    assert [path.suffix for path in paths] == [".png", ".json", ".csv"]


# ---------------------------------------------------------------------- relapse-free survival


def test_curves_have_a_colour_and_a_step_for_each_arm(ds, ax):
    rfs_figure.draw_relapse_free_survival(ds, ax)
    curves = [line for line in ax.lines if line.get_drawstyle() == "steps-post"]
    assert [line.get_color() for line in curves] == list(arm_colors(ds["arm"].values).values())
    last = curves[0].get_ydata()[-1]
    event = relapse_free_survival(ds)["event"].sel(arm="triggered")
    assert last == pytest.approx(1.0 - float(event.mean()))


def test_patients_lost_early_have_a_tick_and_the_end_of_the_trial_has_none(ax):
    patients = [{"follow_up_day": 100.0}, {"relapse_day": 200.0}, {}, {}]
    rfs_figure.draw_relapse_free_survival(dataset_of_arms({"triggered": patients}), ax)
    ticks = next(line for line in ax.lines if line.get_marker() == "|")
    np.testing.assert_allclose(ticks.get_xdata() * 30.4375, [100.0])


def test_numbers_at_risk_stand_under_the_ticks(ds):
    figure = drawn("relapse_free_survival", ds)
    _, curves, table = figure.axes
    assert curves.get_position().x0 == table.get_position().x0
    assert curves.get_xlim() == table.get_xlim()
    numbers = [text for text in table.texts if text.get_text().isdigit()]
    ticks = list(curves.get_xticks())
    assert [text.get_position()[0] for text in numbers] == ticks * 3
    of_arms = numbers_at_risk(relapse_free_survival(ds), np.array([0.0, 730.0]))["at_risk"].tolist()
    shown = [int(text.get_text()) for text in numbers]
    assert shown[0 :: len(ticks)] == of_arms[0::2]
    assert shown[len(ticks) - 1 :: len(ticks)] == of_arms[1::2]


@pytest.mark.parametrize("width", [COLUMN, PAGE])
def test_figures_of_a_trial_can_be_read(ds, width):
    with house_style():
        assert_readable(drawn("relapse_free_survival", ds, width))
        assert_readable(drawn("mrd_courses", ds, width))
        assert_readable(targets.targets_figure(target_table(ds), width))


@pytest.mark.parametrize("width", [COLUMN, PAGE])
def test_long_names_of_arms_find_room(ds, width):
    long = "venetoclax_and_azacitidine_and_navitoclax"
    named = ds.assign_coords(arm=["triggered_low_dose", "at_relapse", long])
    with house_style():
        figure = drawn("relapse_free_survival", named, width)
        assert_readable(figure)
        left = min(text.get_window_extent().x0 for text in figure.axes[2].texts)
    assert left >= 0.0


def test_the_axis_ends_with_the_trial_even_if_nobody_is_left():
    ds = dataset_of_arms({"triggered": [{"relapse_day": 100.0}] * 3})
    figure = drawn("relapse_free_survival", ds)
    assert list(figure.axes[1].get_xticks()) == month_ticks(730.0)
    assert "0.00 (0.00–0.71)" in texts(figure.axes[0])  # at 24 months


def test_curves_of_few_words():
    """One patient, one arm; no event; all events at once."""
    for patients in ([{}], [{"relapse_day": 100.0}], [{}] * 5, [{"relapse_day": 100.0}] * 5):
        ds = dataset_of_arms({"triggered": patients})
        figure = drawn("relapse_free_survival", ds, COLUMN)
        assert "triggered" in texts(figure.axes[0])
        assert len(numbers_of("relapse_free_survival", ds))


def test_every_number_of_the_curves_is_exported(ds):
    table = numbers_of("relapse_free_survival", ds)
    assert set(table["part"]) == {"curve", "at risk", "summary"}
    summary = table[table["part"] == "summary"].set_index("arm")
    assert np.isnan(summary.loc["at_relapse", "hazard_ratio"])
    assert summary.loc["triggered", "hazard_ratio"] < 1.0


# ---------------------------------------------------------------------- single patients


def test_each_kind_of_patient_is_the_first_of_its_kind():
    converted = {"molecular_relapse_day": 100.0, "treatment_start_day": 101.0}
    samples = {"samples": [(28.0, 0.0)]}
    late = {**samples, "molecular_relapse_day": 100.0, "relapse_day": 200.0}
    ds = dataset_of_arms(
        {
            "triggered": [
                {"relapse_day": 20.0},  # shows nothing: no sample
                samples,
                {**samples, **converted},
                {**samples, **converted},
                {**samples, **converted, "relapse_day": 400.0},
                {**samples, "relapse_day": 300.0},
                {"samples": [(28.0, 0.0), (56.0, 0.001)], "relapse_day": 300.0},
            ],
            "at_relapse": [{"relapse_day": 20.0}, samples, late, late, late, late, late],
        }
    )
    chosen = {each.kind: each.patient for each in mrd_courses.choose_patients(ds)}
    assert chosen == {
        "relapse held off": 2,
        "relapse despite treatment": 4,
        "relapse without warning": 5,
        "relapse before the trigger": 6,
        "never MRD-positive": 1,
    }


def test_from_diagnosis_on_nobody_is_never_positive():
    """MRD is positive at the start of overt leukaemia: what matters is response."""
    overt = {"overt_blasts": 1e12, "samples": [(28.0, 0.5)]}
    responded = {**overt, "best_response": 4, "response_day": 28.0}
    patients = [
        {**overt, "death_day": 90.0}, overt, responded, {**responded, "relapse_day": 200.0},
        {**responded, "death_day": 300.0},
    ]  # fmt: skip
    chosen = mrd_courses.choose_patients(dataset_of_arms({"only": patients}))
    assert {each.kind: each.patient for each in chosen} == {
        "death without response": 0,
        "no response, alive": 1,
        "lasting response": 2,
        "relapse after response": 3,
        "death in response": 4,
    }


def test_samples_below_detection_are_open_at_the_limit(ax):
    patient = {
        "samples": [(28.0, 0.0), (56.0, 0.02)],
        "cycles": [(70.0, 76.0), (98.0, 104.0)],
        "relapse_day": 300.0,
    }
    ds = dataset_of_arms({"triggered": [patient]}).isel(arm=0, patient=0)
    mrd_courses.draw_mrd_course(mrd_courses.course_numbers(ds), ax)
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [list(line.get_ydata()) for line in dots] == [[0.02], [3e-5]]
    assert dots[1].get_markerfacecolor() == "white"
    assert len(ax.patches) == 2
    start, width = ax.patches[0].get_x(), ax.patches[0].get_width()
    assert (start * 30.4375, width * 30.4375) == pytest.approx((70.0, 7.0))
    relapse = next(line for line in ax.lines if line.get_marker() == "v")
    assert relapse.get_xdata()[0] * 30.4375 == pytest.approx(300.0)


def test_the_true_ratio_is_that_of_a_perfect_assay():
    course = dataset_of_arms({"triggered": [{"blasts": [1e12, 0.0]}]}).isel(arm=0, patient=0)
    np.testing.assert_allclose(mrd_courses.true_ratio(course), [5.0, 0.0])


def test_one_axis_shows_one_marker():
    patient = {"samples": [(56.0, 0.1)], "blasts": [1e12, 0.0]}
    ds = dataset_of_arms({"only": [patient] * 3}, trigger_recipient_share=0.2)
    markers = np.array(["chimerism", "transcript", "transcript"], object)
    mixed = ds.assign(mrd_marker=("patient", markers))
    assert {each.patient for each in mrd_courses.choose_patients(mixed)} == {1, 2}
    figure = drawn("mrd_courses", mixed)
    assert "donor chimerism" in figure.texts[-1].get_text()
    alike = ds.assign(mrd_marker=("patient", np.array(["chimerism"] * 3, object)))
    assert "CD34" in drawn("mrd_courses", alike).axes[0].get_ylabel()
    numbers = mrd_courses.courses_numbers(alike)
    assert "true ratio" not in set(numbers["what"])
    assert set(numbers["value"][numbers["what"] == "trigger"]) == {0.2}


def test_courses_without_samples_or_blasts():
    ds = dataset_of_arms({"only": [{}]}).drop_vars(["blasts", "transcript_ratio"])
    figure = drawn("mrd_courses", ds, COLUMN)
    assert len(figure.axes) == 2  # the patient and the key
    assert set(mrd_courses.courses_numbers(ds)["what"]) == {"trigger", "detection limit"}


def test_the_same_patient_stands_in_one_column(ds):
    figure = drawn("mrd_courses", ds, PAGE)
    panels = figure.axes[:-1]
    assert len(panels) == 10
    assert panels[0].get_position().x0 == panels[1].get_position().x0
    assert panels[0].get_xlim() == panels[1].get_xlim()


# ---------------------------------------------------------------------- sweeps

THREE = {
    "trigger.level": [0.001, 0.01],
    "monitoring.interval_days": [28, 56, 84],
    "trigger.delay_days": [0, 28],
}


def test_cells_show_the_value_of_their_scenario(ax):
    axes = {"trigger.level": [0.01, 0.001], "monitoring.interval_days": [28, 56]}
    summary = sweep_summary(sweep(axes, 10)).sel(arm="triggered")
    x, y = "monitoring.interval_days", "trigger.level"
    outcome = sweep_outcomes.survival_outcome(summary)
    sweep_heatmap.draw_sweep_heatmap(summary, ax, x=x, y=y, outcome=outcome)
    grid = ax.collections[0].get_array()
    for scenario in range(4):
        one = summary.isel(scenario=scenario)
        row = [0.001, 0.01].index(float(one[y]))
        column = [28.0, 56.0].index(float(one[x]))
        assert grid[row, column] == one["survival"].item()
        at = [t.get_text() for t in ax.texts if t.get_position()[0] == column]
        assert f"{one['survival'].item():.2f}" in at
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0.001", "0.01"]
    assert ax.get_xlabel() == "Sampling interval (days)"


def test_a_third_axis_makes_facets():
    summary = sweep_summary(sweep(THREE, 5))
    outcome = sweep_outcomes.difference_outcome(summary)
    figure = sweep_heatmap.sweep_heatmap_figure(summary, outcome)
    titles = [ax.get_title().replace("\n", " ") for ax in figure.axes]
    assert titles == ["Delay to treatment (days): 0", "Delay to treatment (days): 28", ""]
    assert len(sweep_outcomes.numbers_drawn(summary, outcome)) == 12


@pytest.mark.parametrize("width", [COLUMN, PAGE])
def test_no_cell_text_lies_on_another(width):
    summary = sweep_summary(sweep(THREE, 5))
    outcome = sweep_outcomes.difference_outcome(summary)
    with house_style():
        assert overlaps(sweep_heatmap.sweep_heatmap_figure(summary, outcome, width)) == []


@pytest.mark.parametrize("width", [COLUMN, PAGE])
def test_cells_too_narrow_for_numbers_have_their_colour_only(width):
    axes = {"trigger.level": [0.001, 0.01], "monitoring.interval_days": list(range(14, 44))}
    summary = sweep_summary(sweep(axes, 5))
    outcome = sweep_outcomes.difference_outcome(summary)
    with house_style():
        figure = sweep_heatmap.sweep_heatmap_figure(summary, outcome, width)
        assert overlaps(figure) == []
    assert len(figure.axes[0].texts) == 0
    assert len(figure.axes[0].get_xticks()) == (15 if width == COLUMN else 30)
    assert "intervals" not in "".join(text.get_text() for text in figure.texts)


def test_a_sweep_of_follow_up_is_drawn_to_the_end_of_the_shortest():
    ds = sweep({"horizon_days": [200, 400]}, 5).drop_attrs(deep=False)
    numbers = numbers_of("sweep_dots", ds)
    survival = numbers[numbers["outcome"] == "survival"]
    assert survival["value"].notna().all()
    assert set(survival["horizon_days"]) == {200.0, 400.0}


@pytest.mark.parametrize("by_ratio", [True, False])
def test_many_numbers_are_a_curve_in_a_band(ax, by_ratio):
    levels = np.geomspace(1e-4, 1e-1, 50) if by_ratio else np.linspace(0.01, 0.5, 50)
    summary = sweep_summary(sweep({"trigger.level": list(levels)}, 5))
    outcome = sweep_outcomes.survival_outcome(summary)
    sweep_dots.draw_sweep_dots(summary, ax, x="trigger.level", outcome=outcome)
    assert len(ax.collections) == 3  # a band for each arm
    drawn = ax.lines[0].get_ydata()
    expected = summary["survival"].sel(arm="triggered").sortby("trigger.level")
    np.testing.assert_allclose(drawn, expected)
    labels = [label.get_text() for label in ax.get_xticklabels()]
    decades, even = ["0.0001", "0.001", "0.01", "0.1"], ["0.1", "0.2", "0.3", "0.4", "0.5"]
    assert labels == (decades if by_ratio else even)
    places = ax.lines[0].get_xdata()
    evenly = np.log(levels) if by_ratio else levels
    assert np.corrcoef(places, evenly)[0, 1] == pytest.approx(1.0)


def test_an_arm_that_a_scenario_lacks_is_not_a_scenario_without_patients():
    summary = sweep_summary(sweep({"trigger.level": [0.001, 0.01]}, 5))
    n = summary["n"].where((summary["arm"] != "maintenance") | (summary["scenario"] == 0), 0)
    assert "n = 5 patients" in sweep_outcomes.patients_in_words(summary.assign(n=n))


def test_missing_cells_say_so(ax):
    axes = {"trigger.level": [0.001, 0.01], "monitoring.interval_days": [28, 56]}
    summary = sweep_summary(sweep(axes, 5)).sel(arm="triggered").isel(scenario=[0, 1, 2])
    x, y = "monitoring.interval_days", "trigger.level"
    outcome = sweep_outcomes.survival_outcome(summary)
    sweep_heatmap.draw_sweep_heatmap(summary, ax, x=x, y=y, outcome=outcome)
    assert texts(ax).count("no data") == 1


def test_scenarios_that_share_a_cell_are_refused(ax):
    axes = {"trigger.level": [0.001, 0.01], "monitoring.interval_days": [28, 56], "seed": [1, 2]}
    summary = sweep_summary(sweep(axes, 5)).sel(arm="triggered")
    outcome = sweep_outcomes.survival_outcome(summary)
    with pytest.raises(ValueError, match="share a cell"):
        sweep_heatmap.draw_sweep_heatmap(
            summary, ax, x="monitoring.interval_days", y="trigger.level", outcome=outcome
        )
    assert len(sweep_heatmap.sweep_heatmap_figure(summary, outcome).axes) == 3  # a facet each


def test_one_axis_makes_dots_and_one_scenario_a_dot(tmp_path):
    for values in ([0.001, 0.01], [0.01]):
        ds = sweep({"trigger.level": values}, 5)
        paths = draw_figures(ds, tmp_path)
        assert [path.stem for path in paths] == ["sweep_dots"] * 5
        table = pd.read_csv(tmp_path / "sweep_dots.csv")
        counts = table["outcome"].value_counts().to_dict()
        assert counts == {"survival": 3 * len(values), "difference": len(values)}
        assert {"arm", "n", "value", "low", "high"} <= set(table.columns)


def dots(axes, outcome="survival", width=COLUMN):
    """The figure of a sweep along one axis."""
    ds = sweep(axes, 8)
    ds.attrs["axes"] = json.dumps(list(axes))
    summary = sweep_summary(ds)
    shown = {
        "survival": sweep_outcomes.survival_outcome(summary),
        "difference": sweep_outcomes.difference_outcome(summary),
    }
    return summary, sweep_dots.sweep_dots_figure(summary, shown[outcome], width)


def test_a_choice_is_an_axis_of_words_in_the_order_asked_for():
    summary, figure = dots({"hypothesis": ["selection", "reprogramming", "both"]})
    ax = figure.axes[0]
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels == ["selection", "reprogramming", "both"]
    assert ax.get_xlabel() == "Hypothesis"
    assert {line.get_linestyle() for line in ax.lines} == {"None"}  # nothing lies between words
    at_relapse = next(c[0] for c in ax.containers if c.get_label() == "at relapse")
    survival = summary["survival"].sel(arm="at_relapse").values
    np.testing.assert_allclose(at_relapse.get_ydata().astype(float), survival)
    bars = [c for c in ax.containers if c.get_label() == "triggered"][0].lines[2][0].get_segments()
    low, high = (summary[f"survival_{end}"].sel(arm="triggered").values for end in ("low", "high"))
    np.testing.assert_allclose(np.array(bars, float)[:, :, 1], np.stack([low, high], axis=1))


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ([0, 28, 56, 112], [0.0, 0.75, 1.5, 3.0]),
        ([1e-4, 1e-3, 1e-2, 1e-1], [0.0, 1.0, 2.0, 3.0]),
        ([0, 1, 2, 60], None),  # crowded by themselves, and no logarithm of zero
    ],
)
def test_numbers_stand_to_scale_unless_that_crowds_them(values, places):
    scaled = sweep_dots.to_scale(np.array(values))
    assert scaled is None if places is None else scaled == pytest.approx(places)
    _, figure = dots({"trigger.delay_days": values}, "difference")
    at = list(range(len(values))) if places is None else places
    assert list(figure.axes[0].get_xticks()) == pytest.approx(at)
    joined = figure.axes[0].lines[0].get_linestyle()
    assert joined == ("None" if places is None else "-")


@pytest.mark.parametrize("width", [COLUMN, PAGE])
@pytest.mark.parametrize(
    "axes",
    [
        {"hypothesis": ["selection", "reprogramming", "both"]},
        {"cohort": ["after_consolidation", "relapsed_refractory", "at_diagnosis", "relaza2"]},
        {"trigger.level": [1e-4, 1e-3, 1e-2, 3e-2, 1e-1]},
        {"trigger.delay_days": [0, 1, 2, 60]},
        {"seed": list(range(1000, 1040))},
        {"seed": [1]},
    ],
    ids=lambda axes: "-".join(axes),
)
def test_dots_can_be_read(axes, width):
    with house_style():
        _, figure = dots(axes, width=width)
        assert_readable(figure)
    assert figure.get_figwidth() * MM_PER_INCH == pytest.approx(width)


def test_each_figure_of_a_sweep_refuses_what_the_other_shows():
    two = sweep_summary(sweep({"trigger.level": [0.001, 0.01], "seed": [1, 2]}, 3))
    one = sweep_summary(sweep({"trigger.level": [0.001, 0.01]}, 3))
    with pytest.raises(ValueError, match="one axis, not trigger.level, seed"):
        sweep_dots.sweep_dots_figure(two, sweep_outcomes.survival_outcome(two))
    with pytest.raises(ValueError, match="two axes, and 1 is varied"):
        sweep_heatmap.sweep_heatmap_figure(one, sweep_outcomes.difference_outcome(one))


def test_an_axis_of_words():
    axes = {"monitoring.sample": ["marrow", "blood"], "trigger.level": [0.001, 0.01]}
    summary = sweep_summary(sweep(axes, 5))
    outcome = sweep_outcomes.difference_outcome(summary)
    ax = sweep_heatmap.sweep_heatmap_figure(summary, outcome).axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.001", "0.01"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["blood", "marrow"]
    grid = ax.collections[0].get_array()
    blood = summary["monitoring.sample"] == "blood"
    values = summary["difference"].where(blood, drop=True).sortby("trigger.level")
    np.testing.assert_array_equal(grid[0], values)  # the bottom row


def test_a_name_of_a_scenario_is_no_axis():
    ds = sweep({"trigger.level": [0.001, 0.01]}, 5)
    ds = ds.assign_coords(key=("scenario", ["a1", "b2"]))
    assert sweep_outcomes.varied(sweep_summary(ds)) == ["trigger.level"]


def test_the_axes_that_a_sweep_names_are_its_axes():
    ds = sweep({"cohort": ["relaza2", "after_consolidation"], "disease.niche.capacity": [1, 2]}, 5)
    ds.attrs["axes"] = '["cohort", "disease.niche.capacity"]'
    ds["disease.niche.capacity"].attrs |= {"units": "1", "unit_label": "cells"}
    summary = sweep_summary(ds)
    assert sweep_outcomes.varied(summary) == ["cohort", "disease.niche.capacity"]
    outcome = sweep_outcomes.difference_outcome(summary)
    ax = sweep_heatmap.sweep_heatmap_figure(summary, outcome).axes[0]
    labels = (ax.get_xlabel(), ax.get_ylabel().replace("\n", " "))
    assert labels == ("Cohort", "Niche capacity (cells)")


def test_words_beside_a_heat_map_find_room():
    axes = {"trigger.level": [0.001, 0.01], "cohort.kind": ["relaza2", "after_consolidation"]}
    summary = sweep_summary(sweep(axes, 5))
    outcome = sweep_outcomes.difference_outcome(summary)
    with house_style():
        figure = sweep_heatmap.sweep_heatmap_figure(summary, outcome)
        assert overlaps(figure) == []
        labels = [figure.axes[0].yaxis.label, *figure.axes[0].get_yticklabels()]
    assert min(label.get_window_extent().x0 for label in labels) >= 0.0
    assert figure.get_figwidth() * MM_PER_INCH == pytest.approx(COLUMN)


def test_sweeps_without_the_usual_arms(tmp_path):
    axes = {"trigger.level": [0.001, 0.01], "monitoring.interval_days": [28, 56]}
    ds = sweep(axes, 5).assign_coords(arm=["early", "late", "always"])
    assert len(draw_figures(ds, tmp_path)) == 5
    numbers = pd.read_csv(tmp_path / "sweep_heatmap.csv")
    assert set(numbers["outcome"]) == {"survival"}  # no difference to draw


LEVELS = {"trigger.level": [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 20.0, 30.0]}
INTERVALS = {"monitoring.interval_days": [28, 56, 84, 112, 140, 168, 196, 224]}


@pytest.mark.parametrize(
    ("n_levels", "n_intervals", "delays", "width"),
    [
        (2, 2, [0], PAGE), (3, 3, [0], PAGE), (2, 2, [0, 28], PAGE), (3, 2, [0, 28], PAGE),
        (8, 8, [0], PAGE), (2, 3, [0, 28, 56, 84], PAGE), (2, 2, [0], COLUMN),
    ],
)  # fmt: skip
def test_survival_and_difference_share_a_figure(n_levels, n_intervals, delays, width):
    axes = {
        "trigger.level": LEVELS["trigger.level"][:n_levels],
        "monitoring.interval_days": INTERVALS["monitoring.interval_days"][:n_intervals],
        "trigger.delay_days": delays,
    }
    summary = sweep_summary(sweep(axes, 4))
    shown = summary.sel(arm="triggered")
    outcomes = [sweep_outcomes.survival_outcome(shown), sweep_outcomes.difference_outcome(summary)]
    with house_style():
        figure = sweep_heatmap.sweep_heatmap_figure(shown, outcomes, width)
        assert_readable(figure)
    letters = [text.get_text() for text in figure.texts if len(text.get_text()) == 1]
    assert letters == ["a", "b"]
    assert figure.get_figwidth() * MM_PER_INCH == pytest.approx(width)
    ends = [ax.get_position().x1 for ax in figure.axes if ax.get_ylabel() or ax.get_title()]
    assert max(ends) * width > width - 4.0  # no blank half
    assert any("n = 4 patients per scenario" in text.get_text() for text in figure.texts)


def test_noise_gets_pale_colours():
    axes = {"trigger.level": [0.001, 0.01], "monitoring.interval_days": [28, 56]}
    summary = sweep_summary(sweep(axes, 5)).sel(arm="triggered")
    survival = sweep_outcomes.survival_outcome(summary)
    difference = sweep_outcomes.difference_outcome(summary)
    for near, expected in ((0.5, (0.4, 0.6)), (0.0, (0.0, 0.2)), (1.0, (0.8, 1.0))):
        one = summary.assign(survival=summary["survival"] * 0.0 + near)
        assert sweep_heatmap.limits(one, survival) == pytest.approx(expected)
    little = summary.assign(difference=summary["difference"] * 0.0 + 0.03)
    assert sweep_heatmap.limits(little, difference) == (-0.2, 0.2)
    much = summary.assign(difference=summary["difference"] * 0.0 - 0.4)
    assert sweep_heatmap.limits(much, difference) == (-0.4, 0.4)


# ---------------------------------------------------------------------- targets


def test_targets_and_model_stand_side_by_side(ds, ax):
    table = target_table(ds)
    shares = table[table["unit"] == "probability"]
    targets.draw_targets(shares, ax)
    drawn = {line.get_label(): line for line in ax.lines}
    assumed = shares["id"] == "T08"  # the null hypothesis of its trial
    observed, assumption = drawn["published"], drawn["trial's assumption"]
    np.testing.assert_array_equal(observed.get_xdata(), shares["target"][~assumed])
    np.testing.assert_array_equal(assumption.get_xdata(), shares["target"][assumed])
    assert observed.get_color() != assumption.get_color()
    np.testing.assert_array_equal(drawn["model"].get_xdata(), shares["model"])
    assert [label.get_text() for label in ax.get_yticklabels()] == list(shares["label"])


def test_targets_without_data_say_so(ds, ax):
    table = target_table(ds.drop_vars("blasts"))
    targets.draw_targets(table[table["unit"] == "day"], ax)
    assert texts(ax) == ["– / no data"] * 3


def test_what_rests_on_no_patients_is_full_and_an_open_interval_goes_on(ds, ax):
    table = target_table(ds)
    days = table[table["unit"] == "day"].assign(
        model=[10.0, 20.0, 30.0], model_n=np.nan, target_low=[np.nan, 5.0, 5.0],
        target_high=[np.nan, np.nan, 9.0],
    )  # fmt: skip
    targets.draw_targets(days, ax)
    drawn = [line for line in ax.lines if line.get_label() == "model"]
    np.testing.assert_array_equal(drawn[0].get_xdata(), [10.0, 20.0, 30.0])
    assert [text.split(" / ")[1] for text in texts(ax)] == ["–"] * 3
    arrows = [line for line in ax.lines if line.get_marker() == ">"]
    assert [line.get_ydata()[0] for line in arrows] == [1 - targets.OFFSET]
    assert arrows[0].get_xdata()[0] == ax.get_xlim()[1]


def test_a_model_of_few_patients_is_hollow(ds, ax):
    table = target_table(ds)
    shares = table[table["unit"] == "probability"].assign(model_n=[40, 4, 40, 5, 0])
    targets.draw_targets(shares, ax)
    drawn = {line.get_label(): line for line in ax.lines}
    few = drawn["model, n < 5"]
    assert few.get_markerfacecolor() == "white"
    np.testing.assert_array_equal(few.get_xdata(), shares["model"].iloc[[1, 4]])
    assert texts(ax)[:2] == ["198 / 40", "138 / 4"]


# ---------------------------------------------------------------------- the standard sets


def names(figures):
    return [each.name for each in figures]


def test_a_figure_is_drawn_where_its_data_are(ds):
    assert names(figures_for(ds)) == ["relapse_free_survival", "mrd_courses", "targets"]
    unsampled = ds.assign(sample_day=ds["sample_day"] * np.nan)
    assert "mrd_courses" not in names(figures_for(unsampled))
    assert names(figures_for(sweep({"seed": [1, 2]}, 3))) == ["sweep_dots"]
    foreign = ds.rename({name: f"{name}_x" for name in ds.data_vars})
    assert figures_for(foreign) == []


def test_a_variable_without_a_value_feeds_no_figure():
    ds = dataset_of_arms({"triggered": [{}]})
    assert has("follow_up_day")(ds)
    assert not has("relapse_day")(ds)
    assert not has("follow_up_day", "nothing")(ds)


def test_a_figure_is_known_by_its_name(ds):
    assert figure_named("targets", ds).name == "targets"
    with pytest.raises(ConfigError, match="did you mean targets"):
        figure_named("target", ds)
    with pytest.raises(ConfigError, match="relapse_free_survival, mrd_courses, targets can"):
        figure_named("fish_plot", ds)


def test_every_figure_has_a_caption_of_its_own():
    captions = {each.name: each.caption for each in FIGURES.values()}
    assert all(caption.endswith(".") for caption in captions.values())
    assert len(set(captions.values())) == len(captions)


def test_the_main_panel_of_a_figure_is_drawn_into_axes(ds, ax):
    assert draw_panel("relapse_free_survival", ds, ax) is ax
    whole = drawn("relapse_free_survival", ds).axes[1]
    panels = [
        [line for line in each.lines if line.get_drawstyle() == "steps-post"]
        for each in (ax, whole)
    ]
    assert len(panels[0]) == 3
    for one, other in zip(*panels, strict=True):
        np.testing.assert_array_equal(one.get_xydata(), other.get_xydata())
    assert ax.get_ylabel() == "Relapse-free survival"


def test_a_panel_of_one_patient_wants_one_selected(ds, ax):
    with pytest.raises(ConfigError, match="one panel shows one patient: select it"):
        draw_panel("mrd_courses", ds, ax)
    draw_panel("mrd_courses", ds.sel(arm="triggered").isel(patient=3), ax)
    assert ax.get_title() == f"Patient {ds.patient.values[3]}, triggered"


def test_a_sweep_has_a_panel_of_its_first_outcome(ax):
    draw_panel("sweep_heatmap", sweep({"trigger.level": [0.01, 0.1], "seed": [1, 2]}, 5), ax)
    assert ax.get_ylabel() or ax.get_xlabel()
    with pytest.raises(ConfigError, match="select one value of"):
        draw_panel("sweep_heatmap", sweep(THREE, 5), ax)


def test_a_figure_without_a_main_panel_says_so(ds, ax):
    with pytest.raises(ConfigError, match="panels are relapse_free_survival"):
        draw_panel("search", search(5), ax)
    assert "search" not in PANELS


def test_one_patient_of_one_arm_is_drawn(tmp_path):
    ds = trial(3).isel(arm=0, patient=0)
    assert len(draw_figures(ds, tmp_path)) >= 10


def test_a_trial_without_the_arms_of_the_targets_has_no_targets(ds):
    drawn = names(figures_for(ds.sel(arm=["maintenance"])))
    assert "relapse_free_survival" in drawn
    assert "targets" not in drawn


def test_a_trial_without_samples_is_drawn_without_courses(tmp_path):
    """As where it ends, or everyone relapses, before the first sample."""
    arms = {arm: [{"relapse_day": 1.0}, {}] for arm in ("triggered", "at_relapse")}
    ds = dataset_of_arms(arms, time=(0.0, 1.0), horizon_days=1.0)
    written = [path.name for path in draw_figures(ds, tmp_path)]
    assert "relapse_free_survival.pdf" in written
    assert "mrd_courses.pdf" not in written
