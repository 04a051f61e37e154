"""leukosim: acute myeloid leukaemia as it hides in remission and comes back.

The public names below are imported when they are first used, so that ``import leukosim`` and the
command line stay fast.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "simulate": "runs.api",
    "run_trial": "runs.api",
    "Trial": "trial.run",
    "Protocol": "trial.protocol",
    "Cohort": "trial.cohort",
    "draw_cohort": "trial.sampling",
    "draw_patient": "trial.sampling",
    "Patient": "biology.patient",
    "Disease": "biology.disease",
    "Azacitidine": "clinic.drugs.azacitidine",
    "Drug": "clinic.drugs.drug",
    "Effect": "clinic.drugs.drug",
    "Assays": "clinic.strategy.monitoring",
    "Response": "clinic.strategy.response",
    "Monitoring": "clinic.strategy.monitoring",
    "Trigger": "clinic.strategy.monitoring",
    "Course": "clinic.strategy.regimens",
    "Dosing": "clinic.strategy.regimens",
    "Rule": "clinic.strategy.rules",
    "Strategy": "clinic.strategy.rules",
    "CallableStrategy": "clinic.strategy.chart",
    "Chart": "clinic.strategy.chart",
    "Decision": "clinic.strategy.chart",
    "Marrow": "marrow.marrow",
    "LeukemiaModel": "runs.mesa_model",
    "discrimination_table": "analysis.hypothesis_discrimination",
    "effects_by_group": "analysis.subgroup_effects",
    "interaction": "analysis.subgroup_effects",
    "Design": "analysis.trial_emulation.repeated_trials",
    "pool_of": "analysis.trial_emulation.repeated_trials",
    "repeat": "analysis.trial_emulation.repeated_trials",
    "effects": "analysis.trial_emulation.repeated_trials",
    "power_by_size": "analysis.trial_emulation.repeated_trials",
    "patients_for_power": "analysis.trial_emulation.repeated_trials",
    "gather_arms": "analysis.arms",
    "Comparison": "analysis.comparison",
    "resample": "analysis.comparison",
    "differences_table": "analysis.comparison",
    "ranking": "analysis.comparison",
    "Proposal": "analysis.trial_emulation.power",
    "weigh": "analysis.trial_emulation.power",
    "Operations": "analysis.trial_emulation.randomised_trial",
    "run_operations": "analysis.trial_emulation.randomised_trial",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'leukosim' has no attribute '{name}'")
    return getattr(import_module(f"leukosim.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
