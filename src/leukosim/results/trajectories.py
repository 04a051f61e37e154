"""What trials leave before it is labelled: many trials may share patients, and their trajectories.

A thousand strategies that treat the same patients lead to far fewer different trajectories than
they have patients. So a trajectory is a row of one table, and a trial says which row each of its
patients is; a dataset is made of it only where somebody wants one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray as xr

from leukosim.results.variables import Labelled

TRAJECTORY = "trajectory"  # the dimension of the table


@dataclass(frozen=True)
class Trajectories:
    """What became of patients, a row for each trajectory that differs from the others.

    Where dimensions have no length of their own, such as samples, the table has that of its longest
    trajectory, and ``present`` says what each trajectory has of it.
    """

    variables: dict[str, Labelled]  # each [trajectory, ...]
    coordinates: dict[str, Labelled] = field(default_factory=dict)  # beside arms and patients
    present: dict[str, np.ndarray] = field(
        default_factory=dict
    )  # bool[trajectory, size], by dimension
    decisions: Sequence[
        Sequence[Sequence[Any]]
    ] = ()  # by trajectory: as in the log, without the arm

    def taken(self, rows: np.ndarray) -> "Trajectories":
        """A table of some of its rows."""
        variables = {
            name: each._replace(values=each.values[rows]) for name, each in self.variables.items()
        }
        present = {dim: each[rows] for dim, each in self.present.items()}
        return Trajectories(
            variables, self.coordinates, present, [self.decisions[row] for row in rows]
        )

    def without(self, dim: str) -> "Trajectories":
        """The same without a dimension and everything along it."""
        variables, coordinates = (
            {name: each for name, each in group.items() if dim not in each.dims}
            for group in (self.variables, self.coordinates)
        )
        return replace(self, variables=variables, coordinates=coordinates)

    def occupied(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """What some of its rows have of each dimension without a length of its own: positions."""
        return {
            dim: np.flatnonzero(each[rows].any(tuple(range(rows.ndim))))
            for dim, each in self.present.items()
        }


@dataclass(frozen=True)
class TrialArrays:
    """All that the dataset of a trial consists of.

    Trials of the same patients may have the very same ``trajectories``, and ``variables``, too.
    """

    trajectories: Trajectories
    rows: np.ndarray  # int[arm, patient], of the trajectories
    variables: Mapping[str, Labelled]  # what is not of trajectories, such as who the patients are
    coordinates: Mapping[str, Labelled]  # of arms, patients, and what variables have beside
    attributes: dict[str, Any]

    def dataset(self) -> xr.Dataset:
        """The labelled dataset, as long as its own longest trajectory."""
        shorter = {
            dim: own
            for dim, own in self.trajectories.occupied(self.rows).items()
            if len(own) < self.trajectories.present[dim].shape[1]
        }
        of_courses = {
            name: (("arm", "patient", *dims[1:]), values[self.rows], attributes)
            for name, (dims, values, attributes) in self.trajectories.variables.items()
        }
        every = xr.Dataset(
            {**self.variables, **of_courses},
            {**self.coordinates, **self.trajectories.coordinates},
            self.attributes,
        )
        return every.isel(shorter) if shorter else every

    def decisions(self) -> list[tuple[Any, ...]]:
        """The log of decisions, a row each, by arm, patient and day."""
        of_each = self.trajectories.decisions
        return [
            (arm, *decision)
            for arm, of_arm in zip(self.arms, self.rows, strict=True)
            for row in of_arm
            for decision in of_each[row]
        ]

    @property
    def arms(self) -> list[str]:
        """The names of the arms."""
        return [str(arm) for arm in self.coordinates["arm"].values]
