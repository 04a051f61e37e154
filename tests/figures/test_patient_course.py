"""The panels of one patient show what the table holds, from the first day on."""

import numpy as np
import pandas as pd
import pytest

from leukosim.analysis.endpoints import DAYS_PER_MONTH
from leukosim.figures.elements.style import house_style
from leukosim.figures.trial.patient_course import (
    FEWEST,
    PANELS,
    SUBTYPE,
    Course,
    Samples,
    of_stem_cells,
    panel_figure,
)


def course(days, cells=(70, 30), end="", samples=((56.0, 0.0), (84.0, 0.02))):
    """So many days of a constant marrow with two subtypes."""
    total = sum(cells)
    table = pd.DataFrame({"day": np.arange(days, dtype=float)}).assign(
        stem_cells=total, stem_cells_in_niche=total * 0.8, stem_cells_in_g0=total * 0.6,
        blasts=total * 1e6, neutrophils=4.0, platelets=250.0,
        **{SUBTYPE + name: n for name, n in zip(("LMPP-like", "MoDe"), cells, strict=True)},
    )  # fmt: skip
    taken = [sample for sample in samples if sample[0] < days]
    result = Samples([d for d, _ in taken], [v for _, v in taken], 1e-5, 0.01, "marker / ABL1",
                    [day for day in (90.0, 91.0) if day < days])  # fmt: skip
    return Course(table, result, end)


def drawn(title, *courses):
    with house_style():
        figure = panel_figure(title, *courses)
        figure.canvas.draw()
    return figure, figure.axes[0]


COURSES = {
    "first day": (course(1),),
    "no cell": (course(120, (0, 0)),),
    "to the end": (course(731, end="relapse"),),
    "early end": (course(20, end="death"), course(731)),
    "behind another": (course(200), course(120)),
}


@pytest.mark.parametrize("courses", COURSES.values(), ids=COURSES)
@pytest.mark.parametrize("title", PANELS)
def test_all_text_lies_within_the_figure_and_apart(title, courses):
    figure, ax = drawn(title, *courses)
    wide, high = figure.bbox.width, figure.bbox.height
    boxes = {}
    ticks = [*ax.get_xticklabels(), *ax.get_yticklabels()]
    low, top = ax.get_ylim()
    shown = [t for t in ticks if low <= t.get_position()[1] <= top]
    others = [*figure.texts, *ax.texts, ax.xaxis.label, ax.yaxis.label, ax.get_legend()]
    for artist in (*shown, *others):
        box = artist.get_window_extent()
        name = artist.get_text() if hasattr(artist, "get_text") else "legend"
        assert 0 <= box.x0 and box.x1 <= wide and 0 <= box.y0 and box.y1 <= high, name
        boxes[f"{name} {len(boxes)}"] = box
    names = list(boxes)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            assert not boxes[one].overlaps(boxes[other]), (one, other)


@pytest.mark.parametrize("title", PANELS)
def test_something_is_seen_on_the_first_day(title):
    _, ax = drawn(title, course(1))
    marks = [line for line in ax.lines if len(line.get_xdata()) and line.get_marker() == "o"]
    areas = [
        area for area in ax.collections if np.ptp(area.get_datalim(ax.transData).intervalx) > 0
    ]
    level = [line for line in ax.lines if line.get_linestyle() == "--" and len(line.get_xdata())]
    assert marks or areas or level


def test_cells_are_drawn_as_they_are_and_none_at_the_foot():
    table = course(60).table.assign(stem_cells=[*range(59, -1, -1)])
    _, ax = drawn("Cells", Course(table, course(60).samples))
    line = next(line for line in ax.lines if len(line.get_xdata()) == 60)
    assert np.array_equal(line.get_ydata(), [*range(59, 0, -1), FEWEST])
    assert np.allclose(line.get_xdata() * DAYS_PER_MONTH, range(60))


def test_reports_without_a_finding_are_open():
    _, ax = drawn("Measurable residual disease", course(120))
    dots = [line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata())]
    by_face = {line.get_markerfacecolor(): line for line in dots}
    assert np.array_equal(by_face.pop("white").get_xdata() * DAYS_PER_MONTH, [56.0])
    (result,) = by_face.values()
    assert np.array_equal(result.get_ydata(), [0.02])


def test_fractions_are_of_all_stem_cells():
    assert np.allclose(of_stem_cells(course(3), "stem_cells_in_niche"), 0.8)
    assert np.isnan(of_stem_cells(course(3, (0, 0)), "stem_cells_in_niche")).all()
    _, ax = drawn("Composition", course(100))
    edges = [area.get_datalim(ax.transData) for area in ax.collections]
    assert np.allclose([(edge.y0, edge.y1) for edge in edges], [(0.0, 0.7), (0.7, 1.0)])


def test_the_axis_reaches_over_both_courses():
    _, ax = drawn("Niche", course(20), course(300))
    assert ax.get_xlim()[1] * DAYS_PER_MONTH > 299
