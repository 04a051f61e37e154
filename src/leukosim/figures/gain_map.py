"""The two constants that decide the answer: kill in S phase and protection by the niche.

The model's answer is this map, not one tuned point.
"""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from leukosim.figures.lead_time import gains, outcome_of
from leukosim.figures.small_multiples import add_note, note_height
from leukosim.figures.style import (
    BLACK,
    MM_PER_INCH,
    PAGE,
    add_axes,
    add_heading,
    empty_figure,
)
from leukosim.treatment_effect import has_groups

KILL, PROTECTION = "drug.cytarabine.s_phase_kill", "disease.niche.s_phase_factor"
LEFT, TOP, HIGH, GAP = 20.0, 10.0, 48.0, 22.0  # mm
PANELS = {"all": "Gain of all patients", "high": "Gain of CXCR4-high patients"}


def sweeps_both(ds: xr.Dataset) -> bool:
    """Whether a dataset is a sweep over both constants."""
    return KILL in ds.coords and PROTECTION in ds.coords and has_groups(ds)


def draw_map(table: pd.DataFrame, ax: Axes, most: float):
    """A cell a scenario, coloured by gain; framed where its interval lies above zero.

    table : of one group, of :func:`leukosim.figures.lead_time.gains`
    most : gain at which the colours end
    """
    grid = table.pivot(index=PROTECTION, columns=KILL, values="gain")
    shown = ax.imshow(
        grid.values, origin="lower", aspect="auto", cmap="PuOr_r", vmin=-most, vmax=most
    )
    shown.set_rasterized(False)
    rows, columns = list(grid.index), list(grid.columns)
    for row in table.itertuples():
        values = row._asdict()
        y, x = rows.index(table.at[row.Index, PROTECTION]), columns.index(table.at[row.Index, KILL])
        gain = values["gain"]
        dark = abs(gain) > 0.65 * most
        text = f"{gain:+.2f}".replace("-", "−")
        ax.text(x, y, text, ha="center", va="center", size=5.0, color="white" if dark else BLACK)
        if values["low"] > 0.0:
            ax.add_patch(Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, fill=False, linewidth=1.1))
    ax.set_xticks(range(len(columns)), [f"{value:g}" for value in columns])
    ax.set_yticks(range(len(rows)), [f"{value:g}" for value in rows])
    ax.set(
        xlabel="Kill in S phase outside the niche (1/day)",
        ylabel="Kill inside the niche / outside",
    )
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.tick_params(length=0)
    return shown


def gain_map_figure(ds: xr.Dataset, width_mm: float = PAGE) -> Figure:
    """All patients at the left, CXCR4-high at the right, one scale of colours."""
    table = gains(ds)
    most = float(np.ceil(table["gain"].abs().max() * 20.0) / 20.0) or 0.05
    n = {name: table[table["group"] == name]["n"] for name in PANELS}
    fewest, most_high = n["high"].min(), n["high"].max()
    high = f"{fewest:,}" if fewest == most_high else f"{fewest:,} to {most_high:,}"
    note = (
        f"Gain: {outcome_of(ds)}, motixafortide minus placebo in the same "
        "patients. Framed: the 95 % paired interval lies above zero: they gain. "
        f"{n['all'].min():,} patients in each scenario, {high} of them CXCR4-high. "
        "Everything else as in the study; 0 protects fully, 1 not at all."
    )
    figure = empty_figure(width_mm, TOP + HIGH + 11.0 + note_height(note, width_mm))
    wide = (width_mm - LEFT - GAP - 17.0) / 2.0
    for i, (name, title) in enumerate(PANELS.items()):
        left = LEFT + i * (wide + GAP)
        add_heading(figure, (left - 10.0, 2.0), title, "ab"[i])
        ax = add_axes(figure, left, TOP, wide, HIGH)
        shown = draw_map(table[table["group"] == name], ax, most)
    bar = add_axes(figure, width_mm - 14.0, TOP, 2.5, HIGH)
    scale = figure.colorbar(shown, cax=bar)
    scale.outline.set_visible(False)
    high_mm = figure.get_size_inches()[1] * MM_PER_INCH
    figure.text(1.0 - 2.0 / width_mm, 1.0 - (TOP - 3.0) / high_mm, "Gain", ha="right", size=5.5)
    add_note(figure, note, TOP + HIGH + 10.0)
    return figure


def numbers_drawn(ds: xr.Dataset) -> pd.DataFrame:
    """Every number of the figure, of :func:`leukosim.figures.lead_time.gains`."""
    return gains(ds)
