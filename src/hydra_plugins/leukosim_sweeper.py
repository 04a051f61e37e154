"""Hydra's way to leukosim's sweeps: with ``-m``, all scenarios run inside one process.

Hydra's own sweepers compose every scenario anew, start one job each and forget what is finished.
This one hands the axes to :mod:`leukosim.runs.sweep`. ``hydra/sweeper=basic`` goes back to Hydra's.
"""

from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@dataclass
class LeukosimSweeperConfig:
    """How Hydra finds the sweeper."""

    _target_: str = "hydra_plugins.leukosim_sweeper.LeukosimSweeper"


ConfigStore.instance().store(
    group="hydra/sweeper", name="leukosim", node=LeukosimSweeperConfig, provider="leukosim"
)


class LeukosimSweeper(Sweeper):
    """Turns the command line's axes into a table of scenarios and hands over the whole table."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what Hydra offers."""
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    def sweep(self, arguments: list[str]) -> Any:
        """Call the task once, with all scenarios."""
        from leukosim.config.sweep_grammar import expand

        assert self.hydra_context is not None
        assert self.config is not None
        table = expand(self.hydra_context.config_loader, self.config, arguments)
        return self.task_function(table)  # type: ignore[arg-type]
