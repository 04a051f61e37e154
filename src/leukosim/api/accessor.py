"""``dataset.leukosim``: tables and figures of a result from its dataset."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from leukosim.analysis.arms import with_all_dimensions
from leukosim.analysis.endpoints import main_survival
from leukosim.analysis.patients import patients_table
from leukosim.analysis.survival import kaplan_meier
from leukosim.api.results import checked_dataset, grid_of
from leukosim.api.statistics import compare
from leukosim.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class LeukosimAccessor:
    """Tables and figures of a trial (arm, patient) or of a sweep (scenario, arm, patient)."""

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    @property
    def plot(self) -> "Plots":
        """Every figure by its name, such as ``plot.relapse_free_survival(ax=ax)``."""
        return Plots(self._dataset)

    def survival(self) -> pd.DataFrame:
        """Kaplan-Meier curves by arm, a row for each step.

        Relapse-free survival; overall survival of patients who began with overt leukaemia.

        Returns
        -------
        DataFrame
            Columns arm, day, survival, low, high (95 %), at_risk, events, censored.
        """
        ds = with_all_dimensions(checked_dataset(self._dataset))
        if "scenario" in ds.dims:
            raise ConfigError("survival needs one trial: select a scenario, .isel(scenario=0)")
        return kaplan_meier(main_survival(ds))

    def patients(self) -> pd.DataFrame:
        """A row for each patient and arm; see :func:`leukosim.analysis.patients.patients_table`."""
        return patients_table(checked_dataset(self._dataset))

    def grid(self) -> xr.Dataset:
        """A sweep with a dimension for each varied field in place of ``scenario``."""
        return grid_of(self._dataset)

    def compare(self, **options: Any) -> pd.DataFrame:
        """Differences between arms; see :func:`leukosim.compare`."""
        return compare(self._dataset, **options)


class Plots:
    """The figures that a dataset can feed, as methods."""

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    def __call__(self, name: str, ax: "Axes | None" = None, width_mm: float | None = None) -> Any:
        """Draw a figure; see :func:`leukosim.draw`."""
        from leukosim.api.drawing import draw  # matplotlib is imported when something is drawn

        return draw(self._dataset, name, ax=ax, width_mm=width_mm)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in dir(self):
            raise AttributeError(f"no figure {name} of this dataset: {', '.join(dir(self))}")

        def method(ax: "Axes | None" = None, width_mm: float | None = None) -> Any:
            return self(name, ax, width_mm)

        return method

    def __dir__(self) -> list[str]:
        from leukosim.api.drawing import figure_names

        return figure_names(self._dataset)


@cache
def register() -> None:
    """Give datasets the accessor; called when the front door is first used, and not at import."""
    attach: Callable[..., Any] = xr.register_dataset_accessor  # which has no types
    attach("leukosim")(LeukosimAccessor)
