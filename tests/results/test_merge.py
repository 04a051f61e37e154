"""Parts of any shape become one dataset, in memory that does not grow with their number."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from leukosim.results.merge import merge, table_of
from leukosim.results.netcdf import load_dataset
from leukosim.results.shards import DamagedShard, read_shard, write_shard
from leukosim.results.trajectories import TRAJECTORY, Trajectories, TrialArrays
from leukosim.results.variables import Labelled


def scenario(arms, patients, shared=None, **variables):
    """A scenario with outcomes (arm, patient), of which each value says where it belongs.

    variables : beside these, of trajectories if they begin with arm and patient
    shared : another, to have its trajectories and its other variables
    """
    n = len(arms) * len(patients)
    days = np.array([100.0 * arm + patient for arm in range(len(arms)) for patient in patients])
    of_courses = {"relapse_day": Labelled((TRAJECTORY,), days, {"units": "day"})}
    others = {"age_years": Labelled(("patient",), np.array(patients, float), {"units": "year"})}
    for name, (dims, values, attributes) in variables.items():
        if dims[:2] == ("arm", "patient"):
            rows = values.reshape(n, *values.shape[2:])
            of_courses[name] = Labelled((TRAJECTORY, *dims[2:]), rows, attributes)
        else:
            others[name] = Labelled(dims, values, attributes)
    decisions = [[(0, 1.5)] if row == 0 else [] for row in range(n)]
    return TrialArrays(
        Trajectories(of_courses, decisions=decisions) if shared is None else shared.trajectories,
        np.arange(n).reshape(len(arms), len(patients)),
        others if shared is None else shared.variables,
        {
            "arm": Labelled(("arm",), np.array(arms), {}),
            "patient": Labelled(("patient",), np.array(patients), {}),
        },
        {"horizon_days": 10},
    )


def part(path, digest, arms, patients, **variables):
    """A part of one scenario."""
    write_shard(path, {digest: scenario(arms, patients, **variables)})


def merged(folder, n, memory=1e9, failed=(), name_of=str):
    """Merge scenarios 0, 1, ..., each in the part of its name; by default one of its own."""
    sources = [
        None if i in failed else (folder / f"{name_of(i)}.zip", str(i)) for i in range(n)
    ]  # fmt: skip
    errors = ["no cells" if i in failed else "" for i in range(n)]
    table = table_of({"seed": (list(range(n)), "1")}, [{"seed": i} for i in range(n)], errors)
    merge(sources, table, ("arm", "patient", "day"), folder, memory)
    return load_dataset(folder / "results.nc")


def test_scenarios_of_other_arms_and_patients_find_their_places(tmp_path):
    counts = Labelled(("arm", "patient"), np.ones((1, 2), np.int8), {})
    names = Labelled(("patient",), np.array(["x", "y"], object), {})
    part(tmp_path / "0.zip", "0", ["b"], [0, 1], group=counts, name=names)
    part(tmp_path / "1.zip", "1", ["a", "b"], [1, 5, 7])
    result = merged(tmp_path, 3, failed=[2])
    assert list(result.arm.values) == ["b", "a"]  # as they came
    assert list(result.patient.values) == [0, 1, 5, 7]
    assert list(result.status.values) == ["finished", "finished", "failed"]
    assert result.relapse_day.sel(scenario=0, arm="b", patient=1) == 1.0
    assert result.relapse_day.sel(scenario=1, arm="b", patient=5) == 105.0
    assert result.relapse_day.sel(scenario=1, arm="a", patient=7) == 7.0
    assert int(result.relapse_day.notnull().sum()) == 2 + 6
    assert result.group.dtype == float  # it has holes
    assert list(result.name.sel(scenario=0).values) == ["x", "y", "", ""]
    log = (tmp_path / "decisions.csv").read_text().splitlines()
    assert log == ["arm,patient,day,scenario,seed", "b,0,1.5,0,0", "a,0,1.5,1,1"]


@pytest.mark.parametrize("memory", [1e9, 2000.0, 0.0])
def test_the_memory_changes_nothing(tmp_path, memory):
    for i in range(7):
        part(
            tmp_path / f"{i}.zip",
            str(i),
            ["a"],
            range(20),
            n=Labelled(("sample",), np.arange(float(i)), {}),
        )
    result = merged(tmp_path, 7, memory)
    assert result.age_years.dims == ("patient",)  # the same in all
    assert result.n.sizes == {"scenario": 7, "sample": 6}
    assert [int(row.notnull().sum()) for row in result.n] == list(range(7))
    assert (result.relapse_day == np.arange(20.0)).all()


ARMS = (["watch", "treat"], ["treat"], ["treat", "other"])


def trials(rng, n=9, trajectories=40, patients=3):
    """Scenarios that share a table of trajectories; number 4 alone has the longest of them."""
    samples = rng.permutation(trajectories)
    present = {
        "sample": np.arange(max(samples)) < samples[:, None],
        "variant": rng.random((trajectories, 20)) < 0.05,
    }
    texts = np.array([f"trajectory {row}" for row in range(trajectories)], object)
    seen = np.where(present["sample"], rng.random((trajectories, max(samples))), np.nan)
    frequencies = np.where(present["variant"], rng.random((trajectories, 20)), np.nan)
    table = Trajectories(
        {
            "relapse_day": Labelled((TRAJECTORY,), rng.random(trajectories), {"units": "day"}),
            "response": Labelled(
                (TRAJECTORY,), rng.integers(0, 9, trajectories).astype(np.int8), {}
            ),
            "clone_tree": Labelled((TRAJECTORY,), texts, {}),
            "mrd": Labelled((TRAJECTORY, "sample"), seen, {}),
            "vaf": Labelled((TRAJECTORY, "variant"), frequencies, {}),
        },
        {"variant": Labelled(("variant",), np.array(list("abcdefghijklmnopqrst")), {})},
        present,
        [[(row % patients, 1.5, 'he said "no", then')] * (row % 3) for row in range(trajectories)],
    )
    ages = {"age_years": Labelled(("patient",), rng.random(patients), {})}
    labels = Labelled(("patient",), np.arange(patients), {})
    rows = [rng.integers(0, trajectories, (len(ARMS[i % 3]), patients)) for i in range(n)]
    longest = int(np.argmax(samples))
    for own in rows:
        own[own == longest] = (longest + 1) % trajectories
    rows[4][0, 0] = longest
    return {
        str(i): TrialArrays(
            table,
            rows[i],
            ages,
            {"arm": Labelled(("arm",), np.array(ARMS[i % 3]), {}), "patient": labels},
            {"trigger_level": 0.1 * (i % 2), "horizon_days": 10},
        )
        for i in range(n)
    }


@pytest.mark.parametrize("rng", range(5))
@pytest.mark.parametrize("memory", [1e9, 0.0])
def test_it_does_not_matter_who_shares_a_part(tmp_path, rng, memory):
    scenarios = trials(np.random.default_rng(rng))
    ways = {"alone": str, "together": lambda i: "all", "mixed": lambda i: f"of {i % 4 // 2}"}
    results, logs = [], []
    for way, name_of in ways.items():
        folder = tmp_path / way
        for name in {name_of(i) for i in range(len(scenarios))}:
            own = {each: scenarios[each] for each in scenarios if name_of(int(each)) == name}
            write_shard(folder / f"{name}.zip", own)
            for each, read in read_shard(folder / f"{name}.zip").scenarios.items():
                xr.testing.assert_identical(read.dataset(), scenarios[each].dataset())
        results.append(merged(folder, len(scenarios), memory, failed=[4], name_of=name_of))
        logs.append((folder / "decisions.csv").read_bytes())
    assert logs[0] == logs[1] == logs[2]
    xr.testing.assert_identical(results[1], results[0])
    xr.testing.assert_identical(results[2], results[0])
    kept = [each.dataset() for i, each in scenarios.items() if i != "4"]
    variants = {v for each in kept for v in each.variant.values}
    assert list(results[0].variant.values) == sorted(variants)
    assert results[0].sizes["sample"] == max(each.sizes["sample"] for each in kept)
    for i, each in scenarios.items():
        if i != "4":
            alone = each.dataset()
            here = results[0].sel(scenario=int(i), arm=alone.arm, variant=alone.variant)
            for name in alone:
                np.testing.assert_array_equal(
                    here[name].isel(sample=slice(alone.sizes["sample"])) if name == "mrd"
                    else here[name],
                    alone[name],
                )  # fmt: skip


def test_a_part_of_another_scenario_is_noticed(tmp_path):
    part(tmp_path / "0.zip", "another", ["a"], [0])
    with pytest.raises(DamagedShard):
        merged(tmp_path, 1)
    assert not (tmp_path / "results.nc").exists()


N_PARTS, IN_EACH = 8, 8  # of scenarios, none of which shares a trajectory
MERGES = """
import sys
from pathlib import Path
from leukosim.results import merge, shards
folder, memory, order = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
read = shards.read_shard

def renamed(path):
    one = read(folder / "one.zip")
    named = {f"{path.stem} {digest}": each for digest, each in one.scenarios.items()}
    return shards.Shard(path, named, one.nbytes)

merge.read_shard = renamed
n_parts, in_each = map(int, sys.argv[4:])
sources = [(folder / f"{p}.zip", f"{p} {i}") for p in range(n_parts) for i in range(in_each)]
if order == "in turn":  # as where the seed is the last axis, and seeds have parts of their own
    sources.sort(key=lambda source: source[1].split()[1])
n = len(sources)
table = merge.table_of({"seed": (list(range(n)), "1")}, [{}] * n, [""] * n)

def most():  # of this process; what getrusage says begins with its parent's
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

before = most()
merge.merge(sources, table, ("arm", "patient", "day"), folder, memory)
print((most() - before) * 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("order", ["part by part", "in turn"])
def test_merging_stays_within_its_memory(tmp_path, order):
    """A hundred and fifty megabytes of scenarios, within a bound and without, in a process each."""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc to see the most memory that a process has had")
    noise = np.random.default_rng(1).integers(0, 2, (IN_EACH, 1000, 60)).astype(float)
    values = noise.reshape(-1, 60)
    table = Trajectories(
        {f"v{i}": Labelled((TRAJECTORY, "sample"), values, {}) for i in range(5)},
        decisions=[[]] * len(values),
    )
    labels = {
        "arm": Labelled(("arm",), np.array(["a"]), {}),
        "patient": Labelled(("patient",), np.arange(1000), {}),
    }
    rows = np.arange(len(values)).reshape(IN_EACH, 1, 1000)
    shared = {}
    own = {str(i): TrialArrays(table, rows[i], shared, labels, {}) for i in range(IN_EACH)}
    write_shard(tmp_path / "one.zip", own)

    def taken(memory):
        numbers = map(str, (N_PARTS, IN_EACH))
        command = [sys.executable, "-c", MERGES, str(tmp_path), str(memory), order, *numbers]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return float(done.stdout)

    assert taken(90e6) < 130e6  # it is about what may be taken
    assert taken(4e9) > 260e6  # it would have noticed
