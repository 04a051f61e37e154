"""leukosim: acute myeloid leukaemia as it hides in remission and comes back.

The public names below are imported when they are first used, so that ``import leukosim`` and the
command line stay fast.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "simulate": "trial",
    "run_trial": "trial",
    "Trial": "trial",
    "Protocol": "protocol",
    "Cohort": "cohort",
    "draw_cohort": "enrolment",
    "draw_patient": "enrolment",
    "Patient": "patient",
    "Disease": "biology.disease",
    "Azacitidine": "drugs.azacitidine",
    "Drug": "drugs.drug",
    "Effect": "drugs.drug",
    "Assays": "strategy.monitoring",
    "Response": "strategy.response",
    "Monitoring": "strategy.monitoring",
    "Trigger": "strategy.monitoring",
    "Course": "strategy.courses",
    "Dosing": "strategy.courses",
    "Rule": "strategy.rules",
    "Strategy": "strategy.rules",
    "OwnStrategy": "strategy.chart",
    "Chart": "strategy.chart",
    "Decision": "strategy.chart",
    "Marrow": "marrow",
    "LeukemiaModel": "mesa_model",
    "discrimination_table": "discrimination",
    "effects_by_group": "treatment_effect",
    "interaction": "treatment_effect",
    "Design": "repeated_trials",
    "pool_of": "repeated_trials",
    "repeat": "repeated_trials",
    "effects": "repeated_trials",
    "power_by_size": "repeated_trials",
    "patients_for_power": "repeated_trials",
    "gather_arms": "arms",
    "Comparison": "comparison",
    "resample": "comparison",
    "differences_table": "comparison",
    "ranking": "comparison",
    "Proposal": "power",
    "weigh": "power",
    "Operations": "operations",
    "run_operations": "operations",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'leukosim' has no attribute '{name}'")
    return getattr(import_module(f"leukosim.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
