"""Patients and strategies that tests share."""

import os
import signal

# Matrices of tests are small, and tests run side by side: more threads of linear algebra than one
# would wait for each other. The variables are read when numpy is imported.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import pytest

from leukosim.biology.disease import Disease
from leukosim.biology.patient import Patient
from leukosim.clinic.strategy.regimens import Dosing, Regimen
from leukosim.clinic.strategy.rules import Rule, Strategy
from leukosim.trial.run import run_together

# A shell's background job ignores Ctrl-C and has its children ignore it; tests send it to theirs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def make_patient():
    """A patient of ordinary traits, changed by keywords."""

    def make(**changes):
        traits = dict(
            index=0,
            seed=1,
            disease=Disease(),
            genotype="NPM1",
            doubling_days=11.0,
            residual_stem_cells=100,
            composition=(0.10, 0.70, 0.15, 0.05),
            cxcr4=7.1,
            lsc_frequency=1e-6,
            carrying_capacity=1.3e12,
            reserve_shift=0.0,
            responsiveness={"azacitidine": 0.5},
            transcript_ratio=10.0,
            death_rate=0.0,
            overt_death_rate=0.0,
            body_surface_m2=1.8,
        )
        return Patient(**{**traits, **changes})

    return make


@pytest.fixture(scope="session")
def azacitidine():
    """75 mg/m2 on seven of 28 days."""
    return Regimen({"azacitidine": Dosing([1, 2, 3, 4, 5, 6, 7], dose_mg_per_m2=75.0)})


@pytest.fixture(scope="session")
def strategies(azacitidine):
    """Arms like those of RELAZA2, with few rules."""
    courses = {"azacitidine": azacitidine}
    relapse = {"relapse": Rule("marrow_blasts", "relapse", at_least=0.15)}
    stop = {"stop": Rule("marrow_blasts", "stop", after_relapse=True)}
    trigger = Rule("mrd", "start", at_least=0.01, regimen="azacitidine", after_relapse=False)
    treat = Rule("marrow_blasts", "start", regimen="azacitidine", after_relapse=True)
    return {
        "triggered": Strategy("at MRD", courses, {"trigger": trigger, **relapse, **stop}),
        "at_relapse": Strategy("at relapse", courses, {**relapse, "treat": treat}),
        "maintenance": Strategy("from the start", courses, {**relapse, **stop}, "azacitidine"),
    }


@pytest.fixture
def runs(monkeypatch):
    """The protocols of the trials that configurations made run."""
    protocols = []

    def counted(patients, plans, **settings):
        protocols.extend(plan.protocol for plan in plans)
        return run_together(patients, plans, **settings)

    monkeypatch.setattr("leukosim.runs.configured.run_together", counted)
    return protocols
