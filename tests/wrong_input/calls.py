"""Wrong calls of the Python API: the call, and what the sentence about it has to name.

Each is given ``t``: a result in memory, a sweep, a patient, a strategy, and a folder of
:func:`things.make`.
"""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

import leukosim
from leukosim import (
    CallableStrategy,
    Cohort,
    Decision,
    Disease,
    Dosing,
    LeukemiaModel,
    Regimen,
    Rule,
    Strategy,
)

NAN, INF = math.nan, math.inf
WRONG = {"None": None, "number": 5, "list": [1], "text": "nowhere", "object": object()}


def regimen(**changes):
    """A regimen with something else in it."""
    return Regimen({"azacitidine": Dosing([1], dose_mg=10.0)}, **changes)


def decided(decision):
    """A strategy whose function decides this at every report."""
    return CallableStrategy("own", {"course": regimen()}, lambda chart, day, measure: decision)


def own(t, decision):
    """A trial of a strategy whose function decides this."""
    return leukosim.run_trial([t.patient], {"own": decided(decision)}, t.protocol)


def good(**changes):
    """A decision that can be carried out, with something else in it."""
    return replace(Decision(0.0, "rule", "seen", "stop"), **changes)


RUN = [
    (lambda t, v=value: leukosim.run(v), ("study",)) for value in (None, 5, [], {}, True, "", "a b")
] + [
    (lambda t, v=value: leukosim.run("relaza2", v), ("overrides",))
    for value in (5, "cohort.size=3", ["a"], [("a", 1)])
] + [
    (lambda t, v=value: leukosim.run("relaza2", {"cohort.size": v}), ("cohort.size", *said))
    for value, said in [
        (0, ("patients", "from 1 to")), (-1, ("patients", "from 1 to")),
        (1.5, ("whole number", "patients", "from 1 to")), (True, ("whole number", "patients")),
        (None, ("null", "patients")), (NAN, ("nan", "patients")), (INF, ("inf", "patients")),
        ("3", ("patients",)), (2**70, ("patients", "from 1 to")), ({}, ()), ({"a": 1}, ()),
        (1e300, ("patients",)), (np.float64(2.5), ("2.5", "patients")),
        (np.datetime64("2020-01-01"), ()), (b"3", ()), (3 + 0j, ()), (object(), ()), (len, ()),
        ("x" * 5000, ("patients",)), ("a\0b", ()), ("a\nb", ("patients",)), ("${nope}", ()),
        ("${days:1,1000000000}", ("days",)), ("??" "?", ()),
    ]
] + [
    (lambda t, v=value: leukosim.run("relaza2", {"cohort.size": 2}, workers=v), ("workers",))
    for value in (0, -1, 1.5, True, "two", NAN, INF, [1], 2000, 2**70)
] + [
    (lambda t, v=value: leukosim.run("relaza2", {"cohort.size": 2}, output=v), ("output",))
    for value in (5, "", " ", [], "a\0b", "a\nb", "x" * 300, "text.txt", "fifo", "/dev/zero", True)
] + [
    (lambda t, v=value: leukosim.run("relaza2", {"cohort.size": 2}, config_dir=v), ("dir",))
    for value in (5, "", "nowhere", "text.txt", "fifo", "a\0b", [])
] + [
    (lambda t, v=value: leukosim.run("relaza2", {"cohort.size": 2}, overwrite=v), ("overwrite",))
    for value in (None, 1, "yes")
] + [
    (lambda t, v=value: leukosim.run("relaza2", {"cohort.size": 2}, progress=v), ("progress",))
    for value in (5, "bar", [])
] + [
    (lambda t, n=name: leukosim.run("relaza2", {n: 1}), ())
    for name in ("", " ", 5, None, "a b", "a=b", "hydra.run", "output", "cohort", "strategy",
                 "nope", "cohort.nope", "\0", "a.b.c.d", "cohort.size.x")
] + [
    (lambda t, v=value: leukosim.run("relaza2", {"seed": v}), ("seed", "from 0 to"))
    for value in (-1, 2**70, 1.0, True, None)
]  # fmt: skip

SWEEP = [
    (lambda t: leukosim.sweep("relaza2", {}), ("overrides",)),
    (lambda t: leukosim.sweep("relaza2", None), ("overrides",)),
    (lambda t: leukosim.sweep("relaza2", {"seed": []}), ("seed",)),
    (lambda t: leukosim.sweep("relaza2", {"seed": range(10_000_000)}), ("seed", "scenarios")),
    (lambda t: leukosim.sweep("relaza2", {"seed": range(0)}), ("seed",)),
    (lambda t: leukosim.sweep("relaza2", {"seed": [1, 1]}), ("seed", "1")),
    (lambda t: leukosim.sweep("relaza2", {"seed": [1, -1]}), ("seed", "-1")),
    (lambda t: leukosim.sweep("relaza2", {"seed": [1, "x"]}), ("seed", "x")),
    (lambda t: leukosim.sweep("relaza2", {"seed": [1, NAN]}), ("seed", "nan")),
    (lambda t: leukosim.sweep("relaza2", {"seed": np.ones((2, 2))}), ("seed",)),
    (lambda t: leukosim.sweep("relaza2", {"seed": [object()]}), ()),
    (lambda t: leukosim.sweep("relaza2", {"seed": {1, 2}}), ()),
    (lambda t: leukosim.sweep("relaza2", {"seed": [1, 2]}, workers=0), ("workers",)),
    (lambda t: leukosim.sweep("relaza2", {"seed": [1, 2]}, output="text.txt"), ("output",)),
    (lambda t: leukosim.sweep("relaza2", {"executor.workers": [1, 2]}), ("executor",)),
    (lambda t: leukosim.sweep("relaza2", {"arms": [["triggered"], ["nope"]]}), ("arms", "nope")),
    (lambda t: leukosim.sweep("nope", {"seed": [1, 2]}), ("nope",)),
]

SPACE = {"trigger.level": (1e-3, 1e-1)}
SEARCH = [
    (lambda t, v=value: leukosim.search("relaza2", {"trigger.level": v}, arm="triggered"),
     ("trigger.level",))
    for value in ((1, 1), (2, 1), (NAN, 1), (0, INF), ("a", "b"), (-1, 1), [5, 6], ["a"], range(0),
                  5, None, (1, 2, 3), "interval(1", "nonsense", [])
] + [
    (lambda t, o=options: leukosim.search("relaza2", SPACE, arm="triggered", **o), said)
    for options, said in [
        ({"maximise": 5}, ("maximise", "5")), ({"maximise": ["nope"]}, ("nope",)),
        ({"minimise": ["rmst"], "maximise": ["rmst"]}, ("rmst",)),
        ({"at_most": {"nope": 1}}, ("nope",)), ({"at_most": 5}, ("at_most",)),
        ({"at_most": {"drug_days": "soon"}}, ("drug_days", "soon")),
        ({"at_most": {"drug_days": NAN}}, ("drug_days",)),
        ({"evaluations": 0}, ("evaluations", "0")), ({"evaluations": 1.5}, ("evaluations",)),
        ({"evaluations": None}, ("evaluations",)), ({"confirm": -1}, ("confirm",)),
        ({"confirm": "all"}, ("confirm",)), ({"options": 5}, ("options",)),
        ({"options": {"nope": 1}}, ("nope",)), ({"workers": 0}, ("workers",)),
        ({"progress": 5}, ("progress",)), ({"output": "text.txt"}, ("output",)),
    ]
] + [
    (lambda t: leukosim.search("relaza2", SPACE, arm="nope"), ("arm", "nope")),
    (lambda t: leukosim.search("relaza2", SPACE, arm=5), ("arm", "5")),
    (lambda t: leukosim.search("relaza2", {}), ("search",)),
    (lambda t: leukosim.search("relaza2", 5), ("space",)),
    (lambda t: leukosim.search("relaza2", {"seed": [1, 2]}, arm="triggered"), ("seed",)),
]  # fmt: skip

STUDIES = [
    (lambda t, o=options: leukosim.sensitivity("relaza2", options=o), said)
    for options, said in [
        (5, ("options",)), ({"trajectories": 1}, ("trajectories", "1")), ({"only": 5}, ("only",)),
        ({"only": ["nope"]}, ("nope",)), ({"levels": 5}, ("levels",)), ({"nope": 1}, ("nope",)),
        ({"headlines": ["nope"]}, ("nope",)), ({5: 1}, ("5",)),
    ]
] + [
    (lambda t: leukosim.sensitivity("relaza2", workers=0), ("workers",)),
    (lambda t: leukosim.sensitivity(None), ("study",)),
    (lambda t: leukosim.sensitivity("relaza2", output="text.txt"), ("output",)),
    (lambda t: leukosim.sensitivity("relaza2", {"horizon_days": 60}), ("horizon_days", "day")),
] + [
    (lambda t, o=options: leukosim.calibrate(o), said)
    for options, said in [
        (5, ("options",)), ({"patients": 1}, ("patients", "1")), ({"steps": NAN}, ("steps",)),
        ({"steps": 49}, ("steps", "49")), ({"hypotheses": ["both"]}, ("hypotheses", "both")),
        ({"hypotheses": "selection"}, ("hypotheses",)), ({"waves": True}, ("waves",)),
        ({"draws": 1}, ("draws", "1")), ({"nope": 1}, ("nope",)),
    ]
] + [
    (lambda t: leukosim.calibrate(workers=0), ("workers",)),
    (lambda t: leukosim.calibrate(workers=1.5), ("workers",)),
    (lambda t: leukosim.calibrate(output="text.txt"), ("output",)),
    (lambda t: leukosim.calibrate(progress=5), ("progress",)),
]  # fmt: skip

FILES = ("nowhere", "empty", "text.txt", "truncated.nc", "other.nc", "damaged", "fifo",
         "/dev/zero", "a\0b", "x" * 5000, "", None, 5, [], xr.Dataset(), np.ones(3),
         pd.DataFrame(), object(), True)  # fmt: skip
RESULTS = [
    (lambda t, f=function, v=value: f(v), ())
    for function in (
        leukosim.load, leukosim.compare, leukosim.power, leukosim.predict, leukosim.figure_names,
        lambda v: leukosim.draw(v, "relapse_free_survival"),
    )
    for value in FILES
] + [
    (lambda t: leukosim.compare(), ("compare",)),
    (lambda t: leukosim.predict(), ("predict",)),
    (lambda t: leukosim.compare({}), ("compare",)),
    (lambda t: leukosim.compare({"a": 5}), ("int",)),
    (lambda t: leukosim.compare(t.result, {"a": t.result}), ("mapping",)),
    (lambda t: leukosim.compare(t.result, against="nope"), ("against", "nope")),
    (lambda t: leukosim.compare(t.result, against=5), ("against",)),
    (lambda t: leukosim.compare(t.result, against=None), ("against",)),
    (lambda t: leukosim.compare(t.result, arms=["nope"]), ("arms", "nope")),
    (lambda t: leukosim.compare(t.result, arms=5), ("arms", "5")),
    (lambda t: leukosim.compare(t.result, days=[NAN]), ("days", "nan")),
    (lambda t: leukosim.compare(t.result, days=["a"]), ("days", "a")),
    (lambda t: leukosim.compare(t.result, days=-1), ("days", "-1")),
    (lambda t: leukosim.compare(t.result, days=365), ("days", "365", "60")),
    (lambda t: leukosim.compare(t.result, until_day=INF), ("until_day", "inf")),
    (lambda t: leukosim.compare(t.result, resamples=1), ("resamples", "1")),
    (lambda t: leukosim.compare(t.result, seed=-1), ("seed", "-1")),
    (lambda t: leukosim.compare(t.result, seed=True), ("seed",)),
    (lambda t: leukosim.compare(t.sweep, t.result), ()),
    (lambda t: leukosim.power(t.result, arm="nope"), ("arm", "nope")),
    (lambda t: leukosim.power(t.result, power=NAN), ("power", "nan")),
    (lambda t: leukosim.power(t.result, sizes=5), ("sizes", "5")),
    (lambda t: leukosim.power(t.result, nope=5), ("nope",)),
    (lambda t: leukosim.predict(t.result, draws=0), ("draws", "0")),
    (lambda t: leukosim.predict(t.result, draws=1e9), ("draws",)),
    (lambda t: leukosim.predict(t.result, seed=None), ("seed",)),
    (lambda t: leukosim.draw(t.result, None), ("name",)),
    (lambda t: leukosim.draw(t.result, "nope"), ("nope",)),
    (lambda t: leukosim.draw(t.result, ""), ("",)),
    (lambda t: leukosim.draw(t.result, "targets", ax=5), ("ax",)),
    (lambda t: leukosim.draw(t.result, "relapse_free_survival", width_mm=NAN), ("width_mm", "mm")),
    (lambda t: leukosim.draw(t.result, "relapse_free_survival", width_mm="a"), ("width_mm",)),
    (lambda t: leukosim.draw(t.result, "relapse_free_survival", width_mm=1e9), ("width_mm",)),
    (lambda t: t.result.dataset.leukosim.grid(), ("grid",)),
    (lambda t: t.result.dataset.leukosim.plot("nope"), ("nope",)),
    (lambda t: t.result.dataset.leukosim.plot(None), ("name",)),
    (lambda t: t.result.dataset.leukosim.compare(against=5), ("against",)),
    (lambda t: xr.Dataset().leukosim.survival(), ("follow_up_day",)),
    (lambda t: xr.Dataset().leukosim.patients(), ("follow_up_day",)),
    (lambda t: xr.Dataset().leukosim.grid(), ("sweep",)),
    (lambda t: xr.Dataset().leukosim.compare(), ("follow_up_day",)),
    (lambda t: t.sweep.dataset.leukosim.survival(), ("scenario",)),
    (lambda t: only(t, "follow_up_day").leukosim.survival(), ()),
    (lambda t: only(t, "follow_up_day").leukosim.patients(), ()),
    (lambda t: leukosim.compare(only(t, "follow_up_day")), ()),
    (lambda t: leukosim.power(only(t, "follow_up_day")), ()),
    (lambda t: leukosim.predict(only(t, "follow_up_day")), ()),
    (lambda t: leukosim.compare(t.result.dataset.isel(patient=[])), ("patient",)),
    (lambda t: leukosim.power(t.result.dataset.isel(arm=[0])), ("arm",)),
    (lambda t: leukosim.compare(t.result.dataset.isel(arm=[])), ("arm",)),
    (lambda t: t.result.dataset.isel(patient=[]).leukosim.survival(), ("patient",)),
]  # fmt: skip


def only(t, name):
    """A dataset with one variable of a result."""
    return xr.Dataset({name: t.result.dataset[name]})


PARTS = [
    (lambda t, c=changes: Cohort(**c), tuple(c_said))
    for changes, c_said in [
        ({"size": 0}, ("size", "0", "patients", "from 1")), ({"size": NAN}, ("size", "nan")),
        ({"size": None}, ("size",)), ({"size": "3"}, ("size", "3")), ({"size": 1.5}, ("size",)),
        ({"size": True}, ("size",)), ({"size": 2**70}, ("size",)), ({"genotypes": {}}, ("geno",)),
        ({"genotypes": None}, ("genotypes",)), ({"genotypes": 5}, ("genotypes",)),
        ({"dominant_shares": {"a": -1}}, ("dominant_shares",)),
        ({"youngest_years": 80, "oldest_years": 70}, ("youngest_years",)),
    ]
] + [
    (lambda t, c=changes: Dosing(**c), said)
    for changes, said in [
        ({"days": []}, ("days",)), ({"days": None}, ("days",)), ({"days": 5}, ("days",)),
        ({"days": [1.5], "dose_mg": 1}, ("days", "1.5")), ({"days": [0], "dose_mg": 1}, ("days",)),
        ({"days": ["a"], "dose_mg": 1}, ("days", "a")), ({"days": [1]}, ("dose_mg",)),
        ({"days": [1], "dose_mg": NAN}, ("dose_mg", "nan", "mg")),
        ({"days": [1], "dose_mg": INF}, ("dose_mg", "inf", "mg")),
        ({"days": [1], "dose_mg": -1}, ("dose_mg", "-1", "mg")),
        ({"days": [1], "dose_mg": "a"}, ("dose_mg", "a")),
        ({"days": [1], "dose_mg": True}, ("dose_mg",)),
        ({"days": [1], "dose_mg": 1, "hours": [NAN]}, ("hours", "nan")),
        ({"days": [1], "dose_mg": 1, "hours": []}, ("hours",)),
        ({"days": [1, 1], "dose_mg": 1}, ("days",)),
    ]
] + [
    (lambda t: Regimen({}), ("drugs",)), (lambda t: Regimen(None), ("drugs",)),
    (lambda t: Regimen(5), ("drugs",)), (lambda t: Regimen({"a": 5}), ("drugs",)),
    (lambda t: regimen(cycles=0), ("cycles", "0")), (lambda t: regimen(cycles=1.5), ("cycles",)),
    (lambda t: regimen(cycles=NAN), ("cycles",)), (lambda t: regimen(cycle_days=None), ("days",)),
    (lambda t: regimen(cycle_days="a"), ("cycle_days",)),
    (lambda t: Rule("hair", "stop"), ("measure", "hair")),
    (lambda t: Rule("mrd", "pray"), ("action", "pray")),
    (lambda t: Rule("mrd", "stop", at_least=7), ("at_least", "7")),
    (lambda t: Rule("mrd", "stop", at_least="high"), ("at_least", "high")),
    (lambda t: Rule("mrd", "stop", at_least=NAN), ("at_least", "nan")),
    (lambda t: Rule("mrd", "stop", samples=0), ("samples", "0")),
    (lambda t: Rule(None, "stop"), ("measure",)), (lambda t: Rule("mrd", None), ("action",)),
    (lambda t: Strategy("a", {}, {"r": Rule("mrd", "start", regimen="b")}), ("regimen", "b")),
    (lambda t: Strategy("a", {}, {}, "nope"), ("begin_with", "nope")),
    (lambda t: Strategy("a", None, {}), ("regimens",)),
    (lambda t: Strategy("a", {}, None), ("rules",)),
    (lambda t: Strategy("a", {}, {"r": 5}), ("rules",)),
]  # fmt: skip

TRIALS = [
    (lambda t, v=value: leukosim.run_trial(v, {"a": t.strategy}, t.protocol), ("patients",))
    for value in (None, 5, [], [5], ["a"], "patients", {})
] + [
    (lambda t: leukosim.run_trial([t.patient, t.patient], {"a": t.strategy}, t.protocol),
     ("patients", "twice")),
] + [
    (lambda t, v=value: leukosim.run_trial([t.patient], v, t.protocol), ("arms",))
    for value in (None, 5, {}, [], {"a": 5}, {"a": None}, {5: 5}, "a")
] + [
    (lambda t, v=value: leukosim.run_trial([t.patient], {"a": t.strategy}, v), ("protocol",))
    for value in (5, "a", {}, [])
] + [
    (lambda t, o=options: leukosim.run_trial([t.patient], {"a": t.strategy}, t.protocol, **o),
     tuple(options))
    for options in (
        {"record_days": 0}, {"record_days": -1}, {"record_days": 1.5}, {"record_days": NAN},
        {"record_days": None}, {"record_days": "a"}, {"workers": 0}, {"workers": -1},
        {"workers": 1.5}, {"workers": None}, {"workers": "a"}, {"executor": "gpu"},
        {"executor": 5}, {"executor": None}, {"method": "fast"}, {"method": None}, {"agents": -1},
        {"agents": 1.5}, {"agents": NAN}, {"agents": None}, {"progress": 5}, {"workers": True},
    )
] + [
    (lambda t, v=value: leukosim.simulate(v, t.strategy, t.protocol), ("patient",))
    for value in (None, 5, "a", [])
] + [
    (lambda t, v=value: leukosim.simulate(t.patient, v, t.protocol), ("strategy",))
    for value in (None, 5, "triggered", [])
] + [
    (lambda t: leukosim.simulate(t.patient, t.strategy, 5), ("protocol",)),
    (lambda t: leukosim.simulate(t.patient, t.strategy, record_days=0), ("record_days",)),
] + [
    (lambda t, d=decision: own(t, d), said)
    for decision, said in [
        (None, ("decide",)), (5, ("decide",)), ("stop", ("decide",)), ([5], ("decide",)),
        ([None], ("decide",)), (good(), ("decide",)), ({"a": 1}, ("decide",)),
        ([good(action="pray")], ("action", "pray")), ([good(action=None)], ("action",)),
        ([good(action=[1])], ("action",)),
        ([good(action="start", regimen="nope")], ("regimen", "nope")),
        ([good(action="start", regimen=None)], ("regimen",)),
        ([good(action="start", regimen="course", effective=-5.0)], ("effective", "day")),
        ([good(action="start", regimen="course", effective=NAN)], ("effective", "nan")),
        ([good(action="start", regimen="course", effective=INF)], ("effective", "inf")),
        ([good(action="start", regimen="course", effective="a")], ("effective", "a")),
        ([good(action="start", regimen="course", effective=None)], ("effective",)),
        ([good(action="marrow", effective=-1.0)], ("effective",)),
        ([good(action="interrupt")], ("at_most_days",)),
        ([good(action="interrupt", at_most_days="a")], ("at_most_days",)),
        ([good(action="interrupt", at_most_days=NAN)], ("at_most_days",)),
        ([good(action="reduce_duration", at_most_days=0)], ("at_most_days",)),
        ([good(action="reduce_duration", at_most_days=1, drugs=5)], ("drugs",)),
        ([good(action="reduce_duration", at_most_days=1, drugs=("nope",))], ("drugs", "nope")),
    ]
] + [
    (lambda t, o=options: leukosim.run_trial(
        [t.patient], {"a": replace(decided([]), **o)}, t.protocol), said)
    for options, said in [
        ({"begin_with": "nope"}, ("begin_with", "nope")), ({"decide": 5}, ("decide",)),
        ({"decide": None}, ("decide",)), ({"regimens": None}, ("regimens",)),
        ({"regimens": {"a": 5}}, ("regimens",)), ({"decide": lambda: []}, ("decide",)),
        ({"marrow_after_cycles": 5}, ("marrow_after_cycles",)),
    ]
]  # fmt: skip

COHORTS = [
    (lambda t, v=value: leukosim.draw_cohort(v, Disease(), 1), ("cohort",)) for value in (None, 5)
] + [
    (lambda t, v=value: leukosim.draw_cohort(Cohort(size=2), v, 1), ("disease",))
    for value in (None, 5)
] + [
    (lambda t, v=value: leukosim.draw_cohort(Cohort(size=2), Disease(), v), ("seed",))
    for value in (None, -1, 1.5, "a", True, NAN)
]  # fmt: skip

MODELS = [
    (
        lambda t, o=options: LeukemiaModel(**o),
        tuple(name.partition("_level")[0] for name in options),
    )
    for options in (
        {"study": None},
        {"study": "nope"},
        {"study": 5},
        {"strategy": None},
        {"strategy": "nope"},
        {"strategy": 5},
        {"strategy": ""},
        {"patient": -1},
        {"patient": 1.5},
        {"patient": None},
        {"patient": "a"},
        {"dose_percent": NAN},
        {"dose_percent": -1},
        {"dose_percent": "a"},
        {"dose_percent": None},
        {"trigger_level": 2},
        {"trigger_level": "a"},
        {"trigger_level": NAN},
        {"delay_days": 1.5},
        {"delay_days": -1},
        {"interval_days": 0},
        {"cxcr4": -1},
        {"cxcr4": "a"},
        {"residual_stem_cells": -1},
        {"residual_stem_cells": 1.5},
        {"residual_stem_cells": "a"},
        {"doubling_days": 0},
        {"doubling_days": NAN},
        {"responsiveness": 2},
        {"marker": "hair"},
        {"marker": 5},
        {"horizon_days": 0},
        {"horizon_days": 1.5},
        {"horizon_days": "a"},
        {"study_seed": -1},
        {"study_seed": None},
        {"study_seed": 2**70},
        {"study_seed": "a"},
    )
]

TABLES = {
    "run": RUN, "sweep": SWEEP, "search": SEARCH, "studies": STUDIES, "results": RESULTS,
    "parts": PARTS, "trials": TRIALS, "cohorts": COHORTS, "models": MODELS,
}  # fmt: skip
