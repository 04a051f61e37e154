"""Figures of a sensitivity analysis: what they draw, and that they fit a column and a page."""

import numpy as np
import pandas as pd
import pytest

from leukosim.figures.elements.formats import COLUMN, PAGE
from leukosim.figures.elements.parameter_rows import broken
from leukosim.figures.elements.style import house_style
from leukosim.figures.methods import screening, sobol_indices, tornado

PATHS = [
    "cohort.residual_log10_mean", "drug.azacitidine.incorporated_half_life_days",
    "disease.niche.cxcr4_independent_homing_rate", "cohort.death_per_year_transplanted",
]  # fmt: skip


def screened():
    effects = [0.20, 0.10, 0.05, 0.01]
    return pd.DataFrame(
        {
            "parameter": PATHS, "mu_star": effects, "mu_star_half_width": [0.05] * 4,
            "mu": effects, "sigma": [0.1, 0.02, 0.05, 0.01], "mu_star_by_chance": [0.04] * 4,
            "sigma_by_chance": [0.04] * 4, "is_beyond_chance": [True, True, True, False],
        }
    )  # fmt: skip


def singly():
    rows = [
        (path, "1/day", 0.5, end, at, 0.1, change, change - 0.02, change + 0.02)
        for path, size in zip(PATHS, [0.1, 0.3, 0.2, 0.0], strict=True)
        for end, at, change in (("low", 0.1, -size), ("high", 2.5, size / 2))
    ]
    columns = ["parameter", "unit", "own_value", "end", "at", "value", "change", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def shares(r2=0.9):
    first, total = np.array([0.5, 0.2, 0.1, 0.0]), np.array([0.6, 0.3, 0.1, 0.0])
    return pd.DataFrame(
        {
            "parameter": PATHS, "first": first, "first_low": first - 0.1, "first_high": first + 0.1,
            "total": total, "total_low": total - 0.1, "total_high": total + 0.1, "r2": r2,
            "standard_deviation": 0.05,
        }
    )  # fmt: skip


@pytest.mark.parametrize("width", [COLUMN, PAGE])
@pytest.mark.parametrize(
    ("module", "table"), [(screening, screened), (tornado, singly), (sobol_indices, shares)]
)
def test_nothing_leaves_the_figure(module, table, width):
    with house_style():
        figure = module.figure_of(
            table(), "A headline of some length, minus another", "share", width
        )
        figure.canvas.draw()
        legends = [ax.get_legend() for ax in figure.axes if ax.get_legend()]
        for each in (*figure.axes, *legends):
            box = each.get_window_extent() if each in legends else each.get_tightbbox()
            assert box.x0 >= 0 and box.x1 <= figure.bbox.width
            assert box.y0 >= 0 and box.y1 <= figure.bbox.height


def test_parameters_are_ordered_by_the_distance_of_the_ends():
    assert tornado.ordered(singly()) == [PATHS[1], PATHS[2], PATHS[0], PATHS[3]]


def test_a_poor_surrogate_is_called_so():
    assert "mean little" in sobol_indices.note_of(shares(0.3), "share")
    assert "mean little" not in sobol_indices.note_of(shares(0.8), "share")
    assert "mean little" in sobol_indices.note_of(shares(np.nan), "share")


def test_a_long_path_is_broken_at_a_dot():
    assert broken("cohort.size", 30.0) == "cohort.size"
    assert broken(PATHS[1], 30.0) == "drug.azacitidine.\nincorporated_half_life_days"
