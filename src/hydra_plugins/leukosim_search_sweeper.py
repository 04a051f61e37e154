"""Hydra's way to leukosim's searches: ``hydra/sweeper=search``, or ``leukosim search``.

The command line says in Hydra's own grammar what may vary: ``interval(1e-4,1e-1)``,
``tag(log,interval(1e-4,1e-1))``, ``range(3,8)``, ``choice(28,56,84)`` or ``28,56,84``. What is
asked of the search stands in ``hydra.sweeper.search``
(:class:`leukosim.analysis.optimisation.search.Search`).
"""

from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@dataclass
class SearchSweeperConfig:
    """How Hydra finds the sweeper."""

    _target_: str = "hydra_plugins.leukosim_search_sweeper.SearchSweeper"


ConfigStore.instance().store(
    group="hydra/sweeper", name="search", node=SearchSweeperConfig, provider="leukosim"
)


class SearchSweeper(Sweeper):
    """Turns the command line's axes into a space and hands it over."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what Hydra offers."""
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    def sweep(self, arguments: list[str]) -> Any:
        """Call the task once, with the space."""
        from leukosim.config.sweep_grammar import read_space

        assert self.hydra_context is not None
        assert self.config is not None
        space = read_space(self.hydra_context.config_loader, self.config, arguments)
        return self.task_function(space)  # type: ignore[arg-type]
