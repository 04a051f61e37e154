"""leukosim: acute myeloid leukaemia as it hides in remission and comes back.

    result = leukosim.run("relaza2", {"cohort.size": 40, "trigger.level": 1e-3})
    result.dataset.leukosim.plot.relapse_free_survival()

The public names below are imported when they are first used, so that ``import leukosim`` and the
command line stay fast.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    # studies, from a name and values of fields
    "run": "api.studies",
    "sweep": "api.studies",
    "search": "api.studies",
    "sensitivity": "api.studies",
    "calibrate": "api.studies",
    "load": "api.results",
    "RunResult": "api.results",
    "SweepResult": "api.results",
    "SearchResult": "api.studies",
    "CalibrationResult": "api.studies",
    "compare": "api.statistics",
    "power": "api.statistics",
    "predict": "api.statistics",
    "draw": "api.drawing",
    "figure_names": "api.drawing",
    "ConfigError": "errors",
    "WithoutEffect": "errors",
    # trials, from patients and strategies
    "simulate": "runs.trials",
    "run_trial": "runs.trials",
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
    "Regimen": "clinic.strategy.regimens",
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
    "evaluate_design": "analysis.trial_emulation.power",
    "Operations": "analysis.trial_emulation.randomised_trial",
    "run_operations": "analysis.trial_emulation.randomised_trial",
}

# Names that were given up; a script that uses one is told the new one.
_RENAMED = {"Course": "Regimen", "OwnStrategy": "CallableStrategy", "weigh": "evaluate_design"}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> object:
    if name in _RENAMED:
        raise AttributeError(f"leukosim.{name} is now leukosim.{_RENAMED[name]}")
    if name not in _HOME:
        raise AttributeError(f"module 'leukosim' has no attribute '{name}'")
    home = _HOME[name]
    if home.startswith("api."):  # what is computed there is a dataset with the accessor
        import_module("leukosim.api.accessor").register()
    return getattr(import_module(f"leukosim.{home}"), name)


def __dir__() -> list[str]:
    return __all__
