"""Checks of a configuration that concern more than one of its parts."""

from leukosim.clinic.strategy.rules import MEASURES, TRIGGER
from leukosim.config.schema import Config
from leukosim.errors import ConfigError, listed, unknown

HIGHEST_COUNT = {"neutrophils": 1000.0, "platelets": 10_000.0}  # G/L, beyond all that was seen
TIMES_REFERENCE = 10  # of the dose that effects are known of: beyond, it is rather a slip


def check_names(config: Config) -> None:
    """Raise :class:`ConfigError` where one part of a run names what no other part has."""
    if not config.arms:
        raise ConfigError(f"arms is empty: allowed {listed(config.strategies)}")
    for arm in config.arms:
        if arm not in config.strategies:
            raise ConfigError(f"arms: {unknown(arm, config.strategies, 'strategy')}")
        if config.arms.count(arm) > 1:
            raise ConfigError(f"arms = {listed(config.arms)} names {arm} more than once")
        if not any(rule.action == "relapse" for rule in config.strategies[arm].rules.values()):
            raise ConfigError(
                f"strategies.{arm}.rules has no rule that declares relapse, so {arm} would never "
                "relapse: begin the file's defaults with rules/relapse@rules"
            )
    for name, strategy in config.strategies.items():
        for regimen_name, regimen in strategy.regimens.items():
            for drug in regimen.drugs:
                if drug not in config.drug:
                    path = f"strategies.{name}.regimens.{regimen_name}.drugs"
                    raise ConfigError(f"{path}: {unknown(drug, config.drug, 'drug')}")
    if config.operations.centres and len(config.arms) != 2:
        raise ConfigError(
            f"operations.centres = {config.operations.centres} (centres) randomise between two "
            f"arms, and arms = {listed(config.arms)}: choose two, or operations.centres=0"
        )
    subtypes = config.disease.subtypes
    for name in config.cohort.dominant_shares:
        if name not in subtypes:
            raise ConfigError(f"cohort.dominant_shares: {unknown(name, subtypes, 'subtype')}")
    drivers, founding = config.disease.mutation.drivers, config.cohort.founding
    carried = {f"clones.{name}.drivers": each.drivers for name, each in founding.clones.items()}
    for path, names in {"drivers": founding.drivers, **carried}.items():
        for name in names:
            if name not in drivers:
                raise ConfigError(f"cohort.founding.{path}: {unknown(name, drivers, 'driver')}")
    for drug, numbers in config.drug.items():
        for target, effect in getattr(numbers, "effects", {}).items():
            for name in effect.relative_ec50:
                if name not in subtypes:
                    path = f"drug.{drug}.effects.{target}.relative_ec50"
                    raise ConfigError(f"{path}: {unknown(name, subtypes, 'subtype')}")


def check_rules(config: Config) -> None:
    """Raise :class:`ConfigError` where a rule looks for a level that no measure can have."""
    for name, strategy in config.strategies.items():
        for rule_name, rule in strategy.rules.items():
            path = f"strategies.{name}.rules.{rule_name}"
            unit, most = MEASURES[rule.measure], HIGHEST_COUNT.get(rule.measure, 1.0)
            levels = {"at_least": rule.at_least, "below": rule.below}
            low, high = (
                config.trigger.level if level == TRIGGER else level for level in levels.values()
            )
            for field, level in levels.items():
                if level != TRIGGER and level is not None and float(level) > most:
                    raise ConfigError(
                        f"{path}.{field} = {level:g} is not allowed: {rule.measure} is in {unit}, "
                        f"allowed from 0 to {most:g}"
                    )
            if low is not None and high is not None and not float(low) < float(high):
                raise ConfigError(
                    f"{path} never acts: at_least = {rule.at_least} must be less than "
                    f"below = {rule.below} ({rule.measure} in {unit})"
                )


def check_doses(config: Config) -> None:
    """Raise :class:`ConfigError` where a dose is far from all that effects are known of."""
    drugs = config.drugs()
    for name, strategy in config.strategies.items():
        for regimen_name, regimen in strategy.regimens.items():
            for drug, dosing in regimen.drugs.items():
                highest = TIMES_REFERENCE * drugs[drug].reference_dose_mg
                field, dose, unit = "dose_mg", dosing.dose_mg, "mg"
                if dosing.dose_mg_per_m2 is not None:
                    field, dose, unit = "dose_mg_per_m2", dosing.dose_mg_per_m2, "mg/m2"
                    highest /= config.cohort.body_surface_m2
                if dose is not None and dose > highest:
                    path = f"strategies.{name}.regimens.{regimen_name}.drugs.{drug}.{field}"
                    raise ConfigError(
                        f"{path} = {dose:g} ({unit}) is not allowed: more than {TIMES_REFERENCE} "
                        f"times the dose that the effects of {drug} are known of; allowed from 0 "
                        f"to {highest:g}"
                    )
