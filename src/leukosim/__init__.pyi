"""The public names, for type checkers: what ``__init__.py`` imports when it is first used."""

from leukosim.analysis.arms import gather_arms as gather_arms
from leukosim.analysis.comparison import Comparison as Comparison
from leukosim.analysis.comparison import differences_table as differences_table
from leukosim.analysis.comparison import ranking as ranking
from leukosim.analysis.comparison import resample as resample
from leukosim.analysis.hypothesis_discrimination import discrimination_table as discrimination_table
from leukosim.analysis.subgroup_effects import effects_by_group as effects_by_group
from leukosim.analysis.subgroup_effects import interaction as interaction
from leukosim.analysis.trial_emulation.power import Proposal as Proposal
from leukosim.analysis.trial_emulation.power import evaluate_design as evaluate_design
from leukosim.analysis.trial_emulation.randomised_trial import Operations as Operations
from leukosim.analysis.trial_emulation.randomised_trial import run_operations as run_operations
from leukosim.analysis.trial_emulation.repeated_trials import Design as Design
from leukosim.analysis.trial_emulation.repeated_trials import effects as effects
from leukosim.analysis.trial_emulation.repeated_trials import (
    patients_for_power as patients_for_power,
)
from leukosim.analysis.trial_emulation.repeated_trials import pool_of as pool_of
from leukosim.analysis.trial_emulation.repeated_trials import power_by_size as power_by_size
from leukosim.analysis.trial_emulation.repeated_trials import repeat as repeat
from leukosim.api.drawing import draw as draw
from leukosim.api.drawing import figure_names as figure_names
from leukosim.api.results import RunResult as RunResult
from leukosim.api.results import SweepResult as SweepResult
from leukosim.api.results import load as load
from leukosim.api.statistics import compare as compare
from leukosim.api.statistics import power as power
from leukosim.api.statistics import predict as predict
from leukosim.api.studies import CalibrationResult as CalibrationResult
from leukosim.api.studies import SearchResult as SearchResult
from leukosim.api.studies import calibrate as calibrate
from leukosim.api.studies import run as run
from leukosim.api.studies import search as search
from leukosim.api.studies import sensitivity as sensitivity
from leukosim.api.studies import sweep as sweep
from leukosim.biology.disease import Disease as Disease
from leukosim.biology.patient import Patient as Patient
from leukosim.clinic.drugs.azacitidine import Azacitidine as Azacitidine
from leukosim.clinic.drugs.drug import Drug as Drug
from leukosim.clinic.drugs.drug import Effect as Effect
from leukosim.clinic.strategy.chart import CallableStrategy as CallableStrategy
from leukosim.clinic.strategy.chart import Chart as Chart
from leukosim.clinic.strategy.chart import Decision as Decision
from leukosim.clinic.strategy.monitoring import Assays as Assays
from leukosim.clinic.strategy.monitoring import Monitoring as Monitoring
from leukosim.clinic.strategy.monitoring import Trigger as Trigger
from leukosim.clinic.strategy.regimens import Dosing as Dosing
from leukosim.clinic.strategy.regimens import Regimen as Regimen
from leukosim.clinic.strategy.response import Response as Response
from leukosim.clinic.strategy.rules import Rule as Rule
from leukosim.clinic.strategy.rules import Strategy as Strategy
from leukosim.errors import ConfigError as ConfigError
from leukosim.errors import WithoutEffect as WithoutEffect
from leukosim.marrow.marrow import Marrow as Marrow
from leukosim.runs.mesa_model import LeukemiaModel as LeukemiaModel
from leukosim.runs.trials import run_trial as run_trial
from leukosim.runs.trials import simulate as simulate
from leukosim.trial.cohort import Cohort as Cohort
from leukosim.trial.protocol import Protocol as Protocol
from leukosim.trial.run import Trial as Trial
from leukosim.trial.sampling import draw_cohort as draw_cohort
from leukosim.trial.sampling import draw_patient as draw_patient

__version__: str
