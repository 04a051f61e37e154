"""Compiling the engine before it is needed, once for all processes that will load it."""

import sys
from pathlib import Path

from leukosim.biology.disease import Disease
from leukosim.clinic.strategy.rules import Rule, Strategy
from leukosim.marrow import kernels
from leukosim.marrow.compilation import use_cache
from leukosim.marrow.marrow import METHODS
from leukosim.runs.trials import run_trial
from leukosim.trial.clonal_history import CloneRecord
from leukosim.trial.cohort import Cohort
from leukosim.trial.protocol import Protocol
from leukosim.trial.sampling import draw_patient

DAYS = 30  # until the first samples have been drawn


def is_compiled() -> bool:
    """Whether compiled code of this version lies where the engine looks for it."""
    use_cache()
    kept = {each.stats.cache_path for each in vars(kernels).values() if hasattr(each, "stats")}
    of_this_python = f"*.py{sys.version_info.major}{sys.version_info.minor}.nbi"
    return not kept or any(list(Path(folder).glob(of_this_python)) for folder in kept)


def compile_engine() -> Path:
    """Follow a patient for a month in every way there is, which compiles all that a run calls.

    Returns
    -------
    Path
        Where the compiled code is kept.
    """
    patient = draw_patient(0, Cohort(residual_log10_mean=2.0), Disease(), seed=1)
    arms = {
        "none": Strategy("none", {}, {"relapse": Rule("marrow_blasts", "relapse", at_least=0.05)})
    }
    for record in (CloneRecord(), CloneRecord(clones=2, barcodes=True)):
        for method in METHODS:
            run_trial([patient], arms, Protocol(horizon_days=DAYS, record=record), method=method)
    return use_cache()
