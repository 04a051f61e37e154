"""What the arms of a run use: regimens, drugs, what drugs do, samples, markers and drivers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from leukosim.biology.exposure import BLOCKS
from leukosim.clinic.drugs.drug import Drug
from leukosim.clinic.strategy.regimens import Dosing, Regimen
from leukosim.clinic.strategy.rules import TRIGGER, Rule, Strategy
from leukosim.config.schema import Config
from leukosim.trial.treatment_week import BLOCKER

STRESS = "stress_memory"
OCCUPANCY = "cxcr4_occupancy"
CYTOSTATIC = ("s_phase_kill", "g0_kill")


def regimens_in_use(strategy: Strategy) -> dict[str, Regimen]:
    """Regimens that a patient may be given: at the start, or by a rule."""
    names = {strategy.begin_with, strategy.begin_with_if_older}
    names |= {
        rule.regimen for rule in strategy.rules.values() if rule.action in ("start", "change")
    }
    return {name: each for name, each in strategy.regimens.items() if name in names}


def is_dose(dosing: Dosing) -> bool:
    """Whether more than nothing is given, as a placebo would be."""
    return bool(dosing.dose_mg or dosing.dose_mg_per_m2)


@dataclass(frozen=True)
class InUse:
    """What the arms of a configuration use."""

    config: Config

    @cached_property
    def arms(self) -> dict[str, Strategy]:
        """The strategies of the arms."""
        return self.config.strategies_of_arms()

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules of all arms."""
        return [rule for arm in self.arms.values() for rule in arm.rules.values()]

    @cached_property
    def regimens(self) -> list[Regimen]:
        """Regimens that patients of some arm may be given."""
        return [each for arm in self.arms.values() for each in regimens_in_use(arm).values()]

    def dosings(self) -> Iterator[tuple[str, Dosing]]:
        """Every drug of these regimens, and how it is given."""
        for regimen in self.regimens:
            yield from regimen.drugs.items()

    @cached_property
    def given(self) -> set[str]:
        """Drugs that some arm gives, be it a placebo."""
        return {drug for drug, _ in self.dosings()}

    @cached_property
    def dosed(self) -> set[str]:
        """Drugs of which some arm gives more than nothing."""
        return {drug for drug, dosing in self.dosings() if is_dose(dosing)}

    @cached_property
    def drugs(self) -> Mapping[str, Drug]:
        """The same, ready to be given."""
        every = self.config.drugs()
        return {name: every[name] for name in self.dosed}

    @cached_property
    def effects(self) -> set[str]:
        """What these drugs do to cells: names of exposures."""
        return {
            target
            for drug in self.drugs.values()
            for target, effect in drug.effects.items()
            if effect.size > 0.0
        }

    @cached_property
    def blocks(self) -> bool:
        """Whether a drug blocks a protein of the BCL-2 family."""
        return bool(self.effects & set(BLOCKS))

    @cached_property
    def kills_cycling_cells(self) -> bool:
        """Whether a drug kills by phase of the cell cycle."""
        return bool(self.effects & set(CYTOSTATIC))

    @cached_property
    def mobilises(self) -> bool:
        """Whether a drug blocks CXCR4, and blockade does something."""
        return OCCUPANCY in self.effects and self.config.disease.niche.cxcr4_dependent_share > 0.0

    @cached_property
    def induces(self) -> bool:
        """Whether drugs may turn cells into the drug-tolerant state."""
        rate = self.config.disease.switching.induced_rate
        return self.blocks and rate > 0.0 and self.config.cohort.reprogrammable_share > 0.0

    @cached_property
    def blocker_is_begun_with(self) -> bool:
        """Whether a first regimen of some arm gives the CXCR4 inhibitor."""
        return any(
            name == BLOCKER and is_dose(dosing)
            for arm in self.arms.values()
            for first in (arm.begin_with, arm.begin_with_if_older)
            if first
            for name, dosing in arm.regimens[first].drugs.items()
        )

    @cached_property
    def takes_marrows(self) -> bool:
        """Whether any marrow is looked at under the microscope."""
        return (
            self.config.monitoring.sample == "marrow"
            or any(rule.action == "marrow" for rule in self.rules)
            or any(arm.marrow_after_cycles for arm in self.arms.values())
        )

    @cached_property
    def starts_at_trigger(self) -> bool:
        """Whether a rule of some arm acts at or above the trigger."""
        return any(rule.at_least == TRIGGER for rule in self.rules)

    @cached_property
    def by_chimerism(self) -> float:
        """Share of patients who are followed by donor chimerism."""
        return self.config.cohort.transplanted_share * self.config.cohort.chimerism_share

    @cached_property
    def has_subclones(self) -> bool:
        """Whether founding clones are drawn of which there may be more than one."""
        founding = self.config.cohort.founding
        return not founding.clones and founding.mean_number > 1.0 and founding.most > 1

    def is_carried(self, driver: str) -> bool:
        """Whether a clone other than a trunk may carry a driver, by chance or as declared."""
        founding = self.config.cohort.founding
        declared = [each.drivers for each in list(founding.clones.values())[1:]]
        drawn = self.has_subclones and driver in founding.drivers and self.weight(driver) > 0.0
        return drawn or self.arises(driver) or any(driver in drivers for drivers in declared)

    def arises(self, driver: str) -> bool:
        """Whether a driver may arise at division."""
        mutation = self.config.disease.mutation
        possible = mutation.driver_probability > 0.0 and driver in mutation.arising
        return possible and self.weight(driver) > 0.0

    def weight(self, driver: str) -> float:
        """How frequent a driver is among those that arise."""
        return self.config.disease.mutation.drivers[driver].weight
