"""Parts of any shape become one dataset, in memory that does not grow with their number."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from leukosim.dataset import Gathered, Labelled
from leukosim.merging import merge, table_of
from leukosim.parts import BrokenPart, write_part
from leukosim.store import load_dataset


def part(path, digest, arms, patients, **variables):
    """A part with outcomes (arm, patient), of which each value says where it belongs."""
    days = np.array([[100.0 * arm + patient for patient in patients] for arm in range(len(arms))])
    every = {
        "relapse_day": Labelled(("arm", "patient"), days, {"units": "day"}),
        "age_years": Labelled(("patient",), np.array(patients, float), {"units": "year"}),
        **variables,
    }
    labels = {
        "arm": Labelled(("arm",), np.array(arms), {}),
        "patient": Labelled(("patient",), np.array(patients), {}),
    }
    write_part(path, digest, Gathered(every, labels, {"horizon_days": 10}), [("a", 0, 1.5)])


def merged(folder, n, memory=1e9, failed=()):
    files = [None if i in failed else folder / f"{i}.zip" for i in range(n)]
    errors = ["no cells" if i in failed else "" for i in range(n)]
    table = table_of({"seed": (list(range(n)), "1")}, [{"seed": i} for i in range(n)], errors)
    digests = [str(i) for i in range(n)]
    merge(files, digests, table, ("arm", "patient", "day"), folder, memory)
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
    assert log == ["arm,patient,day,scenario,seed", "a,0,1.5,0,0", "a,0,1.5,1,1"]


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


def test_a_part_of_another_scenario_is_noticed(tmp_path):
    part(tmp_path / "0.zip", "another", ["a"], [0])
    with pytest.raises(BrokenPart):
        merged(tmp_path, 1)
    assert not (tmp_path / "results.nc").exists()


def test_merging_stays_within_its_memory(tmp_path):
    """Three hundred megabytes of scenarios, within a bound and without, in a process of its own."""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc to see the most memory that a process has had")
    noise = np.random.default_rng(1).integers(0, 2, (1, 1000, 250)).astype(float)
    variables = {f"v{i}": Labelled(("arm", "patient", "sample"), noise, {}) for i in range(5)}
    part(tmp_path / "one.zip", "0", ["a"], range(1000), **variables)
    program = (
        "import dataclasses, sys\nfrom pathlib import Path\n"
        "from leukosim import merging, parts\n"
        "read = parts.read_part\n"
        "def renamed(path):\n"
        "    one, data, rows = read(Path(sys.argv[1]) / 'one.zip')\n"
        "    one = dataclasses.replace(one, path=path, digest=path.stem)\n"
        "    return one, data, rows\n"
        "merging.read_part = renamed\n"
        "folder, n = Path(sys.argv[1]), 32\n"
        "table = merging.table_of({'seed': (list(range(n)), '1')}, [{}] * n, [''] * n)\n"
        "def most():\n"  # of this process; what getrusage says begins with its parent's
        "    lines = Path('/proc/self/status').read_text().splitlines()\n"
        "    return next(int(line.split()[1]) for line in lines if line.startswith('VmHWM'))\n"
        "before = most()\n"
        "names = [str(i) for i in range(n)]\n"
        "files = [folder / f'{i}.zip' for i in names]\n"
        "columns = ('arm', 'patient', 'day')\n"
        "merging.merge(files, names, table, columns, folder, float(sys.argv[2]))\n"
        "print((most() - before) * 1024)\n"
    )

    def taken(memory):
        command = [sys.executable, "-c", program, str(tmp_path), str(memory)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return float(done.stdout)

    bound = 150e6
    assert taken(bound) < bound
    assert taken(4e9) > 2 * bound  # it would have noticed
